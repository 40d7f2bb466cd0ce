"""`/coverage`: what is done of what was due, on the map and beside it; each number opens its formula and its rows."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, render_template, request

from gridmap import context
from gridmap.audit import write_audit
from gridmap.clock import day_bounds
from gridmap.i18n import _
from gridmap.kpi import BY_NAME, Kpi
from gridmap.layers.estates import MANAGEMENTS
from gridmap.layers.gaps import REASONS
from gridmap.maps import Addresses, View, compose
from gridmap.periods import month_of
from gridmap.read import layers_for
from gridmap.read.area import read_bounds
from gridmap.read.coverage import (
    Counts,
    Cut,
    Due,
    count_rows,
    read_areas,
    read_counts,
    read_kinds,
    read_names,
    read_reasons,
    read_rows,
    read_trend,
)
from gridmap.scope import Viewer
from gridmap.shares import SHARES, class_of, share, share_words
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, number, page_number, pages, say, titled, typed
from gridmap.web.remembered import remembered, version_of

ON_THE_MAP = (
    *("green", "water", "districts", "streets", "communities", "coverage_grids", "roads"),
    *("coverage_buildings", "gaps"),
)
FOLLOWS = ("slots", "assignments", "people", "grids", "estates")
"""What every number of these pages is made of."""
BELOW = {None: "street", "street": "community", "community": "grid", "grid": "estate", "estate": None}
"""What the numbers of an area are told by."""
TREND_MONTHS = 12
MOST_ROWS = 20_000
FILE_COLUMNS = (
    ("street", _("Street")),
    ("community", _("Community")),
    ("around", _("In")),
    ("place", _("Place")),
    ("unit", _("Household")),
    ("title", _("Task")),
    ("due_on", _("Due")),
    ("reason", _("Reason")),
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the address asks for."""

    month: date
    cut: Cut
    reason: str | None
    kpi: Kpi
    missing: bool

    @property
    def narrowest(self) -> str | None:
        """The smallest area that it is cut to."""
        chosen = [name for name in ("street", "community", "grid", "estate") if getattr(self.cut, name) is not None]
        return chosen[-1] if chosen else None

    def address(self, path: str = "/coverage", **changes: Any) -> str:
        """The address of a page with some of the words changed; None leaves a word out."""
        words = {
            name: getattr(self.cut, name) for name in ("street", "community", "grid", "estate", "kind", "management")
        }
        words |= {"month": f"{self.month:%Y-%m}", "reason": self.reason} | changes
        kept = {name: value for name, value in words.items() if value is not None}
        return f"{path}?{urlencode(kept)}"

    @property
    def moment(self) -> Any:
        """When gaps are judged: the end of the month, or now while it runs."""
        return min(day_bounds(self.last_day)[1] - timedelta(seconds=1), context.services().clock.now())

    @property
    def last_day(self) -> date:
        """The day that the map shows: the last of the month, or today while it runs."""
        return min(month_of(self.month).last_day, today())


@pages.get("/coverage")
def coverage() -> str:
    """The map of a month with its numbers."""
    viewer, question = context.viewer(), asked_question()
    found = remembered(key_of(viewer, question), lambda: _read(viewer, question))
    on_map = layers_for(viewer.reading_roles)
    view = View(
        locale=context.locale(),
        bounds=found["bounds"] or _bounds(viewer),
        today=today(),
        day=question.last_day,
        roles=viewer.reading_roles,
    )
    return render_template(
        "coverage.html",
        map=compose([on_map[name] for name in ON_THE_MAP if name in on_map], view, Addresses(search=None)),
        area=None,
        jumps=[],
        streets=0,
        today=today().isoformat(),
        list_url=question.address("/coverage/rows"),
        can_look_back=False,
        question=question,
        next_month=_step(question.month, 1),
        previous_month=_step(question.month, -1),
        is_running=month_of(question.month).end > today(),
        **found,
        **_choices(),
    )


@pages.get("/coverage/rows")
def coverage_rows() -> str:
    """The rows behind a number: what it lacks, or what it counts; with the formula above them."""
    viewer, question, page = context.viewer(), asked_question(), page_number()
    with context.services().database.transaction(viewer.prologue) as connection:
        part, whole = count_rows(connection, viewer, question.cut, question.kpi)
        rows = read_rows(
            connection,
            viewer,
            question.cut,
            question.kpi,
            moment=question.moment,
            today=today(),
            missing=question.missing,
            reason=question.reason,
            limit=PAGE_SIZE + 1,
            offset=(page - 1) * PAGE_SIZE,
        )
        inside = read_names(connection, viewer, question.cut)
    return render_template(
        "coverage_rows.html",
        question=question,
        part=part,
        whole=whole,
        words=share_words(part, whole),
        rows=rows[:PAGE_SIZE],
        has_more=len(rows) > PAGE_SIZE,
        page=page,
        inside=inside,
        reasons=REASONS,
        **_choices(),
    )


@pages.get("/coverage/rows.csv")
def coverage_csv() -> Response:
    """The same rows as a file for Excel: UTF-8 with a mark at its start, no personal data."""
    viewer, question = context.viewer(), asked_question()
    rows = _all_rows(viewer, question, "csv")
    return Response(
        _csv(rows),
        mimetype="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="gaps-{question.month:%Y-%m}.csv"'},
    )


@pages.get("/coverage/rows.xlsx")
def coverage_xlsx() -> Response:
    """The same rows as a workbook: one header row, frozen."""
    from openpyxl import Workbook

    viewer, question = context.viewer(), asked_question()
    book = Workbook(write_only=True)
    sheet = book.create_sheet(f"{question.month:%Y-%m}")
    sheet.freeze_panes = "A2"
    for line in _lines(_all_rows(viewer, question, "xlsx")):
        sheet.append([cell if not isinstance(cell, str) or cell[:1] not in "=+-@" else f"'{cell}" for cell in line])
    target = io.BytesIO()
    book.save(target)
    return Response(
        target.getvalue(),
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": f'attachment; filename="gaps-{question.month:%Y-%m}.xlsx"'},
    )


def asked_question() -> Question:
    """What the address asks for; 400 for words that are none of ours, the running month where none is said."""
    text = typed("month", 7)
    try:
        month = date.fromisoformat(f"{text}-01") if text else today().replace(day=1)
    except ValueError:
        abort(400)
    chosen = {name: number(request.args, name) for name in ("street", "community", "grid", "estate")}
    kind, management, reason = (typed(name, 40) or None for name in ("kind", "management", "reason"))
    kpi = BY_NAME.get(typed("kpi", 20) or "coverage")
    if kpi is None or (reason and reason not in REASONS) or (management and management not in MANAGEMENTS):
        abort(400)
    period = month_of(month)
    cut = Cut(start=period.start, end=period.end, kind=kind, management=management, **chosen)
    return Question(month=month, cut=cut, reason=reason, kpi=kpi, missing=typed("missing", 1) != "0")


def key_of(viewer: Viewer, question: Question) -> tuple[Any, ...]:
    """What the numbers of a page hang on."""
    near = None if viewer.reach.is_city else viewer.reach.near
    return ("coverage", viewer.key, question.cut, question.last_day, version_of(FOLLOWS, near))


def _read(viewer: Viewer, question: Question) -> dict[str, Any]:
    cut = question.cut
    year = replace(cut, start=_step(cut.start, 1 - TREND_MONTHS))
    by = _by(viewer, question)
    places = tuple(one for one in (cut.estate, cut.grid) if one is not None)
    with context.services().database.transaction(viewer.prologue) as connection:
        return {
            "counts": read_counts(connection, viewer, cut),
            "trend": _months(cut, dict(read_trend(connection, viewer, year))),
            "reasons": read_reasons(connection, viewer, cut, moment=question.moment, today=today()),
            "by": by,
            "areas": read_areas(connection, viewer, cut, by) if by else (),
            "estates": read_areas(connection, viewer, cut, "estate") if by in ("grid", "community") else (),
            "kinds": read_kinds(connection, viewer, cut),
            "inside": read_names(connection, viewer, cut),
            "bounds": read_bounds(connection, viewer, places[:1]) if places else None,
        }


def _by(viewer: Viewer, question: Question) -> str | None:
    """By what the numbers are told: the next smaller area, leaving out levels of which only one is seen."""
    level = question.narrowest
    if level is None and len(areas_of(viewer)) <= 1:
        level = "street"
    return BELOW[level]


def _months(cut: Cut, counts: dict[date, Counts]) -> list[tuple[date, Counts]]:
    months = [_step(cut.start, back - TREND_MONTHS + 1) for back in range(TREND_MONTHS)]
    return [(month, counts.get(month, Counts())) for month in months]


def _step(month: date, months: int) -> date:
    """The first day of the month so many months on."""
    count = month.year * 12 + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _bounds(viewer: Viewer) -> Any:
    return next((area.bounds for area in areas_of(viewer) if area.bounds), WHOLE_COUNTRY)


def _choices() -> dict[str, Any]:
    return {
        "share": share,
        "share_words": share_words,
        "class_of": class_of,
        "shares": SHARES,
        "reason_styles": REASONS,
        "managements": titled({code: style.title for code, style in MANAGEMENTS.items()}),
    }


def _all_rows(viewer: Viewer, question: Question, form: str) -> tuple[Due, ...]:
    clock = context.services().clock
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_rows(
            connection,
            viewer,
            question.cut,
            question.kpi,
            moment=question.moment,
            today=today(),
            missing=question.missing,
            reason=question.reason,
            limit=MOST_ROWS,
        )
        write_audit(
            connection,
            action="export",
            subject="slots",
            business_at=clock.now(),
            account_id=viewer.account_id,
            after={"form": form, "rows": len(rows), "filter": question.address("")},
        )
    return rows


def _lines(rows: tuple[Due, ...]) -> Iterator[list[Any]]:
    yield [say(title) for _name, title in FILE_COLUMNS]
    is_chinese = context.locale().startswith("zh")
    for row in rows:
        title = row.title if is_chinese else row.title_en
        reason = say(REASONS[row.reason].title) if row.reason else ""
        yield [row.street, row.community, row.around, row.place, row.unit, title, row.due_on, reason]


def _csv(rows: tuple[Due, ...]) -> str:
    target = io.StringIO()
    target.write("\ufeff")
    writer = csv.writer(target)
    for line in _lines(rows):
        writer.writerow(
            [f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell for cell in line]
        )
    return target.getvalue()

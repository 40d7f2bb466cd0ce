"""`/incidents/numbers`: the catalogue of numbers of cases; each opens its formula, its query and its cases."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import abort, render_template

from gridmap import context
from gridmap.i18n import _
from gridmap.kpi import CASE_BY_NAME, CASE_KPIS, CaseKpi
from gridmap.layer import Role
from gridmap.periods import Period
from gridmap.read.incidents import Cut
from gridmap.read.incidents.choices import (
    read_classes,
    read_communities,
    read_estates,
    read_name,
    read_stages,
    read_streets,
)
from gridmap.read.incidents.numbers import (
    Counted,
    Told,
    count_numbers,
    number_statement,
    read_excluded,
    read_number_lines,
)
from gridmap.scope import Viewer
from gridmap.shares import share_words
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages, typed
from gridmap.web.duties.guard import asked_month, months_around
from gridmap.web.incidents.board import given as shared
from gridmap.web.incidents.board import left_of
from gridmap.web.incidents.question import HERE, WORKING, Question, asked_question, minute, version
from gridmap.web.remembered import remembered

GROUPS = {
    "filing": _("Filing"),
    "dispatch": _("Dispatch"),
    "handling": _("Handling"),
    "closing": _("Closing"),
    "level": _("At which level, and how"),
    "hotline": _("Orders of the 12345 hotline"),
}
READING = WORKING | {Role.PLANNER}
"""Who reads the numbers; the cases behind them are for those who work on cases."""
TELLING_AREAS = HERE | {Role.PLANNER}
"""Who compares areas: a company knows cases, not the areas around them."""


@dataclass(frozen=True, kw_only=True)
class Number:
    """One number as people read it; `first` are the rows that it opens with: what it lacks, or what it counts."""

    kpi: CaseKpi
    words: str
    part: int
    whole: int
    sql: str
    address: str


@pages.get("/incidents/numbers")
def incident_numbers() -> str:
    """All numbers of a month, for what the viewer chose."""
    viewer, asked = reader(), asked_numbers()
    counted = counted_for(viewer, asked)
    numbers = [_number(viewer, asked, kpi, counted) for kpi in CASE_KPIS]
    return render_template(
        "incidents/numbers.html",
        groups=[(name, title, [one for one in numbers if one.kpi.group == name]) for name, title in GROUPS.items()],
        excluded=counted.excluded,
        stages=_stages(viewer),
        opens_rows=bool(viewer.roles & WORKING),
        **about(viewer, asked),
    )


@pages.get("/incidents/numbers/<name>")
def incident_number(name: str) -> str:
    """The cases behind one number, or (`excluded`) those that left the numbers of time."""
    viewer, asked, page = reader(), asked_numbers(), page_number()
    kpi = CASE_BY_NAME.get(name)
    if not viewer.roles & WORKING:
        abort(403)
    if kpi is None and name != "excluded":
        abort(404)
    missing, offset = typed("missing", 1) != "0", (page - 1) * PAGE_SIZE
    counted = counted_for(viewer, asked)
    with context.services().database.transaction(viewer.prologue) as connection:
        if kpi is None:
            found = read_excluded(connection, viewer, asked.told, PAGE_SIZE + 1, offset)
        else:
            found = read_number_lines(
                connection, viewer, asked.told, kpi, missing=missing, limit=PAGE_SIZE + 1, offset=offset
            )
    part, whole = counted.numbers[name] if kpi else (0, sum(counted.excluded.values()))
    return render_template(
        "incidents/number.html",
        kpi=kpi,
        name=name,
        part=part,
        whole=whole,
        share=share_words(part, whole),
        missing=missing,
        rows=found[:PAGE_SIZE],
        has_more=len(found) > PAGE_SIZE,
        page=page,
        left_of=left_of,
        sources=shared()["words"].SOURCES,
        **about(viewer, asked),
    )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address asks for: a month, cut to an area, a class, a source."""

    question: Question
    month: Period

    @property
    def told(self) -> Told:
        """The same as reading knows it."""
        return Told(cut=self.cut, start=self.month.start, end=self.month.end, moment=minute())

    @property
    def cut(self) -> Cut:
        """The cut; the period stands beside it."""
        return replace(self.question.cut, start=None, end=None, text=None, state=None, desk=None)

    def address(self, path: str = "/incidents/numbers", **changes: Any) -> str:
        """The address of a page with some of its words changed; None leaves a word out."""
        found = {name: value for name, value in self.question.words.items() if name not in ("from", "to", "q", "queue")}
        found |= {"month": f"{self.month.start:%Y-%m}"} | changes
        return f"{path}?{urlencode({name: value for name, value in found.items() if value is not None})}"


def reader() -> Viewer:
    """The viewer, who reads numbers; a 403 to everybody else."""
    viewer = context.viewer()
    if not viewer.roles & READING:
        abort(403)
    return viewer


def asked_numbers() -> Asked:
    """What the address asks for; 400 for words that are none of ours."""
    return Asked(question=asked_question("/incidents/numbers"), month=asked_month())


def counted_for(viewer: Viewer, asked: Asked) -> Counted:
    """All numbers of what is asked for, kept until a case changes."""
    told = asked.told
    own = (viewer.account_id, told.cut, told.start, told.moment, version(viewer))

    def read() -> Counted:
        with context.services().database.transaction(viewer.prologue) as connection:
            return count_numbers(connection, viewer, told)

    return remembered(("incident numbers", viewer.key, *own), read)


def _number(viewer: Viewer, asked: Asked, kpi: CaseKpi, counted: Counted) -> Number:
    part, whole = counted.numbers[kpi.name]
    sql, _constants = number_statement(viewer.reach.shape, asked.cut.by, kpi.name)
    return Number(
        kpi=kpi,
        words=share_words(part, whole),
        part=part,
        whole=whole,
        sql=sql,
        address=rows_address(asked, kpi),
    )


def rows_address(asked: Asked, kpi: CaseKpi, **area: Any) -> str:
    """Where the cases behind a number are: those that it lacks, or those that it counts where less of it is better."""
    return asked.address(f"/incidents/numbers/{kpi.name}", **area, missing=1 if kpi.is_good else 0)


def _stages(viewer: Viewer) -> dict[str, int]:
    with context.services().database.transaction(viewer.prologue) as connection:
        return read_stages(connection)


def about(viewer: Viewer, asked: Asked) -> dict[str, Any]:
    """What the templates of numbers share: what is asked for, and what there is to choose."""
    cut = asked.cut
    near = None if viewer.reach.is_city else viewer.reach.near
    with context.services().database.transaction(viewer.prologue) as connection:
        streets = read_streets(connection, near)
        street = cut.street or (streets[0]["id"] if len(streets) == 1 else None)
        communities = read_communities(connection, street, None) if street else []
        estates = read_estates(connection, viewer, street, cut.community) if street else []
        classes = read_classes(connection)
        grid = read_name(connection, "place", cut.grid) if cut.grid else None
    before, after = months_around(asked.month)
    return {
        "asked": asked,
        "cut": cut,
        "streets": streets,
        "communities": communities,
        "estates": estates,
        "classes": classes,
        "grid_name": grid,
        "tells_areas": bool(viewer.roles & TELLING_AREAS),
        "before": before,
        "after": after,
        "is_running": asked.month.end > today(),
        "month_words": _month_words,
        **shared(),
    }


def _month_words(day: date) -> str:
    return f"{day:%Y-%m}"

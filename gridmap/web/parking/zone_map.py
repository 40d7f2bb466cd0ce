"""`/parking/map`: zones on the map, week by week: pressure, evening violations, long stays; as a list and as files."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, make_response, render_template

from gridmap import context
from gridmap.clock import day_bounds
from gridmap.i18n import _
from gridmap.maps import BY_ZONES, Addresses, View, compose
from gridmap.read import Asked, layers_for
from gridmap.read.parking.zone_map import (
    CLASSES,
    LAYERS,
    ZoneRow,
    count_zones,
    read_weekdays,
    read_weeks,
    read_zone,
    read_zones,
)
from gridmap.scope import Viewer
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, page_number, pages, typed
from gridmap.web.map_page import alone
from gridmap.web.map_rows import rows_as_file
from gridmap.web.remembered import remembered, version_of

GROUND = ("green", "water", "districts", "streets", "communities", "grids", "estates", "roads", "buildings")
SUBJECTS = {"pressure": "parking_violation", "violations": "parking_violation", "stays": "long_stay"}
"""Whose hotspots lie over what is shown."""
PARTS = {"": _("The fuller of both"), "morning": _("In the morning"), "evening": _("In the evening")}
PARTS_OF_DAY = ("morning", "evening")
WEEKS = 53
WEEK, USUAL = timedelta(days=7), timedelta(days=7)
FIRST_ROWS = 6
"""So many stand beside the map; the list has all."""
WEEKDAYS = (_("Mondays"), _("Tuesdays"), _("Wednesdays"), _("Thursdays"), _("Fridays"), _("Saturdays"), _("Sundays"))
GREATEST_ID = 1 << 53


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the address asks for: what to show, a week (its Monday) or the last seven days, a part of the day."""

    show: str = "pressure"
    week: date | None = None
    part: str = ""

    @property
    def cuts(self) -> dict[str, str]:
        """The words for tiles, files and collections; `kind` is whose hotspots lie over the zones."""
        said = {"kind": SUBJECTS[self.show], "state": self.part if self.show == "pressure" else ""}
        if self.week:
            said |= {"from": self.week.isoformat(), "to": (self.week + WEEK).isoformat()}
        return {name: value for name, value in said.items() if value}

    @property
    def asked(self) -> Asked:
        """The same for reading, as things stand today."""
        return Asked(
            as_of=day_bounds(today())[1] - timedelta(seconds=1),
            state=self.part or None,
            begins=self.week,
            ends=self.week + WEEK if self.week else None,
        )

    @property
    def spell(self) -> tuple[date, date]:
        """The days that are shown, from the first to before the second."""
        ends = self.week + WEEK if self.week else today() + timedelta(days=1)
        return self.week or ends - USUAL, ends

    def address(self, path: str = "/parking/map", **changes: Any) -> str:
        """The address of this question, changed."""
        asked = replace(self, **changes)
        said = {
            "show": None if asked.show == "pressure" else asked.show,
            "week": asked.week and asked.week.isoformat(),
            "part": asked.part,
        }
        words = urlencode({name: value for name, value in said.items() if value})
        return f"{path}?{words}" if words else path


def asked_question() -> Question:
    """What the address asks for; 400 for words that are none of ours."""
    word, show, part = typed("week", 10), typed("show", 20) or "pressure", typed("part", 10)
    try:
        day = date.fromisoformat(word) if word else None
    except ValueError:
        abort(400)
    if show not in LAYERS or part not in PARTS or (day is not None and not date(2000, 1, 3) <= day <= today()):
        abort(400)
    return Question(show=show, week=day - timedelta(days=day.weekday()) if day else None, part=part)


@pages.get("/parking/map")
def parking_map() -> str:
    """The map of zones, with the weeks of a year below its title and the first zones beside it."""
    viewer, question = context.viewer(), asked_question()
    on_map = layers_for(viewer.reading_roles)
    names = [name for name in on_map if name in (*GROUND, *BY_ZONES, "hotspots")]
    view = View(
        locale=context.locale(),
        bounds=next((area.bounds for area in areas_of(viewer) if area.bounds), WHOLE_COUNTRY),
        today=today(),
        roles=viewer.reading_roles,
        on=frozenset(names) - {"grids", *BY_ZONES} | {LAYERS[question.show].name},
    )
    words = f"?{urlencode({'week': question.week.isoformat()})}" if question.week else ""
    cards = dict.fromkeys(BY_ZONES, f"/parking/map/{{id}}/card{words}") | {"hotspots": "/hotspots/{id}/card"}
    key = context.services().settings.tianditu_key
    addresses = Addresses(search=None, words=urlencode(question.cuts), cards=cards, tianditu_key=key)
    return render_template(
        "parking/map.html",
        **alone(compose([on_map[name] for name in names], view, addresses)),
        **_facts(viewer, question),
    )


@pages.get("/parking/map/facts")
def parking_map_facts() -> str:
    """What stands beside the map of that question, as a fragment."""
    return render_template("parking/map_facts.html", **_facts(context.viewer(), asked_question()))


@pages.get("/parking/map/rows")
def parking_map_rows() -> str:
    """The same as a list."""
    viewer, question, page = context.viewer(), asked_question(), page_number()
    with context.services().database.transaction(viewer.prologue) as connection:
        counts = count_zones(connection, viewer, question.asked, question.show)
        rows = read_zones(
            connection, viewer, question.asked, question.show, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE
        )
    zones = sum(counts.values())
    return render_template(
        "parking/map_rows.html",
        question=question,
        rows=rows,
        zones=zones,
        page=page,
        last_page=max(1, -(-zones // PAGE_SIZE)),
        **_words(question),
    )


@pages.get("/parking/map/rows.<form>")
def parking_map_file(form: str) -> Response:
    """What is shown as a file, streamed: GeoJSON, CSV, or a workbook for Excel. Numbers of zones, never a plate."""
    question = asked_question()
    return rows_as_file(LAYERS[question.show], question.asked, form, question.address(f"rows.{form}"))


@pages.get("/parking/map/<int:zone_id>/card")
def parking_map_card(zone_id: int) -> Response:
    """The card of a zone beside the map; 404 where there is none of that id for this viewer."""
    viewer, question = context.viewer(), asked_question()
    if zone_id >= GREATEST_ID:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        zone = read_zone(connection, viewer, question.asked, zone_id)
        weekdays = read_weekdays(connection, viewer, zone_id, *_months(question)) if zone else []
    if zone is None:
        abort(404)
    by_day = {(row["weekday"], row["part"]): row for row in weekdays}
    response = make_response(
        render_template("parking/map_card.html", zone=zone, by_day=by_day, question=question, **_words(question))
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _months(question: Question) -> tuple[date, date]:
    """A week says too little about a weekday: the four weeks up to its end."""
    _begins, ends = question.spell
    return ends - 4 * WEEK, ends


def _facts(viewer: Viewer, question: Question) -> dict[str, Any]:
    near = None if viewer.reach.is_city else viewer.reach.near
    key = ("parking map", viewer.key, question, today(), version_of(("parking", "long_stays"), near))

    def read() -> dict[str, Any]:
        last = today() - timedelta(days=today().weekday())
        first = last - (WEEKS - 1) * WEEK
        with context.services().database.transaction(viewer.prologue) as connection:
            counts = count_zones(connection, viewer, question.asked, question.show)
            rows: tuple[ZoneRow, ...] = read_zones(connection, viewer, question.asked, question.show, limit=FIRST_ROWS)
            found = read_weeks(connection, viewer, first, last + WEEK)
        weeks = [(first + number * WEEK, found.get(first + number * WEEK, 0)) for number in range(WEEKS)]
        return {"counts": counts, "rows": rows, "weeks": weeks}

    return {"question": question, **remembered(key, read), **_words(question)}


def _words(question: Question) -> dict[str, Any]:
    layer, by_class = LAYERS[question.show], CLASSES[question.show]
    begins, ends = question.spell
    over = min(ends, today() + timedelta(days=1))
    return {
        "layer": layer,
        "classes": layer.style.classes,
        "by_class": by_class,
        "classes_of": {name: LAYERS[name].style.classes for name in LAYERS},
        "day_parts": PARTS,
        "weekdays": WEEKDAYS,
        "rounds": len(PARTS_OF_DAY) * (over - begins).days,
        "spell_words": f"{begins:%m-%d} – {ends - timedelta(days=1):%m-%d}",
        "week_words": lambda week: f"{week:%m-%d} – {week + timedelta(days=6):%m-%d}",
        "whole": lambda number: "—" if number is None else f"{number:.0f}",
    }

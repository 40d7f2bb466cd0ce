"""`/diary/map`: where something was said, week by week; beside the map the entries themselves, the newest first."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, jsonify, render_template, request

from gridmap import context
from gridmap.clock import OFFICE
from gridmap.coords import BBox
from gridmap.maps import Addresses, View, compose
from gridmap.read import layers_for
from gridmap.read.incidents.choosing import read_window
from gridmap.read.incidents.diary import Asked, read_entries
from gridmap.read.incidents.diary_map import read_spots, read_weeks
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import number, pages, typed
from gridmap.web.incidents.desk import for_duty, place_title, shown_estate, shown_place
from gridmap.web.incidents.diary import SHOWS, words
from gridmap.web.map_page import alone

ON_THE_MAP = (
    *("green", "water", "districts", "streets", "communities", "grids", "estates", "roads", "buildings"),
    "stairwells",
)
WEEKS = 53
WEEK = timedelta(days=7)
METRE = 6
"""Decimals of a degree that tell less than a metre apart."""
FIRST_ROWS = 40
"""So many entries stand beside the map; the diary itself has all."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the address asks for: the diary of an estate or of all, all of it or what is open, a week (its Monday)."""

    estate: int | None = None
    show: str = "all"
    week: date | None = None
    place: int | None = None

    @property
    def asked(self) -> Asked:
        """The same for reading; without a week, of the weeks that the map shows."""
        begins = self.week or first_week()
        ends = self.week + WEEK if self.week else first_week() + WEEKS * WEEK
        return Asked(
            estate=self.estate,
            place=self.place,
            open=self.show == "open",
            waiting=self.show == "waiting",
            since=_midnight(begins),
            until=_midnight(ends),
        )

    def address(self, path: str = "/diary/map", **changes: Any) -> str:
        """The address of this question, changed."""
        said = vars(replace(self, **changes))
        kept = {name: value for name, value in said.items() if value and (name, value) != ("show", "all")}
        return f"{path}?{urlencode(kept)}" if kept else path


def asked_question() -> Question:
    """What the address asks for; 400 for words that are none of ours."""
    word, show = typed("week", 10), typed("show", 10) or "all"
    try:
        day = date.fromisoformat(word) if word else None
    except ValueError:
        abort(400)
    if show not in SHOWS or (day is not None and not first_week() <= day <= today()):
        abort(400)
    week = day - timedelta(days=day.weekday()) if day else None
    return Question(estate=number(request.args, "estate"), show=show, week=week, place=number(request.args, "place"))


def first_week() -> date:
    """The Monday with which the map's year begins."""
    return today() - timedelta(days=today().weekday()) - (WEEKS - 1) * WEEK


@pages.get("/diary/map")
@for_duty
def diary_map() -> str:
    """The map with the weeks of a year below its title; 404 for an estate that the viewer sees none of."""
    viewer, question = context.viewer(), asked_question()
    now = context.services().clock.now()
    with context.services().database.transaction(viewer.prologue) as connection:
        estate = shown_estate(connection, question.estate)
        window = read_window(connection, estate["id"] >> 32, [estate["id"]]) if estate else None
        found = read_weeks(connection, viewer, replace(question, week=None, place=None).asked, now)
    on_map = layers_for(viewer.reading_roles)
    names = [name for name in ON_THE_MAP if name in on_map]
    view = View(
        locale=context.locale(),
        bounds=window or _whole(),
        today=today(),
        roles=viewer.reading_roles,
        on=frozenset(names) - {"grids"},
    )
    weeks = [first_week() + turn * WEEK for turn in range(WEEKS)]
    key = context.services().settings.tianditu_key
    return render_template(
        "diary/map.html",
        **alone(compose([on_map[name] for name in names], view, Addresses(search=None, tianditu_key=key))),
        estate=estate,
        weeks=[(week, found.get(week, 0)) for week in weeks],
        week_words=lambda week: f"{week:%m-%d} – {week + timedelta(days=6):%m-%d}",
        **_facts(question),
    )


@pages.get("/diary/map/facts")
@for_duty
def diary_map_facts() -> str:
    """The entries beside the map of that question, as a fragment."""
    return render_template("diary/map_facts.html", **_facts(asked_question()))


@pages.get("/diary/map/spots")
@for_duty
def diary_map_spots() -> Response:
    """The places of those entries with how many there are; neither words nor names are in it."""
    viewer, asked = context.viewer(), replace(asked_question(), place=None).asked
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_spots(connection, viewer, asked, context.services().clock.now())
    names = ("id", "entries", "open", "waiting")
    spots = [
        {name: row[name] for name in names}
        | {"title": place_title(row), "lon": round(row["lon"], METRE), "lat": round(row["lat"], METRE)}
        for row in rows
        if row["lon"] is not None
    ]
    answer = jsonify({"spots": spots})
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _facts(question: Question) -> dict[str, Any]:
    viewer, now = context.viewer(), context.services().clock.now()
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_entries(connection, viewer, question.asked, now, limit=FIRST_ROWS + 1)
        place = shown_place(connection, question.place)
    return {
        "question": question,
        "rows": rows[:FIRST_ROWS],
        "has_more": len(rows) > FIRST_ROWS,
        "place": place,
    } | words()


def _whole() -> BBox:
    return next((area.bounds for area in areas_of(context.viewer()) if area.bounds), WHOLE_COUNTRY)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), OFFICE)

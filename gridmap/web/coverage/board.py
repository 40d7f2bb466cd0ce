"""`/coverage`: what is done of what was due, on the map and beside it; each number opens its formula and its rows."""

from typing import Any
from urllib.parse import urlencode

from flask import render_template

from gridmap import context
from gridmap.coords import BBox
from gridmap.db.pools import Connection
from gridmap.kpi import BY_NAME
from gridmap.maps import Addresses, View, compose
from gridmap.periods import month_of
from gridmap.read import Asked, layers_for
from gridmap.read.area import read_bounds
from gridmap.read.card.place import read_community
from gridmap.read.coverage import (
    Counts,
    read_all_kinds,
    read_areas,
    read_counts,
    read_estates,
    read_kinds,
    read_names,
    read_reasons,
    read_trend,
    read_trends,
)
from gridmap.read.rota import read_open
from gridmap.scope import Viewer
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import pages
from gridmap.web.coverage.question import (
    Question,
    asked_question,
    bottom_of,
    given,
    key_of,
    months_of,
    sparkline,
    step,
    told_by,
)
from gridmap.web.map_page import alone
from gridmap.web.remembered import remembered

ON_THE_MAP = (
    *("green", "water", "districts", "streets", "communities", "coverage_grids", "roads"),
    *("coverage_buildings", "gaps"),
)
MOST_ESTATES = 150
"""Of more than these none is offered for choice: the list of areas leads on."""
MOST_AREAS = 60
"""So many areas stand beside the map; the table shows all."""
SLIDER_MONTHS = 13
MOST_STREETS = 60
"""Of more streets than these, contiguous gaps are shown once one is chosen."""


@pages.get("/coverage")
def coverage() -> str:
    """The map of a month with its numbers."""
    viewer, question = context.viewer(), asked_question()
    found = remembered(key_of(viewer, question, "board"), lambda: _read(viewer, question))
    on_map = layers_for(viewer.reading_roles)
    view = View(
        locale=context.locale(),
        bounds=found["bounds"] or _bounds(viewer, question),
        today=today(),
        day=question.last_day,
        roles=viewer.reading_roles,
    )
    addresses = Addresses(search=None, words=urlencode(question.tile_words), overlay=_overlay(viewer, question))
    drawn = compose([on_map[name] for name in ON_THE_MAP if name in on_map], view, addresses)
    return render_template(
        "coverage/board.html",
        **alone(drawn, question.address("/coverage/rows")),
        map_file=f"/map/file?{urlencode({'map': 'coverage', 'as_of': question.last_day} | question.tile_words)}",
        question=question,
        kpi=BY_NAME["coverage"],
        slider=_slider(question),
        next_month=step(question.month, 1),
        previous_month=step(question.month, -1),
        has_areas=_overlay(viewer, question) is not None,
        unmanned=_unmanned(viewer, question),
        **found,
        **given(),
    )


def _unmanned(viewer: Viewer, question: Question) -> int:
    """How many evenings of rotas lack somebody in the month; only where it is not cut to anything."""
    if question.is_cut:
        return 0
    with context.services().database.transaction(viewer.prologue) as connection:
        return len(read_open(connection, viewer, *month_of(question.month).instants))


def _read(viewer: Viewer, question: Question) -> dict[str, Any]:
    cut = question.cut
    by = told_by(viewer, question)
    months = months_of(question)
    shown = tuple(name for name in (by, "estate" if by in ("grid", "community") else None) if name)
    with context.services().database.transaction(viewer.prologue) as connection:
        trend = read_trend(connection, viewer, question.year)
        told = []
        for name in shown:
            areas = [area for area in read_areas(connection, viewer, cut, name) if area.counts.slots]
            trends = read_trends(connection, viewer, question.year, name) if len(areas) <= MOST_AREAS else {}
            bottom = bottom_of(trends.values())
            lines = {area.id: sparkline(months, trends.get(area.id, {}), bottom) for area in areas[:MOST_AREAS]}
            told.append((name, areas[:MOST_AREAS], len(areas), lines))
        estates = read_estates(connection, viewer, cut)
        return {
            "counts": read_counts(connection, viewer, cut),
            "trend": [(month, trend.get(month, Counts())) for month in months],
            "reasons_found": read_reasons(connection, viewer, cut, question.when),
            "told": told,
            "kinds": read_kinds(connection, viewer, cut),
            "all_kinds": read_all_kinds(connection, viewer),
            "estates": estates if len(estates) <= MOST_ESTATES else (),
            "inside": read_names(connection, viewer, cut),
            "bounds": _box_of(connection, viewer, question),
        }


def _box_of(connection: Connection, viewer: Viewer, question: Question) -> BBox | None:
    """The box of the area that the numbers are cut to; None for a street, or where none is known."""
    cut = question.cut
    place = cut.estate if cut.estate is not None else cut.grid
    if place is not None:
        return read_bounds(connection, viewer, (place,))
    if cut.community is None:
        return None
    found = read_community(connection, viewer, Asked(as_of=question.moment), cut.community)
    return found.bounds if found else None


def _slider(question: Question) -> list[Any]:
    """The months that the slider runs over: a year up to now, moved back where an earlier one is asked for."""
    last = max(question.month, today().replace(day=1))
    if question.month < step(last, 1 - SLIDER_MONTHS):
        last = step(question.month, SLIDER_MONTHS // 2)
    return [step(last, back + 1 - SLIDER_MONTHS) for back in range(SLIDER_MONTHS)]


def _overlay(viewer: Viewer, question: Question) -> str | None:
    """Where the shapes of contiguous gaps come from; not for a whole city at once."""
    if question.narrowest is None and (viewer.reach.is_city or len(viewer.reach.near) > MOST_STREETS):
        return None
    return question.address("/coverage/areas.geojson")


def _bounds(viewer: Viewer, question: Question) -> Any:
    areas = areas_of(viewer)
    first = [area for area in areas if question.cut.street in (None, area.street_id)] or areas
    return next((area.bounds for area in first if area.bounds), WHOLE_COUNTRY)

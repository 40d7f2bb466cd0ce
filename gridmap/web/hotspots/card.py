"""`/hotspots/<id>`: why an area is one, its months, its units and what happened; the same as a card of the map."""

from typing import Any

from flask import Response, abort, make_response, render_template

from gridmap import context
from gridmap.hotspots import Subject
from gridmap.read.hotspots import (
    Run,
    Spot,
    read_evenings,
    read_incidents,
    read_run,
    read_spot,
    read_titles,
    read_units,
)
from gridmap.read.hotspots.behind import MOST
from gridmap.web.blueprint import pages
from gridmap.web.hotspots.words import area_of_work, bars_of_spot, for_seeing, shared, subject_title
from gridmap.web.incidents.question import WORKING

GREATEST_ID = 1 << 53
UNITS_SHOWN = 60


@pages.get("/hotspots/<int:spot_id>")
@for_seeing
def hotspot(spot_id: int) -> str:
    """The page of what was found; 404 where the viewer sees none of that id."""
    spot, run, given = _found(spot_id)
    viewer = context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        units = read_units(connection, viewer, spot)
        is_of_zones = Subject(run.subject).is_of_parking
        evenings = read_evenings(connection, viewer, spot, run) if is_of_zones else []
        incidents = [] if is_of_zones else read_incidents(connection, viewer, spot)
    return render_template(
        "hotspots/spot.html",
        units=units[:UNITS_SHOWN],
        more_units=max(0, max(len(units), spot.units) - UNITS_SHOWN) if units else 0,
        evenings=evenings,
        incidents=incidents,
        most_listed=MOST if len(evenings or incidents) == MOST else None,
        may_open=bool(viewer.roles & WORKING),
        is_of_zones=is_of_zones,
        **given,
    )


@pages.get("/hotspots/<int:spot_id>/card")
@for_seeing
def hotspot_card(spot_id: int) -> Response:
    """The card beside the map; 404 likewise."""
    _spot, _run, given = _found(spot_id)
    response = make_response(render_template("hotspots/card.html", **given))
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _found(spot_id: int) -> tuple[Spot, Run, dict[str, Any]]:
    viewer = context.viewer()
    if spot_id >= GREATEST_ID:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        spot = read_spot(connection, viewer, spot_id)
        run = read_run(connection, viewer, spot.run_id) if spot else None
        titles = read_titles(connection)
    if spot is None or run is None:
        abort(404)
    given = {
        "spot": spot,
        "run": run,
        "subject_words": subject_title(run.subject, titles),
        "current": area_of_work(run.subject),
        "bars": bars_of_spot(run, spot),
        **shared(),
    }
    return spot, run, given

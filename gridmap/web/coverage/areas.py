"""Contiguous gap areas: named by size beside the map, and their shapes as GeoJSON for the map."""

import json
from typing import Any

from flask import Response, render_template

from gridmap import context
from gridmap.maps import lon_lat_bounds
from gridmap.read.coverage import GapArea, read_gap_areas
from gridmap.scope import Viewer
from gridmap.web.blueprint import pages, say
from gridmap.web.coverage.question import Question, asked_question, given, key_of
from gridmap.web.remembered import remembered

SHOWN = 8
"""So many areas are named at once; the rest unfolds."""


@pages.get("/coverage/areas")
def gap_areas() -> str:
    """The areas by size, as a fragment: each leads the map to it."""
    viewer, question = context.viewer(), asked_question()
    found = [
        (number, area, json.dumps(_rounded(area))) for number, area in enumerate(areas_of_gaps(viewer, question), 1)
    ]
    return render_template(
        "coverage/areas.html", question=question, areas=found[:SHOWN], others=found[SHOWN:], **given()
    )


@pages.get("/coverage/areas.geojson")
def gap_shapes() -> Response:
    """Their shapes, with what each is called."""
    viewer, question = context.viewer(), asked_question()
    features = [
        {
            "type": "Feature",
            "id": number,
            "geometry": area.shape,
            "properties": {"places": area.places, "tasks": area.tasks, "estate": area.estate, "name": name_of(area)},
        }
        for number, area in enumerate(areas_of_gaps(viewer, question), 1)
    ]
    document = {"type": "FeatureCollection", "features": features}
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(body, mimetype="application/geo+json", headers={"Cache-Control": "private, no-cache"})


def areas_of_gaps(viewer: Viewer, question: Question) -> tuple[GapArea, ...]:
    """The areas of the question, made once until something changes."""

    def read() -> tuple[GapArea, ...]:
        with context.services().database.transaction(viewer.prologue) as connection:
            return read_gap_areas(connection, viewer, question.cut, question.when, reason=question.reason)

    return remembered(key_of(viewer, question, "areas"), read)


def name_of(area: GapArea) -> str:
    """How an area is called: by its size, around the estate in which most of it lies."""
    if area.estate:
        return say("{count} places around {estate}", count=area.places, estate=area.estate)
    return say("{count} places", count=area.places)


def _rounded(area: GapArea) -> list[Any]:
    return [round(side, 5) for side in lon_lat_bounds(area.bounds)]

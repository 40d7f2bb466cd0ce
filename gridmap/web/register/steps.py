"""What a form asks to be drawn: a step, read and checked."""

import json
import math
from collections.abc import Mapping
from typing import Any

from flask import request
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from gridmap.places.drawing import Correct, Draw, End, Merge, Move, Rename, Renumber, Split, Step
from gridmap.places.shapes import MOST_CORNERS, MOST_TEXT, ShapeProblem, read_area, read_point
from gridmap.web.blueprint import number, typed

MOST_AREA_M2 = 50_000_000.0
MOST_PLACES = 200


def asked_step() -> Step:
    """The step of the form. Raises ShapeProblem."""
    what, place = typed("what", 20), number(request.form, "place") or 0
    match what:
        case "split":
            return Split(place_id=place, line=read_line(_shape_text()))
        case "merge":
            return Merge(place_ids=_places(), name=typed("name", 200))
        case "correct":
            return Correct(place_id=place, shape=read_shape(_shape_text()))
        case "draw":
            kind = typed("kind", 20)
            return Draw(kind=kind, name=typed("name", 200), shape=read_shape(_shape_text()), details=_details(kind))
        case "end":
            return End(place_id=place, into=number(request.form, "into"))
        case "rename":
            return Rename(place_id=place, name=typed("name", 200), code=typed("code", 100) or None)
        case "renumber":
            return Renumber()
        case "move":
            return Move(building_id=place, grid_id=number(request.form, "into") or 0)
    raise ShapeProblem("kind")


def read_line(text: str) -> LineString:
    """The line of a GeoJSON text. Raises ShapeProblem."""
    found = _json(text)
    positions = found.get("coordinates")
    if found.get("type") != "LineString" or not isinstance(positions, list) or len(positions) < 2:
        raise ShapeProblem("line")
    if len(positions) > MOST_CORNERS:
        raise ShapeProblem("many", most=MOST_CORNERS)
    corners = []
    for at in positions:
        if not isinstance(at, list) or len(at) < 2 or not all(_is_number(one) for one in at[:2]):
            raise ShapeProblem("line")
        lon, lat = float(at[0]), float(at[1])
        if abs(lon) > 180 or abs(lat) > 90:
            raise ShapeProblem("degrees")
        corners.append((lon, lat))
    return LineString(corners)


def read_shape(text: str) -> BaseGeometry:
    """The point or area of a GeoJSON text. Raises ShapeProblem."""
    if _json(text).get("type") == "Point":
        return read_point(text)
    return read_area(text, most_m2=MOST_AREA_M2)


def _details(kind: str) -> dict[str, Any]:
    word = typed("details", 40)
    match kind:
        case "grid":
            return {"type": word or "basic"}
        case "building":
            return {"kind": word or "other"}
        case "facility":
            return {"kind": word or "other"}
        case "stairwell":
            return {"parent_id": number(request.form, "parent")}
    return {}


def _places() -> tuple[int, ...]:
    found = request.form.getlist("places")[:MOST_PLACES]
    return tuple(int(one) for one in found if one.isascii() and one.isdigit() and len(one) < 17)


def _shape_text() -> str:
    return request.form.get("shape", "").replace("\0", "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _json(text: str) -> Mapping[str, Any]:
    if not text.strip():
        raise ShapeProblem("nothing")
    if len(text) > MOST_TEXT:
        raise ShapeProblem("long")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ShapeProblem("no_geojson") from None
    if isinstance(found, dict) and isinstance(found.get("geometry"), dict):
        found = found["geometry"]
    if not isinstance(found, dict):
        raise ShapeProblem("no_geojson")
    return found

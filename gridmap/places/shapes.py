"""Shapes as a page or a person sends them: GeoJSON text, read and checked before the database sees it. Pure.

Longitude before latitude, degrees, EPSG:4326; coordinates are kept to 7 decimals, about a centimetre.
"""

import json
import math
from typing import Any

import shapely
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.coords import area_m2

MOST_TEXT, MOST_CORNERS, LEAST_CORNERS, DECIMALS = 100_000, 500, 3, 7
LEAST_M2, MOST_M2 = 5.0, 300_000.0
"""A single place for a car has 12 m²; a zone of 30 hectares is a mistake."""


class ShapeProblem(Exception):
    """What was drawn is no such shape; `reason` is a code of the page's words, `values` fill its sentence."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason, values)
        self.reason = reason
        self.values = values


def read_area(text: str, *, most_m2: float = MOST_M2) -> Polygon:
    """The polygon of a GeoJSON text: a geometry, a feature, or a collection of one. Raises ShapeProblem."""
    geometry = _geometry(text)
    kind, rings = geometry.get("type"), geometry.get("coordinates")
    if kind == "MultiPolygon" and isinstance(rings, list) and len(rings) == 1:
        rings = rings[0]
    elif kind != "Polygon":
        raise ShapeProblem("not_an_area")
    if not isinstance(rings, list) or not rings:
        raise ShapeProblem("corners")
    outer, *holes = [_ring(ring) for ring in rings]
    area = Polygon(outer, holes)
    if not area.is_valid:
        raise ShapeProblem("crossing")
    size = float(area_m2([area])[0])
    if not LEAST_M2 <= size <= most_m2:
        raise ShapeProblem("small" if size < LEAST_M2 else "large", area=f"{size:,.0f}")
    return shapely.geometry.polygon.orient(area)


def read_point(text: str) -> Point:
    """The point of a GeoJSON text, in the same forms. Raises ShapeProblem."""
    geometry = _geometry(text)
    if geometry.get("type") != "Point":
        raise ShapeProblem("not_a_point")
    return Point(*_position(geometry.get("coordinates")))


def as_geojson(shape: BaseGeometry) -> str:
    """The shape as a page holds it."""
    return str(shapely.to_geojson(shape))


def _geometry(text: str) -> dict[str, Any]:
    if not text.strip():
        raise ShapeProblem("nothing")
    if len(text) > MOST_TEXT:
        raise ShapeProblem("long")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ShapeProblem("no_geojson") from None
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        features = found.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise ShapeProblem("several")
        found = features[0]
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = found.get("geometry")
    if not isinstance(found, dict):
        raise ShapeProblem("no_geojson")
    return found


def _ring(ring: Any) -> list[tuple[float, float]]:
    """The corners of a ring, closed or not, of which at least three differ."""
    if not isinstance(ring, list):
        raise ShapeProblem("corners")
    if len(ring) > MOST_CORNERS:
        raise ShapeProblem("many", most=MOST_CORNERS)
    corners = [_position(one) for one in ring]
    if len(set(corners)) < LEAST_CORNERS:
        raise ShapeProblem("corners")
    return corners


def _position(found: Any) -> tuple[float, float]:
    if not isinstance(found, list) or not 2 <= len(found) <= 3:
        raise ShapeProblem("corners")
    try:
        lon, lat = (float(one) for one in found[:2] if isinstance(one, int | float) and not isinstance(one, bool))
    except (ValueError, OverflowError):
        raise ShapeProblem("corners") from None
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise ShapeProblem("degrees")
    return round(lon, DECIMALS), round(lat, DECIMALS)

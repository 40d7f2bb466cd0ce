"""Geometries in a filter: GeoJSON or a box, in any system that is spoken, as WKB in degrees."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape

from gridmap.coords import project
from gridmap.read.crs import DEGREES, WEB_MERCATOR, Crs, box_in_degrees

FLAT = (-180.0, -89.0, 180.0, 89.0)
"""Where web mercator has places."""
BEYOND = (-360.0, -90.0, 360.0, 90.0)
ROOM = 0.01
"""Metres around an envelope, because two ways to reckon mercator differ in the last digits."""
DEPTHS = {"Point": 1, "MultiPoint": 2, "LineString": 2, "MultiLineString": 3, "Polygon": 3, "MultiPolygon": 4}
"""How deep the lists of coordinates are."""
Envelope = tuple[float, float, float, float]


def is_geometry(raw: object) -> bool:
    """Whether the literal means a geometry: GeoJSON or a box."""
    return isinstance(raw, Mapping) and any(word in raw for word in ("bbox", "coordinates", "geometries"))


def read_geometry(raw: Mapping[str, Any], crs: Crs) -> Any:
    """The literal as a geometry in longitude and latitude. Raises ValueError where it is none, or lies nowhere."""
    try:
        made = _box(raw["bbox"], crs) if "bbox" in raw else crs.to_degrees(_flat(shape(_plain(raw))))
    except (TypeError, KeyError, IndexError, AttributeError, OverflowError, ShapelyError) as error:
        raise ValueError(raw) from error
    bounds = np.array(made.bounds)
    if made.is_empty or not np.isfinite(shapely.get_coordinates(made)).all():
        raise ValueError(raw)
    if (bounds < BEYOND[:2] * 2).any() or (bounds > BEYOND[2:] * 2).any() or not made.is_valid:
        raise ValueError(raw)
    return made


def _plain(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The literal with numbers for coordinates, as deep as its type has them: else it would be read as something."""
    if "geometries" in raw:
        for each in raw["geometries"]:
            _plain(each)
    else:
        _check(raw["coordinates"], DEPTHS[raw["type"]])
    return raw


def _check(part: Any, depth: int) -> None:
    if depth:
        for each in part if isinstance(part, list) else [None]:
            _check(each, depth - 1)
    elif isinstance(part, bool) or not isinstance(part, int | float):
        raise TypeError(part)


def _flat(geometry: Any) -> Any:
    return shapely.force_2d(geometry)


def _box(numbers: Any, crs: Crs) -> Any:
    """A box from four numbers, or six with heights; over the antimeridian where its west is east of its east."""
    if not isinstance(numbers, list):
        raise ValueError(numbers)
    west, south, east, north = sides_of(numbers, crs)
    if not crs.is_degrees:
        return box_in_degrees(crs, (west, south, east, north))
    if west <= east:
        return shapely.box(west, south, east, north)
    return shapely.union(shapely.box(west, south, 180.0, north), shapely.box(-180.0, south, east, north))


def sides_of(numbers: Sequence[Any], crs: Crs = DEGREES) -> Envelope:
    """West, south, east, north from the numbers of a box in the order of that system. Raises ValueError, TypeError."""
    sides = [float(number) for number in numbers]
    if len(sides) == 6:
        del sides[5], sides[2]
    if len(sides) != 4 or not np.isfinite(sides).all():
        raise ValueError(numbers)
    first, second, third, fourth = sides
    west, south, east, north = (second, first, fourth, third) if crs.is_flipped else (first, second, third, fourth)
    if south > north or (west > east and not crs.is_degrees):
        raise ValueError(numbers)
    return west, south, east, north


def envelope(geometry: Any) -> Envelope:
    """The sides of the geometry in web mercator, with room for rounding: what the indexes are asked."""
    west, south, east, north = np.clip(geometry.bounds, FLAT[:2] * 2, FLAT[2:] * 2)
    low, high = (shapely.get_coordinates(project(shapely.Point(*each), WEB_MERCATOR))[0] for each in
                 ((west, south), (east, north)))  # fmt: skip
    return float(low[0]) - ROOM, float(low[1]) - ROOM, float(high[0]) + ROOM, float(high[1]) + ROOM

"""Case 7: rings that are not closed, have too few points, or cross themselves.

Rings are closed while a geometry is built; crossing is repaired on degrees after the datum is converted, because
conversion changes validity. `make_valid` may leave lines and points behind: only the polygons are kept.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.coords import area_m2
from gridmap.load.draft import Draft

AREA_TOLERANCE = 0.01
WIDE = 10.0
"""Degrees of longitude within which every area can be measured."""
POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


class ShapeError(ValueError):
    """Coordinates that make no geometry; `code` names the problem."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Build:
    """Builds one geometry from GeoJSON coordinates, closing rings and leaving out holes that are none."""

    closed: int = 0
    dropped: int = 0
    depth: int = field(default=0, repr=False)

    def geometry(self, given: Any) -> BaseGeometry:
        """The geometry of a GeoJSON geometry object; raises ShapeError."""
        if not isinstance(given, Mapping):
            raise ShapeError("unreadable_geometry")
        kind, coordinates = given.get("type"), given.get("coordinates")
        try:
            if kind == "GeometryCollection":
                return self._collection(given.get("geometries"))
            if not isinstance(coordinates, list):
                raise ShapeError("no_geometry")
            return self._single(str(kind), coordinates)
        except (TypeError, ValueError, LookupError, OverflowError, shapely.errors.GEOSException) as error:
            raise ShapeError(getattr(error, "code", "unreadable_geometry")) from None

    def _collection(self, parts: Any) -> BaseGeometry:
        self.depth += 1
        if not isinstance(parts, list) or self.depth > 10:
            raise ShapeError("unreadable_geometry")
        return shapely.GeometryCollection([self.geometry(part) for part in parts])

    def _single(self, kind: str, coordinates: list[Any]) -> BaseGeometry:
        match kind:
            case "Point":
                return shapely.Point(_numbers([coordinates])[0]) if coordinates else shapely.Point()
            case "MultiPoint":
                return shapely.MultiPoint(_numbers(coordinates))
            case "LineString":
                return shapely.LineString(_numbers(coordinates))
            case "MultiLineString":
                return shapely.MultiLineString([_numbers(line) for line in coordinates])
            case "Polygon":
                return self.polygon(coordinates) if any(coordinates) else shapely.Polygon()
            case "MultiPolygon":
                return shapely.MultiPolygon([self.polygon(rings) for rings in coordinates])
        raise ShapeError("unreadable_geometry")

    def polygon(self, rings: list[Any]) -> shapely.Polygon:
        """A polygon from its rings, closed where they are not; raises ShapeError `ring_too_short`."""
        shell = self._ring(rings[0])
        if shell is None:
            raise ShapeError("ring_too_short")
        holes = [hole for hole in map(self._ring, rings[1:]) if hole is not None]
        self.dropped += len(rings) - 1 - len(holes)
        return shapely.Polygon(shell, holes)

    def _ring(self, points: list[Any]) -> np.ndarray[Any, Any] | None:
        ring = _numbers(points)
        if len(ring) and not np.array_equal(ring[0], ring[-1]):
            ring = np.vstack((ring, ring[:1]))
            self.closed += 1
        return ring if len(np.unique(ring, axis=0)) >= 3 else None


def _numbers(points: list[Any]) -> np.ndarray[Any, Any]:
    """The points as `(n, 2)` finite numbers; heights are left out."""
    numbers = np.asarray([point[:2] for point in points], dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(numbers).all():
        raise ShapeError("unreadable_geometry")
    return numbers


def _polygons_of(geometry: BaseGeometry) -> BaseGeometry:
    """The polygon parts of a repaired geometry, as one polygon or multi-polygon; empty where there are none."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    parts = parts[np.isin(shapely.get_type_id(parts), POLYGONS)]
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def _mended(shape: BaseGeometry) -> BaseGeometry:
    """The area of a broken polygon as valid polygons; empty where it has none, as when its outer ring is one point."""
    for method in ("linework", "structure"):
        with suppress(shapely.errors.GEOSException):
            return _polygons_of(shapely.make_valid(shape, method=method))
    return shapely.Polygon()


def repair_rings(draft: Draft) -> None:
    """Make crossing polygons valid, keep polygon parts only, say so where the area changes by over 1 %."""
    _repair(draft)
    shapes = draft.shapes()
    areas = np.isin(shapely.get_type_id(shapes), POLYGONS)
    draft.reject(shapely.is_empty(shapes) | (areas & ~(shapely.area(shapes) > 0)), "ring_without_area")


def _repair(draft: Draft) -> None:
    shapes = draft.shapes()
    bounds = shapely.bounds(shapes)
    areas = np.isin(shapely.get_type_id(shapes), POLYGONS)
    broken = areas & ~shapely.is_valid(shapes)
    wide = broken | (areas & (bounds[:, 2] - bounds[:, 0] > WIDE))
    wide[wide] = ~np.isfinite(area_m2(shapes[wide]))
    draft.reject(wide, "too_wide")
    shapes, broken = draft.shapes(), broken[~wide]
    if not broken.any():
        return
    before = area_m2(shapes[broken])
    mended = np.array([_mended(shape) for shape in shapes[broken]], dtype=object)
    after = area_m2(mended)
    draft.put_shapes(broken, mended)
    lost = np.abs(np.nan_to_num(after) - before) > AREA_TOLERANCE * before
    rows = np.flatnonzero(broken)
    for row, old, new, differs, kept in zip(rows, before, after, lost, mended, strict=True):
        if kept.is_empty:
            continue
        code = "ring_repaired_area" if differs else "ring_repaired"
        draft.correct(row, code, before=f"{old:.0f}", after=f"{new:.0f}")

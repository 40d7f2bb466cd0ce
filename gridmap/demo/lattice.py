"""The ground of a town: a street lattice in whole metres, bent a little, tilted, and put on the globe.

Everything is declared in lattice metres (east, north of the town's anchor). A smooth periodic sway bends the lattice so
that streets curve; because it is periodic, copies of one period fit together without a seam. Polygons that share a
lattice line share every vertex on it, so grids and communities partition exactly.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

DECIMALS = 7
"""Decimals of degrees that are kept: about one centimetre."""
STEP = 50
"""A lattice line has a vertex at least every so many metres."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle in lattice metres."""

    west: float
    south: float
    east: float
    north: float

    def inset(self, west: float, south: float, east: float, north: float) -> "Box":
        """The box with each side moved inwards by so many metres."""
        return Box(self.west + west, self.south + south, self.east - east, self.north - north)

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        return (self.west + self.east) / 2, (self.south + self.north) / 2


@dataclass(frozen=True)
class Sway:
    """How far the lattice bends (metres) over which period (metres); the phases shift the bends."""

    east: float
    north: float
    period_x: float
    period_y: float
    phase: float = 0.0


@cache
def transformer(epsg: int) -> Transformer:
    """From the zone's easting, northing to longitude, latitude."""
    return Transformer.from_crs(epsg, 4326, always_xy=True)


@dataclass(frozen=True)
class Lattice:
    """A town's lattice: where it lies, how it is turned and bent, and where polygons get their vertices."""

    epsg: int
    anchor: Point
    """Longitude and latitude of lattice (0, 0)."""
    tilt: float
    """Degrees, anticlockwise."""
    sway: Sway
    breaks_x: tuple[float, ...] = ()
    breaks_y: tuple[float, ...] = ()

    @property
    def origin(self) -> Point:
        """The anchor in whole metres of the zone."""
        east, north = transformer(self.epsg).transform(*self.anchor, direction="INVERSE")
        return round(east), round(north)

    def metres(self, points: Iterable[Point]) -> NDArray[np.float64]:
        """Lattice points as easting, northing of the zone, an array of shape (n, 2)."""
        x, y = np.asarray(list(points), dtype=float).T
        sway = self.sway
        turn_x, turn_y = 2 * np.pi * y / sway.period_y, 2 * np.pi * x / sway.period_x
        bent_x = x + sway.east * (np.sin(turn_x + sway.phase) + 0.35 * np.sin(2 * turn_x + 1.7))
        bent_y = y + sway.north * (np.sin(turn_y + 2 * sway.phase) + 0.35 * np.sin(2 * turn_y + 0.6))
        cos, sin = math.cos(math.radians(self.tilt)), math.sin(math.radians(self.tilt))
        east, north = self.origin
        return np.column_stack((east + cos * bent_x - sin * bent_y, north + sin * bent_x + cos * bent_y))

    def angle(self, x: float, y: float) -> float:
        """The direction of the lattice's east at a point, in degrees anticlockwise of the zone's east."""
        (x0, y0), (x1, y1) = self.metres([(x - 5, y), (x + 5, y)])
        return math.degrees(math.atan2(y1 - y0, x1 - x0))

    def along(self, start: float, end: float, breaks: Sequence[float]) -> list[float]:
        """The stops of a lattice line from `start` to `end`, both included."""
        low, high = min(start, end), max(start, end)
        first, last = math.floor(low / STEP) + 1, math.ceil(high / STEP)
        stops = {low, high} | {b for b in breaks if low < b < high} | {float(k * STEP) for k in range(first, last)}
        return sorted(stops, reverse=start > end)

    def patch(self, box: Box) -> shapely.Polygon:
        """The bent box in zone metres."""
        west, south, east, north = box.west, box.south, box.east, box.north
        ring = [(x, south) for x in self.along(west, east, self.breaks_x)]
        ring += [(east, y) for y in self.along(south, north, self.breaks_y)[1:]]
        ring += [(x, north) for x in self.along(east, west, self.breaks_x)[1:]]
        ring += [(west, y) for y in self.along(north, south, self.breaks_y)[1:]]
        return shapely.Polygon(self.metres(ring))

    def area(self, boxes: Sequence[Box]) -> BaseGeometry:
        """The union of bent boxes in zone metres."""
        return shapely.union_all([self.patch(box) for box in boxes])

    def line(self, points: Sequence[Point]) -> shapely.LineString:
        """A polyline in lattice metres, bent with the lattice, in zone metres."""
        stops: list[Point] = [points[0]]
        for (x0, y0), (x1, y1) in pairwise(points):
            pieces = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / STEP))
            stops += [(x0 + (x1 - x0) * k / pieces, y0 + (y1 - y0) * k / pieces) for k in range(1, pieces + 1)]
        return shapely.LineString(self.metres(stops))

    def street(self, axis: str, at: float, start: float, end: float) -> shapely.LineString:
        """A lattice line in zone metres: `axis` is x for a line of constant x."""
        stops = self.along(start, end, self.breaks_y if axis == "x" else self.breaks_x)
        return shapely.LineString(self.metres([(at, s) if axis == "x" else (s, at) for s in stops]))


def to_globe(geometry: BaseGeometry, epsg: int) -> BaseGeometry:
    """Zone metres as longitude, latitude with seven decimals, outer rings anticlockwise."""
    move = transformer(epsg).transform

    def moved(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(np.column_stack(move(coordinates[:, 0], coordinates[:, 1])), DECIMALS)

    return shapely.orient_polygons(shapely.transform(geometry, moved))


def breaks_of(boxes: Iterable[Box], lines: Iterable[tuple[str, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The stops that the boxes' corners and the crossing lines need, for x and for y."""
    xs, ys = set[float](), set[float]()
    for box in boxes:
        xs |= {box.west, box.east}
        ys |= {box.south, box.north}
    for axis, at in lines:
        (xs if axis == "x" else ys).add(at)
    return tuple(sorted(xs)), tuple(sorted(ys))

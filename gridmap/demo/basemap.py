"""The basemap of a town: its streets, rivers, lakes, parks and woods, drawn from the declarations."""

import math
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.demo.build import BuiltEstate, BuiltTown
from gridmap.demo.choice import fraction
from gridmap.demo.declare import Blob, Course, Road, Town
from gridmap.demo.lattice import Box, Lattice, Point
from gridmap.demo.register import Register

CORE = "core/"
"""Marks, in `source_key`, what belongs to the part of a town that can be laid side by side."""


def round_shape(lattice: Lattice, blob: Blob, entity: str) -> shapely.Polygon:
    """A smooth round shape with a few dents, in zone metres."""
    waves = [(k, fraction(entity, f"size{k}") * 0.5 / k, fraction(entity, f"turn{k}") * math.tau) for k in (2, 3, 4)]
    ring: list[Point] = []
    for step in range(36):
        turn = math.tau * step / 36
        reach = 1 + sum(size * math.cos(k * turn + phase) for k, size, phase in waves) * 0.5
        x, y = math.cos(turn) * blob.radii[0] * reach, math.sin(turn) * blob.radii[1] * reach
        ring.append((blob.centre[0] + x, blob.centre[1] + y))
    return shapely.Polygon(lattice.metres(ring))


def smooth(points: tuple[Point, ...], pieces: int = 6) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    dense: list[Point] = []
    padded = [points[0], *points, points[-1]]
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for k in range(pieces):
            t = k / pieces
            dense.append(tuple(blend(p, t) for p in zip(a, b, c, d, strict=True)))  # type: ignore[arg-type]  # two axes
    return [*dense, points[-1]]


def blend(values: tuple[float, float, float, float], t: float) -> float:
    """One axis of a Catmull-Rom curve between the second and the third value."""
    a, b, c, d = values
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def river_shape(lattice: Lattice, course: Course, entity: str) -> BaseGeometry:
    """A river's water: the curve with banks of changing distance, in zone metres."""
    middle = lattice.metres(smooth(course.points))
    direction = np.gradient(middle, axis=0)
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    side = np.column_stack((-direction[:, 1], direction[:, 0]))
    width = [course.width / 2 * (1 + 0.25 * (fraction(entity, f"width{k // 6}") - 0.5)) for k in range(len(middle))]
    banks = side * np.array(width)[:, None]
    return shapely.Polygon(np.vstack((middle + banks, (middle - banks)[::-1]))).buffer(0)


def cut(road: Road, core: Box | None) -> list[tuple[float, float, bool]]:
    """The road in pieces, each with the word whether it belongs to the core: its west and south edge do."""
    if core is None:
        return [(road.start, road.end, False)]
    across, along = ((core.west, core.east), (core.south, core.north))
    if road.axis == "y":
        across, along = along, across
    stops = sorted({road.start, road.end} | {s for s in along if road.start < s < road.end})
    inside = across[0] <= road.at < across[1]
    return [(a, b, inside and along[0] <= a and b <= along[1]) for a, b in pairwise(stops)]


def within(core: Box | None, x: float, y: float) -> bool:
    """Whether a lattice point lies in the core."""
    return core is not None and core.west <= x < core.east and core.south <= y < core.north


class Painter:
    """Adds basemap rows of one town, numbered in the order of the declarations."""

    def __init__(self, register: Register, built: BuiltTown) -> None:
        self.register, self.town, self.lattice = register, built.declared, built.lattice

    def add(self, kind: str, sort: str, name: str | None, shape: BaseGeometry, *, core: bool) -> None:
        """One row; what lies in the core is marked."""
        street = self.town.street_id
        identity = self.register.next_id(street, 0, "basemap")
        key = f"{CORE if core else ''}{kind}/{identity & 0xFFFFF}"
        self.register.add(
            "basemap",
            street_id=street,
            id=identity,
            kind=kind,
            name=name,
            source_key=key,
            metres=shape,
            epsg=self.town.epsg,
            **{"class": sort},
        )


def paint_town(register: Register, built: BuiltTown) -> None:
    """Adds the town's roads, water and green."""
    painter, town, lattice = Painter(register, built), built.declared, built.lattice
    for road in town.roads:
        for start, end, core in cut(road, town.core):
            painter.add("road", road.kind, road.name, lattice.street(road.axis, road.at, start, end), core=core)
    for course in town.courses:
        line = shapely.LineString(lattice.metres(smooth(course.points)))
        painter.add("road", course.kind, course.name, line, core=False)
    paint_water(painter, town, lattice)
    for patch in town.greens:
        painter.add(
            "green", patch.kind, patch.name, lattice.patch(patch.box), core=within(town.core, *patch.box.centre)
        )
    for k, blob in enumerate(town.woods):
        shape = round_shape(lattice, blob, f"{town.key}/wood/{k}")
        painter.add("green", blob.kind, blob.name, shape, core=within(town.core, *blob.centre))
    for community in built.communities:
        for estate in community.estates.values():
            paint_estate(painter, estate, core=within(town.core, *(estate.declared.boxes or (town.extent,))[0].centre))


def paint_water(painter: Painter, town: Town, lattice: Lattice) -> None:
    """Adds rivers and lakes, cut at the town's border."""
    border = lattice.patch(town.extent)
    for k, river in enumerate(town.rivers):
        middle = river.points[len(river.points) // 2]
        shape = river_shape(lattice, river, f"{town.key}/river/{k}").intersection(border)
        painter.add("water", river.kind, river.name, shape, core=within(town.core, *middle) and river.width < 30)
    for k, blob in enumerate(town.waters):
        shape = round_shape(lattice, blob, f"{town.key}/water/{k}")
        painter.add("water", blob.kind, blob.name, shape, core=within(town.core, *blob.centre))


def paint_estate(painter: Painter, estate: BuiltEstate, *, core: bool) -> None:
    """Adds the estate's inner green: what is left of its outline away from houses, as lawns; and its paths."""
    if not estate.houses:
        return
    houses = shapely.union_all([house.placed.outline for house in estate.houses])
    lawn = estate.outline.buffer(-4, join_style="mitre").difference(houses.buffer(7, join_style="mitre"))
    lawn = lawn.buffer(-5, quad_segs=2).buffer(5, quad_segs=2).simplify(0.8)
    for part in shapely.get_parts(lawn):
        if part.area > 250:
            painter.add("green", "grass", None, shapely.set_precision(part, 0.01), core=core)

"""Footprints of houses, and how a cluster of houses stands in its box."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from gridmap.demo.choice import between
from gridmap.demo.declare import Cluster, House
from gridmap.demo.lattice import Lattice, Point

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class Placed:
    """A house on the ground, in zone metres. Its own axes: x along the front, y to the back (north)."""

    house: House
    row: int
    centre: Point
    angle: float
    outline: shapely.Polygon
    sections: tuple[shapely.Polygon, ...]

    @property
    def width(self) -> float:
        """Length of the front in metres."""
        return self.house.section_width * len(self.house.sections)

    def at(self, x: float, y: float) -> Point:
        """A point of the house's own axes in zone metres."""
        return turned([(x, y)], self.angle, self.centre)[0]

    def rectangle(self, x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
        """A rectangle of the house's own axes in zone metres."""
        return shapely.Polygon(turned([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], self.angle, self.centre))


def turned(points: list[Point], angle: float, centre: Point) -> list[Point]:
    """Points turned anticlockwise by `angle` degrees and moved to `centre`, to the centimetre."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return [(round(centre[0] + cos * x - sin * y, 2), round(centre[1] + sin * x + cos * y, 2)) for x, y in points]


def section_boxes(house: House) -> list[Rectangle]:
    """The stairwells of a house as rectangles in its own axes, west to east."""
    width, depth, total = house.section_width, house.depth, len(house.sections)
    west = -width * total / 2
    shift = {"stepped": (0, 3, 0, 3), "villas": (0, 1)}.get(house.shape, (0,))
    boxes = []
    for k in range(total):
        low = -depth / 2 + shift[k % len(shift)]
        boxes.append((west + k * width, low, west + (k + 1) * width, low + depth))
    if house.shape == "ell" and total > 1:
        x0, _, _, y1 = boxes[-1]
        boxes[-1] = (x0, y1 - width, x0 + depth, y1)
    return boxes


def bumps(house: House) -> Iterator[Rectangle]:
    """What sticks out of the plain rectangles: stair towers to the north, living rooms to the south."""
    for x0, y0, x1, y1 in section_boxes(house):
        middle = (x0 + x1) / 2
        if house.shape in {"slab", "ell"}:
            yield middle - 2, y1, middle + 2, y1 + 1
        elif house.shape == "stepped":
            yield middle - 2, y1, middle + 2, y1 + 2
            yield middle - 5, y0 - 1, middle + 5, y0
        elif house.shape == "tee":
            yield middle - 4, y1, middle + 4, y1 + 5
            yield middle - 6, y0 - 3, middle + 6, y0


def put(house: House, row: int, centre: Point, angle: float) -> Placed:
    """The house with its middle at `centre` (zone metres), its front turned by `angle` degrees."""
    sections = [shapely.box(*rectangle) for rectangle in section_boxes(house)]
    outline = shapely.union_all(sections + [shapely.box(*rectangle) for rectangle in bumps(house)])

    def moved(shape: shapely.Polygon) -> shapely.Polygon:
        return shapely.transform(shape, lambda c: np.array(turned([(x, y) for x, y in c], angle, centre)))

    return Placed(house, row, centre, angle, moved(outline), tuple(moved(section) for section in sections))


def spread(count: int, low: float, high: float) -> list[float]:
    """`count` positions from `low` to `high`, evenly; the middle when there is one."""
    if count == 1:
        return [(low + high) / 2]
    return [low + (high - low) * k / (count - 1) for k in range(count)]


def slots(cluster: Cluster) -> list[tuple[int, float, float]]:
    """Row, x and y (lattice metres) of the places for houses, north to south, west to east; as many as houses."""
    houses, box = cluster.houses, cluster.box
    width = max(h.section_width * len(h.sections) for h in houses)
    depth = max(h.depth for h in houses)
    rows = math.ceil(len(houses) / cluster.columns)
    side, end = cluster.margin + width / 2, cluster.margin + depth / 2
    xs = spread(cluster.columns, box.west + side, box.east - side)
    ys = spread(rows, box.north - end, box.south + end)
    free = [(row, x, y) for row, y in enumerate(ys) for x in xs]
    garden_x = box.west + cluster.garden[0] * (box.east - box.west)
    garden_y = box.south + cluster.garden[1] * (box.north - box.south)
    nearest = sorted(free, key=lambda slot: math.hypot(slot[1] - garden_x, slot[2] - garden_y))
    empty = set(nearest[: len(free) - len(houses)])
    return [slot for slot in free if slot not in empty]


def place_cluster(lattice: Lattice, cluster: Cluster, entity: str) -> list[Placed]:
    """The cluster's houses on the ground: rows that follow the bent lattice, near south-facing, slightly uneven."""
    turn = between(entity, "turn", -10, 10) / 10
    angle = lattice.angle(*cluster.box.centre) + turn
    placed = []
    for k, (house, (row, x, y)) in enumerate(zip(cluster.houses, slots(cluster), strict=True)):
        uneven = between(entity, f"uneven{row}", -1, 1), between(entity, f"uneven{k}", -1, 1)
        (east, north), *_ = lattice.metres([(x + uneven[0], y + uneven[1])])
        placed.append(put(house, row, (round(east), round(north)), angle))
    return placed

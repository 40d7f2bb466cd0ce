"""Cells around centres with borders that look grown: a Voronoi diagram whose edges are bent, each by its own key."""

import math
from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.demo.choice import fraction
from gridmap.demo.lattice import Point

ROUGH = 0.14
"""How far the middle of an edge may leave it, as a share of its length (both ways together)."""
MOST = 1600
"""Longer edges do not bend more than one of so many metres."""


def bend(start: Point, end: Point, key: str, finest: float) -> list[Point]:
    """A line from start to end (metres), bent again and again until its pieces are shorter than `finest`.

    The same two ends give the same line in either direction.
    """
    if start > end:
        return bend(end, start, key, finest)[::-1]
    length = math.dist(start, end)
    if length < finest:
        return [start, end]
    entity = f"{key}/{round(start[0])},{round(start[1])}/{round(end[0])},{round(end[1])}"
    away = (fraction(entity, "bend") - 0.5) * ROUGH * min(1.0, MOST / length)
    across = ((start[1] - end[1]) * away, (end[0] - start[0]) * away)
    middle = (round((start[0] + end[0]) / 2 + across[0], 1), round((start[1] + end[1]) / 2 + across[1], 1))
    return [*bend(start, middle, key, finest)[:-1], *bend(middle, end, key, finest)]


def bent_ring(points: Sequence[Point], key: str, finest: float) -> shapely.Polygon:
    """The closed ring through the points with every edge bent."""
    ring: list[Point] = []
    for start, end in zip(points, [*points[1:], points[0]], strict=True):
        ring += bend(start, end, key, finest)[:-1]
    return shapely.Polygon(ring)


def cells(centres: Sequence[Point], key: str, around: BaseGeometry, finest: float) -> list[BaseGeometry]:
    """For each centre its bent cell inside `around` (metres); together they fill it without gaps."""
    if len(centres) == 1:
        return [around]
    points = shapely.MultiPoint(centres)
    diagram = shapely.voronoi_polygons(points, extend_to=around.buffer(5000).envelope)
    found: list[BaseGeometry] = [shapely.Polygon()] * len(centres)
    for cell in shapely.get_parts(diagram):
        ring = [(round(x, 1), round(y, 1)) for x, y in cell.exterior.coords[:-1]]
        owner = next(k for k, centre in enumerate(centres) if cell.contains(shapely.Point(centre)))
        found[owner] = bent_ring(ring, key, finest).intersection(around)
    return found

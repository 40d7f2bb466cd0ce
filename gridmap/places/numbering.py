"""The order in which grids are numbered: rows from north to south, west to east in a row. Pure."""

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry


def reading_order(shapes: Sequence[BaseGeometry]) -> list[int]:
    """The positions of the shapes as they are numbered: rows from north to south, each from west to east.

    The northernmost shape that is left opens a row; whatever has its middle north of its southern edge stands in it,
    but for what has another one that is left over its middle: none is numbered before the one straight north of it.
    """
    middles = [shapely.centroid(shape) for shape in shapes]
    left = sorted(range(len(shapes)), key=lambda at: (-middles[at].y, middles[at].x))

    def is_over(upper: int, lower: int) -> bool:
        west, south, east, _north = shapes[upper].bounds
        return bool(south >= middles[lower].y and west <= middles[lower].x <= east)

    order: list[int] = []
    while left:
        floor = shapes[left[0]].bounds[1]
        row = [at for at in left if middles[at].y > floor and not any(is_over(other, at) for other in left)]
        row = row or left[:1]
        order += sorted(row, key=lambda at: middles[at].x)
        left = [at for at in left if at not in row]
    return order

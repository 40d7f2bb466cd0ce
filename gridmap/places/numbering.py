"""The order in which grids are numbered: rows from north to south, west to east in a row. Pure."""

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry


def reading_order(shapes: Sequence[BaseGeometry]) -> list[int]:
    """The positions of the shapes as they are numbered: rows from north to south, each from west to east.

    The northernmost shape that is left opens a row; whatever has its middle north of its southern edge stands in it.
    """
    middles = [shapely.centroid(shape) for shape in shapes]
    left = sorted(range(len(shapes)), key=lambda at: -middles[at].y)
    order: list[int] = []
    while left:
        floor = shapes[left[0]].bounds[1]
        row = [at for at in left if middles[at].y > floor or at == left[0]]
        order += sorted(row, key=lambda at: middles[at].x)
        left = [at for at in left if at not in row]
    return order

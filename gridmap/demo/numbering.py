"""The order in which the grids of a community are numbered: north to south, in each row west to east."""

from collections.abc import Sequence

from shapely.geometry.base import BaseGeometry


def numbering_order(shapes: Sequence[BaseGeometry]) -> list[int]:
    """The indices of the shapes (metres or degrees, north up) in the order of their numbers.

    The northernmost shape that is left opens a row; whatever has its middle north of that shape's southern edge
    stands in the row with it; a row runs from west to east.
    """
    left = sorted(range(len(shapes)), key=lambda k: -shapes[k].centroid.y)
    order: list[int] = []
    while left:
        floor = shapes[left[0]].bounds[1]
        row = [k for k in left if shapes[k].centroid.y > floor]
        order += sorted(row, key=lambda k: shapes[k].centroid.x)
        left = [k for k in left if k not in set(row)]
    return order

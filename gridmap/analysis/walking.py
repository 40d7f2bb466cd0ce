"""How far it is on foot: a short walk from place to place, along straight lines, in metres of a projected CRS."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Points = NDArray[np.float64]
MOST_IMPROVED = 80
"""Longer walks are left as the nearest neighbours give them: mending them would take longer than it is worth."""

LINES_AT_ONCE = 100_000


def walk_metres(points: Points) -> float:
    """The length of a short open walk through all of these points, `(n, 2)` in metres; 0 for fewer than two.

    From the westernmost point always on to the nearest one, then straightened where that is shorter (2-opt). Not the
    shortest walk there is, but the same for the same places in whatever order.
    """
    distinct = np.unique(np.round(points, 1), axis=0) if len(points) else points
    if len(distinct) < 2:
        return 0.0
    order = walking_order(distinct)
    steps = np.diff(distinct[order], axis=0)
    return float(np.hypot(steps[:, 0], steps[:, 1]).sum())


def walking_order(points: Points) -> NDArray[np.intp]:
    """The order of that walk: indexes into `points`."""
    apart = np.hypot(points[:, None, 0] - points[None, :, 0], points[:, None, 1] - points[None, :, 1])
    order = [int(np.lexsort((points[:, 1], points[:, 0]))[0])]
    is_left = np.ones(len(points), dtype=bool)
    is_left[order[0]] = False
    while is_left.any():
        nearest = int(np.where(is_left, apart[order[-1]], np.inf).argmin())
        order.append(nearest)
        is_left[nearest] = False
    found = np.array(order)
    return _straightened(found, apart) if len(points) <= MOST_IMPROVED else found


def _straightened(order: NDArray[np.intp], apart: NDArray[np.float64]) -> NDArray[np.intp]:
    """Turns parts of the walk round as long as that makes it shorter."""
    order = order.copy()
    while True:
        best, gain = None, 1e-6
        for i in range(len(order) - 1):
            # the part from i to j turned round: its first and last link change, an open end has none
            tail = order[i + 1 :]
            before = apart[order[i - 1], order[i]] if i else 0.0
            joined = apart[order[i - 1], tail] if i else np.zeros(len(tail))
            after = np.append(apart[tail[:-1], tail[1:]], 0.0)
            closed = np.append(apart[order[i], tail[1:]], 0.0)
            gains = before + after - joined - closed
            j = int(gains.argmax())
            if gains[j] > gain:
                best, gain = (i, i + 1 + j), float(gains[j])
        if best is None:
            return order
        i, j = best
        order[i : j + 1] = order[i : j + 1][::-1]


def crossings(starts: Points, ends: Points, barriers: Sequence[BaseGeometry]) -> NDArray[np.int64]:
    """How many of the barriers a straight line from each start to each end meets: `(ends, starts)`, in one CRS."""
    found = np.zeros((len(ends), len(starts)), dtype=np.int64)
    if not len(barriers) or not found.size:
        return found
    tree = shapely.STRtree(barriers)
    at_once = max(1, LINES_AT_ONCE // len(ends))
    for first in range(0, len(starts), at_once):
        some = starts[first : first + at_once]
        pairs = np.empty((len(ends), len(some), 2, 2))
        pairs[:, :, 0], pairs[:, :, 1] = ends[:, None], some[None]
        lines = shapely.linestrings(pairs.reshape(-1, 2, 2))
        met = tree.query(lines, predicate="intersects")[0]
        found[:, first : first + at_once] = np.bincount(met, minlength=len(lines)).reshape(len(ends), len(some))
    return found

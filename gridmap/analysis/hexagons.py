"""A net of equal hexagons over projected metres: which one a point is in, which lie around it, what it looks like.

Hexagons stand on a corner and are named by two whole numbers, axial q (to the east) and r (to the north-east), after
Amit Patel's "Hexagonal Grids". The net is fixed to the origin of the CRS and not to the data, so that a hexagon is the
same ground in every month.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Points = NDArray[np.float64]
Hexagons = NDArray[np.int64]
Indexes = NDArray[np.int64]
AROUND: Hexagons = np.array([(1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1)], dtype=np.int64)
"""The steps to the six hexagons around one, against the clock from the east."""
NONE = -1
ROOT = float(np.sqrt(3.0))
_FARTHEST = 1 << 30
"""Two coordinates of this size still share one 64-bit number."""


@dataclass(frozen=True, kw_only=True)
class Bins:
    """The hexagons that hold a point, sorted by q and then r, and for each point the index of its own."""

    hexagons: Hexagons
    of_point: Indexes

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values of the points added up hexagon by hexagon."""
        found = np.bincount(self.of_point, weights=values, minlength=len(self.hexagons))
        # of nothing at all it makes whole numbers
        return found.astype(np.float64, copy=False)


def hexagons_at(points: Points, edge: float) -> Hexagons:
    """The hexagon `(q, r)` of each point: the one whose centre is nearest. `points` is `(n, 2)` in metres.

    `edge` is the length of a side in metres. Raises ValueError for one that is not above zero, for points that are not
    finite, and for a net of more than a thousand million hexagons from side to side.
    """
    if not edge > 0:
        raise ValueError(f"the side of a hexagon must be longer than nothing: {edge}")
    x, y = points[:, 0] / edge, points[:, 1] / edge
    r = y * (2 / 3)
    q = x / ROOT - r / 2
    if not (np.abs(q).max(initial=0.0) < _FARTHEST and np.abs(r).max(initial=0.0) < _FARTHEST):
        raise ValueError("points must be finite, and hexagons not that small")
    # floor(x + 0.5) rounds every half the same way, so that neither side of zero is favoured as by round()
    whole_q, whole_r, whole_s = np.floor(q + 0.5), np.floor(r + 0.5), np.floor(0.5 - q - r)
    off_q, off_r, off_s = np.abs(whole_q - q), np.abs(whole_r - r), np.abs(whole_s + q + r)
    # q + r + s = 0: the one that rounding moved most follows from the other two
    mend_q = (off_q > off_r) & (off_q > off_s)
    mend_r = ~mend_q & (off_r > off_s)
    found = np.empty((len(points), 2), dtype=np.int64)
    found[:, 0] = np.where(mend_q, -whole_r - whole_s, whole_q)
    found[:, 1] = np.where(mend_r, -whole_q - whole_s, whole_r)
    return found


def bin_points(points: Points, edge: float) -> Bins:
    """The points sorted into hexagons. Raises ValueError as `hexagons_at` does."""
    keys = _keys(hexagons_at(points, edge))
    distinct, of_point = np.unique(keys, return_inverse=True)
    return Bins(hexagons=_hexagons(distinct), of_point=of_point.astype(np.int64))


def neighbours(hexagons: Hexagons) -> Indexes:
    """For each of these hexagons the indexes of the six around it, `(n, 6)` in the order of `AROUND`.

    `NONE` where the hexagon there is none of these. `hexagons` must be distinct and sorted as in `Bins`.
    """
    keys = _keys(hexagons)
    wanted = _keys(hexagons[:, None, :] + AROUND[None, :, :])
    if not len(keys):
        return wanted
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, NONE)


def polygons(hexagons: Hexagons, edge: float) -> NDArray[np.object_]:
    """Each hexagon as a polygon in metres. A corner that two of them share is the same to the last digit."""
    # whole numbers of half widths and half edges, so that neighbours reckon a shared corner alike
    wide = np.array([0, 1, 1, 0, -1, -1, 0])
    high = np.array([2, 1, -1, -2, -1, 1, 2])
    q, r = hexagons[:, :1], hexagons[:, 1:]
    corners = np.stack([(2 * q + r + wide) * (ROOT / 2 * edge), (3 * r + high) * (edge / 2)], axis=-1)
    return np.asarray(shapely.polygons(corners), dtype=np.object_)


def outline(hexagons: Hexagons, edge: float) -> BaseGeometry:
    """The ground of these hexagons together: one polygon where they hang together, a multipolygon otherwise."""
    return shapely.union_all(polygons(hexagons, edge))


def joined(around: Indexes, is_in: NDArray[np.bool_]) -> Indexes:
    """Which of the hexagons marked hang together: the number of its group for each, `NONE` for those not marked.

    `around` is what `neighbours` returns. Groups are numbered from 0 by their first hexagon.
    """
    group = np.full(len(around), NONE, dtype=np.int64)
    groups = 0
    for first in np.flatnonzero(is_in):
        if group[first] != NONE:
            continue
        group[first], waiting = groups, [int(first)]
        while waiting:
            near = around[waiting.pop()]
            near = near[near != NONE]
            new = near[is_in[near] & (group[near] == NONE)]
            group[new] = groups
            waiting += new.tolist()
        groups += 1
    return group


def _keys(hexagons: Hexagons) -> Indexes:
    keys: Indexes = (hexagons[..., 0] << 32) + (hexagons[..., 1] + (1 << 31))
    return keys


def _hexagons(keys: Indexes) -> Hexagons:
    return np.column_stack([keys >> 32, (keys & 0xFFFFFFFF) - (1 << 31)])

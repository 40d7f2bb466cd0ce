"""How high places rise by chance alone: the units' cases shuffled among units of like exposure, again and again.

What moves is how many more or fewer a unit has than it expects, so that a place that is merely large stays expected to
have many even where few others are of its size; among units of equal exposure that is the same as moving their counts.
The sum of each hexagon with its six neighbours is compared, on the square-root scale, with the mean and standard
deviation of the same place over all arrangements, the real one among them. So all of them are treated alike, and the
share of arrangements whose highest place is as high as the real one's is its chance: exact where a class is of equal
exposure (Phipson and Smyth 2010; for the maximum Westfall and Young 1993), nearly so otherwise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.analysis.hexagons import Bins
from gridmap.analysis.hotspots.expecting import Expected

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]
AT_ONCE = 4_000_000
"""So many numbers are shuffled at a time: 32 MB."""
ALIKE = 1e-9
"""Sums of the same numbers in another order may differ by so much and be the same."""


@dataclass(frozen=True, kw_only=True)
class Shuffled:
    """What the arrangements say of each hexagon with its neighbours: mean and standard deviation of its root.

    `highest` is the highest place of each shuffled arrangement, `heights` all of them, both sorted.
    """

    mean: Floats
    deviation: Floats
    highest: Floats
    heights: Floats

    def z(self, sums: Floats) -> Floats:
        """How many standard deviations these sums of hexagons with their neighbours lie above their own mean."""
        return _standard(_root(sums), self.mean, self.deviation)

    def chance(self, z: Floats) -> Floats:
        """How probable a place this high is anywhere on the map by accident; never 0."""
        return _share(self.highest, z)

    def false_share(self, z: Floats) -> Floats:
        """If all places at least this high were named: about which share of them by accident (Benjamini-Hochberg)."""
        if not len(z):
            return z
        order = np.argsort(-z, kind="stable")
        each = _share(self.heights, z[order]) * len(z) / np.arange(1, len(z) + 1)
        found = np.empty(len(z))
        found[order] = np.minimum(np.minimum.accumulate(each[::-1])[::-1], 1.0)
        return found


def with_neighbours(sums: Floats, around: Indexes) -> Floats:
    """Each hexagon's sum with those of its six neighbours; the last axis is the hexagons."""
    # NONE is the last column, which holds nothing
    padded = np.concatenate([sums, np.zeros((*sums.shape[:-1], 1))], axis=-1)
    whole = sums.copy()
    for side in range(around.shape[1]):
        whole += padded[..., around[:, side]]
    return whole


def shuffle(expected: Expected, bins: Bins, around: Indexes, permutations: int, seed: int) -> Shuffled:
    """Shuffle so many times, the same for the same seed."""
    rng = np.random.default_rng(seed)
    hexagons = len(bins.hexagons)
    heights = np.empty((permutations + 1, hexagons))
    heights[0] = with_neighbours(bins.sums(expected.counted), around)
    rows = max(1, AT_ONCE // max(len(expected.strata), 1))
    for first in range(1, permutations + 1, rows):
        part = heights[first : first + rows]
        part[:] = with_neighbours(_sums(expected, bins, len(part), rng), around)
    heights = _root(heights)
    mean, deviation = heights.mean(axis=0), heights.std(axis=0)
    shuffled = _standard(heights[1:], mean, deviation)
    return Shuffled(
        mean=mean,
        deviation=deviation,
        highest=np.sort(shuffled.max(axis=1, initial=-np.inf)),
        heights=np.sort(shuffled, axis=None),
    )


def _sums(expected: Expected, bins: Bins, rows: int, rng: np.random.Generator) -> Floats:
    """So many shuffled arrangements, summed hexagon by hexagon: `(rows, hexagons)`."""
    order = np.argsort(expected.strata, kind="stable")
    mean = expected.expected[order]
    strays = expected.counted[order] - mean
    values = np.empty((rows, len(order)))
    borders = np.flatnonzero(np.diff(expected.strata[order])) + 1
    for part in np.split(np.arange(len(order)), borders):
        same = slice(part[0], part[-1] + 1) if len(part) else slice(0)
        values[:, same] = rng.permuted(np.broadcast_to(strays[same], (rows, len(part))), axis=1)
    values += mean
    where, hexagons = bins.of_point[order], len(bins.hexagons)
    return np.array([np.bincount(where, weights=row, minlength=hexagons) for row in values], dtype=np.float64)


def _root(sums: Floats) -> Floats:
    return np.sqrt(np.maximum(sums, 0.0))


def _standard(roots: Floats, mean: Floats, deviation: Floats) -> Floats:
    varies = deviation > ALIKE
    return np.where(varies, (roots - mean) / np.where(varies, deviation, 1.0), 0.0)


def _share(known: Floats, z: Floats) -> Floats:
    """The share of the known that is at least this high, the one asked for counted among them."""
    higher = len(known) - np.searchsorted(known, z - ALIKE, side="left")
    return (1 + higher) / (1 + len(known))

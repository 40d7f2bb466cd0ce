"""A small town for tests of hotspots: its buildings, cases on them, a circle in its middle."""

import numpy as np

from gridmap.analysis.hotspots import Units
from gridmap.bench.hotspots import Town

EDGE = 120.0
AT = np.array([500_000.0, 2_500_000.0])


def small_town(seed: int = 1, side: int = 13) -> Town:
    """Buildings on a square lattice of 100 m, three or four to a place, of 10 to 200 households."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((side, side)).reshape(2, -1)
    corners = np.repeat(np.column_stack([columns, rows]) * 100.0, rng.integers(3, 5, side * side), axis=0)
    points = corners + rng.random(corners.shape) * 80 + AT
    return Town(points=points, households=rng.integers(10, 201, len(points)).astype(np.float64))


def cases_of(town: Town, seed: int, many: int = 1_500, times: np.ndarray | float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(many * town.households / town.households.sum() * times)


def units_of(town: Town, counts: np.ndarray, *, exposure: bool = True) -> Units:
    ids = np.arange(len(counts)) * 7 + 3
    return Units(ids=ids, points=town.points, counts=counts, exposure=town.households if exposure else None)


def circle_of(town: Town, radius: float = 220.0) -> np.ndarray:
    middle = np.median(town.points, axis=0)
    return np.hypot(*(town.points - middle).T) < radius

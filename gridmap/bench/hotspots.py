"""How often hotspots are called where there are none, beside Gi* on counts, and how many of the planted ones are found.

Maps of a made-up town: cases fall on buildings by their households; with a gamma shape some buildings by themselves
have many times more than others, as when a few addresses complain again and again, though no place is worse than
another. Whoever calls a hotspot on such a map is wrong.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from gridmap.analysis.hexagons import NONE, Bins, bin_points, neighbours
from gridmap.analysis.hotspots import Found, Units, find
from gridmap.analysis.hotspots.finding import CERTAIN, EDGE
from gridmap.bench.figures import Figure

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]
SHAPES: tuple[float | None, ...] = (None, 2.0, 0.5, 0.1)
"""Gamma shapes of the buildings' own rates; None: all alike, pure Poisson."""
CASES, CIRCLES, RADIUS_M, TIMES = 3_000, 3, 250.0, 3.0
MOST_ALARMS, LEAST_PEER_ALARMS, LEAST_RECALL = 10.0, 90.0, 80.0
MOST_FIND_MS, MOST_BIN_MS, POINTS = 1_000.0, 3_000.0, 1_000_000
SIDE, ESTATES, ESTATE_M, WAY_M, ROAD_M = 10, 3, 170.0, 10.0, 30.0
"""Blocks between main roads along a side of the town, estates along a side of a block; metres of the ways around."""
TOWN_M = SIDE * (ESTATES * ESTATE_M + ROAD_M)
BUILT = ((100, 221, 8), (24, 73, 14), (8, 49, 21), (0, 0, 0))
"""High-rises, slabs, old houses, none: households from and below, and buildings of an estate."""
KINDS, LIKE_THE_BLOCK = (0.2, 0.3, 0.3, 0.2), 0.7
"""Shares of these: blocks are built at one time, or are works, offices and parks; most of their estates are alike."""


@dataclass(frozen=True, kw_only=True)
class Town:
    """Buildings: points in metres and households."""

    points: Floats
    households: Floats


@dataclass(frozen=True, kw_only=True)
class Planted:
    """Of the maps with planted circles, in percent, on average: what was found of them.

    `recall` is the share of the circles' households inside an area, `precision` that of the areas' households inside a
    circle (None where no map has an area), `circles` that of the circles which an area meets.
    """

    recall: float
    precision: float | None
    circles: float


def make_town(seed: int = 3) -> Town:
    """Some 11,000 buildings in estates, these in blocks between main roads. Deterministic."""
    rng = np.random.default_rng(seed)
    points, households = [], []
    for block in np.ndindex(SIDE, SIDE):
        mostly = rng.choice(len(BUILT), p=KINDS)
        for estate in np.ndindex(ESTATES, ESTATES):
            kind = mostly if rng.random() < LIKE_THE_BLOCK else rng.choice(len(BUILT), p=KINDS)
            least, below, many = BUILT[kind]
            if not many:
                continue
            corner = np.array(block) * (ESTATES * ESTATE_M + ROAD_M) + np.array(estate) * ESTATE_M
            points.append(corner + WAY_M + rng.random((many, 2)) * (ESTATE_M - 2 * WAY_M))
            households.append(rng.integers(least, below, many))
    return Town(points=np.concatenate(points), households=np.concatenate(households).astype(np.float64))


def make_cases(town: Town, rng: np.random.Generator, shape: float | None, times: Floats | None = None) -> Indexes:
    """Some 3,000 cases on the buildings by households, each building's rate times a gamma number of mean one.

    `times` is what makes a place worse than others; None: nothing does.
    """
    own = np.ones(len(town.households)) if shape is None else rng.gamma(shape, 1 / shape, len(town.households))
    rate = CASES * town.households / town.households.sum() * own
    cases: Indexes = rng.poisson(rate if times is None else rate * times).astype(np.int64)
    return cases


def plant(town: Town, rng: np.random.Generator) -> Indexes:
    """For each building the circle that it is in, or -1; the circles lie four radii apart at least."""
    found, middles = np.full(len(town.points), -1, dtype=np.int64), np.empty((0, 2))
    while len(middles) < CIRCLES:
        middle = town.points[rng.integers(len(town.points))]
        if (np.hypot(*(middles - middle).T) > 4 * RADIUS_M).all():
            found[np.hypot(*(town.points - middle).T) < RADIUS_M] = len(middles)
            middles = np.vstack([middles, middle])
    return found


def alarms_of_gi_star(bins: Bins, around: Indexes, counts: Indexes) -> int:
    """How many hexagons Getis and Ord's Gi* (1995) on counts calls hot.

    Kept to a false share of 5 % (Benjamini-Hochberg); binary weights of each hexagon and its neighbours, one-sided.
    """
    held = bins.sums(counts.astype(np.float64))
    many, mean, deviation = len(held), held.mean(), held.std()
    weights = 1.0 + (around != NONE).sum(axis=1)
    sums = held + np.append(held, 0.0)[around].sum(axis=1)
    z = (sums - mean * weights) / (deviation * np.sqrt((many * weights - weights**2) / (many - 1)))
    chance = np.sort([erfc(one / sqrt(2)) / 2 for one in z])
    kept = np.flatnonzero(chance <= CERTAIN * np.arange(1, many + 1) / many)
    return int(kept[-1]) + 1 if len(kept) else 0


def false_alarms(town: Town, shape: float | None, maps: int) -> tuple[float, float]:
    """Of so many maps without any hotspot, on how many percent gridmap calls one, and Gi* on the same."""
    bins = bin_points(town.points, EDGE)
    around = neighbours(bins.hexagons)
    ours, theirs = 0, 0
    for one in range(maps):
        counts = make_cases(town, _rng(one, shape), shape)
        ours += bool(_find(town, counts, one).areas)
        theirs += bool(alarms_of_gi_star(bins, around, counts))
    return 100 * ours / maps, 100 * theirs / maps


def found_of_planted(town: Town, shape: float | None, maps: int) -> Planted:
    """What is found of three circles in which three times as much happens, over so many maps."""
    recall, precision, circles = [], [], []
    for one in range(maps):
        rng = _rng(one, shape)
        circle = plant(town, rng)
        counts = make_cases(town, rng, shape, np.where(circle >= 0, TIMES, 1.0))
        found = _find(town, counts, one)
        inside = np.zeros(len(circle), dtype=bool)
        for area in found.areas:
            inside[area.units] = True
            inside[area.apart] = True
        both = town.households[inside & (circle >= 0)].sum()
        recall.append(100 * both / town.households[circle >= 0].sum())
        circles.append(100 * len(set(circle[inside].tolist()) - {-1}) / CIRCLES)
        if inside.any():
            precision.append(100 * both / town.households[inside].sum())
    return Planted(
        recall=float(np.mean(recall)),
        precision=float(np.mean(precision)) if precision else None,
        circles=float(np.mean(circles)),
    )


def measure(maps: int, runs: int) -> Iterator[Figure]:
    """All of it: alarms and recall over so many maps for each shape, times over so many runs of processor time."""
    town = make_town()
    for shape in SHAPES:
        yield from alarms(town, shape, maps)
    for shape in SHAPES:
        yield from recall(town, shape, maps)
    yield from speed(town, runs)


def alarms(town: Town, shape: float | None, maps: int) -> Iterator[Figure]:
    """False alarms of one shape, ours and Gi*'s."""
    ours, theirs = false_alarms(town, shape, maps)
    page = f"{maps} maps without a hotspot, {_said(shape)}"
    yield Figure(page=page, what="maps on which gridmap calls one", unit="%", values=(ours,), bar=MOST_ALARMS)
    what = "the same maps by Gi* on counts, false share kept to 5 %"
    yield Figure(page=page, what=what, unit="%", values=(theirs,), least=LEAST_PEER_ALARMS)


def recall(town: Town, shape: float | None, maps: int) -> Iterator[Figure]:
    """What is found of planted circles of one shape; the bar is that of the pure case."""
    planted = found_of_planted(town, shape, maps)
    page = f"{maps} maps with {CIRCLES} circles of {RADIUS_M:.0f} m at {TIMES:.0f} times the rate, {_said(shape)}"
    least = LEAST_RECALL if shape is None else None
    yield Figure(page=page, what="households of the circles found", unit="%", values=(planted.recall,), least=least)
    yield Figure(page=page, what="circles found, whole or in part", unit="%", values=(planted.circles,))
    if planted.precision is not None:
        what = "households of the areas called that are in a circle"
        yield Figure(page=page, what=what, unit="%", values=(planted.precision,))


def speed(town: Town, runs: int) -> Iterator[Figure]:
    """Processor time of a whole search, and of sorting a million points into hexagons."""
    counts = make_cases(town, _rng(0, 0.5), 0.5)
    taken = tuple(_ms(lambda: _find(town, counts, 0)) for _run in range(runs))
    many = len(town.points)
    yield Figure(page="speed", what=f"a search over {many:,} buildings", unit="ms", values=taken, bar=MOST_FIND_MS)
    points = np.random.default_rng(1).random((POINTS, 2)) * TOWN_M
    taken = tuple(_ms(lambda: _bin(points)) for _run in range(runs))
    yield Figure(page="speed", what=f"{POINTS:,} points counted by hexagon", unit="ms", values=taken, bar=MOST_BIN_MS)


def _bin(points: Floats) -> Indexes:
    bins = bin_points(points, EDGE)
    return np.bincount(bins.of_point, minlength=len(bins.hexagons))


def _find(town: Town, counts: Indexes, seed: int) -> Found:
    ids = np.arange(len(counts), dtype=np.int64)
    units = Units(ids=ids, points=town.points, counts=counts, exposure=town.households)
    return find(units, seed=seed)


def _rng(one: int, shape: float | None) -> np.random.Generator:
    return np.random.default_rng([one, 0 if shape is None else int(shape * 10)])


def _said(shape: float | None) -> str:
    return "pure Poisson" if shape is None else f"gamma rates of shape {shape:g}"


def _ms(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000

"""How long the optimum of a whole town takes, beside scipy's on the same network in the same run."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gridmap.analysis.matching import Match, match, solve_pairs

Costs = NDArray[np.int64]
Found = TypeVar("Found")
KEEP, RESIDENT = 120, 3_000_000
SIDE_M = 12_000.0


@dataclass(frozen=True, kw_only=True)
class Town:
    """Made-up places and people: costs in metres, how many places each person may take, what nobody costs."""

    costs: Costs
    capacity: NDArray[np.int64]
    nobody: int


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Milliseconds of processor time of each run, and whether both found the same least cost."""

    places: int
    people: int
    pairs: int
    rounds: int
    cost: int
    scipy_cost: int
    ours_ms: tuple[float, ...]
    """The same network solved by gridmap."""
    scipy_ms: tuple[float, ...]
    proved_ms: tuple[float, ...]
    """From all pairs of places and people to the optimum with its proof: the network found, solved and grown."""

    @property
    def ratio(self) -> float:
        """How many times as long scipy takes for the same network, by the middle of the runs."""
        return median(self.scipy_ms) / median(self.ours_ms)

    def as_json(self) -> dict[str, object]:
        """The same as plain values."""
        return {**self.__dict__, "ratio": round(self.ratio, 2), "same": self.cost == self.scipy_cost}


def make_town(places: int, people: int, seed: int = 7) -> Town:
    """A town of clusters (estates): people live among the places, some at one of them; one in thirty pairs cannot be.

    Deterministic. About eight in ten of all the room is needed, and more than there is in some quarters.
    """
    rng = np.random.default_rng(seed)
    estates = rng.random((max(places // 80, 1), 2)) * SIDE_M
    where = estates[rng.integers(0, len(estates), places)] + rng.normal(0, 90, (places, 2))
    home = where[rng.integers(0, places, people)] + rng.normal(0, 140, (people, 2))
    costs = np.hypot(where[:, None, 0] - home[None, :, 0], where[:, None, 1] - home[None, :, 1]).astype(np.int64)
    residents = rng.choice(people, people // 3, replace=False)
    costs[costs[:, residents].argmin(axis=0), residents] = -RESIDENT
    present = rng.random(places) < 0.5
    rows = np.flatnonzero(present)
    costs[rows, np.argmin(costs[rows], axis=1)] -= KEEP
    costs[rng.random(costs.shape) < 1 / 30] = np.int64(1) << 60
    capacity = rng.integers(6, 19, people).astype(np.int64)
    return Town(costs=costs, capacity=capacity, nobody=RESIDENT * 4)


def by_scipy(town: Town, found: Match) -> Callable[[], int]:
    """The same network as scipy wants it: each person as often as places they may take, a nobody for each place."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    rows, columns = found.pairs
    first = np.concatenate([[0], np.cumsum(town.capacity)])
    room = town.capacity[columns]
    start = np.repeat(first[columns], room)
    slot = start + np.arange(len(start)) - np.repeat(np.cumsum(room) - room, room)
    places = len(town.costs)
    # zero would be no arc at all: everything is dearer by the same
    lift = RESIDENT + KEEP + 1
    cost = np.concatenate([np.repeat(town.costs[rows, columns], room), np.full(places, town.nobody)]) + lift
    ends = np.concatenate([slot, first[-1] + np.arange(places)])
    graph = csr_array(
        (cost.astype(np.float64), (np.concatenate([np.repeat(rows, room), np.arange(places)]), ends)),
        shape=(places, int(first[-1]) + places),
    )

    def solve() -> int:
        one, other = min_weight_full_bipartite_matching(graph)
        return int(graph[one, other].sum()) - lift * places

    return solve


def compare(places: int, people: int, runs: int) -> Compared:
    """Run both `runs` times in turn. Raises SolverMissing, ImportError without scipy."""
    town = make_town(places, people)
    found = match(town.costs, town.capacity, town.nobody)
    peer = by_scipy(town, found)
    rows, columns = found.pairs
    cost = town.costs[rows, columns]
    proved, ours, theirs, least = [], [], [], 0
    for _run in range(runs):
        proved.append(_ms(lambda: match(town.costs, town.capacity, town.nobody))[0])
        ours.append(_ms(lambda: solve_pairs(cost, rows, columns, town.capacity, town.nobody, places))[0])
        spent, least = _ms(peer)
        theirs.append(spent)
    return Compared(
        places=places,
        people=people,
        pairs=len(found.pairs[0]),
        rounds=found.rounds,
        cost=found.cost,
        scipy_cost=least,
        ours_ms=tuple(ours),
        scipy_ms=tuple(theirs),
        proved_ms=tuple(proved),
    )


def lines(one: Compared) -> Iterator[str]:
    """The comparison as a Markdown table."""
    yield "| places × people | pairs in the network | gridmap | scipy | ratio | same optimum | proved over all pairs |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    same = "yes" if one.cost == one.scipy_cost else "**no**"
    yield (
        f"| {one.places:,} × {one.people:,} | {one.pairs:,} | {median(one.ours_ms):,.0f} ms"
        f" | {median(one.scipy_ms):,.0f} ms | {one.ratio:.1f} | {same} | {median(one.proved_ms):,.0f} ms |"
    )


def _ms(work: Callable[[], Found]) -> tuple[float, Found]:
    started = time.process_time()
    found = work()
    return (time.process_time() - started) * 1000, found

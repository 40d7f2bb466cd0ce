"""Places to people at the least cost, each person up to a number of places: exact, with the proof beside.

Only the cheapest people of each place go into the first network. Its optimum comes with prices; where under these
prices no pair that was left out would be cheaper, the optimum is that of all pairs (Dantzig's pricing), and where one
would, it is put in and the network is solved again.
"""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.int64]
Indexes = NDArray[np.int64]
NEAR, CHEAPEST, LIKELY = 32, 3, 7
"""Of the nearest people of each place, so many go into the first network as they are, and so many by rough prices."""
TURNS = 60
"""How often the rough prices are mended."""
ROWS_AT_ONCE = 256
MORE = 8
"""So many more of a place whose present person is too dear."""
NEVER = np.int64(1) << 60
"""The cost of a pair that cannot be."""
NOBODY = -1


class SolverMissing(Exception):
    """OR-Tools is not installed: `pip install 'gridmap[assign]'`."""


class Unsolvable(Exception):
    """The solver gave up; `status` is its word."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Match:
    """Whom each place goes to (an index, or `NOBODY`), what it costs in all, and the prices that prove it.

    `prices` of people, and last that of nobody: for a place that goes to a, no b is better, since
    cost(b) - cost(a) + prices[a] - prices[b] >= 0; who has room to spare is not priced below nobody.
    """

    people: Indexes
    cost: int
    prices: Indexes
    rounds: int
    """How often the network was solved."""
    pairs: tuple[Indexes, Indexes]
    """Places and people of the pairs that were in it at last."""


def is_there() -> bool:
    """Whether the solver is installed."""
    return find_spec("ortools") is not None


def match(costs: Costs, capacity: Indexes, nobody: int) -> Match:
    """The cheapest way to give each place (row) to one person (column) or to nobody at the cost `nobody`.

    `costs` is `(places, people)`, `NEVER` where a pair cannot be; nobody gets more than `capacity` places. Costs are
    whole numbers with `abs(cost) * (places + people)` below 2^62. Raises SolverMissing, Unsolvable.
    """
    if not is_there():
        raise SolverMissing
    places = len(costs)
    is_in = _first_network(costs, capacity)
    rounds = 0
    while True:
        rounds += 1
        rows, columns = np.nonzero(is_in)
        given = solve_pairs(costs[rows, columns], rows, columns, capacity, nobody, places)
        prices = _prices(costs, rows, columns, given, capacity, nobody)
        more = _cheaper(costs, given, prices, nobody, is_in)
        if not len(more[0]):
            break
        is_in[more] = True
    return Match(
        people=given,
        cost=int(_paid(costs, given, nobody).sum()),
        prices=prices,
        rounds=rounds,
        pairs=(rows, columns),
    )


def _paid(costs: Costs, given: Indexes, nobody: int) -> Costs:
    if not costs.shape[1]:
        return np.full(len(given), nobody, dtype=np.int64)
    own = costs[np.arange(len(given)), np.maximum(given, 0)]
    paid: Costs = np.where(given == NOBODY, np.int64(nobody), own)
    return paid


def solve_pairs(cost: Costs, rows: Indexes, columns: Indexes, capacity: Indexes, nobody: int, places: int) -> Indexes:
    """Min-cost flow: one unit from each place, through a person or past everybody, into one sink."""
    from ortools.graph.python import min_cost_flow

    people, sink = len(capacity), places + len(capacity)
    all_places, all_people = np.arange(places), np.arange(people)
    network = min_cost_flow.SimpleMinCostFlow()
    pairs = network.add_arcs_with_capacity_and_unit_cost(
        rows, places + columns, np.ones(len(rows), dtype=np.int64), cost
    )
    network.add_arcs_with_capacity_and_unit_cost(
        places + all_people, np.full(people, sink), capacity, np.zeros(people, dtype=np.int64)
    )
    network.add_arcs_with_capacity_and_unit_cost(
        all_places, np.full(places, sink), np.ones(places, dtype=np.int64), np.full(places, nobody, dtype=np.int64)
    )
    network.set_nodes_supplies(
        np.append(all_places, sink), np.append(np.ones(places, dtype=np.int64), np.int64(-places))
    )
    status = network.solve()
    if status != network.OPTIMAL:
        raise Unsolvable(str(status))
    given: Indexes = np.full(places, NOBODY, dtype=np.int64)
    if len(rows):
        taken = network.flows(pairs) > 0
        given[rows[taken]] = columns[taken]
    return given


def _prices(costs: Costs, rows: Indexes, columns: Indexes, given: Indexes, capacity: Indexes, nobody: int) -> Indexes:
    """Shortest distances over what could still move: from whoever has a place to whoever could have it.

    People are 0 to n - 1, nobody is n. Without a circle of negative length, which an optimum has not, it comes to rest.
    """
    people = len(capacity)
    owner = np.where(given == NOBODY, people, given)
    paid = _paid(costs, given, nobody)
    load = np.bincount(owner, minlength=people + 1)[:people]
    spare, busy = np.flatnonzero(load < capacity), np.flatnonzero(load > 0)
    start = np.concatenate([owner[rows], owner, spare, np.full(len(busy), people)])
    end = np.concatenate([columns, np.full(len(given), people), np.full(len(spare), people), busy])
    length = np.concatenate(
        [costs[rows, columns] - paid[rows], nobody - paid, np.zeros(len(spare) + len(busy), dtype=np.int64)]
    )
    start, end, length = _shortest_each(start, end, length, people + 1)
    prices = np.zeros(people + 1, dtype=np.int64)
    for _round in range(people + 2):
        nearer = prices.copy()
        np.minimum.at(nearer, end, prices[start] + length)
        if np.array_equal(nearer, prices):
            return prices
        prices = nearer
    raise AssertionError("an optimum has no circle of negative length")


def _shortest_each(start: Indexes, end: Indexes, length: Indexes, nodes: int) -> tuple[Indexes, Indexes, Indexes]:
    """Of the arcs between the same two nodes the shortest alone."""
    key = start * nodes + end
    order = np.lexsort((length, key))
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[order][1:] != key[order][:-1]
    kept = order[first]
    return start[kept], end[kept], length[kept]


def _cheaper(
    costs: Costs, given: Indexes, prices: Indexes, nobody: int, is_in: NDArray[np.bool_]
) -> tuple[Indexes, Indexes]:
    """Pairs outside of the network that would be cheaper under the prices, the best few of each place."""
    owner = np.where(given == NOBODY, len(prices) - 1, given)
    held = prices[owner] - _paid(costs, given, nobody)
    rows, columns, worth = [], [], []
    # a part at a time stays in the processor's cache
    for first in range(0, len(costs), ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        reduced = costs[part] - prices[:-1]
        reduced += held[part, None]
        row, column = np.nonzero(reduced < 0)
        rows.append(row + first)
        columns.append(column)
        worth.append(reduced[row, column])
    if not rows:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    row, column, value = np.concatenate(rows), np.concatenate(columns), np.concatenate(worth)
    new = ~is_in[row, column]
    row, column, value = row[new], column[new], value[new]
    order = np.lexsort((value, row))
    row, column = row[order], column[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    return row[rank < MORE], column[rank < MORE]


def _first_network(costs: Costs, capacity: Indexes) -> NDArray[np.bool_]:
    """For each place a few people: the cheapest, and the cheapest once the sought-after have become dearer."""
    places, people = costs.shape
    is_in = np.zeros((places, people), dtype=bool)
    if not people or not places:
        return is_in
    near = np.argpartition(costs, min(NEAR, people) - 1, axis=1)[:, :NEAR]
    cost = np.take_along_axis(costs, near, axis=1)
    dear = cost + _rough_prices(cost, near, capacity)[near]
    for values, many in ((cost, CHEAPEST), (dear, LIKELY)):
        best = np.argpartition(values, min(many, values.shape[1]) - 1, axis=1)[:, :many]
        np.put_along_axis(is_in, np.take_along_axis(near, best, axis=1), values=True, axis=1)
    is_in &= costs < NEVER
    return is_in


def _rough_prices(cost: Costs, near: Indexes, capacity: Indexes) -> Indexes:
    """Prices at which about as many places want each person as they may take: found by raising and lowering them."""
    prices = np.zeros(len(capacity), dtype=np.int64)
    rows = np.arange(len(near))
    known = cost[(cost < NEVER) & (cost > 0)]
    step = float(np.median(known)) / 4 if len(known) else 0.0
    for turn in range(TURNS):
        wanted = near[rows, (cost + prices[near]).argmin(axis=1)]
        over = np.bincount(wanted, minlength=len(capacity)) - capacity
        change = np.clip(over / np.maximum(capacity, 1), -0.5, 1.0) * step * 0.97**turn
        prices = np.maximum(prices + np.rint(change).astype(np.int64), 0)
    return prices

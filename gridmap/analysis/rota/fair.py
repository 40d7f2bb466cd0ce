"""Everybody's share as even as can be: exact, as a flow of least cost with convex costs, by cancelling circles.

A turn flows to somebody on its weekday, from there to that person, from there into one sink. What the arcs cost grows
with each unit, so that the least cost is the most even way. In this order, each without giving way to the next:

1. nobody has more turns than fit into the own free days with the asked gap between them;
2. the totals, with those of before, as even as can be (least squares: the least spread as well, because the totals that
   can be reached form an M-convex set: Frank and Murota, "Decreasing minimization on M-convex sets: background and
   structures", Mathematical Programming, 2022);
3. the totals of these turns alone;
4. the turns of each weekday, with those of before; 5. those of these turns alone.

Turns are filled before anything of this: nobody's turn hinders another but on the same day, so that each has as many
people as can come. A plan is the optimum if and only if no circle of exchanges has a negative cost (Klein), which is
what the search ends with. Whoever is on a day is an exchange away from whoever could be: the network needs a node for
each person and weekday, and none for the days.
"""

from dataclasses import dataclass

import numpy as np

from gridmap.analysis.rota.board import Board, Flags, Numbers
from gridmap.analysis.rota.turns import WEEK

FAR = np.int64(1) << 61


class TooMuch(Exception):
    """The history is so long that its squares no longer fit into 64 bits."""


@dataclass(frozen=True)
class Weights:
    """How much a unit of each aim costs; a circle meets two arcs of totals and two weekdays of each person at most."""

    days_before: int
    totals: int
    totals_before: int
    beyond: int


def weights_of(people: int, in_all: int, on_a_weekday: int, ahead: int, ahead_on_a_weekday: int) -> Weights:
    """Weights with which no circle can pay for an earlier aim with a later one. Raises TooMuch.

    `in_all`, `on_a_weekday`: how many turns somebody can have; `ahead…`: by how many somebody leads before them.
    """
    days_before = 1 + 2 * people * (2 * on_a_weekday + 1)
    totals = 1 + 2 * people * days_before * (2 * (on_a_weekday + ahead_on_a_weekday) + 2)
    totals_before = 1 + 2 * totals * (2 * in_all + 1)
    beyond = 1 + 2 * totals_before * (2 * (in_all + ahead) + 2)
    if beyond * 8 > int(FAR):
        raise TooMuch
    return Weights(days_before, totals, totals_before, beyond)


class Shares:
    """What everybody has at present, and what one more or one less would cost."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.is_of = board.weekday[None, :] == np.arange(WEEK)[:, None]
        self.most = most_that_fit(board)
        # who leads by how much is all that matters, and keeps the numbers small
        before, days_before = board.had.sum(axis=1), board.had
        self.before, self.days_before = (one - one.min(axis=0) if len(one) else one for one in (before, days_before))
        people, turns = board.can.shape
        of_day = int(self.is_of.sum(axis=1).max(initial=0))
        ahead = int(self.before.max(initial=0)), int(self.days_before.max(initial=0))
        self.weights = weights_of(people, turns, of_day, *ahead)
        self.count()

    def count(self) -> None:
        """Count anew what everybody has."""
        self.days: Numbers = self.board.on.astype(np.int64) @ self.is_of.T.astype(np.int64)
        """`(people, 7)`"""
        self.totals: Numbers = self.days.sum(axis=1)

    def one_more(self) -> tuple[Numbers, Numbers]:
        """What one more turn would cost: each person `(people,)`, and each weekday of each `(people, 7)`."""
        return self._cost(self.totals, self.days)

    def one_less(self) -> tuple[Numbers, Numbers]:
        """What one turn less would save, in the same shapes."""
        return self._cost(self.totals - 1, self.days - 1)

    def _cost(self, totals: Numbers, days: Numbers) -> tuple[Numbers, Numbers]:
        by = self.weights
        each: Numbers = by.totals_before * (2 * (self.before + totals) + 1) + by.totals * (2 * totals + 1)
        each = each + by.beyond * (totals >= self.most)
        weekday: Numbers = by.days_before * (2 * (self.days_before + days) + 1) + 2 * days + 1
        return each, weekday


def most_that_fit(board: Board) -> Numbers:
    """How many turns fit into each person's free days with the gap between them: `(people,)`."""
    fit = np.zeros(len(board.can), dtype=np.int64)
    last = board.last.copy()
    for column, day in enumerate(board.day):
        goes = (board.can[:, column] | board.fixed[:, column]) & (day - last >= board.gap)
        fit += goes
        last[goes] = day
    return fit


def fill(shares: Shares, *, nearness_first: bool = False) -> None:
    """Give each turn to those who have least, day by day: all that can be filled is, and nearly evenly.

    Of those with equal totals whoever has least of the weekday goes first, or whoever had none lately.
    """
    board = shares.board
    last = board.last.copy()
    for column, needed in enumerate(board.needed):
        on, weekday, day = board.on[:, column], board.weekday[column], board.day[column]
        free = np.flatnonzero(board.can[:, column] & ~on)
        each, of_day = shares.one_more()
        near = np.maximum(board.gap - (day - last[free]), 0)
        ranks = (of_day[free, weekday], near) if nearness_first else (near, of_day[free, weekday])
        order = np.lexsort((free, last[free], *ranks, each[free]))
        chosen = free[order[: max(int(needed) - int(on.sum()), 0)]]
        on[chosen] = True
        last[on] = day
        shares.days[chosen, weekday] += 1
        shares.totals[chosen] += 1


def even_out(shares: Shares) -> int:
    """Exchange turns until no circle of exchanges would be fairer; how many circles it took."""
    circles = 0
    while found := _circles(shares):
        for givers, takers, weekdays in found:
            for giver, taker, weekday in zip(givers, takers, weekdays, strict=True):
                _hand_over(shares.board, giver, taker, weekday)
        shares.count()
        circles += len(found)
    return circles


def _hand_over(board: Board, giver: int, taker: int, weekday: int) -> None:
    """One of the giver's turns on that weekday goes to the taker; the first that can."""
    good = board.on[giver] & ~board.fixed[giver] & board.can[taker] & ~board.on[taker] & (board.weekday == weekday)
    column = int(good.argmax())
    assert good[column]
    board.on[giver, column], board.on[taker, column] = False, True


def _may_go(shares: Shares) -> Flags:
    """Whether some turn of a weekday can go from one person to another: `(7, givers, takers)`."""
    board = shares.board
    gives = (board.on & ~board.fixed).astype(np.float32)
    takes = (board.can & ~board.on).astype(np.float32)
    found = [(gives[:, of_day] @ takes[:, of_day].T) > 0 for of_day in shares.is_of]
    return np.array(found)


class _Search:
    """Shortest distances from everywhere (Bellman and Ford) until they rest or a negative circle shows.

    Nodes: person p is p, weekday k of p is people * (1 + k) + p, the sink is the last one.
    """

    def __init__(self, shares: Shares) -> None:
        self.people = people = len(shares.totals)
        self.may_go = _may_go(shares)
        each_more, day_more = shares.one_more()
        each_less, day_less = shares.one_less()
        self.more, self.less = each_more, np.where(shares.totals > 0, -each_less, FAR)
        self.day_more, self.day_less = day_more.T.copy(), np.where(shares.days > 0, -day_less, FAR).T.copy()
        nodes = people * (1 + WEEK) + 1
        self.distance = np.zeros(nodes, dtype=np.int64)
        self.parent = np.full(nodes, nodes, dtype=np.int64)
        self.of_people = slice(0, people)
        self.row = np.arange(people)

    def _relax(self, nodes: slice, distance: Numbers, parent: Numbers) -> bool:
        better = distance < self.distance[nodes]
        self.distance[nodes] = np.where(better, distance, self.distance[nodes])
        self.parent[nodes] = np.where(better, parent, self.parent[nodes])
        return bool(better.any())

    def step(self) -> bool:
        """Relax every arc once; whether anything came nearer."""
        people, sink = self.people, len(self.distance) - 1
        of_days = self.distance[people:sink].reshape(WEEK, people)
        up = of_days + self.day_more
        weekday = up.argmin(axis=0)
        nearer = self._relax(self.of_people, up[weekday, self.row], people * (1 + weekday) + self.row)
        nearer |= self._relax(self.of_people, self.distance[sink] + self.less, np.full(people, sink))
        out = self.distance[self.of_people] + self.more
        nearest = int(out.argmin())
        nearer |= self._relax(slice(sink, None), out[[nearest]], np.array([nearest]))
        for weekday_number in range(WEEK):
            nodes = slice(people * (1 + weekday_number), people * (2 + weekday_number))
            back = self.distance[self.of_people] + self.day_less[weekday_number]
            nearer |= self._relax(nodes, back, self.row)
            given = np.where(self.may_go[weekday_number], self.distance[nodes][:, None], FAR)
            giver = given.argmin(axis=0)
            nearer |= self._relax(nodes, given[giver, self.row], nodes.start + giver)
        return nearer

    def circles(self) -> list[list[int]]:
        """The circles among the parents, each from a node back along its parents; they are negative, and apart."""
        nodes = len(self.parent)
        jump = np.append(self.parent, nodes)
        for _ in range(nodes.bit_length()):
            jump = jump[jump]
        found, seen = [], set()
        for start in np.unique(jump[jump < nodes]):
            if start not in seen:
                circle, node = [int(start)], int(self.parent[start])
                while node != start:
                    circle.append(node)
                    node = int(self.parent[node])
                seen.update(circle)
                found.append(circle)
        return found


def _circles(shares: Shares) -> list[tuple[list[int], list[int], list[int]]]:
    """Negative circles that share nothing, as givers, takers and weekdays; empty at the optimum."""
    people = len(shares.totals)
    if not people:
        return []
    search = _Search(shares)
    while search.step():
        if circles := search.circles():
            break
    else:
        return []
    found = []
    for circle in circles:
        # a parent gives to its child wherever both are the same weekday's
        arcs = [(circle[(i + 1) % len(circle)], node) for i, node in enumerate(circle)]
        handed = [
            (giver, taker)
            for giver, taker in arcs
            if people <= min(giver, taker)
            and max(giver, taker) < people * (1 + WEEK)
            and giver // people == taker // people
        ]
        givers, takers = [giver % people for giver, _ in handed], [taker % people for _, taker in handed]
        found.append((givers, takers, [giver // people - 1 for giver, _ in handed]))
    return found

"""Turns of one person moved apart without unevenness of totals: a local search, with a bound beside it."""

from dataclasses import dataclass

import numpy as np

from gridmap.analysis.rota.board import Board, Flags, Numbers
from gridmap.analysis.rota.fair import Shares

PATIENCE = 60
"""So many exchanges in a row may make it no better before the search ends."""
TABU = 12
"""For so many exchanges nobody gets back what was just given away."""
LOOKED_AT = 16
"""So many of the turns that are too near are looked at for each exchange: the worst."""
WORK = 50_000_000
"""So many possible exchanges are looked at in all: about half a second where it cannot be had anyway."""
NEVER = np.int64(1) << 40
Move = tuple[int, int, int, int | None]
"""Giver, turn, taker, and the turn in return or None."""


@dataclass(frozen=True)
class Bounds:
    """Between how many and how many turns of each weekday everybody may have: `(people, 7)` each."""

    low: Numbers
    high: Numbers


def bounds_of(shares: Shares) -> Bounds:
    """One more or one less than at present, and nobody moved further than one from the mean, which is rounded up.

    It holds for these turns alone and together with those of before, so that people differ by two at most who did not
    differ by more already. Whoever can have less than half as many as others may have none of a weekday.
    """
    low, high = shares.days - 1, shares.days + 1
    if not len(low):
        return Bounds(low, high)
    has_few = 2 * shares.totals < shares.totals.max()
    for before in (np.zeros_like(shares.days), shares.days_before):
        mean = -(-(before + shares.days).sum(axis=0) // len(low))
        low = np.where(has_few[:, None], low, np.maximum(low, mean - 1 - before))
        high = np.minimum(high, mean + 1 - before)
    return Bounds(low, high)


def move_apart(shares: Shares, bounds: Bounds | None = None) -> int:
    """Exchange turns while some lie too near to each other; how many exchanges stayed.

    Each takes one turn that is too near and gives it to somebody else, against another turn or against none; totals
    stay as even as they were. Without `bounds` weekdays do so too, else they keep within them. The best exchange is
    taken even where it makes things worse, but for a while not back (tabu search); the best rota stays.
    """
    board, nearness, before = shares.board, shares.board.nearness, shares.board.nearness_before
    best, made, kept, waited = board.on.copy(), 0, 0, 0
    near = _near(board, nearness, before)
    least = _sum(board, near, before)
    free_again = np.zeros(board.on.shape, dtype=np.int64)
    while least and waited < PATIENCE and made * LOOKED_AT * board.on.size < WORK:
        move = _Moves(shares, near, nearness, free_again <= made, bounds).best()
        if move is None:
            break
        made, waited = made + 1, waited + 1
        _apply(shares, *move)
        giver, given, taker, taken = move
        free_again[giver, given] = made + TABU
        if taken is not None:
            free_again[taker, taken] = made + TABU
        near = _near(board, nearness, before)
        now = _sum(board, near, before)
        if now < least:
            least, best, kept, waited = now, board.on.copy(), made, 0
    board.on[:] = best
    shares.count()
    return kept


def _near(board: Board, nearness: Numbers, before: Numbers) -> Numbers:
    """`(people, turns)`: by how many days a turn is or would be too near to the other turns of a person."""
    near: Numbers = np.rint(board.on.astype(np.float64) @ nearness).astype(np.int64) + before
    return near


def _sum(board: Board, near: Numbers, before: Numbers) -> int:
    """Twice the days by which pairs are too near; those to the turns before count twice as well."""
    return int(near[board.on].sum() + before[board.on].sum())


def _apply(shares: Shares, giver: int, given: int, taker: int, taken: int | None) -> None:
    on = shares.board.on
    on[giver, given], on[taker, given] = False, True
    if taken is not None:
        on[taker, taken], on[giver, taken] = False, True
    shares.count()


class _Moves:
    """The exchanges that are possible at one moment, and by how much each parts turns."""

    def __init__(self, shares: Shares, near: Numbers, nearness: Numbers, allowed: Flags, bounds: Bounds | None) -> None:
        board = shares.board
        self.board, self.near, self.nearness, self.bounds, self.days = board, near, nearness, bounds, shares.days
        self.takes = board.can & ~board.on & allowed
        self.gives = board.on & ~board.fixed
        self.each_more, self.more = shares.one_more()
        self.each_less, self.less = shares.one_less()

    def best(self) -> Move | None:
        """Giver, turn, taker and the turn in return (None: none) that parts most; None where there is none."""
        givers, columns = np.nonzero(self.gives & (self.near > 0))
        worst = np.argsort(-self.near[givers, columns], kind="stable")[:LOOKED_AT]
        best = NEVER
        found: Move | None = None
        for giver, column in zip(givers[worst].tolist(), columns[worst].tolist(), strict=True):
            alone = self._against_none(giver, column)
            taker = int(alone.argmin())
            if alone[taker] < best:
                best, found = alone[taker], (giver, column, taker, None)
            other = self._against_another(giver, column)
            taker, taken = divmod(int(other.argmin()), other.shape[1])
            if other[taker, taken] < best:
                best, found = other[taker, taken], (giver, column, taker, taken)
        return found

    def _against_none(self, giver: int, column: int) -> Numbers:
        """`(people,)`: how much nearer turns come if each of them takes the turn; `NEVER` where they may not."""
        weekday = int(self.board.weekday[column])
        is_fair = self.each_more == self.each_less[giver]
        if self.bounds is None:
            is_fair &= self.more[:, weekday] == self.less[giver, weekday]
        else:
            is_fair &= self.days[:, weekday] < self.bounds.high[:, weekday]
            is_fair &= self.days[giver, weekday] > self.bounds.low[giver, weekday]
        gain = self.near[:, column] - self.near[giver, column]
        found: Numbers = np.where(self.takes[:, column] & is_fair, gain, NEVER)
        return found

    def _against_another(self, giver: int, column: int) -> Numbers:
        """`(people, turns)`: the same if each of them gives that turn in return."""
        near, weekday = self.near, int(self.board.weekday[column])
        gain = near[:, [column]] - near[giver, column] + near[giver][None, :] - near
        gain = gain - 2 * self.nearness[column][None, :]
        is_fair = self._weekdays_may_change(giver, weekday)[:, self.board.weekday]
        is_fair |= (self.board.weekday == weekday)[None, :]
        may = self.gives & self.takes[:, [column]] & self.takes[giver][None, :] & is_fair
        found: Numbers = np.where(may, gain, NEVER)
        return found

    def _weekdays_may_change(self, giver: int, weekday: int) -> Flags:
        """`(people, 7)`: whether one of the giver's turns of the weekday may go against each weekday of the others."""
        found: Flags
        if self.bounds is None:
            change = self.more[:, [weekday]] - self.less[giver, weekday] + self.more[giver][None, :] - self.less
            found = change == 0
        else:
            low, high, days = self.bounds.low, self.bounds.high, self.days
            found = (days[:, [weekday]] < high[:, [weekday]]) & (days[giver] < high[giver])[None, :] & (days > low)
            found = found & (days[giver, weekday] > low[giver, weekday])
        return found

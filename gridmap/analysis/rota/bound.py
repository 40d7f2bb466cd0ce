"""How many turns must lie too near to each other whatever the rota: where few people can come on many evenings.

In a run of days shorter than the gap any two turns of one person are too near: k turns are k(k - 1) / 2 pairs. The
fewest such pairs of a run are an optimal semi-matching (Harvey, Ladner, Lovász and Tamir, 2006): every turn goes to
whoever has least among all that can be reached by passing turns on. Runs that do not overlap add up.
"""

from collections.abc import Sequence

import numpy as np

from gridmap.analysis.rota.board import Board

MANY = 5_000
"""With more turns of people in all runs together, who is free on which of their days is left aside."""


def least_close(board: Board) -> int:
    """So many close pairs any rota has that fills as many turns, with fairness left aside."""
    may_be_on = board.can | board.fixed
    free = [frozenset(np.flatnonzero(column).tolist()) for column in may_be_on.T]
    filled = np.clip(board.needed, 0, may_be_on.sum(axis=0)).tolist()
    turns = len(board.day)
    ends = np.searchsorted(board.day, board.day + board.gap).tolist()
    runs = [slice(first, end) for first, end in enumerate(ends)]
    is_small = sum(sum(filled[run]) for run in runs) <= MANY
    least = [0] * (turns + 1)
    for first in range(turns - 1, -1, -1):
        run = runs[first]
        if is_small:
            pairs = _pairs_of_run(free[run], filled[run])
        else:
            pairs = _pairs_if_all_could(len(frozenset().union(*free[run])), sum(filled[run]))
        least[first] = max(least[first + 1], pairs + least[ends[first]])
    return least[0]


def _pairs_if_all_could(people: int, turns: int) -> int:
    """The fewest pairs if everybody could come on every day of the run."""
    each, more = divmod(turns, max(people, 1))
    return people * (each * (each - 1) // 2) + more * each


def _pairs_of_run(free: Sequence[frozenset[int]], filled: Sequence[int]) -> int:
    """The fewest pairs of turns of one person, if that many of the free people come on each day."""
    on: list[set[int]] = [set() for _ in free]
    load: dict[int, int] = {}
    for day, needed in enumerate(filled):
        for _ in range(needed):
            path = _path_to_least(day, free, on, load)
            for at, giver, taker in path:
                on[at].discard(giver)
                on[at].add(taker)
            last = path[0][2]
            load[last] = load.get(last, 0) + 1
    return sum(many * (many - 1) // 2 for many in load.values())


def _path_to_least(
    day: int, free: Sequence[frozenset[int]], on: Sequence[set[int]], load: dict[int, int]
) -> list[tuple[int, int, int]]:
    """Who passes which day on to whom, from the one who gets one more turn back to the new turn (its giver is -1)."""
    came: dict[int, tuple[int, int]] = {}
    queue = [(day, -1)]
    best = -1
    for at, giver in queue:
        for taker in sorted(free[at] - on[at] - came.keys()):
            came[taker] = at, giver
            if taker not in load:
                return _path(taker, came)
            if best < 0 or load[taker] < load[best]:
                best = taker
            queue += [(other, taker) for other, people in enumerate(on) if taker in people]
    return _path(best, came)


def _path(taker: int, came: dict[int, tuple[int, int]]) -> list[tuple[int, int, int]]:
    path = []
    while taker >= 0:
        at, giver = came[taker]
        path.append((at, giver, taker))
        taker = giver
    return path

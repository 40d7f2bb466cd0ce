"""The same as arrays: people are rows, turns are columns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gridmap.analysis.rota.turns import WEEK, Person, Turn, office_day

Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]
LONG_AGO = -(10**6)


@dataclass(kw_only=True)
class Board:
    """Who can have which turn, who has it, and what stays as it is. `on` is what the planning changes."""

    can: Flags
    """`(people, turns)`"""
    on: Flags
    """`(people, turns)`"""
    fixed: Flags
    """`(people, turns)`: of those who are on, who stays."""
    needed: Numbers
    """`(turns,)`"""
    weekday: Numbers
    """`(turns,)`, Monday is 0."""
    day: Numbers
    """`(turns,)`: ordinals, ascending."""
    had: Numbers
    """`(people, 7)`"""
    last: Numbers
    """`(people,)`: the ordinal of the last turn before."""
    gap: int
    """At least so many days from one turn of somebody to the next: 1 lets evenings follow each other."""

    @property
    def nearness(self) -> Numbers:
        """`(turns, turns)`: by how many days two turns are too near to each other for one person; 0 to itself."""
        apart = np.abs(self.day[:, None] - self.day[None, :])
        near: Numbers = np.maximum(self.gap - apart, 0)
        np.fill_diagonal(near, 0)
        return near

    @property
    def nearness_before(self) -> Numbers:
        """`(people, turns)`: the same from somebody's last turn before."""
        near: Numbers = np.maximum(self.gap - np.abs(self.day[None, :] - self.last[:, None]), 0)
        return near

    def close_pairs(self) -> int:
        """How many pairs of turns of one person are too near to each other."""
        on = self.on.astype(np.float64)
        pairs = float(((on @ (self.nearness > 0)) * on).sum()) / 2
        return int(pairs) + int((self.on & (self.nearness_before > 0)).sum())


def set_out(turns: Sequence[Turn], people: Sequence[Person], kept: Mapping[date, Collection[int]], gap: int) -> Board:
    """The board before anybody is planned: those kept are on, and nobody else is."""
    row = {person.id: index for index, person in enumerate(people)}
    shape = len(people), len(turns)
    fixed = np.zeros(shape, dtype=bool)
    for column, turn in enumerate(turns):
        for one in kept.get(turn.day, ()):
            if one in row:
                fixed[row[one], column] = True
    weekday = np.array([turn.day.weekday() for turn in turns], dtype=np.int64)
    day = np.array([turn.day.toordinal() for turn in turns], dtype=np.int64)
    # of those who have left, too, the turns that stay count against what is needed
    strangers = [sum(one not in row for one in kept.get(turn.day, ())) for turn in turns]
    needed = np.array([turn.needed for turn in turns], dtype=np.int64) - np.array(strangers, dtype=np.int64)
    return Board(
        can=_free(turns, people, day, weekday),
        on=fixed.copy(),
        fixed=fixed,
        needed=needed,
        weekday=weekday,
        day=day,
        had=np.array([person.had for person in people], dtype=np.int64).reshape(len(people), WEEK),
        last=np.array(
            [person.last_on.toordinal() if person.last_on else LONG_AGO for person in people], dtype=np.int64
        ),
        gap=gap,
    )


def _free(turns: Sequence[Turn], people: Sequence[Person], day: Numbers, weekday: Numbers) -> Flags:
    """`Person.hindrance` of everybody and every turn at once."""
    starts = np.array([turn.starts.timestamp() for turn in turns])
    ends = np.array([turn.ends.timestamp() for turn in turns])
    can = np.ones((len(people), len(turns)), dtype=bool)
    for index, person in enumerate(people):
        free = can[index]
        if person.valid:
            free &= (day >= person.valid.start.toordinal()) & (day < person.valid.end.toordinal())
        for away in person.outside:
            free &= (day < away.start.toordinal()) | (day >= away.end.toordinal())
        for since, until in person.leave:
            begun = ends > since.timestamp() if since else True
            free &= ~(begun & (starts < until.timestamp() if until else np.array(True)))
        for start, end in person.busy:
            free &= (day != office_day(start).toordinal()) & ((ends <= start.timestamp()) | (starts >= end.timestamp()))
        if person.never_on:
            free &= ~np.isin(weekday, list(person.never_on))
    return can

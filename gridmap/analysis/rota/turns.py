"""What a rota is made of: turns on days, people with their leave and what they have had, and what comes out of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property

from gridmap.clock import OFFICE
from gridmap.periods import DAY, Calendar, Period

WEEK = 7
Leave = tuple[datetime | None, datetime | None]
"""The half-open instants [since, until) in which somebody is away; None: without an end on that side."""


def office_day(moment: datetime) -> date:
    """The office's day of the moment."""
    return moment.astimezone(OFFICE).date()


@dataclass(frozen=True, order=True)
class Turn:
    """From when to when somebody is needed, and how many; it belongs to the office's day on which it begins."""

    starts: datetime
    ends: datetime
    needed: int = 1

    @cached_property
    def day(self) -> date:
        """The day of the turn; a rota has one turn a day at most."""
        return office_day(self.starts)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who takes turns.

    `had`: turns before, Monday to Sunday. Somebody who joins late starts with `credit_for()` of the others; without it
    the newcomer would make up for years. `busy`: when they have another duty; nobody has two on one day, nor at once.
    `never_on`: weekdays (Monday is 0). `valid`: the days of being a member, `outside`: those of these without it.
    """

    id: int
    leave: tuple[Leave, ...] = ()
    had: tuple[int, ...] = (0,) * WEEK
    last_on: date | None = None
    """The last turn before those that are planned."""
    busy: tuple[tuple[datetime, datetime], ...] = ()
    never_on: frozenset[int] = field(default_factory=frozenset)
    valid: Period | None = None
    outside: tuple[Period, ...] = ()

    def hindrance(self, turn: Turn) -> "Hindrance | None":
        """Why this person cannot have the turn; None where it can."""
        if self.valid and not self.valid.start <= turn.day < self.valid.end:
            return Hindrance.NO_MEMBER
        if any(away.start <= turn.day < away.end for away in self.outside):
            return Hindrance.NO_MEMBER
        if any((not since or since < turn.ends) and (not until or turn.starts < until) for since, until in self.leave):
            return Hindrance.ON_LEAVE
        if any(office_day(start) == turn.day or (start < turn.ends and turn.starts < end) for start, end in self.busy):
            return Hindrance.ELSEWHERE
        return Hindrance.NEVER if turn.day.weekday() in self.never_on else None

    def is_in_all_of(self, within: Period) -> bool:
        """Whether this person is a member on each of these days."""
        is_in = self.valid is None or (self.valid.start <= within.start and within.end <= self.valid.end)
        return is_in and not any(away.start < within.end and within.start < away.end for away in self.outside)


class Hindrance(StrEnum):
    """Why somebody cannot have a turn."""

    NO_MEMBER = "no_member"
    ON_LEAVE = "on_leave"
    ELSEWHERE = "elsewhere"
    NEVER = "never"


class Reason(StrEnum):
    """Why a turn lacks people; the first that alone would have been enough to fill it, in this order."""

    TOO_FEW_MEMBERS = "too_few_members"
    """Even with nobody away there would not be enough."""
    ON_LEAVE = "on_leave"
    ELSEWHERE = "elsewhere"
    NEVER = "never"
    SEVERAL = "several"
    """Each of these alone would not have left it open; together they do."""


@dataclass(frozen=True, kw_only=True)
class Manned:
    """A turn and who has it (ids, ascending); where people are missing, why, and how many could not for what."""

    turn: Turn
    people: tuple[int, ...]
    reason: Reason | None = None
    hindered: Mapping[Hindrance, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """How many more are needed."""
        return max(self.turn.needed - len(self.people), 0)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Who has which turn, in the order of the turns."""

    turns: tuple[Manned, ...]
    close: int
    """Pairs of turns of one person that lie nearer to each other than asked for, also to the last one before."""
    close_at_least: int
    """No plan whatever has fewer such pairs: a bound, with fairness left aside."""

    @property
    def unfilled(self) -> tuple[Manned, ...]:
        """The turns that lack somebody."""
        return tuple(manned for manned in self.turns if manned.missing)

    def days_of(self, person: int) -> tuple[date, ...]:
        """The days on which somebody has a turn."""
        return tuple(manned.turn.day for manned in self.turns if person in manned.people)

    def had_after(self, person: Person) -> tuple[int, ...]:
        """What somebody will have had when all of it is over, Monday to Sunday."""
        had = list(person.had)
        for day in self.days_of(person.id):
            had[day.weekday()] += 1
        return tuple(had)


def turns_within(
    within: Period,
    calendar: Calendar,
    hours: tuple[time, time],
    *,
    needed: int = 1,
    weekdays: Collection[int] | None = None,
) -> tuple[Turn, ...]:
    """The turns of these days: of working days, or with `weekdays` (Monday is 0) of these, holidays or not.

    An end that is not after the beginning is that time of the next day.
    """
    starts, ends = hours
    found = []
    for day in within.days():
        if calendar.is_working(day) if weekdays is None else day.weekday() in weekdays:
            last = day if ends > starts else day + DAY
            found.append(
                Turn(datetime.combine(day, starts, OFFICE), datetime.combine(last, ends, OFFICE), needed),
            )
    return tuple(found)


def credit_for(others: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """What somebody who joins, or comes back from a long leave, counts as having had: the mean of the others.

    Seven numbers, Monday to Sunday; their sum is the mean of the sums, rounded down.
    """
    known = [tuple(had) for had in others]
    if not known:
        return (0,) * WEEK
    sums = [sum(of_day) for of_day in zip(*known, strict=True)]
    credit = [of_day // len(known) for of_day in sums]
    left = sum(sums) // len(known) - sum(credit)
    by_rest = sorted(range(WEEK), key=lambda weekday: (-(sums[weekday] % len(known)), weekday))
    for weekday in by_rest[:left]:
        credit[weekday] += 1
    return tuple(credit)

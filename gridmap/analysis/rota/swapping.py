"""Swaps: who may give an evening to whom, against another or against none; and which of them are the fairest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from gridmap.analysis.rota.turns import WEEK, Hindrance, Manned, Person


class Why(StrEnum):
    """Why a swap cannot be."""

    NO_TURN = "no_turn"
    """There is no turn on that day, or nobody of that id."""
    SAME_PERSON = "same_person"
    PAST = "past"
    """The turn has begun."""
    NOT_ON = "not_on"
    """Nobody gives what is somebody else's."""
    ALREADY_ON = "already_on"
    """Nobody has an evening twice."""
    NO_MEMBER = "no_member"
    ON_LEAVE = "on_leave"
    ELSEWHERE = "elsewhere"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Swap:
    """`giver` gives the turn of `day` to `taker`, who gives that of `other_day` in return; None: gives none."""

    giver: int
    day: date
    taker: int
    other_day: date | None = None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Why, because of whom, on which day: what somebody is told."""

    why: Why
    person: int
    day: date


@dataclass(frozen=True, kw_only=True, order=True)
class Offer:
    """A swap that may be, and what it costs; the least cost comes first."""

    totals: int
    """How much more uneven the totals become: the growth of the sum of their squares; below 0: more even."""
    weekdays: int
    """The same of each weekday's turns."""
    near: int
    """By how many days turns of one person come nearer to each other than the gap, less what was near before."""
    days_away: int
    swap: Swap = field(compare=False)
    tie: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Rota:
    """The turns as they are given at present, and who takes part. Raises nothing: strangers are simply not in it."""

    turns: Mapping[date, Manned]
    people: Mapping[int, Person]
    gap_days: int

    def had(self, person: int) -> list[int]:
        """What somebody will have had when all turns are over, Monday to Sunday."""
        had = list(self.people[person].had) if person in self.people else [0] * WEEK
        for day in self.days_of(person):
            had[day.weekday()] += 1
        return had

    def days_of(self, person: int) -> list[date]:
        """The days of somebody's turns."""
        return [day for day, manned in self.turns.items() if person in manned.people]

    def nearness(self, person: int, without: date | None, more: date | None) -> int:
        """By how many days somebody's turns are too near to each other, without one of them and with another."""
        days = sorted({*self.days_of(person), *((more,) if more else ())} - {without})
        last = self.people[person].last_on if person in self.people else None
        days = [last, *days] if last else days
        return sum(
            max(self.gap_days - (later - earlier).days, 0) for i, earlier in enumerate(days) for later in days[i + 1 :]
        )


def rota_of(turns: Sequence[Manned], people: Sequence[Person], gap_days: int) -> Rota:
    """The turns by their days and the people by their ids."""
    return Rota(
        turns={manned.turn.day: manned for manned in turns},
        people={person.id: person for person in people},
        gap_days=gap_days,
    )


def refusal(rota: Rota, swap: Swap, now: datetime) -> Refused | None:
    """The first reason why the swap cannot be; None where it can."""
    moves = [(swap.giver, swap.taker, swap.day)]
    if swap.other_day is not None:
        moves.append((swap.taker, swap.giver, swap.other_day))
    if swap.giver == swap.taker:
        return Refused(why=Why.SAME_PERSON, person=swap.giver, day=swap.day)
    for giver, taker, day in moves:
        found = _hindrance(rota, giver, taker, day, now)
        if found:
            why, person = found
            return Refused(why=why, person=person, day=day)
    return None


def _hindrance(rota: Rota, giver: int, taker: int, day: date, now: datetime) -> tuple[Why, int] | None:
    manned = rota.turns.get(day)
    if manned is None or taker not in rota.people:
        return Why.NO_TURN, taker
    if manned.turn.starts <= now:
        return Why.PAST, giver
    if giver not in manned.people:
        return Why.NOT_ON, giver
    if taker in manned.people:
        return Why.ALREADY_ON, taker
    hindrance: Hindrance | None = rota.people[taker].hindrance(manned.turn)
    return (Why(hindrance), taker) if hindrance else None


def offers(rota: Rota, giver: int, day: date, now: datetime) -> tuple[Offer, ...]:
    """Every swap by which somebody could be rid of that evening, the fairest first; none where it is not theirs.

    In this order: least unevenness of totals, of weekdays, least nearness, nearest day. The same rota gives the same.
    """
    found = (swap for swap in _thinkable(rota, giver, day) if refusal(rota, swap, now) is None)
    had = {person: rota.had(person) for person in {*rota.people, giver}}
    return tuple(sorted(_weigh(rota, swap, had) for swap in found))


def _thinkable(rota: Rota, giver: int, day: date) -> Iterator[Swap]:
    for taker in rota.people:
        plain = Swap(giver=giver, day=day, taker=taker)
        yield plain
        for other in rota.days_of(taker):
            if other != day:
                yield replace(plain, other_day=other)


def _weigh(rota: Rota, swap: Swap, had: Mapping[int, Sequence[int]]) -> Offer:
    gives, takes, other = had[swap.giver], had[swap.taker], swap.other_day
    weekday = swap.day.weekday()
    totals = weekdays = 0
    if other is None:
        totals = 2 * (sum(takes) - sum(gives)) + 2
        weekdays = 2 * (takes[weekday] - gives[weekday]) + 2
    elif other.weekday() != weekday:
        returned = other.weekday()
        weekdays = 2 * (takes[weekday] - gives[weekday] + gives[returned] - takes[returned]) + 4
    near = (
        rota.nearness(swap.giver, swap.day, other)
        + rota.nearness(swap.taker, other, swap.day)
        - rota.nearness(swap.giver, None, None)
        - rota.nearness(swap.taker, None, None)
    )
    return Offer(
        totals=totals,
        weekdays=weekdays,
        near=near,
        days_away=abs((other - swap.day).days) if other else 0,
        swap=swap,
        tie=(swap.taker, other.toordinal() if other else 0),
    )


def swapped(rota: Rota, swap: Swap) -> Rota:
    """The rota after the swap; it has been found possible before."""
    turns = dict(rota.turns)
    moves = [(swap.giver, swap.taker, swap.day)]
    if swap.other_day is not None:
        moves.append((swap.taker, swap.giver, swap.other_day))
    for giver, taker, day in moves:
        people = {*turns[day].people} - {giver} | {taker}
        turns[day] = replace(turns[day], people=tuple(sorted(people)))
    return replace(rota, turns=turns)

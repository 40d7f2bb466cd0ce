"""A group of the demo and its rota, planned and then swapped here and there. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

from gridmap.analysis.rota import Manned, Offer, Person, Swap, offers, plan_rota, rota_of, swapped, turns_within
from gridmap.clock import OFFICE
from gridmap.periods import Calendar, Period


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Whoever has that evening would be rid of it: asked when, and what came of it."""

    day: date
    asked: datetime
    state: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """People who share a duty at a place (its id and scope); `leave` and `never_on` are by their numbers."""

    kind: str
    name: str
    place: Mapping[str, Any]
    people: tuple[Mapping[str, Any], ...]
    """person_id and scope of each, by id."""
    organisation_id: int | None
    within: Period
    hours: tuple[time, time]
    gap_days: int
    weekdays: tuple[int, ...] | None = None
    leave: Mapping[int, tuple[date, date]] = field(default_factory=dict)
    never_on: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    asks: Sequence[Ask] = ()

    def person_id(self, number: int) -> int:
        """The id of the person of that number."""
        found: int = self.people[number]["person_id"]
        return found


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A swap that somebody was asked for."""

    ask: Ask
    swap: Swap

    @property
    def is_agreed(self) -> bool:
        """Whether the evenings have gone to the other."""
        return self.ask.state == "agreed"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The turns as planned, and the swaps in their order."""

    turns: tuple[Manned, ...]
    asked: tuple[Asked, ...]


def planned(group: Group, calendar: Calendar) -> Planned:
    """The rota of the group, and what was swapped of it."""
    people = [_person(group, number) for number in range(len(group.people))]
    turns = turns_within(group.within, calendar, group.hours, weekdays=group.weekdays)
    plan = plan_rota(turns, people, gap_days=group.gap_days)
    rota = rota_of(plan.turns, people, group.gap_days)
    asked = []
    for ask in sorted(group.asks, key=lambda one: one.asked):
        (giver,) = rota.turns[ask.day].people
        swap = _even(offers(rota, giver, ask.day, ask.asked), giver, ask.day)
        asked.append(Asked(ask=ask, swap=swap))
        if ask.state == "agreed":
            rota = swapped(rota, swap)
    return Planned(turns=plan.turns, asked=tuple(asked))


def _person(group: Group, number: int) -> Person:
    person = Person(id=group.person_id(number))
    if number in group.leave:
        first, last = group.leave[number]
        person = replace(person, leave=((_midnight(first), _midnight(last)),))
    return replace(person, never_on=frozenset(group.never_on.get(number, ())))


def _even(found: Sequence[Offer], giver: int, day: date) -> Swap:
    """The first offer that leaves totals and weekdays as even as they are."""
    for offer in found:
        if offer.swap.other_day is not None and offer.totals <= 0 and offer.weekdays <= 0:
            return offer.swap
    raise LookupError(f"nobody can take the evening of {giver} on {day}")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), OFFICE)

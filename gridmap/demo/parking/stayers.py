"""Cars from outside that never leave 香逸湾: two hundred when counting began, a handful a year later.

The whole year of them is told here, and how many were staying on each evening comes out of it by the rule for long
stays. What is written down of single cars is only what would not have been forgotten by now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gridmap.demo.choice import between
from gridmap.demo.parking.counts import Count
from gridmap.demo.parking.ground import FIRST_DAY, TODAY, Zone
from gridmap.demo.register import Row
from gridmap.parking.nights import numbers_of
from gridmap.parking.staying import Noted, Part, Round, Stay, ZoneCount, stays_at
from gridmap.periods import DAY

OPENING, STAY_ON = (82, 60, 54), (4, 2, 1)
"""Cars that stood there when counting began, zone by zone, and those of them that stand there still."""
NEWCOMERS, EACH = 22, 300
"""Cars that come later for some days; and the numbers of plates that each zone may use."""
FIRST_TO_GO, LAST_TO_GO = 24, 318
"""Days after which the first and the last of those leave who leave: most soon after the tariff began."""


@dataclass(frozen=True, kw_only=True)
class Stayer:
    """A car that stood in the zone in every round from one to another, both included."""

    zone: Zone
    number: int
    since: Round
    until: Round


def stayers_of(zones: Sequence[Zone]) -> list[Stayer]:
    """Everybody who stays for a while in 香逸湾's zones."""
    found: list[Stayer] = []
    for place, zone in enumerate(zone for zone in zones if not zone.is_of_huayuan):
        numbers = iter(range(place * EACH, (place + 1) * EACH))
        found += _from_the_opening(zone, numbers, OPENING[place], STAY_ON[place])
        found += [_newcomer(zone, next(numbers), turn) for turn in range(NEWCOMERS)]
    return found


def _from_the_opening(zone: Zone, numbers: Iterator[int], many: int, stay_on: int) -> Iterator[Stayer]:
    since = Round.of(FIRST_DAY, Part.MORNING)
    for place in range(many):
        until = Round.of(TODAY, Part.EVENING)
        if place >= stay_on:
            # the first days see more go than the last
            share = (place - stay_on + 0.5) / (many - stay_on)
            gone = FIRST_TO_GO + (LAST_TO_GO - FIRST_TO_GO) * share**1.6
            until = Round.of(FIRST_DAY + round(gone) * DAY, Part.EVENING)
        yield Stayer(zone=zone, number=next(numbers), since=since, until=until)


def _newcomer(zone: Zone, number: int, turn: int) -> Stayer:
    entity = f"{zone.code}/newcomer/{turn}"
    first = FIRST_DAY + between(entity, "comes", 30, 360) * DAY
    last = first + between(entity, "stays", 1, 6) * DAY
    return Stayer(zone=zone, number=number, since=Round.of(first, Part.EVENING), until=Round.of(last, Part.MORNING))


def present(stayers: Iterable[Stayer], rounds: Iterable[Round]) -> dict[tuple[int, Round], list[Stayer]]:
    """Who stood in which zone in which of these rounds."""
    known = sorted(rounds)
    found: dict[tuple[int, Round], list[Stayer]] = {}
    for one in stayers:
        for at in known:
            if one.since <= at <= one.until:
                found.setdefault((one.zone.id, at), []).append(one)
    return found


def staying_by_evening(
    counts: Iterable[Count], there: Mapping[tuple[int, Round], Sequence[Stayer]], least: int
) -> Iterator[Row]:
    """How many were staying in each zone after each evening of the year: rows of zone_stay."""
    by_zone: dict[int, list[Count]] = {}
    for count in counts:
        by_zone.setdefault(count.zone.id, []).append(count)
    for zone_id, made in by_zone.items():
        noted = [
            Noted(vehicle_id=one.number, zone_id=zone_id, at=count.round)
            for count in made
            for one in there.get((zone_id, count.round), ())
        ]
        counted = [ZoneCount(zone_id=zone_id, at=count.round, outside=count.outside) for count in made]
        days = [FIRST_DAY + turn * DAY for turn in range((TODAY - FIRST_DAY).days)]
        evenings = stays_at(counted, noted, [Round.of(day, Part.EVENING) for day in days], least=least)
        yesterday: tuple[Stay, ...] = ()
        for day, stays in zip(days, evenings, strict=True):
            yield {**made[0].zone.where, **numbers_of(day, stays, yesterday)}
            yesterday = stays

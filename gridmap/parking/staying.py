"""Cars that never leave: in so many counts in a row, of evenings and mornings. Pure; from counts and sightings alone.

What a count proves. Whoever was noted in it was there. Whoever was not is only known to have left where the count could
have shown him: in the zone where he stood last, if that was counted and as many plates were noted there as cars from
outside were counted. Anything less says nothing about him, and what says nothing neither breaks nor makes a stay: it is
not among the counts that he was in, and those before and after it stand in a row. After too many that say nothing it is
not the same stay any more. In only evenings or only mornings a car may have come anew each time: a stay has both.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

ByRound = dict["Round", tuple[dict[int, int], dict[int, int]]]
"""Of each round the cars from outside by zone, and the zone by car."""
STAY_COUNTS = 3
MOST_BLANK = 6
"""Three days of counts that say nothing, and what is seen then begins anew: nobody knows what was in between."""


class Part(StrEnum):
    """When a count is made. The morning of a day comes before its evening."""

    MORNING = "morning"
    EVENING = "evening"


PARTS = tuple(Part)


@dataclass(frozen=True, order=True)
class Round:
    """The counts of one morning or evening in all zones, in the order of time."""

    day: date
    order: int

    @classmethod
    def of(cls, day: date, part: Part) -> "Round":
        """The round of that part of the day."""
        return cls(day, PARTS.index(part))

    @property
    def part(self) -> Part:
        """Morning or evening."""
        return PARTS[self.order]

    @property
    def number(self) -> int:
        """Counted on without a gap, two a day."""
        return self.day.toordinal() * len(PARTS) + self.order


@dataclass(frozen=True, kw_only=True)
class ZoneCount:
    """What was counted in a zone: so many cars from outside."""

    zone_id: int
    at: Round
    outside: int


@dataclass(frozen=True, kw_only=True)
class Noted:
    """A car from outside whose plate was noted in a zone during a count."""

    vehicle_id: int
    zone_id: int
    at: Round


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A car that is staying: in so many counts (`seen`) from its first to its last, where it stood last."""

    vehicle_id: int
    zone_id: int
    first: Round
    last: Round
    seen: int


@dataclass
class _Run:
    """A car's counts in a row so far."""

    zone_id: int
    first: Round
    last: Round
    seen: int = 1
    parts: set[Part] = field(default_factory=set)


def find_stays(
    counts: Iterable[ZoneCount],
    noted: Iterable[Noted],
    *,
    least: int = STAY_COUNTS,
    now: Round | None = None,
) -> tuple[Stay, ...]:
    """The cars that are staying at the round `now` (else at the last of these), the longest first; of one estate.

    A count that is not among `counts` was missed; a plate noted in a missed one was seen all the same. A car that the
    last counts show to have left is not staying, nor is one of which nothing was heard for three days.
    """
    by_round = _by_round(counts, noted)
    now = now or max(by_round, default=None)
    return () if now is None else next(_followed(by_round, [now], least))


def stays_at(
    counts: Iterable[ZoneCount],
    noted: Iterable[Noted],
    rounds: Iterable[Round],
    *,
    least: int = STAY_COUNTS,
) -> Iterator[tuple[Stay, ...]]:
    """The same for each of these rounds, in the order of time: as `find_stays` at each of them, read in one go."""
    return _followed(_by_round(counts, noted), sorted(rounds), least)


def _followed(by_round: "ByRound", rounds: Iterable[Round], least: int) -> Iterator[tuple[Stay, ...]]:
    """Who is staying at each of the rounds, which come in order."""
    running: dict[int, _Run] = {}
    ahead = deque(sorted(by_round))
    for now in rounds:
        while ahead and ahead[0] <= now:
            at = ahead.popleft()
            zones, seen = by_round[at]
            telling = _telling(zones, seen)
            for vehicle_id in [one for one, run in running.items() if one not in seen and run.zone_id in telling]:
                del running[vehicle_id]
            for vehicle_id, zone_id in seen.items():
                _see(running, vehicle_id, zone_id, at)
        stays = (
            Stay(vehicle_id=vehicle_id, zone_id=run.zone_id, first=run.first, last=run.last, seen=run.seen)
            for vehicle_id, run in running.items()
            if run.seen >= least and len(run.parts) == len(PARTS) and now.number - run.last.number <= MOST_BLANK
        )
        yield tuple(sorted(stays, key=lambda stay: (stay.first, -stay.seen, stay.vehicle_id)))


def _by_round(counts: Iterable[ZoneCount], noted: Iterable[Noted]) -> "ByRound":
    """Of each round the cars from outside by zone, and the zone by car; noted in two, a car stands in the later one."""
    found: dict[Round, tuple[dict[int, int], dict[int, int]]] = {}
    for count in counts:
        found.setdefault(count.at, ({}, {}))[0][count.zone_id] = count.outside
    for one in noted:
        found.setdefault(one.at, ({}, {}))[1][one.vehicle_id] = one.zone_id
    return found


def _telling(zones: Mapping[int, int], seen: Mapping[int, int]) -> set[int]:
    """The zones whose count shows who was not there: as many plates were noted as cars were counted."""
    noted: dict[int, int] = {}
    for zone_id in seen.values():
        noted[zone_id] = noted.get(zone_id, 0) + 1
    return {zone_id for zone_id, outside in zones.items() if noted.get(zone_id, 0) >= outside}


def _see(running: dict[int, _Run], vehicle_id: int, zone_id: int, at: Round) -> None:
    """Add a sighting to the car's run, or begin one."""
    run = running.get(vehicle_id)
    if run is None or at.number - run.last.number - 1 > MOST_BLANK:
        running[vehicle_id] = _Run(zone_id=zone_id, first=at, last=at, parts={at.part})
        return
    run.zone_id, run.last = zone_id, at
    run.seen += 1
    run.parts.add(at.part)

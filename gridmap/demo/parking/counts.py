"""A year of counts, morning and evening in each zone; a count that nobody made has no row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from gridmap.clock import OFFICE
from gridmap.demo.choice import between, chance, draw
from gridmap.demo.parking.ground import FIRST_DAY, LAST_DAY, TODAY, Zone
from gridmap.demo.register import Row
from gridmap.parking.staying import PARTS, Part, Round
from gridmap.periods import DAY

EARLY = 9
"""Of the zones so many have been counted on the morning of the demo's day."""
MISSED, GAP_ZONE, MISSED_THERE = 0.012, "442000002005Z09", 0.08
"""Shares of counts that nobody made; in 芙蓉苑 it is looked less often, as for everything else."""
HOT = tuple(f"442000002005Z{number:02d}" for number in (3, 4, 9, 10))
"""梅苑, 菊苑, 芙蓉苑 and 百合苑 lie together: there more cars from outside stand than its parking places explain."""
BEGINS = {Part.MORNING: time(6, 50), Part.EVENING: time(19, 20)}
Noted = Mapping[tuple[int, Round], int]
"""How many cars from outside were noted with their plates, by zone and round."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """One count: which zone, which round, when, how many cars, and how many of them from outside."""

    zone: Zone
    round: Round
    at: datetime
    total: int
    outside: int

    def row(self, account_id: int) -> Row:
        """Its row in vehicle_count, as the one who counted wrote it."""
        return {
            **self.zone.where,
            "counted_on": self.round.day,
            "part": str(self.round.part),
            "total": self.total,
            "outside": self.outside,
            "counted_at": self.at,
            "account_id": account_id,
            "sent_id": UUID(int=between(name_of(self.zone, self.round), "sent", 1, 2**62), version=4),
            "revision": 1,
            "changed_at": self.at,
            "changed_by": account_id,
        }


def rounds() -> Iterator[Round]:
    """Every morning and evening of the year, and the morning of the demo's day."""
    day = FIRST_DAY
    while day <= LAST_DAY:
        yield from (Round.of(day, part) for part in PARTS)
        day += DAY
    yield Round.of(TODAY, Part.MORNING)


def name_of(zone: Zone, at: Round) -> str:
    """What every choice about this count hangs on."""
    return f"{zone.code}/{at.day}/{at.part}"


def count_at(zone: Zone, at: Round) -> datetime:
    """When that zone is counted in that round, whether or not somebody does it."""
    begins = datetime.combine(at.day, BEGINS[at.part], OFFICE)
    return begins + timedelta(minutes=between(name_of(zone, at), "minute", 0, 70))


def is_made(zone: Zone, at: Round, early: frozenset[str]) -> bool:
    """Whether somebody counts; the first days and the last evening are whole."""
    if at.day == TODAY:
        return zone.code in early
    if at.day < FIRST_DAY + 2 * DAY or at == Round.of(LAST_DAY, Part.EVENING):
        return True
    share = MISSED_THERE if zone.code == GAP_ZONE else MISSED
    return not chance(name_of(zone, at), "missed", share)


def early_zones(zones: Sequence[Zone]) -> frozenset[str]:
    """The codes of the zones that have been counted on the morning of the demo's day."""
    return frozenset(draw([zone.code for zone in zones], "counted this morning", EARLY))


def wanted_counts(zones: Sequence[Zone], noted: Noted) -> list[Count]:
    """All counts that were made, by zone and round."""
    early = early_zones(zones)
    made = [(zone, at) for zone in zones for at in rounds() if is_made(zone, at, early)]
    return [_count(zone, at, noted.get((zone.id, at), 0)) for zone, at in made]


def _count(zone: Zone, at: Round, noted: int) -> Count:
    outside = noted + _passing(zone, at)
    return Count(zone=zone, round=at, at=count_at(zone, at), total=_own(zone, at) + outside, outside=outside)


def _passing(zone: Zone, at: Round) -> int:
    """Cars from outside that were counted without their plate."""
    name = name_of(zone, at)
    is_evening = at.part is Part.EVENING
    if not zone.is_of_huayuan:
        is_empty = is_evening and chance(name, "nobody passing", 0.7)
        return 0 if is_empty else between(name, "passing", 0, 3)
    if not is_evening:
        return between(name, "passing", 0, 2)
    return int(chance(name, "passing", 0.12 if _is_new(at.day) else 0.35))


def _is_new(day: date) -> bool:
    """Since the evening duty goes round, fewer stay unnoticed."""
    return day >= TODAY - 100 * DAY


def _own(zone: Zone, at: Round) -> int:
    """Cars of residents: more in the evening, and where it is crowded."""
    low, high = (84, 96) if zone.code in HOT else (58, 84) if zone.is_of_huayuan else (46, 58)
    share = between(zone.code, "level", low, high) + (8 if at.part is Part.EVENING else 0)
    return round(zone.capacity * (share + between(name_of(zone, at), "more or fewer", -6, 6)) / 100)

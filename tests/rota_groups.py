"""Made-up groups for a rota: deterministic people with leave, and the office's real working days."""

import random
from datetime import date, datetime, time, timedelta

from gridmap.analysis.rota import Person, Turn, turns_within
from gridmap.clock import OFFICE
from gridmap.periods import Calendar, Period
from gridmap.places.holidays import SHIPPED

CALENDAR = Calendar(
    off=frozenset(day for day, kind, _ in SHIPPED if kind == "holiday"),
    worked=frozenset(day for day, kind, _ in SHIPPED if kind == "workday"),
)
EVENING = time(18), time(20)
QUARTERS = tuple(
    Period(date(2026, first, 1), date(2026 + (first == 10), (first + 2) % 12 + 1, 1)) for first in (1, 4, 7, 10)
)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), OFFICE)


def away(first: date, days: int) -> tuple[datetime, datetime]:
    """Leave of so many days."""
    return midnight(first), midnight(first + timedelta(days=days))


def duty_on(rng: random.Random, day: date) -> tuple[datetime, datetime]:
    """Another duty of half an hour to fourteen hours that begins on that day, at any hour."""
    starts = midnight(day) + timedelta(minutes=30 * rng.randrange(48))
    return starts, starts + timedelta(minutes=30 * rng.randint(1, 28))


def evenings(within: Period, needed: int = 1) -> tuple[Turn, ...]:
    return turns_within(within, CALENDAR, EVENING, needed=needed)


def leave_of(rng: random.Random, within: Period, share: float) -> tuple[tuple[datetime, datetime], ...]:
    """Leaves of one day to two weeks that make about this share of the days."""
    days = (within.end - within.start).days
    left, found = int(days * share * 2 * rng.random()), []
    while left > 0:
        length = min(left, rng.randint(1, 14))
        found.append(away(within.start + timedelta(days=rng.randrange(days)), length))
        left -= length
    return tuple(found)


def random_group(rng: random.Random, people: int, within: Period, share: float) -> list[Person]:
    """People with leave, other duties, weekdays that they never can, a history; some join late."""
    days = (within.end - within.start).days
    some = [within.start + timedelta(days=number) for number in range(days)]
    found = []
    for number in range(people):
        joined = within.start + timedelta(days=rng.randrange(days))
        found.append(
            Person(
                id=number * 3 + 1,
                leave=leave_of(rng, within, share),
                had=tuple(rng.randrange(3) for _ in range(7)),
                last_on=within.start - timedelta(days=rng.randint(1, 9)) if rng.random() < 0.5 else None,
                busy=tuple(duty_on(rng, day) for day in rng.sample(some, min(2, days))) if rng.random() < share else (),
                never_on=frozenset({rng.randrange(7)}) if rng.random() < share / 2 else frozenset(),
                valid=Period(joined, within.end) if rng.random() < share / 4 else None,
            )
        )
    return found

"""Rotas of made-up groups over the shipped year: filled, fair, and how fast, beside the plain way to share turns."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as of_day
from typing import TypeVar

from gridmap.analysis.rota import Person, Plan, Turn, offers, plan_rota, rota_of, turns_within
from gridmap.bench.figures import Figure
from gridmap.clock import OFFICE
from gridmap.periods import DAY, Calendar, Period
from gridmap.places.holidays import SHIPPED

Found = TypeVar("Found")
EVENING = of_day(18), of_day(20)
AWAY = 0.12
"""The share of days on which people are on leave."""
GAP_DAYS = 7
CALENDAR = Calendar(
    off=frozenset(day for day, kind, _ in SHIPPED if kind == "holiday"),
    worked=frozenset(day for day, kind, _ in SHIPPED if kind == "workday"),
)


@dataclass(frozen=True, kw_only=True)
class Group:
    """So many people share the working-day evenings of a time; milliseconds that it may take."""

    people: int
    within: Period
    bar_ms: float


GROUPS = (
    Group(people=24, within=Period(date(2026, 7, 1), date(2026, 10, 1)), bar_ms=100),
    Group(people=200, within=Period(date(2026, 1, 1), date(2027, 1, 1)), bar_ms=1000),
)


def make_people(group: Group, seed: int = 1) -> list[Person]:
    """People with leaves of a day to two weeks. Deterministic."""
    rng = random.Random(seed)  # noqa: S311 -- made-up leaves, no secret
    days = (group.within.end - group.within.start).days
    found = []
    for number in range(group.people):
        leave, left = [], int(days * AWAY * 2 * rng.random())
        while left > 0:
            length = min(left, rng.randint(1, 14))
            first = datetime.combine(group.within.start + rng.randrange(days) * DAY, of_day(), OFFICE)
            leave.append((first, first + timedelta(days=length)))
            left -= length
        found.append(Person(id=number + 1, leave=tuple(leave)))
    return found


def measure(group: Group, runs: int) -> Iterator[Figure]:
    """Plan the group's turns, offer swaps of one of them, and hold the outcome against the bars."""
    people = make_people(group)
    turns = turns_within(group.within, CALENDAR, EVENING)
    page = f"{group.people} people, {len(turns)} evenings"
    spent, plan = _timed(lambda: plan_rota(turns, people, gap_days=GAP_DAYS), runs)
    yield Figure(page=page, what="planned", unit="ms", values=spent, bar=group.bar_ms)
    rota, asked = rota_of(plan.turns, people, GAP_DAYS), plan.turns[len(turns) // 2]
    before = asked.turn.starts - DAY
    spent, found = _timed(lambda: offers(rota, asked.people[0], asked.turn.day, before), runs)
    yield Figure(page=page, what=f"{len(found)} swaps offered for one evening", unit="ms", values=spent, bar=1000)
    totals, weekdays = spreads(people, [(one.turn, one.people) for one in plan.turns])
    yield Figure(page=page, what="evenings unfilled", unit="", values=(len(plan.unfilled),), bar=0)
    yield Figure(page=page, what="totals differ by", unit="", values=(totals,), bar=1)
    yield Figure(page=page, what="turns of a weekday differ by", unit="", values=(weekdays,), bar=2)
    yield from _apart(page, plan)
    totals, weekdays = spreads(people, least_loaded_first(turns, people))
    yield Figure(page=page, what="whoever has least goes first: totals differ by", unit="", values=(totals,))
    yield Figure(page=page, what="the same: turns of a weekday differ by", unit="", values=(weekdays,))


def _apart(page: str, plan: Plan) -> Iterator[Figure]:
    what = f"pairs of evenings less than {GAP_DAYS} days apart; the bar is a proven bound"
    yield Figure(page=page, what=what, unit="", values=(plan.close,), bar=plan.close_at_least)


def _timed(work: Callable[[], Found], runs: int) -> tuple[tuple[float, ...], Found]:
    """Milliseconds of processor time of each run, and what the last one gave."""
    spent, found = [], work()
    for _run in range(runs):
        started = time.process_time()
        found = work()
        spent.append(1000 * (time.process_time() - started))
    return tuple(spent), found


def least_loaded_first(turns: Sequence[Turn], people: Sequence[Person]) -> list[tuple[Turn, tuple[int, ...]]]:
    """The plain way: each evening to whoever is there and has had the fewest."""
    had = {person.id: 0 for person in people}
    found = []
    for turn in turns:
        free = sorted(
            (person.id for person in people if person.hindrance(turn) is None), key=lambda one: (had[one], one)
        )
        chosen = tuple(free[: turn.needed])
        for one in chosen:
            had[one] += 1
        found.append((turn, chosen))
    return found


def spreads(people: Sequence[Person], given: Sequence[tuple[Turn, tuple[int, ...]]]) -> tuple[int, int]:
    """By how many turns people differ: in total, and at most on one weekday."""
    had = {person.id: [0] * 7 for person in people}
    for turn, on in given:
        for one in on:
            had[one][turn.day.weekday()] += 1
    totals = [sum(days) for days in had.values()]
    of_weekdays = list(zip(*had.values(), strict=True))
    return max(totals) - min(totals), max(max(days) - min(days) for days in of_weekdays)

"""A quarter of a rota, week by week: what the page shows of each day."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from gridmap.db.pools import Connection
from gridmap.periods import Calendar, Period
from gridmap.read.rota import Evening, Member

HOLIDAYS = "SELECT day, name FROM gridmap.calendar_day WHERE day >= %s AND day < %s AND kind = 'holiday' AND name <> ''"
Spread = tuple[int, int]
"""The least and the most."""


@dataclass(frozen=True, kw_only=True)
class Name:
    """One of those who have an evening. `is_away`: on leave by now, so that the evening is open."""

    person_id: int
    name: str
    is_mine: bool
    is_away: bool
    is_swapped: bool


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of a week; `evening` is None where there is none. `reason`: a word of LACKS where somebody is missing."""

    day: date
    evening: Evening | None
    names: tuple[Name, ...] = ()
    missing: int = 0
    reason: str | None = None
    holiday: str = ""
    is_working: bool = True
    is_past: bool = False
    is_inside: bool = True

    @property
    def is_mine(self) -> bool:
        """Whether the viewer has the evening."""
        return any(one.is_mine for one in self.names)


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """The weeks, and how evenly the evenings are shared: of those who take part all the time.

    Past weeks in which there was nothing are left out.
    """

    weeks: tuple[tuple[Day, ...], ...]
    evenings: int
    open: int
    spread: Spread
    by_weekday: Mapping[int, Spread] = field(default_factory=dict)

    @property
    def weekdays(self) -> tuple[int, ...]:
        """The weekdays on which there is something to show: columns of the table."""
        used = {one.day.weekday() for week in self.weeks for one in week if one.evening}
        return tuple(sorted(used | set(range(5))))


def read_holidays(connection: Connection, within: Period) -> dict[date, str]:
    """The names of the holidays of these days."""
    return {row["day"]: row["name"] for row in connection.execute(HOLIDAYS, (within.start, within.end)).fetchall()}


@dataclass(frozen=True, kw_only=True)
class Looking:
    """Who looks, and when; the calendar and the names of holidays."""

    now: datetime
    person_id: int | None
    calendar: Calendar
    holidays: Mapping[date, str]


def quarter_of(within: Period, evenings: Sequence[Evening], members: Sequence[Member], looking: Looking) -> Quarter:
    """What the page shows of these days."""
    by_day = {one.day: one for one in evenings if one.is_set}
    known: dict[int, list[Member]] = {}
    for member in members:
        known.setdefault(member.person_id, []).append(member)
    first = within.start - timedelta(days=within.start.weekday())
    days = Period(first, within.end + timedelta(days=-within.end.weekday() % 7)).days()
    shown = [_day(day, by_day.get(day), known, looking, within) for day in days]
    weeks = [tuple(shown[start : start + 7]) for start in range(0, len(shown), 7)]
    spread, by_weekday = _spreads(list(by_day.values()), members)
    return Quarter(
        weeks=tuple(week for week in weeks if any(one.evening or not one.is_past for one in week)),
        evenings=len(by_day),
        open=sum(1 for one in shown if one.missing and not one.is_past),
        spread=spread,
        by_weekday=by_weekday,
    )


def _day(
    day: date, evening: Evening | None, known: Mapping[int, Sequence[Member]], looking: Looking, within: Period
) -> Day:
    calendar = looking.calendar
    about = {
        "day": day,
        "holiday": looking.holidays.get(day, ""),
        "is_working": calendar.is_working(day),
        "is_inside": within.start <= day < within.end,
    }
    if evening is None:
        return Day(evening=None, is_past=day < looking.now.date(), **about)  # type: ignore[arg-type]  # of Day
    is_past = evening.ends_at <= looking.now
    names = tuple(_name(one.person_id, one.origin, evening, known, looking, is_past=is_past) for one in evening.taken)
    missing = max(evening.needed - sum(not one.is_away for one in names), 0)
    reason = evening.reason if missing == evening.missing else "on_leave"
    return Day(
        evening=evening,
        names=names,
        missing=missing,
        reason=reason if missing else None,
        is_past=is_past,
        **about,  # type: ignore[arg-type]  # of Day
    )


def _name(
    person: int,
    origin: str,
    evening: Evening,
    known: Mapping[int, Sequence[Member]],
    looking: Looking,
    *,
    is_past: bool,
) -> Name:
    times = known.get(person, ())
    is_away = not is_past and any(one.is_away(evening.starts_at, evening.ends_at) for one in times)
    return Name(
        person_id=person,
        name=times[0].name if times else "?",
        is_mine=person == looking.person_id,
        is_away=is_away,
        is_swapped=origin == "swapped",
    )


def _spreads(evenings: Sequence[Evening], members: Sequence[Member]) -> tuple[Spread, dict[int, Spread]]:
    """How many evenings everybody gets who takes part all the time, and the same of each weekday."""
    if not evenings:
        return (0, 0), {}
    first, last = evenings[0].day, evenings[-1].day
    whole = {one.person_id for one in members if one.during.start <= first and last < one.during.end}
    totals = Counter(person for one in evenings for person in one.people)
    found: dict[int, Spread] = {}
    for weekday in sorted({one.day.weekday() for one in evenings}):
        turns = Counter(person for one in evenings if one.day.weekday() == weekday for person in one.people)
        found[weekday] = _least_and_most([turns[person] for person in whole])
    return _least_and_most([totals[person] for person in whole]), found


def _least_and_most(numbers: Sequence[int]) -> Spread:
    return min(numbers, default=0), max(numbers, default=0)

"""Periods of due work: the half-open run of days that a slot belongs to, and the day by which it is due; working time.

Working time is said a second time in SQL (gridmap.working_minutes, gridmap.working_deadline), for many rows at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from gridmap.clock import OFFICE

SATURDAY = 5
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
HOURS = ((time(8), time(12)), (time(14), time(18)))
"""When the office works on a working day; 480 minutes."""


class Every(StrEnum):
    """How often a duty comes."""

    DAY = "day"
    WORKING_DAY = "working_day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class HolidayRule(StrEnum):
    """Where a fixed day goes that is not a working day."""

    STAY = "stay"
    NEXT = "next"
    PREVIOUS = "previous"


@dataclass(frozen=True)
class Calendar:
    """Days that differ from their weekday: holidays, and weekend days that are worked (调休). Edited by the office.

    `years`: those whose days are all written down; any other year is provisional.
    """

    off: frozenset[date] = field(default_factory=frozenset)
    worked: frozenset[date] = field(default_factory=frozenset)
    years: frozenset[int] = field(default_factory=frozenset)

    def is_working(self, day: date) -> bool:
        """Whether the office works on that day."""
        return day in self.worked or (day.weekday() < SATURDAY and day not in self.off)

    def moved(self, day: date, rule: HolidayRule) -> date:
        """The day itself, or the nearest working day after or before it, as the rule says."""
        if rule is HolidayRule.STAY:
            return day
        step = DAY if rule is HolidayRule.NEXT else -DAY
        while not self.is_working(day):
            day += step
        return day


@dataclass(frozen=True, order=True)
class Period:
    """The days from `start` to before `end`."""

    start: date
    end: date

    @property
    def last_day(self) -> date:
        """The last day that belongs to it."""
        return self.end - DAY

    @property
    def instants(self) -> tuple[datetime, datetime]:
        """The half-open instants [start, end) in the office's time zone."""
        return _midnight(self.start), _midnight(self.end)

    def days(self) -> Iterator[date]:
        """Each day, in order."""
        day = self.start
        while day < self.end:
            yield day
            day += DAY


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=OFFICE)


def period_of(every: Every, day: date) -> Period:
    """The period that the day belongs to; weeks begin on Monday, a working day is a day."""
    if every in (Every.DAY, Every.WORKING_DAY):
        return Period(day, day + DAY)
    if every is Every.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=7))
    months = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}[every]
    first = (day.month - 1) // months * months + 1
    return Period(date(day.year, first, 1), _month_after(day.year, first + months - 1))


def month_of(day: date) -> Period:
    """The calendar month of the day."""
    return period_of(Every.MONTH, day)


def _month_after(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def periods_starting(every: Every, within: Period, calendar: Calendar) -> Iterator[Period]:
    """The periods that begin in that time; days on which nobody works begin no working day."""
    period = period_of(every, within.start)
    while period.start < within.end:
        is_counted = every is not Every.WORKING_DAY or calendar.is_working(period.start)
        if period.start >= within.start and is_counted:
            yield period
        period = period_of(every, period.end)


def periods_asked(every: Every, within: Period, today: date, calendar: Calendar) -> Iterator[Period]:
    """The periods that begin in that time; with a time that holds today also the one that runs, whenever it began."""
    running = period_of(every, today)
    if within.start <= today < within.end and running.start < within.start:
        yield running
    yield from periods_starting(every, within, calendar)


def due_on(period: Period, fixed_day: int | None, rule: HolidayRule, calendar: Calendar) -> date:
    """The day by which, or on a fixed day on which, the work is due.

    A fixed day counts from the period's first; one past its end is its last day. The day may lie in the next period
    where the rule says so (the 31st, a Saturday, to the 2nd), never in the one before: nobody could do it then.
    """
    day = period.last_day
    if fixed_day is not None:
        day = min(period.start + timedelta(days=fixed_day - 1), period.last_day)
    moved = calendar.moved(day, rule)
    return moved if moved >= period.start else calendar.moved(day, HolidayRule.NEXT)


def closes_on(period: Period, due: date) -> date:
    """The day from which what is not done is missed: the period's end, or the day after a later due day."""
    return max(period.end, due + DAY)


def working_minutes(calendar: Calendar, since: datetime, until: datetime) -> int:
    """Whole working minutes from one moment to another; 0 where the other comes first."""
    since, until = since.astimezone(OFFICE), until.astimezone(OFFICE)
    worked, day = timedelta(), since.date()
    while day <= until.date():
        for opens, closes in _shifts(calendar, day):
            worked += max(min(closes, until) - max(opens, since), timedelta())
        day += DAY
    return worked // MINUTE


def working_deadline(calendar: Calendar, since: datetime, minutes: int) -> datetime:
    """The first moment by which so many working minutes have passed: Friday 17:30 and 120 give Monday 09:30."""
    since, remaining, day = since.astimezone(OFFICE), minutes * MINUTE, since.astimezone(OFFICE).date()
    if minutes <= 0:
        return since
    while True:
        for opens, closes in _shifts(calendar, day):
            begins = max(opens, since)
            if closes > begins:
                if closes - begins >= remaining:
                    return begins + remaining
                remaining -= closes - begins
        day += DAY


def is_provisional(calendar: Calendar, since: datetime, until: datetime) -> bool:
    """Whether a year between the two moments has no holidays written down yet."""
    years = range(since.astimezone(OFFICE).year, until.astimezone(OFFICE).year + 1)
    return not calendar.years.issuperset(years)


def _shifts(calendar: Calendar, day: date) -> list[tuple[datetime, datetime]]:
    if not calendar.is_working(day):
        return []
    return [(datetime.combine(day, opens, OFFICE), datetime.combine(day, closes, OFFICE)) for opens, closes in HOURS]

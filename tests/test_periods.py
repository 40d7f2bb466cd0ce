"""Periods, their due days, and the holiday rule."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.periods import (
    Calendar,
    Every,
    HolidayRule,
    Period,
    closes_on,
    due_on,
    month_of,
    period_of,
    periods_asked,
    periods_starting,
)

DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31))
CALENDARS = st.builds(Calendar, off=st.frozensets(DAYS, max_size=20), worked=st.frozensets(DAYS, max_size=20))


@given(day=DAYS, every=st.sampled_from(Every))
def test_each_day_lies_in_its_period_and_periods_follow_each_other(day: date, every: Every) -> None:
    period = period_of(every, day)
    assert period.start <= day < period.end
    assert period_of(every, period.start) == period == period_of(every, period.last_day)
    assert period_of(every, period.end).start == period.end


@given(start=DAYS, length=st.integers(0, 120), every=st.sampled_from(Every), calendar=CALENDARS)
def test_exactly_the_periods_that_begin_in_a_time(start: date, length: int, every: Every, calendar: Calendar) -> None:
    within = Period(start, start + timedelta(days=length))
    expected = sorted({period_of(every, day) for day in within.days() if period_of(every, day).start == day})
    if every is Every.WORKING_DAY:
        expected = [period for period in expected if calendar.is_working(period.start)]
    assert list(periods_starting(every, within, calendar)) == expected


@given(day=DAYS, fixed=st.integers(1, 31), rule=st.sampled_from(HolidayRule), calendar=CALENDARS)
def test_a_due_day_is_where_the_rule_says(day: date, fixed: int, rule: HolidayRule, calendar: Calendar) -> None:
    month = month_of(day)
    plain = due_on(month, fixed, HolidayRule.STAY, calendar)
    assert month.start <= plain < month.end
    due = due_on(month, fixed, rule, calendar)
    if rule is not HolidayRule.STAY:
        assert calendar.is_working(due)
        between = Period(min(plain, due), max(plain, due) + timedelta(days=1))
        assert [d for d in between.days() if calendar.is_working(d)] == [due]
        # a day before the period is nobody's to do: then it is the next one
        goes_back = rule is HolidayRule.PREVIOUS and any(
            calendar.is_working(d) for d in Period(month.start, plain + timedelta(days=1)).days()
        )
        assert due <= plain if goes_back else due >= plain
        assert due >= month.start
    assert closes_on(month, due) > due
    assert closes_on(month, due) >= month.end


@given(
    start=DAYS, length=st.integers(1, 120), every=st.sampled_from(Every), calendar=CALENDARS, back=st.integers(0, 90)
)
def test_the_period_that_runs_is_asked_too(
    start: date, length: int, every: Every, calendar: Calendar, back: int
) -> None:
    within = Period(start, start + timedelta(days=length))
    today = within.last_day - timedelta(days=min(back, length - 1))
    beginning = list(periods_starting(every, within, calendar))
    asked = list(periods_asked(every, within, today, calendar))
    running = period_of(every, today)
    assert asked == (beginning if running.start >= start else [running, *beginning])
    elsewhere = list(periods_asked(every, within, within.end, calendar))
    assert elsewhere == beginning


@pytest.mark.parametrize(
    ("month", "due"),
    [(2, date(2026, 2, 16)), (3, date(2026, 3, 16)), (4, date(2026, 4, 15)), (8, date(2026, 8, 17))],
)
def test_the_reception_day_moves_from_a_weekend_to_the_next_working_day(month: int, due: date) -> None:
    assert due_on(month_of(date(2026, month, 3)), 15, HolidayRule.NEXT, Calendar()) == due


def test_the_spring_festival_of_2026() -> None:
    """Off from 15 to 23 February; the Saturdays 14 and 28 February are worked."""
    calendar = Calendar(
        off=frozenset(date(2026, 2, day) for day in range(15, 24)),
        worked=frozenset({date(2026, 2, 14), date(2026, 2, 28)}),
    )
    february = month_of(date(2026, 2, 1))
    assert due_on(february, 15, HolidayRule.NEXT, calendar) == date(2026, 2, 24)
    assert due_on(february, 15, HolidayRule.PREVIOUS, calendar) == date(2026, 2, 14)
    assert due_on(february, None, HolidayRule.STAY, calendar) == date(2026, 2, 28)
    assert len(list(periods_starting(Every.WORKING_DAY, february, calendar))) == 20 - 6 + 2

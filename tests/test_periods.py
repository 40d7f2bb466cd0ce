"""Periods, their due days, and the holiday rule."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.periods import Calendar, Every, HolidayRule, Period, due_on, month_of, period_of, periods_starting

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
        assert (due >= plain) is (rule is HolidayRule.NEXT) or due == plain


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

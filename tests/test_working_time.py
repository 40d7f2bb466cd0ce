"""Working time: 8 to 12 and 14 to 18 on the office's working days, to the minute, the same in Python and in SQL."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from gridmap.clock import OFFICE
from gridmap.periods import Calendar, is_provisional, working_deadline, working_minutes
from gridmap.places.calendar import fill_calendar, read_calendar
from gridmap.places.holidays import SHIPPED

CHINA = Calendar(
    off=frozenset(day for day, kind, _ in SHIPPED if kind == "holiday"),
    worked=frozenset(day for day, kind, _ in SHIPPED if kind == "workday"),
    years=frozenset({2025, 2026}),
)
WEEKS = Calendar()
DAY = 480


def at(text: str) -> datetime:
    """A moment of the office: `2026-03-13 17:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE)


GOLDEN = [
    # since, minutes, until, calendar
    ("2026-03-13 17:30", 120, "2026-03-16 09:30", CHINA),  # Friday evening to Monday morning
    ("2026-03-13 17:30", 30, "2026-03-13 18:00", CHINA),  # to the end of the day, not to the next morning
    ("2026-03-13 11:59", 2, "2026-03-13 14:01", CHINA),  # over noon
    ("2026-03-13 03:00", 60, "2026-03-13 09:00", CHINA),  # reported at night
    ("2026-03-14 10:00", DAY, "2026-03-16 18:00", CHINA),  # reported on Saturday
    ("2026-03-13 09:00", DAY, "2026-03-16 09:00", CHINA),
    # Spring Festival 2026: off from 15 to 23 February, worked on Saturday the 14th and Saturday the 28th
    ("2026-02-13 16:00", 2 * DAY, "2026-02-24 16:00", CHINA),
    ("2026-02-13 16:00", 2 * DAY, "2026-02-17 16:00", WEEKS),  # what weekends alone would say
    ("2026-02-14 17:00", 120, "2026-02-24 09:00", CHINA),  # the make-up Saturday is worked
    ("2026-02-20 12:00", 60, "2026-02-24 09:00", CHINA),  # reported within the holidays
    ("2026-02-27 17:30", 120, "2026-02-28 09:30", CHINA),  # Friday evening to the make-up Saturday
    ("2026-02-28 17:30", 60, "2026-03-02 08:30", CHINA),
    ("2026-02-02 08:00", 13 * DAY, "2026-02-25 18:00", CHINA),  # the 13 working days of a complaint by 12345
    ("2025-01-27 17:00", 120, "2025-02-05 09:00", CHINA),  # Spring Festival 2025
    ("2025-01-24 17:00", 120, "2025-01-26 09:00", CHINA),  # a Sunday that is worked
]


@pytest.mark.parametrize(("since", "minutes", "until", "calendar"), GOLDEN)
def test_deadlines(since: str, minutes: int, until: str, calendar: Calendar) -> None:
    assert working_deadline(calendar, at(since), minutes) == at(until)
    assert working_minutes(calendar, at(since), at(until)) == minutes


def test_nothing_is_worked_backwards_or_at_night() -> None:
    assert working_minutes(CHINA, at("2026-03-16 12:00"), at("2026-03-16 09:00")) == 0
    assert working_minutes(CHINA, at("2026-03-16 18:00"), at("2026-03-17 08:00")) == 0
    assert working_deadline(CHINA, at("2026-03-15 03:00"), 0) == at("2026-03-15 03:00")


def test_other_time_zones_are_the_same_moments() -> None:
    from datetime import UTC

    assert working_deadline(CHINA, datetime(2026, 3, 13, 9, 30, tzinfo=UTC), 120) == at("2026-03-16 09:30")


def test_a_year_without_rows_is_provisional() -> None:
    assert not is_provisional(CHINA, at("2025-12-31 09:00"), at("2026-12-31 17:00"))
    assert is_provisional(CHINA, at("2026-12-31 09:00"), at("2027-01-04 09:00"))
    assert is_provisional(WEEKS, at("2026-03-02 09:00"), at("2026-03-03 09:00"))


MOMENTS = st.datetimes(
    datetime(2024, 12, 1),  # noqa: DTZ001 - hypothesis wants them bare
    datetime(2027, 2, 1),  # noqa: DTZ001
).map(lambda one: one.replace(tzinfo=OFFICE))
ROUND = MOMENTS.map(lambda one: one.replace(second=0, microsecond=0))


@settings(max_examples=300)
@given(since=ROUND, minutes=st.integers(1, 8_000))
def test_a_deadline_is_the_first_moment_by_which_the_minutes_have_passed(since: datetime, minutes: int) -> None:
    until = working_deadline(CHINA, since, minutes)
    assert working_minutes(CHINA, since, until) == minutes
    assert working_minutes(CHINA, since, until - timedelta(seconds=1)) == minutes - 1


@settings(max_examples=300)
@given(moments=st.tuples(ROUND, ROUND, ROUND).map(sorted))
def test_minutes_add_up(moments: list[datetime]) -> None:
    first, middle, last = moments
    parts = working_minutes(CHINA, first, middle) + working_minutes(CHINA, middle, last)
    assert parts == working_minutes(CHINA, first, last)


# The same in SQL ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def owner(copy_database: Any, empty_template: str) -> "Iterator[psycopg.Connection[Any]]":
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url, row_factory=dict_row) as connection:
        assert fill_calendar(connection) == (2025, 2026)
        assert fill_calendar(connection) == ()
        yield connection


def test_the_rows_are_the_shipped_days(owner: "psycopg.Connection[Any]") -> None:
    assert read_calendar(owner) == CHINA


def test_days_of_the_office_stay_when_years_are_filled(empty_base: Any) -> None:
    with psycopg.connect(empty_base.owner_url, row_factory=dict_row) as connection:
        connection.execute("INSERT INTO gridmap.calendar_day VALUES ('2026-02-16', 'workday', 'ours')")
        connection.execute("INSERT INTO gridmap.calendar_year VALUES (2025, 'ours')")
        assert fill_calendar(connection) == (2026,)
        calendar = read_calendar(connection)
        assert date(2026, 2, 16) in calendar.worked
        assert not any(day.year == 2025 for day in calendar.off)


def differences(owner: "psycopg.Connection[Any]", calendar: Calendar, asked: list[tuple[Any, ...]]) -> list[Any]:
    """Where SQL says something else than Python, of (since, until, minutes)."""
    rows = owner.execute(
        "SELECT gridmap.working_minutes(a.since, a.until) AS worked,"
        " gridmap.working_deadline(a.since, a.minutes) AS due,"
        " gridmap.is_provisional(a.since, a.until) AS open FROM unnest(%s::timestamptz[], %s::timestamptz[], %s::int[])"
        " WITH ORDINALITY AS a (since, until, minutes, number) ORDER BY number",
        tuple(map(list, zip(*asked, strict=True))),
    ).fetchall()
    said = [
        {
            "worked": working_minutes(calendar, since, until),
            "due": working_deadline(calendar, since, minutes),
            "open": is_provisional(calendar, since, until),
        }
        for since, until, minutes in asked
    ]
    return [pair for pair in zip(asked, rows, said, strict=True) if pair[1] != pair[2]]


@settings(max_examples=20, deadline=None)
@given(asked=st.lists(st.tuples(MOMENTS, MOMENTS, st.integers(-5, 9_000)), min_size=10, max_size=25))
def test_sql_counts_as_python_does(owner: "psycopg.Connection[Any]", asked: list[tuple[Any, ...]]) -> None:
    assert differences(owner, CHINA, asked)[:1] == []


@pytest.mark.full
def test_sql_counts_as_python_does_ten_thousand_times(owner: "psycopg.Connection[Any]") -> None:
    import random

    chance = random.Random(20260316)
    start = at("2024-12-01 00:00")

    def moment() -> datetime:
        return start + timedelta(microseconds=chance.randrange(780 * 86_400 * 10**6))

    asked = [(moment(), moment(), chance.randrange(-5, 9_000)) for _ in range(10_000)]
    assert differences(owner, CHINA, asked)[:1] == []


def test_golden_ones_in_sql(owner: "psycopg.Connection[Any]") -> None:
    asked = [(at(since), at(until), minutes) for since, minutes, until, calendar in GOLDEN if calendar is CHINA]
    assert differences(owner, CHINA, asked)[:1] == []

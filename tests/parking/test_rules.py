"""The hours, months and other rules of an estate: to the second."""

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from gridmap.clock import OFFICE
from gridmap.parking.rules import Rules, ban_until, evening_of, months_after
from tests.parking.cars import PLAIN, at


@pytest.mark.parametrize(
    ("moment", "evening"),
    [
        ("2026-03-16T05:59:59", "2026-03-15"),
        ("2026-03-16T06:00:00", None),
        ("2026-03-16T17:59:59", None),
        ("2026-03-16T18:00:00", None),
        ("2026-03-16T18:00:01", "2026-03-16"),
        ("2026-03-16T23:59:59", "2026-03-16"),
        ("2026-03-17T00:00:00", "2026-03-16"),
    ],
)
def test_by_day_is_free_and_an_evening_lasts_until_the_morning(moment: str, evening: str | None) -> None:
    found = evening_of(PLAIN, datetime.fromisoformat(moment).replace(tzinfo=OFFICE))
    assert found == (evening and date.fromisoformat(evening))


def test_tolerance_is_to_the_minute() -> None:
    kind = Rules(tolerance_minutes=10)
    assert evening_of(kind, at("2026-03-16", "18:10:00")) is None
    assert evening_of(kind, at("2026-03-16", "18:10:01")) == date(2026, 3, 16)
    assert evening_of(kind, datetime.fromisoformat("2026-03-16T10:10:01+00:00")) == date(2026, 3, 16)


def test_evenings_on_which_nothing_holds() -> None:
    workdays = Rules(evenings=frozenset(range(5)))
    assert evening_of(workdays, at("2026-03-20")) == date(2026, 3, 20)
    assert evening_of(workdays, at("2026-03-21", "02:00")) == date(2026, 3, 20)
    assert evening_of(workdays, at("2026-03-21")) is None
    assert evening_of(workdays, at("2026-03-23", "02:00")) is None


def test_a_zone_has_its_own_hours_and_its_estate_s_notices() -> None:
    zone = Rules(leave_by=time(20), tolerance_minutes=5, free_from=time(7), notices=1)
    both = PLAIN.with_hours_of(zone)
    assert (both.leave_by, both.tolerance_minutes, both.free_from, both.notices) == (time(20), 5, time(7), 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tolerance_minutes": -1},
        {"tolerance_minutes": 360},
        {"free_from": time(18)},
        {"evenings": frozenset({7})},
        {"notices": 0},
        {"notices": 10},
        {"ban_months": 0},
        {"ban_months": 25},
        {"clean_months": 0},
        {"stay_counts": 1},
        {"leave_by": time(18, tzinfo=OFFICE)},
    ],
)
def test_rules_that_cannot_be_kept_are_refused(wrong: "dict[str, object]") -> None:
    with pytest.raises(ValueError, match="rules"):
        replace(PLAIN, **wrong)  # type: ignore[arg-type]  # wrong on purpose


# Months ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        ("2025-11-30", 3, "2026-02-28"),
        ("2023-11-30", 3, "2024-02-29"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-08-31", 3, "2026-11-30"),
        ("2026-03-16", 3, "2026-06-16"),
        ("2026-10-15", 3, "2027-01-15"),
        ("2024-02-29", 12, "2025-02-28"),
    ],
)
def test_calendar_months_end_with_their_month(day: str, months: int, found: str) -> None:
    assert months_after(date.fromisoformat(day), months) == date.fromisoformat(found)
    assert ban_until(at(day, "19:12:05"), months) == at(found, "19:12:05")

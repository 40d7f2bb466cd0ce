"""What a car pays: the golden ones, and what holds for every stay."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.clock import OFFICE
from gridmap.parking.tariff import DayKind, Tariff, fee, fee_of

PLAIN = Tariff()
CALENDAR = Tariff(day=DayKind.CALENDAR)
MIDNIGHT = datetime(2026, 3, 16, tzinfo=OFFICE)
LONG = settings(max_examples=300, deadline=None)
MOMENTS = st.integers(0, 40 * 86_400).map(lambda seconds: MIDNIGHT + timedelta(seconds=seconds))
TARIFFS = st.builds(
    lambda hourly, more, day: Tariff(hourly=Decimal(hourly) / 100, daily_cap=Decimal(hourly + more) / 100, day=day),
    st.integers(0, 3_000),
    st.integers(0, 80_000),
    st.sampled_from(DayKind),
)


@pytest.mark.parametrize(
    ("hours", "yuan"),
    [(0, 0), (0.1, 10), (1, 10), (1.01, 20), (2, 20), (7, 70), (7.5, 80), (8, 80), (23, 80), (24, 80), (24.1, 90),
     (32, 160), (48, 160)],
)  # fmt: skip
def test_golden(hours: float, yuan: int) -> None:
    stayed = timedelta(hours=hours)
    assert fee_of(PLAIN, stayed) == yuan
    entered = MIDNIGHT + timedelta(hours=9, minutes=13)
    assert fee(PLAIN, entered, entered + stayed) == yuan
    # of a stay that begins at midnight a calendar day is no other
    assert fee(CALENDAR, MIDNIGHT, MIDNIGHT + stayed) == yuan


def test_a_calendar_day_begins_at_midnight_of_the_office() -> None:
    entered = MIDNIGHT + timedelta(hours=23, minutes=30)
    assert fee(CALENDAR, entered, entered + timedelta(hours=1)) == 20
    assert fee(PLAIN, entered, entered + timedelta(hours=1)) == 10
    assert fee(CALENDAR, MIDNIGHT + timedelta(hours=10), MIDNIGHT + timedelta(hours=33)) == 160
    utc = datetime.fromisoformat("2026-03-16T15:30:00+00:00")
    assert fee(CALENDAR, utc, utc + timedelta(hours=1)) == 20


def test_an_hour_has_begun_at_its_first_second() -> None:
    assert fee_of(PLAIN, timedelta(hours=3)) == 30
    assert fee_of(PLAIN, timedelta(hours=3, microseconds=1)) == 40
    assert fee_of(PLAIN, timedelta(microseconds=1)) == 10


def test_what_cannot_be_is_refused() -> None:
    for hourly, cap in (("-1", "80"), ("10", "9.99"), ("0.005", "80"), ("10", "80.001")):
        with pytest.raises(ValueError, match="tariff"):
            Tariff(hourly=Decimal(hourly), daily_cap=Decimal(cap))
    with pytest.raises(ValueError, match="ends after"):
        fee(PLAIN, MIDNIGHT, MIDNIGHT - timedelta(seconds=1))
    with pytest.raises(ValueError, match="ends after"):
        fee_of(PLAIN, timedelta(seconds=-1))


@LONG
@given(tariff=TARIFFS, entered=MOMENTS, stayed=st.integers(0, 900_000), longer=st.integers(0, 200_000))
def test_who_stays_longer_never_pays_less(tariff: Tariff, entered: datetime, stayed: int, longer: int) -> None:
    left = entered + timedelta(seconds=stayed)
    assert fee(tariff, entered, left) <= fee(tariff, entered, left + timedelta(seconds=longer))


@LONG
@given(tariff=TARIFFS, entered=MOMENTS, stayed=st.integers(0, 900_000))
def test_no_day_costs_more_than_its_cap(tariff: Tariff, entered: datetime, stayed: int) -> None:
    left = entered + timedelta(seconds=stayed)
    if tariff.day is DayKind.CALENDAR:
        days = (left - timedelta(microseconds=1)).date().toordinal() - entered.date().toordinal() + 1 if stayed else 0
    else:
        days = -(-stayed // 86_400)
    found = fee(tariff, entered, left)
    assert 0 <= found <= days * tariff.daily_cap
    assert (found == 0) == (stayed == 0 or tariff.hourly == 0)
    assert found >= min(tariff.daily_cap, tariff.hourly * (-(-stayed // 3_600) if stayed <= 86_400 else 24))


@LONG
@given(tariff=TARIFFS, entered=MOMENTS, days=st.integers(0, 9), stayed=st.integers(0, 900_000))
def test_days_add_up(tariff: Tariff, entered: datetime, days: int, stayed: int) -> None:
    """Cut where a day ends, both parts cost what the whole costs."""
    left = entered + timedelta(seconds=stayed)
    if tariff.day is DayKind.CALENDAR:
        cut = datetime.combine(entered.date() + timedelta(days=days), datetime.min.time(), OFFICE)
    else:
        cut = entered + timedelta(days=days)
    cut = min(max(cut, entered), left)
    assert fee(tariff, entered, cut) + fee(tariff, cut, left) == fee(tariff, entered, left)


@LONG
@given(tariff=TARIFFS, entered=MOMENTS, stayed=st.integers(0, 900_000), cut=st.floats(0, 1))
def test_leaving_in_between_is_never_cheaper_within_a_day(
    tariff: Tariff, entered: datetime, stayed: int, cut: float
) -> None:
    """Driving out and in again at once saves nothing by hours; only a new day of 24 hours begins with it."""
    left = entered + timedelta(seconds=stayed)
    between = entered + timedelta(seconds=int(stayed * cut))
    assert fee(tariff, entered, left) <= fee(tariff, entered, between) + fee(tariff, between, left)

"""What a car from outside pays: so much for each hour that has begun, at most so much for a day. Pure; in yuan.

Source of the rule: cars from outside pay 10 yuan for an hour and at most 80 for a day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from gridmap.clock import OFFICE, day_bounds

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEN = Decimal("0.01")


class DayKind(StrEnum):
    """What a day is."""

    FROM_ENTRY = "from_entry"
    """24 hours, counted from when the car came in."""
    CALENDAR = "calendar"
    """From midnight to midnight; each part is priced by itself, so an hour that midnight cuts has begun twice."""


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """The price of a zone. Raises ValueError for what cannot be: below nothing, parts of a fen, a cap below an hour."""

    hourly: Decimal = Decimal(10)
    daily_cap: Decimal = Decimal(80)
    day: DayKind = DayKind.FROM_ENTRY

    def __post_init__(self) -> None:
        whole = all(price == price.quantize(FEN) for price in (self.hourly, self.daily_cap))
        if not (whole and 0 <= self.hourly <= self.daily_cap):
            raise ValueError(f"a tariff that cannot be: {self}")

    @property
    def whole_day(self) -> Decimal:
        """What 24 hours cost, in yuan."""
        return min(24 * self.hourly, self.daily_cap)


def fee_of(tariff: Tariff, stayed: timedelta) -> Decimal:
    """The fee in yuan of a stay of that length, days being counted from its beginning. Raises ValueError below 0."""
    if stayed < timedelta():
        raise ValueError("a stay ends after it begins")
    days, rest = divmod(stayed, DAY)
    hours = -(-rest // HOUR)
    return days * tariff.whole_day + min(hours * tariff.hourly, tariff.daily_cap)


def fee(tariff: Tariff, entered: datetime, left: datetime) -> Decimal:
    """The fee in yuan from when a car came in to when it left, both with a time zone. Raises ValueError below 0."""
    if left < entered:
        raise ValueError("a stay ends after it begins")
    if tariff.day is DayKind.FROM_ENTRY:
        return fee_of(tariff, left - entered)
    total, since = Decimal(0), entered.astimezone(OFFICE)
    while since < left:
        _start, midnight = day_bounds(since.date())
        until = min(left, midnight)
        total += fee_of(tariff, until - since)
        since = midnight
    return total

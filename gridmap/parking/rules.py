"""What an estate has decided about cars from outside, and its clocks: evenings, calendar months, ends of bans. Pure.

Source of the rules: outside cars may come in by day and have to leave at 18:00; who has had three notices and does not
mend it may not enter for three months. Every number of that is the estate's to change.
"""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from gridmap.clock import OFFICE

EVERY_EVENING = frozenset(range(7))
MOST_NOTICES, MOST_MONTHS, MOST_COUNTS = 9, 24, 20
LATEST_MINUTE = 24 * 60 - 1


class BanOn(StrEnum):
    """Which violation proposes the ban."""

    THIRD_NOTICE = "third_notice"
    """The one that brings the last notice."""
    NEXT_VIOLATION = "next_violation"
    """The next one after the last warning: whoever still does not mend it."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds in one estate. Raises ValueError for what cannot be."""

    leave_by: time = time(18)
    tolerance_minutes: int = 0
    free_from: time = time(6)
    """When the evening is over: whoever is seen before still belongs to the evening of the day before."""
    evenings: frozenset[int] = EVERY_EVENING
    """Weekdays whose evenings the rule holds on; Monday is 0."""
    notices: int = 3
    """The last of them is the last warning."""
    ban_on: BanOn = BanOn.NEXT_VIOLATION
    ban_months: int = 3
    clean_months: int = 3
    """So long without a violation, and counting begins anew."""
    stay_counts: int = 3
    """In so many counts in a row, evening and morning, and a car is staying."""

    def __post_init__(self) -> None:
        minutes = self.leave_by.hour * 60 + self.leave_by.minute + self.tolerance_minutes
        fits = (
            self.leave_by.tzinfo is None is self.free_from.tzinfo,
            self.tolerance_minutes >= 0,
            minutes <= LATEST_MINUTE,
            self.free_from < self.leave_by,
            self.evenings <= EVERY_EVENING,
            1 <= self.notices <= MOST_NOTICES,
            1 <= self.ban_months <= MOST_MONTHS,
            1 <= self.clean_months <= MOST_MONTHS,
            2 <= self.stay_counts <= MOST_COUNTS,
        )
        if not all(fits):
            raise ValueError(f"rules that cannot be kept: {self}")

    @property
    def proposes_at(self) -> int:
        """How many evenings of violation propose a ban."""
        return self.notices + (self.ban_on is BanOn.NEXT_VIOLATION)

    def with_hours_of(self, zone: "Rules") -> "Rules":
        """These rules with the hours of a zone that differs from its estate; what follows on them stays as it is."""
        return replace(
            self,
            leave_by=zone.leave_by,
            tolerance_minutes=zone.tolerance_minutes,
            free_from=zone.free_from,
            evenings=zone.evenings,
        )


def evening_of(rules: Rules, at: datetime) -> date | None:
    """The evening on which a car seen then should have been gone; None where it may stand.

    An evening begins after the hour and its tolerance (at 18:00:00 sharp nobody is late) and ends in the morning after;
    it is called by the day on which it began.
    """
    here = at.astimezone(OFFICE)
    last = datetime.combine(here.date(), rules.leave_by, OFFICE) + timedelta(minutes=rules.tolerance_minutes)
    if here > last:
        evening = here.date()
    elif here.time() < rules.free_from:
        evening = here.date() - timedelta(days=1)
    else:
        return None
    return evening if evening.weekday() in rules.evenings else None


def months_after(day: date, months: int) -> date:
    """The same day so many calendar months on, or the last of a month that has no such day: 30 November and 3 months
    are 28 February.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def ban_until(starts_at: datetime, months: int) -> datetime:
    """When a ban that starts then is over, at the same time of day: that moment does not belong to it any more."""
    here = starts_at.astimezone(OFFICE)
    return datetime.combine(months_after(here.date(), months), here.time(), OFFICE)


def forgotten_at(rules: Rules, last: date) -> datetime:
    """When notices count no more, `last` being the last evening of a violation: the first moment of the first evening
    that is so many clean months later, after the evening before it has ended.
    """
    return datetime.combine(months_after(last, rules.clean_months), rules.free_from, OFFICE)

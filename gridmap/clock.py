"""Two clocks: the business clock (injectable, bound into SQL) and the real one (sessions, audit)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

OFFICE = ZoneInfo("Asia/Shanghai")
_STANDARD = timezone(timedelta(hours=8))


class ClockError(Exception):
    """`GRIDMAP_CLOCK` is neither `real` nor an instant with a time zone."""


def real_now() -> datetime:
    """The real time, UTC, for sessions, tokens, lockout and audit; never for business rules."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """The business clock. `fixed` stops it at one instant; None lets it run."""

    fixed: datetime | None = None

    def now(self) -> datetime:
        """The business time, with the office's time zone."""
        return (self.fixed or real_now()).astimezone(OFFICE)

    def today(self) -> date:
        """The office's calendar day."""
        return self.now().date()


def parse_clock(text: str) -> Clock:
    """A Clock from `real` or an ISO instant; an instant without an offset is the office's. Raises ClockError."""
    if text == "real":
        return Clock()
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ClockError(f"{text!r} is not a time; write real or 2026-03-16T09:00+08:00") from None
    return Clock(instant if instant.tzinfo else instant.replace(tzinfo=OFFICE))


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The half-open instants [start, end) of an office day."""
    start = datetime(day.year, day.month, day.day, tzinfo=OFFICE)
    return start, start + timedelta(days=1)


def instant_text(at: datetime) -> str:
    """The instant as RFC 3339 writes it, which knows no offset with seconds, as the office's zone had before 1901."""
    offset = at.utcoffset() or timedelta()
    return (at.astimezone(_STANDARD) if offset % timedelta(minutes=1) else at).isoformat()

"""Case 20: two names for one place or time: renamed districts, bracket tails, 24:00, 12/31 against 31/12."""

import datetime as dt
import re

from gridmap.clock import OFFICE
from gridmap.load.checks.texts import matched, normal
from gridmap.load.draft import Draft
from gridmap.load.synonyms import DAY_PATTERN, RENAMED

_ENDED = {matched(old): (new, day) for old, new, day in RENAMED}
_TAIL = re.compile(r"\s*[(（\[【][^()（）\[\]【】]*[)）\]】]\s*\Z")
_YEAR_FIRST = re.compile(DAY_PATTERN)
_YEAR_LAST = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})")
_CLOCK = re.compile(r"[T ]*(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*(z|[+-]\d{2}:?\d{2})?", re.IGNORECASE)


def today_name(name: str, on: dt.date | None = None) -> str:
    """The name that a district bears today which was called so on that day (None: whenever it was); else as it is.

    A name that had ended by then means nothing that is known.
    """
    new, ended = _ENDED.get(matched(name), (name, None))
    return new if ended is None or on is None or on < ended else name


def tell_former_names(draft: Draft) -> None:
    """Say which districts of the file bear a name that has ended: the file is older than that day."""
    for position, name in enumerate(draft.texts("name") if draft.kind.name == "districts" else ()):
        new, ended = _ENDED.get(matched(name), ("", None))
        if ended:
            draft.note(position, "former_name", raw=name, name=name, today=new, day=ended)


def without_tail(name: str) -> str:
    """A name without its bracket tail (`人民广场(公交站)` → `人民广场`), for matching only, never for showing."""
    return _TAIL.sub("", name) or name


def name_key(name: str, on: dt.date | None = None) -> str:
    """What two names of one place share: renamed districts, width, case, spaces and bracket tails put aside."""
    return matched(without_tail(today_name(name, on)))


def same_name(one: str, other: str, on: dt.date | None = None) -> bool:
    """Whether two names mean the same place: the first as it was used on that day, the second as it is today."""
    return name_key(one, on) == name_key(other)


def _day(text: str, dates: str | None = None) -> tuple[dt.date, str] | None:
    """(the day that the text begins with, the rest); None where there is none or it is ambiguous.

    `dates`: what the source writes first, `dmy` or `mdy`, where it is known.
    """
    compact = re.match(r"(\d{4})(\d{2})(\d{2})(?!\d)", text)
    found = _YEAR_FIRST.match(text) or compact
    if found:
        year, month, day = (int(part) for part in found.groups())
    else:
        found = _YEAR_LAST.match(text)
        if not found:
            return None
        first, second, year = (int(part) for part in found.groups())
        if dates is None and first <= 12 and second <= 12 and first != second:
            return None
        month_first = second > 12 if dates is None else dates == "mdy"
        month, day = (first, second) if month_first else (second, first)
    try:
        return dt.date(year, month, day), text[found.end() :]
    except ValueError:
        return None


def parse_day(text: str, dates: str | None = None) -> dt.date | None:
    """The day of `2020-03-01`, `2020年3月1日`, `20200301`, `12/31/2020`.

    03/04/2020 is ambiguous: None, unless `dates` says what the source writes first (`dmy`, `mdy`).
    """
    found = _day(normal(text), dates)
    if found is None:
        return None
    day, rest = found
    return day if not rest.strip() or _CLOCK.fullmatch(rest.strip()) else None


def parse_moment(text: str) -> dt.datetime | None:
    """A moment with the office's time zone where none is said; 24:00 is the next day's 0:00. None where ambiguous."""
    found = _day(normal(text))
    if found is None:
        return None
    day, rest = found
    clock = _CLOCK.fullmatch(rest.strip()) if rest.strip() else None
    if clock is None:
        return dt.datetime(day.year, day.month, day.day, tzinfo=OFFICE) if not rest.strip() else None
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if hour == 24 and minute == second == 0:
        day, hour = day + dt.timedelta(days=1), 0
    if hour > 23 or minute > 59 or second > 59:
        return None
    zone = clock[4]
    stamp = f"{day.isoformat()}T{hour:02}:{minute:02}:{second:02}{zone or ''}"
    moment = dt.datetime.fromisoformat(stamp.upper())
    return moment if moment.tzinfo else moment.replace(tzinfo=OFFICE)

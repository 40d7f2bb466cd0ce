"""Calendars as text (RFC 5545), to be read by a telephone: events with a beginning and an end, and nothing more.

Written here and not with the package icalendar: sixty lines write all that is needed, nothing is ever read, and times
in UTC need no description of a time zone, which is most of what such a package is for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from unicodedata import category

MEDIA_TYPE = "text/calendar; charset=utf-8"
MOST_OCTETS = 75
"""Of a line, without its end (RFC 5545, 3.1)."""
PRODUCT = "-//gridmap//gridmap//EN"
NAMED = "gridmap"


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something from one moment to another. `uid` stays the same however often it is exported."""

    uid: str
    starts: datetime
    ends: datetime
    title: str
    text: str = ""
    where: str = ""
    revision: int = 0
    """Greater whenever it has changed: calendars take the greatest (SEQUENCE)."""
    is_cancelled: bool = False


def uid_of(kind: str, *ids: int) -> str:
    """A name for an event that no other has, from what it is of and its ids: `turn-5-7@gridmap`."""
    return "-".join([kind, *map(str, ids)]) + f"@{NAMED}"


def calendar_text(name: str, events: Iterable[Event], written_at: datetime) -> str:
    """A whole calendar, events in the order of their beginning, lines ending in CR LF; all times in UTC."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    lines += [f"NAME:{_escaped(name)}", f"X-WR-CALNAME:{_escaped(name)}"]
    for event in sorted(events, key=lambda event: (event.starts, event.uid)):
        lines += _lines(event, written_at)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _lines(event: Event, written_at: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_escaped(event.uid)}"
    yield f"DTSTAMP:{_instant(written_at)}"
    yield f"DTSTART:{_instant(event.starts)}"
    yield f"DTEND:{_instant(event.ends)}"
    yield f"SEQUENCE:{event.revision}"
    yield f"SUMMARY:{_escaped(event.title)}"
    if event.text:
        yield f"DESCRIPTION:{_escaped(event.text)}"
    if event.where:
        yield f"LOCATION:{_escaped(event.where)}"
    yield f"STATUS:{'CANCELLED' if event.is_cancelled else 'CONFIRMED'}"
    yield "END:VEVENT"


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    """TEXT of RFC 5545, 3.3.11: no control character reaches the file, ends of lines are written as such."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = "".join(sign for sign in plain if sign == "\n" or category(sign) not in ("Cc", "Cs"))
    for sign in "\\;,":
        plain = plain.replace(sign, f"\\{sign}")
    return plain.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """The line in parts of 75 octets at most, the further ones after a space; no sign is cut in two."""
    part, octets = "", 0
    for sign in line:
        length = len(sign.encode())
        if octets + length > MOST_OCTETS:
            yield part
            part, octets = " ", 1
        part, octets = part + sign, octets + length
    yield part

"""Calendars as text, read back by a small reader of its own, written from RFC 5545 and not from the writer."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.clock import OFFICE
from gridmap.ics import Event, calendar_text, uid_of

WRITTEN = datetime(2026, 3, 16, 9, 0, tzinfo=OFFICE)
STARTS = datetime(2026, 3, 16, 18, 0, tzinfo=OFFICE)
SIGNS = st.characters(codec="utf-8", exclude_categories=["Cc"])
TEXTS = st.text(SIGNS | st.sampled_from("\n\\;,:\"'值班🚗"), max_size=200)


def properties(text: str) -> list[tuple[str, str]]:
    """Name and raw value of each content line; ends of lines, lengths and folds are held to the letter."""
    octets = text.encode()
    assert octets.endswith(b"\r\n")
    lines = octets[:-2].split(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    for line in lines:
        line.decode()  # no sign is cut in two
    unfolded = re.sub(rb"\r\n[ \t]", b"", octets[:-2]).decode()
    found = []
    for line in unfolded.split("\r\n"):
        name, colon, value = line.partition(":")
        assert colon
        assert re.fullmatch(r"[A-Z-]+", name)
        found.append((name, value))
    return found


def clear(value: str) -> str:
    """A TEXT value as it was meant; every special sign must have been escaped."""
    assert re.fullmatch(r"(?:[^\\;,]|\\[\\;,nN])*", value)
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def events_in(text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    stack: list[str] = []
    for name, value in properties(text):
        if name == "BEGIN":
            stack.append(value)
            found += [{}] if value == "VEVENT" else []
        elif name == "END":
            assert stack.pop() == value
        elif stack == ["VCALENDAR", "VEVENT"]:
            assert name not in found[-1]
            found[-1][name] = value
    assert not stack
    return found


def instant(value: str) -> datetime:
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def event(**words: object) -> Event:
    plain = {"uid": uid_of("turn", 7), "starts": STARTS, "ends": STARTS + timedelta(hours=2), "title": "停车值班"}
    return Event(**(plain | words))  # type: ignore[arg-type]  # words of Event


@given(title=TEXTS, text=TEXTS, where=TEXTS, name=TEXTS)
def test_every_text_comes_back_as_it_went(title: str, text: str, where: str, name: str) -> None:
    written = calendar_text(name, [event(title=title, text=text, where=where)], WRITTEN)
    (read,) = events_in(written)
    assert clear(read["SUMMARY"]) == title
    assert clear(read.get("DESCRIPTION", "")) == text
    assert clear(read.get("LOCATION", "")) == where
    assert clear(dict(properties(written))["X-WR-CALNAME"]) == name


@given(st.integers(-(10**8), 10**8), st.integers(1, 2000))
def test_times_are_the_same_moments(seconds: int, minutes: int) -> None:
    begins = STARTS + timedelta(seconds=seconds)
    (read,) = events_in(calendar_text("", [event(starts=begins, ends=begins + timedelta(minutes=minutes))], WRITTEN))
    assert instant(read["DTSTART"]) == begins
    assert instant(read["DTEND"]) - instant(read["DTSTART"]) == timedelta(minutes=minutes)
    assert instant(read["DTSTAMP"]) == WRITTEN


def test_a_calendar_of_evenings() -> None:
    events = [
        event(uid=uid_of("turn", 2), starts=STARTS + timedelta(days=1), ends=STARTS + timedelta(days=1, hours=2)),
        event(uid=uid_of("turn", 1), revision=3, is_cancelled=True),
    ]
    written = calendar_text("花苑停车值班", events, WRITTEN)
    top = dict(properties(written))
    assert (top["VERSION"], top["METHOD"], top["CALSCALE"]) == ("2.0", "PUBLISH", "GREGORIAN")
    assert "PRODID" in top
    first, second = events_in(written)
    assert (first["UID"], first["SEQUENCE"], first["STATUS"]) == ("turn-1@gridmap", "3", "CANCELLED")
    assert (second["UID"], second["SEQUENCE"], second["STATUS"]) == ("turn-2@gridmap", "0", "CONFIRMED")
    assert first["DTSTART"] == "20260316T100000Z"
    assert calendar_text("花苑停车值班", reversed(events), WRITTEN) == written


def test_an_empty_calendar_is_one() -> None:
    assert events_in(calendar_text("", [], WRITTEN)) == []


def test_names_of_events_stay_and_differ() -> None:
    assert uid_of("turn", 5, 7) == uid_of("turn", 5, 7) == "turn-5-7@gridmap"
    assert len({uid_of("turn", 57), uid_of("turn", 5, 7), uid_of("swap", 5, 7)}) == 3


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\r", "\x85", "\ud800"])
def test_what_no_calendar_may_hold_is_left_out(sign: str) -> None:
    written = calendar_text("", [event(title=f"a{sign}b\r\nBEGIN:VALARM")], WRITTEN)
    (read,) = events_in(written)
    assert clear(read["SUMMARY"]) in ("ab\nBEGIN:VALARM", "a\nb\nBEGIN:VALARM")

"""Rows of a hotline's file as orders: numbers, moments and kinds read, personal data told apart. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from gridmap.clock import OFFICE
from gridmap.incidents.hotline.words import EMERGENCY, KINDS, MOMENT, NOT, OTHER, STOP, YES

END_OF_DAY = time(18)
"""A deadline that names only its day runs until the office closes."""
MOST_TEXT, MOST_ADDRESS, MOST_NUMBER, MOST_NAME = 1_000, 200, 60, 40
YEARS = (2000, 2100)
_MOMENT = re.compile(MOMENT)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(?:\d{2})?)?\Z")
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(0\d{2,3}-?)\d{4}(\d{3,4})(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)(\d{4})\d{10}(\d{3}[\dXx])(?!\d)")
_KINDS = tuple((re.compile(pattern), code) for pattern, code in KINDS)


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order of the hotline; moments in the office's time zone, personal data in clear."""

    row: int
    number: str
    received_at: datetime | None
    due_at: datetime | None
    address: str
    text: str
    category: str
    kind: str
    is_urgent: bool
    caller: str
    phone: str
    raw: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A row that is no order: where it stands, why, and what stood there."""

    row: int
    reason: str
    raw: str = ""


def read_orders(
    rows: Iterable[tuple[int, Mapping[str, str]]], columns: Mapping[str, str]
) -> tuple[list[Order], list[Refused]]:
    """The orders, and the rows that are none: no number, a number twice, no words, a deadline that is no day.

    `columns`: our word → heading.
    """
    orders: dict[str, Order] = {}
    refused: list[Refused] = []
    for row, cells in rows:
        said = {word: _clean(cells.get(heading, "")) for word, heading in columns.items()}
        reason, raw = _fault(said, orders)
        if reason:
            refused.append(Refused(row=row, reason=reason, raw=raw))
        else:
            orders[said["number"]] = _order(row, said, cells)
    return list(orders.values()), refused


def _fault(said: Mapping[str, str], known: Mapping[str, Order]) -> tuple[str, str]:
    number = said.get("number", "")
    if not number or len(number) > MOST_NUMBER or re.fullmatch(r"\d+(?:\.\d+)?[eE]\+?\d+", number):
        # Excel has made 1.23E+15 of a long number: two orders could not be told apart
        return "number", number
    if number in known:
        return "twice", number
    if not said.get("text") and not said.get("title"):
        return "text", number
    due = said.get("due_at", "")
    if due and read_moment(due, END_OF_DAY) is None:
        return "due", due
    return "", ""


def _order(row: int, said: Mapping[str, str], raw: Mapping[str, str]) -> Order:
    title, text = said.get("title", ""), said.get("text", "")
    words = text if not title or title in text else f"{title}{STOP}{text}" if text else title
    category = said.get("category", "")
    return Order(
        row=row,
        number=said["number"],
        received_at=read_moment(said.get("received_at", ""), time(0)),
        due_at=read_moment(said.get("due_at", ""), END_OF_DAY),
        address=said.get("address", "")[:MOST_ADDRESS],
        text=words[:MOST_TEXT],
        category=category[:MOST_NAME],
        kind=kind_of(category, words),
        is_urgent=is_urgent(said.get("urgency", "")),
        caller=said.get("caller", "")[:MOST_NAME],
        phone=said.get("phone", "")[:MOST_NAME],
        raw=dict(raw),
    )


def is_urgent(said: str) -> bool:
    """Whether the hotline's own words for it mean that somebody has to go at once."""
    plain = said.strip().lower()
    return plain in YES or any(word in plain and f"{NOT}{word}" not in plain for word in EMERGENCY)


def kind_of(category: str, words: str) -> str:
    """The code of our kind: what the category means, else what the words speak of, else other matters."""
    for text in (category, words):
        found = next((code for pattern, code in _KINDS if pattern.search(text)), None)
        if found:
            return found
    return OTHER


def read_moment(text: str, without_time: time) -> datetime | None:
    """A moment of the office's clock in the spellings of hotlines; `without_time` where only a day is said.

    24:00 is the end of the day. None for what is no moment.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _MOMENT.match(plain) or _COMPACT.match(plain)
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
        if not YEARS[0] <= day.year <= YEARS[1]:
            return None
        if found[4] is None:
            return datetime.combine(day, without_time, OFFICE)
        hour, minute = int(found[4]), int(found[5] or 0)
        if (hour, minute) == (24, 0):
            hour, minute = 23, 59
        return datetime.combine(day, time(hour, minute), OFFICE)
    except ValueError:
        return None


def masked_text(text: str) -> str:
    """A text without what identifies: telephone and identity numbers keep their first and last digits."""
    text = _IDENTITY.sub(r"\1**********\2", text)
    text = _PHONE.sub(r"\1****\2", text)
    return _LANDLINE.sub(r"\1****\2", text)


def masked_cells(order: Order, columns: Mapping[str, str], *, is_private: bool) -> dict[str, str]:
    """The row as it may be shown: the caller's name and telephone masked, and all words where they are private."""
    hidden = {columns.get("caller"): _masked_name(order.caller), columns.get("phone"): _masked_phone(order.phone)}
    if is_private:
        hidden |= hidden_words(columns)
    return {heading: hidden.get(heading, masked_text(cell)) for heading, cell in order.raw.items()}


def hidden_words(columns: Mapping[str, str]) -> dict[str | None, str]:
    """The cells of what was said, hidden: of private matters."""
    return {columns[word]: "***" for word in ("text", "title") if word in columns}


def _masked_name(name: str) -> str:
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""


def _masked_phone(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "****" if phone else ""


def _clean(text: str) -> str:
    """One line without what cannot be shown or stored."""
    flat = " ".join(text.replace("\0", "").split())
    return "".join(sign for sign in flat if sign.isprintable())

"""Values as they stand in a cell, and the state of a row: its revision and a trace of what stood in each cell."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from gridmap.i18n import translate
from gridmap.read.sheets.fields import Field, FieldType, Sheet

MOST_SIGNS = 30_000
"""A cell of Excel holds a little more."""
TRACE = 6
"""Digits of each trace: one in sixteen million edits would go unseen."""
NAMES = "\u3001"
UNTRUE = frozenset("\ufffe\uffff")


@dataclass(frozen=True, kw_only=True)
class State:
    """What a row was when it was taken out."""

    revision: int
    traces: Mapping[str, str]


def cell_text(field: Field, value: Any, locale: str, titles: Mapping[str, str]) -> str:
    """The value as its cell says it; `titles`: those of the codes of the field. Nothing for nothing."""
    if value is None:
        return ""
    match field.type:
        case FieldType.CODED:
            return plain_text(translate(locale, titles.get(str(value), str(value))))
        case FieldType.NAMES:
            return plain_text(NAMES.join(value))
        case FieldType.DECIMAL:
            return decimal_text(Decimal(str(value)), field.decimals)
        case FieldType.DAY:
            return str(value.isoformat())
    return plain_text(str(value))


def plain_text(text: str) -> str:
    """The text as a workbook can hold it: one line, no signs that XML does not know."""
    kept = "".join(sign if _is_writable(sign) else " " if sign.isspace() else "" for sign in text[:MOST_SIGNS])
    return " ".join(kept.split())


def _is_writable(sign: str) -> bool:
    return sign >= " " and not ("\x7f" <= sign <= "\x9f" or "\ud800" <= sign <= "\udfff" or sign in UNTRUE)


def decimal_text(value: Decimal, decimals: int) -> str:
    """The number rounded as the register keeps it, without zeros at its end."""
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    text = f"{rounded:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def trace(text: str) -> str:
    """A short trace of what a cell held: equal for equal texts."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=TRACE // 2).hexdigest()


def state_text(sheet: Sheet, revision: int, texts: Mapping[str, str]) -> str:
    """The state of a row, for its narrow column."""
    return f"{revision}." + "".join(trace(texts.get(field.name, "")) for field in sheet.fields)


def read_state(sheet: Sheet, text: str) -> State | None:
    """The state that a narrow column holds; None where it has been changed."""
    revision, _dot, traces = text.partition(".")
    names: Sequence[str] = [field.name for field in sheet.fields]
    if not (revision.isascii() and revision.isdigit() and len(revision) < 10 and len(traces) == TRACE * len(names)):
        return None
    cut = [traces[at : at + TRACE] for at in range(0, len(traces), TRACE)]
    return State(revision=int(revision), traces=dict(zip(names, cut, strict=True)))


def excel_value(field: Field, text: str) -> str | int | float | dt.date:
    """What is written into the cell: numbers and days as such, everything else as text."""
    match field.type:
        case FieldType.WHOLE | FieldType.YEAR:
            return int(text)
        case FieldType.DECIMAL:
            return float(text)
        case FieldType.DAY:
            return dt.date.fromisoformat(text)
    return text

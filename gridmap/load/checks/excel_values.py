"""Case 16: building numbers turned into dates, long numbers that lost digits, identity numbers.

Identity numbers are never imported, whatever the column: a row that holds one in a mapped column is refused, and the
report shows it masked.
"""

import datetime as dt
import re
from typing import Any

import numpy as np

from gridmap.load.checks.texts import DISPLAYED
from gridmap.load.draft import Draft, Mask
from gridmap.load.formats.table import cell_text
from gridmap.load.identity import hide_identity, holds_mobile, identity_numbers
from gridmap.load.kinds import ValueType
from gridmap.load.reading import KEPT, ROW, SHAPE_CODE, SHAPE_TEXT
from gridmap.load.synonyms import SAVED_DAY_PATTERNS

_SAVED = tuple(re.compile(pattern) for pattern in SAVED_DAY_PATTERNS)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH = re.compile(rf"(?P<day>\d{{1,2}})-(?P<month>{'|'.join(_MONTHS)})", re.IGNORECASE)
NUMBERED = {"buildings": frozenset({"name", "number", "code"})}
"""Where a day is never what was meant, even as text: 3-1 was made a day, and saved as such."""
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{2,}")
EXACT_DIGITS = 1e15
IDENTITY_LENGTH = 18
MOBILE_LENGTH = 11


def holds_identity(value: Any) -> bool:
    """Whether an identity number stands anywhere in the cell; one that lost its last digits counts too."""
    if isinstance(value, str) and len(value) < IDENTITY_LENGTH:
        return False
    if isinstance(value, int | float) and abs(value) < 10 ** (IDENTITY_LENGTH - 1):
        return False
    if isinstance(value, float) and value >= 1e17:
        return len(str(int(value))) == IDENTITY_LENGTH
    return bool(identity_numbers(cell_text(value)))


def refuse_excel_values(draft: Draft) -> None:
    """Refuse rows with identity numbers, dates in place of numbers, and ids whose digits are lost."""
    for column in [name for name in draft.frame.columns if _is_checked(draft, str(name))]:
        values = draft.frame[column]
        if values.dtype != object and values.dtype.kind not in "fOU":
            continue
        _refuse_identities(draft, column)
        target = draft.kind.target(column)
        if target is None or target.type in (ValueType.DATE, ValueType.YEAR):
            continue
        _refuse_dates(draft, column)
        if column in NUMBERED.get(draft.kind.name, ()):
            _refuse_written_dates(draft, column)
        if target.type in (ValueType.TEXT, ValueType.CODE, ValueType.PHONE):
            _refuse_lost_digits(draft, column)
    _refuse_kept_identities(draft)
    _tell_mobiles(draft)


def _may_hold_mobile(value: Any) -> bool:
    """Whether a mobile number stands in the cell; what is too short or too small for one is not looked through."""
    if isinstance(value, str):
        return len(value) >= MOBILE_LENGTH and holds_mobile(value)
    return isinstance(value, int | float) and value >= 10**MOBILE_LENGTH / 10 and holds_mobile(cell_text(value))


def _tell_mobiles(draft: Draft) -> None:
    """Say which columns that will be stored hold mobile numbers, and in how many rows: whoever sees the row reads them.

    Of people they are judged row by row.
    """
    if not draft.kind.shapes:
        return
    counts: dict[str, int] = {}
    read = [one for one in draft.kind.targets if one.name in DISPLAYED and draft.has(one.name)]
    for target in read:
        column = draft.columns.get(target.name, target.name)
        counts[column] = sum(map(_may_hold_mobile, draft.frame[target.name]))
    for row in draft.frame[KEPT] if draft.kept else ():
        for name, value in row.items():
            counts[name] = counts.get(name, 0) + _may_hold_mobile(value)
    for column, rows in counts.items():
        if rows:
            draft.warn("mobile_numbers", column=column, rows=rows)


def _refuse_kept_identities(draft: Draft) -> None:
    """The same for columns that are kept: they too would be imported."""
    if not draft.kept:
        return
    found = [next((name for name, value in row.items() if holds_identity(value)), "") for row in draft.frame[KEPT]]
    raws = [hide_identity(cell_text(row.get(name))) for name, row in zip(found, draft.frame[KEPT], strict=True)]
    draft.frame = draft.frame.assign(**{"@raw_column": found, "@raw_identity": raws})
    for name in dict.fromkeys(name for name in found if name):
        where = (draft.frame["@raw_column"] == name).to_numpy()
        draft.reject(where, "identity_number", raw_from="@raw_identity", column_name=name)
    draft.frame = draft.frame.drop(columns=["@raw_column", "@raw_identity"])


def _is_checked(draft: Draft, column: str) -> bool:
    internal = (ROW, KEPT, SHAPE_CODE, SHAPE_TEXT, draft.frame.geometry.name)
    return column not in internal and not column.startswith("@raw")


def _mask(draft: Draft, column: str, test: Any) -> Mask:
    # asked once for values that repeat; 1, 1.0 and True are three
    keys = [(type(value), value) for value in draft.frame[column].tolist()]
    found = {key for key in set(keys) if test(key[1])}
    return np.fromiter((key in found for key in keys), bool, len(keys)) if found else np.zeros(len(keys), bool)


def _refuse_identities(draft: Draft, column: str) -> None:
    found = _mask(draft, column, holds_identity)
    if found.any():
        frame = draft.frame.copy()
        frame["@raw_identity"] = [hide_identity(cell_text(value)) for value in frame[column]]
        draft.frame = frame
        draft.reject(found, "identity_number", raw_from="@raw_identity", column_name=draft.columns.get(column, column))
        draft.frame = draft.frame.drop(columns="@raw_identity")


def _refuse_dates(draft: Draft, column: str) -> None:
    found = _mask(draft, column, lambda value: isinstance(value, dt.date | dt.time))
    for position in np.flatnonzero(found)[::-1]:
        one = np.zeros(len(draft), dtype=bool)
        one[position] = True
        value = draft.frame[column].iloc[position]
        reading = f"{value.month}-{value.day}" if isinstance(value, dt.date) else str(value)
        draft.reject(one, "became_date", raw_from=column, number=reading, date=value)


def _refuse_written_dates(draft: Draft, column: str) -> None:
    texts = [value.strip() if isinstance(value, str) else "" for value in draft.frame[column]]
    numbers = {text: number for text in set(texts) if (number := _written_number(text))}
    for position in reversed([at for at, text in enumerate(texts) if text in numbers]):
        one, text = np.arange(len(draft)) == position, texts[position]
        draft.reject(one, "became_date", raw_from=column, number=numbers[text], date=text)


def _written_number(text: str) -> str:
    """The building number that a day was, `3-1` for 1-Mar and 2026-03-01; empty for what is no day, as 3-1 itself."""
    english = _ENGLISH.fullmatch(text)
    if english:
        return f"{_MONTHS.index(english['month'].lower()) + 1}-{int(english['day'])}"
    found = next((day for pattern in _SAVED if (day := pattern.fullmatch(text))), None)
    return f"{int(found['month'])}-{int(found['day'])}" if found else ""


def _refuse_lost_digits(draft: Draft, column: str) -> None:
    def is_lost(value: Any) -> bool:
        if isinstance(value, float):
            return abs(value) >= EXACT_DIGITS
        return isinstance(value, str) and bool(_SCIENTIFIC.fullmatch(value.strip()))

    draft.reject(_mask(draft, column, is_lost), "digits_lost", raw_from=column)

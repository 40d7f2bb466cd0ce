"""Case 16: building numbers turned into dates, long numbers that lost digits, identity numbers.

Identity numbers are never imported, whatever the column: a row that holds one in a mapped column is refused, and the
report shows it masked.
"""

import datetime as dt
import re
from typing import Any

import numpy as np

from gridmap.load.draft import Draft, Mask
from gridmap.load.formats.table import cell_text
from gridmap.load.identity import hide_identity, identity_numbers
from gridmap.load.kinds import ValueType
from gridmap.load.reading import KEPT, ROW, SHAPE_CODE, SHAPE_TEXT

_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{2,}")
EXACT_DIGITS = 1e15
IDENTITY_LENGTH = 18


def holds_identity(value: Any) -> bool:
    """Whether an identity number stands anywhere in the cell; one that lost its last digits counts too."""
    if isinstance(value, str) and len(value) < IDENTITY_LENGTH:
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
        if target.type in (ValueType.TEXT, ValueType.CODE, ValueType.PHONE):
            _refuse_lost_digits(draft, column)
    _refuse_kept_identities(draft)


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
    return np.fromiter((bool(test(value)) for value in draft.frame[column].tolist()), bool, len(draft.frame))


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


def _refuse_lost_digits(draft: Draft, column: str) -> None:
    def is_lost(value: Any) -> bool:
        if isinstance(value, float):
            return abs(value) >= EXACT_DIGITS
        return isinstance(value, str) and bool(_SCIENTIFIC.fullmatch(value.strip()))

    draft.reject(_mask(draft, column, is_lost), "digits_lost", raw_from=column)

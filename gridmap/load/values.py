"""Cells into values: numbers, years, dates, codes of fixed length, our own code words.

A value that cannot be read leaves its row without it and is listed as corrected; a code or name that must be there
and is not refuses the row.
"""

import re
from typing import Any

import numpy as np
import pandas as pd

from gridmap.load.checks.aliases import parse_day
from gridmap.load.classes import building_kind, by_word, facility_kind
from gridmap.load.draft import Draft
from gridmap.load.kinds import Target, ValueType
from gridmap.load.synonyms import GRID_TYPES, LINE_CLASSES, MANAGEMENTS, STATES, UNIT_PATTERN, YEAR_PATTERN

_NUMBER = re.compile(UNIT_PATTERN)
_YEAR = re.compile(YEAR_PATTERN)


def _number(text: str) -> float | None:
    found = _NUMBER.fullmatch(text.replace(",", "").strip().lower())
    return float(found[1]) if found else None


def read_value(target: Target, text: str, dates: str | None = None) -> Any:
    """The value of a cell's text; None where it cannot be one. An empty text is never given.

    `dates`: what the source writes first in 03/04/2020, where it is known.
    """
    match target.type:
        case ValueType.TEXT | ValueType.PHONE:
            return text
        case ValueType.CODE:
            digits = re.sub(r"[\s-]", "", text)
            return digits if digits.isdigit() and (target.digits is None or len(digits) == target.digits) else None
        case ValueType.DATE:
            return parse_day(text, dates)
        case ValueType.YEAR:
            found = _YEAR.fullmatch(text)
            number: float | None = float(found[1]) if found else None
        case _:
            number = _number(text)
    if number is None or (target.limits and not target.limits[0] <= number <= target.limits[1]):
        return None
    if target.type is ValueType.DECIMAL:
        return number
    return int(number) if number.is_integer() else None


def read_values(draft: Draft) -> None:
    """Give every target column its typed values; columns that the file does not fill are empty."""
    for target in draft.kind.targets:
        texts = draft.texts(target.name).str.strip()
        if target.type is ValueType.CODE and target.digits:
            texts = texts.map(lambda text, digits=target.digits: _official(text, digits))
        meant = {text: read_value(target, text, draft.options.dates) if text else None for text in set(texts)}
        values = [meant[text] for text in texts]
        filled = (texts != "").to_numpy()
        unread = filled & np.array([value is None for value in values], dtype=bool)
        frame = draft.frame.copy()
        frame[f"@raw_{target.name}"] = texts
        frame[target.name] = pd.Series(values, index=frame.index, dtype=object)
        draft.frame = frame
        _settle(draft, target, filled, unread)
        draft.frame = draft.frame.drop(columns=f"@raw_{target.name}")
    _choose_words(draft)


def _official(text: str, digits: int) -> str:
    """A statistical code without the zeros that fill it up beyond its level (`310113000000` → `310113`)."""
    compact = re.sub(r"[\s-]", "", text)
    if compact.isdigit() and len(compact) > digits and not compact[digits:].strip("0"):
        return compact[:digits]
    return compact


def _settle(draft: Draft, target: Target, filled: Any, unread: Any) -> None:
    raw = f"@raw_{target.name}"
    strict = target.required or target.type is ValueType.CODE
    if not strict:
        for row in np.flatnonzero(unread):
            draft.correct(
                row, "value_dropped", raw=draft.frame[raw].iloc[row], column=draft.columns.get(target.name, "")
            )
        return
    bad = unread | (~filled if target.required else np.zeros(len(filled), dtype=bool))
    code = "code_wrong" if target.type is ValueType.CODE else "value_missing"
    params: dict[str, object] = {"column": draft.columns.get(target.name, target.name), "digits": target.digits or ""}
    draft.reject(bad & filled, code, raw_from=raw, **params)
    draft.reject((bad & ~filled)[~(bad & filled)], "value_missing", raw_from=raw, **params)


def _choose_words(draft: Draft) -> None:
    """Our code words for what the source calls kind, type, state or class."""
    frame = draft.frame.copy()
    if draft.kind.name == "buildings":
        rows = zip(draft.texts("building_kind"), frame["floors"], frame["height_m"], strict=True)
        frame["building_kind"] = [building_kind(text, floors, height) for text, floors, height in rows]
        number = draft.texts("number")
        frame["name"] = draft.texts("name").where(draft.texts("name") != "", number)
    elif draft.kind.name == "facilities":
        frame["source_kind"] = frame["facility_kind"]
        known = draft.known.facility_kinds
        frame["facility_kind"] = [facility_kind(text, known) for text in draft.texts("facility_kind")]
        frame["state"] = [by_word(STATES, text) or "working" for text in draft.texts("state")]
    elif draft.kind.name == "estates":
        frame["management"] = _managements(draft)
    draft.frame = frame
    if draft.kind.name == "grids":
        _classes(draft, "grid_type", GRID_TYPES)
    elif draft.kind.name in LINE_CLASSES:
        _classes(draft, "line_class", LINE_CLASSES[draft.kind.name])


def _managements(draft: Draft) -> list[str]:
    """The management of estates: the word, or `property` where a company is named."""
    companies = draft.texts("property")
    return [
        by_word(MANAGEMENTS, text) or ("property" if company else "unknown")
        if text
        else "property"
        if company
        else "unknown"
        for text, company in zip(draft.texts("management"), companies, strict=True)
    ]


def _classes(draft: Draft, column: str, words: Any) -> None:
    """Rows whose class is none of ours are listed, because the map would not know how to draw them."""
    raw = draft.texts(column)
    found = [by_word(words, text) for text in raw]
    draft.frame = draft.frame.assign(
        **{column: pd.Series(found, index=draft.frame.index, dtype=object), "@raw_class": raw}
    )
    unknown = np.array([code is None for code in found], dtype=bool)
    draft.reject(unknown, "class_unknown", raw_from="@raw_class", classes=", ".join(words))
    draft.frame = draft.frame.drop(columns="@raw_class")

"""Case 15: full-width digits, dots and letters, odd spaces, leading zeros."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pandas as pd

from gridmap.load.draft import Draft
from gridmap.load.formats.table import cell_text
from gridmap.load.reading import KEPT, ROW, SHAPE_CODE, SHAPE_TEXT

_SPACES = re.compile(r"[\s\u3000\u200b\ufeff]+")
DISPLAYED = frozenset({"name", "aliases", "address", "display_name", "property", "origin"})
"""Columns that people read: trimmed, but their characters are kept as they were written."""


def normal(text: str) -> str:
    """NFKC (`１２１．４７` → `121.47`), inner spaces made one, trimmed."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def matched(name: str) -> str:
    """A name for comparing: NFKC, no spaces, lower case; never for showing."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", name)).lower()


def _shown(value: Any) -> str:
    return _SPACES.sub(" ", cell_text(value)).strip()


def _compared(value: Any) -> str:
    return normal(cell_text(value))


def _each(values: list[Any], read: Callable[[Any], str]) -> list[str]:
    """What `read` gives for each value, asked once for values that repeat; 1, 1.0 and True are three."""
    found: dict[tuple[type, Any], str] = {}
    texts = []
    for value in values:
        key = (type(value), value)
        text = found.get(key)
        if text is None:
            text = found[key] = read(value)
        texts.append(text)
    return texts


def normalise_texts(draft: Draft) -> None:
    """Make every cell text: displayed columns are trimmed, the others brought to plain digits and letters."""
    frame = draft.frame.copy()
    for column in frame.columns:
        if column in (ROW, KEPT, SHAPE_CODE, SHAPE_TEXT, frame.geometry.name) or str(column).startswith("@raw"):
            continue
        read = _shown if column in DISPLAYED else _compared
        frame[column] = pd.Series(_each(frame[column].tolist(), read), index=frame.index, dtype=object)
    draft.frame = frame

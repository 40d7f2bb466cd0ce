"""Case 15: full-width digits, dots and letters, odd spaces, leading zeros."""

import re
import unicodedata

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


def normalise_texts(draft: Draft) -> None:
    """Make every cell text: displayed columns are trimmed, the others brought to plain digits and letters."""
    frame = draft.frame.copy()
    for column in frame.columns:
        if column in (ROW, KEPT, SHAPE_CODE, SHAPE_TEXT, frame.geometry.name) or str(column).startswith("@raw"):
            continue
        texts = frame[column].map(cell_text)
        if column in DISPLAYED:
            frame[column] = texts.map(lambda text: _SPACES.sub(" ", text).strip())
        else:
            frame[column] = texts.map(normal)
    draft.frame = frame

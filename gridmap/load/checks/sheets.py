"""Case 13: title rows, merged cells, headers of two lines, total rows and notes at the foot of a sheet."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gridmap.load.checks.columns import known_words, plain
from gridmap.load.synonyms import NOTE_PATTERN, TOTAL_PATTERN

SEARCHED_ROWS = 30
_TOTAL = re.compile(TOTAL_PATTERN, re.IGNORECASE)
_NOTE = re.compile(NOTE_PATTERN, re.IGNORECASE)

Row = tuple[int, list[Any]]
"""(number as a person counts, cells)."""


@dataclass(frozen=True)
class Sheet:
    """A table cut free: its column names, its rows, and the rows that were left out with the reason's code."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    dropped: tuple[tuple[int, str, str], ...]
    """(row number, problem code, text) of total rows and notes."""
    header: int
    """The row number of the (last) header line."""


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _score(cells: Sequence[Any], words: frozenset[str]) -> int:
    return sum(1 for cell in cells if isinstance(cell, str) and plain(cell) in words)


def _header_at(rows: Sequence[Row], words: frozenset[str]) -> int:
    """The position of the row with most words that columns are called by; else the first with two texts."""
    searched = rows[:SEARCHED_ROWS]
    scores = [_score(cells, words) for _, cells in searched]
    if max(scores, default=0) > 0:
        return scores.index(max(scores))
    for position, (_, cells) in enumerate(searched):
        if sum(isinstance(cell, str) and bool(cell.strip()) for cell in cells) >= 2:
            return position
    return 0


def _names(upper: Sequence[Any], lower: Sequence[Any] | None) -> list[str]:
    """Column names from one or two header lines, each unique, empty ones numbered."""
    names: list[str] = []
    for position, top in enumerate(upper):
        below = lower[position] if lower is not None and position < len(lower) else None
        name = str(top if _is_empty(below) else below).strip() if not (_is_empty(top) and _is_empty(below)) else ""
        name = name or f"column {position + 1}"
        names.append(name if name not in names else f"{name} {position + 1}")
    return names


def _dropped_as(cells: Sequence[Any]) -> tuple[str, str] | None:
    """(code, text) for a total row or a note; None for a row of data."""
    filled = [cell for cell in cells if not _is_empty(cell)]
    first = unicodedata.normalize("NFKC", str(filled[0])).strip()
    if _TOTAL.fullmatch(re.sub(r"(?<=[^\W\d_a-zA-Z])\s+(?=[^\W\d_a-zA-Z])", "", first)):
        return "total_row", " ".join(str(cell) for cell in filled)
    if len(filled) == 1 and _NOTE.match(first):
        return "note_row", first
    return None


def cut_table(
    rows: Sequence[Row], *, spanned: frozenset[int] = frozenset(), words: frozenset[str] | None = None
) -> Sheet:
    """The table within the rows of a sheet. `spanned`: numbers of rows where one header cell spans several columns.

    `words`: what columns are called, in plain words; see known_words.
    """
    filled = [row for row in rows if not all(map(_is_empty, row[1]))]
    if not filled:
        return Sheet((), (), (), 0)
    at = _header_at(filled, known_words() if words is None else words)
    above, last = filled[at], at
    lower: Sequence[Any] | None = None
    if above[0] in spanned and at + 1 < len(filled):
        lower, last = filled[at + 1][1], at + 1
    elif at > 0 and filled[at - 1][0] in spanned and len([c for c in filled[at - 1][1] if not _is_empty(c)]) > 1:
        above, lower = filled[at - 1], filled[at][1]
    width = max(len(cells) for _, cells in filled)
    upper = list(above[1]) + [None] * (width - len(above[1]))
    kept: list[Row] = []
    dropped: list[tuple[int, str, str]] = []
    for number, cells in filled[last + 1 :]:
        reason = _dropped_as(cells)
        if reason is None:
            kept.append((number, list(cells) + [None] * (width - len(cells))))
        else:
            dropped.append((number, *reason))
    return Sheet(tuple(_names(upper, lower)), tuple(kept), tuple(dropped), filled[last][0])

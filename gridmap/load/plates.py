"""A list of registered number plates as an estate keeps it: one column of a CSV or a workbook; nothing is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridmap.load.checks.columns import plain
from gridmap.load.checks.workbooks import refuse_format
from gridmap.load.finding import LoadError
from gridmap.load.formats.excel import sheet_rows
from gridmap.load.formats.table import cell_text, csv_rows
from gridmap.load.synonyms import PLATE_COLUMNS
from gridmap.parking.plates import Plate, UnreadablePlate, read_plate

TEXTS, WORKBOOKS = (".csv", ".tsv", ".txt"), (".xlsx", ".xlsm")
MOST_BYTES, MOST_ROWS = 5_000_000, 5_000
SEARCHED = 30
"""So many rows from the top may be titles and headings."""


@dataclass(frozen=True, kw_only=True)
class PlateFile:
    """A file as it was read: rows by the number that a person counts, without titles and headings.

    `columns` are called by their heading, or by their number where there is none; `column` is that of the plates.
    """

    name: str
    columns: tuple[str, ...]
    column: int
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    encoding: str | None = None


@dataclass(frozen=True, kw_only=True)
class PlateRow:
    """A row: the plate in it, or a code of `gridmap.parking.words.PLATES` and what stood there."""

    number: int
    raw: str
    plate: Plate | None = None
    problem: str = ""
    same_as: int | None = None
    """The earlier row that holds the same plate."""


def read_plate_file(path: Path) -> PlateFile:
    """The rows of a list of plates, every cell as text. Raises LoadError with one sentence for what cannot be read."""
    refuse_format(path)
    form = path.suffix.lower()
    if form not in (*TEXTS, *WORKBOOKS):
        raise LoadError("refused_document", file=path.name)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise LoadError("too_large", file=path.name, megabytes=MOST_BYTES // 1_000_000)
    if size == 0:
        raise LoadError("no_rows")
    raw, encoding = csv_rows(path) if form in TEXTS else (sheet_rows(path), None)
    rows = _filled(raw)
    if not rows:
        raise LoadError("no_rows")
    column = _column(rows)
    top = _heading(rows, column)
    if len(rows) - top > MOST_ROWS:
        raise LoadError("too_many_plates", file=path.name, most=f"{MOST_ROWS:,}")
    heads = rows[top - 1][1] if top else ("",) * len(rows[0][1])
    columns = tuple(head or str(number) for number, head in enumerate(heads, start=1))
    return PlateFile(name=path.name, columns=columns, column=column, rows=tuple(rows[top:]), encoding=encoding)


def plates_in(file: PlateFile, column: int | None = None) -> tuple[PlateRow, ...]:
    """Each row with its plate, or why it holds none; a plate that comes again names the row before.

    `column`: another one than was guessed, by its place from 0.
    """
    at = file.column if column is None or not 0 <= column < len(file.columns) else column
    found: list[PlateRow] = []
    seen: dict[str, int] = {}
    for number, cells in file.rows:
        try:
            plate = read_plate(cells[at])
        except UnreadablePlate as problem:
            found.append(PlateRow(number=number, raw=cells[at], problem=problem.problem))
            continue
        same = seen.setdefault(plate.clear, number)
        found.append(PlateRow(number=number, raw=cells[at], plate=plate, same_as=None if same == number else same))
    return tuple(found)


def new_plates(rows: Sequence[PlateRow]) -> tuple[Plate, ...]:
    """The plates of the file, each once."""
    return tuple(row.plate for row in rows if row.plate is not None and row.same_as is None)


def _filled(rows: Sequence[tuple[int, list[Any]]]) -> list[tuple[int, tuple[str, ...]]]:
    """The rows that say anything, all equally wide."""
    width = max((len(cells) for _number, cells in rows), default=0)
    texts = [(number, [cell_text(cell).strip() for cell in cells]) for number, cells in rows]
    return [(number, (*cells, *[""] * (width - len(cells)))) for number, cells in texts if any(cells)]


def _column(rows: Sequence[tuple[int, tuple[str, ...]]]) -> int:
    """Where most plates stand; where nothing can be read as one, the column that is called so, else the first."""
    counts = [sum(_is_plate(cells[at]) for _number, cells in rows) for at in range(len(rows[0][1]))]
    if any(counts):
        return counts.index(max(counts))
    called = (at for _number, cells in rows[:SEARCHED] for at, cell in enumerate(cells) if _is_heading(cell))
    return next(called, 0)


def _heading(rows: Sequence[tuple[int, tuple[str, ...]]], column: int) -> int:
    """How many rows from the top are titles and headings: none where no row calls that column so."""
    tops = (turn for turn, (_number, cells) in enumerate(rows[:SEARCHED], start=1) if _is_heading(cells[column]))
    return next(tops, 0)


def _is_heading(cell: str) -> bool:
    return plain(cell) in {plain(word) for word in PLATE_COLUMNS}


def _is_plate(cell: str) -> bool:
    try:
        read_plate(cell)
    except UnreadablePlate:
        return False
    return True

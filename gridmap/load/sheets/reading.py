"""A workbook that comes back, read within bounds: its kind, and of each row the text of each cell."""

import datetime as dt
import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from gridmap.i18n import LOCALES, _, translate
from gridmap.read.sheets.cells import decimal_text, plain_text
from gridmap.read.sheets.fields import ID, SEEN, SHEETS, Field, FieldType, Sheet
from gridmap.read.sheets.writing import META, MOST_ROWS, heading

MOST_BYTES = 12 * 1024 * 1024
UNPACKED = 80 * 1024 * 1024
MOST_PARTS, MOST_COLUMNS, HEADER_WITHIN = 400, 100, 10
NOTHING: tuple[Any, str] = (None, "n")
OLD_OFFICE = b"\xd0\xcf\x11\xe0"
TROUBLES: Mapping[str, str] = {
    "workbook": _("This is not an Excel workbook (.xlsx) that can be read."),
    "locked": _("The file has a password or is an old workbook: save it as .xlsx without a password."),
    "headings": _("No sheet has the headings of the register. Take a workbook out first, then change that one."),
    "large": _("The workbook is too large: at most 20,000 rows and 12 MB."),
    "twice_heading": _("A heading stands there twice. Take out the workbook anew."),
    "other_street": _("This workbook is of another street."),
}


class UnreadableSheet(Exception):
    """The file cannot be compared with the register; `reason` is one of TROUBLES."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Read:
    """What stands in a cell, as text; `problem`: why it is no value ("formula" or "error" or "day")."""

    text: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """One row, counted as Excel does; cells by the name of the field, without columns that are not there."""

    number: int
    cells: Mapping[str, Read]


@dataclass(frozen=True, kw_only=True)
class SheetFile:
    """A workbook: its kind, where each column stands, its rows, and what it says of itself."""

    sheet: Sheet
    letters: Mapping[str, str]
    rows: tuple[SheetRow, ...]
    street: int | None = None
    community: int | None = None
    rows_taken: int | None = None

    def address(self, row: SheetRow, name: str) -> str:
        """The cell as Excel calls it: C17."""
        return f"{self.letters[name]}{row.number}"


def read_sheet(content: bytes) -> SheetFile:
    """The first sheet with the headings of a kind, in whichever language. Raises UnreadableSheet."""
    _check(content)
    tables = _tables(content, values=False)
    found = _found(tables)
    if found is None:
        raise UnreadableSheet("headings")
    number, sheet, header, columns = found
    cells = tables[number][1][header:]
    stored: dict[tuple[int, int], tuple[Any, str]] = {}
    if any(kind == "f" for _row, row in cells for _value, kind in row):
        later = _tables(content, values=True)[number][1]
        stored = {(row, at): cell for row, values in later for at, cell in enumerate(values)}
    rows = tuple(_rows(sheet, cells, columns, stored))
    if len(rows) > MOST_ROWS:
        raise UnreadableSheet("large")
    letters = {name: get_column_letter(at + 1) for name, at in columns.items()}
    return SheetFile(sheet=sheet, letters=letters, rows=rows, **_meta(tables))


Cells = Sequence[tuple[Any, str]]
Table = tuple[str, list[tuple[int, Cells]]]


def _check(content: bytes) -> None:
    """Small enough to be unpacked; raises UnreadableSheet."""
    if len(content) > MOST_BYTES:
        raise UnreadableSheet("large")
    if content.startswith(OLD_OFFICE):
        raise UnreadableSheet("locked")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except Exception:  # noqa: BLE001 - whatever a damaged archive makes it stumble over
        raise UnreadableSheet("workbook") from None
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > UNPACKED:
        raise UnreadableSheet("large")


def _tables(content: bytes, *, values: bool) -> list[Table]:
    """Each sheet with its title: (number of the row, (value, type) of each cell)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=values)
            tables = [(sheet.title, list(_read_rows(sheet))) for sheet in book.worksheets]
            book.close()
    except UnreadableSheet:
        raise
    except Exception:  # noqa: BLE001 - openpyxl raises whatever a damaged workbook makes it stumble over
        raise UnreadableSheet("workbook") from None
    return tables


def _read_rows(sheet: Any) -> Iterator[tuple[int, Cells]]:
    """The rows with something in them. Raises UnreadableSheet for a sheet that goes on beyond what is read."""
    most = MOST_ROWS + HEADER_WITHIN + 1_000
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(max_row=most + 1, max_col=MOST_COLUMNS), start=1):
        if number > most:
            raise UnreadableSheet("large")
        read = [(cell.value, cell.data_type) for cell in cells]
        if any(value is not None for value, _type in read):
            yield number, read


def _found(tables: Sequence[Table]) -> tuple[int, Sheet, int, dict[str, int]] | None:
    """(which sheet, of which kind, how many of its rows end the header, where the columns stand)."""
    told = _told(tables).get("kind", "")
    for number, (title, rows) in enumerate(tables):
        sheet = SHEETS.get(told) or _titled(title)
        if title == META or sheet is None:
            continue
        for at, (_number, cells) in enumerate(rows[:HEADER_WITHIN]):
            columns = _columns(sheet, cells)
            if columns is not None:
                return number, sheet, at + 1, columns
    return None


def _titled(title: str) -> Sheet | None:
    wanted = title.strip().lower()
    return next(
        (one for one in SHEETS.values() for locale in LOCALES if translate(locale, one.title).lower() == wanted), None
    )


def _columns(sheet: Sheet, cells: Cells) -> dict[str, int] | None:
    """Where each column stands; None where this is no header. Raises UnreadableSheet."""
    titles = _headings(sheet.kind)
    found: dict[str, int] = {}
    for at, (value, _type) in enumerate(cells):
        name = titles.get(plain_text(str(value)).lower()) if value is not None else None
        if name in found:
            raise UnreadableSheet("twice_heading")
        if name is not None:
            found[name] = at
    return found if {"id", "seen"} <= found.keys() else None


@cache
def _headings(kind: str) -> Mapping[str, str]:
    fields = (*SHEETS[kind].fields, ID, SEEN)
    return {heading(field, locale).lower(): field.name for field in fields for locale in LOCALES}


def _rows(
    sheet: Sheet,
    table: Sequence[tuple[int, Cells]],
    columns: Mapping[str, int],
    stored: Mapping[tuple[int, int], tuple[Any, str]],
) -> Iterator[SheetRow]:
    fields = {field.name: field for field in (*sheet.fields, ID, SEEN)}
    for number, cells in table:
        read = {
            name: _read(fields[name], *(cells[at] if at < len(cells) else NOTHING), stored.get((number, at), NOTHING))
            for name, at in columns.items()
        }
        if any(cell.text or cell.problem for cell in read.values()):
            yield SheetRow(number=number, cells=read)


def _read(field: Field, value: Any, kind: str, stored: tuple[Any, str]) -> Read:
    """The text of a cell; of a formula what Excel has kept of it."""
    if kind == "f":
        if stored[0] is None:
            return Read(text=plain_text(str(value)), problem="formula")
        value, kind = stored
    if kind == "e":
        return Read(text=str(value), problem="error")
    if value is None:
        return Read()
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        is_day = isinstance(value, dt.date)
        text = str(value.date() if isinstance(value, dt.datetime) else value)
        return Read(text=text, problem="" if is_day and field.type is FieldType.DAY else "day")
    if isinstance(value, float):
        value = _number_text(value, field)
    return Read(text=plain_text(str(value)))


def _number_text(value: float, field: Field) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if field.type is FieldType.DECIMAL and abs(value) < 1e15:
        return decimal_text(Decimal(str(value)), field.decimals)
    return str(value)


def _told(tables: Sequence[Table]) -> dict[str, str]:
    for title, rows in tables:
        if title == META and rows:
            values = ["" if value is None else str(value) for value, _type in rows[0][1]]
            return dict(zip(("kind", "street", "community", "rows_taken"), values, strict=False))
    return {}


def _meta(tables: Sequence[Table]) -> dict[str, int | None]:
    told = _told(tables)
    return {
        name: int(text) if (text := told.get(name, "")).isascii() and text.isdigit() and len(text) < 17 else None
        for name in ("street", "community", "rows_taken")
    }

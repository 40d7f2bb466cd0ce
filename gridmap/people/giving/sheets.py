"""Assignments as an Excel workbook, and read back from one: rows, not yet judged."""

import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from gridmap.clock import OFFICE
from gridmap.i18n import LOCALES, _, translate

SHEET = _("Who looks after what")
NOTES = _("Notes")
COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("code", _("Code of the place"), 22),
    ("place", _("Place"), 26),
    ("estate", _("Estate"), 18),
    ("unit", _("Household"), 10),
    ("role", _("Role"), 16),
    ("hand", _("First-hand or deputy"), 14),
    ("person", _("Responsible"), 16),
    ("person_id", _("Number of the person"), 20),
    ("since", _("Since"), 14),
    ("seen", _("State when exported"), 22),
)
"""(our word, heading, width). The last one tells whether somebody changed the row since: leave it as it is."""
FIRST_HAND, DEPUTY = _("first-hand"), _("deputy")
EXPLANATIONS = (
    _("Write another name into “Responsible” to give a place to somebody else; empty it to take the place away."),
    _("Where several people have one name, write the number of the person too."),
    _("Rows that are left out stay as they are. Nothing is written before you have seen the differences."),
    _("“State when exported” stays as it is: it tells whether somebody has changed the row since."),
)
MOST_ROWS, UNPACKED = 20_000, 100_000_000
HEADER_WITHIN = 10


class UnreadableSheet(Exception):
    """The file is no workbook that can be read; `reason` is a word that the page knows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """One row as it stands in the workbook; `number` counts as Excel does. Empty cells are empty texts."""

    number: int
    code: str = ""
    place: str = ""
    estate: str = ""
    unit: str = ""
    role: str = ""
    hand: str = ""
    person: str = ""
    person_id: str = ""
    since: str = ""
    seen: str = ""


def write_sheet(rows: Iterable[SheetRow], locale: str) -> bytes:
    """The workbook; every cell is text, so that codes keep their zeros and no name becomes a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(translate(locale, SHEET))
    sheet.freeze_panes = "A2"
    for number, (_word, _title, width) in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_heading(sheet, translate(locale, title)) for _word, title, _width in COLUMNS])
    for row in rows:
        sheet.append([_text(sheet, getattr(row, word)) for word, _title, _width in COLUMNS])
    notes = book.create_sheet(translate(locale, NOTES))
    notes.column_dimensions["A"].width = 90
    for text in EXPLANATIONS:
        notes.append([_text(notes, translate(locale, text))])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def read_sheet(content: bytes) -> list[SheetRow]:
    """The rows of the first sheet that has our headings, in whichever language. Raises UnreadableSheet."""
    for sheet in _tables(content):
        rows = iter(sheet)
        for number, cells in rows:
            columns = _columns(cells)
            if columns is not None:
                return list(_rows(rows, columns))
            if number > HEADER_WITHIN:
                break
    raise UnreadableSheet("headings")


def day_text(moment: datetime | None) -> str:
    """The office's day of a moment."""
    return moment.astimezone(OFFICE).date().isoformat() if moment else ""


def hands() -> dict[str, bool]:
    """Words for first-hand (True) and deputy (False), in every language; nothing means first-hand."""
    found = {"": True}
    for locale in LOCALES:
        found |= {translate(locale, FIRST_HAND).lower(): True, translate(locale, DEPUTY).lower(): False}
    return found


def _tables(content: bytes) -> list[list[tuple[int, Sequence[Any]]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(item.file_size for item in archive.infolist()) > UNPACKED:
                raise UnreadableSheet("large")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), read_only=True)
            tables: list[list[tuple[int, Sequence[Any]]]] = [
                list(enumerate(sheet.iter_rows(max_row=MOST_ROWS + HEADER_WITHIN, values_only=True), start=1))
                for sheet in book.worksheets
            ]
            book.close()
    except UnreadableSheet:
        raise
    except Exception:  # noqa: BLE001 - openpyxl raises whatever a damaged workbook makes it stumble over
        raise UnreadableSheet("workbook") from None
    if any(len(table) > MOST_ROWS for table in tables):
        raise UnreadableSheet("large")
    return tables


def _columns(cells: Sequence[Any]) -> dict[str, int] | None:
    """Where each of our columns stands; None where this is no header."""
    titles = {
        said.lower(): word
        for word, title, _width in COLUMNS
        for said in (title, *(translate(locale, title) for locale in LOCALES))
    }
    found: dict[str, int] = {}
    for number, cell in enumerate(cells):
        word = titles.get(_cell(cell).lower())
        if word is not None:
            found.setdefault(word, number)
    return found if {"code", "role", "person"} <= found.keys() else None


def _rows(rows: Iterator[tuple[int, Sequence[Any]]], columns: dict[str, int]) -> Iterator[SheetRow]:
    for number, cells in rows:
        values = {word: _cell(cells[at]) for word, at in columns.items() if at < len(cells)}
        if any(values.values()):
            yield SheetRow(number=number, **values)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value).strip()


def _heading(sheet: Any, text: str) -> Any:
    cell = _text(sheet, text)
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="E8EEF4")
    cell.alignment = Alignment(horizontal="center")
    return cell


def _text(sheet: Any, text: str) -> Any:
    # what a workbook cannot hold would make the whole of it unreadable
    clean = "".join(sign for sign in text if sign.isprintable())
    cell = WriteOnlyCell(sheet, value=clean)
    cell.data_type = "s"
    cell.number_format = "@"
    return cell

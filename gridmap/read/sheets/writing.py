"""The workbook: one header row, frozen; text as text; lists to choose from; the state of each row in narrow columns."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from gridmap.i18n import _, translate
from gridmap.read.sheets.cells import excel_value, state_text
from gridmap.read.sheets.fields import ID, SEEN, Field, FieldType, Sheet
from gridmap.read.sheets.rows import Lists, row_texts

NOTES, WORDS, META = _("Notes"), _("Values to choose from"), "gridmap"
MOST_ROWS = 20_000
SPARE = 500
"""Rows below the last one that have their lists to choose from, too."""
EXPLANATIONS = (
    _("Change what is wrong, save the file as .xlsx and bring it back on the page “Register in Excel”."),
    _("Before anything is written you see every difference, row by row and cell by cell."),
    _("Rows that you delete here stay in the register as they are; nothing is ever deleted by a workbook."),
    _("Grey columns are only shown. The two narrow ones at the end tell row and state: leave them as they are."),
    _("Where somebody has changed a row in the meantime you see both, and theirs stays."),
    _("To sort or filter, take all columns with it."),
)
FOR_PLACES = _("A new place needs a position: bring it in as a file with coordinates, or draw it on the map.")
FOR_PEOPLE = (
    _("Names and phones are masked with *. Leave them, or write the whole new name or work phone over them."),
    _("A new row adds a person: name, community or grid; for who looks after a place, role and code of the place."),
    _("Who looks after what is changed under “Assignments in Excel”. No identity numbers, no private phones."),
)
LEAVE = _("This column is only shown. Please leave it as it is.")
CHOOSE = _("Please choose one of the list.")
HEAD, GREY = PatternFill("solid", fgColor="DCE6EE"), PatternFill("solid", fgColor="EEEEEE")
FORMATS = {FieldType.WHOLE: "0", FieldType.YEAR: "0", FieldType.DAY: "yyyy-mm-dd"}


@dataclass(frozen=True, kw_only=True)
class TakenOut:
    """What a workbook says of itself."""

    street: int
    street_name: str
    day: date
    community: int | None = None
    community_name: str = ""
    is_clear: bool = False


def heading(field: Field, locale: str) -> str:
    """The words over a column, with the unit."""
    title = translate(locale, field.title)
    if not field.unit:
        return title
    unit = translate(locale, field.unit)
    return f"{title}（{unit}）" if locale == "zh" else f"{title} ({unit})"


def write_sheet(sheet: Sheet, rows: Sequence[Mapping[str, Any]], lists: Lists, about: TakenOut, locale: str) -> bytes:
    """The workbook of these rows, at most MOST_ROWS."""
    book = Workbook()
    main = book.active
    assert isinstance(main, Worksheet)
    main.title = translate(locale, sheet.title)
    main.freeze_panes = "A2"
    columns = (*sheet.fields, ID, SEEN)
    _write_head(main, columns, locale)
    for number, row in enumerate(rows, start=2):
        texts = row_texts(sheet, row, lists, locale)
        texts |= {"id": str(row["id"]), "seen": state_text(sheet, row["revision"], texts)}
        for at, field in enumerate(columns, start=1):
            _write_cell(main.cell(number, at), field, texts[field.name])
    last = len(rows) + 1 + SPARE
    main.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    _write_lists(book, main, columns, lists, locale, last)
    _write_notes(book, sheet, about, len(rows), locale)
    _write_meta(book, sheet, about, len(rows))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _write_head(main: Worksheet, columns: Sequence[Field], locale: str) -> None:
    main.row_dimensions[1].height = 32
    for at, field in enumerate(columns, start=1):
        main.column_dimensions[get_column_letter(at)].width = field.width
        cell = main.cell(1, at)
        _write_text(cell, heading(field, locale))
        cell.font = Font(bold=True)
        cell.fill = GREY if field.is_shown else HEAD
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)


def _write_cell(cell: Cell | MergedCell, field: Field, text: str) -> None:
    if field.is_shown:
        cell.fill = GREY
    if text and field.type in (FieldType.WHOLE, FieldType.YEAR, FieldType.DECIMAL, FieldType.DAY):
        cell.value = excel_value(field, text)
        cell.number_format = FORMATS.get(field.type, "General")
    elif text or field.type not in FORMATS:
        _write_text(cell, text)


def _write_text(cell: Cell | MergedCell, text: str) -> None:
    """As text whatever it looks like: 3-1 becomes no day, 007 no 7, and =1+1 no formula."""
    cell.number_format = "@"
    if text:
        cell.value = text
        cell.data_type = "s"


def _write_lists(
    book: Workbook, main: Worksheet, columns: Sequence[Field], lists: Lists, locale: str, last: int
) -> None:
    words = book.create_sheet(translate(locale, WORDS))
    for at, field in enumerate(columns, start=1):
        letter = get_column_letter(at)
        titles = list(dict.fromkeys(lists.titles(field, locale).values()))
        if field.is_shown:
            rule = DataValidation(type="custom", formula1="FALSE", showErrorMessage=True, allow_blank=False)
            rule.error = translate(locale, LEAVE)
        elif titles:
            to = words.max_column + 1 if words["A1"].value else 1
            letters = get_column_letter(to)
            for number, title in enumerate((heading(field, locale), *titles), start=1):
                _write_text(words.cell(number, to), title)
            words.column_dimensions[letters].width = 24
            formula = f"'{words.title}'!${letters}$2:${letters}${len(titles) + 1}"
            rule = DataValidation(type="list", formula1=formula, allow_blank=not field.is_required)
            rule.showErrorMessage, rule.error = True, translate(locale, CHOOSE)
        else:
            continue
        main.add_data_validation(rule)
        rule.add(f"{letter}2:{letter}{last}")
    if words["A1"].value is None:
        book.remove(words)


def _write_notes(book: Workbook, sheet: Sheet, about: TakenOut, rows: int, locale: str) -> None:
    notes = book.create_sheet(translate(locale, NOTES))
    notes.column_dimensions["A"].width = 100
    area = " ".join(part for part in (about.street_name, about.community_name) if part)
    head = translate(
        locale,
        _("{kind}, {area}, {rows} rows, taken out on {day}"),
        kind=translate(locale, sheet.title),
        area=area,
        rows=rows,
        day=about.day.isoformat(),
    )
    more = (FOR_PLACES,) if sheet.place else FOR_PEOPLE
    told: Iterable[str] = (head, *(translate(locale, text) for text in (*EXPLANATIONS, *more)))
    if about.is_clear:
        told = (*told, translate(locale, _("This file holds names and phones in clear: keep it as such a file.")))
    for number, text in enumerate(told, start=1):
        cell = notes.cell(number, 1)
        _write_text(cell, text)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    notes["A1"].font = Font(bold=True)


def _write_meta(book: Workbook, sheet: Sheet, about: TakenOut, rows: int) -> None:
    """What the program reads first: kind, street, community, rows; in a sheet that nobody sees."""
    meta = book.create_sheet(META)
    meta.sheet_state = "hidden"
    for at, value in enumerate((sheet.kind, about.street, about.community or "", rows), start=1):
        _write_text(meta.cell(1, at), str(value))

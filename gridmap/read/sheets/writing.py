"""The workbook: one header row, frozen; text as text; lists to choose from; the state of each row in narrow columns."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

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
FORMATS = {FieldType.WHOLE: "0", FieldType.YEAR: "0", FieldType.DECIMAL: "General", FieldType.DAY: "yyyy-mm-dd"}
"""How numbers and days look; everything else is text."""


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
    book = Workbook(write_only=True)
    main = book.create_sheet(translate(locale, sheet.title))
    main.freeze_panes = "A2"
    main.row_dimensions[1].height = 32
    columns = (*sheet.fields, ID, SEEN)
    for at, field in enumerate(columns, start=1):
        main.column_dimensions[get_column_letter(at)].width = field.width
    main.append([_heading(main, field, locale) for field in columns])
    # written row by row, so each column's cell with its looks is made once
    cells = [_cell_of(main, field) for field in columns]
    for row in rows:
        texts = row_texts(sheet, row, lists, locale)
        texts |= {"id": str(row["id"]), "seen": state_text(sheet, row["revision"], texts)}
        for cell, field in zip(cells, columns, strict=True):
            _fill(cell, field, texts[field.name])
        main.append(cells)
    main.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    _write_lists(book, main, columns, lists, locale, len(rows) + 1 + SPARE)
    _write_notes(book, sheet, about, len(rows), locale)
    _write_meta(book, sheet, about, len(rows))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _heading(main: Any, field: Field, locale: str) -> Any:
    cell = _text(main, heading(field, locale))
    cell.font = Font(bold=True)
    cell.fill = GREY if field.is_shown else HEAD
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    return cell


def _cell_of(main: Any, field: Field) -> Any:
    cell = WriteOnlyCell(main)
    cell.number_format = FORMATS.get(field.type, "@")
    if field.is_shown:
        cell.fill = GREY
    return cell


def _fill(cell: Any, field: Field, text: str) -> None:
    """Numbers and days as such; all else is text whatever it looks like: 3-1 no day, 007 no 7, =1+1 no formula."""
    if not text:
        cell.value = None
    elif field.type in FORMATS:
        cell.value = excel_value(field, text)
    else:
        cell.value = text
        cell.data_type = "s"


def _text(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet)
    cell.number_format = "@"
    cell.value = text
    cell.data_type = "s"
    return cell


def _write_lists(book: Workbook, main: Any, columns: Sequence[Field], lists: Lists, locale: str, last: int) -> None:
    """What columns choose from, in a sheet of its own, one column each; and that grey columns stay as they are."""
    listed: list[list[str]] = []
    title = translate(locale, WORDS)
    for at, field in enumerate(columns, start=1):
        letter = get_column_letter(at)
        titles = list(dict.fromkeys(lists.titles(field, locale).values()))
        if field.is_shown:
            rule = DataValidation(type="custom", formula1="FALSE", allow_blank=False)
            rule.error = translate(locale, LEAVE)
        elif titles:
            listed.append([heading(field, locale), *titles])
            own = get_column_letter(len(listed))
            rule = DataValidation(type="list", allow_blank=not field.is_required)
            rule.formula1 = f"'{title}'!${own}$2:${own}${len(titles) + 1}"
            rule.error = translate(locale, CHOOSE)
        else:
            continue
        rule.showErrorMessage = True
        main.data_validations.append(rule)
        rule.add(f"{letter}2:{letter}{last}")
    if listed:
        words = book.create_sheet(title)
        for number in range(1, len(listed) + 1):
            words.column_dimensions[get_column_letter(number)].width = 24
        for row in zip_longest(*listed, fillvalue=""):
            words.append([_text(words, text) for text in row])


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
    for text in told:
        cell = _text(notes, text)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        notes.append([cell])


def _write_meta(book: Workbook, sheet: Sheet, about: TakenOut, rows: int) -> None:
    """What the program reads first: kind, street, community, rows; in a sheet that nobody sees."""
    meta = book.create_sheet(META)
    meta.sheet_state = "hidden"
    meta.append([_text(meta, str(value)) for value in (sheet.kind, about.street, about.community or "", rows)])

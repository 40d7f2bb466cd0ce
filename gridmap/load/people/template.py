"""The Excel template for a list of people on duty: a header, rows to look at, and a sheet of notes."""

from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from gridmap.i18n import _, translate
from gridmap.load.synonyms import NOTES_SHEET, PEOPLE_EXAMPLES, PEOPLE_HEADERS, PEOPLE_SHEET, ROLES

COLUMNS: tuple[tuple[int, str], ...] = (
    (12, _("Name as it is written")),
    (16, _("Role, from the list")),
    (16, _("Work phone: a landline or an office's line")),
    (16, _("12 digits; for roles of a community")),
    (18, _("for roles of a grid")),
    (22, _("for roles of a building")),
    (24, _("for roles of a stairwell")),
    (14, _("User name to sign in with, may stay empty")),
    (16, _("How the person is shown on duty")),
)
"""(width, what it means) of each column of `PEOPLE_HEADERS`."""

NOTES = (
    _("Write one row for each person and place; the same person may stand in several rows."),
    _("Identity numbers are never taken: a row that holds one is refused."),
    _("Mobile numbers are refused unless the office has decided to store them (--private-phones)."),
    _("Delete the example rows, or leave them: they are not read."),
    _("Reading the same file again changes nothing; a mended row can be sent again."),
)


def write_template(path: Path, roles: Sequence[tuple[str, str, str, str]] = (), locale: str = "zh") -> None:
    """Write the template to `path`. Raises OSError where it cannot be written."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = PEOPLE_SHEET
    sheet.append(list(PEOPLE_HEADERS))
    for example in PEOPLE_EXAMPLES:
        sheet.append(list(example))
    _dress(sheet)
    titles = [title for _code, title, *_rest in roles or ROLES]
    notes = book.create_sheet(NOTES_SHEET)
    for text in NOTES:
        notes.append([translate(locale, text)])
    notes.append([])
    for title, (_width, meaning) in zip(PEOPLE_HEADERS, COLUMNS, strict=True):
        notes.append([title, translate(locale, meaning)])
    notes.append([])
    for title in titles:
        notes.append([PEOPLE_HEADERS[1], title])
    notes.column_dimensions["A"].width = 24
    notes.column_dimensions["B"].width = 60
    first = notes.max_row - len(titles) + 1
    choice = DataValidation(type="list", formula1=f"={NOTES_SHEET}!$B${first}:$B${notes.max_row}", allow_blank=True)
    sheet.add_data_validation(choice)
    choice.add("B2:B2000")
    book.save(path)


def _dress(sheet: Worksheet) -> None:
    """Header in bold and frozen, every cell text, so that codes keep their zeros."""
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="E8EEF4")
        cell.alignment = Alignment(horizontal="center")
    for number, (width, _meaning) in enumerate(COLUMNS):
        letter = chr(ord("A") + number)
        sheet.column_dimensions[letter].width = width
        for row in range(2, 202):
            sheet[f"{letter}{row}"].number_format = "@"
    sheet.freeze_panes = "A2"

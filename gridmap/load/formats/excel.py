"""Excel workbooks (.xlsx): values, real merged ranges, hidden sheets and formulas without a stored value."""

import warnings
import zipfile
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from gridmap.load.checks.columns import known_words
from gridmap.load.checks.sheets import Row, cut_table
from gridmap.load.checks.workbooks import refuse_old_workbook, stale_rows
from gridmap.load.finding import Finding, LoadError, shorten
from gridmap.load.formats.table import dropped_findings, table_frame
from gridmap.load.kinds import Kind
from gridmap.load.reading import Options, Reading

UNPACKED = 1_000_000_000


def _check_room(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(item.file_size for item in archive.infolist())
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError) as error:
        raise LoadError("unreadable_file", file=path.name, why=error) from None
    if size > UNPACKED:
        raise LoadError("too_large", file=path.name, megabytes=UNPACKED // 1_000_000)


def _workbook(path: Path, *, values: bool) -> Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return load_workbook(path, data_only=values)
        except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a damaged workbook makes it stumble over
            raise LoadError("unreadable_file", file=path.name, why=shorten(error) or type(error).__name__) from None


def _sheet(book: Workbook, options: Options) -> tuple[Worksheet, list[str], list[str]]:
    """(the sheet to take, other visible sheets with content, hidden sheets)."""
    sheets = [sheet for sheet in book.worksheets if sheet.max_row and sheet.max_column]
    hidden = [sheet.title for sheet in sheets if sheet.sheet_state != "visible"]
    shown = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    if options.layer is not None:
        named = [sheet for sheet in sheets if sheet.title == options.layer]
        if not named:
            raise LoadError("layer_unknown", layer=options.layer, layers=", ".join(sheet.title for sheet in sheets))
        return named[0], [], []
    if not shown:
        raise LoadError("no_rows")
    return shown[0], [sheet.title for sheet in shown[1:] if _has_content(sheet)], hidden


def sheet_titles(path: Path) -> list[tuple[str, int]]:
    """(title, last row) of each visible sheet that holds something. Raises LoadError."""
    refuse_old_workbook(path)
    _check_room(path)
    sheets = [sheet for sheet in _workbook(path, values=False).worksheets if sheet.sheet_state == "visible"]
    return [(sheet.title, sheet.max_row or 0) for sheet in sheets if _has_content(sheet)]


def _has_content(sheet: Worksheet) -> bool:
    return any(cell is not None for row in sheet.iter_rows(max_row=50, values_only=True) for cell in row)


def _rows(sheet: Worksheet) -> tuple[list[Row], frozenset[int]]:
    """All rows with merged ranges filled down, and the numbers of rows with a cell over several columns."""
    rows = [[*cells] for cells in sheet.iter_rows(values_only=True)]
    spanned = set()
    for merged in sheet.merged_cells.ranges:
        value = rows[merged.min_row - 1][merged.min_col - 1] if merged.min_row <= len(rows) else None
        if merged.max_col > merged.min_col:
            spanned.add(merged.min_row)
        for row in range(merged.min_row, min(merged.max_row, len(rows)) + 1):
            rows[row - 1][merged.min_col - 1] = value
    return [(number, cells) for number, cells in enumerate(rows, start=1)], frozenset(spanned)


def sheet_rows(path: Path) -> list[Row]:
    """Every row of the first visible sheet as it stands, merged cells filled down. Raises LoadError."""
    refuse_old_workbook(path)
    _check_room(path)
    sheet, _others, _hidden = _sheet(_workbook(path, values=True), Options())
    return _rows(sheet)[0]


def read_excel(path: Path, kind: Kind, options: Options) -> Reading:
    """One sheet of the workbook: header found, merged cells filled down, total rows listed. Raises LoadError."""
    refuse_old_workbook(path)
    _check_room(path)
    written = _workbook(path, values=False)
    sheet, others, hidden = _sheet(written, options)
    formulas = {cell.coordinate: cell.row or 0 for row in sheet.iter_rows() for cell in row if cell.data_type == "f"}
    if formulas:
        sheet = _workbook(path, values=True)[sheet.title]
    rows, spanned = _rows(sheet)
    stale = stale_rows(sheet, formulas)
    table = cut_table([row for row in rows if row[0] not in stale], spanned=spanned, words=known_words(kind))
    if not table.rows and not stale:
        raise LoadError("no_rows")
    title, name = sheet.title, path.name
    rejected = [*dropped_findings(table, name, "row", title)]
    rejected += [
        Finding("formula_without_value", name, number, "row", title, raw=cell)
        for number, cell in stale.items()
        if number > table.header
    ]
    return Reading(
        kind,
        table_frame(table),
        path,
        title,
        unit="row",
        has_geometry=False,
        findings=tuple(_notes(sheet, others, hidden, table.header, name)),
        rejected=tuple(rejected),
    )


def _notes(sheet: Worksheet, others: list[str], hidden: list[str], header: int, file: str) -> list[Finding]:
    notes: list[tuple[str, dict[str, Any]]] = []
    if others:
        notes.append(("sheets_left_out", {"sheets": ", ".join(others), "sheet": sheet.title}))
    if hidden:
        notes.append(("sheets_hidden", {"sheets": ", ".join(hidden)}))
    rows = [number for number, look in sheet.row_dimensions.items() if look.hidden and number > header]
    if rows:
        notes.append(("rows_hidden", {"rows": ", ".join(map(str, sorted(rows)[:20]))}))
    return [Finding(code, file, layer=sheet.title, params=params) for code, params in notes]

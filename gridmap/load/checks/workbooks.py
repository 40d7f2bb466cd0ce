"""Case 14: formulas without a stored value, and file formats that are refused with the way out."""

from collections.abc import Mapping
from pathlib import Path

from openpyxl.worksheet.worksheet import Worksheet

from gridmap.load.finding import LoadError

REFUSED: Mapping[str, str] = {
    ".xls": "refused_spreadsheet",
    ".et": "refused_spreadsheet",
    ".xlsb": "refused_spreadsheet",
    ".ods": "refused_spreadsheet",
    ".numbers": "refused_spreadsheet",
    ".rar": "refused_archive",
    ".7z": "refused_archive",
    ".tar": "refused_archive",
    ".gz": "refused_archive",
    ".tab": "refused_mapinfo",
    ".mif": "refused_mapinfo",
    ".dwg": "refused_drawing",
    ".dxf": "refused_drawing",
    ".mdb": "refused_drawing",
    ".doc": "refused_document",
    ".docx": "refused_document",
    ".pdf": "refused_document",
}
"""Endings that are not read, and the sentence that says what to do instead."""

_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


def refuse_format(path: Path) -> None:
    """Raise LoadError for a format that is not read, with the way out in one sentence."""
    name = path.name.lower()
    ending = path.suffix.lower()
    if ending in REFUSED and not name.endswith(".osm.gz"):
        raise LoadError(REFUSED[ending], file=path.name)


def refuse_old_workbook(path: Path) -> None:
    """Raise LoadError for a workbook behind a password, or an old one that was only renamed."""
    with path.open("rb") as file:
        if file.read(4) == _OLD_OFFICE:
            raise LoadError("workbook_locked", file=path.name)


def stale_rows(sheet: Worksheet, formulas: Mapping[str, int]) -> dict[int, str]:
    """Row number → address of the first cell whose formula has no stored value."""
    stale: dict[int, str] = {}
    for coordinate, row in formulas.items():
        if sheet[coordinate].value is None:
            stale.setdefault(row, coordinate)
    return stale

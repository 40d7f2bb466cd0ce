"""Workbooks of the register that come back: read, compared row by row, and written where nobody was faster."""

from gridmap.load.sheets.applying import Applied, ChangedBetween, apply_sheet
from gridmap.load.sheets.comparing import Difference, RowDifference, compare
from gridmap.load.sheets.reading import SheetFile, UnreadableSheet, read_sheet
from gridmap.load.sheets.rights import may_keep

__all__ = [
    "Applied",
    "ChangedBetween",
    "Difference",
    "RowDifference",
    "SheetFile",
    "UnreadableSheet",
    "apply_sheet",
    "compare",
    "may_keep",
    "read_sheet",
]

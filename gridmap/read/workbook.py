"""A layer as a workbook for Excel: the rows of the CSV, one sheet, its head frozen."""

import codecs
import csv
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

from gridmap.db import Database
from gridmap.read.stream import Export, Stream

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575
"""A sheet holds no more, beside its head."""
IN_MEMORY = 4 * 1024 * 1024
"""A larger workbook is made on disk."""


class TooManyRows(Exception):
    """A sheet cannot hold so many rows."""


def write_workbook(database: Database, export: Export) -> IO[bytes]:
    """The export, which must be one of CSV, as an xlsx file at its start; the caller closes it. Raises TooManyRows.

    Row by row in both directions, so that memory stays small however long the layer is.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(export.layer.name[:31])
    sheet.freeze_panes = "A2"
    stream = Stream(database, export)
    try:
        for number, line in enumerate(csv.reader(_lines(stream))):
            if number > MOST_ROWS:
                raise TooManyRows(number)
            sheet.append(line)
    finally:
        stream.close()
    target = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - whoever sends it closes it
    book.save(target)
    target.seek(0)
    return target


def _lines(blocks: Iterable[bytes]) -> Iterator[str]:
    """Lines of text out of blocks of bytes, with their ends, so that cells may hold line breaks."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest = ""
    for block in blocks:
        *whole, rest = (rest + decoder.decode(block)).split("\n")
        for line in whole:
            yield line + "\n"
    if rest:
        yield rest

"""A workbook is sent while it is made: what openpyxl reads of it is what went in, however many sheets it takes."""

import io
from collections.abc import Iterator

import openpyxl
import pytest

from gridmap.layers import BY_NAME
from gridmap.read import workbook
from gridmap.read.stream import BLOCK

HEAD = ("id", "number", "name", "late_second", "lon")
INCIDENTS = BY_NAME["incidents"]


def lines(rows: int) -> Iterator[str]:
    yield ",".join(HEAD) + "\n"
    for row in range(rows):
        yield f'{row},GX-{row},"<路灯> & ""灯""\n不亮\x0b",{"" if row % 2 else 1700000000 + row},113.{row}\n'


def sheets_of(rows: int, most: int) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(b"".join(workbook._blocks(lines(rows), INCIDENTS, most))))
    assert all(sheet.freeze_panes == "A2" for sheet in book)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


@pytest.mark.parametrize(("rows", "sizes"), [(0, [0]), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])])
def test_what_a_sheet_cannot_hold_goes_on_in_the_next(rows: int, sizes: list[int]) -> None:
    sheets = sheets_of(rows, 3)
    assert list(sheets) == [f"incidents {number}" if number > 1 else "incidents" for number in range(1, len(sizes) + 1)]
    assert [len(found) - 1 for found in sheets.values()] == sizes
    assert {found[0] for found in sheets.values()} == {HEAD}
    assert [row[0] for found in sheets.values() for row in found[1:]] == [str(row) for row in range(rows)]


def test_numbers_are_numbers_and_text_keeps_its_signs() -> None:
    """But for characters that no workbook can hold; an id stays text, which no spreadsheet rounds."""
    (found,) = sheets_of(2, 10).values()
    assert found[1:] == [
        ("0", "GX-0", '<路灯> & "灯"\n不亮', 1_700_000_000, 113.0),
        ("1", "GX-1", '<路灯> & "灯"\n不亮', None, 113.1),
    ]


def test_it_is_sent_before_it_is_whole() -> None:
    read = 0

    def counted() -> Iterator[str]:
        nonlocal read
        for line in lines(60_000):
            read += 1
            yield line

    blocks = workbook._blocks(counted(), INCIDENTS, workbook.MOST_ROWS)
    first = next(blocks)
    assert len(first) >= BLOCK
    assert read < 40_000
    assert max(map(len, blocks)) < 3 * BLOCK

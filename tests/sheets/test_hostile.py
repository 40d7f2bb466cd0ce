"""Workbooks that nobody should have to open: refused in one sentence, within bounds, never a traceback."""

import io
import random
import zipfile
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from gridmap.load.sheets.comparing import _changed
from gridmap.load.sheets.reading import TROUBLES, UNPACKED, SheetFile, UnreadableSheet, read_sheet
from gridmap.load.sheets.values import Book as Against
from gridmap.read.sheets.cells import cell_text, plain_text, read_state
from gridmap.read.sheets.fields import SHEETS, Field, FieldType
from gridmap.read.sheets.rows import Lists
from gridmap.read.sheets.writing import TakenOut, write_sheet
from tests.sheets.conftest import Book

LISTS = Lists(facility_kinds={"lift": ("电梯", "Lift")}, roles={}, companies={"某物业": 5})
ABOUT = TakenOut(street=10_001, street_name="东区街道", day=date(2026, 3, 16))
ROW = {
    "id": 10_001 << 32 | 7, "revision": 3, "changed_at": datetime(2026, 3, 1, tzinfo=UTC), "changed_by": None,
    "code": "B1", "name": "1栋", "address": None, "kind": "slab", "floors": 6, "floors_underground": None,
    "built_year": 1998, "height_m": None, "declared_households": None, "declared_stairwells": 2, "community": "花苑",
    "grid": "442000002005001", "estate": None, "lon": 113.4012345678, "lat": 22.5,
}  # fmt: skip


def written(**values: object) -> bytes:
    return write_sheet(SHEETS["buildings"], [{**ROW, **values}], LISTS, ABOUT, "zh")


def refused(content: bytes) -> str:
    with pytest.raises(UnreadableSheet) as problem:
        read_sheet(content)
    assert problem.value.reason in TROUBLES
    return problem.value.reason


def other(title: str, *rows: list[object]) -> bytes:
    book = Workbook()
    assert book.active is not None
    book.active.title = title
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def repacked(content: bytes, name: str, change: bytes) -> bytes:
    """The archive with one part replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(item.filename, change if item.filename == name else old.read(item))
    return buffer.getvalue()


def test_what_is_no_workbook_of_ours_is_refused_in_one_sentence() -> None:
    assert refused(b"") == refused(b"name,floors\n1,2\n") == refused(b"PK\x03\x04") == "workbook"
    assert refused(b"\xd0\xcf\x11\xe0" + bytes(600)) == "locked"
    assert refused(other("Sheet", ["name"], ["x"])) == refused(other("楼栋", ["名称", "层数"], ["x", 3])) == "headings"
    assert refused(other("楼栋")) == "headings"
    assert refused(other("楼栋", ["台账编号", "导出时状态", "名称", "名称"])) == "twice_heading"


def test_bombs_are_not_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(UNPACKED + 1))
    assert len(buffer.getvalue()) < 200_000
    assert refused(buffer.getvalue()) == "large"
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(500):
            archive.writestr(f"{number}", b"")
    assert refused(buffer.getvalue()) == "large"


def test_a_sheet_that_claims_a_million_rows_is_refused_or_read_but_never_waited_for() -> None:
    content = written()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    far = sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="A1048576" t="n"><v>1</v></c></row></sheetData>')
    assert far != sheet
    assert refused(repacked(content, "xl/worksheets/sheet1.xml", far)) == "large"
    levels = "".join(f'<!ENTITY a{level + 1} "{f"&a{level};" * 20}">' for level in range(7))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "{"a" * 1000}">{levels}]>'.encode()
    broken = repacked(content, "xl/worksheets/sheet1.xml", bomb + sheet.replace(b"<v>6</v>", b"<v>&a7;</v>"))
    assert refused(broken) == "workbook"


def test_damaged_files_are_refused_or_read_never_a_traceback() -> None:
    chance, content, reasons = random.Random(6), written(), set[str]()
    for _turn in range(150):
        cut = bytearray(content[: chance.randrange(len(content))] if chance.random() < 0.4 else content)
        for _flip in range(chance.randrange(1, 12)):
            if cut:
                cut[chance.randrange(len(cut))] = chance.randrange(256)
        try:
            assert isinstance(read_sheet(bytes(cut)), SheetFile)
        except UnreadableSheet as problem:
            reasons.add(problem.reason)
    assert "workbook" in reasons <= TROUBLES.keys()


def test_formulas_are_their_stored_value_or_a_bad_cell() -> None:
    book = Book(written(), SHEETS["buildings"])
    book.write(2, floors="=2+3")
    (row,) = read_sheet(book.content).rows
    assert row.cells["floors"].problem == "formula"
    with zipfile.ZipFile(io.BytesIO(book.content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    saved = sheet.replace(b"<f>2+3</f><v />", b"<f>2+3</f><v>5</v>").replace(b"<f>2+3</f><v/>", b"<f>2+3</f><v>5</v>")
    assert saved != sheet
    (row,) = read_sheet(repacked(book.content, "xl/worksheets/sheet1.xml", saved)).rows
    assert (row.cells["floors"].text, row.cells["floors"].problem) == ("5", "")


def test_names_never_become_formulas_days_or_numbers() -> None:
    for name in (
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(A1)",
        "3-1",
        "007",
        "1E5",
        "#N/A",
        "TRUE",
        "2020-03-01",
        "\t=1",
    ):
        book = Book(written(name=name), SHEETS["buildings"])
        cell = book.cell(2, "name")
        assert (cell.data_type, cell.number_format, cell.value) == ("s", "@", name.strip())
        assert unchanged(book.content, {**ROW, "name": name})


def unchanged(content: bytes, row: dict[str, object]) -> bool:
    """Whether the workbook, read back, says of this row of the register nothing new."""
    file = read_sheet(content)
    state = read_state(file.sheet, file.rows[0].cells["seen"].text)
    against = Against(connection=None, street=10_001, sheet=file.sheet, lists=LISTS)  # type: ignore[arg-type]
    assert state is not None
    found = _changed(file, against, file.rows[0], row, state, "zh")
    return found.outcome == "unchanged"


TEXTS = st.text(max_size=60) | st.text("０１２栋-/年号 \u3000\u200b\"'=+@\n\t", max_size=20) | st.just("名" * 40_000)
NUMBERS = st.none() | st.integers(0, 200)
VALUES = st.fixed_dictionaries(
    {
        "name": TEXTS, "address": st.none() | TEXTS, "floors": NUMBERS, "floors_underground": NUMBERS,
        "built_year": st.none() | st.integers(1800, 2100), "declared_households": st.none() | st.integers(0, 10**7),
        "height_m": st.none() | st.decimals(0, 999, places=1), "code": TEXTS, "estate": st.none() | TEXTS,
        "kind": st.sampled_from(["slab", "high_rise", "other"]), "revision": st.integers(1, 10_000),
        "lon": st.floats(73, 136), "lat": st.floats(3, 54),
    }
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_whatever_the_register_holds_comes_back_as_it_went(values: dict[str, object]) -> None:
    assert unchanged(written(**values), {**ROW, **values})


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_plain_text_is_plain_for_good(text: str) -> None:
    assert plain_text(plain_text(text)) == plain_text(text)
    assert cell_text(Field(name="x", title="x", type=FieldType.TEXT), text, "zh", {}) == plain_text(text)

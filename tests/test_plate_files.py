"""Lists of registered cars as rows: one column of plates, dirty ones told row by row, nothing lost. No database."""

import io
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.load.finding import LoadError
from gridmap.load.plates import new_plates, plates_in, read_plate_file

CARS = ("沪A12388", "沪A·12389", "粤T D12345", "沪a１２３９０")


def write(folder: Path, content: bytes, name: str = "cars.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_with_headings_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = "序号,车牌号,房号\n" + "".join(f"{n},{car},1-{n}01\n" for n, car in enumerate(CARS, start=1))
    file = read_plate_file(write(tmp_path, text.encode(encoding)))
    assert (file.columns[file.column], len(file.rows)) == ("车牌号", 4)
    assert [plate.clear for plate in new_plates(plates_in(file))] == ["沪A12388", "沪A12389", "粤TD12345", "沪A12390"]
    assert [row.number for row in plates_in(file)] == [2, 3, 4, 5]


def test_dirty_plates_are_told_row_by_row_and_nothing_is_lost(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["花苑小区车辆登记表", None], ["业主", "车牌"], ["a", "沪A12388"], ["b", None], ["c", "沪A1238"], ["d", "暂无"],
        [None, None], ["e", "沪A 12388"], ["f", "沪AD12345"], ["合计", "5辆"],
    ]  # fmt: skip
    file = read_plate_file(write(tmp_path, workbook(rows), "cars.xlsx"))
    found = plates_in(file)
    told = [(row.number, row.problem, row.same_as) for row in found]
    assert told == [
        (3, "", None), (4, "empty", None), (5, "length", None), (6, "province", None), (8, "", 3), (9, "", None),
        (10, "province", None),
    ]  # fmt: skip
    assert [plate.clear for plate in new_plates(found)] == ["沪A12388", "沪AD12345"]
    assert [row.raw for row in found if row.problem] == ["", "沪A1238", "暂无", "5辆"]


@pytest.mark.parametrize("content", ["沪A12388", "沪A12388\n沪A12389\n沪A12390\n", "\n\n沪A12388\n暂无\n"])
def test_a_list_without_headings_begins_with_its_first_car(tmp_path: Path, content: str) -> None:
    file = read_plate_file(write(tmp_path, content.encode(), "cars.txt"))
    found = plates_in(file)
    assert len(found) == len(content.split())
    assert found[0].plate is not None
    assert found[0].plate.clear == "沪A12388"
    assert file.columns == ("1",)


def test_another_column_can_be_chosen(tmp_path: Path) -> None:
    file = read_plate_file(write(tmp_path, "车牌,第二辆车\n沪A12388,沪A12389\n沪A12390,\n".encode()))
    assert (file.column, [row.problem for row in plates_in(file, 1)]) == (0, ["", "empty"])
    assert plates_in(file, 99) == plates_in(file)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "cars.csv", "no_rows"),
        (b"\n\n", "cars.csv", "no_rows"),
        (b"\x00\x01\x02\x03" * 50, "cars.csv", "unreadable_file"),
        (b"PK\x03\x04 half a workbook", "cars.xlsx", "unreadable_file"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "cars.xls", "refused_spreadsheet"),
        (b"%PDF-1.7", "cars.pdf", "refused_document"),
        ("沪A12388\n".encode() * 5_001, "cars.csv", "too_many_plates"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes, name: str, code: str
) -> None:
    with pytest.raises(LoadError) as found:
        read_plate_file(write(tmp_path, content, name))
    assert found.value.code == code
    assert found.value.sentence("zh")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=4), max_size=12))
def test_every_row_that_says_anything_is_answered(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    text = "\n".join(",".join(cells) for cells in rows)
    path = write(tmp_path_factory.mktemp("cars"), text.encode("utf-8", "replace"))
    try:
        file = read_plate_file(path)
    except LoadError:
        return
    found = plates_in(file)
    assert len(found) == len(file.rows)
    assert all((row.plate is None) == bool(row.problem) for row in found)

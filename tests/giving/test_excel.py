"""Assignments as Excel: out, edited as people edit, compared row by row, written as one change; the command line."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from openpyxl import Workbook, load_workbook

from gridmap.commands import main
from gridmap.people.giving import apply_change
from gridmap.people.giving.sheets import COLUMNS, SheetRow, UnreadableSheet, read_sheet, write_sheet
from tests.conftest import DEMO_CLOCK, Base
from tests.giving.conftest import ROLE, Office
from tests.giving.test_api import Desk

WORDS = [word for word, _title, _width in COLUMNS]


class Book:
    """An exported workbook on somebody's desk."""

    def __init__(self, content: bytes) -> None:
        self.book = load_workbook(io.BytesIO(content))
        self.sheet = self.book.worksheets[0]

    def row(self, code: str, role: str) -> int:
        for number, cells in enumerate(self.sheet.iter_rows(min_row=2, values_only=True), start=2):
            if cells[WORDS.index("code")] == code and cells[WORDS.index("role")] == role:
                return number
        raise LookupError(code)

    def write(self, number: int, **values: str | None) -> None:
        for word, value in values.items():
            self.sheet.cell(number, WORDS.index(word) + 1).value = value

    @property
    def content(self) -> bytes:
        buffer = io.BytesIO()
        self.book.save(buffer)
        return buffer.getvalue()


@pytest.fixture(scope="module")
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    return make_app(base)


@pytest.fixture
def desk(app: Flask) -> Desk:
    return Desk(app, "community")


def export(desk: Desk, office: Office, role: str = ROLE) -> Book:
    answer = desk.client.get(f"/api/assignments/export.xlsx?street={office.street}&role={role}", headers=desk.headers)
    assert answer.status_code == 200, answer.text
    return Book(answer.data)


def compare(desk: Desk, office: Office, content: bytes, status: int = 200) -> Any:
    answer = desk.client.post(
        "/api/assignments/import",
        data={"file": (io.BytesIO(content), "a.xlsx"), "street": str(office.street)},
        headers=desk.headers,
    )
    assert answer.status_code == status, answer.text
    return answer.json


def code_of(office: Office, place: int) -> str:
    return str(office.rows("SELECT code FROM gridmap.place WHERE id = %s", place)[0]["code"])


def test_what_was_exported_changes_nothing(desk: Desk, office: Office) -> None:
    for role in (ROLE, "building_manager", "grid_worker"):
        told = compare(desk, office, export(desk, office, role).content)
        assert told["counts"]["unchanged"] == len(told["rows"]) > 0
        assert told["moves"] == []


def test_rows_are_added_moved_ended_refused_and_never_overwrite_a_later_change(desk: Desk, office: Office) -> None:
    old, other = office.person("旧任"), office.person("后来者")
    office.person("新任")
    twins = [office.person("同名者") for _ in range(2)]
    doors = office.doors[150:158]
    codes = [code_of(office, door) for door in doors]
    office.run(apply_change, [office.move(door, old) for door in doors[:4]], why=None)
    book = export(desk, office)
    title = book.sheet.cell(book.row(codes[0], "楼组长"), WORDS.index("role") + 1).value
    rows = [book.row(code, title) for code in codes]
    book.write(rows[0], person="新任", person_id=None)
    book.write(rows[1], person=None)
    book.write(rows[4], person="新任")
    book.write(rows[5], person="同名者")
    book.write(rows[6], person="同名者", person_id=str(twins[1]))
    book.write(rows[7], person="查无此人")
    book.write(rows[3], person="新任")
    office.run(apply_change, [office.move(doors[2], other), office.move(doors[3], other)], why=None)
    told = compare(desk, office, book.content)
    found = {row["row"]: row for row in told["rows"]}
    assert [found[row]["outcome"] for row in rows] == [
        "moved", "ended", "conflict", "conflict", "added", "refused", "added", "refused",
    ]  # fmt: skip
    assert (found[rows[0]]["before"], found[rows[0]]["after"]) == ("旧任", "新任")
    assert "后来者" in found[rows[3]]["sentence"]
    assert len(told["moves"]) == 4
    made = desk.post("/api/assignments", moves=told["moves"], kind="import", why="Excel")
    assert [office.holder(door) for door in doors] == ["新任", None, "后来者", "后来者", "新任", None, "同名者", None]
    # the same file again: what it wants is there already, what was changed since stays
    again = compare(desk, office, book.content)
    assert again["moves"] == []
    outcomes = {row["row"]: row["outcome"] for row in again["rows"]}
    assert [outcomes[row] for row in rows] == [
        "unchanged", "conflict", "conflict", "conflict", "unchanged", "refused", "unchanged", "refused",
    ]  # fmt: skip
    desk.post("/api/assignments/undo", change=made["change"])


def test_deputies_come_and_go(desk: Desk, office: Office) -> None:
    one, two = office.person("副手甲"), office.person("副手乙")
    door = office.doors[160]
    code = code_of(office, door)
    row = {"code": code, "role": "楼组长", "hand": "副责", "person": "副手甲"}
    told = compare(desk, office, write_sheet([SheetRow(number=0, **row)], "zh"))
    assert told["counts"]["added"] == 1
    desk.post("/api/assignments", moves=told["moves"])
    book = export(desk, office)
    number = next(
        number for number, cells in enumerate(book.sheet.iter_rows(values_only=True), start=1)
        if cells[0] == code and cells[WORDS.index("hand")] == "副责"
    )  # fmt: skip
    book.write(number, person="副手乙")
    told = compare(desk, office, book.content)
    assert told["counts"]["moved"] == 1
    desk.post("/api/assignments", moves=told["moves"])
    found = office.rows(
        "SELECT person_id FROM gridmap.assignment WHERE place_id = %s AND NOT is_primary AND valid @> %s",
        door, office.now,
    )  # fmt: skip
    assert [row["person_id"] for row in found] == [two]
    assert one


def test_no_name_becomes_a_formula_and_codes_keep_their_zeros() -> None:
    rows = [SheetRow(number=2, code="007", role="r", person="=HYPERLINK(1)", person_id="42953967931392")]
    content = write_sheet(rows, "zh")
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}
    assert read_sheet(content) == rows


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_both_languages_are_read(locale: str) -> None:
    row = SheetRow(number=2, code="1", role="x", person="某", hand="deputy" if locale == "en" else "副责")
    assert read_sheet(write_sheet([row], locale)) == [row]


def test_files_that_are_none(desk: Desk, office: Office) -> None:
    empty = io.BytesIO()
    Workbook().save(empty)
    for content, reason in ((b"nonsense", "workbook"), (b"", "workbook"), (empty.getvalue(), "headings")):
        with pytest.raises(UnreadableSheet, match=reason):
            read_sheet(content)
        assert compare(desk, office, content, 422)["code"] == reason
    rows = [SheetRow(number=0, code=f"x{n}", role="y", person="z") for n in range(20_001)]
    with pytest.raises(UnreadableSheet, match="large"):
        read_sheet(write_sheet(rows, "zh"))
    answer = desk.client.post("/api/assignments/import", data={"street": "1"}, headers=desk.headers)
    assert answer.status_code == 400


def test_a_row_that_says_nonsense_is_refused_alone(desk: Desk, office: Office) -> None:
    code = code_of(office, office.doors[165])
    office.person("某丁")
    good = {"code": code, "role": "楼组长", "person": "某丁"}
    rows = [
        good | {"role": "总司令"},
        good | {"hand": "左手"},
        good | {"seen": "many"},
        good | {"code": "X-9"},
        good | {"unit": "101"},
        {**good, "code": code_of(office, office.doors[166])},
    ]
    told = compare(desk, office, write_sheet([SheetRow(number=0, **row) for row in rows], "zh"))
    assert [row["outcome"] for row in told["rows"]] == ["refused"] * 5 + ["added"]
    assert all(row["sentence"] for row in told["rows"][:5])
    twice = compare(desk, office, write_sheet([SheetRow(number=0, **good)] * 2, "zh"))
    assert twice["counts"]["refused"] == 2


class TestCommandLine:
    @pytest.fixture
    def run(self, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
        monkeypatch.setenv("GRIDMAP_DATABASE_URL", base.app_url)
        monkeypatch.setenv("GRIDMAP_HOME", str(tmp_path))
        monkeypatch.setenv("GRIDMAP_CLOCK", DEMO_CLOCK)
        return lambda *words: CliRunner().invoke(main, ["assign", *map(str, words)])

    def test_out_edited_and_in_again(self, run: Callable[..., Result], office: Office, tmp_path: Path) -> None:
        somebody, door, file = office.person("命令行"), office.doors[170], tmp_path / "a.xlsx"
        office.run(apply_change, [office.move(door, somebody)], why=None)
        assert run("export", "-o", file, "--street", "442000002", "--role", ROLE).exit_code == 0
        book = Book(file.read_bytes())
        number = book.row(code_of(office, door), "楼组长")
        # without an account names are masked
        assert book.sheet.cell(number, WORDS.index("person") + 1).value == "命**"
        done = run("import", file, "--street", "442000002")
        assert done.exit_code == 0, done.output
        assert "added 0, moved 0, ended 0" in done.output
        book.write(number, person=None)
        file.write_bytes(book.content)
        done = run("import", file, "--street", "442000002")
        assert "ended 1" in done.output
        assert "Nothing was written" in done.output
        assert office.holder(door) == "命令行"
        done = run("import", file, "--street", "442000002", "--why", "测试", "--commit")
        assert done.exit_code == 0, done.output
        assert office.holder(door) is None
        assert run("export", "-o", file, "--street", "442000002", "--user", "leader").exit_code == 0

    def test_a_proposal_in_words(self, run: Callable[..., Result]) -> None:
        done = run(
            "propose", "--street", "442000002", "--role", "building_manager", "--estate", "442000002005X02", "--all"
        )
        assert done.exit_code == 0, done.output
        assert "nobody" in done.output
        assert "*" in done.output

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("export", "-o", "a.csv", "--street", "442000002"), "name the file .xlsx"),
            (("export", "-o", "/tmp/a.xlsx", "--street", "1"), "There is no street"),
            (("export", "-o", "/tmp/a.xlsx", "--street", "442000002", "--role", "x"), "There is no role"),
            (("export", "-o", "/tmp/a.xlsx", "--street", "442000002", "--user", "planner"), "does not lead"),
            (("propose", "--street", "442000002", "--role", "grid_worker", "--estate", "x"), "There is no estate"),
            (("import", __file__, "--street", "442000002"), "not an Excel workbook"),
        ],
    )
    def test_what_cannot_be_done_is_said(self, run: Callable[..., Result], words: tuple[str, ...], said: str) -> None:
        done = run(*words)
        assert done.exit_code == 1
        assert said in done.output

"""`gridmap sheet`: out, compared, written with --commit; as an account with its rights."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gridmap.commands import main
from gridmap.read.sheets.fields import SHEETS
from tests.conftest import DEMO_CLOCK, Base
from tests.sheets.conftest import Book, Desk

CODE = "442000002"
Run = Callable[..., Result]


@pytest.fixture
def run(base: Base, desk: Desk, tmp_path: Path) -> Run:
    def command(*words: str) -> Result:
        env = {"GRIDMAP_DATABASE_URL": base.app_url, "GRIDMAP_CLOCK": DEMO_CLOCK, "GRIDMAP_HOME": str(tmp_path)}
        return CliRunner().invoke(main, ["sheet", *words], env=env)

    return command


def street(desk: Desk) -> str:
    return str(desk.rows("SELECT code FROM gridmap.street WHERE id = %s", desk.street)[0]["code"])


def test_goes_out_is_edited_compared_and_written(run: Run, desk: Desk, tmp_path: Path) -> None:
    file, code = tmp_path / "楼栋.xlsx", street(desk)
    assert run("write", "buildings", "--street", code, "-o", str(file)).exit_code == 0
    book = Book(file.read_bytes(), SHEETS["buildings"])
    place = book.id(2)
    book.write(2, floors=44)
    book.write(3, floors="many")
    file.write_bytes(book.content)
    looked = run("read", str(file), "--street", code)
    assert looked.exit_code == 0
    assert "→ 44" in looked.output
    assert f"{book.cell(3, 'floors').coordinate} 'many': Write a whole number from 0 to 200." in looked.output
    assert "Nothing was written" in looked.output
    assert desk.place(place)["floors"] != 44
    written = run("read", str(file), "--street", code, "--commit")
    assert "1 changed, 0 new" in written.output
    assert desk.place(place)["floors"] == 44
    assert "There was nothing to write." in run("read", str(file), "--street", code, "--commit").output


def test_acts_with_the_rights_of_an_account(run: Run, desk: Desk, tmp_path: Path) -> None:
    file, code = tmp_path / "a.xlsx", street(desk)
    words = ("--street", code, "-o", str(file))
    for kind, user, is_allowed in (
        ("buildings", "planner", True),
        ("people", "planner", False),
        ("people", "leader", True),
        ("buildings", "community", False),
        ("estates", "worker", False),
        ("estates", "nobody", False),
    ):
        answer = run("write", kind, *words, "--user", user)
        assert (answer.exit_code == 0) == is_allowed, (kind, user, answer.output)
        assert answer.exit_code == 0 or answer.output.startswith("Error: ")
    assert run("read", str(file), "--street", code, "--user", "planner").exit_code == 1


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xd0\xcf\x11\xe0" + bytes(600)])
def test_says_in_one_sentence_what_it_cannot_read(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(content)
    answer = run("read", str(file), "--street", CODE)
    assert answer.exit_code == 1
    assert answer.output.count("\n") == 1

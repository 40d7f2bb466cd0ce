"""`gridmap init` and `gridmap token`: from nothing to a street whose people sign in."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from openpyxl import Workbook

from gridmap.accounts import random_password
from gridmap.commands.init import init
from gridmap.commands.load import load
from gridmap.commands.token import token
from gridmap.db import SYSTEM, Database
from gridmap.settings import Settings
from tests.conftest import DEMO_CLOCK, Base
from tests.web.visitor import Person

STREET = ("--street", "310113103,杨行镇", "--city", "310000,上海市", "--district", "310113,宝山区")
COMMUNITY = "310113103031"


@pytest.fixture
def settings(empty_base: Base, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, database_url=empty_base.app_url, owner_url=empty_base.owner_url, clock=DEMO_CLOCK)


@pytest.fixture
def database(empty_base: Base) -> Iterator[Database]:
    made = Database(empty_base.app_url)
    yield made
    made.close()


@pytest.fixture
def run(settings: Settings) -> Callable[..., Result]:
    def call(command: Any, *arguments: str, obj: Settings | None = None) -> Result:
        return CliRunner().invoke(command, arguments, obj=obj or settings)

    return call


def one(database: Database, statement: str) -> Any:
    with database.transaction(SYSTEM) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return next(iter(row.values()))


def password_in(output: str) -> str:
    return output.split("Password:")[1].split()[0]


def test_an_empty_installation_becomes_a_street(
    run: Callable[..., Result], database: Database, empty_base: Base, make_app: Callable[[Base], Flask]
) -> None:
    result = run(init, *STREET, "--community", f"{COMMUNITY},盛高香逸湾庭院居委会", "--admin", "root.one")
    assert result.exit_code == 0, result.output
    assert "/admin/setup" in result.output
    assert one(database, "SELECT name FROM gridmap.community") == "盛高香逸湾庭院居委会"
    assert one(database, "SELECT initials FROM gridmap.community") == "sgxywtyjwh"
    assert one(database, "SELECT count(*) FROM gridmap.duty_role") > 10
    rules = one(database, "SELECT array_agg(kind || ' ' || level || ' ' || every ORDER BY sort) FROM gridmap.duty")
    assert rules == [f"{kind} stairwell month" for kind in ("fire_equipment", "roof_safety", "corridor_clutter")]
    person = Person(make_app(empty_base))
    assert person.sign_in("root.one", password_in(result.output)).status_code == 303
    assert person.get("/admin").location == "/account/password"
    own = random_password()
    form = {"current": password_in(result.output), "password": own, "again": own}
    assert person.send("/account/password", form).status_code == 303
    page = person.get("/admin/setup?lang=en").text
    assert "streets have no grid" in page
    assert "streets have nobody on duty" in page


def test_again_changes_nothing_and_adds_what_is_new(run: Callable[..., Result], database: Database) -> None:
    assert run(init, *STREET, "--community", f"{COMMUNITY},甲").exit_code == 0
    result = run(init, *STREET, "--community", f"{COMMUNITY},甲", "--community", "310113103032,乙")
    assert result.exit_code == 0
    assert "Password:" not in result.output
    assert one(database, "SELECT count(*) FROM gridmap.street") == 1
    assert one(database, "SELECT count(*) FROM gridmap.community") == 2
    assert one(database, "SELECT count(*) FROM gridmap.account") == 1
    assert one(database, "SELECT count(*) FROM gridmap.duty") == 3


def test_a_city_without_districts_has_a_row_with_its_own_code(run: Callable[..., Result], database: Database) -> None:
    result = run(init, "--street", "442000002，东区街道", "--city", "442000,中山市")
    assert result.exit_code == 0, result.output
    assert one(database, "SELECT code FROM gridmap.district") == "442000"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_communities_come_from_a_file(
    run: Callable[..., Result], database: Database, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "communities.csv"
    file.write_bytes(f"代码,名称\n{COMMUNITY},甲居委会\n\n310113103032，乙居委会\n".encode(encoding))
    result = run(init, *STREET, "--communities", str(file))
    assert result.exit_code == 0, result.output
    assert one(database, "SELECT array_agg(name ORDER BY code) FROM gridmap.community") == ["甲居委会", "乙居委会"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--street", "31011310,短", "--city", "310000,上海市"), "a street 9"),
        (("--street", "310113103,", "--city", "310000,上海市"), "needs a name"),
        (("--street", "310113103,杨行镇"), "City"),
        ((*STREET, "--community", "123,x"), "a community 12"),
        ((*STREET, "--admin", "two words"), "user name"),
        ((*STREET, "--admin", "二"), "user name"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_leaves_nothing(
    run: Callable[..., Result], database: Database, arguments: tuple[str, ...], sentence: str
) -> None:
    result = run(init, *arguments)
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert one(database, "SELECT count(*) FROM gridmap.street") == 0
    assert one(database, "SELECT count(*) FROM gridmap.account") == 0


@pytest.mark.parametrize("text", [f"{COMMUNITY}\n", "代码,名称\n123,甲\n", f"{COMMUNITY},甲\nx,乙\n"])
def test_a_bad_line_of_the_file_is_named(
    run: Callable[..., Result], database: Database, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "communities.csv"
    file.write_text(text, encoding="utf-8")
    result = run(init, *STREET, "--communities", str(file))
    assert result.exit_code == 1
    assert "communities.csv, line" in result.output
    assert one(database, "SELECT count(*) FROM gridmap.street") == 0


def test_the_demo_is_not_mixed_with_a_real_street(
    own_demo_base: Base, run: Callable[..., Result], tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, database_url=own_demo_base.app_url)
    result = run(init, *STREET, obj=settings)
    assert result.exit_code == 1
    assert "GRIDMAP_HOME" in result.output


def test_people_of_the_excel_file_sign_in_by_their_slips(
    run: Callable[..., Result], database: Database, empty_base: Base, make_app: Callable[[Base], Flask], tmp_path: Path
) -> None:
    """The whole way: init, the people file twice, slips printed by the administrator, the secretary at the map."""
    result = run(init, *STREET, "--community", f"{COMMUNITY},香逸湾居委会", "--admin", "root.one")
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["姓名", "岗位", "工作电话", "社区代码", "账号", "显示名称"])
    sheet.append(["王某书", "社区党委书记", "021-00000001", COMMUNITY, "wang.shu", "香逸湾书记"])
    book.save(tmp_path / "people.xlsx")
    for outcome in ("new 1", "unchanged 1"):
        loaded = run(load, "people", str(tmp_path / "people.xlsx"), "--street", "310113103", "--commit")
        assert loaded.exit_code == 0, loaded.output
        assert outcome in loaded.output
    app = make_app(empty_base)
    admin, secretary = Person(app), Person(app)
    admin.sign_in("root.one", password_in(result.output))
    own = random_password()
    admin.send("/account/password", {"current": password_in(result.output), "password": own, "again": own})
    assert "wang.shu" in admin.get("/admin/accounts?state=never").text
    account = one(database, "SELECT id FROM gridmap.account WHERE username = 'wang.shu'")
    slips = admin.send("/admin/accounts/slips", {"account": account}, page="/admin/accounts?state=never").text
    path = "/enter/" + slips.split('class="slip-address">')[1].split("<")[0].rsplit("/", 1)[1]
    assert secretary.send(path, {"password": own, "again": own}).status_code == 303
    assert secretary.get("/").location == "/map"
    assert secretary.get("/admin/absences").status_code == 200
    assert secretary.get("/admin/streets").status_code == 403


class TestToken:
    def test_it_is_the_last_line_and_works(
        self, run: Callable[..., Result], empty_base: Base, make_app: Callable[[Base], Flask]
    ) -> None:
        run(init, *STREET, "--admin", "root.one")
        result = run(token, "Root.One", "--days", "2", "--name", "nightly report")
        assert result.exit_code == 0, result.output
        secret = result.output.splitlines()[-1]
        answer = make_app(empty_base).test_client().get("/account", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 200
        assert "nightly report" in answer.text

    @pytest.mark.parametrize(
        ("arguments", "code"), [(("nobody",), 1), (("root.one", "--days", "0"), 2), (("root.one", "--days", "400"), 2)]
    )
    def test_what_cannot_be(self, run: Callable[..., Result], arguments: tuple[str, ...], code: int) -> None:
        run(init, *STREET, "--admin", "root.one")
        result = run(token, *arguments)
        assert result.exit_code == code
        assert "Traceback" not in result.output

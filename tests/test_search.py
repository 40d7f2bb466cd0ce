"""Search: what is found by whom, in which order, and how what was typed is taken apart."""

from collections.abc import Callable

import pytest
from flask import Flask

from gridmap.clock import parse_clock
from gridmap.context import Services
from gridmap.db import SYSTEM
from gridmap.read import Asked
from gridmap.read.order import natural_key
from gridmap.read.search import MOST, Found, Words, find, parse_words
from gridmap.read.search.words import Part
from gridmap.scope import Viewer, viewer_of
from tests.conftest import DEMO_CLOCK, Base

NOW = parse_clock(DEMO_CLOCK).now()
HUAYUAN = "442000002005"
Find = Callable[..., tuple[Found, ...]]


@pytest.fixture(scope="module")
def services(demo_app: Flask) -> Services:
    found: Services = demo_app.extensions["gridmap"]
    return found


def viewer(services: Services, username: str) -> Viewer:
    with services.database.transaction(SYSTEM) as connection:
        row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (username,)).fetchone()
    assert row
    return viewer_of(services.database, row["id"], NOW)


@pytest.fixture(scope="module")
def found(services: Services) -> Find:
    """`found("花苑", by="worker")`: what that demo account finds."""

    def search(words: str, by: str = "leader", *, patient: bool = True) -> tuple[Found, ...]:
        one = viewer(services, by)
        with services.database.transaction(one.prologue) as connection:
            return find(connection, one, parse_words(words), Asked(as_of=NOW), patient=patient)

    return search


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("  花苑 ", "花苑"),
        ("花苑\t3 号楼", "花苑 3 号楼"),
        ("ABC", "abc"),
        ("花苑3号楼", "花苑3号楼"),
        ("花\x00苑\u200b", "花 苑"),
        ("", ""),
        ("花" * 500, "花" * 60),
    ],
)
def test_what_was_typed_is_folded(typed: str, folded: str) -> None:
    assert parse_words(typed).text == folded


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("花苑", [Part("花苑")]),
        ("花苑3栋", [Part("花苑"), Part("3栋", 3, ("building",))]),
        ("花苑3号楼2单元", [Part("花苑"), Part("3号楼", 3, ("building",)), Part("2单元", 2, ("stairwell",))]),
        ("花苑 03", [Part("花苑"), Part("03", 3, ("building", "stairwell"))]),
        ("517弄3号", [Part("517弄"), Part("3号", 3, ("building",))]),
        ("442000002005x01-03", [Part("442000002005x01-03")]),
        ("hy xc", [Part("hy"), Part("xc")]),
    ],
)
def test_what_was_typed_is_taken_apart(text: str, parts: list[Part]) -> None:
    assert list(Words(text).parts) == parts


def test_a_number_fits_however_the_office_writes_it() -> None:
    (part,) = Words("3栋").parts
    assert "3号楼" in part.names
    assert "3幢" in part.names
    assert part.pattern == r"(^|\D)0*3(\D|$)"


def test_a_community_its_grids_and_estates_come_before_buildings(found: Find) -> None:
    kinds = [one.kind for one in found("花苑")]
    assert kinds[0] == "community"
    assert kinds.index("grid") < kinds.index("zone")
    assert next(one.name for one in found("花苑") if one.kind == "estate") == "花苑新村"


def test_the_exact_name_and_the_exact_code_come_first(found: Find) -> None:
    assert found("兰苑")[0].name == "兰苑"
    assert found(HUAYUAN)[0].code == HUAYUAN
    assert found(f"{HUAYUAN}002")[0].code == f"{HUAYUAN}002"


def test_a_code_is_found_by_its_beginning_in_either_case(found: Find) -> None:
    expected = [f"{HUAYUAN}X01-03", f"{HUAYUAN}X01-03-1", f"{HUAYUAN}X01-03-2", f"{HUAYUAN}X01-03-3"]
    assert [one.code for one in found(f"{HUAYUAN}X01-03")] == expected
    assert [one.code for one in found(f"{HUAYUAN}x01-03")] == expected


def test_pinyin_initials_find(found: Find) -> None:
    assert "花苑新村" in {one.name for one in found("hyxc")}
    assert "花苑社区" in {one.name for one in found("hysq")}


def test_a_part_of_a_name_finds_large_places(found: Find) -> None:
    assert {one.name for one in found("苑新")} >= {"花苑新村"}


def test_an_estate_and_a_number_find_the_building(found: Find) -> None:
    best = found("花苑新村3栋")[0]
    assert (best.kind, best.name) == ("building", "3号楼")
    assert best.around[-1] == "花苑新村"
    assert best.code == f"{HUAYUAN}X01-03"


def test_an_estate_a_building_and_a_stairwell_find_the_stairwell(found: Find) -> None:
    assert [(one.kind, one.code) for one in found("花苑新村3号楼2单元")] == [("stairwell", f"{HUAYUAN}X01-03-2")]


def test_a_bare_number_means_buildings_first(found: Find) -> None:
    kinds = [one.kind for one in found("花苑新村 3")]
    assert kinds[0] == "building"
    assert "stairwell" in kinds
    assert all("3" in one.name for one in found("花苑新村 3"))


def test_thirteen_is_not_three(found: Find) -> None:
    names = {one.name for one in found("朗晴假日3号楼")}
    assert names == {"3号楼"}


def test_a_building_number_alone_finds_buildings(found: Find) -> None:
    by_name = found("5栋")
    assert by_name
    assert {one.name for one in by_name} == {"5号楼"}


def test_the_other_name_of_a_community_finds_it(found: Find) -> None:
    assert HUAYUAN in {one.code for one in found("华苑")}


def test_at_most_twenty_and_each_once(found: Find) -> None:
    many = found("1")
    everything = found("442000002")
    assert len(everything) == MOST
    for answer in (many, everything):
        assert len({(one.kind, one.id) for one in answer}) == len(answer) <= MOST


@pytest.mark.parametrize(
    "words", ["", "   ", "不存在的地方", "%", "_", "\\", "'", "' OR true --", "(", "[", "*", "a" * 500]
)
def test_nothing_is_found_for_nothing(found: Find, words: str) -> None:
    assert found(words) == ()


def test_people_are_found_by_name_part_and_initials(found: Find, services: Services) -> None:
    with services.database.transaction(SYSTEM) as connection:
        row = connection.execute(
            "SELECT p.display_name, p.initials FROM gridmap.person p JOIN gridmap.assignment a"
            " ON a.street_id = p.street_id AND a.person_id = p.id WHERE a.role = 'grid_worker'"
            " AND a.valid @> %s::timestamptz ORDER BY p.id LIMIT 1",
            (NOW,),
        ).fetchone()
    assert row
    name, initials = row["display_name"], row["initials"]
    for words in (name, name[1:], initials):
        people = [one for one in found(words) if one.kind == "person" and one.name == name]
        assert people, words
        assert people[0].role == ("网格员", "Grid worker")
        assert people[0].place_kind == "grid"


@pytest.mark.parametrize("account", ["planner", "property", "admin"])
def test_who_may_not_see_people_finds_none(found: Find, account: str) -> None:
    assert [one for one in found("某") if one.kind == "person"] != []
    assert [one for one in found("某", by=account) if one.kind == "person"] == []


def test_a_worker_finds_inside_the_own_grid_only(found: Find, services: Services) -> None:
    (grid,) = viewer(services, "worker").reach.grids
    answers = [*found("号楼", by="worker"), *found("单元", by="worker"), *found(HUAYUAN, by="worker")]
    assert len(answers) > 10
    with services.database.transaction(SYSTEM) as connection:
        ids = [one.id for one in answers if one.kind not in ("community", "estate")]
        rows = connection.execute("SELECT DISTINCT grid_id FROM gridmap.place WHERE id = ANY (%s)", (ids,)).fetchall()
    assert [row["grid_id"] for row in rows] == [grid]
    assert found("桥岗第1网格", by="worker") == ()
    assert found("朗晴", by="worker") == ()


def test_a_worker_finds_by_building_number_too(found: Find) -> None:
    assert {one.name for one in found("3栋", by="worker")} == {"3号楼"}


def test_a_manager_finds_the_own_stairwell_and_what_it_lies_in(found: Find) -> None:
    assert [one.kind for one in found("单元", by="manager")] == ["stairwell"]
    assert [one.kind for one in found("号楼", by="manager")] == ["building"]
    assert found("3号楼", by="manager") == ()


def test_finds_carry_a_box_inside_china(found: Find) -> None:
    box = found("花苑新村")[0].bounds
    assert box
    assert 113 < box.west < box.east < 114
    assert 22 < box.south < box.north < 23


@pytest.fixture(scope="module")
def lonely(demo_template: str, copy_database: Callable[[str], Base], make_app) -> Services:
    """A demo in which one building has a name of its own, and no estate."""
    base = copy_database(demo_template)
    app = make_app(base)
    services: Services = app.extensions["gridmap"]
    with services.database.transaction(SYSTEM) as connection:
        connection.execute(
            "UPDATE gridmap.place SET name = '市民服务中心大楼', initials = 'smfwzxdl', estate_id = NULL"
            " WHERE code = %s AND kind = 'building'",
            (f"{HUAYUAN}X01-03",),
        )
    return services


def test_the_middle_of_a_buildings_name_is_found_when_nothing_else_is(lonely: Services) -> None:
    leader = viewer(lonely, "leader")
    with lonely.database.transaction(leader.prologue) as connection:
        patient = find(connection, leader, parse_words("服务中心"), Asked(as_of=NOW), patient=True)
        hasty = find(connection, leader, parse_words("服务中心"), Asked(as_of=NOW), patient=False)
        begins = find(connection, leader, parse_words("市民服"), Asked(as_of=NOW), patient=False)
        initials = find(connection, leader, parse_words("smfw"), Asked(as_of=NOW), patient=False)
    assert [one.name for one in patient] == ["市民服务中心大楼"]
    assert hasty == ()
    assert [one.name for one in begins] == [one.name for one in initials] == ["市民服务中心大楼"]


def test_natural_order_counts() -> None:
    names = ["10栋", "2栋", "1栋12单元", "1栋3单元", "1栋"]
    assert sorted(names, key=natural_key) == ["1栋", "1栋3单元", "1栋12单元", "2栋", "10栋"]


@pytest.mark.parametrize("words", ["花苑新村", HUAYUAN, "hyxc", "花苑新村3栋", "花苑新村3号楼2单元", "苑新"])
def test_who_sees_very_many_streets_finds_the_same_first(
    found: Find, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = found(words)[0]
    monkeypatch.setattr("gridmap.read.search.MANY_STREETS", 0)
    assert found(words)[0] == usual


def test_who_sees_very_many_streets_finds_people_by_the_beginning(found: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    anybody = next(one for one in found("某") if one.kind == "person")
    monkeypatch.setattr("gridmap.read.search.MANY_STREETS", 0)
    assert anybody.name in {one.name for one in found(anybody.name[:2]) if one.kind == "person"}
    assert [one for one in found("某") if one.kind == "person"] == []

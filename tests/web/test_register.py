"""The register in lists: every step of the map without the map, previews, refusals that lose nothing, and the undo."""

import re
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Base
from tests.rows import rows
from tests.web.visitor import Person, person

CODE = "310113101025"


@pytest.fixture
def community(base: Base) -> int:
    """A community of the demo with two grids."""
    [row] = rows(base, "SELECT id FROM gridmap.community WHERE code = %s", CODE)
    return int(row["id"])


@pytest.fixture
def planner(app: Flask) -> Person:
    return person(app, "planner")


def grids(base: Base) -> list[dict[str, Any]]:
    return rows(
        base,
        "SELECT p.id, p.name, p.code, p.initials FROM gridmap.place p WHERE p.kind = 'grid' AND upper_inf(p.valid)"
        " AND p.code LIKE %s ORDER BY p.code", f"{CODE}%",
    )  # fmt: skip


def revision(page: str) -> str:
    found = re.search(r'name="revision" value="([0-9]+)"', page)
    assert found
    return found.group(1)


def step(who: Person, community: int, **form: Any) -> Any:
    page = f"/register/{community}"
    return who.send(f"{page}/steps", {"revision": revision(who.get(page).text), **form}, page=page)


def edition(base: Base, state: str = "draft") -> dict[str, Any]:
    return rows(base, "SELECT * FROM gridmap.edition WHERE state = %s ORDER BY id DESC LIMIT 1", state)[0]


def test_a_planner_merges_in_the_list_a_leader_publishes_and_takes_it_back(
    base: Base, leader: Person, planner: Person, community: int
) -> None:
    west, east = grids(base)
    assert (
        step(planner, community, what="merge", places=[west["id"], east["id"]], name="宝欣一村网格").status_code == 303
    )
    draft = edition(base)
    page = f"/register/editions/{draft['id']}"
    seen = planner.get(page).text
    assert "宝欣一村网格" in seen
    assert "方案核验证书" in seen
    assert "/publish" not in seen
    form = {"revision": revision(leader.get(page).text), "why": "两个网格都小", "starts_on": "2026-03-16"}
    assert planner.send(f"{page}/publish", form, page=f"/register/{community}").status_code == 403
    late = leader.send(f"{page}/publish", form | {"starts_on": "2020-01-01"}, page=page)
    assert late.status_code == 422
    assert "两个网格都小" in late.text
    assert leader.send(f"{page}/publish", form, page=page).status_code == 303
    [merged] = grids(base)
    assert (merged["code"], merged["initials"]) == (f"{CODE}003", "bxycwg")
    listed = leader.get(f"/register/{community}").text
    assert "网格的来历" in listed
    again = {"revision": revision(leader.get(page).text), "why": "画错了"}
    assert leader.send(f"{page}/undo", again, page=page).status_code == 303
    assert [one["id"] for one in grids(base)] == [west["id"], east["id"]]
    assert leader.send(f"{page}/undo", again, page=f"/register/{community}").status_code == 409


def test_names_codes_numbers_and_ends_are_changed_in_the_list(base: Base, leader: Person, community: int) -> None:
    west, east = grids(base)
    assert step(leader, community, what="rename", place=west["id"], name="西网格", code=f"{CODE}009").status_code == 303
    assert step(leader, community, what="renumber").status_code == 303
    assert step(leader, community, what="end", place=east["id"], into=west["id"]).status_code == 303
    taken = step(leader, community, what="rename", place=west["id"], name="西网格", code="12")
    assert taken.status_code == 422
    assert f"网格编码是 {CODE} 加三位数字" in taken.text
    page = f"/register/{community}"
    form = {"revision": revision(leader.get(page).text)}
    assert leader.send(f"{page}/drop", form, page=page).status_code == 303
    assert [one["name"] for one in grids(base)] == [west["name"], east["name"]]


def test_a_building_is_moved_to_the_other_grid_in_the_list(base: Base, leader: Person, community: int) -> None:
    west, east = grids(base)
    houses = rows(
        base,
        "SELECT b.id, b.name FROM gridmap.place b, gridmap.place g WHERE b.kind = 'building' AND b.grid_id = %s"
        " AND g.id = %s ORDER BY ST_Distance(b.geom, g.geom) LIMIT 1", west["id"], east["id"],
    )  # fmt: skip
    assert step(leader, community, what="move", place=houses[0]["id"], into=east["id"]).status_code == 303
    page = leader.get(f"/register/editions/{edition(base)['id']}").text
    assert houses[0]["name"] in page
    assert "没有大于 0.5 m² 的空隙" in page
    form = {"revision": revision(leader.get(f"/register/{community}").text)}
    assert leader.send(f"/register/{community}/drop", form, page=f"/register/{community}").status_code == 303


@pytest.mark.parametrize(("text", "sentence"), [
    ("", "还没有画"), ("{", "这不是GeoJSON"), ('{"type": "Point", "coordinates": [1, 2]}', "线至少要有两个不同的点"),
    ('{"type": "LineString", "coordinates": [[1, 2], [NaN, 3]]}', "线至少要有两个不同的点"),
    ('{"type": "LineString", "coordinates": [[121.2, 31.2], [121.2, 31.3]]}', "没有切开任何部分"),
])  # fmt: skip
def test_what_is_refused_on_the_map_is_told_and_kept(
    base: Base, leader: Person, community: int, text: str, sentence: str
) -> None:
    refused = step(leader, community, what="split", place=grids(base)[0]["id"], shape=text, back="map")
    assert refused.status_code == 422
    assert sentence in refused.text
    kept = re.search(r'<textarea[^>]*name="shape"[^>]*>(.*?)</textarea>', refused.text, re.DOTALL)
    assert kept
    assert kept.group(1).replace("&#34;", '"') == text


def test_whoever_was_slower_is_told(base: Base, leader: Person, planner: Person, community: int) -> None:
    west = grids(base)[0]
    old = revision(planner.get(f"/register/{community}").text)
    assert step(leader, community, what="rename", place=west["id"], name="甲").status_code == 303
    form = {"revision": old, "what": "rename", "place": west["id"], "name": "乙"}
    slower = planner.send(f"/register/{community}/steps", form, page=f"/register/{community}")
    assert slower.status_code == 409
    assert "期间有人改动过" in slower.text
    form = {"revision": revision(leader.get(f"/register/{community}").text)}
    leader.send(f"/register/{community}/drop", form, page=f"/register/{community}")


def test_steps_are_taken_back_and_again_in_the_list_and_on_the_map(
    base: Base, leader: Person, planner: Person, community: int
) -> None:
    west, east = grids(base)
    page = f"/register/{community}"
    assert "退回上一步" not in planner.get(page).text
    assert step(planner, community, what="rename", place=west["id"], name="甲网格").status_code == 303
    assert step(leader, community, what="rename", place=east["id"], name="乙网格").status_code == 303

    def turned(who: Person, way: str, **form: str) -> Any:
        return who.send(f"{page}/{way}", {"revision": revision(who.get(page).text), **form}, page=page)

    assert turned(planner, "back").status_code == 303
    listed = leader.get(page).text
    assert "重做：" in listed
    assert "乙网格" in re.sub(r"<[^>]*>", "", listed)
    assert "甲网格" in listed
    to_map = turned(leader, "forth", back="map")
    assert to_map.headers["Location"].startswith(f"{page}/map")
    again = turned(leader, "forth", back="map")
    assert (again.status_code, "没有可以退回或重做的步骤" in again.text) == (409, True)
    assert [turned(leader, "back").status_code for _ in range(2)] == [303, 303]
    assert "所有步骤都已退回" in leader.get(page).text
    assert "还没有画任何内容" in leader.get(f"/register/editions/{edition(base)['id']}").text
    assert turned(leader, "drop").status_code == 303


def test_an_undone_edition_is_begun_again_as_a_draft(base: Base, leader: Person, community: int) -> None:
    west, east = grids(base)
    page = f"/register/{community}"
    assert step(leader, community, what="merge", places=[west["id"], east["id"]], name="合一网格").status_code == 303
    made = f"/register/editions/{edition(base)['id']}"
    form = {"why": "两个网格都小", "starts_on": "2026-03-16"}
    for way in ("publish", "undo"):
        sent = leader.send(f"{made}/{way}", form | {"revision": revision(leader.get(made).text)}, page=made)
        assert sent.status_code == 303
    assert "用它开始草稿" in leader.get(made).text
    begun = leader.send(f"{made}/again", {}, page=made)
    assert begun.status_code == 303
    assert "合一网格" in leader.get(begun.headers["Location"]).text
    twice = leader.send(f"{made}/again", {}, page=made)
    assert (twice.status_code, "请先发布或丢弃它" in twice.text) == (409, True)
    assert leader.send(f"{page}/drop", {"revision": revision(leader.get(page).text)}, page=page).status_code == 303


def test_communities_are_chosen_by_street_and_by_name(app: Flask, base: Base, planner: Person) -> None:
    [mine] = rows(base, "SELECT street_id, name FROM gridmap.community WHERE code = %s", CODE)
    others = rows(
        base, "SELECT name FROM gridmap.community WHERE street_id <> %s AND upper_inf(valid)", mine["street_id"]
    )
    whole = planner.get("/register").text
    assert 'name="street"' in whole
    street = planner.get(f"/register?street={mine['street_id']}").text
    assert f">{mine['name']}<" in street
    assert street.count('<th scope="row">') < whole.count('<th scope="row">')
    assert not [one for one in others if f">{one['name']}<" in street]
    for text in (mine["name"][:2], CODE):
        named = planner.get(f"/register?q={text}").text
        assert f">{mine['name']}<" in named
        assert named.count("<tbody>") == 1
        assert not [one for one in others if f">{one['name']}<" in named and text not in one["name"]]
    assert "没有这样的社区" in planner.get("/register?q=不存在的社区").text
    assert planner.get("/register?street=abc").status_code == 400
    assert 'name="street"' not in person(app, "community").get("/register").text

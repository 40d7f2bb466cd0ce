"""The diary, reception days, the hotline and the survey of e-bikes as their people use them."""

import io
import re
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.conftest import Base
from tests.hotline_files import HEADINGS, as_csv
from tests.office_rows import forget_office
from tests.rows import rows
from tests.web.visitor import HTML, Person, csrf_of, person

DINGXIANG = "丁香苑"


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    base = copy_database(demo_template)
    with psycopg.connect(base.owner_url) as owner:
        forget_office(owner)
    return base


def street(base: Base) -> int:
    return int(rows(base, "SELECT id FROM gridmap.street WHERE code = '442000002'")[0]["id"])


def stairwell(base: Base) -> dict[str, Any]:
    return rows(
        base,
        "SELECT p.id, p.estate_id, p.community_id FROM gridmap.place p JOIN gridmap.place e ON e.street_id ="
        " p.street_id AND e.id = p.estate_id WHERE e.name = %s AND p.kind = 'stairwell' ORDER BY p.code LIMIT 1",
        DINGXIANG,
    )[0]


def workers_door(base: Base) -> dict[str, Any]:
    """A stairwell in the worker's own grid."""
    return rows(
        base,
        "SELECT p.id, p.estate_id FROM gridmap.place p JOIN gridmap.account_grant g ON g.target_id = p.grid_id"
        " JOIN gridmap.account a ON a.id = g.account_id WHERE a.username = 'worker' AND p.kind = 'stairwell'"
        " ORDER BY p.code LIMIT 1",
    )[0]


def entry(**words: Any) -> dict[str, Any]:
    return {"page": str(uuid.uuid4()), "channel": "visit", "text": "三楼的灯坏了", "becomes": "open"} | words


def orders_csv(*addresses: str, first: int = 1) -> bytes:
    blank = [""] * len(HEADINGS)
    lines = []
    for number, address in enumerate(addresses, first):
        row = dict(zip(HEADINGS, blank, strict=True))
        row |= {"工单编号": f"W{number:04}", "诉求内容": "楼道堆物，请回电13912345678", "诉求地址": address}
        row |= {"联系电话": "13912345678"}
        lines.append(list(row.values()))
    return as_csv(lines, encoding="gbk")


def send_file(leader: Person, address: str, content: bytes, **form: Any) -> Any:
    proof = csrf_of(leader.get("/hotline/import").text)
    data = form | {"csrf_token": proof, "file": (io.BytesIO(content), "工单.csv")}
    return leader.client.post(address, data=data, headers=HTML, content_type="multipart/form-data")


def test_a_worker_writes_a_line_and_finds_it_on_top(base: Base, worker: Person) -> None:
    form = entry(place=workers_door(base)["id"], name="张三", phone="13912345678")
    assert worker.send("/diary", form).status_code == 303
    page = worker.get("/diary").text
    assert "三楼的灯坏了" in page
    assert "139****5678" in page
    assert "13912345678" not in page
    # the same form again, as a phone sends it that has lost the answer
    assert worker.send("/diary", form).status_code == 303
    assert rows(base, "SELECT count(*) AS n FROM gridmap.diary WHERE text = '三楼的灯坏了'") == [{"n": 1}]


def test_a_place_is_found_by_its_words_and_several_are_asked_about(base: Base, leader: Person) -> None:
    for words in ({"where": "没有这个地方"}, {"place": 99_999_999_999}, {"place": 10**15}, {"community": 7}):
        assert leader.send("/diary", entry(**words)).status_code == 422
    several = leader.send("/diary", entry(where="1号楼", text="说的是哪里"))
    assert several.status_code == 422
    assert len(re.findall(r'type="radio" name="place"', several.text)) > 1
    assert "说的是哪里" in several.text
    assert leader.send("/diary", entry(where=DINGXIANG, text="说的是丁香苑")).status_code == 303
    [row] = rows(base, "SELECT place_id, estate_id FROM gridmap.diary WHERE text = '说的是丁香苑'")
    assert row["place_id"] == row["estate_id"] == stairwell(base)["estate_id"]


def test_an_entry_is_answered_and_its_name_shown_for_a_reason(base: Base, leader: Person) -> None:
    leader.send("/diary", entry(place=stairwell(base)["id"], text="要一把钥匙", name="李小四"))
    [row] = rows(base, "SELECT id FROM gridmap.diary WHERE text = '要一把钥匙'")
    path = f"/diary/{row['id']}"
    assert leader.send(path, {"what": "unmask", "reason": ""}).status_code == 422
    shown = leader.send(path, {"what": "unmask", "reason": "回访"})
    assert "李小四" in shown.text
    assert leader.send(path, {"what": "answer", "answer": "已给", "revision": 1}).status_code == 303
    assert leader.send(path, {"what": "noted", "revision": 1}).status_code == 409
    assert "已给" in leader.get(path).text


def test_a_reception_day_from_the_first_visitor_to_the_sheet(base: Base, leader: Person) -> None:
    place = stairwell(base)
    opened = leader.send("/reception", {"community": place["community_id"], "day": "2026-03-16"})
    path = opened.headers["Location"]
    assert opened.status_code == 303
    words = {"what": "visitor", "channel": "reception"}
    first = leader.send(
        path, entry(place=place["id"], text="楼道堆物", becomes="case", kind="03001", name="王五", **words)
    )
    assert first.headers["Location"].endswith("turn=1#queue")
    assert leader.send(path, entry(text="办证", **words)).headers["Location"].endswith("turn=2#queue")
    assert leader.send(path, entry(text="要立案", becomes="case", kind="03001", **words)).status_code == 422
    minutes = {"what": "minutes", "minutes": "谈了两件事", "state": "held"}
    assert leader.send(path, minutes | {"revision": 1}).status_code == 303
    assert leader.send(path, minutes | {"revision": 1}).status_code == 409
    sheet = leader.get(f"{path}/sheet").text
    assert all(words in sheet for words in ("楼道堆物", "办证", "谈了两件事", "GX-2026-03-"))
    assert "王" not in re.sub(r"<[^>]+>", "", sheet.split('class="issue-sheet"')[1].split("</article>")[0])
    slip = leader.get(f"{path}/sheet?turn=2").text
    assert "办证" in slip
    assert "楼道堆物" not in slip


def test_a_file_is_looked_at_taken_and_its_misfit_placed(base: Base, leader: Person) -> None:
    address = f"/hotline/import?street={street(base)}"
    content = orders_csv("丁香苑1号楼1单元302", "丁香苑99栋", "不知道哪里")
    looked = send_file(leader, address, content, do="look")
    assert looked.status_code == 200
    assert "13912345678" not in looked.text
    assert [int(n) for n in re.findall(r'class="fact-value">(\d+)<', looked.text)] == [1, 2, 0, 0]
    assert rows(base, "SELECT id FROM gridmap.hotline_order") == []
    taken = send_file(leader, address, content, do="take", name="市热线")
    assert taken.status_code == 303
    assert "new_placed=1" in taken.headers["Location"]
    queue = leader.get(f"/hotline?street={street(base)}&state=queued").text
    assert all(words in queue for words in ("W0002", "W0003", "丁香苑99栋"))
    [order] = rows(base, "SELECT id, near FROM gridmap.hotline_order WHERE number = 'W0002'")
    assert order["near"] == [stairwell(base)["estate_id"]]
    path = f"/hotline/{order['id']}"
    form = {"what": "place", "place": stairwell(base)["id"], "revision": 1, "kind": "03001", "next": 1}
    placed = leader.send(path, form)
    [last] = rows(base, "SELECT id FROM gridmap.hotline_order WHERE number = 'W0003'")
    assert placed.headers["Location"].startswith(f"/hotline/{last['id']}")
    assert leader.send(f"/hotline/{last['id']}", form | {"revision": 9}).status_code == 409
    drop = {"what": "drop", "reason": "不在本街道", "revision": 1}
    assert leader.send(f"/hotline/{last['id']}", drop).status_code == 303
    again = send_file(leader, address, content, do="take", name="市热线")
    assert "new_known=3" in again.headers["Location"]
    back = leader.get(f"/hotline/answers.csv?street={street(base)}&encoding=gb18030").data.decode("gb18030")
    assert back.splitlines()[0].startswith(",".join(HEADINGS))
    assert "不在本街道" in back
    assert "13912345678" not in back
    assert leader.get(f"/hotline/answers.xlsx?street={street(base)}").data[:2] == b"PK"


def test_a_misfit_is_placed_at_a_point_of_the_map(base: Base, leader: Person) -> None:
    send_file(leader, f"/hotline/import?street={street(base)}", orders_csv("丁香苑98栋", first=701), do="take")
    [order] = rows(base, "SELECT id FROM gridmap.hotline_order WHERE number = 'W0701'")
    path = f"/hotline/{order['id']}"
    page = leader.get(f"{path}/map")
    assert page.status_code == 200
    assert "data-placing" in page.text
    assert DINGXIANG in page.text
    [middle] = rows(
        base,
        "SELECT st_x(p) AS lon, st_y(p) AS lat FROM (SELECT st_pointonsurface(geom) AS p FROM gridmap.place"
        " WHERE id = %s) s",
        stairwell(base)["estate_id"],
    )
    form = {"what": "place", "revision": 1, "kind": "03001"}
    for wrong in ("", "here", "1,2,3", "nan,1", "200,1", "120.0,30.0"):
        assert leader.send(path, form | {"at": wrong}).status_code == 422, wrong
    assert leader.send(path, form | {"at": f"{middle['lon']},{middle['lat']}"}).status_code == 303
    [case] = rows(
        base,
        "SELECT i.place_id, i.estate_id FROM gridmap.incident i JOIN gridmap.hotline_order o ON o.incident_id = i.id"
        " WHERE o.id = %s",
        order["id"],
    )
    assert case == {"place_id": None, "estate_id": stairwell(base)["estate_id"]}
    assert leader.get(f"{path}/map").headers["Location"] == path
    assert DINGXIANG in leader.get(path).text


def test_the_map_of_the_diary_holds_numbers_and_its_list_the_words(base: Base, app: Flask, worker: Person) -> None:
    door = workers_door(base)
    form = entry(place=door["id"], text="想要一把长椅", name="赵五")
    assert worker.send("/diary", form).status_code == 303
    assert worker.send("/diary", entry(place=door["id"], text="家里的事情", private="1")).status_code == 303
    page = worker.get(f"/diary/map?estate={door['estate_id']}")
    assert page.status_code == 200
    assert "想要一把长椅" in page.text
    assert "家里的事情" not in page.text
    spots = worker.get("/diary/map/spots")
    [spot] = [one for one in spots.json["spots"] if one["id"] == door["id"]]
    assert spot["entries"] >= spot["open"] >= 2
    assert set(spot) == {"id", "title", "lon", "lat", "entries", "open", "waiting"}
    facts = worker.get(f"/diary/map/facts?place={door['id']}&week=2026-03-16").text
    assert "想要一把长椅" in facts
    assert "家里的事情" not in facts
    assert "想要一把长椅" not in worker.get(f"/diary/map/facts?place={door['id']}&week=2026-03-09").text
    for wrong in ("week=soon", "week=2030-01-07", "show=nothing", "estate=x"):
        assert worker.get(f"/diary/map/facts?{wrong}").status_code == 400, wrong
    for path in ("/diary/map", "/diary/map/facts", "/diary/map/spots"):
        assert person(app, "property").get(path).status_code == 403


def test_a_reception_day_is_opened_by_its_own_community(base: Base, app: Flask) -> None:
    community = person(app, "community")
    [own] = rows(
        base,
        "SELECT g.target_id AS id FROM gridmap.account_grant g JOIN gridmap.account a ON a.id = g.account_id"
        " WHERE a.username = 'community'",
    )
    [other, *_] = rows(
        base,
        "SELECT id FROM gridmap.community WHERE street_id = %s AND id <> %s ORDER BY code",
        own["id"] >> 32,
        own["id"],
    )
    assert community.send("/reception", {"community": other["id"], "day": "2026-04-15"}).status_code == 404
    assert community.send("/reception", {"community": own["id"], "day": "2031-04-15"}).status_code == 400
    assert community.send("/reception", {"community": own["id"], "day": "2026-04-15"}).status_code == 303


@pytest.mark.parametrize("content", [b"", b"\x00\x01" * 99, b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_a_damaged_file_is_answered_with_a_sentence(base: Base, leader: Person, content: bytes) -> None:
    for step in ("look", "take"):
        answer = send_file(leader, f"/hotline/import?street={street(base)}", content, do=step)
        assert answer.status_code in (200, 422)
        assert "note-danger" in answer.text or "note-warn" in answer.text


def test_only_who_leads_the_street_brings_files_in(base: Base, app: Flask) -> None:
    assert person(app, "community").get(f"/hotline/import?street={street(base)}").status_code == 403
    for who in ("worker", "property", "planner"):
        assert person(app, who).get("/hotline").status_code == 403
    for who in ("property", "planner", "admin"):
        assert {person(app, who).get(path).status_code for path in ("/diary", "/ebikes", "/reception")} == {403}


def test_counting_leads_from_stairwell_to_stairwell(base: Base, worker: Person) -> None:
    door = workers_door(base)
    first = f"/ebikes/at/{door['id']}"
    saved = worker.send(first, {"bikes": "12", "chargers": "2", "findings": ["13001"]})
    following = saved.headers["Location"]
    assert re.match(r"/ebikes/at/\d+", following)
    assert not following.startswith(first)
    assert worker.send(first, {"bikes": "many", "chargers": "2"}).status_code == 422
    page = worker.get(f"/ebikes/{door['estate_id']}").text
    assert "12" in page
    assert "飞线充电" in page
    assert rows(base, "SELECT kind FROM gridmap.incident WHERE place_id = %s AND kind = '13001'", door["id"])

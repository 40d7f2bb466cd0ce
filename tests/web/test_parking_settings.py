"""What an estate decides and knows, as its leaders use the pages: rules, prices, known cars, gates, zones drawn."""

import io
import json
import re
from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.browser.pages import DINGXIANG
from tests.conftest import Base
from tests.rows import rows
from tests.web.visitor import Person, person

RULES = {"leave_by": "19:00", "tolerance_minutes": "10", "free_from": "06:30", "evenings": ["0", "1", "2", "3", "4"],
         "notices": "3", "ban_on": "next_violation", "ban_months": "3", "clean_months": "3",
         "stay_counts": "3"}  # fmt: skip
ESTATE = f"/parking/settings/{DINGXIANG}"
KNOWN = f"/parking/known?estate={DINGXIANG}"


@pytest.fixture(scope="module")
def gate(base: Base) -> int:
    return int(rows(base, "SELECT p.id FROM gridmap.place p JOIN gridmap.facility f ON f.place_id = p.id"
                          " WHERE f.kind = 'gate' AND p.estate_id = %s ORDER BY 1", DINGXIANG)[0]["id"])  # fmt: skip


@pytest.fixture(scope="module")
def undecided(base: Base) -> int:
    """An estate beside 丁香苑 that has decided nothing of its own."""
    return int(rows(base, "SELECT e.id FROM gridmap.place e JOIN gridmap.place o ON o.street_id = e.street_id"
                          " AND o.id = %s WHERE e.kind = 'estate' AND e.community_id = o.community_id AND NOT EXISTS ("
                          " SELECT FROM gridmap.parking_rule r WHERE r.place_id = e.id) ORDER BY 1 LIMIT 1",
                    DINGXIANG)[0]["id"])  # fmt: skip


@pytest.fixture(scope="module")
def middle(base: Base) -> tuple[float, float]:
    """A point in the middle of 丁香苑."""
    [row] = rows(base, "SELECT public.st_x(c) AS lon, public.st_y(c) AS lat FROM (SELECT public.st_pointonsurface(geom)"
                       " AS c FROM gridmap.place WHERE id = %s) q", DINGXIANG)  # fmt: skip
    return row["lon"], row["lat"]


def around(middle: tuple[float, float], side: float = 0.0002, east: float = 0) -> str:
    lon, lat = middle[0] + east, middle[1]
    ring = [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


# Rules -------------------------------------------------------------------------------------------------------


def test_a_leader_decides_and_the_page_says_it_in_a_sentence(base: Base, leader: Person, undecided: int) -> None:
    address, default = f"/parking/settings/{undecided}", "未另行规定，按默认"
    assert default in leader.get(address).text
    assert leader.send(address, RULES | {"do": "rules", "revision": "0"}, page=address).status_code == 303
    page = leader.get(address).text
    assert default not in page
    assert "周一至周五外来车辆须在19:00前离场，可宽限10分钟；次日06:30前仍算当晚。" in page
    assert "另有规定" in leader.get("/parking/settings?q=丁香苑").text
    stale = leader.send(address, RULES | {"do": "rules", "revision": "0", "notices": "5"}, page=address)
    assert stale.status_code == 409
    assert "期间有人修改过" in stale.text
    assert 'name="notices" type="number" value="5"' in stale.text
    assert leader.send(address, {"do": "drop", "revision": "1"}, page=address).status_code == 303
    assert rows(base, "SELECT FROM gridmap.parking_rule WHERE place_id = %s", undecided) == []


@pytest.mark.parametrize(
    "change",
    [{"leave_by": ""}, {"free_from": "20:00"}, {"tolerance_minutes": "600"}, {"notices": "0"}, {"ban_on": "x"},
     {"evenings": ["9"]}, {"stay_counts": "99"}, {"ban_months": "many"}],
)  # fmt: skip
def test_rules_that_cannot_be_kept_stay_in_the_form(leader: Person, change: dict[str, Any]) -> None:
    answer = leader.send(ESTATE, RULES | {"do": "rules", "revision": "0"} | change, page=ESTATE)
    assert answer.status_code == 422
    [(name, value)] = change.items()
    if isinstance(value, str) and name != "ban_on":
        assert re.search(rf'name="{name}"[^>]*value="{value}"[^>]*aria-invalid="true"', answer.text)


def test_the_price_of_a_zone_with_its_example(base: Base, leader: Person) -> None:
    [zone] = rows(base, "SELECT p.id, p.revision FROM gridmap.place p JOIN gridmap.zone z ON z.place_id = p.id"
                        " ORDER BY p.id LIMIT 1")  # fmt: skip
    address = f"/parking/settings/{zone['id']}"
    fees = leader.get(f"{address}/fees?hourly=10&daily_cap=80&day=calendar").text
    assert re.findall(r"<strong>([^<]+)</strong>", fees) == ["10元", "80元", "150元"]
    assert "次日" in fees
    assert "封顶不能低于" in leader.get(f"{address}/fees?hourly=10&daily_cap=8&day=calendar").text
    assert "不收费" in leader.get(f"{address}/fees?hourly=&daily_cap=&day=from_entry").text
    form = {"do": "price", "hourly": "8", "daily_cap": "60", "day": "from_entry", "place_revision": zone["revision"]}
    wrong = leader.send(address, form | {"daily_cap": "6"}, page=address)
    assert wrong.status_code == 422
    assert 'value="6"' in wrong.text
    assert leader.send(address, form, page=address).status_code == 303
    assert leader.send(address, form | {"hourly": "9"}, page=address).status_code == 409
    assert "每小时8元，每天60元封顶" in leader.get("/parking/zones").text
    hours = {"leave_by": "20:00", "tolerance_minutes": "0", "free_from": "06:00", "evenings": ["5"], "revision": "0"}
    assert leader.send(address, hours | {"do": "rules"}, page=address).status_code == 303
    assert "周六外来车辆须在20:00前离场" in leader.get(address).text


def test_others_read_what_holds_and_do_not_change_it(app: Flask, worker: Person) -> None:
    assert worker.get("/parking/settings").status_code == 200
    assert worker.get("/parking/zones").status_code == 200
    page = worker.get(ESTATE)
    if page.status_code == 200:
        assert 'name="do"' not in page.text
        answer = worker.send(ESTATE, RULES | {"do": "rules", "revision": "0"}, page="/account")
        assert answer.status_code == 403
    for who in ("planner", "admin"):
        one = person(app, who)
        for path in ("/parking/settings", "/parking/known", "/parking/zones", "/parking/zones/new", ESTATE):
            assert one.get(path).status_code == 403, (who, path)
    company = person(app, "property")
    assert company.get("/parking/settings").status_code == 200
    assert company.get("/parking/known").status_code == 403
    assert company.get("/parking/zones/new").status_code == 403


@pytest.mark.parametrize("path", ["/parking/settings/1", "/parking/gates/1", "/parking/zones/1",
                                  "/parking/known?estate=1", "/parking/settings/99999999999999999",
                                  "/parking/gates/99999999999999999/list.csv"])  # fmt: skip
def test_what_is_not_there_is_not_there(leader: Person, path: str) -> None:
    assert leader.get(path).status_code == 404


# Known cars --------------------------------------------------------------------------------------------------


def add(leader: Person, **fields: Any) -> Any:
    form = {"estate": DINGXIANG, "plate": "粤T·A123", "kind": "resident", "until": "", "note": ""} | fields
    return leader.send("/parking/known", form, page=KNOWN)


def test_a_car_is_registered_masked_and_ended(base: Base, leader: Person) -> None:
    wrong = add(leader)
    assert wrong.status_code == 422
    assert "首字母之后应有5位" in wrong.text
    assert 'value="粤T·A123"' in wrong.text
    assert add(leader, plate="粤t·1238８", note="3栋").status_code == 303
    assert add(leader, plate="粤T12388").status_code == 422
    assert add(leader, plate="粤T99999", kind="visitor").status_code == 422
    assert add(leader, plate="粤T99999", kind="visitor", until="2026-03-17T22:00").status_code == 303
    page = leader.get(KNOWN).text
    assert "粤T***88" in page
    assert "12388" not in page
    assert "至 2026-03-17 22:00" in page
    assert "粤T***99" not in leader.get(KNOWN + "&kind=resident").text
    assert "粤T***88" not in leader.get(KNOWN + "&q=99").text
    [row] = rows(base, "SELECT id FROM gridmap.known_vehicle WHERE kind = 'visitor' AND plate_masked = '粤T***99'")
    ended = leader.send(f"/parking/known/{row['id']}/end", {"estate": DINGXIANG, "revision": "1"}, page=KNOWN)
    assert ended.status_code == 303
    assert leader.get("/parking/known?q=丁香苑").status_code == 200
    assert "12388" not in str(rows(base, "SELECT * FROM gridmap.audit"))


def upload(leader: Person, name: str, content: bytes, **fields: Any) -> Any:
    page = f"/parking/known/import?estate={DINGXIANG}"
    return leader.send(page, {"file": (io.BytesIO(content), name), "estate": DINGXIANG, **fields}, page=page)


LIST = "车牌号,房号\n粤T10001,1\n粤T10002,2\n粤T1000,3\n暂无,4\n粤T10001,5\n,6\n".encode()


def test_a_list_is_looked_at_row_by_row_and_then_taken(base: Base, leader: Person) -> None:
    looked = upload(leader, "车辆.csv", LIST)
    assert looked.status_code == 200
    assert re.findall(r'fact-value">(\d+)', looked.text) == ["2", "0", "1", "3"]
    for words in ("第 4 行", "第 5 行", "第 7 行", "粤T1000", "暂无", "与第2行相同"):
        assert words in looked.text
    # the estate knows cars already, and a mask is that of many
    found = "SELECT id FROM gridmap.known_vehicle WHERE place_id = %s"
    before = rows(base, found, DINGXIANG)
    assert upload(leader, "车辆.csv", LIST).status_code == 200
    assert rows(base, found, DINGXIANG) == before
    assert upload(leader, "车辆.csv", LIST, do="take").status_code == 303
    added = rows(base, "SELECT plate_masked FROM gridmap.known_vehicle WHERE place_id = %s AND NOT id = ANY (%s)"
                       " ORDER BY 1", DINGXIANG, [row["id"] for row in before])  # fmt: skip
    assert [row["plate_masked"] for row in added] == ["粤T***01", "粤T***02"]
    again = upload(leader, "车辆.csv", LIST, do="take")
    assert again.status_code == 422
    assert re.findall(r'fact-value">(\d+)', upload(leader, "车辆.csv", LIST).text) == ["0", "2", "1", "3"]
    assert upload(leader, "车辆.pdf", b"%PDF-1.7").status_code == 422


# Gates -------------------------------------------------------------------------------------------------------


def test_a_gate_has_a_barrier_and_columns_in_its_own_order(base: Base, leader: Person, gate: int) -> None:
    address = f"/parking/gates/{gate}"
    [row] = rows(base, "SELECT revision FROM gridmap.place WHERE id = %s", gate)
    form = {"revision": row["revision"], "width": "4.5", "barrier": "camera", "turn": ["2", "1", "3"],
            "heading": ["到期", "车号", ""], "field": ["until", "plate", "empty"],
            "form": ["day", "seconds", "seconds"]}  # fmt: skip
    for wrong in ({"width": "wide"}, {"heading": ["=x", "车号", ""]}, {"heading": ["车号", "车号", ""]}):
        answer = leader.send(address, form | wrong, page=address)
        assert answer.status_code == 422, wrong
        assert 'role="alert"' in answer.text
    assert leader.send(address, form, page=address).status_code == 303
    [kept] = rows(base, "SELECT * FROM gridmap.gate WHERE place_id = %s", gate)
    assert [one["heading"] for one in kept["list_columns"]] == ["车号", "到期"]
    assert leader.send(address, form, page=address).status_code == 409
    listed = f"{address}/list.csv"
    assert "列：车号、到期" in leader.get(listed).text
    refused = leader.send(listed, {"reason": " ", "encoding": "utf-8"}, page=listed)
    assert refused.status_code == 422
    assert refused.mimetype == "text/html"
    for encoding, mark in (("utf-8", b"\xef\xbb\xbf"), ("gb18030", b"")):
        taken = leader.send(listed, {"reason": "每周更新道闸", "encoding": encoding}, page=listed)
        assert (taken.status_code, taken.mimetype) == (200, "text/csv")
        assert taken.data.startswith(mark + "车号,到期".encode(encoding))
        assert taken.headers["Cache-Control"] == "private, no-store"
    logged = rows(base, "SELECT why FROM gridmap.audit WHERE action = 'export' AND subject = 'gate_list'")
    assert [one["why"] for one in logged] == ["每周更新道闸"] * 2


def test_a_gate_list_is_for_leaders_alone(app: Flask, worker: Person, gate: int) -> None:
    assert worker.get(f"/parking/gates/{gate}/list.csv").status_code in (403, 404)
    company = person(app, "property")
    assert company.get(f"/parking/gates/{gate}/list.csv").status_code in (403, 404)


# Zones drawn -------------------------------------------------------------------------------------------------


def test_a_zone_is_drawn_kept_and_corrected(base: Base, leader: Person, middle: tuple[float, float]) -> None:
    new = f"/parking/zones/new?estate={DINGXIANG}"
    form = {"name": "丁香苑中心停车区", "capacity": "24", "site": "ground", "shape": around(middle), "hourly": "10",
            "daily_cap": "80", "day": "from_entry", "what": "zone", "revision": "0"}  # fmt: skip
    lying = json.dumps({"type": "LineString", "coordinates": [[1, 2], [3, 4]]})
    for wrong, status in (({"shape": ""}, 422), ({"shape": lying}, 422), ({"name": ""}, 422), ({"capacity": "x"}, 422),
                          ({"daily_cap": "1"}, 422), ({"shape": around((113.0, 20.0))}, 422)):  # fmt: skip
        answer = leader.send("/parking/zones/new", form | wrong, page=new)
        assert answer.status_code == status, (wrong, answer.text[:300])
        assert 'role="alert"' in answer.text
        kept = re.search(r'<textarea[^>]*name="shape"[^>]*>([^<]*)</textarea>', answer.text)
        assert kept is not None
        assert bool(kept[1]) == bool((form | wrong)["shape"])
    assert rows(base, "SELECT FROM gridmap.place WHERE name = '丁香苑中心停车区'") == []
    assert leader.send("/parking/zones/new", form, page=new).status_code == 303
    [row] = rows(base, "SELECT p.*, z.hourly_yuan FROM gridmap.place p JOIN gridmap.zone z ON z.place_id = p.id"
                       " WHERE p.name = '丁香苑中心停车区'")  # fmt: skip
    assert (row["estate_id"], int(row["hourly_yuan"])) == (DINGXIANG, 10)
    address = f"/parking/zones/{row['id']}"
    page = leader.get(address)
    assert page.status_code == 200
    moved = form | {"revision": row["revision"], "shape": around(middle, 0.0003), "name": "中心停车区"}
    assert leader.send(address, moved | {"revision": "1"}, page=address).status_code == 409
    assert leader.send(address, moved, page=address).status_code == 303
    listed = leader.get("/parking/zones").text
    assert "中心停车区" in listed
    box = f"{middle[0] - 0.01},{middle[1] - 0.01},{middle[0] + 0.01},{middle[1] + 0.01}"
    shapes = leader.get(f"/parking/zones/shapes?bbox={box}").get_json()
    assert row["id"] in {one["id"] for one in shapes["features"]}
    for window in ("", "1,2,3", "a,b,c,d", "nan,1,2,3"):
        assert leader.get(f"/parking/zones/shapes?bbox={window}").status_code == 400, window


def test_a_gate_is_set(base: Base, leader: Person, middle: tuple[float, float]) -> None:
    new = f"/parking/zones/new?what=gate&estate={DINGXIANG}"
    point = json.dumps({"type": "Point", "coordinates": middle})
    form = {"name": "小西门", "what": "gate", "shape": point, "revision": "0"}
    assert leader.send("/parking/zones/new", form | {"shape": around(middle)}, page=new).status_code == 422
    answer = leader.send("/parking/zones/new", form, page=new)
    assert answer.status_code == 303
    assert "/parking/gates/" in answer.headers["Location"]
    assert "小西门" in leader.get("/parking/zones").text


def test_who_leads_a_community_draws_in_it_alone(base: Base, app: Flask, middle: tuple[float, float]) -> None:
    with psycopg.connect(base.superuser_url) as owner:
        owner.execute(
            "UPDATE gridmap.account_grant g SET role = 'leader', level = 'community', target_id = c.id"
            " FROM gridmap.community c, gridmap.account a"
            " WHERE a.id = g.account_id AND a.username = 'worker' AND c.code = '442000002016'"
        )
        owner.execute("INSERT INTO gridmap.change (street_id, layer) VALUES (0, 'accounts')")
    one = person(app, "worker")
    form = {"name": "越界停车区", "site": "garage", "shape": around(middle, 0.0002, 0.0003), "what": "zone"}
    answer = one.send("/parking/zones/new", form, page="/parking/zones/new")
    assert answer.status_code == 403
    assert "不归您负责" in answer.text

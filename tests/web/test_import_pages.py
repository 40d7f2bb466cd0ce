"""The import pages: sent, guessed, looked at, written, taken back; who may; what is no file; sent twice."""

import io
import re
from html import unescape
from typing import Any

import psycopg
import pytest
from flask import Flask

from gridmap.accounts import Grant
from gridmap.commands.work import workers
from gridmap.context import Services
from gridmap.jobs import run_next
from tests.conftest import Base
from tests.rows import rows
from tests.web.conftest import PASSWORD
from tests.web.visitor import Person, csrf_of, person

STREET, OTHER = 10_001, 10_010
AT = "113.40{n},22.516"
HEAD = "名称,地址,类型,经度,纬度\n"
DIRTY = HEAD + (
    "甲灯,长江路1号,路灯,113.4040,22.5160\n"
    "乙灯,长江路2号,路灯,22.5161,113.4041\n"
    "丙灯,长江路3号,路灯,0,0\n"
    "丁灯,无名路88号,路灯,,\n"
    "甲灯,长江路1号,路灯,113.4040,22.5160\n"
)


@pytest.fixture
def work(services: Services) -> Any:
    """Does all the work that waits, as `gridmap work` does."""

    def do() -> None:
        while run_next(services.database, workers(services.database, services.settings.home, services.clock)):
            pass

    return do


@pytest.fixture(scope="module")
def planner(app: Flask) -> Person:
    return person(app, "planner")


def signed_in(app: Flask, username: str) -> Person:
    """Somebody whom the test has made."""
    one = Person(app)
    assert one.sign_in(username, PASSWORD).status_code == 303
    return one


def send(who: Person, content: bytes | str, name: str = "灯.csv", street: int | str = STREET, **form: Any) -> Any:
    proof = csrf_of(who.get("/import").text)
    raw = content.encode() if isinstance(content, str) else content
    data = {"file": (io.BytesIO(raw), name), "street": str(street), "csrf_token": proof, **form}
    return who.client.post("/import", data=data, headers={"Accept": "text/html"})


def step(who: Person, address: str, do: str, **form: Any) -> Any:
    """Press a button of the upload's page, with everything that its form holds."""
    page = who.get(address).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    selects = re.findall(r'<select [^>]*name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL)
    for field, options in selects:
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        fields[field] = unescape(chosen[1]) if chosen else ""
    fields |= {
        name: unescape(value) for name, value in re.findall(r'type="radio" name="(\w+)" value="([^"]*)" checked', page)
    }
    return who.post(address, fields | form | {"do": do})


def to_preview(who: Person, work: Any, content: bytes | str, name: str = "灯.csv", **form: Any) -> str:
    answer = send(who, content, name, **form)
    assert answer.status_code == 303, answer.text
    address = answer.headers["Location"]
    work()
    assert "核对识别结果" in who.get(address).text
    assert step(who, address, "preview").status_code == 303
    work()
    return str(address)


def upload(base: Base, address: str) -> dict[str, Any]:
    return rows(base, "SELECT * FROM gridmap.upload WHERE id = %s", int(address.rsplit("/", 1)[1]))[0]


def test_a_dirty_file_comes_in_and_goes_again(base: Base, planner: Person, work: Any) -> None:
    before = rows(base, "SELECT id, revision FROM gridmap.place ORDER BY id")
    address = to_preview(planner, work, DIRTY)
    page = planner.get(address).text
    assert "2 行将写入登记库" in page
    for reason in ("纬度写在了经度前面", "0, 0", "待人工定位"):
        assert reason in page
    assert rows(base, "SELECT id FROM gridmap.place WHERE name = '甲灯'") == []
    report = planner.get(f"{address}/report.csv")
    assert report.data.decode("utf-8-sig").count("rejected") == 3
    report.close()
    spots = planner.get(f"{address}/spots").get_json()["spots"]
    assert sorted(spot[2] for spot in spots) == ["accepted", "corrected", "rejected"]
    assert planner.get(f"{address}/map").status_code == 200

    assert step(planner, address, "confirm").status_code == 303
    assert rows(base, "SELECT id FROM gridmap.place WHERE name = '甲灯'") == []
    work()
    page = planner.get(address).text
    assert "新增 2 行" in page
    run = upload(base, address)["run_id"]
    assert "灯.csv" in planner.get("/import").text

    page = planner.get(f"/import/runs/{run}?undo=1").text
    assert "确认撤回" in page
    assert planner.send(f"/import/runs/{run}", page=f"/import/runs/{run}?undo=1").status_code == 303
    work()
    assert "已于" in planner.get(f"/import/runs/{run}").text
    assert rows(base, "SELECT id, revision FROM gridmap.place ORDER BY id") == before
    # once more leads nowhere
    planner.send(f"/import/runs/{run}", page="/import")
    work()
    assert rows(base, "SELECT id, revision FROM gridmap.place ORDER BY id") == before


def test_pressed_twice_it_is_written_once(base: Base, planner: Person, work: Any) -> None:
    address = to_preview(planner, work, HEAD + "双击灯,长江路7号,路灯,113.4050,22.5165\n", "twice.csv")
    page = planner.get(address).text
    revision, proof = re.search(r'name="revision" value="(\d+)"', page)[1], csrf_of(page)  # type: ignore[index]
    form = {"csrf_token": proof, "revision": revision, "do": "confirm"}
    assert [planner.post(address, form).status_code for _turn in range(3)] == [303, 303, 303]
    work()
    planner.post(address, form)
    work()
    assert len(rows(base, "SELECT id FROM gridmap.import_run WHERE file_name = 'twice.csv'")) == 1
    assert upload(base, address)["state"] == "written"
    # other buttons of the old page lead to what stands now
    assert planner.post(address, form | {"do": "drop"}).status_code == 409
    assert upload(base, address)["state"] == "written"


def test_a_job_that_comes_twice_writes_nothing_twice(base: Base, planner: Person, work: Any) -> None:
    address = to_preview(planner, work, HEAD + "重来灯,长江路8号,路灯,113.4051,22.5166\n", "again.csv")
    step(planner, address, "confirm")
    work()
    job = upload(base, address)["job_id"]
    with psycopg.connect(base.owner_url) as owner:
        owner.execute("UPDATE gridmap.job SET state = 'queued', not_before = now() WHERE id = %s", (job,))
    work()
    assert len(rows(base, "SELECT id FROM gridmap.import_run WHERE file_name = 'again.csv'")) == 1


def test_answers_change_what_is_previewed(base: Base, planner: Person, work: Any) -> None:
    content = "甲列,乙列,丙列\n改灯,113.4050,22.5165\n"
    address = str(send(planner, content, "columns.csv").headers["Location"])
    work()
    assert upload(base, address)["problem"] is not None
    step(planner, address, "preview", kind="facilities", map_name="甲列", map_lon="乙列", map_lat="丙列", datum="gcj02")
    work()
    found = upload(base, address)
    assert found["state"] == "guessed"  # another kind was guessed: its columns come first
    step(planner, address, "preview", kind="facilities", map_name="甲列", map_lon="乙列", map_lat="丙列", datum="gcj02")
    work()
    found = upload(base, address)
    assert found["state"] == "checked", found["problem"]
    assert found["judged"]["spots"][0][0] == pytest.approx(113.4, abs=0.02)
    assert found["judged"]["spots"][0][0] != 113.4050
    # and back to the answers, and away with it
    step(planner, address, "change")
    work()
    assert upload(base, address)["state"] == "guessed"
    step(planner, address, "drop")
    assert "已放弃" in planner.get(address).text


BAD = {
    "empty.csv": b"",
    "noise.xlsx": bytes(range(256)) * 40,
    "noise.zip": b"PK\x03\x04" + bytes(range(256)) * 9,
    "cut.geojson": b'{"type": "FeatureCollection", "features": [{"type": "Feature", "geom',
    "noise.gpkg": b"SQLite format 3\x00" + bytes(range(256)) * 9,
    "old.xls": b"\xd0\xcf\x11\xe0",
    "plan.dwg": b"AC1027",
    "report.docx": b"PK\x03\x04",
    "half.csv": "名称,地址\n灯".encode("gb18030")[:-1],
    "nul.csv": b"a,b\x00,c\n1,2\x00,3\n",
    "header.csv": HEAD.encode(),
    "no-ending": b"\xff\xfe\x00",
    "<img src=x onerror=alert(1)>.csv": HEAD.encode(),
    "../../../etc/passwd": b"root",
    "很" * 300 + ".csv": HEAD.encode(),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_a_sentence_and_never_an_error(base: Base, planner: Person, work: Any, name: str) -> None:
    answer = send(planner, BAD[name], name)
    assert answer.status_code == 303
    address = answer.headers["Location"]
    work()
    page = planner.get(address)
    assert page.status_code == 200
    assert 'role="alert"' in page.text
    assert "<img src=x" not in page.text
    assert step(planner, address, "preview", kind="facilities").status_code in (303, 409)
    work()
    assert planner.get(address).status_code == 200
    assert upload(base, address)["state"] in ("guessed", "checked")
    assert step(planner, address, "drop").status_code == 303


def test_nothing_and_nowhere_are_told(planner: Person) -> None:
    assert send(planner, b"x", "").status_code == 422
    assert send(planner, b"x", "a.csv", street="").status_code == 422
    assert send(planner, b"x", "a.csv", street=999_999).status_code == 404
    assert send(planner, b"x", "a.csv", street="x").status_code == 400
    for path in ("/import/1", "/import/runs/999999", "/placing/1", "/import/9999999999999999", "/import/1/map"):
        assert planner.get(path).status_code == 404, path
    assert planner.get("/placing?state=none").status_code == 400


def test_only_planners_and_administrators_of_the_whole_street_may(app: Flask, account: Any, base: Base) -> None:
    for name in ("leader", "worker", "manager", "property", "community"):
        for path in ("/import", "/placing"):
            assert person(app, name).get(path).status_code == 403, (name, path)
    assert person(app, "admin").get("/import").status_code == 200
    community = rows(base, "SELECT id FROM gridmap.community WHERE street_id = %s LIMIT 1", STREET)[0]["id"]
    account("part", Grant(role="planner", level="community", street_id=STREET, target_id=community))
    assert signed_in(app, "part").get("/import").status_code == 403


def test_of_another_street_nothing_is_seen_and_nothing_done(
    app: Flask, account: Any, base: Base, planner: Person, work: Any
) -> None:
    account("other", Grant(role="planner", level="street", street_id=OTHER))
    other = signed_in(app, "other")
    address = to_preview(
        planner, work, HEAD + "别街灯,无名路99号,路灯,,\n别街灯二,长江路9号,路灯,113.4052,22.5167\n", "mine.csv"
    )
    assert other.get("/import").status_code == 200
    assert "mine.csv" not in other.get("/import").text
    assert send(other, b"x", "a.csv", street=STREET).status_code == 404
    for path in (address, f"{address}/map", f"{address}/spots", f"{address}/report.csv", f"{address}/progress"):
        assert other.get(path).status_code == 404, path
    assert other.send(address, {"do": "confirm", "revision": "1"}, page="/import").status_code == 404
    step(planner, address, "confirm")
    work()
    run = upload(base, address)["run_id"]
    waiting = rows(base, "SELECT id FROM gridmap.unplaced WHERE run_id = %s", run)[0]["id"]
    for path in (f"/import/runs/{run}", f"/import/runs/{run}/progress", f"/placing/{waiting}"):
        assert other.get(path).status_code == 404, path
    assert other.send(f"/import/runs/{run}", {}, page="/import").status_code == 404
    assert other.send(f"/placing/{waiting}", {"do": "place", "at": "113.4,22.5"}, page="/import").status_code == 404
    assert "别街灯" not in other.get("/placing").text
    assert rows(base, "SELECT state FROM gridmap.unplaced WHERE id = %s", waiting) == [{"state": "waiting"}]


def test_a_right_that_ends_meanwhile_writes_nothing(
    app: Flask, account: Any, base: Base, services: Services, work: Any
) -> None:
    identity = account("leaving", Grant(role="planner", level="street", street_id=STREET))
    leaving = signed_in(app, "leaving")
    address = to_preview(leaving, work, HEAD + "离任灯,长江路10号,路灯,113.4053,22.5168\n", "leaving.csv")
    step(leaving, address, "confirm")
    with psycopg.connect(base.owner_url) as owner:
        owner.execute("DELETE FROM gridmap.account_grant WHERE account_id = %s", (identity,))
    work()
    found = upload(base, address)
    assert (found["state"], found["problem"]["code"]) == ("guessed", "not_allowed")
    assert rows(base, "SELECT id FROM gridmap.import_run WHERE file_name = 'leaving.csv'") == []


def test_rows_without_a_place_are_placed_skipped_and_put_away(base: Base, planner: Person, work: Any) -> None:
    lamps = "".join(f"待定灯{n},无名路{n}0号,路灯,,\n" for n in (1, 2, 3))
    address = to_preview(planner, work, HEAD + lamps, "waiting.csv")
    step(planner, address, "confirm")
    work()
    run = upload(base, address)["run_id"]
    assert "待定灯1" in planner.get("/placing").text
    first, second, third = (
        row["id"] for row in rows(base, "SELECT id FROM gridmap.unplaced WHERE run_id = %s ORDER BY name", run)
    )
    page = f"/placing/{first}"
    assert "无名路10号" in planner.get(page).text
    assert planner.send(page, {"do": "place", "at": ""}).status_code == 422
    assert planner.send(page, {"do": "place", "at": "nowhere"}).status_code == 400
    refused = planner.send(page, {"do": "place", "at": "121.4,31.3"})
    assert refused.status_code == 422
    assert "不能放在那里" in refused.text
    assert planner.send(page, {"do": "place", "at": "113.4054,22.5169"}).status_code == 303
    placed = rows(base, "SELECT u.state, p.name, p.import_run_id, p.community_id FROM gridmap.unplaced u"
                        " JOIN gridmap.place p ON p.id = u.place_id WHERE u.id = %s", first)[0]  # fmt: skip
    assert (placed["state"], placed["name"], placed["import_run_id"]) == ("placed", "待定灯1", run)
    assert placed["community_id"] is not None
    # twice is once
    assert (
        planner.send(page, {"do": "place", "at": "113.4060,22.5169"}, page="/placing").headers["Location"] == "/placing"
    )
    assert planner.send(f"/placing/{second}", {"do": "reject", "why": ""}).status_code == 422
    assert planner.send(f"/placing/{second}", {"do": "reject", "why": "已拆除"}).status_code == 303
    assert "已拆除" in planner.get("/placing?state=rejected").text
    assert f"/placing/{third}" in planner.get("/placing").text

    # the same file again: what was placed is known by its address, what was put away stays so
    again = to_preview(planner, work, HEAD + lamps, "waiting.csv")
    step(planner, again, "confirm")
    work()
    states = rows(base, "SELECT name, state FROM gridmap.unplaced WHERE name LIKE '待定灯%%' ORDER BY name")
    assert [row["state"] for row in states] == ["placed", "rejected", "waiting"]
    # and with its run all of it goes
    newer = upload(base, again)["run_id"]
    for one in (newer, run):
        planner.send(f"/import/runs/{one}", page=f"/import/runs/{one}?undo=1")
        work()
    assert rows(base, "SELECT id FROM gridmap.place WHERE name LIKE '待定灯%%'") == []


def break_off(base: Base, job: int, state: str) -> None:
    """The worker of that job dies without a word, or falls and leaves it to be tried again."""
    with psycopg.connect(base.owner_url) as owner:
        owner.execute(
            "UPDATE gridmap.job SET state = %s, attempts = 1, started_at = now() - interval '10 minutes',"
            " not_before = now() + interval '1 minute' WHERE id = %s",
            (state, job),
        )


@pytest.mark.parametrize(("state", "words"), [("running", "自动继续"), ("queued", "会自动重试")])
def test_work_that_broke_off_is_told_and_started_anew(
    base: Base, planner: Person, work: Any, state: str, words: str
) -> None:
    name = f"断{state}灯"
    address = to_preview(planner, work, HEAD + f"{name},长江路11号,路灯,113.4056,22.5170\n", f"{state}.csv")
    step(planner, address, "confirm")
    job = upload(base, address)["job_id"]
    assert "现在重新开始" not in planner.get(address).text
    assert step(planner, address, "anew").status_code == 409  # nothing is wrong with it yet
    break_off(base, job, state)
    page = planner.get(address).text
    assert words in page
    assert "现在重新开始" in page
    assert words in planner.get(f"{address}/progress").text
    assert step(planner, address, "anew").status_code == 303
    assert upload(base, address)["job_id"] != job
    assert "现在重新开始" not in planner.get(address).text
    work()
    assert upload(base, address)["state"] == "written"
    # the work that was given up comes back and finds that nobody asks for it
    with psycopg.connect(base.owner_url) as owner:
        owner.execute("UPDATE gridmap.job SET state = 'queued', not_before = now() WHERE id = %s", (job,))
    work()
    assert len(rows(base, "SELECT id FROM gridmap.import_run WHERE file_name = %s", f"{state}.csv")) == 1
    assert len(rows(base, "SELECT id FROM gridmap.place WHERE name = %s", name)) == 1

    run = upload(base, address)["run_id"]
    planner.send(f"/import/runs/{run}", page=f"/import/runs/{run}?undo=1")
    undoing = rows(base, "SELECT undo_job_id FROM gridmap.import_run WHERE id = %s", run)[0]["undo_job_id"]
    assert "现在重新开始" not in planner.get(f"/import/runs/{run}").text
    break_off(base, undoing, state)
    page = planner.get(f"/import/runs/{run}").text
    assert words in page
    assert "现在重新开始" in page
    assert planner.send(f"/import/runs/{run}").status_code == 303
    work()
    assert "已于" in planner.get(f"/import/runs/{run}").text
    assert rows(base, "SELECT id FROM gridmap.place WHERE name = %s", name) == []


def test_outlines_of_areas_are_drawn_before_they_are_written(base: Base, planner: Person, work: Any) -> None:
    ring = "[[113.4, 22.51], [113.401, 22.51], [113.401, 22.511], [113.4, 22.511], [113.4, 22.51]]"
    feature = '{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [%s]}, "properties": {"name": "画"}}'
    address = to_preview(planner, work, "[%s]" % (feature % ring), "estates.geojson")
    (outline,) = planner.get(f"{address}/spots").get_json()["outlines"]
    assert outline[:2] == ["accepted", True]
    assert sorted(set(outline[2])) == [22.51, 22.511, 113.4, 113.401]
    assert planner.get(f"{address}/map").status_code == 200
    step(planner, address, "drop")


def test_a_list_of_buildings_with_addresses_is_placed_on_the_building_that_is_tapped(
    base: Base, planner: Person, work: Any
) -> None:
    query = (
        "SELECT p.id, p.code, p.name, ST_AsText(p.geom) AS geom, b.floors, b.kind FROM gridmap.place p"
        " JOIN gridmap.building b ON (b.street_id, b.place_id) = (p.street_id, p.id) WHERE p.street_id = %s"
    )
    one = rows(base, query + " ORDER BY p.id LIMIT 1", STREET)[0]
    at = rows(base, "SELECT ST_X(ST_PointOnSurface(geom)) AS x, ST_Y(ST_PointOnSurface(geom)) AS y"
                    " FROM gridmap.place WHERE id = %s", one["id"])[0]  # fmt: skip
    address = to_preview(planner, work, "楼栋名称,地址,层数\n待认楼,无名路7号,33\n", "楼栋清单.csv")
    assert upload(base, address)["said"]["kind"] == "buildings"
    step(planner, address, "confirm")
    work()
    run = upload(base, address)["run_id"]
    waiting = rows(base, "SELECT id FROM gridmap.unplaced WHERE run_id = %s", run)[0]["id"]
    assert "点一下这行所指的楼栋" in planner.get(f"/placing/{waiting}").text
    nowhere = planner.send(f"/placing/{waiting}", {"do": "place", "at": f"{at['x'] + 1},{at['y']}"})
    assert nowhere.status_code == 422
    assert "请先在登记库里画出它的轮廓" in nowhere.text
    assert planner.send(f"/placing/{waiting}", {"do": "place", "at": f"{at['x']},{at['y']}"}).status_code == 303
    found = rows(base, query + " AND p.id = %s", STREET, one["id"])[0]
    assert (found["name"], found["floors"]) == ("待认楼", 33)
    assert [found[name] for name in ("code", "geom", "kind")] == [one[name] for name in ("code", "geom", "kind")]
    planner.send(f"/import/runs/{run}", page=f"/import/runs/{run}?undo=1")
    work()
    assert rows(base, query + " AND p.id = %s", STREET, one["id"]) == [one]


def test_what_a_run_changed_is_told_value_by_value(base: Base, planner: Person, work: Any) -> None:
    def brought(name: str, kind: str, lon: str) -> int:
        table = f"编号,名称,地址,类型,经度,纬度\n77,{name},长江路77号,{kind},{lon},22.5163\n"
        address = to_preview(planner, work, table, "改.csv")
        step(planner, address, "confirm")
        work()
        return int(upload(base, address)["run_id"])

    first, again = brought("旧灯", "路灯", "113.4044"), brought("新灯<b>", "消火栓", "113.4045")
    assert "没有改动原有的行" in planner.get(f"/import/runs/{first}/changes").text
    assert f"/import/runs/{again}/changes" in planner.get(f"/import/runs/{again}").text
    page = planner.get(f"/import/runs/{again}/changes").text
    assert "<del>旧灯</del>" in page
    assert "<ins>消防设施</ins>" in page
    assert "<ins>新灯&lt;b&gt;</ins>" in page
    assert "距原处 10.3 m" in page
    planner.send(f"/import/runs/{again}", page=f"/import/runs/{again}?undo=1")
    work()
    assert "该批次已撤回" in planner.get(f"/import/runs/{again}/changes").text
    assert planner.get("/import/runs/999999999/changes").status_code == 404

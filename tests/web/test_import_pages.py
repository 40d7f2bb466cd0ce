"""The import pages: sent, guessed, looked at, written, taken back; who may; what is no file; sent twice."""

import io
import re
from html import unescape
from typing import Any

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
    fields |= {name: unescape(value) for name, value in re.findall(r'type="radio" name="(\w+)" value="([^"]*)" checked', page)}
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
    for reason in ("纬度写在经度前面", "0, 0", "待人工定位"):
        assert reason in page
    assert rows(base, "SELECT id FROM gridmap.place WHERE name = '甲灯'") == []
    report = planner.get(f"{address}/report.csv")
    assert report.data.decode("utf-8-sig").count("rejected") == 3
    spots = planner.get(f"{address}/spots").get_json()["spots"]
    assert sorted(spot[2] for spot in spots) == ["accepted", "corrected"]
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

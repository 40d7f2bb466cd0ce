"""A planner imports a dirty file to the end, places by hand what has no position, and takes all of it back."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from gridmap.commands.work import workers
from gridmap.jobs import run_next
from tests.browser.conftest import drawn, visiting
from tests.browser.visits import Visitor, served
from tests.conftest import Base
from tests.rows import rows

pytestmark = pytest.mark.browser
STREET = "10001"
REGISTER = (
    "SELECT id, name, code, revision, import_run_id, grid_id, estate_id, ST_AsText(geom) FROM gridmap.place ORDER BY id"
)
DIRTY = (
    "东区街道路灯台账,,,,\n名称,地址,类型,百度经度,百度纬度\n"
    "甲灯,长江路901号,路灯,113.4150,22.5190\n"
    "乙灯,长江路902号,路灯,22.5191,113.4151\n"
    "丙灯,长江路903号,路灯,0,0\n"
    "丁灯,无名路904号,路灯,,\n"
    "戊灯,长江路905号,路灯,121.47,31.23\n"
    "合计,,5,,\n"
)


@pytest.fixture(scope="module")
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    """The application on the module's demo."""
    return make_app(base)


@pytest.fixture(scope="module")
def url(app: Flask) -> Iterator[str]:
    """Where that is served."""
    with served(app) as address:
        yield address


@pytest.fixture
def planner(chromium: Browser, url: str) -> Iterator[Visitor]:
    yield from visiting(Visitor(chromium, url, "planner"))


@pytest.fixture
def at_work(app: Flask) -> Iterator[None]:
    """Background work goes on beside the pages, as `gridmap work` does it."""
    services, stop = app.extensions["gridmap"], Event()
    known = workers(services.database, services.settings.home, services.clock)

    def work() -> None:
        while not stop.wait(0.2):
            while run_next(services.database, known):
                pass

    thread = Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def tap_the_middle(page: Page) -> None:
    drawn(page)
    page.locator(".leaflet-container").click(position={"x": 400, "y": 300})


def test_a_planner_imports_a_dirty_file_to_the_end_and_undoes_it(
    base: Base, planner: Visitor, at_work: None, tmp_path: Path, serious: Callable[[Page], list[str]]
) -> None:
    before = rows(base, REGISTER)
    file = tmp_path / "东区路灯.csv"
    file.write_bytes(DIRTY.encode("gb18030"))
    page = planner.go("/import")
    page.locator("#file").set_input_files(file)
    page.locator("#street").select_option(STREET)
    page.get_by_role("button", name="上传并读取").click()

    # the guesses: GBK, facilities, a column that speaks of Baidu; the page survives a reload
    expect(page.locator("#guesses")).to_be_visible()
    page.reload()
    expect(page.locator("#kind")).to_have_value("facilities")
    expect(page.locator("#map-name")).to_have_value("名称")
    page.locator("#map-lon").select_option("百度经度")
    page.locator("#map-lat").select_option("百度纬度")
    page.get_by_role("button", name="逐行检查").click()
    expect(page.get_by_role("alert")).to_contain_text("百度经度")
    assert serious(page) == []
    page.get_by_role("radio", name="BD-09（百度）").check()
    page.get_by_role("button", name="逐行检查").click()

    # the preview, and the same on the map
    expect(page.locator(".import-confirm h2")).to_have_text("2 行将写入登记库")
    expect(page.locator(".import-facts .fact-value").first).to_have_text("6")
    assert serious(page) == []
    with page.expect_download() as coming:
        page.get_by_role("link", name="全部下载（CSV）").click()
    assert coming.value.path().read_text("utf-8-sig").count("rejected") == 4
    page.get_by_role("link", name="在地图上").click()
    drawn(page)
    expect(page.locator(".import-dot.is-accepted")).to_have_count(1)
    expect(page.locator(".import-dot.is-corrected")).to_have_count(1)
    assert serious(page) == []
    page.locator("[data-outcome=corrected]").uncheck()
    expect(page.locator(".import-dot.is-corrected")).to_have_count(0)
    page.get_by_role("link", name="返回预览").click()
    assert rows(base, REGISTER) == before

    # the last word; the result
    page.get_by_role("button", name="写入登记库").click()
    expect(page.get_by_role("heading", name="已写入登记库")).to_be_visible()
    written = {row["name"]: row for row in rows(base, REGISTER)}
    assert {"甲灯", "乙灯"} <= written.keys()
    assert "戊灯" not in written

    # what has no position is placed on the map
    page.get_by_role("link", name="去定位").click()
    page.get_by_role("link", name="丁灯").click()
    assert serious(page) == []
    tap_the_middle(page)
    if not page.locator("#at").input_value():
        tap_the_middle(page)
    page.get_by_role("button", name="就在这里，下一条").click()
    expect(page.get_by_text("无名路904号")).to_have_count(0)
    assert {row["name"] for row in rows(base, REGISTER)} >= {"甲灯", "乙灯", "丁灯"}

    # all of it is taken back
    page = planner.go("/import")
    page.get_by_role("link", name="东区路灯.csv").first.click()
    page.get_by_role("link", name="整批撤回").click()
    expect(page.get_by_text("将删除 3 行")).to_be_visible()
    assert serious(page) == []
    page.get_by_role("button", name="确认撤回").click()
    expect(page.get_by_text("已于")).to_be_visible()
    assert rows(base, REGISTER) == before
    expect(planner.go("/placing").get_by_text("没有待定位的行")).to_be_visible()


def many_houses() -> str:
    """Sixty houses, one of them crossing itself, and a hundred columns that nobody uses."""
    features = []
    for n in range(60):
        lon, lat = 113.405 + n % 10 * 0.0006, 22.514 + n // 10 * 0.0006
        corners = [(0, 0), (0.0004, 0), (0.0004, 0.0004), (0, 0.0004)]
        if n == 7:
            corners[1], corners[2] = corners[2], corners[1]
        ring = [[lon + x, lat + y] for x, y in (*corners, corners[0])]
        properties = {"楼号": f"{n}号", **{f"无用列{column}": column for column in range(100)}}
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def test_a_planner_sees_the_outlines_of_houses_before_they_are_written(
    planner: Visitor, at_work: None, tmp_path: Path, serious: Callable[[Page], list[str]]
) -> None:
    file = tmp_path / "楼栋.geojson"
    file.write_text(many_houses(), encoding="utf-8")
    page = planner.go("/import")
    page.locator("#file").set_input_files(file)
    page.locator("#street").select_option(STREET)
    page.get_by_role("button", name="上传并读取").click()
    expect(page.locator("#kind")).to_have_value("buildings")
    page.get_by_role("button", name="逐行检查").click()
    expect(page.locator(".import-confirm h2")).to_have_text("60 行将写入登记库")

    # a hundred columns are counted, the first are named, the rest unfolds
    expect(page.get_by_text("未使用的列（100 个）：无用列0")).to_be_visible()
    expect(page.get_by_text("无用列99")).to_be_hidden()
    page.get_by_text("全部列出").click()
    expect(page.get_by_text("无用列99")).to_be_visible()
    assert serious(page) == []

    page.get_by_role("link", name="在地图上").click()
    drawn(page)
    expect(page.locator(".import-outline.is-area.is-accepted")).to_have_count(1)
    shape = page.locator(".import-outline.is-area.is-corrected")
    expect(shape).to_have_count(1)
    assert (page.locator(".import-outline.is-accepted").get_attribute("d") or "").count("Z") == 59
    box = shape.bounding_box()
    assert box is not None
    assert box["width"] > 5
    page.get_by_role("checkbox", name="通过").uncheck()
    expect(page.locator(".import-outline.is-accepted")).to_have_count(0)
    expect(shape).to_have_count(1)
    assert serious(page) == []


def test_a_planner_starts_work_anew_that_broke_off(
    base: Base, planner: Visitor, tmp_path: Path, serious: Callable[[Page], list[str]], app: Flask
) -> None:
    file = tmp_path / "断了.csv"
    file.write_text("名称,经度,纬度\n断灯,113.41,22.516\n", encoding="utf-8")
    page = planner.go("/import")
    page.locator("#file").set_input_files(file)
    page.locator("#street").select_option(STREET)
    page.get_by_role("button", name="上传并读取").click()
    expect(page.get_by_text("正在后台排队。")).to_be_visible()
    with psycopg.connect(base.owner_url) as owner:
        owner.execute(
            "UPDATE gridmap.job SET state = 'running', attempts = 1, started_at = now() - interval '1 hour'"
            " WHERE kind = 'import' AND state = 'queued'"
        )
    page.reload()
    expect(page.get_by_text("可能已中断")).to_be_visible()
    assert serious(page) == []
    page.get_by_role("button", name="现在重新开始").click()
    expect(page.get_by_text("可能已中断")).to_have_count(0)
    services = app.extensions["gridmap"]
    while run_next(services.database, workers(services.database, services.settings.home, services.clock)):
        pass
    expect(page.locator("#guesses")).to_be_visible()

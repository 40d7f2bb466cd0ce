"""A leader draws a parking zone by mouse or finger, corrects a corner, and finds it on the map; a gate is one tap."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import drawn
from tests.browser.pages import DINGXIANG
from tests.browser.visits import Visitor
from tests.conftest import Base
from tests.rows import rows

pytestmark = pytest.mark.browser
OFFSETS = ((-60, -40), (50, -40), (50, 40), (-60, 40))
"""Corners in pixels around the middle of what is seen of the map."""


def middle(page: Page) -> tuple[float, float]:
    box = page.locator(".leaflet-container").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.fixture
def new(base: Base) -> str:
    """The page that draws, as near as the map goes, over the middle of an estate."""
    [at] = rows(base, "SELECT public.st_x(c) AS lon, public.st_y(c) AS lat FROM (SELECT public.st_pointonsurface(geom)"
                      " AS c FROM gridmap.place WHERE id = %s) q", DINGXIANG)  # fmt: skip
    return f"/parking/zones/new?estate={DINGXIANG}&what={{what}}#19/{at['lat']}/{at['lon']}"


def tap(page: Page, x: float, y: float, *, finger: bool = False) -> None:
    if finger:
        page.touchscreen.tap(x, y)
    else:
        page.mouse.click(x, y)


def shape(page: Page) -> dict[str, Any]:
    text = page.locator("#shape").input_value()
    return json.loads(text) if text else {}


def outline(page: Page, *, finger: bool = False) -> None:
    """Tap the corners, then “Done”."""
    x, y = middle(page)
    for turn, (east, south) in enumerate(OFFSETS, start=1):
        tap(page, x + east, y + south, finger=finger)
        expect(page.locator(".draw-corner")).to_have_count(turn)
    page.get_by_role("button", name="完成").click()
    expect(page.locator(".draw-middle")).not_to_have_count(0)


def test_a_leader_draws_a_zone_corrects_a_corner_and_it_is_on_the_map(base: Base, leader: Visitor, new: str) -> None:
    page = leader.go(new.format(what="zone"))
    drawn(page)
    expect(page.locator("[data-draw-words]")).to_have_text("请点第一个角。")
    outline(page)
    assert shape(page)["type"] == "Polygon"
    # one back, and done again
    page.get_by_role("button", name="撤销一步").click()
    expect(page.locator(".draw-middle")).to_have_count(0)
    page.get_by_role("button", name="完成").click()
    # what the server refuses stays drawn
    page.locator("#name").fill("东侧停车区")
    page.locator("#capacity").fill("30")
    page.locator("#site").select_option("ground")
    before = shape(page)
    page.locator("#shape").evaluate("area => { area.value = area.value.replace('Polygon', 'Blob'); }")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("alert")).to_contain_text("停车区是一块面")
    expect(page.locator("#name")).to_have_value("东侧停车区")
    # the browser calls every refusal an error
    assert len(leader.seen.errors) == 1
    leader.seen.errors.clear()
    page.locator("#shape").evaluate("area => { area.closest('details').open = true; }")
    page.locator("#shape").fill(json.dumps(before))
    expect(page.locator(".draw-corner")).to_have_count(4)
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status").filter(has_text="已保存，地图上可以看到")).to_be_visible()
    [row] = rows(base, "SELECT p.id, p.estate_id, z.capacity FROM gridmap.place p JOIN gridmap.zone z"
                       " ON z.place_id = p.id WHERE p.name = '东侧停车区'")  # fmt: skip
    assert (row["estate_id"], row["capacity"]) == (DINGXIANG, 30)

    # a corner is dragged, a new one pulled out of a side
    page = leader.go(f"/parking/zones/{row['id']}")
    drawn(page)
    expect(page.locator(".draw-corner")).to_have_count(4)
    first = shape(page)
    corner = page.locator(".draw-corner[data-corner='1'] .draw-dot").bounding_box()
    assert corner
    x, y = corner["x"] + corner["width"] / 2, corner["y"] + corner["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y - 12, steps=4)
    page.mouse.up()
    moved = shape(page)
    assert moved["coordinates"][0][1] != first["coordinates"][0][1]
    assert moved["coordinates"][0][2] == first["coordinates"][0][2]
    side = page.locator(".draw-middle").first.locator(".draw-dot").bounding_box()
    assert side
    x, y = side["x"] + side["width"] / 2, side["y"] + side["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 10, steps=4)
    page.mouse.up()
    expect(page.locator(".draw-corner")).to_have_count(5)
    page.get_by_role("button", name="删除这个角").click()
    expect(page.locator(".draw-corner")).to_have_count(4)
    kept = shape(page)
    page.get_by_role("button", name="保存").click()
    expect(page.locator(f"#z{row['id']}")).to_contain_text("东侧停车区")
    [now] = rows(base, "SELECT public.st_asgeojson(geom, 7)::json AS shape, revision FROM gridmap.place"
                       " WHERE id = %s", row["id"])  # fmt: skip
    assert now["revision"] == 2
    assert sorted(now["shape"]["coordinates"][0]) == sorted(kept["coordinates"][0])

    # whoever draws the next one sees it
    page = leader.go(new.format(what="zone"))
    drawn(page)
    expect(page.locator(".draw-beside")).to_contain_text("东侧停车区")


def test_a_leader_draws_a_zone_with_a_finger(base: Base, phone_leader: Visitor, new: str) -> None:
    page = phone_leader.go(new.format(what="zone"))
    drawn(page)
    outline(page, finger=True)
    assert len(shape(page)["coordinates"][0]) == 5
    for button in page.locator("[data-draw-line] .button").all():
        box = button.bounding_box()
        assert box is None or box["height"] >= 48
    page.locator("[data-sheet-handle]").click()
    page.locator("[data-sheet-handle]").click()
    page.locator("#name").fill("手画停车区")
    page.locator("#site").select_option("garage")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    assert len(rows(base, "SELECT FROM gridmap.place WHERE name = '手画停车区'")) == 1


def test_a_zone_is_drawn_with_the_keyboard_alone(leader: Visitor, new: str) -> None:
    page = leader.go(new.format(what="zone"))
    drawn(page)
    page.locator(".leaflet-container").focus()
    for turn, key in enumerate(("ArrowRight", "ArrowDown", "ArrowLeft"), start=1):
        page.keyboard.press("Enter")
        expect(page.locator(".draw-corner")).to_have_count(turn)
        page.keyboard.press(key)
        page.wait_for_timeout(500)
    page.get_by_role("button", name="完成").press("Enter")
    assert shape(page)["type"] == "Polygon"
    # and by text: what is written is drawn
    page.get_by_text("图形的文字形式").click()
    page.locator("#shape").fill("nonsense")
    expect(page.locator("[data-draw-words]")).to_contain_text("不是图形")
    expect(page.locator(".draw-corner")).to_have_count(3)


def test_a_leader_sets_a_gate(base: Base, leader: Visitor, new: str) -> None:
    page = leader.go(new.format(what="gate"))
    drawn(page)
    tap(page, *middle(page))
    expect(page.locator(".draw-corner")).to_have_count(1)
    page.locator("#name").fill("北小门")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", name="北小门")).to_be_visible()
    page.locator("#barrier").select_option("camera")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status").filter(has_text="出入口已保存")).to_be_visible()
    page.get_by_role("link", name="道闸名单").click()
    page.locator("#reason").fill("每周更新")
    with page.expect_download() as coming:
        page.get_by_role("button", name="导出名单").click()
    assert coming.value.path().read_bytes().startswith("\ufeff车牌号".encode())


def test_the_example_follows_the_price_while_it_is_typed(base: Base, leader: Visitor) -> None:
    zone = rows(base, "SELECT min(place_id) AS id FROM gridmap.zone")[0]["id"]
    page = leader.go(f"/parking/settings/{zone}")
    page.locator("#hourly").fill("10")
    page.locator("#daily_cap").fill("80")
    expect(page.locator("#fees strong")).to_have_text(["10元", "80元", "80元"])
    page.locator("#day").select_option("calendar")
    expect(page.locator("#fees strong")).to_have_text(["10元", "80元", "150元"])
    page.locator("#daily_cap").fill("8")
    expect(page.locator("#fees")).to_contain_text("封顶不能低于")

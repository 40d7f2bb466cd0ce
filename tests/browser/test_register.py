"""A leader splits a grid on the map, sees who and what moves, publishes it, and takes it back."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visits import Visitor
from tests.conftest import Base
from tests.rows import rows

pytestmark = pytest.mark.browser
GRID = """
SELECT p.street_id, p.id, p.community_id, p.name, public.st_xmin(p.geom) AS west, public.st_xmax(p.geom) AS east,
  public.st_y(public.st_pointonsurface(p.geom)) AS lat, public.st_x(public.st_pointonsurface(p.geom)) AS lon
FROM gridmap.place p WHERE p.code = '310113101025001' AND p.kind = 'grid'
"""


@pytest.fixture
def grid(base: Base) -> dict[str, Any]:
    """A grid of the demo."""
    return rows(base, GRID)[0]


def opened(page: Page) -> None:
    page.locator("html[data-register=ready]").wait_for(state="attached")


def at(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a position is seen in the window."""
    spot = page.locator(".leaflet-container").evaluate(
        "(box, [lat, lon]) => { const { x, y } = window.gridmap.map.latLngToContainerPoint([lat, lon]);"
        " const { left, top } = box.getBoundingClientRect(); return [left + x, top + y]; }",
        [lat, lon],
    )
    return spot[0], spot[1]


def test_split_a_grid_and_see_who_moves(base: Base, leader: Visitor, grid: dict[str, Any]) -> None:
    page = leader.go(f"/register/{grid['community_id']}/map")
    opened(page)
    page.mouse.click(*at(page, grid["lon"] + 0.00002, grid["lat"] + 0.0006))
    expect(page.locator("[data-register-chosen]")).to_have_text(grid["name"])
    margin = (grid["east"] - grid["west"]) / 12
    page.mouse.click(*at(page, grid["west"] - margin, grid["lat"]))
    end = at(page, grid["east"] + margin, grid["lat"])
    page.mouse.move(*end, steps=5)
    page.mouse.click(*end)
    page.mouse.click(*end)
    expect(page.locator(".register-form")).to_have_class("panel-section stack register-form is-ready")
    page.get_by_role("button", name="采用这一步").click()
    expect(page.get_by_text("拆分为")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="发布之前没有任何变动")).to_be_visible()
    opened(page)
    page.get_by_role("button", name="退回上一步").click()
    expect(page.get_by_role("button", name="重做：")).to_be_visible()
    expect(page.get_by_role("link", name="看哪些人和物会变动")).to_have_count(0)
    opened(page)
    page.get_by_role("button", name="重做：").click()
    expect(page.get_by_role("link", name="看哪些人和物会变动")).to_be_visible()
    assert rows(base, "SELECT FROM gridmap.place WHERE id = %s AND upper_inf(valid)", grid["id"])

    opened(page)
    page.get_by_role("link", name="看哪些人和物会变动").click()
    expect(page.get_by_role("heading", name="哪些人和物会变动")).to_be_visible()
    expect(page.locator(".checks .is-fine")).to_have_count(4)
    expect(page.locator(".moved-table").first).to_contain_text(f"{grid['name']}-1")
    expect(page.get_by_text("继续负责由它产生的网格")).to_be_visible()
    page.get_by_label("原因").fill("超过 500 户")
    page.get_by_role("button", name="发布这个版本").click()
    expect(page.get_by_text("已发布，今天起生效")).to_be_visible()
    assert not rows(base, "SELECT FROM gridmap.place WHERE id = %s AND upper_inf(valid)", grid["id"])
    expect(page.get_by_role("heading", name="网格的来历")).to_be_visible()

    page.get_by_role("link", name="超过 500 户").click()
    page.get_by_label("原因").fill("画错了")
    page.get_by_role("button", name="撤销这个版本").click()
    expect(page.get_by_text("已撤销，一切恢复原来的归属")).to_be_visible()
    expect(page.get_by_role("link", name="超过 500 户")).to_be_visible()
    assert rows(base, "SELECT FROM gridmap.place WHERE id = %s AND upper_inf(valid) AND geom IS NOT NULL", grid["id"])


def test_two_grids_become_one_in_the_list_and_the_draft_is_thrown_away(
    base: Base, leader: Visitor, grid: dict[str, Any]
) -> None:
    page = leader.go(f"/register/{grid['community_id']}")
    for box in page.locator(".grids-table input[type=checkbox]").all()[:2]:
        box.check()
    page.get_by_role("button", name="合并所选").click()
    expect(page.locator(".draft-card")).to_contain_text("合并为")
    page.get_by_role("button", name="丢弃草稿").click()
    expect(page.get_by_text("草稿已丢弃")).to_be_visible()
    drafts = rows(base, "SELECT FROM gridmap.edition WHERE community_id = %s AND state = 'draft'", grid["community_id"])
    assert drafts == []

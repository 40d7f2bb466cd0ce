"""A planner: what layers there are, what their fields mean, the address for QGIS, and a file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visits import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def planner(chromium: Browser, url: str) -> Iterator[Visitor]:
    somebody = Visitor(chromium, url, "planner")
    yield somebody
    somebody.leave()


def test_starts_at_the_layers_and_their_numbers_arrive(planner: Visitor) -> None:
    page = planner.go("/")
    assert page.url.endswith("/data")
    buildings = page.locator(".data-layer").filter(has=page.get_by_text("buildings", exact=True))
    expect(buildings.locator(".data-rows")).to_have_text("372")
    expect(page.locator(".data-layer .skeleton")).to_have_count(0)


def test_copies_the_address_for_qgis(planner: Visitor, url: str) -> None:
    planner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = planner.go("/data")
    page.locator("[data-copy=address]").click()
    expect(page.locator(".toast")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{url}/ogc"


def test_follows_the_steps_to_a_token(planner: Visitor) -> None:
    page = planner.go("/data")
    expect(page.locator(".steps li")).to_have_count(5)
    page.locator(".steps a").first.click()
    expect(page.locator("#tokens")).to_be_visible()


def test_takes_a_layer_out_as_a_file(planner: Visitor, tmp_path: Path) -> None:
    page = planner.go("/data")
    with page.expect_download() as waiting:
        page.locator("a[href*='/collections/grids/']", has_text="GeoJSON").click()
    target = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(target)
    file = json.loads(target.read_text("utf-8"))
    assert file["type"] == "FeatureCollection"
    assert len(file["features"]) == 89
    assert "worker" not in file["features"][0]["properties"]


def test_chooses_a_street_and_finds_its_estates_to_cut_to(planner: Visitor) -> None:
    page = planner.go("/data/export")
    page.get_by_text("只导出一部分").click()
    street = page.get_by_role("combobox", name="列出哪个街道的区域")
    inside = page.get_by_role("combobox", name="所在区域")
    expect(street).to_have_value("10001")
    names = set(inside.locator("option").all_inner_texts())
    page.get_by_role("checkbox", name="楼栋", exact=True).check()
    with page.expect_response("**/data/export/insides?street=10010"):
        street.select_option("10010")
    expect(inside.locator("option", has_text="丁香苑")).to_have_count(0)
    expect(inside).to_have_value("")
    others = set(inside.locator("option").all_inner_texts())
    assert len(others) > 1
    assert len(names & others) == 1
    # what was chosen before stays
    expect(page.get_by_role("checkbox", name="楼栋", exact=True)).to_be_checked()


def test_reads_what_a_field_means_and_who_sees_it(planner: Visitor) -> None:
    page = planner.go("/data")
    page.locator("a[href='/data/buildings']", has_text="字段").click()
    row = page.locator("tr", has_text="manager")
    expect(row).to_contain_text("个人信息")
    expect(row).to_contain_text("不在您的文件中")
    expect(page.locator("tr", has_text="high_rise")).to_contain_text("高层")


def test_looks_at_the_map_without_anybodys_name(planner: Visitor) -> None:
    page = planner.go_to_map("/map#18/22.51899/113.40215")
    page.mouse.click(900, 480)
    expect(page.locator("#card .card-title")).to_be_visible()
    expect(page.locator("#card")).not_to_contain_text("拨打")
    expect(page.locator("#card")).not_to_contain_text("某")

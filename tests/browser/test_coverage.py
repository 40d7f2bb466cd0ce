"""A street-office leader before the numbers of a month: from a number to its rows, from a gap to who can help."""

import re

import psycopg
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visits import Visitor
from tests.conftest import Base

pytestmark = pytest.mark.browser
FURONG = "442000002005X09"


def identity(base: Base, code: str) -> int:
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute("SELECT id FROM gridmap.place WHERE code = %s", (code,)).fetchone()
    assert row
    return int(row[0])


def test_opens_the_903_per_cent_down_to_the_139_in_three_clicks(leader: Visitor) -> None:
    page = leader.go_to_map("/coverage?month=2026-02")
    page.locator(".share-row", has_text="入户走访").click()
    expect(page.locator(".big-value")).to_have_text("90.3 %")
    page.locator("a.big-number").click()
    expect(page.locator(".tab[aria-current]")).to_have_text(re.compile("缺少 139"))
    expect(page.locator("tbody tr")).to_have_count(50)
    first = page.locator("tbody tr").first
    expect(first).to_contain_text("葛洲坝·城市花园")
    expect(first).to_contain_text("某")
    page.locator("tbody th a").first.click()
    expect(page.locator("h1")).to_contain_text("单元")
    expect(page.locator(".people .person-name").first).to_contain_text("某")


def test_goes_from_the_street_to_the_place_and_who_can_help_in_three_clicks(leader: Visitor) -> None:
    page = leader.go_to_map("/coverage?month=2026-02")
    page.locator(".reason-row", has_text="去过，未能进入").click()
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("某")
    page.locator("tbody th a").first.click()
    expect(page.locator("h1.place-name")).to_be_visible()
    expect(page.locator(".people .person-name").first).to_contain_text("某")


def test_is_led_to_the_largest_area_of_gaps(leader: Visitor) -> None:
    page = leader.go_to_map("/coverage?month=2026-02&community=42953967931392")
    expect(page.locator(".area-shapes path.area-shape").first).to_be_attached()
    page.locator(".area-go", has_text="芙蓉苑").first.click()
    page.wait_for_function("window.gridmap.map.getZoom() >= 17")
    expect(page.locator(".area-label").first).to_have_text(re.compile(r"^\d+$"))
    page.locator("[aria-label='芙蓉苑的明细']").first.click()
    expect(page.locator("tbody tr").first).to_contain_text("芙蓉苑")


def test_moves_through_the_months_by_keys(leader: Visitor) -> None:
    page = leader.go_to_map("/coverage?month=2026-02")
    slider = page.get_by_label("月份", exact=True)
    expect(slider).to_have_attribute("aria-valuetext", "2026-02")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("month=2026-01"))
    expect(page.locator(".month-name")).to_have_text("2026-01")


def test_shows_one_reason_alone_on_the_map_and_everything_again(leader: Visitor) -> None:
    page = leader.go_to_map("/coverage?month=2026-02#17/22.515/113.404")
    page.get_by_label("地图只看：去过，未能进入").click()
    page.wait_for_selector("html[data-map=idle]", state="attached", timeout=30_000)
    assert any("layers=" in asked and "reason=no_access" in asked for asked in leader.seen.asked)
    expect(page.locator(".chips .chip", has_text="去过，未能进入")).to_be_visible()
    page.locator(".chips .chip", has_text="去过，未能进入").click()
    expect(page).not_to_have_url(re.compile("reason="))


def test_filters_by_estate_and_prints_its_month(leader: Visitor, base: Base) -> None:
    page = leader.go_to_map("/coverage?month=2026-02&community=42953967931392")
    page.locator(".coverage-filters summary").click()
    page.select_option("#estate", label="芙蓉苑")
    page.locator(".coverage-filters button").click()
    expect(page.locator(".big-value")).to_have_text("43.6 %")
    page.locator("a", has_text="本小区月报").click()
    page.evaluate("window.print = () => { window.printed = true; }")
    page.locator("[data-print]").click()
    assert page.evaluate("window.printed") is True


def test_shares_a_report_with_owners_and_takes_it_back(leader: Visitor, base: Base, chromium: Browser) -> None:
    page = leader.go(f"/coverage/report?month=2026-02&estate={identity(base, FURONG)}")
    page.select_option("#days", "7")
    page.get_by_text("生成链接").click()
    address = page.locator(".report-link .long").inner_text()
    stranger = chromium.new_context(locale="zh-CN").new_page()
    assert stranger.goto(address).status == 200  # type: ignore[union-attr]  # a page was asked for
    expect(stranger.locator("h1")).to_have_text("芙蓉苑")
    assert stranger.locator("a").count() == 0
    page.get_by_role("button", name="撤回").click()
    expect(page.locator(".report-link")).to_have_count(0)
    assert stranger.goto(address).status == 404  # type: ignore[union-attr]  # a page was asked for
    stranger.context.close()


def test_reads_the_numbers_on_a_phone(phone_leader: Visitor) -> None:
    page = phone_leader.go("/coverage/numbers?month=2026-02")
    expect(page.locator(".number-card")).to_have_count(10)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".number-card summary").first.click()
    expect(page.locator(".sql").first).to_contain_text("SELECT")

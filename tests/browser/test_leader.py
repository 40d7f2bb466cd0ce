"""A street-office leader at a desk: from a number to a name, from a name to a call, and all of it without the map."""

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.browser.visits import Visitor, served
from tests.conftest import Base

pytestmark = pytest.mark.browser
CODE = "442000002005"


@pytest.fixture
def many(
    demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask], chromium: Browser
) -> Iterator[Visitor]:
    """A leader of more streets than a choice can hold."""
    base = copy_database(demo_template)
    with psycopg.connect(base.owner_url) as owner:
        owner.execute(
            "INSERT INTO gridmap.street (id, district_id, code, name, geom) SELECT 500000 + n, district_id,"
            " 'Z' || (500000 + n), '街道' || n, geom FROM gridmap.street, generate_series(1, 90) n WHERE id = 10001"
        )
        owner.execute(
            "INSERT INTO gridmap.account_grant (account_id, role, level, street_id, valid) SELECT a.id, 'leader',"
            " 'street', s.id, '[2025-01-01,)' FROM gridmap.account a, gridmap.street s"
            " WHERE a.username = 'leader' AND s.id >= 500000"
        )
    with served(make_app(base)) as address:
        somebody = Visitor(chromium, address, "leader")
        yield somebody
        somebody.leave()


def identity(base: Base, code: str) -> int:
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute("SELECT id FROM gridmap.place WHERE code = %s", (code,)).fetchone()
    assert row
    return int(row[0])


def test_starts_at_the_map_of_the_largest_street_with_numbers(leader: Visitor) -> None:
    page = leader.go_to_map("/")
    assert "/map" in page.url
    expect(page.locator("#overview .facts")).to_contain_text("楼栋")
    expect(page.locator("[data-map-go]")).to_have_value(re.compile("^113"))


def test_jumps_to_another_street(leader: Visitor) -> None:
    page = leader.go_to_map()
    page.select_option("[data-map-go]", label="杨行镇")
    expect(page).to_have_url(re.compile(r"#[\d.]+/31\.3"))


def said(page: Page) -> str:
    """The name of the street that the chooser shows."""
    return str(page.locator("[data-map-go]").evaluate("select => select.selectedOptions[0].textContent"))


def test_the_chooser_says_which_street_the_map_shows(leader: Visitor) -> None:
    page = leader.go_to_map()
    first = said(page)
    page.select_option("[data-map-go]", label="杨行镇")
    expect(page).to_have_url(re.compile(r"#[\d.]+/31\.3"))
    assert said(page) == "杨行镇"
    page.locator("[data-map-do=home]").click()
    expect(page).to_have_url(re.compile(r"#[\d.]+/22\.5"))
    assert said(page) == first
    # far from every street it only invites
    page.evaluate("window.gridmap.map.setView([40, 90], 12, { animate: false })")
    assert said(page) == "前往街道"
    bounds = page.locator("[data-map-go] option", has_text="罗店镇").get_attribute("value")
    assert bounds
    west, south, east, north = (float(side) for side in bounds.split(","))
    middle = [(south + north) / 2, (west + east) / 2]
    page.evaluate("middle => window.gridmap.map.setView(middle, 16, { animate: false })", middle)
    assert said(page) == "罗店镇"


def test_chooses_a_street_by_keyboard(leader: Visitor) -> None:
    page = leader.go_to_map()
    page.locator("[data-map-go]").focus()
    before = page.url
    page.keyboard.press("ArrowDown")
    expect(page).not_to_have_url(before)
    expect(page.locator("[data-map-go]")).to_be_focused()
    expect(page.get_by_label("前往街道")).to_be_focused()


def test_chooses_a_street_on_a_phone_without_raising_the_sheet(phone_leader: Visitor) -> None:
    page = phone_leader.go_to_map()
    chooser = page.locator("[data-map-go]")
    box, bar = chooser.bounding_box(), page.locator(".bottom-bar").bounding_box()
    assert box
    assert bar
    assert box["height"] >= 48
    assert box["y"] + box["height"] <= bar["y"]
    chooser.select_option(label="杨行镇")
    expect(page).to_have_url(re.compile(r"#[\d.]+/31\.3"))
    assert said(page) == "杨行镇"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_of_very_many_streets_the_list_leads_on(many: Visitor) -> None:
    page = many.go_to_map()
    assert page.locator("[data-map-go]").count() == 0
    page.locator("#overview .street-choice", has_text="个街道").click()
    expect(page.locator("h1")).to_have_text("街道")
    page.get_by_label("在地图上查看杨行镇").click()
    page.wait_for_selector("html[data-map=idle]", state="attached", timeout=30_000)
    assert page.evaluate("Math.floor(window.gridmap.map.getCenter().lat * 10)") == 313
    assert not page.evaluate("localStorage.length + sessionStorage.length")


def test_finds_a_building_and_reads_its_card(leader: Visitor, base: Base) -> None:
    page = leader.go_to_map()
    page.fill("#search", "花苑新村3栋")
    page.locator("[role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#card .card-title")).to_have_text("3号楼")
    expect(page.locator("#card .crumbs")).to_contain_text("花苑新村")
    assert f"place={identity(base, f'{CODE}X01-03')}" in page.url


def test_goes_from_the_building_to_its_stairwell_and_back_up_without_leaving_the_map(
    leader: Visitor, base: Base
) -> None:
    page = leader.go_to_map(f"/map#18/22.51899/113.40215&place={identity(base, f'{CODE}X01-01')}")
    page.locator("#card .card-rows a", has_text="2单元").click()
    expect(page.locator("#card .card-title")).to_have_text("2单元")
    assert "/map#" in page.url
    page.locator("#card .crumbs a", has_text="花苑第1网格").click()
    expect(page.locator("#card .card-title")).to_have_text("花苑第1网格")
    page.go_back()
    expect(page.locator("#card .card-title")).to_have_text("2单元")


def test_calls_the_manager_after_saying_why(leader: Visitor, base: Base) -> None:
    page = leader.go_to_map(f"/map#18/22.51899/113.40215&place={identity(base, f'{CODE}X01-01-1')}")
    page.locator("#card button.call").first.click()
    expect(page.locator("#call")).to_be_visible()
    assert "1990000" not in page.content()
    page.locator("#call .call-reasons button", has_text="房屋维修").click()
    number = page.locator("#call .call-number")
    expect(number).to_have_attribute("href", re.compile(r"^tel:1990000\d{4}$"))
    expect(number).to_be_focused()
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute("SELECT why FROM gridmap.audit WHERE action = 'unmask' ORDER BY id DESC LIMIT 1").fetchone()
    assert row == ("房屋维修",)


def test_a_call_without_a_reason_is_not_answered(leader: Visitor, base: Base) -> None:
    page = leader.go(f"/places/{identity(base, f'{CODE}X01-01-1')}")
    page.locator("button.call").first.click()
    page.locator("#call .call-other button").click()
    expect(page.locator("#call [data-call-problem]")).to_be_visible()
    expect(page.locator("#call [data-call-answer]")).to_be_hidden()
    leader.seen.errors = [error for error in leader.seen.errors if "422" not in error]


def test_opens_the_rows_behind_a_number_and_the_place_behind_a_row(leader: Visitor) -> None:
    page = leader.go("/list")
    page.wait_for_selector("td a")
    page.locator("tr", has_text="东区街道").locator("td a").last.click()
    expect(page.locator("h1")).to_contain_text("楼道")
    expect(page.locator("[name=vacant]")).to_be_checked()
    page.locator("tbody th a").first.click()
    expect(page.locator("main")).to_contain_text("暂无人负责")


def test_cuts_the_list_down_by_keyboard(leader: Visitor) -> None:
    page = leader.go("/list?layer=buildings&street=10001")
    page.locator("#community").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#community").input_value()
    assert chosen
    page.keyboard.press("Enter")
    if f"community={chosen}" not in page.url:
        page.locator(".filters button").focus()
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"community={chosen}"))
    expect(page.locator("#community")).to_have_value(chosen)


def test_choosing_another_community_forgets_the_grid_of_the_first(leader: Visitor) -> None:
    page = leader.go("/list?layer=buildings&street=10001")
    grid = page.locator("#grid option").nth(1).get_attribute("value")
    assert grid
    page.select_option("#grid", grid)
    page.select_option("#community", label="桥岗社区")
    expect(page.locator("#grid")).to_have_value("")


def test_prints_a_list_by_one_button(leader: Visitor) -> None:
    page = leader.go("/list?layer=buildings&street=10001&print=1")
    page.evaluate("window.print = () => { window.printed = true; }")
    page.locator("[data-print]").click()
    assert page.evaluate("window.printed") is True


def test_looks_back_to_an_earlier_day(leader: Visitor, base: Base) -> None:
    stairwell = identity(base, f"{CODE}X02-02-1")
    with psycopg.connect(base.owner_url) as owner:
        owner.execute(
            "UPDATE gridmap.assignment SET valid = tstzrange(lower(valid), '2026-03-10 00:00+08')"
            " WHERE place_id = %s AND role = 'building_manager'",
            (stairwell,),
        )
    page = leader.go_to_map(f"/map#18/22.51899/113.40215&place={stairwell}")
    expect(page.locator("#card section[aria-labelledby=card-people]")).to_contain_text("暂无人负责")
    page.locator("[data-map-do=close-card]").click()
    page.fill("#day", "2026-03-03")
    page.locator("#day").dispatch_event("change")
    page.fill("#search", "兰苑2号楼1单元")
    page.locator("[role=option]").first.click()
    expect(page.locator("#card")).to_contain_text("2026-03-03")
    expect(page.locator("#card section[aria-labelledby=card-people]")).not_to_contain_text("暂无人负责")

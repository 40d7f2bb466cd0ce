"""A street-office leader at a desk: from a number to a name, from a name to a call, and all of it without the map."""

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.browser.visits import Visitor, served
from tests.conftest import Base

pytestmark = pytest.mark.browser
CODE = "442000002005"


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    """A demo in which calls may be written down."""
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def url(base: Base, make_app: Callable[[Base], Flask]) -> Iterator[str]:
    with served(make_app(base)) as address:
        yield address


@pytest.fixture
def leader(chromium: Browser, url: str) -> Iterator[Visitor]:
    somebody = Visitor(chromium, url, "leader")
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
    expect(page.locator("#card")).to_contain_text("暂无人负责")
    page.locator("[data-map-do=close-card]").click()
    page.fill("#day", "2026-03-03")
    page.locator("#day").dispatch_event("change")
    page.fill("#search", "兰苑2号楼1单元")
    page.locator("[role=option]").first.click()
    expect(page.locator("#card")).to_contain_text("2026-03-03")
    expect(page.locator("#card")).not_to_contain_text("暂无人负责")

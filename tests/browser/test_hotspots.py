"""Hotspots and zones in the browser."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.browser.visits import Visitor, served
from tests.conftest import Base

pytestmark = pytest.mark.browser
WHY = re.compile(r"观察到 [\d,]+ 起，按停车位数预计 [\d.]+ 起，约 [\d.]+ 倍。")


@pytest.fixture(scope="module")
def url(demo_app: Flask) -> Iterator[str]:
    with served(demo_app) as address:
        yield address


@pytest.fixture
def visit(chromium: Browser, url: str, demo_base: Base) -> Iterator[Callable[..., Visitor]]:
    here: list[Visitor] = []

    def come(account: str, *, on_phone: bool = False) -> Visitor:
        here.append(Visitor(chromium, url, account, on_phone=on_phone))
        return here[-1]

    yield come
    for one in here:
        one.leave()


def test_a_leader_opens_the_hotspots_card_and_reads_why_it_is_one(visit: Callable[..., Visitor]) -> None:
    page = visit("leader").go_to_map("/hotspots/map?subject=parking_violation")
    page.locator("[data-spot]").first.click()
    card = page.locator("#card")
    expect(card.get_by_text(WHY)).to_be_visible()
    expect(card.get_by_text(re.compile(r"若只是偶然，全街道出现这样的片区的机会约 [\d.]+%。"))).to_be_visible()
    card.get_by_role("link", name="查看明细").click()
    expect(page.get_by_role("heading", name="为什么是热点")).to_be_visible()
    expect(page.get_by_role("heading", name="片区内的停车区")).to_be_visible()


def test_on_the_map_of_parking_another_week_and_another_thing_come_without_a_new_page(
    visit: Callable[..., Visitor],
) -> None:
    page = visit("leader", on_phone=True).go_to_map("/parking/map")
    facts = page.locator("[data-zone-facts]")
    expect(facts.locator(".case-line").first).to_be_attached()
    page.get_by_role("button", name="展开或收起").click()
    with page.expect_response(re.compile("/parking/map/facts.*show=violations")):
        page.locator("[data-show=violations]").click()
    expect(page).to_have_url(re.compile("show=violations"))
    expect(page.locator("[data-part-field]")).to_be_hidden()
    with page.expect_response(re.compile("/parking/map/facts.*week=")):
        page.locator("[data-weeks] input").press("ArrowLeft")
    expect(page).to_have_url(re.compile("week=2026-03-09"))

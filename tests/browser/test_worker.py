"""A grid worker and a building manager, over sixty, on a cheap phone: my places, the doors, whom to call."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visits import Visitor

pytestmark = pytest.mark.browser
TARGET = 48
TEXT = 18


@pytest.fixture
def worker(chromium: Browser, url: str) -> Iterator[Visitor]:
    somebody = Visitor(chromium, url, "worker", on_phone=True)
    yield somebody
    somebody.leave()


@pytest.fixture
def manager(chromium: Browser, url: str) -> Iterator[Visitor]:
    somebody = Visitor(chromium, url, "manager", on_phone=True)
    yield somebody
    somebody.leave()


def libraries(visitor: Visitor) -> list[str]:
    return [address for address in visitor.seen.asked if re.search(r"leaflet|/tiles/|js/map/", address)]


def too_small(page: Page) -> list[str]:
    """What can be pressed and is smaller than a thumb, and is not a word inside a sentence."""
    found: list[str] = page.evaluate(
        """(target) => [...document.querySelectorAll("main a, main button, main summary, .bottom-bar a")]
          .filter((one) => one.offsetParent && !one.closest(".crumbs, p, td"))
          .filter((one) => { const box = one.getBoundingClientRect(); return box.height < target - 0.5; })
          .map((one) => `${one.className} ${one.textContent.trim().slice(0, 20)}`)""",
        TARGET,
    )
    return found


def test_starts_at_the_own_grid_without_loading_a_map(worker: Visitor) -> None:
    page = worker.go("/")
    page.wait_for_load_state("networkidle")
    assert page.url.endswith("/my")
    expect(page.locator(".my-held")).to_contain_text("花苑第1网格")
    expect(page.locator(".my-building")).to_have_count(28)
    assert libraries(worker) == []


def test_text_and_targets_are_large_and_nothing_scrolls_sideways(worker: Visitor) -> None:
    for path in ("/my", "/list", "/search?q=3"):
        page = worker.go(path)
        assert too_small(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page = worker.go("/my")
    sizes = page.evaluate(
        "[...document.querySelectorAll('.my-name')].map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= TEXT
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= TEXT


def test_opens_a_building_then_a_stairwell_by_two_taps(worker: Visitor) -> None:
    page = worker.go("/my")
    page.locator(".my-open").nth(2).tap()
    expect(page.locator("h1")).to_contain_text("3号楼")
    page.locator(".card-rows a", has_text="2单元").tap()
    expect(page.locator("h1")).to_contain_text("2单元")
    expect(page.locator("main")).to_contain_text("党员楼管员")
    expect(page.locator(".unit").first).to_have_text("601")


def test_asks_for_the_map_and_comes_back_to_where_the_list_was(worker: Visitor) -> None:
    page = worker.go("/my")
    page.wait_for_load_state("networkidle")
    page.locator("[data-my-switch=map]").tap()
    page.wait_for_selector("html[data-map=idle]", state="attached", timeout=30_000)
    expect(page.locator(".folium-map")).to_be_visible()
    assert libraries(worker)
    page.locator("[data-my-switch=list]").tap()
    expect(page.locator(".folium-map")).to_be_hidden()
    expect(page.locator(".my-building").first).to_be_visible()


def test_a_tap_on_the_list_opens_the_page_even_after_the_map_was_seen(worker: Visitor) -> None:
    page = worker.go("/my")
    page.locator("[data-my-switch=map]").tap()
    page.wait_for_selector("html[data-map=idle]", state="attached", timeout=30_000)
    page.locator("[data-my-switch=list]").tap()
    page.locator(".my-open").first.tap()
    expect(page.locator("h1")).to_contain_text("1号楼")


def test_the_list_works_when_the_map_cannot_be_loaded(chromium: Browser, url: str) -> None:
    worker = Visitor(chromium, url, "worker", on_phone=True, keeps_pages=False)
    page = worker.go("/my")
    page.route("**/leaflet.js", lambda route: route.abort())
    page.locator("[data-my-switch=map]").tap()
    expect(page.locator(".toast")).to_contain_text("地图没有加载出来")
    expect(page.locator(".my-building").first).to_be_visible()
    worker.seen.errors = [error for error in worker.seen.errors if "ERR_FAILED" not in error]
    worker.leave()


def test_is_useful_within_three_seconds_on_a_bad_line(worker: Visitor) -> None:
    """The list stands in the first answer: its size over 400 kbit/s, with all styles, is what a person waits for."""
    network = worker.context.new_cdp_session(worker.page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: dict[str, int] = {}
    kinds: dict[str, str] = {}
    network.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    network.on(
        "Network.loadingFinished", lambda event: sizes.update({event["requestId"]: int(event["encodedDataLength"])})
    )
    worker.go("/my")
    worker.page.wait_for_load_state("networkidle")
    first = sum(size for one, size in sizes.items() if kinds.get(one) in {"Document", "Stylesheet"})
    seconds = first * 8 / 400_000
    assert first > 1_000
    assert seconds <= 2.5, f"{first} bytes"
    assert sum(sizes.values()) <= 200_000


def test_finds_a_building_of_the_own_grid_and_no_other(worker: Visitor) -> None:
    page = worker.go("/search")
    page.fill("[name=q]", "3栋")
    page.keyboard.press("Enter")
    expect(page.locator(".place-title").first).to_have_text("3号楼")
    page.fill("[name=q]", "桥岗第1网格")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text("没有找到")


def test_a_manager_has_the_three_checks_on_the_first_screen_and_the_households_below(manager: Visitor) -> None:
    page = manager.go("/")
    expect(page.locator(".my-door")).to_have_count(1)
    expect(page.locator(".unit")).to_have_text(["201", "301", "401", "501", "601"])
    expect(page.locator(".check")).to_have_count(3)
    box = page.locator(".check").last.bounding_box()
    assert box
    assert box["y"] + box["height"] < 844 - 64


def test_a_manager_calls_the_grid_worker_by_two_taps(manager: Visitor) -> None:
    page = manager.go("/my")
    page.locator(".person", has_text="网格员").locator("button.call").tap()
    page.locator(".call-reasons button", has_text="紧急情况").tap()
    expect(page.locator(".call-number")).to_have_attribute("href", re.compile(r"^tel:\d{11}$"))


def test_on_a_desk_list_and_map_stand_side_by_side(chromium: Browser, url: str) -> None:
    somebody = Visitor(chromium, url, "worker")
    page = somebody.go_to_map("/my")
    expect(page.locator(".my-building").first).to_be_visible()
    expect(page.locator(".folium-map")).to_be_visible()
    page.locator(".my-open").nth(1).click()
    expect(page.locator("#card .card-title")).to_have_text("2号楼")
    page.locator("[data-map-do=close-card]").click()
    expect(page.locator(".my-building").first).to_be_visible()
    somebody.leave()

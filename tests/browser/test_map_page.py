"""The street map in a browser, over an invented town: what a person does with it."""

import itertools
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site, drawn
from tests.browser.town import STREET_ID, to_lonlat, town
from tests.browser.windows import DESKTOP, PHONE, ZOOMED

pytestmark = [
    pytest.mark.browser,
    # the encoder of the invented tiles calls an old function of shapely
    pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning"),
]

NEAR = "/map#17/22.51720/113.40350"


def tiles_asked(asked: list[str]) -> list[str]:
    return [url for url in asked if "/tiles/" in url]


def place_on_screen(page: Page, lon: float, lat: float) -> tuple[float, float]:
    at = page.evaluate("([lat, lon]) => gridmap.map.latLngToContainerPoint([lat, lon])", [lat, lon])
    frame = page.locator(".folium-map").bounding_box()
    assert frame
    return frame["x"] + at["x"], frame["y"] + at["y"]


def test_opens_without_another_host_and_without_complaint(opened: Open) -> None:
    page, seen = opened("/map")
    assert seen.foreign == []
    assert seen.errors == []
    assert len(page.request.get(page.url).body()) <= 60_000
    assert tiles_asked(seen.asked)


def test_says_when_the_first_tiles_are_drawn(opened: Open) -> None:
    page, _seen = opened("/map")
    assert page.evaluate("performance.getEntriesByName('gridmap:idle').length") >= 1


def test_what_is_drawn_is_not_one_colour(opened: Open) -> None:
    page, _seen = opened(NEAR)
    colours = page.evaluate(
        """() => {
        const found = new Set();
        for (const canvas of document.querySelectorAll("canvas.leaflet-tile")) {
          const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          for (let i = 0; i < data.length; i += 4 * 97) found.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
        }
        return found.size;
      }"""
    )
    assert colours > 50


def test_a_click_opens_the_card_of_exactly_that_building(opened: Open) -> None:
    page, seen = opened("/map#18/22.51720/113.40350")
    house = next(t for t in town()["buildings"] if abs(t.shape.centroid.x) < 130 and abs(t.shape.centroid.y) < 90)
    lon, lat = to_lonlat(house.shape.representative_point().x, house.shape.representative_point().y)
    page.mouse.click(*place_on_screen(page, lon, lat))
    expect(page.locator("#card .card-title")).to_have_text(house.attributes["name"])
    assert house.id > 2**32
    assert f"place={house.id}" in page.url
    assert any(url.endswith(f"/places/{house.id}/card") for url in seen.asked)
    expect(page.locator("[data-card-here]")).to_contain_text("网格")


def test_back_closes_the_card_and_forward_opens_it(opened: Open) -> None:
    page, _seen = opened(NEAR)
    page.mouse.click(900, 480)
    expect(page.locator("#card .card-title")).to_be_visible()
    title = page.locator("#card .card-title").inner_text()
    page.go_back()
    expect(page.locator("#card")).to_be_hidden()
    expect(page.locator("#overview")).to_be_visible()
    page.go_forward()
    expect(page.locator("#card .card-title")).to_have_text(title)


def test_reload_keeps_window_layers_and_card(opened: Open) -> None:
    page, _seen = opened(NEAR)
    page.mouse.click(900, 480)
    expect(page.locator("#card .card-title")).to_be_visible()
    page.get_by_role("switch", name="楼栋", exact=True).uncheck()
    page.evaluate("gridmap.map.panBy([150, 80], {animate: false})")
    drawn(page)
    before = page.url
    page.reload()
    drawn(page)
    assert page.url == before
    expect(page.locator("#card .card-title")).to_be_visible()
    expect(page.get_by_role("switch", name="楼栋", exact=True)).not_to_be_checked()


def test_a_layer_that_is_off_can_not_be_opened(opened: Open) -> None:
    page, _seen = opened("/map#18/22.51720/113.40350&off=buildings,stairwells,facilities,estates")
    house = next(t for t in town()["buildings"] if abs(t.shape.centroid.x) < 130 and abs(t.shape.centroid.y) < 90)
    lon, lat = to_lonlat(house.shape.representative_point().x, house.shape.representative_point().y)
    page.mouse.click(*place_on_screen(page, lon, lat))
    expect(page.locator("#card .badge").first).to_have_text("网格")


def test_search_by_keys_alone(opened: Open) -> None:
    page, _seen = opened("/map")
    page.focus("#search")
    page.keyboard.type("花苑")
    expect(page.locator("#found [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#found [aria-selected=true] .place-title").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("#card .card-title")).to_have_text(chosen)
    expect(page.locator("#card .card-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#overview")).to_be_visible()


def test_search_without_result_says_so(opened: Open) -> None:
    page, _seen = opened("/map")
    page.fill("#search", "不存在的地方")
    expect(page.locator(".search-status")).to_have_text("没有找到“不存在的地方”")


def test_the_map_by_keys_alone(opened: Open) -> None:
    page, _seen = opened(NEAR)
    page.focus(".folium-map")
    before = page.url
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(before)
    drawn(page)
    page.keyboard.press("Enter")
    expect(page.locator("#card h2, #card .empty-title").first).to_be_visible()


def test_another_day_is_asked_for_and_said(opened: Open) -> None:
    page, seen = opened(NEAR)
    seen.asked.clear()
    page.fill("#day", "2026-03-03")
    page.locator("#day").dispatch_event("change")
    expect(page.locator("[data-day-banner]")).to_contain_text("2026年3月3日")
    drawn(page)
    asked = tiles_asked(seen.asked)
    assert asked
    assert all(parse_qs(urlsplit(url).query)["as_of"] == ["2026-03-03"] for url in asked)
    assert "day=2026-03-03" in page.url
    page.locator("[data-day-banner] button").click()
    expect(page.locator("[data-day-banner]")).to_be_hidden()
    assert "day=" not in page.url


def test_after_a_write_the_tiles_are_asked_again_with_what_was_seen(opened: Open) -> None:
    page, seen = opened(NEAR)
    seen.asked.clear()
    page.evaluate("gridmap.refresh(4711)")
    page.wait_for_function("() => performance.getEntriesByType('resource').some(one => one.name.includes('seen=4711'))")
    assert all("seen=4711" in url for url in tiles_asked(seen.asked))


@pytest.mark.parametrize(("status", "words"), [(401, "登录已过期，请重新登录。"), (500, "服务器未能响应，请重试。")])
def test_trouble_is_said_on_map_and_card(opened: Open, site: Site, status: int, words: str) -> None:
    page, _seen = opened(NEAR)
    site.app.config["trouble"] = status
    page.evaluate("gridmap.refresh()")
    message = page.locator("[data-map-message]")
    expect(message).to_contain_text(words)
    page.goto(page.url.split("#")[0] + f"#17/22.51720/113.40350&place={STREET_ID + 1030}")
    expect(page.locator("#card .empty")).to_contain_text(words)
    if status == 401:
        way = message.locator("a").get_attribute("href") or ""
        assert way.startswith("/login?next=%2Fmap%23")
        return
    site.app.config["trouble"] = None
    page.locator("#card .empty button").click()
    expect(page.locator("#card .card-title")).to_be_visible()
    message.locator("button").click()
    expect(message).to_be_hidden()


def test_without_connection_what_is_loaded_stays(opened: Open) -> None:
    page, _seen = opened(NEAR)
    page.context.set_offline(True)
    page.evaluate("gridmap.map.panBy([1500, 900], {animate: false})")
    expect(page.locator("[data-map-message]")).to_contain_text("网络已断开")
    page.context.set_offline(False)
    # no press needed: the page notices by itself
    expect(page.locator("[data-map-message]")).to_be_hidden()


def test_print_waits_for_the_tiles_of_the_sheet(opened: Open) -> None:
    page, _seen = opened(NEAR)
    page.evaluate(
        """() => { window.print = () => {
            const size = gridmap.map.getSize();
            window.printed = [document.documentElement.dataset.map, size.x, size.y]; }; }"""
    )
    page.click("[data-map-do=print]")
    page.wait_for_function("() => window.printed")
    assert page.evaluate("window.printed") == ["idle", 1030, 530]
    expect(page.locator("html")).not_to_have_class(re.compile("is-printing"))


def test_the_sheet_of_a_phone(opened: Open) -> None:
    page, seen = opened(NEAR, size=PHONE, touch=True)
    panel = page.locator("#panel")
    expect(panel).to_have_attribute("data-sheet", "peek")
    page.touchscreen.tap(200, 330)
    expect(page.locator("#card .card-title")).to_be_visible()
    expect(panel).to_have_attribute("data-sheet", "half")
    page.locator("[data-sheet-handle]").click()
    expect(panel).to_have_attribute("data-sheet", "full")
    page.locator("[data-map-do=close-card]").click()
    expect(panel).to_have_attribute("data-sheet", "peek")
    assert seen.errors == []


def test_the_legend_of_a_phone_opens_and_closes(opened: Open) -> None:
    page, _seen = opened(NEAR, size=PHONE, touch=True)
    legend = page.locator("#legend")
    expect(legend).to_be_hidden()
    page.locator(".map-tools [data-map-do=layers]").click()
    expect(legend).to_be_visible()
    legend.locator("[data-map-do=layers]").click()
    expect(legend).to_be_hidden()


def test_the_legend_shows_what_this_zoom_shows(opened: Open) -> None:
    page, _seen = opened("/map#14/22.51720/113.40350")
    row = page.locator(".legend-row", has_text="楼栋").first
    expect(row.locator(".legend-later")).to_be_visible()
    expect(row.locator(".legend-classes")).to_be_hidden()
    page.evaluate("gridmap.map.setZoom(17, {animate: false})")
    expect(row.locator(".legend-later")).to_be_hidden()
    expect(row.locator(".legend-classes")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE, ZOOMED, {"width": 320, "height": 640}])
@pytest.mark.parametrize("path", [NEAR, "/login?wrong=1", "/error/404", "/gallery"])
def test_nothing_scrolls_sideways(opened: Open, size: dict[str, int], path: str) -> None:
    page, _seen = opened(path, size=size)
    width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1]


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("path", [NEAR, f"{NEAR}&place={STREET_ID + 1030}", "/login?wrong=1", "/error/404", "/gallery"])
def test_axe_finds_nothing_serious(
    opened: Open, serious: Callable[[Page], list[str]], size: dict[str, int], path: str
) -> None:
    page, _seen = opened(path, size=size)
    if "place=" in path:
        expect(page.locator("#card .card-title")).to_be_visible()
    assert serious(page) == []


def test_texts_of_the_database_never_run(opened: Open, nasty_town: str) -> None:
    page, seen = opened("/map#18/22.51720/113.40350")
    page.fill("#search", nasty_town)
    expect(page.locator("#found [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#card .card-title")).to_contain_text(nasty_town)
    assert page.evaluate("typeof window.ran") == "undefined"
    assert [error for error in seen.errors if "dialog" in error] == []


def test_htmx_and_late_parts_work_under_the_policy_and_run_no_script(opened: Open) -> None:
    page, seen = opened("/moving")
    expect(page.locator("[data-fragment='/part']")).to_have_text("moved")
    page.get_by_role("button", name="move", exact=True).click()
    expect(page.locator("#here #part")).to_have_text("moved")
    assert page.evaluate("typeof window.ran") == "undefined"
    assert seen.errors == []


@pytest.mark.parametrize("size", [PHONE])
def test_targets_of_a_phone_are_48_pixels(opened: Open, size: dict[str, int]) -> None:
    page, _seen = opened(f"{NEAR}&place={STREET_ID + 1030}", size=size, touch=True)
    expect(page.locator("#card .card-title")).to_be_visible()
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], select, input:not([type=hidden])")]
          .filter(one => one.offsetParent && !one.closest(".legend, .crumbs") && !one.classList.contains("skip"))
          .map(one => [one.outerHTML.slice(0, 90), (one.closest("label") || one).getBoundingClientRect()])
          .filter(([, box]) => box.width > 1 && Math.max(box.height, 0) < 47.5)
          .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""
    )
    assert [one for one in small if "sheet-handle" not in one] == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [320, 390, 720, 800, 1024, 1280])
def test_nothing_in_the_header_lies_over_something_else(opened: Open, width: int, language: str) -> None:
    page, _seen = opened(f"/gallery?lang={language}", size={"width": width, "height": 700})
    boxes = page.evaluate(
        """() => [...document.querySelectorAll(".brand, .area, .header .nav, .demo-tag, .header .menu")]
          .filter(one => one.offsetParent).map(one => one.getBoundingClientRect()).map(box => [box.left, box.right])
          .sort((a, b) => a[0] - b[0])"""
    )
    assert all(left[1] <= right[0] + 0.5 for left, right in itertools.pairwise(boxes))
    assert boxes[-1][1] <= width


@pytest.mark.parametrize(("status", "words"), [(503, "服务器未能响应"), (401, "登录已过期")])
def test_numbers_that_do_not_come_say_so_and_come_when_asked_again(opened: Open, site: Site, status, words) -> None:
    site.app.config["trouble"] = status
    page, _seen = opened("/moving")
    page.get_by_text(words).wait_for()
    assert page.locator(".skeleton").count() == 0
    site.app.config["trouble"] = None
    page.get_by_role("button", name="重试").click()
    page.locator("#numbers").wait_for()
    assert page.get_by_text(words).count() == 0

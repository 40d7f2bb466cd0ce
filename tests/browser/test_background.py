"""The outside background: not there without a key, never asked before it is chosen, gone when it does not answer."""

import base64
import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.visits import Visitor, served
from tests.conftest import Base

pytestmark = pytest.mark.browser
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPj/HwADBwIAMCbHYQAAAABJRU5ErkJggg=="
)
OUTSIDE = re.compile(r"^https://t[0-7]\.tianditu\.gov\.cn/")
OURS_IS_CLEAR = """() => [...document.querySelectorAll(".leaflet-tile-pane canvas")].some((canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, i) => i % 4 === 3 && value === 0);
})
"""


@pytest.fixture
def leader(demo_base: Base, make_app: Callable[..., Flask], chromium: Browser) -> Iterator[Visitor]:
    """A leader of an office that has a key; the outside answers by `outside` alone, and the network is off."""
    with served(make_app(demo_base, tianditu_key="the key")) as url:
        somebody = Visitor(chromium, url, "leader")
        yield somebody
        somebody.context.close()
        assert somebody.seen.errors == []


def answer(page: Page) -> list[str]:
    """What the outside is asked for, answered with a picture."""
    asked: list[str] = []

    def reply(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=PICTURE, content_type="image/png")

    page.route(OUTSIDE, reply)
    return asked


def drawn(page: Page) -> None:
    page.wait_for_selector("html[data-map=idle]", state="attached", timeout=30_000)


def test_without_a_key_there_is_no_choice(demo_app: Flask, chromium: Browser) -> None:
    with served(demo_app) as url:
        visitor = Visitor(chromium, url, "leader")
        page = visitor.go_to_map("/map#15/22.51899/113.40215&background=tianditu")
        assert page.locator("[name=background]").count() == 0
        assert "tianditu" not in page.content()
        visitor.leave()


def test_nobody_outside_is_asked_before_it_is_chosen(leader: Visitor) -> None:
    asked = answer(leader.page)
    page = leader.go_to_map()
    expect(page.get_by_role("radio", name="自有底图")).to_be_checked()
    assert asked == leader.seen.foreign == []
    assert not page.evaluate(OURS_IS_CLEAR)


def test_chooses_tianditu_by_keyboard_and_goes_back(leader: Visitor) -> None:
    asked = answer(leader.page)
    page = leader.go_to_map()
    with page.expect_response(OUTSIDE):
        page.get_by_role("radio", name="自有底图").focus()
        page.keyboard.press("ArrowDown")
    expect(page).to_have_url(re.compile("background=tianditu"))
    expect(page.locator(".leaflet-control-attribution")).to_have_text("© 天地图")
    page.wait_for_function(OURS_IS_CLEAR)
    page.wait_for_load_state("networkidle")
    assert {address.split("?")[0].split("/", 3)[3] for address in asked} == {"vec_w/wmts", "cva_w/wmts"}
    assert all("tk=the%20key" in address for address in asked)
    page.reload()
    drawn(page)
    expect(page.get_by_role("radio", name="天地图")).to_be_checked()
    page.get_by_role("radio", name="自有底图").check()
    expect(page).not_to_have_url(re.compile("background"))
    assert page.locator(".leaflet-control-attribution").count() == 0
    assert page.locator(".leaflet-tile-pane img").count() == 0


def test_our_own_comes_back_when_the_outside_does_not_answer(leader: Visitor) -> None:
    leader.page.route(OUTSIDE, lambda route: route.abort())
    page = leader.go_to_map()
    page.get_by_role("radio", name="天地图").click()
    expect(page.locator("[data-map-message]")).to_contain_text("已换回自有底图")
    expect(page.get_by_role("radio", name="自有底图")).to_be_checked()
    leader.seen.errors = [error for error in leader.seen.errors if "ERR_FAILED" not in error]


def test_the_policy_names_its_hosts_only_where_there_is_a_key(
    demo_app: Flask, demo_base: Base, make_app: Callable[..., Flask]
) -> None:
    without = demo_app.test_client().get("/login").headers["Content-Security-Policy"]
    assert "://" not in without
    pictures = make_app(demo_base, tianditu_key="k").test_client().get("/login").headers["Content-Security-Policy"]
    hosts = " ".join(f"https://t{number}.tianditu.gov.cn" for number in range(8))
    assert f"img-src 'self' data: {hosts};" in pictures
    assert pictures.replace(f" {hosts}", "").split("nonce-")[0] == without.split("nonce-")[0]
    assert pictures.count("://") == 8

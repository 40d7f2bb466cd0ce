"""Pictures of the design system for docs/: `python -m tests.browser.pictures`."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from gridmap.bench.browser import FLAGS
from tests.browser.conftest import drawn
from tests.browser.demo_town import demo_town
from tests.browser.harness import create_harness
from tests.browser.windows import DESKTOP, PHONE

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
NEAR = "/map#17/22.51780/113.40350"


def _open_card(page: Page) -> None:
    page.evaluate("gridmap.map.fire('click', {latlng: gridmap.map.getCenter(), originalEvent: {}})")
    page.wait_for_selector("#card .card-title")
    page.wait_for_timeout(600)


def _search(page: Page) -> None:
    page.fill("#search", "花苑")
    page.wait_for_selector("#found [role=option]")
    page.keyboard.press("ArrowDown")


def _open_legend(page: Page) -> None:
    page.click(".map-tools [data-map-do=layers]")
    page.wait_for_timeout(400)


Act = Callable[[Page], None]
PICTURES: dict[str, tuple[str, dict[str, int], Act | None]] = {
    "design-map": (NEAR, DESKTOP, None),
    "design-map-street": ("/map", DESKTOP, None),
    "design-map-house": ("/map#19/22.51830/113.40270", DESKTOP, None),
    "design-map-card": (NEAR, DESKTOP, _open_card),
    "design-map-english": (NEAR.replace("/map", "/map?lang=en"), DESKTOP, None),
    "design-search": ("/map", DESKTOP, _search),
    "design-phone-map": (NEAR, PHONE, None),
    "design-phone-card": (NEAR, PHONE, _open_card),
    "design-phone-legend": (NEAR, PHONE, _open_legend),
    "design-sign-in": ("/login", DESKTOP, None),
    "design-phone-sign-in": ("/login?wrong=1", PHONE, None),
    "design-error": ("/error/404", DESKTOP, None),
    "design-components": ("/gallery", DESKTOP, None),
    "design-phone-components": ("/gallery", PHONE, None),
}


def take(browser: Browser, url: str, name: str) -> None:
    """One picture, as JPEG: the maps would be five times as large as PNG."""
    path, size, act = PICTURES[name]
    is_phone = size is PHONE
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        device_scale_factor=2 if is_phone else 1,
        is_mobile=is_phone,
        has_touch=is_phone,
        locale="zh-CN",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(url + path)
    if path.startswith("/map"):
        drawn(page)
    if act:
        act(page)
    FOLDER.mkdir(parents=True, exist_ok=True)
    full = name == "design-components"
    page.screenshot(path=FOLDER / f"{name}.jpg", type="jpeg", quality=78, full_page=full)
    context.close()


def main() -> None:
    """Take all pictures over the committed demo street."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, create_harness(demo_town), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        for name in PICTURES:
            take(browser, f"http://127.0.0.1:{server.server_port}", name)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()

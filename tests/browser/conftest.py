"""A headless browser without a network, and what it sees go wrong: every page test starts from here."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright
from werkzeug.serving import make_server

from gridmap.assets import install_tools
from gridmap.bench.browser import FLAGS
from tests.browser.harness import create_harness
from tests.browser.town import tile, town

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
ZOOMED = {"width": 720, "height": 450}
"""A desktop window at 200 %."""


@dataclass
class Seen:
    """What a page did that it should not, and what it asked for."""

    host: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Listen to everything that the page asks and complains about."""
        page.on("request", self._request)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._dialog)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def _dialog(self, dialog: Dialog) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        self.asked.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.netloc != self.host:
            self.foreign.append(request.url)


@dataclass(frozen=True)
class Site:
    """A running harness."""

    app: Flask
    url: str


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, drawing on the processor, unable to reach any other host."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The map page over an invented town."""
    app = create_harness()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(app, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


Open = Callable[..., tuple[Page, Seen]]


@pytest.fixture
def opened(chromium: Browser, site: Site) -> Iterator[Open]:
    """`opened("/map", size=PHONE)` gives the page, drawn, and what was seen meanwhile."""
    contexts = []

    def open_page(
        path: str, *, size: dict[str, int] = DESKTOP, touch: bool = False, **options: Any
    ) -> tuple[Page, Seen]:
        context = chromium.new_context(
            viewport=size,  # type: ignore[arg-type]  # a TypedDict of the same keys
            has_touch=touch,
            is_mobile=touch,
            locale="zh-CN",
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        seen = Seen(urlsplit(site.url).netloc)
        seen.watch(page)
        page.goto(site.url + path)
        if path.startswith("/map"):
            drawn(page)
        return page, seen

    site.app.config["trouble"] = None
    yield open_page
    for context in contexts:
        context.close()
    site.app.config["trouble"] = None


def drawn(page: Page) -> None:
    """Wait until all tiles of the window are drawn."""
    page.wait_for_selector("html[data-map=idle]", state="attached", timeout=30_000)


@pytest.fixture(scope="session")
def serious() -> Callable[[Page], list[str]]:
    """Serious and critical findings of axe-core on the page as it is."""
    source = (install_tools(say=lambda _said: None) / "node_modules/axe-core/axe.min.js").read_text("utf-8")

    def find(page: Page) -> list[str]:
        page.evaluate(source)
        # a transparent canvas has no contrast that axe could measure: the map's labels are judged by eye
        found = page.evaluate("axe.run({exclude: ['.leaflet-pane']}).then(result => result.violations)")
        return [
            f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
            for one in found
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"]
        ]

    return find


NASTY = (
    "<img src=x onerror=window.ran=1>",
    "</script><script>window.ran=1</script>",
    "${window.ran=1}",
    "`+(window.ran=1)+`",
)


@pytest.fixture(params=NASTY)
def nasty_town(request: pytest.FixtureRequest) -> Iterator[str]:
    """The town, with a name that would like to be a script on every third thing."""
    words = str(request.param)
    kept: list[tuple[dict[str, object], object]] = []
    tile.cache_clear()
    for things in town().values():
        for thing in things[::3]:
            kept.append((thing.attributes, thing.attributes.get("name")))
            thing.attributes["name"] = words
    yield words
    for attributes, name in kept:
        attributes["name"] = name
        if name is None:
            del attributes["name"]
    tile.cache_clear()

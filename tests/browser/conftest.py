"""A headless browser without a network, and what it sees go wrong: every page test starts from here."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from gridmap.assets import install_tools
from gridmap.bench.browser import FLAGS
from tests.browser.harness import create_harness
from tests.browser.line import Line, Town, in_town, leave, on_a_line
from tests.browser.town import tile
from tests.browser.town import town as drawn_town
from tests.browser.visits import Visitor, served
from tests.browser.windows import DESKTOP, Seen
from tests.conftest import Base

# what is expected has to come, not to come quickly: a busy machine is no defect, and times are for benchmarks
expect.set_options(timeout=20_000)


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
        # a transparent canvas has no contrast that axe could measure: the map's labels are judged by eye;
        # the watermark of invented data is decoration, hidden from readers: WCAG 1.4.3 asks no contrast of it
        found = page.evaluate(
            "axe.run({exclude: ['.leaflet-pane', '.watermark']}, {resultTypes: ['violations']})"
            ".then(result => result.violations)"
        )
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
    for things in drawn_town().values():
        for thing in things[::3]:
            kept.append((thing.attributes, thing.attributes.get("name")))
            thing.attributes["name"] = words
    yield words
    for attributes, name in kept:
        attributes["name"] = name
        if name is None:
            del attributes["name"]
    tile.cache_clear()


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    """A demo of the module's own, to write in."""
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def url(base: Base, make_app: Callable[[Base], Flask]) -> Iterator[str]:
    """Where that demo is served."""
    with served(make_app(base)) as address:
        yield address


@pytest.fixture
def leader(chromium: Browser, url: str) -> Iterator[Visitor]:
    """The leader of all demo streets, at a desk."""
    yield from visiting(Visitor(chromium, url, "leader"))


@pytest.fixture
def phone_leader(chromium: Browser, url: str) -> Iterator[Visitor]:
    """The same on a phone."""
    yield from visiting(Visitor(chromium, url, "leader", on_phone=True))


def visiting(somebody: Visitor) -> Iterator[Visitor]:
    """Somebody who leaves again; what their pages complained about fails the test."""
    yield somebody
    somebody.leave()


@pytest.fixture(scope="module")
def line(base: Base, make_app: Callable[[Base], Flask]) -> Iterator[tuple[str, Line]]:
    """Where the demo is served behind a line that can be made bad."""
    with on_a_line(make_app(base)) as behind:
        yield behind


@pytest.fixture
def town(base: Base, line: tuple[str, Line]) -> Iterator[Town]:
    """The demo behind a line that is good again for each test, with the manager's checks open."""
    with in_town(base, *line) as found:
        yield found


@pytest.fixture
def manager(chromium: Browser, town: Town) -> Iterator[Visitor]:
    """The building manager on a phone behind that line."""
    somebody = Visitor(chromium, town.url, "manager", on_phone=True)
    yield somebody
    leave(somebody)

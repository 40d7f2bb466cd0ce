"""Every page of the real application, as the account that opens it: nothing foreign, broken or cut off."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from tests.browser.conftest import NASTY
from tests.browser.page_pictures import sign_in
from tests.browser.pages import PAGES, PageOf, address_of
from tests.browser.windows import DESKTOP, PHONE, ZOOMED, Seen
from tests.conftest import Base

PHONE_BYTES = 200_000
Visit = Callable[[PageOf], tuple[Page, Seen]]


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[[Flask], str]]:
    """Serves an application and gives its address; stops after the tests of this file."""
    running = []
    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    def serve(app: Flask) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def visiting(chromium: Browser, url: str) -> Iterator[Visit]:
    """Gives windows for pages of the server at `url`; each account signs in once, and has one browser for all pages."""
    contexts: dict[str | None, BrowserContext] = {}

    def visit(of: PageOf) -> tuple[Page, Seen]:
        if of.user not in contexts:
            contexts[of.user] = chromium.new_context(locale="zh-CN", reduced_motion="reduce")
            if of.user:
                sign_in(contexts[of.user].new_page(), url, of.user)
        page, seen = contexts[of.user].new_page(), Seen(url.removeprefix("http://"))
        seen.watch(page)
        return page, seen

    yield visit
    for context in contexts.values():
        context.close()


def look(page: Page, address: str, size: dict[str, int]) -> None:
    """Open the address in a window of that size, and wait until it asks for nothing more."""
    page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of the same keys
    page.goto(address)
    page.wait_for_load_state("networkidle")


@pytest.fixture(scope="module")
def visit(chromium: Browser, served: Callable[[Flask], str], demo_app: Flask) -> Iterator[Visit]:
    """Opens windows for pages of the demo."""
    with visiting(chromium, served(demo_app)) as visit:
        yield visit


def complaints(of: PageOf, seen: Seen) -> list[str]:
    """What the browser complained about, but for the one page that is an error."""
    return [] if of.name == "error" else seen.errors


def fits(page: Page) -> bool:
    """Whether nothing scrolls sideways."""
    wide, seen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return wide <= seen


@pytest.mark.browser
@pytest.mark.parametrize("of", PAGES, ids=lambda of: of.name)
def test_a_page_asks_nobody_else_fits_and_is_accessible(of: PageOf, visit: Visit, serious) -> None:
    page, seen = visit(of)
    address = address_of(page, f"http://{seen.host}", of)
    for size in (PHONE, DESKTOP):
        if size is PHONE or of.is_map:
            look(page, address, size)
        else:  # what is no map is laid out by its style sheets alone
            page.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict of the same keys
        assert seen.foreign == []
        assert complaints(of, seen) == []
        assert fits(page), f"scrolls sideways at {size}"
        assert page.locator("h1").count() == 1
        assert serious(page) == []
        assert len(page.content().encode()) <= of.most_bytes
    # a window is zoomed without being loaded again
    page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]  # a TypedDict of the same keys
    assert fits(page), "scrolls sideways at 200 %"
    assert complaints(of, seen) == []
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", ["my", "my-manager"])
def test_a_phone_page_is_light(name: str, chromium: Browser, served, demo_app: Flask) -> None:
    of = next(page for page in PAGES if page.name == name)
    with visiting(chromium, served(demo_app)) as visit:
        first, warm = visit(of)
        look(first, f"http://{warm.host}{of.path}", PHONE)
        assert warm.errors == []
        page = first.context.new_page()
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        sizes: list[int] = []
        network.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
        look(page, f"http://{warm.host}{of.path}", PHONE)
        assert sizes
        assert sum(sizes) <= PHONE_BYTES


def put_everywhere(base: Base, words: str) -> int:
    """Write the words into every text field that people fill in; gives how many fields."""
    fields = {
        "place": ("name", "address"),
        "person": ("display_name", "name"),
        "community": ("name",),
        "organisation": ("name", "phone"),
        "street": ("name",),
        "district": ("name",),
        "city": ("name",),
        "basemap": ("name",),
        "account": ("title",),
        "duty_role": ("title",),
        "facility_kind": ("title", "title_en"),
        "estate": ("origin",),
        "incident": ("text", "address", "answer"),
        "incident_class": ("title", "title_en"),
        "incident_kind": ("title", "title_en", "files_when", "closes_when"),
        "answer_template": ("title", "body"),
        "transition": ("note",),
        "diary": ("answer",),
        "reception": ("minutes",),
        "ban": ("reason",),
        "parking_turn": ("reason",),
        "rota": ("name",),
        "hotline_order": ("address", "text", "category"),
    }
    with psycopg.connect(base.owner_url) as owner:
        for table, columns in fields.items():
            for column in columns:
                owner.execute(
                    psycopg.sql.SQL("UPDATE gridmap.{} SET {} = %s").format(
                        psycopg.sql.Identifier(table), psycopg.sql.Identifier(column)
                    ),
                    (words,),
                )
        # empty by constraint where it is about private matters
        owner.execute("UPDATE gridmap.diary SET text = %s WHERE NOT is_private", (words,))
        owner.execute(
            "INSERT INTO gridmap.audit (street_id, business_at, account_id, action, subject, subject_id, why)"
            " SELECT 0, now(), id, %s, %s, %s, %s FROM gridmap.account",
            (words,) * 4,
        )
    return sum(map(len, fields.values()))


@pytest.mark.browser
def test_no_text_of_the_database_ever_runs(chromium, served, own_demo_base, make_app) -> None:
    assert put_everywhere(own_demo_base, " ".join(NASTY)) > 10
    with visiting(chromium, served(make_app(own_demo_base))) as visit:
        for of in PAGES:
            page, seen = visit(of)
            look(page, address_of(page, f"http://{seen.host}", of), DESKTOP)
            assert page.evaluate("window.ran") is None, of.name
            assert complaints(of, seen) == [], of.name
            page.close()

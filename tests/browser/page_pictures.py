"""Photographs every page into docs/pictures: `python -m tests.browser.page_pictures [FOLDER] [NAME…]`.

Phone and desktop, Chinese and English, and once more with very long names; from a database of its own.
"""

import logging
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from gridmap import create_app
from gridmap.accounts import actor
from gridmap.bench.browser import FLAGS
from gridmap.clock import parse_clock
from gridmap.cluster import Cluster
from gridmap.commands.demo_files import bring_in_lamps
from gridmap.db import Database, migrate
from gridmap.demo.accounts import make_accounts
from gridmap.demo.incidents.crediting import credit_cases
from gridmap.demo.office.crediting import credit_office
from gridmap.demo.parking.crediting import credit_parking
from gridmap.demo.store import load_demo
from gridmap.settings import Settings
from tests.browser.pages import LONG, PAGES, PageOf, address_of
from tests.browser.windows import DESKTOP, PHONE
from tests.conftest import DEMO_CLOCK, DEMO_PASSWORD, make_home

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SIZES = {"desktop": DESKTOP, "phone": PHONE}
LONG_NAMES = ("map", "list", "my", "admin-accounts")


@contextmanager
def running_demo() -> Iterator[tuple[Flask, str, str]]:
    """A demo, the address where it is served, and the owner's connection to its database."""
    cluster = Cluster(make_home())
    cluster.start()
    migrate(cluster.owner_url)
    with psycopg.connect(cluster.owner_url) as owner:
        load_demo(owner)
    database = Database(cluster.app_url)
    make_accounts(database, actor(parse_clock(DEMO_CLOCK)), DEMO_PASSWORD)
    bring_in_lamps(database, parse_clock(DEMO_CLOCK))
    database.close()
    with psycopg.connect(cluster.owner_url) as owner:
        credit_cases(owner)
        credit_office(owner)
        credit_parking(owner)
    settings = Settings(home=Path(tempfile.mkdtemp()), clock=DEMO_CLOCK, database_url=cluster.app_url)
    app = create_app(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield app, f"http://127.0.0.1:{server.server_port}", cluster.owner_url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        cluster.stop()


def sign_in(page: Page, url: str, user: str) -> None:
    """Sign the account in as a person does."""
    page.goto(f"{url}/login")
    page.fill("#username", user)
    page.fill("#password", DEMO_PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/login" not in address)


def photograph(browser: Browser, url: str, of: PageOf, size: str, locale: str, target: Path) -> None:
    """One page as that account sees it, into `target`."""
    context = browser.new_context(
        viewport=SIZES[size],  # type: ignore[arg-type]  # a TypedDict of the same keys
        has_touch=size == "phone",
        locale="zh-CN" if locale == "zh" else "en-GB",
        reduced_motion="reduce",
    )
    page = context.new_page()
    if of.user:
        sign_in(page, url, of.user)
    address, _, near = address_of(page, url, of).partition("#")
    page.goto(f"{address}{'&' if '?' in address else '?'}lang={locale}{f'#{near}' if near else ''}")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(800)
    page.screenshot(path=target, type="jpeg", quality=82)
    context.close()
    print(target.name)


def make_names_long(owner_url: str) -> None:
    """Give estates, grids, buildings and accounts names as long as real registers have them."""
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "UPDATE gridmap.place SET name = %s || name WHERE kind IN ('estate', 'grid', 'building')", (LONG,)
        )
        owner.execute("UPDATE gridmap.account SET title = %s || title", (LONG,))
        owner.execute(
            "INSERT INTO gridmap.change (street_id, layer)"
            " SELECT 0, unnest(ARRAY['estates', 'grids', 'buildings', 'accounts'])"
        )


def main(folder: Path, names: list[str]) -> None:
    """Photograph the pages of these names (all where none is given)."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [page for page in PAGES if not names or page.name in names]
    with running_demo() as (_app, url, owner_url), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        for of in chosen:
            for size in SIZES:
                for locale in ("zh", "en"):
                    photograph(browser, url, of, size, locale, folder / f"{of.name}-{size}-{locale}.jpg")
        make_names_long(owner_url)
        for of in chosen:
            if of.name in LONG_NAMES:
                for size in SIZES:
                    photograph(browser, url, of, size, "zh", folder / f"{of.name}-long-{size}-zh.jpg")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER, sys.argv[2:])

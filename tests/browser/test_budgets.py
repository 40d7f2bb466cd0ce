"""What pages may weigh: bytes, requests, heap. Nothing here is a time; `gridmap bench pages` measures those."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser

from gridmap.accounts import actor
from gridmap.bench.browser import DESK, PHONE, Visit, context_for, visit
from gridmap.bench.pages import DRAWN, HEAP_BYTES, HTML_BYTES, PHONE_BYTES, pan, phone_pages
from gridmap.bench.server import sign_in
from gridmap.clock import parse_clock
from gridmap.db import Database
from gridmap.demo import scale
from gridmap.demo.accounts import make_accounts
from gridmap.settings import Settings
from tests.browser.visits import served
from tests.conftest import DEMO_CLOCK, DEMO_PASSWORD, Base

pytestmark = pytest.mark.browser

LIGHT = replace(PHONE, slower=1, rate=None, latency_ms=0)
"""A phone as quick as this machine: what a page weighs does not depend on the line."""
MAP_BYTES = 150_000
MAP_FILES = 14
"""The page itself, sheets, libraries, one module, pictures, numbers; tiles come on top."""


@dataclass(frozen=True)
class House:
    """A served demo with sessions for those who visit it."""

    url: str
    cookies: dict[str, str]
    phone: dict[str, str]
    """Path of each page of the phone by its title; the title ends in the account."""


@pytest.fixture(scope="module", params=["demo", pytest.param("city", marks=pytest.mark.full)])
def house(
    request: pytest.FixtureRequest,
    demo_template: str,
    copy_database: Callable[[str], Base],
    make_app: Callable[[Base], Flask],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """The demo's streets, and once with a whole city beside them."""
    base = copy_database(demo_template)
    settings = Settings(home=tmp_path_factory.mktemp("home"), clock=DEMO_CLOCK, database_url=base.app_url)
    database = Database(base.app_url)
    if request.param == "city":
        with psycopg.connect(base.owner_url) as owner:
            scale.clone_city(owner, say=lambda _: None)
        make_accounts(database, actor(parse_clock(DEMO_CLOCK)), DEMO_PASSWORD)
    found = {name: sign_in(settings, database, name) for name in ("leader", "worker", "manager")}
    phone = phone_pages(database, {name: found[name][0] for name in ("worker", "manager")})
    database.close()
    with served(make_app(base)) as url:
        cookies = {name: f"gridmap={secret}" for name, (_viewer, secret) in found.items()}
        yield House(url, cookies, {page.title: page.path for page in phone})


def drawn(seen: Visit, url: str) -> int:
    """Open a page with a map, wait for it; gives the bytes of its HTML."""
    answer = seen.page.goto(url)
    seen.page.wait_for_selector(DRAWN, state="attached", timeout=60_000)
    seen.page.wait_for_load_state("networkidle", timeout=60_000)
    assert answer
    return len(answer.body())


def test_the_street_map_keeps_its_budget(chromium: Browser, house: House) -> None:
    with closing(context_for(chromium, DESK, house.url, house.cookies["leader"])) as context:
        seen = visit(context, DESK, house.url)
        assert drawn(seen, f"{house.url}/map") <= HTML_BYTES
        assert seen.heard.received <= MAP_BYTES
        assert len([address for address in seen.heard.asked if "/tiles/" not in address]) <= MAP_FILES
        assert not [address for address in seen.heard.asked if Path(address).suffix in {".woff", ".woff2", ".ttf"}]
        pan(seen)
        assert seen.heap_bytes() <= HEAP_BYTES
        assert (seen.heard.foreign, seen.heard.violations) == ([], [])


@pytest.mark.parametrize("account", ["worker", "manager"])
@pytest.mark.parametrize("name", ["my places", "list", "building", "map"])
def test_a_page_of_the_phone_keeps_its_budget(name: str, account: str, chromium: Browser, house: House) -> None:
    with closing(context_for(chromium, LIGHT, house.url, house.cookies[account])) as context:
        seen = visit(context, LIGHT, house.url)
        answer = seen.page.goto(house.url + house.phone[f"{name}, {account}"])
        if name == "map":
            seen.page.wait_for_selector(DRAWN, state="attached", timeout=60_000)
        seen.page.wait_for_load_state("networkidle")
        assert answer
        assert answer.ok
        assert len(answer.body()) <= HTML_BYTES
        assert 5_000 < seen.heard.received <= PHONE_BYTES
        assert (seen.heard.foreign, seen.heard.violations) == ([], [])


@pytest.mark.parametrize("account", ["worker", "manager"])
def test_the_page_of_reports_keeps_the_budget_of_the_phone(account: str, chromium: Browser, house: House) -> None:
    """Every place of one's own stands in it, so that it works without a network: its HTML may be longer."""
    with closing(context_for(chromium, LIGHT, house.url, house.cookies[account])) as context:
        seen = visit(context, LIGHT, house.url)
        answer = seen.page.goto(f"{house.url}/report")
        seen.page.wait_for_load_state("networkidle")
        assert answer
        assert answer.ok
        assert 5_000 < seen.heard.received <= PHONE_BYTES
        assert (seen.heard.foreign, seen.heard.violations) == ([], [])


def test_a_second_visit_asks_for_no_file_again(chromium: Browser, house: House) -> None:
    with closing(context_for(chromium, DESK, house.url, house.cookies["leader"])) as context:
        drawn(visit(context, DESK, house.url), f"{house.url}/map")
        again = visit(context, DESK, house.url)
        drawn(again, f"{house.url}/map")
        kept = again.page.evaluate(
            "performance.getEntriesByType('resource').filter(one => one.name.includes('/static/'))"
            ".map(one => one.transferSize)"
        )
        assert kept
        assert set(kept) == {0}


def test_what_is_switched_off_is_asked_for_when_it_is_switched_on(chromium: Browser, house: House) -> None:
    with closing(context_for(chromium, DESK, house.url, house.cookies["worker"])) as context:
        seen = visit(context, DESK, house.url)
        drawn(seen, f"{house.url}/map")
        assert tiles_of(seen, "assignments") == []
        page = seen.page
        page.evaluate("gridmap.map.setZoom(17, {animate: false})")
        page.wait_for_selector(DRAWN, state="attached")
        with page.expect_response(lambda answer: "layers=assignments" in answer.url):
            page.get_by_role("switch", name="责任分配").check()
        page.wait_for_load_state("networkidle")
        before = len(tiles_of(seen, "green"))
        page.get_by_role("switch", name="责任分配").uncheck()
        page.get_by_role("switch", name="责任分配").check()
        page.wait_for_load_state("networkidle")
        assert len(tiles_of(seen, "green")) == before
        assert len(set(tiles_of(seen, "assignments"))) == len(tiles_of(seen, "assignments"))


def tiles_of(seen: Visit, layer: str) -> list[str]:
    """Addresses of tiles that were asked for and begin with this layer."""
    return [address for address in seen.heard.asked if f"layers={layer}" in address]

"""Export an estate for renovation: a planner picks an estate and two days, and takes the page and the GeoPackage."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visits import Visitor
from tests.conftest import Base

pytestmark = pytest.mark.browser
ESTATE = "丁香苑"


@pytest.fixture(scope="module")
def base(places_template: str, copy_database: Callable[[str], Base]) -> Base:
    """The demo's places: nothing of what happened is needed."""
    return copy_database(places_template)


@pytest.fixture
def planner(chromium: Browser, url: str) -> Iterator[Visitor]:
    somebody = Visitor(chromium, url, "planner")
    yield somebody
    somebody.leave()


def taken(page: Page, link: str, folder: Path) -> Path:
    """The file that the link gives."""
    with page.expect_download() as waiting:
        page.locator(f"a[href^='{link}']").click()
    target = folder / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return target


def test_export_an_estate_for_renovation(planner: Visitor, tmp_path: Path) -> None:
    page = planner.go("/renovation")
    page.locator("label.choice", has_text=ESTATE).first.click()
    page.locator("input[name=from]").fill("2026-02-28")
    page.locator("input[name=to]").fill("2026-03-16")
    page.get_by_role("button", name="生成方案").click()
    expect(page.locator("main svg.plan-map")).to_be_visible()
    expect(page.locator("main")).to_contain_text(ESTATE)
    alone = taken(page, "/renovation/plan.html", tmp_path)
    assert alone.name == "renovation_2026-03-16.html"
    assert ESTATE in alone.read_text("utf-8")
    package = taken(page, "/renovation/plan.gpkg", tmp_path)
    assert package.name == "renovation_2026-03-16.gpkg"
    with closing(sqlite3.connect(package)) as book:
        tables = {row[0] for row in book.execute("SELECT table_name FROM gpkg_contents")}
        assert book.execute("SELECT count(*) FROM buildings").fetchone() == (6,)
    assert {"estates", "stairwells", "gaps", "gaps_before"} <= tables

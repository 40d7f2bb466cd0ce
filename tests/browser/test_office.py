"""The community types a sheet of paper in by keyboard, and each cell arrives as an answer of its own."""

from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect
from psycopg.rows import dict_row

from tests.browser.line import Town, arrived, leave, until
from tests.browser.visits import Visitor
from tests.checks import STAIRWELL
from tests.conftest import Base

pytestmark = pytest.mark.browser


@pytest.fixture
def leader(chromium: Browser, town: Town) -> Iterator[Visitor]:
    somebody = Visitor(chromium, town.url, "leader")
    yield somebody
    leave(somebody)


@pytest.fixture
def sheet(leader: Visitor, base: Base) -> Page:
    with psycopg.connect(base.superuser_url, row_factory=dict_row) as owner:
        row = owner.execute("SELECT parent_id FROM gridmap.place WHERE code = %s", (STAIRWELL,)).fetchone()
    assert row
    return leader.go(f"/duties/sheet?within={row['parent_id']}&month=2026-03")


def mine(page: Page) -> list[str]:
    """The ids of the cells of the manager's door, left to right."""
    cells = page.locator("tr", has=page.locator("th", has_text="1单元")).first.locator("select[data-slot]")
    return [one.get_attribute("data-slot") or "" for one in cells.all()]


def test_three_keys_are_three_answers_under_the_managers_name(sheet: Page, town: Town) -> None:
    first, second, third = mine(sheet)
    sheet.locator("#done_on").fill("2026-03-10")
    sheet.locator(f"[data-slot='{first}']").focus()
    sheet.keyboard.press("1")
    expect(sheet.locator(f"[data-slot='{first}']")).to_have_class("select sheet-cell is-said")
    sheet.keyboard.press("ArrowRight")
    expect(sheet.locator(f"[data-slot='{second}']")).to_be_focused()
    sheet.keyboard.press("3")
    sheet.keyboard.press("ArrowRight")
    sheet.keyboard.press("2")
    sheet.locator(".finding .pill", has_text="堵塞").click()
    sheet.locator(".finding button", has_text="保存").click()
    arrived(sheet)
    rows = {row["slot_id"]: row for row in town.answers()}
    assert [rows[int(slot)]["result"] for slot in (first, second, third)] == ["fine", "no_access", "finding"]
    assert {row["via"] for row in rows.values()} == {"paper"}
    assert len({row["author_id"] for row in rows.values()} - {None}) == 1
    assert rows[int(third)]["note"] == "堵塞"
    assert {row["done_at"].isoformat()[:10] for row in rows.values()} == {"2026-03-10"}


def test_another_key_corrects_a_cell_and_nought_takes_it_back(sheet: Page, town: Town) -> None:
    [first, *_] = mine(sheet)
    cell = sheet.locator(f"[data-slot='{first}']")
    cell.select_option(index=1)
    arrived(sheet)
    cell.select_option(index=3)
    # the panel still says that the answer before has arrived
    until(sheet, lambda: [row["result"] for row in town.answers()] == ["no_access"])
    arrived(sheet)
    sheet.reload()
    cell.select_option(index=0)
    until(sheet, lambda: town.answers() == [])


def test_without_an_author_nothing_is_kept(sheet: Page, town: Town) -> None:
    [first, *_] = mine(sheet)
    cell = sheet.locator(f"[data-slot='{first}']")
    cell.evaluate("one => (one.dataset.author = '')")
    cell.select_option(index=1)
    expect(sheet.locator("#author")).to_be_focused()
    expect(cell).to_have_js_property("selectedIndex", 0)
    assert town.answers() == []

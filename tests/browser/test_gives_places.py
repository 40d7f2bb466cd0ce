"""A leader gives places to people: by boxes on the map, by the list alone, on a phone; and takes them back."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from flask import Flask
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from gridmap.people.giving.sheets import COLUMNS as COLUMNS_OF_SHEET
from tests.browser.giving import (
    COLUMNS,
    NEW_ESTATE,
    ROWS,
    SOUTH,
    STEP_EAST,
    STEP_NORTH,
    WEST,
    Hand,
    add_estate,
    holders,
)
from tests.browser.visits import Visitor, served
from tests.conftest import Base

pytestmark = pytest.mark.browser
MOST_PRESSES = 20
MOST_SECONDS = 60
SECONDS_A_PRESS = 2
PEOPLE = 5
PATIENCE = 20_000


@pytest.fixture(scope="module")
def estate(base: Base) -> int:
    return add_estate(base)


@pytest.fixture(scope="module")
def url(base: Base, estate: int, make_app: Callable[[Base], Flask]) -> Iterator[str]:
    with served(make_app(base)) as address:
        yield address


@pytest.fixture(autouse=True)
def nobody_yet(base: Base, estate: int) -> Iterator[None]:
    """Every test begins with an estate that nobody looks after; a page of hundreds of people may take its time."""
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=5_000)
    with psycopg.connect(base.owner_url) as owner:
        inside = "SELECT id FROM gridmap.place WHERE estate_id = %s"
        owner.execute(f"DELETE FROM gridmap.assignment WHERE place_id IN ({inside})", (estate,))
        owner.execute("INSERT INTO gridmap.change (street_id, layer) VALUES (%s, 'assignments')", (estate >> 32,))


def ready(page: Page) -> Page:
    """Wait until people and places are there and the map stands."""
    page.wait_for_selector("html[data-give=ready]", state="attached")
    page.wait_for_selector("html[data-map=idle]", state="attached")
    return page


def open_estate(who: Visitor, estate: int) -> Page:
    return ready(who.go(f"/assign?street={estate >> 32}&role=building_manager&estate={estate}"))


def people(page: Page) -> list[int]:
    """Ids of the people in the list, from the top."""
    inputs = page.locator("input[name=give-who]")
    return [int(value) for value in inputs.evaluate_all("all => all.map(one => one.value)") if value != "null"]


def save(page: Page, hand: Hand) -> None:
    hand.press(page.locator("[data-give-do=save]"))
    expect(page.locator("[data-give-confirm]")).to_be_enabled()
    hand.press(page.locator("[data-give-confirm]"))
    expect(page.locator("[data-give-done]")).to_contain_text("已保存")


def give_to_five(leader: Visitor) -> Hand:
    """From the start page to a saved estate."""
    page, hand = leader.go_to_map("/"), Hand(leader.page)
    hand.press(page.get_by_role("navigation").get_by_role("link", name="责任分配").first)
    hand.press(page.get_by_role("link", name=NEW_ESTATE))
    ready(page)
    width = COLUMNS / PEOPLE * STEP_EAST
    for k, person in enumerate(people(page)[:PEOPLE]):
        hand.press(page.locator(f"input[name=give-who][value='{person}']"))
        if k == 0:
            hand.press(page.locator("[data-give-do=box]"))
        west = WEST + k * width - STEP_EAST * 0.15
        hand.drag(west, SOUTH - STEP_NORTH * 0.2, west + width, SOUTH + ROWS * STEP_NORTH)
        expect(page.locator("[data-give-count]")).to_contain_text(f"{(k + 1) * COLUMNS * ROWS // PEOPLE} 项变更")
    save(page, hand)
    return hand


def test_gives_an_estate_of_two_hundred_houses_to_five_people(leader: Visitor, base: Base, estate: int) -> None:
    hand = give_to_five(leader)
    found = holders(base, estate)
    assert sorted(found.values()) == [COLUMNS * ROWS // PEOPLE] * PEOPLE
    assert hand.presses <= MOST_PRESSES
    # and everything back as one
    hand.page.locator("[data-give-done] button").click()
    expect(hand.page.locator("[data-give-done]")).to_contain_text("已撤销")
    assert holders(base, estate) == {}


@pytest.mark.full
def test_gives_it_within_a_minute(leader: Visitor, base: Base, estate: int) -> None:
    """The pages' time, and two seconds of a person's for each press."""
    start = monotonic()
    hand = give_to_five(leader)
    assert sum(holders(base, estate).values()) == COLUMNS * ROWS
    assert monotonic() - start + hand.presses * SECONDS_A_PRESS <= MOST_SECONDS


def test_sees_the_load_change_before_anything_is_saved(leader: Visitor, base: Base, estate: int) -> None:
    page = open_estate(leader, estate)
    row = page.locator(".give-person").first
    before = row.locator(".give-load").inner_text()
    row.click()
    with page.expect_response("**/api/assignments/preview"):
        page.locator("[data-give-do=all]").click()
    expect(row.locator(".give-load")).not_to_have_text(before)
    expect(row.locator(".give-load")).to_contain_text("步行")
    expect(page.locator("[data-give-sum]")).to_contain_text("均有人负责")
    page.locator("[data-give-do=forget]").click()
    expect(row.locator(".give-load > span")).to_have_text(before)
    assert holders(base, estate) == {}


def test_gives_places_by_the_list_and_the_keyboard_alone(leader: Visitor, base: Base, estate: int) -> None:
    page = open_estate(leader, estate)
    person = people(page)[0]
    page.locator(f"input[name=give-who][value='{person}']").focus()
    page.keyboard.press("Space")
    page.locator(".give-list > summary").focus()
    page.keyboard.press("Enter")
    for k in (0, 3):
        page.locator(".give-door input").nth(k).focus()
        page.keyboard.press("Space")
    page.locator(".give-door input").nth(3).press("Space")
    expect(page.locator("[data-give-count]")).to_contain_text("1 项变更")
    page.locator("[data-give-do=save]").press("Enter")
    expect(page.locator("[data-give-confirm]")).to_be_enabled()
    page.locator("#give-why").press("Enter")
    expect(page.locator("[data-give-done]")).to_contain_text("已保存 1 处")
    assert holders(base, estate) == {person: 1}


def test_hears_who_was_faster(leader: Visitor, base: Base, estate: int) -> None:
    page = open_estate(leader, estate)
    first, second = people(page)[:2]
    page.locator(f"input[name=give-who][value='{first}']").check()
    page.locator(".give-list > summary").click()
    page.locator(".give-door input").first.check()
    other = {
        "moves": [{"place": first_place(base, estate), "role": "building_manager", "person": second, "revision": None}],
        "why": "x",
    }
    answer = page.evaluate(
        "async (body) => (await fetch('/api/assignments', {method: 'POST', body: JSON.stringify(body), headers:"
        " {'Content-Type': 'application/json', 'X-CSRF-Token':"
        " JSON.parse(document.body.getAttribute('hx-headers'))['X-CSRF-Token']}})).status",
        other,
    )
    assert answer == 200
    page.locator("[data-give-do=save]").click()
    expect(page.locator("#give-save .give-troubles li")).to_have_count(1)
    expect(page.locator("[data-give-confirm]")).to_be_disabled()
    page.locator("#give-save [data-close-dialog]").click()
    # what happened meanwhile stands in the list
    name = page.locator(f".give-person:has(input[value='{second}']) .give-name").inner_text()
    expect(page.locator(".give-door .give-who").first).to_contain_text(name)
    assert holders(base, estate) == {second: 1}


def first_place(base: Base, estate: int) -> int:
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute(
            "SELECT id FROM gridmap.place WHERE estate_id = %s AND kind = 'building' ORDER BY code LIMIT 1", (estate,)
        ).fetchone()
    assert row
    return int(row[0])


def test_gives_a_house_on_the_phone(phone_leader: Visitor, base: Base, estate: int) -> None:
    page = open_estate(phone_leader, estate)
    page.locator("[data-sheet-handle]").tap()
    page.locator(".give-person").first.tap()
    # the sheet hides the lower half of the map
    at = page.evaluate(
        "(spot) => { gridmap.map.setView(spot, 18, {animate: false}); gridmap.map.panBy([0, 130], {animate: false});"
        " const at = gridmap.map.latLngToContainerPoint(spot);"
        " const frame = gridmap.map.getContainer().getBoundingClientRect();"
        " return [at.x + frame.left, at.y + frame.top]; }",
        [SOUTH + 0.00006, WEST + 0.00009],
    )
    page.touchscreen.tap(*at)
    expect(page.locator("[data-give-count]")).to_contain_text("1 项变更")
    page.locator("[data-give-do=save]").tap()
    expect(page.locator("[data-give-confirm]")).to_be_enabled()
    page.locator("[data-give-confirm]").tap()
    expect(page.locator("[data-give-done]")).to_contain_text("已保存 1 处")
    assert sum(holders(base, estate).values()) == 1


def test_takes_a_proposal_changes_it_by_hand_and_applies_it(leader: Visitor, base: Base, estate: int) -> None:
    page, hand = open_estate(leader, estate), Hand(leader.page)
    with page.expect_response("**/api/assignments/proposal", timeout=60_000):
        hand.press(page.locator("[data-give-do=propose]"))
    expect(page.locator("[data-give-count]")).to_contain_text(f"{COLUMNS * ROWS} 项变更")
    # every line says why, and nothing is written
    reasons = page.locator(".give-reasons .give-reason")
    expect(reasons).to_have_count(COLUMNS * ROWS)
    assert all("负责数" in words for words in reasons.all_inner_texts())
    assert holders(base, estate) == {}
    page.locator(".give-list > summary").click()
    first = page.locator(".give-door").first
    proposed = first.locator(".give-who").inner_text()
    other = next(one for one in people(page) if name_of(page, one) not in proposed)
    page.locator(f"input[name=give-who][value='{other}']").check()
    first.locator("input").check()
    expect(first.locator(".give-who")).to_contain_text(name_of(page, other))
    expect(first.locator(".give-reason")).to_be_hidden()
    save(page, hand)
    found = holders(base, estate)
    assert sum(found.values()) == COLUMNS * ROWS
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute(
            "SELECT person_id FROM gridmap.assignment WHERE place_id = %s AND upper_inf(valid)",
            (first_place(base, estate),),
        ).fetchone()
    assert row == (other,)
    page.locator("[data-give-last] > summary").click()
    expect(page.locator(".give-change").first).to_contain_text(f"{COLUMNS * ROWS} 处")


def name_of(page: Page, person: int) -> str:
    return page.locator(f".give-person:has(input[value='{person}']) .give-name").inner_text()


def test_hands_over_everything_that_somebody_holds(leader: Visitor, base: Base, estate: int) -> None:
    page = open_estate(leader, estate)
    giver, *takers = people(page)[:3]
    page.locator(f"input[name=give-who][value='{giver}']").check()
    page.locator("[data-give-do=all]").click()
    save(page, Hand(page))
    before = counts_of(base, giver)
    page = leader.go(f"/assign/hand-over?street={estate >> 32}")
    page.locator(f"input[name=hand-from][value='{giver}']").check()
    for one in takers:
        page.locator(f"input[name=hand-to][value='{one}']").check()
    expect(page.locator("[data-hand-preview] tbody tr")).to_have_count(before)
    expect(page.locator("[data-hand-status]")).to_contain_text(f"{before} 处")
    # the first place goes to the second person instead
    with page.expect_response("**/api/assignments/hand-over"):
        page.locator("[data-hand-preview] select").first.select_option(str(takers[1]))
    page.locator("#hand-note").fill("钥匙在物业")
    expect(page.locator("[data-hand-apply]")).to_be_enabled()
    page.locator("[data-hand-apply]").click()
    expect(page.locator("[data-give-done]")).to_contain_text("已保存")
    assert counts_of(base, giver) == 0
    page = leader.go(f"/assign/changes?street={estate >> 32}")
    expect(page.locator(".give-change").first).to_contain_text("工作移交")
    page.locator(".give-change").first.get_by_role("button").click()
    expect(page.locator(".give-change").nth(1)).to_contain_text("已撤销")
    assert counts_of(base, giver) == before


def counts_of(base: Base, person: int) -> int:
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute(
            "SELECT count(*) FROM gridmap.assignment WHERE person_id = %s AND upper_inf(valid)", (person,)
        ).fetchone()
    assert row
    return int(row[0])


def test_brings_a_changed_workbook_back_and_sees_the_difference_first(
    leader: Visitor, base: Base, estate: int, tmp_path: Path
) -> None:
    page = leader.go(f"/assign/excel?street={estate >> 32}")
    page.select_option("#role", "building_manager")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Excel").click()
    book = tmp_path / "book.xlsx"
    taken.value.save_as(book)
    place, (old, new) = swap_holder(book)
    page.set_input_files("#excel-file", book)
    page.get_by_role("button", name="查看差异").click()
    chips = page.locator("[data-excel-counts]")
    expect(chips).to_contain_text("换人 1")
    chips.get_by_role("button", name="换人").click()
    row = page.locator("[data-excel-rows] tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("换人")
    assert holder_of(base, place) == old
    page.locator("[data-excel-apply]").click()
    page.locator("[data-give-confirm]").click()
    expect(page.locator("[data-give-done]")).to_contain_text("已保存 1 处")
    assert holder_of(base, place) == new
    page.locator("[data-give-done] button").click()
    expect(page.locator("[data-give-done]")).to_contain_text("已撤销")
    assert holder_of(base, place) == old


def swap_holder(book: Path) -> tuple[str, tuple[int, int]]:
    """Give the first place of the workbook to the person of the last row; its code, and the people before and after."""
    sheets = load_workbook(book)
    sheet = sheets.worksheets[0]
    words = [word for word, _title, _width in COLUMNS_OF_SHEET]
    first = dict(zip(words, sheet[2], strict=True))
    last = dict(zip(words, sheet[sheet.max_row], strict=True))
    told = str(first["code"].value), (int(str(first["person_id"].value)), int(str(last["person_id"].value)))
    for word in ("person", "person_id"):
        first[word].value = last[word].value
    sheets.save(book)
    return told


def holder_of(base: Base, code: str) -> int:
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute(
            "SELECT a.person_id FROM gridmap.assignment a JOIN gridmap.place p ON p.id = a.place_id"
            " WHERE p.code = %s AND p.kind IN ('stairwell', 'building') AND a.role = 'building_manager'"
            " AND a.is_primary AND upper_inf(a.valid)",
            (code,),
        ).fetchone()
    assert row
    return int(row[0])

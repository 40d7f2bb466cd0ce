"""The office and a car that comes night after night: a second person confirms, a slip is printed, an appeal decided."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from gridmap.accounts import Actor
from gridmap.clock import OFFICE, real_now
from gridmap.db import Database
from gridmap.parking.secret import plate_key
from gridmap.parking.watching import Seen, note_sighting
from gridmap.scope import viewer_of
from tests.browser.pages import LONG
from tests.browser.visits import Visitor, served
from tests.conftest import Base
from tests.parking_office import move_clock
from tests.rows import rows

pytestmark = pytest.mark.browser
PLATE, MASKED = "粤T8K2W9", "粤T***W9"
MONDAY = datetime(2026, 3, 16, 19, tzinfo=OFFICE)
ONE_PAGE = re.compile(rb"/Type\s*/Page\b")
A5 = re.compile(rb"/MediaBox\s*\[\s*0 0 (4\d\d\.?\d*) (5\d\d\.?\d*)\s*\]")


@pytest.fixture(scope="module")
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    return make_app(base)


@pytest.fixture(scope="module")
def url(app: Flask) -> Iterator[str]:
    with served(app) as address:
        yield address


@pytest.fixture
def visit(chromium: Browser, url: str) -> Iterator[Callable[..., Visitor]]:
    here: list[Visitor] = []

    def come(account: str, *, on_phone: bool = False) -> Visitor:
        here.append(Visitor(chromium, url, account, on_phone=on_phone))
        return here[-1]

    yield come
    for one in here:
        one.leave()


@pytest.fixture(scope="module")
def zone(base: Base) -> int:
    """A zone in the worker's own grid, in an estate with as long a name as registers have."""
    grid = rows(
        base,
        "SELECT g.street_id, g.target_id, p.estate_id, p.community_id FROM gridmap.account_grant g"
        " JOIN gridmap.account a ON a.id = g.account_id JOIN gridmap.place p ON p.grid_id = g.target_id"
        " WHERE a.username = 'worker' AND p.kind = 'stairwell' ORDER BY p.id LIMIT 1",
    )[0]
    with psycopg.connect(base.owner_url) as owner:
        owner.execute("UPDATE gridmap.place SET name = %s WHERE id = %s", (LONG, grid["estate_id"]))
        made = owner.execute(
            "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, estate_id, geom)"
            " SELECT %(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), 'zone', 'zone-x',"
            " '东门内停车区', %(community_id)s, %(target_id)s, %(estate_id)s, geom FROM gridmap.place"
            " WHERE id = %(estate_id)s RETURNING id", grid,
        ).fetchone()  # fmt: skip
        assert made
        owner.execute(
            "INSERT INTO gridmap.zone (street_id, place_id, capacity, hourly_yuan, daily_cap_yuan, tariff_day)"
            " VALUES (%s, %s, 40, 10, 80, 'from_entry')", (grid["street_id"], made[0]))  # fmt: skip
    return int(made[0])


def see(app: Flask, base: Base, zone_id: int, moment: datetime, who: str = "worker") -> int:
    """What the worker's phone tells: the car stands in the zone."""
    account = int(rows(base, "SELECT id FROM gridmap.account WHERE username = %s", who)[0]["id"])
    database = Database(base.app_url)
    key = plate_key(app.extensions["gridmap"].settings.home)
    try:
        viewer = viewer_of(database, account, moment)
        with database.transaction(viewer.settings) as connection:
            by = Actor(account_id=account, business_at=moment, at=real_now())
            made = note_sighting(connection, by, key, Seen(zone_id=zone_id, plate=PLATE))
    finally:
        database.close()
    assert made.vehicle_id is not None
    return made.vehicle_id


def test_sees_the_same_plate_the_fourth_evening_a_second_person_confirms_prints_appeals_and_revokes(
    app: Flask, base: Base, zone: int, visit: Callable[..., Visitor]
) -> None:
    for number in range(4):
        vehicle = see(app, base, zone, MONDAY + timedelta(days=number))
    move_clock(app, MONDAY + timedelta(days=3, hours=14))

    # a leader in a hurry: what waits stands first, one tap leads to it
    leader = visit("leader", on_phone=True)
    phone = leader.go("/parking")
    phone.locator(".todo-line", has_text="拟列入黑名单待第二人确认").tap()
    phone.locator(".car-line a", has_text=MASKED).tap()
    expect(phone.locator("h1")).to_have_text(MASKED)
    assert phone.evaluate("document.documentElement.scrollWidth <= window.screen.width")
    expect(phone.locator("#act-confirm")).to_have_attribute("open", "")

    # the worker who saw it cannot confirm it
    worker = visit("worker")
    seen = worker.go(f"/parking/vehicles/{vehicle}")
    expect(seen.locator("#act-confirm")).to_have_count(0)

    phone.locator("#act-confirm .chip").first.tap()
    expect(phone.locator("#confirm-reason")).to_have_value("最后警告后再次过夜停放")
    phone.locator("#act-confirm").get_by_role("button", name="确认列入黑名单").tap()
    expect(phone.locator(".case-head .badge").first).to_have_text("已列入黑名单")
    expect(phone.locator(".turn").first).to_contain_text("确认列入黑名单")

    # the last warning is printed on one sheet of A5, with the plate in clear, which is written down
    slip = worker.go("/parking/notices")
    slip.locator(".notice-line", has_text=MASKED).filter(has_text="最后警告").get_by_role(
        "link", name="单据和文字"
    ).click()
    expect(slip.locator(".parking-slip-plate")).to_have_text(MASKED)
    slip.get_by_role("button", name="在提醒单上显示完整车牌").click()
    expect(slip.locator(".parking-slip-plate")).to_have_text(PLATE)
    paper = slip.pdf(prefer_css_page_size=True, print_background=True)
    assert len(ONE_PAGE.findall(paper)) == 1
    assert A5.search(paper)
    slip.evaluate("window.print = () => { window.printed = true; }")
    slip.get_by_role("button", name="打印").click()
    assert slip.evaluate("window.printed") is True
    slip.context.grant_permissions(["clipboard-read", "clipboard-write"])
    slip.get_by_role("button", name="复制").click()
    expect(slip.locator(".toast")).to_be_visible()
    assert PLATE in slip.evaluate("navigator.clipboard.readText()")
    slip.get_by_role("button", name="夹在车上").click()
    expect(slip.get_by_role("status").filter(has_text="已登记送达")).to_be_visible()
    why = rows(base, "SELECT why FROM gridmap.audit WHERE action = 'unmask_plate' AND subject_id = %s", str(vehicle))
    assert why == [{"why": "用于向车主送达提醒单"}]

    # the driver objects; the worker notes it, the leader revokes
    seen = worker.go(f"/parking/vehicles/{vehicle}")
    seen.locator("#act-appeal summary").click()
    seen.locator("#appeal-reason").fill("车主称当晚送病人")
    seen.locator("#act-appeal").get_by_role("button", name="登记申诉").click()
    expect(seen.locator(".case-head .badge").first).to_have_text("已列入黑名单（申诉中）")
    phone = leader.go("/parking")
    phone.locator(".todo-line", has_text="申诉待裁定").tap()
    phone.locator(".car-line a", has_text=MASKED).tap()
    phone.locator("#act-revoke summary").tap()
    phone.locator("#act-revoke .chip").first.tap()
    phone.locator("#act-revoke").get_by_role("button", name="撤销黑名单").tap()
    expect(phone.locator(".case-head .badge").first).to_have_text("无未结事项")
    history = [one.strip() for one in phone.locator(".turn-head").all_inner_texts()]
    assert len(history) == 7
    expect(phone.locator("#looks ~ ul")).to_contain_text("网格员")


def test_a_figure_opens_its_rows_and_the_way_back_is_one_tap(
    app: Flask, base: Base, zone: int, visit: Callable[..., Visitor]
) -> None:
    moment = datetime(2026, 4, 20, 19, tzinfo=OFFICE)
    see(app, base, zone, moment)
    move_clock(app, moment + timedelta(hours=14))
    page = visit("leader").go("/parking")
    figure = page.locator("#evening ~ .facts .fact", has_text="违停")
    count = int(figure.locator(".fact-value").inner_text())
    assert count == 1
    figure.click()
    expect(page.locator(".violation-line")).to_have_count(count)
    page.locator(".crumbs a").first.click()
    expect(page.locator("h1")).to_contain_text("停车")


def test_finds_a_car_by_its_plate(app: Flask, base: Base, zone: int, visit: Callable[..., Visitor]) -> None:
    moment = datetime(2026, 5, 11, 19, tzinfo=OFFICE)
    vehicle = see(app, base, zone, moment)
    move_clock(app, moment + timedelta(hours=1))
    page = visit("worker", on_phone=True).go("/parking/vehicles")
    page.get_by_text("按车牌号查找").tap()
    page.locator("#plate").fill("粤t 8k2w9")
    page.locator("#reason").fill("门岗来电")
    page.get_by_role("button", name="查找", exact=True).tap()
    page.wait_for_url(f"**/parking/vehicles/{vehicle}")
    expect(page.locator("h1")).to_have_text(MASKED)


def test_long_names_break_nothing(
    app: Flask, base: Base, zone: int, visit: Callable[..., Visitor], serious: Callable[[Any], list[str]]
) -> None:
    moment = datetime(2026, 6, 15, 19, tzinfo=OFFICE)
    vehicle = see(app, base, zone, moment)
    move_clock(app, moment + timedelta(hours=1))
    notice = rows(base, "SELECT max(id) AS id FROM gridmap.parking_notice")[0]["id"]
    for on_phone in (True, False):
        visitor = visit("leader", on_phone=on_phone)
        for path in ("", "/vehicles", f"/vehicles/{vehicle}", "/notices", f"/notices/{notice}/print", "/counts",
                     "/violations?to=2026-06-15", "/bans", "/long-stays"):  # fmt: skip
            page = visitor.go(f"/parking{path}")
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth <= window.screen.width"), path
            assert serious(page) == [], path

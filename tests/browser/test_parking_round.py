"""People on duty with a phone: zones counted, plates noted, notices handed over; with and without a network."""

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.line import RESUMES, Line, Town, arrived, in_town, keeps_pages, leave, on_a_line, until
from tests.browser.test_reports import KEPT
from tests.browser.visits import Visitor
from tests.conftest import Base
from tests.rounds import counted, forget_round, hold_zone, rows, sighted, zones_of

pytestmark = pytest.mark.browser
EVENING = "2026-03-16T19:10+08:00"
PLATE, MASKED = "粤B12388", "粤B***88"
READY = "[data-round][data-ready]"


@pytest.fixture(scope="module")
def evening_base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def evening_line(evening_base: Base, make_app: Callable[..., Flask]) -> Iterator[tuple[str, Line]]:
    """The demo behind a line, at ten past seven in the evening."""
    with on_a_line(make_app(evening_base, clock=EVENING)) as behind:
        yield behind


@pytest.fixture
def town(evening_base: Base, evening_line: tuple[str, Line]) -> Iterator[Town]:
    forget_round(evening_base)
    with in_town(evening_base, *evening_line) as found:
        yield found


@pytest.fixture
def worker(chromium: Browser, town: Town) -> Iterator[Visitor]:
    somebody = Visitor(chromium, town.url, "worker", on_phone=True)
    yield somebody
    leave(somebody)


@pytest.fixture
def manager(chromium: Browser, town: Town) -> Iterator[Visitor]:
    """The building manager, who has the evening duty in one zone."""
    hold_zone(town.base, "manager", zones_of(town.base, "worker")[0])
    somebody = Visitor(chromium, town.url, "manager", on_phone=True)
    yield somebody
    leave(somebody)


def is_ready(page: Page) -> None:
    page.wait_for_selector(READY, state="attached")


def step(page: Page, name: str, by: int, times: int = 1) -> None:
    for _ in range(times):
        page.locator(f'[data-tally="{name}"] [data-step="{by}"]').tap()


def type_plate(page: Page, plate: str = PLATE) -> None:
    """Type it with the keypad; the sign of the province stands there already, or is put right."""
    shown = page.locator(".plate-cell").first.inner_text()
    if shown and shown != plate[0]:
        page.locator("[data-clear]").tap()
    if shown != plate[0]:
        page.locator(f'[data-sign="{plate[0]}"]').tap()
    for sign in plate[1:]:
        page.locator(f'[data-sign="{sign}"]').tap()


def tone(page: Page, word: str) -> None:
    expect(page.locator(".see-told [data-told]")).to_have_attribute("data-tone", word, timeout=RESUMES)


# Counting ------------------------------------------------------------------------------------------------------------


def test_a_worker_counts_a_zone_with_two_thumbs(worker: Visitor, town: Town) -> None:
    zones = zones_of(town.base, "worker")
    page = worker.go("/my")
    page.locator(".parking-row").tap()
    page.locator(".zone-line").first.tap()
    is_ready(page)
    first = int(page.url.rpartition("/")[2])
    assert first in zones
    for target in page.locator(".count-zone button:visible, .count-zone a:visible, .count-zone input:visible").all():
        box = target.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 48, target.inner_text()
    window = page.viewport_size
    save = page.locator("[data-save]").bounding_box()
    assert window
    assert save
    assert save["y"] + save["height"] <= window["height"] - 64, "saving needs no scrolling"
    step(page, "total", 1, 5)
    step(page, "outside", 1, 2)
    step(page, "total", -1)
    page.locator("[data-save]").tap()
    until(page, lambda: len(counted(town.base)) == 1)
    [row] = counted(town.base)
    assert (row["place_id"], row["total"], row["outside"], row["part"]) == (first, 4, 2, "evening")
    # straight to the next zone, with what was saved and a way to mend it below
    expect(page.locator("[data-told-words]")).to_contain_text("4 / 2")
    if len(zones) > 1:
        assert int(page.url.rpartition("/")[2]) in set(zones) - {first}
    page.locator("[data-mend]").tap()
    expect(page.locator("#total")).to_have_value("4")
    expect(page.locator("[data-count-last]")).to_contain_text("重新保存即可更正")


def test_the_last_count_is_remembered_and_numbers_can_be_typed(worker: Visitor, town: Town) -> None:
    zone = zones_of(town.base, "worker")[0]
    with psycopg.connect(town.base.owner_url) as owner:
        owner.execute(
            "INSERT INTO gridmap.vehicle_count (street_id, place_id, counted_on, part, total, outside, counted_at,"
            " community_id, grid_id, changed_at) SELECT street_id, id, '2026-03-15', 'evening', 43, 12, now(),"
            " community_id, grid_id, now() FROM gridmap.place WHERE id = %s",
            (zone,),
        )
    page = worker.go(f"/parking/count/{zone}")
    is_ready(page)
    expect(page.locator("[data-count-last]")).to_have_text("昨晚: 43 / 12")
    expect(page.locator("#total")).to_have_value("43")
    expect(page.locator("#outside")).to_have_value("12")
    page.fill("#outside", "44")
    expect(page.locator("[data-count-problem]")).to_contain_text("不能多于全部车辆")
    page.locator("[data-save]").tap()
    page.wait_for_timeout(300)
    assert counted(town.base) == []
    page.fill("#outside", "13")
    expect(page.locator("[data-count-problem]")).to_be_empty()
    page.locator("[data-save]").tap()
    until(page, lambda: [(row["total"], row["outside"]) for row in counted(town.base)] == [(43, 13)])


def test_a_thumb_that_stays_counts_on(worker: Visitor, town: Town) -> None:
    page = worker.go(f"/parking/count/{zones_of(town.base, 'worker')[0]}")
    is_ready(page)
    key = page.locator('[data-tally="total"] [data-step="1"]')
    key.dispatch_event("pointerdown")
    until(page, lambda: int(page.input_value("#total")) >= 5)
    key.dispatch_event("pointerup")
    stopped = int(page.input_value("#total"))
    page.wait_for_timeout(400)
    assert int(page.input_value("#total")) == stopped
    key.dispatch_event("click")  # the end of the long press is no tap
    assert int(page.input_value("#total")) == stopped


def test_zones_are_counted_without_a_network_and_arrive_once(worker: Visitor, town: Town) -> None:
    zones = zones_of(town.base, "worker")
    page = worker.go("/parking/count")
    is_ready(page)
    keeps_pages(page)
    worker.context.set_offline(True)
    page.reload()  # from the copy on the phone
    is_ready(page)
    for number, _zone in enumerate(zones):
        if number == 0:
            page.locator(".zone-line").first.tap()
        step(page, "total", 1, number + 1)
        page.locator("[data-save]").tap()
    expect(page.locator("[data-round]")).to_have_attribute("data-step", "zones")
    expect(page.locator("[data-progress]")).to_have_text("本轮所有区域都已清点。")
    expect(page.locator(".zone-line[data-done]")).to_have_count(len(zones))
    expect(page.locator("[data-outbox]")).to_have_text(str(len(zones)))
    page.goto(town.url + f"/parking/count/{zones[-1]}")  # one copy serves every zone
    is_ready(page)
    expect(page.locator("[data-zone-name]")).not_to_be_empty()
    assert counted(town.base) == []
    worker.context.set_offline(False)
    arrived(page)
    assert sorted(row["place_id"] for row in counted(town.base)) == sorted(zones)


# Cars ----------------------------------------------------------------------------------------------------------------


def test_a_manager_notes_a_plate_and_is_told_what_follows(manager: Visitor, town: Town) -> None:
    page = manager.go("/parking/see")
    is_ready(page)
    expect(page.locator("[data-pad]")).to_be_visible()
    expect(page.locator("#plate")).to_be_hidden()
    expect(page.locator(".plate-cell").first).to_have_text("粤")  # of the city
    for key in page.locator(".pad-key:visible").all():
        box = key.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 48, key.inner_text()
    expect(page.locator('[data-sign="I"]')).to_have_count(0)
    expect(page.locator('[data-sign="O"]')).to_have_count(0)
    type_plate(page)
    expect(page.locator("[data-plate-kind]")).to_have_text("蓝牌")
    page.locator("[data-save]").tap()
    tone(page, "notice")
    expect(page.locator("[data-told-title]")).to_contain_text("第1次提醒")
    expect(page.locator("[data-told-plate]")).to_have_text(MASKED)
    expect(page.locator("[data-told-words]")).to_contain_text("夹在车上")
    assert PLATE not in page.content()
    # once it has arrived no plate is left on the phone
    assert PLATE not in page.evaluate(KEPT)
    page.locator("[data-again]").tap()
    type_plate(page)
    page.locator("[data-save]").tap()
    tone(page, "again")
    expect(page.locator("[data-told-title]")).to_contain_text("今晚")
    assert [row["found"] for row in sighted(town.base)] == ["notice", "again"]


def test_a_manager_notes_a_plate_without_a_network_and_it_arrives_once(manager: Visitor, town: Town) -> None:
    page = manager.go("/parking/see")
    is_ready(page)
    keeps_pages(page)
    manager.context.set_offline(True)
    page.reload()
    is_ready(page)
    type_plate(page, "粤BD12345")
    expect(page.locator("[data-plate]")).to_have_attribute("data-kind", "energy")
    page.locator("[data-save]").tap()
    tone(page, "kept")
    expect(page.locator("[data-told-words]")).to_contain_text("联网后自动发送")
    assert sighted(town.base) == []
    manager.context.set_offline(False)
    tone(page, "notice")
    arrived(page)
    [row] = sighted(town.base)
    assert (row["masked"], row["state"]) == ("粤B***45", "noticed")
    page.reload()
    is_ready(page)
    page.wait_for_timeout(1000)
    assert len(sighted(town.base)) == 1


def test_keys_that_lead_nowhere_cannot_be_pressed(manager: Visitor, town: Town) -> None:
    page = manager.go("/parking/see")
    is_ready(page)
    page.locator("[data-clear]").tap()
    expect(page.locator('[data-sign="使"]').first).to_be_enabled()
    page.locator('[data-sign="沪"]').tap()
    expect(page.locator('.pad-key[data-sign="1"]')).to_be_disabled()
    for sign in "A1234":
        page.locator(f'.pad-key[data-sign="{sign}"]').tap()
    expect(page.locator('.pad-key[data-sign="警"]')).to_be_enabled()
    expect(page.locator('.pad-key[data-sign="港"]')).to_be_disabled()
    page.locator('.pad-key[data-sign="学"]').tap()
    expect(page.locator("[data-plate-kind]")).to_have_text("专用车牌")
    expect(page.locator("[data-plate]")).to_have_attribute("data-kind", "ended")
    expect(page.locator(".pad-key[data-sign]:enabled")).to_have_count(0)
    page.locator("[data-delete]").tap()
    expect(page.locator("[data-save]")).to_have_attribute("aria-disabled", "true")
    page.locator("[data-save]").dispatch_event("click")
    expect(page.locator("[data-see-problem]")).to_contain_text("还没有输完")


def camera_picture() -> bytes:
    written, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    Image.effect_noise((2000, 1500), 60).convert("RGB").save(written, "JPEG", exif=exif)
    return written.getvalue()


def test_a_photo_goes_along_and_leaves_the_phone_small(worker: Visitor, town: Town) -> None:
    page = worker.go("/parking/see")
    is_ready(page)
    page.locator("[data-more] > summary").tap()
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": camera_picture()}
    page.locator("#photo-take").set_input_files(file)
    expect(page.locator(".report-picture")).to_have_count(1)
    choose_zone(page)
    type_plate(page)
    page.locator("[data-save]").tap()
    tone(page, "notice")
    until(page, lambda: [row["photo"] is not None for row in sighted(town.base)] == [True])
    arrived(page)
    kept = json.loads(page.evaluate(KEPT))
    assert [item["kind"] for item in kept] == ["sighting"]


def choose_zone(page: Page) -> None:
    options = page.locator("#see-zone option[value]:not([value=''])")
    page.select_option("#see-zone", options.first.get_attribute("value"))


def test_of_a_car_that_is_left_alone_no_photo_stays_anywhere(worker: Visitor, town: Town) -> None:
    page = worker.go("/parking/see")
    is_ready(page)
    page.locator("[data-more] > summary").tap()
    page.fill("#see-clock", "12:00")
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": camera_picture()}
    page.locator("#photo-take").set_input_files(file)
    choose_zone(page)
    type_plate(page)
    page.locator("[data-save]").tap()
    tone(page, "fine")
    arrived(page)
    assert [(row["found"], row["photo"]) for row in sighted(town.base)] == [("day", None)]
    assert [item["kind"] for item in json.loads(page.evaluate(KEPT))] == ["sighting"]


# Tonight -------------------------------------------------------------------------------------------------------------


def test_a_notice_is_handed_over_with_one_tap_without_a_network_too(worker: Visitor, town: Town) -> None:
    page = worker.go("/parking/see")
    is_ready(page)
    choose_zone(page)
    type_plate(page)
    page.locator("[data-save]").tap()
    tone(page, "notice")
    page.locator("[data-to-give]").tap()
    expect(page.locator(".give")).to_have_count(1)
    expect(page.locator(".give .plate-mask")).to_have_text(MASKED)
    assert PLATE not in page.content()
    worker.context.set_offline(True)
    page.locator(".give-ways button").first.tap()
    expect(page.locator(".give.is-given")).to_have_count(1)
    worker.context.set_offline(False)
    arrived(page)
    [row] = rows(town.base, "SELECT given_how FROM gridmap.parking_notice")
    assert row["given_how"] == "slip"
    page.reload()
    expect(page.locator(".give")).to_have_count(0)


def test_the_evening_shows_counts_that_are_still_on_the_phone(worker: Visitor, town: Town) -> None:
    zone = zones_of(town.base, "worker")[0]
    page = worker.go("/parking/evening")
    keeps_pages(page, least=4)
    worker.context.set_offline(True)
    page.goto(town.url + f"/parking/count/{zone}")
    is_ready(page)
    step(page, "total", 1, 3)
    page.locator("[data-save]").tap()
    page.goto(town.url + "/parking/evening")
    line = page.locator(f'.zone-line[data-zone="{zone}"]')
    expect(line).to_have_attribute("data-done", "")
    expect(line).to_contain_text("3 / 0")
    worker.context.set_offline(False)
    arrived(page)
    assert [row["total"] for row in counted(town.base)] == [3]


ELSEWHERE = """
INSERT INTO gridmap.account_grant (account_id, role, level, street_id, target_id, valid)
SELECT a.id, 'worker', 'grid', p.street_id, p.id, '[2020-01-01,)'
FROM gridmap.account a, gridmap.place p
WHERE a.username = 'worker' AND p.kind = 'grid' AND p.id <> ALL (
  SELECT g.target_id FROM gridmap.account_grant g WHERE g.account_id = a.id AND g.target_id IS NOT NULL)
ORDER BY p.id DESC LIMIT 1 RETURNING id
"""
CHANGED = "INSERT INTO gridmap.change (street_id, layer) VALUES (0, 'accounts')"


@contextmanager
def working_elsewhere(base: Base) -> Iterator[None]:
    """The worker has another grid meanwhile."""
    own = "account_id = (SELECT id FROM gridmap.account WHERE username = 'worker')"
    with psycopg.connect(base.owner_url) as owner:
        before = owner.execute(f"SELECT id, valid::text FROM gridmap.account_grant WHERE {own}").fetchall()
        owner.execute(f"UPDATE gridmap.account_grant SET valid = '[2020-01-01,2020-01-02)' WHERE {own}")
        other = owner.execute(ELSEWHERE).fetchone()
        owner.execute(CHANGED)
    assert other
    try:
        yield
    finally:
        with psycopg.connect(base.owner_url) as owner:
            owner.execute("DELETE FROM gridmap.account_grant WHERE id = %s", other)
            for identity, valid in before:
                owner.execute("UPDATE gridmap.account_grant SET valid = %s WHERE id = %s", (valid, identity))
            owner.execute(CHANGED)


def test_what_the_server_does_not_take_is_told_and_leaves_no_plate(worker: Visitor, town: Town) -> None:
    page = worker.go("/parking/see")
    is_ready(page)
    choose_zone(page)
    with working_elsewhere(town.base):
        page.wait_for_timeout(2500)  # seen everywhere within two seconds
        type_plate(page)
        page.locator("[data-save]").tap()
        tone(page, "refused")
        # of when and where it was: several of one zone may have been refused
        line = page.locator(".outbox-item.is-stuck")
        line.wait_for()
        assert re.match(r"3/16 \d\d:\d\d \S", line.inner_text())
        assert sighted(town.base) == []
        assert not re.search(r"B12388", page.evaluate(KEPT))
    worker.seen.errors = [error for error in worker.seen.errors if "404" not in error]

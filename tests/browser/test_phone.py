"""On the phone beyond the three checks: a photo, households, what is left, questions; and what all of it may cost."""

import io
import re
import time
from collections.abc import Iterator

import psycopg
import pytest
from PIL import ExifTags, Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.line import Town, arrived, fine, keeps_pages, leave, until
from tests.browser.visits import Visitor
from tests.checks import MONTH, STAIRWELL, answers_to, households

pytestmark = pytest.mark.browser
SECONDS_OF_A_TAP = 2.5
"""What a person over sixty takes to read a line, find the button and tap it; what the phone takes comes on top."""
CHECKS_SECONDS, CHECKS_TAPS = 10, 4
MONTH_SECONDS = 180


@pytest.fixture
def leader(chromium: Browser, town: Town) -> Iterator[Visitor]:
    somebody = Visitor(chromium, town.url, "leader")
    yield somebody
    leave(somebody)


@pytest.fixture
def visiting_leader(chromium: Browser, town: Town) -> Iterator[Visitor]:
    somebody = Visitor(chromium, town.url, "leader", on_phone=True)
    yield somebody
    leave(somebody)


def gap_at(page: Page, code: str) -> object:
    """What the layer of gaps says of a place, asked by the page itself."""
    return page.evaluate(
        "async (code) => { const told = await fetch(`/ogc/collections/gaps/items?code=${code}`);"
        " const found = await told.json(); return found.features.map((one) => one.properties.open); }",
        code,
    )


def seen_map(leader: Visitor, at: str) -> bytes:
    page = leader.go_to_map("/coverage" + at)
    page.wait_for_timeout(300)
    return page.locator(".leaflet-container").screenshot()


def test_a_manager_answers_offline_comes_back_and_the_leaders_map_changes(
    manager: Visitor, leader: Visitor, town: Town
) -> None:
    with psycopg.connect(town.base.owner_url) as owner:
        row = owner.execute(
            "SELECT ST_Y(c), ST_X(c) FROM (SELECT ST_PointOnSurface(geom) AS c FROM gridmap.place WHERE code = %s) p",
            (STAIRWELL,),
        ).fetchone()
    assert row
    at = f"#18/{row[0]:.5f}/{row[1]:.5f}"
    before = seen_map(leader, at)
    assert gap_at(leader.page, STAIRWELL) == [3]
    page = manager.go("/my")
    keeps_pages(page)
    manager.context.set_offline(True)
    page.goto(town.url + "/my")
    for left in (2, 1, 0):
        fine(page).first.tap()
        expect(fine(page)).to_have_count(left)
    assert gap_at(leader.page, STAIRWELL) == [3]
    manager.context.set_offline(False)
    arrived(page)
    assert len(town.answers()) == 3
    leader.page.goto("about:blank")
    after = seen_map(leader, at)
    assert gap_at(leader.page, STAIRWELL) == []
    assert before != after


def camera_picture(taken: str | None = None, at: tuple[float, float] | None = None) -> bytes:
    """A photo with what a camera writes into it: perhaps its time, and where (longitude, latitude)."""
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    if taken:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    if at:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (at[1], 0.0, 0.0), 3: "E", 4: (at[0], 0.0, 0.0)})
    Image.effect_noise((2400, 1800), 60).convert("RGB").save(written, "JPEG", exif=exif)
    return written.getvalue()


def test_a_finding_takes_a_photo_along_made_small_before_it_leaves_the_phone(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    page.locator(".answer-finding").first.tap()
    page.locator(".finding .pill", has_text="堵塞").tap()
    page.locator(".finding .pill-2").tap()
    picture = camera_picture()
    page.locator("#finding-photo").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture})
    expect(page.locator("[data-picture] img")).to_be_visible()
    page.locator(".finding button", has_text="保存").tap()
    # the picture goes after its answer
    until(page, lambda: town.line.photos)
    arrived(page)
    small = town.line.photos[-1]
    assert b"SECRET-CAMERA" in picture
    assert b"SECRET-CAMERA" not in small
    assert len(small) < len(picture) / 2
    expect(page.locator(".check .said-photo")).to_have_count(1)
    [row] = town.answers()
    assert (row["result"], row["severity"], row["photo"] is not None) == ("finding", 2, True)
    page.reload()
    page.locator(".said-photo").tap()
    expect(page).to_have_url(re.compile(rf"/photos/{row['id']}$"))


def test_a_photo_outlives_the_network_and_goes_with_an_answer_that_is_taken_back(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    keeps_pages(page)
    manager.context.set_offline(True)
    for number in (0, 1):
        page.locator(f"#c{town.slots[number]} .answer-finding").tap()
        page.locator("#finding-photo").set_input_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": camera_picture()}
        )
        expect(page.locator("[data-picture] img")).to_be_visible()
        page.locator(".finding button", has_text="保存").tap()
    expect(page.locator("[data-outbox]")).to_have_text("4")
    page.locator(f"#c{town.slots[1]} .said-undo").tap()
    expect(page.locator("[data-outbox]")).to_have_text("2")
    page.reload()
    manager.context.set_offline(False)
    arrived(page)
    [row] = town.answers()
    assert (row["slot_id"], row["photo"] is not None) == (town.slots[0], True)


def test_a_picture_that_is_none_is_said_and_the_finding_goes_without(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    page.locator(".answer-finding").first.tap()
    page.locator("#finding-photo").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no"})
    expect(page.locator("[data-photo-problem]")).to_contain_text("这张照片用不了")
    page.locator(".finding button", has_text="保存").tap()
    until(page, town.answers)
    [row] = town.answers()
    assert (row["result"], row["photo"]) == ("finding", None)


def test_households_are_visited_floor_by_floor_one_tap_each_without_a_network(
    visiting_leader: Visitor, town: Town
) -> None:
    place, slots = households(town.base)
    page = visiting_leader.go(f"/visits/{place}")
    keeps_pages(page)
    for cell in page.locator("[data-visit]").all()[:6]:
        box = cell.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 48
    visiting_leader.context.set_offline(True)
    page.reload()
    ways = (("door", "reached", "door"), ("phone", "reached", "phone"), ("nobody", "nobody", "door"))
    for slot, (word, _result, _mode) in zip(slots, ways, strict=False):
        page.locator(f".how-{word}").tap()
        page.locator(f"[data-visit='{slot}']").tap()
        expect(page.locator(f"[data-visit='{slot}']")).to_have_attribute("data-is", word)
    page.locator(f"[data-visit='{slots[2]}']").tap()  # a thumb that slips answers nothing twice
    expect(page.locator("[data-visit-words]")).to_contain_text("没人在")
    expect(page.locator("[data-outbox]")).to_have_text("3")
    assert answers_to(town.base, slots) == []
    visiting_leader.context.set_offline(False)
    arrived(page)
    found = {row["slot_id"]: (row["result"], row["mode"]) for row in answers_to(town.base, slots)}
    assert found == {slot: (result, mode) for slot, (_word, result, mode) in zip(slots, ways, strict=False)}
    expect(page.locator(".due-count")).to_contain_text("2 / 48")
    page.locator("[data-visit-undo]").tap()
    expect(page.locator(f"[data-visit='{slots[2]}']")).to_have_attribute("data-is", "open")
    arrived(page)
    assert len(answers_to(town.base, slots)) == 2


def test_taps_that_come_before_the_scripts_are_all_kept(manager: Visitor, town: Town) -> None:
    manager.context.route("**/js/pages/my_places.js", lambda route: (time.sleep(2), route.continue_())[1])
    page = manager.page
    page.goto(town.url + "/my", wait_until="commit")
    page.wait_for_selector(f"#c{town.slots[-1]} .answer-fine", state="attached")
    # each twice, by a thumb that trembles
    page.evaluate(
        "(slots) => slots.forEach((slot) => { const one = document.querySelector(`#c${slot} .answer-fine`);"
        " one.click(); one.click(); })",
        town.slots,
    )
    expect(fine(page)).to_have_count(0)
    arrived(page)
    assert [row["slot_id"] for row in town.answers()] == town.slots


def test_what_was_not_taken_can_be_kept_as_a_file(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    page.locator(".answer-fine").first.evaluate("(one) => { one.value = one.value.split(':')[0] + ':reached'; }")
    page.locator(".answer-fine").first.tap()
    expect(page.locator(".outbox-item")).to_contain_text("这类检查没有这个选项")
    with page.expect_download() as kept:
        page.locator("[data-outbox-keep]").tap()
    text = kept.value.path().read_text("utf-8")
    assert "消防设施" in text
    assert str(town.slots[0]) in text


def test_texts_for_the_group_are_copied_in_one_tap(visiting_leader: Visitor, town: Town) -> None:
    visiting_leader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visiting_leader.go("/reminders")
    page.locator(".due-row", has_text="花苑").first.tap()
    page.locator("[data-copy]").first.tap()
    expect(page.locator(".toast")).to_contain_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator(".chat-text").first.inner_text().strip()


# What it may cost ---------------------------------------------------------------------------------------------------

COUNTING = """(() => {
  window.cost = { keys: 0, waited: 0, since: 0 };
  addEventListener("keydown", () => { window.cost.keys += 1; }, true);
  addEventListener("click", () => { window.cost.since = performance.now(); }, true);
  new MutationObserver(() => {
    if (!window.cost.since) return;
    window.cost.waited += performance.now() - window.cost.since;
    window.cost.since = 0;
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-is", "open"] });
})()"""


def spent(page: Page, taps: int) -> float:
    """Seconds: of the person for so many taps, and of the phone until each one showed."""
    waited: float = page.evaluate("window.cost.waited")
    return taps * SECONDS_OF_A_TAP + waited / 1000


def test_the_three_checks_of_a_stairwell_are_four_taps_and_ten_seconds_at_most(manager: Visitor, town: Town) -> None:
    manager.context.add_init_script(COUNTING)
    page = manager.go("/my")
    taps = 0
    while fine(page).count():
        fine(page).first.tap()
        taps += 1
        expect(fine(page)).to_have_count(3 - taps)
    assert taps <= CHECKS_TAPS
    assert spent(page, taps) <= CHECKS_SECONDS
    assert page.evaluate("window.cost.keys") == 0
    arrived(page)


def test_a_managers_whole_month_is_three_minutes_at_most_nothing_typed_and_no_photo(
    manager: Visitor, town: Town
) -> None:
    """Opening the list, two checks without and one with a finding, looking whether anything is asked."""
    manager.context.add_init_script(COUNTING)
    page = manager.go("/my")
    assert page.locator("[required]").count() == 0
    taps = 0
    for _check in range(2):
        fine(page).first.tap()
        taps += 1
        expect(fine(page)).to_have_count(3 - taps)
    page.locator(".check[data-is=open] .answer-finding").tap()
    page.locator(".finding .pill", has_text="脏乱").tap()
    page.locator(".finding .pill-1").tap()
    page.locator(".finding button", has_text="保存").tap()
    taps += 4
    expect(fine(page)).to_have_count(0)
    seconds, typed = spent(page, taps), page.evaluate("window.cost.keys")
    arrived(page)
    page.goto(town.url + "/my/inbox")
    taps += 1
    assert page.locator("[required]:visible").count() == 0
    assert seconds + SECONDS_OF_A_TAP <= MONTH_SECONDS
    assert typed == 0
    assert [row["photo"] for row in town.answers()] == [None] * 3
    with psycopg.connect(town.base.owner_url) as owner:
        [(left,)] = owner.execute(
            "SELECT count(*) FROM gridmap.slot s JOIN gridmap.place p ON p.id = s.place_id WHERE p.code = %s"
            " AND s.starts_on = %s AND s.state <> 'satisfied'",
            (STAIRWELL, MONTH),
        ).fetchall()
    assert left == 0

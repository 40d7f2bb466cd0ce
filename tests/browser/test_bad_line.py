"""The outbox over a bad line, with browsers that are killed and clocks that are wrong: 0 lost, 0 doubled, 0 stuck."""

import contextlib
import os
import random
import signal
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import Error as BrowserError

from gridmap.bench.browser import FLAGS
from tests.browser.line import FAULTS, Town, arrived, fine, leave, until
from tests.browser.mortal import Mortal
from tests.browser.page_pictures import sign_in
from tests.browser.visits import Visitor
from tests.browser.windows import PHONE
from tests.checks import Slots, answers_to
from tests.conftest import Base

pytestmark = pytest.mark.browser


def test_the_server_dies_between_writing_and_answering(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    town.line.dies_after_commit = True
    fine(page).first.tap()
    until(page, lambda: town.line.is_dead)
    expect(page.locator(".state-waiting")).to_have_count(1)
    assert len(town.answers()) == 1
    page.locator(".said-undo").tap()  # it may have arrived, so it is not simply dropped
    page.locator(f"#c{town.slots[1]} .answer-fine").tap()
    town.line.dies_after_commit = town.line.is_dead = False
    arrived(page)
    [row] = town.answers()
    assert row["slot_id"] == town.slots[1]


def test_the_servers_process_is_killed_between_writing_and_answering(
    chromium: Browser, base: Base, tmp_path: Path
) -> None:
    first, second, *_ = Slots(base).reopen()
    server = Mortal(base.app_url, tmp_path)
    try:
        server.start()
        manager = Visitor(chromium, server.url, "manager", on_phone=True)
        page = manager.go("/my")
        server.die_at_the_next_answer()
        page.locator(f"#c{first} .answer-fine").tap()
        until(page, server.is_dead)
        page.locator(f"#c{second} .answer-fine").tap()
        expect(page.locator("[data-outbox]")).to_have_text("2")
        assert [row["slot_id"] for row in answers_to(base, [first, second])] == [first]
        server.start()
        until(page, lambda: len(answers_to(base, [first, second])) == 2)
        arrived(page)
        assert [row["slot_id"] for row in answers_to(base, [first, second])] == [first, second]
        leave(manager)
    finally:
        server.end()


def test_a_hotels_sign_in_page_neither_takes_answers_nor_erases_them(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    town.line.is_strange = True
    for left in (2, 1):
        fine(page).first.tap()
        expect(fine(page)).to_have_count(left)
    page.wait_for_timeout(2000)
    page.reload()
    expect(page.locator("[data-outbox]")).to_have_text("2")
    assert town.answers() == []
    town.line.is_strange = False
    arrived(page)
    assert len(town.answers()) == 2


def test_a_photo_that_does_not_get_through_holds_up_no_answer(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    town.line.refuses_photos = True
    page.evaluate(PUT, [[item(town.slots[0], "finding", photo=True)]])
    until(page, lambda: len(town.answers()) == 1)
    for left in (1, 0):
        fine(page).first.tap()
        expect(fine(page)).to_have_count(left)
    until(page, lambda: len(town.answers()) == 3)
    expect(page.locator("[data-outbox]")).to_have_text("1")
    town.line.refuses_photos = False
    arrived(page)
    assert [row["photo"] is not None for row in town.answers()] == [True, False, False]


def test_a_request_that_hangs_does_not_keep_the_rest_from_a_network_that_is_back(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    town.line.holds = threading.Event()
    fine(page).first.tap()
    expect(page.locator("[data-outbox]")).to_have_text("1")
    page.wait_for_timeout(500)
    manager.context.set_offline(True)
    town.line.heal()
    manager.context.set_offline(False)
    arrived(page)
    assert len(town.answers()) == 1


def test_sending_resumes_by_itself_without_a_word_of_the_browser(manager: Visitor, town: Town) -> None:
    """The network was there all the time, and behind it nobody: no event tells that it works again."""
    page = manager.go("/my")
    town.line.is_dead = True
    fine(page).first.tap()
    expect(page.locator("[data-outbox]")).to_have_text("1")
    page.wait_for_timeout(12_000)  # longer than any pause between two tries
    town.line.is_dead = False
    arrived(page)
    assert len(town.answers()) == 1


def test_no_room_for_the_outbox_leaves_the_plain_form(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    full = "() => { throw new DOMException('full', 'QuotaExceededError'); }"
    page.evaluate(f"() => {{ IDBObjectStore.prototype.put = {full}; }}")
    fine(page).first.tap()
    expect(fine(page)).to_have_count(2)
    assert len(town.answers()) == 1


# Many sends ---------------------------------------------------------------------------------------------------------

PUT = """async ([items]) => {
  const base = await new Promise((done) => {
    const open = indexedDB.open("gridmap-outbox", 1);
    open.onsuccess = () => done(open.result);
  });
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const picture = await new Promise((done) => canvas.toBlob(done, "image/jpeg"));
  const put = base.transaction("items", "readwrite").objectStore("items");
  for (const { id, slot, result, photo, made } of items) {
    const common = { made, state: "waiting", tries: 0, lease: 0, reason: "", slot, words: { title: "", place: "" } };
    const body = { sent_id: id, slot_id: slot, device_at: new Date().toISOString(), result };
    put.put({ ...common, id, kind: "answer", body });
    if (photo) put.put({ ...common, id: photo, kind: "photo", of: id, inspection: null, photo: picture, body: {} });
  }
  await new Promise((done, fail) => {
    put.transaction.oncomplete = done;
    put.transaction.onerror = fail;
  });
  base.close();
  window.dispatchEvent(new Event("online"));
}"""
LEFT = """() => new Promise((done) => {
  const open = indexedDB.open("gridmap-outbox", 1);
  open.onsuccess = () => {
    const all = open.result.transaction("items").objectStore("items").getAll();
    all.onsuccess = () => {
      open.result.close();
      const states = all.result.map((item) => item.state);
      done(states.filter((state) => state !== "accepted"));
    };
  };
})"""
WRONG = """(() => {
  const Real = Date;
  const off = %d;
  window.Date = class extends Real {
    constructor(...given) { if (given.length) super(...given); else super(Real.now() + off); }
    static now() { return Real.now() + off; }
  };
})()"""
DAY = 86_400_000
BATCH = 200
KILLED_EVERY = 5
"""After so many batches the browser is killed in the middle of one; once in the short run."""
chance = random.Random(7)
turn = iter(range(1 << 30))


def new_id() -> str:
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def item(slot: int, result: str, *, photo: bool = False) -> dict[str, Any]:
    return {"id": new_id(), "slot": slot, "result": result, "photo": new_id() if photo else "", "made": next(turn)}


def open_phone(chromium: Browser, folder: Path, town: Town, off: int) -> tuple[BrowserContext, Page]:
    """A browser of its own, whose clock is wrong by that many ms, at the manager's page."""
    context = chromium.browser_type.launch_persistent_context(
        folder, executable_path="/usr/bin/chromium", args=list(FLAGS), viewport=PHONE, locale="zh-CN"
    )
    context.add_init_script(WRONG % off)
    page = context.new_page()
    page.goto(town.url + "/my")
    if "/login" in page.url:
        sign_in(page, town.url, "manager")
        page.goto(town.url + "/my")
    return context, page


def kill(context: BrowserContext, folder: Path) -> None:
    """End the browser as a phone ends it that runs out of power."""
    mark = str(folder).encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # the browser itself and its children: all carry the folder that is this test's own
            if mark in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue
    with contextlib.suppress(BrowserError):
        context.close()


def is_empty(page: Page) -> bool:
    """Whether everything in the outbox has been accepted."""
    return page.evaluate(LEFT) == []


@pytest.mark.parametrize("sends", [BATCH, pytest.param(10_000, marks=pytest.mark.full)])
def test_over_a_bad_line_nothing_is_lost_doubled_or_stuck(
    chromium: Browser, town: Town, tmp_path: Path, sends: int
) -> None:
    """Lost, late, doubled, reordered and foreign answers, a second page, killed browsers, clocks wrong by a day."""
    town.line.chance = random.Random(20260316)
    town.line.faults.clear()
    expected: dict[str, str] = {}
    context, page = open_phone(chromium, tmp_path, town, DAY)
    for number in range(sends // BATCH):
        context.new_page().goto(town.url + "/my")  # a second page sends the same outbox
        items = [
            item(town.slots[k % 3], ("fine", "finding", "no_access")[k % 3], photo=k % 25 == 1) for k in range(BATCH)
        ]
        expected |= {one["id"]: one["result"] for one in items}
        page.evaluate(PUT, [items])
        if number % KILLED_EVERY == 0:
            sent = len(expected) - BATCH // 2
            until(page, lambda least=sent: len(town.answers()) >= least, seconds=240)
            kill(context, tmp_path)
            context, page = open_phone(chromium, tmp_path, town, -DAY if number % 2 else DAY)
        until(page, partial(is_empty, page), seconds=300)
        for other in context.pages[1:]:
            other.close() if other is not page else None
        page.goto(town.url + "/my")
    kill(context, tmp_path)
    town.line.arrive()
    found = town.answers()
    assert len(found) == len(expected) == sends
    assert {str(row["sent_id"]): row["result"] for row in found} == expected
    with_photo = [row for row in found if row["photo"] is not None]
    assert len(with_photo) == sends // 25
    assert set(FAULTS) <= set(town.line.faults)

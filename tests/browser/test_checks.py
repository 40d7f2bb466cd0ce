"""A building manager in a stairwell, with and without signal: checks, a finding, a lost connection, a lost phone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from gridmap.bench.browser import FLAGS
from tests.browser.line import RESUMES, Town, arrived, fine, keeps_pages, until
from tests.browser.page_pictures import sign_in
from tests.browser.visits import Visitor
from tests.browser.windows import PHONE
from tests.checks import STAIRWELL
from tests.conftest import DEMO_PASSWORD

pytestmark = pytest.mark.browser


def test_three_checks_are_three_taps_and_each_can_be_taken_back(manager: Visitor, town: Town) -> None:
    page = manager.go("/")
    expect(fine(page)).to_have_count(3)
    for button in page.locator(".check-answers button").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 48
        assert box["width"] >= 48
    last = page.locator(".check").last.bounding_box()
    taps, place = 0, page.locator(".check").first.bounding_box()
    while fine(page).count():
        fine(page).first.tap()
        taps += 1
        expect(fine(page)).to_have_count(3 - taps)
    assert page.locator(".check").last.bounding_box() == last
    assert taps == 3
    assert page.locator(".check").first.bounding_box() == place  # nothing has moved under the thumb
    arrived(page)
    assert [row["result"] for row in town.answers()] == ["fine"] * 3
    expect(page.locator(".due-count")).to_have_text("已完成 3 / 3")
    page.locator(".said-undo").first.tap()
    expect(fine(page)).to_have_count(1)
    arrived(page)
    assert len(town.answers()) == 2
    page.reload()
    expect(fine(page)).to_have_count(1)
    page.locator(".said-undo").first.tap()  # from the page as the server made it
    expect(fine(page)).to_have_count(2)
    arrived(page)
    assert len(town.answers()) == 1


def test_a_finding_is_four_taps(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    page.locator(".answer-finding").first.tap()
    page.locator(".finding .pill", has_text="过期").tap()
    page.locator(".finding .pill", has_text="紧急").tap()
    page.locator(".finding button", has_text="保存").tap()
    expect(page.locator(".check").first).to_contain_text("有问题 · 紧急")
    arrived(page)
    [row] = town.answers()
    assert (row["result"], row["severity"], row["note"]) == ("finding", 3, "过期")


def test_no_button_answers_several_at_once(manager: Visitor) -> None:
    page = manager.go("/my")
    values = page.locator("[data-due] button[name=answer]").evaluate_all("all => all.map((one) => one.value)")
    assert len(values) == len(set(values)) == 9
    assert all(re.fullmatch(r"\d+:\w+", value) for value in values)
    assert page.locator("[data-due] button:not([name=answer])").count() == 0


def test_offline_answers_three_checks_comes_back_online_and_they_have_arrived(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    keeps_pages(page)
    manager.context.set_offline(True)
    page.goto(town.url + "/my")  # opens without a network
    for left in (2, 1, 0):
        fine(page).first.tap()
        expect(fine(page)).to_have_count(left)
    expect(page.locator("[data-outbox]")).to_have_text("3")
    expect(page.locator("[data-outbox-panel]")).to_contain_text("3 项存在手机上")
    page.reload()
    expect(page.locator("[data-outbox]")).to_have_text("3")
    expect(fine(page)).to_have_count(0)
    assert town.answers() == []
    manager.context.set_offline(False)
    arrived(page)
    assert sorted(row["slot_id"] for row in town.answers()) == sorted(town.slots)
    page.reload()
    expect(page.locator(".said-fine")).to_have_count(3)
    assert len(town.answers()) == 3


def test_answers_outlive_the_browser_and_the_session(town: Town, chromium: Browser, tmp_path: Path) -> None:
    context = chromium.browser_type.launch_persistent_context(
        tmp_path, executable_path="/usr/bin/chromium", args=list(FLAGS), viewport=PHONE, locale="zh-CN"
    )
    page = context.new_page()
    sign_in(page, town.url, "manager")
    page.goto(town.url + "/my")
    town.line.is_dead = True
    for left in (2, 1):
        fine(page).first.click()
        expect(fine(page)).to_have_count(left)
    context.close()
    assert town.answers() == []
    town.line.is_dead = False
    context = chromium.browser_type.launch_persistent_context(
        tmp_path, executable_path="/usr/bin/chromium", args=list(FLAGS), viewport=PHONE, locale="zh-CN"
    )
    page = context.new_page()
    page.goto(town.url + "/my")  # the cookie of a session goes with the browser
    expect(page).to_have_url(re.compile("/login"))
    sign_in(page, town.url, "manager")
    page.goto(town.url + "/my")
    arrived(page)
    assert sorted(row["slot_id"] for row in town.answers()) == sorted(town.slots[:2])
    context.close()


def test_an_expired_session_keeps_the_answers_and_says_so(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    manager.context.clear_cookies()
    fine(page).first.tap()
    expect(page.locator("[data-outbox-panel]")).to_contain_text("重新登录", timeout=RESUMES)
    page.locator("[data-outbox-panel] a").tap()
    page.fill("[name=username]", "manager")
    page.fill("[name=password]", DEMO_PASSWORD)
    page.locator("main button[type=submit]").tap()
    expect(page).to_have_url(re.compile("/my$"))
    arrived(page)
    assert len(town.answers()) == 1


def test_a_refused_answer_says_why_and_blocks_nobody(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    page.locator(".answer-fine").first.evaluate("(one) => { one.value = one.value.split(':')[0] + ':reached'; }")
    page.locator(".answer-fine").first.tap()
    page.locator(f"#c{town.slots[1]} .answer-fine").tap()
    expect(page.locator(".outbox-item")).to_contain_text("这类检查没有这个选项", timeout=RESUMES)
    expect(page.locator(".state-accepted")).to_have_count(1, timeout=RESUMES)
    [row] = town.answers()
    assert row["slot_id"] == town.slots[1]
    page.locator(".outbox-item button").tap()
    expect(page.locator(".outbox-item")).to_have_count(0)


KEPT = (
    "async () => ({ pages: (await caches.keys()).includes('gridmap-pages'), items: await new Promise((done) => {"
    " const open = indexedDB.open('gridmap-outbox', 1); open.onsuccess = () => { const base = open.result;"
    " if (!base.objectStoreNames.contains('items')) { base.close(); indexedDB.deleteDatabase('gridmap-outbox');"
    " done(0); return; }"
    " const all = base.transaction('items').objectStore('items').count();"
    " all.onsuccess = () => { base.close(); done(all.result); }; }; }) })"
)


def test_signing_out_asks_first_and_then_leaves_nothing_on_the_phone(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    keeps_pages(page)
    manager.context.route("**/api/**", lambda route: route.abort())
    fine(page).first.tap()
    expect(page.locator("[data-outbox]")).to_have_text("1")
    page.locator(".menu summary").tap()
    page.locator("form[action='/logout'] button").tap()
    expect(page.locator("#leave-question")).to_contain_text("还有 1 项填报没有发出")
    page.locator("#leave-question button", has_text="先不退出").tap()
    assert page.evaluate(KEPT) == {"pages": True, "items": 1}
    page.locator(".menu summary").tap() if not page.locator("form[action='/logout'] button").is_visible() else None
    page.locator("form[action='/logout'] button").tap()
    page.locator("#leave-question button", has_text="清除并退出").tap()
    expect(page).to_have_url(re.compile("/login"))
    assert page.evaluate(KEPT) == {"pages": False, "items": 0}
    assert town.answers() == []


def test_another_account_on_the_same_phone_sees_and_sends_nothing_of_the_first(manager: Visitor, town: Town) -> None:
    page = manager.go("/my")
    keeps_pages(page)
    manager.context.route("**/api/**", lambda route: route.abort())
    fine(page).first.tap()
    expect(page.locator("[data-outbox]")).to_have_text("1")
    manager.context.clear_cookies()
    manager.context.unroute("**/api/**")
    page.goto(town.url + "/login")
    sign_in(page, town.url, "worker")
    page.goto(town.url + "/my")
    expect(page.locator("[data-outbox]")).to_be_hidden()
    until(page, lambda: page.evaluate(KEPT)["items"] == 0)
    assert town.answers() == []


def test_a_plate_leads_to_the_checks_of_its_stairwell(manager: Visitor, town: Town) -> None:
    page = manager.go(f"/p/{STAIRWELL}")
    expect(page.locator("h1")).to_contain_text("1单元")
    fine(page).first.tap()
    until(page, lambda: len(town.answers()) == 1)
    arrived(page)

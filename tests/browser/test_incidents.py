"""Cases in the browser: from the board to a company, to somebody who verifies; keys; a board that refreshes itself."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.browser.visits import Visitor, served
from tests.conftest import Base
from tests.web.test_incidents import company_id, report, rows

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def url(base: Base, make_app: Callable[[Base], Flask]) -> Iterator[str]:
    with served(make_app(base)) as address:
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


def name_of_company(base: Base) -> str:
    return str(rows(base, "SELECT name FROM gridmap.organisation WHERE id = %s", company_id(base))[0]["name"])


def test_a_leader_dispatches_to_a_company_that_handles_and_somebody_else_verifies(
    base: Base, visit: Callable[..., Visitor]
) -> None:
    case = report(base)
    page = visit("leader").go(f"/incidents/{case}")
    form = page.locator("#act-dispatch")
    expect(form).to_have_attribute("open", "")
    form.get_by_label("其他单位").select_option(label=name_of_company(base))
    form.get_by_role("button", name="派遣案件").click()
    expect(page.locator(".turn").first).to_contain_text(name_of_company(base))

    phone = visit("property", on_phone=True).go("/incidents/given")
    phone.locator(f"a[data-case='{case}']").click()
    phone.get_by_role("button", name="接收案件").click()
    phone.locator("#act-handle textarea").fill("已清理完毕，谢谢反映。")
    phone.get_by_role("button", name="处置完成").click()
    expect(phone.locator(".badge", has_text="已处置").first).to_be_visible()
    expect(phone.locator("#act-check")).to_have_count(0)

    other = visit("worker", on_phone=True).go("/incidents/to-verify")
    other.locator(f"a[data-case='{case}']").click()
    other.get_by_role("button", name="开始核查").click()
    other.locator("#act-close").get_by_label("满意", exact=True).check()
    other.get_by_role("button", name="核查通过，结案").click()
    expect(other.locator(".case-answer")).to_have_text("已清理完毕，谢谢反映。")
    expect(other.locator("h1")).to_be_visible()


def test_who_was_slower_sees_what_changed_and_keeps_the_words(base: Base, visit: Callable[..., Visitor]) -> None:
    case = report(base)
    slow, fast = visit("leader"), visit("community")
    page = slow.go(f"/incidents/{case}")
    page.locator("#act-reject summary").click()
    page.locator("#act-reject [name=other_reason]").fill("现场核实，已由物业清走")
    quick = fast.go(f"/incidents/{case}")
    quick.locator("#act-register summary").click()
    quick.locator("#act-register button[type=submit]").click()
    expect(quick.locator(".turn").first).to_contain_text("立案")
    page.locator("#act-reject button[type=submit]").click()
    expect(page.locator("[role=alert]")).to_contain_text("已有人先行办理")
    expect(page.locator("#act-reject [name=other_reason]")).to_have_value("现场核实，已由物业清走")
    slow.seen.errors[:] = [one for one in slow.seen.errors if "409" not in one]


def test_works_the_list_by_keys_and_dispatches_several(base: Base, visit: Callable[..., Visitor]) -> None:
    first, second = report(base), report(base)
    page = visit("leader").go("/incidents?queue=waiting&q=楼道堆放纸箱")
    box = page.locator(f"#case-{first} input[name=case]")
    page.locator(f"a[data-case='{first}']").focus()
    page.keyboard.press("x")
    expect(box).to_be_checked()
    expect(page.locator("#bulk")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"a[data-case='{first}']")).not_to_be_focused()
    page.locator(f"#case-{second} input[name=case]").check()
    expect(page.locator(".bulk-count")).to_have_text("已选 2 件")
    page.locator(f"a[data-case='{first}']").focus()
    page.keyboard.press("d")
    expect(page.locator("#bulk-lead")).to_be_focused()
    page.get_by_role("button", name="派遣", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="所选案件均已派遣")).to_be_visible()
    states = rows(base, "SELECT DISTINCT state FROM gridmap.incident WHERE id = ANY (%s)", [first, second])
    assert states == [{"state": "dispatched"}]


def test_the_board_shows_what_others_do_and_keeps_what_is_ticked(base: Base, visit: Callable[..., Visitor]) -> None:
    mine = report(base)
    page = visit("leader").page
    page.add_init_script(
        "const real = window.setInterval; window.setInterval = (f, ms) => real(f, ms === 20000 ? 300 : ms);"
    )
    page.goto(page.url.split("/map")[0] + "/incidents?queue=waiting&q=楼道堆放纸箱")
    page.locator(f"#case-{mine} input[name=case]").check()
    other = report(base)
    expect(page.locator(f"#case-{other}")).to_be_visible(timeout=10_000)
    expect(page.locator(f"#case-{mine} input[name=case]")).to_be_checked()
    expect(page.locator(".as-of")).to_have_text(re.compile("截至 2026-03-16 09:00"))


def test_prints_the_agenda_on_one_page(base: Base, visit: Callable[..., Visitor]) -> None:
    page = visit("leader").go("/incidents/agenda?month=2026-03")
    expect(page.locator(".agenda-sheet h2")).to_have_text("2026-03-16 例会")
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="打印").click()
    assert page.evaluate("window.printed") is True


def test_a_figure_leads_to_its_formula_and_its_cases(visit: Callable[..., Visitor]) -> None:
    page = visit("leader", on_phone=True).go("/incidents/numbers?month=2026-02")
    expect(page.locator(".number-card")).to_have_count(19)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".number-card", has_text="超期结案率").locator("a.big-number").click()
    expect(page.locator("h1")).to_contain_text("超期结案率")
    page.locator("tbody th a").first.click()
    expect(page.locator(".history .turn").first).to_be_visible()

"""Cases in the browser: from a report over the board to a company, to somebody who verifies, and back as an answer."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from gridmap.clock import Clock
from gridmap.kpi import CASE_KPIS
from tests.browser.line import RESUMES
from tests.browser.test_phone import camera_picture
from tests.browser.visits import Visitor, served
from tests.cases import company_id, figures, report
from tests.conftest import Base
from tests.reports import reports, stairwell
from tests.rows import rows

pytestmark = pytest.mark.browser
LATE = (0xC0, 0x27, 0x1D)
"""The red of the map."""
TRAPPED = "05001"
"""Within two hours, by the clock on the wall."""
QUICKLY = "const real = window.setInterval; window.setInterval = (f, ms) => real(f, ms === 20000 ? 300 : ms);"
"""Lets the board ask every 0.3 s instead of every 20 s."""


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    return make_app(base)


@pytest.fixture(scope="module")
def url(app: Flask) -> Iterator[str]:
    with served(app) as address:
        yield address


@pytest.fixture
def move_clock(app: Flask) -> Iterator[Callable[[datetime], None]]:
    """Puts the frozen business clock of the server to another moment, until the test is over."""
    services = app.extensions["gridmap"]

    def move(moment: datetime) -> None:
        app.extensions["gridmap"] = replace(services, clock=Clock(moment))

    yield move
    app.extensions["gridmap"] = services


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


def open_near(base: Base, place: int) -> set[str]:
    """The kinds of which something is open near the place: another one would be suggested to join it."""
    near = rows(
        base,
        "SELECT DISTINCT i.kind FROM gridmap.incident i, gridmap.place p WHERE p.id = %s"
        " AND i.state NOT IN ('closed', 'rejected', 'duplicate')"
        " AND public.ST_DWithin(i.geom::public.geography, p.geom::public.geography, 300)",
        place,
    )
    return {row["kind"] for row in near}


def test_a_worker_reports_a_leader_dispatches_a_company_handles_another_verifies_and_the_worker_reads_the_answer(
    base: Base, visit: Callable[..., Visitor]
) -> None:
    place = stairwell(base)
    worker = visit("worker", on_phone=True)
    told = worker.go("/my")
    told.locator(".my-report .button-primary").tap()
    told.locator(f"[data-place='{place}']").first.tap()
    expect(told.locator(".kind-large").first).to_be_visible()
    tiles = [str(tile.get_attribute("data-kind")) for tile in told.locator(".kind-large").all()]
    kind = next(code for code in tiles if code not in open_near(base, place))
    told.locator(f".kind-large[data-kind='{kind}']").tap()
    told.locator(".report-go").tap()
    expect(told.locator("[data-told]")).to_have_attribute("data-told", "arrived", timeout=RESUMES)
    case, number = (reports(base)[-1][name] for name in ("id", "number"))

    page = visit("leader").go(f"/incidents?queue=waiting&q={number}")
    page.locator(f"a[data-case='{case}']").click()
    form = page.locator("#act-dispatch")
    expect(form).to_have_attribute("open", "")
    form.get_by_label("其他单位").select_option(label=name_of_company(base))
    form.get_by_role("button", name="派遣案件").click()
    expect(page.locator(".turn").first).to_contain_text(name_of_company(base))

    phone = visit("property", on_phone=True).go("/incidents/given")
    phone.locator(f"a[data-case='{case}']").click()
    phone.get_by_role("button", name="接收案件").click()
    phone.locator("#act-handle textarea").fill("已清理完毕，谢谢反映。")
    after = {"name": "after.jpg", "mimeType": "image/jpeg", "buffer": camera_picture()}
    phone.locator("#act-handle input[type=file]").set_input_files([after])
    phone.get_by_role("button", name="处置完成").click()
    expect(phone.locator(".badge", has_text="已处置").first).to_be_visible()
    photo = phone.locator(".photos img")
    photo.scroll_into_view_if_needed()
    expect(photo).to_have_js_property("complete", True)
    assert photo.evaluate("image => image.naturalWidth") > 0
    expect(phone.locator("#act-check")).to_have_count(0)

    other = visit("community", on_phone=True).go("/incidents/to-verify")
    other.locator(f"a[data-case='{case}']").click()
    other.get_by_role("button", name="开始核查").click()
    other.locator("#act-close").get_by_label("满意", exact=True).check()
    other.get_by_role("button", name="核查通过，结案").click()
    expect(other.locator(".case-answer")).to_have_text("已清理完毕，谢谢反映。")

    worker.go("/my/incidents")
    own = told.locator(f"#i{case}")
    expect(own).to_contain_text("已办结")
    expect(own.locator(".own-answer")).to_have_text("已清理完毕，谢谢反映。")


def red_at_the_centre(page: Page) -> int:
    """How many pixels around the centre of the map are drawn in the red of what is late."""
    page.wait_for_selector("html[data-map=idle]", state="attached", timeout=30_000)
    page.wait_for_timeout(300)
    seen = Image.open(BytesIO(page.locator(".leaflet-container").screenshot())).convert("RGB")
    x, y = seen.width // 2, seen.height // 2
    colours = seen.crop((x - 90, y - 90, x + 90, y + 90)).getcolors(180 * 180) or []
    return sum(
        count
        for count, colour in colours
        if all(abs(one - red) < 12 for one, red in zip(colour, LATE, strict=True))  # type: ignore[arg-type]  # RGB
    )


def test_the_one_that_is_late_turns_red_on_the_map_and_on_the_board_at_the_same_minute(
    base: Base, app: Flask, visit: Callable[..., Visitor], move_clock: Callable[[datetime], None]
) -> None:
    case = report(base, TRAPPED)
    app.extensions["gridmap"].changes.catch_up(2**62)
    found = rows(
        base,
        "SELECT number, due_at, public.ST_X(geom) AS lon, public.ST_Y(geom) AS lat FROM gridmap.incident WHERE id = %s",
        case,
    )[0]
    at = f"#18/{found['lat']:.6f}/{found['lon']:.6f}"
    leader, seer = visit("leader"), visit("leader")

    def look(moment: datetime) -> tuple[bool, int, int, int]:
        """Whether the board's row is red; how many are late on the board and beside the map; how red the map is."""
        move_clock(moment)
        board = leader.go(f"/incidents?q={found['number']}")
        is_red = "case-over" in (board.locator(f"#case-{case}").get_attribute("class") or "").split()
        over = figures(leader.go("/incidents").content())[0]
        seer.go_to_map(f"/incidents/map?at={moment:%H%M}{at}")
        late = seer.page.locator(".case-number .case-count").nth(1).inner_text()
        return is_red, over, int(late.replace(",", "")), red_at_the_centre(seer.page)

    due = found["due_at"]
    is_red, over, late, red = look(due)
    assert (is_red, late) == (False, over)
    is_red_then, over_then, late_then, red_then = look(due + timedelta(minutes=1))
    assert is_red_then
    assert late_then == over_then > over
    assert red_then > red


def test_a_board_that_stays_open_turns_red_by_itself(
    base: Base, visit: Callable[..., Visitor], move_clock: Callable[[datetime], None]
) -> None:
    case = report(base, TRAPPED)
    found = rows(base, "SELECT number, due_at FROM gridmap.incident WHERE id = %s", case)[0]
    leader = visit("leader")
    leader.page.add_init_script(QUICKLY)
    page = leader.go(f"/incidents?q={found['number']}")
    row = page.locator(f"#case-{case}")
    expect(row).not_to_have_class(re.compile("case-over"))
    move_clock(found["due_at"] + timedelta(minutes=1))
    expect(row).to_have_class(re.compile("case-over"), timeout=10_000)
    expect(page.locator(".as-of")).to_contain_text("11:01")
    expect(row.locator(".left-over")).to_contain_text("超期")


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
    page.keyboard.press("a")
    every = page.locator("input[name=case]").count()
    assert every > 1
    expect(page.locator("input[name=case]:checked")).to_have_count(every)
    expect(page.locator("input[data-all]")).to_be_checked()
    page.keyboard.press("a")
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("x")
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
    leader = visit("leader")
    leader.page.add_init_script(QUICKLY)
    page = leader.go("/incidents?queue=waiting&q=楼道堆放纸箱")
    page.locator(f"#case-{mine} input[name=case]").check()
    # nothing has changed: nothing is sent again
    with page.expect_response(lambda answer: "/incidents/board" in answer.url and answer.status == 304):
        pass
    other = report(base)
    expect(page.locator(f"#case-{other}")).to_be_visible(timeout=10_000)
    expect(page.locator(f"#case-{mine} input[name=case]")).to_be_checked()
    expect(page.locator(".as-of")).to_have_text(re.compile("截至 2026-03-16 09:00"))


def test_prints_the_agenda_on_one_page(base: Base, visit: Callable[..., Visitor]) -> None:
    moving = rows(base, "SELECT street_id FROM gridmap.duty WHERE kind = 'reception_day'")[0]["street_id"]
    page = visit("leader").go(f"/incidents/agenda?month=2026-03&street={moving}")
    expect(page.locator(".agenda-sheet h2")).to_have_text("2026-03-16 例会")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", prefer_css_page_size=True))) == 1
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="打印").click()
    assert page.evaluate("window.printed") is True


def test_a_figure_leads_to_its_formula_and_its_cases(visit: Callable[..., Visitor]) -> None:
    page = visit("leader", on_phone=True).go("/incidents/numbers?month=2026-02")
    expect(page.locator(".number-card")).to_have_count(len(CASE_KPIS))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".number-card", has_text="超期结案率").locator("a.big-number").click()
    expect(page.locator("h1")).to_contain_text("超期结案率")
    page.locator("tbody th a").first.click()
    expect(page.locator(".history .turn").first).to_be_visible()


def test_a_figure_of_a_grid_leads_to_the_cases_of_that_grid(visit: Callable[..., Visitor]) -> None:
    page = visit("leader").go("/incidents/numbers?month=2026-02")
    page.get_by_role("link", name="处置：按区域").click()
    page.get_by_role("navigation", name="按区域").get_by_role("link", name="网格").click()
    shown = page.locator(".area-numbers tbody tr:not(.area-whole) a.area-figure").all()
    chosen, expected = next((one, count) for one in shown if (count := behind(one)))
    chosen.click()
    expect(page.locator("#grid")).not_to_have_value("")
    expect(page.locator(".case-table tbody tr")).to_have_count(min(expected, 50))


def behind(figure: Locator) -> int:
    """How many cases the figure opens: those that it lacks, or those that it counts where less of it is better."""
    part, whole = (int(one.replace(",", "")) for one in figure.locator("span").inner_text().split("÷"))
    return whole - part if "missing=1" in (figure.get_attribute("href") or "") else part

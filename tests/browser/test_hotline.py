"""The office brings in the hotline's file as it came, places what does not fit, and sends the answers back.

And the diary where it was said.
"""

import io
from pathlib import Path

import openpyxl
import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import drawn
from tests.browser.pages import DINGXIANG
from tests.browser.visits import Visitor
from tests.conftest import Base
from tests.hotline_files import DEMO_FITTING, DEMO_MISFITS, as_workbook, hundred_orders
from tests.office_rows import forget_office
from tests.rows import rows

pytestmark = pytest.mark.browser
STREET = 10_001
"""东区街道 of the demo."""


@pytest.fixture(scope="module", autouse=True)
def nothing_heard(base: Base) -> None:
    """The office of this demo has heard nothing yet."""
    with psycopg.connect(base.owner_url) as owner:
        forget_office(owner)


def queued(base: Base, address: str) -> int:
    found = rows(base, "SELECT id FROM gridmap.hotline_order WHERE state = 'queued' AND address = %s", address)
    return int(found[0]["id"])


def tap_the_middle(page: Page) -> None:
    drawn(page)
    page.locator(".leaflet-container").click()


def test_a_leader_brings_in_a_hundred_orders_and_places_the_misfits(
    base: Base, leader: Visitor, tmp_path: Path
) -> None:
    file = tmp_path / "12345工单明细.xlsx"
    orders = hundred_orders(fitting=DEMO_FITTING, misfits=DEMO_MISFITS)
    file.write_bytes(as_workbook(orders, title="2026年3月12345工单明细"))
    page = leader.go(f"/hotline/import?street={STREET}")
    page.locator("#hotline-file").set_input_files(file)
    page.get_by_role("button", name="先看看", exact=True).click()
    expect(page.locator(".fact-value")).to_have_text(["80", "20", "0", "0"])
    expect(page.locator("#map-address")).to_have_value("诉求地址")
    assert rows(base, "SELECT id FROM gridmap.hotline_order") == []

    page.get_by_role("button", name="导入100条新工单").click()
    expect(page.locator(".hotline-bar .chip-count")).to_have_text(["20", "80", "0"])
    expect(page.locator(".order")).to_have_count(20)
    problems = rows(base, "SELECT problem, count(*) AS n FROM gridmap.hotline_order WHERE state = 'queued' GROUP BY 1")
    assert {row["problem"]: row["n"] for row in problems} == {name: len(some) for name, some in DEMO_MISFITS.items()}
    kept = rows(base, "SELECT o.due_at, i.due_at AS case_due_at FROM gridmap.hotline_order o"
                      " JOIN gridmap.incident i ON i.street_id = o.street_id AND i.id = o.incident_id")  # fmt: skip
    assert len(kept) == 80
    assert all(row["due_at"] == row["case_due_at"] for row in kept)

    # its columns are kept, and used the next time
    expect(leader.go(f"/hotline/import?street={STREET}").locator("#mapping option").first).to_have_text("12345")

    # one on the map, at the very point that is tapped
    order = queued(base, "丁香苑99栋")
    page = leader.go(f"/hotline/{order}")
    page.get_by_role("link", name="在地图上定位").click()
    tap_the_middle(page)
    page.get_by_role("radio", name="就是这一点").check()
    page.get_by_role("button", name="定位立案，处理下一条").click()
    expect(page.get_by_role("status").filter(has_text="工单已立案")).to_be_visible()
    [placed] = rows(base, "SELECT i.place_id, i.estate_id, i.geom IS NOT NULL AS has_point FROM gridmap.hotline_order o"
                          " JOIN gridmap.incident i ON i.id = o.incident_id WHERE o.id = %s", order)  # fmt: skip
    assert placed == {"place_id": None, "estate_id": DINGXIANG, "has_point": True}

    # one at the place that lies under the tap
    order = queued(base, "杜鹃苑66幢2单元")
    page = leader.go(f"/hotline/{order}/map")
    tap_the_middle(page)
    page.locator("[data-placing-choices] .choice").first.click()
    page.get_by_role("button", name="定位立案，处理下一条").click()
    expect(page.get_by_role("status").filter(has_text="工单已立案")).to_be_visible()
    assert rows(base, "SELECT place_id IS NOT NULL AS has_place FROM gridmap.hotline_order WHERE id = %s", order) == [
        {"has_place": True}
    ]

    # and one that is not the street's
    page = leader.go(f"/hotline/{queued(base, '长江中路1号')}")
    page.get_by_label("退回原因（回传给热线）").fill("不属于本街道")
    page.get_by_role("button", name="退回", exact=True).click()
    expect(page.locator(".hotline-bar .chip-count")).to_have_text(["17", "82", "1"])

    page.locator(".hotline-back summary").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Excel 表格").click()
    sheet = openpyxl.load_workbook(io.BytesIO(coming.value.path().read_bytes())).active
    back = list(sheet.iter_rows(values_only=True))
    assert len(back) == 101
    assert {row[0] for row in back[1:]} == {row[0] for row in orders}
    assert any("不属于本街道" in row for row in back)


def test_a_leader_sees_on_the_map_where_something_was_said(leader: Visitor) -> None:
    page = leader.go(f"/diary?estate={DINGXIANG}")
    page.locator("#text").fill("三楼的灯坏了，请来看看")
    page.locator(".diary-form button[type=submit]").click()
    expect(page.locator(".entry-line").first).to_contain_text("三楼的灯坏了")
    page.get_by_role("link", name="在地图上", exact=True).click()
    drawn(page)
    expect(page.locator(".diary-mark.is-open text")).to_have_text(["1"])
    expect(page.locator("[data-diary-facts] .entry-line")).to_contain_text(["三楼的灯坏了"])
    # a week in which nothing was said
    page.locator(".slider").fill("3")
    expect(page.locator(".diary-mark")).to_have_count(0)
    expect(page.locator("[data-diary-facts] .entry-line")).to_have_count(0)
    page.get_by_role("button", name="全年").click()
    expect(page.locator(".diary-mark")).to_have_count(1)
    box = page.locator(".diary-mark circle").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("[data-diary-facts] h3")).to_contain_text("丁香苑")

"""A planner mends the register in Excel: takes it out, edits it, sees the difference, writes it."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, expect

from tests.browser.visits import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def planner(chromium: Browser, url: str) -> Iterator[Visitor]:
    somebody = Visitor(chromium, url, "planner")
    yield somebody
    somebody.leave()


def edited(file: Path, **floors: int) -> bytes:
    """The workbook with other storeys in the rows of these names."""
    book = load_workbook(file)
    sheet = book.worksheets[0]
    titles = [str(cell.value) for cell in sheet[1]]
    at = next(number for number, title in enumerate(titles, start=1) if title.startswith("层数"))
    for row, value in floors.items():
        sheet.cell(int(row.removeprefix("row")), at).value = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_takes_the_buildings_out_to_excel_mends_two_rows_and_brings_them_back(planner: Visitor, tmp_path: Path) -> None:
    page = planner.go("/data")
    page.locator("a[href='/sheets']").click()
    page.goto(page.url.partition("?")[0] + "?street=10001")

    def take() -> Path:
        with page.expect_download() as waiting:
            page.get_by_role("button", name="楼栋").click()
        target = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(target)
        return target

    def look(content: bytes) -> None:
        page.locator("#sheet-file").set_input_files(
            files=[{"name": "楼栋.xlsx", "mimeType": "application/octet-stream", "buffer": content}]
        )
        page.get_by_role("button", name="查看差异").click()

    taken = take()
    look(edited(taken, row3=27, row4=28))
    rows = page.locator(".sheets-rows tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator("ins")).to_have_text("27")
    page.get_by_role("button", name="把 2 行写入台账").click()
    expect(page.locator(".sheets-written")).to_contain_text("已修改 2 行")
    # the old workbook with another number in one of them: somebody was faster, and theirs stays
    look(edited(taken, row3=29))
    expect(rows).to_have_count(1)
    expect(rows.nth(0)).to_contain_text("台账为 27，工作簿为 29")
    expect(page.get_by_role("button", name="写入台账")).to_have_count(0)
    # put back for whoever comes next
    fresh = load_workbook(taken).worksheets[0]
    at = next(n for n, cell in enumerate(fresh[1], start=1) if str(cell.value).startswith("层数"))
    look(edited(take(), row3=int(str(fresh.cell(3, at).value)), row4=int(str(fresh.cell(4, at).value))))
    page.get_by_role("button", name="把 2 行写入台账").click()
    expect(page.locator(".sheets-written")).to_contain_text("已修改 2 行")

"""Files of the hotline as rows and orders: columns, encodings, damage, moments, masks, addresses. No database."""

from contextlib import suppress
from datetime import datetime, time
from pathlib import Path

import pytest

from gridmap.clock import OFFICE
from gridmap.incidents.hotline.addresses import Book, numeral, open_book, parse_address, plain_address
from gridmap.incidents.hotline.giving import answer_columns, as_csv, as_workbook, filled_row
from gridmap.incidents.hotline.orders import kind_of, masked_cells, masked_text, read_moment, read_orders
from gridmap.load.finding import LoadError
from gridmap.load.hotline import fitting_columns, guess_columns, missing_columns, read_order_file
from tests import hotline_files
from tests.hotline_files import HEADINGS, hundred_orders

GUESSED = {
    "number": "工单编号", "received_at": "受理时间", "due_at": "办理时限", "address": "诉求地址", "text": "诉求内容",
    "title": "诉求标题", "category": "诉求类别", "urgency": "紧急程度", "caller": "来电人", "phone": "联系电话",
    "answer": "办理结果", "answered_at": "办结时间", "unit": "承办单位",
}  # fmt: skip


def write(tmp_path: Path, content: bytes, name: str = "orders.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_csv_in_any_encoding_is_read_with_its_columns_guessed(tmp_path: Path, encoding: str) -> None:
    file = read_order_file(write(tmp_path, hotline_files.as_csv(hundred_orders(), encoding=encoding)))
    assert file.headings == HEADINGS
    assert len(file.rows) == 100
    assert guess_columns(file.headings) == GUESSED


def test_a_workbook_is_read_below_its_title_and_without_its_total(tmp_path: Path) -> None:
    content = hotline_files.as_workbook(hundred_orders(), title="2026年3月12345工单明细")
    file = read_order_file(write(tmp_path, content, "工单.xlsx"))
    assert (len(file.rows), file.rows[0][0]) == (100, 3)
    assert guess_columns(file.headings) == GUESSED
    assert [one.code for one in file.left_out] == ["total_row"]


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "orders.csv", "no_rows"),
        (b"\x00\x01\x02\x03" * 50, "orders.csv", "unreadable_file"),
        (b"PK\x03\x04 half a workbook", "orders.xlsx", "unreadable_file"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "orders.xls", "refused_spreadsheet"),
        (b"%PDF-1.7", "orders.pdf", "refused_document"),
        (HEADINGS[0].encode() + b"\n", "orders.csv", "no_rows"),
        ("工单编号,诉求地址,诉求内容\n1,锟斤拷\ufffd\ufffd,x\n".encode(), "orders.csv", "text_garbled"),
        ("编号,地址,内容\n".encode("gbk") + b"1,\xff\xff\xff\xff\xfe,x\n", "orders.csv", "encoding_unknown"),
    ],
)
def test_a_damaged_file_is_refused_with_a_sentence(tmp_path: Path, content: bytes, name: str, code: str) -> None:
    with pytest.raises(LoadError) as refused:
        read_order_file(write(tmp_path, content, name))
    assert refused.value.code == code
    assert refused.value.sentence("zh")


def test_a_file_with_too_many_orders_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridmap.load.hotline.MOST_ORDERS", 99)
    with pytest.raises(LoadError, match="99"):
        read_order_file(write(tmp_path, hotline_files.as_csv(hundred_orders())))


def test_every_piece_of_a_file_cut_off_anywhere_is_read_or_refused(tmp_path: Path) -> None:
    whole = hotline_files.as_workbook(hundred_orders()[:5])
    text = hotline_files.as_csv(hundred_orders()[:5], encoding="gbk")
    for step in range(1, 20):
        for content, name in ((whole[: len(whole) * step // 20], "a.xlsx"), (text[: len(text) * step // 20], "a.csv")):
            # anything but a LoadError would fail the test
            with suppress(LoadError):
                file = read_order_file(write(tmp_path, content, name))
                read_orders(file.rows, guess_columns(file.headings))


def test_a_saved_mapping_holds_as_far_as_the_file_has_its_columns() -> None:
    saved = {"number": "单子号", "text": "诉求标题", "address": "诉求地址"}
    found = fitting_columns(HEADINGS, saved)
    assert (found["number"], found["text"], found["address"]) == ("工单编号", "诉求标题", "诉求地址")
    assert "诉求标题" not in {found[word] for word in found if word != "text"}
    assert missing_columns({"number": "工单编号"}) == ("address", "text")


def test_rows_that_are_no_orders_are_told_with_their_reason() -> None:
    columns = {"number": "n", "text": "t", "address": "a", "due_at": "d"}
    rows = [
        (2, {"n": "A1", "t": "x", "a": "", "d": "2026-03-20"}),
        (3, {"n": "", "t": "x", "a": "", "d": ""}),
        (4, {"n": "1.23457E+15", "t": "x", "a": "", "d": ""}),
        (5, {"n": "A1", "t": "y", "a": "", "d": ""}),
        (6, {"n": "A2", "t": " ", "a": "", "d": ""}),
        (7, {"n": "A3", "t": "x", "a": "", "d": "尽快"}),
    ]
    orders, refused = read_orders(rows, columns)
    assert [order.number for order in orders] == ["A1"]
    assert [(one.row, one.reason) for one in refused] == [
        (3, "number"), (4, "number"), (5, "twice"), (6, "text"), (7, "due"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-20", "2026-03-20 18:00"),
        ("2026/3/20 9:05", "2026-03-20 09:05"),
        ("2026年3月20日 17时30分", "2026-03-20 17:30"),
        ("2026．03．20　１７：３０", "2026-03-20 17:30"),
        ("20260320173000", "2026-03-20 17:30"),
        ("2026-03-20 24:00", "2026-03-20 23:59"),
        ("2026-02-30", None),
        ("1026-03-20", None),
        ("三天内", None),
    ],
)
def test_a_deadline_is_read_in_the_spellings_of_hotlines(text: str, moment: str | None) -> None:
    found = read_moment(text, time(18))
    assert (found and found.strftime("%Y-%m-%d %H:%M")) == moment
    assert found is None or found.tzinfo is OFFICE


def test_nobody_can_be_told_from_what_is_shown_of_an_order() -> None:
    assert masked_text("电话13912345678或021-56781234") == "电话139****5678或021-****1234"
    assert masked_text("身份证310101199001011234") == "身份证3101**********1234"
    [order], _ = read_orders([(1, dict(zip(HEADINGS, hundred_orders()[0], strict=True)))], GUESSED)
    cells = masked_cells(order, GUESSED, is_private=False)
    assert order.phone not in "".join(cells.values())
    assert order.caller not in cells.values()
    assert masked_cells(order, GUESSED, is_private=True)["诉求内容"] == "***"


@pytest.mark.parametrize(
    ("category", "words", "kind"),
    [
        ("", "三号楼有人飞线充电", "13001"),
        ("停车管理", "电梯坏了", "02001"),
        ("其他", "路灯不亮", "06005"),
        ("", "说不清楚", "17001"),
        ("", "电梯困人,快来", "05001"),
    ],
)
def test_the_kind_follows_the_category_and_then_the_words(category: str, words: str, kind: str) -> None:
    assert kind_of(category, words) == kind


def book() -> Book:
    rows = [
        (1, "estate", "梅苑", ["梅花苑"], "杨行路88弄", None, 1),
        (2, "building", "3号楼", [], None, None, 1),
        (3, "stairwell", "2单元", [], None, 2, 1),
        (4, "building", "12号", [], None, None, 1),
        (5, "building", "综合楼", [], "人民路58号", None, None),
        (6, "estate", "兰苑", [], None, None, 6),
        (7, "building", "别墅2排", [], None, None, 6),
        (8, "building", "A座", [], None, None, 6),
        (9, "building", "2号楼", [], None, None, 6),
        (10, "estate", "桂花苑", [], None, None, 10),
        (11, "estate", "桂花苑", [], None, None, 11),
        (12, "building", "7号楼", [], None, None, 11),
    ]
    names = ("id", "kind", "name", "aliases", "address", "parent_id", "estate_id")
    return open_book([dict(zip(names, row, strict=True)) for row in rows])


@pytest.mark.parametrize(
    ("text", "place", "problem", "near"),
    [
        ("梅苑3栋2单元601室", 3, None, ()),
        ("上海市宝山区杨行镇杨行路８８弄３号楼２单元６０１室", 3, None, ()),
        ("杨行路88弄12号302", 4, None, ()),
        ("杨行路 88弄", 1, None, ()),
        ("梅花苑三幢二门", 3, None, ()),
        ("梅苑小区3-2-601", 3, None, ()),
        ("梅苑 3-601", 2, None, ()),
        ("梅苑03号楼9单元", 2, None, ()),
        ("花苑社区梅苑十二号302", 4, None, ()),
        ("东区街道人民路58号、60号", 5, None, ()),
        ("兰苑别墅二排", 7, None, ()),
        ("兰苑2号楼", 9, None, ()),
        ("兰苑Ａ座", 8, None, ()),
        ("桂花苑7栋", 12, None, ()),
        ("桂花苑", None, "several", (10, 11)),
        ("兰苑、梅苑之间", None, "several", (1, 6)),
        ("梅苑3栋、梅苑12号", None, "several", (2, 4)),
        ("杨行路88弄，梅苑3栋2单元", 3, None, ()),
        ("梅苑，3栋", 2, None, ()),
        ("木兰苑3栋", None, "unknown", (6,)),
        ("兰苑二村5栋", None, "unknown", (6,)),
        ("梅苑9栋", None, "no_building", (1,)),
        ("长江路1号", None, "unknown", ()),
        ("　", None, "no_address", ()),
    ],
)
def test_an_address_means_the_place_that_it_names_and_never_a_guess(
    text: str, place: int | None, problem: str | None, near: tuple[int, ...]
) -> None:
    found = book().find(text)
    assert (found.place_id, found.problem, found.near) == (place, problem, near)


def test_one_form_of_an_address() -> None:
    assert plain_address(" 杨行路８８弄　三号楼 ") == "杨行路88弄3号楼"
    assert [numeral(text) for text in ("十", "十二", "二十", "二十三", "一百零二", "二〇三")] == [
        "10", "12", "20", "23", "102", "203",
    ]  # fmt: skip
    assert parse_address("杨行路88弄12号3单元601室").unit == "601"


def test_answers_go_back_in_the_hotlines_own_columns() -> None:
    headings, places = answer_columns(GUESSED, HEADINGS)
    assert headings[: len(HEADINGS)] == HEADINGS
    assert headings[len(HEADINGS) :] == ("工单状态", "满意度")
    order = {
        "cells": {"工单编号": "0012", "承办单位": "城管"}, "answer": "=已清理", "reason": None, "closed_at": None,
        "handled_at": datetime(2026, 3, 18, 9, 30, tzinfo=OFFICE), "unit": None, "state": "placed",
        "case_state": "handled", "satisfaction": None,
    }  # fmt: skip
    row = filled_row(order, places)
    assert row == {
        "工单编号": "0012",
        "承办单位": "城管",
        "办理结果": "=已清理",
        "办结时间": "2026-03-18 09:30",
        "工单状态": "待核查",
    }
    assert "'=已清理" in as_csv(headings, [row], encoding="gb18030").decode("gb18030")
    assert as_csv(headings, [row]).startswith(b"\xef\xbb\xbf")
    assert as_workbook(headings, [row])[:2] == b"PK"

"""A file as the 12345 hotline sends it: 100 orders in the many ways in which people write where they are."""

import csv
import io
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from openpyxl import Workbook

from gridmap.clock import OFFICE

HEADINGS = (
    "工单编号",
    "受理时间",
    "诉求标题",
    "诉求内容",
    "诉求地址",
    "诉求类别",
    "来电人",
    "联系电话",
    "紧急程度",
    "办理时限",
    "承办单位",
    "办理结果",
    "办结时间",
)
FITTING = (
    "梅苑3栋1单元601室",
    "梅苑小区三号楼二单元",
    "上海市宝山区杨行镇杨行路88弄3号楼1单元302室",
    "杨行路８８弄３号楼２单元６０１室",
    "杨行路88弄3号",
    "梅花苑3幢",
    "梅苑３－１－６０１",
    "梅苑",
    "东区街道兰苑12栋2单元",
    "兰苑十二号楼一单元",
    "兰苑Ａ座",
    "兰苑别墅二排",
    "中山市东区街道兰苑12号楼",
    "兰苑 12 幢 1 单元 101 室",
    "杨行路 88 弄",
    "梅苑小区(东门)3栋2门",
)
"""Addresses that the town of the tests knows."""


def _unknown(whole: str) -> tuple[str, ...]:
    """What no town of ours has; `whole` is too much to be a place: a district or a city."""
    return (
        "木兰苑3栋",
        "长江中路1号",
        "不清楚在哪里",
        "幸福里5号",
        "兰苑二村8栋",
        whole,
        "人民路99号",
        "地铁站门口",
    )


MISFITS: dict[str, tuple[str, ...]] = {
    "no_address": ("", " ", "　", "\u3000 "),
    "unknown": _unknown("宝山区"),
    "no_building": ("梅苑9栋", "兰苑99号楼1单元", "梅苑十八栋", "杨行路88弄77号", "兰苑21幢2单元"),
    "several": ("桂花苑5栋", "桂花苑", "东区街道桂花苑1单元"),
}
"""Addresses that it does not know, by what the queue says of them."""
MATTERS = (
    ("停车管理", "小区内机动车乱停，堵住了通道"),
    ("市容环境", "楼道堆放杂物，无人清理"),
    ("消防安全", "有人飞线充电，存在隐患"),
    ("电梯", "电梯经常停运，老人出行不便"),
    ("供排水", "下水道堵塞，污水外溢"),
    ("绿化", "树枝遮光，希望修剪"),
    ("噪声扰民", "广场舞音量过大"),
    ("物业服务", "保洁不到位"),
    ("违法建设", "有人在楼顶搭建"),
    ("咨询", "咨询如何办理居住证"),
)


DEMO_FITTING = (
    "丁香苑3栋2单元601室",
    "丁香苑一号楼一单元",
    "中山市东区街道丁香苑５幢１单元３０２室",
    "花苑社区丁香苑2号楼",
    "东区街道梅苑1栋",
    "兰苑一号楼",
    "杜鹃苑１栋１单元101室",
    "海棠苑2号楼1单元",
    "百合苑 1 幢 1 单元",
    "朗晴度假1栋",
    "朗晴假日",
    "芙蓉苑1-1-302",
    "花苑新村1号楼2单元",
    "茉莉苑二栋",
    "木棉苑小区1号楼(东门)",
    "菊苑",
)
"""Addresses that 东区街道 of the demo knows."""
DEMO_MISFITS: Mapping[str, tuple[str, ...]] = MISFITS | {
    "unknown": _unknown("中山市"),
    "no_building": ("丁香苑99栋", "梅苑99号楼1单元", "兰苑五十八栋", "朗晴假日77号楼", "杜鹃苑66幢2单元"),
    "several": ("兰苑、梅苑之间", "丁香苑、杜鹃苑", "菊苑；桂花苑"),
}


def hundred_orders(
    seed: int = 12345, *, fitting: Sequence[str] = FITTING, misfits: Mapping[str, Sequence[str]] = MISFITS
) -> list[list[str]]:
    """100 rows under HEADINGS: 80 that fit and 20 that do not, shuffled; always the same."""
    rng = random.Random(seed)
    addresses = [rng.choice(fitting) for _ in range(80)] + [one for some in misfits.values() for one in some]
    rng.shuffle(addresses)
    return [_row(rng, number, address) for number, address in enumerate(addresses, start=1)]


def _row(rng: random.Random, number: int, address: str) -> list[str]:
    category, words = rng.choice(MATTERS)
    received = datetime(2026, 3, 13, 9, tzinfo=OFFICE) + timedelta(minutes=rng.randrange(600))
    due = received + timedelta(days=rng.randrange(5, 20))
    phone = f"1391234{number:04}"
    return [
        f"SH2026031300{number:04}",
        received.strftime("%Y/%m/%d %H:%M:%S"),
        f"关于{category}的诉求",
        f"市民来电反映:{words}。联系电话{phone},请尽快处理。",
        address,
        category,
        rng.choice(("张某某", "李某", "王先生")),
        phone,
        "一般",
        due.strftime(rng.choice(("%Y-%m-%d %H:%M", "%Y年%m月%d日", "%Y/%m/%d %H:%M:%S"))),
        "",
        "",
        "",
    ]


def as_csv(rows: Sequence[Sequence[Any]], *, encoding: str = "utf-8", headings: Sequence[str] = HEADINGS) -> bytes:
    """The rows as CSV."""
    target = io.StringIO()
    csv.writer(target).writerows([headings, *rows])
    return target.getvalue().encode(encoding)


def as_workbook(rows: Sequence[Sequence[Any]], *, title: str = "", headings: Sequence[str] = HEADINGS) -> bytes:
    """The rows as a workbook, below a merged title where there is one, with a total row at the foot."""
    book = Workbook()
    sheet = book.active
    if title:
        sheet.append([title])
        sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(headings))
    for row in (headings, *rows):
        sheet.append(list(row))
    if title:
        sheet.append([f"合计 {len(rows)} 件"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()

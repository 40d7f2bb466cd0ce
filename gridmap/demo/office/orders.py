"""The demo's orders of the 12345 hotline: one for each case of that source, some that wait for a place, a few put away.

Callers are not written down, and the rows as they came are not kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from gridmap.clock import OFFICE
from gridmap.demo.choice import between, pick
from gridmap.demo.duties import NOW
from gridmap.demo.incidents.courses import URGENT, moment
from gridmap.demo.incidents.ground import HUAYUAN
from gridmap.demo.incidents.writing import FIRST_INCIDENT, FIRST_TRANSITION, copy_in
from gridmap.demo.register import Row
from gridmap.incidents.hotline.addresses import Book
from gridmap.incidents.hotline.taking import read_book
from gridmap.periods import DAY, Calendar, HolidayRule, working_deadline

FIRST_ORDER, MAPPING = 7 << 20, (7 << 20) - (1 << 10)
"""Serials of their own, beside those of the demo's diary."""
DAYS = 13
"""Working days for an answer, as for the cases."""
COLUMNS: Mapping[str, str] = {
    "number": "工单编号",
    "received_at": "受理时间",
    "due_at": "办理时限",
    "address": "诉求地址",
    "text": "诉求内容",
    "category": "诉求类别",
    "unit": "承办单位",
    "answer": "办理结果",
    "answered_at": "办结时间",
    "satisfaction": "满意度",
}
"""Our word → heading of the hotline's file, in the order of the file."""
CASES = """
SELECT i.street_id, i.id AS incident_id, i.kind, i.severity, i.text, i.address, i.reported_at, i.due_at, i.place_id,
  i.community_id, i.grid_id, i.micro_grid_id, i.estate_id, c.title AS category
FROM gridmap.incident i
JOIN gridmap.street s ON s.id = i.street_id AND s.is_demo
JOIN gridmap.incident_kind k ON k.code = i.kind
JOIN gridmap.incident_class c ON c.code = k.class
WHERE i.source = 'hotline' AND i.street_id < 20000 AND i.id & 4294967295 BETWEEN %s AND %s
ORDER BY i.reported_at, i.id
"""
NAMES = """
SELECT p.street_id, e.name FROM gridmap.place p
JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id AND c.code = %s
JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id
WHERE p.kind = 'building' AND p.source = 'demo'
GROUP BY p.street_id, e.id, e.name ORDER BY min(e.code), e.id
"""
CATEGORIES = "SELECT k.code, c.title FROM gridmap.incident_kind k JOIN gridmap.incident_class c ON c.code = k.class"
WORDS: tuple[tuple[str, str], ...] = (
    ("02001", "晚间车辆停在路口，影响通行"),
    ("03001", "楼道内堆放旧家具，希望清理"),
    ("11002", "夜间有人大声播放音乐"),
    ("14003", "垃圾桶周边清扫不及时"),
    ("06005", "路灯连续几晚不亮"),
    ("13003", "电动自行车停满人行通道"),
    ("07003", "树枝遮挡窗户，希望修剪"),
)
UNKNOWN = ("兰亭里3栋", "不清楚具体位置", "河堤边的步道", "幸福里5号", "菜市场后门", "公交站旁")
WAIT = 20
"""So many orders wait: without an address, with one that nothing is known of, that names no building or two estates."""
DROPPED = (("人民大街99号", "不属于本街道"), ("高铁站出口", "不属于本街道"), ("市体育馆", "转由市级部门办理"))
SCOPE = ("place_id", "community_id", "grid_id", "micro_grid_id", "estate_id")


def add_orders(connection: "psycopg.Connection[Any]", calendar: Calendar) -> int:
    """Orders and how their files are read; how many rows there are. Rows come as dicts."""
    cases = connection.execute(CASES, (FIRST_INCIDENT, FIRST_TRANSITION - 1)).fetchall()
    names = connection.execute(NAMES, (HUAYUAN,)).fetchall()
    titles = {row["code"]: row["title"] for row in connection.execute(CATEGORIES).fetchall()}
    street = names[0]["street_id"]
    book = read_book(connection, street)
    rows = [_placed(f"order/{place}", case, calendar) for place, case in enumerate(cases)]
    rows += _waiting(street, [row["name"] for row in names], book, titles, calendar)
    rows += _dropped(street, titles, calendar)
    rows.sort(key=lambda row: (row["received_at"], row["entity"]))
    mappings = [_mapping(one) for one in sorted({row["street_id"] for row in rows})]
    copy_in(connection, "hotline_mapping", iter(mappings))
    copy_in(connection, "hotline_order", (_numbered(row, place) for place, row in enumerate(rows)))
    return len(mappings) + len(rows)


def _placed(entity: str, case: Row, calendar: Calendar) -> Row:
    """The order that a case came by: taken when the case was reported."""
    taken = case["reported_at"]
    received = taken - timedelta(minutes=between(entity, "on its way", 6, 90))
    is_urgent = case["severity"] >= URGENT
    due = case["due_at"] if is_urgent else working_deadline(calendar, taken, DAYS * 480)
    words = {name: case[name] for name in ("street_id", "address", "text", "category", "kind")}
    where = {name: case[name] for name in (*SCOPE, "incident_id")}
    return _order(entity, received, due, taken) | words | where | {"state": "placed"}


def _waiting(
    street: int, names: Sequence[str], book: Book, titles: Mapping[str, str], calendar: Calendar
) -> Iterator[Row]:
    """What came of late and says too little of where; why, says the same book as for real files."""
    # no house has such a number; and two estates are not one place
    unsure = [f"{name}{190 + place}栋" for place, name in enumerate(names)]
    unsure[1::3] = [f"{first}、{second}" for first, second in pairwise(names)][1::3]
    for place in range(WAIT):
        entity = f"waiting/{place}"
        which = place // 3
        address = ("", UNKNOWN[which % len(UNKNOWN)], unsure[which % len(unsure)])[place % 3]
        found = book.find(address)
        if found.place_id is not None:
            raise ValueError(f"{address} is a place")
        row = _recent(entity, street, titles, calendar, ago=place % 6)
        yield row | {"address": address, "problem": found.problem, "near": list(found.near)}


def _dropped(street: int, titles: Mapping[str, str], calendar: Calendar) -> Iterator[Row]:
    for place, (address, reason) in enumerate(DROPPED):
        row = _recent(f"dropped/{place}", street, titles, calendar, ago=10 + 7 * place)
        changed = working_deadline(calendar, row["received_at"], between(row["entity"], "put away", 30, 400))
        yield row | {"address": address, "problem": "unknown", "state": "dropped", "reason": reason,
                     "revision": 2, "changed_at": changed}  # fmt: skip


def _recent(entity: str, street: int, titles: Mapping[str, str], calendar: Calendar, *, ago: int) -> Row:
    day = calendar.moved(NOW.today() - (1 + ago) * DAY, HolidayRule.PREVIOUS)
    received = moment(entity, day, is_office=True)
    kind, text = pick(entity, "words", WORDS)
    due = working_deadline(calendar, received, DAYS * 480)
    return _order(entity, received, due, received + timedelta(minutes=10)) | {
        "street_id": street,
        "text": text,
        "category": titles[kind],
        "kind": kind,
        "state": "queued",
    }


def _order(entity: str, received: datetime, due: datetime, changed: datetime) -> Row:
    """What every order has, all columns in their order; `entity` is not one of them."""
    return {
        "entity": entity,
        "street_id": 0,
        "received_at": received,
        "due_at": due,
        "address": "",
        "text": "",
        "category": "",
        "kind": "",
        "state": "",
        "problem": None,
        "near": [],
        "reason": None,
        **dict.fromkeys((*SCOPE, "incident_id")),
        "revision": 1,
        "changed_at": changed,
    }


def _numbered(row: Row, place: int) -> Row:
    """The row as it is written, with its numbers and its cells."""
    street = row["street_id"]
    number = f"GD{row['received_at'].astimezone(OFFICE):%Y%m%d}{place + 1:05d}"
    own = {name: value for name, value in row.items() if name != "entity"}
    return {
        "id": (street << 32) + FIRST_ORDER + place,
        "number": number,
        "raw": Jsonb({}),
        "cells": Jsonb(_cells(row, number)),
        "mapping_id": (street << 32) + MAPPING,
    } | own


def _cells(row: Row, number: str) -> dict[str, str]:
    """The row of the hotline's file; what it wants back is empty there."""
    said = {name: row[name] for name in ("address", "text", "category")}
    said |= {name: f"{row[name].astimezone(OFFICE):%Y-%m-%d %H:%M}" for name in ("received_at", "due_at")}
    said["number"] = number
    return {heading: said.get(word, "") for word, heading in COLUMNS.items()}


def _mapping(street: int) -> Row:
    return {
        "street_id": street,
        "id": (street << 32) + MAPPING,
        "name": "12345",
        "columns": Jsonb(dict(COLUMNS)),
        "headings": list(COLUMNS.values()),
        "changed_at": NOW.now() - timedelta(days=378),
    }

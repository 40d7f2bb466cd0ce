"""The demo's diary: what its cases of that source began with, and as much again that needed none."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from gridmap.demo.choice import between, chance, fraction, number, pick
from gridmap.demo.duties import NOW
from gridmap.demo.incidents.courses import moment
from gridmap.demo.incidents.ground import Ground, Spot
from gridmap.demo.incidents.mix import FIRST_DAY, LAST_DAY
from gridmap.demo.incidents.writing import FIRST_INCIDENT, FIRST_TRANSITION
from gridmap.demo.register import Row
from gridmap.periods import DAY, Calendar, HolidayRule, working_deadline

FIRST_DIARY, LAST_DIARY = 6 << 20, (7 << 20) - 1
"""Serials of their own: above those of the demo's cases, below those of live rows."""
TALKS, AT_OWN_DOORS = 216, 6
"""So many entries that became no case; so many more at each door that the demo's own workers look after."""
FRESH, WAITING = 6, 4
"""Of all so many are open since a few days, and so many for longer than a week."""
CHANNELS: Sequence[tuple[str, float]] = (("visit", 0.4), ("phone", 0.25), ("patrol", 0.2), ("call_in", 0.15))
NOTED = 0.45
WORDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "noted": (
        ("走访老人，身体状况良好，暂无需求", ""),
        ("对近期楼道清洁表示满意", ""),
        ("反映此前的问题已解决，表示感谢", ""),
        ("了解到住户近期在装修，已提醒施工时段", ""),
        ("提醒关好门窗、注意用火用电", ""),
        ("告知小区停电通知，住户已知晓", ""),
        ("愿意参加楼道志愿清扫", ""),
        ("巡查一圈，楼道与通道情况正常", ""),
    ),
    "answered": (
        ("咨询老年卡如何办理", "可在社区服务窗口办理，已告知所需材料。"),
        ("询问垃圾分类投放时间", "已告知投放时间，并附上投放点位置。"),
        ("咨询加装电梯需要哪些手续", "已说明征询与申请的步骤，约定时间面谈。"),
        ("询问电动自行车充电棚何时开放", "充电棚已通电，扫码即可使用。"),
        ("希望了解小区停车收费标准", "收费标准公示在门卫处，已请物业再作说明。"),
        ("咨询居住登记需要带什么", "已告知所需材料与办理时间。"),
        ("询问社区食堂的营业时间", "已告知营业时间与订餐方式。"),
        ("希望知道绿化修剪的时间安排", "物业计划本月下旬修剪，届时提前张贴通知。"),
    ),
    "open": (
        ("希望在楼下增设一张长椅", ""),
        ("询问本楼何时更换门禁", ""),
        ("希望增加晾晒的地方", ""),
        ("建议调整儿童活动区的开放时间", ""),
        ("希望组织一次义诊", ""),
        ("建议公告栏及时更换过期通知", ""),
        ("询问楼顶防水何时维修", ""),
        ("希望单元门口增加雨天防滑垫", ""),
        ("建议增设旧衣回收箱", ""),
        ("询问小区健身器材何时更新", ""),
        ("希望延长活动室晚间开放时间", ""),
        ("建议统一规划快递柜位置", ""),
    ),
}
"""What was said, and what was told, by what became of it; words that name nobody."""
CASES = """
SELECT i.street_id, i.id, i.text, i.place_id, i.reported_at, i.due_at, i.community_id, i.grid_id, i.micro_grid_id,
  i.estate_id, i.number
FROM gridmap.incident i JOIN gridmap.street s ON s.id = i.street_id AND s.is_demo
WHERE i.source = 'diary' AND i.street_id < 20000 AND i.id & 4294967295 BETWEEN %s AND %s
ORDER BY i.reported_at, i.id
"""
SCOPE = ("street_id", "place_id", "community_id", "grid_id", "micro_grid_id", "estate_id")


def read_cases(connection: "psycopg.Connection[Any]") -> list[Row]:
    """The demo's cases that came by the diary, as they were reported; rows come as dicts."""
    return connection.execute(CASES, (FIRST_INCIDENT, FIRST_TRANSITION - 1)).fetchall()


def own_entries(ground: Ground, calendar: Calendar, cases: Sequence[Row], visits: Sequence[Row]) -> list[Row]:
    """All of the diary, numbered in the order of its moments: visits of reception days, cases, and talks."""
    rows = [*visits, *map(of_case, cases), *_talks(ground, calendar)]
    rows.sort(key=lambda row: (row["at"], row["street_id"], row["place_id"] or 0, row["text"], row["turn"] or 0))
    return [{"id": (row["street_id"] << 32) + serial} | row for serial, row in enumerate(rows, FIRST_DIARY)]


def of_case(case: Row) -> Row:
    """The entry that a case began with, made together with it."""
    scope = {name: case[name] for name in SCOPE}
    return entry(scope, channel_of(case["number"]), case["text"], case["reported_at"]) | {
        "outcome": "case",
        "incident_id": case["id"],
    }


def entry(scope: Mapping[str, Any], channel: str, text: str, at: datetime) -> Row:
    """An entry that nobody has seen to yet, without its id."""
    return {
        **scope,
        "channel": channel,
        "text": text,
        "at": at,
        "outcome": None,
        "answer": None,
        "answered_at": None,
        "promised_on": None,
        "incident_id": None,
        "reception_id": None,
        "turn": None,
        "revision": 1,
        "changed_at": at,
    }


def settled(entity: str, calendar: Calendar, row: Row, outcome: str, answer: str) -> Row:
    """The entry with what became of it within a few working days; open where that is yet to come."""
    if outcome == "noted":
        return row | {"outcome": "noted"}
    at = working_deadline(calendar, row["at"], between(entity, "answer after", 5, 960))
    if at >= NOW.now():
        return row
    return row | {"outcome": "answered", "answer": answer, "answered_at": at, "changed_at": at, "revision": 2}


def said(entity: str, outcome: str) -> tuple[str, str]:
    """What was said and what was told."""
    return pick(entity, "words", WORDS[outcome])


def channel_of(entity: str) -> str:
    """How it was said."""
    left = fraction(entity, "channel")
    for channel, share in CHANNELS:
        left -= share
        if left < 0:
            return channel
    return CHANNELS[0][0]


def scope_of(spot: Spot) -> Row:
    """Where the entry belongs."""
    return {name: getattr(spot, name) for name in SCOPE}


def _talks(ground: Ground, calendar: Calendar) -> Iterator[Row]:
    """What became no case, over the year and the estates; the last ones are open."""
    for place in range(TALKS):
        entity = f"talk/{place}"
        spots = _doors(entity, ground)
        left = TALKS - place
        if left <= FRESH + WAITING:
            yield _open(entity, calendar, pick(entity, "spot", spots), is_waiting=left > FRESH, place=left)
        else:
            yield _talk(entity, calendar, pick(entity, "spot", spots))
    for turn, spot in enumerate(ground.seen):
        for place in range(AT_OWN_DOORS):
            entity = f"door/{turn}/{place}"
            if place == 0:
                yield _open(entity, calendar, spot, is_waiting=False, place=1)
            else:
                yield _talk(entity, calendar, spot)


def _doors(entity: str, ground: Ground) -> Sequence[Spot]:
    spots = ground.home_for(entity).spots
    return spots.get("stairwell") or spots["building"]


def _talk(entity: str, calendar: Calendar, spot: Spot) -> Row:
    # what is a week old has its answer by now
    day = FIRST_DAY + timedelta(days=between(entity, "day", 0, (LAST_DAY - FIRST_DAY).days - 7))
    at = _at(entity, calendar, day)
    outcome = "noted" if chance(entity, "noted", NOTED) else "answered"
    text, answer = said(entity, outcome)
    channel = channel_of(entity) if outcome == "answered" else pick(entity, "channel", ("visit", "patrol"))
    return settled(entity, calendar, entry(scope_of(spot), channel, text, at), outcome, answer)


def _open(entity: str, calendar: Calendar, spot: Spot, *, is_waiting: bool, place: int) -> Row:
    """Said some days ago, or longer ago than anybody should wait."""
    ago = 9 + number(entity, "ago") % 16 if is_waiting else 2 + place % 4
    day = NOW.today() - ago * DAY
    return entry(scope_of(spot), channel_of(entity), said(entity, "open")[0], _at(entity, calendar, day))


def _at(entity: str, calendar: Calendar, day: date) -> datetime:
    return moment(entity, calendar.moved(day, HolidayRule.PREVIOUS), is_office=True)

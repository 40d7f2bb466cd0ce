"""The demo's reception days: the 15th of twelve months in some communities, who came, and what was agreed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import psycopg

from gridmap.clock import OFFICE
from gridmap.demo.choice import between, chance, pick
from gridmap.demo.duties import NOW
from gridmap.demo.incidents.ground import HUAYUAN, Ground, Home
from gridmap.demo.office.said import SCOPE, entry, said, scope_of, settled
from gridmap.demo.register import Row
from gridmap.incidents.diary import ANSWER_DAYS
from gridmap.periods import Calendar
from gridmap.read.incidents.fifteenth import day_of_month

FIRST_RECEPTION = 5 << 20
"""Serials of their own: above those of the histories of the demo's cases, below those of its diary."""
MONTHS = tuple(date(2025, month, 1) for month in range(4, 13)) + tuple(date(2026, month, 1) for month in range(1, 4))
BESIDE = 3
"""So many communities beside 花苑 that receive residents."""
VISITORS = (2, 5)
OPENS, EACH = time(9), timedelta(minutes=20)
LATER = timedelta(days=5)
"""A case that was reported so soon after the day came from it."""
MOST_CASES = 2
MINUTES = (
    "逐件登记，能当场答复的当场答复；其余明确经办人与答复日期。",
    "主要围绕停车、楼道环境和物业服务；会后与物业逐项落实，下次接待日反馈。",
    "通报上次接待日各事项的办理情况，居民无异议；本次新增事项已登记。",
)
Places = Mapping[int, Sequence[Home]]


def wanted_receptions(
    connection: "psycopg.Connection[Any]", ground: Ground, calendar: Calendar, cases: Sequence[Row]
) -> tuple[list[Row], list[Row], set[int]]:
    """The days, the entries of their visitors without ids, and which cases they brought. Rows come as dicts."""
    days: list[Row] = []
    visits: list[Row] = []
    taken: set[int] = set()
    of_communities = _by_community(cases)
    for community, homes in _communities(ground).items():
        for month in MONTHS:
            day = day_of_month(connection, community >> 32, month, calendar)
            if day > NOW.today():
                continue
            row = _day(community, day, FIRST_RECEPTION + len(days))
            days.append(row)
            if row["state"] == "held":
                came = _visitors(row, homes, calendar, of_communities.get(community, ()))
                visits += came
                taken |= {one["incident_id"] for one in came if one["incident_id"] is not None}
    return days, visits, taken


def _communities(ground: Ground) -> Places:
    """花苑 and the first others, those of its street before the rest, each with its estates that have houses."""
    street = next(home.street_id for home in ground.homes if home.code.startswith(HUAYUAN))
    homes: dict[int, list[Home]] = defaultdict(list)
    for home in ground.homes:
        homes[home.community_id].append(home)
    order = sorted(homes, key=lambda one: _rank(homes[one][0], street))
    return {community: homes[community] for community in order[: 1 + BESIDE]}


def _rank(home: Home, street: int) -> tuple[bool, bool, str]:
    return not home.code.startswith(HUAYUAN), home.street_id != street, home.code


def _by_community(cases: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for case in cases:
        found[case["community_id"]].append(case)
    return found


def _day(community: int, day: date, serial: int) -> Row:
    """A day that is over was held and has its minutes; today's is yet to come."""
    is_over = day < NOW.today()
    street = community >> 32
    return {
        "street_id": street,
        "id": (street << 32) + serial,
        "community_id": community,
        "held_on": day,
        "state": "held" if is_over else "planned",
        "minutes": pick(f"reception/{community}/{day}", "minutes", MINUTES) if is_over else None,
        "revision": 2 if is_over else 1,
        "changed_at": _at(day, time(17)) if is_over else NOW.now() - timedelta(days=3),
    }


def _visitors(day: Row, homes: Sequence[Home], calendar: Calendar, cases: Sequence[Row]) -> list[Row]:
    """Who came, by turns: some with what became a case in the days after."""
    begins = _at(day["held_on"], OPENS)
    brought = [one for one in cases if begins + timedelta(hours=3) < one["reported_at"] < begins + LATER][:MOST_CASES]
    found = []
    for turn in range(1, 1 + max(between(str(day["id"]), "visitors", *VISITORS), len(brought))):
        entity, at = f"visitor/{day['id']}/{turn}", begins + (turn - 1) * EACH
        row = _brought(brought[turn - 1], at) if turn <= len(brought) else _told(entity, calendar, homes, at)
        found.append(row | {"reception_id": day["id"], "turn": turn})
    return found


def _brought(case: Row, at: datetime) -> Row:
    """What became a case some days later: it has the deadline of the case for its answer."""
    row = entry({name: case[name] for name in SCOPE}, "reception", case["text"], at)
    return row | {
        "outcome": "case",
        "incident_id": case["id"],
        "promised_on": case["due_at"].astimezone(OFFICE).date(),
        "changed_at": case["reported_at"],
        "revision": 2,
    }


def _told(entity: str, calendar: Calendar, homes: Sequence[Home], at: datetime) -> Row:
    spots = pick(entity, "estate", homes).spots
    spot = pick(entity, "spot", spots.get("stairwell") or spots["building"])
    outcome = "answered" if chance(entity, "answered", 0.85) else "noted"
    text, answer = said(entity, "answered" if outcome == "answered" else "open")
    row = entry(scope_of(spot), "reception", text, at) | {"promised_on": at.date() + ANSWER_DAYS}
    return settled(entity, calendar, row, outcome, answer)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, OFFICE)

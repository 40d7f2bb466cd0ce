"""A planned rota as rows: the rota, its members, turns, swaps, and who has and had each turn."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from gridmap.analysis.rota import Manned
from gridmap.clock import OFFICE
from gridmap.demo.parking.stories import COMMUNITY
from gridmap.demo.register import Row
from gridmap.demo.rota.planned import Asked, Group, Planned

FIRST, ROOM = 10 << 20, 1 << 12
"""Serials above those of the demo's cars; so many for each table of each rota."""
TABLES = ("rota", "rota_member", "rota_turn", "rota_swap", "rota_holder", "absence")
LAST = FIRST + 2 * len(TABLES) * ROOM - 1
PLANNED_AT = datetime(2026, 2, 26, 15, 30, tzinfo=OFFICE)
ANSWERS_AFTER = timedelta(hours=3, minutes=20)
Turns = Mapping[date, Row]


class _Numbers:
    """Ids of one rota's rows, table by table."""

    def __init__(self, street_id: int, number: int) -> None:
        self.base = (street_id << 32) + FIRST + number * len(TABLES) * ROOM
        self.given = dict.fromkeys(TABLES, 0)

    def next(self, table: str) -> int:
        """The next id in that table."""
        self.given[table] += 1
        return self.base + TABLES.index(table) * ROOM + self.given[table]


def leave_rows(group: Group, number: int) -> list[Row]:
    """Rows of absence: when somebody of the group is away."""
    numbers = _Numbers(group.place["street_id"], number)
    return [
        {
            "street_id": group.place["street_id"],
            "id": numbers.next("absence"),
            **group.people[one],
            "substitute_id": None,
            "valid": f"[{first} 00:00:00+08,{last} 00:00:00+08)",
            "kind": "leave",
        }
        for one, (first, last) in group.leave.items()
    ]


def rows_of(group: Group, number: int, plan: Planned) -> dict[str, list[Row]]:
    """Rows by table, in the order in which they can be loaded."""
    numbers = _Numbers(group.place["street_id"], number)
    reach = {**group.place, "people": [one["person_id"] for one in group.people]}
    rota = _rota(group, numbers, reach)
    of_rota = {**reach, "rota_id": rota["id"]}
    turns = {manned.turn.day: _turn(manned, numbers, of_rota) for manned in plan.turns}
    swaps = [_swap(asked, numbers, of_rota, turns) for asked in plan.asked]
    return {
        "rota": [rota],
        "rota_member": [_member(group, one, numbers, of_rota) for one in range(len(group.people))],
        "rota_turn": list(turns.values()),
        "rota_swap": swaps,
        "rota_holder": _holders(plan, numbers, of_rota, turns, swaps),
    }


def _written(at: datetime = PLANNED_AT) -> Row:
    return {"revision": 1, "changed_at": at, "changed_by": COMMUNITY}


def _range(first: date, last: date | None) -> str:
    return f"[{first},{last or ''})"


def _rota(group: Group, numbers: _Numbers, reach: Row) -> Row:
    begins, ends = group.hours
    return {
        **reach,
        "id": numbers.next("rota"),
        "kind": group.kind,
        "name": group.name,
        "organisation_id": group.organisation_id,
        "needed": 1,
        "weekdays": list(group.weekdays) if group.weekdays else None,
        "begins": begins,
        "ends": ends,
        "gap_days": group.gap_days,
        "valid": _range(group.within.start, group.within.end),
        **_written(),
    }


def _member(group: Group, one: int, numbers: _Numbers, of_rota: Row) -> Row:
    return {
        **of_rota,
        "id": numbers.next("rota_member"),
        "person_id": group.person_id(one),
        "valid": _range(group.within.start, None),
        "never_on": list(group.never_on.get(one, ())),
        **_written(),
    }


def _turn(manned: Manned, numbers: _Numbers, of_rota: Row) -> Row:
    turn = manned.turn
    return {
        **of_rota,
        "id": numbers.next("rota_turn"),
        "day": turn.day,
        "starts_at": turn.starts,
        "ends_at": turn.ends,
        "needed": turn.needed,
        "missing": manned.missing,
        "reason": str(manned.reason) if manned.reason else None,
        **_written(),
    }


def _swap(asked: Asked, numbers: _Numbers, of_rota: Row, turns: Turns) -> Row:
    ask, swap = asked.ask, asked.swap
    answered = None if ask.state == "asked" else ask.asked + ANSWERS_AFTER
    return {
        **of_rota,
        "id": numbers.next("rota_swap"),
        "turn_id": turns[swap.day]["id"],
        "giver_id": swap.giver,
        "taker_id": swap.taker,
        "other_turn_id": turns[swap.other_day]["id"] if swap.other_day else None,
        "state": ask.state,
        "asked_at": ask.asked,
        "asked_by": None,
        "answered_at": answered,
        "answered_by": None,
        "revision": 1 if answered is None else 2,
        "changed_at": answered or ask.asked,
        "changed_by": None,
    }


def _holders(plan: Planned, numbers: _Numbers, of_rota: Row, turns: Turns, swaps: Sequence[Row]) -> list[Row]:
    """Who had each evening when it was planned, and who has it since it was swapped."""
    found = [
        _holder(turns[manned.turn.day], person, numbers, of_rota) for manned in plan.turns for person in manned.people
    ]
    for asked, row in zip(plan.asked, swaps, strict=True):
        if not asked.is_agreed:
            continue
        swap, at = asked.swap, row["answered_at"]
        moves = [(swap.giver, swap.taker, swap.day)]
        if swap.other_day is not None:
            moves.append((swap.taker, swap.giver, swap.other_day))
        for giver, taker, day in moves:
            has = next(one for one in found if (one["person_id"], one["day"], one["ended_at"]) == (giver, day, None))
            has["ended_at"] = at
            more: dict[str, Any] = {"origin": "swapped", "swap_id": row["id"], "given_at": at, "given_by": None}
            found.append(_holder(turns[day], taker, numbers, of_rota) | more)
    return found


def _holder(turn: Row, person: int, numbers: _Numbers, of_rota: Row) -> Row:
    return {
        **of_rota,
        "id": numbers.next("rota_holder"),
        "turn_id": turn["id"],
        "person_id": person,
        "day": turn["day"],
        "during": f"[{turn['starts_at'].isoformat()},{turn['ends_at'].isoformat()})",
        "origin": "planned",
        "swap_id": None,
        "given_at": PLANNED_AT,
        "given_by": COMMUNITY,
        "ended_at": None,
    }

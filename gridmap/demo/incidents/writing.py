"""The demo's cases into the tables: one COPY a table, then what follows from it."""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql

from gridmap.clock import OFFICE
from gridmap.demo.choice import fraction, pick
from gridmap.demo.incidents.courses import Turn
from gridmap.demo.incidents.ground import Ground
from gridmap.demo.incidents.mix import words_of
from gridmap.demo.incidents.telling import Told
from gridmap.demo.register import Row
from gridmap.incidents.machine import Action, State
from gridmap.incidents.writing import COURSE
from gridmap.periods import Calendar, working_minutes

FIRST_INCIDENT, FIRST_TRANSITION = 1 << 21, 1 << 22
"""Serials above those of the demo's places, below those of live rows."""
ANSWERS = ("已处理完毕，请您查看。", "现场已整改，感谢反映。", "已与责任单位落实，后续持续关注。")
BY_LEAD = frozenset({Action.ACCEPT, Action.HANDLE, Action.RETURN})
TAKERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("residents_group", "%", ("02001", "02003", "02004")),
    ("department", "%综合行政执法队", ("09001", "09002", "09003", "02002", "11001")),
    ("department", "%消防救援站", ("01001", "01002", "13001")),
    ("department", "%派出所", ("01004", "11002", "12003")),
)
"""Which teams and departments of the demo take which kinds."""
ADD_TAKERS = """
INSERT INTO gridmap.incident_taker (street_id, kind, organisation_id)
SELECT o.street_id, k.kind, o.id
FROM gridmap.organisation o JOIN gridmap.street s ON s.id = o.street_id AND s.is_demo
CROSS JOIN unnest(%(kinds)s::text[]) AS k (kind)
WHERE o.kind = %(kind)s AND o.name LIKE %(name)s AND o.street_id < 20000
ON CONFLICT DO NOTHING
"""
NUMBERS = "SELECT setval('gridmap.incident_number', greatest(%s, (SELECT last_value FROM gridmap.incident_number)))"
FOLLOW = """
SELECT street_id, gridmap.follow_incidents(street_id, array_agg(id ORDER BY id)) FROM gridmap.incident
WHERE street_id = ANY (%s) AND id & 4294967295 BETWEEN %s AND %s GROUP BY street_id ORDER BY street_id
"""


def write_all(connection: "psycopg.Connection[Any]", ground: Ground, told: Sequence[Told], calendar: Calendar) -> int:
    """Cases, parties and histories; how many cases there are."""
    for kind, name, kinds in TAKERS:
        connection.execute(ADD_TAKERS, {"kind": kind, "name": name, "kinds": list(kinds)})
    ids = {one.wanted.entity: _id(one, FIRST_INCIDENT + place) for place, one in enumerate(told)}
    copy_in(connection, "incident", (incident_row(one, ids, ground, place) for place, one in enumerate(told, 1)))
    histories = [(one, history(one, calendar)) for one in told]
    copy_in(connection, "party", (row for one, lines in histories for row in _parties(one, ids, lines)))
    copy_in(connection, "transition", _numbered(histories, ids))
    connection.execute(NUMBERS, (len(told),))
    streets = sorted({one.wanted.spot.street_id for one in told})
    connection.execute(FOLLOW, (streets, FIRST_INCIDENT, FIRST_TRANSITION))
    connection.execute("ANALYZE gridmap.incident, gridmap.transition, gridmap.party")
    return len(told)


def incident_row(one: Told, ids: dict[str, int], ground: Ground, number: int) -> Row:
    """The case as it is now."""
    wanted, spot, course = one.wanted, one.wanted.spot, one.walk.course
    is_over = course.state is State.CLOSED
    return {name: getattr(course, name) for name in COURSE} | {
        "street_id": spot.street_id,
        "id": ids[wanted.entity],
        "number": f"GX-{course.reported_at.astimezone(OFFICE):%Y-%m}-{number:06d}",
        "kind": wanted.kind,
        "severity": one.severity,
        "source": wanted.source,
        "text": words_of(wanted.entity, wanted.kind),
        "address": spot.address,
        "place_id": spot.place_id,
        "geom": f"SRID=4326;POINT({spot.lon!r} {spot.lat!r})",
        "reported_at": course.reported_at,
        "received_at": course.reported_at,
        "reporter_id": ground.workers.get(spot.grid_id or 0) if wanted.source == "patrol" else None,
        "lead_id": lead_now(one),
        "answer": pick(wanted.entity, "answer", ANSWERS) if is_over and not course.is_self_handled else None,
        "satisfaction": _satisfaction(wanted.entity) if is_over and wanted.source != "patrol" else None,
        "duplicate_of_id": ids[one.same_as] if one.same_as else None,
        "community_id": spot.community_id,
        "grid_id": spot.grid_id,
        "micro_grid_id": spot.micro_grid_id,
        "estate_id": spot.estate_id,
        "revision": len(one.walk.turns),
        "changed_at": course.changed_at,
    }


def history(one: Told, calendar: Calendar) -> list[Row]:
    """The lines of the case's history, in order; who led after each, and in whose name it was written."""
    lines: list[Row] = []
    used, last, lead = 0, one.walk.course.reported_at, None
    for place, turn in enumerate(one.walk.turns, 1):
        course, before = turn.course, lead
        lead = _lead_after(one, turn, lead)
        used = max(used, course.used(calendar, course.changed_at))
        lines.append(
            {
                "turn": place,
                "action": str(turn.action),
                "from_state": turn.from_state,
                "to_state": course.state,
                "at": course.changed_at,
                "organisation_id": before if turn.action in BY_LEAD else None,
                "used_minutes": used,
                "stage_minutes": working_minutes(calendar, last, course.changed_at),
                "level": course.level,
                "lead_id": lead,
                "reason": turn.reason,
                "note": turn.note,
                "until": turn.until,
            }
        )
        last = course.changed_at
    return lines


def lead_now(one: Told) -> int | None:
    """Who leads the case after all its turns."""
    lead: int | None = None
    for turn in one.walk.turns:
        lead = _lead_after(one, turn, lead)
    return lead


def _lead_after(one: Told, turn: Turn, lead: int | None) -> int | None:
    """Where it comes back, or is handed on, the first who gets it is the wrong one."""
    actions = [other.action for other in one.walk.turns]
    if turn.action == Action.DISPATCH:
        errs = {Action.RETURN, Action.TRANSFER} & set(actions[actions.index(turn.action) :])
        is_first = turn is next(other for other in one.walk.turns if other.action == Action.DISPATCH)
        return one.other if errs and is_first else one.lead
    if turn.action == Action.TRANSFER:
        return one.lead
    return None if turn.action == Action.RETURN else lead


def _parties(one: Told, ids: dict[str, int], lines: Sequence[Row]) -> Iterator[Row]:
    """Who was given the case as its lead, from when to when."""
    now: Row | None = None
    for line in lines:
        if now is not None and line["lead_id"] != now["organisation_id"]:
            yield now | {"until": line["at"]}
            now = None
        if line["lead_id"] is not None and now is None:
            key = {"street_id": one.wanted.spot.street_id, "incident_id": ids[one.wanted.entity]}
            now = key | {"organisation_id": line["lead_id"], "role": "lead", "since": line["at"], "until": None}
    if now is not None:
        yield now


def _numbered(histories: Sequence[tuple[Told, list[Row]]], ids: dict[str, int]) -> Iterator[Row]:
    serial = FIRST_TRANSITION
    for one, lines in histories:
        for line in lines:
            own = {"street_id": one.wanted.spot.street_id, "id": _id(one, serial)}
            yield own | {"incident_id": ids[one.wanted.entity]} | line
            serial += 1


def copy_in(connection: "psycopg.Connection[Any]", table: str, rows: Iterator[Row]) -> None:
    """Copy the rows into the table; all have the columns of the first."""
    first = next(rows, None)
    if first is None:
        return
    statement = sql.SQL("COPY gridmap.{} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, first))
    )
    with connection.cursor().copy(statement) as copy:
        copy.write_row(tuple(first.values()))
        for row in rows:
            copy.write_row(tuple(row[name] for name in first))


def _satisfaction(entity: str) -> str | None:
    lot = fraction(entity, "satisfaction")
    return "satisfied" if lot < 0.7 else "neutral" if lot < 0.82 else "unsatisfied" if lot < 0.88 else None


def _id(one: Told, serial: int) -> int:
    return (one.wanted.spot.street_id << 32) + serial

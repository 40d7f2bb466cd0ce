"""Reading what is due: in one's own places, in those of whom one stands in for, or in one place."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from gridmap.clock import OFFICE
from gridmap.db.pools import Connection, Row
from gridmap.layer import Role
from gridmap.read.due.statements import (
    ANY_ROLE,
    CATCHING_UP,
    JUST_DONE,
    LONGEST,
    SAID,
    WHOLE,
    Own,
    community_statement,
    due_statement,
    held_statement,
    plate_statement,
)
from gridmap.read.due.words import VISIT, Around, Check, Door, DueWork, Said
from gridmap.read.locks import lock_values
from gridmap.read.order import natural_key
from gridmap.read.select import Asked
from gridmap.scope import Viewer
from gridmap.tables import SERIAL_BITS

COUNTING = "vehicle_count"
"""Action of the duties that are answered by counting the cars of a zone."""


def read_due(connection: Connection, viewer: Viewer, asked: Asked, today: date) -> DueWork:
    """What is due today in the viewer's own places, and what was missed lately and can still be done.

    Own are places held in the duty's role, by oneself or by somebody for whom one stands in, places given by a right,
    and to who leads a community what it owes itself. Cars are counted on pages of their own, zone by zone, and are not
    among the checks. The connection is in the viewer's transaction.
    """
    own = [*_held(connection, viewer, asked), *((place_id, ANY_ROLE, WHOLE) for place_id in _given(viewer))]
    rows = [*_rows(connection, viewer, own, today), *_community_rows(connection, viewer, today)]
    return _sorted_out(row for row in rows if row["action"] != COUNTING)


def read_due_at(connection: Connection, viewer: Viewer, place_id: int, today: date) -> DueWork:
    """What is due today in a place and in what lies in it, as far as the viewer sees it."""
    return _sorted_out(_rows(connection, viewer, [(place_id, ANY_ROLE, WHOLE)], today))


def read_plate(connection: Connection, viewer: Viewer, code: str) -> Row | None:
    """The place that a plate with this code hangs at (id, kind, code, name); None where the viewer sees none."""
    text, constants = plate_statement(viewer.reach.shape)
    return connection.execute(text, constants | lock_values(viewer) | {"code": code}).fetchone()


def _held(connection: Connection, viewer: Viewer, asked: Asked) -> list[Own]:
    if viewer.person_id is None:
        return []
    text, constants = held_statement(viewer.reach.shape)
    holders = [viewer.person_id, *viewer.stands_in_for]
    values = {"holders": holders, "person_street": viewer.person_id >> SERIAL_BITS}
    rows = connection.execute(text, constants | lock_values(viewer) | asked.values | values)
    return [(row["place_id"], row["role"], row["unit"]) for row in rows]


def _given(viewer: Viewer) -> Iterable[int]:
    if Role.WORKER in viewer.roles:
        yield from viewer.reach.grids
    if Role.DUTY_RESIDENT in viewer.roles:
        yield from viewer.reach.estates


def _rows(connection: Connection, viewer: Viewer, own: Sequence[Own], today: date) -> list[Row]:
    if not own:
        return []
    text, constants = due_statement(viewer.reach.shape)
    values = {
        "my_streets": sorted({place_id >> SERIAL_BITS for place_id, _role, _unit in own}),
        "own_places": [place_id for place_id, _role, _unit in own],
        "own_roles": [role for _place_id, role, _unit in own],
        "own_units": [unit for _place_id, _role, unit in own],
    }
    return connection.execute(text, constants | lock_values(viewer) | values | _moments(viewer, today)).fetchall()


def _community_rows(connection: Connection, viewer: Viewer, today: date) -> list[Row]:
    if Role.LEADER not in viewer.roles or not viewer.reach.communities:
        return []
    text, constants = community_statement(viewer.reach.shape)
    own = list(viewer.reach.communities)
    values = {"own_communities": own, "my_streets": sorted({identity >> SERIAL_BITS for identity in own})}
    return connection.execute(text, constants | lock_values(viewer) | values | _moments(viewer, today)).fetchall()


def _moments(viewer: Viewer, today: date) -> dict[str, Any]:
    return {
        "today": today,
        "since": today - LONGEST - CATCHING_UP,
        "missed_since": today - CATCHING_UP,
        "done_since": datetime(today.year, today.month, today.day, tzinfo=OFFICE) - JUST_DONE,
        "account": viewer.account_id,
    }


def _sorted_out(rows: Iterable[Row]) -> DueWork:
    running: list[Row] = []
    late: list[Row] = []
    for row in rows:
        (running if row["runs"] else late).append(row)
    return DueWork(groups=_grouped(running), late=_grouped(late))


def _grouped(rows: Iterable[Row]) -> tuple[Around, ...]:
    outer: dict[int, Row] = {}
    doors: dict[int, dict[int, list[Row]]] = {}
    for row in rows:
        outer.setdefault(row["group_id"], row)
        doors.setdefault(row["group_id"], {}).setdefault(row["place_id"], []).append(row)
    groups = [_around(outer[key], inner.values()) for key, inner in doors.items()]
    last = date.max
    # where the estate is not told, the code keeps its buildings together
    order = sorted(
        groups, key=lambda one: (one.due_on or last, natural_key(one.around or one.code), natural_key(one.name), one.id)
    )
    return tuple(order)


def _around(row: Row, doors: Iterable[list[Row]]) -> Around:
    made = [_door(rows) for rows in doors]
    return Around(
        id=row["group_id"],
        kind=row["group_kind"],
        code=row["group_code"],
        name=row["group_name"],
        around=row["around"],
        doors=tuple(sorted(made, key=lambda door: (door.kind == "stairwell", natural_key(door.name), door.id))),
    )


def _door(rows: list[Row]) -> Door:
    checks = [_check(row) for row in sorted(rows, key=_by_sort)]
    return Door(
        id=rows[0]["place_id"],
        kind=rows[0]["place_kind"],
        code=rows[0]["place_code"],
        name=rows[0]["place_name"],
        checks=tuple(check for check in checks if check.action != VISIT),
        visits=tuple(check for check in checks if check.action == VISIT),
    )


def _by_sort(row: Row) -> tuple[Any, ...]:
    return row["due_on"], row["sort"], row["kind"], natural_key(row["unit"]), row["turn"]


def _check(row: Row) -> Check:
    said = Said(**{name: row[name] for name in SAID}) if row["inspection_id"] is not None else None
    return Check(
        slot_id=row["id"],
        kind=row["kind"],
        titles=(row["title"], row["title_en"]),
        action=row["action"],
        unit=row["unit"],
        turn=row["turn"] if row["times"] > 1 else 0,
        starts_on=row["starts_on"],
        due_on=row["due_on"],
        state=row["state"],
        is_late=row["is_late"],
        is_soon=row["is_soon"],
        said=said,
    )

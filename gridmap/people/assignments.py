"""Who looks after which place, from when to when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.range import TimestamptzRange

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db import execute, new_id
from gridmap.db.pools import Connection
from gridmap.people.errors import ChangedMeanwhile, PeopleProblem, PlaceHeld
from gridmap.tables import assignment

LEVEL_OF = {"grid": "grid", "estate": "estate", "building": "building", "stairwell": "stairwell", "zone": "zone"}
"""Which level of duty a kind of place has; facilities are looked after by whoever holds the grid."""


@dataclass(frozen=True, kw_only=True)
class Duty:
    """A person, a place, a role, and since when; `end` None: until further notice."""

    person_id: int
    place_id: int
    role: str
    start: datetime
    end: datetime | None = None
    is_primary: bool = True
    import_run_id: int | None = None


def lock_places(connection: Connection, place_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Lock the places in id order and give kind, name and scope of each. Raises PeopleProblem("place")."""
    rows = connection.execute(
        "SELECT id, kind, name, community_id, grid_id, micro_grid_id, estate_id FROM gridmap.place"
        " WHERE street_id = ANY (%s) AND id = ANY (%s) ORDER BY street_id, id FOR NO KEY UPDATE",
        (sorted({place_id >> 32 for place_id in place_ids}), sorted(place_ids)),
    ).fetchall()
    if len(rows) != len(set(place_ids)):
        raise PeopleProblem("place")
    return {row["id"]: row for row in rows}


def assign(connection: Connection, by: Actor, duty: Duty) -> int:
    """Give somebody a place to look after and the assignment's id.

    Raises PlaceHeld, naming the holder, where the place has a primary holder in that role at that time;
    PeopleProblem for a role that does not fit the place, a person of another street, or an empty time.
    """
    place = lock_places(connection, [duty.place_id])[duty.place_id]
    _check(connection, duty, place["kind"])
    street_id = duty.place_id >> 32
    statement = (
        assignment.insert()
        .values(
            street_id=street_id,
            id=new_id(street_id),
            person_id=duty.person_id,
            place_id=duty.place_id,
            role=duty.role,
            is_primary=duty.is_primary,
            valid=TimestamptzRange(duty.start, duty.end, "[)"),
            **{name: place[name] for name in ("community_id", "grid_id", "micro_grid_id", "estate_id")},
            changed_by=by.account_id,
            import_run_id=duty.import_run_id,
        )
        .returning(assignment.c.id)
    )
    try:
        with connection.transaction():
            row = execute(connection, statement).fetchone()
    except psycopg.errors.ExclusionViolation:
        raise _held(connection, duty) from None
    assignment_id: int = (row or {})["id"]
    after = {"person": duty.person_id, "place": duty.place_id, "role": duty.role, "start": duty.start.isoformat()}
    _record(connection, by, "assign", assignment_id, after=after)
    return assignment_id


def end_assignment(
    connection: Connection,
    by: Actor,
    assignment_id: int,
    *,
    revision: int,
    at: datetime | None = None,
    why: str | None = None,
) -> None:
    """End an assignment at `at` (default: now); one that has not begun by then is taken back whole.

    Raises LookupError, ChangedMeanwhile, PeopleProblem("ended").
    """
    moment = at or by.business_at
    key = (assignment_id >> 32, assignment_id)
    found = connection.execute(
        "SELECT place_id FROM gridmap.assignment WHERE street_id = %s AND id = %s", key
    ).fetchone()
    if found is None:
        raise LookupError(assignment_id)
    lock_places(connection, [found["place_id"]])
    row = connection.execute(
        "SELECT person_id, place_id, role, valid, revision FROM gridmap.assignment"
        " WHERE street_id = %s AND id = %s FOR UPDATE",
        key,
    ).fetchone()
    if row is None:
        raise LookupError(assignment_id)
    if row["revision"] != revision:
        raise ChangedMeanwhile(row["revision"])
    if row["valid"].upper is not None and row["valid"].upper <= moment:
        raise PeopleProblem("ended")
    if row["valid"].lower is not None and row["valid"].lower >= moment:
        connection.execute("DELETE FROM gridmap.assignment WHERE street_id = %s AND id = %s", key)
    else:
        connection.execute(
            "UPDATE gridmap.assignment SET valid = tstzrange(lower(valid), %s), revision = revision + 1,"
            " changed_at = %s, changed_by = %s WHERE street_id = %s AND id = %s",
            (moment, by.business_at, by.account_id, *key),
        )
    before = {name: row[name] for name in ("person_id", "place_id", "role")}
    _record(connection, by, "end_assignment", assignment_id, before=before, after={"end": moment.isoformat()}, why=why)


def _check(connection: Connection, duty: Duty, kind: str) -> None:
    if duty.end is not None and duty.end <= duty.start:
        raise PeopleProblem("valid")
    if duty.person_id >> 32 != duty.place_id >> 32:
        raise PeopleProblem("person")
    seen = connection.execute(
        "SELECT 1 FROM gridmap.person WHERE street_id = %s AND id = %s", (duty.person_id >> 32, duty.person_id)
    ).fetchone()
    if seen is None:
        raise PeopleProblem("person")
    role = connection.execute("SELECT level FROM gridmap.duty_role WHERE code = %s", (duty.role,)).fetchone()
    level = role["level"] if role else ""
    if level != LEVEL_OF.get(kind) and not (
        level == "stairwell" and _is_one_stairwell(connection, duty.place_id, kind)
    ):
        raise PeopleProblem("role")


def _is_one_stairwell(connection: Connection, place_id: int, kind: str) -> bool:
    """A building without stairwells counts as one."""
    inside = connection.execute(
        "SELECT 1 FROM gridmap.place WHERE street_id = %s AND parent_id = %s AND kind = 'stairwell' LIMIT 1",
        (place_id >> 32, place_id),
    ).fetchone()
    return kind == "building" and inside is None


def _held(connection: Connection, duty: Duty) -> PlaceHeld:
    row = connection.execute(
        "SELECT p.display_name, lower(a.valid) AS since FROM gridmap.assignment a"
        " LEFT JOIN gridmap.person p ON p.street_id = a.street_id AND p.id = a.person_id"
        " WHERE a.street_id = %s AND a.place_id = %s AND a.role = %s AND a.is_primary"
        " AND a.valid && tstzrange(%s, %s) ORDER BY lower(a.valid) NULLS FIRST LIMIT 1",
        (duty.place_id >> 32, duty.place_id, duty.role, duty.start, duty.end),
    ).fetchone()
    return PlaceHeld(row["display_name"] or "?", row["since"]) if row else PlaceHeld("?", None)


def _record(
    connection: Connection,
    by: Actor,
    action: str,
    assignment_id: int,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    why: str | None = None,
) -> None:
    write_audit(
        connection,
        action=action,
        subject="assignment",
        subject_id=assignment_id,
        street_id=assignment_id >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=after,
        why=why,
    )
    announce(connection, assignment_id >> 32, ["assignments"])

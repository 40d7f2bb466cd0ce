"""Leave, and who stands in meanwhile."""

from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.range import TimestamptzRange

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db import execute, new_id
from gridmap.db.pools import Connection
from gridmap.people.errors import ChangedMeanwhile, PeopleProblem
from gridmap.people.persons import person_row
from gridmap.tables import absence

KINDS = ("leave", "left", "other")


def set_absence(
    connection: Connection,
    by: Actor,
    person_id: int,
    *,
    start: datetime,
    end: datetime | None,
    kind: str = "leave",
    substitute_id: int | None = None,
) -> int:
    """Write that a person is away from `start` to before `end` (None: open), and who stands in; gives the id.

    Raises LookupError for a person out of sight; PeopleProblem("valid", "kind", "substitute", "away" where the
    substitute is away then, "overlap" where the person already is).
    """
    if kind not in KINDS:
        raise PeopleProblem("kind")
    if end is not None and end <= start:
        raise PeopleProblem("valid")
    found = person_row(connection, person_id)
    if substitute_id is not None:
        _check_substitute(connection, person_id, substitute_id, start, end)
    street_id = person_id >> 32
    statement = (
        absence.insert()
        .values(
            street_id=street_id,
            id=new_id(street_id),
            person_id=person_id,
            substitute_id=substitute_id,
            valid=TimestamptzRange(start, end, "[)"),
            kind=kind,
            **{name: found[name] for name in ("community_id", "grid_id", "micro_grid_id")},
            changed_by=by.account_id,
        )
        .returning(absence.c.id)
    )
    try:
        with connection.transaction():
            row = execute(connection, statement).fetchone()
    except psycopg.errors.ExclusionViolation:
        raise PeopleProblem("overlap") from None
    absence_id: int = (row or {})["id"]
    after = {"person": person_id, "substitute": substitute_id, "kind": kind, "start": start.isoformat()}
    _record(connection, by, "set_absence", absence_id, after=after | {"end": end and end.isoformat()})
    return absence_id


def end_absence(
    connection: Connection, by: Actor, absence_id: int, *, revision: int, at: datetime | None = None
) -> None:
    """The person is back at `at` (default: now); leave that has not begun by then is taken back whole.

    Raises LookupError, ChangedMeanwhile, PeopleProblem("ended").
    """
    moment = at or by.business_at
    key = (absence_id >> 32, absence_id)
    row = connection.execute(
        "SELECT person_id, valid, revision FROM gridmap.absence WHERE street_id = %s AND id = %s FOR UPDATE", key
    ).fetchone()
    if row is None:
        raise LookupError(absence_id)
    if row["revision"] != revision:
        raise ChangedMeanwhile(row["revision"])
    if row["valid"].upper is not None and row["valid"].upper <= moment:
        raise PeopleProblem("ended")
    if row["valid"].lower is not None and row["valid"].lower >= moment:
        connection.execute("DELETE FROM gridmap.absence WHERE street_id = %s AND id = %s", key)
    else:
        connection.execute(
            "UPDATE gridmap.absence SET valid = tstzrange(lower(valid), %s), revision = revision + 1,"
            " changed_at = %s, changed_by = %s WHERE street_id = %s AND id = %s",
            (moment, by.business_at, by.account_id, *key),
        )
    before = {"person": row["person_id"]}
    _record(connection, by, "end_absence", absence_id, before=before, after={"end": moment.isoformat()})


ABSENCES = """
SELECT x.id, x.kind, x.revision, lower(x.valid) AS start, upper(x.valid) AS "end",
  x.valid @> %(now)s::timestamptz AS is_now, p.display_name AS person, s.display_name AS substitute,
  st.name AS street, c.name AS community,
  (SELECT count(*) FROM gridmap.assignment a WHERE a.street_id = x.street_id AND a.person_id = x.person_id
     AND a.valid @> %(now)s::timestamptz) AS places
FROM gridmap.absence x
JOIN gridmap.street st ON st.id = x.street_id
LEFT JOIN gridmap.person p ON p.street_id = x.street_id AND p.id = x.person_id
LEFT JOIN gridmap.person s ON s.street_id = x.street_id AND s.id = x.substitute_id
LEFT JOIN gridmap.community c ON c.street_id = x.street_id AND c.id = x.community_id
WHERE %(past)s::boolean = (coalesce(upper(x.valid), 'infinity') <= %(now)s::timestamptz)
ORDER BY CASE WHEN %(past)s::boolean THEN upper(x.valid) END DESC, lower(x.valid), x.id
LIMIT %(limit)s OFFSET %(offset)s
"""


def absences(
    connection: Connection, now: datetime, *, past: bool = False, limit: int = 50, offset: int = 0
) -> list[dict[str, Any]]:
    """Who is or will be away (or was, with `past`), with substitute and the number of places they hold now."""
    values = {"now": now, "past": past, "limit": limit, "offset": offset}
    return connection.execute(ABSENCES, values).fetchall()


def _check_substitute(
    connection: Connection, person_id: int, substitute_id: int, start: datetime, end: datetime | None
) -> None:
    if substitute_id == person_id or substitute_id >> 32 != person_id >> 32:
        raise PeopleProblem("substitute")
    try:
        person_row(connection, substitute_id)
    except LookupError:
        raise PeopleProblem("substitute") from None
    away = connection.execute(
        "SELECT 1 FROM gridmap.absence WHERE street_id = %s AND person_id = %s AND valid && tstzrange(%s, %s)",
        (substitute_id >> 32, substitute_id, start, end),
    ).fetchone()
    if away:
        raise PeopleProblem("away")


def _record(
    connection: Connection,
    by: Actor,
    action: str,
    absence_id: int,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    write_audit(
        connection,
        action=action,
        subject="absence",
        subject_id=absence_id,
        street_id=absence_id >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=after,
    )
    announce(connection, absence_id >> 32, ["people"])

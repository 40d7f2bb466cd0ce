"""Reception days (居民接待日): the 15th of each month, who came, and what was agreed."""

from datetime import date
from typing import Any

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents.errors import CaseChanged, IncidentProblem
from gridmap.plain import is_plain
from gridmap.tables.diary import RECEPTION_STATES

MOST_MINUTES = 4_000
LAYERS = ("reception",)


def open_reception(connection: Connection, by: Actor, community_id: int, day: date) -> int:
    """The reception of the community on that day, made where there is none yet. Raises LookupError."""
    street_id = community_id >> 32
    # names of communities are for the whole street, their reception days are not
    known = connection.execute(
        "SELECT id FROM gridmap.community WHERE street_id = %s AND id = %s"
        " AND gridmap.in_scope(street_id, id, NULL, NULL, NULL, NULL)",
        (street_id, community_id),
    ).fetchone()
    if known is None:
        raise LookupError(community_id)
    made = connection.execute(
        "INSERT INTO gridmap.reception (street_id, id, community_id, held_on, changed_at, changed_by)"
        " VALUES (%s, %s::bigint * 4294967296 + nextval('gridmap.serial'), %s, %s, %s, %s)"
        " ON CONFLICT (street_id, community_id, held_on) DO NOTHING RETURNING id",
        (street_id, street_id, community_id, day, by.business_at, by.account_id),
    ).fetchone()
    if made is not None:
        _record(connection, by, "open_reception", made["id"], {"community": community_id, "day": day.isoformat()})
        return int(made["id"])
    there = connection.execute(
        "SELECT id FROM gridmap.reception WHERE street_id = %s AND community_id = %s AND held_on = %s",
        (street_id, community_id, day),
    ).fetchone()
    if there is None:
        raise LookupError(community_id)
    return int(there["id"])


def change_reception(
    connection: Connection, by: Actor, reception_id: int, *, state: str, minutes: str, revision: int
) -> None:
    """Write the minutes and what has become of the day. Raises LookupError, CaseChanged, IncidentProblem."""
    row = connection.execute(
        "SELECT * FROM gridmap.reception WHERE street_id = %s AND id = %s FOR NO KEY UPDATE",
        (reception_id >> 32, reception_id),
    ).fetchone()
    if row is None:
        raise LookupError(reception_id)
    if row["revision"] != revision:
        raise CaseChanged({"revision": row["revision"], "state": row["state"], "changed_at": row["changed_at"]})
    if state not in RECEPTION_STATES:
        raise IncidentProblem("state")
    if state == "held" and row["held_on"] > by.business_at.astimezone(OFFICE).date():
        raise IncidentProblem("day")
    if len(minutes) > MOST_MINUTES or not is_plain(minutes, lines=True):
        raise IncidentProblem("minutes")
    connection.execute(
        "UPDATE gridmap.reception SET state = %s, minutes = %s, revision = revision + 1, changed_at = %s,"
        " changed_by = %s WHERE street_id = %s AND id = %s",
        (state, minutes.strip() or None, by.business_at, by.account_id, reception_id >> 32, reception_id),
    )
    _record(connection, by, "change_reception", reception_id, {"state": state})


def _record(connection: Connection, by: Actor, action: str, reception_id: int, after: dict[str, Any]) -> None:
    write_audit(
        connection,
        action=action,
        subject="reception",
        subject_id=reception_id,
        street_id=reception_id >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
        after=after,
    )
    announce(connection, reception_id >> 32, LAYERS)

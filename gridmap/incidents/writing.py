"""What every command on a case writes: the row, its line of history, the audit, parties, notices, the announcement."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from psycopg import sql

from gridmap.accounts import Actor
from gridmap.accounts.actor import LAYER as ACCOUNTS
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.incidents.course import Course
from gridmap.incidents.machine import Level, State
from gridmap.periods import Calendar, working_minutes

LAYERS = ("incidents",)
NOTICES = "notices"
COURSE = tuple(field.name for field in fields(Course) if field.name not in ("changed_at", "reported_at"))
"""Columns of incident that follow the course; the case's own say when it was reported and changed."""
CASE = """
SELECT i.*, public.st_x(i.geom) AS lon, public.st_y(i.geom) AS lat,
  k.title AS kind_title, k.title_en AS kind_title_en, k.nature, k.near_m, k.is_private, l.name AS lead_name,
  l.kind AS lead_kind, l.street_id AS lead_street_id, l.community_id AS lead_community_id,
  gridmap.has_handlers(i.lead_id, %(now)s) AS lead_signs_in, c.name AS community_name
FROM gridmap.incident i JOIN gridmap.incident_kind k ON k.code = i.kind
LEFT JOIN gridmap.organisation l ON l.id = i.lead_id
LEFT JOIN gridmap.community c ON c.street_id = i.street_id AND c.id = i.community_id
WHERE i.street_id = %(street)s AND i.id = %(incident)s
"""
LOCK = "SELECT FROM gridmap.incident WHERE street_id = %s AND id = %s FOR NO KEY UPDATE"
LAST = "SELECT turn, at, used_minutes FROM gridmap.last_turn(%s, %s)"
ADD_TRANSITION = """
INSERT INTO gridmap.transition (street_id, id, incident_id, turn, action, from_state, to_state, at, account_id,
  organisation_id, used_minutes, stage_minutes, level, lead_id, reason, note, until, parties, place_id, community_id,
  grid_id, micro_grid_id, estate_id)
VALUES (%(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(incident_id)s, %(turn)s,
  %(action)s, %(from_state)s, %(to_state)s, %(at)s, %(account_id)s, %(organisation_id)s, %(used)s, %(stage)s, %(level)s,
  %(lead_id)s, %(reason)s, %(note)s, %(until)s, %(parties)s, %(place_id)s, %(community_id)s, %(grid_id)s,
  %(micro_grid_id)s, %(estate_id)s)
"""
OPEN_PARTY = """
INSERT INTO gridmap.party AS p (street_id, incident_id, organisation_id, role, since, parties, place_id, community_id,
  grid_id, micro_grid_id, estate_id)
VALUES (%(street_id)s, %(id)s, %(organisation)s, %(role)s, %(at)s, %(parties)s, %(place_id)s, %(community_id)s,
  %(grid_id)s, %(micro_grid_id)s, %(estate_id)s)
ON CONFLICT (street_id, incident_id, organisation_id, role, since) DO UPDATE SET until = NULL
"""
NEW_HERE = """
SELECT o.street_id IS DISTINCT FROM %(street)s AND NOT EXISTS (
  SELECT FROM gridmap.party p
  WHERE p.street_id = %(street)s AND p.organisation_id = o.id AND p.until IS NULL) AS found
FROM gridmap.organisation o WHERE o.id = %(organisation)s
"""
CLOSE_PARTIES = """
UPDATE gridmap.party SET until = greatest(%(at)s, since)
WHERE street_id = %(street_id)s AND incident_id = %(id)s AND until IS NULL
  AND (%(organisation)s::bigint IS NULL OR organisation_id = %(organisation)s)
  AND (%(role)s::text IS NULL OR role = %(role)s)
"""
TELL = "SELECT gridmap.tell_reporters(%s, %s, %s, %s) AS told"


def read_case(connection: Connection, incident_id: int, now: datetime, *, lock: bool = False) -> dict[str, Any]:
    """The case as its viewer sees it, with words and capacities beside; locked for acting. Raises LookupError."""
    key = (incident_id >> 32, incident_id)
    if lock:
        # a statement of its own: what is read below is then as new as the lock
        connection.execute(LOCK, key)
    row = connection.execute(CASE, {"street": key[0], "incident": incident_id, "now": now}).fetchone()
    if row is None:
        raise LookupError(incident_id)
    return row


def course_of(case: Mapping[str, Any]) -> Course:
    """The course out of a row of incident."""
    values = {name: case[name] for name in COURSE}
    parked = case["parked_from"]
    return Course(
        **values
        | {
            "state": State(case["state"]),
            "level": Level(case["level"]),
            "parked_from": State(parked) if parked else None,
            "changed_at": case["changed_at"],
            "reported_at": case["reported_at"],
        }
    )


def write_case(connection: Connection, by: Actor, case: Mapping[str, Any], course: Course, **more: Any) -> None:
    """Write the course and other columns of the case; its revision goes up by one."""
    values = {name: value for name, value in asdict(course).items() if name in COURSE} | more
    changed = {name: value for name, value in values.items() if case.get(name) != value}
    changed |= {"changed_at": course.changed_at, "changed_by": by.account_id}
    parts = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in changed]
    connection.execute(
        sql.SQL("UPDATE gridmap.incident SET revision = revision + 1, {} WHERE street_id = {} AND id = {}").format(
            sql.SQL(", ").join(parts), sql.Placeholder("key_street"), sql.Placeholder("key_id")
        ),
        changed | {"key_street": case["street_id"], "key_id": case["id"]},
    )


def add_transition(
    connection: Connection,
    by: Actor,
    case: Mapping[str, Any],
    course: Course,
    calendar: Calendar,
    *,
    action: str,
    from_state: State | None,
    **more: Any,
) -> None:
    """Write the next line of the case's history, with the minutes used by then and since the line before."""
    is_first = from_state is None
    last = None if is_first else connection.execute(LAST, (case["street_id"], case["id"])).fetchone()
    at = course.changed_at
    used = course.used(calendar, at)
    values = {name: case.get(name) for name in ("place_id", "community_id", "grid_id", "micro_grid_id", "estate_id")}
    empty = {"organisation_id": None, "reason": None, "note": None, "until": None, "lead_id": case.get("lead_id")}
    connection.execute(
        ADD_TRANSITION,
        values
        | empty
        | {
            "street_id": case["street_id"],
            "incident_id": case["id"],
            "turn": last["turn"] + 1 if last else 1,
            "action": action,
            "from_state": from_state,
            "to_state": course.state,
            "at": at,
            "account_id": by.account_id,
            "used": max(used, last["used_minutes"]) if last else used,
            "stage": working_minutes(calendar, last["at"], at) if last else 0,
            "level": course.level,
            "parties": case.get("parties") or [],
        }
        | more,
    )


def record(
    connection: Connection,
    by: Actor,
    case: Mapping[str, Any],
    action: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    why: str | None = None,
) -> None:
    """Write the audit row of one action on a case; never its words, which may be personal."""
    write_audit(
        connection,
        action=action,
        subject="incident",
        subject_id=case["id"],
        street_id=case["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after=after,
        why=why,
    )


def tell(connection: Connection, case: Mapping[str, Any], kind: str, at: datetime) -> None:
    """Leave a notice for whoever reported the case, or one that was merged with it, but not for who acts.

    Each finds it at the own report: who joined another one's case need not see that. What was answered goes with it.
    """
    row = connection.execute(TELL, (case["street_id"], case["id"], kind, at)).fetchone()
    if row and row["told"]:
        announce(connection, case["street_id"], [NOTICES])


def give_to(connection: Connection, case: Mapping[str, Any], organisation_id: int, role: str, at: datetime) -> None:
    """Make an organisation a party of the case in that role; one that it had before ends."""
    new_here = connection.execute(NEW_HERE, {"street": case["street_id"], "organisation": organisation_id}).fetchone()
    take_from(connection, case, at, organisation_id=organisation_id)
    names = ("street_id", "id", "parties", "place_id", "community_id", "grid_id", "micro_grid_id", "estate_id")
    values = {name: case[name] for name in names}
    connection.execute(OPEN_PARTY, values | {"organisation": organisation_id, "role": role, "at": at})
    if new_here and new_here["found"]:
        # whoever acts for it has not seen anything of this street before: who is signed in is asked anew
        announce(connection, 0, [ACCOUNTS])


def take_from(
    connection: Connection,
    case: Mapping[str, Any],
    at: datetime,
    *,
    organisation_id: int | None = None,
    role: str | None = None,
) -> None:
    """End the parties of the case: of that organisation, in that role, or all."""
    values = {"street_id": case["street_id"], "id": case["id"], "organisation": organisation_id, "role": role, "at": at}
    connection.execute(CLOSE_PARTIES, values)


def follow(connection: Connection, case: Mapping[str, Any]) -> None:
    """Let the rows beside the case follow it; the last thing that a command does to it."""
    connection.execute("SELECT gridmap.follow_incidents(%s, %s)", (case["street_id"], [case["id"]]))

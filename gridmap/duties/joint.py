"""Joint inspections: several organisations walk through an estate together; what they find is found at its places."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE, day_bounds
from gridmap.db import execute, new_id
from gridmap.db.pools import Connection
from gridmap.duties.answers import MOST_NOTE, NOON, Answer, answer_slot
from gridmap.duties.closing import settle
from gridmap.duties.errors import DutyProblem, SlotChanged
from gridmap.duties.rules import MOST_TITLE
from gridmap.periods import month_of
from gridmap.plain import is_plain
from gridmap.tables import inspection, joint_inspection

KIND = "joint_inspection"
MOST_REPORT = 2_000
MOST_BODIES = 30
LAYERS = ("slots",)


@dataclass(frozen=True, kw_only=True)
class Joint:
    """What is planned: where (an estate, a grid, or a whole community), on which day, with which organisations."""

    title: str
    planned_on: date
    place_id: int | None = None
    community_id: int | None = None
    bodies: tuple[int, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        """Raises DutyProblem on what cannot be kept."""
        if not 0 < len(self.title.strip()) <= MOST_TITLE or not is_plain(self.title):
            raise DutyProblem("title")
        if len(self.note) > MOST_REPORT or not is_plain(self.note, lines=True):
            raise DutyProblem("note")
        if len(self.bodies) > MOST_BODIES:
            raise DutyProblem("bodies")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found at one place of a joint inspection."""

    place_id: int
    result: str
    severity: int | None = None
    note: str = ""


def plan_joint(connection: Connection, by: Actor, joint: Joint) -> int:
    """Plan a joint inspection and give its id. Raises DutyProblem("place" | "bodies") for what the viewer lacks."""
    where = _where(connection, joint)
    _check_bodies(connection, joint.bodies)
    street_id: int = where["street_id"]
    statement = (
        joint_inspection.insert()
        .values(
            id=new_id(street_id),
            title=joint.title.strip(),
            planned_on=joint.planned_on,
            bodies=list(joint.bodies),
            note=joint.note.strip() or None,
            changed_at=by.business_at,
            changed_by=by.account_id,
            **where,
        )
        .returning(joint_inspection.c.id)
    )
    row = execute(connection, statement).fetchone()
    joint_id: int = (row or {})["id"]
    _record(connection, by, "plan_joint", joint_id, _words(joint))
    return joint_id


def change_joint(connection: Connection, by: Actor, joint_id: int, joint: Joint, state: str, *, revision: int) -> None:
    """Change day, organisations, report or state; where it was stays. Raises LookupError, SlotChanged, DutyProblem.

    One that is held answers the slot of its estate in that month, if there is one: with a finding where there is any.
    """
    before = locked_joint(connection, joint_id)
    if before["revision"] != revision:
        raise SlotChanged(before["state"])
    if state not in ("planned", "held", "cancelled"):
        raise DutyProblem("state")
    today = by.business_at.astimezone(OFFICE).date()
    if state == "held" and joint.planned_on > today:
        raise DutyProblem("day")
    _check_bodies(connection, joint.bodies)
    connection.execute(
        "UPDATE gridmap.joint_inspection SET title = %s, planned_on = %s, bodies = %s, note = %s, state = %s,"
        " revision = revision + 1, changed_at = %s, changed_by = %s WHERE street_id = %s AND id = %s",
        (joint.title.strip(), joint.planned_on, list(joint.bodies), joint.note.strip() or None, state,
         by.business_at, by.account_id, joint_id >> 32, joint_id),
    )  # fmt: skip
    _record(connection, by, "change_joint", joint_id, _words(joint) | {"state": state})
    _answer(connection, by, joint_id, today)


def add_found(connection: Connection, by: Actor, joint_id: int, found: Found) -> int:
    """Write down what was found at a place of the inspection, and give the id of that.

    Raises LookupError, DutyProblem("place" | "result" | "note" | "severity" | "day").
    """
    joint = locked_joint(connection, joint_id)
    if found.result not in ("fine", "finding"):
        raise DutyProblem("result")
    if len(found.note) > MOST_NOTE or not is_plain(found.note, lines=True):
        raise DutyProblem("note")
    if found.severity is not None and (found.result != "finding" or found.severity not in (1, 2, 3)):
        raise DutyProblem("severity")
    today = by.business_at.astimezone(OFFICE).date()
    if joint["planned_on"] > today or joint["state"] == "cancelled":
        raise DutyProblem("day")
    where = _inside(connection, joint, found.place_id)
    statement = (
        inspection.insert()
        .values(
            id=new_id(where["street_id"]),
            kind=KIND,
            result=found.result,
            severity=found.severity,
            note=found.note.strip() or None,
            bodies=joint["bodies"],
            done_at=min(day_bounds(joint["planned_on"])[0] + NOON, by.business_at),
            received_at=by.business_at,
            account_id=by.account_id,
            joint_id=joint_id,
            **where,
        )
        .returning(inspection.c.id)
    )
    row = execute(connection, statement).fetchone()
    found_id: int = (row or {})["id"]
    _record(connection, by, "find_jointly", joint_id, {"inspection": found_id, "result": found.result})
    _answer(connection, by, joint_id, today)
    return found_id


def take_back_found(connection: Connection, by: Actor, joint_id: int, found_id: int) -> None:
    """Take back what was written down; it stays, superseded. Raises LookupError."""
    locked_joint(connection, joint_id)
    done = connection.execute(
        "UPDATE gridmap.inspection SET superseded_at = %s"
        " WHERE street_id = %s AND id = %s AND joint_id = %s AND slot_id IS NULL AND superseded_at IS NULL",
        (by.business_at, joint_id >> 32, found_id, joint_id),
    )
    if not done.rowcount:
        raise LookupError(found_id)
    _record(connection, by, "take_back_found", joint_id, {"inspection": found_id})
    _answer(connection, by, joint_id, by.business_at.astimezone(OFFICE).date())


def locked_joint(connection: Connection, joint_id: int) -> dict[str, Any]:
    """The row, locked. Raises LookupError where the viewer sees none."""
    row = connection.execute(
        "SELECT * FROM gridmap.joint_inspection WHERE street_id = %s AND id = %s FOR UPDATE",
        (joint_id >> 32, joint_id),
    ).fetchone()
    if row is None:
        raise LookupError(joint_id)
    return row


def _answer(connection: Connection, by: Actor, joint_id: int, today: date) -> None:
    """Let the slot of the estate say what the inspection says: nothing unless it was held."""
    joint = locked_joint(connection, joint_id)
    _take_answers_back(connection, by, joint_id, today)
    if joint["state"] != "held" or joint["place_id"] is None:
        return
    month = month_of(joint["planned_on"])
    owed = connection.execute(
        "SELECT s.id FROM gridmap.slot s JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id"
        " WHERE s.street_id = %s AND s.place_id = %s AND d.kind = %s AND s.starts_on >= %s AND s.starts_on < %s"
        " AND s.excuse IS DISTINCT FROM 'rule_changed' ORDER BY s.done_at IS NOT NULL, s.id LIMIT 1",
        (joint_id >> 32, joint["place_id"], KIND, month.start, month.end),
    ).fetchone()
    if owed is None:
        return
    trouble = connection.execute(
        "SELECT count(*) AS found FROM gridmap.inspection WHERE street_id = %s AND joint_id = %s"
        " AND superseded_at IS NULL AND result = 'finding'",
        (joint_id >> 32, joint_id),
    ).fetchone()
    answer = Answer(
        slot_id=owed["id"],
        result="finding" if trouble and trouble["found"] else "fine",
        done_on=joint["planned_on"],
        joint_id=joint_id,
        bodies=tuple(joint["bodies"]),
    )
    answer_slot(connection, by, answer, today, is_clock_real=False)


def _take_answers_back(connection: Connection, by: Actor, joint_id: int, today: date) -> None:
    rows = connection.execute(
        "UPDATE gridmap.inspection SET superseded_at = %s"
        " WHERE street_id = %s AND joint_id = %s AND slot_id IS NOT NULL AND superseded_at IS NULL RETURNING slot_id",
        (by.business_at, joint_id >> 32, joint_id),
    ).fetchall()
    if rows:
        settle(connection, joint_id >> 32, sorted(row["slot_id"] for row in rows), today)


def _where(connection: Connection, joint: Joint) -> dict[str, Any]:
    names = "street_id, community_id, grid_id, micro_grid_id, estate_id"
    if joint.place_id is not None:
        row = connection.execute(
            f"SELECT id AS place_id, {names} FROM gridmap.place"  # noqa: S608 - our own words
            " WHERE street_id = %s AND id = %s AND kind IN ('estate', 'grid')",
            (joint.place_id >> 32, joint.place_id),
        ).fetchone()
    else:
        row = connection.execute(
            "SELECT street_id, id AS community_id FROM gridmap.community WHERE street_id = %s AND id = %s",
            ((joint.community_id or 0) >> 32, joint.community_id),
        ).fetchone()
    if row is None:
        raise DutyProblem("place")
    return row


def _inside(connection: Connection, joint: dict[str, Any], place_id: int) -> dict[str, Any]:
    row = connection.execute(
        "SELECT id AS place_id, street_id, community_id, grid_id, micro_grid_id, estate_id FROM gridmap.place"
        " WHERE street_id = %(street)s AND id = %(place)s AND CASE WHEN %(around)s::bigint IS NULL"
        " THEN community_id = %(community)s::bigint"
        " ELSE coalesce(%(around)s::bigint IN (id, estate_id, grid_id, micro_grid_id, parent_id), false) END",
        {"street": joint["street_id"], "place": place_id, "around": joint["place_id"],
         "community": joint["community_id"]},
    ).fetchone()  # fmt: skip
    if row is None:
        raise DutyProblem("place")
    return row


def _check_bodies(connection: Connection, bodies: tuple[int, ...]) -> None:
    row = connection.execute(
        "SELECT count(*) AS found FROM gridmap.organisation WHERE id = ANY (%s)", (list(bodies),)
    ).fetchone()
    if row is None or row["found"] != len(set(bodies)):
        raise DutyProblem("bodies")


def _words(joint: Joint) -> dict[str, Any]:
    return {"title": joint.title, "day": joint.planned_on.isoformat(), "place": joint.place_id,
            "community": joint.community_id, "bodies": list(joint.bodies)}  # fmt: skip


def _record(connection: Connection, by: Actor, action: str, joint_id: int, after: dict[str, Any]) -> None:
    write_audit(
        connection,
        action=action,
        subject="joint_inspection",
        subject_id=joint_id,
        street_id=joint_id >> 32,
        business_at=by.business_at,
        account_id=by.account_id,
        after=after,
    )
    announce(connection, joint_id >> 32, LAYERS)

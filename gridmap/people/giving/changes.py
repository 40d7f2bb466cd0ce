"""A change set looked at before it is made, made, and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.people.assignments import lock_places
from gridmap.people.errors import ChangeConflict, ChangeRefused, Conflict, PeopleProblem, Refusal
from gridmap.people.giving.loads import Balance, balances
from gridmap.people.giving.moves import Holding, Move, Plan, Standing, Step, conflict_with, make_plan, read_standing
from gridmap.people.giving.writing import Effect, Heading, Made, as_effects, write_steps

MOST_WHY = 500
CHANGE = """
SELECT c.id, c.kind, c.starts_at, c.places,
  (SELECT u.id FROM gridmap.assignment_change u WHERE u.street_id = c.street_id AND u.undoes_id = c.id) AS undone_by
FROM gridmap.assignment_change c WHERE c.street_id = %(street)s AND c.id = %(change)s
"""
MOVES = """
SELECT place_id, role, unit, is_primary, before_id, before_person_id, before_until, before_revision, after_id,
  after_person_id, after_until, after_revision
FROM gridmap.assignment_move WHERE street_id = %(street)s AND change_id = %(change)s ORDER BY number
"""
ENDED = """
SELECT id FROM gridmap.assignment
WHERE street_id = %(street)s AND id = ANY (%(ids)s) AND upper(valid) = %(at)s
"""
TAKEN_BACK = """
UPDATE gridmap.hand_over SET undone_at = %(at)s WHERE street_id = %(street)s AND change_id = %(change)s
"""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a change set would do: each step, who carries how much before and after, and what is in the way."""

    plan: Plan
    balances: tuple[Balance, ...]


def preview_change(connection: Connection, by: Actor, moves: Sequence[Move], at: datetime | None = None) -> Preview:
    """What these moves would do at `at` (default: now); nothing is written and nothing locked.

    Raises ChangeRefused for what is no change set at all, PeopleProblem("past").
    """
    moment = _moment(by, at)
    plan = make_plan(connection, moves, moment)
    names = {identity: name for identity, (name, _left) in plan.standing.people.items()}
    names |= {one.person_id: one.name for some in plan.standing.holdings.values() for one in some}
    street = moves[0].place_id >> 32
    return Preview(plan=plan, balances=balances(connection, street, plan.steps, names, moment))


def apply_change(
    connection: Connection,
    by: Actor,
    moves: Sequence[Move],
    *,
    why: str | None,
    at: datetime | None = None,
    kind: str = "change",
) -> Made:
    """Make all of these moves, or none, as one recorded change that holds from `at` (default: now).

    Raises ChangeConflict, naming whoever has each place that is not as it was seen; ChangeRefused;
    PeopleProblem("past", "why").
    """
    moment = _moment(by, at)
    plan = make_plan(connection, moves, moment, lock=True)
    if plan.refusals:
        raise ChangeRefused(plan.refusals)
    if plan.conflicts:
        raise ChangeConflict(plan.conflicts)
    if all(step.kind == "same" for step in plan.steps):
        raise ChangeRefused([Refusal(reason="nothing")])
    heading = Heading(kind=kind, at=moment, why=_why(why))
    return write_steps(connection, by, heading, as_effects(plan.steps), plan.standing)


def undo_change(connection: Connection, by: Actor, change_id: int, *, why: str | None = None) -> Made:
    """Give every place of a change back to whoever had it before, from now on, as a change of its own.

    A change that does not hold yet, or only since this very moment, leaves no trace on the map of any day. Raises
    LookupError for a change out of sight; ChangeRefused("part") where it reaches further than the viewer sees;
    ChangeConflict with what has happened since at each place that a later change touched.
    """
    values: dict[str, Any] = {"street": change_id >> 32, "change": change_id}
    change = connection.execute(CHANGE, values).fetchone()
    if change is None:
        raise LookupError(change_id)
    rows = connection.execute(MOVES, values).fetchall()
    if len({row["place_id"] for row in rows}) < change["places"]:
        raise ChangeRefused([Refusal(reason="part")])
    moment = max(by.business_at, change["starts_at"])
    lock_places(connection, sorted({row["place_id"] for row in rows}))
    # again: whoever held the locks may have taken it back meanwhile
    change = connection.execute(CHANGE, values).fetchone() or change
    standing = read_standing(connection, change_id >> 32, [_seen(row) for row in rows], moment, lock=True)
    if change["undone_by"] is not None:
        raise ChangeConflict([_undone(standing, rows[0])])
    ended = _still_ended(connection, values, rows, moment)
    effects, conflicts = [], []
    for number, row in enumerate(rows):
        found = _back(standing, number, row, moment, ended)
        if isinstance(found, Effect):
            effects.append(found)
        else:
            conflicts.append(found)
    if conflicts:
        raise ChangeConflict(conflicts)
    heading = Heading(kind="undo", at=moment, why=_why(why), undoes_id=change_id)
    made = write_steps(connection, by, heading, effects, standing)
    connection.execute(TAKEN_BACK, values | {"at": by.business_at})
    return made


def _moment(by: Actor, at: datetime | None) -> datetime:
    if at is not None and at < by.business_at:
        raise PeopleProblem("past")
    return at or by.business_at


def _why(why: str | None) -> str | None:
    text = (why or "").strip()
    if len(text) > MOST_WHY or "\0" in text:
        raise PeopleProblem("why")
    return text or None


def _seen(row: dict[str, Any]) -> Move:
    person = row["before_person_id"] or row["after_person_id"]
    return Move(place_id=row["place_id"], role=row["role"], unit=row["unit"], person_id=person)


def _undone(standing: Standing, row: dict[str, Any]) -> Conflict:
    place = standing.places[row["place_id"]]
    return Conflict(kind="undone", place_id=place.id, place=place.name, role=row["role"])


def _still_ended(
    connection: Connection, values: dict[str, Any], rows: Sequence[dict[str, Any]], moment: datetime
) -> set[int]:
    """Assignments that the change ended at this very moment: they go on as if nothing had been."""
    ids = [row["before_id"] for row in rows if row["before_revision"] is not None]
    return {row["id"] for row in connection.execute(ENDED, values | {"ids": ids, "at": moment})}


def _back(standing: Standing, number: int, row: dict[str, Any], moment: datetime, ended: set[int]) -> Effect | Conflict:
    spot = (row["place_id"], row["role"], row["unit"])
    there = [one for one in standing.holdings.get(spot, ()) if _concerns(one, row)]
    now = next((one for one in there if one.is_now), None)
    later = next((one for one in there if not one.is_now), None)
    if not _is_as_left(now, row):
        return conflict_with(standing, spot, now or later)
    until = row["before_until"]
    if later is not None and row["before_id"] and (until is None or (later.since is not None and later.since < until)):
        return conflict_with(standing, spot, later, kind="later")
    person = row["before_person_id"] if until is None or until > moment else None
    step = Step(number=number, spot=spot, is_primary=row["is_primary"], before=now, person_id=person)
    reopens = row["before_id"] if person is not None and row["before_id"] in ended else None
    return Effect(step=step, until=until, reopens=reopens)


def _concerns(one: Holding, row: dict[str, Any]) -> bool:
    if one.is_primary is not row["is_primary"]:
        return False
    return one.is_primary or one.person_id in (row["before_person_id"], row["after_person_id"])


def _is_as_left(now: Holding | None, row: dict[str, Any]) -> bool:
    if row["after_id"] is None:
        return now is None
    return now is not None and (now.id, now.revision, now.until) == (
        row["after_id"],
        row["after_revision"],
        row["after_until"],
    )

"""Writing steps down: assignments end and begin, each set in one statement, as one recorded change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.people.errors import ChangeConflict, Conflict
from gridmap.people.giving.facts import PlaceFacts
from gridmap.people.giving.moves import Holding, Spot, Standing, Step, seen_of

ACTION_OF = {"undo": "undo_assignments", "hand_over": "hand_over"}
"""How the audit calls a change of this kind."""
COMMON = ("community_id", "grid_id", "micro_grid_id", "estate_id")


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What is recorded of a change beside its moves. `at` is the business time from which it holds."""

    kind: str
    at: datetime
    why: str | None = None
    undoes_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Begun:
    """An assignment that began, or was given back its end; `revision` as it stands now."""

    id: int
    spot: Spot
    person_id: int
    revision: int

    @property
    def seen(self) -> int:
        """As `Holding.seen`."""
        return seen_of(self.id, self.revision)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A change that was written: its id, what began, and how many moves it holds of each kind."""

    change_id: int
    begun: tuple[Begun, ...]
    counts: dict[str, int]
    seen: int | None = None
    """Number of the change in the feed."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A step with what it does to rows: `until` is the end of what begins; `reopens` gives `before` its end back."""

    step: Step
    until: datetime | None = None
    reopens: int | None = None
    """Id of an assignment that goes on as if it had not ended, instead of a new one."""


END = """
UPDATE gridmap.assignment a
SET valid = tstzrange(lower(a.valid), %(at)s), revision = a.revision + 1, changed_at = %(now)s, changed_by = %(by)s
WHERE a.street_id = %(street)s AND a.id = ANY (%(ids)s) AND lower(a.valid) < %(at)s
RETURNING a.id, a.revision
"""
TAKE_BACK = """
DELETE FROM gridmap.assignment a WHERE a.street_id = %(street)s AND a.id = ANY (%(ids)s) AND lower(a.valid) >= %(at)s
"""
REOPEN = """
UPDATE gridmap.assignment a
SET valid = tstzrange(lower(a.valid), w.until), revision = a.revision + 1, changed_at = %(now)s, changed_by = %(by)s
FROM unnest(%(ids)s::bigint[], %(untils)s::timestamptz[]) AS w (id, until)
WHERE a.street_id = %(street)s AND a.id = w.id
RETURNING a.id, a.place_id, a.role, a.unit, a.is_primary, a.person_id, a.revision
"""
BEGIN = """
INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, unit, is_primary, valid, community_id,
  grid_id, micro_grid_id, estate_id, changed_at, changed_by)
SELECT p.street_id, p.street_id * 4294967296 + nextval('gridmap.serial'), w.person_id, p.id, w.role, w.unit,
  w.is_primary, tstzrange(%(at)s, w.until), p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, %(now)s, %(by)s
FROM unnest(%(places)s::bigint[], %(roles)s::text[], %(units)s::text[], %(primaries)s::boolean[], %(people)s::bigint[],
  %(untils)s::timestamptz[]) AS w (place_id, role, unit, is_primary, person_id, until)
JOIN gridmap.place p ON p.street_id = %(street)s AND p.id = w.place_id
RETURNING id, place_id, role, unit, is_primary, person_id, revision
"""
CHANGE = """
INSERT INTO gridmap.assignment_change (street_id, id, kind, why, starts_at, business_at, account_id, places, undoes_id,
  community_id, grid_id, micro_grid_id, estate_id)
VALUES (%(street)s, %(street)s * 4294967296 + nextval('gridmap.serial'), %(kind)s, %(why)s, %(at)s, %(now)s, %(by)s,
  %(places)s, %(undoes)s, %(community_id)s, %(grid_id)s, %(micro_grid_id)s, %(estate_id)s)
RETURNING id
"""
MOVES = """
INSERT INTO gridmap.assignment_move (street_id, change_id, number, place_id, role, unit, is_primary, before_id,
  before_person_id, before_until, before_revision, after_id, after_person_id, after_until, after_revision,
  community_id, grid_id, micro_grid_id, estate_id)
SELECT %(street)s, %(change)s, m.number, m.place_id, m.role, m.unit, m.is_primary, m.before_id, m.before_person_id,
  m.before_until, m.before_revision, m.after_id, m.after_person_id, m.after_until, m.after_revision,
  m.community_id, m.grid_id, m.micro_grid_id, m.estate_id
FROM jsonb_to_recordset(%(moves)s) AS m (number smallint, place_id bigint, role text, unit text, is_primary boolean,
  before_id bigint, before_person_id bigint, before_until timestamptz, before_revision integer, after_id bigint,
  after_person_id bigint, after_until timestamptz, after_revision integer, community_id bigint, grid_id bigint,
  micro_grid_id bigint, estate_id bigint)
"""
AUDIT = """
INSERT INTO gridmap.audit (street_id, business_at, account_id, action, subject, subject_id, before, after, why)
SELECT %(street)s, %(now)s, %(by)s, m.action, 'assignment', m.id::text, m.before, m.after, %(why)s
FROM jsonb_to_recordset(%(rows)s) AS m (action text, id bigint, before jsonb, after jsonb)
"""


def write_steps(
    connection: Connection, by: Actor, heading: Heading, effects: Sequence[Effect], standing: Standing
) -> Made:
    """Write all of it as one change; steps that change nothing are left out.

    The places are locked by the caller. Raises ChangeConflict where the database still holds another holder there.
    """
    effects = [one for one in effects if one.step.kind != "same"]
    street = effects[0].step.spot[0] >> 32
    common = {"street": street, "at": heading.at, "now": by.business_at, "by": by.account_id}
    try:
        with connection.transaction():
            left = _end(connection, common, [one.step.before for one in effects if one.step.before])
            begun = _begin(connection, common, effects)
    except psycopg.errors.ExclusionViolation:
        # an assignment that the viewer does not see holds the place
        raise ChangeConflict([_hidden(standing, effects[0].step.spot)]) from None
    change_id = _record(connection, common, heading, effects, standing)
    _record_moves(connection, common | {"change": change_id}, effects, standing, left, begun)
    _write_audits(connection, by, heading, change_id, effects, begun)
    announce(connection, street, ["assignments"])
    return Made(
        change_id=change_id,
        begun=tuple(begun[key] for key in begun),
        counts=counted(one.step for one in effects),
        seen=_seen(connection, street),
    )


def counted(steps: Iterable[Step]) -> dict[str, int]:
    """How many steps there are of each kind."""
    found = {"given": 0, "moved": 0, "ended": 0, "same": 0}
    for step in steps:
        found[step.kind] += 1
    return found


Key = tuple[int, str, str, bool, int]


def _key(row: dict[str, Any]) -> Key:
    return row["place_id"], row["role"], row["unit"], row["is_primary"], row["person_id"]


def _key_of(effect: Effect) -> Key:
    step = effect.step
    return *step.spot, step.is_primary, step.person_id or 0


def _end(connection: Connection, common: dict[str, Any], holdings: Sequence[Holding]) -> dict[int, int]:
    """Revisions of what ended; what had not begun is taken back whole and is not among them."""
    if not holdings:
        return {}
    values = common | {"ids": [one.id for one in holdings]}
    left = {row["id"]: row["revision"] for row in connection.execute(END, values)}
    connection.execute(TAKE_BACK, values)
    return left


def _begin(connection: Connection, common: dict[str, Any], effects: Sequence[Effect]) -> dict[Key, Begun]:
    again = [one for one in effects if one.reopens is not None]
    new = [one for one in effects if one.reopens is None and one.step.person_id is not None]
    rows: list[dict[str, Any]] = []
    if again:
        values = common | {"ids": [one.reopens for one in again], "untils": [one.until for one in again]}
        rows += connection.execute(REOPEN, values).fetchall()
    if new:
        values = common | {
            "places": [one.step.spot[0] for one in new],
            "roles": [one.step.spot[1] for one in new],
            "units": [one.step.spot[2] for one in new],
            "primaries": [one.step.is_primary for one in new],
            "people": [one.step.person_id for one in new],
            "untils": [one.until for one in new],
        }
        rows += connection.execute(BEGIN, values).fetchall()
    return {
        _key(row): Begun(
            id=row["id"],
            spot=(row["place_id"], row["role"], row["unit"]),
            person_id=row["person_id"],
            revision=row["revision"],
        )
        for row in rows
    }


def _record(
    connection: Connection, common: dict[str, Any], heading: Heading, effects: Sequence[Effect], standing: Standing
) -> int:
    places = [standing.places[one.step.spot[0]] for one in effects]
    values = common | {
        "kind": heading.kind,
        "why": heading.why,
        "undoes": heading.undoes_id,
        "places": len({place.id for place in places}),
        **shared_scope(places),
    }
    row = connection.execute(CHANGE, values).fetchone()
    change_id: int = (row or {})["id"]
    return change_id


def shared_scope(places: Sequence[PlaceFacts]) -> dict[str, int | None]:
    """What all of these places lie in together; None where they lie in different ones."""
    found: dict[str, int | None] = {}
    for name in COMMON:
        values = {getattr(place, name) for place in places}
        found[name] = values.pop() if len(values) == 1 else None
    return found


def _record_moves(
    connection: Connection,
    values: dict[str, Any],
    effects: Sequence[Effect],
    standing: Standing,
    left: dict[int, int],
    begun: dict[Key, Begun],
) -> None:
    rows = []
    for number, effect in enumerate(effects):
        step, place, after = effect.step, standing.places[effect.step.spot[0]], begun.get(_key_of(effect))
        before = step.before
        rows.append(
            {
                "number": number,
                "place_id": place.id,
                "role": step.spot[1],
                "unit": step.spot[2],
                "is_primary": step.is_primary,
                "before_id": before and before.id,
                "before_person_id": before and before.person_id,
                "before_until": before and before.until and before.until.isoformat(),
                "before_revision": left.get(before.id) if before else None,
                "after_id": after and after.id,
                "after_person_id": after and after.person_id,
                "after_until": after and effect.until and effect.until.isoformat(),
                "after_revision": after and after.revision,
                **{name: getattr(place, name) for name in COMMON},
            }
        )
    connection.execute(MOVES, values | {"moves": Jsonb(rows)})


def _write_audits(
    connection: Connection,
    by: Actor,
    heading: Heading,
    change_id: int,
    effects: Sequence[Effect],
    begun: dict[Key, Begun],
) -> None:
    """One row for the change, and for each assignment the row that a single command would have written."""
    street, at, rows = change_id >> 32, heading.at.isoformat(), []
    for effect in effects:
        step, after = effect.step, begun.get(_key_of(effect))
        where = {"place": step.spot[0], "role": step.spot[1]} | ({"unit": step.spot[2]} if step.spot[2] else {})
        if step.before is not None:
            before = {"person_id": step.before.person_id, "place_id": step.spot[0], "role": step.spot[1]}
            rows.append({"action": "end_assignment", "id": step.before.id, "before": before, "after": {"end": at}})
        if after is not None:
            told = {"person": after.person_id, **where, "start": at}
            rows.append({"action": "assign", "id": after.id, "before": None, "after": told})
    values = {"street": street, "now": by.business_at, "by": by.account_id, "why": heading.why, "rows": Jsonb(rows)}
    connection.execute(AUDIT, values)
    write_audit(
        connection,
        action=ACTION_OF.get(heading.kind, "change_assignments"),
        subject="assignment_change",
        subject_id=change_id,
        street_id=street,
        business_at=by.business_at,
        account_id=by.account_id,
        after=counted(one.step for one in effects) | ({"undoes": heading.undoes_id} if heading.undoes_id else {}),
        why=heading.why,
    )


def _hidden(standing: Standing, spot: Spot) -> Conflict:
    return Conflict(kind="held", place_id=spot[0], place=standing.places[spot[0]].name, role=spot[1], unit=spot[2])


def _seen(connection: Connection, street: int) -> int | None:
    row = connection.execute(
        "SELECT id FROM gridmap.change WHERE street_id = %s AND layer = 'assignments' ORDER BY id DESC LIMIT 1",
        (street,),
    ).fetchone()
    return row["id"] if row else None


def as_effects(steps: Iterable[Step]) -> list[Effect]:
    """Steps of a change that begins: whatever begins is open."""
    return [Effect(step=step) for step in steps]

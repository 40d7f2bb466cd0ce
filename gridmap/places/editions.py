"""Editions: preview, publish from a date, carry out when the date has come, undo. Each in the caller's transaction.

A preview is the publishing itself, rolled back: what it says moves is what moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.pinyin import initials
from gridmap.places.carrying import LOCK, follow, move_places, write_places
from gridmap.places.certificate import Certificate, House, Plan, certify
from gridmap.places.drafts import Draft, Drafted, may_publish, must_draw, put_places, read_draft
from gridmap.places.numbering import reading_order
from gridmap.places.shapes import ShapeProblem
from gridmap.plain import is_plain

MOST_WHY, LATEST = 200, timedelta(days=366)
LAYERS = (
    "communities", "grids", "estates", "buildings", "stairwells", "facilities", "assignments", "incidents", "slots",
    "parking", "diary", "hotline", "ebikes", "hotspots", "long_stays", "rotas", "places", "accounts", "editions",
)  # fmt: skip
READ = "SELECT * FROM gridmap.edition WHERE street_id = %s AND id = %s FOR NO KEY UPDATE"
NUMBERS = """
SELECT count(*) FILTER (WHERE kind = 'building')::integer AS buildings,
  count(*) FILTER (WHERE kind = 'stairwell')::integer AS stairwells,
  count(*) FILTER (WHERE kind = 'facility')::integer AS facilities,
  count(*) FILTER (WHERE kind NOT IN ('building', 'stairwell', 'facility', 'grid'))::integer AS others
FROM moving WHERE NOT id = ANY (%(added)s)
"""
MOVED = """
SELECT p.id, p.kind, p.code, p.name, b.counted_households AS households, m.old_grid, m.new_grid, m.old_micro,
  m.new_micro, m.old_estate, m.new_estate
FROM moving m JOIN gridmap.place p ON p.street_id = %(street)s AND p.id = m.id
LEFT JOIN gridmap.building b ON b.street_id = p.street_id AND b.place_id = p.id
WHERE p.kind <> 'grid'
ORDER BY array_position('{building,stairwell,facility}', p.kind) NULLS LAST, p.code, p.id LIMIT 500
"""
CARRIED = """
SELECT c.place_id, c.person_id, c.role, c.unit FROM carried c ORDER BY c.place_id, c.role, c.person_id LIMIT 500
"""
MADE = """
UPDATE gridmap.edition_place e SET made_revision = p.revision, code = p.code FROM gridmap.place p
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND p.street_id = e.street_id AND p.id = e.place_id
"""
USED = """
SELECT coalesce(max(right(code, 3)::integer), 0) AS used FROM gridmap.place
WHERE street_id = %s AND kind = 'grid' AND code ~ ('^' || %s || '[0-9]{3}$')
"""
BACKWARDS = """
SELECT place_id, made_revision FROM gridmap.edition_place WHERE street_id = %s AND edition_id = %s
"""
REVERSED = """
INSERT INTO gridmap.edition_place (street_id, edition_id, place_id, action, kind, code, name, details, formers, was,
  was_geom, seen_revision, geom, community_id)
SELECT e.street_id, %(reverse)s, e.place_id, CASE e.action WHEN 'add' THEN 'end' ELSE 'change' END, e.kind,
  coalesce(e.was ->> 'code', e.code), coalesce(e.was ->> 'name', e.name), coalesce(e.was -> 'details', e.details),
  CASE WHEN e.action = 'end' OR e.action = 'change' THEN ARRAY(
    SELECT x.place_id FROM gridmap.edition_place x WHERE x.street_id = e.street_id AND x.edition_id = e.edition_id
      AND x.action = 'add' AND e.place_id = ANY (x.formers) ORDER BY x.place_id) ELSE '{}' END,
  jsonb_build_object('code', e.code, 'name', e.name, 'details', e.details), e.geom, e.made_revision,
  CASE e.action WHEN 'add' THEN NULL ELSE e.was_geom END, e.community_id
FROM gridmap.edition_place e WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s
"""
REVERSE = """
INSERT INTO gridmap.edition (street_id, id, community_id, state, steps, starts_on, why, published_at, published_by,
  changed_at, changed_by)
VALUES (%(street)s, %(street)s::bigint * 4294967296 + nextval('gridmap.serial'), %(community)s, 'published', %(steps)s,
  %(today)s, %(why)s, %(now)s, %(account)s, %(now)s, %(account)s) RETURNING id
"""


SETTLE = """
UPDATE gridmap.edition SET state = %(state)s, why = coalesce(%(why)s, why), certificate = %(certificate)s,
  starts_on = coalesce(%(starts_on)s, starts_on), moved = %(moved)s, published_at = coalesce(published_at, %(now)s),
  published_by = coalesce(published_by, %(account)s), revision = revision + 1, changed_at = %(now)s,
  changed_by = %(account)s, steps = (
    SELECT coalesce(jsonb_agg(CASE WHEN %(state)s = 'published' THEN s.step - 'rows' - 'places' ELSE s.step END
      ORDER BY s.turn), '[]')
    FROM jsonb_array_elements(steps) WITH ORDINALITY s (step, turn) WHERE NOT s.step ? 'is_back')
WHERE street_id = %(street)s AND id = %(edition)s
"""
"""What was taken back is forgotten; once it holds, its steps are words alone."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an edition does: its certificate, numbers of what follows, what moves (rows) and who (assignments)."""

    certificate: Certificate
    numbers: Mapping[str, int] = field(default_factory=dict)
    moved: Sequence[Mapping[str, Any]] = ()
    carried: Sequence[Mapping[str, Any]] = ()


class _Undo(Exception):
    """Rolls a preview back."""


def preview(connection: Connection, by: Actor, edition_id: int) -> Outcome:
    """What publishing the draft today would do; nothing of it stays. Raises LookupError, ShapeProblem."""
    found: list[Outcome] = []
    draft = _draft(connection, edition_id)
    must_draw(connection, by, draft.community)
    try:
        with connection.transaction():
            found.append(_carry_out(connection, by, draft, _today(by)))
            raise _Undo
    except _Undo:
        return found[0]


def publish(
    connection: Connection, by: Actor, edition_id: int, why: str, starts_on: date, *, revision: int
) -> Outcome | None:
    """Let the draft hold from that day: today at once, later when the day has come (then None comes back).

    Raises LookupError; ShapeProblem with "not_yours", "why", "date", "changed", "empty", or "faulty" where the
    certificate does not hold.
    """
    row, draft = _read(connection, edition_id), _draft(connection, edition_id)
    if not may_publish(connection, by, draft.community):
        raise ShapeProblem("not_yours")
    why, today = _reason(why), _today(by)
    if not today <= starts_on <= today + LATEST:
        raise ShapeProblem("date")
    if row["state"] != "draft" or row["revision"] != revision:
        raise ShapeProblem("changed")
    if starts_on > today:
        outcome = preview(connection, by, edition_id)
        _must_hold(outcome.certificate)
        _state(connection, by, draft, "waiting", why=why, starts_on=starts_on, outcome=outcome)
        _record(connection, by, draft, "plan_edition", why, {"starts_on": starts_on.isoformat()})
        return None
    outcome = _carry_out(connection, by, draft, today)
    _must_hold(outcome.certificate)
    _state(connection, by, draft, "published", why=why, starts_on=today, outcome=outcome)
    _record(connection, by, draft, "publish_edition", why, {"starts_on": today.isoformat(), **outcome.numbers})
    return outcome


def carry_out_waiting(connection: Connection, by: Actor) -> int:
    """Publish what waits for today or earlier days; one that no longer fits becomes a draft again, and says so."""
    rows = connection.execute(
        "SELECT id FROM gridmap.edition WHERE state = 'waiting' AND starts_on <= %s ORDER BY id",
        (_today(by),),
    ).fetchall()
    done = 0
    for row in rows:
        draft = _draft(connection, row["id"])
        try:
            with connection.transaction():
                outcome = _carry_out(connection, by, draft, _today(by))
                _must_hold(outcome.certificate)
                _state(connection, by, draft, "published", outcome=outcome)
                _record(connection, by, draft, "publish_edition", None, dict(outcome.numbers))
                done += 1
        except ShapeProblem as problem:
            _recall(connection, by, draft, {"what": "returned", "reason": problem.reason})
    return done


def undo_edition(connection: Connection, by: Actor, edition_id: int, why: str, *, revision: int) -> int:
    """Undo a published edition from today: former places stand again, what it added ends; gives the edition that does.

    One that waits is a draft again. Raises LookupError; ShapeProblem("not_yours" | "why" | "changed"), the last with
    the names of the places that somebody has changed since.
    """
    row, draft = _read(connection, edition_id), _draft(connection, edition_id)
    if not may_publish(connection, by, draft.community):
        raise ShapeProblem("not_yours")
    why = _reason(why)
    if row["revision"] != revision or row["state"] not in ("waiting", "published"):
        raise ShapeProblem("changed")
    if row["steps"][0]["what"] == "undo":
        raise ShapeProblem("undo_of_undo")
    if row["state"] == "waiting":
        _recall(connection, by, draft, {"what": "recalled", "why": why})
        return edition_id
    values = _values(by, draft, _today(by)) | {"why": why, "steps": Jsonb([{"what": "undo", "edition": edition_id}])}
    made = connection.execute(REVERSE, values).fetchone() or {}
    connection.execute(REVERSED, values | {"reverse": made["id"]})
    if row["starts_on"] >= _today(by):
        # it has held on no day: nothing came out of anything
        connection.execute(
            "DELETE FROM gridmap.lineage WHERE street_id = %s AND edition_id = %s", (row["street_id"], edition_id)
        )
    back = _draft(connection, made["id"])
    outcome = _carry_out(connection, by, back, _today(by), undoes=(draft, row["changed_at"]))
    if row["starts_on"] >= _today(by):
        connection.execute(
            "DELETE FROM gridmap.lineage WHERE street_id = %s AND edition_id = %s", (row["street_id"], back.id)
        )
    _state(connection, by, back, "published", outcome=outcome)
    connection.execute(
        "UPDATE gridmap.edition SET state = 'undone', undone_at = %s, undone_by = %s, undone_why = %s,"
        " revision = revision + 1, changed_at = %s, changed_by = %s WHERE street_id = %s AND id = %s",
        (by.business_at, by.account_id, why, by.business_at, by.account_id, row["street_id"], edition_id),
    )
    _record(connection, by, draft, "undo_edition", why, {"by": back.id, **outcome.numbers})
    return back.id


def check_now(draft: Draft) -> Certificate:
    """The certificate of the register as it stands, whatever is drawn."""
    before = _plan_before(draft)
    return certify(before, before, draft.community.shape, _houses(draft, as_drawn=False))


def certificate_of(draft: Draft) -> Certificate:
    """The certificate of the draft against what holds."""
    grids = {one.id: one for one in draft.standing("grid").values() if one.shape is not None}
    plan = _plan({key: (one, one.shape) for key, one in grids.items()})
    return certify(_plan_before(draft), plan, draft.community.shape, _houses(draft, as_drawn=True))


def _plan_before(draft: Draft) -> Plan:
    grids = [one for one in draft.places.values() if one.kind == "grid" and one.action != "add"]
    return _plan({one.id: (one, one.shape if one.action == "none" else one.was_shape) for one in grids})


def _plan(grids: Mapping[int, tuple[Drafted, BaseGeometry | None]]) -> Plan:
    shaped = {key: (one, shape) for key, (one, shape) in grids.items() if shape is not None}
    return Plan(
        names={key: one.name for key, (one, _shape) in shaped.items()},
        shapes={key: shape for key, (one, shape) in shaped.items() if one.is_tile},
        micro={key: shape for key, (one, shape) in shaped.items() if not one.is_tile},
    )


def _houses(draft: Draft, *, as_drawn: bool) -> list[House]:
    found = []
    for one in sorted(draft.places.values(), key=lambda one: one.id):
        shape = one.shape if as_drawn or one.action == "none" else one.was_shape
        if one.kind == "building" and shape is not None:
            found.append(House(name=one.name or one.code or "", at=shape.representative_point(), outline=shape))
    return found


def _carry_out(
    connection: Connection, by: Actor, draft: Draft, today: date, undoes: tuple[Draft, datetime] | None = None
) -> Outcome:
    """Carry it out; `undoes`: the edition that it undoes, and when that was published."""
    values = _values(by, draft, today) | {"undoes": None, "heirs": []}
    if undoes is not None:
        values |= {"undoes": undoes[1], "heirs": [one.id for one in undoes[0].places.values() if one.formers]}
    if not values["ids"]:
        raise ShapeProblem("empty")
    _must_stand(connection, draft, values)
    draft = _numbered(connection, draft)
    write_places(connection, values)
    move_places(connection, values)
    numbers = connection.execute(NUMBERS, values).fetchone() or {}
    carried = connection.execute(CARRIED).fetchall()
    moved = connection.execute(MOVED, values).fetchall()
    numbers = {**numbers, "people": len({row["person_id"] for row in carried}), **follow(connection, values)}
    connection.execute(MADE, values)
    return Outcome(certificate=certificate_of(draft), numbers=numbers, moved=moved, carried=carried)


def _must_stand(connection: Connection, draft: Draft, values: Mapping[str, Any]) -> None:
    """Raises ShapeProblem("changed") with the names of places that are no longer what was drawn upon."""
    found = {row["id"]: row["revision"] for row in connection.execute(LOCK, values).fetchall()}
    changed = [
        one.name
        for one in draft.places.values()
        if one.action in ("change", "end") and found.get(one.id) != one.revision
    ]
    if changed:
        raise ShapeProblem("changed", names=sorted(changed))


def _numbered(connection: Connection, draft: Draft) -> Draft:
    """Give the next codes of the community to new grids without one, west to east and north to south."""
    new = [one for one in draft.tiles().values() if one.action == "add" and one.code is None]
    if not new:
        return draft
    row = connection.execute(USED, (draft.community.street_id, draft.community.code)).fetchone() or {}
    used = max(
        [int(row["used"])]
        + [int(one.code[-3:]) for one in draft.tiles().values() if one.code and one.code[-3:].isdigit()]
    )
    if used + len(new) > 999:
        raise ShapeProblem("no_code")
    order = reading_order([one.shape for one in new if one.shape is not None])
    coded = [
        replace(new[at], code=f"{draft.community.code}{used + turn:03d}") for turn, at in enumerate(order, start=1)
    ]
    put_places(connection, draft, coded)
    return replace(draft, places={**draft.places, **{one.id: one for one in coded}})


def _values(by: Actor, draft: Draft, today: date) -> dict[str, Any]:
    touched = {key: one for key, one in draft.places.items() if one.action != "none"}
    named = {key: one.name for key, one in touched.items() if one.action != "end"}
    return {
        "named": list(named),
        "initials": [initials(name) or None for name in named.values()],
        "street": draft.community.street_id,
        "community": draft.community.id,
        "edition": draft.id,
        "ids": sorted(touched),
        "ended": sorted(key for key, one in touched.items() if one.action == "end"),
        "added": sorted(key for key, one in touched.items() if one.action == "add"),
        "today": today,
        "now": by.business_at,
        "account": by.account_id,
    }


def _read(connection: Connection, edition_id: int) -> dict[str, Any]:
    row = connection.execute(READ, (edition_id >> 32, edition_id)).fetchone()
    if row is None:
        raise LookupError(edition_id)
    return row


def _draft(connection: Connection, edition_id: int) -> Draft:
    row = connection.execute(
        "SELECT community_id FROM gridmap.edition WHERE street_id = %s AND id = %s", (edition_id >> 32, edition_id)
    ).fetchone()
    if row is None:
        raise LookupError(edition_id)
    return read_draft(connection, row["community_id"], edition_id)


def _must_hold(certificate: Certificate) -> None:
    if not certificate.holds:
        raise ShapeProblem("faulty", count=len(certificate.new_faults))


def _state(
    connection: Connection,
    by: Actor,
    draft: Draft,
    state: str,
    *,
    outcome: Outcome,
    why: str | None = None,
    starts_on: date | None = None,
) -> None:
    values: dict[str, Any] = {"state": state, "why": why, "starts_on": starts_on, "moved": Jsonb(dict(outcome.numbers))}
    values |= {"certificate": Jsonb(outcome.certificate.as_json()), "now": by.business_at, "account": by.account_id}
    connection.execute(SETTLE, values | {"street": draft.community.street_id, "edition": draft.id})


def _recall(connection: Connection, by: Actor, draft: Draft, step: Mapping[str, Any]) -> None:
    """One that waits is a draft again; where another draft has been begun meanwhile, it is dropped and that stays."""
    other = connection.execute(
        "SELECT FROM gridmap.edition WHERE street_id = %s AND community_id = %s AND state = 'draft'",
        (draft.community.street_id, draft.community.id),
    ).fetchone()
    connection.execute(
        "UPDATE gridmap.edition SET state = %s, steps = steps || %s, published_at = NULL, published_by = NULL,"
        " revision = revision + 1, changed_at = %s, changed_by = %s WHERE street_id = %s AND id = %s",
        ("draft" if other is None else "dropped", Jsonb([dict(step)]), by.business_at, by.account_id,
         draft.community.street_id, draft.id),
    )  # fmt: skip
    _record(connection, by, draft, "recall_edition", None, step)


def _record(
    connection: Connection, by: Actor, draft: Draft, action: str, why: str | None, after: Mapping[str, Any]
) -> None:
    touched = [one for one in draft.places.values() if one.action != "none"]
    write_audit(
        connection,
        action=action,
        subject="edition",
        subject_id=draft.id,
        street_id=draft.community.street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        before={str(one.id): dict(one.was) for one in touched if one.was is not None},
        after={**after, "places": {str(one.id): [one.action, one.name] for one in touched}},
        why=why,
    )
    announce(connection, draft.community.street_id, LAYERS)


def _reason(why: str) -> str:
    why = why.strip()
    if not why or len(why) > MOST_WHY or not is_plain(why):
        raise ShapeProblem("why", most=MOST_WHY)
    return why


def _today(by: Actor) -> date:
    return by.business_at.astimezone(OFFICE).date()

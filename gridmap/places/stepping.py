"""Steps of a draft: noted with what they changed, taken back and taken again; an undone edition drawn anew.

A step that was taken holds the rows of the draft as they were before it; one that was taken back, as they were after.
"""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.places.drafts import Draft, open_draft, read_draft
from gridmap.places.shapes import ShapeProblem

LAYER = "editions"
KEPT = ("places", "rows", "is_back")
"""What a step holds beside its words."""
Rows = dict[int, dict[str, Any]]
ROWS = """
SELECT e.place_id, to_jsonb(e) || jsonb_build_object('geom', e.geom::text, 'was_geom', e.was_geom::text) AS row
FROM gridmap.edition_place e WHERE e.street_id = %s AND e.edition_id = %s
"""
FORGET = "DELETE FROM gridmap.edition_place WHERE street_id = %s AND edition_id = %s AND place_id = ANY (%s::bigint[])"
BRING = """
INSERT INTO gridmap.edition_place SELECT r.* FROM jsonb_populate_recordset(NULL::gridmap.edition_place, %s) r
"""
UNDONE = """
SELECT * FROM gridmap.edition WHERE street_id = %s AND id = %s AND state = 'undone' AND steps -> 0 ->> 'what' <> 'undo'
"""
CHANGED = """
SELECT e.name FROM gridmap.edition_place e
LEFT JOIN gridmap.place p ON p.street_id = e.street_id AND p.id = e.place_id AND upper_inf(p.valid)
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action <> 'add' AND (
  p.id IS NULL OR p.name <> e.was ->> 'name' OR p.code IS DISTINCT FROM e.was ->> 'code'
  OR p.geom IS DISTINCT FROM e.was_geom)
ORDER BY 1
"""
AGAIN = """
WITH anew AS MATERIALIZED (
  SELECT e.place_id, %(street)s::bigint * 4294967296 + nextval('gridmap.serial') AS id FROM gridmap.edition_place e
  WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action = 'add'
)
INSERT INTO gridmap.edition_place (street_id, edition_id, place_id, action, kind, code, name, details, formers, was,
  was_geom, seen_revision, geom, community_id)
SELECT e.street_id, %(draft)s, coalesce(n.id, e.place_id), e.action, e.kind, CASE WHEN n.id IS NULL THEN e.code END,
  e.name, CASE WHEN b.id IS NULL THEN e.details ELSE e.details || jsonb_build_object('parent_id', b.id) END, e.formers,
  e.was, e.was_geom, p.revision, e.geom, e.community_id
FROM gridmap.edition_place e
LEFT JOIN anew n ON n.place_id = e.place_id
LEFT JOIN anew b ON b.place_id = (e.details ->> 'parent_id')::bigint
LEFT JOIN gridmap.place p ON p.street_id = e.street_id AND p.id = e.place_id AND e.action <> 'add'
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s
"""
"""What it had added has ended and keeps its code and its days: it comes again under another id, with the next code."""


def read_rows(connection: Connection, draft: Draft) -> Rows:
    """What the draft makes of places, by their id, as it can be brought back."""
    found = connection.execute(ROWS, (draft.community.street_id, draft.id)).fetchall()
    return {row["place_id"]: row["row"] for row in found}


def note_step(
    connection: Connection, by: Actor, draft: Draft, step: Mapping[str, Any], before: Rows, state: str = "draft"
) -> None:
    """Write a step down, with the rows that it changed as they were; what was taken back cannot come again."""
    after = read_rows(connection, draft)
    changed = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
    rows = [before[key] for key in changed if key in before]
    _write(connection, by, draft, [*draft.done, {**step, "places": changed, "rows": rows}], step, state)


def take_back(connection: Connection, by: Actor, community_id: int, *, revision: int) -> None:
    """Take the last step of the draft back. Raises LookupError, ShapeProblem("no_step"), and as `draw_step`."""
    draft = open_draft(connection, by, community_id, revision=revision)
    if draft.last is None:
        raise ShapeProblem("no_step")
    _turn(connection, by, draft, draft.last)


def take_again(connection: Connection, by: Actor, community_id: int, *, revision: int) -> None:
    """Take the step again that was taken back last. Raises as `take_back`."""
    draft = open_draft(connection, by, community_id, revision=revision)
    if not draft.undone:
        raise ShapeProblem("no_step")
    _turn(connection, by, draft, draft.undone[0])


def draw_again(connection: Connection, by: Actor, edition_id: int) -> int:
    """Begin a draft with all that an undone edition had made; gives the id of the draft.

    Raises LookupError; ShapeProblem("has_draft") where another is being drawn, "changed" with the names of places that
    are not as they were when it was drawn, and as `draw_step`.
    """
    row = connection.execute(UNDONE, (edition_id >> 32, edition_id)).fetchone()
    if row is None:
        raise LookupError(edition_id)
    other = read_draft(connection, row["community_id"])
    if other.done:
        raise ShapeProblem("has_draft")
    draft = open_draft(connection, by, row["community_id"], revision=other.revision)
    values = {"street": row["street_id"], "edition": edition_id, "draft": draft.id}
    changed = [found["name"] for found in connection.execute(CHANGED, values).fetchall()]
    if changed:
        raise ShapeProblem("changed", names=changed)
    connection.execute(AGAIN, values)
    note_step(connection, by, draft, {"what": "again", "edition": edition_id}, {})
    return draft.id


def _turn(connection: Connection, by: Actor, draft: Draft, step: dict[str, Any]) -> None:
    """Exchange the rows of a step with those that it holds; it stands between what is done and what was taken back."""
    now = read_rows(connection, draft)
    connection.execute(FORGET, (draft.community.street_id, draft.id, step["places"]))
    connection.execute(BRING, (Jsonb(step["rows"]),))
    told = {name: value for name, value in step.items() if name not in KEPT}
    turned = {**told, "places": step["places"], "rows": [now[key] for key in step["places"] if key in now]}
    is_back = step in draft.undone
    steps = [
        *(one for one in draft.done if one is not step),
        turned if is_back else {**turned, "is_back": True},
        *(one for one in draft.undone if one is not step),
    ]
    _write(connection, by, draft, steps, {"what": "forth" if is_back else "back", "step": told}, "draft")


def _write(
    connection: Connection, by: Actor, draft: Draft, steps: list[dict[str, Any]], told: Mapping[str, Any], state: str
) -> None:
    connection.execute(
        "UPDATE gridmap.edition SET steps = %s, state = %s, revision = revision + 1, changed_at = %s,"
        " changed_by = %s WHERE street_id = %s AND id = %s",
        (Jsonb(steps), state, by.business_at, by.account_id, draft.community.street_id, draft.id),
    )
    write_audit(
        connection,
        action=f"draft_{told['what']}",
        subject="edition",
        subject_id=draft.id,
        street_id=draft.community.street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        after=dict(told),
    )
    announce(connection, draft.community.street_id, [LAYER])

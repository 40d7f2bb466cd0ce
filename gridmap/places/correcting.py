"""Particulars of many places corrected at once: names, addresses, storeys, states; never where they lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.pinyin import initials
from gridmap.read.sheets.rows import DETAILS

LAYERS = {"estate": "estates", "building": "buildings", "facility": "facilities"}
REVISIONS = """
SELECT id, revision FROM gridmap.place
WHERE street_id = %(street)s AND kind = %(kind)s AND id = ANY (%(ids)s) AND upper_inf(valid)
ORDER BY id FOR NO KEY UPDATE
"""
CORRECT = """
UPDATE gridmap.place p SET name = CASE WHEN n.said ? 'name' THEN n.said ->> 'name' ELSE p.name END,
  initials = CASE WHEN n.said ? 'initials' THEN n.said ->> 'initials' ELSE p.initials END,
  aliases = CASE WHEN n.said ? 'aliases'
    THEN ARRAY(SELECT jsonb_array_elements_text(n.said -> 'aliases')) ELSE p.aliases END,
  address = CASE WHEN n.said ? 'address' THEN n.said ->> 'address' ELSE p.address END,
  revision = p.revision + 1, changed_at = %(at)s, changed_by = %(by)s,
  import_run_id = coalesce(%(run)s::bigint, p.import_run_id)
FROM jsonb_to_recordset(%(rows)s) AS n(id bigint, said jsonb)
WHERE p.street_id = %(street)s AND p.id = n.id
"""
PARTICULAR = """
UPDATE gridmap.{table} d SET {sets}
FROM jsonb_to_recordset(%(rows)s) AS n(id bigint, said jsonb)
WHERE d.street_id = %(street)s AND d.place_id = n.id
"""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What is to be said of one place, by column; `before`: what was said, for the audit."""

    place_id: int
    revision: int
    values: Mapping[str, Any]
    before: Mapping[str, Any]


class CorrectedMeanwhile(Exception):
    """Some of the places are not at the revision that was seen, or not there: nothing was written. `ids` are theirs."""

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__(*ids)
        self.ids = tuple(ids)


def correct_places(
    connection: Connection,
    by: Actor,
    street_id: int,
    kind: str,
    corrections: Sequence[Correction],
    *,
    run: int | None = None,
) -> None:
    """Say something else of these places of one kind ("estate", "building", "facility"), all of them or none.

    Each gets a new revision and an audit row of what was and what is. Raises CorrectedMeanwhile.
    """
    ids = [one.place_id for one in corrections]
    found = connection.execute(REVISIONS, {"street": street_id, "kind": kind, "ids": ids}).fetchall()
    now = {row["id"]: row["revision"] for row in found}
    late = [one.place_id for one in corrections if now.get(one.place_id) != one.revision]
    if late:
        raise CorrectedMeanwhile(late)
    rows = [{"id": one.place_id, "said": _said(one.values)} for one in corrections]
    values = {"street": street_id, "rows": Jsonb(rows), "at": by.business_at, "by": by.account_id, "run": run}
    connection.execute(CORRECT, values)
    connection.execute(_particular(kind), values)
    for one in corrections:
        write_audit(
            connection,
            action="change_place",
            subject="place",
            subject_id=one.place_id,
            street_id=street_id,
            business_at=by.business_at,
            account_id=by.account_id,
            before={name: _plain(one.before.get(name)) for name in one.values},
            after={name: _plain(value) for name, value in one.values.items()} | ({"import_run": run} if run else {}),
        )
    if corrections:
        announce(connection, street_id, [LAYERS[kind]])


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: _plain(value) for name, value in values.items()}
    if "name" in told:
        told["initials"] = initials(told["name"]) or None
    return told


def _plain(value: Any) -> Any:
    """The value as JSON holds it."""
    return value if value is None or isinstance(value, str | int | float | list) else str(value)


def _particular(kind: str) -> sql.Composed:
    """The UPDATE of the table beside `place`: what a row does not speak of stays as it is."""
    sets = [
        sql.SQL("{name} = CASE WHEN n.said ? {key} THEN (n.said ->> {key})::{type} ELSE d.{name} END").format(
            name=sql.Identifier(name), key=sql.Literal(name), type=sql.SQL(word)
        )
        for name, word in DETAILS[kind].items()
    ]
    return sql.SQL(PARTICULAR).format(table=sql.Identifier(kind), sets=sql.SQL(", ").join(sets))

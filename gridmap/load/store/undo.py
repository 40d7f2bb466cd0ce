"""Taking a run back: rows that it made go, rows that it changed are as they were; what was touched later stays.

Rows are never overwritten: one that has another revision than the run left it with, and one that something else has
come to rest on, is left and listed. History keeps what was true in the meantime; the audit keeps who did what.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import Table

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.incidents import own_incidents
from gridmap.load.store.before import KINDS_KEPT, RELATIONS, columns_of
from gridmap.load.store.owners import write_history
from gridmap.load.store.stage import WORDS
from gridmap.tables import SCHEMA, metadata

LEFT_SHOWN = 500
NAMED = {
    "place": (("account_grant", "target_id"), ("person", "grid_id")),
    "community": (("account_grant", "target_id"), ("person", "community_id")),
}
"""What names a place or a community without a foreign key, and would speak of nothing."""


LOCK = """
SELECT FROM gridmap.place p WHERE p.street_id = %(street)s AND p.id IN (
  SELECT row_id FROM gridmap.import_row WHERE street_id = %(street)s AND run_id = %(run)s AND relation = 'place')
ORDER BY p.id FOR UPDATE
"""
GOING = """
CREATE TEMPORARY TABLE going ON COMMIT DROP AS
SELECT k.relation, k.row_id AS id, k.before IS NULL AS is_new, k.revision,
  CASE WHEN k.now IS NULL THEN 'gone' WHEN k.now <> k.revision THEN 'changed' END AS kept_for
FROM (
  SELECT i.*, CASE i.relation
    WHEN 'place' THEN (SELECT p.revision FROM gridmap.place p WHERE (p.street_id, p.id) = (i.street_id, i.row_id))
    WHEN 'community' THEN
      (SELECT c.revision FROM gridmap.community c WHERE (c.street_id, c.id) = (i.street_id, i.row_id))
    ELSE (SELECT b.revision FROM gridmap.basemap b WHERE (b.street_id, b.id) = (i.street_id, i.row_id)) END AS now
  FROM gridmap.import_row i WHERE i.street_id = %(street)s AND i.run_id = %(run)s OFFSET 0
) k
"""
"""By key, row by row: nothing is known of the size of what was written a moment ago, and a join may go wrong."""
USED = """
UPDATE going g SET kept_for = 'used'
WHERE g.relation = {relation} AND g.is_new AND g.kept_for IS NULL AND EXISTS (
  SELECT FROM {table} t WHERE t.street_id = %(street)s AND t.{column} = g.id {but})
"""
BUT_PLACES = """
AND t.id <> g.id AND NOT EXISTS (
  SELECT FROM going o WHERE o.relation = 'place' AND o.id = t.id AND o.kept_for IS NULL)
"""
"""A place that goes too, or gets its former owner back, holds nothing."""
LEFT = """
SELECT g.kept_for, g.is_new, g.relation, g.id, coalesce(p.code, c.code, '') AS code,
  coalesce(nullif(p.name, ''), c.name, b.name, '') AS name, p.kind
FROM going g
LEFT JOIN gridmap.place p ON g.relation = 'place' AND (p.street_id, p.id) = (%(street)s, g.id)
LEFT JOIN gridmap.community c ON g.relation = 'community' AND (c.street_id, c.id) = (%(street)s, g.id)
LEFT JOIN gridmap.basemap b ON g.relation = 'basemap' AND (b.street_id, b.id) = (%(street)s, g.id)
WHERE g.kept_for IN ('changed', 'used') ORDER BY g.kept_for, code, g.id LIMIT %(limit)s
"""
RESTORE = """
UPDATE {table} r SET ({names}, geom) = (SELECT {values}, k.geom FROM jsonb_populate_record(NULL::{table}, k.before) b)
FROM gridmap.import_row k, going g
WHERE (k.street_id, k.run_id, k.relation) = (%(street)s, %(run)s, {relation}) AND g.id = k.row_id
  AND g.relation = k.relation AND NOT g.is_new AND g.kept_for IS NULL AND (r.street_id, r.id) = (%(street)s, g.id)
"""
RESTORE_BESIDE = """
UPDATE {table} r SET ({names}) = (SELECT {values} FROM jsonb_populate_record(NULL::{table}, k.beside) b)
FROM gridmap.import_row k, going g
WHERE (k.street_id, k.run_id, k.relation) = (%(street)s, %(run)s, 'place') AND g.id = k.row_id
  AND g.relation = 'place' AND NOT g.is_new AND g.kept_for IS NULL AND k.beside IS NOT NULL
  AND (r.street_id, r.place_id) = (%(street)s, g.id)
"""
REBASE = """
UPDATE gridmap.import_row e SET revision = g.revision + 1
FROM gridmap.import_row k JOIN going g ON (g.relation, g.id) = (k.relation, k.row_id)
WHERE (k.street_id, k.run_id) = (%(street)s, %(run)s) AND NOT g.is_new AND g.kept_for IS NULL
  AND (e.street_id, e.relation, e.row_id) = (k.street_id, k.relation, k.row_id) AND e.run_id <> k.run_id
  AND e.revision = (k.before ->> 'revision')::integer
"""
"""A row is again as an earlier run left it: that one can be taken back, too."""
SETTLED = """
CREATE TEMPORARY TABLE settled ON COMMIT DROP AS
SELECT id FROM going WHERE relation = 'place' AND NOT is_new AND kept_for IS NULL
"""
WAITING = """
UPDATE gridmap.unplaced u SET place_id = NULL, decided_at = NULL, decided_by = NULL, why = NULL,
  state = CASE WHEN u.run_id = %(run)s THEN 'withdrawn' ELSE 'waiting' END
WHERE u.street_id = %(street)s AND (u.run_id = %(run)s AND u.state IN ('waiting', 'placed') AND NOT EXISTS (
    SELECT FROM going g WHERE g.id = u.place_id AND g.relation = 'place' AND g.kept_for IS NOT NULL)
  OR u.place_id IN (SELECT id FROM going WHERE relation = 'place' AND is_new AND kept_for IS NULL))
"""
COMPANIES = """
DELETE FROM gridmap.organisation o WHERE o.import_run_id = %(run)s AND o.street_id = %(street)s
"""


class UndoProblem(Exception):
    """The run cannot be taken back: `reason` is unknown, kind, undone or touched."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Undo:
    """What taking back does or would do: rows that go, rows that are as before, rows that stay with why and name."""

    removed: int
    restored: int
    left: int
    rows: tuple[dict[str, Any], ...]
    """The first of those that stay: kept_for (`changed` or `used`), is_new, relation, id, code, name."""


def foresee_undo(connection: Connection, run_id: int) -> Undo:
    """What taking the run back would do; writes nothing. Raises UndoProblem. As SYSTEM."""
    run = _run(connection, run_id)
    _find(connection, run["street_id"], run_id)
    return _told(connection, run["street_id"])


def undo_run(connection: Connection, by: Actor, run_id: int, *, leave: bool = False) -> Undo:
    """Take the run back. Raises UndoProblem, `touched` where rows would have to stay and `leave` does not allow it.

    As SYSTEM, because what rests on a row may be hidden from whoever asks; may they, the caller has found out.
    """
    connection.execute("SET LOCAL statement_timeout = 0")
    run = _run(connection, run_id)
    street_id = run["street_id"]
    _find(connection, street_id, run_id)
    told = _told(connection, street_id)
    if told.left and not leave:
        raise UndoProblem("touched")
    values = {"street": street_id, "run": run_id, "by": by.account_id, "at": by.business_at}
    _restore(connection, run["kind"], values)
    _remove(connection, by, run["kind"], values)
    counts = {"removed": told.removed, "restored": told.restored, "left": told.left}
    connection.execute(
        "UPDATE gridmap.import_run SET undone_at = %s, undone_by = %s, undone = %s WHERE id = %s",
        (by.at, by.account_id, Jsonb(counts), run_id),
    )
    connection.execute("DELETE FROM gridmap.import_row WHERE street_id = %(street)s AND run_id = %(run)s", values)
    write_audit(
        connection,
        action="undo_import",
        subject=run["kind"],
        subject_id=run_id,
        street_id=street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        before={"file": run["file_name"]},
        after=counts,
    )
    announce(connection, street_id, sorted({run["kind"], "grids", "estates", "buildings", "stairwells", "facilities"}))
    return told


def _run(connection: Connection, run_id: int) -> dict[str, Any]:
    row = connection.execute(
        "SELECT id, kind, file_name, street_id, undone_at FROM gridmap.import_run WHERE id = %s FOR UPDATE", (run_id,)
    ).fetchone()
    if row is None:
        raise UndoProblem("unknown")
    if row["undone_at"] is not None:
        raise UndoProblem("undone")
    if row["kind"] not in KINDS_KEPT or row["street_id"] is None:
        raise UndoProblem("kind")
    return row


def _find(connection: Connection, street_id: int, run_id: int) -> None:
    """Fill `going` with the rows of the run, each with why it has to stay, if it has."""
    values = {"street": street_id, "run": run_id}
    connection.execute(LOCK, values)
    connection.execute("DROP TABLE IF EXISTS going")
    connection.execute(GOING, values)
    connection.execute("CREATE UNIQUE INDEX ON going (relation, id)")
    connection.execute("ANALYZE going")
    found = 1
    # what stays may hold something else that would go: until nothing more is found
    while found:
        found = sum(connection.execute(statement, values).rowcount for statement in _uses())


def _uses() -> Iterator[sql.Composed]:
    """One statement for each foreign key that may rest on a place or a community."""
    for relation in ("place", "community"):
        target = metadata.tables[f"{SCHEMA}.{relation}"]
        for table, column in (*NAMED[relation], *_references(target)):
            but = sql.SQL(BUT_PLACES if table == "place" else "")
            yield sql.SQL(USED).format(
                relation=sql.Literal(relation),
                table=sql.Identifier(SCHEMA, table),
                column=sql.Identifier(column),
                but=but,
            )


def _references(target: Table) -> Iterator[tuple[str, str]]:
    """What refers to the table and does not go with its row: (table, column)."""
    for table in metadata.sorted_tables:
        if table.name == "unplaced":
            continue
        for key in table.foreign_key_constraints:
            if key.referred_table is target and key.ondelete != "CASCADE":
                yield table.name, next(one.parent.name for one in key.elements if one.column.name == "id")


def _told(connection: Connection, street_id: int) -> Undo:
    counts = connection.execute(
        "SELECT count(*) FILTER (WHERE kept_for IS NULL AND is_new) AS removed,"
        " count(*) FILTER (WHERE kept_for IS NULL AND NOT is_new) AS restored,"
        " count(*) FILTER (WHERE kept_for IN ('changed', 'used')) AS left FROM going"
    ).fetchone()
    rows = connection.execute(LEFT, {"street": street_id, "limit": LEFT_SHOWN}).fetchall()
    return Undo(**(counts or {}), rows=tuple(rows))


def _restore(connection: Connection, kind: str, values: dict[str, Any]) -> None:
    """Rows that the run changed are as they were, with a new revision; their history goes on from today."""
    for relation in dict.fromkeys(("place", RELATIONS.get(kind, "place"))):
        connection.execute(_restoring(RESTORE, relation, _restored(relation)), values)
    if kind in WORDS:
        names = [name for name in columns_of(WORDS[kind]) if name not in ("street_id", "place_id")]
        beside = {name: sql.Identifier("b", name) for name in names}
        connection.execute(_restoring(RESTORE_BESIDE, WORDS[kind], beside), values)
    connection.execute(REBASE, values)
    connection.execute("DROP TABLE IF EXISTS settled")
    connection.execute(SETTLED)
    moved = [row["id"] for row in connection.execute("SELECT id FROM settled").fetchall()]
    write_history(connection, values["street"], moved, values["at"].date())


def _restored(relation: str) -> dict[str, sql.Composable]:
    values: dict[str, sql.Composable] = {
        name: sql.Identifier("b", name) for name in columns_of(relation) if name not in ("street_id", "id")
    }
    return values | {
        "revision": sql.SQL("g.revision + 1"),
        "changed_at": sql.SQL("%(at)s::timestamptz"),
        "changed_by": sql.SQL("%(by)s::bigint"),
    }


def _restoring(statement: str, table: str, values: Mapping[str, sql.Composable]) -> sql.Composed:
    return sql.SQL(statement).format(
        table=sql.Identifier(SCHEMA, table),
        names=sql.SQL(", ").join(map(sql.Identifier, values)),
        values=sql.SQL(", ").join(values.values()),
        relation=sql.Literal(table),
    )


def _remove(connection: Connection, by: Actor, kind: str, values: dict[str, Any]) -> None:
    """Rows that the run made go, with what hung on them alone; what waited from this file waits no more."""
    connection.execute(WAITING, values)
    gone = sql.SQL("SELECT id FROM going WHERE relation = {} AND is_new AND kept_for IS NULL")
    for relation in dict.fromkeys(("place", RELATIONS.get(kind, "place"))):
        connection.execute(
            sql.SQL("DELETE FROM {} WHERE street_id = %(street)s AND id IN ({})").format(
                sql.Identifier(SCHEMA, relation), gone.format(sql.Literal(relation))
            ),
            values,
        )
    if kind == "estates":
        _remove_companies(connection, values)
    own_incidents(connection, [values["street"]], by.business_at)


def _remove_companies(connection: Connection, values: dict[str, Any]) -> None:
    """Property companies that came with the run and that nobody knows otherwise."""
    target = metadata.tables[f"{SCHEMA}.organisation"]
    unused = [
        sql.SQL(" AND NOT EXISTS (SELECT FROM {} t WHERE t.{} = o.id)").format(
            sql.Identifier(SCHEMA, key.parent.table.name), sql.Identifier(key.parent.name)
        )
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table is target
    ]
    connection.execute(sql.Composed([sql.SQL(COMPANIES), *unused]), values)

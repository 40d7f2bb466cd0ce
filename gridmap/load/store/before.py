"""How rows stood before a run wrote them, kept beside the run so that it can be taken back."""

from psycopg import sql

from gridmap.db.pools import Connection
from gridmap.load.store.stage import WORDS
from gridmap.tables import SCHEMA, metadata

RELATIONS = {"communities": "community", **dict.fromkeys(("roads", "water", "green"), "basemap")}
"""Kind → the table of its rows, where that is not `place`."""
KINDS_KEPT = (*WORDS, *RELATIONS)
"""Kinds whose runs can be taken back."""

MATCHED = {
    "place": "f.id = i.id",
    "community": "f.code = i.code",
    "basemap": "(f.kind, f.source, f.source_key) = (%(word)s, i.source, i.source_key)",
}
MOVING = """
INSERT INTO former_place SELECT {columns}, f.geom, NULL
FROM owned o JOIN gridmap.place f ON (f.street_id, f.id) = (%(street)s, o.id)
WHERE ({changed}) AND NOT EXISTS (SELECT FROM former_place k WHERE k.id = o.id)
  AND NOT EXISTS (SELECT FROM incoming i WHERE i.id = o.id AND i.is_new)
"""
KEEP = """
INSERT INTO gridmap.import_row AS k (street_id, run_id, relation, row_id, revision, before, beside, geom)
SELECT r.street_id, %(run)s, %(relation)s, r.id, r.revision,
  CASE WHEN f.id IS NOT NULL THEN (SELECT to_jsonb(x) FROM (SELECT {columns}) x) END, f.beside, f.geom
FROM {table} r LEFT JOIN {former} f ON f.id = r.id
WHERE r.street_id = %(street)s AND r.import_run_id = %(run)s
  AND CASE WHEN f.id IS NULL THEN r.id IN (SELECT id FROM incoming) ELSE f.revision <> r.revision END
ON CONFLICT (street_id, run_id, relation, row_id) DO UPDATE SET revision = excluded.revision
WHERE k.revision = (excluded.before ->> 'revision')::integer
"""


def columns_of(relation: str) -> tuple[str, ...]:
    """The columns of a table that are kept as they were: all but its geometry and what follows from others."""
    return tuple(
        column.name
        for column in metadata.tables[f"{SCHEMA}.{relation}"].columns
        if column.computed is None and column.name != "geom"
    )


def listed(relation: str, alias: str) -> sql.Composed:
    """These columns of that alias, for a SELECT."""
    return sql.SQL(", ").join(sql.Identifier(alias, name) for name in columns_of(relation))


def _former(relation: str) -> sql.Identifier:
    return sql.Identifier(f"former_{relation}")


def open_memory(connection: Connection) -> None:
    """Make the empty tables into which a write puts how rows stood; once for each write."""
    for relation in MATCHED:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_former(relation)))
        connection.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {}, f.geom, NULL::jsonb AS beside FROM {} f"
                " WHERE false"
            ).format(_former(relation), listed(relation, "f"), sql.Identifier(SCHEMA, relation))
        )
        connection.execute(sql.SQL("CREATE UNIQUE INDEX ON {} (id)").format(_former(relation)))


def remember_matched(connection: Connection, kind: str, street_id: int) -> None:
    """Remember the rows that `incoming` will write over, with what stands beside them. Before they are written."""
    relation = RELATIONS.get(kind, "place")
    beside: sql.Composable = sql.SQL("NULL")
    if kind in WORDS:
        beside = sql.SQL(
            "(SELECT to_jsonb(d) - 'street_id' - 'place_id' FROM {} d"
            " WHERE (d.street_id, d.place_id) = (f.street_id, f.id))"
        ).format(sql.Identifier(SCHEMA, WORDS[kind]))
    statement = sql.SQL(
        "INSERT INTO {former} SELECT DISTINCT ON (f.id) {columns}, f.geom, {beside} FROM incoming i"
        " JOIN {table} f ON f.street_id = %(street)s AND {matched}"
    ).format(
        former=_former(relation),
        columns=listed(relation, "f"),
        beside=beside,
        table=sql.Identifier(SCHEMA, relation),
        matched=sql.SQL(MATCHED[relation]),
    )
    connection.execute(statement, {"street": street_id, "word": _word(kind)})
    connection.execute(sql.SQL("ANALYZE {} (id)").format(_former(relation)))


def _word(kind: str) -> str:
    return {"roads": "road"}.get(kind, kind)


def remember_moving(connection: Connection, street_id: int, changed: sql.Composable) -> None:
    """Remember the places of `owned` that will get another owner by the condition `changed` on `f` and `o`."""
    statement = sql.SQL(MOVING).format(columns=listed("place", "f"), changed=changed)
    connection.execute(statement, {"street": street_id})


def keep_before(connection: Connection, kind: str, street_id: int, run: int) -> None:
    """Write down each row that the run has made or changed, as it was. After all of it is written."""
    for relation in dict.fromkeys(("place", RELATIONS.get(kind, "place"))):
        statement = sql.SQL(KEEP).format(
            columns=listed(relation, "f"), table=sql.Identifier(SCHEMA, relation), former=_former(relation)
        )
        connection.execute(statement, {"street": street_id, "run": run, "relation": relation})

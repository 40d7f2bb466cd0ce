"""What a run has changed, column by column, as long as it has not been taken back and nobody has changed it since."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from gridmap.db.pools import Connection
from gridmap.load.store.before import RELATIONS, listed
from gridmap.load.store.stage import WORDS
from gridmap.tables import SCHEMA

KEPT = ("id", "street_id", "place_id", "initials", "revision", "changed_at", "changed_by", "import_run_id", "source")
"""Columns that tell of the register's own work and nothing of the place."""
REFERENCES = {
    "community_id": "SELECT id, name FROM gridmap.community WHERE street_id = %(street)s AND id = ANY(%(ids)s)",
    "property_id": "SELECT id, name FROM gridmap.organisation WHERE id = ANY(%(ids)s)",
    **dict.fromkeys(
        ("grid_id", "micro_grid_id", "estate_id", "parent_id"),
        "SELECT id, name FROM gridmap.place WHERE street_id = %(street)s AND id = ANY(%(ids)s)",
    ),
}
"""Columns that name another row, and how that one is called."""
FACILITY_KINDS = "SELECT code AS id, title AS name FROM gridmap.facility_kind WHERE code = ANY(%(ids)s)"
ROWS = """
SELECT k.row_id AS id, k.relation, now.name, now.code, now.revision <> k.revision AS is_changed_since,
  was.columns - %(kept)s::text[] AS before, now.columns - %(kept)s::text[] AS after,
  public.ST_Area(k.geom::public.geography) AS area_before, public.ST_Area(now.geom::public.geography) AS area_after,
  CASE WHEN k.geom IS DISTINCT FROM now.geom THEN public.ST_Distance(
    public.ST_Centroid(k.geom)::public.geography, public.ST_Centroid(now.geom)::public.geography) END AS moved_m
FROM (
  SELECT * FROM gridmap.import_row
  WHERE street_id = %(street)s AND run_id = %(run)s AND before IS NOT NULL
  ORDER BY relation, row_id LIMIT %(limit)s OFFSET %(offset)s
) k
CROSS JOIN LATERAL (SELECT k.before || coalesce(k.beside, '{{}}') AS columns) was
CROSS JOIN LATERAL ({now}) now
ORDER BY k.relation, k.row_id
"""
NOW = """
SELECT {name} AS name, {code} AS code, r.revision, r.geom,
  (SELECT to_jsonb(x) FROM (SELECT {columns}) x) || {beside} AS columns
FROM {table} r WHERE k.relation = {relation} AND (r.street_id, r.id) = (k.street_id, k.row_id)
"""
BESIDE = """
coalesce((SELECT to_jsonb(d) FROM {word} d WHERE k.beside IS NOT NULL
  AND (d.street_id, d.place_id) = (r.street_id, r.id)), '{{}}')
"""


@dataclass(frozen=True, kw_only=True)
class ChangedRow:
    """A row that stood before the run. `values`: column → (before, after), references by their names.

    `moved_m` is None where the shape is the same; areas are in m², 0 for points and lines. `is_changed_since`: somebody
    has changed it after the run, so that what it says now is not the run's word, and `values` is empty.
    """

    id: int
    relation: str
    name: str
    code: str
    is_changed_since: bool
    values: Mapping[str, tuple[Any, Any]]
    moved_m: float | None
    areas_m2: tuple[float, float]


def read_changes(
    connection: Connection, run_id: int, kind: str, street_id: int, *, limit: int, offset: int = 0
) -> list[ChangedRow]:
    """The rows that the run found and changed, in the order of their numbers; those that the viewer sees."""
    values = {"run": run_id, "street": street_id, "limit": limit, "offset": offset, "kept": list(KEPT)}
    rows = connection.execute(sql.SQL(ROWS).format(now=_now(kind)), values).fetchall()
    references = REFERENCES | ({"kind": FACILITY_KINDS} if kind == "facilities" else {})
    found = [(row, {} if row["is_changed_since"] else _differing(row["before"], row["after"])) for row in rows]
    named = {
        name: _names(connection, statement, street_id, [pairs.get(name) for _row, pairs in found])
        for name, statement in references.items()
    }
    return [_told(row, pairs, named) for row, pairs in found]


def _now(kind: str) -> sql.Composable:
    """How the rows stand now: those of the kind's own table, and places that follow them."""
    nothing = sql.SQL("'{}'::jsonb")
    beside = sql.SQL(BESIDE).format(word=sql.Identifier(SCHEMA, WORDS[kind])) if kind in WORDS else nothing
    return sql.SQL(" UNION ALL ").join(
        sql.SQL(NOW).format(
            name=sql.SQL("coalesce(r.name, '')"),
            code=sql.SQL("''" if relation == "basemap" else "r.code"),
            columns=listed(relation, "r"),
            beside=beside if relation == "place" else nothing,
            table=sql.Identifier(SCHEMA, relation),
            relation=sql.Literal(relation),
        )
        for relation in dict.fromkeys(("place", RELATIONS.get(kind, "place")))
    )


def _differing(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The columns whose value is another one; what stands inside a column stands beside the others, by its own name."""
    was, now = _flat(before), _flat(after)
    told = {name: (was.get(name), now.get(name)) for name in {**was, **now} if not name.startswith("counted_")}
    return {name: pair for name, pair in told.items() if pair[0] != pair[1]}


def _flat(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns, then what stands inside `extra` and `details`; a column of the register's own keeps its name."""
    inside = {**(columns.pop("extra", None) or {}), **(columns.pop("details", None) or {})}
    return columns | {name: value for name, value in inside.items() if name not in columns}


def _names(
    connection: Connection, statement: str, street_id: int, pairs: list[tuple[Any, Any] | None]
) -> dict[Any, str]:
    """Number or code → name, of all that these differences speak of."""
    ids = sorted({one for pair in pairs if pair for one in pair if one is not None})
    if not ids:
        return {}
    rows = connection.execute(statement.encode(), {"street": street_id, "ids": ids}).fetchall()
    return {row["id"]: row["name"] for row in rows}


def _told(row: dict[str, Any], pairs: dict[str, tuple[Any, Any]], named: Mapping[str, Mapping[Any, str]]) -> ChangedRow:
    def said(name: str, value: Any) -> Any:
        return named[name].get(value, value) if name in named else value

    return ChangedRow(
        id=row["id"],
        relation=row["relation"],
        name=row["name"],
        code=row["code"],
        is_changed_since=row["is_changed_since"],
        values={name: (said(name, was), said(name, now)) for name, (was, now) in pairs.items()},
        moved_m=None if row["is_changed_since"] else row["moved_m"],
        areas_m2=(row["area_before"], row["area_after"]),
    )

"""Grids, estates, buildings and facilities: a row in `place` and one beside it, never touched without a difference."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.load.check import Checked
from gridmap.load.finding import Finding
from gridmap.load.store.before import remember_matched
from gridmap.load.store.numbering import number_grids
from gridmap.load.store.owners import house_new
from gridmap.load.store.stage import WORDS, refuse
from gridmap.load.synonyms import OTHER_FACILITY

ELSEWHERE_M = 1_000.0

MATCH = """
UPDATE incoming i SET id = p.id, is_new = false, elsewhere = i.source_key LIKE 'id:%%' AND p.name <> i.name
  AND ST_Distance(p.geom::geography, i.geom::geography) > %(far)s
FROM gridmap.place p
WHERE p.street_id = %(street)s AND p.kind = %(kind)s
  AND (p.source, p.source_key) = (i.source, i.source_key)
"""
"""An id that means another thing far away comes from another source: two with small ids would overwrite each other."""
MATCH_BY_CODE = """
UPDATE incoming i SET id = p.id, is_new = false
FROM gridmap.place p
WHERE i.id IS NULL AND i.code IS NOT NULL AND p.street_id = %(street)s AND (p.kind, p.code) = (%(kind)s, i.code)
  AND NOT EXISTS (SELECT FROM incoming other WHERE other.id = p.id)
"""
OUTLINE = """
UPDATE incoming i SET geom = p.geom FROM gridmap.place p
WHERE (p.street_id, p.id) = (%(street)s, i.id) AND ST_Dimension(i.geom) = 0
"""
"""A row that is only a position corrects what it was matched with, whose outline stays."""
NUMBER = """
UPDATE incoming i SET is_new = true, id = f.id,
  code = coalesce(i.code, upper(left(%(kind)s, 1)) || (f.id & 4294967295))
FROM (
  SELECT n, %(street)s::bigint * 4294967296 + nextval('gridmap.serial') AS id FROM incoming WHERE id IS NULL
) f
WHERE f.n = i.n
"""
PLACES = """
INSERT INTO gridmap.place AS t
  (street_id, id, kind, code, name, aliases, initials, address, geom, extra, community_id, grid_id, micro_grid_id,
   estate_id, source, source_key, changed_at, changed_by, import_run_id)
SELECT %(street)s, i.id, %(kind)s, coalesce(i.code, o.code), coalesce(nullif(i.name, ''), o.name, ''),
  coalesce(string_to_array(regexp_replace(i.fields ->> 'aliases', '[、;；,，|]', ',', 'g'), ','), o.aliases, '{}'),
  coalesce(i.initials, o.initials), coalesce(i.fields ->> 'address', o.address), i.geom,
  nullif(coalesce(i.extra, o.extra), '{}'),
  h.community,
  CASE WHEN %(kind)s = 'grid' AND i.fields ->> 'grid_type' <> 'micro' THEN i.id ELSE h.grid END,
  h.micro, CASE WHEN %(kind)s = 'estate' THEN i.id ELSE h.estate END,
  coalesce(o.source, i.source), coalesce(o.source_key, i.source_key), %(at)s, %(by)s, %(run)s
FROM incoming i LEFT JOIN gridmap.place o ON (o.street_id, o.id) = (%(street)s, i.id)
LEFT JOIN housed h ON h.id = i.id
ON CONFLICT (street_id, id) DO UPDATE SET code = excluded.code, name = excluded.name, aliases = excluded.aliases,
  initials = excluded.initials, address = excluded.address, geom = excluded.geom, extra = excluded.extra,
  revision = t.revision + 1, changed_at = excluded.changed_at, changed_by = excluded.changed_by,
  import_run_id = excluded.import_run_id, source = excluded.source, source_key = excluded.source_key
WHERE (t.code, t.name, t.aliases, t.initials, t.address, t.geom, t.extra, t.source, t.source_key) IS DISTINCT FROM
  (excluded.code, excluded.name, excluded.aliases, excluded.initials, excluded.address, excluded.geom,
   excluded.extra, excluded.source, excluded.source_key)
RETURNING id
"""

COUNTS = ("declared_households", "declared_population", "declared_buildings", "declared_stairwells")
DETAILS: dict[str, dict[str, str]] = {
    "grids": {"type": "grid_type::text", **{name: f"{name}::integer" for name in COUNTS}},
    "estates": {
        "management": "management::text",
        "property_id": "property_id::bigint",
        "origin": "origin::text",
        "built_year": "built_year::smallint",
        "site_area_m2": "site_area_m2::numeric(12, 2)",
        "floor_area_m2": "floor_area_m2::numeric(12, 2)",
        **{name: f"{name}::integer" for name in COUNTS},
    },
    "buildings": {
        "kind": "building_kind::text",
        "floors": "floors::smallint",
        "floors_underground": "floors_underground::smallint",
        "built_year": "built_year::smallint",
        "height_m": "height_m::numeric(6, 1)",
        "declared_households": "declared_households::integer",
        "declared_stairwells": "declared_stairwells::integer",
    },
    "facilities": {
        "kind": "facility_kind::text",
        "state": "state::text",
        "installed_on": "installed_on::date",
        "level": "level::smallint",
        "details": "details::jsonb",
    },
}
"""Kind → column of the table beside `place` → key of the row's fields, and its type."""

COMPANIES = """
INSERT INTO gridmap.organisation (kind, name, street_id, source, source_key, changed_at, changed_by, import_run_id)
SELECT DISTINCT 'property_company', fields ->> 'property', %(street)s::integer, 'import', fields ->> 'property',
  %(at)s::timestamptz, %(by)s::bigint, %(run)s::bigint
FROM incoming i WHERE fields ? 'property' AND NOT EXISTS (
  SELECT FROM gridmap.organisation o WHERE o.kind = 'property_company' AND o.name = i.fields ->> 'property'
    AND (o.street_id = %(street)s OR o.street_id IS NULL))
ORDER BY 2
"""
COMPANY_IDS = """
UPDATE incoming i SET fields = fields || jsonb_build_object('property_id', (
  SELECT min(o.id) FROM gridmap.organisation o WHERE o.kind = 'property_company' AND o.name = i.fields ->> 'property'
    AND (o.street_id = %(street)s OR o.street_id IS NULL)))
WHERE fields ? 'property'
"""
OTHER_KIND = """
INSERT INTO gridmap.facility_kind (code, title, title_en, theme) VALUES ('other', %(title)s, 'Other facility', 'other')
ON CONFLICT DO NOTHING
"""
FACILITY_FIELDS = """
UPDATE incoming i SET fields = fields
  || jsonb_build_object('facility_kind', coalesce(
       (SELECT k.code FROM gridmap.facility_kind k WHERE k.code = i.fields ->> 'facility_kind'), 'other'))
  || CASE WHEN fields ? 'source_kind'
       THEN jsonb_build_object('details', jsonb_build_object('source_kind', fields ->> 'source_kind')) ELSE '{}' END
"""


def _detail(kind: str) -> sql.Composed:
    """The INSERT … SELECT … ON CONFLICT of the table beside `place`: what the file leaves out stays as it was."""
    columns = DETAILS[kind]
    names = [sql.Identifier(name) for name in columns]
    values = [sql.SQL("coalesce(({}), o.{}, {})").format(_field(source), name, _default(kind, column))
              for (column, source), name in zip(columns.items(), names, strict=True)]  # fmt: skip
    return sql.SQL(
        "INSERT INTO gridmap.{table} AS t (street_id, place_id, {names})"
        " SELECT %(street)s, i.id, {values} FROM incoming i"
        " LEFT JOIN gridmap.{table} o ON (o.street_id, o.place_id) = (%(street)s, i.id)"
        " ON CONFLICT (street_id, place_id) DO UPDATE SET {sets}"
        " WHERE ROW({olds}) IS DISTINCT FROM ROW({news}) RETURNING place_id AS id"
    ).format(
        table=sql.Identifier(WORDS[kind]),
        names=sql.SQL(", ").join(names),
        values=sql.SQL(", ").join(values),
        sets=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in names),
        olds=sql.SQL(", ").join(sql.SQL("t.{}").format(name) for name in names),
        news=sql.SQL(", ").join(sql.SQL("excluded.{}").format(name) for name in names),
    )


def _field(source: str) -> sql.Composed:
    key, kind = source.split("::")
    arrow = "->" if kind == "jsonb" else "->>"
    types: dict[str, LiteralString] = {
        "text": "text",
        "integer": "integer",
        "smallint": "smallint",
        "bigint": "bigint",
        "date": "date",
        "jsonb": "jsonb",
        "numeric(12, 2)": "numeric(12, 2)",
        "numeric(6, 1)": "numeric(6, 1)",
    }
    return sql.SQL("(i.fields {} {})::{}").format(
        sql.SQL("->" if arrow == "->" else "->>"), sql.Literal(key), sql.SQL(types[kind])
    )


def _default(kind: str, column: str) -> sql.Composable:
    """What a column that must not be empty holds where neither the file nor the register says anything."""
    words = {
        ("grids", "type"): "basic",
        ("estates", "management"): "unknown",
        ("buildings", "kind"): "other",
        ("facilities", "kind"): "other",
        ("facilities", "state"): "working",
        ("facilities", "details"): "{}",
    }
    return sql.Literal(words[kind, column]) if (kind, column) in words else sql.SQL("NULL")


def write_places(
    connection: Connection, by: Actor, run: int, street_id: int, checks: Sequence[Checked]
) -> tuple[int, int, list[Finding]]:
    """Write what is in `incoming`: (new rows, changed rows, rows that the register refused)."""
    kind = checks[0].kind.name
    values = {
        "street": street_id,
        "kind": WORDS[kind],
        "at": by.business_at,
        "by": by.account_id,
        "run": run,
        "far": ELSEWHERE_M,
    }
    connection.execute(MATCH, values)
    connection.execute("ANALYZE incoming (id, code)")
    refused = refuse(connection, checks, "id_elsewhere", sql.SQL("i.elsewhere"))
    connection.execute(MATCH_BY_CODE, values)
    refused += refuse(connection, checks, "ended", _has_ended(street_id))
    if checks[0].kind.by_point:
        connection.execute(OUTLINE, values)
        refused += refuse(connection, checks, "no_building_there", sql.SQL("ST_Dimension(i.geom) = 0"))
    if kind == "grids":
        refused += number_grids(connection, checks, street_id)
    connection.execute(NUMBER, values)
    connection.execute("CREATE UNIQUE INDEX ON incoming (id)")
    connection.execute("ANALYZE incoming (id, code, is_new)")
    refused += refuse(connection, checks, "code_taken", _code_taken(street_id, WORDS[kind]))
    _prepare_fields(connection, kind, values)
    remember_matched(connection, kind, street_id)
    if kind not in ("grids", "estates"):
        house_new(connection, street_id)
    new = connection.execute("SELECT count(*) AS rows FROM incoming WHERE is_new").fetchone()
    touched = _changed(connection, sql.SQL(PLACES), values)
    beside = _changed(connection, _detail(kind), values)
    _mark(connection, values, sorted(beside - touched))
    return int((new or {})["rows"]), len(touched | beside), refused


def _changed(connection: Connection, written: sql.Composable, values: dict[str, object]) -> set[int]:
    """Run a statement that writes all of `incoming` and returns ids: those of rows that were there before."""
    changed = sql.SQL("WITH w AS ({}) SELECT w.id FROM w JOIN incoming i ON i.id = w.id AND NOT i.is_new")
    return {row["id"] for row in connection.execute(changed.format(written), values).fetchall()}


def _has_ended(street_id: int) -> sql.Composed:
    return sql.SQL(
        "EXISTS (SELECT FROM gridmap.place p WHERE p.street_id = {} AND p.id = i.id AND NOT upper_inf(p.valid))"
    ).format(sql.Literal(street_id))


def _code_taken(street_id: int, kind: str) -> sql.Composed:
    return sql.SQL(
        "i.n IN (SELECT o.n FROM incoming o JOIN gridmap.place p ON p.street_id = {street}"
        " AND (p.kind, p.code) = ({kind}, o.code) AND p.id <> o.id UNION ALL"
        " SELECT d.n FROM (SELECT n, row_number() OVER (PARTITION BY code ORDER BY n) AS k FROM incoming"
        " WHERE code IS NOT NULL) d WHERE d.k > 1)"
    ).format(street=sql.Literal(street_id), kind=sql.Literal(kind))


def _prepare_fields(connection: Connection, kind: str, values: dict[str, object]) -> None:
    if kind == "estates":
        connection.execute(COMPANIES, values)
        connection.execute(COMPANY_IDS, values)
    elif kind == "facilities":
        connection.execute(OTHER_KIND, {"title": OTHER_FACILITY})
        connection.execute(FACILITY_FIELDS)


def _mark(connection: Connection, values: dict[str, object], ids: list[int]) -> None:
    """A place whose particulars alone have changed gets a new revision too."""
    if ids:
        connection.execute(
            "UPDATE gridmap.place SET revision = revision + 1, changed_at = %(at)s, changed_by = %(by)s,"
            " import_run_id = %(run)s WHERE street_id = %(street)s AND id = ANY (%(ids)s)",
            {**values, "ids": ids},
        )

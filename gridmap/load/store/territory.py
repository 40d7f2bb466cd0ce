"""Districts, streets and communities into their tables."""

from collections.abc import Sequence

from psycopg import sql

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.load.check import Checked
from gridmap.load.finding import Finding
from gridmap.load.store.stage import refuse
from gridmap.load.store.streets import ensure_city

Outcome = tuple[int, int]
"""(rows that are new, rows that were changed)."""

DISTRICTS = """
INSERT INTO gridmap.district AS t
  (city_id, code, name, geom, extra, source, source_key, changed_at, changed_by, import_run_id)
SELECT c.id, i.code, i.name, ST_Multi(i.geom), nullif(coalesce(i.extra, o.extra), '{}'),
  i.source, i.source_key, %(at)s, %(by)s, %(run)s
FROM incoming i JOIN gridmap.city c
  ON c.code = CASE WHEN left(i.code, 2) IN ('11', '12', '31', '50') THEN left(i.code, 2) || '0000'
                   ELSE left(i.code, 4) || '00' END
LEFT JOIN gridmap.district o ON o.code = i.code
ON CONFLICT (code) DO UPDATE SET name = excluded.name, geom = excluded.geom, extra = excluded.extra,
  revision = t.revision + 1,
  changed_at = excluded.changed_at, changed_by = excluded.changed_by, import_run_id = excluded.import_run_id
WHERE (t.name, t.geom, t.extra) IS DISTINCT FROM (excluded.name, excluded.geom, excluded.extra)
RETURNING xmax = 0 AS is_new
"""
STREETS = """
INSERT INTO gridmap.street AS t
  (district_id, code, name, geom, extra, source, source_key, changed_at, changed_by, import_run_id)
SELECT d.id, i.code, i.name, ST_Multi(i.geom), nullif(coalesce(i.extra, o.extra), '{}'),
  i.source, i.source_key, %(at)s, %(by)s, %(run)s
FROM incoming i JOIN gridmap.district d ON d.code = left(i.code, 6)
LEFT JOIN gridmap.street o ON o.code = i.code
ON CONFLICT (code) DO UPDATE SET name = excluded.name, geom = excluded.geom, extra = excluded.extra,
  revision = t.revision + 1,
  changed_at = excluded.changed_at, changed_by = excluded.changed_by, import_run_id = excluded.import_run_id,
  source = excluded.source
WHERE (t.name, t.geom, t.extra) IS DISTINCT FROM (excluded.name, excluded.geom, excluded.extra)
RETURNING xmax = 0 AS is_new
"""
COMMUNITIES = """
INSERT INTO gridmap.community AS t
  (street_id, id, code, name, aliases, initials, declared_households, declared_population, geom,
   extra, source, source_key, changed_at, changed_by, import_run_id)
SELECT %(street)s, coalesce(o.id, %(street)s::bigint * 4294967296 + nextval('gridmap.serial')), i.code, i.name,
  coalesce(string_to_array(regexp_replace(i.fields ->> 'aliases', '[、;；,，|]', ',', 'g'), ','), o.aliases, '{}'),
  i.initials, coalesce((i.fields ->> 'declared_households')::integer, o.declared_households),
  coalesce((i.fields ->> 'declared_population')::integer, o.declared_population),
  ST_Multi(i.geom), nullif(coalesce(i.extra, o.extra), '{}'), coalesce(o.source, i.source),
  coalesce(o.source_key, i.source_key), %(at)s, %(by)s, %(run)s
FROM incoming i LEFT JOIN gridmap.community o ON (o.street_id, o.code) = (%(street)s, i.code)
ON CONFLICT (street_id, code) DO UPDATE SET name = excluded.name, aliases = excluded.aliases,
  initials = excluded.initials, declared_households = excluded.declared_households,
  declared_population = excluded.declared_population, geom = excluded.geom, extra = excluded.extra,
  revision = t.revision + 1, changed_at = excluded.changed_at, changed_by = excluded.changed_by,
  import_run_id = excluded.import_run_id
WHERE (t.name, t.aliases, t.initials, t.declared_households, t.declared_population, t.geom, t.extra) IS DISTINCT FROM
  (excluded.name, excluded.aliases, excluded.initials, excluded.declared_households,
   excluded.declared_population, excluded.geom, excluded.extra)
RETURNING xmax = 0 AS is_new
"""


def _write(connection: Connection, statement: str, by: Actor, run: int, street_id: int | None = None) -> Outcome:
    values = {"at": by.business_at, "by": by.account_id, "run": run, "street": street_id}
    rows = connection.execute(statement.encode(), values).fetchall()
    new = sum(bool(row["is_new"]) for row in rows)
    return new, len(rows) - new


def write_districts(connection: Connection, by: Actor, run: int) -> Outcome:
    """Write the districts that are in `incoming`, and the cities that they lie in."""
    for row in connection.execute("SELECT DISTINCT left(code, 4) AS code FROM incoming").fetchall():
        ensure_city(connection, f"{row['code']}00")
    return _write(connection, DISTRICTS, by, run)


def write_streets(
    connection: Connection, by: Actor, run: int, checks: Sequence[Checked]
) -> tuple[Outcome, list[Finding]]:
    """Write the streets that are in `incoming`; those of an unknown district are refused.

    A city without districts has one district with its own code, which is made on the way.
    """
    for row in connection.execute(
        "SELECT DISTINCT left(code, 6) AS code FROM incoming WHERE substr(code, 5, 2) = '00'"
    ).fetchall():
        connection.execute(
            "INSERT INTO gridmap.district (city_id, code, name, changed_at) SELECT %s, c.code, c.name, %s"
            " FROM gridmap.city c WHERE c.id = %s ON CONFLICT DO NOTHING",
            (city := ensure_city(connection, row["code"]), by.business_at, city),
        )
    refused = refuse(
        connection,
        checks,
        "district_unknown",
        sql.SQL("NOT EXISTS (SELECT FROM gridmap.district d WHERE d.code = left(i.code, 6))"),
    )
    return _write(connection, STREETS, by, run), refused


def write_communities(connection: Connection, by: Actor, run: int, street_id: int) -> Outcome:
    """Write the communities that are in `incoming` into the street."""
    outcome = _write(connection, COMMUNITIES, by, run, street_id)
    connection.execute(
        "UPDATE incoming i SET id = c.id FROM gridmap.community c WHERE (c.street_id, c.code) = (%s, i.code)",
        (street_id,),
    )
    return outcome

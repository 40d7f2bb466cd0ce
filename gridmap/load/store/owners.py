"""Which community, grid and estate a place lies in, for all of a street at once, and its history.

A point on the place's surface decides; on a border the lowest code wins; a sub-estate wins over its estate. A place
in nothing that is known keeps what it had, or belongs to the street alone. New places in which nothing else can lie
get their owners before they are written, so that each is written once.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg import sql

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.load.store.before import remember_moving

POINTS = """
CREATE TEMPORARY TABLE owned ON COMMIT DROP AS
SELECT p.id, p.kind, p.parent_id, ST_PointOnSurface(p.geom) AS at,
  p.community_id, p.grid_id, p.micro_grid_id, p.estate_id,
  NULL::bigint AS new_community, NULL::bigint AS new_grid, NULL::bigint AS new_micro, NULL::bigint AS new_estate
FROM gridmap.place p
WHERE p.street_id = %(street)s AND p.geom IS NOT NULL AND upper_inf(p.valid)
  AND NOT EXISTS (SELECT FROM housed h WHERE h.id = p.id)
  AND (p.import_run_id = %(run)s AND p.id IN (SELECT id FROM incoming) OR %(outlines)s AND (
    EXISTS (SELECT FROM incoming i WHERE ST_Intersects(i.geom, p.geom))
    OR p.community_id IN (SELECT id FROM incoming) OR p.grid_id IN (SELECT id FROM incoming)
    OR p.micro_grid_id IN (SELECT id FROM incoming) OR p.estate_id IN (SELECT id FROM incoming)))
"""
OUTLINES = """
CREATE TEMPORARY TABLE outline ON COMMIT DROP AS
SELECT 'community' AS what, c.id, c.code, c.geom FROM gridmap.community c
WHERE c.street_id = %(street)s AND c.geom IS NOT NULL AND upper_inf(c.valid)
UNION ALL
SELECT CASE WHEN g.type = 'micro' THEN 'micro' ELSE 'grid' END, p.id, p.code, p.geom
FROM gridmap.place p JOIN gridmap.grid g ON (g.street_id, g.place_id) = (p.street_id, p.id)
WHERE p.street_id = %(street)s AND p.kind = 'grid' AND p.geom IS NOT NULL AND upper_inf(p.valid)
UNION ALL
SELECT 'estate', p.id, CASE WHEN p.parent_id IS NULL THEN '1' ELSE '0' END || p.code, p.geom
FROM gridmap.place p
WHERE p.street_id = %(street)s AND p.kind = 'estate' AND ST_Dimension(p.geom) = 2 AND upper_inf(p.valid)
"""
FOUND = """
CREATE TEMPORARY TABLE found ON COMMIT DROP AS
SELECT o.id,
  (array_agg(l.id ORDER BY l.code) FILTER (WHERE l.what = 'community'))[1] AS community,
  (array_agg(l.id ORDER BY l.code) FILTER (WHERE l.what = 'grid'))[1] AS grid,
  (array_agg(l.id ORDER BY l.code) FILTER (WHERE l.what = 'micro'))[1] AS micro,
  (array_agg(l.id ORDER BY l.code) FILTER (WHERE l.what = 'estate'))[1] AS estate
FROM owned o JOIN outline l ON ST_Covers(l.geom, o.at)
GROUP BY o.id
"""
FIND = """
UPDATE owned o SET new_community = f.community, new_grid = f.grid, new_micro = f.micro, new_estate = f.estate
FROM found f WHERE f.id = o.id
"""
NEW_POINTS = """
CREATE TEMPORARY TABLE owned ON COMMIT DROP AS
SELECT id, ST_PointOnSurface(geom) AS at FROM incoming WHERE is_new AND geom IS NOT NULL
"""
HOUSED = """
CREATE TEMPORARY TABLE housed (id bigint PRIMARY KEY, community bigint, grid bigint, micro bigint, estate bigint)
ON COMMIT DROP
"""
HOUSE = """
INSERT INTO housed SELECT o.id, f.community, f.grid, CASE WHEN f.grid IS NOT NULL THEN f.micro END, f.estate
FROM owned o LEFT JOIN found f ON f.id = o.id
"""
OWN = """
UPDATE owned SET
  new_grid = CASE WHEN kind = 'grid' AND new_micro IS DISTINCT FROM id AND grid_id = id THEN id ELSE new_grid END,
  new_micro = CASE WHEN kind = 'grid' THEN CASE WHEN grid_id = id THEN NULL ELSE id END ELSE new_micro END,
  new_estate = CASE kind WHEN 'estate' THEN id WHEN 'grid' THEN NULL ELSE new_estate END
WHERE kind IN ('grid', 'estate')
"""
DECLARED = """
UPDATE owned o SET new_community = i.community_id FROM incoming i WHERE i.id = o.id AND i.community_id IS NOT NULL
"""
STAIRWELLS = """
UPDATE owned o SET new_community = b.new_community, new_grid = b.new_grid, new_micro = b.new_micro,
  new_estate = b.new_estate
FROM owned b WHERE o.kind = 'stairwell' AND b.id = o.parent_id AND b.kind = 'building'
"""
CHANGED = """
(f.community_id, f.grid_id, f.micro_grid_id, f.estate_id) IS DISTINCT FROM (
    coalesce(o.new_community, f.community_id), coalesce(o.new_grid, f.grid_id),
    CASE WHEN o.new_grid IS NULL THEN f.micro_grid_id ELSE o.new_micro END, coalesce(o.new_estate, f.estate_id))
"""
MOVED = """
UPDATE gridmap.place f SET community_id = coalesce(o.new_community, f.community_id),
  grid_id = coalesce(o.new_grid, f.grid_id),
  micro_grid_id = CASE WHEN o.new_grid IS NULL THEN f.micro_grid_id ELSE o.new_micro END,
  estate_id = coalesce(o.new_estate, f.estate_id),
  revision = CASE WHEN f.import_run_id = %(run)s THEN f.revision ELSE f.revision + 1 END,
  changed_at = %(at)s, changed_by = %(by)s, import_run_id = %(run)s
FROM owned o
WHERE f.street_id = %(street)s AND f.id = o.id AND {changed}
RETURNING f.id
"""
ASSIGNMENTS = """
UPDATE gridmap.assignment a SET community_id = p.community_id, grid_id = p.grid_id, micro_grid_id = p.micro_grid_id,
  estate_id = p.estate_id
FROM gridmap.place p
WHERE p.street_id = %(street)s AND p.id = ANY (%(moved)s) AND (a.street_id, a.place_id) = (p.street_id, p.id)
  AND upper_inf(a.valid)
"""
SETTLED = """
CREATE TEMPORARY TABLE settled ON COMMIT DROP AS
SELECT id FROM gridmap.place WHERE street_id = %(street)s AND import_run_id = %(run)s
"""
CLOSE_MEMBERSHIP = """
WITH changed AS (
  SELECT m.street_id, m.place_id, m.valid
  FROM gridmap.membership m JOIN gridmap.place p ON (p.street_id, p.id) = (m.street_id, m.place_id)
  WHERE m.street_id = %(street)s AND p.id IN (SELECT id FROM settled) AND upper_inf(m.valid)
    AND (m.community_id, m.grid_id, m.micro_grid_id, m.estate_id)
      IS DISTINCT FROM (p.community_id, p.grid_id, p.micro_grid_id, p.estate_id)
), gone AS (
  DELETE FROM gridmap.membership m USING changed c
  WHERE (m.street_id, m.place_id, m.valid) = (c.street_id, c.place_id, c.valid) AND lower(c.valid) >= %(today)s
)
UPDATE gridmap.membership m SET valid = daterange(lower(c.valid), %(today)s) FROM changed c
WHERE (m.street_id, m.place_id, m.valid) = (c.street_id, c.place_id, c.valid)
  AND coalesce(lower(c.valid) < %(today)s, true)
"""
OPEN_MEMBERSHIP = """
INSERT INTO gridmap.membership (street_id, place_id, valid, community_id, grid_id, micro_grid_id, estate_id)
SELECT p.street_id, p.id, daterange(%(today)s, NULL), p.community_id, p.grid_id, p.micro_grid_id, p.estate_id
FROM gridmap.place p
WHERE p.street_id = %(street)s AND p.id IN (SELECT id FROM settled) AND p.kind <> 'grid' AND p.community_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM gridmap.membership m
    WHERE (m.street_id, m.place_id) = (p.street_id, p.id) AND upper_inf(m.valid))
"""
CLOSE_BOUNDARY = """
WITH changed AS (
  SELECT b.street_id, b.place_id, b.valid
  FROM gridmap.boundary b JOIN gridmap.place p ON (p.street_id, p.id) = (b.street_id, b.place_id)
  WHERE b.street_id = %(street)s AND p.id IN (SELECT id FROM settled) AND upper_inf(b.valid)
    AND b.geom IS DISTINCT FROM p.geom
), gone AS (
  DELETE FROM gridmap.boundary b USING changed c
  WHERE (b.street_id, b.place_id, b.valid) = (c.street_id, c.place_id, c.valid) AND lower(c.valid) >= %(today)s
)
UPDATE gridmap.boundary b SET valid = daterange(lower(c.valid), %(today)s) FROM changed c
WHERE (b.street_id, b.place_id, b.valid) = (c.street_id, c.place_id, c.valid)
  AND coalesce(lower(c.valid) < %(today)s, true)
"""
OPEN_BOUNDARY = """
INSERT INTO gridmap.boundary (street_id, place_id, valid, geom)
SELECT p.street_id, p.id, daterange(%(today)s, NULL), p.geom
FROM gridmap.place p
WHERE p.street_id = %(street)s AND p.id IN (SELECT id FROM settled) AND p.kind = 'grid' AND p.geom IS NOT NULL
  AND NOT EXISTS (SELECT FROM gridmap.boundary b
    WHERE (b.street_id, b.place_id) = (p.street_id, p.id) AND upper_inf(b.valid))
"""


def settle_owners(
    connection: Connection, by: Actor, run: int, street_id: int, today: dt.date, *, outlines: bool
) -> int:
    """Give places of the import their owners; after outlines have changed, also what lies or lay in them.

    Writes the history of memberships and grid boundaries. Gives the number of places that moved, or that were new and
    came into something.
    """
    values = {
        "street": street_id,
        "run": run,
        "outlines": outlines,
        "at": by.business_at,
        "by": by.account_id,
        "today": today,
    }
    if outlines:
        connection.execute("CREATE INDEX ON incoming USING gist (geom)")
        connection.execute("ANALYZE incoming")
    _find(connection, POINTS, values)
    for statement in (FIND, DECLARED, OWN, STAIRWELLS):
        connection.execute(statement)
    changed = sql.SQL(CHANGED)
    remember_moving(connection, street_id, changed)
    moved = [row["id"] for row in connection.execute(sql.SQL(MOVED).format(changed=changed), values).fetchall()]
    connection.execute("DROP TABLE IF EXISTS settled")
    connection.execute(SETTLED, values)
    write_history(connection, street_id, moved, today)
    housed = connection.execute("SELECT count(*) AS rows FROM housed WHERE num_nonnulls(community, grid, estate) > 0")
    return len(moved) + int((housed.fetchone() or {})["rows"])


def open_housed(connection: Connection) -> None:
    """Make `housed`, still empty: the new places that get their owners before they are written."""
    connection.execute("DROP TABLE IF EXISTS housed")
    connection.execute(HOUSED)


def house_new(connection: Connection, street_id: int) -> None:
    """Put into `housed` where the new rows of `incoming` will lie.

    Not for grids and estates: these belong to themselves and to what comes with them, and are settled afterwards.
    """
    _find(connection, NEW_POINTS, {"street": street_id})
    connection.execute(HOUSE)
    connection.execute("ANALYZE housed")


def _find(connection: Connection, points: LiteralString, values: dict[str, Any]) -> None:
    """Make `owned`, the points to be looked for, and `found`, what each of them lies in."""
    connection.execute("DROP TABLE IF EXISTS owned, outline, found")
    for statement in (points, OUTLINES):
        connection.execute(statement, values)
    connection.execute("CREATE INDEX ON owned USING gist (at)")
    connection.execute("CREATE UNIQUE INDEX ON owned (id)")
    connection.execute("ANALYZE owned")
    connection.execute(FOUND)
    connection.execute("ANALYZE found")


def write_history(connection: Connection, street_id: int, moved: Sequence[int], today: dt.date) -> None:
    """Assignments of moved places, and the memberships and boundaries of the places in `settled`, from today on."""
    connection.execute("CREATE UNIQUE INDEX ON settled (id)")
    connection.execute("ANALYZE settled")
    connection.execute(ASSIGNMENTS, {"street": street_id, "moved": list(moved)})
    for statement in (CLOSE_MEMBERSHIP, OPEN_MEMBERSHIP, CLOSE_BOUNDARY, OPEN_BOUNDARY):
        connection.execute(statement, {"street": street_id, "today": today})

"""Carrying an edition out: places written, what lies in them owned anew, who looks after them carried on; set-based.

What is asked of each: street, edition, ids (all places of the edition), today, now, account; of an undo also when it
was published and the places that got people then (heirs).
"""

from typing import Any

from gridmap.db.pools import Connection

LOCK = """
SELECT id, revision, NOT upper_inf(valid) AS is_ended FROM gridmap.place
WHERE street_id = %(street)s AND id = ANY (%(ids)s) ORDER BY id FOR NO KEY UPDATE
"""
KEEP_FIRST_BOUNDARIES = """
INSERT INTO gridmap.boundary (street_id, place_id, valid, geom)
SELECT p.street_id, p.id, daterange(lower(p.valid), %(today)s), p.geom FROM gridmap.place p
WHERE p.street_id = %(street)s AND p.id = ANY (%(ids)s) AND p.geom IS NOT NULL
  AND coalesce(lower(p.valid) < %(today)s, true)
  AND NOT EXISTS (SELECT FROM gridmap.boundary b WHERE b.street_id = p.street_id AND b.place_id = p.id)
"""
LEAVE_CODES = """
UPDATE gridmap.place p SET code = p.code || '~' || (p.id & 4294967295)
WHERE p.street_id = %(street)s AND p.id = ANY (%(ended)s) AND EXISTS (
  SELECT FROM gridmap.edition_place e WHERE e.street_id = p.street_id AND e.edition_id = %(edition)s
    AND e.action = 'change' AND e.kind = p.kind AND e.code = p.code)
"""
"""Of an undo: who had the code before has it again."""
FREE_CODES = """
UPDATE gridmap.place p SET code = '~' || p.id FROM gridmap.edition_place e
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action = 'change' AND p.street_id = e.street_id
  AND p.id = e.place_id AND p.code <> e.code
"""
CHANGE = """
UPDATE gridmap.place p SET code = e.code, name = e.name, geom = e.geom, revision = p.revision + 1,
  changed_at = %(now)s, changed_by = %(account)s,
  valid = CASE WHEN upper_inf(p.valid) THEN p.valid
    ELSE daterange(CASE WHEN isempty(p.valid) THEN %(today)s ELSE lower(p.valid) END, NULL) END
FROM gridmap.edition_place e
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action = 'change' AND p.street_id = e.street_id
  AND p.id = e.place_id
"""
"""Also brings a place back that had ended."""
ADD = """
INSERT INTO gridmap.place (street_id, id, kind, code, name, parent_id, community_id, grid_id, estate_id, valid, geom,
  changed_at, changed_by)
SELECT e.street_id, e.place_id, e.kind, coalesce(e.code, upper(left(e.kind, 1)) || (e.place_id & 4294967295)), e.name,
  (e.details ->> 'parent_id')::bigint, e.community_id,
  CASE WHEN e.kind = 'grid' AND e.details ->> 'type' <> 'micro' THEN e.place_id END,
  CASE WHEN e.kind = 'estate' THEN e.place_id END, daterange(%(today)s, NULL), e.geom, %(now)s, %(account)s
FROM gridmap.edition_place e
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action = 'add'
ORDER BY array_position('{grid,estate,building,stairwell,facility}', e.kind), e.place_id
"""
HEIRS = """
SELECT e.*, f.former, f.former IS NOT NULL AND e.place_id = first_value(e.place_id) OVER (
  PARTITION BY f.former ORDER BY public.st_area(e.geom) DESC NULLS LAST, e.place_id) AS is_largest
FROM gridmap.edition_place e LEFT JOIN LATERAL unnest(e.formers) AS f (former) ON true
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action <> 'end'
"""
PARTICULARS = (
    """
INSERT INTO gridmap.grid (street_id, place_id, type, serial)
SELECT e.street_id, e.place_id, e.details ->> 'type',
  CASE WHEN p.code ~ '^[0-9]{15}$' THEN right(p.code, 3)::smallint END
FROM gridmap.edition_place e JOIN gridmap.place p ON p.street_id = e.street_id AND p.id = e.place_id
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action <> 'end' AND e.kind = 'grid'
ON CONFLICT (street_id, place_id) DO UPDATE SET serial = excluded.serial
""",
    """
INSERT INTO gridmap.estate (street_id, place_id, management, property_id, origin, built_year)
SELECT e.street_id, e.place_id, coalesce(o.management, 'unknown'), o.property_id, o.origin, o.built_year
FROM gridmap.edition_place e LEFT JOIN gridmap.estate o ON o.street_id = e.street_id AND o.place_id = e.formers[1]
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action = 'add' AND e.kind = 'estate'
""",
    f"""
INSERT INTO gridmap.building (street_id, place_id, kind, floors, floors_underground, built_year, height_m, units)
SELECT e.street_id, e.place_id, coalesce(e.details ->> 'kind', 'other'), o.floors, o.floors_underground, o.built_year,
  o.height_m, coalesce((SELECT array_agg(DISTINCT u.unit ORDER BY u.unit) FROM ({HEIRS}) h
    JOIN gridmap.building x ON x.street_id = h.street_id AND x.place_id = h.former
    CROSS JOIN unnest(x.units) AS u (unit)
    WHERE h.place_id = e.place_id AND h.is_largest), '{{}}')
FROM gridmap.edition_place e LEFT JOIN gridmap.building o ON o.street_id = e.street_id AND o.place_id = e.formers[1]
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action = 'add' AND e.kind = 'building'
""",  # noqa: S608 - a piece of our own text
    """
INSERT INTO gridmap.stairwell (street_id, place_id)
SELECT e.street_id, e.place_id FROM gridmap.edition_place e
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action = 'add' AND e.kind = 'stairwell'
""",
    """
INSERT INTO gridmap.facility (street_id, place_id, kind)
SELECT e.street_id, e.place_id, e.details ->> 'kind' FROM gridmap.edition_place e
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action = 'add' AND e.kind = 'facility'
""",
)
INITIALS = """
UPDATE gridmap.place p SET initials = n.initials
FROM unnest(%(named)s::bigint[], %(initials)s::text[]) AS n (id, initials)
WHERE p.street_id = %(street)s AND p.id = n.id
"""
LINEAGE = """
INSERT INTO gridmap.lineage (street_id, former_id, later_id, starts_on, edition_id)
SELECT e.street_id, f.former, e.place_id, %(today)s, e.edition_id
FROM gridmap.edition_place e CROSS JOIN LATERAL unnest(e.formers) AS f (former)
WHERE e.street_id = %(street)s AND e.edition_id = %(edition)s AND e.action <> 'end' AND f.former <> e.place_id
ON CONFLICT DO NOTHING
"""
END = """
UPDATE gridmap.place p SET geom = NULL, valid = daterange(lower(p.valid), greatest(lower(p.valid), %(today)s)),
  revision = p.revision + 1, changed_at = %(now)s, changed_by = %(account)s
WHERE p.street_id = %(street)s AND p.id = ANY (%(ended)s)
"""
"""Its boundary stays with its days; on the map of today it is no more."""
BOUNDARIES = (
    """
DELETE FROM gridmap.boundary b USING gridmap.place p
WHERE b.street_id = %(street)s AND b.place_id = ANY (%(ids)s) AND p.street_id = b.street_id AND p.id = b.place_id
  AND upper_inf(b.valid) AND lower(b.valid) >= %(today)s AND b.geom IS DISTINCT FROM p.geom
""",
    """
UPDATE gridmap.boundary b SET valid = daterange(lower(b.valid), %(today)s) FROM gridmap.place p
WHERE b.street_id = %(street)s AND b.place_id = ANY (%(ids)s) AND p.street_id = b.street_id AND p.id = b.place_id
  AND upper_inf(b.valid) AND coalesce(lower(b.valid) < %(today)s, true) AND b.geom IS DISTINCT FROM p.geom
""",
    """
INSERT INTO gridmap.boundary (street_id, place_id, valid, geom)
SELECT p.street_id, p.id, daterange(%(today)s, NULL), p.geom FROM gridmap.place p
WHERE p.street_id = %(street)s AND p.id = ANY (%(ids)s) AND p.geom IS NOT NULL AND upper_inf(p.valid) AND NOT EXISTS (
  SELECT FROM gridmap.boundary b WHERE b.street_id = p.street_id AND b.place_id = p.id AND upper_inf(b.valid))
""",
)
PARENTS = f"""
UPDATE gridmap.place p SET parent_id = h.place_id, revision = p.revision + 1
FROM (
  SELECT DISTINCT ON (c.id) c.id, h.place_id FROM ({HEIRS}) h
  JOIN gridmap.place c ON c.street_id = h.street_id AND c.parent_id = h.former
  WHERE h.former = ANY (%(ended)s) AND h.kind IN ('building', 'estate')
  ORDER BY c.id, public.st_covers(h.geom, public.st_pointonsurface(c.geom)) DESC NULLS LAST, h.is_largest DESC
) h
WHERE p.street_id = %(street)s AND p.id = h.id
"""  # noqa: S608 - a piece of our own text
MOVING = f"""
CREATE TEMPORARY TABLE moving ON COMMIT DROP AS
WITH tile AS MATERIALIZED (
  SELECT p.id, p.code, p.geom, g.type, p.grid_id FROM gridmap.place p
  JOIN gridmap.grid g ON g.street_id = p.street_id AND g.place_id = p.id
  WHERE p.street_id = %(street)s AND p.kind = 'grid' AND p.community_id = %(community)s AND upper_inf(p.valid)
    AND p.geom IS NOT NULL
), home AS MATERIALIZED (
  SELECT p.id, p.geom, p.code FROM gridmap.place p
  WHERE p.street_id = %(street)s AND p.kind = 'estate' AND upper_inf(p.valid) AND public.st_dimension(p.geom) = 2
), heir AS (
  SELECT * FROM ({HEIRS}) h WHERE h.is_largest
), drawn AS MATERIALIZED (
  SELECT p.geom FROM gridmap.place p
  WHERE p.street_id = %(street)s AND p.id = ANY (%(ids)s) AND p.kind IN ('grid', 'estate') AND p.geom IS NOT NULL
), touched AS MATERIALIZED (
  SELECT p.id, p.kind FROM gridmap.place p
  WHERE p.street_id = %(street)s AND (p.community_id = %(community)s OR p.estate_id = ANY (%(ids)s))
    AND upper_inf(p.valid) AND (p.id = ANY (%(ids)s) OR p.grid_id = ANY (%(ids)s) OR p.micro_grid_id = ANY (%(ids)s)
      OR p.estate_id = ANY (%(ids)s) OR p.parent_id = ANY (%(ids)s) OR EXISTS (
        SELECT FROM drawn d WHERE public.st_intersects(d.geom, p.geom)))
), asked AS MATERIALIZED (
  SELECT p.id, p.kind, p.parent_id, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id,
    public.st_pointonsurface(p.geom) AS at, g.type
  FROM gridmap.place p LEFT JOIN gridmap.grid g ON g.street_id = p.street_id AND g.place_id = p.id
  WHERE p.street_id = %(street)s AND upper_inf(p.valid) AND p.id IN (
    SELECT t.id FROM touched t
    UNION SELECT s.id FROM touched t
    JOIN gridmap.place s ON s.street_id = %(street)s AND s.parent_id = t.id AND s.kind = 'stairwell'
    WHERE t.kind = 'building')
), found AS (
  SELECT a.*, t.id AS tile_id, m.id AS micro_id, h.id AS home_id
  FROM asked a
  LEFT JOIN LATERAL (
    SELECT id FROM tile WHERE type <> 'micro' AND public.st_covers(geom, a.at) ORDER BY code, id LIMIT 1) t ON true
  LEFT JOIN LATERAL (
    SELECT id FROM tile WHERE type = 'micro' AND public.st_covers(geom, a.at) ORDER BY code, id LIMIT 1) m ON true
  LEFT JOIN LATERAL (
    SELECT id FROM home WHERE public.st_covers(geom, a.at) ORDER BY public.st_area(geom), code, id LIMIT 1) h ON true
), owned AS (
  SELECT f.id, f.kind, f.parent_id, f.grid_id AS old_grid, f.micro_grid_id AS old_micro, f.estate_id AS old_estate,
    CASE WHEN f.kind = 'grid' AND f.type <> 'micro' THEN f.id WHEN f.kind = 'estate' AND f.grid_id IS NULL THEN NULL
      ELSE coalesce(f.tile_id,
        (SELECT h.place_id FROM heir h WHERE h.former = f.grid_id AND f.grid_id = ANY (%(ended)s)),
        CASE WHEN f.grid_id = ANY (%(ended)s) THEN NULL ELSE f.grid_id END) END AS new_grid,
    CASE WHEN f.kind = 'grid' THEN CASE WHEN f.type = 'micro' THEN f.id END ELSE coalesce(f.micro_id,
      CASE WHEN f.at IS NULL AND NOT f.micro_grid_id = ANY (%(ended)s) THEN f.micro_grid_id END) END AS new_micro,
    CASE f.kind WHEN 'estate' THEN f.id WHEN 'grid' THEN f.estate_id
      ELSE coalesce(f.home_id,
        (SELECT h.place_id FROM heir h WHERE h.former = f.estate_id AND f.estate_id = ANY (%(ended)s)),
        CASE WHEN f.estate_id = ANY (%(ended)s) THEN NULL ELSE f.estate_id END) END AS new_estate
  FROM found f
)
SELECT o.id, o.kind, o.old_grid, o.old_micro, o.old_estate, coalesce(b.new_grid, o.new_grid) AS new_grid,
  CASE WHEN b.id IS NULL THEN o.new_micro ELSE b.new_micro END AS new_micro,
  coalesce(b.new_estate, o.new_estate) AS new_estate
FROM owned o LEFT JOIN owned b ON o.kind = 'stairwell' AND b.kind = 'building' AND b.id = o.parent_id
"""  # noqa: S608 - a piece of our own text
"""What belongs where now: a point on the surface decides, a stairwell goes with its building, and what has no shape
goes with the largest part of what it was in. An estate of several grids stays in none."""
MOVE = (
    """
DELETE FROM moving WHERE (old_grid, old_micro, old_estate) IS NOT DISTINCT FROM (new_grid, new_micro, new_estate)
  AND NOT id = ANY (%(added)s)
""",
    """
UPDATE gridmap.place p SET grid_id = m.new_grid, micro_grid_id = m.new_micro, estate_id = m.new_estate,
  revision = CASE WHEN p.id = ANY (%(ids)s) THEN p.revision ELSE p.revision + 1 END, changed_at = %(now)s,
  changed_by = %(account)s
FROM moving m WHERE p.street_id = %(street)s AND p.id = m.id
""",
    """
UPDATE gridmap.assignment a SET community_id = p.community_id, grid_id = p.grid_id, micro_grid_id = p.micro_grid_id,
  estate_id = p.estate_id
FROM gridmap.place p, moving m
WHERE p.street_id = %(street)s AND p.id = m.id AND a.street_id = p.street_id AND a.place_id = p.id
  AND upper_inf(a.valid)
""",
    """
DELETE FROM gridmap.membership b WHERE b.street_id = %(street)s AND upper_inf(b.valid) AND lower(b.valid) >= %(today)s
  AND (b.place_id IN (SELECT id FROM moving) OR b.place_id = ANY (%(ended)s))
""",
    """
UPDATE gridmap.membership b SET valid = daterange(lower(b.valid), %(today)s)
WHERE b.street_id = %(street)s AND upper_inf(b.valid)
  AND (b.place_id IN (SELECT id FROM moving) OR b.place_id = ANY (%(ended)s))
""",
    """
INSERT INTO gridmap.membership (street_id, place_id, valid, community_id, grid_id, micro_grid_id, estate_id)
SELECT p.street_id, p.id, daterange(%(today)s, NULL), p.community_id, p.grid_id, p.micro_grid_id, p.estate_id
FROM moving m JOIN gridmap.place p ON p.street_id = %(street)s AND p.id = m.id WHERE p.kind <> 'grid'
""",
)
HOLDERS = (
    f"""
CREATE TEMPORARY TABLE carried ON COMMIT DROP AS
SELECT DISTINCT ON (f.place_id, f.role, f.unit, f.person_id) f.* FROM (
  SELECT h.place_id, a.person_id, a.role, a.unit, a.is_primary, upper(a.valid) AS until,
    public.st_area(w.was_geom) AS size
  FROM ({HEIRS}) h
  JOIN gridmap.assignment a ON a.street_id = h.street_id AND a.place_id = h.former AND a.valid @> %(now)s::timestamptz
  LEFT JOIN gridmap.edition_place w ON w.street_id = h.street_id AND w.edition_id = h.edition_id
    AND w.place_id = h.former
  WHERE h.former = ANY (%(ended)s) AND (%(undoes)s::timestamptz IS NULL OR lower(a.valid) > %(undoes)s)
  UNION ALL
  SELECT a.place_id, a.person_id, a.role, a.unit, a.is_primary, NULL, NULL FROM gridmap.assignment a
  WHERE a.street_id = %(street)s AND a.place_id = ANY (%(ids)s) AND NOT a.place_id = ANY (%(ended)s)
    AND upper(a.valid) = %(undoes)s
) f
ORDER BY f.place_id, f.role, f.unit, f.person_id, f.is_primary DESC
""",  # noqa: S608 - a piece of our own text
    """
DELETE FROM gridmap.assignment
WHERE street_id = %(street)s AND place_id = ANY (%(heirs)s) AND lower(valid) = %(undoes)s AND %(undoes)s >= %(now)s
""",
    """
UPDATE gridmap.assignment SET valid = tstzrange(lower(valid), %(now)s), revision = revision + 1, changed_at = %(now)s,
  changed_by = %(account)s
WHERE street_id = %(street)s AND place_id = ANY (%(heirs)s) AND lower(valid) = %(undoes)s AND upper_inf(valid)
""",
    """
DELETE FROM gridmap.assignment
WHERE street_id = %(street)s AND place_id = ANY (%(ended)s) AND lower(valid) >= %(now)s
""",
    """
UPDATE gridmap.assignment SET valid = tstzrange(lower(valid), %(now)s), revision = revision + 1, changed_at = %(now)s,
  changed_by = %(account)s
WHERE street_id = %(street)s AND place_id = ANY (%(ended)s) AND valid @> %(now)s::timestamptz
  AND coalesce(lower(valid) < %(now)s, true)
""",
    """
INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, unit, is_primary, valid, community_id,
  grid_id, micro_grid_id, estate_id, changed_at, changed_by)
SELECT p.street_id, p.street_id::bigint * 4294967296 + nextval('gridmap.serial'), c.person_id, p.id, c.role, c.unit,
  c.is_primary AND c.turn = 1 AND NOT EXISTS (SELECT FROM gridmap.assignment x WHERE x.street_id = p.street_id
    AND x.place_id = p.id AND x.role = c.role AND x.unit = c.unit AND x.is_primary AND x.valid @> %(now)s::timestamptz),
  tstzrange(%(now)s, c.until), p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, %(now)s, %(account)s
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY place_id, role, unit ORDER BY is_primary DESC, size DESC NULLS LAST, person_id) AS turn FROM carried
) c
JOIN gridmap.place p ON p.street_id = %(street)s AND p.id = c.place_id
WHERE NOT EXISTS (SELECT FROM gridmap.assignment x WHERE x.street_id = p.street_id AND x.place_id = p.id
  AND x.role = c.role AND x.unit = c.unit AND x.person_id = c.person_id AND x.valid @> %(now)s::timestamptz)
""",
)
"""Who had it in hand has what came out of it in hand; where two meet, the holder of the larger ground is the first.

An undo ends what was begun at that moment, and begins again what was ended then.
"""
COUNTS = """
UPDATE gridmap.{table} t SET counted_buildings = f.buildings, counted_households = f.households,
  counted_stairwells = f.stairwells
FROM (
  SELECT q.id, nullif(count(b.place_id), 0)::integer AS buildings, sum(b.counted_households)::integer AS households,
    sum(b.counted_stairwells)::integer AS stairwells
  FROM unnest(%(recount)s::bigint[]) AS q (id)
  LEFT JOIN gridmap.place p ON p.street_id = %(street)s AND p.kind = 'building' AND upper_inf(p.valid)
    AND p.{column} = q.id
  LEFT JOIN gridmap.building b ON b.street_id = p.street_id AND b.place_id = p.id
  GROUP BY q.id
) f
WHERE t.street_id = %(street)s AND t.place_id = f.id
"""
RECOUNT = (
    COUNTS.format(table="grid", column="grid_id") + " AND t.type <> 'micro'",
    COUNTS.format(table="grid", column="micro_grid_id") + " AND t.type = 'micro'",
    COUNTS.format(table="estate", column="estate_id"),
)
TOUCHED = """
SELECT DISTINCT x.id FROM moving m
CROSS JOIN LATERAL unnest(ARRAY[m.old_grid, m.new_grid, m.old_micro, m.new_micro, m.old_estate, m.new_estate]) AS x (id)
WHERE x.id IS NOT NULL
"""
FOLLOW = (
    ("accounts", "SELECT gridmap.carry_rights(%(street)s, %(edition)s, %(now)s) AS n"),
    ("cases", "SELECT gridmap.own_incidents(ARRAY[%(street)s]::integer[], %(now)s) AS n"),
    ("said", "SELECT gridmap.own_said(ARRAY[%(street)s]::integer[], NULL) AS n"),
    ("found", "SELECT gridmap.own_found(ARRAY[%(street)s]::integer[]) AS n"),
    ("rotas", "SELECT gridmap.own_rotas(ARRAY[%(street)s]::integer[], %(today)s, NULL::bigint[]) AS n"),
    ("slots", "SELECT gridmap.follow_places(ARRAY[%(street)s]::integer[], %(today)s) AS n"),
)


def write_places(connection: Connection, values: dict[str, Any]) -> None:
    """Write the edition's places, what is particular to them, their boundaries and their lineage."""
    for statement in (
        KEEP_FIRST_BOUNDARIES,
        LEAVE_CODES,
        FREE_CODES,
        CHANGE,
        ADD,
        INITIALS,
        *PARTICULARS,
        LINEAGE,
        PARENTS,
        END,
        *BOUNDARIES,
    ):
        connection.execute(statement.encode(), values)


def move_places(connection: Connection, values: dict[str, Any]) -> None:
    """Own anew what lies in them; the temporary tables `moving` and `carried` tell what and who moved."""
    connection.execute("DROP TABLE IF EXISTS moving, carried")
    for statement in (MOVING, *MOVE, *HOLDERS):
        connection.execute(statement.encode(), values)
    touched = [row["id"] for row in connection.execute(TOUCHED).fetchall()]
    for statement in RECOUNT:
        connection.execute(statement.encode(), values | {"recount": sorted({*touched, *values["ids"]})})


def follow(connection: Connection, values: dict[str, Any]) -> dict[str, int]:
    """Let cases, what was said and found, rotas, slots and rights follow; how many rows of each moved."""
    found = {}
    for name, statement in FOLLOW:
        row = connection.execute(statement.encode(), values).fetchone()
        found[name] = int((row or {})["n"] or 0)
    return found

"""Something of all that a search can find, at places of every corner, and the nights of their cars."""

from typing import Any

import psycopg

RUNS = """
INSERT INTO gridmap.hotspot_run (street_id, id, subject, begins, ends, exposure, edge_m, permutations, seed, units,
  cases, unexposed, months, month_cases, found_at)
SELECT s.id, (s.id::bigint << 32) + 9700 + n, k.subject, '2025-12-16', k.ends, 'households', 120, 299, 1, 5, 9, 1,
  ARRAY[date '2026-01-01', '2026-02-01'], ARRAY[4, 5], '2026-03-16 01:00+08'
FROM gridmap.street s, (VALUES
  (1, 'incident', date '2026-03-16'), (2, 'incident', date '2026-03-09'), (3, 'incident', date '2027-03-22'),
  (4, 'parking_violation', date '2026-03-16')) AS k (n, subject, ends)
"""
# each at the territory of its place: that of the place alone, of its grid, of its community, of the street
FOUND = """
INSERT INTO gridmap.hotspot (street_id, id, run_id, status, number, name, named_by, place_id, observed, expected,
  chance, units, month_observed, month_expected, community_id, grid_id, micro_grid_id, estate_id, geom)
SELECT p.street_id, p.id + 3500000000 + r.n * 100000000, (p.street_id::bigint << 32) + 9700 + r.n, p.status,
  CASE WHEN p.status IN ('area', 'further', 'busiest') THEN 1 + p.id % 10 END, 'area ' || p.id, 'estate',
  CASE WHEN p.status = 'repeat' THEN p.id END, 7 + (p.id % 5)::int,
  CASE WHEN p.status IN ('area', 'further', 'repeat', 'chance') THEN 2.25 + p.id % 7 END,
  CASE WHEN p.status IN ('area', 'chance') THEN 0.00333 END, 3, ARRAY[3, 4], ARRAY[1.5, 2.0],
  CASE WHEN p.id % 5 < 4 THEN p.community_id END, CASE WHEN p.id % 5 < 3 THEN p.grid_id END,
  CASE WHEN p.id % 5 < 3 THEN p.micro_grid_id END, CASE WHEN p.id % 5 < 2 THEN p.estate_id END,
  public.st_expand(coalesce(public.st_pointonsurface(p.geom),
    public.st_setsrid(public.st_makepoint(113.4, 22.5), 4326)), 0.0004)
FROM (
  SELECT *, (ARRAY['area', 'further', 'repeat', 'busiest', 'chance', 'untested'])[1 + id % 6] AS status
  FROM gridmap.place WHERE {where}
) p, generate_series(1, 4) AS r (n)
"""
UNITS = """
INSERT INTO gridmap.hotspot_unit (street_id, hotspot_id, place_id, observed, exposure, expected, is_apart, community_id,
  grid_id, micro_grid_id, estate_id)
SELECT p.street_id, p.id + 3600000000, p.id, 7, 40, 2.25, false, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id
FROM gridmap.place p JOIN gridmap.hotspot h ON h.street_id = p.street_id AND h.id = p.id + 3600000000
"""
NIGHTS = """
INSERT INTO gridmap.zone_stay (street_id, place_id, day, cars, begun, longest_days, community_id, grid_id,
  micro_grid_id, estate_id)
SELECT street_id, id, day, (id % 8)::int, 0, CASE WHEN id % 8 > 0 THEN 4 ELSE 0 END, community_id, grid_id,
  micro_grid_id, estate_id
FROM gridmap.place, (VALUES (date '2026-03-14'), (date '2026-03-15')) AS d (day)
WHERE {where} AND id % 3 > 0
"""


def fill_found(owner: "psycopg.Connection[Any]", where: str = "true") -> None:
    """Put it in place of what was found before, at the places that the condition, our own words, names.

    Four searches, of which the first and the last are the newest of their subject.
    """
    for table in ("hotspot_unit", "hotspot", "hotspot_run", "zone_stay"):
        owner.execute(psycopg.sql.SQL("DELETE FROM gridmap.{}").format(psycopg.sql.Identifier(table)))
    for statement in (RUNS, FOUND, UNITS, NIGHTS):
        owner.execute(statement.format(where=f"({where})"))

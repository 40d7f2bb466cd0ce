-- A point in an estate within an estate belongs to the inner one.

-- What of the territory lies at a point or within so many metres of it, the nearest first: communities, basic and
-- dedicated grids, micro grids, estates. Of equals the lowest code, of estates the inner one first. As the owner, because
-- who reports at the edge of a grid is told of the one beyond; only of streets in which the viewer sees something.
CREATE OR REPLACE FUNCTION gridmap.territory_at(lon double precision, lat double precision, within_m double precision)
RETURNS TABLE (kind text, street_id integer, id bigint, code text, name text, community_id bigint, grid_id bigint,
  away_m double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, public, pg_temp ROWS 8
BEGIN ATOMIC
  WITH spot AS MATERIALIZED (
    SELECT p.geom, st_expand(p.geom, greatest(within_m, 0) / 60000.0 + 0.000001) AS around
    FROM (SELECT st_setsrid(st_makepoint(lon, lat), 4326) AS geom) p
  ), near AS (
    SELECT 'community' AS kind, c.street_id, c.id, c.code, c.name, c.id AS community_id, NULL::bigint AS grid_id, c.geom
    FROM spot JOIN gridmap.community c ON c.geom && spot.around
    WHERE gridmap.is_near(c.street_id)
    UNION ALL
    SELECT CASE WHEN p.kind = 'estate' THEN 'estate' WHEN g.type = 'micro' THEN 'micro_grid' ELSE 'grid' END,
      p.street_id, p.id, p.code, p.name, p.community_id, p.grid_id, p.geom
    FROM spot JOIN gridmap.place p ON p.geom && spot.around AND p.kind IN ('grid', 'estate')
    LEFT JOIN gridmap.grid g ON g.street_id = p.street_id AND g.place_id = p.id
    WHERE gridmap.is_near(p.street_id)
  )
  SELECT n.kind, n.street_id, n.id, n.code, n.name, n.community_id, n.grid_id, f.away
  FROM near n CROSS JOIN spot
  CROSS JOIN LATERAL (
    SELECT CASE WHEN st_covers(n.geom, spot.geom) THEN 0
      ELSE st_distance(n.geom::geography, spot.geom::geography) END AS away
  ) f
  WHERE f.away <= greatest(within_m, 0)
  ORDER BY f.away, CASE n.kind WHEN 'estate' THEN st_area(n.geom) END, n.code, n.id;
END;

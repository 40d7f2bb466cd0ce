"""Who owes what: the places that a rule asks, as the piece of SQL that opening and preview share."""

STANDS = """daterange(a.starts_on, a.ends_on) && p.valid
    AND coalesce(upper(p.valid), 'infinity') > least(greatest(%(today)s::date, a.starts_on), a.ends_on - 1)"""
"""That the place is there at the end of the period; while it runs, today; before it begins, then."""

OWING = f"""
owner AS (
  -- stairwells, and buildings that have none: a building without stairwells counts as one
  SELECT a.*, p.id AS place_id, '' AS unit, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, p.parent_id
  FROM asked a JOIN gridmap.place p ON p.street_id = a.street_id AND p.kind = 'stairwell' AND {STANDS}
  WHERE a.level = 'stairwell'
  UNION ALL
  SELECT a.*, p.id, '', p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, p.id
  FROM asked a
  JOIN gridmap.place p ON p.street_id = a.street_id AND p.kind = 'building' AND {STANDS}
  JOIN gridmap.building b ON b.street_id = p.street_id AND b.place_id = p.id
  WHERE a.level = 'stairwell' AND b.kind NOT IN ('garage', 'public', 'commercial') AND NOT EXISTS (
    SELECT FROM gridmap.place s
    WHERE s.street_id = p.street_id AND s.parent_id = p.id AND s.kind = 'stairwell'
      AND daterange(a.starts_on, a.ends_on) && s.valid
  )
  UNION ALL
  -- micro grids lie in a grid, which owes for them; sub-estates owe for their estate
  SELECT a.*, p.id, '', p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, p.id
  FROM asked a JOIN gridmap.place p ON p.street_id = a.street_id AND p.kind = a.level AND {STANDS}
  WHERE a.level IN ('grid', 'estate', 'building', 'zone', 'facility')
    AND (a.level <> 'grid' OR p.micro_grid_id IS NULL)
    AND (a.level <> 'estate' OR NOT EXISTS (
      SELECT FROM gridmap.place s
      WHERE s.street_id = p.street_id AND s.parent_id = p.id AND s.kind = 'estate' AND s.valid @> a.starts_on
    ))
  UNION ALL
  SELECT a.*, p.id, u.unit, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id,
    CASE WHEN p.kind = 'stairwell' THEN p.parent_id ELSE p.id END
  FROM asked a
  JOIN gridmap.place p ON p.street_id = a.street_id AND p.kind IN ('stairwell', 'building') AND {STANDS}
  LEFT JOIN gridmap.stairwell s ON s.street_id = p.street_id AND s.place_id = p.id
  LEFT JOIN gridmap.building o ON o.street_id = p.street_id AND o.place_id = p.id
  CROSS JOIN LATERAL unnest(coalesce(s.units, o.units)) AS u (unit)
  WHERE a.level = 'household'
  UNION ALL
  SELECT a.*, NULL, '', c.id, NULL, NULL, NULL, NULL
  FROM asked a
  JOIN gridmap.community c ON c.street_id = a.street_id AND daterange(a.starts_on, a.ends_on) && c.valid
  WHERE a.level = 'community'
), owing AS (
  -- what a rule is cut to is looked up only for rules that are cut
  SELECT o.street_id, o.duty_id, o.kind, o.starts_on, o.ends_on, o.due_on, o.place_id, o.unit, t.turn,
    o.community_id, o.grid_id, o.micro_grid_id, o.estate_id, coalesce(o.place_id, o.community_id) AS owner_id
  FROM owner o
  JOIN (SELECT turn::smallint FROM generate_series(1, 12) AS turn) t ON t.turn <= o.times
  WHERE (NOT o.only_for ? 'communities' OR o.only_for -> 'communities' @> to_jsonb(o.community_id))
    AND (NOT o.only_for ? 'grids' OR o.only_for -> 'grids' @> to_jsonb(o.grid_id)
      OR o.only_for -> 'grids' @> to_jsonb(o.micro_grid_id))
    AND (NOT o.only_for ? 'estates' OR o.only_for -> 'estates' @> to_jsonb(o.estate_id) OR EXISTS (
      SELECT FROM gridmap.place e WHERE e.street_id = o.street_id AND e.id = o.estate_id
        AND o.only_for -> 'estates' @> to_jsonb(e.parent_id)))
    AND (NOT o.only_for ? 'management' OR EXISTS (
      SELECT FROM gridmap.estate e WHERE e.street_id = o.street_id AND e.place_id = o.estate_id
        AND o.only_for -> 'management' @> to_jsonb(e.management)))
    AND (NOT o.only_for ? 'building_kinds' OR EXISTS (
      SELECT FROM gridmap.building b WHERE b.street_id = o.street_id AND b.place_id = o.parent_id
        AND o.only_for -> 'building_kinds' @> to_jsonb(b.kind)))
    AND (NOT o.only_for ? 'facility_kinds' OR EXISTS (
      SELECT FROM gridmap.facility f WHERE f.street_id = o.street_id AND f.place_id = o.place_id
        AND o.only_for -> 'facility_kinds' @> to_jsonb(f.kind)))
)"""  # noqa: S608 - a piece of our own text
"""`asked` (street_id, duty_id, kind, level, times, only_for, starts_on, ends_on, due_on) as `owing`, slot by slot."""

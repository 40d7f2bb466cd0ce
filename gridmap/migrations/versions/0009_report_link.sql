-- Links that show one estate's report of one month to whoever has them.

CREATE TABLE gridmap.report_link (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  month DATE NOT NULL,
  created_by BIGINT,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  revoked_by BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT report_link_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT report_link_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT report_link_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT report_link_lasts_check CHECK (created_at < expires_at),
  CONSTRAINT report_link_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.report_link IS 'Who has the link reads the report of one estate and month; the signature in it is not kept.';
COMMENT ON COLUMN gridmap.report_link.place_id IS 'the estate';
COMMENT ON COLUMN gridmap.report_link.month IS 'its first day';
CREATE INDEX report_link_place_ix ON gridmap.report_link (street_id, place_id, month);

ALTER TABLE gridmap.report_link ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.report_link
  USING (gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id))
  WITH CHECK (gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id));
GRANT SELECT, INSERT, UPDATE ON gridmap.report_link TO gridmap_app;

-- Reasons of many slots at once -------------------------------------------------------------------------------------

-- What gap_reason() tells of each of these slots, put together in sets: a street's month in the time of a few dozen
-- single ones. As the owner, too; it names nobody. A test holds the two to the same words.
CREATE FUNCTION gridmap.gap_reasons(ids bigint[], moment timestamptz, today date)
RETURNS TABLE (slot_id bigint, reason text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = gridmap, pg_temp ROWS 10
BEGIN ATOMIC
  WITH wanted AS MATERIALIZED (
    SELECT s.street_id, s.id, s.place_id, s.unit, s.tried_at, s.ends_on, d.role, p.geom IS NOT NULL AS is_located,
      ARRAY[s.place_id, p.parent_id, s.grid_id, s.micro_grid_id, s.estate_id] AS spots
    FROM unnest(ids) AS asked (id)
    JOIN gridmap.slot s ON s.street_id = (asked.id >> 32)::integer AND s.id = asked.id
    JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id
    LEFT JOIN gridmap.place p ON p.street_id = s.street_id AND p.id = s.place_id
    WHERE s.state NOT IN ('satisfied', 'excused')
  ), spot AS MATERIALIZED (
    SELECT DISTINCT w.street_id, w.role, w.unit, one.id
    FROM wanted w, unnest(w.spots) AS one (id) WHERE one.id IS NOT NULL
  ), held AS MATERIALIZED (
    SELECT t.street_id, t.role, t.unit, t.id, bool_and(EXISTS (
        SELECT FROM gridmap.absence b
        WHERE b.street_id = a.street_id AND b.person_id = a.person_id AND b.valid @> moment AND b.substitute_id IS NULL
      )) AS are_away
    FROM spot t
    JOIN gridmap.assignment a ON a.street_id = t.street_id AND a.place_id = t.id AND a.role = t.role
      AND a.unit IN ('', t.unit) AND a.valid @> moment
    GROUP BY t.street_id, t.role, t.unit, t.id
  ), told AS (
    SELECT w.id, bool_and(h.are_away) AS are_away
    FROM wanted w CROSS JOIN unnest(w.spots) AS one (id)
    JOIN held h ON h.street_id = w.street_id AND h.role = w.role AND h.unit = w.unit AND h.id = one.id
    GROUP BY w.id
  )
  SELECT w.id, CASE
    WHEN w.place_id IS NOT NULL AND t.are_away IS NULL THEN 'no_manager'
    WHEN w.place_id IS NOT NULL AND NOT w.is_located THEN 'no_geometry'
    WHEN t.are_away THEN 'on_leave'
    WHEN w.tried_at IS NOT NULL THEN 'no_access'
    WHEN today < w.ends_on THEN 'not_yet'
    ELSE 'missed'
  END
  FROM wanted w LEFT JOIN told t ON t.id = w.id;
END;
REVOKE ALL ON FUNCTION gridmap.gap_reasons(bigint[], timestamptz, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.gap_reasons(bigint[], timestamptz, date) TO gridmap_app;

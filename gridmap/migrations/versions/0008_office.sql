-- The office's side of what is due: excuses with their hour, answers from paper and telephone, rules that follow each
-- other, joint inspections, and slots that follow their places.

ALTER TABLE gridmap.duty ADD COLUMN replaces_id BIGINT;
ALTER TABLE gridmap.duty
  ADD CONSTRAINT duty_street_id_replaces_id_fkey FOREIGN KEY (street_id, replaces_id) REFERENCES gridmap.duty (street_id, id);
COMMENT ON COLUMN gridmap.duty.replaces_id IS 'the rule as it was before, until this one began';
COMMENT ON COLUMN gridmap.duty.only_for IS 'communities, grids, estates, management, building_kinds, facility_kinds';

ALTER TABLE gridmap.slot ADD COLUMN excused_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE gridmap.slot DROP CONSTRAINT slot_excuse_known_check;
ALTER TABLE gridmap.slot ADD CONSTRAINT slot_excuse_known_check CHECK (excuse IN ('no_access', 'vacant', 'construction',
  'danger', 'refused', 'place_gone', 'rule_changed', 'other'));

-- What 300,000 slots in one statement need not ask again and again: the duty tells the street, the place its community.
ALTER TABLE gridmap.slot DROP CONSTRAINT slot_street_id_fkey;
ALTER TABLE gridmap.slot DROP CONSTRAINT slot_street_id_community_id_fkey;
DROP INDEX gridmap.slot_community_ix, gridmap.slot_place_ix, gridmap.slot_open_ix;
ALTER TABLE gridmap.slot DROP CONSTRAINT slot_once;
ALTER TABLE gridmap.slot ADD CONSTRAINT slot_once
  UNIQUE NULLS NOT DISTINCT (street_id, place_id, starts_on, duty_id, unit, turn, community_id);
CREATE INDEX slot_month_ix ON gridmap.slot (street_id, starts_on, duty_id);

CREATE TABLE gridmap.joint_inspection (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  title TEXT NOT NULL,
  place_id BIGINT,
  planned_on DATE NOT NULL,
  state TEXT DEFAULT 'planned' NOT NULL,
  bodies BIGINT[] DEFAULT '{}' NOT NULL,
  note TEXT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  changed_by BIGINT,
  import_run_id BIGINT,
  source TEXT,
  source_key TEXT,
  CONSTRAINT joint_inspection_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT joint_inspection_street_id_place_id_fkey FOREIGN KEY (street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT joint_inspection_street_id_community_id_fkey FOREIGN KEY (street_id, community_id) REFERENCES gridmap.community (street_id, id),
  CONSTRAINT joint_inspection_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT joint_inspection_state_known_check CHECK (state IN ('planned', 'held', 'cancelled')),
  CONSTRAINT joint_inspection_street_id_fkey FOREIGN KEY (street_id) REFERENCES gridmap.street (id),
  CONSTRAINT joint_inspection_import_run_id_fkey FOREIGN KEY (import_run_id) REFERENCES gridmap.import_run (id)
);
COMMENT ON TABLE gridmap.joint_inspection IS 'Several organisations walk through an estate together; what they find are inspections of its places.';
COMMENT ON COLUMN gridmap.joint_inspection.place_id IS 'the estate or grid that is walked; empty: the whole community';
COMMENT ON COLUMN gridmap.joint_inspection.bodies IS 'organisations that take part';
COMMENT ON COLUMN gridmap.joint_inspection.note IS 'what was reported and agreed';
CREATE INDEX joint_inspection_day_ix ON gridmap.joint_inspection (street_id, planned_on DESC);

ALTER TABLE gridmap.inspection ADD COLUMN via TEXT;
ALTER TABLE gridmap.inspection ADD CONSTRAINT inspection_via_known_check CHECK (via IN ('paper', 'phone'));
ALTER TABLE gridmap.inspection ADD COLUMN joint_id BIGINT;
ALTER TABLE gridmap.inspection
  ADD CONSTRAINT inspection_street_id_joint_id_fkey FOREIGN KEY (street_id, joint_id) REFERENCES gridmap.joint_inspection (street_id, id);
CREATE INDEX inspection_joint_ix ON gridmap.inspection (street_id, joint_id) WHERE joint_id IS NOT NULL;
COMMENT ON COLUMN gridmap.inspection.via IS 'entered by the office from a sheet or a telephone call; empty: by its author';
COMMENT ON COLUMN gridmap.inspection.joint_id IS 'the joint inspection on which it was found';

ALTER TABLE gridmap.joint_inspection ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.joint_inspection
  USING (gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id))
  WITH CHECK (gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id));
GRANT SELECT, INSERT, UPDATE ON gridmap.joint_inspection TO gridmap_app;

-- What a community owes itself is its office's: nobody has to be assigned, nothing has to lie on the map.
CREATE OR REPLACE FUNCTION gridmap.gap_reason(one gridmap.slot, moment timestamptz, today date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT CASE
    WHEN one.state IN ('satisfied', 'excused') THEN NULL
    WHEN one.place_id IS NOT NULL AND h.people IS NULL THEN 'no_manager'
    WHEN one.place_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM gridmap.place p WHERE p.street_id = one.street_id AND p.id = one.place_id AND p.geom IS NOT NULL
    ) THEN 'no_geometry'
    WHEN h.people IS NOT NULL AND NOT EXISTS (
      SELECT FROM unnest(h.people) AS holder (id)
      WHERE NOT EXISTS (
        SELECT FROM gridmap.absence b
        WHERE b.street_id = one.street_id AND b.person_id = holder.id AND b.valid @> moment AND b.substitute_id IS NULL
      )
    ) THEN 'on_leave'
    WHEN one.tried_at IS NOT NULL THEN 'no_access'
    WHEN today < one.ends_on THEN 'not_yet'
    ELSE 'missed'
  END
  FROM gridmap.duty d
  CROSS JOIN LATERAL (
    SELECT gridmap.holders_at(one.street_id, one.community_id, one.grid_id, one.micro_grid_id, one.estate_id,
                              one.place_id, one.unit, d.role, moment) AS people
  ) h
  WHERE d.street_id = one.street_id AND d.id = one.duty_id;
END;

-- Slots whose period runs follow places that have moved to another community, grid or estate, with their answers and
-- the counts; how many moved comes back. What is over stays where it was.
CREATE FUNCTION gridmap.follow_places(streets integer[], today date) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  ids bigint[];
BEGIN
  SELECT array_agg(id ORDER BY id) INTO ids FROM (
    SELECT s.id FROM gridmap.slot s
    JOIN gridmap.place p ON p.street_id = s.street_id AND p.id = s.place_id
    WHERE s.street_id = ANY (streets) AND s.ends_on > today
      AND (s.community_id, s.grid_id, s.micro_grid_id, s.estate_id)
        IS DISTINCT FROM (p.community_id, p.grid_id, p.micro_grid_id, p.estate_id)
    ORDER BY s.id FOR NO KEY UPDATE OF s
  ) locked;
  IF ids IS NULL THEN
    RETURN 0;
  END IF;
  WITH found AS (
    SELECT s.street_id, s.id, s.starts_on, s.duty_id, s.state, s.is_late, s.findings,
      s.community_id AS old_community, s.grid_id AS old_grid, s.micro_grid_id AS old_micro, s.estate_id AS old_estate,
      p.community_id, p.grid_id, p.micro_grid_id, p.estate_id
    FROM gridmap.slot s
    JOIN gridmap.place p ON p.street_id = s.street_id AND p.id = s.place_id
    WHERE s.street_id = ANY (streets) AND s.id = ANY (ids)
  ), owned AS (
    UPDATE gridmap.slot s SET community_id = f.community_id, grid_id = f.grid_id, micro_grid_id = f.micro_grid_id,
      estate_id = f.estate_id, revision = s.revision + 1
    FROM found f WHERE s.street_id = f.street_id AND s.id = f.id
  ), answered AS (
    UPDATE gridmap.inspection i SET community_id = f.community_id, grid_id = f.grid_id,
      micro_grid_id = f.micro_grid_id, estate_id = f.estate_id
    FROM found f WHERE i.street_id = f.street_id AND i.slot_id = f.id
  ), difference AS (
    SELECT street_id, starts_on, duty_id, community_id, grid_id, micro_grid_id, estate_id, sum(sign)::integer AS slots,
      coalesce(sum(sign) FILTER (WHERE state = 'satisfied'), 0)::integer AS satisfied,
      coalesce(sum(sign) FILTER (WHERE state = 'excused'), 0)::integer AS excused,
      coalesce(sum(sign) FILTER (WHERE is_late), 0)::integer AS late, sum(sign * findings)::integer AS findings
    FROM (
      SELECT -1 AS sign, street_id, starts_on, duty_id, state, is_late, findings, coalesce(old_community, 0)
        AS community_id, coalesce(old_grid, 0) AS grid_id, coalesce(old_micro, 0) AS micro_grid_id,
        coalesce(old_estate, 0) AS estate_id
      FROM found
      UNION ALL
      SELECT 1, street_id, starts_on, duty_id, state, is_late, findings, coalesce(community_id, 0),
        coalesce(grid_id, 0), coalesce(micro_grid_id, 0), coalesce(estate_id, 0)
      FROM found
    ) both_sides
    GROUP BY 1, 2, 3, 4, 5, 6, 7
  ), counted AS (
    UPDATE gridmap.coverage c SET slots = c.slots + d.slots, satisfied = c.satisfied + d.satisfied,
      excused = c.excused + d.excused, late = c.late + d.late, findings = c.findings + d.findings
    FROM difference d
    WHERE c.street_id = d.street_id AND c.starts_on = d.starts_on AND c.duty_id = d.duty_id
      AND c.community_id = d.community_id AND c.grid_id = d.grid_id AND c.micro_grid_id = d.micro_grid_id
      AND c.estate_id = d.estate_id
    RETURNING c.street_id, c.starts_on, c.duty_id, c.community_id, c.grid_id, c.micro_grid_id, c.estate_id
  )
  INSERT INTO gridmap.coverage AS c (street_id, starts_on, duty_id, community_id, grid_id, micro_grid_id, estate_id,
    slots, satisfied, excused, late, findings)
  SELECT d.street_id, d.starts_on, d.duty_id, d.community_id, d.grid_id, d.micro_grid_id, d.estate_id,
    d.slots, d.satisfied, d.excused, d.late, d.findings
  FROM difference d
  WHERE d.slots > 0 AND (d.street_id, d.starts_on, d.duty_id, d.community_id, d.grid_id, d.micro_grid_id, d.estate_id)
    NOT IN (SELECT * FROM counted)
  ON CONFLICT (street_id, starts_on, duty_id, community_id, grid_id, micro_grid_id, estate_id) DO UPDATE
  SET slots = c.slots + excluded.slots, satisfied = c.satisfied + excluded.satisfied,
    excused = c.excused + excluded.excused, late = c.late + excluded.late, findings = c.findings + excluded.findings;
  DELETE FROM gridmap.coverage c WHERE c.street_id = ANY (streets) AND c.slots = 0;
  RETURN cardinality(ids);
END
$$;
REVOKE ALL ON FUNCTION gridmap.follow_places(integer[], date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.follow_places(integer[], date) TO gridmap_app;

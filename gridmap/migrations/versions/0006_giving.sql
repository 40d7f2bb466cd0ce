-- Change sets of assignments: many moves recorded as one. A household of a place can be looked after by itself.

ALTER TABLE gridmap.duty_role
  ADD COLUMN capacity smallint,
  ADD COLUMN of_organisations text[] NOT NULL DEFAULT '{}',
  ADD CONSTRAINT duty_role_capacity_some_check CHECK (capacity > 0),
  DROP CONSTRAINT duty_role_level_known_check,
  ADD CONSTRAINT duty_role_level_known_check
    CHECK (level IN ('street', 'community', 'grid', 'estate', 'building', 'stairwell', 'household', 'zone'));
COMMENT ON COLUMN gridmap.duty_role.capacity IS 'how many places one person should hold at most; empty: as it comes';
COMMENT ON COLUMN gridmap.duty_role.of_organisations
  IS 'kinds of organisations whose people may take it; empty: anybody';

ALTER TABLE gridmap.assignment
  ADD COLUMN unit text NOT NULL DEFAULT '',
  DROP CONSTRAINT assignment_one_primary_holder,
  ADD CONSTRAINT assignment_one_primary_holder
    EXCLUDE USING gist (street_id WITH =, place_id WITH =, role WITH =, unit WITH =, valid WITH &&) WHERE (is_primary);
COMMENT ON COLUMN gridmap.assignment.unit IS 'number of one household of the place; empty: the place as a whole';

CREATE TABLE gridmap.assignment_change (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  why TEXT,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  business_at TIMESTAMP WITH TIME ZONE NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  account_id BIGINT,
  places INTEGER NOT NULL,
  undoes_id BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT assignment_change_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT assignment_change_street_id_undoes_id_fkey FOREIGN KEY(street_id, undoes_id) REFERENCES gridmap.assignment_change (street_id, id),
  CONSTRAINT assignment_change_street_id_undoes_id_key UNIQUE (street_id, undoes_id),
  CONSTRAINT assignment_change_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT assignment_change_kind_known_check CHECK (kind IN ('change', 'hand_over', 'import', 'proposal', 'undo')),
  CONSTRAINT assignment_change_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);

CREATE TABLE gridmap.assignment_move (
  street_id INTEGER NOT NULL,
  change_id BIGINT NOT NULL,
  number SMALLINT NOT NULL,
  place_id BIGINT NOT NULL,
  role TEXT NOT NULL,
  unit TEXT DEFAULT '' NOT NULL,
  is_primary BOOLEAN NOT NULL,
  before_id BIGINT,
  before_person_id BIGINT,
  before_until TIMESTAMP WITH TIME ZONE,
  before_revision INTEGER,
  after_id BIGINT,
  after_person_id BIGINT,
  after_until TIMESTAMP WITH TIME ZONE,
  after_revision INTEGER,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT assignment_move_pkey PRIMARY KEY (street_id, change_id, number),
  CONSTRAINT assignment_move_street_id_change_id_fkey FOREIGN KEY(street_id, change_id) REFERENCES gridmap.assignment_change (street_id, id),
  CONSTRAINT assignment_move_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT assignment_move_street_id_before_person_id_fkey FOREIGN KEY(street_id, before_person_id) REFERENCES gridmap.person (street_id, id),
  CONSTRAINT assignment_move_street_id_after_person_id_fkey FOREIGN KEY(street_id, after_person_id) REFERENCES gridmap.person (street_id, id),
  CONSTRAINT assignment_move_before_whole_check CHECK ((before_id IS NULL) = (before_person_id IS NULL)),
  CONSTRAINT assignment_move_after_whole_check CHECK ((after_id IS NULL) = (after_person_id IS NULL)),
  CONSTRAINT assignment_move_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id),
  CONSTRAINT assignment_move_role_fkey FOREIGN KEY(role) REFERENCES gridmap.duty_role (code)
);
CREATE INDEX assignment_move_place_ix ON gridmap.assignment_move (street_id, place_id);

CREATE TABLE gridmap.hand_over (
  street_id INTEGER NOT NULL,
  change_id BIGINT NOT NULL,
  from_person_id BIGINT NOT NULL,
  to_person_id BIGINT NOT NULL,
  note TEXT,
  places INTEGER NOT NULL,
  open_slots INTEGER DEFAULT 0 NOT NULL,
  late_slots INTEGER DEFAULT 0 NOT NULL,
  soonest DATE,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  undone_at TIMESTAMP WITH TIME ZONE,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT hand_over_pkey PRIMARY KEY (street_id, change_id, to_person_id),
  CONSTRAINT hand_over_street_id_change_id_fkey FOREIGN KEY(street_id, change_id) REFERENCES gridmap.assignment_change (street_id, id),
  CONSTRAINT hand_over_street_id_from_person_id_fkey FOREIGN KEY(street_id, from_person_id) REFERENCES gridmap.person (street_id, id),
  CONSTRAINT hand_over_street_id_to_person_id_fkey FOREIGN KEY(street_id, to_person_id) REFERENCES gridmap.person (street_id, id),
  CONSTRAINT hand_over_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
CREATE INDEX hand_over_receiver_ix ON gridmap.hand_over (street_id, to_person_id);

COMMENT ON TABLE gridmap.assignment_change IS 'Belongs to whatever all of its places lie in together; the street where they share no less.';
COMMENT ON COLUMN gridmap.assignment_change.starts_at IS 'business time from which it holds';
COMMENT ON TABLE gridmap.assignment_move IS 'What one change did at one place. An assignment taken back whole leaves its id here alone.';
COMMENT ON COLUMN gridmap.assignment_move.before_id IS 'the assignment that ended';
COMMENT ON COLUMN gridmap.assignment_move.before_until IS 'its end until then; empty: open';
COMMENT ON COLUMN gridmap.assignment_move.before_revision IS 'as it was left; empty: it had not begun, and was taken back whole';
COMMENT ON COLUMN gridmap.assignment_move.after_id IS 'the assignment that began';
COMMENT ON TABLE gridmap.hand_over IS 'What the receiver is told: the note, and what was open on that day.';
COMMENT ON COLUMN gridmap.hand_over.open_slots IS 'due then, at these places';
COMMENT ON COLUMN gridmap.hand_over.soonest IS 'when the first of them is due';
COMMENT ON COLUMN gridmap.hand_over.starts_at IS 'as of the change';
COMMENT ON COLUMN gridmap.hand_over.undone_at IS 'business time at which the change was taken back';

DO $$
DECLARE
  target record;
BEGIN
  FOR target IN
    SELECT * FROM (VALUES
      ('assignment_change', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, NULL)
        OR gridmap.is_own(account_id)'),
      ('assignment_move', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id)'),
      ('hand_over', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, NULL)
        OR coalesce(gridmap.viewer_has(''self'', to_person_id), false)')
    ) AS rules (relation, rule)
  LOOP
    EXECUTE format('ALTER TABLE gridmap.%I ENABLE ROW LEVEL SECURITY', target.relation);
    EXECUTE format('CREATE POLICY scope ON gridmap.%I USING (%s) WITH CHECK (%s)',
                   target.relation, target.rule, target.rule);
  END LOOP;
END
$$;

GRANT SELECT, INSERT ON gridmap.assignment_change, gridmap.assignment_move, gridmap.hand_over TO gridmap_app;
GRANT UPDATE (undone_at) ON gridmap.hand_over TO gridmap_app;

-- Where people live, for a proposal: only of people whom the viewer knows, never without a trace.
CREATE FUNCTION gridmap.homes_of(street integer, sought bigint[], reason text, business_at timestamptz)
RETURNS TABLE (person_id bigint, place_id bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
BEGIN
  IF coalesce(btrim(reason), '') = '' THEN
    RAISE EXCEPTION 'a reason is needed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN QUERY
    WITH seen AS (
      SELECT p.id, p.home_place_id
      FROM gridmap.person p
      WHERE p.street_id = street AND p.id = ANY (sought) AND p.home_place_id IS NOT NULL
        AND gridmap.is_known(p.street_id, p.community_id, p.grid_id, p.micro_grid_id, p.id)
    ), logged AS (
      INSERT INTO gridmap.audit (street_id, business_at, account_id, action, subject, after, why)
      SELECT street, homes_of.business_at, nullif(current_setting('app.account', true), '')::bigint,
             'read_homes', 'person', jsonb_build_object('people', count(*)), reason
      FROM seen
    )
    SELECT seen.id, seen.home_place_id FROM seen;
END
$$;
REVOKE ALL ON FUNCTION gridmap.homes_of(integer, bigint[], text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.homes_of(integer, bigint[], text, timestamptz) TO gridmap_app;

-- Who looks after a place in a role at a moment: the holders of the place itself or of what it lies in; of a household
-- (unit not empty) also whoever holds that household alone.
CREATE FUNCTION gridmap.holders_at(
  street integer, community bigint, grid bigint, micro_grid bigint, estate bigint, place bigint, household text,
  duty_role text, moment timestamptz
) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT array_agg(a.person_id)
  FROM gridmap.assignment a
  WHERE a.street_id = street AND a.role = duty_role AND a.valid @> moment AND a.unit IN ('', household)
    AND a.place_id IN (place, grid, micro_grid, estate,
      (SELECT p.parent_id FROM gridmap.place p WHERE p.street_id = street AND p.id = place));
END;

CREATE OR REPLACE FUNCTION gridmap.gap_reason(one gridmap.slot, moment timestamptz, today date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT CASE
    WHEN one.state IN ('satisfied', 'excused') THEN NULL
    WHEN h.people IS NULL THEN 'no_manager'
    WHEN one.place_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM gridmap.place p WHERE p.street_id = one.street_id AND p.id = one.place_id AND p.geom IS NOT NULL
    ) THEN 'no_geometry'
    WHEN NOT EXISTS (
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

DROP FUNCTION gridmap.holders_at(integer, bigint, bigint, bigint, bigint, bigint, text, timestamptz);

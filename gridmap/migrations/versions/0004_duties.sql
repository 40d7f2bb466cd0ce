-- What is due: rules, slots, answers and the counts beside; the one function that settles a slot.

CREATE TABLE gridmap.duty (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  title_en TEXT NOT NULL,
  action TEXT NOT NULL,
  level TEXT NOT NULL,
  only_for JSONB DEFAULT '{}' NOT NULL,
  every TEXT NOT NULL,
  times SMALLINT DEFAULT 1 NOT NULL,
  fixed_day SMALLINT,
  holiday_rule TEXT DEFAULT 'stay' NOT NULL,
  remind_day SMALLINT,
  role TEXT NOT NULL,
  excused_by TEXT DEFAULT 'community' NOT NULL,
  sort SMALLINT DEFAULT 0 NOT NULL,
  valid DATERANGE NOT NULL,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  changed_by BIGINT,
  import_run_id BIGINT,
  source TEXT,
  source_key TEXT,
  CONSTRAINT duty_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT duty_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT duty_action_known_check CHECK (action IN ('inspection', 'household_visit', 'vehicle_count', 'meeting', 'disclosure', 'activity')),
  CONSTRAINT duty_level_known_check CHECK (level IN ('community', 'grid', 'estate', 'building', 'stairwell', 'household', 'zone', 'facility')),
  CONSTRAINT duty_every_known_check CHECK (every IN ('day', 'working_day', 'week', 'month', 'quarter', 'year')),
  CONSTRAINT duty_holiday_rule_known_check CHECK (holiday_rule IN ('stay', 'next', 'previous')),
  CONSTRAINT duty_excused_by_known_check CHECK (excused_by IN ('community', 'street')),
  CONSTRAINT duty_times_few_check CHECK (times BETWEEN 1 AND 12),
  CONSTRAINT duty_valid_not_empty_check CHECK (NOT isempty(valid)),
  CONSTRAINT duty_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id),
  CONSTRAINT duty_role_fkey FOREIGN KEY(role) REFERENCES gridmap.duty_role (code),
  CONSTRAINT duty_import_run_id_fkey FOREIGN KEY(import_run_id) REFERENCES gridmap.import_run (id)
);
COMMENT ON TABLE gridmap.duty IS 'Rules are data: what, for which places, how often, by which role.';
COMMENT ON COLUMN gridmap.duty.kind IS 'what is done: fire_equipment, household_visit …; one word';
COMMENT ON COLUMN gridmap.duty.level IS 'stairwell: also a building without stairwells';
COMMENT ON COLUMN gridmap.duty.only_for IS 'communities, estates, management, kinds';
COMMENT ON COLUMN gridmap.duty.fixed_day IS 'day of the period, counted from 1';
COMMENT ON COLUMN gridmap.duty.remind_day IS 'day of the period from which it is said to be due soon';

CREATE TABLE gridmap.slot (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  duty_id BIGINT NOT NULL,
  place_id BIGINT,
  unit TEXT DEFAULT '' NOT NULL,
  turn SMALLINT DEFAULT 1 NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE NOT NULL,
  due_on DATE NOT NULL,
  state TEXT DEFAULT 'due' NOT NULL,
  reason TEXT,
  excuse TEXT,
  excuse_note TEXT,
  excused_by BIGINT,
  done_at TIMESTAMP WITH TIME ZONE,
  is_late BOOLEAN DEFAULT false NOT NULL,
  tried_at TIMESTAMP WITH TIME ZONE,
  findings INTEGER DEFAULT 0 NOT NULL,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  revision INTEGER DEFAULT 1 NOT NULL,
  CONSTRAINT slot_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT slot_street_id_duty_id_fkey FOREIGN KEY(street_id, duty_id) REFERENCES gridmap.duty (street_id, id),
  CONSTRAINT slot_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT slot_street_id_community_id_fkey FOREIGN KEY(street_id, community_id) REFERENCES gridmap.community (street_id, id),
  CONSTRAINT slot_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT slot_state_known_check CHECK (state IN ('due', 'satisfied', 'excused', 'missed')),
  CONSTRAINT slot_reason_known_check CHECK (reason IN ('no_manager', 'no_geometry', 'on_leave', 'no_access', 'not_yet', 'missed')),
  CONSTRAINT slot_excuse_known_check CHECK (excuse IN ('no_access', 'vacant', 'construction', 'danger', 'refused', 'place_gone', 'other')),
  CONSTRAINT slot_satisfied_in_time_check CHECK (state <> 'satisfied' OR (done_at IS NOT NULL AND NOT is_late)),
  CONSTRAINT slot_period_not_empty_check CHECK (starts_on < ends_on),
  CONSTRAINT slot_once UNIQUE NULLS NOT DISTINCT (street_id, duty_id, starts_on, place_id, community_id, unit, turn),
  CONSTRAINT slot_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.slot IS 'One due instance of a duty; settle_slots() alone makes its state from answers, excuse and calendar.';
COMMENT ON COLUMN gridmap.slot.place_id IS 'empty where the community itself owes it';
COMMENT ON COLUMN gridmap.slot.unit IS 'number of the household';
COMMENT ON COLUMN gridmap.slot.reason IS 'of a missed slot, as it was when the period closed';
COMMENT ON COLUMN gridmap.slot.done_at IS 'first good answer, in time or late';
CREATE INDEX slot_community_ix ON gridmap.slot (street_id, community_id, starts_on);
CREATE INDEX slot_grid_ix ON gridmap.slot (street_id, grid_id, starts_on);
CREATE INDEX slot_open_ix ON gridmap.slot (street_id, starts_on, duty_id) WHERE state <> 'satisfied';
CREATE INDEX slot_place_ix ON gridmap.slot (street_id, place_id, starts_on);

CREATE TABLE gridmap.inspection (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  slot_id BIGINT,
  duty_id BIGINT,
  place_id BIGINT,
  unit TEXT DEFAULT '' NOT NULL,
  kind TEXT NOT NULL,
  result TEXT NOT NULL,
  severity SMALLINT,
  note TEXT,
  mode TEXT,
  photo BYTEA,
  bodies BIGINT[] DEFAULT '{}' NOT NULL,
  done_at TIMESTAMP WITH TIME ZONE NOT NULL,
  device_at TIMESTAMP WITH TIME ZONE,
  received_at TIMESTAMP WITH TIME ZONE NOT NULL,
  sent_id UUID,
  account_id BIGINT,
  author_id BIGINT,
  doubt TEXT,
  doubt_answer TEXT,
  corrects_id BIGINT,
  superseded_at TIMESTAMP WITH TIME ZONE,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT inspection_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT inspection_street_id_slot_id_fkey FOREIGN KEY(street_id, slot_id) REFERENCES gridmap.slot (street_id, id),
  CONSTRAINT inspection_street_id_duty_id_fkey FOREIGN KEY(street_id, duty_id) REFERENCES gridmap.duty (street_id, id),
  CONSTRAINT inspection_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT inspection_street_id_author_id_fkey FOREIGN KEY(street_id, author_id) REFERENCES gridmap.person (street_id, id),
  CONSTRAINT inspection_street_id_corrects_id_fkey FOREIGN KEY(street_id, corrects_id) REFERENCES gridmap.inspection (street_id, id),
  CONSTRAINT inspection_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT inspection_result_known_check CHECK (result IN ('fine', 'finding', 'done', 'reached', 'no_access', 'nobody', 'refused')),
  CONSTRAINT inspection_mode_known_check CHECK (mode IN ('door', 'phone', 'paper')),
  CONSTRAINT inspection_severity_known_check CHECK (severity BETWEEN 1 AND 3),
  CONSTRAINT inspection_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.inspection IS 'What somebody found at a place. A correction supersedes; nothing is overwritten.';
COMMENT ON COLUMN gridmap.inspection.mode IS 'of a visit: door or phone';
COMMENT ON COLUMN gridmap.inspection.photo IS 'SHA-256 of a file';
COMMENT ON COLUMN gridmap.inspection.bodies IS 'organisations of a joint one';
COMMENT ON COLUMN gridmap.inspection.done_at IS 'when it counts';
COMMENT ON COLUMN gridmap.inspection.device_at IS 'as the phone said';
COMMENT ON COLUMN gridmap.inspection.account_id IS 'who entered it';
COMMENT ON COLUMN gridmap.inspection.author_id IS 'the person who did it; not the person of the account: on behalf of';
COMMENT ON COLUMN gridmap.inspection.doubt IS 'asked of the author, never refused';
CREATE INDEX inspection_grid_ix ON gridmap.inspection (street_id, grid_id, done_at DESC);
CREATE INDEX inspection_place_ix ON gridmap.inspection (street_id, place_id, kind, done_at DESC);
CREATE INDEX inspection_sent_ix ON gridmap.inspection (street_id, sent_id);
CREATE INDEX inspection_slot_ix ON gridmap.inspection (street_id, slot_id);

CREATE TABLE gridmap.coverage (
  street_id INTEGER NOT NULL,
  starts_on DATE NOT NULL,
  duty_id BIGINT NOT NULL,
  community_id BIGINT DEFAULT 0 NOT NULL,
  grid_id BIGINT DEFAULT 0 NOT NULL,
  micro_grid_id BIGINT DEFAULT 0 NOT NULL,
  estate_id BIGINT DEFAULT 0 NOT NULL,
  slots INTEGER DEFAULT 0 NOT NULL,
  satisfied INTEGER DEFAULT 0 NOT NULL,
  excused INTEGER DEFAULT 0 NOT NULL,
  late INTEGER DEFAULT 0 NOT NULL,
  findings INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT coverage_pkey PRIMARY KEY (street_id, starts_on, duty_id, community_id, grid_id, micro_grid_id, estate_id),
  CONSTRAINT coverage_street_id_duty_id_fkey FOREIGN KEY(street_id, duty_id) REFERENCES gridmap.duty (street_id, id),
  CONSTRAINT coverage_counts_fit_check CHECK (satisfied + excused <= slots),
  CONSTRAINT coverage_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.coverage IS 'Counts of slots, kept by the code that writes them in the same transaction; 0 stands for none.';
CREATE INDEX coverage_grid_ix ON gridmap.coverage (street_id, grid_id, starts_on);

-- Row security and privileges --------------------------------------------------------------------------------------

DO $$
DECLARE
  target record;
BEGIN
  FOR target IN
    SELECT * FROM (VALUES
      ('duty', 'gridmap.is_near(street_id)'),
      ('slot', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id)'),
      ('inspection', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id)
        OR gridmap.is_own(account_id)'),
      ('coverage', 'gridmap.in_scope(street_id, nullif(community_id, 0), nullif(grid_id, 0), nullif(micro_grid_id, 0),
        nullif(estate_id, 0), nullif(grid_id, 0))')
    ) AS rules (relation, rule)
  LOOP
    EXECUTE format('ALTER TABLE gridmap.%I ENABLE ROW LEVEL SECURITY', target.relation);
    EXECUTE format('CREATE POLICY scope ON gridmap.%I USING (%s) WITH CHECK (%s)',
                   target.relation, target.rule, target.rule);
  END LOOP;
END
$$;

GRANT SELECT ON gridmap.duty, gridmap.slot, gridmap.inspection, gridmap.coverage TO gridmap_app;
GRANT INSERT, UPDATE, DELETE ON gridmap.duty TO gridmap_app;
GRANT INSERT, UPDATE ON gridmap.slot, gridmap.inspection, gridmap.coverage TO gridmap_app;

-- Why a slot is not satisfied --------------------------------------------------------------------------------------

-- Who looks after a place in a role at a moment: the holders of the place itself or of what it lies in.
CREATE FUNCTION gridmap.holders_at(
  street integer, community bigint, grid bigint, micro_grid bigint, estate bigint, place bigint, duty_role text,
  moment timestamptz
) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT array_agg(a.person_id)
  FROM gridmap.assignment a
  WHERE a.street_id = street AND a.role = duty_role AND a.valid @> moment
    AND a.place_id IN (place, grid, micro_grid, estate,
      (SELECT p.parent_id FROM gridmap.place p WHERE p.street_id = street AND p.id = place));
END;

-- The first reason that holds at the moment; null where there is no gap. Excused slots are told apart before. As the
-- owner, so that a gap has one reason for everybody who sees it; it names nobody.
CREATE FUNCTION gridmap.gap_reason(one gridmap.slot, moment timestamptz, today date) RETURNS text
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
                              one.place_id, d.role, moment) AS people
  ) h
  WHERE d.street_id = one.street_id AND d.id = one.duty_id;
END;

-- The office's midnight at which a day begins.
CREATE FUNCTION gridmap.office_midnight(day date) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN day::timestamp AT TIME ZONE 'Asia/Shanghai';

-- Settling ---------------------------------------------------------------------------------------------------------

-- Makes the state of these slots from what was answered, excused and how late it is, and moves the counts by the
-- difference; how many changed comes back. Whoever writes an answer or an excuse calls it in the same transaction.
-- It runs as the owner, because the counts reach further than one stairwell; it derives, so calling it is harmless.
CREATE FUNCTION gridmap.settle_slots(street integer, ids bigint[], today date) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  changed integer;
BEGIN
  -- a statement of its own: what is read below is then as new as the locks
  PERFORM FROM gridmap.slot s WHERE s.street_id = street AND s.id = ANY (ids) ORDER BY s.id FOR NO KEY UPDATE;
  WITH known AS (
    SELECT s.*, f.answered_at, f.last_tried_at, f.findings_now,
      coalesce(f.answered_at >= gridmap.office_midnight(s.ends_on), false) AS comes_late,
      CASE
        WHEN f.answered_at < gridmap.office_midnight(s.ends_on) THEN 'satisfied'
        WHEN s.excuse IS NOT NULL THEN 'excused'
        WHEN s.ends_on <= today THEN 'missed'
        ELSE 'due'
      END AS new_state
    FROM gridmap.slot s
    CROSS JOIN LATERAL (
      SELECT min(i.done_at) FILTER (WHERE i.result IN ('fine', 'finding', 'done', 'reached')) AS answered_at,
        max(i.done_at) FILTER (WHERE i.result IN ('no_access', 'nobody', 'refused')) AS last_tried_at,
        (count(*) FILTER (WHERE i.result = 'finding'))::integer AS findings_now
      FROM gridmap.inspection i
      WHERE i.street_id = s.street_id AND i.slot_id = s.id AND i.superseded_at IS NULL
    ) f
    WHERE s.street_id = street AND s.id = ANY (ids)
  ), moved AS (
    SELECT * FROM known
    WHERE (state, is_late, findings, done_at, tried_at)
      IS DISTINCT FROM (new_state, comes_late, findings_now, answered_at, last_tried_at)
  ), written AS (
    UPDATE gridmap.slot s
    SET state = m.new_state, is_late = m.comes_late, findings = m.findings_now, done_at = m.answered_at,
      tried_at = m.last_tried_at, revision = s.revision + 1,
      reason = CASE WHEN m.new_state = 'missed' THEN s.reason END
    FROM moved m WHERE s.street_id = street AND s.id = m.id
    RETURNING s.id
  ), counted AS (
    UPDATE gridmap.coverage c
    SET satisfied = c.satisfied + d.satisfied, excused = c.excused + d.excused, late = c.late + d.late,
      findings = c.findings + d.findings
    FROM (
      SELECT starts_on, duty_id, coalesce(community_id, 0) AS community_id, coalesce(grid_id, 0) AS grid_id,
        coalesce(micro_grid_id, 0) AS micro_grid_id, coalesce(estate_id, 0) AS estate_id,
        (count(*) FILTER (WHERE new_state = 'satisfied') - count(*) FILTER (WHERE state = 'satisfied'))::integer
          AS satisfied,
        (count(*) FILTER (WHERE new_state = 'excused') - count(*) FILTER (WHERE state = 'excused'))::integer
          AS excused,
        (count(*) FILTER (WHERE comes_late) - count(*) FILTER (WHERE is_late))::integer AS late,
        (sum(findings_now) - sum(findings))::integer AS findings
      FROM moved GROUP BY 1, 2, 3, 4, 5, 6
    ) d
    WHERE c.street_id = street AND c.starts_on = d.starts_on AND c.duty_id = d.duty_id
      AND c.community_id = d.community_id AND c.grid_id = d.grid_id AND c.micro_grid_id = d.micro_grid_id
      AND c.estate_id = d.estate_id
    RETURNING 1
  )
  SELECT count(*) INTO changed FROM written;
  -- as it was when the period closed, told once
  UPDATE gridmap.slot s
  SET reason = gridmap.gap_reason(s, gridmap.office_midnight(s.ends_on) - interval '1 second', today)
  WHERE s.street_id = street AND s.id = ANY (ids) AND s.state = 'missed' AND s.reason IS NULL;
  RETURN changed;
END
$$;

-- Counts of these streets' slots from the slots themselves; how many rows were wrong comes back. A nightly check.
CREATE FUNCTION gridmap.recount_coverage(streets integer[]) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  wrong integer;
BEGIN
  LOCK TABLE gridmap.coverage IN SHARE ROW EXCLUSIVE MODE;
  WITH found AS (
    SELECT s.street_id, s.starts_on, s.duty_id, coalesce(s.community_id, 0) AS community_id,
      coalesce(s.grid_id, 0) AS grid_id, coalesce(s.micro_grid_id, 0) AS micro_grid_id,
      coalesce(s.estate_id, 0) AS estate_id, count(*)::integer AS slots,
      (count(*) FILTER (WHERE s.state = 'satisfied'))::integer AS satisfied,
      (count(*) FILTER (WHERE s.state = 'excused'))::integer AS excused,
      (count(*) FILTER (WHERE s.is_late))::integer AS late, sum(s.findings)::integer AS findings
    FROM gridmap.slot s WHERE s.street_id = ANY (streets)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
  ), mended AS (
    INSERT INTO gridmap.coverage AS c SELECT * FROM found
    ON CONFLICT (street_id, starts_on, duty_id, community_id, grid_id, micro_grid_id, estate_id) DO UPDATE
    SET slots = excluded.slots, satisfied = excluded.satisfied, excused = excluded.excused, late = excluded.late,
      findings = excluded.findings
    WHERE (c.slots, c.satisfied, c.excused, c.late, c.findings)
      IS DISTINCT FROM (excluded.slots, excluded.satisfied, excluded.excused, excluded.late, excluded.findings)
    RETURNING 1
  ), emptied AS (
    DELETE FROM gridmap.coverage c
    WHERE c.street_id = ANY (streets) AND NOT EXISTS (
      SELECT FROM found f
      WHERE f.street_id = c.street_id AND f.starts_on = c.starts_on AND f.duty_id = c.duty_id
        AND f.community_id = c.community_id AND f.grid_id = c.grid_id AND f.micro_grid_id = c.micro_grid_id
        AND f.estate_id = c.estate_id
    )
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM mended) + (SELECT count(*) FROM emptied) INTO wrong;
  RETURN wrong;
END
$$;

REVOKE ALL ON FUNCTION gridmap.gap_reason(gridmap.slot, timestamptz, date) FROM PUBLIC;
REVOKE ALL ON FUNCTION gridmap.settle_slots(integer, bigint[], date), gridmap.recount_coverage(integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.gap_reason(gridmap.slot, timestamptz, date) TO gridmap_app;
GRANT EXECUTE ON FUNCTION gridmap.settle_slots(integer, bigint[], date), gridmap.recount_coverage(integer[])
  TO gridmap_app;

-- Duty rotas: what is shared, who takes part, the turns, who has which, and what was swapped.

CREATE TABLE gridmap.rota (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  organisation_id BIGINT,
  needed SMALLINT DEFAULT 1 NOT NULL,
  weekdays SMALLINT[],
  begins TIME WITHOUT TIME ZONE NOT NULL,
  ends TIME WITHOUT TIME ZONE NOT NULL,
  gap_days SMALLINT DEFAULT 7 NOT NULL,
  valid DATERANGE NOT NULL,
  place_id BIGINT NOT NULL,
  people BIGINT[] DEFAULT '{}' NOT NULL,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT rota_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT rota_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT rota_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT rota_kind_known_check CHECK (kind IN ('parking', 'patrol', 'disinfection', 'gate')),
  CONSTRAINT rota_needed_some_check CHECK (needed BETWEEN 1 AND 50),
  CONSTRAINT rota_weekdays_known_check CHECK (cardinality(weekdays) > 0 AND weekdays <@ '{0,1,2,3,4,5,6}'::smallint[]),
  CONSTRAINT rota_lasts_check CHECK (begins <> ends),
  CONSTRAINT rota_gap_known_check CHECK (gap_days BETWEEN 1 AND 60),
  CONSTRAINT rota_valid_not_empty_check CHECK (NOT isempty(valid)),
  CONSTRAINT rota_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id),
  CONSTRAINT rota_organisation_id_fkey FOREIGN KEY(organisation_id) REFERENCES gridmap.organisation (id)
);
COMMENT ON TABLE gridmap.rota IS 'A duty that a group shares, evening by evening: parking, patrol, disinfection, a gate.';
COMMENT ON COLUMN gridmap.rota.organisation_id IS 'the group whose people take turns';
COMMENT ON COLUMN gridmap.rota.needed IS 'people for each turn';
COMMENT ON COLUMN gridmap.rota.weekdays IS 'Monday is 0; empty: the working days of the calendar';
COMMENT ON COLUMN gridmap.rota.ends IS 'not after the beginning: on the next day';
COMMENT ON COLUMN gridmap.rota.gap_days IS 'from one turn to the next';
CREATE INDEX rota_place_ix ON gridmap.rota (street_id, place_id);

CREATE TABLE gridmap.rota_member (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  rota_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  valid DATERANGE NOT NULL,
  credit SMALLINT[] DEFAULT '{0,0,0,0,0,0,0}' NOT NULL,
  never_on SMALLINT[] DEFAULT '{}' NOT NULL,
  place_id BIGINT NOT NULL,
  people BIGINT[] DEFAULT '{}' NOT NULL,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT rota_member_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT rota_member_street_id_rota_id_fkey FOREIGN KEY(street_id, rota_id) REFERENCES gridmap.rota (street_id, id),
  CONSTRAINT rota_member_street_id_person_id_fkey FOREIGN KEY(street_id, person_id) REFERENCES gridmap.person (street_id, id),
  CONSTRAINT rota_member_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT rota_member_valid_not_empty_check CHECK (NOT isempty(valid)),
  CONSTRAINT rota_member_credit_of_a_week_check CHECK (cardinality(credit) = 7 AND 0 <= ALL (credit)),
  CONSTRAINT rota_member_never_on_known_check CHECK (never_on <@ '{0,1,2,3,4,5,6}'::smallint[]),
  CONSTRAINT rota_member_once EXCLUDE USING gist (street_id WITH =, rota_id WITH =, person_id WITH =, valid WITH &&),
  CONSTRAINT rota_member_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.rota_member IS 'Who takes part and when; who is away stands in absence.';
COMMENT ON COLUMN gridmap.rota_member.credit IS 'turns that count as had before joining, Monday to Sunday: else a newcomer makes up for years';
COMMENT ON COLUMN gridmap.rota_member.never_on IS 'weekdays without a turn, Monday is 0; never why';
CREATE INDEX rota_member_person_ix ON gridmap.rota_member (street_id, person_id);

CREATE TABLE gridmap.rota_turn (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  rota_id BIGINT NOT NULL,
  day DATE NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  needed SMALLINT NOT NULL,
  missing SMALLINT NOT NULL,
  reason TEXT,
  state TEXT DEFAULT 'set' NOT NULL,
  place_id BIGINT NOT NULL,
  people BIGINT[] DEFAULT '{}' NOT NULL,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT rota_turn_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT rota_turn_street_id_rota_id_day_key UNIQUE (street_id, rota_id, day),
  CONSTRAINT rota_turn_street_id_rota_id_fkey FOREIGN KEY(street_id, rota_id) REFERENCES gridmap.rota (street_id, id),
  CONSTRAINT rota_turn_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT rota_turn_state_known_check CHECK (state IN ('set', 'cancelled')),
  CONSTRAINT rota_turn_reason_known_check CHECK (reason IN ('too_few_members', 'on_leave', 'elsewhere', 'never', 'several')),
  CONSTRAINT rota_turn_missing_fits_check CHECK (missing BETWEEN 0 AND needed),
  CONSTRAINT rota_turn_missing_with_reason_check CHECK ((missing > 0) = (reason IS NOT NULL)),
  CONSTRAINT rota_turn_lasts_check CHECK (starts_at < ends_at AND ends_at <= starts_at + interval '1 day'),
  CONSTRAINT rota_turn_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.rota_turn IS 'One evening of a rota.';
COMMENT ON COLUMN gridmap.rota_turn.missing IS 'kept by the code that writes the holders';
COMMENT ON COLUMN gridmap.rota_turn.reason IS 'why somebody is missing, as the plan told it';
CREATE INDEX rota_turn_day_ix ON gridmap.rota_turn (street_id, day);
CREATE INDEX rota_turn_open_ix ON gridmap.rota_turn (street_id, starts_at) WHERE missing > 0;

CREATE TABLE gridmap.rota_swap (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  rota_id BIGINT NOT NULL,
  turn_id BIGINT NOT NULL,
  giver_id BIGINT NOT NULL,
  taker_id BIGINT NOT NULL,
  other_turn_id BIGINT,
  state TEXT DEFAULT 'asked' NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  asked_by BIGINT,
  answered_at TIMESTAMP WITH TIME ZONE,
  answered_by BIGINT,
  place_id BIGINT NOT NULL,
  people BIGINT[] DEFAULT '{}' NOT NULL,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT rota_swap_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT rota_swap_street_id_rota_id_fkey FOREIGN KEY(street_id, rota_id) REFERENCES gridmap.rota (street_id, id),
  CONSTRAINT rota_swap_street_id_turn_id_fkey FOREIGN KEY(street_id, turn_id) REFERENCES gridmap.rota_turn (street_id, id),
  CONSTRAINT rota_swap_street_id_other_turn_id_fkey FOREIGN KEY(street_id, other_turn_id) REFERENCES gridmap.rota_turn (street_id, id),
  CONSTRAINT rota_swap_street_id_giver_id_fkey FOREIGN KEY(street_id, giver_id) REFERENCES gridmap.person (street_id, id),
  CONSTRAINT rota_swap_street_id_taker_id_fkey FOREIGN KEY(street_id, taker_id) REFERENCES gridmap.person (street_id, id),
  CONSTRAINT rota_swap_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT rota_swap_state_known_check CHECK (state IN ('asked', 'agreed', 'declined', 'withdrawn', 'lapsed')),
  CONSTRAINT rota_swap_taker_is_another_check CHECK (giver_id <> taker_id),
  CONSTRAINT rota_swap_other_is_another_check CHECK (other_turn_id IS DISTINCT FROM turn_id),
  CONSTRAINT rota_swap_answer_has_time_check CHECK ((state = 'asked') = (answered_at IS NULL)),
  CONSTRAINT rota_swap_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.rota_swap IS 'Who asked whom to take an evening, and what came of it; never why.';
COMMENT ON COLUMN gridmap.rota_swap.giver_id IS 'the person who would be rid of it';
COMMENT ON COLUMN gridmap.rota_swap.other_turn_id IS 'what the taker gives in return; empty: nothing';
COMMENT ON COLUMN gridmap.rota_swap.answered_by IS 'the taker''s account, the giver''s where withdrawn, or the office''s';
CREATE UNIQUE INDEX rota_swap_once_ix ON gridmap.rota_swap (street_id, turn_id, giver_id, taker_id) WHERE state = 'asked';
CREATE INDEX rota_swap_taker_ix ON gridmap.rota_swap (street_id, taker_id) WHERE state = 'asked';
CREATE INDEX rota_swap_turn_ix ON gridmap.rota_swap (street_id, turn_id);

CREATE TABLE gridmap.rota_holder (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  rota_id BIGINT NOT NULL,
  turn_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  day DATE NOT NULL,
  during TSTZRANGE NOT NULL,
  origin TEXT NOT NULL,
  swap_id BIGINT,
  given_at TIMESTAMP WITH TIME ZONE NOT NULL,
  given_by BIGINT,
  ended_at TIMESTAMP WITH TIME ZONE,
  place_id BIGINT NOT NULL,
  people BIGINT[] DEFAULT '{}' NOT NULL,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT rota_holder_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT rota_holder_street_id_rota_id_fkey FOREIGN KEY(street_id, rota_id) REFERENCES gridmap.rota (street_id, id),
  CONSTRAINT rota_holder_street_id_turn_id_fkey FOREIGN KEY(street_id, turn_id) REFERENCES gridmap.rota_turn (street_id, id),
  CONSTRAINT rota_holder_street_id_person_id_fkey FOREIGN KEY(street_id, person_id) REFERENCES gridmap.person (street_id, id),
  CONSTRAINT rota_holder_street_id_swap_id_fkey FOREIGN KEY(street_id, swap_id) REFERENCES gridmap.rota_swap (street_id, id),
  CONSTRAINT rota_holder_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT rota_holder_origin_known_check CHECK (origin IN ('planned', 'entered', 'swapped')),
  CONSTRAINT rota_holder_during_not_empty_check CHECK (NOT isempty(during)),
  CONSTRAINT rota_holder_swap_is_known_check CHECK ((origin = 'swapped') = (swap_id IS NOT NULL)),
  CONSTRAINT rota_holder_one_at_a_time EXCLUDE USING gist (street_id WITH =, person_id WITH =, during WITH &&) WHERE (ended_at IS NULL),
  CONSTRAINT rota_holder_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.rota_holder IS 'Who has which turn, and who had it before it was swapped.';
COMMENT ON COLUMN gridmap.rota_holder.during IS 'of the turn';
COMMENT ON COLUMN gridmap.rota_holder.ended_at IS 'when it went to somebody else; empty: has it';
CREATE UNIQUE INDEX rota_holder_once_ix ON gridmap.rota_holder (street_id, rota_id, day, person_id) WHERE ended_at IS NULL;
CREATE INDEX rota_holder_person_ix ON gridmap.rota_holder (street_id, person_id, day);
CREATE INDEX rota_holder_turn_ix ON gridmap.rota_holder (street_id, turn_id);

-- Who sees what --------------------------------------------------------------------------------------------------------

-- Whoever takes part sees the rota, all of its evenings and who has them, wherever the own evenings are: without that
-- nobody could swap. Setting a rota up is for those who look after the place.
CREATE FUNCTION gridmap.takes_part(people bigint[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN gridmap.is_signed_in() THEN coalesce(
  people && string_to_array(nullif(btrim(current_setting('app.self', true), ','), ''), ',')::bigint[], false)
ELSE false END;

DO $$
DECLARE
  target record;
BEGIN
  FOR target IN
    SELECT * FROM (VALUES
      ('rota', ''),
      ('rota_member', ''),
      ('rota_turn', ''),
      ('rota_swap', ' OR gridmap.takes_part(people)'),
      ('rota_holder', ' OR gridmap.takes_part(people)')
    ) AS rules (relation, own)
  LOOP
    EXECUTE format('ALTER TABLE gridmap.%I ENABLE ROW LEVEL SECURITY', target.relation);
    EXECUTE format(
      'CREATE POLICY scope ON gridmap.%I USING (%s OR gridmap.takes_part(people)) WITH CHECK (%s%s)', target.relation,
      rule, rule, target.own)
    FROM (VALUES ('gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id)'))
      AS one (rule);
  END LOOP;
END
$$;

-- Privileges -----------------------------------------------------------------------------------------------------------

GRANT SELECT, INSERT ON gridmap.rota, gridmap.rota_member, gridmap.rota_turn, gridmap.rota_swap, gridmap.rota_holder
  TO gridmap_app;
-- the place and who takes part are written by own_rotas() alone after the first time
GRANT UPDATE (name, organisation_id, needed, weekdays, begins, ends, gap_days, valid, revision, changed_at, changed_by)
  ON gridmap.rota TO gridmap_app;
GRANT UPDATE (valid, credit, never_on, revision, changed_at, changed_by) ON gridmap.rota_member TO gridmap_app;
GRANT UPDATE (starts_at, ends_at, needed, missing, reason, state, revision, changed_at, changed_by)
  ON gridmap.rota_turn TO gridmap_app;
-- who had an evening, and who asked whom, stays
GRANT UPDATE (state, answered_at, answered_by, revision, changed_at, changed_by) ON gridmap.rota_swap TO gridmap_app;
GRANT UPDATE (ended_at) ON gridmap.rota_holder TO gridmap_app;

-- What planning and swapping must know of those who take part, for whoever sees the rota: when they are away (never
-- why) and when they have another duty. As the owner, because a neighbour's leave is nobody's to read.
CREATE FUNCTION gridmap.rota_people(street integer, sought bigint, since timestamptz, until timestamptz)
RETURNS TABLE (member_id bigint, person_id bigint, display_name text, member_during daterange, credit smallint[],
  never_on smallint[], away tstzmultirange, busy tstzrange[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT m.id, m.person_id, p.display_name, m.valid, m.credit, m.never_on,
    (SELECT range_agg(b.valid) FROM gridmap.absence b
     WHERE b.street_id = m.street_id AND b.person_id = m.person_id AND b.valid && tstzrange(since, until)),
    (SELECT array_agg(h.during ORDER BY h.during) FROM gridmap.rota_holder h
     WHERE h.street_id = m.street_id AND h.person_id = m.person_id AND h.rota_id <> m.rota_id AND h.ended_at IS NULL
       AND h.during && tstzrange(since, until))
  FROM gridmap.rota_member m
  JOIN gridmap.person p ON p.street_id = m.street_id AND p.id = m.person_id
  WHERE m.street_id = street AND m.rota_id = sought
    AND (gridmap.in_scope(m.street_id, m.community_id, m.grid_id, m.micro_grid_id, m.estate_id, m.place_id)
         OR gridmap.takes_part(m.people))
  ORDER BY m.person_id, m.id;
END;
REVOKE ALL ON FUNCTION gridmap.rota_people(integer, bigint, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.rota_people(integer, bigint, timestamptz, timestamptz) TO gridmap_app;

-- Where -----------------------------------------------------------------------------------------------------------------

-- A rota follows its place when boundaries have changed, and whoever joins or leaves comes to see it or no longer does.
-- `rotas`: only these. It derives everything, so calling it is harmless. As the owner, because whoever changes a
-- boundary need not see what lies beyond it. How many rows moved comes back.
CREATE FUNCTION gridmap.own_rotas(streets integer[], today date, rotas bigint[] DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  relation text;
  moved integer;
  rows_moved integer;
BEGIN
  UPDATE gridmap.rota r SET people = f.people, community_id = f.community_id, grid_id = f.grid_id,
    micro_grid_id = f.micro_grid_id, estate_id = f.estate_id
  FROM (
    SELECT o.street_id, o.id, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, ARRAY(
      SELECT DISTINCT m.person_id FROM gridmap.rota_member m
      WHERE m.street_id = o.street_id AND m.rota_id = o.id AND m.valid && daterange(today, NULL)
      ORDER BY m.person_id
    ) AS people
    FROM gridmap.rota o
    JOIN gridmap.place p ON p.street_id = o.street_id AND p.id = o.place_id
    WHERE o.street_id = ANY (streets) AND (rotas IS NULL OR o.id = ANY (rotas))
  ) f
  WHERE r.street_id = f.street_id AND r.id = f.id
    AND (r.people, r.community_id, r.grid_id, r.micro_grid_id, r.estate_id)
      IS DISTINCT FROM (f.people, f.community_id, f.grid_id, f.micro_grid_id, f.estate_id);
  GET DIAGNOSTICS moved = ROW_COUNT;
  FOREACH relation IN ARRAY ARRAY['rota_member', 'rota_turn', 'rota_swap', 'rota_holder']
  LOOP
    EXECUTE format(
      'UPDATE gridmap.%I c SET people = r.people, place_id = r.place_id, community_id = r.community_id,'
      ' grid_id = r.grid_id, micro_grid_id = r.micro_grid_id, estate_id = r.estate_id'
      ' FROM gridmap.rota r'
      ' WHERE r.street_id = ANY ($1) AND ($2 IS NULL OR r.id = ANY ($2))'
      ' AND c.street_id = r.street_id AND c.rota_id = r.id'
      ' AND (c.people, c.place_id, c.community_id, c.grid_id, c.micro_grid_id, c.estate_id)'
      ' IS DISTINCT FROM (r.people, r.place_id, r.community_id, r.grid_id, r.micro_grid_id, r.estate_id)', relation)
    USING streets, rotas;
    GET DIAGNOSTICS rows_moved = ROW_COUNT;
    moved := moved + rows_moved;
  END LOOP;
  RETURN moved;
END
$$;
REVOKE ALL ON FUNCTION gridmap.own_rotas(integer[], date, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.own_rotas(integer[], date, bigint[]) TO gridmap_app;

-- Parking: rules of estates, gates, counts, cars that are known, cars from outside with their notices and bans.

ALTER TABLE gridmap.zone ADD COLUMN hourly_yuan NUMERIC(7, 2), ADD COLUMN daily_cap_yuan NUMERIC(7, 2),
  ADD COLUMN tariff_day TEXT;
ALTER TABLE gridmap.zone ADD CONSTRAINT zone_tariff_day_known_check CHECK (tariff_day IN ('from_entry', 'calendar'));
ALTER TABLE gridmap.zone ADD CONSTRAINT zone_capacity_some_check CHECK (capacity >= 0);
ALTER TABLE gridmap.zone ADD CONSTRAINT zone_tariff_whole_check CHECK ((hourly_yuan IS NULL) = (daily_cap_yuan IS NULL)
  AND (hourly_yuan IS NULL) = (tariff_day IS NULL) AND hourly_yuan >= 0 AND hourly_yuan <= daily_cap_yuan);
COMMENT ON COLUMN gridmap.zone.hourly_yuan IS 'for each hour that has begun; empty: no tariff';
COMMENT ON COLUMN gridmap.zone.tariff_day IS '24 hours from when a car came in, or a calendar day';

CREATE TABLE gridmap.gate (
  street_id INTEGER NOT NULL,
  place_id BIGINT NOT NULL,
  width_m NUMERIC(4, 1),
  barrier TEXT DEFAULT 'none' NOT NULL,
  list_columns JSONB DEFAULT '[]' NOT NULL,
  CONSTRAINT gate_pkey PRIMARY KEY (street_id, place_id),
  CONSTRAINT gate_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id) ON DELETE CASCADE,
  CONSTRAINT gate_barrier_known_check CHECK (barrier IN ('none', 'manual', 'automatic', 'camera')),
  CONSTRAINT gate_width_some_check CHECK (width_m > 0),
  CONSTRAINT gate_list_columns_in_order_check CHECK (jsonb_typeof(list_columns) = 'array'),
  CONSTRAINT gate_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.gate IS 'What is particular of a facility that cars pass.';
COMMENT ON COLUMN gridmap.gate.place_id IS 'a facility';
COMMENT ON COLUMN gridmap.gate.list_columns IS 'headings and what stands under each, in the order that its barrier reads';

CREATE TABLE gridmap.parking_rule (
  street_id INTEGER NOT NULL,
  place_id BIGINT NOT NULL,
  leave_by TIME WITHOUT TIME ZONE DEFAULT '18:00' NOT NULL,
  tolerance_minutes SMALLINT DEFAULT 0 NOT NULL,
  free_from TIME WITHOUT TIME ZONE DEFAULT '06:00' NOT NULL,
  evenings SMALLINT[] DEFAULT '{0,1,2,3,4,5,6}' NOT NULL,
  notices SMALLINT DEFAULT 3 NOT NULL,
  ban_on TEXT DEFAULT 'next_violation' NOT NULL,
  ban_months SMALLINT DEFAULT 3 NOT NULL,
  clean_months SMALLINT DEFAULT 3 NOT NULL,
  stay_counts SMALLINT DEFAULT 3 NOT NULL,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT parking_rule_pkey PRIMARY KEY (street_id, place_id),
  CONSTRAINT parking_rule_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id) ON DELETE CASCADE,
  CONSTRAINT parking_rule_ban_on_known_check CHECK (ban_on IN ('third_notice', 'next_violation')),
  CONSTRAINT parking_rule_hours_fit_check CHECK (tolerance_minutes >= 0 AND free_from < leave_by AND extract(hour FROM leave_by) * 60 + extract(minute FROM leave_by) + tolerance_minutes <= 1439),
  CONSTRAINT parking_rule_evenings_known_check CHECK (evenings <@ '{0,1,2,3,4,5,6}'::smallint[]),
  CONSTRAINT parking_rule_numbers_fit_check CHECK (notices BETWEEN 1 AND 9 AND ban_months BETWEEN 1 AND 24 AND clean_months BETWEEN 1 AND 24 AND stay_counts BETWEEN 2 AND 20),
  CONSTRAINT parking_rule_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.parking_rule IS 'What an estate has decided; of a zone that differs from its estate, only the hours count.';
COMMENT ON COLUMN gridmap.parking_rule.free_from IS 'when the evening is over';
COMMENT ON COLUMN gridmap.parking_rule.evenings IS 'weekdays on whose evenings cars have to leave; Monday is 0';

CREATE TABLE gridmap.vehicle_count (
  street_id INTEGER NOT NULL,
  place_id BIGINT NOT NULL,
  counted_on DATE NOT NULL,
  part TEXT NOT NULL,
  total INTEGER NOT NULL,
  outside INTEGER NOT NULL,
  counted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  account_id BIGINT,
  sent_id UUID,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT vehicle_count_pkey PRIMARY KEY (street_id, place_id, counted_on, part),
  CONSTRAINT vehicle_count_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT vehicle_count_part_known_check CHECK (part IN ('morning', 'evening')),
  CONSTRAINT vehicle_count_counts_fit_check CHECK (outside BETWEEN 0 AND total AND total <= 20000),
  CONSTRAINT vehicle_count_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.vehicle_count IS 'Cars in a zone, morning and evening. A count that was missed has no row: it is a gap.';
COMMENT ON COLUMN gridmap.vehicle_count.place_id IS 'the zone';
COMMENT ON COLUMN gridmap.vehicle_count.outside IS 'of these, cars from outside';
CREATE INDEX vehicle_count_community_ix ON gridmap.vehicle_count (street_id, community_id, counted_on DESC);
CREATE INDEX vehicle_count_day_ix ON gridmap.vehicle_count (street_id, counted_on DESC);
CREATE INDEX vehicle_count_estate_ix ON gridmap.vehicle_count (street_id, estate_id, counted_on DESC);
CREATE INDEX vehicle_count_grid_ix ON gridmap.vehicle_count (street_id, grid_id, counted_on DESC);

CREATE TABLE gridmap.known_vehicle (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  plate_hash BYTEA NOT NULL,
  plate_masked TEXT NOT NULL,
  valid TSTZRANGE DEFAULT '(,)' NOT NULL,
  note TEXT,
  account_id BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  grids BIGINT[] DEFAULT '{}' NOT NULL,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT known_vehicle_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT known_vehicle_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT known_vehicle_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT known_vehicle_kind_known_check CHECK (kind IN ('resident', 'visitor', 'ambulance', 'disabled')),
  CONSTRAINT known_vehicle_hash_whole_check CHECK (octet_length(plate_hash) = 32),
  CONSTRAINT known_vehicle_plate_is_masked_check CHECK (strpos(plate_masked, '***') > 0),
  CONSTRAINT known_vehicle_valid_not_empty_check CHECK (NOT isempty(valid)),
  CONSTRAINT known_vehicle_visit_has_end_check CHECK (kind <> 'visitor' OR NOT upper_inf(valid)),
  CONSTRAINT known_vehicle_once EXCLUDE USING gist (street_id WITH =, place_id WITH =, plate_hash WITH =, kind WITH =, valid WITH &&),
  CONSTRAINT known_vehicle_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.known_vehicle IS 'Cars that are left alone: residents'', visitors'', ambulances, those of disabled persons. Never a plate, never whose it is.';
COMMENT ON COLUMN gridmap.known_vehicle.place_id IS 'the estate, or a zone that lies in none';
COMMENT ON COLUMN gridmap.known_vehicle.note IS 'why, without a name';
COMMENT ON COLUMN gridmap.known_vehicle.grids IS 'grids and micro grids in which parts of its place lie; from grids_of(), kept by own_said()';
CREATE INDEX known_vehicle_plate_ix ON gridmap.known_vehicle (street_id, place_id, plate_hash);

CREATE TABLE gridmap.vehicle (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  plate_hash BYTEA NOT NULL,
  plate_masked TEXT NOT NULL,
  plate TEXT,
  has_plate BOOLEAN GENERATED ALWAYS AS (plate IS NOT NULL) STORED,
  state TEXT DEFAULT 'free' NOT NULL,
  evenings DATE[] DEFAULT '{}' NOT NULL,
  last_on DATE,
  counts_since TIMESTAMP WITH TIME ZONE,
  resets_at TIMESTAMP WITH TIME ZONE,
  proposed_on DATE,
  proposed_at TIMESTAMP WITH TIME ZONE,
  proposed_by BIGINT,
  saw BIGINT[] DEFAULT '{}' NOT NULL,
  banned_from TIMESTAMP WITH TIME ZONE,
  banned_until TIMESTAMP WITH TIME ZONE,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  grids BIGINT[] DEFAULT '{}' NOT NULL,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT vehicle_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT vehicle_street_id_place_id_plate_hash_key UNIQUE (street_id, place_id, plate_hash),
  CONSTRAINT vehicle_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT vehicle_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT vehicle_state_known_check CHECK (state IN ('free', 'noticed', 'warned', 'proposed', 'banned', 'appealed')),
  CONSTRAINT vehicle_hash_whole_check CHECK (octet_length(plate_hash) = 32),
  CONSTRAINT vehicle_plate_is_masked_check CHECK (strpos(plate_masked, '***') > 0),
  CONSTRAINT vehicle_plate_only_while_open_check CHECK (plate IS NULL OR state <> 'free'),
  CONSTRAINT vehicle_free_of_evenings_check CHECK ((state = 'free') = (evenings = '{}')),
  CONSTRAINT vehicle_ban_has_end_check CHECK ((state IN ('banned', 'appealed')) = (banned_until IS NOT NULL) AND (banned_from IS NULL) = (banned_until IS NULL) AND banned_from < banned_until),
  CONSTRAINT vehicle_proposal_whole_check CHECK ((state IN ('proposed', 'banned', 'appealed')) = (proposed_by IS NOT NULL) AND (proposed_by IS NULL) = (proposed_at IS NULL) AND (proposed_by IS NULL) = (proposed_on IS NULL) AND (proposed_by IS NULL) = (saw = '{}') AND (proposed_by IS NULL OR proposed_by = ANY (saw)) AND array_position(saw, NULL) IS NULL),
  CONSTRAINT vehicle_notices_are_forgotten_check CHECK ((state IN ('noticed', 'warned', 'proposed')) = (resets_at IS NOT NULL)),
  CONSTRAINT vehicle_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.vehicle IS 'A car from outside in one estate. Its clear plate leaves only through unmask_vehicles().';
COMMENT ON COLUMN gridmap.vehicle.place_id IS 'the estate whose rules hold, or a zone that lies in none';
COMMENT ON COLUMN gridmap.vehicle.plate_hash IS 'by the key of the installation';
COMMENT ON COLUMN gridmap.vehicle.plate IS 'only while a notice or a ban is open';
COMMENT ON COLUMN gridmap.vehicle.state IS 'as written: see parking_state()';
COMMENT ON COLUMN gridmap.vehicle.evenings IS 'with a violation that counts, in order';
COMMENT ON COLUMN gridmap.vehicle.last_on IS 'last evening with a violation, counted or not';
COMMENT ON COLUMN gridmap.vehicle.counts_since IS 'what was seen before counts no more';
COMMENT ON COLUMN gridmap.vehicle.resets_at IS 'from then on nothing counts';
COMMENT ON COLUMN gridmap.vehicle.proposed_on IS 'evening of the violation that a ban was proposed for';
COMMENT ON COLUMN gridmap.vehicle.saw IS 'accounts that saw it then and since; none of them confirms';
COMMENT ON COLUMN gridmap.vehicle.grids IS 'grids and micro grids in which parts of its place lie; from grids_of(), kept by own_said()';
CREATE INDEX vehicle_due_ix ON gridmap.vehicle (street_id, least(resets_at, banned_until)) WHERE state <> 'free';
CREATE INDEX vehicle_open_ix ON gridmap.vehicle (street_id, place_id, state) WHERE state <> 'free';

CREATE TABLE gridmap.sighting (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  vehicle_id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  received_at TIMESTAMP WITH TIME ZONE NOT NULL,
  counted_on DATE,
  part TEXT,
  found TEXT NOT NULL,
  photo BYTEA,
  account_id BIGINT,
  sent_id UUID,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT sighting_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT sighting_street_id_vehicle_id_fkey FOREIGN KEY(street_id, vehicle_id) REFERENCES gridmap.vehicle (street_id, id),
  CONSTRAINT sighting_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT sighting_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT sighting_part_known_check CHECK (part IN ('morning', 'evening')),
  CONSTRAINT sighting_count_whole_check CHECK ((counted_on IS NULL) = (part IS NULL)),
  CONSTRAINT sighting_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.sighting IS 'A car from outside, seen in a zone. Forgotten 30 days after nothing is open.';
COMMENT ON COLUMN gridmap.sighting.counted_on IS 'of the count in which it was noted';
COMMENT ON COLUMN gridmap.sighting.found IS 'what followed: an action, or why nothing did';
COMMENT ON COLUMN gridmap.sighting.photo IS 'SHA-256 of a file';
CREATE INDEX sighting_at_ix ON gridmap.sighting (street_id, at);
CREATE INDEX sighting_count_ix ON gridmap.sighting (street_id, estate_id, counted_on) WHERE counted_on IS NOT NULL;
CREATE INDEX sighting_photo_ix ON gridmap.sighting (street_id, photo) WHERE photo IS NOT NULL;
CREATE INDEX sighting_place_ix ON gridmap.sighting (street_id, place_id, at DESC);
CREATE INDEX sighting_vehicle_ix ON gridmap.sighting (street_id, vehicle_id, at DESC);

CREATE TABLE gridmap.violation (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  vehicle_id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  evening DATE NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  is_counted BOOLEAN DEFAULT true NOT NULL,
  account_id BIGINT NOT NULL,
  withdrawn_at TIMESTAMP WITH TIME ZONE,
  withdrawn_by BIGINT,
  withdrawn_why TEXT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT violation_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT violation_street_id_vehicle_id_fkey FOREIGN KEY(street_id, vehicle_id) REFERENCES gridmap.vehicle (street_id, id),
  CONSTRAINT violation_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT violation_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT violation_withdrawn_with_reason_check CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (coalesce(btrim(withdrawn_why), '') = '')),
  CONSTRAINT violation_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.violation IS 'An evening on which a car should have been gone; one for each car and evening.';
COMMENT ON COLUMN gridmap.violation.at IS 'when it was seen first that evening';
COMMENT ON COLUMN gridmap.violation.is_counted IS 'false: seen during a ban';
COMMENT ON COLUMN gridmap.violation.account_id IS 'who saw it';
CREATE INDEX violation_community_ix ON gridmap.violation (street_id, community_id, evening DESC);
CREATE INDEX violation_estate_ix ON gridmap.violation (street_id, estate_id, evening DESC);
CREATE UNIQUE INDEX violation_once_key ON gridmap.violation (street_id, vehicle_id, evening) WHERE withdrawn_at IS NULL;
CREATE INDEX violation_place_ix ON gridmap.violation (street_id, place_id, evening DESC);

CREATE TABLE gridmap.parking_notice (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  vehicle_id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  violation_id BIGINT NOT NULL,
  number SMALLINT NOT NULL,
  is_last BOOLEAN NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  account_id BIGINT NOT NULL,
  given_how TEXT,
  given_at TIMESTAMP WITH TIME ZONE,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT parking_notice_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT parking_notice_street_id_violation_id_key UNIQUE (street_id, violation_id),
  CONSTRAINT parking_notice_street_id_vehicle_id_fkey FOREIGN KEY(street_id, vehicle_id) REFERENCES gridmap.vehicle (street_id, id),
  CONSTRAINT parking_notice_street_id_violation_id_fkey FOREIGN KEY(street_id, violation_id) REFERENCES gridmap.violation (street_id, id),
  CONSTRAINT parking_notice_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT parking_notice_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT parking_notice_given_how_known_check CHECK (given_how IN ('slip', 'call', 'text', 'owner')),
  CONSTRAINT parking_notice_number_few_check CHECK (number BETWEEN 1 AND 9),
  CONSTRAINT parking_notice_given_whole_check CHECK ((given_how IS NULL) = (given_at IS NULL)),
  CONSTRAINT parking_notice_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.parking_notice IS 'What a violation brought: the first, the second … notice, the last of them the last warning.';
COMMENT ON COLUMN gridmap.parking_notice.is_last IS 'the last warning';
COMMENT ON COLUMN gridmap.parking_notice.given_how IS 'empty: not yet';
CREATE INDEX parking_notice_at_ix ON gridmap.parking_notice (street_id, at DESC);
CREATE INDEX parking_notice_vehicle_ix ON gridmap.parking_notice (street_id, vehicle_id, at DESC);

CREATE TABLE gridmap.ban (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  vehicle_id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  reason TEXT NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  until TIMESTAMP WITH TIME ZONE NOT NULL,
  proposed_by BIGINT NOT NULL,
  saw BIGINT[] NOT NULL,
  confirmed_by BIGINT NOT NULL,
  confirmed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  appealed_at TIMESTAMP WITH TIME ZONE,
  revoked_at TIMESTAMP WITH TIME ZONE,
  revoked_by BIGINT,
  revoked_why TEXT,
  valid TSTZRANGE GENERATED ALWAYS AS (tstzrange(starts_at, coalesce(revoked_at, until))) STORED,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  grids BIGINT[] DEFAULT '{}' NOT NULL,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT ban_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT ban_street_id_vehicle_id_fkey FOREIGN KEY(street_id, vehicle_id) REFERENCES gridmap.vehicle (street_id, id),
  CONSTRAINT ban_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT ban_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT ban_has_reason_check CHECK (btrim(reason) <> ''),
  CONSTRAINT ban_ends_after_it_begins_check CHECK (until > starts_at),
  CONSTRAINT ban_second_person_check CHECK (confirmed_by <> proposed_by AND NOT confirmed_by = ANY (saw) AND array_position(saw, NULL) IS NULL),
  CONSTRAINT ban_revoked_while_it_runs_check CHECK (revoked_at >= starts_at AND revoked_at < until),
  CONSTRAINT ban_revoked_with_reason_check CHECK ((revoked_at IS NULL) = (revoked_by IS NULL) AND (revoked_at IS NULL) = (coalesce(btrim(revoked_why), '') = '')),
  CONSTRAINT ban_one_at_a_time EXCLUDE USING gist (street_id WITH =, vehicle_id WITH =, valid WITH &&),
  CONSTRAINT ban_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.ban IS 'A car may not enter, from starts_at to before until or until it is revoked: valid. It ends by itself.';
COMMENT ON COLUMN gridmap.ban.saw IS 'accounts that saw it; none of them confirms';
COMMENT ON COLUMN gridmap.ban.appealed_at IS 'of an appeal that is open';
COMMENT ON COLUMN gridmap.ban.grids IS 'grids and micro grids in which parts of its place lie; from grids_of(), kept by own_said()';
CREATE INDEX ban_estate_ix ON gridmap.ban (street_id, estate_id, until);
CREATE INDEX ban_place_ix ON gridmap.ban (street_id, place_id, until);

CREATE TABLE gridmap.parking_turn (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  vehicle_id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  action TEXT NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  account_id BIGINT,
  evening DATE,
  ban_id BIGINT,
  reason TEXT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  grids BIGINT[] DEFAULT '{}' NOT NULL,
  CONSTRAINT parking_turn_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT parking_turn_street_id_vehicle_id_fkey FOREIGN KEY(street_id, vehicle_id) REFERENCES gridmap.vehicle (street_id, id),
  CONSTRAINT parking_turn_street_id_ban_id_fkey FOREIGN KEY(street_id, ban_id) REFERENCES gridmap.ban (street_id, id),
  CONSTRAINT parking_turn_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT parking_turn_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT parking_turn_states_known_check CHECK (from_state IN ('free', 'noticed', 'warned', 'proposed', 'banned', 'appealed') AND to_state IN ('free', 'noticed', 'warned', 'proposed', 'banned', 'appealed')),
  CONSTRAINT parking_turn_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.parking_turn IS 'What happened to a car, by time and id; of its bans the history. Append-only.';
COMMENT ON COLUMN gridmap.parking_turn.at IS 'of what happened by itself, the very moment';
COMMENT ON COLUMN gridmap.parking_turn.account_id IS 'empty: by itself';
COMMENT ON COLUMN gridmap.parking_turn.grids IS 'grids and micro grids in which parts of its place lie; from grids_of(), kept by own_said()';
CREATE INDEX parking_turn_at_ix ON gridmap.parking_turn (street_id, at DESC);
CREATE INDEX parking_turn_ban_ix ON gridmap.parking_turn (street_id, ban_id) WHERE ban_id IS NOT NULL;
CREATE INDEX parking_turn_vehicle_ix ON gridmap.parking_turn (street_id, vehicle_id, at DESC, id DESC);

-- Who sees what -------------------------------------------------------------------------------------------------------

-- A car belongs to its estate; whoever looks after a part of the estate, and so a zone in it, sees it as well.
CREATE FUNCTION gridmap.vehicle_in_scope(
  street integer, community bigint, grid bigint, micro_grid bigint, estate bigint, place bigint, grids bigint[]
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN gridmap.in_scope(street, community, grid, micro_grid, estate, place)
  OR CASE current_setting('app.scope', true)
    WHEN 'some' THEN coalesce(
      string_to_array(btrim(current_setting('app.grids', true), ','), ',')::bigint[] && grids, false)
    ELSE false
  END;

-- The other accounts of the person who has this one: a second account is no second person. As the owner, because nobody
-- sees another account.
CREATE FUNCTION gridmap.accounts_beside(account bigint) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT coalesce(array_agg(b.id ORDER BY b.id), '{}')
  FROM gridmap.account a JOIN gridmap.account b ON b.person_id = a.person_id AND b.id <> a.id WHERE a.id = account;
END;
REVOKE ALL ON FUNCTION gridmap.accounts_beside(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.accounts_beside(bigint) TO gridmap_app;

-- The grids and micro grids in which parts of an estate lie. As the owner: who looks after one part does not see all.
CREATE FUNCTION gridmap.grids_of(street integer, estate bigint) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT coalesce(array_agg(DISTINCT g.id ORDER BY g.id), '{}')
  FROM gridmap.place p CROSS JOIN LATERAL unnest(ARRAY[p.grid_id, p.micro_grid_id]) AS g (id)
  WHERE p.street_id = street AND p.estate_id = estate AND g.id IS NOT NULL;
END;
REVOKE ALL ON FUNCTION gridmap.grids_of(integer, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.grids_of(integer, bigint) TO gridmap_app;

-- Where a car that was seen in a zone belongs: to the estate of the zone, else to the zone itself. As the owner, because
-- who looks after a part of an estate may not see the estate as a whole; only for zones in the viewer's scope.
CREATE FUNCTION gridmap.home_of(street integer, zone bigint)
RETURNS TABLE (street_id integer, id bigint, community_id bigint, grid_id bigint, micro_grid_id bigint,
  estate_id bigint, grids bigint[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp ROWS 1
BEGIN ATOMIC
  SELECT h.street_id, h.id, h.community_id, h.grid_id, h.micro_grid_id, h.estate_id,
    gridmap.grids_of(h.street_id, h.id)
  FROM gridmap.place z
  JOIN gridmap.place h ON h.street_id = z.street_id AND h.id = coalesce(z.estate_id, z.id)
  WHERE z.street_id = street AND z.id = zone AND z.kind = 'zone'
    AND gridmap.in_scope(z.street_id, z.community_id, z.grid_id, z.micro_grid_id, z.estate_id, z.id);
END;
REVOKE ALL ON FUNCTION gridmap.home_of(integer, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.home_of(integer, bigint) TO gridmap_app;

-- Gates and rules are known to whoever sees something of the street, as zones are; counts and cars to those of the place,
-- a company that manages the estate among them: it keeps the gate. Plates are locked for all of them.
DO $$
DECLARE
  target record;
  of_car text :=
    'gridmap.vehicle_in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id, grids)';
BEGIN
  FOR target IN
    SELECT * FROM (VALUES
      ('gate', 'gridmap.is_near(street_id)'),
      ('parking_rule', 'gridmap.is_near(street_id)'),
      ('vehicle_count', NULL),
      ('sighting', NULL),
      ('violation', NULL),
      ('parking_notice', NULL),
      ('known_vehicle', of_car),
      ('vehicle', of_car),
      ('ban', of_car),
      ('parking_turn', of_car)
    ) AS rules (relation, rule)
  LOOP
    EXECUTE format('ALTER TABLE gridmap.%I ENABLE ROW LEVEL SECURITY', target.relation);
    EXECUTE format('CREATE POLICY scope ON gridmap.%I USING (%s) WITH CHECK (%s)', target.relation, fits, fits)
    FROM (VALUES (coalesce(target.rule,
      'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id)'))) AS found (fits);
  END LOOP;
END
$$;

-- Privileges -----------------------------------------------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE, DELETE ON gridmap.gate, gridmap.parking_rule TO gridmap_app;
GRANT SELECT, INSERT ON gridmap.vehicle_count, gridmap.known_vehicle, gridmap.sighting, gridmap.violation,
  gridmap.parking_notice, gridmap.ban, gridmap.parking_turn TO gridmap_app;
GRANT UPDATE (total, outside, counted_at, account_id, sent_id, revision, changed_at, changed_by)
  ON gridmap.vehicle_count TO gridmap_app;
GRANT UPDATE (valid, note, revision, changed_at, changed_by), DELETE ON gridmap.known_vehicle TO gridmap_app;
GRANT SELECT (street_id, id, place_id, plate_hash, plate_masked, has_plate, state, evenings, last_on, counts_since,
  resets_at, proposed_on, proposed_at, proposed_by, saw, banned_from, banned_until, community_id, grid_id,
  micro_grid_id, estate_id, grids, revision, changed_at, changed_by), INSERT, DELETE ON gridmap.vehicle TO gridmap_app;
GRANT UPDATE (plate, state, evenings, last_on, counts_since, resets_at, proposed_on, proposed_at, proposed_by, saw,
  banned_from, banned_until, revision, changed_at, changed_by) ON gridmap.vehicle TO gridmap_app;
-- what was seen stays as it was until it is forgotten; what was decided stays
GRANT UPDATE (photo), DELETE ON gridmap.sighting TO gridmap_app;
GRANT UPDATE (withdrawn_at, withdrawn_by, withdrawn_why) ON gridmap.violation TO gridmap_app;
GRANT UPDATE (given_how, given_at) ON gridmap.parking_notice TO gridmap_app;
GRANT UPDATE (appealed_at, revoked_at, revoked_by, revoked_why, revision, changed_at, changed_by)
  ON gridmap.ban TO gridmap_app;

-- Where a car stands at a moment, whenever its row was written last: bans end and notices are forgotten by themselves.
-- By its columns, for who may not read the plate may not hand on the row. gridmap/parking/standing.py says the same.
CREATE FUNCTION gridmap.parking_state(
  state text, banned_until timestamptz, resets_at timestamptz, moment timestamptz
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN moment >= coalesce(banned_until, resets_at) THEN 'free' ELSE state END;

-- Clear plates of cars in the viewer's scope that have something open then, never without a reason; one line of the log
-- for each plate.
CREATE FUNCTION gridmap.unmask_vehicles(street integer, sought bigint[], reason text, business_at timestamptz)
RETURNS TABLE (id bigint, plate text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
BEGIN
  IF coalesce(btrim(reason), '') = '' THEN
    RAISE EXCEPTION 'a reason is needed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN QUERY
    WITH seen AS (
      SELECT v.id AS vehicle_id, v.plate AS clear_plate
      FROM gridmap.vehicle v
      WHERE v.street_id = street AND v.id = ANY (sought) AND v.plate IS NOT NULL
        AND gridmap.parking_state(v.state, v.banned_until, v.resets_at, unmask_vehicles.business_at) <> 'free'
        AND gridmap.vehicle_in_scope(v.street_id, v.community_id, v.grid_id, v.micro_grid_id, v.estate_id, v.place_id,
                                     v.grids)
    ), logged AS (
      INSERT INTO gridmap.audit (street_id, business_at, account_id, action, subject, subject_id, why)
      SELECT street, unmask_vehicles.business_at, nullif(current_setting('app.account', true), '')::bigint,
             'unmask_plate', 'vehicle', seen.vehicle_id::text, reason
      FROM seen
    )
    SELECT seen.vehicle_id, seen.clear_plate FROM seen;
END
$$;
REVOKE ALL ON FUNCTION gridmap.unmask_vehicles(integer, bigint[], text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.unmask_vehicles(integer, bigint[], text, timestamptz) TO gridmap_app;

-- Where ----------------------------------------------------------------------------------------------------------------

-- What was said, counted or seen follows its place, and an order its case, when places or boundaries have changed:
-- whoever looks after a place now reads what was said there before. `cases`: only the orders of these. As the owner,
-- because whoever changes a boundary need not see what lies beyond it. How many rows moved comes back.
CREATE OR REPLACE FUNCTION gridmap.own_said(streets integer[], cases bigint[] DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  relation text;
  rows_moved integer;
  moved integer := 0;
BEGIN
  IF cases IS NULL THEN
    FOREACH relation IN ARRAY ARRAY['diary', 'diary_contact', 'ebike_count', 'vehicle_count', 'known_vehicle', 'vehicle',
      'sighting', 'violation', 'parking_notice', 'ban', 'parking_turn']
    LOOP
      EXECUTE format(
        'UPDATE gridmap.%I r SET community_id = p.community_id, grid_id = p.grid_id,'
        ' micro_grid_id = p.micro_grid_id, estate_id = p.estate_id'
        ' FROM gridmap.place p'
        ' WHERE r.street_id = ANY ($1) AND p.street_id = r.street_id AND p.id = r.place_id'
        ' AND (r.community_id, r.grid_id, r.micro_grid_id, r.estate_id)'
        ' IS DISTINCT FROM (p.community_id, p.grid_id, p.micro_grid_id, p.estate_id)', relation) USING streets;
      GET DIAGNOSTICS rows_moved = ROW_COUNT;
      moved := moved + rows_moved;
    END LOOP;
    FOREACH relation IN ARRAY ARRAY['known_vehicle', 'vehicle', 'ban', 'parking_turn']
    LOOP
      EXECUTE format(
        'UPDATE gridmap.%I r SET grids = f.grids'
        ' FROM (SELECT street_id, place_id, gridmap.grids_of(street_id, place_id) AS grids'
        '   FROM gridmap.%I WHERE street_id = ANY ($1) GROUP BY 1, 2) f'
        ' WHERE r.street_id = f.street_id AND r.place_id = f.place_id AND r.grids <> f.grids', relation, relation)
        USING streets;
      GET DIAGNOSTICS rows_moved = ROW_COUNT;
      moved := moved + rows_moved;
    END LOOP;
  END IF;
  UPDATE gridmap.hotline_order o SET place_id = i.place_id, community_id = i.community_id, grid_id = i.grid_id,
    micro_grid_id = i.micro_grid_id, estate_id = i.estate_id
  FROM gridmap.incident i
  WHERE o.street_id = ANY (streets) AND i.street_id = o.street_id AND i.id = o.incident_id
    AND (cases IS NULL OR i.id = ANY (cases))
    AND (o.place_id, o.community_id, o.grid_id, o.micro_grid_id, o.estate_id)
      IS DISTINCT FROM (i.place_id, i.community_id, i.grid_id, i.micro_grid_id, i.estate_id);
  GET DIAGNOSTICS rows_moved = ROW_COUNT;
  RETURN moved + rows_moved;
END
$$;

-- Incidents: from a report to a closed case. Kinds and limits are data; who sees a case; the working-time clock.

CREATE SEQUENCE gridmap.incident_number;

CREATE TABLE gridmap.incident_class (
  code TEXT NOT NULL,
  title TEXT NOT NULL,
  title_en TEXT NOT NULL,
  sort SMALLINT DEFAULT 0 NOT NULL,
  CONSTRAINT incident_class_pkey PRIMARY KEY (code),
  CONSTRAINT incident_class_code_has_2_digits_check CHECK (code ~ '^[0-9]{2}$')
);

CREATE TABLE gridmap.incident_kind (
  code TEXT NOT NULL,
  class TEXT NOT NULL,
  title TEXT NOT NULL,
  title_en TEXT NOT NULL,
  nature TEXT NOT NULL,
  facility_kind TEXT,
  severity SMALLINT DEFAULT 2 NOT NULL,
  near_m SMALLINT DEFAULT 50 NOT NULL,
  files_when TEXT DEFAULT '' NOT NULL,
  closes_when TEXT DEFAULT '' NOT NULL,
  is_private BOOLEAN DEFAULT false NOT NULL,
  sort SMALLINT DEFAULT 0 NOT NULL,
  valid DATERANGE DEFAULT '(,)' NOT NULL,
  CONSTRAINT incident_kind_pkey PRIMARY KEY (code),
  CONSTRAINT incident_kind_nature_known_check CHECK (nature IN ('component', 'event')),
  CONSTRAINT incident_kind_code_tells_class_check CHECK (code ~ '^[0-9]{5}$' AND left(code, 2) = class),
  CONSTRAINT incident_kind_severity_known_check CHECK (severity BETWEEN 1 AND 3),
  CONSTRAINT incident_kind_near_m_fits_check CHECK (near_m BETWEEN 0 AND 2000),
  CONSTRAINT incident_kind_class_fkey FOREIGN KEY(class) REFERENCES gridmap.incident_class (code)
);
COMMENT ON COLUMN gridmap.incident_kind.code IS '2 digits of the class and 3 of its own; local ones from 080 on';
COMMENT ON COLUMN gridmap.incident_kind.nature IS 'component: owner first; event: territory first';
COMMENT ON COLUMN gridmap.incident_kind.facility_kind IS 'code of the facility that a component is';
COMMENT ON COLUMN gridmap.incident_kind.severity IS 'unless a report says another';
COMMENT ON COLUMN gridmap.incident_kind.near_m IS 'how near is taken for the same';
COMMENT ON COLUMN gridmap.incident_kind.files_when IS 'condition of filing, in words';
COMMENT ON COLUMN gridmap.incident_kind.closes_when IS 'condition of closing, in words';
COMMENT ON COLUMN gridmap.incident_kind.is_private IS 'what is reported is personal text';

CREATE TABLE gridmap.incident_limit (
  kind TEXT NOT NULL,
  severity SMALLINT NOT NULL,
  minutes INTEGER NOT NULL,
  clock TEXT DEFAULT 'working' NOT NULL,
  CONSTRAINT incident_limit_pkey PRIMARY KEY (kind, severity),
  CONSTRAINT incident_limit_clock_known_check CHECK (clock IN ('working', 'wall')),
  CONSTRAINT incident_limit_severity_known_check CHECK (severity BETWEEN 1 AND 3),
  CONSTRAINT incident_limit_minutes_some_check CHECK (minutes > 0),
  CONSTRAINT incident_limit_kind_fkey FOREIGN KEY(kind) REFERENCES gridmap.incident_kind (code)
);
COMMENT ON COLUMN gridmap.incident_limit.minutes IS 'a working day has 480';

CREATE TABLE gridmap.incident_stage (
  code TEXT NOT NULL,
  minutes INTEGER NOT NULL,
  CONSTRAINT incident_stage_pkey PRIMARY KEY (code),
  CONSTRAINT incident_stage_code_known_check CHECK (code IN ('register', 'dispatch', 'check')),
  CONSTRAINT incident_stage_minutes_some_check CHECK (minutes > 0)
);
COMMENT ON COLUMN gridmap.incident_stage.minutes IS 'working minutes within which the office itself should act';

CREATE TABLE gridmap.incident_taker (
  street_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  organisation_id BIGINT NOT NULL,
  sort SMALLINT DEFAULT 0 NOT NULL,
  CONSTRAINT incident_taker_pkey PRIMARY KEY (street_id, kind, organisation_id),
  CONSTRAINT incident_taker_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id),
  CONSTRAINT incident_taker_kind_fkey FOREIGN KEY(kind) REFERENCES gridmap.incident_kind (code),
  CONSTRAINT incident_taker_organisation_id_fkey FOREIGN KEY(organisation_id) REFERENCES gridmap.organisation (id)
);
COMMENT ON TABLE gridmap.incident_taker IS 'Which departments and teams take which kinds of cases: a team where it covers the place.';

CREATE TABLE gridmap.incident (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  number TEXT NOT NULL,
  kind TEXT NOT NULL,
  severity SMALLINT NOT NULL,
  state TEXT DEFAULT 'reported' NOT NULL,
  level TEXT DEFAULT 'grid' NOT NULL,
  source TEXT NOT NULL,
  is_self_handled BOOLEAN DEFAULT false NOT NULL,
  text TEXT,
  address TEXT DEFAULT '' NOT NULL,
  place_id BIGINT,
  geom public.geometry(POINT,4326),
  geom_3857 public.geometry(GEOMETRY,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
  accuracy_m INTEGER,
  reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
  device_at TIMESTAMP WITH TIME ZONE,
  received_at TIMESTAMP WITH TIME ZONE NOT NULL,
  registered_at TIMESTAMP WITH TIME ZONE,
  dispatched_at TIMESTAMP WITH TIME ZONE,
  accepted_at TIMESTAMP WITH TIME ZONE,
  handled_at TIMESTAMP WITH TIME ZONE,
  checked_at TIMESTAMP WITH TIME ZONE,
  closed_at TIMESTAMP WITH TIME ZONE,
  limit_minutes INTEGER NOT NULL,
  clock TEXT NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  warn_at TIMESTAMP WITH TIME ZONE,
  is_due_given BOOLEAN DEFAULT false NOT NULL,
  is_provisional BOOLEAN DEFAULT false NOT NULL,
  used_minutes INTEGER DEFAULT 0 NOT NULL,
  running_since TIMESTAMP WITH TIME ZONE,
  level_since TIMESTAMP WITH TIME ZONE NOT NULL,
  extended_until TIMESTAMP WITH TIME ZONE,
  review_on DATE,
  parked_from TEXT,
  extensions INTEGER DEFAULT 0 NOT NULL,
  returns INTEGER DEFAULT 0 NOT NULL,
  reworks INTEGER DEFAULT 0 NOT NULL,
  reopens INTEGER DEFAULT 0 NOT NULL,
  escalations INTEGER DEFAULT 0 NOT NULL,
  transfers INTEGER DEFAULT 0 NOT NULL,
  reporter_account_id BIGINT,
  reporter_id BIGINT,
  lead_id BIGINT,
  parties BIGINT[] DEFAULT '{}' NOT NULL,
  answer TEXT,
  satisfaction TEXT,
  duplicate_of_id BIGINT,
  inspection_id BIGINT,
  sent_id UUID,
  handled_by BIGINT,
  checked_by BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  import_run_id BIGINT,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT incident_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT incident_street_id_number_key UNIQUE (street_id, number),
  CONSTRAINT incident_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT incident_street_id_reporter_id_fkey FOREIGN KEY(street_id, reporter_id) REFERENCES gridmap.person (street_id, id),
  CONSTRAINT incident_street_id_duplicate_of_id_fkey FOREIGN KEY(street_id, duplicate_of_id) REFERENCES gridmap.incident (street_id, id),
  CONSTRAINT incident_street_id_inspection_id_fkey FOREIGN KEY(street_id, inspection_id) REFERENCES gridmap.inspection (street_id, id),
  CONSTRAINT incident_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT incident_state_known_check CHECK (state IN ('reported', 'registered', 'rejected', 'duplicate', 'dispatched', 'handling', 'handled', 'verifying', 'closed', 'reopened', 'parked')),
  CONSTRAINT incident_level_known_check CHECK (level IN ('grid', 'community', 'street', 'department')),
  CONSTRAINT incident_source_known_check CHECK (source IN ('patrol', 'visit', 'diary', 'hotline', 'owner', 'inspection')),
  CONSTRAINT incident_clock_known_check CHECK (clock IN ('working', 'wall')),
  CONSTRAINT incident_satisfaction_known_check CHECK (satisfaction IN ('satisfied', 'neutral', 'unsatisfied')),
  CONSTRAINT incident_severity_known_check CHECK (severity BETWEEN 1 AND 3),
  CONSTRAINT incident_checker_is_not_the_doer_check CHECK (checked_by <> handled_by),
  CONSTRAINT incident_closed_is_over_check CHECK (state <> 'closed' OR (closed_at IS NOT NULL AND running_since IS NULL)),
  CONSTRAINT incident_duplicate_of_another_check CHECK (state <> 'duplicate' OR duplicate_of_id <> id),
  CONSTRAINT incident_parked_whole_check CHECK ((state = 'parked') = (review_on IS NOT NULL) AND (state = 'parked') = (parked_from IS NOT NULL)),
  CONSTRAINT incident_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id),
  CONSTRAINT incident_kind_fkey FOREIGN KEY(kind) REFERENCES gridmap.incident_kind (code),
  CONSTRAINT incident_lead_id_fkey FOREIGN KEY(lead_id) REFERENCES gridmap.organisation (id),
  CONSTRAINT incident_import_run_id_fkey FOREIGN KEY(import_run_id) REFERENCES gridmap.import_run (id)
);
COMMENT ON TABLE gridmap.incident IS 'A case, from its report to its end. The clock runs from running_since and had used used_minutes before.';
COMMENT ON COLUMN gridmap.incident.level IS 'who has to solve it by now';
COMMENT ON COLUMN gridmap.incident.text IS 'empty for private kinds: theirs lies with the contact';
COMMENT ON COLUMN gridmap.incident.accuracy_m IS 'of the position as the phone said it';
COMMENT ON COLUMN gridmap.incident.is_due_given IS 'taken over from an order';
COMMENT ON COLUMN gridmap.incident.is_provisional IS 'a year without holidays';
COMMENT ON COLUMN gridmap.incident.used_minutes IS 'before running_since';
COMMENT ON COLUMN gridmap.incident.running_since IS 'empty: the clock stands';
COMMENT ON COLUMN gridmap.incident.review_on IS 'of a parked one';
COMMENT ON COLUMN gridmap.incident.reporter_id IS 'the person on duty who found it';
COMMENT ON COLUMN gridmap.incident.lead_id IS 'empty: the community itself';
COMMENT ON COLUMN gridmap.incident.parties IS 'organisations that the case is given to now; kept by follow_incidents()';
COMMENT ON COLUMN gridmap.incident.answer IS 'what the reporter is told';
COMMENT ON COLUMN gridmap.incident.inspection_id IS 'the answer on a check that found it';
CREATE INDEX incident_closed_ix ON gridmap.incident (street_id, closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX incident_community_ix ON gridmap.incident (street_id, community_id, reported_at DESC);
CREATE INDEX incident_due_ix ON gridmap.incident (street_id, due_at);
CREATE INDEX incident_duplicate_ix ON gridmap.incident (street_id, duplicate_of_id) WHERE duplicate_of_id IS NOT NULL;
CREATE INDEX incident_estate_ix ON gridmap.incident (street_id, estate_id, reported_at DESC);
CREATE INDEX incident_everywhere_ix ON gridmap.incident (reported_at);
CREATE INDEX incident_geom_3857_ix ON gridmap.incident USING gist (geom_3857);
CREATE INDEX incident_geom_ix ON gridmap.incident USING gist (street_id, geom);
CREATE INDEX incident_grid_ix ON gridmap.incident (street_id, grid_id, reported_at DESC);
CREATE INDEX incident_handled_ix ON gridmap.incident (street_id, handled_at) WHERE handled_at IS NOT NULL;
CREATE INDEX incident_inspection_ix ON gridmap.incident (street_id, inspection_id) WHERE inspection_id IS NOT NULL;
CREATE INDEX incident_micro_grid_ix ON gridmap.incident (street_id, micro_grid_id, reported_at DESC) WHERE micro_grid_id IS NOT NULL;
CREATE INDEX incident_open_3857_ix ON gridmap.incident USING gist (geom_3857) WHERE state NOT IN ('closed', 'rejected', 'duplicate');
CREATE INDEX incident_open_ix ON gridmap.incident (street_id, due_at) WHERE state NOT IN ('closed', 'rejected', 'duplicate');
CREATE INDEX incident_parties_ix ON gridmap.incident USING gin (parties) WHERE parties <> '{}';
CREATE INDEX incident_place_ix ON gridmap.incident (street_id, place_id, kind, reported_at DESC);
CREATE INDEX incident_registered_ix ON gridmap.incident (street_id, registered_at) WHERE registered_at IS NOT NULL;
CREATE INDEX incident_reported_ix ON gridmap.incident (street_id, reported_at DESC, id DESC);
CREATE INDEX incident_reporter_ix ON gridmap.incident (street_id, reporter_account_id, reported_at DESC);
CREATE INDEX incident_sent_ix ON gridmap.incident (street_id, sent_id) WHERE sent_id IS NOT NULL;

CREATE TABLE gridmap.incident_contact (
  street_id INTEGER NOT NULL,
  incident_id BIGINT NOT NULL,
  name TEXT,
  name_masked TEXT GENERATED ALWAYS AS (left(name, 1) || repeat('*', greatest(char_length(name) - 1, 1))) STORED,
  phone TEXT,
  phone_masked TEXT GENERATED ALWAYS AS (CASE WHEN char_length(phone) >= 11 THEN left(phone, 3) || '****' || right(phone, 4) WHEN phone IS NOT NULL THEN '****' END) STORED,
  words TEXT,
  has_words BOOLEAN GENERATED ALWAYS AS (words IS NOT NULL) STORED,
  account_id BIGINT,
  parties BIGINT[] DEFAULT '{}' NOT NULL,
  place_id BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT incident_contact_pkey PRIMARY KEY (street_id, incident_id),
  CONSTRAINT incident_contact_street_id_incident_id_fkey FOREIGN KEY(street_id, incident_id) REFERENCES gridmap.incident (street_id, id) ON DELETE CASCADE,
  CONSTRAINT incident_contact_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.incident_contact IS 'Who reported, to call back. Clear values leave only through unmask_incident().';
COMMENT ON COLUMN gridmap.incident_contact.words IS 'what was reported, of a private kind';
COMMENT ON COLUMN gridmap.incident_contact.account_id IS 'who wrote it down';
COMMENT ON COLUMN gridmap.incident_contact.parties IS 'organisations that the case is given to now; kept by follow_incidents()';

CREATE TABLE gridmap.party (
  street_id INTEGER NOT NULL,
  incident_id BIGINT NOT NULL,
  organisation_id BIGINT NOT NULL,
  role TEXT NOT NULL,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  until TIMESTAMP WITH TIME ZONE,
  parties BIGINT[] DEFAULT '{}' NOT NULL,
  place_id BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT party_pkey PRIMARY KEY (street_id, incident_id, organisation_id, role, since),
  CONSTRAINT party_street_id_incident_id_fkey FOREIGN KEY(street_id, incident_id) REFERENCES gridmap.incident (street_id, id) ON DELETE CASCADE,
  CONSTRAINT party_role_known_check CHECK (role IN ('lead', 'main', 'support', 'participant')),
  CONSTRAINT party_ends_after_it_begins_check CHECK (until >= since),
  CONSTRAINT party_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id),
  CONSTRAINT party_organisation_id_fkey FOREIGN KEY(organisation_id) REFERENCES gridmap.organisation (id)
);
COMMENT ON TABLE gridmap.party IS 'Who has been given the case, as what, from when to when.';
COMMENT ON COLUMN gridmap.party.parties IS 'organisations that the case is given to now; kept by follow_incidents()';
CREATE UNIQUE INDEX party_once_key ON gridmap.party (street_id, incident_id, organisation_id) WHERE until IS NULL;
CREATE UNIQUE INDEX party_one_lead_key ON gridmap.party (street_id, incident_id) WHERE role = 'lead' AND until IS NULL;
CREATE INDEX party_organisation_ix ON gridmap.party (organisation_id) WHERE until IS NULL;

CREATE TABLE gridmap.transition (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  incident_id BIGINT NOT NULL,
  turn SMALLINT NOT NULL,
  action TEXT NOT NULL,
  from_state TEXT,
  to_state TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  account_id BIGINT,
  organisation_id BIGINT,
  used_minutes INTEGER NOT NULL,
  stage_minutes INTEGER NOT NULL,
  level TEXT NOT NULL,
  lead_id BIGINT,
  reason TEXT,
  note TEXT,
  until TIMESTAMP WITH TIME ZONE,
  parties BIGINT[] DEFAULT '{}' NOT NULL,
  place_id BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT transition_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT transition_street_id_incident_id_turn_key UNIQUE (street_id, incident_id, turn),
  CONSTRAINT transition_street_id_incident_id_fkey FOREIGN KEY(street_id, incident_id) REFERENCES gridmap.incident (street_id, id) ON DELETE CASCADE,
  CONSTRAINT transition_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT transition_to_state_known_check CHECK (to_state IN ('reported', 'registered', 'rejected', 'duplicate', 'dispatched', 'handling', 'handled', 'verifying', 'closed', 'reopened', 'parked')),
  CONSTRAINT transition_level_known_check CHECK (level IN ('grid', 'community', 'street', 'department')),
  CONSTRAINT transition_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.transition IS 'What happened to a case, in order. Append-only.';
COMMENT ON COLUMN gridmap.transition.turn IS 'counted from 1 in each case';
COMMENT ON COLUMN gridmap.transition.organisation_id IS 'in whose name';
COMMENT ON COLUMN gridmap.transition.used_minutes IS 'of the case''s clock, by then';
COMMENT ON COLUMN gridmap.transition.stage_minutes IS 'working minutes since the turn before';
COMMENT ON COLUMN gridmap.transition.lead_id IS 'the lead after it';
COMMENT ON COLUMN gridmap.transition.until IS 'the new deadline, or the day of review';
COMMENT ON COLUMN gridmap.transition.parties IS 'organisations that the case is given to now; kept by follow_incidents()';
CREATE INDEX transition_at_ix ON gridmap.transition (street_id, at DESC);

CREATE TABLE gridmap.incident_photo (
  street_id INTEGER NOT NULL,
  incident_id BIGINT NOT NULL,
  stage TEXT NOT NULL,
  number SMALLINT NOT NULL,
  sha256 BYTEA NOT NULL,
  account_id BIGINT,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  taken_at TIMESTAMP WITH TIME ZONE,
  off_m INTEGER,
  parties BIGINT[] DEFAULT '{}' NOT NULL,
  place_id BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT incident_photo_pkey PRIMARY KEY (street_id, incident_id, stage, number),
  CONSTRAINT incident_photo_street_id_incident_id_stage_sha256_key UNIQUE (street_id, incident_id, stage, sha256),
  CONSTRAINT incident_photo_street_id_incident_id_fkey FOREIGN KEY(street_id, incident_id) REFERENCES gridmap.incident (street_id, id) ON DELETE CASCADE,
  CONSTRAINT incident_photo_stage_known_check CHECK (stage IN ('reported', 'handled', 'checked')),
  CONSTRAINT incident_photo_number_few_check CHECK (number BETWEEN 1 AND 6),
  CONSTRAINT incident_photo_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON COLUMN gridmap.incident_photo.taken_at IS 'a hint, as the camera said';
COMMENT ON COLUMN gridmap.incident_photo.off_m IS 'a hint: how far from the case the camera said it was';
COMMENT ON COLUMN gridmap.incident_photo.parties IS 'organisations that the case is given to now; kept by follow_incidents()';
CREATE INDEX incident_photo_file_ix ON gridmap.incident_photo (street_id, sha256);

CREATE TABLE gridmap.answer_template (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  kind TEXT,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  sort SMALLINT DEFAULT 0 NOT NULL,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT answer_template_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT answer_template_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT answer_template_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id),
  CONSTRAINT answer_template_kind_fkey FOREIGN KEY(kind) REFERENCES gridmap.incident_kind (code)
);
COMMENT ON COLUMN gridmap.answer_template.kind IS 'empty: for every kind';
CREATE INDEX answer_template_kind_ix ON gridmap.answer_template (street_id, kind);

CREATE TABLE gridmap.notice (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  incident_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT notice_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT notice_street_id_incident_id_fkey FOREIGN KEY(street_id, incident_id) REFERENCES gridmap.incident (street_id, id) ON DELETE CASCADE,
  CONSTRAINT notice_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT notice_kind_known_check CHECK (kind IN ('registered', 'rejected', 'duplicate', 'returned', 'reopened', 'closed', 'answered')),
  CONSTRAINT notice_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.notice IS 'What became of a report, for who made it.';
CREATE INDEX notice_account_ix ON gridmap.notice (street_id, account_id, at DESC);

ALTER TABLE gridmap.file ADD COLUMN parties BIGINT[];
COMMENT ON COLUMN gridmap.file.parties IS 'of a case: organisations that it is given to; empty: of no case';

-- Who sees a case -------------------------------------------------------------------------------------------------

-- app.organisations = {5,6}: the viewer's own; app.own_estates: the estates that are not seen through one of them alone.
-- One that is shows its places, but of its cases only those that were given to the organisation.
CREATE FUNCTION gridmap.viewer_organisations() RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('app.organisations', true), ''), '{}')::bigint[];

CREATE FUNCTION gridmap.case_in_scope(
  street integer, community bigint, grid bigint, micro_grid bigint, estate bigint, place bigint, parties bigint[]
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE current_setting('app.scope', true)
  WHEN 'city' THEN true
  WHEN 'some' THEN coalesce(
    street <@ gridmap.viewer_streets('streets')
    OR gridmap.viewer_has('communities', community)
    OR gridmap.viewer_has('grids', grid)
    OR gridmap.viewer_has('grids', micro_grid)
    OR gridmap.viewer_has('own_estates', estate)
    OR gridmap.viewer_has('places', place)
    OR parties && gridmap.viewer_organisations(), false)
  ELSE false
END;

-- One's own, whatever else one may do: unlike is_own(), administering adds nothing.
CREATE FUNCTION gridmap.is_mine(account bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(account::text = nullif(current_setting('app.account', true), ''), false);

-- The nightly round and the command line, which act for no account.
CREATE FUNCTION gridmap.is_office() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('app.administers', true), '') = 'on'
  AND coalesce(current_setting('app.account', true), '') = '';

DO $$
DECLARE
  target record;
BEGIN
  FOR target IN
    SELECT * FROM (VALUES
      ('incident', ' OR gridmap.is_mine(reporter_account_id)'),
      ('incident_contact', ' OR gridmap.is_mine(account_id)'),
      ('party', ''),
      ('transition', ' OR gridmap.is_mine(account_id)'),
      ('incident_photo', ' OR gridmap.is_mine(account_id)')
    ) AS rules (relation, own)
  LOOP
    EXECUTE format('ALTER TABLE gridmap.%I ENABLE ROW LEVEL SECURITY', target.relation);
    EXECUTE format(
      'CREATE POLICY scope ON gridmap.%I USING (%s%s) WITH CHECK (%s%s)', target.relation, case_rule, target.own,
      case_rule, target.own)
    FROM (VALUES ('gridmap.case_in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id, parties)'))
      AS rule (case_rule);
  END LOOP;
  FOR target IN SELECT * FROM (VALUES ('incident_taker'), ('answer_template')) AS rules (relation)
  LOOP
    EXECUTE format('ALTER TABLE gridmap.%I ENABLE ROW LEVEL SECURITY', target.relation);
    EXECUTE format('CREATE POLICY scope ON gridmap.%I USING (gridmap.is_near(street_id))
      WITH CHECK (gridmap.is_near(street_id))', target.relation);
  END LOOP;
END
$$;

-- Notices are written by tell_reporters() alone; each is for its account alone, and nobody notes that it was read.
ALTER TABLE gridmap.notice ENABLE ROW LEVEL SECURITY;
CREATE POLICY reading ON gridmap.notice FOR SELECT USING (gridmap.is_mine(account_id) OR gridmap.is_office());
CREATE POLICY forgetting ON gridmap.notice FOR DELETE USING (gridmap.is_office());

ALTER POLICY scope ON gridmap.file
  USING (gridmap.is_own(account_id) OR CASE WHEN parties IS NULL
    THEN gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, NULL)
    ELSE gridmap.case_in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, NULL, parties) END)
  WITH CHECK (gridmap.is_own(account_id) OR CASE WHEN parties IS NULL
    THEN gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, NULL)
    ELSE gridmap.case_in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, NULL, parties) END);

-- Privileges --------------------------------------------------------------------------------------------------------

GRANT USAGE ON SEQUENCE gridmap.incident_number TO gridmap_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON gridmap.incident_class, gridmap.incident_kind, gridmap.incident_limit,
  gridmap.incident_stage, gridmap.incident_taker, gridmap.answer_template TO gridmap_app;
GRANT SELECT, INSERT ON gridmap.incident, gridmap.party, gridmap.transition, gridmap.incident_photo TO gridmap_app;
-- what was reported, by whom and when stays; parties are derived, and a pin is moved by move_incident()
GRANT UPDATE (kind, severity, state, level, is_self_handled, registered_at, dispatched_at, accepted_at,
  handled_at, checked_at, closed_at, limit_minutes, clock, due_at, warn_at, is_due_given, is_provisional,
  used_minutes, running_since, level_since, extended_until, review_on, parked_from, extensions, returns, reworks,
  reopens, escalations, transfers, lead_id, answer, satisfaction, duplicate_of_id, handled_by, checked_by, revision,
  changed_at, changed_by) ON gridmap.incident TO gridmap_app;
GRANT UPDATE (until) ON gridmap.party TO gridmap_app;
GRANT SELECT, DELETE ON gridmap.notice TO gridmap_app;
GRANT DELETE ON gridmap.incident_photo TO gridmap_app;
GRANT SELECT (street_id, incident_id, name_masked, phone_masked, has_words, account_id, parties, place_id,
  community_id, grid_id, micro_grid_id, estate_id), INSERT, UPDATE (name, phone, words)
  ON gridmap.incident_contact TO gridmap_app;

-- Clear name, phone and private words of one case in the viewer's scope, never without a reason, never unlogged.
CREATE FUNCTION gridmap.unmask_incident(street integer, sought bigint, reason text, business_at timestamptz)
RETURNS TABLE (name text, phone text, words text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
BEGIN
  IF coalesce(btrim(reason), '') = '' THEN
    RAISE EXCEPTION 'a reason is needed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN QUERY
    WITH seen AS (
      SELECT c.name AS clear_name, c.phone AS clear_phone, c.words AS clear_words
      FROM gridmap.incident_contact c
      WHERE c.street_id = street AND c.incident_id = sought
        AND (gridmap.case_in_scope(c.street_id, c.community_id, c.grid_id, c.micro_grid_id, c.estate_id, c.place_id,
                                   c.parties) OR gridmap.is_mine(c.account_id))
    ), logged AS (
      INSERT INTO gridmap.audit (street_id, business_at, account_id, action, subject, subject_id, why)
      SELECT street, unmask_incident.business_at, nullif(current_setting('app.account', true), '')::bigint,
             'unmask', 'incident', sought::text, reason
      FROM seen
    )
    SELECT seen.clear_name, seen.clear_phone, seen.clear_words FROM seen;
END
$$;
REVOKE ALL ON FUNCTION gridmap.unmask_incident(integer, bigint, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.unmask_incident(integer, bigint, text, timestamptz) TO gridmap_app;

-- Rows beside these cases follow them: who is a party now, and where they lie. As the owner, because whoever gives a
-- case away no longer sees it; it derives, so calling it is harmless.
CREATE FUNCTION gridmap.follow_incidents(street integer, ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  relation text;
BEGIN
  UPDATE gridmap.incident i SET parties = f.found
  FROM (
    SELECT i.id, coalesce(array_agg(p.organisation_id ORDER BY p.organisation_id)
      FILTER (WHERE p.organisation_id IS NOT NULL), '{}') AS found
    FROM gridmap.incident i
    LEFT JOIN gridmap.party p ON p.street_id = i.street_id AND p.incident_id = i.id AND p.until IS NULL
    WHERE i.street_id = street AND i.id = ANY (ids)
    GROUP BY i.id
  ) f
  WHERE i.street_id = street AND i.id = f.id AND i.parties <> f.found;
  FOREACH relation IN ARRAY ARRAY['incident_contact', 'party', 'transition', 'incident_photo']
  LOOP
    EXECUTE format(
      'UPDATE gridmap.%I r SET parties = i.parties, place_id = i.place_id, community_id = i.community_id,
         grid_id = i.grid_id, micro_grid_id = i.micro_grid_id, estate_id = i.estate_id
       FROM gridmap.incident i
       WHERE i.street_id = $1 AND i.id = ANY ($2) AND r.street_id = i.street_id AND r.incident_id = i.id
         AND (r.parties, r.place_id, r.community_id, r.grid_id, r.micro_grid_id, r.estate_id)
           IS DISTINCT FROM (i.parties, i.place_id, i.community_id, i.grid_id, i.micro_grid_id, i.estate_id)', relation)
    USING street, ids;
  END LOOP;
  -- a file that is also another row's keeps what that one needs
  UPDATE gridmap.file f SET parties = i.parties, community_id = i.community_id, grid_id = i.grid_id,
    micro_grid_id = i.micro_grid_id, estate_id = i.estate_id
  FROM gridmap.incident_photo p JOIN gridmap.incident i ON i.street_id = p.street_id AND i.id = p.incident_id
  WHERE p.street_id = street AND p.incident_id = ANY (ids) AND f.street_id = street AND f.sha256 = p.sha256
    AND f.parties IS NOT NULL;
END
$$;
REVOKE ALL ON FUNCTION gridmap.follow_incidents(integer, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.follow_incidents(integer, bigint[]) TO gridmap_app;

-- Working time ------------------------------------------------------------------------------------------------------

-- 8 to 12 and 14 to 18 on working days of the office; gridmap/periods.py says the same in Python, and a test holds the
-- two to the same minutes.
CREATE FUNCTION gridmap.is_working_day(day date) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT coalesce((SELECT c.kind = 'workday' FROM gridmap.calendar_day c WHERE c.day = is_working_day.day),
                  extract(isodow FROM is_working_day.day) < 6);
END;

-- Whole working minutes from one moment to another; 0 where the other comes first.
CREATE FUNCTION gridmap.working_minutes(since timestamptz, until timestamptz) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT floor(coalesce(sum(extract(epoch FROM greatest(
      least(until AT TIME ZONE 'Asia/Shanghai', g.day + h.closes)
        - greatest(since AT TIME ZONE 'Asia/Shanghai', g.day + h.opens), interval '0'))), 0) / 60)::integer
  FROM generate_series((since AT TIME ZONE 'Asia/Shanghai')::date::timestamp,
                       (until AT TIME ZONE 'Asia/Shanghai')::date::timestamp, interval '1 day') AS g (day)
  LEFT JOIN gridmap.calendar_day c ON c.day = g.day::date
  CROSS JOIN (VALUES (interval '8 hours', interval '12 hours'), (interval '14 hours', interval '18 hours'))
    AS h (opens, closes)
  WHERE coalesce(c.kind = 'workday', extract(isodow FROM g.day) < 6);
END;

-- The first moment by which so many working minutes have passed.
CREATE FUNCTION gridmap.working_deadline(since timestamptz, minutes integer) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
  here timestamp := since AT TIME ZONE 'Asia/Shanghai';
  day timestamp := date_trunc('day', here);
  remaining interval := make_interval(mins => minutes);
  opens timestamp;
  closes timestamp;
  hour integer;
BEGIN
  IF minutes <= 0 THEN
    RETURN since;
  END IF;
  LOOP
    IF gridmap.is_working_day(day::date) THEN
      FOREACH hour IN ARRAY ARRAY[8, 14]
      LOOP
        opens := greatest(here, day + make_interval(hours => hour));
        closes := day + make_interval(hours => hour + 4);
        IF closes > opens THEN
          IF closes - opens >= remaining THEN
            RETURN (opens + remaining) AT TIME ZONE 'Asia/Shanghai';
          END IF;
          remaining := remaining - (closes - opens);
        END IF;
      END LOOP;
    END IF;
    day := day + interval '1 day';
  END LOOP;
END
$$;

-- Whether a year between the two moments has no holidays written down yet.
CREATE FUNCTION gridmap.is_provisional(since timestamptz, until timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT EXISTS (
    SELECT FROM generate_series(extract(year FROM since AT TIME ZONE 'Asia/Shanghai')::integer,
                                extract(year FROM until AT TIME ZONE 'Asia/Shanghai')::integer) AS y (year)
    WHERE NOT EXISTS (SELECT FROM gridmap.calendar_year c WHERE c.year = y.year)
  );
END;

-- On one of the two clocks: minutes from a moment to another, and the moment after so many.
CREATE FUNCTION gridmap.clock_minutes(clock text, since timestamptz, until timestamptz) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE clock WHEN 'wall' THEN floor(greatest(extract(epoch FROM until - since), 0) / 60)::integer
  ELSE gridmap.working_minutes(since, until) END;

CREATE FUNCTION gridmap.clock_deadline(clock text, since timestamptz, minutes integer) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE clock WHEN 'wall' THEN since + make_interval(mins => greatest(minutes, 0))
  ELSE gridmap.working_deadline(since, minutes) END;

-- Whether a case has broken its deadline at a moment; nothing stores it. Handling is what the deadline is for, so what
-- was handled in time stays in time while somebody looks at it.
CREATE FUNCTION gridmap.is_late(state text, due_at timestamptz, handled_at timestamptz, moment timestamptz)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN state IN ('rejected', 'duplicate', 'parked') THEN false
  WHEN handled_at IS NOT NULL THEN handled_at > due_at
  ELSE moment > due_at
END;

-- Minutes of the case's clock used by a moment, and what is left (below 0: broken).
CREATE FUNCTION gridmap.used_minutes(one gridmap.incident, moment timestamptz) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (one).used_minutes + CASE WHEN (one).running_since IS NULL THEN 0
  ELSE gridmap.clock_minutes((one).clock, (one).running_since, moment) END;

CREATE FUNCTION gridmap.left_minutes(one gridmap.incident, moment timestamptz) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (one).limit_minutes - gridmap.used_minutes(one, moment);

-- The last line of a case's history. As the owner: whoever acts on his own report beyond his territory does not see it,
-- and it belongs to what he writes.
CREATE FUNCTION gridmap.last_turn(street integer, sought bigint)
RETURNS TABLE (turn smallint, at timestamptz, used_minutes integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp ROWS 1
BEGIN ATOMIC
  SELECT t.turn, t.at, t.used_minutes FROM gridmap.transition t
  WHERE t.street_id = street AND t.incident_id = sought ORDER BY t.turn DESC LIMIT 1;
END;

REVOKE ALL ON FUNCTION gridmap.last_turn(integer, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.last_turn(integer, bigint) TO gridmap_app;

-- What became of a case, told to whoever reported it and to whoever reported what was merged with it, or with that;
-- each hears of it at the own report, for who joined another one's case need not see that, and with the answer. Not who acts
-- now. As the owner, because none of them need be seen by who acts; that one must see the case. How many are told.
CREATE FUNCTION gridmap.tell_reporters(street integer, sought bigint, what text, moment timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  same bigint[];
  told integer;
BEGIN
  WITH RECURSIVE merged (id) AS (
    SELECT i.id FROM gridmap.incident i
    WHERE i.street_id = street AND i.id = sought
      AND (gridmap.case_in_scope(i.street_id, i.community_id, i.grid_id, i.micro_grid_id, i.estate_id, i.place_id,
                                 i.parties) OR gridmap.is_mine(i.reporter_account_id))
    UNION
    SELECT i.id FROM merged m JOIN gridmap.incident i ON i.street_id = street AND i.duplicate_of_id = m.id
  )
  SELECT array_agg(id) INTO same FROM merged;
  UPDATE gridmap.incident i SET answer = s.answer
  FROM gridmap.incident s
  WHERE s.street_id = street AND s.id = sought AND s.answer IS NOT NULL
    AND i.street_id = street AND i.id = ANY (same) AND i.id <> sought AND i.answer IS DISTINCT FROM s.answer;
  INSERT INTO gridmap.notice (street_id, id, account_id, incident_id, kind, at)
  SELECT street, street * 4294967296 + nextval('gridmap.serial'), o.account, o.id, what, moment
  FROM (
    SELECT DISTINCT ON (i.reporter_account_id) i.reporter_account_id AS account, i.id FROM gridmap.incident i
    WHERE i.street_id = street AND i.id = ANY (same) AND i.reporter_account_id IS NOT NULL
      AND NOT gridmap.is_mine(i.reporter_account_id)
    ORDER BY i.reporter_account_id, i.id <> sought, i.id
  ) o;
  GET DIAGNOSTICS told = ROW_COUNT;
  RETURN told;
END
$$;
REVOKE ALL ON FUNCTION gridmap.tell_reporters(integer, bigint, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.tell_reporters(integer, bigint, text, timestamptz) TO gridmap_app;

-- Where ------------------------------------------------------------------------------------------------------------

-- What of the territory lies at a point or within so many metres of it, the nearest first, of equals the lowest code:
-- communities, basic and dedicated grids, micro grids, estates. As the owner, because who reports at the edge of a grid
-- is told of the one beyond; only of streets in which the viewer sees something.
CREATE FUNCTION gridmap.territory_at(lon double precision, lat double precision, within_m double precision)
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
  ORDER BY f.away, n.code, n.id;
END;

-- Whether somebody can sign in for an organisation: who belongs to it; for a department of a street or community also
-- its handlers. Where nobody can, the office writes down what it did. gridmap/incidents/capacities.py says the same.
CREATE FUNCTION gridmap.has_handlers(organisation bigint, moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT EXISTS (
    SELECT FROM gridmap.organisation o
    JOIN gridmap.account_grant g ON g.role = 'handler' AND g.valid @> moment AND (
      (g.level = 'organisation' AND g.organisation_id = o.id)
      OR (o.kind = 'department' AND g.level = 'street' AND g.street_id = o.street_id)
      OR (o.kind = 'department' AND g.level = 'community' AND g.target_id = o.community_id))
    JOIN gridmap.account a ON a.id = g.account_id AND a.disabled_at IS NULL
    WHERE o.id = organisation
  );
END;

REVOKE ALL ON FUNCTION gridmap.territory_at(double precision, double precision, double precision),
  gridmap.has_handlers(bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.territory_at(double precision, double precision, double precision),
  gridmap.has_handlers(bigint, timestamptz) TO gridmap_app;

-- Cases that are open follow their places or, where they have only a point, what lies there today; who is responsible
-- changes, number and clock stay. Each that moves gets a line in its history, and one in the audit. Gives how many moved.
CREATE FUNCTION gridmap.own_incidents(streets integer[], moment timestamptz, chosen bigint[] DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, public, pg_temp
AS $$
DECLARE
  street integer;
  ids bigint[];
  moved integer := 0;
BEGIN
  FOREACH street IN ARRAY streets
  LOOP
    WITH open AS MATERIALIZED (
      SELECT i.id, i.place_id, i.geom,
        jsonb_build_object('community_id', i.community_id, 'grid_id', i.grid_id, 'micro_grid_id', i.micro_grid_id,
                           'estate_id', i.estate_id) AS before
      FROM gridmap.incident i
      WHERE i.street_id = street AND i.state NOT IN ('closed', 'rejected', 'duplicate')
        AND (chosen IS NULL OR i.id = ANY (chosen))
      ORDER BY i.id FOR NO KEY UPDATE
    ), bare AS MATERIALIZED (
      SELECT id, geom, before FROM open WHERE place_id IS NULL AND geom IS NOT NULL
    ), found AS (
      SELECT o.id, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, o.before
      FROM open o JOIN gridmap.place p ON p.street_id = street AND p.id = o.place_id
      UNION ALL
      SELECT b.id, coalesce(g.community_id, c.id), g.id, m.id, e.id, b.before
      FROM bare b
      LEFT JOIN LATERAL (
        SELECT x.id FROM gridmap.community x WHERE x.street_id = street AND st_covers(x.geom, b.geom)
        ORDER BY x.code LIMIT 1
      ) c ON true
      LEFT JOIN LATERAL (
        SELECT x.id, x.community_id FROM gridmap.place x
        JOIN gridmap.grid t ON t.street_id = x.street_id AND t.place_id = x.id AND t.type <> 'micro'
        WHERE x.street_id = street AND x.kind = 'grid' AND st_covers(x.geom, b.geom) ORDER BY x.code LIMIT 1
      ) g ON true
      LEFT JOIN LATERAL (
        SELECT x.id FROM gridmap.place x
        JOIN gridmap.grid t ON t.street_id = x.street_id AND t.place_id = x.id AND t.type = 'micro'
        WHERE x.street_id = street AND x.kind = 'grid' AND x.grid_id = g.id AND st_covers(x.geom, b.geom)
        ORDER BY x.code LIMIT 1
      ) m ON true
      LEFT JOIN LATERAL (
        SELECT x.id FROM gridmap.place x
        WHERE x.street_id = street AND x.kind = 'estate' AND st_covers(x.geom, b.geom)
        ORDER BY st_area(x.geom), x.code LIMIT 1
      ) e ON true
    ), written AS (
      UPDATE gridmap.incident i SET community_id = f.community_id, grid_id = f.grid_id,
        micro_grid_id = f.micro_grid_id, estate_id = f.estate_id, revision = i.revision + 1,
        changed_at = greatest(i.changed_at, moment),
        changed_by = nullif(current_setting('app.account', true), '')::bigint
      FROM found f
      WHERE i.street_id = street AND i.id = f.id AND (i.community_id, i.grid_id, i.micro_grid_id, i.estate_id)
        IS DISTINCT FROM (f.community_id, f.grid_id, f.micro_grid_id, f.estate_id)
      RETURNING i.id, i.changed_by, f.before,
        jsonb_build_object('community_id', i.community_id, 'grid_id', i.grid_id, 'micro_grid_id', i.micro_grid_id,
                           'estate_id', i.estate_id) AS after
    ), audited AS (
      INSERT INTO gridmap.audit (street_id, business_at, account_id, action, subject, subject_id, before, after)
      SELECT street, moment, w.changed_by, 'own', 'incident', w.id::text, w.before, w.after FROM written w
    )
    SELECT array_agg(id ORDER BY id) INTO ids FROM written;
    CONTINUE WHEN ids IS NULL;
    moved := moved + cardinality(ids);
    INSERT INTO gridmap.transition (street_id, id, incident_id, turn, action, from_state, to_state, at, account_id,
      used_minutes, stage_minutes, level, lead_id, note)
    SELECT street, street * 4294967296 + nextval('gridmap.serial'), i.id, l.turn + 1, 'own', i.state, i.state,
      i.changed_at, i.changed_by, greatest(l.used_minutes, gridmap.used_minutes(i, i.changed_at)),
      gridmap.working_minutes(l.at, i.changed_at), i.level, i.lead_id,
      (SELECT string_agg(x.name, ' · ' ORDER BY x.kind) FROM (
        SELECT 1 AS kind, c.name FROM gridmap.community c WHERE c.street_id = street AND c.id = i.community_id
        UNION ALL SELECT 2, p.name FROM gridmap.place p WHERE p.street_id = street AND p.id = i.grid_id
      ) x)
    FROM gridmap.incident i
    JOIN LATERAL (
      SELECT t.turn, t.at, t.used_minutes FROM gridmap.transition t
      WHERE t.street_id = street AND t.incident_id = i.id ORDER BY t.turn DESC LIMIT 1
    ) l ON true
    WHERE i.street_id = street AND i.id = ANY (ids);
    PERFORM gridmap.follow_incidents(street, ids);
  END LOOP;
  RETURN moved;
END
$$;
REVOKE ALL ON FUNCTION gridmap.own_incidents(integer[], timestamptz, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.own_incidents(integer[], timestamptz, bigint[]) TO gridmap_app;

-- Puts the pin of an open case to a place or a point, owns it anew, and gives its revision then. As the owner, because
-- whoever moves it may not see it where it goes; the command has looked before whether he sees it where it is, and
-- knows the new place.
CREATE FUNCTION gridmap.move_incident(
  street integer, sought bigint, to_place bigint, lon double precision, lat double precision, words text,
  moment timestamptz
) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, public, pg_temp
AS $$
BEGIN
  UPDATE gridmap.incident i SET place_id = to_place, geom = st_setsrid(st_makepoint(lon, lat), 4326), address = words,
    accuracy_m = NULL
  WHERE i.street_id = street AND i.id = sought AND i.state NOT IN ('closed', 'rejected', 'duplicate')
    AND (gridmap.case_in_scope(i.street_id, i.community_id, i.grid_id, i.micro_grid_id, i.estate_id, i.place_id,
                               i.parties) OR gridmap.is_mine(i.reporter_account_id));
  PERFORM gridmap.own_incidents(ARRAY[street], moment, ARRAY[sought]);
  PERFORM gridmap.follow_incidents(street, ARRAY[sought]);
  RETURN (SELECT i.revision FROM gridmap.incident i WHERE i.street_id = street AND i.id = sought);
END
$$;
REVOKE ALL ON FUNCTION gridmap.move_incident(
  integer, bigint, bigint, double precision, double precision, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.move_incident(
  integer, bigint, bigint, double precision, double precision, text, timestamptz) TO gridmap_app;

-- Deadlines ---------------------------------------------------------------------------------------------------------

-- Deadlines on working time anew, after days of the calendar have changed: of open cases whose clock runs, but for
-- those that an order, or an extension, sets. How many changed comes back; none of them has been acted on by that.
CREATE FUNCTION gridmap.count_deadlines_anew(streets integer[], moment timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  changed integer;
BEGIN
  WITH running AS MATERIALIZED (
    SELECT i.street_id, i.id, i.running_since, i.limit_minutes - i.used_minutes AS remaining,
      i.is_due_given OR i.extended_until IS NOT NULL AS is_fixed, i.due_at
    FROM gridmap.incident i
    WHERE i.street_id = ANY (streets) AND i.state NOT IN ('closed', 'rejected', 'duplicate') AND i.clock = 'working'
      AND i.running_since IS NOT NULL AND i.limit_minutes > i.used_minutes
    ORDER BY i.street_id, i.id FOR NO KEY UPDATE
  ), due AS (
    SELECT r.*, CASE WHEN r.is_fixed THEN r.due_at ELSE gridmap.working_deadline(r.running_since, r.remaining) END
        AS new_due,
      CASE WHEN r.is_fixed THEN gridmap.working_minutes(r.running_since, r.due_at) ELSE r.remaining END AS new_remaining
    FROM running r
  ), written AS (
    UPDATE gridmap.incident i SET due_at = d.new_due, limit_minutes = i.used_minutes + d.new_remaining,
      is_provisional = gridmap.is_provisional(d.running_since, d.new_due),
      warn_at = CASE WHEN i.warn_at IS NULL THEN NULL ELSE gridmap.working_deadline(
        greatest(i.level_since, d.running_since),
        (d.new_remaining - gridmap.working_minutes(d.running_since, greatest(i.level_since, d.running_since))) * 4 / 5)
        END
    FROM due d
    WHERE i.street_id = d.street_id AND i.id = d.id AND (d.new_due <> i.due_at
      OR i.limit_minutes - i.used_minutes <> d.new_remaining
      OR i.is_provisional <> gridmap.is_provisional(d.running_since, d.new_due))
    RETURNING 1
  )
  SELECT count(*) INTO changed FROM written;
  RETURN changed;
END
$$;
REVOKE ALL ON FUNCTION gridmap.count_deadlines_anew(integer[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.count_deadlines_anew(integer[], timestamptz) TO gridmap_app;

-- What reaches the office beside reports: the diary, reception days, orders of the hotline, counts of e-bikes.

CREATE TABLE gridmap.reception (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  community_id BIGINT NOT NULL,
  held_on DATE NOT NULL,
  state TEXT DEFAULT 'planned' NOT NULL,
  minutes TEXT,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT reception_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT reception_street_id_community_id_held_on_key UNIQUE (street_id, community_id, held_on),
  CONSTRAINT reception_street_id_community_id_fkey FOREIGN KEY(street_id, community_id) REFERENCES gridmap.community (street_id, id),
  CONSTRAINT reception_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT reception_state_known_check CHECK (state IN ('planned', 'held', 'cancelled')),
  CONSTRAINT reception_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.reception IS 'A reception day of a community: whoever comes is an entry of the diary with a turn.';
COMMENT ON COLUMN gridmap.reception.minutes IS 'what was talked about and agreed, in words';
CREATE INDEX reception_day_ix ON gridmap.reception (street_id, held_on DESC);

CREATE TABLE gridmap.diary (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  channel TEXT NOT NULL,
  text TEXT,
  is_private BOOLEAN DEFAULT false NOT NULL,
  place_id BIGINT,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  account_id BIGINT,
  outcome TEXT,
  answer TEXT,
  answered_at TIMESTAMP WITH TIME ZONE,
  promised_on DATE,
  incident_id BIGINT,
  reception_id BIGINT,
  turn SMALLINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT diary_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT diary_street_id_reception_id_turn_key UNIQUE (street_id, reception_id, turn),
  CONSTRAINT diary_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT diary_street_id_incident_id_fkey FOREIGN KEY(street_id, incident_id) REFERENCES gridmap.incident (street_id, id),
  CONSTRAINT diary_street_id_reception_id_fkey FOREIGN KEY(street_id, reception_id) REFERENCES gridmap.reception (street_id, id),
  CONSTRAINT diary_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT diary_channel_known_check CHECK (channel IN ('visit', 'phone', 'call_in', 'patrol', 'reception')),
  CONSTRAINT diary_outcome_known_check CHECK (outcome IN ('noted', 'answered', 'case')),
  CONSTRAINT diary_private_apart_check CHECK (is_private = (text IS NULL)),
  CONSTRAINT diary_case_is_known_check CHECK ((coalesce(outcome, '') = 'case') = (incident_id IS NOT NULL)),
  CONSTRAINT diary_answer_has_time_check CHECK ((coalesce(outcome, '') = 'answered') = (answered_at IS NOT NULL)),
  CONSTRAINT diary_turn_of_reception_check CHECK ((reception_id IS NULL) = (turn IS NULL)),
  CONSTRAINT diary_channel_of_reception_check CHECK ((channel = 'reception') = (reception_id IS NOT NULL)),
  CONSTRAINT diary_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.diary IS 'What people said at the door, on the telephone, at the counter, on a round; and what became of it.';
COMMENT ON COLUMN gridmap.diary.text IS 'one line; empty where it is about private matters: it lies with the contact';
COMMENT ON COLUMN gridmap.diary.outcome IS 'empty: somebody still has to see to it';
COMMENT ON COLUMN gridmap.diary.answer IS 'what was told, where it is no case';
COMMENT ON COLUMN gridmap.diary.promised_on IS 'by when an answer was promised';
COMMENT ON COLUMN gridmap.diary.turn IS 'of a visitor of a reception day, from 1';
CREATE INDEX diary_at_ix ON gridmap.diary (street_id, at DESC, id DESC);
CREATE INDEX diary_community_ix ON gridmap.diary (street_id, community_id, at DESC);
CREATE INDEX diary_estate_ix ON gridmap.diary (street_id, estate_id, at DESC);
CREATE INDEX diary_grid_ix ON gridmap.diary (street_id, grid_id, at DESC);
CREATE INDEX diary_incident_ix ON gridmap.diary (street_id, incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX diary_open_ix ON gridmap.diary (street_id, at) WHERE outcome IS NULL;

CREATE TABLE gridmap.diary_contact (
  street_id INTEGER NOT NULL,
  diary_id BIGINT NOT NULL,
  name TEXT,
  name_masked TEXT GENERATED ALWAYS AS (left(name, 1) || repeat('*', greatest(char_length(name) - 1, 1))) STORED,
  phone TEXT,
  phone_masked TEXT GENERATED ALWAYS AS (CASE WHEN char_length(phone) >= 11 THEN left(phone, 3) || '****' || right(phone, 4) WHEN phone IS NOT NULL THEN '****' END) STORED,
  words TEXT,
  has_words BOOLEAN GENERATED ALWAYS AS (words IS NOT NULL) STORED,
  account_id BIGINT,
  place_id BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT diary_contact_pkey PRIMARY KEY (street_id, diary_id),
  CONSTRAINT diary_contact_street_id_diary_id_fkey FOREIGN KEY(street_id, diary_id) REFERENCES gridmap.diary (street_id, id) ON DELETE CASCADE,
  CONSTRAINT diary_contact_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.diary_contact IS 'Who said it, to call back. Clear values leave only through unmask_diary().';
COMMENT ON COLUMN gridmap.diary_contact.words IS 'what was said, of private matters';
COMMENT ON COLUMN gridmap.diary_contact.account_id IS 'who wrote it down';

CREATE TABLE gridmap.hotline_mapping (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  name TEXT NOT NULL,
  columns JSONB NOT NULL,
  headings TEXT[] NOT NULL,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT hotline_mapping_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT hotline_mapping_street_id_name_key UNIQUE (street_id, name),
  CONSTRAINT hotline_mapping_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT hotline_mapping_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON COLUMN gridmap.hotline_mapping.columns IS 'our word → column of the hotline''s file';
COMMENT ON COLUMN gridmap.hotline_mapping.headings IS 'all columns of the file, in its order';

CREATE TABLE gridmap.hotline_order (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  number TEXT NOT NULL,
  received_at TIMESTAMP WITH TIME ZONE,
  due_at TIMESTAMP WITH TIME ZONE,
  raw JSONB NOT NULL,
  has_raw BOOLEAN GENERATED ALWAYS AS (raw <> '{}'::jsonb) STORED,
  cells JSONB NOT NULL,
  caller TEXT,
  phone TEXT,
  address TEXT DEFAULT '' NOT NULL,
  text TEXT DEFAULT '' NOT NULL,
  category TEXT DEFAULT '' NOT NULL,
  kind TEXT NOT NULL,
  state TEXT DEFAULT 'queued' NOT NULL,
  problem TEXT,
  near BIGINT[] DEFAULT '{}' NOT NULL,
  reason TEXT,
  place_id BIGINT,
  incident_id BIGINT,
  mapping_id BIGINT,
  import_run_id BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT hotline_order_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT hotline_order_street_id_number_key UNIQUE (street_id, number),
  CONSTRAINT hotline_order_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT hotline_order_street_id_incident_id_fkey FOREIGN KEY(street_id, incident_id) REFERENCES gridmap.incident (street_id, id),
  CONSTRAINT hotline_order_street_id_mapping_id_fkey FOREIGN KEY(street_id, mapping_id) REFERENCES gridmap.hotline_mapping (street_id, id),
  CONSTRAINT hotline_order_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT hotline_order_state_known_check CHECK (state IN ('queued', 'placed', 'dropped')),
  CONSTRAINT hotline_order_problem_known_check CHECK (problem IN ('no_address', 'unknown', 'no_building', 'several', 'kind')),
  CONSTRAINT hotline_order_placed_is_a_case_check CHECK ((state = 'placed') = (incident_id IS NOT NULL)),
  CONSTRAINT hotline_order_dropped_with_reason_check CHECK ((state = 'dropped') = (reason IS NOT NULL)),
  CONSTRAINT hotline_order_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id),
  CONSTRAINT hotline_order_kind_fkey FOREIGN KEY(kind) REFERENCES gridmap.incident_kind (code),
  CONSTRAINT hotline_order_import_run_id_fkey FOREIGN KEY(import_run_id) REFERENCES gridmap.import_run (id)
);
COMMENT ON TABLE gridmap.hotline_order IS 'Orders of the 12345 hotline as they came in files; what could be placed is a case.';
COMMENT ON COLUMN gridmap.hotline_order.number IS 'the hotline''s own';
COMMENT ON COLUMN gridmap.hotline_order.raw IS 'the row as it came';
COMMENT ON COLUMN gridmap.hotline_order.cells IS 'the same with names and telephones masked';
COMMENT ON COLUMN gridmap.hotline_order.text IS 'telephones and identity numbers masked';
COMMENT ON COLUMN gridmap.hotline_order.category IS 'what the hotline calls its kind';
COMMENT ON COLUMN gridmap.hotline_order.kind IS 'ours';
COMMENT ON COLUMN gridmap.hotline_order.problem IS 'why it could not be placed';
COMMENT ON COLUMN gridmap.hotline_order.near IS 'places that it may mean';
COMMENT ON COLUMN gridmap.hotline_order.reason IS 'why it was dropped';
CREATE INDEX hotline_order_community_ix ON gridmap.hotline_order (street_id, community_id, received_at DESC);
CREATE INDEX hotline_order_incident_ix ON gridmap.hotline_order (street_id, incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX hotline_order_state_ix ON gridmap.hotline_order (street_id, state, due_at);

CREATE TABLE gridmap.ebike_count (
  street_id INTEGER NOT NULL,
  place_id BIGINT NOT NULL,
  counted_on DATE NOT NULL,
  bikes SMALLINT NOT NULL,
  chargers SMALLINT DEFAULT 0 NOT NULL,
  account_id BIGINT,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT ebike_count_pkey PRIMARY KEY (street_id, place_id, counted_on),
  CONSTRAINT ebike_count_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT ebike_count_counts_fit_check CHECK (bikes BETWEEN 0 AND 2000 AND chargers BETWEEN 0 AND 2000),
  CONSTRAINT ebike_count_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.ebike_count IS 'E-bikes and charging sockets counted at a stairwell on a day; never whose they are.';
CREATE INDEX ebike_count_estate_ix ON gridmap.ebike_count (street_id, estate_id, counted_on DESC);
-- Who sees what --------------------------------------------------------------------------------------------------------

-- What residents said is for those who look after the place or lead there, never for a company that manages the estate.
DO $$
DECLARE
  target record;
BEGIN
  FOR target IN
    SELECT * FROM (VALUES
      ('diary', ' OR gridmap.is_mine(account_id)'),
      ('diary_contact', ' OR gridmap.is_mine(account_id)'),
      ('hotline_order', '')
    ) AS rules (relation, own)
  LOOP
    EXECUTE format('ALTER TABLE gridmap.%I ENABLE ROW LEVEL SECURITY', target.relation);
    EXECUTE format(
      'CREATE POLICY scope ON gridmap.%I USING (%s%s) WITH CHECK (%s%s)', target.relation, case_rule, target.own,
      case_rule, target.own)
    FROM (VALUES ('gridmap.case_in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id, ''{}'')'))
      AS rule (case_rule);
  END LOOP;
END
$$;

ALTER TABLE gridmap.reception ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.reception
  USING (gridmap.in_scope(street_id, community_id, NULL, NULL, NULL, NULL))
  WITH CHECK (gridmap.in_scope(street_id, community_id, NULL, NULL, NULL, NULL));

ALTER TABLE gridmap.hotline_mapping ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.hotline_mapping USING (gridmap.is_near(street_id))
  WITH CHECK (gridmap.is_near(street_id));

-- How many e-bikes stand somewhere says nothing of anybody: whoever sees the estate sees its sum. Counting is for
-- those who look after the place.
ALTER TABLE gridmap.ebike_count ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.ebike_count
  USING (gridmap.is_near(street_id))
  WITH CHECK (gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id));

-- Privileges -----------------------------------------------------------------------------------------------------------

GRANT SELECT, INSERT ON gridmap.reception, gridmap.diary, gridmap.hotline_mapping, gridmap.ebike_count TO gridmap_app;
GRANT UPDATE (state, minutes, revision, changed_at, changed_by) ON gridmap.reception TO gridmap_app;
-- what was said, when and to whom stays
GRANT UPDATE (outcome, answer, answered_at, promised_on, incident_id, revision, changed_at, changed_by)
  ON gridmap.diary TO gridmap_app;
GRANT SELECT (street_id, diary_id, name_masked, phone_masked, has_words, account_id, place_id, community_id, grid_id,
  micro_grid_id, estate_id), INSERT, DELETE ON gridmap.diary_contact TO gridmap_app;
GRANT UPDATE (columns, headings, revision, changed_at, changed_by) ON gridmap.hotline_mapping TO gridmap_app;
GRANT SELECT (street_id, id, number, received_at, due_at, has_raw, cells, address, text, category, kind, state, problem, near,
  reason, place_id, incident_id, mapping_id, import_run_id, community_id, grid_id, micro_grid_id, estate_id, revision,
  changed_at, changed_by), INSERT ON gridmap.hotline_order TO gridmap_app;
GRANT UPDATE (raw, cells, caller, phone, text, kind, state, problem, near, reason, place_id, incident_id, community_id,
  grid_id, micro_grid_id, estate_id, revision, changed_at, changed_by) ON gridmap.hotline_order TO gridmap_app;
GRANT UPDATE (bikes, chargers, account_id, changed_at) ON gridmap.ebike_count TO gridmap_app;

-- Clear name, telephone and private words of one entry in the viewer's scope, never without a reason, never unlogged.
CREATE FUNCTION gridmap.unmask_diary(street integer, sought bigint, reason text, business_at timestamptz)
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
      FROM gridmap.diary_contact c
      WHERE c.street_id = street AND c.diary_id = sought
        AND (gridmap.case_in_scope(c.street_id, c.community_id, c.grid_id, c.micro_grid_id, c.estate_id, c.place_id,
                                   '{}') OR gridmap.is_mine(c.account_id))
    ), logged AS (
      INSERT INTO gridmap.audit (street_id, business_at, account_id, action, subject, subject_id, why)
      SELECT street, unmask_diary.business_at, nullif(current_setting('app.account', true), '')::bigint,
             'unmask', 'diary', sought::text, reason
      FROM seen
    )
    SELECT seen.clear_name, seen.clear_phone, seen.clear_words FROM seen;
END
$$;
REVOKE ALL ON FUNCTION gridmap.unmask_diary(integer, bigint, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.unmask_diary(integer, bigint, text, timestamptz) TO gridmap_app;

-- Orders of the hotline as they came, with names and telephones, for those in the viewer's scope; one line of the log
-- for each order.
CREATE FUNCTION gridmap.unmask_orders(street integer, sought bigint[], reason text, business_at timestamptz)
RETURNS TABLE (id bigint, raw jsonb, caller text, phone text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
BEGIN
  IF coalesce(btrim(reason), '') = '' THEN
    RAISE EXCEPTION 'a reason is needed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN QUERY
    WITH seen AS (
      SELECT o.id AS order_id, o.raw AS clear_raw, o.caller AS clear_caller, o.phone AS clear_phone
      FROM gridmap.hotline_order o
      WHERE o.street_id = street AND o.id = ANY (sought)
        AND gridmap.case_in_scope(o.street_id, o.community_id, o.grid_id, o.micro_grid_id, o.estate_id, o.place_id,
                                  '{}')
    ), logged AS (
      INSERT INTO gridmap.audit (street_id, business_at, account_id, action, subject, subject_id, why)
      SELECT street, unmask_orders.business_at, nullif(current_setting('app.account', true), '')::bigint,
             'unmask', 'hotline_order', seen.order_id::text, reason
      FROM seen
    )
    SELECT seen.order_id, seen.clear_raw, seen.clear_caller, seen.clear_phone FROM seen;
END
$$;
REVOKE ALL ON FUNCTION gridmap.unmask_orders(integer, bigint[], text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.unmask_orders(integer, bigint[], text, timestamptz) TO gridmap_app;

-- Where -----------------------------------------------------------------------------------------------------------------

-- What was said or counted follows its place, and an order its case, when places or boundaries have changed: whoever
-- looks after a place now reads what was said there before. `cases`: only the orders of these. As the owner, because
-- whoever changes a boundary need not see what lies beyond it. How many rows moved comes back.
CREATE FUNCTION gridmap.own_said(streets integer[], cases bigint[] DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  relation text;
  rows_moved integer;
  moved integer := 0;
BEGIN
  IF cases IS NULL THEN
    FOREACH relation IN ARRAY ARRAY['diary', 'diary_contact', 'ebike_count']
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
REVOKE ALL ON FUNCTION gridmap.own_said(integer[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.own_said(integer[], bigint[]) TO gridmap_app;

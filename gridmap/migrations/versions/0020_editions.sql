-- Editions of the register: places drawn, split, merged, corrected and ended together, in one community; and which
-- place came out of which.

CREATE TABLE gridmap.edition (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  community_id BIGINT NOT NULL,
  state TEXT DEFAULT 'draft' NOT NULL,
  steps JSONB DEFAULT '[]' NOT NULL,
  starts_on DATE,
  why TEXT,
  certificate JSONB,
  moved JSONB,
  published_at TIMESTAMP WITH TIME ZONE,
  published_by BIGINT,
  undone_at TIMESTAMP WITH TIME ZONE,
  undone_by BIGINT,
  undone_why TEXT,
  revision INTEGER DEFAULT 1 NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  changed_by BIGINT,
  CONSTRAINT edition_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT edition_street_id_community_id_fkey FOREIGN KEY(street_id, community_id) REFERENCES gridmap.community (street_id, id),
  CONSTRAINT edition_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT edition_state_known_check CHECK (state IN ('draft', 'waiting', 'published', 'undone', 'dropped')),
  CONSTRAINT edition_published_whole_check CHECK (state IN ('draft', 'dropped') OR (starts_on IS NOT NULL AND why IS NOT NULL AND published_at IS NOT NULL)),
  CONSTRAINT edition_undone_whole_check CHECK ((state = 'undone') = (undone_at IS NOT NULL)),
  CONSTRAINT edition_steps_listed_check CHECK (jsonb_typeof(steps) = 'array'),
  CONSTRAINT edition_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.edition IS 'Changes of a community''s register that were drawn together and hold from one day.';
COMMENT ON COLUMN gridmap.edition.steps IS 'what was done, in order, in words and ids';
COMMENT ON COLUMN gridmap.edition.certificate IS 'what the check of the plan said when it was published';
COMMENT ON COLUMN gridmap.edition.moved IS 'who and what moved, as numbers';
CREATE UNIQUE INDEX edition_one_draft_ix ON gridmap.edition (street_id, community_id) WHERE state = 'draft';
CREATE INDEX edition_community_ix ON gridmap.edition (street_id, community_id, id);

CREATE TABLE gridmap.edition_place (
  street_id INTEGER NOT NULL,
  edition_id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  action TEXT NOT NULL,
  kind TEXT NOT NULL,
  code TEXT,
  name TEXT NOT NULL,
  details JSONB DEFAULT '{}' NOT NULL,
  formers BIGINT[] DEFAULT '{}' NOT NULL,
  was JSONB,
  was_geom public.geometry(GEOMETRY,4326),
  seen_revision INTEGER,
  made_revision INTEGER,
  geom public.geometry(GEOMETRY,4326),
  community_id BIGINT NOT NULL,
  CONSTRAINT edition_place_pkey PRIMARY KEY (street_id, edition_id, place_id),
  CONSTRAINT edition_place_street_id_edition_id_fkey FOREIGN KEY(street_id, edition_id) REFERENCES gridmap.edition (street_id, id) ON DELETE CASCADE,
  CONSTRAINT edition_place_action_known_check CHECK (action IN ('add', 'change', 'end')),
  CONSTRAINT edition_place_kind_known_check CHECK (kind IN ('grid', 'estate', 'building', 'stairwell', 'facility')),
  CONSTRAINT edition_place_was_whole_check CHECK ((action = 'add') = (was IS NULL)),
  CONSTRAINT edition_place_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.edition_place IS 'What an edition makes of one place; one that it adds has its id already.';
COMMENT ON COLUMN gridmap.edition_place.code IS 'empty: given when it is published';
COMMENT ON COLUMN gridmap.edition_place.details IS 'type of a grid, kind of a building or facility, parent_id';
COMMENT ON COLUMN gridmap.edition_place.formers IS 'the places on whose ground it stands';
COMMENT ON COLUMN gridmap.edition_place.was IS 'code, name and details before';
COMMENT ON COLUMN gridmap.edition_place.seen_revision IS 'of the place, when it was drawn';
COMMENT ON COLUMN gridmap.edition_place.made_revision IS 'of the place, when it was published';

CREATE TABLE gridmap.lineage (
  street_id INTEGER NOT NULL,
  former_id BIGINT NOT NULL,
  later_id BIGINT NOT NULL,
  starts_on DATE NOT NULL,
  edition_id BIGINT NOT NULL,
  CONSTRAINT lineage_pkey PRIMARY KEY (street_id, former_id, later_id, starts_on),
  CONSTRAINT lineage_street_id_former_id_fkey FOREIGN KEY(street_id, former_id) REFERENCES gridmap.place (street_id, id) ON DELETE CASCADE,
  CONSTRAINT lineage_street_id_later_id_fkey FOREIGN KEY(street_id, later_id) REFERENCES gridmap.place (street_id, id) ON DELETE CASCADE,
  CONSTRAINT lineage_street_id_edition_id_fkey FOREIGN KEY(street_id, edition_id) REFERENCES gridmap.edition (street_id, id),
  CONSTRAINT lineage_differ_check CHECK (former_id <> later_id),
  CONSTRAINT lineage_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.lineage IS 'Which place came out of which: what was counted at the former stays there, told beside the later one.';
CREATE INDEX lineage_later_ix ON gridmap.lineage (street_id, later_id);

-- Who sees what -------------------------------------------------------------------------------------------------------

-- A plan is for those who look after the whole community, before it holds and after; lineage is as public as boundaries.
ALTER TABLE gridmap.edition ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.edition
  USING (gridmap.in_scope(street_id, community_id, NULL, NULL, NULL, NULL))
  WITH CHECK (gridmap.in_scope(street_id, community_id, NULL, NULL, NULL, NULL));
ALTER TABLE gridmap.edition_place ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.edition_place
  USING (gridmap.in_scope(street_id, community_id, NULL, NULL, NULL, NULL))
  WITH CHECK (gridmap.in_scope(street_id, community_id, NULL, NULL, NULL, NULL));
ALTER TABLE gridmap.lineage ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.lineage USING (gridmap.is_near(street_id)) WITH CHECK (gridmap.is_near(street_id));

-- Privileges -----------------------------------------------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE ON gridmap.edition TO gridmap_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON gridmap.edition_place TO gridmap_app;
GRANT SELECT, INSERT, DELETE ON gridmap.lineage TO gridmap_app;

-- Who and what follows --------------------------------------------------------------------------------------------------

-- Accounts that were given a grid or an estate are given what came out of it, too: the same people on the same ground.
-- What they were given stays, since what happened there before is still theirs to read. Rules for that place alone ask
-- for what came out of it; its own open cases and rotas go on there. As the owner, because who publishes reads no accounts. How many accounts it was.
CREATE FUNCTION gridmap.carry_rights(street integer, edition bigint, moment timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  carried integer;
  pair record;
  word text;
BEGIN
  INSERT INTO gridmap.account_grant (account_id, role, level, street_id, target_id, organisation_id, valid, granted_by)
  SELECT DISTINCT g.account_id, g.role, g.level, g.street_id, l.later_id, g.organisation_id,
    tstzrange(moment, upper(g.valid)), nullif(current_setting('app.account', true), '')::bigint
  FROM gridmap.lineage l
  JOIN gridmap.account_grant g ON g.street_id = l.street_id AND g.target_id = l.former_id
    AND g.level IN ('grid', 'estate') AND g.valid @> moment
  WHERE l.street_id = street AND l.edition_id = edition AND NOT EXISTS (
    SELECT FROM gridmap.account_grant o WHERE o.account_id = g.account_id AND o.role = g.role AND o.level = g.level
      AND o.target_id = l.later_id AND o.valid @> moment);
  GET DIAGNOSTICS carried = ROW_COUNT;
  -- what stands at the former place itself goes on at the later one that covers it, else at the largest
  UPDATE gridmap.incident i SET place_id = h.later_id
  FROM (
    SELECT DISTINCT ON (o.id) o.id, e.place_id AS later_id
    FROM gridmap.incident o
    JOIN gridmap.edition_place e ON e.street_id = o.street_id AND e.edition_id = edition AND e.action <> 'end'
      AND o.place_id = ANY (e.formers)
    JOIN gridmap.edition_place w ON w.street_id = o.street_id AND w.edition_id = edition AND w.place_id = o.place_id
      AND w.action = 'end'
    WHERE o.street_id = street AND o.state NOT IN ('closed', 'rejected', 'duplicate')
    ORDER BY o.id, public.st_covers(e.geom, o.geom) DESC NULLS LAST, public.st_area(e.geom) DESC, e.place_id
  ) h
  WHERE i.street_id = street AND i.id = h.id;
  UPDATE gridmap.rota r SET place_id = h.later_id
  FROM (
    SELECT DISTINCT ON (o.id) o.id, e.place_id AS later_id
    FROM gridmap.rota o
    JOIN gridmap.edition_place e ON e.street_id = o.street_id AND e.edition_id = edition AND e.action <> 'end'
      AND o.place_id = ANY (e.formers)
    JOIN gridmap.edition_place w ON w.street_id = o.street_id AND w.edition_id = edition AND w.place_id = o.place_id
      AND w.action = 'end'
    WHERE o.street_id = street
    ORDER BY o.id, public.st_area(e.geom) DESC, e.place_id
  ) h
  WHERE r.street_id = street AND r.id = h.id;
  FOR pair IN
    SELECT l.former_id, array_agg(l.later_id ORDER BY l.later_id) AS laters FROM gridmap.lineage l
    WHERE l.street_id = street AND l.edition_id = edition GROUP BY 1 ORDER BY 1
  LOOP
    FOREACH word IN ARRAY ARRAY['grids', 'estates']
    LOOP
      UPDATE gridmap.duty d SET only_for = jsonb_set(d.only_for, ARRAY[word], (
        SELECT jsonb_agg(DISTINCT v) FROM (
          SELECT jsonb_array_elements(d.only_for -> word) AS v
          UNION SELECT to_jsonb(unnest(pair.laters))
        ) x))
      WHERE d.street_id = street AND d.only_for -> word @> to_jsonb(pair.former_id)
        AND (upper(d.valid) IS NULL OR upper(d.valid) > (moment AT TIME ZONE 'Asia/Shanghai')::date);
    END LOOP;
  END LOOP;
  RETURN carried;
END
$$;
REVOKE ALL ON FUNCTION gridmap.carry_rights(integer, bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.carry_rights(integer, bigint, timestamptz) TO gridmap_app;

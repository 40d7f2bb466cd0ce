-- Hotspots: what searches have found, and the nightly numbers of cars from outside that stay in a zone.

CREATE TABLE gridmap.hotspot_run (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  subject TEXT NOT NULL,
  begins DATE NOT NULL,
  ends DATE NOT NULL,
  exposure TEXT,
  edge_m NUMERIC(6, 1) NOT NULL,
  permutations INTEGER NOT NULL,
  seed BIGINT NOT NULL,
  units INTEGER NOT NULL,
  cases INTEGER NOT NULL,
  unexposed INTEGER NOT NULL,
  months DATE[] NOT NULL,
  month_cases INTEGER[] NOT NULL,
  found_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT hotspot_run_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT hotspot_run_street_id_subject_ends_key UNIQUE (street_id, subject, ends),
  CONSTRAINT hotspot_run_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT hotspot_run_exposure_known_check CHECK (exposure IN ('places', 'kerb_metres', 'households')),
  CONSTRAINT hotspot_run_subject_known_check CHECK (subject ~ '^(parking_violation|long_stay|incident|[0-9]{2}|[0-9]{5})$'),
  CONSTRAINT hotspot_run_period_runs_check CHECK (begins < ends),
  CONSTRAINT hotspot_run_numbers_fit_check CHECK (edge_m > 0 AND permutations > 0 AND units >= 0 AND cases >= 0 AND unexposed >= 0),
  CONSTRAINT hotspot_run_months_whole_check CHECK (cardinality(months) = cardinality(month_cases)),
  CONSTRAINT hotspot_run_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.hotspot_run IS 'One search for hotspots: a street, a subject, a period.';
COMMENT ON COLUMN gridmap.hotspot_run.ends IS 'the first day after the period';
COMMENT ON COLUMN gridmap.hotspot_run.exposure IS 'what cases are compared with; empty: nothing fits, and nothing is tested';
COMMENT ON COLUMN gridmap.hotspot_run.seed IS 'from street, subject and period alone';
COMMENT ON COLUMN gridmap.hotspot_run.cases IS 'at units that are compared; without exposure all of them';
COMMENT ON COLUMN gridmap.hotspot_run.unexposed IS 'where there is no exposure: in nothing else';
COMMENT ON COLUMN gridmap.hotspot_run.months IS 'whole months before the end, the oldest first';

CREATE TABLE gridmap.hotspot (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  run_id BIGINT NOT NULL,
  status TEXT NOT NULL,
  number SMALLINT,
  name TEXT,
  named_by TEXT,
  place_id BIGINT,
  observed INTEGER NOT NULL,
  expected NUMERIC(12, 2),
  chance NUMERIC(6, 5),
  units INTEGER NOT NULL,
  month_observed INTEGER[],
  month_expected NUMERIC(14, 4)[],
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  geom public.geometry(GEOMETRY,4326) NOT NULL,
  geom_3857 public.geometry(GEOMETRY,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
  label_3857 public.geometry(POINT,3857) GENERATED ALWAYS AS (public.st_pointonsurface(public.st_transform(geom, 3857))) STORED,
  CONSTRAINT hotspot_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT hotspot_street_id_run_id_fkey FOREIGN KEY(street_id, run_id) REFERENCES gridmap.hotspot_run (street_id, id) ON DELETE CASCADE,
  CONSTRAINT hotspot_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id) ON DELETE CASCADE,
  CONSTRAINT hotspot_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT hotspot_status_known_check CHECK (status IN ('area', 'further', 'repeat', 'busiest', 'chance', 'untested')),
  CONSTRAINT hotspot_named_by_known_check CHECK (named_by IN ('estate', 'road', 'community')),
  CONSTRAINT hotspot_compared_whole_check CHECK ((status IN ('area', 'further', 'repeat', 'chance')) = (expected IS NOT NULL)),
  CONSTRAINT hotspot_numbered_whole_check CHECK ((status IN ('area', 'further', 'busiest')) = (number IS NOT NULL)),
  CONSTRAINT hotspot_areas_few_check CHECK (status <> 'area' OR number BETWEEN 1 AND 10),
  CONSTRAINT hotspot_repeat_has_place_check CHECK ((status = 'repeat') = (place_id IS NOT NULL)),
  CONSTRAINT hotspot_chance_fits_check CHECK (chance > 0 AND chance <= 1),
  CONSTRAINT hotspot_months_whole_check CHECK ((month_observed IS NULL) = (month_expected IS NULL)),
  CONSTRAINT hotspot_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.hotspot IS 'What a search found: named areas, single addresses, and the ground that cannot be told from chance.';
COMMENT ON COLUMN gridmap.hotspot.number IS '1 is the surest; without a test, that with the most';
COMMENT ON COLUMN gridmap.hotspot.name IS 'of the estate, road or community it lies at; of a repeat address the place''s';
COMMENT ON COLUMN gridmap.hotspot.place_id IS 'a repeat address';
COMMENT ON COLUMN gridmap.hotspot.expected IS 'what the exposure of the same units would bring';
COMMENT ON COLUMN gridmap.hotspot.chance IS 'of a place this high anywhere on the street by accident';
CREATE INDEX hotspot_geom_3857_ix ON gridmap.hotspot USING gist (geom_3857);
CREATE INDEX hotspot_run_ix ON gridmap.hotspot (street_id, run_id, status);

CREATE TABLE gridmap.hotspot_unit (
  street_id INTEGER NOT NULL,
  hotspot_id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  observed INTEGER NOT NULL,
  exposure NUMERIC(14, 4),
  expected NUMERIC(14, 4),
  cases BIGINT[],
  is_apart BOOLEAN NOT NULL,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT hotspot_unit_pkey PRIMARY KEY (street_id, hotspot_id, place_id),
  CONSTRAINT hotspot_unit_street_id_hotspot_id_fkey FOREIGN KEY(street_id, hotspot_id) REFERENCES gridmap.hotspot (street_id, id) ON DELETE CASCADE,
  CONSTRAINT hotspot_unit_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id) ON DELETE CASCADE,
  CONSTRAINT hotspot_unit_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.hotspot_unit IS 'The units of an area: the rows that its numbers are the sums of. Kept for the newest search alone.';
COMMENT ON COLUMN gridmap.hotspot_unit.cases IS 'ids of its incidents; of zones none';
COMMENT ON COLUMN gridmap.hotspot_unit.is_apart IS 'holds so much that it is listed by itself; not in the totals';
CREATE INDEX hotspot_unit_place_ix ON gridmap.hotspot_unit (street_id, place_id);

CREATE TABLE gridmap.zone_stay (
  street_id INTEGER NOT NULL,
  place_id BIGINT NOT NULL,
  day DATE NOT NULL,
  cars INTEGER NOT NULL,
  begun INTEGER NOT NULL,
  longest_days INTEGER NOT NULL,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  CONSTRAINT zone_stay_pkey PRIMARY KEY (street_id, place_id, day),
  CONSTRAINT zone_stay_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id) ON DELETE CASCADE,
  CONSTRAINT zone_stay_cars_fit_check CHECK (begun BETWEEN 0 AND cars AND longest_days >= 0 AND (cars > 0 OR longest_days = 0)),
  CONSTRAINT zone_stay_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.zone_stay IS 'How many cars from outside were staying in a zone. Numbers alone: they outlast the sightings.';
COMMENT ON COLUMN gridmap.zone_stay.day IS 'after the evening''s count';
COMMENT ON COLUMN gridmap.zone_stay.begun IS 'of these, staying since that day';
COMMENT ON COLUMN gridmap.zone_stay.longest_days IS 'since its first count; 0 where none stays';
CREATE INDEX zone_stay_day_ix ON gridmap.zone_stay (street_id, day);

-- Who sees what -------------------------------------------------------------------------------------------------------

-- That a street was searched is known in the street; what was found, to those whose territory holds all of it: a number
-- of more than one may see would tell of the rest. As with what is counted from cases, a company that manages an estate
-- is not told. Cars that stay are numbers of a zone.
DO $$
DECLARE
  target record;
BEGIN
  FOR target IN
    SELECT * FROM (VALUES
      ('hotspot_run', 'gridmap.is_near(street_id)'),
      ('hotspot',
        'gridmap.case_in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id, ''{}''::bigint[])'),
      ('hotspot_unit',
        'gridmap.case_in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id, ''{}''::bigint[])'),
      ('zone_stay', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id)')
    ) AS rules (relation, rule)
  LOOP
    EXECUTE format('ALTER TABLE gridmap.%I ENABLE ROW LEVEL SECURITY', target.relation);
    EXECUTE format('CREATE POLICY scope ON gridmap.%I USING (%s) WITH CHECK (%s)',
      target.relation, target.rule, target.rule);
  END LOOP;
END
$$;

-- Privileges -----------------------------------------------------------------------------------------------------------

-- all of it is derived, and the nightly round puts it in anew
GRANT SELECT, INSERT, UPDATE, DELETE ON gridmap.hotspot_run, gridmap.hotspot, gridmap.hotspot_unit, gridmap.zone_stay
  TO gridmap_app;

-- Where ----------------------------------------------------------------------------------------------------------------

-- What was found follows its places, when places or boundaries have changed: units, single addresses and zones at once;
-- an area belongs to what its units now share. Ground without units of its own belongs to the street until it is searched
-- again. As the owner, because whoever changes a boundary need not see what lies beyond it. How many rows moved comes back.
CREATE FUNCTION gridmap.own_found(streets integer[]) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  relation text;
  rows_moved integer;
  moved integer := 0;
BEGIN
  FOREACH relation IN ARRAY ARRAY['zone_stay', 'hotspot_unit', 'hotspot']
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
  UPDATE gridmap.hotspot h SET community_id = f.community_id, grid_id = f.grid_id, micro_grid_id = f.micro_grid_id,
    estate_id = f.estate_id
  FROM (
    SELECT o.street_id, o.id,
      CASE WHEN count(u.place_id) = count(u.community_id) AND min(u.community_id) = max(u.community_id)
        THEN min(u.community_id) END AS community_id,
      CASE WHEN count(u.place_id) = count(u.grid_id) AND min(u.grid_id) = max(u.grid_id) THEN min(u.grid_id) END AS grid_id,
      CASE WHEN count(u.place_id) = count(u.micro_grid_id) AND min(u.micro_grid_id) = max(u.micro_grid_id)
        THEN min(u.micro_grid_id) END AS micro_grid_id,
      CASE WHEN count(u.place_id) = count(u.estate_id) AND min(u.estate_id) = max(u.estate_id)
        THEN min(u.estate_id) END AS estate_id
    FROM gridmap.hotspot o
    LEFT JOIN gridmap.hotspot_unit u ON u.street_id = o.street_id AND u.hotspot_id = o.id
    WHERE o.street_id = ANY (streets) AND o.place_id IS NULL
    GROUP BY 1, 2
  ) f
  WHERE h.street_id = f.street_id AND h.id = f.id AND (h.community_id, h.grid_id, h.micro_grid_id, h.estate_id)
    IS DISTINCT FROM (f.community_id, f.grid_id, f.micro_grid_id, f.estate_id);
  GET DIAGNOSTICS rows_moved = ROW_COUNT;
  RETURN moved + rows_moved;
END
$$;
REVOKE ALL ON FUNCTION gridmap.own_found(integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.own_found(integer[]) TO gridmap_app;

-- What phones bring beside answers: tiers of households, and finding one account's entries.

CREATE INDEX inspection_account_ix ON gridmap.inspection (street_id, account_id, received_at DESC);
CREATE INDEX inspection_photo_ix ON gridmap.inspection (street_id, photo) WHERE photo IS NOT NULL;

CREATE TABLE gridmap.household_tier (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  place_id BIGINT NOT NULL,
  unit TEXT NOT NULL,
  tier TEXT NOT NULL,
  community_id BIGINT,
  grid_id BIGINT,
  micro_grid_id BIGINT,
  estate_id BIGINT,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT household_tier_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT household_tier_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT household_tier_street_id_place_id_unit_key UNIQUE (street_id, place_id, unit),
  CONSTRAINT household_tier_street_id_place_id_fkey FOREIGN KEY(street_id, place_id)
    REFERENCES gridmap.place (street_id, id) ON DELETE CASCADE,
  CONSTRAINT household_tier_tier_known_check CHECK (tier IN ('key', 'attention')),
  CONSTRAINT household_tier_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.household_tier IS
  'Households to visit first, by number and without a name or a reason; all others have no row.';
COMMENT ON COLUMN gridmap.household_tier.unit IS 'number of the household';

ALTER TABLE gridmap.household_tier ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.household_tier
  USING (gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id))
  WITH CHECK (gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id));

-- Which household it is stays locked; the two functions are the only way to it, and they ask for the scope themselves.
GRANT SELECT (street_id, id, place_id, community_id, grid_id, micro_grid_id, estate_id, changed_at, changed_by)
  ON gridmap.household_tier TO gridmap_app;

CREATE FUNCTION gridmap.tiers_at(street integer, places bigint[])
RETURNS TABLE (place_id bigint, unit text, tier text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT t.place_id, t.unit, t.tier FROM gridmap.household_tier t
  WHERE t.street_id = street AND t.place_id = ANY (places)
    AND gridmap.in_scope(t.street_id, t.community_id, t.grid_id, t.micro_grid_id, t.estate_id, t.place_id);
END;

-- Puts households of one place, as far as it has them, in a tier; null takes them out. How many changed comes back.
CREATE FUNCTION gridmap.set_tiers(street integer, sought bigint, numbers text[], wanted text, at timestamptz)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  changed integer;
BEGIN
  IF wanted IS NULL THEN
    DELETE FROM gridmap.household_tier t
    WHERE t.street_id = street AND t.place_id = sought AND t.unit = ANY (numbers)
      AND gridmap.in_scope(t.street_id, t.community_id, t.grid_id, t.micro_grid_id, t.estate_id, t.place_id);
  ELSE
    INSERT INTO gridmap.household_tier AS t (street_id, id, place_id, unit, tier, community_id, grid_id, micro_grid_id,
      estate_id, changed_at, changed_by)
    SELECT p.street_id, p.street_id * 4294967296 + nextval('gridmap.serial'), p.id, u.unit, wanted,
      p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, at,
      nullif(current_setting('app.account', true), '')::bigint
    FROM gridmap.place p
    LEFT JOIN gridmap.stairwell s ON s.street_id = p.street_id AND s.place_id = p.id
    LEFT JOIN gridmap.building b ON b.street_id = p.street_id AND b.place_id = p.id
    CROSS JOIN LATERAL (SELECT DISTINCT unnest(coalesce(s.units, b.units)) AS unit) u
    WHERE p.street_id = street AND p.id = sought AND u.unit = ANY (numbers)
      AND gridmap.in_scope(p.street_id, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, p.id)
    ON CONFLICT (street_id, place_id, unit) DO UPDATE
    SET tier = excluded.tier, changed_at = excluded.changed_at, changed_by = excluded.changed_by
    WHERE t.tier <> excluded.tier;
  END IF;
  GET DIAGNOSTICS changed = ROW_COUNT;
  RETURN changed;
END
$$;

REVOKE ALL ON FUNCTION gridmap.tiers_at(integer, bigint[]),
  gridmap.set_tiers(integer, bigint, text[], text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.tiers_at(integer, bigint[]),
  gridmap.set_tiers(integer, bigint, text[], text, timestamptz) TO gridmap_app;

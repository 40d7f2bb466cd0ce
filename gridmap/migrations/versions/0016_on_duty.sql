-- Who is on duty by a rota: a reach that opens and closes with the turns, the names of places, evenings without people.

-- A right of the level `rota` reaches what the rotas are for in which the person takes part, while they have their turn.
ALTER TABLE gridmap.account_grant DROP CONSTRAINT account_grant_level_known_check;
ALTER TABLE gridmap.account_grant ADD CONSTRAINT account_grant_level_known_check
  CHECK (level IN ('city', 'street', 'community', 'grid', 'estate', 'held', 'organisation', 'rota'));
ALTER TABLE gridmap.account_grant DROP CONSTRAINT account_grant_level_fits_check;
ALTER TABLE gridmap.account_grant ADD CONSTRAINT account_grant_level_fits_check
  CHECK (CASE level WHEN 'city' THEN street_id IS NULL AND target_id IS NULL WHEN 'street' THEN street_id IS NOT NULL AND target_id IS NULL WHEN 'held' THEN target_id IS NULL WHEN 'rota' THEN target_id IS NULL WHEN 'organisation' THEN organisation_id IS NOT NULL ELSE street_id IS NOT NULL AND target_id >> 32 = street_id END);

-- Links to calendars ----------------------------------------------------------------------------------------------------

CREATE TABLE gridmap.rota_link (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT rota_link_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT rota_link_street_id_person_id_fkey FOREIGN KEY(street_id, person_id) REFERENCES gridmap.person (street_id, id),
  CONSTRAINT rota_link_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT rota_link_ends_check CHECK (created_at < expires_at),
  CONSTRAINT rota_link_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.rota_link IS 'A link to the calendar of one''s own evenings; it needs no sign-in, and shows nobody else.';
COMMENT ON COLUMN gridmap.rota_link.account_id IS 'who made it; an account that is closed opens nothing';
CREATE UNIQUE INDEX rota_link_once_ix ON gridmap.rota_link (street_id, person_id, account_id) WHERE revoked_at IS NULL;

-- Nobody but oneself: not even who leads the rota knows whether somebody keeps a calendar.
ALTER TABLE gridmap.rota_link ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.rota_link
  USING (gridmap.takes_part(ARRAY[person_id])) WITH CHECK (gridmap.takes_part(ARRAY[person_id]));
GRANT SELECT, INSERT ON gridmap.rota_link TO gridmap_app;
GRANT UPDATE (revoked_at) ON gridmap.rota_link TO gridmap_app;

-- A link that its signature has proved, where it is still good: whose evenings it shows. As the owner, because whoever
-- opens it has no account.
CREATE FUNCTION gridmap.person_of_rota_link(street integer, sought bigint, moment timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT l.person_id
  FROM gridmap.rota_link l JOIN gridmap.account a ON a.id = l.account_id AND a.person_id = l.person_id
  WHERE l.street_id = street AND l.id = sought AND l.revoked_at IS NULL AND moment < l.expires_at
    AND a.disabled_at IS NULL;
END;
REVOKE ALL ON FUNCTION gridmap.person_of_rota_link(integer, bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.person_of_rota_link(integer, bigint, timestamptz) TO gridmap_app;

-- Where -----------------------------------------------------------------------------------------------------------------

-- What a rota is for: of parking the zones at its place that have not been ended, of anything else the place itself with
-- its stairwells. It is also the reach of whoever has the turn (gridmap/scope/turns.py). As the owner: who takes part
-- knows the names of these places also when the evening is far away, and sees nothing else of them then.
CREATE FUNCTION gridmap.rota_places(street integer, sought bigint)
RETURNS TABLE (id bigint, kind text, name text, estate_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT p.id, p.kind, p.name, p.estate_id
  FROM gridmap.rota r
  JOIN gridmap.place h ON h.street_id = r.street_id AND h.id = r.place_id
  JOIN gridmap.place p ON p.street_id = h.street_id AND (
    p.id = h.id
    OR (r.kind <> 'parking' AND p.kind = 'stairwell' AND p.parent_id = h.id)
    OR (r.kind = 'parking' AND p.kind = 'zone' AND (
      p.grid_id = h.id OR p.micro_grid_id = h.id OR p.estate_id = h.id
      OR p.estate_id IN (
        SELECT s.id FROM gridmap.place s WHERE s.street_id = h.street_id AND s.kind = 'estate' AND s.parent_id = h.id))))
  WHERE r.street_id = street AND r.id = sought AND (p.kind <> 'zone' OR upper_inf(p.valid))
    AND (gridmap.in_scope(r.street_id, r.community_id, r.grid_id, r.micro_grid_id, r.estate_id, r.place_id)
         OR gridmap.takes_part(r.people))
  ORDER BY p.kind = 'zone', p.name, p.id;
END;
REVOKE ALL ON FUNCTION gridmap.rota_places(integer, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.rota_places(integer, bigint) TO gridmap_app;

-- Open evenings ---------------------------------------------------------------------------------------------------------

-- Evenings between two moments on which somebody is missing: too few have the turn, or who has it is away by now. Only
-- those of rotas at places that the viewer sees, or in which the viewer takes part; `streets`: only these. As the owner,
-- because a neighbour's leave is nobody's to read: that somebody is away is told, never who and why.
CREATE FUNCTION gridmap.open_turns(since timestamptz, until timestamptz, streets integer[] DEFAULT NULL)
RETURNS TABLE (street_id integer, id bigint, rota_id bigint, day date, starts_at timestamptz, ends_at timestamptz,
  missing integer, reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT t.street_id, t.id, t.rota_id, t.day, t.starts_at, t.ends_at, greatest(t.needed - h.there, 0)::integer,
    CASE WHEN t.needed - h.there > t.missing THEN 'on_leave' ELSE coalesce(t.reason, 'too_few_members') END
  FROM gridmap.rota_turn t
  CROSS JOIN LATERAL (
    SELECT count(*)::integer AS there FROM gridmap.rota_holder o
    WHERE o.street_id = t.street_id AND o.turn_id = t.id AND o.ended_at IS NULL
      AND NOT EXISTS (SELECT FROM gridmap.absence b WHERE b.street_id = o.street_id AND b.person_id = o.person_id
        AND b.valid && o.during)
  ) h
  -- a turn lasts a day at most, and the days of the office lie within one of those elsewhere: the index is by day
  WHERE t.day BETWEEN (since AT TIME ZONE 'Asia/Shanghai')::date AND (until AT TIME ZONE 'Asia/Shanghai')::date
    AND (streets IS NULL OR t.street_id = ANY (streets))
    AND t.state = 'set' AND t.starts_at >= since AND t.starts_at < until AND h.there < t.needed
    AND (gridmap.in_scope(t.street_id, t.community_id, t.grid_id, t.micro_grid_id, t.estate_id, t.place_id)
         OR gridmap.takes_part(t.people))
  ORDER BY t.starts_at, t.id;
END;
REVOKE ALL ON FUNCTION gridmap.open_turns(timestamptz, timestamptz, integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.open_turns(timestamptz, timestamptz, integer[]) TO gridmap_app;

-- How many are missing on these evenings, counted anew from who has them. As the owner, because whoever takes part swaps
-- and fills evenings but does not change them; it derives everything, so calling it is harmless. `because`: why, where
-- none was written yet. How many evenings were counted comes back.
CREATE FUNCTION gridmap.count_turns(street integer, turns bigint[], because text, moment timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
DECLARE
  counted integer;
BEGIN
  UPDATE gridmap.rota_turn t SET missing = f.missing, revision = t.revision + 1, changed_at = moment,
    changed_by = nullif(current_setting('app.account', true), '')::bigint,
    reason = CASE WHEN f.missing > 0 THEN coalesce(t.reason, because) END
  FROM (
    SELECT o.id, greatest(o.needed - (SELECT count(*) FROM gridmap.rota_holder h
      WHERE h.street_id = o.street_id AND h.turn_id = o.id AND h.ended_at IS NULL), 0)::smallint AS missing
    FROM gridmap.rota_turn o
    WHERE o.street_id = street AND o.id = ANY (turns)
      AND (gridmap.in_scope(o.street_id, o.community_id, o.grid_id, o.micro_grid_id, o.estate_id, o.place_id)
           OR gridmap.takes_part(o.people))
  ) f
  WHERE t.street_id = street AND t.id = f.id;
  GET DIAGNOSTICS counted = ROW_COUNT;
  RETURN counted;
END
$$;
REVOKE ALL ON FUNCTION gridmap.count_turns(integer, bigint[], text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.count_turns(integer, bigint[], text, timestamptz) TO gridmap_app;

-- Cars --------------------------------------------------------------------------------------------------------------------

-- Whoever is on duty in a zone by a rota notes cars of its estate, and sees nothing else of that (app.homes).
CREATE OR REPLACE FUNCTION gridmap.vehicle_in_scope(
  street integer, community bigint, grid bigint, micro_grid bigint, estate bigint, place bigint, grids bigint[]
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN gridmap.in_scope(street, community, grid, micro_grid, estate, place)
  OR CASE current_setting('app.scope', true)
    WHEN 'some' THEN coalesce(
      gridmap.viewer_has('homes', place)
      OR string_to_array(btrim(current_setting('app.grids', true), ','), ',')::bigint[] && grids, false)
    ELSE false
  END;

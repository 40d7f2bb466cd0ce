-- What the transaction says about its viewer, in forms that cost little to look into for every row:
-- streets (app.streets, app.near) as ranges such as {[20001,20392)}, other ids as a list such as ,85899345921,85899345922,
-- A parsed array of 400 streets took 41 µs a row, the ranges take 1 µs.

CREATE FUNCTION gridmap.viewer_streets(setting text) RETURNS int4multirange
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('app.' || setting, true), ''), '{}')::int4multirange;

CREATE FUNCTION gridmap.viewer_has(setting text, id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN strpos(current_setting('app.' || setting, true), ',' || id::text || ',') > 0;

-- Row of a place, or of something that belongs to one. No subqueries, so that the policies can be distributed.
CREATE OR REPLACE FUNCTION gridmap.in_scope(
  street integer, community bigint, grid bigint, micro_grid bigint, estate bigint, place bigint
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE current_setting('app.scope', true)
  WHEN 'city' THEN true
  WHEN 'some' THEN coalesce(
    street <@ gridmap.viewer_streets('streets')
    OR gridmap.viewer_has('communities', community)
    OR gridmap.viewer_has('grids', grid)
    OR gridmap.viewer_has('grids', micro_grid)
    OR gridmap.viewer_has('estates', estate)
    OR gridmap.viewer_has('places', place), false)
  ELSE false
END;

-- Anything of a street in which the viewer has some place.
CREATE OR REPLACE FUNCTION gridmap.is_near(street integer) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE current_setting('app.scope', true)
  WHEN 'city' THEN true
  WHEN 'some' THEN coalesce(street <@ gridmap.viewer_streets('near'), false)
  ELSE false
END;

-- A person whom the viewer knows: of the scope, or on duty in it.
CREATE FUNCTION gridmap.is_known(street integer, community bigint, grid bigint, micro_grid bigint, person bigint)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN gridmap.in_scope(street, community, grid, micro_grid, NULL, NULL)
  OR coalesce(gridmap.viewer_has('people', person), false);

DO $$
DECLARE
  target record;
BEGIN
  FOR target IN
    SELECT * FROM (VALUES
      ('assignment', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id)
        OR coalesce(gridmap.viewer_has(''self'', person_id), false)'),
      ('person', 'gridmap.is_known(street_id, community_id, grid_id, micro_grid_id, id)'),
      ('absence', 'gridmap.is_known(street_id, community_id, grid_id, micro_grid_id, person_id)')
    ) AS rules (relation, rule)
  LOOP
    EXECUTE format('ALTER POLICY scope ON gridmap.%I USING (%s) WITH CHECK (%s)',
                   target.relation, target.rule, target.rule);
  END LOOP;
END
$$;

-- Clear name and phone of one person in the viewer's scope, never without a reason, never unlogged.
CREATE OR REPLACE FUNCTION gridmap.unmask_person(street integer, sought bigint, reason text, business_at timestamptz)
RETURNS TABLE (name text, phone text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
AS $$
BEGIN
  IF coalesce(btrim(reason), '') = '' THEN
    RAISE EXCEPTION 'a reason is needed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN QUERY
    WITH seen AS (
      SELECT p.name AS clear_name, p.phone AS clear_phone
      FROM gridmap.person p
      WHERE p.street_id = street AND p.id = sought
        AND gridmap.is_known(p.street_id, p.community_id, p.grid_id, p.micro_grid_id, p.id)
    ), logged AS (
      INSERT INTO gridmap.audit (street_id, business_at, account_id, action, subject, subject_id, why)
      SELECT street, unmask_person.business_at, nullif(current_setting('app.account', true), '')::bigint,
             'unmask', 'person', sought::text, reason
      FROM seen
    )
    SELECT seen.clear_name, seen.clear_phone FROM seen;
END
$$;

DROP FUNCTION gridmap.viewer_ids(text);

-- Who may do what: the second lock (row security, fed by SET LOCAL in each transaction; nothing set = no rows),
-- column privileges for the app role, and the few functions that may read what is locked.

-- What the transaction says about its viewer, as arrays ----------------------------------------------------------

CREATE FUNCTION gridmap.viewer_ids(setting text) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('app.' || setting, true), ''), '{}')::bigint[];

-- Row of a place, or of something that belongs to one. No subqueries, so that the policies can be distributed.
CREATE FUNCTION gridmap.in_scope(
  street integer, community bigint, grid bigint, micro_grid bigint, estate bigint, place bigint
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE current_setting('app.scope', true)
  WHEN 'city' THEN true
  WHEN 'some' THEN
    street = ANY (gridmap.viewer_ids('streets'))
    OR coalesce(community = ANY (gridmap.viewer_ids('communities')), false)
    OR coalesce(grid = ANY (gridmap.viewer_ids('grids')), false)
    OR coalesce(micro_grid = ANY (gridmap.viewer_ids('grids')), false)
    OR coalesce(estate = ANY (gridmap.viewer_ids('estates')), false)
    OR place = ANY (gridmap.viewer_ids('places'))
  ELSE false
END;

-- Anything of a street in which the viewer has some place.
CREATE FUNCTION gridmap.is_near(street integer) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE current_setting('app.scope', true)
  WHEN 'city' THEN true
  WHEN 'some' THEN street = ANY (gridmap.viewer_ids('near'))
  ELSE false
END;

CREATE FUNCTION gridmap.is_own(account bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN account::text = nullif(current_setting('app.account', true), '')
  OR coalesce(current_setting('app.administers', true), '') = 'on';

CREATE FUNCTION gridmap.is_signed_in() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('app.scope', true), '') IN ('city', 'some');

-- Row security ---------------------------------------------------------------------------------------------------

DO $$
DECLARE
  target record;
BEGIN
  FOR target IN
    SELECT * FROM (VALUES
      ('place', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, id)'),
      ('assignment', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, place_id)
        OR person_id = ANY (gridmap.viewer_ids(''self''))'),
      ('person', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, NULL, NULL)
        OR id = ANY (gridmap.viewer_ids(''people''))'),
      ('absence', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, NULL, NULL)
        OR person_id = ANY (gridmap.viewer_ids(''people''))'),
      ('file', 'gridmap.in_scope(street_id, community_id, grid_id, micro_grid_id, estate_id, NULL)
        OR gridmap.is_own(account_id)'),
      ('community', 'gridmap.is_near(street_id)'),
      ('grid', 'gridmap.is_near(street_id)'),
      ('estate', 'gridmap.is_near(street_id)'),
      ('building', 'gridmap.is_near(street_id)'),
      ('stairwell', 'gridmap.is_near(street_id)'),
      ('facility', 'gridmap.is_near(street_id)'),
      ('zone', 'gridmap.is_near(street_id)'),
      ('boundary', 'gridmap.is_near(street_id)'),
      ('membership', 'gridmap.is_near(street_id)'),
      ('organisation_place', 'gridmap.is_near(street_id)'),
      ('organisation', 'gridmap.is_signed_in() AND (street_id IS NULL OR gridmap.is_near(street_id))'),
      ('basemap', 'gridmap.is_signed_in()'),
      ('submission', 'gridmap.is_own(account_id)'),
      ('account', 'gridmap.is_own(id)'),
      ('account_grant', 'gridmap.is_own(account_id)'),
      ('session', 'gridmap.is_own(account_id)'),
      ('api_token', 'gridmap.is_own(account_id)'),
      ('sign_in_slip', 'gridmap.is_own(account_id)'),
      ('import_run', 'gridmap.is_own(account_id) OR gridmap.is_near(street_id)'),
      ('job', 'gridmap.is_own(account_id)')
    ) AS rules (relation, rule)
  LOOP
    EXECUTE format('ALTER TABLE gridmap.%I ENABLE ROW LEVEL SECURITY', target.relation);
    EXECUTE format('CREATE POLICY scope ON gridmap.%I USING (%s) WITH CHECK (%s)',
                   target.relation, target.rule, target.rule);
  END LOOP;
END
$$;

-- The change feed is followed by every process before it knows any viewer; it names layers, never rows.
ALTER TABLE gridmap.change ENABLE ROW LEVEL SECURITY;
CREATE POLICY feed ON gridmap.change USING (true) WITH CHECK (true);

-- Everybody's acts are written down; reading them is for administrators and for oneself.
ALTER TABLE gridmap.audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY writing ON gridmap.audit FOR INSERT WITH CHECK (true);
CREATE POLICY reading ON gridmap.audit FOR SELECT USING (gridmap.is_own(account_id));

-- Privileges of the app role ---------------------------------------------------------------------------------------

GRANT USAGE ON SCHEMA gridmap TO gridmap_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA gridmap TO gridmap_app;

GRANT SELECT ON
  gridmap.city, gridmap.district, gridmap.street, gridmap.community, gridmap.calendar_day, gridmap.calendar_year,
  gridmap.place, gridmap.grid, gridmap.estate, gridmap.building, gridmap.stairwell, gridmap.facility,
  gridmap.facility_kind, gridmap.zone, gridmap.boundary, gridmap.membership, gridmap.basemap, gridmap.duty_role,
  gridmap.organisation, gridmap.organisation_place, gridmap.assignment, gridmap.absence, gridmap.account_grant,
  gridmap.audit, gridmap.change, gridmap.submission, gridmap.file, gridmap.import_run, gridmap.job,
  gridmap.sign_in_failure
TO gridmap_app;

GRANT SELECT (street_id, id, name_masked, display_name, initials, phone_masked, organisation_id, community_id, grid_id,
  micro_grid_id, estate_id, revision, changed_at, changed_by, import_run_id, source, source_key)
  ON gridmap.person TO gridmap_app;
GRANT SELECT (id, username, title, person_id, locale, must_change_password, disabled_at, created_at)
  ON gridmap.account TO gridmap_app;
GRANT SELECT (id, account_id, device, remembered, created_at, expires_at, revoked_at) ON gridmap.session TO gridmap_app;
GRANT SELECT (id, account_id, name, created_at, expires_at, revoked_at, last_used_on) ON gridmap.api_token TO gridmap_app;
GRANT SELECT (id, account_id, issued_by, created_at, expires_at, used_at) ON gridmap.sign_in_slip TO gridmap_app;

GRANT INSERT, UPDATE, DELETE ON
  gridmap.city, gridmap.district, gridmap.street, gridmap.community, gridmap.calendar_day, gridmap.calendar_year,
  gridmap.place, gridmap.grid, gridmap.estate, gridmap.building, gridmap.stairwell, gridmap.facility,
  gridmap.facility_kind, gridmap.zone, gridmap.boundary, gridmap.membership, gridmap.basemap, gridmap.duty_role,
  gridmap.organisation, gridmap.organisation_place, gridmap.person, gridmap.assignment, gridmap.absence,
  gridmap.account, gridmap.account_grant, gridmap.session, gridmap.api_token, gridmap.sign_in_slip,
  gridmap.sign_in_failure, gridmap.file, gridmap.import_run, gridmap.job
TO gridmap_app;
GRANT INSERT, UPDATE ON gridmap.submission TO gridmap_app;
GRANT INSERT ON gridmap.audit, gridmap.change TO gridmap_app;

-- What may read the locked columns -----------------------------------------------------------------------------

-- Sign-in happens before any scope, so these two run as the owner; both answer for one exact key only.
CREATE FUNCTION gridmap.password_of(sought text)
RETURNS TABLE (account_id bigint, password_hash text, disabled_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT a.id, a.password_hash, a.disabled_at FROM gridmap.account a WHERE a.username = lower(sought);
END;

CREATE FUNCTION gridmap.account_of_token(kind text, sought bytea)
RETURNS TABLE (account_id bigint, key_id bigint, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT k.account_id, k.id, k.expires_at
  FROM (
    SELECT 'session' AS kind, s.id, s.account_id, s.expires_at, s.token_hash
    FROM gridmap.session s WHERE s.token_hash = sought AND s.revoked_at IS NULL
    UNION ALL
    SELECT 'token', t.id, t.account_id, t.expires_at, t.token_hash
    FROM gridmap.api_token t WHERE t.token_hash = sought AND t.revoked_at IS NULL
    UNION ALL
    SELECT 'slip', l.id, l.account_id, l.expires_at, l.token_hash
    FROM gridmap.sign_in_slip l WHERE l.token_hash = sought AND l.used_at IS NULL
  ) k
  JOIN gridmap.account a ON a.id = k.account_id AND a.disabled_at IS NULL
  WHERE k.kind = account_of_token.kind;
END;

-- Clear name and phone of one person in the viewer's scope, never without a reason, never unlogged.
CREATE FUNCTION gridmap.unmask_person(street integer, sought bigint, reason text, business_at timestamptz)
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
        AND (gridmap.in_scope(p.street_id, p.community_id, p.grid_id, p.micro_grid_id, NULL, NULL)
             OR p.id = ANY (gridmap.viewer_ids('people')))
    ), logged AS (
      INSERT INTO gridmap.audit (street_id, business_at, account_id, action, subject, subject_id, why)
      SELECT street, unmask_person.business_at, nullif(current_setting('app.account', true), '')::bigint,
             'unmask', 'person', sought::text, reason
      FROM seen
    )
    SELECT seen.clear_name, seen.clear_phone FROM seen;
END
$$;

REVOKE ALL ON FUNCTION gridmap.password_of(text), gridmap.account_of_token(text, bytea),
  gridmap.unmask_person(integer, bigint, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.password_of(text), gridmap.account_of_token(text, bytea),
  gridmap.unmask_person(integer, bigint, text, timestamptz) TO gridmap_app;

-- The feed is append-only for the app; the nightly round folds what every process has long seen into one row per
-- layer and street, which keeps the sum of the weights, and so every version, as it was.
CREATE FUNCTION gridmap.fold_changes(before timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  WITH old AS (
    DELETE FROM gridmap.change c WHERE c.at < least(before, now() - interval '1 hour')
    RETURNING c.street_id, c.layer, c.weight, c.at
  ), folded AS (
    INSERT INTO gridmap.change (street_id, layer, weight, at)
    SELECT old.street_id, old.layer, sum(old.weight), max(old.at) FROM old GROUP BY old.street_id, old.layer
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM old) - (SELECT count(*) FROM folded);
END;
REVOKE ALL ON FUNCTION gridmap.fold_changes(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.fold_changes(timestamptz) TO gridmap_app;

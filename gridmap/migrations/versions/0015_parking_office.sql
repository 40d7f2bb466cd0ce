-- Parking for the office: who has looked at a plate, and what its lists are read by.

-- a street is asked for a plate, for its evenings, for what is to be given and for what ends soon
CREATE INDEX vehicle_plate_ix ON gridmap.vehicle (street_id, plate_hash);
CREATE INDEX violation_evening_ix ON gridmap.violation (street_id, evening);
CREATE INDEX parking_notice_open_ix ON gridmap.parking_notice (street_id, vehicle_id) WHERE given_how IS NULL;
CREATE INDEX parking_notice_given_ix ON gridmap.parking_notice (street_id, given_at) WHERE given_at IS NOT NULL;
CREATE INDEX ban_until_ix ON gridmap.ban (street_id, until);

-- Who has looked at the plate of a car in the viewer's scope: when, as what, and why; never which account. As the owner,
-- because nobody reads what others did. The newest first.
CREATE FUNCTION gridmap.vehicle_looks(street integer, sought bigint, most integer)
RETURNS TABLE (at timestamptz, roles text[], why text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = gridmap, pg_temp
BEGIN ATOMIC
  SELECT a.business_at,
    ARRAY(SELECT DISTINCT g.role FROM gridmap.account_grant g WHERE g.account_id = a.account_id ORDER BY g.role), a.why
  FROM gridmap.vehicle v
  JOIN gridmap.audit a ON a.street_id = v.street_id AND a.subject = 'vehicle' AND a.subject_id = v.id::text
    AND a.action IN ('unmask_plate', 'look_up_plate')
  WHERE v.street_id = street AND v.id = sought
    AND gridmap.vehicle_in_scope(v.street_id, v.community_id, v.grid_id, v.micro_grid_id, v.estate_id, v.place_id,
                                 v.grids)
  ORDER BY a.at DESC, a.id DESC LIMIT most;
END;
REVOKE ALL ON FUNCTION gridmap.vehicle_looks(integer, bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gridmap.vehicle_looks(integer, bigint, integer) TO gridmap_app;

"""Something in every table of parking: gates, rules, counts, and cars from outside with all that can be of them."""

from typing import Any

import psycopg

TABLES = (
    *("parking_turn", "ban", "parking_notice", "violation", "sighting", "vehicle", "known_vehicle", "vehicle_count"),
    *("parking_rule", "gate"),
)
ROWS = """
INSERT INTO gridmap.gate (street_id, place_id, width_m, barrier)
SELECT street_id, id, 4.5, 'camera' FROM gridmap.place WHERE kind = 'facility';
INSERT INTO gridmap.parking_rule (street_id, place_id, changed_at)
SELECT street_id, id, now() FROM gridmap.place WHERE kind = 'estate';
INSERT INTO gridmap.vehicle_count (street_id, place_id, counted_on, part, total, outside, counted_at, community_id,
  grid_id, micro_grid_id, estate_id, changed_at)
SELECT street_id, id, '2026-03-10', 'evening', 9, 2, now(), community_id, grid_id, micro_grid_id, estate_id, now()
FROM gridmap.place WHERE {where};
INSERT INTO gridmap.known_vehicle (street_id, id, place_id, kind, plate_hash, plate_masked, community_id, grid_id,
  micro_grid_id, estate_id, grids, changed_at)
SELECT street_id, id + 3000000000, id, 'resident', sha256(id::text::bytea), 'A***22', community_id, grid_id,
  micro_grid_id, estate_id, gridmap.grids_of(street_id, id), now() FROM gridmap.place WHERE {where};
INSERT INTO gridmap.vehicle (street_id, id, place_id, plate_hash, plate_masked, plate, state, evenings, last_on,
  proposed_on, proposed_at, proposed_by, saw, banned_from, banned_until, community_id, grid_id, micro_grid_id,
  estate_id, grids, changed_at)
SELECT street_id, id + 3000000000, id, sha256(id::text::bytea), 'A***88', 'c' || id || 'x', 'banned',
  ARRAY[date '2026-03-09'], '2026-03-09', '2026-03-09', '2026-03-09 19:00+08', 2, ARRAY[2], '2026-03-10 09:00+08',
  '2026-06-10 09:00+08', community_id, grid_id, micro_grid_id, estate_id, gridmap.grids_of(street_id, id), now()
FROM gridmap.place WHERE {where};
INSERT INTO gridmap.sighting (street_id, id, vehicle_id, place_id, at, received_at, found, account_id, community_id,
  grid_id, micro_grid_id, estate_id)
SELECT street_id, id, id, place_id, now(), now(), 'propose', 2, community_id, grid_id, micro_grid_id, estate_id
FROM gridmap.vehicle;
INSERT INTO gridmap.violation (street_id, id, vehicle_id, place_id, evening, at, account_id, community_id, grid_id,
  micro_grid_id, estate_id)
SELECT street_id, id, id, place_id, last_on, now(), 2, community_id, grid_id, micro_grid_id, estate_id
FROM gridmap.vehicle;
INSERT INTO gridmap.parking_notice (street_id, id, vehicle_id, place_id, violation_id, number, is_last, at, account_id,
  community_id, grid_id, micro_grid_id, estate_id)
SELECT street_id, id, id, place_id, id, 3, true, now(), 2, community_id, grid_id, micro_grid_id, estate_id
FROM gridmap.vehicle;
INSERT INTO gridmap.ban (street_id, id, vehicle_id, place_id, reason, starts_at, until, proposed_by, saw,
  confirmed_by, confirmed_at, community_id, grid_id, micro_grid_id, estate_id, grids, changed_at)
SELECT street_id, id, id, place_id, 'r', banned_from, banned_until, 2, ARRAY[2], 1, now(),
  community_id, grid_id, micro_grid_id, estate_id, grids, now() FROM gridmap.vehicle;
INSERT INTO gridmap.parking_turn (street_id, id, vehicle_id, place_id, action, from_state, to_state, at,
  account_id, ban_id, community_id, grid_id, micro_grid_id, estate_id, grids)
SELECT street_id, id, id, place_id, 'confirm', 'proposed', 'banned', now(), 1, id, community_id, grid_id,
  micro_grid_id, estate_id, grids FROM gridmap.vehicle
"""


def forget_parking(owner: "psycopg.Connection[Any]") -> None:
    """Empty them, for tests that fill them themselves and know what is there."""
    for table in TABLES:
        owner.execute(psycopg.sql.SQL("DELETE FROM gridmap.{}").format(psycopg.sql.Identifier(table)))


def fill_parking(owner: "psycopg.Connection[Any]", where: str = "true") -> None:
    """Counts and cars at the places that the condition, our own words, names; a banned car at each of them."""
    for statement in ROWS.format(where=where).strip().split(";\n"):
        owner.execute(statement)

"""Who did what in the demo's cases: its accounts, where one of them is whose grid, stairwell or firm it was.

Set-based and repeatable: what has an account keeps it. The checker is never the doer here either.
"""

from typing import Any

import psycopg

from gridmap.demo.incidents.writing import FIRST_INCIDENT, FIRST_TRANSITION

LIVE = 1 << 24
"""The first serial of rows that are not the demo's."""
REPORTED_BY_WORKER = """
UPDATE gridmap.incident i SET reporter_account_id = a.id
FROM gridmap.account a
WHERE a.username = 'worker' AND i.street_id = a.person_id >> 32 AND i.reporter_id = a.person_id AND i.source = 'patrol'
  AND i.reporter_account_id IS NULL AND i.id & 4294967295 BETWEEN %(first)s AND %(turns)s - 1
"""
# what residents tell the building manager on the stairs stands in the diary
REPORTED_BY_MANAGER = """
UPDATE gridmap.incident i SET reporter_account_id = m.account_id
FROM (
  SELECT a.id AS account_id, p.street_id, p.estate_id
  FROM gridmap.account a
  JOIN gridmap.assignment s ON s.street_id = a.person_id >> 32 AND s.person_id = a.person_id
    AND s.role = 'building_manager' AND upper_inf(s.valid)
  JOIN gridmap.place p ON p.street_id = s.street_id AND p.id = s.place_id
  WHERE a.username = 'manager' ORDER BY p.code, p.id LIMIT 1
) m
WHERE i.street_id = m.street_id AND i.estate_id = m.estate_id AND i.source = 'diary'
  AND i.reporter_account_id IS NULL AND i.id & 4294967295 BETWEEN %(first)s AND %(turns)s - 1
"""
FIRST_TURNS = """
UPDATE gridmap.transition t SET account_id = i.reporter_account_id
FROM gridmap.incident i
WHERE i.street_id = t.street_id AND i.id = t.incident_id AND t.turn = 1 AND t.account_id IS NULL
  AND i.reporter_account_id IS NOT NULL AND i.id & 4294967295 BETWEEN %(first)s AND %(turns)s - 1
"""
BY_FIRM = """
UPDATE gridmap.transition t SET account_id = a.id
FROM gridmap.account a JOIN gridmap.account_grant g ON g.account_id = a.id AND g.role = 'handler'
WHERE a.username = 'property' AND t.organisation_id = g.organisation_id AND t.action IN ('accept', 'handle', 'return')
  AND t.account_id IS NULL AND t.id & 4294967295 BETWEEN %(turns)s AND %(live)s - 1
  AND t.street_id IN (SELECT id FROM gridmap.street WHERE is_demo)
"""
# what the community leads itself its grid worker does; but what waits to be checked he left to the others, and checks
BY_WORKER = """
UPDATE gridmap.transition t SET account_id =
  CASE WHEN (t.action = 'check') = (i.state IN ('handled', 'verifying')) THEN a.id ELSE c.id END
FROM gridmap.account a JOIN gridmap.account_grant g ON g.account_id = a.id AND g.role = 'worker' AND g.level = 'grid'
CROSS JOIN gridmap.account c CROSS JOIN gridmap.incident i
WHERE a.username = 'worker' AND c.username = 'community' AND i.street_id = g.street_id AND i.grid_id = g.target_id
  AND i.lead_id IS NULL AND t.street_id = i.street_id AND t.incident_id = i.id AND t.organisation_id IS NULL
  AND t.action IN ('accept', 'handle', 'check') AND t.account_id IS NULL
  AND t.id & 4294967295 BETWEEN %(turns)s AND %(live)s - 1
"""
BY_OFFICE = """
UPDATE gridmap.transition t SET account_id = CASE WHEN t.community_id = g.target_id THEN g.account_id ELSE l.id END
FROM gridmap.account a JOIN gridmap.account_grant g ON g.account_id = a.id AND g.level = 'community'
CROSS JOIN gridmap.account l
WHERE a.username = 'community' AND l.username = 'leader' AND t.account_id IS NULL AND t.action IN (
    'register', 'reject', 'merge', 'dispatch', 'transfer', 'extend', 'park', 'check', 'rework', 'close', 'reopen')
  AND t.id & 4294967295 BETWEEN %(turns)s AND %(live)s - 1
  AND t.street_id IN (SELECT id FROM gridmap.street WHERE is_demo)
"""
DOERS = """
UPDATE gridmap.incident i SET handled_by = d.handled_by,
  checked_by = CASE WHEN d.checked_by IS DISTINCT FROM d.handled_by THEN d.checked_by END
FROM (
  SELECT i.street_id, i.id,
    CASE WHEN i.handled_at IS NOT NULL THEN (
      SELECT t.account_id FROM gridmap.transition t
      WHERE t.street_id = i.street_id AND t.incident_id = i.id AND t.action IN ('handle', 'self_handle')
      ORDER BY t.turn DESC LIMIT 1) END AS handled_by,
    CASE WHEN i.checked_at IS NOT NULL THEN (
      SELECT t.account_id FROM gridmap.transition t
      WHERE t.street_id = i.street_id AND t.incident_id = i.id AND t.action IN ('check', 'close')
      ORDER BY t.turn DESC LIMIT 1) END AS checked_by
  FROM gridmap.incident i
  WHERE i.id & 4294967295 BETWEEN %(first)s AND %(turns)s - 1
    AND i.street_id IN (SELECT id FROM gridmap.street WHERE is_demo)
) d
WHERE i.street_id = d.street_id AND i.id = d.id AND i.handled_by IS NULL AND i.checked_by IS NULL
"""
STEPS = (REPORTED_BY_WORKER, REPORTED_BY_MANAGER, FIRST_TURNS, BY_FIRM, BY_WORKER, BY_OFFICE, DOERS)


def credit_cases(connection: "psycopg.Connection[Any]") -> None:
    """Write the demo's accounts into its cases, as the owner, in one transaction; they must have been made before."""
    values = {"first": FIRST_INCIDENT, "turns": FIRST_TRANSITION, "live": LIVE}
    with connection.transaction():
        for statement in STEPS:
            connection.execute(statement, values)

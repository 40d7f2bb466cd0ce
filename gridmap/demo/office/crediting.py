"""Who wrote the demo's diary, held its reception days and counted: its accounts, where one of them looks after it.

Set-based and repeatable: what has an account keeps it.
"""

from typing import Any

import psycopg

from gridmap.demo.office.said import FIRST_DIARY, LAST_DIARY

OF_CASES = """
UPDATE gridmap.diary d SET account_id = i.reporter_account_id
FROM gridmap.incident i
WHERE i.street_id = d.street_id AND i.id = d.incident_id AND i.reporter_account_id IS NOT NULL
  AND d.account_id IS NULL AND d.id & 4294967295 BETWEEN %(first)s AND %(last)s
"""
# on a reception day the community writes itself
OF_MANAGER = """
UPDATE gridmap.diary d SET account_id = a.id
FROM gridmap.account a JOIN gridmap.assignment s ON s.street_id = a.person_id >> 32 AND s.person_id = a.person_id
  AND s.role = 'building_manager' AND upper_inf(s.valid)
WHERE a.username = 'manager' AND d.street_id = s.street_id AND d.place_id = s.place_id AND d.reception_id IS NULL
  AND d.account_id IS NULL AND d.id & 4294967295 BETWEEN %(first)s AND %(last)s
"""
OF_WORKER = """
UPDATE gridmap.diary d SET account_id = a.id
FROM gridmap.account a JOIN gridmap.account_grant g ON g.account_id = a.id AND g.role = 'worker' AND g.level = 'grid'
WHERE a.username = 'worker' AND d.street_id = g.street_id AND d.grid_id = g.target_id AND d.reception_id IS NULL
  AND d.account_id IS NULL AND d.id & 4294967295 BETWEEN %(first)s AND %(last)s
"""
OF_COMMUNITY = """
UPDATE gridmap.diary d SET account_id = a.id
FROM gridmap.account a JOIN gridmap.account_grant g ON g.account_id = a.id AND g.level = 'community'
WHERE a.username = 'community' AND d.street_id = g.street_id AND d.community_id = g.target_id
  AND d.account_id IS NULL AND d.id & 4294967295 BETWEEN %(first)s AND %(last)s
"""
CHANGED = """
UPDATE gridmap.diary SET changed_by = account_id
WHERE account_id IS NOT NULL AND changed_by IS NULL AND id & 4294967295 BETWEEN %(first)s AND %(last)s
  AND street_id IN (SELECT id FROM gridmap.street WHERE is_demo)
"""
COUNTED = """
UPDATE gridmap.ebike_count c SET account_id = a.id
FROM gridmap.account a JOIN gridmap.account_grant g ON g.account_id = a.id AND g.role = 'worker' AND g.level = 'grid'
WHERE a.username = 'worker' AND c.street_id = g.street_id AND c.grid_id = g.target_id AND c.account_id IS NULL
"""
STEPS = (OF_CASES, OF_MANAGER, OF_WORKER, OF_COMMUNITY, CHANGED, COUNTED)


def credit_office(connection: "psycopg.Connection[Any]") -> None:
    """Write the demo's accounts into what reached its office, as the owner, in one transaction.

    After `credit_cases`: an entry that became a case is of whoever reported it.
    """
    values = {"first": FIRST_DIARY, "last": LAST_DIARY}
    with connection.transaction():
        for statement in STEPS:
            connection.execute(statement, values)

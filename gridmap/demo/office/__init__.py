"""What reached the demo's office beside reports: a year of diary, reception days, hotline orders, counted e-bikes.

Repeatable, written in one COPY a table. Nobody is named: there are no contacts, and nothing private.
"""

from typing import Any

import psycopg

from gridmap.demo.duties import NOW, rows_as_dicts
from gridmap.demo.incidents.ground import read_ground
from gridmap.demo.incidents.writing import copy_in
from gridmap.demo.office.counts import wanted_counts
from gridmap.demo.office.orders import add_orders
from gridmap.demo.office.receptions import wanted_receptions
from gridmap.demo.office.said import FIRST_DIARY, LAST_DIARY, own_entries, read_cases
from gridmap.places.calendar import read_calendar

KNOWN = """
SELECT EXISTS (
  SELECT FROM gridmap.street s JOIN gridmap.diary d ON d.street_id = s.id
  WHERE s.is_demo AND d.id & 4294967295 BETWEEN %s AND %s
) AS found
"""


def add_office(connection: "psycopg.Connection[Any]") -> int:
    """Everything of the office, as the owner, in the caller's transaction; how many rows were new.

    Needs the demo's cases. Nothing happens where it is already.
    """
    with rows_as_dicts(connection):
        known = connection.execute(KNOWN, (FIRST_DIARY, LAST_DIARY)).fetchone()
        if known and known["found"]:
            return 0
        ground, calendar = read_ground(connection, NOW.today()), read_calendar(connection)
        cases = read_cases(connection)
        if not cases:
            return 0
        receptions, visits, taken = wanted_receptions(connection, ground, calendar, cases)
        entries = own_entries(ground, calendar, [case for case in cases if case["id"] not in taken], visits)
        copy_in(connection, "reception", iter(receptions))
        copy_in(connection, "diary", iter(entries))
        counts = wanted_counts(ground, calendar)
        copy_in(connection, "ebike_count", iter(counts))
        return len(receptions) + len(entries) + len(counts) + add_orders(connection, calendar)

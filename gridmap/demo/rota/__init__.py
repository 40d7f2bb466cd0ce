"""The demo's rotas: parking evenings of the group of 24 over a quarter, and a patrol that lacks somebody tonight.

Planned by the same code that plans for people, with leave and weekdays that never fit; some evenings were swapped.
"""

from typing import Any

import psycopg

from gridmap.demo.duties import rows_as_dicts
from gridmap.demo.incidents.writing import copy_in
from gridmap.demo.rota.planned import Group, planned
from gridmap.demo.rota.rows import FIRST, LAST, leave_rows, rows_of
from gridmap.demo.rota.who import read_groups
from gridmap.places.calendar import read_calendar

KNOWN = """
SELECT EXISTS (
  SELECT FROM gridmap.street s JOIN gridmap.rota r ON r.street_id = s.id
  WHERE s.is_demo AND r.id & 4294967295 BETWEEN %s AND %s
) AS found
"""


def add_rotas(connection: "psycopg.Connection[Any]") -> int:
    """Both rotas, as the owner, in the caller's transaction; how many rows were new.

    Needs the office's calendar. Nothing happens where they are already.
    """
    with rows_as_dicts(connection):
        known = connection.execute(KNOWN, (FIRST, LAST)).fetchone()
        groups = read_groups(connection)
        if (known and known["found"]) or not all(group.people for group in groups):
            return 0
        calendar = read_calendar(connection)
        added = 0
        for number, group in enumerate(groups):
            absences = leave_rows(group, number)
            copy_in(connection, "absence", iter(absences))
            rows = rows_of(group, number, planned(group, calendar))
            for table, of_table in rows.items():
                copy_in(connection, table, iter(of_table))
            added += len(absences) + sum(map(len, rows.values()))
        return added


__all__ = ["Group", "add_rotas"]

"""The demo's searches for hotspots: those of the night before, and of the Mondays of the weeks before that."""

from datetime import timedelta
from typing import Any

import psycopg

from gridmap.demo.duties import NOW, TODAY, rows_as_dicts
from gridmap.hotspots import MAIN, Spell, find_all, search, subjects_of

WEEKS = 4
"""So many earlier searches of the main subjects there are to look back at."""
KNOWN = """
SELECT EXISTS (
  SELECT FROM gridmap.hotspot_run r JOIN gridmap.street s ON s.id = r.street_id WHERE s.is_demo
) AS found
"""
STREETS = """
SELECT s.id FROM gridmap.street s
WHERE s.is_demo AND s.id < 20000 AND EXISTS (SELECT FROM gridmap.incident i WHERE i.street_id = s.id)
ORDER BY s.id
"""


def add_hotspots(connection: "psycopg.Connection[Any]") -> int:
    """Search the demo's streets, as the owner, in the caller's transaction; how many searches. Nothing happens twice.

    Comes after all that can be found: cases, counts, violations, nights of staying cars.
    """
    with rows_as_dicts(connection):
        known = connection.execute(KNOWN).fetchone()
        if known and known["found"]:
            return 0
        streets = [row["id"] for row in connection.execute(STREETS).fetchall()]
        # the demo's day is a Monday, on which a week's search ends
        searches = 0
        for week in range(WEEKS, 0, -1):
            spell = Spell.before(TODAY - timedelta(weeks=week))
            for street_id in streets:
                for subject in [one for one in subjects_of(connection, street_id, spell) if one.code in MAIN]:
                    search(connection, street_id, subject, spell, NOW.now())
                    searches += 1
        return searches + find_all(connection, streets, TODAY, NOW.now())

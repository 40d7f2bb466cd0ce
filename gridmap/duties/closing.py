"""Closing: slots whose period is over are missed, with the reason as it was then."""

from collections.abc import Sequence
from datetime import date

from gridmap.audit import announce
from gridmap.db.pools import Connection

OVER = """
SELECT street_id, array_agg(id ORDER BY id) AS ids FROM gridmap.slot
WHERE street_id = ANY (%(streets)s) AND state = 'due' AND ends_on <= %(today)s
GROUP BY street_id ORDER BY street_id
"""


def close_slots(connection: Connection, streets: Sequence[int], today: date) -> int:
    """Settle every slot that is still due though its period is over; how many. Closing again does nothing."""
    closed = 0
    for row in connection.execute(OVER, {"streets": list(streets), "today": today}).fetchall():
        settle(connection, row["street_id"], row["ids"], today)
        announce(connection, row["street_id"], ["slots"])
        closed += len(row["ids"])
    return closed


def settle(connection: Connection, street_id: int, ids: Sequence[int], today: date) -> None:
    """Make the state of these slots from what is known of them, and move the counts."""
    connection.execute("SELECT gridmap.settle_slots(%s, %s, %s)", (street_id, list(ids), today))

"""A row that waited, put where a person says: through the same checks and the same store as the rest of its file."""

from gridmap.accounts import Actor
from gridmap.coords import LonLat
from gridmap.db.pools import Connection
from gridmap.load.store.run import store_placed
from gridmap.load.store.waiting import PlacingProblem, checked_at, decide, waiting_row


def place_row(connection: Connection, by: Actor, unplaced_id: int, at: LonLat) -> int:
    """Write the row there, into the run that it came with, and give the id of its place. As SYSTEM.

    Raises PlacingProblem: it waits no more, or cannot stand there.
    """
    row = waiting_row(connection, unplaced_id)
    checked = checked_at(connection, row, at)
    stored = store_placed(connection, by, checked, row["street_id"], row["run_id"])
    found = connection.execute("SELECT id FROM incoming").fetchone()
    if stored.refused or found is None:
        raise PlacingProblem("misplaced", next(iter(stored.refused), None))
    place_id = int(found["id"])
    decide(connection, by, row, "placed", place=place_id)
    return place_id


def reject_row(connection: Connection, by: Actor, unplaced_id: int, why: str) -> None:
    """Put the row away, with the reason. Raises PlacingProblem where it waits no more."""
    decide(connection, by, waiting_row(connection, unplaced_id), "rejected", why=why)

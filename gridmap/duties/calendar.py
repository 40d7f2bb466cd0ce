"""The office's calendar, out of its rows."""

from gridmap.db.pools import Connection
from gridmap.periods import Calendar


def read_calendar(connection: Connection) -> Calendar:
    """All days that differ from their weekday; a year without rows runs on weekends alone."""
    rows = connection.execute("SELECT day, kind FROM gridmap.calendar_day").fetchall()
    return Calendar(
        off=frozenset(row["day"] for row in rows if row["kind"] == "holiday"),
        worked=frozenset(row["day"] for row in rows if row["kind"] == "workday"),
    )

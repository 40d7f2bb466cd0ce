"""Reading as somebody in a transaction of nobody's: what a benchmark has written there is rolled back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection

SETTINGS = (
    *("scope", "account", "administers", "streets", "near", "self", "communities", "grids", "estates", "own_estates"),
    *("places", "people", "organisations"),
)
"""What row security reads of a viewer; what one does not have is emptied, as a fresh transaction would find it."""


@contextmanager
def undone(database: Database) -> Iterator[Connection]:
    """A transaction that may take any time, sees all to begin with, and leaves nothing of what it did behind."""
    with database.transaction(SYSTEM) as connection:
        connection.execute("SET LOCAL statement_timeout = 0")
        yield connection
        connection.rollback()


def look_as(connection: Connection, viewer: Mapping[str, str]) -> None:
    """Let row security read from here on what it reads of that viewer."""
    for name in SETTINGS:
        connection.execute("SELECT set_config(%s, %s, true)", (f"app.{name}", viewer.get(name, "")))

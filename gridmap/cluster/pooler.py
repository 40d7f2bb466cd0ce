"""Telling whether a connection pooler stands between gridmap and PostgreSQL.

PgBouncer before 1.21 in transaction mode lets one client run another client's prepared statement, and so returns
rows that row-level security hides; with prepared statements off it is harmless.
"""

import psycopg

from gridmap.cluster.errors import ClusterError


class PoolerError(ClusterError):
    """A pooler is in front and prepared statements are on."""


def pooler_between(conninfo: str) -> bool:
    """Whether the server process that answers is another than the one that greeted, or changes meanwhile.

    A pooler greets clients with a key of its own; PostgreSQL greets with the number of the process that answers.
    """
    with psycopg.connect(conninfo, autocommit=True, prepare_threshold=None) as connection:
        greeted = connection.info.backend_pid
        answered = {connection.execute("SELECT pg_backend_pid()").fetchone() for _ in range(3)}
    return answered != {(greeted,)}


def refuse_pooler(conninfo: str, *, prepares: bool) -> None:
    """Raises PoolerError where a pooler is in front of a process that prepares statements."""
    if prepares and pooler_between(conninfo):
        raise PoolerError(
            "A connection pooler such as PgBouncer is in front of the database, where prepared statements can return "
            "rows that the viewer must not see. Point GRIDMAP_DATABASE_URL at PostgreSQL itself, "
            "or set GRIDMAP_PREPARE=off"
        )

"""Running a command: one transaction, tried again where the database took it as the victim of a deadlock."""

import random
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import psycopg

from gridmap.db import Database
from gridmap.db.pools import Connection

TRIES = 5
Answer = TypeVar("Answer")


def attempt(
    database: Database,
    viewer: Mapping[str, str] | bytes,
    command: Callable[[Connection], Answer],
    *,
    tries: int = TRIES,
) -> Answer:
    """Run the command in a transaction of its own and give its answer; a deadlock is tried again, never shown.

    The command may run several times, so it must do nothing outside of the database.
    """
    for turn in range(tries):
        try:
            with database.transaction(viewer) as connection:
                return command(connection)
        except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
            if turn == tries - 1:
                raise
            time.sleep(random.uniform(0.01, 0.05) * (turn + 1))  # noqa: S311 - spreads rivals, guards nothing
    raise AssertionError("unreachable: the last try returns or raises")

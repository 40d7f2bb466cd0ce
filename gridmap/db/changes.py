"""The change feed followed in memory: versions of layers, seen by every process within two seconds."""

import logging
import threading
import time
from collections.abc import Iterable
from contextlib import suppress

import psycopg
from psycopg.rows import TupleRow

CHANNEL = "gridmap_change"
POLL_SECONDS = 1.0
RECOUNT_SECONDS = 300.0
GATHER_SECONDS = 0.1
"""How long a follower that is told of a change waits for those that come with it: hundreds a second are one look."""
WINDOW, RECENT = 5_000, 300
"""How many ids back a poll looks: a transaction may commit after one that took a later id. Whoever is told of a change
looks at the recent ones alone; the others are looked at each second."""
START_SECONDS = 5.0
"""How long `start()` waits for the first count."""
FRESH = """
SELECT id, street_id, layer, CASE WHEN at > now() - interval '1 hour' THEN weight ELSE 0 END
FROM gridmap.change WHERE id > %s ORDER BY id
"""
"""What is an hour old has been counted: the nightly round folds such changes into new rows with new ids."""

log = logging.getLogger(__name__)

Counts = dict[str, dict[int, int]]


class Changes:
    """Counts the changes of each layer and street. `version()` tells whether anything in a scope has changed.

    Start it once per process; without `start()` it answers from the last `poll()`.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._counts: Counts = {}
        self._totals: dict[str, int] = {}
        self._seen: set[int] = set()
        self._sought: set[int] = set()
        self._last = 0
        self._reading = threading.Lock()
        self._catching_up = threading.Lock()
        self._begun = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def version(self, layer: str, streets: Iterable[int] | None = None) -> int:
        """How many changes of the layer this process has seen, in these streets (None: in all of them)."""
        if streets is None:
            return self._totals.get(layer, 0)
        counts = self._counts.get(layer, {})
        return counts.get(0, 0) + sum(counts.get(street, 0) for street in streets)

    def catch_up(self, change: int) -> None:
        """See this change now, on a connection of its own: somebody has just been told of it."""
        if not self._knows(change):
            with self._catching_up:
                if not self._knows(change):
                    self._poll_now()
                    self._sought.add(change)

    def _knows(self, change: int) -> bool:
        """Whether asking for it brings nothing new: changes are seen in the order in which they are committed."""
        return change <= self._last - WINDOW or change in self._seen or change in self._sought

    def _poll_now(self) -> None:
        with psycopg.connect(self._conninfo, autocommit=True, application_name="gridmap catch-up") as connection:
            self.poll(connection)

    def start(self) -> None:
        """Follow the feed in a background thread of this process; comes back when it has been counted once.

        Before that every version is 0, as it was at the last start: a browser's old copy would pass for a good one. It
        does not wait for a database that is away.
        """
        self._thread = threading.Thread(target=self._follow, name="gridmap-changes", daemon=True)
        self._thread.start()
        self._begun.wait(START_SECONDS)

    def stop(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=5)

    def poll(self, connection: "psycopg.Connection[TupleRow]", back: int = WINDOW) -> None:
        """Read what has come since the last time, also what took its id so far `back`."""
        with self._reading:
            rows = connection.execute(FRESH, (max(0, self._last - back),)).fetchall()
            for identity, street, layer, weight in rows:
                if identity not in self._seen:
                    self._seen.add(identity)
                    _add(self._counts, self._totals, layer, street, weight)
            if rows:
                self._last = max(self._last, rows[-1][0])
                self._seen = {identity for identity in self._seen if identity > self._last - WINDOW}

    def recount(self, connection: "psycopg.Connection[TupleRow]") -> None:
        """Count the whole feed anew: catches what committed very late."""
        with self._reading, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            rows = connection.execute(
                "SELECT layer, street_id, sum(weight)::bigint FROM gridmap.change GROUP BY layer, street_id"
            ).fetchall()
            last = connection.execute("SELECT coalesce(max(id), 0) FROM gridmap.change").fetchone()
            recent = connection.execute(
                "SELECT id FROM gridmap.change WHERE id > %s", (max(0, (last or (0,))[0] - WINDOW),)
            ).fetchall()
            counts: Counts = {}
            totals: dict[str, int] = {}
            for layer, street, weight in rows:
                _add(counts, totals, layer, street, weight)
            # whole at once: whoever asks meanwhile must not see a version that is half counted
            self._counts, self._totals = counts, totals
            self._seen, self._sought = {row[0] for row in recent}, set()
            self._last = (last or (0,))[0]

    def _follow(self) -> None:
        is_told = False
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True, application_name="gridmap changes") as connection:
                    is_told = False
                    self._follow_on(connection)
            except psycopg.Error as error:
                if not is_told:
                    log.warning("the change feed is interrupted, trying until it is back: %s", type(error).__name__)
                    is_told = True
                self._begun.set()
                self._stop.wait(POLL_SECONDS)

    def _follow_on(self, connection: "psycopg.Connection[TupleRow]") -> None:
        with suppress(psycopg.errors.FeatureNotSupported):
            connection.execute(f"LISTEN {CHANNEL}")
        self.recount(connection)
        self._begun.set()
        counted = looked = time.monotonic()
        while not self._stop.is_set():
            if list(connection.notifies(timeout=POLL_SECONDS, stop_after=1)):
                self._stop.wait(GATHER_SECONDS)
            now = time.monotonic()
            is_whole = now - looked >= POLL_SECONDS
            self.poll(connection, WINDOW if is_whole else RECENT)
            if is_whole:
                looked = now
            if now - counted > RECOUNT_SECONDS:
                self.recount(connection)
                counted = time.monotonic()


def _add(counts: Counts, totals: dict[str, int], layer: str, street: int, weight: int) -> None:
    streets = counts.setdefault(layer, {})
    streets[street] = streets.get(street, 0) + weight
    totals[layer] = totals.get(layer, 0) + weight

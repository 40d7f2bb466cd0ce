"""The change feed followed in memory: versions of layers, seen by every process within two seconds."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress

import psycopg
from psycopg.rows import TupleRow

CHANNEL = "gridmap_change"
POLL_SECONDS = 1.0
RECOUNT_SECONDS = 300.0
WINDOW = 5_000
"""How many ids back a poll looks: a transaction may commit after one that took a later id."""

log = logging.getLogger(__name__)

Listener = Callable[[str, int], None]


class Changes:
    """Counts the changes of each layer and street. `version()` tells whether anything in a scope has changed.

    Start it once per process; without `start()` it answers from the last `poll()`.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._counts: dict[str, dict[int, int]] = {}
        self._totals: dict[str, int] = {}
        self._seen: set[int] = set()
        self._last = 0
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def version(self, layer: str, streets: Iterable[int] | None = None) -> int:
        """How many changes of the layer this process has seen, in these streets (None: in all of them)."""
        if streets is None:
            return self._totals.get(layer, 0)
        counts = self._counts.get(layer, {})
        return counts.get(0, 0) + sum(counts.get(street, 0) for street in streets)

    @property
    def last(self) -> int:
        """The newest change that this process has seen."""
        return self._last

    def catch_up(self) -> None:
        """Read the feed now, on a connection of its own: somebody has just been told of a newer change."""
        with psycopg.connect(self._conninfo, autocommit=True, application_name="gridmap catch-up") as connection:
            self.poll(connection)

    def listen(self, listener: Listener) -> None:
        """Call `listener(layer, street_id)` for each change from now on; it must be quick and must not raise."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Follow the feed in a background thread of this process."""
        self._thread = threading.Thread(target=self._follow, name="gridmap-changes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=5)

    def poll(self, connection: "psycopg.Connection[TupleRow]") -> None:
        """Read what has come since the last time."""
        rows = connection.execute(
            "SELECT id, street_id, layer, weight FROM gridmap.change WHERE id > %s ORDER BY id",
            (max(0, self._last - WINDOW),),
        ).fetchall()
        fresh: list[tuple[str, int]] = []
        with self._lock:
            for identity, street, layer, weight in rows:
                if identity in self._seen:
                    continue
                self._seen.add(identity)
                self._add(str(layer), street, weight)
                fresh.append((str(layer), street))
            if rows:
                self._last = max(self._last, rows[-1][0])
                self._seen = {identity for identity in self._seen if identity > self._last - WINDOW}
        for layer, street in fresh:
            for listener in self._listeners:
                listener(layer, street)

    def recount(self, connection: "psycopg.Connection[TupleRow]") -> None:
        """Count the whole feed anew: catches what committed very late."""
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            totals = connection.execute(
                "SELECT layer, street_id, sum(weight)::bigint FROM gridmap.change GROUP BY layer, street_id"
            ).fetchall()
            last = connection.execute("SELECT coalesce(max(id), 0) FROM gridmap.change").fetchone()
            recent = connection.execute(
                "SELECT id FROM gridmap.change WHERE id > %s", (max(0, (last or (0,))[0] - WINDOW),)
            ).fetchall()
        with self._lock:
            self._counts, self._totals = {}, {}
            for layer, street, weight in totals:
                self._add(str(layer), street, weight)
            self._seen = {row[0] for row in recent}
            self._last = (last or (0,))[0]

    def _add(self, layer: str, street: int, weight: int) -> None:
        counts = self._counts.setdefault(layer, defaultdict(int))
        counts[street] = counts.get(street, 0) + weight
        self._totals[layer] = self._totals.get(layer, 0) + weight

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
                self._stop.wait(POLL_SECONDS)

    def _follow_on(self, connection: "psycopg.Connection[TupleRow]") -> None:
        with suppress(psycopg.errors.FeatureNotSupported):
            connection.execute(f"LISTEN {CHANNEL}")
        self.recount(connection)
        counted = time.monotonic()
        while not self._stop.is_set():
            for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass
            self.poll(connection)
            if time.monotonic() - counted > RECOUNT_SECONDS:
                self.recount(connection)
                counted = time.monotonic()

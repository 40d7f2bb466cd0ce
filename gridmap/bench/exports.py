"""`gridmap bench export`: a whole layer as GeoJSON beside `psql COPY` of the same features, in turns."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.client import HTTPConnection
from pathlib import Path

from psycopg import ClientCursor
from sqlalchemy import select

from gridmap.api.tiles import end_of
from gridmap.bench.cpu import Meter
from gridmap.bench.figures import Figure
from gridmap.bench.http import Target
from gridmap.bench.peers import Peer, ask
from gridmap.bench.server import BenchProblem, Running
from gridmap.cluster.programs import client
from gridmap.db import Database, compiled
from gridmap.layer import Layer
from gridmap.read import Asked
from gridmap.read.features import feature_text, features_of
from gridmap.read.filter import FilterShape
from gridmap.read.select import seen_attributes, values_for
from gridmap.scope import Viewer

BAR, EXTRA_BYTES, FIRST_BYTE_MS = 1.25, 20e6, 100.0
LOOK_SECONDS = 0.005
PAGE = 4096
BLOCK = 1 << 18
FEATURES = b'"features":[\n'
RAW = "FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02'"
"""So COPY changes nothing in JSON: with these neither quotes nor backslashes are doubled."""
FREE = ("SET LOCAL jit = off",)
ALONE = (*FREE, "SET LOCAL max_parallel_workers_per_gather = 0")
"""psql as it comes, with helpers where PostgreSQL likes them; and as an export reads: one process for one reader."""
END = b"-- end --\n"


@dataclass
class Sent:
    """What one way has sent: how long it took, until the first byte, for what processor time, and how much of it."""

    seconds: float = 0.0
    first_ms: float = 0.0
    cpu_ms: float = 0.0
    extra: float = 0.0
    rows: int = 0
    size: int = 0


class Psql:
    """An open psql, in the role of the application."""

    def __init__(self, conninfo: str, prologue: bytes) -> None:
        self._process = subprocess.Popen(
            [client("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", conninfo],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._prologue = prologue.decode()
        self.backend = int(b"".join(self._told("SELECT pg_backend_pid()")))

    def copy(self, query: str, settings: Sequence[str]) -> Sent:
        """COPY of the query, every byte read. Raises BenchProblem where psql says no."""
        words = "; ".join((self._prologue, *settings, f"COPY ({query}) TO STDOUT WITH ({RAW})", "COMMIT"))
        meter = Meter(lambda: (self._process.pid, self.backend))
        meter.start()
        sent, begun = Sent(), time.perf_counter()
        for block in self._told(words):
            sent.first_ms = sent.first_ms or (time.perf_counter() - begun) * 1000
            sent.rows += block.count(b"\n")
            sent.size += len(block)
        sent.seconds = time.perf_counter() - begun
        meter.stop()
        sent.cpu_ms = meter.used_ms
        return sent

    def _told(self, words: str) -> Iterator[bytes]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{words};\n\\echo {END.decode()}".encode())
        self._process.stdin.flush()
        held = b""
        while not held.endswith(END):
            if held[: -len(END)]:
                yield held[: -len(END)]
            block = self._process.stdout.read1(BLOCK)  # type: ignore[attr-defined]  # a pipe is buffered
            if not block:
                raise BenchProblem("psql has ended: its own words stand above")
            held = held[-len(END) :] + block
        if held != END:
            yield held[: -len(END)]

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=20)


@dataclass
class Memory:
    """The most that processes hold beyond what they held at first."""

    pids: Callable[[], Sequence[int]]
    before: int = 0
    most: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look often, for as long as the block lasts."""
        self.before = self.before or resident(self.pids())
        self.most = 0
        self._over.clear()
        looking = threading.Thread(target=self._look)
        looking.start()
        try:
            yield
        finally:
            self._over.set()
            looking.join()

    @property
    def extra(self) -> int:
        """Bytes beyond."""
        return max(self.most - self.before, 0)

    def _look(self) -> None:
        pids = self.pids()
        while not self._over.wait(LOOK_SECONDS):
            self.most = max(self.most, resident(pids))


def resident(pids: Sequence[int]) -> int:
    """Bytes that these processes hold in memory."""
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * PAGE


@dataclass(frozen=True, kw_only=True)
class ExportBench:
    """One run against one server, as one viewer."""

    server: Running
    database: Database
    viewer: Viewer
    layer: Layer
    today: date
    peers: tuple[Peer, ...]
    say: Callable[[str], None]

    def run(self, rounds: int) -> tuple[Figure, ...]:
        """The whole layer so many times each way, after once each for nothing. Raises BenchProblem."""
        query, memory = self._query(), Memory(self.server.workers)
        psql = Psql(self.database.conninfo, self.viewer.prologue)
        found: list[tuple[Sent, Sent, Sent]] = []
        try:
            for turn in range(rounds + 1):
                self.say(f"round {turn} of {rounds}" if turn else "once for nothing")
                found.append((psql.copy(query, FREE), psql.copy(query, ALONE), self._downloaded(memory)))
                _must_agree(*found[-1])
        finally:
            psql.close()
        bars = self._figures(found[1:], max(served.extra for _free, _alone, served in found))
        return (*bars, *(figure for peer in self.peers for figure in self._elsewhere(peer, found[-1][-1])))

    def _elsewhere(self, peer: Peer, ours: Sent) -> Iterator[Figure]:
        """All rows as one page of a peer, once: it takes long."""
        self.say(f"{peer.name}: all rows as one page")
        told = ask(peer, [{"limit": str(ours.rows)}], self.server.observer)
        if told.features != ours.rows:
            raise BenchProblem(f"{peer.name} has other rows: {told.features} features, not {ours.rows}")
        page = f"{self.layer.name} by {peer.name}"
        yield Figure(page=page, what="one page of all", unit="ms", values=(told.seconds * 1000,))
        yield Figure(page=page, what="served beside it", unit="×", values=(ours.seconds / told.seconds,))
        yield Figure(page=page, what="the same, processor time", unit="×", values=(ours.cpu_ms / told.cpu_ms,))

    def _figures(self, found: Sequence[tuple[Sent, Sent, Sent]], extra: float) -> Iterator[Figure]:
        last = found[-1][-1]
        page = f"{self.layer.name} as GeoJSON: {last.rows:,} features, {last.size / 1e6:.0f} MB"

        def figure(
            what: str, unit: str, value: Callable[[Sent, Sent, Sent], float], bar: float | None = None
        ) -> Figure:
            return Figure(page=page, what=what, unit=unit, values=tuple(value(*one) for one in found), bar=bar)

        yield figure("psql COPY", "ms", lambda free, _alone, _served: free.seconds * 1000)
        yield figure("psql COPY in one process", "ms", lambda _free, alone, _served: alone.seconds * 1000)
        yield figure("served", "ms", lambda _free, _alone, served: served.seconds * 1000)
        yield figure("beside psql", "×", lambda free, _alone, served: served.seconds / free.seconds, BAR)
        yield figure("beside psql in one process", "×", lambda _free, alone, served: served.seconds / alone.seconds)
        yield figure("the same, processor time", "×", lambda _free, alone, served: served.cpu_ms / alone.cpu_ms)
        yield figure("first byte", "ms", lambda _free, _alone, served: served.first_ms, FIRST_BYTE_MS)
        yield Figure(page=page, what="memory added", unit="bytes", values=(extra,), bar=EXTRA_BYTES)

    def _query(self) -> str:
        """The same features as one select, in no order, with every value written out."""
        layer, viewer = self.layer, self.viewer
        roles, asked = viewer.reading_roles, Asked(as_of=end_of(self.today), is_now=True)
        _rows, chosen = features_of(layer, viewer.reach.shape, roles, FilterShape(), masked=True)
        found = chosen.subquery("found")
        text, constants = compiled(select(feature_text(found, seen_attributes(layer, roles, masked=True), ",")))
        with self.database.transaction(viewer.prologue) as connection:
            return ClientCursor(connection).mogrify(text, constants | values_for(viewer, asked, layer))

    def _downloaded(self, memory: Memory) -> Sent:
        meters = Meter(self.server.workers), Meter(self.server.backends)
        for meter in meters:
            meter.start()
        with memory.watched():
            sent = download(self.server.target, f"/ogc/collections/{self.layer.name}/items.geojson")
        for meter in meters:
            meter.stop()
        sent.cpu_ms, sent.extra = sum(meter.used_ms for meter in meters), memory.extra
        return sent


def download(target: Target, path: str) -> Sent:
    """The features of a collection that is sent while it is made, without its head and end. Raises BenchProblem."""
    connection = HTTPConnection(target.host, target.port, timeout=600)
    sent, begun = Sent(), time.perf_counter()
    try:
        connection.request("GET", path, headers={"Cookie": target.cookie, "Accept-Encoding": "identity"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise BenchProblem(f"the server has answered {answer.status}")
        first = block = answer.read1(BLOCK)
        sent.first_ms = (time.perf_counter() - begun) * 1000
        while block:
            sent.rows += block.count(b"\n")
            sent.size += len(block)
            block = answer.read1(BLOCK)
        sent.seconds = time.perf_counter() - begun
    finally:
        connection.close()
    # the head's line, and that of the end, `]}`
    sent.rows -= 2
    sent.size -= first.index(FEATURES) + len(FEATURES) + len(b"]}\n")
    return sent


def _must_agree(*ways: Sent) -> None:
    *bare, served = ways
    # before the first feature that is served stands no comma
    told = {(one.rows, one.size) for one in bare} | {(served.rows, served.size + 1)}
    if len(told) > 1:
        raise BenchProblem(f"what is served is not what psql has: {told}, features and bytes")

"""`gridmap bench tiles`: what a tile costs beside the bare SQL, what row security costs, what the cache saves.

All of it in processor time of the processes that work, and in turns, so that a busy minute hits every way alike.
"""

import itertools
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta

import brotli
import psycopg
from psycopg.rows import dict_row

from gridmap.bench.cpu import Meter, process_ms
from gridmap.bench.http import Answer, Line, hammer
from gridmap.bench.results import CacheResult, Cost, Result, ZoomResult
from gridmap.bench.samples import DAYS, Sample, fresh, tiles_with_buildings
from gridmap.bench.server import BenchProblem, Running
from gridmap.db import Database
from gridmap.db.pools import POOL_SETTINGS, Connection
from gridmap.layer import Layer
from gridmap.read import Tile, read_tile
from gridmap.scope import Viewer

ROUNDS = 4
WARM_REQUESTS = 40
MIXED = range(14, 17)
CACHED_TILES = 48
CONNECTIONS = 8
Way = Generator[tuple[Cost, int], Sequence[Sample], None]
"""Takes samples, gives what they cost in all and how many bytes they were."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One run against one server, as one viewer."""

    server: Running
    database: Database
    owner_url: str | None
    viewer: Viewer
    layers: tuple[Layer, ...]
    today: date
    say: Callable[[str], None]

    def run(self, zooms: Sequence[int], count: int, seconds: float) -> Result:
        """Measure these zooms with so many tiles each, then rates for so many seconds each. Raises BenchProblem."""
        with self.database.transaction(self.viewer.prologue) as connection:
            tiles = {zoom: tiles_with_buildings(connection, zoom, count) for zoom in {*zooms, *MIXED}}
        if not all(tiles.values()):
            raise BenchProblem("this account sees no buildings: load some, or take another account (--user)")
        with self.database.transaction({"scope": "city"}) as connection:
            row = connection.execute("SELECT count(*) AS found FROM gridmap.building").fetchone()
        return Result(
            buildings=(row or {})["found"],
            username=self.viewer.username,
            layers=tuple(layer.name for layer in self.layers),
            zooms=tuple(self._zoom(tiles[zoom]) for zoom in zooms),
            cache=self._rates([tile for zoom in MIXED for tile in tiles[zoom]], seconds),
        )

    # One zoom ------------------------------------------------------------------------------------------------------

    def _zoom(self, tiles: list[Tile]) -> ZoomResult:
        self.say(f"zoom {tiles[0].z}: {len(tiles)} tiles")
        ways = [
            self._raw(self.database.conninfo, self.viewer.prologue),
            self._served("identity"),
            self._served("br"),
        ]
        if self.owner_url:
            ways.append(self._raw(self.owner_url, b"BEGIN"))
        for way in ways:
            next(way)
        warm = [Sample(tile, self.today + timedelta(days=DAYS + turn)) for turn, tile in _cycled(tiles, WARM_REQUESTS)]
        for way in ways:
            way.send(warm)
        self._must_agree(warm[0])
        costs, size = [Cost(python_ms=0, database_ms=0) for _ in ways], 0
        for turn in range(ROUNDS):
            samples = [Sample(tile, self.today + timedelta(days=turn)) for tile in tiles]
            for number, way in enumerate(ways):
                cost, length = way.send(samples)
                costs[number] = Cost(
                    python_ms=costs[number].python_ms + cost.python_ms / (ROUNDS * len(tiles)),
                    database_ms=costs[number].database_ms + cost.database_ms / (ROUNDS * len(tiles)),
                )
                size += length if number == 0 else 0
        for way in ways:
            way.close()
        return ZoomResult(
            zoom=tiles[0].z,
            tiles=ROUNDS * len(tiles),
            kilobytes=size / (ROUNDS * len(tiles)) / 1000,
            raw=costs[0],
            served=costs[1],
            compressed=costs[2],
            unlocked=costs[3] if self.owner_url else None,
        )

    def _raw(self, conninfo: str, prologue: bytes) -> Way:
        """The statement of the server through psycopg alone, in a transaction of its own as the server's are."""
        with psycopg.connect(
            conninfo, autocommit=True, row_factory=dict_row, prepare_threshold=2, application_name="bench"
        ) as connection:
            for setting in POOL_SETTINGS["tiles"]:
                connection.execute(f"SET {setting}")
            backend, found = connection.info.backend_pid, (Cost(python_ms=0, database_ms=0), 0)
            while True:
                samples = yield found
                length, begun, database = 0, time.process_time(), process_ms(backend)
                for sample in samples:
                    connection.execute(prologue, prepare=False)
                    length += len(self._read(connection, sample))
                    connection.commit()
                cost = Cost(python_ms=(time.process_time() - begun) * 1000, database_ms=process_ms(backend) - database)
                found = cost, length

    def _read(self, connection: Connection, sample: Sample) -> bytes:
        return read_tile(connection, self.layers, sample.tile, self.viewer, sample.asked)

    def _served(self, encoding: str) -> Way:
        """The same tiles through HTTP; none has been asked for before."""
        lines = [Line(self.server.target) for _ in range(CONNECTIONS)]
        found = Cost(python_ms=0, database_ms=0), 0
        try:
            while True:
                samples = yield found
                paths = [sample.path(self.layers) for sample in samples]
                requests = [self.server.target.request(path, encoding=encoding) for path in paths]
                python, database = Meter(self.server.workers), Meter(self.server.backends)
                python.start()
                database.start()
                answers = [line.ask(request) for line, request in zip(itertools.cycle(lines), requests, strict=False)]
                python.stop()
                database.stop()
                _must_be_good(answers)
                found = Cost(python_ms=python.used_ms, database_ms=database.used_ms), sum(len(a.body) for a in answers)
        finally:
            for line in lines:
                line.close()

    def _must_agree(self, sample: Sample) -> None:
        """What is served is what the statement gives: otherwise the figures would compare different things."""
        with closing(Line(self.server.target)) as line:
            answer = line.ask(self.server.target.request(sample.path(self.layers)))
        with self.database.transaction(self.viewer.prologue, "tiles") as connection:
            body = self._read(connection, sample)
        if (brotli.decompress(answer.body) if answer.body else b"") != body:
            raise BenchProblem(f"what is served for {sample.tile} is not what the statement gives")

    # Rates ---------------------------------------------------------------------------------------------------------

    def _rates(self, tiles: list[Tile], seconds: float) -> CacheResult:
        self.say("answers a second")
        target = self.server.target
        new = (target.request(sample.path(self.layers)) for sample in fresh(tiles, self.today + timedelta(days=ROUNDS)))
        uncached = hammer(target, new, connections=CONNECTIONS, seconds=seconds)
        paths = [Sample(tile, self.today).path(self.layers) for tile in tiles[:: max(1, len(tiles) // CACHED_TILES)]]
        known = itertools.cycle([target.request(path) for path in paths])
        with closing(Line(target)) as line:
            asked = itertools.cycle([target.request(path, line.ask(target.request(path)).etag) for path in paths])
        hammer(target, known, connections=CONNECTIONS, seconds=1)  # every worker has them now
        meter = Meter(self.server.workers)
        meter.start()
        cached = hammer(target, known, connections=CONNECTIONS, seconds=seconds)
        meter.stop()
        unchanged = hammer(target, asked, connections=CONNECTIONS, seconds=seconds / 2)
        for rate, status in ((uncached, 200), (cached, 200), (unchanged, 304)):
            if set(rate.statuses) - {status, 204}:
                raise BenchProblem(f"the server has answered {rate.statuses}")
        return CacheResult(
            uncached_per_second=uncached.per_second,
            cached_per_second=cached.per_second,
            unchanged_per_second=unchanged.per_second,
            cached_ms=meter.used_ms / cached.answered,
        )


def _cycled(tiles: list[Tile], count: int) -> Iterator[tuple[int, Tile]]:
    """So many of the tiles, over and over, each with the number of its turn."""
    for number in range(count):
        yield number // len(tiles), tiles[number % len(tiles)]


def _must_be_good(answers: Sequence[Answer]) -> None:
    bad = {answer.status for answer in answers} - {200, 204}
    if bad:
        raise BenchProblem(f"the server has answered {sorted(bad)}")

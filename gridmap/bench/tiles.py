"""Tiles: what serving costs over the same SQL, what row security costs, and what the cache is worth.

raw = the same statement, as the app role, in a transaction with the same viewer, through psycopg in this process.
Every figure is CPU time of all processes that take part, per tile.
"""

import math
import resource
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from gridmap.api.tiles import end_of
from gridmap.bench.processes import cpu_of
from gridmap.bench.server import Server
from gridmap.db import SYSTEM, Database
from gridmap.layer import Layer
from gridmap.read import Asked, Tile, layers_named
from gridmap.read.select import values_for
from gridmap.read.tiles import tile_statement
from gridmap.scope import Viewer

LAYERS = ("communities", "grids", "estates", "buildings", "stairwells", "facilities")
ZOOMS = (12, 13, 14, 15, 16)
SETTINGS = ("plan_cache_mode = force_custom_plan", "max_parallel_workers_per_gather = 0", "jit = off")
CLIENTS = 8
RATE_SECONDS = 3.0


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds a tile at one zoom, the median bytes, and how many tiles were asked."""

    zoom: int
    tiles: int
    raw: float
    served: float
    without_row_security: float
    bytes: int

    @property
    def ratio(self) -> float:
        """Served against raw."""
        return self.served / self.raw if self.raw else math.nan


@dataclass(frozen=True)
class Rates:
    """Requests a second over HTTP, signed in, two workers, eight clients; and CPU milliseconds a request."""

    uncached: float
    cached: float
    cached_cpu: float

    @property
    def gain(self) -> float:
        """How many times more from the cache."""
        return self.cached / self.uncached if self.uncached else math.nan


def tiles_with_buildings(database: Database, viewer: Viewer, zoom: int, count: int) -> list[Tile]:
    """Up to `count` different tiles of the zoom that hold buildings in the viewer's sight, spread evenly."""
    with database.transaction(viewer.prologue) as connection:
        rows = connection.execute(
            "SELECT public.st_x(point) AS lon, public.st_y(point) AS lat FROM ("
            " SELECT public.st_transform(label_3857, 4326) AS point FROM gridmap.place"
            " WHERE kind = 'building' AND geom IS NOT NULL AND street_id = ANY (%s::int[])"
            " ORDER BY hashint8(id) LIMIT 20000) picked",
            (_streets(database, viewer),),
        ).fetchall()
    return list(dict.fromkeys(_tile(row["lon"], row["lat"], zoom) for row in rows))[:count]


def _streets(database: Database, viewer: Viewer) -> list[int]:
    if not viewer.reach.is_city:
        return list(viewer.reach.near)
    with database.transaction(SYSTEM) as connection:
        return [row["id"] for row in connection.execute("SELECT id FROM gridmap.street").fetchall()]


def _tile(lon: float, lat: float, zoom: int) -> Tile:
    size = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return Tile(zoom, int((lon + 180) / 360 * size), int(y * size))


class Raw:
    """The same SQL without a server: one connection, and the CPU of this process and of its backend."""

    def __init__(self, url: str, viewer: Viewer, prologue: bytes, now: datetime) -> None:
        self.connection = psycopg.connect(url, autocommit=True, row_factory=dict_row, prepare_threshold=2)
        for setting in SETTINGS:
            self.connection.execute(f"SET {setting}".encode())
        self.viewer, self.prologue, self.asked = viewer, prologue, Asked(as_of=now)

    def cpu(self) -> float:
        """CPU seconds so far."""
        own = resource.getrusage(resource.RUSAGE_SELF)
        return own.ru_utime + own.ru_stime + cpu_of([self.connection.info.backend_pid])

    def read(self, layers: tuple[Layer, ...], tile: Tile) -> int:
        """Read one tile; its size in bytes."""
        statement = tile_statement(layers, tile.z, self.viewer.reach.shape, self.viewer.reading_roles)
        if statement is None:
            return 0
        text, constants = statement
        values: dict[str, Any] = constants | values_for(self.viewer, self.asked)
        self.connection.execute(self.prologue, prepare=False)
        row = self.connection.execute(text.encode(), values | {"z": tile.z, "x": tile.x, "y": tile.y}).fetchone()
        self.connection.execute("COMMIT")
        return len(row["tile"]) if row else 0

    def cost(self, layers: tuple[Layer, ...], tiles: Sequence[Tile]) -> tuple[float, list[int]]:
        """CPU milliseconds a tile over these tiles, and their sizes."""
        before = self.cpu()
        sizes = [self.read(layers, tile) for tile in tiles]
        return (self.cpu() - before) * 1000 / len(tiles), sizes


def costs(
    database: Database, server: Server, viewer: Viewer, urls: tuple[str, str], today: datetime, count: int
) -> list[Cost]:
    """What tiles cost at each zoom: raw, served for the first time, and without row security (as the owner)."""
    layers = layers_named(LAYERS)
    app, owner = (Raw(url, viewer, viewer.prologue, today) for url in urls)
    found = []
    for zoom in ZOOMS:
        tiles = tiles_with_buildings(database, viewer, zoom, count)
        app.cost(layers, tiles[:20])
        owner.cost(layers, tiles[:20])
        raw, sizes = app.cost(layers, tiles)
        served = serve(server, tiles)
        again, _ = app.cost(layers, tiles)
        bare, _ = owner.cost(layers, tiles)
        found.append(Cost(zoom, len(tiles), (raw + again) / 2, served, bare, sorted(sizes)[len(sizes) // 2]))
    return found


def serve(server: Server, tiles: Sequence[Tile]) -> float:
    """Ask each tile once; CPU milliseconds a tile of the server and its database."""
    connection = server.connect()
    ask(server, connection, tiles[0], "districts")
    before = server.cpu()
    for tile in tiles:
        ask(server, connection, tile)
    return (server.cpu() - before) * 1000 / len(tiles)


def ask(server: Server, connection: Any, tile: Tile, layers: str = ",".join(LAYERS)) -> None:
    """One request, read to its end. Raises RuntimeError when it is refused."""
    connection.request("GET", f"/tiles/{tile.z}/{tile.x}/{tile.y}.mvt?layers={layers}", headers=server.headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status not in (200, 204):
        raise RuntimeError(f"a tile was answered with {answer.status}")


def rates(server: Server, fresh: Sequence[Tile], few: Sequence[Tile]) -> Rates:
    """Requests a second: `fresh` tiles that nobody has asked for, then a `few` over and over."""
    uncached = len(fresh) / timed(server, [fresh[index::CLIENTS] for index in range(CLIENTS)])
    for _ in range(4):
        timed(server, [few] * CLIENTS)
    before, asked = server.cpu(), 0
    begun = time.perf_counter()
    while time.perf_counter() - begun < RATE_SECONDS:
        timed(server, [few] * CLIENTS)
        asked += len(few) * CLIENTS
    seconds = time.perf_counter() - begun
    return Rates(uncached, asked / seconds, (server.cpu() - before) * 1000 / asked)


def timed(server: Server, shares: Sequence[Sequence[Tile]]) -> float:
    """Seconds until each client has asked for its share."""

    def work(share: Sequence[Tile]) -> None:
        connection = server.connect()
        for tile in share:
            ask(server, connection, tile)
        connection.close()

    clients = [threading.Thread(target=work, args=(share,)) for share in shares if share]
    begun = time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return time.perf_counter() - begun


def report(found: Sequence[Cost], speed: Rates) -> dict[str, Any]:
    """All figures as plain values."""
    return {
        "costs": [asdict(cost) | {"ratio": cost.ratio, "over": cost.served - cost.raw} for cost in found],
        "rates": asdict(speed) | {"gain": speed.gain},
    }


def day_end(today: datetime) -> datetime:
    """The instant that a tile of today shows."""
    return end_of(today.date())

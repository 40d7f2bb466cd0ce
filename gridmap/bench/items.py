"""`gridmap bench items`: what a page of features costs beside the bare SQL, in processor time, in turns."""

import json
import math
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

import psycopg
from psycopg.rows import dict_row

from gridmap.api.tiles import end_of
from gridmap.bench.cpu import Meter, process_ms
from gridmap.bench.figures import Figure
from gridmap.bench.http import Line
from gridmap.bench.peers import Peer, ask
from gridmap.bench.samples import tiles_with_buildings
from gridmap.bench.server import BenchProblem, Running
from gridmap.db import Database
from gridmap.db.pools import POOL_SETTINGS, Connection
from gridmap.layer import Layer
from gridmap.read import Asked, Tile, count_features, parse_filter, read_page
from gridmap.scope import Viewer

ROUNDS = 5
ZOOMS = (14, 13, 12)
"""Whose tiles are boxes: of the first that fill a page."""
BAR = 1.3
CONDITION = "id > 0 AND (floors >= 2 OR floors IS NULL)"
Words = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ItemsBench:
    """One run against one server, as one viewer."""

    server: Running
    database: Database
    viewer: Viewer
    layer: Layer
    today: date
    limit: int
    peers: tuple[Peer, ...]
    say: Callable[[str], None]

    def run(self, count: int) -> tuple[Figure, ...]:
        """Pages of so many boxes, with and without a filter in CQL2. Raises BenchProblem."""
        with self.database.transaction(self.viewer.prologue) as connection:
            tiles = next((found for zoom in ZOOMS if (found := self._tiles(connection, zoom, count))), [])
        if not tiles:
            raise BenchProblem("this account sees no buildings: load some, or take another account (--user)")
        plain = [{"bbox": _box(tile)} for tile in tiles]
        return (
            *self._figures("bbox", plain, self.peers),
            *self._figures("bbox, CQL2", [{**w, "filter": CONDITION} for w in plain]),
        )

    def _tiles(self, connection: Connection, zoom: int, count: int) -> list[Tile]:
        """Boxes that fill a page; the largest need not."""
        return tiles_with_buildings(connection, zoom, count, least=1 if zoom == ZOOMS[-1] else self.limit + 1)

    def _figures(self, title: str, asked: Sequence[Words], peers: Sequence[Peer] = ()) -> tuple[Figure, ...]:
        self.say(f"{title}: {len(asked)} boxes, {ROUNDS} rounds")
        raw: list[float] = []
        served: list[float] = []
        others: dict[str, list[float]] = {peer.name: [] for peer in peers}
        features = 0
        with self._connected() as connection:
            self._bare(connection, asked)
            self._through(asked)
            for _ in range(ROUNDS):
                features, cost = self._bare(connection, asked)
                raw.append(cost / len(asked))
                told, cost = self._through(asked)
                served.append(cost / len(asked))
                if told != features:
                    raise BenchProblem(f"what is served, {told} features, is not what the SQL gives, {features}")
                for peer in peers:
                    others[peer.name].append(self._elsewhere(peer, asked, features) / len(asked))
        page = f"items, limit={self.limit}, {title}: {features / len(asked):.0f} features"
        ratios = tuple(ours / bare for ours, bare in zip(served, raw, strict=True))
        return (
            Figure(page=page, what="the bare SQL of page and count", unit="ms", values=tuple(raw)),
            Figure(page=page, what="served", unit="ms", values=tuple(served)),
            Figure(page=page, what="served beside bare", unit="×", values=ratios, bar=BAR),
            *(part for name, costs in others.items() for part in _beside(page, name, costs, served)),
        )

    def _elsewhere(self, peer: Peer, asked: Sequence[Words], features: int) -> float:
        """The processor time of a peer for the same boxes."""
        told = ask(peer, [{**words, "limit": str(self.limit)} for words in asked], self.server.observer)
        if told.features != features:
            raise BenchProblem(f"{peer.name} has other rows: {told.features} features, not {features}")
        return told.cpu_ms

    def _connected(self) -> Connection:
        connection = psycopg.connect(
            self.database.conninfo, autocommit=True, row_factory=dict_row, application_name="bench"
        )
        for setting in POOL_SETTINGS["commands"]:
            connection.execute(f"SET {setting}")
        return connection

    def _bare(self, connection: Connection, asked: Sequence[Words]) -> tuple[int, float]:
        """How many features, and the processor time of this process and of the database."""
        backend, found = connection.info.backend_pid, 0
        begun, database = time.process_time(), process_ms(backend)
        for words in asked:
            where = parse_filter(self.layer, self.viewer.reading_roles, words)
            moment = Asked(as_of=end_of(self.today), is_now=True)
            connection.execute(self.viewer.prologue, prepare=False)
            connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
            page = read_page(connection, self.layer, self.viewer, moment, limit=self.limit, where=where)
            count_features(connection, self.layer, self.viewer, moment, where)
            connection.commit()
            found += page.returned
        return found, (time.process_time() - begun) * 1000 + process_ms(backend) - database

    def _through(self, asked: Sequence[Words]) -> tuple[int, float]:
        """The same through HTTP, on a line of its own: the server closes one on which nothing is said for long."""
        address = f"/ogc/collections/{self.layer.name}/items?"
        paths = [address + urlencode({**words, "limit": str(self.limit), "f": "json"}) for words in asked]
        meters = Meter(self.server.workers), Meter(self.server.backends)
        for meter in meters:
            meter.start()
        with closing(Line(self.server.target)) as line:
            answers = [line.ask(self.server.target.request(path, encoding="identity")) for path in paths]
        for meter in meters:
            meter.stop()
        if {answer.status for answer in answers} != {200}:
            raise BenchProblem(f"the server has answered {sorted({answer.status for answer in answers})}")
        found = sum(json.loads(answer.body)["numberReturned"] for answer in answers)
        return found, sum(meter.used_ms for meter in meters)


def _beside(page: str, name: str, costs: Sequence[float], served: Sequence[float]) -> tuple[Figure, Figure]:
    ratios = tuple(ours / theirs for ours, theirs in zip(served, costs, strict=True))
    return (
        Figure(page=page, what=name, unit="ms", values=tuple(costs)),
        Figure(page=page, what=f"served beside {name}", unit="×", values=ratios),
    )


def _box(tile: Tile) -> str:
    """The tile's sides in degrees."""

    def latitude(row: int) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / 2**tile.z))))

    west, east = (column / 2**tile.z * 360 - 180 for column in (tile.x, tile.x + 1))
    return f"{west:.7f},{latitude(tile.y + 1):.7f},{east:.7f},{latitude(tile.y):.7f}"

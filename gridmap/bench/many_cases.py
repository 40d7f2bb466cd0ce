"""The map, the board and the numbers with as many cases as a city has in years."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from gridmap.bench.cpu import process_ms
from gridmap.bench.figures import Figure
from gridmap.bench.looking import look_as, undone
from gridmap.clock import OFFICE, day_bounds
from gridmap.cuts import OPEN
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import POOL_SETTINGS, Connection
from gridmap.kpi import CASE_BY_NAME
from gridmap.layers import BY_NAME
from gridmap.periods import month_of
from gridmap.read import Asked, Tile, read_tile
from gridmap.read.cases import count_cases, read_cases, read_weeks
from gridmap.read.incidents import Cut, count_queues, read_lines
from gridmap.read.incidents.numbers import Told, count_areas, count_numbers
from gridmap.scope import Viewer

Say = Callable[[str], None]
# spread over the estates of the viewer's streets, each some way off its middle; a year, nine of ten closed
MANY = """
INSERT INTO gridmap.incident (street_id, id, number, kind, severity, state, source, address, geom, reported_at,
  received_at, level_since, changed_at, limit_minutes, clock, due_at, running_since, handled_at, closed_at,
  community_id, grid_id, micro_grid_id, estate_id)
SELECT e.street_id, e.street_id::bigint * 4294967296 + nextval('gridmap.serial'), 'bench-' || n.number, k.code, 2,
  CASE WHEN n.number %% 10 > 0 THEN 'closed' ELSE (ARRAY['registered', 'dispatched', 'handling', 'handled'])
    [(1 + n.number / 10 %% 4)::integer] END,
  CASE WHEN n.number %% 5 < 2 THEN 'hotline' ELSE 'patrol' END, e.name,
  public.st_setsrid(public.st_makepoint(
    e.lon + (n.number * 7919 %% 1000 - 500) * 0.000012, e.lat + (n.number * 104729 %% 1000 - 500) * 0.000010), 4326),
  r.at, r.at, r.at, r.at + interval '1 day', 960, 'working', r.at + interval '2 days',
  CASE WHEN n.number %% 10 = 0 THEN r.at END, CASE WHEN n.number %% 10 > 0 THEN r.at + interval '1 day' END,
  CASE WHEN n.number %% 10 > 0 THEN r.at + interval '1 day' END, e.community_id, e.grid_id, e.micro_grid_id, e.id
FROM generate_series(1, %(cases)s::bigint) AS n (number)
JOIN (
  SELECT p.*, public.st_x(s.geom) AS lon, public.st_y(s.geom) AS lat, row_number() OVER (ORDER BY p.id) AS place,
    count(*) OVER () AS places
  FROM gridmap.place p CROSS JOIN LATERAL (SELECT public.st_pointonsurface(p.geom) AS geom) s
  WHERE p.kind = 'estate' AND p.street_id = ANY (%(streets)s) AND p.geom IS NOT NULL
) e ON e.place = 1 + n.number %% e.places
JOIN (SELECT code, row_number() OVER (ORDER BY code) AS place, count(*) OVER () AS kinds FROM gridmap.incident_kind) k
  ON k.place = 1 + n.number * 31 %% k.kinds
CROSS JOIN LATERAL (
  SELECT %(now)s::timestamptz - make_interval(mins => (n.number * 1753 %% 525600)::integer) AS at) r
"""
MIDDLE = """
SELECT public.st_x(c) AS x, public.st_y(c) AS y FROM (
  SELECT public.st_centroid(public.st_collect(geom_3857)) AS c FROM gridmap.incident
  WHERE street_id = (SELECT street_id FROM gridmap.incident GROUP BY street_id ORDER BY count(*) DESC LIMIT 1)) s
"""
# what a page cannot do without, as bare as it can be said: what the rest costs stands beside it as a ratio
PLAIN_TILE = """
SELECT count(*), min(due_at) FROM gridmap.incident
WHERE state NOT IN ('closed', 'rejected', 'duplicate')
  AND geom_3857 OPERATOR(public.&&) public.st_tileenvelope(%(z)s, %(x)s, %(y)s)
"""
PLAIN_OPEN = """
SELECT state, count(*), min(due_at) FROM gridmap.incident WHERE state NOT IN ('closed', 'rejected', 'duplicate')
GROUP BY state
"""
PLAIN_MONTH = """
SELECT kind, state, count(*) FROM gridmap.incident
WHERE reported_at >= gridmap.office_midnight(%(start)s) AND reported_at < gridmap.office_midnight(%(end)s)
GROUP BY kind, state
"""
PLAIN_WEEKS = """
SELECT reported_at::date, count(*) FROM gridmap.incident
WHERE reported_at >= %(start)s AND reported_at < %(end)s GROUP BY 1
"""
OF_TILES = ("plan_cache_mode", "enable_seqscan", "max_parallel_workers_per_gather")
"""Settings of the pool of tiles that pages do not have."""
HALF = 20037508.342789244
ZOOMS = (9, 11, 13, 14, 15, 16)
LEAST_MS = 0.01
"""What is quicker than this cannot be measured."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many cases the map is read with, and how often each thing is read."""

    cases: int = 300_000
    runs: int = 9


def read_map(database: Database, viewer: Viewer, now: datetime, size: Size, say: Say) -> Iterator[Figure]:
    """Tiles, numbers and lists with so many cases; in one transaction that is rolled back."""
    found: list[Figure] = []
    with undone(database) as connection:
        streets = streets_of(connection, viewer)
        connection.execute(MANY, {"cases": size.cases, "streets": streets, "now": now})
        connection.execute("ANALYZE gridmap.incident")
        say(f"{size.cases:,} cases written")
        middle = connection.execute(MIDDLE).fetchone()
        assert middle is not None
        for setting in POOL_SETTINGS["tiles"]:
            connection.execute(b"SET LOCAL " + setting.encode())
        connection.execute("SET LOCAL statement_timeout = 0")
        look_as(connection, viewer.settings)
        found += _tiles(connection, viewer, now, (middle["x"], middle["y"]), size)
        for setting in OF_TILES:
            connection.execute(f"SET LOCAL {setting} TO DEFAULT".encode())
        say("pages")
        found += _pages(connection, viewer, now, size)
        look_as(connection, SYSTEM)
    yield from found


def _tiles(
    connection: Connection, viewer: Viewer, now: datetime, middle: tuple[float, float], size: Size
) -> Iterator[Figure]:
    whole = _whole(now)
    monday = now.astimezone(OFFICE).date() - timedelta(days=now.astimezone(OFFICE).weekday() + 7)
    questions = {
        "open": replace(whole, state=OPEN),
        "a week": replace(whole, begins=monday, ends=monday + timedelta(days=7)),
        "all": whole,
    }
    layer = BY_NAME["incidents"]
    for title, asked in questions.items():
        page = f"{size.cases:,} cases, {title}"
        for zoom in ZOOMS:
            tile = _tile(middle, zoom)
            times = _runs(connection, partial(read_tile, connection, (layer,), tile, viewer, asked), size.runs)
            bar = 100 if title != "all" else None
            yield Figure(page=page, what=f"tile of zoom {zoom}, cold", unit="ms", values=times, bar=bar)
            if title == "open":
                plain = _runs(connection, partial(connection.execute, PLAIN_TILE, vars(tile)), size.runs)
                yield _ratio(page, f"tile of zoom {zoom}", times, plain)
    page = f"{size.cases:,} cases, behind them"
    for name in ("incident_density", "repeat_places", "complaints_grids", "in_grid_resolution"):
        layer = BY_NAME[name]
        tile = _tile(middle, 13)
        times = _runs(connection, partial(read_tile, connection, (layer,), tile, viewer, whole), size.runs)
        yield Figure(page=page, what=f"{name}, tile of zoom 13, cold", unit="ms", values=times)


def _pages(connection: Connection, viewer: Viewer, now: datetime, size: Size) -> Iterator[Figure]:
    """What stands beside the map, the board and the numbers of a month, past every cache."""
    month, asked, cut = month_of(now.astimezone(OFFICE).date()), replace(_whole(now), state=OPEN), Cut()
    told = Told(cut=cut, start=month.start, end=month.end, moment=now)
    year, period = {"start": now - timedelta(days=365), "end": now}, {"start": month.start, "end": month.end}
    weeks = partial(read_weeks, connection, viewer, None, year["start"], year["end"])
    reads: tuple[tuple[str, str, Callable[[], Any], str, Mapping[str, Any]], ...] = (
        ("beside the map", "how many are open and late",
         partial(count_cases, connection, viewer, asked, now), PLAIN_OPEN, {}),
        ("beside the map", "the 50 that are late first",
         partial(read_cases, connection, viewer, asked, now, limit=50), PLAIN_OPEN, {}),
        ("beside the map", "week by week, a year", weeks, PLAIN_WEEKS, year),
        ("the board", "its figures", partial(count_queues, connection, viewer, cut, now), PLAIN_OPEN, {}),
        ("the board", "the first page of what is open",
         partial(read_lines, connection, viewer, cut, now, queue="open", limit=50), PLAIN_OPEN, {}),
        ("the numbers", "all of a month", partial(count_numbers, connection, viewer, told), PLAIN_MONTH, period),
        ("the numbers", "all of a month, grid by grid",
         partial(count_areas, connection, viewer, told, "grid", tuple(CASE_BY_NAME)), PLAIN_MONTH, period),
    )  # fmt: skip
    for about, what, read, plain, values in reads:
        page = f"{size.cases:,} cases, {about}"
        times = _runs(connection, read, size.runs)
        yield Figure(page=page, what=what, unit="ms", values=times)
        yield _ratio(page, what, times, _runs(connection, partial(connection.execute, plain, values), size.runs))


def _whole(now: datetime) -> Asked:
    return Asked(as_of=day_bounds(now.astimezone(OFFICE).date())[1] - timedelta(seconds=1), is_now=True)


def _ratio(page: str, what: str, times: Sequence[float], plain: Sequence[float]) -> Figure:
    """How much more it is than the bare count of the same rows: that does not hang on the machine."""
    ratio = median(times) / max(median(plain), LEAST_MS)
    return Figure(page=page, what=f"{what}, against a plain count", unit="×", values=(ratio,))


def streets_of(connection: Connection, viewer: Viewer) -> list[int]:
    """The streets in which the viewer sees something."""
    if not viewer.reach.is_city:
        return list(viewer.reach.near)
    return [row["id"] for row in connection.execute("SELECT id FROM gridmap.street ORDER BY id").fetchall()]


def _tile(middle: tuple[float, float], zoom: int) -> Tile:
    x, y = (int((HALF + sign * value) / (2 * HALF) * 2**zoom) for sign, value in zip((1, -1), middle, strict=True))
    return Tile(zoom, x, y)


def _runs(connection: Connection, read: Callable[[], Any], runs: int) -> tuple[float, ...]:
    """Milliseconds that the database worked for each read, after one that warms it."""
    read()
    pid = connection.info.backend_pid
    found = []
    for _ in range(runs):
        with _measured(pid) as taken:
            read()
        found.append(taken[0])
    return tuple(found)


@contextmanager
def _measured(pid: int) -> Iterator[list[float]]:
    """Processor time of the database's process; where it runs elsewhere, the time that passed."""
    taken: list[float] = []
    begun, worked = time.perf_counter(), process_ms(pid)
    yield taken
    worked_now = process_ms(pid)
    taken.append(worked_now - worked if worked_now else (time.perf_counter() - begun) * 1000)

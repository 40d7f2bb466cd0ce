"""Cases under load: reports from hundreds of phones through the real API, and the map at the size of a city."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import psycopg

from gridmap.accounts import Actor, create_token
from gridmap.bench.cpu import process_ms
from gridmap.bench.figures import Figure
from gridmap.bench.phones import Load, Sent, send
from gridmap.bench.processes import cpu_of
from gridmap.bench.server import Running
from gridmap.clock import OFFICE, day_bounds, real_now
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import POOL_SETTINGS, Connection
from gridmap.layers import BY_NAME
from gridmap.read import Asked, Tile, read_tile
from gridmap.read.cases import count_cases, read_cases
from gridmap.scope import Viewer

Say = Callable[[str], None]
PUBLISHED = 41
"""Submissions a second that ODK Central's own benchmark tells; its forms are larger than these reports."""
LEAST, MOST_P95 = 126, 500
SETTINGS = ("scope", "account", "administers", "streets", "near", "self", "communities", "grids", "estates", "places",
            "people", "organisations", "managed")  # fmt: skip
PLACES = """
SELECT id, '03001' AS kind FROM gridmap.place
WHERE street_id = ANY (%(streets)s) AND kind = 'stairwell' ORDER BY id %% 9973, id LIMIT 5000
"""
FORGET = "DELETE FROM gridmap.incident WHERE sent_id = ANY (%(ids)s)"
KEPT = (
    "SELECT sent_id, count(*) AS times, min(id) AS id FROM gridmap.incident WHERE sent_id = ANY (%s) GROUP BY sent_id"
)
# spread over the estates of the viewer's streets, each some way off its middle; a year, nine of ten closed
MANY = """
INSERT INTO gridmap.incident (street_id, id, number, kind, severity, state, source, address, geom, reported_at,
  received_at, level_since, changed_at, limit_minutes, clock, due_at, running_since, handled_at, closed_at,
  community_id, grid_id, micro_grid_id, estate_id)
SELECT e.street_id, e.street_id::bigint * 4294967296 + nextval('gridmap.serial'), 'bench-' || n.number, k.code, 2,
  CASE WHEN n.number %% 10 > 0 THEN 'closed' ELSE (ARRAY['registered', 'dispatched', 'handling', 'handled'])
    [1 + n.number / 10 %% 4] END,
  CASE WHEN n.number %% 5 < 2 THEN 'hotline' ELSE 'patrol' END, e.name,
  public.st_setsrid(public.st_makepoint(
    e.lon + (n.number * 7919 %% 1000 - 500) * 0.000012, e.lat + (n.number * 104729 %% 1000 - 500) * 0.000010), 4326),
  r.at, r.at, r.at, r.at + interval '1 day', 960, 'working', r.at + interval '2 days',
  CASE WHEN n.number %% 10 = 0 THEN r.at END, CASE WHEN n.number %% 10 > 0 THEN r.at + interval '1 day' END,
  CASE WHEN n.number %% 10 > 0 THEN r.at + interval '1 day' END, e.community_id, e.grid_id, e.micro_grid_id, e.id
FROM generate_series(1, %(cases)s) AS n (number)
JOIN (
  SELECT p.*, public.st_x(s.geom) AS lon, public.st_y(s.geom) AS lat, row_number() OVER (ORDER BY p.id) AS place,
    count(*) OVER () AS places
  FROM gridmap.place p CROSS JOIN LATERAL (SELECT public.st_pointonsurface(p.geom) AS geom) s
  WHERE p.kind = 'estate' AND p.street_id = ANY (%(streets)s) AND p.geom IS NOT NULL
) e ON e.place = 1 + n.number %% e.places
JOIN (SELECT code, row_number() OVER (ORDER BY code) AS place, count(*) OVER () AS kinds FROM gridmap.incident_kind) k
  ON k.place = 1 + n.number * 31 %% k.kinds
CROSS JOIN LATERAL (
  SELECT %(now)s::timestamptz - make_interval(mins => (n.number::bigint * 1753 %% 525600)::integer) AS at) r
"""
MIDDLE = """
SELECT public.st_x(c) AS x, public.st_y(c) AS y FROM (
  SELECT public.st_centroid(public.st_collect(geom_3857)) AS c FROM gridmap.incident
  WHERE street_id = (SELECT street_id FROM gridmap.incident GROUP BY street_id ORDER BY count(*) DESC LIMIT 1)) s
"""
HALF = 20037508.342789244
ZOOMS = (9, 11, 13, 14, 15, 16)


class _Undo(Exception):
    """Leaves nothing of the run behind."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many cases the map is read with, and how often each thing is read."""

    cases: int = 300_000
    runs: int = 9


def places_of(database: Database, viewer: Viewer) -> list[tuple[int, str]]:
    """Where the phones report: stairwells that the viewer sees, and what."""
    with database.transaction(viewer.prologue) as connection:
        return [(row["id"], row["kind"]) for row in connection.execute(PLACES, {"streets": list(viewer.reach.near)})]


def token_for(database: Database, viewer: Viewer, now: datetime) -> str:
    """A token of the viewer's account, good for a day."""
    with database.transaction(SYSTEM) as connection:
        by = Actor(account_id=None, business_at=now, at=real_now())
        return create_token(connection, by, viewer.account_id, name="bench incidents", days=1)


def report(server: Running, database: Database, owner_url: str, token: str, load: Load) -> Iterator[Figure]:
    """Let the phones report, and hold what they were promised against the tables; the cases leave again."""
    before = cpu_of(server.workers()), cpu_of(server.backends())
    sent = send(server.target, token, load)
    spent = cpu_of(server.workers()) - before[0], cpu_of(server.backends()) - before[1]
    with database.transaction(SYSTEM) as connection:
        kept = {row["sent_id"]: row for row in connection.execute(KEPT, (list(sent.accepted),)).fetchall()}
    lost = sum(one not in kept or kept[one]["id"] != case for one, case in sent.accepted.items())
    doubled = sum(row["times"] > 1 for row in kept.values()) + sent.told_otherwise
    with psycopg.connect(owner_url) as owner:
        owner.execute(FORGET, {"ids": list(sent.accepted)})
    yield from _told(sent, load, lost, doubled)
    page = f"reports of {load.phones:,} phones"
    for what, seconds in zip(("web server", "database"), spent, strict=True):
        each = 1000 * seconds / max(len(sent.accepted), 1)
        yield Figure(page=page, what=f"processor of the {what}, each report", unit="ms", values=(each,))


def _told(sent: Sent, load: Load, lost: int, doubled: int) -> Iterator[Figure]:
    page = f"reports of {load.phones:,} phones"
    refused = sum(count for status, count in sent.statuses.items() if status != 200)
    about = (
        f"accepted a second of {load.per_second:,.0f} offered; at least {LEAST}, ODK Central's published {PUBLISHED}"
    )
    yield Figure(page=page, what=about, unit="a second", values=(sent.per_second,))
    for part, bar in ((0.5, None), (0.95, MOST_P95), (0.99, None)):
        what = f"p{part * 100:.0f} from when it should have been sent to its answer"
        yield Figure(page=page, what=what, unit="ms", values=(sent.share(part),), bar=bar)
    yield Figure(page=page, what="not accepted", unit="reports", values=(refused,), bar=0)
    yield Figure(page=page, what="accepted and lost", unit="reports", values=(lost,), bar=0)
    yield Figure(page=page, what="doubled", unit="reports", values=(doubled,), bar=0)


def read_map(database: Database, viewer: Viewer, now: datetime, size: Size, say: Say) -> Iterator[Figure]:
    """Tiles, numbers and lists with so many cases; in one transaction that is rolled back."""
    found: list[Figure] = []
    try:
        with database.transaction(SYSTEM) as connection:
            connection.execute("SET LOCAL statement_timeout = 0")
            streets = _streets(connection, viewer)
            connection.execute(MANY, {"cases": size.cases, "streets": streets, "now": now})
            connection.execute("ANALYZE gridmap.incident")
            say(f"{size.cases:,} cases written")
            middle = connection.execute(MIDDLE).fetchone()
            assert middle is not None
            for setting in POOL_SETTINGS["tiles"]:
                connection.execute(b"SET LOCAL " + setting.encode())
            connection.execute("SET LOCAL statement_timeout = 0")
            _look_as(connection, viewer.settings)
            found += _reading(connection, viewer, now, (middle["x"], middle["y"]), size)
            _look_as(connection, SYSTEM)
            raise _Undo
    except _Undo:
        yield from found


def _reading(
    connection: Connection, viewer: Viewer, now: datetime, middle: tuple[float, float], size: Size
) -> Iterator[Figure]:
    whole = Asked(as_of=day_bounds(now.astimezone(OFFICE).date())[1] - timedelta(seconds=1), is_now=True)
    monday = now.astimezone(OFFICE).date() - timedelta(days=now.astimezone(OFFICE).weekday() + 7)
    questions = {
        "open": replace(whole, state="open"),
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
    asked = questions["open"]
    page = f"{size.cases:,} cases, beside the map"
    times = _runs(connection, lambda: count_cases(connection, viewer, asked, now), size.runs)
    yield Figure(page=page, what="how many are open and late", unit="ms", values=times)
    times = _runs(connection, lambda: read_cases(connection, viewer, asked, now, limit=50), size.runs)
    yield Figure(page=page, what="the 50 that are late first", unit="ms", values=times)
    for name in ("incident_density", "repeat_places", "complaints_grids", "in_grid_resolution"):
        layer = BY_NAME[name]
        tile = _tile(middle, 13)
        times = _runs(connection, partial(read_tile, connection, (layer,), tile, viewer, whole), size.runs)
        yield Figure(page=page, what=f"{name}, tile of zoom 13, cold", unit="ms", values=times)


def _streets(connection: Connection, viewer: Viewer) -> list[int]:
    if not viewer.reach.is_city:
        return list(viewer.reach.near)
    return [row["id"] for row in connection.execute("SELECT id FROM gridmap.street ORDER BY id").fetchall()]


def _look_as(connection: Connection, viewer: Mapping[str, str]) -> None:
    """Let row security read from here on what it reads of that viewer."""
    for name in SETTINGS:
        connection.execute("SELECT set_config(%s, %s, true)", (f"app.{name}", viewer.get(name, "")))


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

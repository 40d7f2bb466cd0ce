"""The same thing reported twice, and the same thing coming back: open cases near by, and repeats of a place."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gridmap.db.pools import Connection

RECENT = timedelta(days=30)
"""So far back the same thing coming back is counted; what is still open is the same however old it is."""
REPEATS = 3
"""So many of a kind at a place within that time are a repeat."""
MOST = 5


@dataclass(frozen=True, kw_only=True)
class Sought:
    """What a report is about: its kind, where it lies (longitude, latitude), how near is taken for the same."""

    street_id: int
    kind: str
    near_m: int
    place_id: int | None = None
    at: tuple[float, float] | None = None
    but_id: int | None = None


NEAR = """
WITH spot AS (SELECT public.st_setsrid(public.st_makepoint(%(lon)s, %(lat)s), 4326) AS geom)
SELECT i.id, i.number, i.state, i.kind, i.address, i.text, i.reported_at, i.due_at,
  i.place_id IS NOT NULL AND i.place_id = %(place)s AS is_same_place,
  round(public.st_distance(i.geom::public.geography, spot.geom::public.geography))::integer AS away_m
FROM gridmap.incident i CROSS JOIN spot
WHERE i.street_id = %(street)s AND i.kind = %(kind)s AND i.id IS DISTINCT FROM %(but)s::bigint
  AND i.state NOT IN ('closed', 'rejected', 'duplicate') AND i.reported_at <= %(now)s
  AND (i.place_id = %(place)s OR (i.geom OPERATOR(public.&&) public.st_expand(spot.geom, %(near)s / 60000.0)
    AND public.st_dwithin(i.geom::public.geography, spot.geom::public.geography, %(near)s)))
ORDER BY is_same_place DESC, away_m NULLS LAST, i.reported_at DESC, i.id LIMIT %(most)s
"""
TIMES = """
SELECT count(*) AS times FROM gridmap.incident
WHERE street_id = %(street)s AND kind = %(kind)s AND place_id = %(place)s AND reported_at > %(since)s
  AND reported_at <= %(now)s AND state NOT IN ('rejected', 'duplicate')
"""


def find_duplicates(connection: Connection, sought: Sought, now: datetime) -> list[dict[str, Any]]:
    """Open cases that may be the same: of the kind, at the same place or so near; the likeliest first, few of them.

    Only cases that the viewer may see. Each with id, number, state, address, text, away_m and is_same_place.
    """
    lon, lat = sought.at or (None, None)
    values = {
        "street": sought.street_id,
        "kind": sought.kind,
        "place": sought.place_id,
        "near": sought.near_m,
        "lon": lon,
        "lat": lat,
        "but": sought.but_id,
        "now": now,
        "most": MOST,
    }
    return connection.execute(NEAR, values).fetchall()


def times_before(connection: Connection, street_id: int, kind: str, place_id: int | None, now: datetime) -> int:
    """How often the kind came up at the place within 30 days; at REPEATS it is a repeat."""
    if place_id is None:
        return 0
    values = {"street": street_id, "kind": kind, "place": place_id, "since": now - RECENT, "now": now}
    row = connection.execute(TIMES, values).fetchone()
    return int((row or {})["times"])

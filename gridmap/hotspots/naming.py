"""How an area is called: by the estate in which most of it happened, else by the road beside it."""

from collections import Counter
from collections.abc import Sequence

import shapely

from gridmap.db.pools import Connection
from gridmap.hotspots.reckoning import Finding, Member

MOSTLY = 0.5
"""An estate gives its name where at least so much of what was observed happened in it."""
ROAD = """
SELECT b.name FROM gridmap.basemap b,
  (SELECT ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326) AS geom) s
WHERE b.street_id = %(street)s AND b.kind = 'road' AND b.class NOT IN ('path', 'rail') AND btrim(b.name) <> ''
  AND b.geom && ST_Expand(s.geom, 0.004)
ORDER BY b.geom <-> s.geom, b.id LIMIT 1
"""
COMMUNITY = "SELECT name FROM gridmap.community WHERE street_id = %s AND id = %s"
Name = tuple[str | None, str | None]


def name_of(connection: Connection, street_id: int, finding: Finding) -> Name:
    """The name and what it is the name of: estate, road or community; of a single address that of its place."""
    if finding.status == "repeat":
        return address_of(finding.members[0]), None
    if finding.number is None:
        return None, None
    estate, share = _estate(finding.members)
    if estate is not None and share >= MOSTLY:
        return estate, "estate"
    road = _road(connection, street_id, finding)
    if road is not None:
        return road, "road"
    return (estate, "estate") if estate is not None else _community(connection, street_id, finding)


def address_of(member: Member) -> str:
    """A place with the estate that it stands in, which its own name need not tell."""
    unit = member.unit
    return unit.name if not unit.estate or unit.estate in unit.name else f"{unit.estate}{unit.name}"


def _estate(members: Sequence[Member]) -> tuple[str | None, float]:
    held: Counter[str] = Counter()
    for one in members:
        if one.unit.estate:
            held[one.unit.estate] += one.observed
    whole = sum(one.observed for one in members)
    if not held or not whole:
        return None, 0.0
    name, times = min(held.items(), key=lambda item: (-item[1], item[0]))
    return name, times / whole


def _road(connection: Connection, street_id: int, finding: Finding) -> str | None:
    middle = shapely.from_wkb(finding.shape).centroid
    row = connection.execute(ROAD, {"street": street_id, "lon": middle.x, "lat": middle.y}).fetchone()
    return row["name"] if row else None


def _community(connection: Connection, street_id: int, finding: Finding) -> Name:
    communities = Counter(one.unit.where[0] for one in finding.members if one.unit.where[0] is not None)
    if not communities:
        return None, None
    row = connection.execute(COMMUNITY, (street_id, communities.most_common(1)[0][0])).fetchone()
    return (row["name"], "community") if row else (None, None)

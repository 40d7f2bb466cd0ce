"""Where the demo's cases may lie, and who may have them: estates with houses, their places, companies, teams."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg

from gridmap.demo.choice import between, fraction

HUAYUAN = "442000002005"
HUAYUAN_SHARE = 0.26
"""Of all cases, in the community of which most accounts of the demo are; the rest lies where households are."""
OWN = ("grid_id", "place_id")
METRES = 111_320.0
"""Of a degree of latitude."""
NEAR_M = (9, 21)
"""How far from its house a spot lies that is no place."""


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where a case lies; longitude and latitude."""

    street_id: int
    place_id: int | None
    community_id: int
    grid_id: int | None
    micro_grid_id: int | None
    estate_id: int | None
    code: str
    lon: float
    lat: float
    address: str


@dataclass(kw_only=True)
class Home:
    """An estate with houses: its weight among all, who manages it, and its spots by kind."""

    id: int
    code: str
    street_id: int
    community_id: int
    weight: float = 0.0
    owner: int | None = None
    team: int | None = None
    """Residents who look after parking here."""
    enforcement: int | None = None
    spots: dict[str, list[Spot]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """All of it; `workers` are the grid workers by grid, `seen` the doors that the demo's own workers look after."""

    homes: tuple[Home, ...]
    workers: Mapping[int, int]
    seen: tuple[Spot, ...] = ()

    def home_for(self, entity: str) -> Home:
        """One of the estates, by their weights."""
        left = fraction(entity, "estate")
        for home in self.homes:
            left -= home.weight
            if left < 0:
                return home
        return self.homes[-1]


ESTATES = """
SELECT p.id, p.code, p.street_id, p.community_id, c.code AS community_code,
  coalesce(e.property_id, (
    SELECT m.organisation_id FROM gridmap.organisation_place m
    WHERE m.street_id = p.street_id AND m.place_id = p.id AND m.relation = 'manages' AND m.valid @> %(day)s::date
    ORDER BY m.organisation_id LIMIT 1)) AS owner,
  (SELECT min(o.id) FROM gridmap.organisation o
   WHERE o.kind = 'residents_group' AND o.community_id = p.community_id AND o.valid @> %(day)s::date) AS team,
  (SELECT min(o.id) FROM gridmap.organisation o
   WHERE o.kind = 'department' AND o.street_id = p.street_id AND o.name LIKE '%%综合行政执法队'
     AND o.valid @> %(day)s::date) AS enforcement,
  greatest(coalesce(e.counted_households, e.declared_households, 1), 1) AS households
FROM gridmap.place p
JOIN gridmap.estate e ON e.street_id = p.street_id AND e.place_id = p.id
JOIN gridmap.street s ON s.id = p.street_id AND s.is_demo
JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
WHERE p.kind = 'estate' AND p.source = 'demo' AND p.street_id < 20000 AND EXISTS (
  SELECT FROM gridmap.place b WHERE b.street_id = p.street_id AND b.estate_id = p.id AND b.kind = 'building')
ORDER BY p.code, p.id
"""
# the same words for the address, and the same point, as gridmap.incidents.routing has for a place
PLACES = """
SELECT p.street_id, p.id AS place_id, p.kind, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, p.code,
  public.st_x(s.geom) AS lon, public.st_y(s.geom) AS lat,
  concat_ws(' ', e.name, CASE WHEN b.id IS DISTINCT FROM e.id THEN b.name END,
            CASE WHEN p.id IS DISTINCT FROM e.id THEN p.name END) AS address
FROM gridmap.place p
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id
LEFT JOIN gridmap.place b ON b.street_id = p.street_id AND b.id = p.parent_id
CROSS JOIN LATERAL (SELECT public.st_pointonsurface(coalesce(p.geom, b.geom)) AS geom) s
WHERE p.estate_id = ANY (%(estates)s) AND p.kind IN ('building', 'stairwell', 'zone') AND s.geom IS NOT NULL
ORDER BY p.code, p.id
"""
BARE = """
SELECT d.number, c.street_id, NULL::bigint AS place_id, 'point' AS kind, c.id AS community_id, g.id AS grid_id,
  m.id AS micro_grid_id, e.id AS estate_id, d.code, d.lon, d.lat,
  concat_ws(' ', c.name, coalesce(e.name, g.name)) AS address
FROM unnest(%(codes)s::text[], %(streets)s::integer[], %(lons)s::float8[], %(lats)s::float8[])
  WITH ORDINALITY AS d (code, street_id, lon, lat, number)
CROSS JOIN LATERAL (SELECT public.st_setsrid(public.st_makepoint(d.lon, d.lat), 4326) AS geom) s
CROSS JOIN LATERAL (
  SELECT x.street_id, x.id, x.name FROM gridmap.community x
  WHERE x.street_id = d.street_id AND public.st_covers(x.geom, s.geom) ORDER BY x.code LIMIT 1) c
LEFT JOIN LATERAL (
  SELECT x.id, x.name FROM gridmap.place x
  JOIN gridmap.grid t ON t.street_id = x.street_id AND t.place_id = x.id AND t.type <> 'micro'
  WHERE x.street_id = d.street_id AND x.kind = 'grid' AND public.st_covers(x.geom, s.geom)
  ORDER BY x.code LIMIT 1) g ON true
LEFT JOIN LATERAL (
  SELECT x.id FROM gridmap.place x
  JOIN gridmap.grid t ON t.street_id = x.street_id AND t.place_id = x.id AND t.type = 'micro'
  WHERE x.street_id = d.street_id AND x.kind = 'grid' AND x.grid_id = g.id AND public.st_covers(x.geom, s.geom)
  ORDER BY x.code LIMIT 1) m ON true
JOIN LATERAL (
  SELECT x.id, x.name FROM gridmap.place x
  WHERE x.street_id = d.street_id AND x.kind = 'estate' AND public.st_covers(x.geom, s.geom)
  ORDER BY public.st_area(x.geom), x.code LIMIT 1) e ON true
ORDER BY d.number
"""
WORKERS = """
SELECT DISTINCT ON (a.place_id) a.place_id AS grid_id, a.person_id
FROM gridmap.assignment a JOIN gridmap.street s ON s.id = a.street_id AND s.is_demo
WHERE a.role = 'grid_worker' AND a.is_primary AND upper_inf(a.valid) ORDER BY a.place_id, a.id
"""


# of the grid worker and the building manager who have accounts; gridmap.demo.accounts chooses the same two
SEEN = """
SELECT (
  SELECT p.id FROM gridmap.place p JOIN gridmap.grid g ON g.street_id = p.street_id AND g.place_id = p.id
  JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id AND c.code = %(community)s
  JOIN gridmap.assignment a ON a.street_id = p.street_id AND a.place_id = p.id AND a.role = 'grid_worker'
    AND a.is_primary AND upper_inf(a.valid)
  ORDER BY p.code, p.id LIMIT 1) AS grid_id, (
  SELECT p.id FROM gridmap.place p
  JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id AND c.code = %(community)s
  JOIN gridmap.assignment a ON a.street_id = p.street_id AND a.place_id = p.id AND a.role = 'building_manager'
    AND a.is_primary AND upper_inf(a.valid)
  WHERE p.kind = 'stairwell' ORDER BY p.code, p.id LIMIT 1) AS place_id
"""


def read_ground(connection: "psycopg.Connection[Any]", day: date) -> Ground:
    """The demo's estates with houses, by code; rows come as dicts."""
    homes = {row["id"]: _home(row) for row in connection.execute(ESTATES, {"day": day}).fetchall()}
    rows = connection.execute(PLACES, {"estates": list(homes)}).fetchall()
    rows += _bare(connection, [row for row in rows if row["kind"] == "building"])
    for row in rows:
        home = homes.get(row["estate_id"])
        if home is not None:
            spot = Spot(**{name: row[name] for name in Spot.__dataclass_fields__})
            home.spots.setdefault(row["kind"], []).append(spot)
    workers = {row["grid_id"]: row["person_id"] for row in connection.execute(WORKERS).fetchall()}
    own = connection.execute(SEEN, {"community": HUAYUAN}).fetchone() or {}
    doors = [spot for home in homes.values() for spot in home.spots.get("stairwell", ())]
    seen = [next((spot for spot in doors if getattr(spot, name) == own.get(name)), None) for name in OWN]
    return Ground(
        homes=tuple(_weighed(homes.values())), workers=workers, seen=tuple(spot for spot in seen if spot is not None)
    )


def _home(row: Mapping[str, Any]) -> Home:
    names = ("id", "code", "street_id", "community_id", "owner", "team", "enforcement")
    home = Home(**{name: row[name] for name in names})
    home.weight = float(row["households"])
    return home


def _weighed(homes: Any) -> list[Home]:
    """The same with weights that make 1: those of 花苑 its share, the others the rest."""
    found = list(homes)
    inside = [home for home in found if home.code.startswith(HUAYUAN)]
    outside = [home for home in found if not home.code.startswith(HUAYUAN)]
    for part, share in ((inside, HUAYUAN_SHARE), (outside, 1 - HUAYUAN_SHARE)):
        total = sum(home.weight for home in part)
        for home in part:
            home.weight = home.weight / total * share
    return found


def _bare(connection: "psycopg.Connection[Any]", buildings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A spot beside each house that is no place: on paths and lawns, inside its estate."""
    moved = [_beside(row) for row in buildings]
    return connection.execute(
        BARE,
        {
            "codes": [row["code"] for row in buildings],
            "streets": [row["street_id"] for row in buildings],
            "lons": [lon for lon, _lat in moved],
            "lats": [lat for _lon, lat in moved],
        },
    ).fetchall()


def _beside(row: Mapping[str, Any]) -> tuple[float, float]:
    away = between(row["code"], "case away", *NEAR_M) / METRES
    angle = 2 * math.pi * fraction(row["code"], "case angle")
    lat = row["lat"] + away * math.sin(angle)
    return round(row["lon"] + away * math.cos(angle) / math.cos(math.radians(lat)), 7), round(lat, 7)

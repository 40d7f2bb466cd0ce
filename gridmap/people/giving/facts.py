"""What giving needs to know of places and roles: size, building, position, level."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from gridmap.coords import LonLat
from gridmap.db.pools import Connection

KINDS_OF_LEVEL: Mapping[str, tuple[str, ...]] = {
    "community": ("grid",),
    "grid": ("grid",),
    "estate": ("estate",),
    "building": ("building",),
    "stairwell": ("stairwell", "building"),
    "household": ("stairwell", "building"),
    "zone": ("zone",),
}
"""Kinds of places that a role of this level is held at. A building without stairwells counts as one."""
NOT_LIVED_IN = ("garage", "public", "commercial")


@dataclass(frozen=True, kw_only=True)
class PlaceFacts:
    """A place as giving knows it. `point` lies on it, or on the building around it; None where neither is drawn."""

    id: int
    kind: str
    code: str
    name: str
    building_id: int | None
    building_name: str | None
    building_kind: str | None
    estate_id: int | None
    estate_name: str | None
    property_id: int | None
    community_id: int | None
    grid_id: int | None
    micro_grid_id: int | None
    households: int
    buildings: int
    units: tuple[str, ...]
    has_stairwells: bool
    point: LonLat | None


@dataclass(frozen=True, kw_only=True)
class RoleFacts:
    """A role; `capacity` None: as many places as it comes; `of_organisations` empty: anybody may take it."""

    code: str
    title: str
    title_en: str
    level: str
    capacity: int | None
    of_organisations: tuple[str, ...]


FACTS = """
SELECT p.id, p.kind, p.code, p.name, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id,
  CASE p.kind WHEN 'stairwell' THEN p.parent_id WHEN 'building' THEN p.id END AS building_id,
  CASE p.kind WHEN 'stairwell' THEN up.name WHEN 'building' THEN p.name END AS building_name,
  b.kind AS building_kind, en.name AS estate_name, e.property_id,
  CASE p.kind
    WHEN 'stairwell' THEN cardinality(s.units)
    WHEN 'building' THEN cardinality(b.units) + coalesce(inside.households, 0)
    WHEN 'grid' THEN g.counted_households
    WHEN 'estate' THEN e.counted_households
  END AS households,
  CASE p.kind WHEN 'grid' THEN g.counted_buildings WHEN 'estate' THEN e.counted_buildings
    WHEN 'zone' THEN 0 ELSE 1 END AS buildings,
  CASE p.kind WHEN 'stairwell' THEN s.units WHEN 'building' THEN b.units ELSE '{}' END AS units,
  coalesce(inside.stairwells, 0) > 0 AS has_stairwells,
  st_x(o.point) AS lon, st_y(o.point) AS lat
FROM gridmap.place p
LEFT JOIN gridmap.place up ON up.street_id = p.street_id AND up.id = p.parent_id AND up.kind = 'building'
LEFT JOIN gridmap.stairwell s ON s.street_id = p.street_id AND s.place_id = p.id
LEFT JOIN gridmap.building b ON b.street_id = p.street_id
  AND b.place_id = CASE WHEN p.kind = 'stairwell' THEN p.parent_id ELSE p.id END
LEFT JOIN gridmap.grid g ON g.street_id = p.street_id AND g.place_id = p.id
LEFT JOIN gridmap.estate e ON e.street_id = p.street_id AND e.place_id = p.estate_id
LEFT JOIN gridmap.place en ON en.street_id = p.street_id AND en.id = p.estate_id
LEFT JOIN LATERAL (
  SELECT count(*) AS stairwells, sum(cardinality(i.units)) AS households
  FROM gridmap.place c JOIN gridmap.stairwell i ON i.street_id = c.street_id AND i.place_id = c.id
  WHERE c.street_id = p.street_id AND c.parent_id = p.id AND p.kind = 'building'
) inside ON true
CROSS JOIN LATERAL (SELECT st_pointonsurface(coalesce(p.geom, up.geom)) AS point) o
WHERE p.street_id = %(street)s AND p.id = ANY (%(places)s)
"""
ROLES = """
SELECT code, title, title_en, level, capacity, of_organisations FROM gridmap.duty_role ORDER BY sort, code
"""


def place_facts(connection: Connection, street: int, places: Collection[int]) -> dict[int, PlaceFacts]:
    """The places of the street among these ids that the viewer sees, by id."""
    rows = connection.execute(FACTS, {"street": street, "places": sorted(set(places))}).fetchall()
    return {row["id"]: _facts(row) for row in rows}


def role_facts(connection: Connection) -> dict[str, RoleFacts]:
    """Every role by its code, in the office's order."""
    rows = connection.execute(ROLES).fetchall()
    return {row["code"]: RoleFacts(**row | {"of_organisations": tuple(row["of_organisations"])}) for row in rows}


def fits(role: RoleFacts, place: PlaceFacts, unit: str) -> str:
    """Why the role cannot be held at the place, in a word that the page knows; empty where it can."""
    if place.kind not in KINDS_OF_LEVEL.get(role.level, ()):
        return "role"
    if role.level == "stairwell" and place.has_stairwells:
        return "stairwells"
    if (role.level == "household") is not bool(unit):
        return "unit"
    if unit and unit not in place.units:
        return "unit"
    return ""


def _facts(row: dict[str, Any]) -> PlaceFacts:
    lon, lat = row.pop("lon"), row.pop("lat")
    found = row | {
        "units": tuple(row["units"] or ()),
        "households": int(row["households"] or 0),
        "buildings": int(row["buildings"] or 0),
        "point": LonLat(lon, lat) if lon is not None else None,
    }
    return PlaceFacts(**found)

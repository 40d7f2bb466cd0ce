"""What a search reads of a street: the units at which something can happen, and what happened at which of them when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coords import LonLat, measuring_epsg, project
from gridmap.db.pools import Connection
from gridmap.hotspots.subjects import VIOLATIONS, Spell, Subject

Floats = NDArray[np.float64]
WHERE = ("community_id", "grid_id", "micro_grid_id", "estate_id")
NEAR_M = 60.0
"""A case that is told of a yard, a facility or a bare point belongs to the building next to it, if one is that near."""
SPOT = "ST_PointOnSurface(p.geom)"
OF_PLACE = (
    "p.id, p.name, e.name AS estate, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id,"
    f" ST_X({SPOT}) AS lon, ST_Y({SPOT}) AS lat"
)
OF_ESTATE = "LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id"
# a kerb is as long as its line, or as the longer side of its area, which is about half of what goes around it
ZONES = f"""
SELECT {OF_PLACE}, z.capacity AS places,
  CASE ST_Dimension(p.geom) WHEN 1 THEN ST_Length(p.geom::geography)
    WHEN 2 THEN ST_Perimeter(p.geom::geography) / 2 END AS kerb_metres
FROM gridmap.place p JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
{OF_ESTATE}
WHERE p.street_id = %(street)s AND p.kind = 'zone' AND z.kind = 'parking' AND p.geom IS NOT NULL ORDER BY p.id
"""  # noqa: S608 - our own columns
BUILDINGS = f"""
SELECT {OF_PLACE}, coalesce(b.counted_households, b.declared_households) AS households
FROM gridmap.place p JOIN gridmap.building b ON b.street_id = p.street_id AND b.place_id = p.id
{OF_ESTATE}
WHERE p.street_id = %(street)s AND p.kind = 'building' AND p.geom IS NOT NULL ORDER BY p.id
"""  # noqa: S608 - our own columns
SEEN = """
SELECT place_id AS unit, evening AS day, count(*) AS times FROM gridmap.violation
WHERE street_id = %(street)s AND withdrawn_at IS NULL AND evening >= %(first)s AND evening < %(ends)s
GROUP BY 1, 2 ORDER BY 1, 2
"""
STAYED = """
SELECT place_id AS unit, day, begun AS times FROM gridmap.zone_stay
WHERE street_id = %(street)s AND begun > 0 AND day >= %(first)s AND day < %(ends)s ORDER BY 1, 2
"""
REPORTED = """
SELECT CASE p.kind WHEN 'building' THEN p.id WHEN 'stairwell' THEN p.parent_id END AS unit,
  i.id, (i.reported_at AT TIME ZONE 'Asia/Shanghai')::date AS day, 1 AS times,
  ST_X(i.geom) AS lon, ST_Y(i.geom) AS lat
FROM gridmap.incident i LEFT JOIN gridmap.place p ON p.street_id = i.street_id AND p.id = i.place_id
WHERE i.street_id = %(street)s AND i.state NOT IN ('rejected', 'duplicate')
  AND i.reported_at >= gridmap.office_midnight(%(first)s) AND i.reported_at < gridmap.office_midnight(%(ends)s)
  AND (%(kind)s::text IS NULL OR i.kind = %(kind)s OR left(i.kind, 2) = %(kind)s)
ORDER BY i.id
"""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A zone or a building: where it belongs, where it lies in degrees, how much can happen there if that is known."""

    id: int
    name: str
    estate: str | None
    where: tuple[int | None, ...]
    lon: float
    lat: float
    exposures: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Case:
    """So many times on that day at that unit; None where no unit is near."""

    unit: int | None
    day: date
    times: int
    id: int | None = None
    """Of an incident; cars of a zone are numbers."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """All that a search needs; `points` are those of the units in metres of `epsg`."""

    units: tuple[Unit, ...]
    cases: tuple[Case, ...]
    epsg: int
    points: Floats


def read_ground(connection: Connection, street_id: int, subject: Subject, spell: Spell) -> Ground:
    """Units and cases of the street for that subject, from the first day of the series on.

    The connection sees the whole street: a search of a part would call its edges hotspots.
    """
    values = {"street": street_id, "first": spell.first, "ends": spell.ends, "kind": subject.kind}
    query, names = (ZONES, ("places", "kerb_metres")) if subject.is_of_parking else (BUILDINGS, ("households",))
    units = tuple(_unit(row, names) for row in connection.execute(query, values).fetchall())
    epsg = _epsg_of(units)
    points = _in_metres([(one.lon, one.lat) for one in units], epsg)
    if subject.is_of_parking:
        rows = connection.execute(SEEN if subject.code == VIOLATIONS else STAYED, values).fetchall()
        cases = tuple(Case(unit=row["unit"], day=row["day"], times=row["times"]) for row in rows)
    else:
        cases = _at_buildings(connection.execute(REPORTED, values).fetchall(), units, points, epsg)
    known = {one.id for one in units}
    lost = tuple(one if one.unit in known else replace(one, unit=None) for one in cases)
    return Ground(units=units, cases=lost, epsg=epsg, points=points)


def _unit(row: Mapping[str, Any], names: Sequence[str]) -> Unit:
    return Unit(
        id=row["id"],
        name=row["name"],
        estate=row["estate"],
        where=tuple(row[name] for name in WHERE),
        lon=row["lon"],
        lat=row["lat"],
        exposures={name: None if row[name] is None else float(row[name]) for name in names},
    )


def _epsg_of(units: Sequence[Unit]) -> int:
    """The zone of the street's middle: its hexagons are the same ground in every search."""
    if not units:
        return measuring_epsg(LonLat(0.0, 0.0))
    lon, lat = np.median([(one.lon, one.lat) for one in units], axis=0)
    return measuring_epsg(LonLat(float(lon), float(lat)))


def _in_metres(degrees: Sequence[tuple[float, float]], epsg: int) -> Floats:
    found: Floats = shapely.get_coordinates(project(shapely.points(np.reshape(degrees, (-1, 2))), epsg))
    return found


def _at_buildings(
    rows: Sequence[Mapping[str, Any]], units: Sequence[Unit], points: Floats, epsg: int
) -> tuple[Case, ...]:
    """Each case at its building, or at the one next to where it lies."""
    known = {one.id for one in units}
    loose = [at for at, row in enumerate(rows) if row["unit"] not in known and row["lon"] is not None]
    nearest: dict[int, int] = {}
    if loose and units:
        there = shapely.points(_in_metres([(rows[at]["lon"], rows[at]["lat"]) for at in loose], epsg))
        tree = shapely.STRtree(shapely.points(points))
        # of several equally near the first by id, whatever the tree's order
        pairs = tree.query_nearest(there, max_distance=NEAR_M, all_matches=True)
        for asked, found in sorted(zip(*pairs.tolist(), strict=True), reverse=True):
            nearest[loose[asked]] = units[found].id
    return tuple(
        Case(unit=nearest.get(at, row["unit"]), day=row["day"], times=row["times"], id=row["id"])
        for at, row in enumerate(rows)
    )

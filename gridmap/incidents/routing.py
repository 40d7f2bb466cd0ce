"""Which unit a case belongs to: components to their owner first, events to their territory first.

Source of the rule: GB/T 30428 (部件先属主后属地, 事件先属地后属主); what nothing matches falls to the community of the
point (属地兜底). Within the error of a position both sides of a border are offered, of equals the lowest code first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gridmap.db.pools import Connection

MOST_ACCURACY_M = 200
"""A position that says no more than this says nothing about borders."""
ORDER: Mapping[str, tuple[str, ...]] = {
    "component": ("owner", "taker", "team", "community"),
    "event": ("team", "community", "owner", "taker"),
}
"""By nature of the kind: who is asked first."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """Who may lead a case: an organisation, or (organisation_id None) the community itself.

    `why`: owner (manages the component or its estate), team (looks after such cases here), taker (a department for
    such cases), community.
    """

    organisation_id: int | None
    community_id: int | None
    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where a case lies: the place, if any, its point (longitude, latitude), and what it belongs to."""

    street_id: int
    place_id: int | None = None
    community_id: int | None = None
    grid_id: int | None = None
    micro_grid_id: int | None = None
    estate_id: int | None = None
    at: tuple[float, float] | None = None
    address: str = ""
    beside: tuple[int, ...] = ()
    """Other communities within the error of the position; of a place of no community, that of its point."""

    @property
    def columns(self) -> dict[str, int | None]:
        """The scope columns of a row that lies there."""
        names = ("place_id", "community_id", "grid_id", "micro_grid_id", "estate_id")
        return {name: getattr(self, name) for name in names}


PLACE = """
SELECT p.street_id, p.id, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id,
  public.st_x(s.geom) AS lon, public.st_y(s.geom) AS lat,
  concat_ws(' ', e.name, CASE WHEN b.id IS DISTINCT FROM e.id THEN b.name END,
            CASE WHEN p.id IS DISTINCT FROM e.id THEN p.name END,
            CASE WHEN e.id IS NULL AND p.kind IN ('building', 'stairwell') THEN '(' || p.code || ')' END) AS address
FROM gridmap.place p
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id
LEFT JOIN gridmap.place b ON b.street_id = p.street_id AND b.id = p.parent_id
CROSS JOIN LATERAL (SELECT public.st_pointonsurface(coalesce(p.geom, b.geom)) AS geom) s
WHERE p.street_id = %(street)s AND p.id = %(place)s
"""
AT = "SELECT * FROM gridmap.territory_at(%(lon)s, %(lat)s, %(within)s)"
UNITS = """
SELECT 'owner' AS why, 0 AS rank, o.id, o.name, NULL::bigint AS community
FROM gridmap.organisation_place m JOIN gridmap.organisation o ON o.id = m.organisation_id AND o.valid @> %(day)s::date
WHERE m.street_id = %(street)s AND m.place_id = %(place)s AND m.relation = 'manages' AND m.valid @> %(day)s::date
UNION ALL
SELECT 'owner', 1, o.id, o.name, NULL
FROM gridmap.estate e JOIN gridmap.organisation o ON o.id = e.property_id AND o.valid @> %(day)s::date
WHERE e.street_id = %(street)s AND e.place_id = %(estate)s
UNION ALL
SELECT 'owner', 2, o.id, o.name, NULL
FROM gridmap.organisation_place m JOIN gridmap.organisation o ON o.id = m.organisation_id AND o.valid @> %(day)s::date
WHERE m.street_id = %(street)s AND m.place_id = %(estate)s AND m.relation = 'manages' AND m.valid @> %(day)s::date
UNION ALL
SELECT CASE WHEN o.kind IN ('department', 'property_company') THEN 'taker' ELSE 'team' END, t.sort, o.id, o.name, NULL
FROM gridmap.incident_taker t JOIN gridmap.organisation o ON o.id = t.organisation_id AND o.valid @> %(day)s::date
WHERE t.street_id = %(street)s AND t.kind = %(kind)s AND (
  o.kind IN ('department', 'property_company') OR o.community_id = %(community)s OR EXISTS (
    SELECT FROM gridmap.organisation_place c
    WHERE c.street_id = %(street)s AND c.organisation_id = o.id AND c.valid @> %(day)s::date
      AND c.place_id = ANY (%(around)s)))
UNION ALL
SELECT 'community', array_position(%(communities)s::bigint[], c.id), NULL, c.name, c.id
FROM gridmap.community c WHERE c.street_id = %(street)s AND c.id = ANY (%(communities)s)
ORDER BY 2, 3
"""


def spot_of_place(connection: Connection, place_id: int) -> Spot:
    """Where a place lies. Raises LookupError where the viewer sees no such place."""
    row = connection.execute(PLACE, {"street": place_id >> 32, "place": place_id}).fetchone()
    if row is None:
        raise LookupError(place_id)
    names = ("street_id", "community_id", "grid_id", "micro_grid_id", "estate_id", "address")
    at = (row["lon"], row["lat"]) if row["lon"] is not None else None
    spot = Spot(place_id=row["id"], at=at, **{name: row[name] for name in names})
    if at is None or spot.community_id is not None:
        return spot
    # a place of no community: that of its point takes what nobody else does
    rows = connection.execute(AT, {"lon": at[0], "lat": at[1], "within": 0}).fetchall()
    around = [row for row in rows if row["kind"] == "community" and row["street_id"] == spot.street_id]
    return replace(spot, beside=tuple(row["id"] for row in around))


def spot_at(
    connection: Connection, at: tuple[float, float], accuracy_m: int | None = None, community_id: int | None = None
) -> Spot:
    """What lies at a point (longitude, latitude, EPSG:4326), with the communities within its error.

    `community_id`: which of those it is, as whoever stands there says; any other one is not heard. Raises LookupError
    where it lies in no community that the viewer knows of.
    """
    within = min(accuracy_m or 0, MOST_ACCURACY_M)
    rows = connection.execute(AT, {"lon": at[0], "lat": at[1], "within": within}).fetchall()
    return spot_of_rows(at, rows, community_id)


def spot_of_rows(at: tuple[float, float], rows: Sequence[Mapping[str, Any]], community_id: int | None = None) -> Spot:
    """Of what lies near, the nearest first: what the point is in, and the other communities. Raises LookupError."""
    inside = [row for row in rows if row["away_m"] == 0]
    communities = [row for row in rows if row["kind"] == "community"]
    if not communities:
        raise LookupError(at)
    home = next((row for row in communities if row["id"] == community_id), communities[0])
    grid = _first(inside, "grid", home)
    micro = _first((row for row in inside if grid and row["grid_id"] == grid["id"]), "micro_grid", home)
    estate = _first(inside, "estate", home)
    return Spot(
        street_id=home["street_id"],
        community_id=home["id"],
        grid_id=grid["id"] if grid else None,
        micro_grid_id=micro["id"] if micro else None,
        estate_id=estate["id"] if estate else None,
        at=at,
        address=" ".join(row["name"] for row in (home, estate or grid) if row),
        beside=tuple(row["id"] for row in communities if row is not home and row["street_id"] == home["street_id"]),
    )


def offer_units(connection: Connection, kind: Mapping[str, Any], spot: Spot, day: object) -> tuple[Unit, ...]:
    """The units that the case may go to, the first being the rule's own; the community of the point is always there.

    `kind`: a row of incident_kind. `day`: the business day on which organisations and what they manage must be valid.
    """
    communities = [one for one in (spot.community_id, *spot.beside) if one is not None]
    around = [spot.place_id, spot.grid_id, spot.micro_grid_id, spot.estate_id]
    rows = connection.execute(
        UNITS,
        {
            "street": spot.street_id,
            "kind": kind["code"],
            "place": spot.place_id,
            "estate": spot.estate_id,
            "community": spot.community_id,
            "communities": communities,
            "around": [one for one in around if one is not None],
            "day": day,
        },
    ).fetchall()
    return ordered(kind["nature"], rows, spot.community_id)


def ordered(nature: str, rows: Iterable[Mapping[str, Any]], community_id: int | None) -> tuple[Unit, ...]:
    """The candidates in the order of their nature, each once."""
    order = ORDER[nature]
    units: dict[tuple[int | None, int | None], Unit] = {}
    for row in sorted(rows, key=lambda row: order.index(row["why"])):
        community = row["community"] if row["why"] == "community" else community_id
        unit = Unit(organisation_id=row["id"], community_id=community, name=row["name"], why=row["why"])
        units.setdefault((row["id"], None if row["id"] else community), unit)
    return tuple(units.values())


def _first(rows: Iterable[Mapping[str, Any]], kind: str, home: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The first of that kind in the street of the community; a grid of that community."""
    fitting = (row for row in rows if row["kind"] == kind and row["street_id"] == home["street_id"])
    return next((row for row in fitting if kind == "estate" or row["community_id"] in (None, home["id"])), None)

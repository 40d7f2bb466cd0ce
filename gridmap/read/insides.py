"""The estates, grids and communities that something can be cut to, by name."""

from dataclasses import dataclass

from gridmap.db.pools import Connection
from gridmap.scope import Viewer

MOST = 1_500
COMMUNITIES = """
SELECT c.id, c.name, c.code, s.name AS street FROM gridmap.community c JOIN gridmap.street s ON s.id = c.street_id
WHERE %(all)s OR c.street_id = ANY(%(near)s) ORDER BY c.street_id, c.code LIMIT %(most)s
"""
PLACES = """
SELECT p.id, p.name, p.code, coalesce(c.name, s.name) AS street, e.built_year,
  coalesce(e.counted_households, e.declared_households) AS households
FROM gridmap.place p JOIN gridmap.street s ON s.id = p.street_id
LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
LEFT JOIN gridmap.estate e ON e.street_id = p.street_id AND e.place_id = p.id
WHERE (%(all)s OR p.street_id = ANY(%(near)s)) AND p.kind = %(kind)s AND p.geom IS NOT NULL
  AND (NOT %(outlined)s OR ST_Dimension(p.geom) = 2)
ORDER BY p.street_id, p.community_id, p.code LIMIT %(most)s
"""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An area that a file can be cut to."""

    id: int
    name: str
    within: str
    built_year: int | None = None
    households: int | None = None


def read_choices(connection: Connection, viewer: Viewer) -> dict[str, list[Choice]]:
    """By kind: estate, grid, community; what the viewer's row security lets through, at most 1,500 of each."""
    values = _values(viewer)
    rows = connection.execute(COMMUNITIES, values).fetchall()
    communities = [Choice(id=row["id"], name=row["name"], within=row["street"]) for row in rows]
    return {
        "estate": read_estates(connection, viewer, with_outline=True),
        "grid": _places(connection, values | {"kind": "grid"}),
        "community": communities,
    }


def read_estates(connection: Connection, viewer: Viewer, *, with_outline: bool = False) -> list[Choice]:
    """The estates that the viewer sees, community by community."""
    return _places(connection, _values(viewer) | {"kind": "estate", "outlined": with_outline})


def _values(viewer: Viewer) -> dict[str, object]:
    return {"all": viewer.reach.is_city, "near": list(viewer.reach.near), "most": MOST, "outlined": True}


def _places(connection: Connection, values: dict[str, object]) -> list[Choice]:
    return [
        Choice(
            id=row["id"],
            name=row["name"],
            within=row["street"],
            built_year=row["built_year"],
            households=row["households"],
        )
        for row in connection.execute(PLACES, values).fetchall()
    ]

"""The estates, grids and communities that something can be cut to, by name."""

from dataclasses import dataclass

from gridmap.db.pools import Connection

COMMUNITIES = """
SELECT c.id, c.name, s.name AS within FROM gridmap.community c JOIN gridmap.street s ON s.id = c.street_id
WHERE c.street_id = %(street)s ORDER BY c.code
"""
PLACES = """
SELECT p.id, p.name, coalesce(c.name, s.name) AS within, e.built_year,
  coalesce(e.counted_households, e.declared_households) AS households
FROM gridmap.place p JOIN gridmap.street s ON s.id = p.street_id
LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
LEFT JOIN gridmap.estate e ON e.street_id = p.street_id AND e.place_id = p.id
WHERE p.street_id = %(street)s AND p.kind = %(kind)s AND ST_Dimension(p.geom) = 2
ORDER BY p.community_id, p.code
"""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An area that a file can be cut to."""

    id: int
    name: str
    within: str
    built_year: int | None = None
    households: int | None = None


def read_choices(connection: Connection, street_id: int) -> dict[str, list[Choice]]:
    """By kind: estates, grids and communities of a street that the viewer's row security lets through."""
    communities = connection.execute(COMMUNITIES, {"street": street_id}).fetchall()
    return {
        "estate": read_estates(connection, street_id),
        "grid": _places(connection, street_id, "grid"),
        "community": [Choice(**row) for row in communities],
    }


def read_estates(connection: Connection, street_id: int) -> list[Choice]:
    """The estates of the street that the viewer sees and that have an outline, community by community."""
    return _places(connection, street_id, "estate")


def _places(connection: Connection, street_id: int, kind: str) -> list[Choice]:
    rows = connection.execute(PLACES, {"street": street_id, "kind": kind}).fetchall()
    return [Choice(**row) for row in rows]

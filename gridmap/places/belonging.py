"""What a shape lies in, and the history of that: memberships and boundaries, and what was said at the place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapely.geometry.base import BaseGeometry

from gridmap.db.pools import Connection

PLACES = ("community_id", "grid_id", "micro_grid_id", "estate_id")
AT = "SELECT * FROM gridmap.territory_at(%s, %s, 0)"
CLOSE_MEMBERSHIP = """
UPDATE gridmap.membership SET valid = daterange(lower(valid), %(today)s)
WHERE street_id = %(street)s AND place_id = %(place)s AND upper_inf(valid) AND coalesce(lower(valid) < %(today)s, true)
"""
DROP_MEMBERSHIP = """
DELETE FROM gridmap.membership WHERE street_id = %(street)s AND place_id = %(place)s AND upper_inf(valid)
"""
OPEN_MEMBERSHIP = """
INSERT INTO gridmap.membership (street_id, place_id, valid, community_id, grid_id, micro_grid_id, estate_id)
VALUES (%(street)s, %(place)s, daterange(%(today)s, NULL), %(community_id)s, %(grid_id)s, %(micro_grid_id)s,
  %(estate_id)s)
"""
FIRST_BOUNDARY = """
INSERT INTO gridmap.boundary (street_id, place_id, valid, geom)
SELECT p.street_id, p.id, daterange(lower(p.valid), %(today)s), p.geom FROM gridmap.place p
WHERE p.street_id = %(street)s AND p.id = %(place)s AND p.geom IS NOT NULL
  AND coalesce(lower(p.valid) < %(today)s, true)
  AND NOT EXISTS (SELECT FROM gridmap.boundary b WHERE b.street_id = p.street_id AND b.place_id = p.id)
"""
CLOSE_BOUNDARY = """
UPDATE gridmap.boundary b SET valid = daterange(lower(b.valid), %(today)s) FROM gridmap.place p
WHERE b.street_id = %(street)s AND b.place_id = %(place)s AND p.street_id = b.street_id AND p.id = b.place_id
  AND upper_inf(b.valid) AND coalesce(lower(b.valid) < %(today)s, true) AND b.geom IS DISTINCT FROM p.geom
"""
DROP_BOUNDARY = """
DELETE FROM gridmap.boundary b USING gridmap.place p
WHERE b.street_id = %(street)s AND b.place_id = %(place)s AND p.street_id = b.street_id AND p.id = b.place_id
  AND upper_inf(b.valid) AND lower(b.valid) >= %(today)s AND b.geom IS DISTINCT FROM p.geom
"""
OPEN_BOUNDARY = """
INSERT INTO gridmap.boundary (street_id, place_id, valid, geom)
SELECT p.street_id, p.id, daterange(%(today)s, NULL), p.geom FROM gridmap.place p
WHERE p.street_id = %(street)s AND p.id = %(place)s AND p.geom IS NOT NULL AND NOT EXISTS (
  SELECT FROM gridmap.boundary b WHERE b.street_id = p.street_id AND b.place_id = p.id AND upper_inf(b.valid))
"""
ASSIGNMENTS = """
UPDATE gridmap.assignment a SET community_id = p.community_id, grid_id = p.grid_id, micro_grid_id = p.micro_grid_id,
  estate_id = p.estate_id
FROM gridmap.place p
WHERE p.street_id = %s AND p.id = %s AND a.street_id = p.street_id AND a.place_id = p.id AND upper_inf(a.valid)
"""


@dataclass(frozen=True, kw_only=True)
class Where:
    """What something lies in: its street and community, the basic grid, the micro grid in that, the inner estate."""

    street_id: int
    community_id: int
    community_code: str
    grid_id: int | None = None
    micro_grid_id: int | None = None
    estate_id: int | None = None


def where_lies(connection: Connection, shape: BaseGeometry) -> Where | None:
    """What a point on the shape's surface lies in; on a border the lowest code wins, of estates the inner one.

    None where it lies in no community of a street in which the viewer sees something.
    """
    point = shape.representative_point()
    return where_of(connection.execute(AT, (point.x, point.y)).fetchall())


def where_of(rows: Iterable[Mapping[str, Any]]) -> Where | None:
    """The same out of the rows of territory_at, which come nearest first, the inner estate before the outer."""
    inside = [row for row in rows if row["away_m"] == 0]
    home = next((row for row in inside if row["kind"] == "community"), None)
    if home is None:
        return None
    around = [row for row in inside if row["street_id"] == home["street_id"]]
    own = [row for row in around if row["community_id"] in (None, home["id"])]
    grid = next((row for row in own if row["kind"] == "grid"), None)
    micros = (row for row in own if row["kind"] == "micro_grid" and grid and row["grid_id"] == grid["id"])
    micro = next(micros, None)
    estate = next((row for row in around if row["kind"] == "estate"), None)
    return Where(
        street_id=home["street_id"],
        community_id=home["id"],
        community_code=home["code"],
        grid_id=grid["id"] if grid else None,
        micro_grid_id=micro["id"] if micro else None,
        estate_id=estate["id"] if estate else None,
    )


def keep_membership(connection: Connection, where: Where, place_id: int, today: date) -> None:
    """The place belongs there from today on; where it belonged until yesterday stays written."""
    values = {name: getattr(where, name) for name in PLACES}
    values |= {"street": where.street_id, "place": place_id, "today": today}
    for statement in (CLOSE_MEMBERSHIP, DROP_MEMBERSHIP, OPEN_MEMBERSHIP):
        connection.execute(statement, values)


def keep_boundary(
    connection: Connection, street_id: int, place_id: int, today: date, *, is_ending: bool = False
) -> None:
    """Write the place's shape as its edition from today on; `is_ending`: before it changes, as that until yesterday."""
    values = {"street": street_id, "place": place_id, "today": today}
    ways = (FIRST_BOUNDARY,) if is_ending else (CLOSE_BOUNDARY, DROP_BOUNDARY, OPEN_BOUNDARY)
    for statement in ways:
        connection.execute(statement, values)


def own_anew(connection: Connection, street_id: int, today: date, place_id: int | None = None) -> None:
    """Let who is assigned there, what was counted and said there, cars of its estate and rotas follow the place."""
    if place_id is not None:
        connection.execute(ASSIGNMENTS, (street_id, place_id))
    connection.execute("SELECT gridmap.own_said(%s::integer[], NULL)", ([street_id],))
    own_rotas(connection, [street_id], today)


def own_rotas(connection: Connection, streets: Sequence[int], today: date, rotas: Sequence[int] | None = None) -> int:
    """Let rotas of these streets lie where their places do, and be seen by who takes part on that day or later.

    `rotas`: only these. How many rows changed.
    """
    row = connection.execute(
        "SELECT gridmap.own_rotas(%s::integer[], %s, %s::bigint[]) AS moved",
        (list(streets), today, None if rotas is None else list(rotas)),
    ).fetchone()
    return int((row or {})["moved"])

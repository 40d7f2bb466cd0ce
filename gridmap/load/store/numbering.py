"""Codes for grids that come without one: community code + 3 digits, rows from north to south, west to east in a row."""

from collections.abc import Sequence

import shapely
from psycopg import sql

from gridmap.db.pools import Connection
from gridmap.load.check import Checked
from gridmap.load.finding import Finding
from gridmap.load.store.stage import refuse
from gridmap.places.numbering import reading_order

COMMUNITIES = """
UPDATE incoming i SET community_id = coalesce(
  (SELECT c.id FROM gridmap.community c WHERE c.street_id = %(street)s
     AND c.code = coalesce(i.fields ->> 'community_code', left(i.code, 12))),
  (SELECT c.id FROM gridmap.community c WHERE c.street_id = %(street)s AND NOT i.fields ? 'community_code'
     AND ST_Covers(c.geom, ST_PointOnSurface(i.geom)) ORDER BY c.code LIMIT 1))
"""
UNNUMBERED = """
SELECT i.n, i.community_id, c.code, ST_AsBinary(i.geom) AS geom,
  coalesce((SELECT max(right(p.code, 3)::integer) FROM gridmap.place p
    WHERE p.street_id = %(street)s AND p.kind = 'grid' AND p.code ~ ('^' || c.code || '[0-9]{3}$')), 0) AS used,
  coalesce((SELECT max(right(o.code, 3)::integer) FROM incoming o
    WHERE o.code ~ ('^' || c.code || '[0-9]{3}$')), 0) AS coming
FROM incoming i JOIN gridmap.community c ON (c.street_id, c.id) = (%(street)s, i.community_id)
WHERE i.code IS NULL AND i.id IS NULL
"""


def number_grids(connection: Connection, checks: Sequence[Checked], street_id: int) -> list[Finding]:
    """Find each grid's community and give codes to those without one; gives the grids of unknown communities."""
    values = {"street": street_id}
    connection.execute(COMMUNITIES, values)
    refused = refuse(
        connection, checks, "community_unknown", sql.SQL("i.fields ? 'community_code' AND i.community_id IS NULL")
    )
    rows = connection.execute(UNNUMBERED, values).fetchall()
    by_community: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        by_community.setdefault(row["code"], []).append(at)
    for code, members in by_community.items():
        shapes = [shapely.from_wkb(bytes(rows[at]["geom"])) for at in members]
        first = max(max(rows[at]["used"], rows[at]["coming"]) for at in members) + 1
        numbered = [
            {"n": rows[members[at]]["n"], "code": f"{code}{first + step:03d}"}
            for step, at in enumerate(reading_order(shapes))
        ]
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE incoming SET code = %(code)s WHERE n = %(n)s", numbered)
    return refused

"""What the register knows, read for the checks: the street's outline, named places, kinds and roles."""

import pandas as pd
import shapely

from gridmap.db.pools import Connection
from gridmap.load.known import SPOT_COLUMNS, Known, known_places

PLACES = """
SELECT kind, code, name, aliases, address, estate_address, ST_X(at) AS lon, ST_Y(at) AS lat
FROM (
  SELECT p.kind, p.code, p.name, p.aliases, p.address, e.address AS estate_address, ST_PointOnSurface(p.geom) AS at
  FROM gridmap.place p LEFT JOIN gridmap.place e
    ON p.kind = 'building' AND (e.street_id, e.id) = (p.street_id, p.estate_id)
  WHERE p.street_id = %(street)s AND p.kind IN ('estate', 'building', 'facility') AND p.geom IS NOT NULL
    AND upper_inf(p.valid) AND (p.name <> '' OR p.address IS NOT NULL)
  UNION ALL
  SELECT 'community', code, name, aliases, NULL, NULL, ST_PointOnSurface(geom)
  FROM gridmap.community WHERE street_id = %(street)s AND geom IS NOT NULL
) named
"""
SPOTS = """
SELECT kind, ST_X(at) AS lon, ST_Y(at) AS lat, area
FROM (
  SELECT kind, ST_Centroid(geom) AS at, ST_Area(geom) AS area FROM gridmap.place
  WHERE street_id = %(street)s AND kind IN ('estate', 'building', 'facility') AND geom IS NOT NULL
) placed
"""
AREAS = """
SELECT name, ST_AsBinary(geom) AS geom FROM (
  SELECT name, geom, 1 AS level FROM gridmap.community WHERE street_id = %(street)s
  UNION ALL SELECT name, geom, 2 FROM gridmap.street WHERE id = %(street)s
  UNION ALL SELECT name, geom, 3 FROM gridmap.district
) held WHERE geom IS NOT NULL ORDER BY level, name
"""


def read_known(connection: Connection, street_id: int | None) -> Known:
    """The Known of a street; None: the code tables alone."""
    kinds = connection.execute("SELECT code, title, title_en FROM gridmap.facility_kind").fetchall()
    roles = connection.execute("SELECT code, title, title_en, level FROM gridmap.duty_role ORDER BY sort").fetchall()
    places, outline, spots = pd.DataFrame(), None, pd.DataFrame()
    areas = connection.execute(AREAS, {"street": street_id}).fetchall()
    if street_id is not None:
        spots = pd.DataFrame(connection.execute(SPOTS, {"street": street_id}).fetchall())
        places = pd.DataFrame(connection.execute(PLACES, {"street": street_id}).fetchall())
        row = connection.execute(
            "SELECT ST_AsBinary(geom) AS geom FROM gridmap.street WHERE id = %s AND geom IS NOT NULL", (street_id,)
        ).fetchone()
        outline = shapely.from_wkb(bytes(row["geom"])) if row else None
    return Known(
        known_places(places),
        outline,
        tuple((kind["code"], kind["title"], kind["title_en"]) for kind in kinds),
        tuple((role["code"], role["title"], role["title_en"], role["level"]) for role in roles),
        tuple((area["name"], shapely.from_wkb(bytes(area["geom"]))) for area in areas),
        spots.reindex(columns=list(SPOT_COLUMNS)),
    )

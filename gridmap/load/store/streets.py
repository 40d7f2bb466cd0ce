"""The street that rows go into: found by its code, or made from the outline of a file."""

from dataclasses import dataclass

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.load.finding import LoadError
from gridmap.load.synonyms import MUNICIPALITIES

SOURCE = "import"
MARGIN_DEGREES = 0.0005
"""About 50 m, so that a street made from a few points has an area."""


@dataclass(frozen=True)
class NewStreet:
    """A street to be made: its 9-digit code and its name."""

    code: str
    name: str


def parse_new_street(text: str) -> NewStreet:
    """`CODE,NAME` as a NewStreet; raises LoadError."""
    code, comma, name = text.partition(",")
    if not comma or not name.strip() or not (code.strip().isdigit() and len(code.strip()) == 9):
        raise LoadError("street_word", given=text)
    return NewStreet(code.strip(), name.strip())


def find_street(connection: Connection, code: str) -> int:
    """The id of the street with that code; raises LoadError naming those that there are."""
    row = connection.execute("SELECT id FROM gridmap.street WHERE code = %s", (code,)).fetchone()
    if row is None:
        known = connection.execute("SELECT code, name FROM gridmap.street ORDER BY code LIMIT 10").fetchall()
        listed = ", ".join(f"{street['code']} {street['name']}" for street in known) or "-"
        raise LoadError("street_unknown", code=code, known=listed)
    identity: int = row["id"]
    return identity


def city_of(code: str) -> tuple[str, str]:
    """The city's code and name for any code below it; the name is the code where it is no municipality."""
    if code[:2] in MUNICIPALITIES:
        return f"{code[:2]}0000", MUNICIPALITIES[code[:2]]
    return f"{code[:4]}00", f"{code[:4]}00"


def ensure_city(connection: Connection, code: str) -> int:
    """The id of the city that a code lies in, made where it is not known yet."""
    city, name = city_of(code)
    connection.execute("INSERT INTO gridmap.city (code, name) VALUES (%s, %s) ON CONFLICT DO NOTHING", (city, name))
    row = connection.execute("SELECT id FROM gridmap.city WHERE code = %s", (city,)).fetchone()
    return int((row or {})["id"])


def ensure_district(connection: Connection, by: Actor, code: str) -> tuple[int, bool]:
    """(the id of the district that a code lies in, whether it had to be made, with its code as its name)."""
    district = code[:6]
    found = connection.execute("SELECT id FROM gridmap.district WHERE code = %s", (district,)).fetchone()
    if found is not None:
        return int(found["id"]), False
    row = connection.execute(
        "INSERT INTO gridmap.district (city_id, code, name, source, source_key, changed_at, changed_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (ensure_city(connection, code), district, district, SOURCE, f"code:{district}", by.business_at, by.account_id),
    ).fetchone()
    return int((row or {})["id"]), True


def hull_of(frames: list[gpd.GeoDataFrame]) -> BaseGeometry:
    """The convex hull of all rows, as a multi-polygon in degrees."""
    parts = shapely.get_parts([shape for frame in frames for shape in frame.geometry])
    hull = shapely.convex_hull(shapely.geometrycollections(list(parts)))
    if hull.area < MARGIN_DEGREES**2:
        hull = hull.buffer(MARGIN_DEGREES)
    return shapely.MultiPolygon([hull])


def ensure_street(connection: Connection, by: Actor, new: NewStreet, hull: BaseGeometry) -> tuple[int, bool]:
    """(the id of the street, whether its district had to be made); one made from files grows with the next file."""
    district_id, made = ensure_district(connection, by, new.code)
    outline = shapely.to_wkb(hull, hex=True, include_srid=False)
    row = connection.execute(
        "INSERT INTO gridmap.street AS s (district_id, code, name, geom, source, source_key, changed_at, changed_by)"
        " VALUES (%(district)s, %(code)s, %(name)s, ST_GeomFromWKB(decode(%(hull)s, 'hex'), 4326),"
        " %(source)s, 'code:' || %(code)s, %(at)s, %(by)s)"
        " ON CONFLICT (code) DO UPDATE SET geom = ST_Multi(ST_ConvexHull(ST_Collect(s.geom, excluded.geom))),"
        " revision = s.revision + 1, changed_at = excluded.changed_at"
        " WHERE s.source = excluded.source AND NOT ST_Covers(s.geom, excluded.geom)"
        " RETURNING id",
        {
            "district": district_id,
            "code": new.code,
            "name": new.name,
            "hull": outline,
            "source": SOURCE,
            "at": by.business_at,
            "by": by.account_id,
        },
    ).fetchone()
    return (int(row["id"]) if row else find_street(connection, new.code)), made

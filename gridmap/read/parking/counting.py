"""The zones whose cars somebody counts, in walking order, each with its last count of a morning and of an evening."""

from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Date, Integer, and_, bindparam, func, literal, select, true

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import is_near, lock_values, locked, of_kinds
from gridmap.read.order import natural, natural_key
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import city, district, place, street, vehicle_count, zone
from gridmap.tables.parking import PARTS

Statement = tuple[str, dict[str, Any]]
MOST_ZONES = 120
"""So many stand in one list; of more, each is counted from its own page."""
SCOPE = ("street_id", "community_id", "grid_id", "micro_grid_id", "estate_id")


def read_zones(
    connection: Connection, viewer: Viewer, day: date, *, also: int = 0, limit: int = MOST_ZONES
) -> list[Row]:
    """The zones that the viewer sees, by estate and name, at most `limit`; and the one with the id `also`.

    Of each its scope columns, `name`, `around` (its estate, where that may be known), `capacity`, `lon` and `lat`
    (WGS 84), `city_code`, and for each part of the day, `morning` and `evening`, the last count until that day:
    `<part>_on`, `<part>_total`, `<part>_outside`.
    """
    text, constants = zones_statement(viewer.reach.shape)
    values = {"day": day, "also": also, "limit": limit}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return sorted(rows, key=lambda row: (natural_key(row["around"] or ""), natural_key(row["name"]), row["id"]))


@lru_cache(maxsize=64)
def zones_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the zones with their last counts."""
    reach, around = reach_of_shape(shape), place.alias("around")
    is_around = and_(around.c.street_id == place.c.street_id, around.c.id == place.c.estate_id, locked(around, reach))
    is_asked = place.c.id == bindparam("also", type_=BigInteger)
    point = func.ST_PointOnSurface(place.c.geom)
    lasts = {part: _last(part) for part in PARTS}
    columns = (
        last.c[name].label(f"{part}_{label}")
        for part, last in lasts.items()
        for name, label in (("counted_on", "on"), ("total", "total"), ("outside", "outside"))
    )
    chosen = (
        select(
            place.c.id,
            place.c.id.label("place_id"),
            *(place.c[name] for name in SCOPE),
            place.c.name,
            around.c.name.label("around"),
            zone.c.capacity,
            func.ST_X(point).label("lon"),
            func.ST_Y(point).label("lat"),
            city.c.code.label("city_code"),
            *columns,
        )
        .join_from(place, zone, and_(zone.c.street_id == place.c.street_id, zone.c.place_id == place.c.id))
        .join(street, street.c.id == place.c.street_id)
        .join(district, district.c.id == street.c.district_id)
        .join(city, city.c.id == district.c.city_id)
        .join(around, is_around, isouter=True)
    )
    for last in lasts.values():
        chosen = chosen.join(last, true(), isouter=True)
    return compiled(
        chosen.where(
            is_near(place.c.street_id, reach),
            of_kinds(place.c.kind, "zone"),
            zone.c.kind == literal("parking"),
            func.upper_inf(place.c.valid),
            locked(place, reach),
        )
        # the one that is asked for is among them, however many there are
        .order_by(is_asked.desc(), natural(func.coalesce(around.c.name, "")), natural(place.c.name), place.c.id)
        .limit(bindparam("limit", type_=Integer))
    )


def _last(part: str) -> Any:
    """The last count of the zone in that part of a day."""
    return (
        select(vehicle_count.c.counted_on, vehicle_count.c.total, vehicle_count.c.outside)
        .where(
            vehicle_count.c.street_id == place.c.street_id,
            vehicle_count.c.place_id == place.c.id,
            vehicle_count.c.part == literal(part),
            vehicle_count.c.counted_on <= bindparam("day", type_=Date),
        )
        .order_by(vehicle_count.c.counted_on.desc())
        .limit(1)
        .lateral(f"last_{part}")
    )

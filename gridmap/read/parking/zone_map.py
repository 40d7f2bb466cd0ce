"""Zones as the map of parking shows them, row by row; their counts by weekday; violations week by week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Date, Float, Integer, bindparam, cast, extract, func, literal_column, select

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.layer import Layer
from gridmap.layers.evening_violations import evening_violations
from gridmap.layers.long_stays import long_stays
from gridmap.layers.parking_pressure import parking_pressure
from gridmap.read.locks import ids, lock_values, locked
from gridmap.read.select import Asked, rows_of, values_for
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, vehicle_count, violation

Statement = tuple[str, dict[str, Any]]
LAYERS: Mapping[str, Layer] = {"pressure": parking_pressure, "violations": evening_violations, "stays": long_stays}
"""What the map can be about, and the layer of each."""
NAMES: Mapping[str, tuple[str, ...]] = {
    "pressure": ("pressure", "share", "morning", "evening", "capacity", "counts", "counted_on"),
    "violations": ("level", "violations", "evenings", "last_on"),
    "stays": ("stays", "cars", "longest_days", "day"),
}
CLASSES = {"pressure": "pressure", "violations": "level", "stays": "stays"}
"""The attribute by which each is coloured."""
FIRST = {"pressure": "share", "violations": "violations", "stays": "cars"}
"""What a list is ordered by: the most first."""


@dataclass(frozen=True, kw_only=True)
class ZoneRow:
    """A zone with what its layers say, each under its own name; longitude and latitude in degrees, or None."""

    id: int
    name: str
    lon: float | None
    lat: float | None
    values: Mapping[str, Any]


def read_zones(
    connection: Connection, viewer: Viewer, asked: Asked, show: str, *, limit: int, offset: int = 0
) -> tuple[ZoneRow, ...]:
    """The zones that the map of that question shows, those with the most first."""
    text, constants = page_statement(viewer.reach.shape, show)
    values = constants | values_for(viewer, asked, LAYERS[show]) | {"limit": limit, "offset": offset}
    return _whole(connection, viewer, asked, show, connection.execute(text, values).fetchall())


def read_zone(connection: Connection, viewer: Viewer, asked: Asked, zone_id: int) -> ZoneRow | None:
    """One of them; None where the viewer sees none of that id."""
    text, constants = some_statement(viewer.reach.shape, "pressure")
    values = constants | values_for(viewer, asked, LAYERS["pressure"]) | _these([zone_id])
    found = _whole(connection, viewer, asked, "pressure", connection.execute(text, values).fetchall())
    return found[0] if found else None


def count_zones(connection: Connection, viewer: Viewer, asked: Asked, show: str) -> dict[str, int]:
    """How many zones are of which class; of what is shown."""
    text, constants = count_statement(viewer.reach.shape, show)
    values = constants | values_for(viewer, asked, LAYERS[show])
    return {row["word"]: row["zones"] for row in connection.execute(text, values).fetchall()}


def read_weekdays(connection: Connection, viewer: Viewer, zone_id: int, begins: date, ends: date) -> list[Row]:
    """Of a zone by `weekday` (Monday is 1) and `part`: cars on average (`total`, of them `outside`) and `counts`."""
    text, constants = weekdays_statement(viewer.reach.shape)
    values = {"street": zone_id >> SERIAL_BITS, "id": zone_id, "begins": begins, "ends": ends}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchall()


def read_weeks(connection: Connection, viewer: Viewer, begins: date, ends: date) -> dict[date, int]:
    """How many violations each week had (its Monday), in what the viewer looks after."""
    text, constants = weeks_statement(viewer.reach.shape)
    rows = connection.execute(text, constants | lock_values(viewer) | {"begins": begins, "ends": ends}).fetchall()
    return {row["week"]: row["violations"] for row in rows}


@lru_cache(maxsize=128)
def page_statement(shape: tuple[str, ...], show: str) -> Statement:
    """The SQL of a page of zones."""
    layer, first = LAYERS[show], FIRST[show]
    rows, chosen = rows_of(layer, reach_of_shape(shape), ("name", "geom", *NAMES[show]))
    page = chosen.add_columns(rows.c.id, rows.c.name, *_spot(rows), *(rows.c[name] for name in NAMES[show]))
    ordered = page.order_by(rows.c[first].desc().nulls_last(), rows.c.name, rows.c.id)
    return compiled(ordered.limit(bindparam("limit", type_=Integer)).offset(bindparam("offset", type_=Integer)))


@lru_cache(maxsize=128)
def some_statement(shape: tuple[str, ...], show: str) -> Statement:
    """The SQL of zones by their ids."""
    rows, chosen = rows_of(LAYERS[show], reach_of_shape(shape), ("name", "geom", *NAMES[show]))
    some = chosen.add_columns(rows.c.id, rows.c.name, *_spot(rows), *(rows.c[name] for name in NAMES[show]))
    return compiled(some.where(rows.c.street_id == func.any(ids("of_streets")), rows.c.id == func.any(ids("of_zones"))))


@lru_cache(maxsize=128)
def count_statement(shape: tuple[str, ...], show: str) -> Statement:
    """The SQL of how many zones are of which class."""
    name = CLASSES[show]
    rows, chosen = rows_of(LAYERS[show], reach_of_shape(shape), (name,))
    counted = chosen.add_columns(rows.c[name].label("word"), func.count().label("zones")).select_from(rows)
    return compiled(counted.group_by(rows.c[name]))


@lru_cache(maxsize=128)
def weekdays_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of a zone's counts by weekday and part of the day."""
    rows = vehicle_count
    weekday = cast(extract("isodow", rows.c.counted_on), Integer)
    return compiled(
        select(
            weekday.label("weekday"),
            rows.c.part,
            cast(func.avg(rows.c.total), Float).label("total"),
            cast(func.avg(rows.c.outside), Float).label("outside"),
            func.count().label("counts"),
        )
        .where(
            rows.c.street_id == bindparam("street", type_=Integer),
            rows.c.place_id == bindparam("id", type_=BigInteger),
            rows.c.counted_on >= bindparam("begins", type_=Date),
            rows.c.counted_on < bindparam("ends", type_=Date),
            locked(rows, reach_of_shape(shape)),
        )
        .group_by(weekday, rows.c.part)
        .order_by(weekday, rows.c.part)
    )


@lru_cache(maxsize=128)
def weeks_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of violations week by week."""
    rows = violation
    # an evening is a day already
    week = rows.c.evening - cast(extract("isodow", rows.c.evening), Integer) + literal_column("1", Integer)
    return compiled(
        select(week.label("week"), func.count().label("violations"))
        .where(
            rows.c.withdrawn_at.is_(None),
            rows.c.evening >= bindparam("begins", type_=Date),
            rows.c.evening < bindparam("ends", type_=Date),
            locked(rows, reach_of_shape(shape)),
        )
        .group_by(week)
    )


def _whole(connection: Connection, viewer: Viewer, asked: Asked, show: str, rows: Sequence[Row]) -> tuple[ZoneRow, ...]:
    """The rows of one layer with what the other two say of the same zones."""
    values: dict[int, dict[str, Any]] = {row["id"]: dict(row) for row in rows}
    for other in LAYERS.keys() - {show}:
        text, constants = some_statement(viewer.reach.shape, other)
        found = connection.execute(text, constants | values_for(viewer, asked, LAYERS[other]) | _these(list(values)))
        for row in found.fetchall():
            values[row["id"]] |= {name: row[name] for name in NAMES[other]}
    names = [name for some in NAMES.values() for name in some]
    return tuple(
        ZoneRow(
            id=row["id"],
            name=row["name"],
            lon=_degrees(row["lon"]),
            lat=_degrees(row["lat"]),
            values={name: values[row["id"]].get(name) for name in names},
        )
        for row in rows
    )


def _degrees(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _spot(rows: Any) -> tuple[Any, ...]:
    spot = func.ST_PointOnSurface(rows.c.geom)
    return func.ST_X(spot, type_=Float).label("lon"), func.ST_Y(spot, type_=Float).label("lat")


def _these(zones: Sequence[int]) -> dict[str, list[int]]:
    return {"of_zones": list(zones), "of_streets": sorted({zone >> SERIAL_BITS for zone in zones})}

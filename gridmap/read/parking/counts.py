"""How many cars were counted, zone by zone, on a morning or an evening; and the sums of several days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, Date, Select, Text, and_, bindparam, column, func, select, true

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layer import is_kind
from gridmap.read.locks import locked, of_kinds
from gridmap.read.parking.cut import LIMIT, OFFSET, Cut, Slice, Statement, conditions, rows_locked, values_of
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import place, vehicle_count, zone

SHOWS = ("counted", "missing", "all")
"""Zones with a count, without one, all of them."""


@dataclass(frozen=True, kw_only=True)
class DayCount:
    """A morning or evening of all zones: how many there are and were counted, and the cars in those."""

    day: date
    zones: int = 0
    counted: int = 0
    total: int = 0
    outside: int = 0

    @property
    def missing(self) -> int:
        """Zones that nobody counted."""
        return self.zones - self.counted


@dataclass(frozen=True, kw_only=True)
class ZoneLine:
    """A zone with its count; `total` is None where nobody counted, `estate` where it lies in none or that is unseen."""

    id: int
    name: str
    estate: str | None
    capacity: int | None
    total: int | None
    outside: int | None
    counted_at: datetime | None


def count_days(connection: Connection, viewer: Viewer, cut: Cut, days: Sequence[date], part: str) -> list[DayCount]:
    """The sums of these days, in their order; `part` is `morning` or `evening`."""
    text, constants = days_statement(viewer.reach.shape, cut.by)
    rows = connection.execute(text, values_of(viewer, cut, constants, days=list(days), part=part))
    found = {row["day"]: DayCount(**row) for row in rows}
    return [found.get(day, DayCount(day=day)) for day in days]


def read_zones(
    connection: Connection, viewer: Viewer, cut: Cut, day: date, part: str, show: str, some: Slice
) -> tuple[ZoneLine, ...]:
    """The zones of a day's count, as one of SHOWS says; the most cars from outside at the top."""
    text, constants = zones_statement(viewer.reach.shape, cut.by, show)
    values = values_of(viewer, cut, constants, days=[day], part=part, **some.values)
    return tuple(ZoneLine(**row) for row in connection.execute(text, values))


DAYS = (
    func.unnest(bindparam("days", type_=ARRAY(Date))).table_valued(column("day", Date), name="asked").render_derived()
)


def zones_on_days(shape: tuple[str, ...], by: tuple[str, ...]) -> "Select[Any]":
    """Every zone that is there on a day, with its count of that day if there is one."""
    counted = and_(
        vehicle_count.c.street_id == place.c.street_id,
        vehicle_count.c.place_id == place.c.id,
        vehicle_count.c.counted_on == DAYS.c.day,
        vehicle_count.c.part == bindparam("part", type_=Text),
    )
    is_zone = and_(zone.c.street_id == place.c.street_id, zone.c.place_id == place.c.id)
    return (
        select()
        .select_from(place)
        .join(zone, is_zone)
        .join(DAYS, true())
        .join(vehicle_count, counted, isouter=True)
        .where(
            is_kind(place, "zone"),
            of_kinds(zone.c.kind, "parking"),
            place.c.valid.contains(DAYS.c.day),
            rows_locked(place, reach_of_shape(shape)),
            *conditions(by, place),
        )
    )


@lru_cache(maxsize=64)
def days_statement(shape: tuple[str, ...], by: tuple[str, ...]) -> Statement:
    """The SQL of the sums."""
    return compiled(
        zones_on_days(shape, by)
        .add_columns(
            DAYS.c.day,
            func.count().label("zones"),
            func.count(vehicle_count.c.place_id).label("counted"),
            func.coalesce(func.sum(vehicle_count.c.total), 0).label("total"),
            func.coalesce(func.sum(vehicle_count.c.outside), 0).label("outside"),
        )
        .group_by(DAYS.c.day)
    )


@lru_cache(maxsize=64)
def zones_statement(shape: tuple[str, ...], by: tuple[str, ...], show: str) -> Statement:
    """The SQL of the zones of one day."""
    around = place.alias("around")
    is_around = and_(
        around.c.street_id == place.c.street_id,
        around.c.id == place.c.estate_id,
        locked(around, reach_of_shape(shape)),
    )
    wanted = {
        "counted": [vehicle_count.c.place_id.is_not(None)],
        "missing": [vehicle_count.c.place_id.is_(None)],
        "all": [],
    }
    return compiled(
        zones_on_days(shape, by)
        .join(around, is_around, isouter=True)
        .where(*wanted[show])
        .add_columns(
            place.c.id,
            place.c.name,
            around.c.name.label("estate"),
            zone.c.capacity,
            vehicle_count.c.total,
            vehicle_count.c.outside,
            vehicle_count.c.counted_at,
        )
        .order_by(vehicle_count.c.outside.desc().nulls_last(), place.c.code, place.c.id)
        .limit(LIMIT)
        .offset(OFFSET)
    )

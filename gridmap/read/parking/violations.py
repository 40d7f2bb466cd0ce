"""Evenings on which a car should have been gone: how many on each day, and which; what was taken back is none."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Select, and_, bindparam, func, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import locked
from gridmap.read.parking.cut import (
    LIMIT,
    OFFSET,
    Cut,
    Slice,
    Statement,
    cars_locked,
    conditions,
    rows_locked,
    state_now,
    values_of,
)
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import place, vehicle, violation

START, END = bindparam("start", type_=Date), bindparam("end", type_=Date)


@dataclass(frozen=True, kw_only=True)
class ViolationLine:
    """One violation. `is_counted` is false for what was seen during a ban; `state`: where the car stands now."""

    vehicle_id: int
    masked: str
    evening: date
    at: datetime
    is_counted: bool
    state: str
    zone: str | None


def count_violations(connection: Connection, viewer: Viewer, cut: Cut, start: date, end: date) -> dict[date, int]:
    """How many there were on each evening of [start, end) that had one."""
    text, constants = count_statement(viewer.reach.shape, cut.by)
    rows = connection.execute(text, values_of(viewer, cut, constants, start=start, end=end))
    return {row["evening"]: row["found"] for row in rows}


def read_violations(
    connection: Connection, viewer: Viewer, cut: Cut, start: date, end: date, moment: datetime, some: Slice
) -> tuple[ViolationLine, ...]:
    """Those of [start, end), the latest first."""
    text, constants = lines_statement(viewer.reach.shape, cut.by)
    values = values_of(viewer, cut, constants, start=start, end=end, moment=moment, **some.values)
    return tuple(ViolationLine(**row) for row in connection.execute(text, values))


def _chosen(shape: tuple[str, ...], by: tuple[str, ...]) -> "Select[Any]":
    reach = reach_of_shape(shape)
    is_car = and_(vehicle.c.street_id == violation.c.street_id, vehicle.c.id == violation.c.vehicle_id)
    return (
        select()
        .select_from(violation)
        .join(vehicle, and_(is_car, cars_locked(vehicle, reach)))
        .where(
            violation.c.withdrawn_at.is_(None),
            violation.c.evening >= START,
            violation.c.evening < END,
            rows_locked(violation, reach),
            *conditions(by, violation),
        )
    )


@lru_cache(maxsize=64)
def count_statement(shape: tuple[str, ...], by: tuple[str, ...]) -> Statement:
    """The SQL of how many there were."""
    counted = _chosen(shape, by).add_columns(violation.c.evening, func.count().label("found"))
    return compiled(counted.group_by(violation.c.evening))


@lru_cache(maxsize=64)
def lines_statement(shape: tuple[str, ...], by: tuple[str, ...]) -> Statement:
    """The SQL of the violations."""
    is_place = and_(place.c.street_id == violation.c.street_id, place.c.id == violation.c.place_id)
    return compiled(
        _chosen(shape, by)
        .join(place, and_(is_place, locked(place, reach_of_shape(shape))), isouter=True)
        .add_columns(
            vehicle.c.id.label("vehicle_id"),
            vehicle.c.plate_masked.label("masked"),
            violation.c.evening,
            violation.c.at,
            violation.c.is_counted,
            state_now(vehicle).label("state"),
            place.c.name.label("zone"),
        )
        .order_by(violation.c.evening.desc(), violation.c.at.desc(), violation.c.id.desc())
        .limit(LIMIT)
        .offset(OFFSET)
    )

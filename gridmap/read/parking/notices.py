"""Notices: those to give, and those given; how many, and which."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, bindparam, func, or_, select

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
    is_open,
    rows_locked,
    state_now,
    values_of,
)
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import parking_notice, place, vehicle, violation

SHOWS = ("to_give", "given")
ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))


@dataclass(frozen=True, kw_only=True)
class NoticeLine:
    """A notice: the `number`th of its car, for the violation of which evening, in which zone (None: not seen)."""

    id: int
    vehicle_id: int
    masked: str
    number: int
    is_last: bool
    evening: date
    at: datetime
    given_how: str | None
    given_at: datetime | None
    state: str
    zone: str | None


@dataclass(frozen=True, kw_only=True)
class Given:
    """Which notices: one of SHOWS; of those given on which days of the office, [start, end)."""

    show: str
    start: date = ALWAYS[0]
    end: date = ALWAYS[1]


def count_notices(connection: Connection, viewer: Viewer, cut: Cut, moment: datetime, given: Given) -> int:
    """How many there are."""
    text, constants = count_statement(viewer.reach.shape, cut.by, given.show)
    values = values_of(viewer, cut, constants, moment=moment, start=given.start, end=given.end)
    return int((connection.execute(text, values).fetchone() or {"found": 0})["found"])


def read_notices(
    connection: Connection, viewer: Viewer, cut: Cut, moment: datetime, given: Given, some: Slice
) -> tuple[NoticeLine, ...]:
    """Those to give with the last warnings at the top, then the oldest; those given, the latest first."""
    text, constants = lines_statement(viewer.reach.shape, cut.by, given.show)
    values = values_of(viewer, cut, constants, moment=moment, start=given.start, end=given.end, **some.values)
    return tuple(NoticeLine(**row) for row in connection.execute(text, values))


def _in_show(show: str) -> "ColumnElement[bool]":
    """To give is what still counts: its violation stands, its car is not free again, nor was meanwhile."""
    given_at = parking_notice.c.given_at
    if show == "given":
        start, end = (func.gridmap.office_midnight(bindparam(name, type_=Date)) for name in ("start", "end"))
        return and_(given_at.is_not(None), given_at >= start, given_at < end)
    assert show == "to_give"
    since = or_(vehicle.c.counts_since.is_(None), parking_notice.c.at >= vehicle.c.counts_since)
    return and_(parking_notice.c.given_how.is_(None), violation.c.withdrawn_at.is_(None), is_open(vehicle), since)


def _chosen(shape: tuple[str, ...], by: tuple[str, ...], show: str) -> "Select[Any]":
    reach = reach_of_shape(shape)
    of_street = parking_notice.c.street_id
    is_car = and_(vehicle.c.street_id == of_street, vehicle.c.id == parking_notice.c.vehicle_id)
    is_violation = and_(violation.c.street_id == of_street, violation.c.id == parking_notice.c.violation_id)
    return (
        select()
        .select_from(parking_notice)
        .join(vehicle, and_(is_car, cars_locked(vehicle, reach)))
        .join(violation, and_(is_violation, rows_locked(violation, reach)))
        .where(_in_show(show), rows_locked(parking_notice, reach), *conditions(by, parking_notice))
    )


@lru_cache(maxsize=64)
def count_statement(shape: tuple[str, ...], by: tuple[str, ...], show: str) -> Statement:
    """The SQL of how many there are."""
    return compiled(_chosen(shape, by, show).add_columns(func.count().label("found")))


@lru_cache(maxsize=64)
def lines_statement(shape: tuple[str, ...], by: tuple[str, ...], show: str) -> Statement:
    """The SQL of the notices."""
    is_place = and_(place.c.street_id == parking_notice.c.street_id, place.c.id == parking_notice.c.place_id)
    order = (
        (parking_notice.c.is_last.desc(), parking_notice.c.at, parking_notice.c.id)
        if show == "to_give"
        else (parking_notice.c.given_at.desc(), parking_notice.c.id.desc())
    )
    return compiled(
        _chosen(shape, by, show)
        .join(place, and_(is_place, locked(place, reach_of_shape(shape))), isouter=True)
        .add_columns(
            *(
                parking_notice.c[name]
                for name in ("id", "vehicle_id", "number", "is_last", "at", "given_how", "given_at")
            ),
            vehicle.c.plate_masked.label("masked"),
            violation.c.evening,
            state_now(vehicle).label("state"),
            place.c.name.label("zone"),
        )
        .order_by(*order)
        .limit(LIMIT)
        .offset(OFFSET)
    )

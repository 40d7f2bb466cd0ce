"""Cars from outside in lists, by where they stand now: how many in each, and which."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, case, func, literal_column, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import locked
from gridmap.read.parking.cut import (
    LIMIT,
    MOMENT,
    OFFSET,
    Cut,
    Slice,
    Statement,
    cars_locked,
    conditions,
    is_open,
    state_now,
    values_of,
)
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, place, vehicle

SHOWS = ("open", "proposed", "appealed", "warned", "noticed", "banned", "free")
"""All with something open; those of one state, the first two of which wait for somebody; those with nothing open."""

ONLY, STREETS = (bindparam(name, type_=ARRAY(BigInteger)) for name in ("only", "streets"))


@dataclass(frozen=True, kw_only=True)
class CarLine:
    """One car in a list, masked; `state` is that of now. `home`: its estate or zone, None where that is not seen."""

    id: int
    masked: str
    state: str
    evenings: int
    last_on: date | None
    resets_at: datetime | None
    banned_until: datetime | None
    home: str | None


def count_cars(connection: Connection, viewer: Viewer, cut: Cut, moment: datetime) -> dict[str, int]:
    """How many cars of the cut with something open stand where; nobody counts those with nothing open."""
    text, constants = figures_statement(viewer.reach.shape, cut.by)
    row = connection.execute(text, values_of(viewer, cut, constants, moment=moment)).fetchone()
    return dict(row or {})


def count_shown(
    connection: Connection, viewer: Viewer, cut: Cut, moment: datetime, show: str, only: Collection[int] | None = None
) -> int:
    """How many cars a list holds."""
    text, constants = total_statement(viewer.reach.shape, cut.by, show, only is not None)
    values = values_of(viewer, cut, constants, moment=moment, **_only(only))
    return int((connection.execute(text, values).fetchone() or {"found": 0})["found"])


def read_cars(
    connection: Connection,
    viewer: Viewer,
    cut: Cut,
    moment: datetime,
    show: str,
    some: Slice,
    only: Collection[int] | None = None,
) -> tuple[CarLine, ...]:
    """The cars of a list, those that wait for a decision at the top; `only`: of these ids, whatever their state."""
    text, constants = lines_statement(viewer.reach.shape, cut.by, show, only is not None)
    values = values_of(viewer, cut, constants, moment=moment, **_only(only), **some.values)
    return tuple(CarLine(**row) for row in connection.execute(text, values))


def _only(ids: Collection[int] | None) -> dict[str, list[int]]:
    return {"only": sorted(ids or ()), "streets": sorted({one >> SERIAL_BITS for one in ids or ()})}


def _in_show(show: str) -> "ColumnElement[bool]":
    assert show in SHOWS
    if show == "open":
        return is_open(vehicle)
    if show == "free":
        ends = func.coalesce(vehicle.c.banned_until, vehicle.c.resets_at)
        return or_(vehicle.c.state == literal_column("'free'"), not_(ends > MOMENT))
    return and_(is_open(vehicle), vehicle.c.state == literal_column(f"'{show}'"))


def _chosen(shape: tuple[str, ...], by: tuple[str, ...], show: str, is_only: bool) -> "Select[Any]":
    these = [vehicle.c.street_id == func.any(STREETS), vehicle.c.id == func.any(ONLY)]
    wanted = these if is_only else [_in_show(show)]
    seen = cars_locked(vehicle, reach_of_shape(shape))
    return select().select_from(vehicle).where(*wanted, seen, *conditions(by, vehicle))


@lru_cache(maxsize=64)
def figures_statement(shape: tuple[str, ...], by: tuple[str, ...]) -> Statement:
    """The SQL of the figures."""
    figures = [
        func.count().filter(_in_show(show)).label(show) if show != "open" else func.count().label(show)
        for show in SHOWS
        if show != "free"
    ]
    return compiled(_chosen(shape, by, "open", is_only=False).add_columns(*figures))


@lru_cache(maxsize=128)
def total_statement(shape: tuple[str, ...], by: tuple[str, ...], show: str, is_only: bool) -> Statement:
    """The SQL of how many cars a list holds."""
    return compiled(_chosen(shape, by, show, is_only).add_columns(func.count().label("found")))


@lru_cache(maxsize=128)
def lines_statement(shape: tuple[str, ...], by: tuple[str, ...], show: str, is_only: bool) -> Statement:
    """The SQL of the cars of a list."""
    is_home = and_(place.c.street_id == vehicle.c.street_id, place.c.id == vehicle.c.place_id)
    waits = case({name: number for number, name in enumerate(SHOWS)}, value=vehicle.c.state, else_=len(SHOWS))
    return compiled(
        _chosen(shape, by, show, is_only)
        .join(place, and_(is_home, locked(place, reach_of_shape(shape))), isouter=True)
        .add_columns(
            vehicle.c.id,
            vehicle.c.plate_masked.label("masked"),
            state_now(vehicle).label("state"),
            func.coalesce(func.cardinality(vehicle.c.evenings), 0).label("evenings"),
            vehicle.c.last_on,
            vehicle.c.resets_at,
            vehicle.c.banned_until,
            place.c.name.label("home"),
        )
        .order_by(waits, vehicle.c.last_on.desc().nulls_last(), vehicle.c.id)
        .limit(LIMIT)
        .offset(OFFSET)
    )

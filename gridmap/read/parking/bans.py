"""Bans: running, ending soon, ended, revoked; how many, and which."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Select, and_, bindparam, func, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import locked
from gridmap.read.parking.cut import LIMIT, MOMENT, OFFSET, Cut, Slice, Statement, cars_locked, conditions, values_of
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import ban, place, vehicle

SHOWS = ("running", "week", "ending", "ended", "revoked")
"""Bans that run, those of them that end within WEEK or SOON, those that are over."""
WEEK, SOON = timedelta(days=7), timedelta(days=14)
UNTIL, WEEK_ENDS = (bindparam(name, type_=DateTime(timezone=True)) for name in ("soon", "week"))


@dataclass(frozen=True, kw_only=True)
class BanLine:
    """A ban, its car masked. `appealed_at`: of an appeal that is open."""

    id: int
    vehicle_id: int
    masked: str
    reason: str
    starts_at: datetime
    until: datetime
    appealed_at: datetime | None
    revoked_at: datetime | None
    home: str | None


def count_bans(
    connection: Connection, viewer: Viewer, cut: Cut, moment: datetime, soon: timedelta = SOON
) -> dict[str, int]:
    """How many bans of the cut are in each of SHOWS; what ends soon runs as well."""
    text, constants = figures_statement(viewer.reach.shape, cut.by)
    values = values_of(viewer, cut, constants, moment=moment, week=moment + WEEK, soon=moment + soon)
    return dict(connection.execute(text, values).fetchone() or {})


def read_bans(
    connection: Connection,
    viewer: Viewer,
    cut: Cut,
    moment: datetime,
    show: str,
    some: Slice,
    soon: timedelta = SOON,
) -> tuple[BanLine, ...]:
    """The bans of a list: what ends first at the top; of what is over, what ended last."""
    text, constants = lines_statement(viewer.reach.shape, cut.by, show)
    values = values_of(viewer, cut, constants, moment=moment, week=moment + WEEK, soon=moment + soon, **some.values)
    return tuple(BanLine(**row) for row in connection.execute(text, values))


def in_show(show: str) -> "ColumnElement[bool]":
    """That a ban is in that one of SHOWS."""
    runs = and_(ban.c.revoked_at.is_(None), ban.c.until > MOMENT)
    shows: dict[str, ColumnElement[bool]] = {
        "running": runs,
        "week": and_(runs, ban.c.until <= WEEK_ENDS),
        "ending": and_(runs, ban.c.until <= UNTIL),
        "ended": and_(ban.c.revoked_at.is_(None), ban.c.until <= MOMENT),
        "revoked": ban.c.revoked_at.is_not(None),
    }
    return shows[show]


def _chosen(shape: tuple[str, ...], by: tuple[str, ...]) -> "Select[Any]":
    return select().select_from(ban).where(cars_locked(ban, reach_of_shape(shape)), *conditions(by, ban))


@lru_cache(maxsize=64)
def figures_statement(shape: tuple[str, ...], by: tuple[str, ...]) -> Statement:
    """The SQL of the figures."""
    return compiled(_chosen(shape, by).add_columns(*(func.count().filter(in_show(one)).label(one) for one in SHOWS)))


@lru_cache(maxsize=64)
def lines_statement(shape: tuple[str, ...], by: tuple[str, ...], show: str) -> Statement:
    """The SQL of the bans of a list."""
    reach = reach_of_shape(shape)
    is_car = and_(vehicle.c.street_id == ban.c.street_id, vehicle.c.id == ban.c.vehicle_id)
    is_home = and_(place.c.street_id == ban.c.street_id, place.c.id == ban.c.place_id)
    over = func.coalesce(ban.c.revoked_at, ban.c.until).desc()
    names = ("id", "vehicle_id", "reason", "starts_at", "until", "appealed_at", "revoked_at")
    return compiled(
        _chosen(shape, by)
        .where(in_show(show))
        .join(vehicle, and_(is_car, cars_locked(vehicle, reach)))
        .join(place, and_(is_home, locked(place, reach)), isouter=True)
        .add_columns(
            *(ban.c[name] for name in names), vehicle.c.plate_masked.label("masked"), place.c.name.label("home")
        )
        .order_by(ban.c.until if show in SHOWS[:3] else over, ban.c.id)
        .limit(LIMIT)
        .offset(OFFSET)
    )

"""What a leader is told of parking beside everything else: four figures, in one statement."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, FromClause, Select, bindparam, func, literal_column, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.parking.bans import WEEK, in_show
from gridmap.read.parking.counts import zones_on_days
from gridmap.read.parking.cut import Cut, Statement, cars_locked, is_open, rows_locked, values_of
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import ban, rota, rota_turn, vehicle, vehicle_count


@dataclass(frozen=True, kw_only=True)
class ParkingFigures:
    """How many of the `zones` are `missing` a count of yesterday evening, bans that wait, bans that end, evenings.

    `proposed` wait for a second person, `ending` within WEEK; `unmanned` are rotas that nobody has tomorrow.
    """

    zones: int
    missing: int
    proposed: int
    ending: int
    unmanned: int


def read_figures(connection: Connection, viewer: Viewer, today: date, moment: datetime) -> ParkingFigures:
    """The figures of what the viewer sees, each as the list that it opens counts its rows."""
    text, constants = figures_statement(viewer.reach.shape)
    day = timedelta(days=1)
    values = values_of(
        viewer,
        Cut(),
        constants,
        days=[today - day],
        part="evening",
        tomorrow=today + day,
        moment=moment,
        week=moment + WEEK,
    )
    row = connection.execute(text, values).fetchone() or {}
    return ParkingFigures(**row)


@lru_cache(maxsize=64)
def figures_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the figures."""
    reach = reach_of_shape(shape)
    missing = func.count().filter(vehicle_count.c.place_id.is_(None))
    counted = zones_on_days(shape, ()).add_columns(func.count().label("zones"), missing.label("missing")).subquery()
    figures = {
        "proposed": _count(vehicle).where(
            is_open(vehicle), vehicle.c.state == literal_column("'proposed'"), cars_locked(vehicle, reach)
        ),
        "ending": _count(ban).where(in_show("week"), cars_locked(ban, reach)),
        "unmanned": _count(rota_turn)
        .join(rota, (rota.c.street_id == rota_turn.c.street_id) & (rota.c.id == rota_turn.c.rota_id))
        .where(
            rota.c.kind == literal_column("'parking'"),
            rota_turn.c.state == literal_column("'set'"),
            rota_turn.c.day == bindparam("tomorrow", type_=Date),
            rota_turn.c.missing >= rota_turn.c.needed,
            rows_locked(rota_turn, reach),
        ),
    }
    return compiled(select(counted, *(one.scalar_subquery().label(name) for name, one in figures.items())))


def _count(table: FromClause) -> "Select[Any]":
    return select(func.count()).select_from(table)

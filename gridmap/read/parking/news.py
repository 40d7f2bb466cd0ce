"""What a leader should hear of cars from outside: bans that wait for a second person, and bans that end."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import BigInteger, DateTime, and_, bindparam, func, literal_column, or_, select

from gridmap.clock import day_bounds
from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import locked
from gridmap.read.parking.cut import Cut, Statement, cars_locked, is_open, values_of
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import place, vehicle

MOST = 50


@dataclass(frozen=True, kw_only=True)
class CarNews:
    """One line: `what` is `waits`, `appealed` or `ends`; `at`: since when it waits, or when the ban ends."""

    vehicle_id: int
    what: str
    masked: str
    at: datetime
    home: str | None


def read_car_news(
    connection: Connection, viewer: Viewer, account_id: int, today: date, moment: datetime
) -> tuple[CarNews, ...]:
    """What waits for this account, then what ends today or tomorrow; whoever saw a car is not asked to confirm its ban.

    `viewer` sees what the account leads and nothing beside it.
    """
    text, constants = news_statement(viewer.reach.shape)
    until = day_bounds(date.fromordinal(today.toordinal() + 1))[1]
    values = values_of(viewer, Cut(), constants, moment=moment, until=until, account=account_id)
    rows = connection.execute(text, values).fetchall()
    return tuple(CarNews(**row) for row in rows)


@lru_cache(maxsize=64)
def news_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the lines."""
    reach = reach_of_shape(shape)
    state, ends = vehicle.c.state, vehicle.c.banned_until
    account = bindparam("account", type_=BigInteger)
    waits = and_(state == literal_column("'proposed'"), func.array_position(vehicle.c.saw, account).is_(None))
    appealed = state == literal_column("'appealed'")
    is_ending = and_(state == literal_column("'banned'"), ends < bindparam("until", type_=DateTime(timezone=True)))
    what = func.coalesce(func.nullif(state, literal_column("'banned'")), literal_column("'ends'"))
    is_home = and_(place.c.street_id == vehicle.c.street_id, place.c.id == vehicle.c.place_id)
    return compiled(
        select(
            vehicle.c.id.label("vehicle_id"),
            func.replace(what, "proposed", "waits").label("what"),
            vehicle.c.plate_masked.label("masked"),
            func.coalesce(ends, vehicle.c.proposed_at).label("at"),
            place.c.name.label("home"),
        )
        .select_from(vehicle)
        .join(place, and_(is_home, locked(place, reach)), isouter=True)
        .where(is_open(vehicle), or_(waits, appealed, is_ending), cars_locked(vehicle, reach))
        .order_by(state.desc(), func.coalesce(ends, vehicle.c.proposed_at), vehicle.c.id)
        .limit(MOST)
    )

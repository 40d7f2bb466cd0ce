"""The diary on the map: at which places something was said, and how much week by week. Never what, never by whom."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Float, Integer, Text, and_, bindparam, cast, func, literal_column, select

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.around import is_around, is_house, is_place_of
from gridmap.read.incidents.diary import Asked, condition, is_waiting, own_locked
from gridmap.read.locks import is_near, lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import diary, place, street

Statement = tuple[str, dict[str, Any]]
MOST_SPOTS = 2_000


def read_spots(connection: Connection, viewer: Viewer, asked: Asked, now: datetime) -> list[Row]:
    """The places of these entries with their points (EPSG:4326): how many entries, open ones, and those that wait."""
    text, constants = spots_statement(viewer.reach.shape, asked.filters)
    values = asked.values | {"now": now, "account": viewer.account_id, "limit": MOST_SPOTS}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchall()


def read_weeks(connection: Connection, viewer: Viewer, asked: Asked, now: datetime) -> dict[date, int]:
    """How many of these entries each week has (its Monday); of the time that is asked for."""
    text, constants = weeks_statement(viewer.reach.shape, asked.filters)
    values = asked.values | {"now": now, "account": viewer.account_id}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return {row["week"]: row["entries"] for row in rows}


@lru_cache(maxsize=128)
def spots_statement(shape: tuple[str, ...], filters: tuple[str, ...]) -> Statement:
    """The SQL of the places of entries. A place without a shape of its own lies where what it is a part of lies."""
    reach = reach_of_shape(shape)
    house, around = place.alias("house"), place.alias("around")
    counted = (
        select(
            diary.c.street_id,
            diary.c.place_id,
            func.count().label("entries"),
            func.count().filter(diary.c.outcome.is_(None)).label("open"),
            func.count().filter(is_waiting()).label("waiting"),
            func.max(diary.c.at).label("last_at"),
        )
        .select_from(diary)
        .join(street, street.c.id == diary.c.street_id)
        .where(
            is_near(diary.c.street_id, reach),
            own_locked(diary, reach),
            diary.c.place_id.is_not(None),
            *map(condition, filters),
        )
        .group_by(diary.c.street_id, diary.c.place_id)
        .cte("counted")
    )
    spot = func.ST_PointOnSurface(func.coalesce(place.c.geom, house.c.geom, around.c.geom))
    return compiled(
        select(
            place.c.id,
            place.c.name.label("place"),
            house.c.name.label("house"),
            around.c.name.label("estate"),
            counted.c.entries,
            counted.c.open,
            counted.c.waiting,
            func.ST_X(spot, type_=Float).label("lon"),
            func.ST_Y(spot, type_=Float).label("lat"),
        )
        .select_from(counted)
        .join(place, is_place_of(counted))
        .join(house, is_house(house), isouter=True)
        .join(around, and_(is_around(around, place), around.c.id != place.c.id), isouter=True)
        .where(locked(place, reach))
        .order_by(counted.c.waiting.desc(), counted.c.last_at.desc(), place.c.id)
        .limit(bindparam("limit", type_=Integer))
    )


@lru_cache(maxsize=128)
def weeks_statement(shape: tuple[str, ...], filters: tuple[str, ...]) -> Statement:
    """The SQL of entries week by week, in the office's time."""
    reach = reach_of_shape(shape)
    office = diary.c.at.op("AT TIME ZONE")(literal_column("'Asia/Shanghai'", Text))
    week = cast(func.date_trunc("week", office), Date).label("week")
    return compiled(
        select(week, func.count().label("entries"))
        .select_from(diary)
        .join(street, street.c.id == diary.c.street_id)
        .where(is_near(diary.c.street_id, reach), own_locked(diary, reach), *map(condition, filters))
        .group_by(week)
    )

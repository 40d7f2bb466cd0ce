"""Cars by their ids, with what a list of long stays says of them; masked, as far as they are seen and in the area."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import BigInteger, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import locked
from gridmap.read.parking.cut import Cut, Statement, cars_locked, conditions, state_now, values_of
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, place, vehicle


def read_masked(
    connection: Connection, viewer: Viewer, cut: Cut, ids: Sequence[int], moment: datetime
) -> dict[int, Row]:
    """Of these cars, by id: `masked`, `state` at the moment, `home` (None where that is not seen)."""
    text, constants = cars_statement(viewer.reach.shape, cut.by)
    values = values_of(viewer, cut, constants, moment=moment, ids=list(ids), streets=_streets(ids))
    return {row["id"]: row for row in connection.execute(text, values)}


def read_zone_names(connection: Connection, viewer: Viewer, ids: Sequence[int]) -> dict[int, str]:
    """The names of these zones, as far as they are seen."""
    text, constants = names_statement(viewer.reach.shape)
    values = values_of(viewer, Cut(), constants, ids=list(ids), streets=_streets(ids))
    return {row["id"]: row["name"] for row in connection.execute(text, values)}


def _streets(ids: Sequence[int]) -> list[int]:
    return sorted({one >> SERIAL_BITS for one in ids})


IDS, STREETS = (bindparam(name, type_=ARRAY(BigInteger)) for name in ("ids", "streets"))


@lru_cache(maxsize=64)
def cars_statement(shape: tuple[str, ...], by: tuple[str, ...]) -> Statement:
    """The SQL of these cars, as far as they are seen and in the cut."""
    reach = reach_of_shape(shape)
    is_home = and_(place.c.street_id == vehicle.c.street_id, place.c.id == vehicle.c.place_id)
    return compiled(
        select(
            vehicle.c.id,
            vehicle.c.plate_masked.label("masked"),
            state_now(vehicle).label("state"),
            place.c.name.label("home"),
        )
        .select_from(vehicle)
        .join(place, and_(is_home, locked(place, reach)), isouter=True)
        .where(
            vehicle.c.street_id == func.any(STREETS),
            vehicle.c.id == func.any(IDS),
            cars_locked(vehicle, reach),
            *conditions(by, vehicle),
        )
    )


@lru_cache(maxsize=64)
def names_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the names of zones, as far as they are seen."""
    return compiled(
        select(place.c.id, place.c.name).where(
            place.c.street_id == func.any(STREETS), place.c.id == func.any(IDS), locked(place, reach_of_shape(shape))
        )
    )

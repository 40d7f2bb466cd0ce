"""Where plates hang: the stairwells of a place, and its buildings that have none, in walking order."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, func, or_, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import lock_values, locked
from gridmap.read.order import natural
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, place

Statement = tuple[str, dict[str, Any]]
MOST_PLATES = 600


@dataclass(frozen=True, kw_only=True)
class Plate:
    """One plate: the code that it carries, and what people read on it."""

    code: str
    name: str
    house: str
    around: str


def read_plates(connection: Connection, viewer: Viewer, within: int) -> tuple[Plate, ...]:
    """The plates of an estate, a grid, a building or a stairwell; empty where the viewer sees nothing there."""
    text, constants = plates_statement(viewer.reach.shape)
    values = {"within": within, "street": within >> SERIAL_BITS}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return tuple(Plate(**row) for row in rows)


@lru_cache(maxsize=64)
def plates_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the places at which plates hang."""
    reach = reach_of_shape(shape)
    house, around, door = place.alias("house"), place.alias("around"), place.alias("door")
    within = bindparam("within", type_=BigInteger)
    inside = or_(
        place.c.id == within,
        place.c.parent_id == within,
        place.c.grid_id == within,
        place.c.micro_grid_id == within,
        place.c.estate_id == within,
    )
    doors = select(door.c.id).where(
        door.c.street_id == place.c.street_id, door.c.parent_id == place.c.id, door.c.kind == "stairwell"
    )
    is_house = and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, locked(house, reach))
    is_around = and_(around.c.street_id == place.c.street_id, around.c.id == place.c.estate_id, locked(around, reach))
    house_name = func.coalesce(house.c.name, "")
    return compiled(
        select(
            place.c.code,
            place.c.name,
            house_name.label("house"),
            func.coalesce(around.c.name, "").label("around"),
        )
        .select_from(place)
        .join(house, and_(is_house, place.c.kind == "stairwell"), isouter=True)
        .join(around, is_around, isouter=True)
        .where(
            place.c.street_id == bindparam("street", type_=BigInteger),
            inside,
            or_(place.c.kind == "stairwell", and_(place.c.kind == "building", ~doors.exists())),
            locked(place, reach),
        )
        .order_by(
            natural(func.coalesce(around.c.name, "")),
            natural(func.coalesce(house.c.name, place.c.name)),
            natural(place.c.name),
            place.c.id,
        )
        .limit(MOST_PLATES)
    )

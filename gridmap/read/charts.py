"""What hangs on the notice board of a stairwell: the Party's chain, the five lines and who else looks after it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, and_, bindparam, func, or_, select, true

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layers.five_lines import lines
from gridmap.read.card.lines import Line, lines_of
from gridmap.read.card.party import MANAGER, Chain, read_party
from gridmap.read.card.people import Holder, holders_of
from gridmap.read.locks import lock_values, locked
from gridmap.read.order import natural
from gridmap.read.select import Asked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, building, place, stairwell

Statement = tuple[str, dict[str, Any]]
MOST_DOORS = 150


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The sheet of one stairwell, or of a building without stairwells."""

    id: int
    code: str
    name: str
    house_id: int
    house: str
    """The building; its own name where the sheet is of a building."""
    around: str
    households: int
    chain: Chain
    lines: tuple[Line, ...]
    others: tuple[Holder, ...]
    """Who looks after it in roles that belong to none of the five lines."""

    @property
    def people(self) -> tuple[Holder, ...]:
        """Everybody whom the sheet names."""
        return (*(one for line in self.lines for one in line.holders), *self.others)


def read_charts(connection: Connection, viewer: Viewer, asked: Asked, within: int) -> tuple[Chart, ...]:
    """The sheets of a stairwell, a building, an estate or a grid, in walking order, at most MOST_DOORS of them.

    Only for viewers all of whose roles may see people.
    """
    text, constants = doors_statement(viewer.reach.shape)
    values = lock_values(viewer) | asked.values | {"within": within, "street": within >> SERIAL_BITS}
    doors = connection.execute(text, constants | values).fetchall()
    held: dict[int, list[Holder]] = {}
    places = sorted({identity for door in doors for identity in _around(door)})
    for one in holders_of(connection, viewer, asked, places) if places else ():
        held.setdefault(one.place_id, []).append(one)
    party: dict[tuple[Any, ...], Chain] = {}
    charts = []
    for door in doors:
        around = _around(door)
        key = (door["community_id"], *around[2:])
        if key not in party:
            party[key] = read_party(connection, viewer, asked, door["community_id"], around[1:])
        people = [one for identity in around for one in held.get(identity, ())]
        charts.append(_chart(door, people, party[key]))
    return tuple(charts)


def _around(door: dict[str, Any]) -> tuple[int, ...]:
    names = ("id", "parent_id", "micro_grid_id", "grid_id", "estate_id")
    return tuple(dict.fromkeys(door[name] for name in names if door[name]))


def _chart(door: dict[str, Any], people: Sequence[Holder], party: Chain) -> Chart:
    managers = tuple(one for one in people if one.role == MANAGER and one.place_id in (door["id"], door["house_id"]))
    return Chart(
        **{name: door[name] for name in ("id", "code", "name", "house_id", "house", "around", "households")},
        chain=replace(party, managers=managers),
        lines=lines_of(door["mask"], people),
        others=tuple(one for one in people if one.line is None),
    )


@lru_cache(maxsize=64)
def doors_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the doors of a place: its stairwells, and its buildings that have none."""
    reach = reach_of_shape(shape)
    house, around, door = place.alias("house"), place.alias("around"), place.alias("door")
    within = bindparam("within", type_=BigInteger)
    inside = or_(*(place.c[name] == within for name in ("id", "parent_id", "grid_id", "micro_grid_id", "estate_id")))
    doors = select(door.c.id).where(
        door.c.street_id == place.c.street_id, door.c.parent_id == place.c.id, door.c.kind == "stairwell"
    )
    is_house = and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, locked(house, reach))
    is_around = and_(around.c.street_id == place.c.street_id, around.c.id == place.c.estate_id, locked(around, reach))
    house_name = func.coalesce(house.c.name, place.c.name)
    scope = ("id", "code", "name", "parent_id", "community_id", "grid_id", "micro_grid_id", "estate_id")
    chosen = select(
        *(place.c[name] for name in scope),
        func.coalesce(house.c.id, place.c.id).label("house_id"),
        house_name.label("house"),
        func.coalesce(around.c.name, "").label("around"),
        func.cardinality(func.coalesce(stairwell.c.units, building.c.units)).label("households"),
        lines.c.mask,
    ).join_from(place, lines, true())
    for table in (stairwell, building):
        is_it = and_(table.c.street_id == place.c.street_id, table.c.place_id == place.c.id)
        chosen = chosen.join(table, is_it, isouter=True)
    return compiled(
        chosen.join(house, and_(is_house, place.c.kind == "stairwell"), isouter=True)
        .join(around, is_around, isouter=True)
        .where(
            place.c.street_id == bindparam("street", type_=Integer),
            inside,
            or_(place.c.kind == "stairwell", and_(place.c.kind == "building", ~doors.exists())),
            locked(place, reach),
        )
        .order_by(natural(func.coalesce(around.c.name, "")), natural(house_name), natural(place.c.name), place.c.id)
        .limit(MOST_DOORS)
    )

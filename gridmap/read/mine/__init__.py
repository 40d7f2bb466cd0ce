"""What is one's own: the places that a person holds or was given, building by building in walking order."""

from collections.abc import Iterable
from datetime import datetime

from gridmap.coords import LonLat
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import lock_values, sees_people
from gridmap.read.mine.statements import (
    MOST_BUILDINGS,
    buildings_statement,
    held_statement,
    roles_statement,
    stairwells_statement,
    stood_in_for_statement,
)
from gridmap.read.mine.values import Held, Mine, MyBuilding, MyStairwell, StoodInFor
from gridmap.read.select import Asked
from gridmap.scope import Viewer
from gridmap.tables import SERIAL_BITS

__all__ = [
    "MOST_BUILDINGS",
    "Held",
    "Mine",
    "MyBuilding",
    "MyStairwell",
    "StoodInFor",
    "read_mine",
    "read_stood_in_for",
]


def read_mine(connection: Connection, viewer: Viewer, asked: Asked, *, after: int = 0) -> Mine:
    """The viewer's own places, in walking order: estate, building, stairwell, each by its number.

    The connection is in the viewer's transaction. `after` leaves out that many buildings.
    """
    held = _held(connection, viewer, asked)
    roots = _roots(held)
    if not held:
        return Mine(held=(), buildings=(), more_buildings=0)
    text, constants = buildings_statement(viewer.reach.shape)
    values = lock_values(viewer) | asked.values | roots | {"offset": after}
    rows = connection.execute(text, constants | values).fetchall()
    inner = _stairwells(connection, viewer, asked, [row["id"] for row in rows], roots)
    return Mine(
        held=held,
        buildings=tuple(_building(row, inner.get(row["id"], ())) for row in rows),
        more_buildings=rows[0]["found"] - after - len(rows) if rows else 0,
    )


def read_stood_in_for(connection: Connection, viewer: Viewer, now: datetime) -> tuple[StoodInFor, ...]:
    """For whom the viewer stands in at that business time; nobody for viewers who may not see people.

    The connection is in the viewer's transaction.
    """
    if not viewer.stands_in_for or viewer.person_id is None or not sees_people(viewer):
        return ()
    text, constants = stood_in_for_statement(viewer.reach.shape)
    who = {"away": list(viewer.stands_in_for), "person": viewer.person_id, "now": now}
    values = lock_values(viewer) | who | {"person_street": viewer.person_id >> SERIAL_BITS}
    rows = connection.execute(text, constants | values)
    return tuple(StoodInFor(name=row["display_name"], until=row["until"]) for row in rows)


def _held(connection: Connection, viewer: Viewer, asked: Asked) -> tuple[Held, ...]:
    reach, person_id = viewer.reach, viewer.person_id
    roles = _roles(connection, viewer, asked, person_id) if person_id else {}
    own = [*roles, *reach.grids, *reach.estates]
    if not own:
        return ()
    text, constants = held_statement(reach.shape)
    values = {"streets": sorted({identity >> SERIAL_BITS for identity in own}), "own": own}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return tuple(
        Held(
            id=row["id"],
            kind=row["kind"],
            name=row["name"],
            around=row["around"],
            roles=tuple(roles.get(row["id"], ())),
            households=row["households"],
            point=_point(row),
            links=tuple(link for link in row["links"] if link and link != row["id"]),
        )
        for row in rows
    )


def _roles(connection: Connection, viewer: Viewer, asked: Asked, person_id: int) -> dict[int, list[tuple[str, str]]]:
    text, constants = roles_statement(viewer.reach.shape)
    people = [person_id, *viewer.stands_in_for]
    values = {"holders": people, "person_street": person_id >> SERIAL_BITS}
    found: dict[int, list[tuple[str, str]]] = {}
    for row in connection.execute(text, constants | lock_values(viewer) | asked.values | values):
        found.setdefault(row["place_id"], []).append((row["title"], row["title_en"]))
    return found


def _roots(held: Iterable[Held]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {f"my_{kind}s": [] for kind in ("grid", "estate", "building", "stairwell")}
    for one in held:
        if f"my_{one.kind}s" in found:
            found[f"my_{one.kind}s"].append(one.id)
    everything = [identity for some in found.values() for identity in some]
    return found | {"my_streets": sorted({identity >> 32 for identity in everything})}


def _stairwells(
    connection: Connection, viewer: Viewer, asked: Asked, buildings: list[int], roots: dict[str, list[int]]
) -> dict[int, tuple[MyStairwell, ...]]:
    seen = sees_people(viewer)
    text, constants = stairwells_statement(viewer.reach.shape, seen)
    values = lock_values(viewer) | asked.values | roots | {"parents": buildings}
    found: dict[int, list[MyStairwell]] = {}
    for row in connection.execute(text, constants | values):
        one = MyStairwell(
            id=row["id"],
            name=row["name"],
            households=row["households"],
            floors=row["floors"],
            holders=row["holders"] if seen else None,
            is_vacant=seen and not row["holders"],
            point=_point(row),
            units=tuple(row["units"]),
        )
        found.setdefault(row["parent_id"], []).append(one)
    return {parent: tuple(inner) for parent, inner in found.items()}


def _building(row: Row, stairwells: tuple[MyStairwell, ...]) -> MyBuilding:
    own = sum(one.households for one in stairwells)
    return MyBuilding(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        point=_point(row),
        estate_id=row["estate_id"],
        estate=row["estate"],
        kind=row["building_kind"],
        floors=row["floors"],
        households=own + row["own_units"],
        stairwells=stairwells,
    )


def _point(row: Row) -> LonLat | None:
    return None if row["lon"] is None else LonLat(row["lon"], row["lat"])

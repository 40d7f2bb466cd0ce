"""What is one's own: the places that a person holds or was given, building by building in walking order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, array

from gridmap.coords import LonLat
from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.layer import AS_OF
from gridmap.read.locks import ids, lock_values, locked, of_kinds, people_locked, sees_people
from gridmap.read.order import natural
from gridmap.read.select import Asked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, absence, assignment, building, duty_role, estate, grid, person, place, stairwell

Statement = tuple[str, dict[str, Any]]
MOST_BUILDINGS = 60
COMMA = literal_column("'、'", Text)
WORKING = ("grid", "estate", "building", "stairwell", "facility", "zone")


@dataclass(frozen=True, kw_only=True)
class Held:
    """A place that is one's own: by an assignment, then with its role, or by a right that was given."""

    id: int
    kind: str
    name: str
    around: str | None
    roles: tuple[tuple[str, str], ...]
    """Titles in Chinese and in English."""
    households: int | None
    point: LonLat | None
    links: tuple[int, ...]
    """Ids of what it lies in."""


@dataclass(frozen=True, kw_only=True)
class StoodInFor:
    """Somebody who is away, whose places are one's own until then; None where nobody knows until when."""

    name: str
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class MyStairwell:
    """A stairwell to go to. `holders` are names where people may be seen; `is_vacant` that nobody manages it."""

    id: int
    name: str
    households: int
    floors: int | None
    holders: str | None
    is_vacant: bool
    point: LonLat | None
    units: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MyBuilding:
    """A building to go to, and its stairwells as far as they are one's own."""

    id: int
    code: str
    name: str
    estate_id: int | None
    estate: str | None
    """None where the viewer may not see the estate itself."""
    point: LonLat | None
    kind: str
    floors: int | None
    households: int
    stairwells: tuple[MyStairwell, ...]


@dataclass(frozen=True, kw_only=True)
class Mine:
    """All of it. `more_buildings` are those that did not fit."""

    held: tuple[Held, ...]
    buildings: tuple[MyBuilding, ...]
    more_buildings: int

    @property
    def households(self) -> int:
        """How many households live in the buildings listed."""
        return sum(one.households for one in self.buildings)

    @property
    def vacant(self) -> int:
        """How many of the stairwells nobody manages."""
        return sum(door.is_vacant for one in self.buildings for door in one.stairwells)

    @property
    def stairwells(self) -> int:
        """How many stairwells are listed."""
        return sum(len(one.stairwells) for one in self.buildings)

    @property
    def around(self) -> tuple[int, ...]:
        """Ids of one's own places and of what they lie in, for whom to turn to."""
        outer = [link for one in self.held for link in one.links]
        estates = [one.estate_id for one in self.buildings if one.estate_id]
        return tuple(dict.fromkeys((*(one.id for one in self.held), *outer, *estates)))

    @property
    def place_ids(self) -> tuple[int, ...]:
        """What a map of one's own shows."""
        inner = [stairwell.id for one in self.buildings for stairwell in one.stairwells]
        return tuple(dict.fromkeys((*(one.id for one in self.held), *(one.id for one in self.buildings), *inner)))


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


@lru_cache(maxsize=64)
def roles_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of what some people of a street hold, and as what."""
    return compiled(
        select(assignment.c.place_id, duty_role.c.title, duty_role.c.title_en)
        .join_from(assignment, duty_role, duty_role.c.code == assignment.c.role)
        .where(
            assignment.c.street_id == bindparam("person_street", type_=BigInteger),
            assignment.c.person_id == func.any(ids("holders")),
            assignment.c.valid.contains(AS_OF),
            locked(assignment, reach_of_shape(shape)),
        )
        .order_by(duty_role.c.sort, assignment.c.id)
    )


@lru_cache(maxsize=64)
def stood_in_for_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of who of some people is away now, with that substitute, and until when."""
    is_away = (absence.c.street_id == person.c.street_id) & (absence.c.person_id == person.c.id)
    return compiled(
        select(person.c.display_name, func.upper(absence.c.valid, type_=DateTime(timezone=True)).label("until"))
        .join_from(person, absence, is_away)
        .where(
            person.c.street_id == bindparam("person_street", type_=BigInteger),
            person.c.id == func.any(ids("away")),
            absence.c.substitute_id == bindparam("person", type_=BigInteger),
            absence.c.valid.contains(bindparam("now", type_=DateTime(timezone=True))),
            people_locked(person, reach_of_shape(shape)),
        )
        .order_by(person.c.display_name, person.c.id)
    )


@lru_cache(maxsize=64)
def held_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of some places with what they lie in."""
    reach = reach_of_shape(shape)
    around = place.alias("around")
    households = case(
        (place.c.kind == "grid", grid.c.counted_households),
        (place.c.kind == "estate", estate.c.counted_households),
        (place.c.kind == "stairwell", func.cardinality(stairwell.c.units)),
    )
    chosen = select(
        place.c.id,
        place.c.kind,
        place.c.name,
        around.c.name.label("around"),
        households.label("households"),
        array([place.c.parent_id, place.c.micro_grid_id, place.c.grid_id, place.c.estate_id]).label("links"),
        *_lon_lat(),
    ).select_from(place)
    is_around = (
        (around.c.street_id == place.c.street_id)
        & (around.c.id == func.coalesce(place.c.parent_id, place.c.estate_id))
        & (around.c.id != place.c.id)
        & locked(around, reach)
    )
    joined = chosen.join(around, is_around, isouter=True)
    for table in (grid, estate, stairwell):
        joined = joined.join(table, _of(table), isouter=True)
    is_own = (place.c.street_id == func.any(ids("streets"))) & (place.c.id == func.any(ids("own")))
    order = (case(*((place.c.kind == kind, k) for k, kind in enumerate(WORKING))), natural(place.c.name), place.c.id)
    return compiled(joined.where(is_own, locked(place, reach)).order_by(*order))


@lru_cache(maxsize=64)
def buildings_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the buildings in which one's own places lie."""
    reach = reach_of_shape(shape)
    around, door = place.alias("around"), place.alias("door")
    doors = (
        select(door.c.parent_id)
        .where(door.c.street_id == func.any(ids("my_streets")), door.c.id == func.any(ids("my_stairwells")))
        .scalar_subquery()
    )
    is_mine = or_(_in_grids_or_estates(), place.c.id == func.any(ids("my_buildings")), place.c.id.in_(doors))
    is_around = (around.c.street_id == place.c.street_id) & (around.c.id == place.c.estate_id) & locked(around, reach)
    chosen: Select[Any] = (
        select(
            place.c.id,
            place.c.code,
            place.c.name,
            place.c.estate_id,
            around.c.name.label("estate"),
            building.c.kind.label("building_kind"),
            building.c.floors,
            func.cardinality(building.c.units).label("own_units"),
            func.count().over().label("found"),
            *_lon_lat(),
        )
        .join_from(place, building, _of(building))
        .join(around, is_around, isouter=True)
        .where(
            place.c.street_id == func.any(ids("my_streets")),
            of_kinds(place.c.kind, "building"),
            is_mine,
            locked(place, reach),
        )
    )
    order = (
        natural(func.coalesce(around.c.initials, around.c.name)),
        around.c.name,
        place.c.estate_id,
        natural(place.c.name),
        place.c.id,
    )
    return compiled(chosen.order_by(*order).limit(MOST_BUILDINGS).offset(bindparam("offset", type_=BigInteger)))


@lru_cache(maxsize=64)
def stairwells_statement(shape: tuple[str, ...], sees_people: bool) -> Statement:
    """The SQL of one's own stairwells in some buildings, with those who manage them."""
    reach = reach_of_shape(shape)
    is_mine = or_(
        _in_grids_or_estates(),
        place.c.parent_id == func.any(ids("my_buildings")),
        place.c.id == func.any(ids("my_stairwells")),
    )
    names = _managers(shape).alias("managers") if sees_people else None
    holders = names.c.names if names is not None else func.nullif("", "")
    chosen = select(
        place.c.id,
        place.c.parent_id,
        place.c.name,
        stairwell.c.floors,
        func.cardinality(stairwell.c.units).label("households"),
        stairwell.c.units,
        holders.label("holders"),
        *_lon_lat(),
    ).join_from(place, stairwell, _of(stairwell))
    if names is not None:
        held = (names.c.street_id == place.c.street_id) & (names.c.place_id == place.c.id)
        chosen = chosen.join(names, held, isouter=True)
    where = (
        place.c.street_id == func.any(ids("my_streets")),
        place.c.parent_id == func.any(ids("parents")),
        of_kinds(place.c.kind, "stairwell"),
        is_mine,
        locked(place, reach),
    )
    return compiled(chosen.where(*where).order_by(natural(place.c.name), place.c.id))


def _managers(shape: tuple[str, ...]) -> "Select[Any]":
    reach = reach_of_shape(shape)
    names = func.string_agg(person.c.display_name, aggregate_order_by(COMMA, person.c.display_name))
    is_person = (person.c.street_id == assignment.c.street_id) & (person.c.id == assignment.c.person_id)
    return (
        select(assignment.c.street_id, assignment.c.place_id, names.label("names"))
        .join_from(assignment, person, is_person)
        .where(
            assignment.c.street_id == func.any(ids("my_streets")),
            assignment.c.role == "building_manager",
            assignment.c.valid.contains(AS_OF),
            locked(assignment, reach),
            people_locked(person, reach),
        )
        .group_by(assignment.c.street_id, assignment.c.place_id)
    )


def _lon_lat() -> "tuple[ColumnElement[float], ...]":
    point = func.ST_PointOnSurface(place.c.geom)
    return func.ST_X(point).label("lon"), func.ST_Y(point).label("lat")


def _in_grids_or_estates() -> "ColumnElement[bool]":
    return or_(
        place.c.grid_id == func.any(ids("my_grids")),
        place.c.micro_grid_id == func.any(ids("my_grids")),
        place.c.estate_id == func.any(ids("my_estates")),
    )


def _of(table: Any) -> "ColumnElement[bool]":
    made: ColumnElement[bool] = (table.c.street_id == place.c.street_id) & (table.c.place_id == place.c.id)
    return made

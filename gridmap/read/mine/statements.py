"""The SQL of what is one's own."""

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

from gridmap.db import compiled
from gridmap.layer import AS_OF
from gridmap.read.locks import ids, locked, of_kinds, people_locked
from gridmap.read.order import natural
from gridmap.scope import reach_of_shape
from gridmap.tables import absence, assignment, building, duty_role, estate, grid, person, place, stairwell

Statement = tuple[str, dict[str, Any]]
MOST_BUILDINGS = 60
COMMA = literal_column("'、'", Text)
WORKING = ("grid", "estate", "building", "stairwell", "facility", "zone")


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

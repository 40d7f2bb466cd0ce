"""Where places of a role are still nobody's: by estate or by community, for choosing where to give places to people."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, Text, and_, bindparam, cast, func, literal, or_, select

from gridmap.coords import BBox
from gridmap.db import compiled, execute
from gridmap.db.pools import Connection
from gridmap.layer import AS_OF
from gridmap.read.area import SIDES
from gridmap.read.locks import is_near, lock_values, locked, of_kinds
from gridmap.read.order import natural
from gridmap.read.select import Asked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import assignment, building, community, duty_role, place

Statement = tuple[str, dict[str, Any]]
BY_ESTATE = ("building", "stairwell")
NOT_LIVED_IN = ("garage", "public", "commercial")
LEVELS = (*BY_ESTATE, "grid", "estate", "zone")
"""Levels of roles whose places can be given on a map."""


@dataclass(frozen=True, kw_only=True)
class GivenRole:
    """A role that places are given in; titles in Chinese and in English."""

    code: str
    title: str
    title_en: str
    level: str


@dataclass(frozen=True, kw_only=True)
class Area:
    """An estate or a community, how many places of the role's level it has, and how many somebody holds."""

    kind: str
    id: int
    community_id: int | None
    name: str
    around: str
    places: int
    held: int
    bounds: BBox | None


def read_given_roles(connection: Connection) -> tuple[GivenRole, ...]:
    """The roles whose places can be given on a map, in the order of the table of roles."""
    columns = (duty_role.c[name] for name in ("code", "title", "title_en", "level"))
    chosen = select(*columns).where(of_kinds(duty_role.c.level, *LEVELS))
    statement = chosen.order_by(duty_role.c.sort, duty_role.c.code)
    return tuple(GivenRole(**row) for row in execute(connection, statement))


def read_areas_to_give(
    connection: Connection, viewer: Viewer, asked: Asked, street: int, role: GivenRole
) -> tuple[Area, ...]:
    """The communities of a street in which there are places of that level, each followed by its estates.

    Estates only where the level is one of stairwells or buildings; all in the order in which people count.
    """
    found: dict[str, list[Area]] = {"community": [], "estate": []}
    values = lock_values(viewer) | asked.values | {"street": street, "role": role.code, "level": role.level}
    for kind in found if role.level in BY_ESTATE else ("community",):
        text, constants = areas_statement(viewer.reach.shape, kind == "estate")
        for row in connection.execute(text, constants | values):
            known = {name: row[name] for name in ("id", "community_id", "name", "around", "places", "held")}
            bounds = None if row["west"] is None else BBox(*(row[side] for side in SIDES))
            found[kind].append(Area(kind=kind, bounds=bounds, **known))
    inside: dict[int | None, list[Area]] = {one.id: [one] for one in found["community"]}
    for estate in found["estate"]:
        inside.setdefault(estate.community_id, []).append(estate)
    return tuple(area for areas in inside.values() for area in areas)


@lru_cache(maxsize=64)
def areas_statement(shape: tuple[str, ...], by_estate: bool) -> Statement:
    """The SQL of the areas: estates where `by_estate`, else communities."""
    reach = reach_of_shape(shape)
    estate = place.alias("estate")
    street = bindparam("street", type_=Integer)
    is_held = (
        select(assignment.c.id)
        .where(
            assignment.c.street_id == place.c.street_id,
            assignment.c.place_id == place.c.id,
            assignment.c.role == bindparam("role", type_=Text),
            assignment.c.is_primary,
            assignment.c.valid.contains(AS_OF),
        )
        .correlate(place)
        .exists()
    )
    level = bindparam("level", type_=Text)
    is_of_level = or_(place.c.kind == level, and_(level == "stairwell", _stands_for_a_stairwell()))
    group = place.c.estate_id if by_estate else place.c.community_id
    counted = (
        select(
            group.label("area_id"),
            func.min(place.c.community_id).label("community_id"),
            func.count().label("places"),
            func.count().filter(is_held).label("held"),
            func.ST_Extent(place.c.geom).label("box"),
        )
        .where(
            place.c.street_id == street,
            is_of_level,
            place.c.valid.contains(cast(AS_OF, Date)),
            group.is_not(None),
            locked(place, reach),
        )
        .group_by(group)
        .cte("counted")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    sides = [side(counted.c.box).label(name) for name, side in SIDES.items()]
    is_community = and_(
        community.c.street_id == street, community.c.id == counted.c.community_id, is_near(community.c.street_id, reach)
    )
    numbers = (counted.c.area_id.label("id"), counted.c.community_id, counted.c.places, counted.c.held, *sides)
    if not by_estate:
        chosen = select(community.c.name, literal("", Text).label("around"), *numbers)
        return compiled(chosen.join_from(counted, community, is_community).order_by(community.c.code))
    is_estate = and_(estate.c.street_id == street, estate.c.id == counted.c.area_id, locked(estate, reach))
    return compiled(
        select(estate.c.name, func.coalesce(community.c.name, "").label("around"), *numbers)
        .join_from(counted, estate, is_estate)
        .join(community, is_community, isouter=True)
        .order_by(community.c.code, natural(estate.c.name), estate.c.id)
    )


def _stands_for_a_stairwell() -> "ColumnElement[bool]":
    """A house without stairwells counts as one; where nobody lives nobody looks after one."""
    door = place.alias("door")
    doors = select(door.c.id).where(
        door.c.street_id == place.c.street_id, door.c.parent_id == place.c.id, door.c.kind == "stairwell"
    )
    lived_in = select(building.c.place_id).where(
        building.c.street_id == place.c.street_id,
        building.c.place_id == place.c.id,
        ~of_kinds(building.c.kind, *NOT_LIVED_IN),
    )
    return and_(place.c.kind == "building", lived_in.correlate(place).exists(), ~doors.correlate(place).exists())

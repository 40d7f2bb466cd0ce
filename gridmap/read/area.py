"""Where a viewer's places lie and how many there are: the first window of a map, and the numbers beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
    union_all,
)

from gridmap.coords import BBox
from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layer import AS_OF, is_kind
from gridmap.read.locks import ids, is_near, lock_values, locked, of_kinds
from gridmap.read.select import Asked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import assignment, building, community, grid, place, stairwell, street
from gridmap.tables.places import PLACE_KINDS

Statement = tuple[str, dict[str, Any]]
WIDE = ("city", "streets", "communities")
SIDES = {"west": func.ST_XMin, "south": func.ST_YMin, "east": func.ST_XMax, "north": func.ST_YMax}


@dataclass(frozen=True, kw_only=True)
class Area:
    """A street of which the viewer sees something: the box of that, and the households counted in its grids."""

    street_id: int
    code: str
    name: str
    is_demo: bool
    households: int
    bounds: BBox | None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many places of each kind the viewer sees, by the word of the kind; and the households in them."""

    communities: int
    places: Mapping[str, int]
    households: int

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        places = {kind: self.places[kind] + other.places[kind] for kind in self.places}
        return Counts(
            communities=self.communities + other.communities,
            places=places,
            households=self.households + other.households,
        )


def read_areas(connection: Connection, viewer: Viewer) -> tuple[Area, ...]:
    """The streets in which the viewer sees places, the one with the most households first, then by code.

    The connection is in the viewer's transaction. Boxes are in degrees, longitude first.
    """
    text, constants = areas_statement(viewer.reach.shape)
    found = [
        Area(
            street_id=row["id"],
            code=row["code"],
            name=row["name"],
            is_demo=row["is_demo"],
            households=row["households"],
            bounds=None if row["west"] is None else BBox(*(row[side] for side in SIDES)),
        )
        for row in connection.execute(text, constants | lock_values(viewer))
    ]
    return tuple(sorted(found, key=lambda area: (area.bounds is None, -area.households, area.code)))


def read_streets(connection: Connection, viewer: Viewer) -> tuple[Area, ...]:
    """The same from the outlines of the streets alone, by code: for those who see very many; nothing is counted."""
    text, constants = streets_statement(viewer.reach.shape)
    return tuple(
        Area(
            street_id=row["id"],
            code=row["code"],
            name=row["name"],
            is_demo=row["is_demo"],
            households=0,
            bounds=None if row["west"] is None else BBox(*(row[side] for side in SIDES)),
        )
        for row in connection.execute(text, constants | lock_values(viewer))
    )


def read_bounds(connection: Connection, viewer: Viewer, places: tuple[int, ...]) -> BBox | None:
    """The box of these places, as far as the viewer sees them; None where none has a geometry."""
    text, constants = bounds_statement(viewer.reach.shape)
    values = {"streets": sorted({identity >> 32 for identity in places}), "ids": list(places)}
    row = connection.execute(text, constants | lock_values(viewer) | values).fetchone()
    return None if row is None or row["west"] is None else BBox(*(row[side] for side in SIDES))


def read_counts(connection: Connection, viewer: Viewer, asked: Asked, street_id: int) -> Counts:
    """How many places of each kind the viewer sees in a street, counted from the rows.

    Households are those counted in the basic and dedicated grids where whole communities are seen, else the units of
    the buildings and stairwells that are seen.
    """
    text, constants = counts_statement(viewer.reach.shape)
    found = connection.execute(text, constants | lock_values(viewer) | asked.values | {"street": street_id})
    rows = {row["kind"]: row["found"] for row in found}
    return Counts(
        communities=rows.get("community", 0),
        places={kind: rows.get(kind, 0) for kind in PLACE_KINDS},
        households=rows.get("household", 0),
    )


def read_vacant(connection: Connection, viewer: Viewer, asked: Asked, street_id: int) -> int:
    """How many stairwells of a street, of those that the viewer sees, have no building manager at the map's date.

    Only for viewers all of whose roles may see people.
    """
    text, constants = vacant_statement(viewer.reach.shape)
    values = lock_values(viewer) | asked.values | {"street": street_id}
    row = connection.execute(text, constants | values).fetchone()
    assert row is not None
    found: int = row["found"]
    return found


@lru_cache(maxsize=64)
def areas_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the areas: the box of grids and estates, else of all places, else of the street itself."""
    reach = reach_of_shape(shape)
    lock = locked(place, reach)
    inside = (place.c.street_id == street.c.id) & lock
    # a lateral join reads each street by its own index; the whole table is never scanned
    large = (
        select(
            func.ST_Extent(place.c.geom).label("box"),
            func.coalesce(func.sum(grid.c.counted_households).filter(grid.c.type != "micro"), 0).label("households"),
        )
        .join_from(place, grid, _is_of(grid), isouter=True)
        .where(inside, of_kinds(place.c.kind, "grid", "estate"))
        .correlate(street)
        .lateral("large")
    )
    everything = select(func.ST_Extent(place.c.geom)).where(inside).correlate(street).scalar_subquery()
    box = func.coalesce(large.c.box, everything, func.Box2D(street.c.geom))
    boxed = (
        select(street.c.id, street.c.code, street.c.name, street.c.is_demo, large.c.households, box.label("box"))
        .join_from(street, large, true())
        .where(is_near(street.c.id, reach))
        .subquery("boxed")
    )
    return compiled(select(boxed, *(side(boxed.c.box).label(name) for name, side in SIDES.items())))


@lru_cache(maxsize=64)
def streets_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the streets with their own boxes."""
    sides = (side(street.c.geom).label(name) for name, side in SIDES.items())
    chosen = select(street.c.id, street.c.code, street.c.name, street.c.is_demo, *sides)
    return compiled(chosen.where(is_near(street.c.id, reach_of_shape(shape))).order_by(street.c.code))


@lru_cache(maxsize=64)
def bounds_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the box of some places."""
    some = and_(
        place.c.street_id == func.any(ids("streets")),
        place.c.id == func.any(ids("ids")),
        locked(place, reach_of_shape(shape)),
    )
    box = select(func.ST_Extent(place.c.geom).label("box")).where(some).subquery("box")
    return compiled(select(*(side(box.c.box).label(name) for name, side in SIDES.items())))


@lru_cache(maxsize=64)
def counts_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL that counts what a viewer of that shape sees, a row per kind."""
    lock = locked(place, reach_of_shape(shape))
    here = place.c.street_id == bindparam("street", type_=Integer)
    by_kind = select(place.c.kind, func.count().label("found")).where(here, lock).group_by(place.c.kind)
    near = is_near(community.c.street_id, reach_of_shape(shape))
    communities = select(literal_column("'community'", Text).label("kind"), func.count().label("found")).where(
        community.c.street_id == bindparam("street", type_=Integer),
        community.c.valid.contains(cast(AS_OF, Date)),
        near,
    )
    return compiled(union_all(by_kind, communities, _households(shape, here & lock)))


@lru_cache(maxsize=64)
def vacant_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL that counts stairwells without a building manager."""
    reach = reach_of_shape(shape)
    street_id = bindparam("street", type_=Integer)
    # by itself, so that it is hashed once: row by row the planner takes it for few and compares each with each
    held = select(assignment.c.place_id).where(
        assignment.c.street_id == street_id,
        assignment.c.role == "building_manager",
        assignment.c.is_primary,
        assignment.c.valid.contains(AS_OF),
        locked(assignment, reach),
    )
    here = (place.c.street_id == street_id) & is_kind(place, "stairwell") & locked(place, reach)
    return compiled(select(func.count().label("found")).select_from(place).where(here, place.c.id.not_in(held)))


def _is_of(table: Table) -> "ColumnElement[bool]":
    return (table.c.street_id == place.c.street_id) & (table.c.place_id == place.c.id)


def _households(shape: tuple[str, ...], seen: "ColumnElement[bool]") -> "Select[Any]":
    word: ColumnElement[str] = literal_column("'household'", Text).label("kind")
    if any(name in WIDE for name in shape):
        return (
            select(word, func.coalesce(func.sum(grid.c.counted_households), 0).label("found"))
            .join_from(place, grid, _is_of(grid))
            .where(is_kind(place, "grid"), grid.c.type != "micro", seen)
        )
    units = [
        select(func.coalesce(func.sum(func.cardinality(of.c.units)), 0))
        .join_from(place, of, _is_of(of))
        .where(seen)
        .scalar_subquery()
        for of in (building, stairwell)
    ]
    return select(word, (units[0] + units[1]).label("found"))

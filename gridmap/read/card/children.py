"""What lies in a place: estates and buildings of a grid, buildings of an estate, stairwells of a building."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, case, func, null, or_, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layer import holder_of
from gridmap.layers.five_lines import LINES, lines_at
from gridmap.read.card.place import Place
from gridmap.read.locks import lock_values, locked, of_kinds, sees_people
from gridmap.read.order import by_name
from gridmap.read.select import Asked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import building, grid, place, stairwell

Statement = tuple[str, dict[str, Any]]
MOST = 60
INNER = {
    "community": ("grid",),
    "grid": ("building",),
    "estate": ("estate", "building"),
    "building": ("stairwell",),
    "stairwell": (),
    "facility": (),
    "zone": (),
}


@dataclass(frozen=True, kw_only=True)
class Child:
    """One thing inside; households as counted, `holders` are names where people may be seen."""

    id: int
    kind: str
    name: str
    around: str | None
    households: int | None
    units: tuple[str, ...]
    holders: str | None
    is_vacant: bool
    lines: tuple[bool, ...]
    """Of a stairwell, where people may be seen: which of the five lines are filled."""


def read_children(connection: Connection, viewer: Viewer, asked: Asked, of: Place) -> tuple[tuple[Child, ...], int]:
    """The first MOST things inside the place in the order in which people count, and how many more there are."""
    if not INNER[of.kind]:
        return (), 0
    seen = sees_people(viewer)
    text, constants = children_statement(viewer.reach.shape, of.kind, seen)
    values = lock_values(viewer) | asked.values | {"street": of.street_id, "id": of.id}
    rows = connection.execute(text, constants | values).fetchall()
    children = tuple(_child(row, sees_people=seen) for row in rows)
    return children, rows[0]["found"] - len(rows) if rows else 0


def _child(row: dict[str, Any], *, sees_people: bool) -> Child:
    needs_somebody = row["kind"] in ("stairwell", "grid")
    return Child(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        around=row["around"],
        households=row["households"],
        units=tuple(row["units"] or ()),
        holders=row["holders"] if sees_people else None,
        is_vacant=sees_people and needs_somebody and not row["holders"],
        lines=() if row["mask"] is None else tuple(bool(row["mask"] & 1 << (number - 1)) for number in LINES),
    )


@lru_cache(maxsize=128)
def children_statement(shape: tuple[str, ...], kind: str, sees_people: bool) -> Statement:
    """The SQL of what lies in a place of that kind."""
    reach = reach_of_shape(shape)
    estate = place.alias("estate_around")
    households: dict[str, ColumnElement[Any]] = {
        "grid": grid.c.counted_households,
        "building": building.c.counted_households,
        "stairwell": func.cardinality(stairwell.c.units),
    }
    by_kind = case(*((place.c.kind == word, value) for word, value in households.items()))
    chosen = select(
        place.c.id,
        place.c.kind,
        place.c.name,
        estate.c.name.label("around"),
        by_kind.label("households"),
        func.coalesce(stairwell.c.units, building.c.units).label("units"),
        (_holders() if sees_people else func.nullif("", "")).label("holders"),
        (case((place.c.kind == "stairwell", lines_at)) if sees_people else null()).label("mask"),
        func.count().over().label("found"),
    ).select_from(place)
    for table in (grid, building, stairwell):
        is_it = (table.c.street_id == place.c.street_id) & (table.c.place_id == place.c.id)
        chosen = chosen.join(table, is_it, isouter=True)
    is_around = (
        (estate.c.street_id == place.c.street_id)
        & (estate.c.id == place.c.estate_id)
        & (estate.c.id != place.c.id)
        & locked(estate, reach)
    )
    where = (
        place.c.street_id == bindparam("street", type_=BigInteger),
        _lies_in(kind),
        of_kinds(place.c.kind, *INNER[kind]),
        locked(place, reach),
    )
    order = (case((place.c.kind == "estate", 0), else_=1), estate.c.initials, estate.c.name, *by_name(place))
    return compiled(chosen.join(estate, is_around, isouter=True).where(*where).order_by(*order).limit(MOST))


def _holders() -> "ColumnElement[Any]":
    return case(
        (place.c.kind == "stairwell", holder_of(place, "building_manager")),
        (place.c.kind == "building", holder_of(place, "building_manager", inside=True)),
        (place.c.kind == "grid", holder_of(place, "grid_worker")),
    )


def _lies_in(kind: str) -> "ColumnElement[bool]":
    one = bindparam("id", type_=BigInteger)
    if kind == "community":
        return place.c.community_id == one
    if kind == "grid":
        return or_(place.c.grid_id == one, place.c.micro_grid_id == one)
    if kind == "estate":
        return or_(place.c.parent_id == one, place.c.estate_id == one) & (place.c.id != one)
    return place.c.parent_id == one

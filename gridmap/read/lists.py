"""The map as a list: the rows of one layer in one street, cut by community, grid, estate or building, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Integer, Subquery, bindparam, cast, func, or_, select

from gridmap.db import compiled, execute
from gridmap.db.pools import Connection
from gridmap.layer import AS_OF, Layer, Role
from gridmap.layers import BY_NAME
from gridmap.read.locks import ids, is_near, lock_values, locked, of_kinds
from gridmap.read.order import natural
from gridmap.read.select import Asked, rows_of, seen_attributes
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, duty_role, facility_kind, place

Statement = tuple[str, dict[str, Any]]
Shape = tuple[str, ...]
STREET = bindparam("cut_street", type_=Integer)

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "communities": ("code", "declared_households", "declared_population"),
    "grids": ("code", "type", "households", "buildings", "stairwells", "worker"),
    "estates": ("management", "property", "households", "buildings", "stairwells"),
    "buildings": ("kind", "floors", "households", "stairwells", "manager"),
    "stairwells": ("floors", "households", "manager"),
    "five_lines": ("line_1", "line_2", "line_3", "line_4", "line_5"),
    "facilities": ("kind", "theme", "state", "installed_on"),
    "assignments": ("role", "holder", "since"),
}
"""The layers that have a list, and which of their attributes it shows beside the name."""
FEW = frozenset({"estates"})
"""Layers of which a whole street is sorted as people count: there are few, and their codes mean nothing to people."""
CUTS = ("community", "grid", "estate", "building")
CUTS_OF: Mapping[str, tuple[str, ...]] = {
    "communities": (),
    "grids": ("community",),
    "estates": ("community",),
    "buildings": ("community", "grid", "estate"),
    "stairwells": CUTS,
    "five_lines": CUTS,
    "facilities": ("community", "grid", "estate"),
    "assignments": ("community", "grid", "estate"),
}
"""By what a layer's list can be cut."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Which part of a street: each is an id, None for all of it."""

    street: int
    community: int | None = None
    grid: int | None = None
    estate: int | None = None
    building: int | None = None
    vacant: bool = False
    """Only what nobody looks after: stairwells without a building manager, grids without a grid worker; only the
    stairwells of whose five lines one is missing."""

    def by(self, layer: Layer) -> tuple[str, ...]:
        """The cuts that are made and mean something in that layer."""
        return tuple(name for name in CUTS_OF[layer.name] if getattr(self, name) is not None)

    @property
    def values(self) -> dict[str, Any]:
        """The values of the bind parameters."""
        return {"cut_street": self.street} | {f"cut_{name}": getattr(self, name) for name in CUTS}


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One row: the place that it opens, what that lies in, and the values to show."""

    place_id: int
    name: str
    around: tuple[str, ...]
    values: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Something that a list can be cut by."""

    id: int
    name: str


def shown_columns(layer: Layer, roles: frozenset[Role]) -> tuple[str, ...]:
    """The attributes that the list of that layer shows to these reading roles."""
    seen = seen_attributes(layer, roles)
    return tuple(name for name in COLUMNS[layer.name] if name in seen)


def lists_for(viewer: Viewer) -> tuple[Layer, ...]:
    """The layers of which the viewer may see a list, in the order from large to small."""
    names = [name for name in COLUMNS if shown_columns(BY_NAME[name], viewer.reading_roles)]
    return tuple(BY_NAME[name] for name in names)


def can_show_vacant(layer: Layer, roles: frozenset[Role]) -> bool:
    """Whether these reading roles may ask for what nobody looks after."""
    return _vacancy(layer) in seen_attributes(layer, roles)


def read_list(
    connection: Connection, layer: Layer, viewer: Viewer, asked: Asked, cut: Cut, *, limit: int, offset: int
) -> tuple[Listed, ...]:
    """Rows of the layer that the viewer sees: a cut list in the order in which people count, else by code.

    The connection is in the viewer's transaction. In a cut list rows of one estate stand together, then those of one
    building.
    """
    roles, shape = viewer.reading_roles, viewer.reach.shape
    text, constants = page_statement(layer, shape, cut.by(layer), cut.vacant)
    values = lock_values(viewer) | asked.values | cut.values
    rows = connection.execute(text, constants | values | {"limit": limit, "offset": offset}).fetchall()
    names = shown_columns(layer, roles)
    text, constants = values_statement(layer, shape, names)
    ids_of_page = {"ids": [row["id"] for row in rows]}
    known = {row["id"]: row for row in connection.execute(text, constants | values | ids_of_page)}
    return tuple(
        Listed(
            place_id=row["place_id"],
            name=row["name"],
            around=tuple(dict.fromkeys(name for name in (row["estate"], row["parent"]) if name)),
            values={name: known[row["id"]][name] for name in names},
        )
        for row in rows
        if row["id"] in known
    )


def count_list(connection: Connection, layer: Layer, viewer: Viewer, asked: Asked, cut: Cut) -> int:
    """How many rows the whole list has."""
    text, constants = count_statement(layer, viewer.reach.shape, cut.by(layer), cut.vacant)
    row = connection.execute(text, constants | lock_values(viewer) | asked.values | cut.values).fetchone()
    assert row is not None
    found: int = row["found"]
    return found


def read_titles(connection: Connection, layer: Layer) -> dict[str, dict[str, tuple[str, str]]]:
    """Chinese and English titles of the codes of an attribute that comes from a code table, by attribute and code."""
    tables = {"facilities": ("kind", facility_kind), "assignments": ("role", duty_role)}
    if layer.name not in tables:
        return {}
    name, table = tables[layer.name]
    rows = execute(connection, select(table.c.code, table.c.title, table.c.title_en))
    return {name: {row["code"]: (row["title"], row["title_en"]) for row in rows}}


def read_choices(connection: Connection, viewer: Viewer, asked: Asked, cut: Cut, kind: str) -> tuple[Choice, ...]:
    """The communities, grids or estates that a list can be cut by: inside the community that it is cut by already."""
    within = kind != "community" and cut.community is not None
    text, constants = choices_statement(viewer.reach.shape, kind, within)
    rows = connection.execute(text, constants | lock_values(viewer) | asked.values | cut.values)
    return tuple(Choice(id=row["id"], name=row["name"]) for row in rows)


@lru_cache(maxsize=512)
def page_statement(layer: Layer, shape: Shape, cuts: Shape, vacant: bool) -> Statement:
    """The SQL of the rows of a page, in order."""
    reach = reach_of_shape(shape)
    rows, chosen = rows_of(layer, reach, ("code", "name", *_if_vacant(layer, vacant)))
    here, estate, parent = place.alias("here"), place.alias("estate"), place.alias("parent")
    place_id = _place_id(rows)
    page = (
        chosen.add_columns(rows.c.id, place_id.label("place_id"), rows.c.code, rows.c.name)
        .where(*_conditions(layer, rows, cuts, vacant))
        .cte("page")
    )
    limit, offset = bindparam("limit", type_=Integer), bindparam("offset", type_=Integer)
    is_natural = bool(cuts) or layer.name in FEW
    by_code = select(page).order_by(page.c.code, page.c.id).limit(limit).offset(offset)
    chosen_rows = page if is_natural else by_code.cte("few")
    is_here = (here.c.street_id == STREET) & (here.c.id == chosen_rows.c.place_id)
    is_estate = (estate.c.street_id == STREET) & (estate.c.id == here.c.estate_id) & (estate.c.id != here.c.id)
    is_parent = (parent.c.street_id == STREET) & (parent.c.id == here.c.parent_id)
    columns = (*(chosen_rows.c[name] for name in ("id", "place_id", "name")), estate.c.name.label("estate"))
    described = (
        select(*columns, parent.c.name.label("parent"))
        .select_from(chosen_rows)
        .join(here, is_here & locked(here, reach), isouter=True)
        .join(estate, is_estate & locked(estate, reach), isouter=True)
        .join(parent, is_parent & locked(parent, reach), isouter=True)
    )
    if not is_natural:
        return compiled(described.order_by(chosen_rows.c.code, chosen_rows.c.id))
    order = (estate.c.initials, estate.c.name, natural(parent.c.name), natural(page.c.name), page.c.code, page.c.id)
    return compiled(described.order_by(*order).limit(limit).offset(offset))


@lru_cache(maxsize=512)
def values_statement(layer: Layer, shape: Shape, names: Shape) -> Statement:
    """The SQL of the values of the rows of a page."""
    rows, chosen = rows_of(layer, reach_of_shape(shape), names)
    of_page = (rows.c.street_id == STREET) & (rows.c.id == func.any(ids("ids")))
    return compiled(chosen.add_columns(rows.c.id, *(rows.c[name] for name in names)).where(of_page))


@lru_cache(maxsize=512)
def count_statement(layer: Layer, shape: Shape, cuts: Shape, vacant: bool) -> Statement:
    """The SQL of how many rows a list has."""
    rows, chosen = rows_of(layer, reach_of_shape(shape), _if_vacant(layer, vacant))
    counted = chosen.add_columns(func.count().label("found")).select_from(rows)
    return compiled(counted.where(*_conditions(layer, rows, cuts, vacant)))


@lru_cache(maxsize=64)
def choices_statement(shape: Shape, kind: str, within: bool) -> Statement:
    """The SQL of what a list can be cut by."""
    reach = reach_of_shape(shape)
    if kind == "community":
        seen = select(place.c.community_id).where(
            place.c.street_id == STREET, of_kinds(place.c.kind, "grid", "estate"), locked(place, reach)
        )
        today = community.c.valid.contains(cast(AS_OF, Date))
        near = is_near(community.c.street_id, reach)
        return compiled(
            select(community.c.id, community.c.name)
            .where(community.c.street_id == STREET, near, today, community.c.id.in_(seen))
            .order_by(community.c.code)
        )
    where = [place.c.street_id == STREET, of_kinds(place.c.kind, kind), locked(place, reach)]
    if within:
        where.append(place.c.community_id == bindparam("cut_community", type_=BigInteger))
    order = (place.c.code,) if kind == "grid" else (place.c.initials, natural(place.c.name), place.c.id)
    return compiled(select(place.c.id, place.c.name).where(*where).order_by(*order))


def _place_id(rows: Subquery) -> "ColumnElement[Any]":
    return rows.c.place_id if "place_id" in rows.c else rows.c.id


def _conditions(layer: Layer, rows: Subquery, cuts: Shape, vacant: bool) -> "list[ColumnElement[bool]]":
    found: list[ColumnElement[bool]] = [rows.c.street_id == STREET]
    for name in cuts:
        one = bindparam(f"cut_{name}", type_=BigInteger)
        if name == "grid":
            found.append(or_(rows.c.grid_id == one, rows.c.micro_grid_id == one))
        elif name == "building":
            inner = place.alias("inner")
            of_building = select(inner.c.id).where(inner.c.street_id == STREET, inner.c.parent_id == one)
            found.append(_place_id(rows).in_(of_building))
        else:
            found.append(rows.c[f"{name}_id"] == one)
    if vacant:
        said = rows.c[_vacancy(layer)]
        found.append(said == "missing" if layer.name == "five_lines" else said.is_(None))
    return found


def _vacancy(layer: Layer) -> str:
    return {"stairwells": "manager", "grids": "worker", "five_lines": "state"}.get(layer.name, "")


def _if_vacant(layer: Layer, vacant: bool) -> Shape:
    return (_vacancy(layer),) if vacant else ()

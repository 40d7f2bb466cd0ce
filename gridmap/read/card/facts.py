"""What is known about a place: the attributes of its layer, and declared beside counted."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Table, bindparam, func, select, true

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.i18n import _
from gridmap.layer import Layer, Role, is_kind
from gridmap.read.card.place import Place
from gridmap.read.select import Asked, rows_of, seen_attributes, values_for
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import DataClass, building, community, estate, grid, stairwell
from gridmap.tables import place as of_place

Statement = tuple[str, dict[str, Any]]
COUNTED: dict[str, Table] = {"grid": grid, "estate": estate, "building": building, "stairwell": stairwell}
THINGS = {
    "households": _("Households"),
    "population": _("Residents"),
    "buildings": _("Buildings"),
    "stairwells": _("Stairwells"),
}
SHOWN_OTHERWISE = frozenset(
    {"code", "name", "kind_title", "property", "size", "held", *THINGS, *(f"declared_{thing}" for thing in THINGS)}
)


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing, as somebody declared it and as the rows count it; None is not known."""

    title: str
    declared: int | None
    counted: int | None

    @property
    def differs(self) -> bool:
        """Whether both are known and are not the same."""
        return None not in (self.declared, self.counted) and self.declared != self.counted


def read_values(connection: Connection, viewer: Viewer, asked: Asked, layer: Layer, place: Place) -> dict[str, Any]:
    """The attributes of the layer that the viewer sees, those that are known, without people, names and counts."""
    text, constants = values_statement(layer, viewer.reach.shape, viewer.reading_roles)
    values = values_for(viewer, asked, layer) | {"id": place.id, "street": place.street_id}
    row = connection.execute(text, constants | values).fetchone() or {}
    return {name: value for name, value in row.items() if name in layer.attributes and value is not None}


def read_counts(connection: Connection, place: Place, *, whole: bool) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """What was declared and what was counted, for each thing of which either is known; and the household numbers.

    The place must be one that the viewer sees: the tables of particulars are cut by street only. The households of a
    community are counted from its grids, and only where `whole` says that the viewer sees all of them.
    """
    if place.kind not in (*COUNTED, "community"):
        return (), ()
    text, constants = community_counts_statement() if place.kind == "community" else counts_statement(place.kind)
    values = {"id": place.id, "street": place.street_id}
    row = connection.execute(text, constants | values).fetchone() or {}
    if place.kind == "community" and not whole:
        row = {name: value for name, value in row.items() if name.startswith("declared_")}
    facts = (
        Fact(title=title, declared=row.get(f"declared_{thing}"), counted=row.get(f"counted_{thing}"))
        for thing, title in THINGS.items()
    )
    known = tuple(fact for fact in facts if fact.declared is not None or fact.counted is not None)
    return known, tuple(row.get("units") or ())


@lru_cache(maxsize=128)
def values_statement(layer: Layer, shape: tuple[str, ...], roles: frozenset[Role]) -> Statement:
    """The SQL of one row of a layer, without personal attributes: people are read as people."""
    names = [
        name
        for name in seen_attributes(layer, roles)
        if name not in SHOWN_OTHERWISE
        and (layer.name, name) != ("facilities", "kind")
        and layer.attributes[name].data_class is not DataClass.PERSONAL
        and layer.attributes[name].type != "object"
    ]
    rows, chosen = rows_of(layer, reach_of_shape(shape), names)
    is_it = rows.c.id == bindparam("id", type_=BigInteger), rows.c.street_id == bindparam("street", type_=BigInteger)
    return compiled(chosen.add_columns(rows.c.id, *(rows.c[name] for name in names)).where(*is_it))


@lru_cache
def counts_statement(kind: str) -> Statement:
    """The SQL of the declared and counted values of one place of that kind."""
    table = COUNTED[kind]
    columns = [column for column in table.c if column.name.startswith(("declared_", "counted_", "units"))]
    is_it = table.c.street_id == bindparam("street"), table.c.place_id == bindparam("id", type_=BigInteger)
    return compiled(select(*columns).where(*is_it))


@lru_cache
def community_counts_statement() -> Statement:
    """The SQL of a community's declared values, and of what its basic and dedicated grids count together."""
    counted = [
        func.sum(grid.c[f"counted_{thing}"]).label(f"counted_{thing}")
        for thing in ("households", "buildings", "stairwells")
    ]
    inside = (
        select(*counted)
        .join_from(grid, of_place, (of_place.c.street_id == grid.c.street_id) & (of_place.c.id == grid.c.place_id))
        .where(of_place.c.street_id == community.c.street_id, of_place.c.community_id == community.c.id)
        .where(is_kind(of_place, "grid"), grid.c.type != "micro")
        .correlate(community)
        .lateral("inside")
    )
    declared = [community.c[f"declared_{thing}"] for thing in ("households", "population")]
    is_it = community.c.street_id == bindparam("street"), community.c.id == bindparam("id", type_=BigInteger)
    return compiled(select(*declared, *inside.c).join_from(community, inside, true()).where(*is_it))

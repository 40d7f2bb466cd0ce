"""The words of a layer: declarations only. Everything that shows data derives from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Date,
    DateTime,
    ScalarSelect,
    Select,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from gridmap.i18n import _
from gridmap.tables import DataClass, assignment, basemap, person, place

AS_OF = bindparam("as_of", type_=DateTime(timezone=True))
"""The instant that a map shows; one of the closed set of words as_of, kind, reason, management, within."""
KIND, REASON, MANAGEMENT = (bindparam(name, type_=Text) for name in ("kind", "reason", "management"))
WITHIN = bindparam("within", type_=BigInteger)
"""What due work is cut to: a kind of task, a reason of gaps, who manages the estate, the id of an area. Null: all."""
STATE = bindparam("state", type_=Text)
BEGINS, ENDS = (bindparam(name, type_=Date) for name in ("begins", "ends"))
"""What cases are cut to beside kind and area: a state, and the days from and before which they were reported."""


SLOTS = ("slots",)
"""What numbers of due work are drawn from, beside the layer itself."""


class Role(StrEnum):
    """What an account does; its grants say where."""

    WORKER = "worker"
    MANAGER = "manager"
    LEADER = "leader"
    HANDLER = "handler"
    DUTY_RESIDENT = "duty_resident"
    PLANNER = "planner"
    ADMINISTRATOR = "administrator"


EVERYONE = frozenset(Role)
ON_DUTY = frozenset({Role.WORKER, Role.MANAGER, Role.LEADER})
"""Those who may read who is responsible: never planners, handlers or administrators."""
HOLDERS = ("assignments", "people")
"""What the names of holders are drawn from."""


class Scoped(StrEnum):
    """How a layer's rows are cut to what the viewer may see."""

    PLACE = "place"
    """Street, community, grid, estate or the place itself."""
    STREET = "street"
    """Every street in which the viewer has some place."""
    CASE = "case"
    """As places; but through an organisation only what it was given (`parties`), not all that it manages."""


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """A value that leaves the server. What is not declared does not."""

    title: str
    unit: str = ""
    data_class: DataClass = DataClass.INTERNAL
    seen_by: frozenset[Role] = EVERYONE
    codes: Mapping[str, str] = field(default_factory=dict)
    """For a coded value: code → title; tiles and files carry the code."""
    type: str = "string"
    """JSON type: string, integer, number, boolean or object; an object is never in a tile, nor asked for by value."""
    about: str = ""
    drawn_from: tuple[str, ...] = ()
    """Words of the change feed, beside the layer's own, whose changes change the value."""


KEPT = Attribute(
    title=_("Columns kept from the file"),
    type="object",
    seen_by=frozenset({Role.PLANNER, Role.LEADER, Role.ADMINISTRATOR}),
    about=_("What the file held besides and was kept when it was loaded, under the file's own names."),
)
"""`extra` of every layer that can be loaded from files: it may hold anything, so not everybody reads it."""


@dataclass(frozen=True, kw_only=True)
class StyleClass:
    """One named class of a style: its colour and how the legend calls it."""

    colour: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Style:
    """Colours by one attribute with named classes; the legend reads the same classes."""

    colour: str
    by: str | None = None
    classes: Mapping[str, StyleClass] = field(default_factory=dict)
    shape: str = "polygon"
    """polygon, line or point."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """A layer of the map: a select with id, street_id, geom, geom_3857 and, unless unscoped, the scope columns.

    `name` is also the file, the URL word and the collection id. `zoom_attributes` says which attributes a tile
    carries from a zoom on; files and items carry all that the viewer may see.
    """

    name: str
    title: str
    rows: Select[Any]
    attributes: Mapping[str, Attribute]
    scoped_by: Scoped | None
    style: Style
    label: str | None = None
    time: str | None = None
    min_zoom: int = 0
    zoom_attributes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    is_basemap: bool = False
    gathered_from: int | None = None
    """From this zoom on, as long as the layer itself does not show: its points counted together, cell by cell."""
    gathered: tuple[str, ...] = ()
    """Attributes of which a cell carries the least value."""
    gathered_in: int = 8
    """Rows and columns of these cells in a tile."""
    spread: int = 0
    """So many cells far each cell's points are spread around it, as a soft ground; 0: one number for each cell."""
    about: str = ""

    def tile_attributes(self, zoom: int) -> tuple[str, ...]:
        """The attributes of a tile at that zoom, before rights are looked at."""
        fitting = [start for start in self.zoom_attributes if start <= zoom]
        return self.zoom_attributes[max(fitting)] if fitting else ()


def place_columns(*, without_geometry: bool = False) -> "list[Column[Any]]":
    """What every layer of places selects: key, scope and geometry."""
    keys = ("street_id", "id", "community_id", "grid_id", "micro_grid_id", "estate_id", "code", "name", "changed_at")
    shapes = () if without_geometry else ("geom", "geom_3857", "label_3857")
    return [place.c[name] for name in (*keys, "extra", *shapes)]


def in_month(starts_on: "ColumnElement[Any]") -> "ColumnElement[bool]":
    """That a period begins in the month of the map's date."""
    first = func.date_trunc("month", cast(AS_OF, Date)).cast(Date)
    return and_(starts_on >= first, starts_on < (first + text("interval '1 month'")))


def is_kind(of: Table, kind: str) -> "ColumnElement[bool]":
    """That the row is of this kind; the word stands in the text, so that partial indexes fit in every plan."""
    return of.c.kind == literal_column(f"'{kind}'")


def basemap_columns() -> "list[Column[Any]]":
    """What every layer of the basemap selects."""
    names = ("street_id", "id", "class", "name", "extra", "geom", "geom_3857", "label_3857", "changed_at")
    return [basemap.c[name] for name in names]


def holder_of(where: Table, role: str, *, inside: bool = False) -> "ScalarSelect[str]":
    """The names of those who hold `role` at the map's date, on the place or (inside) on what lies in it.

    A scalar subquery, so that PostgreSQL drops it where the attribute is not asked for.
    """
    on_place = assignment.c.place_id == where.c.id
    if inside:
        held = place.alias("held")
        within = select(held.c.id).where(held.c.street_id == where.c.street_id, held.c.parent_id == where.c.id)
        # as one list that an index answers: with OR every assignment of the street would be read for each place
        places = func.array_append(func.array(within.correlate(where).scalar_subquery()), where.c.id)
        on_place = assignment.c.place_id == any_(places)
    ordered = aggregate_order_by(literal("、"), person.c.display_name)
    names = func.string_agg(func.distinct(person.c.display_name), ordered)
    return (
        select(names)
        .join_from(
            assignment,
            person,
            and_(person.c.street_id == assignment.c.street_id, person.c.id == assignment.c.person_id),
        )
        .where(assignment.c.street_id == where.c.street_id, on_place, assignment.c.role == role)
        .where(assignment.c.is_primary, assignment.c.valid.contains(AS_OF))
        .correlate(where)
        .scalar_subquery()
    )

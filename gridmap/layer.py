"""The words of a layer: declarations only. Everything that shows data derives from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, DateTime, Select, bindparam

from gridmap.tables import DataClass, place

AS_OF = bindparam("as_of", type_=DateTime(timezone=True))
"""The instant that a map shows; one of the closed set of words as_of, from, to, kind, state."""


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


class Scoped(StrEnum):
    """How a layer's rows are cut to what the viewer may see."""

    PLACE = "place"
    """Street, community, grid, estate or the place itself."""
    STREET = "street"
    """Every street in which the viewer has some place."""


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
    """JSON type: string, integer, number or boolean."""
    about: str = ""


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


@dataclass(frozen=True, kw_only=True)
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
    about: str = ""

    def tile_attributes(self, zoom: int) -> tuple[str, ...]:
        """The attributes of a tile at that zoom, before rights are looked at."""
        fitting = [start for start in self.zoom_attributes if start <= zoom]
        return self.zoom_attributes[max(fitting)] if fitting else ()


def place_columns() -> "list[Column[Any]]":
    """What every layer of places selects: key, scope and geometry."""
    names = ("street_id", "id", "community_id", "grid_id", "micro_grid_id", "estate_id", "code", "name")
    return [place.c[name] for name in (*names, "geom", "geom_3857", "label_3857", "changed_at")]

"""The GeoPackage of a plan: every layer inside its estates, what changes with time on both days."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import BindParameter
from sqlalchemy.sql import visitors

from gridmap.db import Database
from gridmap.i18n import translate
from gridmap.layer import Layer
from gridmap.layers import LAYERS as ALL
from gridmap.read.asked_area import read_inside
from gridmap.read.files import add_layers
from gridmap.read.filter import EVERYTHING
from gridmap.read.select import Asked, layers_for
from gridmap.read.stream import STREAM_SETTINGS, Export
from gridmap.renovation.figures import check_near, end_of_day
from gridmap.scope import Viewer

LAYERS = tuple(layer.name for layer in ALL if layer.name not in ("districts", "incident_density"))
"""Everything but the district around, and the ground of cases, which the cases themselves say."""
BEFORE = "_before"
"""What the tables of the first day end with."""


def exports_for(
    viewer: Viewer, ids: Sequence[int], days: tuple[date, date], made_at: datetime, database: Database
) -> tuple[list[Export], list[Export]]:
    """The exports of the last day, and of the first day those of layers that change with time.

    Raises BadWord for an estate that the viewer does not see; BadOrder where they are too far apart.
    """
    before, after = sorted(days)
    with database.transaction(viewer.prologue) as connection:
        inside = read_inside(connection, viewer, Asked(as_of=end_of_day(after)), ids)
    check_near(inside.area)
    there = layers_for(viewer.reading_roles)

    def made(layer: Layer, day: date) -> Export:
        title = translate(viewer.locale, layer.title)
        return Export(
            layer=layer,
            viewer=viewer,
            asked=Asked(as_of=end_of_day(day)),
            made_at=made_at,
            title=f"{title} ({day})" if day != after else title,
            where=replace(inside.on(layer, EVERYTHING), said=(("inside", ",".join(map(str, ids))),)),
        )

    layers = [there[name] for name in LAYERS if name in there]
    dated = [layer for layer in layers if is_dated(layer)] if before != after else []
    return [made(layer, after) for layer in layers], [made(layer, before) for layer in dated]


def is_dated(layer: Layer) -> bool:
    """Whether the layer shows another thing on another day: its select reads the map's date."""
    return any(isinstance(part, BindParameter) and part.key == "as_of" for part in visitors.iterate(layer.rows))


def write_package(database: Database, now: Sequence[Export], then: Sequence[Export], path: Path) -> int:
    """Write both days into the GeoPackage, all of one moment; how many rows."""
    with database.transaction(now[0].viewer.prologue, "streams") as connection:
        for statement in STREAM_SETTINGS:
            connection.execute(statement)
        rows = add_layers(connection, now, path, lambda _rows: None)
        return rows + add_layers(connection, then, path, lambda _rows: None, suffix=BEFORE)

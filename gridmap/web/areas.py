"""The streets in which a viewer sees something: where maps and lists begin."""

from collections.abc import Sequence

from gridmap import context
from gridmap.coords import BBox
from gridmap.read.area import Area, read_areas, read_streets
from gridmap.scope import Viewer
from gridmap.web.remembered import remembered, version_of

WHOLE_COUNTRY = BBox(73.5, 18.0, 135.0, 53.5)
"""The window of somebody who sees nothing yet."""
MANY = 40
"""Of more streets than this only their outlines are read."""


def asked_area(areas: Sequence[Area], street_id: int | None) -> Area | None:
    """The street that is asked for among those of the viewer; else the first of them, if there is one."""
    return next((area for area in areas if area.street_id == street_id), areas[0] if areas else None)


def areas_of(viewer: Viewer) -> tuple[Area, ...]:
    """The streets in which the viewer sees something, the largest first; of very many, by code."""
    streets = None if viewer.reach.is_city else viewer.reach.near
    is_many = viewer.reach.is_city or len(viewer.reach.near) > MANY
    layers = ("streets",) if is_many else ("streets", "grids", "estates", "buildings")
    key = ("areas", viewer.key, version_of(layers, streets))

    def read() -> tuple[Area, ...]:
        with context.services().database.transaction(viewer.prologue) as connection:
            return read_streets(connection, viewer) if is_many else read_areas(connection, viewer)

    return remembered(key, read)

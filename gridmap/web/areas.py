"""The streets in which a viewer sees something: where maps and lists begin."""

from gridmap import context
from gridmap.coords import BBox
from gridmap.read.area import Area, read_areas
from gridmap.scope import Viewer
from gridmap.web.remembered import remembered, version_of

WHOLE_COUNTRY = BBox(73.5, 18.0, 135.0, 53.5)
"""The window of somebody who sees nothing yet."""


def areas_of(viewer: Viewer) -> tuple[Area, ...]:
    """The streets in which the viewer sees something, the largest first."""
    streets = None if viewer.reach.is_city else viewer.reach.near
    key = ("areas", viewer.key, version_of(("streets", "grids", "estates", "buildings"), streets))

    def read() -> tuple[Area, ...]:
        with context.services().database.transaction(viewer.prologue) as connection:
            return read_areas(connection, viewer)

    return remembered(key, read)

"""Case 6: geocoded in another province: refused outside of the outline plus 2 km, to be placed by hand."""

import numpy as np
import shapely

from gridmap.coords import LonLat, measuring_epsg, project
from gridmap.load.draft import Draft

GRACE_M = 2_000.0


def reject_outside(draft: Draft) -> None:
    """Take out what lies further than 2 km outside of `--within`, or of the street that is loaded into."""
    outline = draft.options.within if draft.options.within is not None else draft.known.outline
    if outline is None or outline.is_empty or not len(draft):
        return
    middle = outline.centroid
    epsg = measuring_epsg(LonLat(middle.x, middle.y))
    near = shapely.box(*outline.bounds).buffer(3.0)
    shapes = draft.shapes()
    far_away = ~shapely.intersects(shapes, near)
    metres = np.full(len(shapes), np.inf)
    metres[~far_away] = shapely.distance(project(shapes[~far_away], epsg), project(outline, epsg))
    draft.reject(metres > GRACE_M, "outside")

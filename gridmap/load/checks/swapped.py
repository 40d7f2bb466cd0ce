"""Case 4: latitude and longitude swapped, often in some rows only.

In China longitudes (73 to 136) and latitudes (3 to 54) do not overlap, so a swapped pair always shows; elsewhere only
a latitude beyond 90 does.
"""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.load.checks.angles import parse_angle
from gridmap.load.checks.columns import CELL_SHAPE, LAT, LON
from gridmap.load.checks.loose_geojson import shape_from_cell
from gridmap.load.checks.rings import ShapeError
from gridmap.load.draft import Draft, Mask
from gridmap.load.reading import SHAPE_TEXT

LONGITUDES, LATITUDES = (73.0, 136.0), (3.0, 54.0)


def build_positions(draft: Draft) -> None:
    """Turn coordinate cells of a table into points, and shape cells into geometries."""
    frame = draft.frame
    if CELL_SHAPE in frame.columns:
        shapes: list[BaseGeometry | None] = []
        texts: list[str | None] = []
        for text in frame[CELL_SHAPE]:
            try:
                shapes.append(shape_from_cell(str(text)))
                texts.append(None)
            except ShapeError:
                shapes.append(None)
                texts.append(str(text))
        draft.frame = frame.assign(**{SHAPE_TEXT: texts, "@raw": frame[CELL_SHAPE]})
        draft.put_shapes(np.ones(len(frame), dtype=bool), np.array(shapes, dtype=object))
    elif LON in frame.columns and LAT in frame.columns:
        lon = [parse_angle(str(text)) for text in frame[LON]]
        lat = [parse_angle(str(text)) for text in frame[LAT]]
        draft.put_shapes(np.ones(len(frame), dtype=bool), shapely.points(np.array([lon, lat], dtype=float).T))


def is_swapped(bounds: np.ndarray) -> Mask:
    """Which of `(n, 4)` bounds (minx, miny, maxx, maxy) are certainly latitude before longitude."""
    west, south, east, north = np.asarray(bounds, dtype=float).T
    chinese = (west >= LATITUDES[0]) & (east <= LATITUDES[1]) & (south >= LONGITUDES[0]) & (north <= LONGITUDES[1])
    beyond = (np.maximum(np.abs(south), np.abs(north)) > 90) & (
        (np.maximum(np.abs(west), np.abs(east)) <= 90) & (np.maximum(np.abs(south), np.abs(north)) <= 180)
    )
    found: Mask = chinese | beyond
    return found


def turn_swapped(draft: Draft) -> None:
    """Put the pairs right and mark each row as corrected."""
    shapes = draft.shapes()
    with np.errstate(invalid="ignore"):
        swapped = is_swapped(shapely.bounds(shapes)) if len(shapes) else np.zeros(0, dtype=bool)
    if not swapped.any():
        return
    turned = shapely.transform(shapes[swapped], lambda coords: coords[:, ::-1])
    for position, shape in zip(np.flatnonzero(swapped), shapes[swapped], strict=True):
        draft.correct(position, "swapped", raw=draft.frame.iloc[position].get("@raw") or shape.wkt)
    draft.put_shapes(swapped, turned)

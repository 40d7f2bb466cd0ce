"""The outlines of a judged file for its preview: so many of them, and so few corners, that a page can carry them."""

from typing import Any

import numpy as np
import shapely

from gridmap.load.check import Checked
from gridmap.load.reading import ROW

MOST = 2_000
"""Outlines that are drawn; of more, some, evenly."""
MOST_CORNERS = 20_000
FINE = 0.01
"""Corners that stand out by less than this share of the outline's own width are left out."""
METRE = 6
"""Decimals of a degree that tell less than a metre apart."""


def outlines_of(checked: Checked) -> list[list[Any]]:
    """[outcome, is closed, [lon, lat, lon, lat, …]] for each ring and line of what is accepted; points have none."""
    frame = checked.frame
    shapes = np.asarray(frame.geometry.array, dtype=object) if len(frame) else np.empty(0, dtype=object)
    chosen = np.flatnonzero(shapely.get_dimensions(shapes) > 0)
    chosen = chosen[:: max(1, -(-len(chosen) // MOST))]
    simple = _simplified(shapes[chosen])
    corners = shapely.get_num_coordinates(simple)
    if corners.sum() > MOST_CORNERS:
        # evenly again, now by how much they weigh
        step = -(-int(corners.sum()) // MOST_CORNERS)
        chosen, simple = chosen[::step], simple[::step]
        fits = np.cumsum(shapely.get_num_coordinates(simple)) <= MOST_CORNERS
        chosen, simple = chosen[fits], simple[fits]
    mended = {finding.row for finding in checked.corrected}
    rows = frame[ROW].iloc[chosen].astype(int) if len(chosen) else ()
    outcomes = ["corrected" if row in mended else "accepted" for row in rows]
    return [line for outcome, shape in zip(outcomes, simple, strict=True) for line in _lines(outcome, shape)]


def _simplified(
    shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]",
) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    west, south, east, north = shapely.bounds(shapes).reshape(-1, 4).T
    simple: np.ndarray[tuple[int], np.dtype[np.object_]] = shapely.simplify(
        shapes, np.maximum(east - west, north - south) * FINE
    )
    return simple


def _lines(outcome: str, shape: Any) -> list[list[Any]]:
    """The rings of areas and the lines of lines, holes too."""
    parts = shapely.get_parts(shape)
    is_area = shapely.get_dimensions(shape) == 2
    lines = shapely.get_rings(parts) if is_area else parts
    return [[outcome, bool(is_area), shapely.get_coordinates(line).round(METRE).ravel().tolist()] for line in lines]

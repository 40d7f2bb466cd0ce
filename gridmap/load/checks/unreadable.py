"""Case 8: one bad geometry must not make the whole file unreadable."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.load.draft import Draft
from gridmap.load.reading import SHAPE_CODE, SHAPE_TEXT


def shapes_from_wkb(encoded: "NDArray[np.object_]") -> tuple["NDArray[np.object_]", "NDArray[np.bool_]", list[Any]]:
    """(geometries, which of them had a ring closed, what stood there where nothing could be built).

    A geometry that cannot be built is None; its bytes, in hexadecimal, are kept for the report.
    """
    shapes = shapely.from_wkb(encoded, on_invalid="ignore")
    lost = shapely.is_missing(shapes) & np.array([value is not None for value in encoded], dtype=bool)
    closed = np.zeros(len(shapes), dtype=bool)
    if lost.any():
        shapes[lost] = shapely.from_wkb(encoded[lost], on_invalid="fix")
        closed = lost & ~shapely.is_missing(shapes)
        lost &= ~closed
    raws = [bytes(encoded[row]).hex() if lost[row] else None for row in range(len(shapes))]
    return shapes, closed, raws


def reject_unreadable(draft: Draft) -> None:
    """List the rows whose geometry nobody could build, and those that have none."""
    if draft.has(SHAPE_TEXT):
        for code in ("ring_too_short", "unreadable_geometry"):
            lost = draft.frame[SHAPE_TEXT].notna().to_numpy()
            if code == "ring_too_short":
                lost = lost & (draft.texts(SHAPE_CODE) == code).to_numpy()
            draft.reject(lost, code, raw_from=SHAPE_TEXT)
    draft.reject(shapely.is_missing(draft.shapes()), "no_geometry")

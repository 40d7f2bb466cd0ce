"""Case 10: mixed types, multi-parts, heights, empty geometries; label points never become buildings."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.load.draft import Draft
from gridmap.load.kinds import Shape

FAMILIES = {
    shapely.GeometryType.POINT: Shape.POINT,
    shapely.GeometryType.MULTIPOINT: Shape.POINT,
    shapely.GeometryType.LINESTRING: Shape.LINE,
    shapely.GeometryType.LINEARRING: Shape.LINE,
    shapely.GeometryType.MULTILINESTRING: Shape.LINE,
    shapely.GeometryType.POLYGON: Shape.POLYGON,
    shapely.GeometryType.MULTIPOLYGON: Shape.POLYGON,
}


def families(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """The family of each geometry; None for a collection."""
    types = shapely.get_type_id(shapes)
    found: NDArray[np.object_] = np.array([FAMILIES.get(shapely.GeometryType(kind)) for kind in types], dtype=object)
    return found


def _unpacked(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Collections whose parts are of one family, and multi-parts of one part, as what they are; two-dimensional."""
    flat = shapely.force_2d(shapes)
    single = shapely.get_num_geometries(flat) == 1
    flat[single] = shapely.get_geometry(flat[single], 0)
    for position in np.flatnonzero(shapely.get_type_id(flat) == shapely.GeometryType.GEOMETRYCOLLECTION):
        parts = shapely.get_parts(flat[position])
        if len(set(families(parts))) == 1:
            flat[position] = _joined(parts)
    result: NDArray[np.object_] = flat
    return result


def _joined(parts: NDArray[np.object_]) -> BaseGeometry:
    """Parts of one family as one geometry; broken ones, which have no union, side by side, to be repaired."""
    try:
        return shapely.union_all(parts)
    except shapely.errors.GEOSException:
        return shapely.MultiPolygon(list(shapely.get_parts(parts)))


def sort_shapes(draft: Draft) -> None:
    """Keep the families that the kind takes; list labels, lines and collections with what they are."""
    draft.reject(shapely.is_empty(draft.shapes()), "empty_geometry")
    if not len(draft):
        return
    draft.put_shapes(np.ones(len(draft), dtype=bool), _unpacked(draft.shapes()))
    family = families(draft.shapes())
    allowed = draft.kind.shapes
    polygons = family == Shape.POLYGON
    points = family == Shape.POINT
    is_label = points & (Shape.POINT not in allowed or (draft.kind.has_labels and polygons.sum() > points.sum()))
    wrong = ~is_label & np.array([found not in allowed for found in family], dtype=bool)
    for found in sorted({found for found in family[wrong] if found is not None}):
        draft.reject(wrong & (family == found), "wrong_shape", shape=found.value, kind=draft.kind.name)
        keep = ~(wrong & (family == found))
        wrong, is_label, family = wrong[keep], is_label[keep], family[keep]
    keep = ~wrong
    draft.reject(wrong, "mixed_collection")
    draft.reject(is_label[keep], "label_point", kind=draft.kind.name)

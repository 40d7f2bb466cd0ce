"""Where an export is cut to: places by their ids, or an area that somebody has drawn."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import shapely

from gridmap.db.pools import Connection
from gridmap.layer import Layer
from gridmap.layers import BY_NAME
from gridmap.read import cql2
from gridmap.read.features import read_feature
from gridmap.read.filter import OWNED_BY, Filter
from gridmap.read.select import Asked, BadWord, layers_for
from gridmap.scope import Viewer

ABOVE = frozenset({"communities", "grids", "coverage_grids", "complaints_grids", "in_grid_resolution"})
"""Layers of areas that hold estates: of an estate one wants the grids that it lies in."""
AREAS = ("estates", "grids", "communities")
"""Layers whose features something can be inside of."""
MOST_PLACES = 500
MOST_TEXT, MOST_CORNERS = 100_000, 2_000
EDGE = 1e-5
"""Degrees, about a metre, by which the area is drawn in: neighbours that share a border are not inside."""
PARTS = (
    "SELECT id FROM gridmap.place WHERE street_id = %(street)s AND kind = 'estate' AND parent_id = %(id)s ORDER BY id"
)
Shaped = tuple[int, str, shapely.Geometry]


@dataclass(frozen=True, kw_only=True)
class Inside:
    """Communities, grids, estates: their ids, and the area that they cover together."""

    ids: tuple[int, ...]
    area: shapely.Geometry

    def on(self, layer: Layer, where: Filter) -> Filter:
        """The filter with what belongs to them, or, of a layer that no estate or grid owns, what lies in their area."""
        is_owned = layer.scoped_by is not None and all(name in layer.rows.selected_columns for name in OWNED_BY)
        if is_owned and layer.name not in ABOVE:
            return replace(where, inside=self.ids)
        return replace(where, also=(*where.also, cql2.touching(self.area)))


def read_inside(connection: Connection, viewer: Viewer, asked: Asked, ids: Iterable[int]) -> Inside:
    """Those places with their sub-estates. Raises BadWord for one that is not there.

    The connection is in the viewer's transaction: what the viewer may not see is not there.
    """
    found = read_places(connection, viewer, asked, ids)
    area = shapely.union_all([shape for _id, _name, shape in found])
    smaller = shapely.buffer(area, -EDGE)
    return Inside(ids=tuple(one for one, _name, _shape in found), area=area if smaller.is_empty else smaller)


def read_places(connection: Connection, viewer: Viewer, asked: Asked, ids: Iterable[int]) -> list[Shaped]:
    """Id, name and shape of those places and their sub-estates, each once. Raises BadWord for one that is not there."""
    wanted = list(dict.fromkeys(ids))
    if not 0 < len(wanted) <= MOST_PLACES:
        raise BadWord("inside", ",".join(map(str, wanted[:3])))
    found: dict[int, Shaped] = {}
    for identity in wanted:
        one = _place(connection, viewer, asked, identity)
        if one is None:
            raise BadWord("inside", str(identity))
        found[identity] = one
        for row in connection.execute(PARTS, {"street": identity >> 32, "id": identity}).fetchall():
            part = _place(connection, viewer, asked, row["id"])
            if part is not None:
                found[row["id"]] = part
    return list(found.values())


def _place(connection: Connection, viewer: Viewer, asked: Asked, identity: int) -> Shaped | None:
    there = layers_for(viewer.reading_roles)
    for name in AREAS:
        if name in there and 0 < identity < 2**52:
            raw = read_feature(connection, BY_NAME[name], viewer, asked, identity)
            feature = json.loads(raw) if raw else None
            if feature and feature["geometry"]:
                shape = shapely.make_valid(shapely.from_geojson(json.dumps(feature["geometry"])))
                return identity, str(feature["properties"]["name"]), shape
    return None


def parse_ids(words: str) -> list[int]:
    """Ids with commas or blanks between them. Raises BadWord."""
    parts = words.replace(",", " ").split()
    if not parts or not all(part.isascii() and part.isdigit() and len(part) < 17 for part in parts):
        raise BadWord("inside", words[:40])
    return [int(part) for part in parts]


def parse_area(words: str) -> shapely.Geometry:
    """A drawn area, GeoJSON or WKT in degrees, longitude first. Raises BadWord for what is no area."""
    text = words.strip()
    if not text or len(text) > MOST_TEXT or "\x00" in text:
        raise BadWord("area", text[:40])
    try:
        with np.errstate(invalid="ignore"):
            shape = shapely.from_geojson(text) if text.startswith("{") else shapely.from_wkt(text)
    except (shapely.errors.GEOSException, ValueError, RecursionError):
        raise BadWord("area", text[:40]) from None
    if shape is not None and shape.geom_type == "GeometryCollection" and len(shape.geoms) == 1:
        shape = shape.geoms[0]
    sides = (*shape.bounds, shape.area) if shape is not None and not shape.is_empty else (math.nan,)
    is_area = shape is not None and shape.geom_type in ("Polygon", "MultiPolygon")
    if not is_area or not all(map(math.isfinite, sides)) or not _is_fit(shape):
        raise BadWord("area", text[:40])
    return shapely.force_2d(shape)


def _is_fit(shape: shapely.Geometry) -> bool:
    west, south, east, north = shape.bounds
    is_on_earth = -180 <= west < east <= 180 and -89 <= south < north <= 89
    return bool(is_on_earth and shape.is_valid and len(shapely.get_coordinates(shape)) <= MOST_CORNERS)

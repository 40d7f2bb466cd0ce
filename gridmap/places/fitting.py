"""Areas of a plan that fit together: split by a line, merged, corrected so that neighbours follow. Pure.

Shapes are in degrees, longitude before latitude. What is cut is cut where it is drawn, so that neighbours keep the same
corners and the ground of all stays what it was; areas are measured in metres of the 3-degree zone.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from gridmap.coords import area_m2
from gridmap.places.shapes import ShapeProblem

LEAST_PIECE_M2 = 1.0
"""What is smaller is no piece of a grid but a slip of the hand."""
DUST_M2 = 0.01
"""What the arithmetic leaves over."""
MOST_PIECES = 12
BEYOND = 1e-6
"""Degrees by which a line reaches over its ends: whoever ended on the border meant to cross it. About a decimetre."""
NEAR = 3e-7
"""Degrees within which a drawn corner means that of a neighbour: three times what a page keeps of a coordinate."""
STEP = 3e-4
"""Degrees between the corners by which is measured: thirty metres."""

Area: TypeAlias = Polygon | MultiPolygon


def measured(shape: BaseGeometry | None) -> float:
    """The ground under the shape in m²; 0 for nothing.

    An edge of a kilometre that is straight in degrees is bent by decimetres in metres: with corners every few metres
    pieces have together what the whole has, wherever somebody has set another corner on an edge.
    """
    if shape is None or shape.is_empty:
        return 0.0
    return float(area_m2([shapely.segmentize(shape, STEP)])[0])


def polygons(shape: BaseGeometry) -> list[Polygon]:
    """The polygons of a shape, without its points and lines, the largest first."""
    found = [part for part in shapely.get_parts([shape], return_index=False) if isinstance(part, Polygon)]
    found += [
        part
        for one in shapely.get_parts([shape])
        if isinstance(one, shapely.GeometryCollection)
        for part in polygons(one)
    ]
    return sorted((part for part in found if not part.is_empty), key=lambda part: -part.area)


def large_parts(shape: BaseGeometry) -> list[Polygon]:
    """Its polygons that are more than a slip of the hand, the largest first."""
    return [part for part in polygons(shape) if measured(part) >= LEAST_PIECE_M2]


def as_area(parts: Sequence[Polygon]) -> Area:
    """One polygon, or several as one area."""
    return parts[0] if len(parts) == 1 else MultiPolygon(list(parts))


def split_area(area: Area, line: LineString) -> list[Polygon]:
    """The pieces into which the line cuts the area, the largest first.

    Raises ShapeProblem("not_across") where it cuts nothing off, "many_pieces", "sliver".
    """
    longer = _lengthened(line)
    pieces = [piece for part in polygons(area) for piece in polygons(split(part, longer))]
    if len(pieces) <= len(polygons(area)):
        raise ShapeProblem("not_across")
    if len(pieces) > MOST_PIECES:
        raise ShapeProblem("many_pieces", most=MOST_PIECES)
    if min(measured(piece) for piece in pieces) < LEAST_PIECE_M2:
        raise ShapeProblem("sliver")
    return sorted(pieces, key=lambda piece: -piece.area)


def merge_areas(areas: Sequence[Area]) -> Area:
    """One area of several that lie side by side; a hole too small to be anybody's ground is filled.

    Raises ShapeProblem("not_beside") where they do not touch along a line.
    """
    parts = polygons(shapely.union_all(list(areas)))
    if len(parts) > max(len(polygons(area)) for area in areas):
        raise ShapeProblem("not_beside")
    return as_area([_without_pinholes(part) for part in parts])


def fit_area(
    wanted: Area, own: Area | None, others: Mapping[int, Area], within: Area | None
) -> tuple[Area, dict[int, Area]]:
    """What becomes of an area that is drawn among others: itself, and those of the others that change, by id.

    What it gains its neighbours lose; what it gives up goes to the neighbour along the longest border. It stays inside
    of `within`, the community, where that is known. `own`: the area as it was; None: it is new. Raises ShapeProblem
    with "outside", "nobody_takes", "swallowed" or "in_pieces".
    """
    wanted = _snapped(wanted, [*others.values(), *([own] if own else []), *([within] if within else [])])
    if within is not None:
        inside = polygons(wanted.intersection(within))
        if not inside:
            raise ShapeProblem("outside", share=100, area="")
        wanted = as_area(inside)
    changed: dict[int, BaseGeometry] = {
        key: other.difference(wanted) for key, other in others.items() if _overlap(other, wanted)
    }
    for piece in polygons(own.difference(wanted)) if own is not None else []:
        taker = _longest_beside(piece, {key: changed.get(key, other) for key, other in others.items()})
        if taker is None:
            if measured(piece) >= LEAST_PIECE_M2:
                raise ShapeProblem("nobody_takes", area=f"{measured(piece):,.0f}")
            wanted = as_area(polygons(shapely.union(wanted, piece)))
            continue
        changed[taker] = shapely.union(changed.get(taker, others[taker]), piece)
    return _whole(wanted, own, changed, others)


def follow_area(old: Area, new: Area, inner: Mapping[int, Area]) -> dict[int, Area]:
    """What becomes of the areas inside of one that changes from `old` to `new`; those of them that change, by id.

    What it loses they lose; what it gains goes to the one along the longest border. Raises ShapeProblem with
    "swallowed" or "in_pieces" and the id.
    """
    if not inner:
        return {}
    lost = as_area(polygons(old.difference(new)))
    changed: dict[int, BaseGeometry] = {
        key: shape.difference(lost) for key, shape in inner.items() if _overlap(shape, lost)
    }
    for piece in polygons(new.difference(old)):
        taker = _longest_beside(piece, {key: changed.get(key, shape) for key, shape in inner.items()})
        if taker is not None:
            changed[taker] = shapely.union(changed.get(taker, inner[taker]), piece)
    result: dict[int, Area] = {}
    for key, shape in changed.items():
        parts = [part for part in polygons(shape) if measured(part) >= DUST_M2]
        if not parts:
            raise ShapeProblem("swallowed", id=key)
        if sum(measured(part) >= LEAST_PIECE_M2 for part in parts) > len(polygons(inner[key])):
            raise ShapeProblem("in_pieces", id=key)
        result[key] = as_area(parts)
    return result


def cell_of(point: Point, others: Sequence[Point], outline: BaseGeometry | None, within: Area) -> Area:
    """The ground of an area that is nearer to this building than to any other, with the building's own outline."""
    cell: BaseGeometry = within
    if others:
        cells = shapely.voronoi_polygons(shapely.MultiPoint([point, *others]), extend_to=within)
        cell = next(one for one in shapely.get_parts([cells]) if one.covers(point)).intersection(within)
    if outline is not None and outline.geom_type in ("Polygon", "MultiPolygon"):
        cell = shapely.union(cell, outline.intersection(within))
    return as_area(polygons(cell)[:1])


def _lengthened(line: LineString) -> LineString:
    corners = [tuple(at) for at in shapely.get_coordinates(line)]
    if len(corners) < 2 or line.length == 0:
        raise ShapeProblem("line")

    def beyond(last: tuple[float, ...], before: tuple[float, ...]) -> tuple[float, float]:
        length = max(((last[0] - before[0]) ** 2 + (last[1] - before[1]) ** 2) ** 0.5, 1e-12)
        return (
            last[0] + (last[0] - before[0]) / length * BEYOND,
            last[1] + (last[1] - before[1]) / length * BEYOND,
        )

    return LineString([beyond(corners[0], corners[1]), *corners[1:-1], beyond(corners[-1], corners[-2])])


def _without_pinholes(part: Polygon) -> Polygon:
    return Polygon(part.exterior, [hole for hole in part.interiors if measured(Polygon(hole)) >= LEAST_PIECE_M2 / 2])


def _snapped(wanted: Area, around: Sequence[Area]) -> Area:
    lines = shapely.union_all([area.boundary for area in around]) if around else None
    snapped = wanted if lines is None else shapely.snap(wanted, lines, NEAR)
    return snapped if snapped.is_valid and polygons(snapped) else wanted


def _overlap(one: Area, other: Area) -> bool:
    return bool(shapely.intersects(one, other)) and bool(polygons(one.intersection(other)))


def _longest_beside(piece: Polygon, others: Mapping[int, BaseGeometry]) -> int | None:
    shared = {
        key: shapely.intersection(piece.boundary, shape).length
        for key, shape in others.items()
        if shapely.intersects(piece, shape)
    }
    best = max(shared, key=lambda key: (shared[key], -key), default=None)
    return best if best is not None and shared[best] > 0 else None


def _whole(
    wanted: Area, own: Area | None, changed: Mapping[int, BaseGeometry], others: Mapping[int, Area]
) -> tuple[Area, dict[int, Area]]:
    """The same in whole pieces: slivers that were cut off go to who was drawn; what falls apart is refused."""
    result: dict[int, Area] = {}
    for key, shape in changed.items():
        parts = polygons(shape)
        slivers = [part for part in parts if measured(part) < LEAST_PIECE_M2]
        parts = large_parts(shape)
        if not parts:
            raise ShapeProblem("swallowed", id=key)
        if len(parts) > len(polygons(others[key])):
            raise ShapeProblem("in_pieces", id=key)
        if slivers:
            wanted = as_area(polygons(shapely.union_all([wanted, *slivers])))
        result[key] = as_area(parts)
    if len(large_parts(wanted)) > max(1, len(polygons(own)) if own is not None else 1):
        raise ShapeProblem("in_pieces", id=0)
    return wanted, result

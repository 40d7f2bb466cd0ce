"""The certificate of a grid plan: no gaps, no overlaps, the same ground as before, each building in one grid. Pure.

Shapes are in degrees; areas in m² of the 3-degree zone. What is wrong already before a plan is told and hinders nobody;
what a plan would make wrong keeps it from being published.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from gridmap.places.fitting import measured, polygons

MOST_M2 = 0.5
"""So much may lie between two grids, or under both: what a line drawn to the centimetre leaves over."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something wrong with a plan: what, where, how much, since when.

    `gap`, `overlap`, `homeless`, `double` of the grids; `inner_gap`, `inner_overlap`, `stray` of the micro grids.
    """

    what: str
    lon: float
    lat: float
    names: tuple[str, ...] = ()
    area: float = 0.0
    is_old: bool = False
    """It was so before."""


@dataclass(frozen=True, kw_only=True)
class House:
    """A building: its name, the point that says where it belongs, its outline."""

    name: str
    at: Point
    outline: BaseGeometry | None = None


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What the check of a plan says. `area`, `area_before`: the ground that its grids cover, once; `cut`: buildings
    that a border runs through, which belong where their middle lies."""

    area: float
    area_before: float
    grids: int
    grids_before: int
    buildings: int
    micro: int = 0
    faults: tuple[Fault, ...] = ()
    cut: tuple[str, ...] = ()
    has_outline: bool = True

    @property
    def new_faults(self) -> tuple[Fault, ...]:
        """What the plan would make wrong."""
        return tuple(one for one in self.faults if not one.is_old)

    @property
    def is_conserved(self) -> bool:
        """Whether as much ground is covered as before; more is no fault where a gap was closed."""
        return self.area >= self.area_before - MOST_M2

    @property
    def holds(self) -> bool:
        """Whether the plan may be published."""
        return not self.new_faults and self.is_conserved

    def as_json(self) -> dict[str, Any]:
        """For the edition's row."""
        return asdict(self) | {"holds": self.holds}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The grids of a community by id, each with its name and shape; basic and dedicated ones; `micro` ones apart."""

    names: Mapping[int, str] = field(default_factory=dict)
    shapes: Mapping[int, BaseGeometry] = field(default_factory=dict)
    micro: Mapping[int, BaseGeometry] = field(default_factory=dict)


def certify(before: Plan, after: Plan, outline: BaseGeometry | None, houses: Sequence[House]) -> Certificate:
    """Check the plan that would hold against the one that holds; `outline`: of the community, where it is known."""
    covered, covered_before = _union(after), _union(before)
    ground = outline if outline is not None else covered_before
    old_gaps = _difference(ground, covered_before)
    faults = [_fault("gap", part, is_old=_was_there(part, old_gaps)) for part in _larger(_difference(ground, covered))]
    faults += _overlap_faults("overlap", after.names, after.shapes, before.shapes)
    faults += _inner_faults(before, after)
    homes, homes_before = _homes(after, houses), _homes(before, houses)
    for house, now, then in zip(houses, homes, homes_before, strict=True):
        if now != 1:
            what = "double" if now else "homeless"
            faults.append(Fault(what=what, lon=house.at.x, lat=house.at.y, names=(house.name,), is_old=then == now))
    return Certificate(
        area=_area(covered),
        area_before=_area(covered_before),
        grids=len(after.shapes),
        grids_before=len(before.shapes),
        buildings=len(houses),
        micro=len(after.micro),
        faults=tuple(sorted(faults, key=lambda one: (one.is_old, one.what, -one.area, one.names))),
        cut=tuple(sorted(_cut(after, houses))),
        has_outline=outline is not None,
    )


def _union(plan: Plan) -> BaseGeometry:
    return shapely.union_all(list(plan.shapes.values()))


def _difference(one: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    return shapely.difference(one, other)


def _area(shape: BaseGeometry) -> float:
    return round(sum(map(measured, polygons(shape))), 2)


def _larger(shape: BaseGeometry) -> list[BaseGeometry]:
    return [part for part in polygons(shape) if measured(part) > MOST_M2]


def _inner_faults(before: Plan, after: Plan) -> list[Fault]:
    """Where there are micro grids they part their grid among them: all of it, once, and nothing beyond it."""
    homes = _homes_of_micro(after)
    covered = shapely.union_all(list(after.micro.values()))
    old_gaps, old_strays = _inner_gaps(before), _strays(before)
    faults = [
        _fault("inner_gap", part, (after.names[key],), is_old=_was_there(part, old_gaps))
        for key in sorted(set(homes.values()))
        for part in _larger(_difference(after.shapes[key], covered))
    ]
    faults += _overlap_faults("inner_overlap", after.names, after.micro, before.micro)
    for key, shape in sorted(after.micro.items()):
        outside = _larger(_difference(shape, after.shapes[homes[key]]) if key in homes else shape)
        faults += [_fault("stray", part, (after.names[key],), is_old=_was_there(part, old_strays)) for part in outside]
    return faults


def _homes_of_micro(plan: Plan) -> dict[int, int]:
    """The grid of each micro grid: the one under most of it."""
    ids = sorted(plan.shapes)
    tree = STRtree([plan.shapes[one] for one in ids])
    found: dict[int, int] = {}
    for key, shape in plan.micro.items():
        around = [ids[int(one)] for one in tree.query(shape, predicate="intersects")]
        if around:
            found[key] = max(around, key=lambda one: shapely.intersection(shape, plan.shapes[one]).area)
    return found


def _inner_gaps(plan: Plan) -> BaseGeometry:
    homes = {plan.shapes[one] for one in _homes_of_micro(plan).values()}
    return _difference(shapely.union_all(list(homes)), shapely.union_all(list(plan.micro.values())))


def _strays(plan: Plan) -> BaseGeometry:
    homes = _homes_of_micro(plan)
    return shapely.union_all(
        [
            _difference(shape, plan.shapes[homes[key]]) if key in homes else shape
            for key, shape in sorted(plan.micro.items())
        ]
    )


def _overlap_faults(
    what: str, names: Mapping[int, str], after: Mapping[int, BaseGeometry], before: Mapping[int, BaseGeometry]
) -> list[Fault]:
    old = shapely.union_all([part for _ids, part in _overlaps(before)])
    return [
        _fault(what, part, tuple(names[one] for one in ids), is_old=_was_there(part, old))
        for ids, part in _overlaps(after)
    ]


def _overlaps(areas: Mapping[int, BaseGeometry]) -> list[tuple[tuple[int, int], BaseGeometry]]:
    ids = sorted(areas)
    shapes = [areas[one] for one in ids]
    tree = STRtree(shapes)
    found = []
    for at, shape in enumerate(shapes):
        for other in sorted(int(one) for one in tree.query(shape, predicate="intersects")):
            if other > at:
                common = shapely.intersection(shape, shapes[other])
                found += [((ids[at], ids[other]), part) for part in _larger(common)]
    return found


def _fault(what: str, part: BaseGeometry, names: tuple[str, ...] = (), *, is_old: bool) -> Fault:
    at = part.representative_point()
    return Fault(what=what, lon=at.x, lat=at.y, names=names, area=round(measured(part), 1), is_old=is_old)


def _was_there(part: BaseGeometry, old: BaseGeometry) -> bool:
    return sum(map(measured, polygons(shapely.difference(part, old)))) <= MOST_M2


def _homes(plan: Plan, houses: Sequence[House]) -> list[int]:
    """In how many grids each building lies; on a border between two it lies in one, the lower code's."""
    shapes = np.array([plan.shapes[one] for one in sorted(plan.shapes)], dtype=object)
    points = np.array([house.at for house in houses], dtype=object)
    which, around = STRtree(shapes).query(points, predicate="intersects")
    touched = np.bincount(which, minlength=len(points))
    inside = np.bincount(which[shapely.contains(shapes[around], points[which])], minlength=len(points))
    return [int(one) for one in np.where(inside > 0, inside, np.minimum(touched, 1))]


def _cut(plan: Plan, houses: Sequence[House]) -> list[str]:
    tree = STRtree([shape.boundary for shape in plan.shapes.values()])
    solid = [one for one in houses if one.outline is not None and one.outline.geom_type in ("Polygon", "MultiPolygon")]
    cores = shapely.buffer(np.array([one.outline for one in solid], dtype=object), -2e-6)
    which, _borders = tree.query(cores, predicate="intersects")
    return [solid[at].name for at in sorted(set(which.tolist()))]

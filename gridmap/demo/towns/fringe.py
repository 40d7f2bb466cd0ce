"""What surrounds the estates of a small town: neighbouring communities, their streets, parks and ponds."""

from dataclasses import dataclass, replace
from itertools import pairwise

from gridmap.demo.choice import between, chance, pick
from gridmap.demo.declare import Blob, Community, Patch, Road
from gridmap.demo.lattice import Box

_ROAD_NAMES = (
    "人民路 解放路 建设路 文化路 新兴街 河滨路 兴业路 育才路 学府路 友谊路 和平街 胜利路 康宁路 春晖路 富民路 明德路 "
    "江南街 望江路 东风路 民生街 团结路 光明路 青年路 朝阳路 长乐街 锦绣路 银杏路 梧桐街 樟树路 桂香路"
)
_PARK_NAMES = "中心公园 滨河公园 文化公园 儿童公园 体育公园 口袋公园 湿地公园 街心花园"
ROAD_NAMES, PARK_NAMES = _ROAD_NAMES.split(), _PARK_NAMES.split()


@dataclass(frozen=True)
class Fringe:
    """The surroundings of an inner box."""

    roads: tuple[Road, ...]
    greens: tuple[Patch, ...]
    waters: tuple[Blob, ...]


def ring(extent: Box, inner: Box, named: tuple[tuple[int, str, str], ...]) -> tuple[Community, ...]:
    """Six communities (number, code, name) around the inner box: west, east, two in the south, two in the north."""
    middle = round(inner.centre[0])
    boxes = (
        Box(extent.west, extent.south, inner.west, inner.north),
        Box(inner.east, extent.south, extent.east, inner.north),
        Box(inner.west, extent.south, middle, inner.south),
        Box(middle, extent.south, inner.east, inner.south),
        Box(extent.west, inner.north, middle, extent.north),
        Box(middle, inner.north, extent.east, extent.north),
    )
    return tuple(Community(number, code, name, (box,)) for (number, code, name), box in zip(named, boxes, strict=True))


def lines(key: str, low: float, inner_low: float, inner_high: float, high: float) -> list[float]:
    """Positions of streets outside the inner box, unevenly spaced, from low to high."""
    found: list[float] = []
    at, k = inner_low, 0
    while (at := at - between(key, f"below{k}", 150, 240)) > low + 60:
        found.append(at)
        k += 1
    at, k = inner_high, 0
    while (at := at + between(key, f"above{k}", 150, 240)) < high - 60:
        found.append(at)
        k += 1
    return sorted(found)


def streets(key: str, axis: str, positions: list[float], stops: list[float]) -> list[Road]:
    """The streets of one direction: some run through, some end at a cross street."""
    roads = []
    for k, at in enumerate(positions):
        entity = f"{key}/{axis}{k}"
        name = pick(entity, "name", ROAD_NAMES)
        if chance(entity, "through", 0.45):
            roads.append(Road(name, "secondary", axis, at, stops[0], stops[-1]))
            continue
        cut = between(entity, "cut", 1, len(stops) - 2)
        roads.append(
            Road(name if chance(entity, "named", 0.5) else None, "residential", axis, at, stops[0], stops[cut])
        )
        if cut + 1 < len(stops) - 1:
            roads.append(Road(None, "residential", axis, at, stops[cut + 1], stops[-1]))
    return roads


def filled(low: float, high: float, through: tuple[float, ...]) -> list[float]:
    """Positions of streets that cut the stretch beside the inner box where its own streets lie far apart."""
    found: list[float] = []
    for a, b in pairwise(sorted({low, high, *(t for t in through if low < t < high)})):
        pieces = max(1, round((b - a) / 210))
        found += [round(a + (b - a) * k / pieces) for k in range(1, pieces)]
    return found


def surround(key: str, extent: Box, inner: Box, own: tuple[Road, ...], keep: tuple[Box, ...] = ()) -> Fringe:
    """Streets, parks and ponds outside the inner box; nothing is put on the boxes to keep free.

    `own` are the town's declared streets.
    """
    xs = lines(f"{key}/x", extent.west, inner.west, inner.east, extent.east)
    ys = lines(f"{key}/y", extent.south, inner.south, inner.north, extent.north)
    through = tuple(r.at for r in own if r.axis == "x" and r.end - r.start > inner.north - inner.south)
    between_x = filled(inner.west, inner.east, through)
    beside_x = sorted({*xs, *between_x, *(t for t in through if inner.west < t < inner.east)})
    all_x = sorted({extent.west, extent.east, inner.west, inner.east, *beside_x})
    all_y = sorted({extent.south, extent.north, inner.south, inner.north, *ys})
    wet = [box for box in keep if box.west <= extent.west and box.east >= extent.east]
    dry_y = [y for y in ys if not any(box.south - 12 < y < box.north + 12 for box in wet)]
    tall = [box for box in keep if box.south <= extent.south and box.north >= extent.north]
    dry_x = [x for x in xs if not any(box.west - 12 < x < box.east + 12 for box in tall)]
    roads = streets(key, "x", dry_x, all_y) + streets(key, "y", dry_y, all_x)
    for k, x in enumerate(between_x):
        south, north = all_y[: all_y.index(inner.south) + 1], all_y[all_y.index(inner.north) :]
        low, high = (
            between(f"{key}/short{k}", "south", 0, len(south) - 2),
            between(f"{key}/short{k}", "north", 1, len(north) - 1),
        )
        roads.append(Road(None, "residential", "x", x, south[low], inner.south))
        roads.append(Road(None, "residential", "x", x, inner.north, north[high]))
    greens, waters = plant(key, all_x, all_y, (inner, *keep))
    solid = [box for box in keep if box not in wet and box not in tall]
    return Fringe(tuple(part for road in roads for part in around(road, solid)), greens, waters)


def around(road: Road, boxes: list[Box]) -> list[Road]:
    """The road without what would run through one of the boxes."""
    parts = [(road.start, road.end)]
    for box in boxes:
        across = (box.west, box.east) if road.axis == "x" else (box.south, box.north)
        low, high = (box.south, box.north) if road.axis == "x" else (box.west, box.east)
        if across[0] < road.at < across[1]:
            parts = [
                (a, b)
                for start, end in parts
                for a, b in ((start, min(end, low)), (max(start, high), end))
                if a + 20 < b
            ]
    return [replace(road, start=a, end=b) for a, b in parts]


def plant(
    key: str, xs: list[float], ys: list[float], keep: tuple[Box, ...]
) -> tuple[tuple[Patch, ...], tuple[Blob, ...]]:
    """Parks, some with a pond, and lawns in some of the cells between the streets."""
    greens, waters = [], []
    for west, east in pairwise(xs):
        for south, north in pairwise(ys):
            box = Box(west, south, east, north)
            entity = f"{key}/{west}/{south}"
            if any(overlaps(box, one) for one in keep):
                continue
            if chance(entity, "park", 0.2):
                greens.append(Patch(pick(entity, "name", PARK_NAMES), "park", box.inset(16, 16, 16, 16)))
                if chance(entity, "pond", 0.5):
                    waters.append(Blob(None, "pond", box.centre, (between(entity, "wide", 16, 34), 18)))
            elif chance(entity, "lawn", 0.16):
                greens.append(Patch(None, "grass", box.inset(14, 14, 14, 14)))
    return tuple(greens), tuple(waters)


def overlaps(one: Box, other: Box) -> bool:
    """Whether two boxes share area."""
    return one.west < other.east and other.west < one.east and one.south < other.north and other.south < one.north

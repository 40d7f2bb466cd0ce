"""An invented town for the map alone: shapes and attributes as the tiles carry them, without a database.

Metres of web mercator around one point; ids, names and kinds are made up by rule, so that every run draws the same.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import mapbox_vector_tile  # type: ignore[import-untyped]  # a test tool without types
from shapely import affinity, box
from shapely.geometry import LineString, MultiLineString, Point, Polygon, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import split, unary_union

LON, LAT = 113.404, 22.517
R = 6378137.0
X0 = math.radians(LON) * R
Y0 = math.log(math.tan(math.pi / 4 + math.radians(LAT) / 2)) * R
WORLD = 2 * math.pi * R
STREET_ID = 1 << 32
TURN = 7.0  # the town lies a little askew, as towns do


@dataclass(frozen=True)
class Thing:
    """One feature of a layer."""

    id: int
    shape: BaseGeometry
    attributes: dict[str, Any]


def to_lonlat(x: float, y: float) -> tuple[float, float]:
    """Degrees of a point of the town, longitude first."""
    lon = math.degrees((x + X0) / R)
    lat = math.degrees(2 * math.atan(math.exp((y + Y0) / R)) - math.pi / 2)
    return lon, lat


def _turned(geometry: BaseGeometry) -> BaseGeometry:
    return affinity.rotate(geometry, TURN, origin=(0, 0))


RIVER = _turned(LineString([(-2600, -900), (-1200, -760), (-200, -980), (900, -760), (2600, -900)]).buffer(85))
BLOCK_W, BLOCK_H, ROAD = 330, 250, 22
NAMES = ("花苑", "朗晴", "翠景", "桥岗", "锦绣", "东明", "竹苑", "起湾", "长江", "孙文", "兴政", "博爱")


def _blocks() -> list[tuple[int, int, Polygon]]:
    found = []
    for column in range(-4, 4):
        for row in range(-3, 4):
            x, y = column * (BLOCK_W + ROAD), row * (BLOCK_H + ROAD)
            block = _turned(box(x, y, x + BLOCK_W, y + BLOCK_H)).difference(RIVER.buffer(30))
            if not block.is_empty and block.area > 20000:
                found.append((column, row, max(getattr(block, "geoms", [block]), key=lambda g: g.area)))
    return found


def _roads() -> list[Thing]:
    roads, number = [], STREET_ID + 900_000
    for column in range(-4, 5):
        x = column * (BLOCK_W + ROAD) - ROAD / 2
        line = _turned(LineString([(x, -1500), (x + 20, -300), (x, 1300)]))
        grade = "main" if column % 4 == 0 else "secondary" if column % 2 == 0 else "residential"
        number += 1
        name = {"main": "中山大道", "secondary": f"兴文路{column + 5}", "residential": f"起湾南道{column + 5}巷"}[grade]
        roads.append(Thing(number, line, {"class": grade, "name": name}))
    for row in range(-3, 5):
        y = row * (BLOCK_H + ROAD) - ROAD / 2
        line = _turned(LineString([(-1900, y), (0, y + 12), (1900, y)]))
        grade = "motorway" if row == 4 else "main" if row == 0 else "secondary" if row % 2 == 0 else "residential"
        number += 1
        name = {"motorway": "中江高速", "main": "东苑路", "secondary": f"长江路{row + 4}", "residential": "竹苑新村路"}[
            grade
        ]
        roads.append(Thing(number, line, {"class": grade, "name": name}))
    rail = _turned(LineString([(-1900, 640), (-300, 700), (1900, 1190)]))
    roads.append(Thing(number + 1, rail, {"class": "rail", "name": "广珠铁路"}))
    for column, row, block in _blocks():
        if (column + row) % 2 == 0:
            number += 2
            c = block.centroid
            path = _turned(LineString([(-140, 0), (-40, 6), (60, -4), (150, 4)]))
            roads.append(Thing(number, affinity.translate(path, c.x, c.y).intersection(block), {"class": "path"}))
    return roads


FORMS = {
    "high_rise": (44, 28, 62, 66, 26),
    "slab": (52, 13, 64, 30, 6),
    "tower": (22, 22, 46, 50, 18),
    "villa_row": (46, 12, 56, 28, 3),
    "commercial": (92, 58, 108, 92, 5),
    "public": (70, 30, 92, 64, 4),
}


def _house(kind: str, x: float, y: float) -> Polygon:
    width, depth, *_rest = FORMS[kind]
    body = box(x, y, x + width, y + depth)
    if kind == "high_rise":
        body = unary_union([box(x, y, x + width, y + depth * 0.5), box(x + width * 0.3, y, x + width * 0.7, y + depth)])
    return body


def _kind_of(column: int, row: int) -> str:
    order = ("slab", "high_rise", "slab", "tower", "villa_row", "slab", "high_rise", "commercial", "slab", "public")
    return order[(column * 3 + row * 7) % len(order)]


@cache
def town() -> dict[str, list[Thing]]:
    """All layers of the town, by name."""
    layers: dict[str, list[Thing]] = {
        name: [] for name in ("grids", "estates", "buildings", "stairwells", "facilities")
    }
    for column, row, block in _blocks():
        _fill_block(layers, column, row, block)
    layers["water"] = [
        Thing(STREET_ID + 800_001, RIVER, {"class": "river", "name": "石岐河"}),
        Thing(STREET_ID + 800_002, _turned(Point(-560, 420).buffer(58)), {"class": "lake", "name": "紫马湖"}),
    ]
    layers["green"] = [
        Thing(STREET_ID + 810_001, _turned(box(-704, 272, -374, 522)), {"class": "park", "name": "紫马岭公园"}),
        Thing(STREET_ID + 810_002, RIVER.buffer(34).difference(RIVER), {"class": "grass"}),
        Thing(
            STREET_ID + 810_003,
            _turned(Polygon([(1080, 280), (1400, 300), (1380, 780), (1020, 740)])),
            {"class": "wood", "name": "起湾后山"},
        ),
    ]
    layers["roads"] = _roads()
    layers |= _territory()
    return layers


def _territory() -> dict[str, list[Thing]]:
    whole = _turned(box(-1430, -840, 1400, 1080))
    west, east = _turned(box(-1430, -840, -12, 1080)), _turned(box(-12, -840, 1400, 1080))
    micro = _turned(LineString([(165, -2000), (165, 2000)]))
    grids = [
        Thing(
            STREET_ID + 100 + i,
            _turned(box(x, y, x + 2 * (BLOCK_W + ROAD), y + h)),
            {
                "type": "basic",
                "size": ("fitting", "small", "large", "fitting", "empty", "fitting", "small", "large")[i],
                "name": f"第{i + 1}网格",
                "code": f"44200000200500{i + 1}",
                "households": (420, 286, 655, 390, 0, 455, 271, 540)[i],
            },
        )
        for i, (x, y, h) in enumerate((x, y, h) for y, h in ((-11, 1091), (-840, 829)) for x in (-1419, -715, -11, 693))
    ]
    halves = split(grids[2].shape, micro).geoms
    grids += [
        Thing(STREET_ID + 120 + i, half, {"type": "micro", "size": "small", "name": f"微网格{i + 1}", "households": 90})
        for i, half in enumerate(halves)
    ]
    return {
        "districts": [Thing(1, whole.buffer(9000), {"name": "中山市"})],
        "streets": [Thing(STREET_ID + 1, whole, {"name": "东区街道"})],
        "communities": [
            Thing(STREET_ID + 11, west, {"name": "花苑社区", "code": "442000002005"}),
            Thing(STREET_ID + 12, east, {"name": "桥岗社区", "code": "442000002016"}),
        ],
        "grids": grids,
    }


def _fill_block(layers: dict[str, list[Thing]], column: int, row: int, block: Polygon) -> None:
    if (column, row) in {(-2, 1), (3, 1), (3, 2)}:
        return
    index = (column + 4) * 7 + row + 3
    kind = _kind_of(column, row)
    name = NAMES[index % len(NAMES)] + {"commercial": "商业广场", "public": "中心小学"}.get(kind, "小区")
    if index == 30:
        name = "香山锦苑人民政府机关干部职工住宅小区第二期"
    management = ("property", "self", "none", "unknown")[index % 4]
    estate = block.buffer(-8)
    layers["estates"].append(Thing(STREET_ID + 1000 + index, estate, {"management": management, "name": name}))
    *_form, step_x, step_y, floors = FORMS[kind]
    x0, y0 = column * (BLOCK_W + ROAD) + 22, row * (BLOCK_H + ROAD) + 26
    number = 0
    for j in range(int((BLOCK_H - 52) // step_y) + 1):
        for i in range(int((BLOCK_W - 44) // step_x)):
            house = _turned(_house(kind, x0 + i * step_x, y0 + j * step_y))
            if not estate.contains(house) or (i + j * 3 + index) % 11 == 0:
                continue
            number += 1
            _put_house(layers, index, number, kind, floors, name, house)
    _put_facilities(layers, index, estate)


def _put_house(
    layers: dict[str, list[Thing]], index: int, number: int, kind: str, floors: int, name: str, house: Polygon
) -> None:
    key = STREET_ID + 10_000 + index * 200 + number
    given = {"kind": kind, "floors": floors + number % 3, "name": f"{name}{number}号楼"}
    layers["buildings"].append(Thing(key, house, given))
    if kind in {"commercial", "public"}:
        return
    corners = house.minimum_rotated_rectangle.exterior
    for unit in range(3 if kind == "slab" else 2):
        at = corners.interpolate(corners.length * (0.14 + 0.1 * unit))
        held = "open" if (index + number + unit) % 9 == 0 else "held"
        given = {"name": f"{unit + 1}单元", "held": held}
        layers["stairwells"].append(Thing(STREET_ID + 100_000 + (key % 10_000) * 4 + unit, at, given))


THEMES = ("safety", "security", "traffic", "energy", "sanitation", "service", "building", "public")


def _put_facilities(layers: dict[str, list[Thing]], index: int, estate: Polygon) -> None:
    edge = estate.buffer(-9).exterior
    for i in range(5):
        theme = THEMES[(index + i * 3) % len(THEMES)]
        state = "down" if (index + i) % 7 == 0 else "planned" if (index + i) % 11 == 0 else "working"
        at = edge.interpolate((i + 0.35) / 5, normalized=True)
        given = {"theme": theme, "kind": theme, "state": state, "name": f"设施{index}-{i + 1}"}
        layers["facilities"].append(Thing(STREET_ID + 500_000 + index * 10 + i, at, given))


POLYGON_LABELS = (
    "districts",
    "streets",
    "communities",
    "grids",
    "estates",
    "buildings",
    "stairwells",
    "water",
    "green",
)
FROM = {"buildings": 14, "stairwells": 16, "facilities": 15, "estates": 12, "grids": 12}


Town = Callable[[], dict[str, list[Thing]]]


@cache
def tile(z: int, x: int, y: int, names: tuple[str, ...], of: Town = town) -> bytes:
    """The tile's bytes; empty where nothing is."""
    size = WORLD / 2**z
    west, north = -WORLD / 2 + x * size - X0, WORLD / 2 - y * size - Y0
    frame = (west, north - size, west + size, north)
    margin = size * 64 / 4096
    window = box(frame[0] - margin, frame[1] - margin, frame[2] + margin, frame[3] + margin)
    made = []
    for name in names:
        things = [t for t in of().get(name, ()) if z >= FROM.get(name, 0) and t.shape.intersects(window)]
        made.append(_layer(name, [(t, t.shape.intersection(window)) for t in things]))
        if name in POLYGON_LABELS:
            inside = [(t, t.shape.representative_point()) for t in things]
            made.append(_layer(f"{name}_label", [(t, p) for t, p in inside if box(*frame).contains(p)]))
    options = {"quantize_bounds": frame, "extents": 4096}
    kept = [layer for layer in made if layer["features"]]
    body: bytes = mapbox_vector_tile.encode(kept, per_layer_options=None, default_options=options) if kept else b""
    return body


def _layer(name: str, things: list[tuple[Thing, BaseGeometry]]) -> dict[str, Any]:
    features = [
        {"geometry": _drawable(geometry), "properties": thing.attributes, "id": thing.id}
        for thing, geometry in things
        if not _drawable(geometry).is_empty
    ]
    return {"name": name, "features": features}


def _drawable(geometry: BaseGeometry) -> BaseGeometry:
    if geometry.geom_type == "GeometryCollection":
        lines = [part for part in geometry.geoms if part.geom_type == "LineString"]
        return MultiLineString(lines)
    return geometry


__all__ = ["LAT", "LON", "shape", "tile", "to_lonlat", "town"]

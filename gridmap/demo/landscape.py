"""The wide map around the laid-out towns of 中山: rivers, hills, parks, and the roads between town centres."""

import math
from itertools import combinations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.demo.basemap import smooth
from gridmap.demo.build import BuiltTown
from gridmap.demo.cells import bend
from gridmap.demo.choice import fraction
from gridmap.demo.lattice import Point
from gridmap.demo.register import Register, Row
from gridmap.demo.zhongshan import EPSG, STREETS, city_outline, metres

RIVERS: tuple[tuple[str, int, tuple[Point, ...]], ...] = (
    # name, width in metres, course
    (
        "小榄水道",
        260,
        (
            (113.150, 22.652),
            (113.200, 22.690),
            (113.262, 22.690),
            (113.310, 22.676),
            (113.352, 22.640),
            (113.400, 22.625),
            (113.450, 22.590),
            (113.520, 22.585),
            (113.572, 22.560),
        ),
    ),
    (
        "鸡鸦水道",
        200,
        (
            (113.215, 22.742),
            (113.280, 22.758),
            (113.318, 22.700),
            (113.380, 22.690),
            (113.400, 22.660),
            (113.450, 22.648),
            (113.500, 22.610),
            (113.540, 22.588),
        ),
    ),
    (
        "洪奇沥水道",
        320,
        (
            (113.330, 22.780),
            (113.390, 22.742),
            (113.440, 22.715),
            (113.490, 22.700),
            (113.522, 22.655),
            (113.556, 22.612),
        ),
    ),
    (
        "西江",
        420,
        (
            (113.140, 22.610),
            (113.182, 22.560),
            (113.232, 22.535),
            (113.243, 22.470),
            (113.268, 22.410),
            (113.300, 22.345),
            (113.335, 22.285),
            (113.385, 22.232),
        ),
    ),
    (
        "岐江河",
        120,
        (
            (113.400, 22.622),
            (113.372, 22.580),
            (113.366, 22.540),
            (113.378, 22.505),
            (113.345, 22.470),
            (113.300, 22.440),
            (113.262, 22.430),
        ),
    ),
    ("前山水道", 140, ((113.330, 22.300), (113.400, 22.278), (113.450, 22.282), (113.500, 22.262), (113.530, 22.250))),
)
HILLS: tuple[tuple[str | None, Point, Point], ...] = (
    # name, centre, radii in metres
    ("五桂山", (113.440, 22.425), (4600, 2900)),
    ("五桂山", (113.478, 22.402), (3000, 2300)),
    ("丫髻山", (113.490, 22.470), (1700, 1200)),
    ("南台山", (113.390, 22.395), (2000, 1200)),
    ("大尖山", (113.545, 22.520), (1100, 800)),
    ("卓旗山", (113.293, 22.492), (900, 700)),
    ("铁炉山", (113.360, 22.345), (1500, 900)),
    ("凤凰山", (113.500, 22.330), (1700, 1200)),
    (None, (113.335, 22.448), (800, 1000)),
)
MOTORWAYS: tuple[tuple[str, tuple[Point, ...]], ...] = (
    (
        "京珠高速",
        (
            (113.470, 22.742),
            (113.452, 22.660),
            (113.438, 22.590),
            (113.446, 22.530),
            (113.470, 22.470),
            (113.520, 22.420),
            (113.505, 22.340),
            (113.490, 22.215),
        ),
    ),
    (
        "中江高速",
        (
            (113.160, 22.585),
            (113.240, 22.598),
            (113.310, 22.600),
            (113.370, 22.620),
            (113.430, 22.612),
            (113.500, 22.560),
            (113.585, 22.510),
        ),
    ),
    ("西部沿海高速", ((113.300, 22.372), (113.350, 22.372), (113.390, 22.322), (113.440, 22.310), (113.510, 22.300))),
)


def paint_zhongshan(register: Register, towns: list[BuiltTown], streets: list[Row]) -> None:
    """Adds the wide basemap; the ground of laid-out towns is left out, because they paint their own."""
    laid_out = shapely.union_all([town.lattice.patch(town.declared.extent) for town in towns])
    whole = city_outline()
    land = whole.difference(laid_out)
    for k, (name, width, course) in enumerate(RIVERS):
        add(register, streets, "water", "river", name, river(course, width, str(k)).intersection(land))
    for hill_name, centre, radii in HILLS:
        add(register, streets, "green", "wood", hill_name, hill(centre, radii).intersection(land))
    for name, course in MOTORWAYS:
        line = shapely.LineString(smooth(tuple(metres(point) for point in course)))
        add(register, streets, "road", "motorway", name, line.intersection(land))
    centres = [metres(street[3]) for street in STREETS] + [town.lattice.origin for town in towns]
    for a, b in neighbours(centres):
        line = shapely.LineString(bend(centres[a], centres[b], "442000/road", 400))
        add(register, streets, "road", "main", None, line.intersection(land))
    for street in STREETS:
        for line in town_streets(metres(street[3]), f"{street[1]}/streets", 900 + 10 * street[5]):
            add(
                register,
                [row for row in streets if row["id"] == street[0]],
                "road",
                "secondary",
                None,
                line.intersection(land),
            )


def add(register: Register, streets: list[Row], kind: str, sort: str, name: str | None, shape: BaseGeometry) -> None:
    """One row for each part of the shape, in the street that holds most of it."""
    for part in shapely.get_parts(shape.simplify(6)):
        if part.is_empty or max(part.length, 1) < 60:
            continue
        middle = part.representative_point() if part.geom_type == "Polygon" else part.interpolate(0.5, normalized=True)
        street = min(streets, key=lambda row: row["metres"].distance(middle))["id"]
        identity = register.next_id(street, 0, "basemap")
        register.add(
            "basemap",
            street_id=street,
            id=identity,
            kind=kind,
            name=name,
            source_key=f"{kind}/{identity & 0xFFFFF}",
            metres=part,
            epsg=EPSG,
            **{"class": sort},
        )


def river(course: tuple[Point, ...], width: float, key: str) -> BaseGeometry:
    """A river's water, wider and narrower along its way."""
    middle = np.array(smooth(tuple(metres(point) for point in course), 10))
    direction = np.gradient(middle, axis=0)
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    side = np.column_stack((-direction[:, 1], direction[:, 0]))
    reach = [width / 2 * (0.85 + 0.3 * fraction(f"442000/river/{key}", str(k // 4))) for k in range(len(middle))]
    banks = side * np.array(reach)[:, None]
    return shapely.Polygon(np.vstack((middle + banks, (middle - banks)[::-1]))).buffer(0)


def hill(centre: Point, radii: Point) -> shapely.Polygon:
    """A wooded hill: a round shape with an uneven edge."""
    x, y = metres(centre)
    key = f"442000/hill/{centre[0]}/{centre[1]}"
    ring = []
    for step in range(72):
        turn = math.tau * step / 72
        waves = [math.cos(k * turn + math.tau * fraction(key, f"turn{k}")) / k for k in (2, 3, 5, 8)]
        reach = 0.85 + 0.22 * sum(waves)
        ring.append((x + math.cos(turn) * radii[0] * reach, y + math.sin(turn) * radii[1] * reach))
    return shapely.Polygon(ring).buffer(0)


def neighbours(centres: list[Point]) -> list[tuple[int, int]]:
    """Pairs with no third centre nearer to both: the relative neighbourhood graph."""

    def apart(a: int, b: int) -> float:
        return math.dist(centres[a], centres[b])

    everyone = range(len(centres))
    return [
        (a, b)
        for a, b in combinations(everyone, 2)
        if not any(max(apart(a, c), apart(b, c)) < apart(a, b) for c in everyone if c not in (a, b))
    ]


def town_streets(centre: Point, key: str, reach: float) -> list[shapely.LineString]:
    """A loose net of streets around a town's centre."""
    turn = (fraction(key, "turn") - 0.5) * 0.6
    cos, sin = math.cos(turn), math.sin(turn)

    def at(x: float, y: float) -> Point:
        return round(centre[0] + cos * x - sin * y, 1), round(centre[1] + sin * x + cos * y, 1)

    lines = []
    for k in range(-3, 4):
        way = reach * (k + 0.5 * (fraction(key, f"shift{k}") - 0.5)) / 3.4
        half = reach * (1.05 - 0.12 * abs(k))
        lines.append(shapely.LineString(bend(at(way, -half), at(way, half), key, 350)))
        lines.append(shapely.LineString(bend(at(-half, way * 0.9), at(half, way * 0.9), key, 350)))
    return lines

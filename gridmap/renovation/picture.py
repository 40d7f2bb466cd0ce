"""The map of a plan as one drawing (SVG): the estates and what stands in them, in the colours of the street map."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import shapely
from markupsafe import Markup

from gridmap.coords import project
from gridmap.layers import BY_NAME
from gridmap.renovation.figures import Plan

WIDTH, HEIGHT = 1000.0, 620.0
AROUND = 0.08
"""Of the window, around the estates."""
NICE = (1, 2, 5)
AREAS = (
    ("green", "#dbe7d2", "none", 0.0),
    ("water", "#cfe1e8", "none", 0.0),
    ("estates", "#f4ecdd", "#8a7a5c", 2.2),
)
MARKS = (
    ("facilities", 2.6, "#6d7f8c", "#ffffff"),
    ("without", 4.2, "#ffffff", "#7a4b9c"),
    ("gaps", 4.4, "#d4582f", "#ffffff"),
    ("incidents", 4.4, "#3f78b5", "#ffffff"),
)
"""Layer, radius, fill, ring; the later ones lie above."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """What of the plane, in metres, is drawn, and how many metres one unit of the drawing is."""

    west: float
    north: float
    scale: float

    def path(self, shape: shapely.Geometry) -> str:
        """The shape as the `d` of a path, to a tenth of a unit."""
        return " ".join(self._part(part) for part in shapely.get_parts(shape))

    def _part(self, part: shapely.Geometry) -> str:
        if part.geom_type == "Polygon":
            rings = [part.exterior, *part.interiors]
            return "".join(f"M{self._line(ring.coords[:-1])}Z" for ring in rings)
        return f"M{self._line(part.coords)}" if part.geom_type == "LineString" else ""

    def _line(self, coords: Iterable[tuple[float, ...]]) -> str:
        return "L".join(f"{x:.1f} {y:.1f}" for x, y in (self.at(one) for one in coords))

    def at(self, point: tuple[float, ...]) -> tuple[float, float]:
        """A point of the plane in the drawing."""
        return (point[0] - self.west) / self.scale, (self.north - point[1]) / self.scale


def picture_of(plan: Plan) -> Markup:
    """The drawing; every number in it is ours, and no word of the database."""
    estates = project([shape for _class, shape in plan.shapes["estates"]], plan.epsg)
    window = _window(shapely.total_bounds(estates))
    return Markup("".join(_drawn(plan, window)))  # noqa: S704 - numbers and colours alone


def _window(bounds: tuple[float, float, float, float]) -> Window:
    west, south, east, north = (float(side) for side in bounds)
    wide, high = max(east - west, 40.0) * (1 + 2 * AROUND), max(north - south, 40.0) * (1 + 2 * AROUND)
    scale = max(wide / WIDTH, high / HEIGHT)
    middle = (west + east) / 2, (south + north) / 2
    return Window(west=middle[0] - WIDTH * scale / 2, north=middle[1] + HEIGHT * scale / 2, scale=scale)


def _drawn(plan: Plan, window: Window) -> Iterator[str]:
    def projected(name: str) -> list[tuple[str, shapely.Geometry]]:
        some = plan.shapes[name]
        shapes = project([shape for _class, shape in some], plan.epsg) if some else []
        return [(one, shape) for (one, _shape), shape in zip(some, shapes, strict=True)]

    yield f'<svg class="plan-map" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-labelledby="plan-map-title">'
    yield f'<rect width="{WIDTH:.0f}" height="{HEIGHT:.0f}" fill="#f6f4ef"/>'
    for name, fill, line, width in AREAS:
        for _class, shape in projected(name):
            yield f'<path d="{window.path(shape)}" fill="{fill}" stroke="{line}" stroke-width="{width}"/>'
    for _class, shape in projected("roads"):
        yield f'<path d="{window.path(shape)}" fill="none" stroke="#ffffff" stroke-width="5" stroke-linecap="round"/>'
    colours = {value: one.colour for value, one in BY_NAME["buildings"].style.classes.items()}
    for kind, shape in projected("buildings"):
        fill = colours.get(kind, BY_NAME["buildings"].style.colour)
        yield f'<path d="{window.path(shape)}" fill="{fill}" stroke="#6f675a" stroke-width="0.7"/>'
    for _class, shape in projected("grids"):
        yield (
            f'<path d="{window.path(shape)}" fill="none" stroke="#0f6b66" stroke-width="1.6"'
            ' stroke-dasharray="7 5" opacity="0.75"/>'
        )
    for name, radius, fill, ring in MARKS:
        width = 1.8 if fill == "#ffffff" else 0.9
        for _class, shape in projected(name):
            x, y = window.at(shapely.point_on_surface(shape).coords[0])
            yield (
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}" stroke="{ring}" stroke-width="{width}"/>'
            )
    if len(plan.estates) > 1:
        yield from _numbers(projected("estates"), window)
    metres, length = _scale(window.scale)
    low = HEIGHT - 18
    yield f'<path d="M18 {low - 7}V{low}H{18 + length:.1f}V{low - 7}" fill="none" stroke="#1c2a2e" stroke-width="2"/>'
    yield f'<text x="{26 + length:.1f}" y="{low + 1}" font-size="17" fill="#1c2a2e">{metres} m</text>'
    yield "</svg>"


def _numbers(estates: list[tuple[str, shapely.Geometry]], window: Window) -> Iterator[str]:
    """Each estate's number in the table, at its upper left, where few houses stand."""
    for number, (_class, shape) in enumerate(estates, start=1):
        points = [window.at(point) for point in shapely.get_coordinates(shape).tolist()]
        x, y = min(points, key=lambda point: point[0] + point[1])
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="13" fill="#465459" stroke="#ffffff" stroke-width="2"/>'
        yield (
            f'<text x="{x:.1f}" y="{y + 5.5:.1f}" font-size="16" font-weight="700" text-anchor="middle"'
            f' fill="#ffffff">{number}</text>'
        )


def _scale(scale: float) -> tuple[int, float]:
    """A round length in metres, and how long it is in the drawing."""
    longest = WIDTH / 5 * scale
    power = 10 ** math.floor(math.log10(longest))
    metres = max(step * power for step in NICE if step * power <= longest)
    return int(metres), metres / scale

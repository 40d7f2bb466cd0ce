"""What stands in the estates: gates, boards, canopies, lifts, cameras and the rest."""

import math
from collections.abc import Iterator

import shapely
import shapely.ops
from shapely.geometry.base import BaseGeometry

from gridmap.demo.build import BuiltCommunity, BuiltEstate, BuiltHouse, BuiltTown, place_row
from gridmap.demo.choice import between, draw, fraction
from gridmap.demo.declare import Equipment
from gridmap.demo.register import Register, Row
from gridmap.tables.codes import FACILITY_KINDS

TITLES = {code: title for code, title, *_ in FACILITY_KINDS}
SHAPES = {code: shape for code, *_, shape in FACILITY_KINDS}
USUAL = (
    Equipment("gate", installed="2015-05-01"),
    Equipment("notice_board", installed="2018-09-01"),
    Equipment("waste_point", installed="2020-11-01"),
    Equipment("charging_socket", installed="2023-04-01"),
)
"""Every estate with houses has these."""

Spot = tuple[BaseGeometry, BuiltHouse | None, Row]
"""Where a facility stands, at which house, and what is particular about it."""


def equip_town(register: Register, built: BuiltTown) -> None:
    """Adds the facilities of all estates of the town."""
    for community in built.communities:
        for estate in community.estates.values():
            if not estate.houses:
                continue
            for order, equipment in enumerate((*USUAL, *estate.declared.equipment)):
                equip(register, built, community, estate, equipment, order)


def equip(
    register: Register,
    built: BuiltTown,
    community: BuiltCommunity,
    estate: BuiltEstate,
    equipment: Equipment,
    order: int,
) -> None:
    """Adds the facilities of one kind; the wanted number of them is down or only planned."""
    entity = f"{built.declared.key}/{estate.declared.number}/{equipment.kind}{order}"
    spots = list(find_spots(estate, equipment, entity))
    names = [f"{entity}/{k}" for k in range(len(spots))]
    down = draw(names, "down", equipment.down)
    for k, (shape, house, details) in enumerate(spots):
        number = register.next_number(f"{community.declared.code}F")
        state = "down" if names[k] in down else "planned" if k >= len(spots) - equipment.planned else "working"
        title = equipment.name or TITLES[equipment.kind]
        place_row(
            register,
            "facilities",
            scope_of(estate, house, community, shape),
            shape,
            built.declared.epsg,
            id=register.next_id(built.declared.street_id, estate.declared.number, "facility"),
            code=f"{community.declared.code}F{number:04d}",
            name=title if len(spots) == 1 else f"{title}{k + 1}",
            kind=equipment.kind,
            state=state,
            installed_on=None if state == "planned" else equipment.installed,
            level=details.pop("level", None),
            details={**dict(equipment.details), **details},
        )


def scope_of(estate: BuiltEstate, house: BuiltHouse | None, community: BuiltCommunity, shape: BaseGeometry) -> Row:
    """A facility belongs to its house's grid, or to the grid that its middle lies in."""
    scope = {key: estate.row[key] for key in ("street_id", "community_id", "estate_id")}
    if house is not None:
        micro = house.row.get("micro_grid_id")
        return {**scope, "grid_id": house.row["grid_id"], "micro_grid_id": micro}
    middle = shape.centroid
    grids = [g["id"] for g in community.grids.values() if g["metres"].intersects(middle)]
    return {**scope, "grid_id": grids[0] if grids else None}


def find_spots(estate: BuiltEstate, equipment: Equipment, entity: str) -> Iterator[Spot]:
    """The spots of one kind of equipment, as many as wanted."""
    makers = {
        "building": at_buildings,
        "stairwell": at_stairwells,
        "corner": at_corners,
        "front": at_fronts,
        "outline": along_outline,
        "east": along_outline,
        "garden": in_garden,
        "garage": in_garage,
    }
    for k, spot in enumerate(makers[equipment.where](estate, equipment, entity)):
        if k == equipment.count:
            return
        yield spot


def at_buildings(estate: BuiltEstate, equipment: Equipment, entity: str) -> Iterator[Spot]:
    """Before the south front of each house: an area along it, or a point at its door."""
    for house in estate.houses:
        half, front = house.placed.width / 2 - 2, -house.placed.house.depth / 2
        if SHAPES[equipment.kind] == "area":
            yield house.placed.rectangle(-half, front - 2.2, half, front - 0.4), house, {}
        else:
            yield shapely.Point(house.placed.at(between(entity, house.row["code"], -6, 6), front - 3)), house, {}


def at_stairwells(estate: BuiltEstate, equipment: Equipment, entity: str) -> Iterator[Spot]:
    """In the middle of each stairwell; when only some are wanted, spread over the houses."""
    pairs = [(house, k) for house in estate.houses for k in range(len(house.stairwells))]
    if equipment.count is not None:
        names = [f"{entity}/{house.row['code']}/{k}" for house, k in pairs]
        chosen = draw(names, "has", equipment.count)
        pairs = [pair for pair, name in zip(pairs, names, strict=True) if name in chosen]
    for house, k in pairs:
        yield house.placed.sections[k].centroid, house, {"stairwell": house.stairwells[k]["code"]}


def bearing(angle: float) -> int:
    """A mathematical direction (degrees anticlockwise of east) as a compass bearing."""
    return round(90 - angle) % 360


def at_corners(estate: BuiltEstate, equipment: Equipment, entity: str) -> Iterator[Spot]:
    """At the corners of houses, looking along the longer walls; round after round over all houses."""
    del equipment
    corners = ((-1, -1, -20), (1, 1, 160), (1, -1, 70), (-1, 1, 250))
    for sx, sy, turn in corners:
        for house in estate.houses:
            placed = house.placed
            point = placed.at(sx * (placed.width / 2 + 1), sy * (placed.house.depth / 2 + 1))
            swing = between(entity, f"{house.row['code']}{sx}{sy}", -12, 12)
            facts = {"bearing": bearing(placed.angle + turn + swing), "fov": 84, "range_m": 42, "height_m": 4}
            yield shapely.Point(point), house, facts


def at_fronts(estate: BuiltEstate, equipment: Equipment, entity: str) -> Iterator[Spot]:
    """Some metres before a house, looking up at its front."""
    del equipment
    for house in estate.houses:
        offset = between(entity, house.row["code"], -4, 4)
        point = house.placed.at(offset, -house.placed.house.depth / 2 - 11)
        facts = {"bearing": bearing(house.placed.angle + 90), "fov": 70, "range_m": 60, "height_m": 3, "tilt": 55}
        yield shapely.Point(point), house, facts


def along_outline(estate: BuiltEstate, equipment: Equipment, entity: str) -> Iterator[Spot]:
    """Just inside the fence, evenly spaced; gates stand on it, in the south first."""
    count = equipment.count or 1
    inside = 0.5 if equipment.kind in {"gate", "barrier", "guard_booth"} else 3.0
    outline = shapely.get_parts(estate.outline)[0].buffer(-inside).exterior
    west, south, east, north = outline.bounds
    first = (east, (south + north) / 2) if equipment.where == "east" else ((west + east) / 2, south)
    start = outline.project(shapely.Point(first))
    shift = {"gate": 0.0, "barrier": 0.006, "guard_booth": -0.006}.get(equipment.kind, fraction(entity, "along"))
    for k in range(count):
        way = (start / outline.length + shift + k / count) % 1.0
        point = outline.interpolate(way, normalized=True)
        if SHAPES[equipment.kind] == "area":
            yield point.buffer(4, cap_style="square").intersection(estate.outline), None, {}
        else:
            yield shapely.Point(round(point.x, 2), round(point.y, 2)), None, {}


def in_garden(estate: BuiltEstate, equipment: Equipment, entity: str) -> Iterator[Spot]:
    """Around the middle of the estate, clear of the houses."""
    houses = shapely.union_all([house.placed.outline for house in estate.houses]).buffer(4)
    free = estate.outline.buffer(-6).difference(houses)
    middle = shapely.ops.nearest_points(free, estate.outline.centroid)[0]
    for k in range(equipment.count or 1):
        turn = math.tau * fraction(entity, f"turn{k}")
        reach = between(entity, f"reach{k}", 0, 12 + 2 * (equipment.count or 1))
        wanted = shapely.Point(middle.x + math.cos(turn) * reach, middle.y + math.sin(turn) * reach)
        point = shapely.ops.nearest_points(free, wanted)[0]
        spot = shapely.Point(round(point.x, 2), round(point.y, 2))
        yield (spot.buffer(4, quad_segs=3) if SHAPES[equipment.kind] == "area" else spot), None, {}


def in_garage(estate: BuiltEstate, equipment: Equipment, entity: str) -> Iterator[Spot]:
    """Below the houses."""
    del equipment
    for house in estate.houses:
        turn = between(entity, house.row["code"], 0, 359)
        facts = {"bearing": turn, "fov": 90, "range_m": 30, "height_m": 3, "level": -1}
        yield shapely.Point(house.placed.at(0, 0)), house, facts

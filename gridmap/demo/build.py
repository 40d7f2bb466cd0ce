"""A declared town becomes rows: territory, grids, estates, buildings, stairwells, parking zones."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.demo.choice import between
from gridmap.demo.declare import Cluster, Community, Estate, Grid, House, Town
from gridmap.demo.houses import Placed, place_cluster, put, slots
from gridmap.demo.lattice import Box, Lattice, breaks_of
from gridmap.demo.register import Register, Row, ident
from gridmap.demo.units import count, floors
from gridmap.pinyin import initials
from gridmap.places.numbering import reading_order

SINCE = "2025-01-01"
"""From when the demo's boundaries and memberships are known."""
VILLA_FLOORS = 3


@dataclass
class BuiltHouse:
    """A house, its row and the rows of its stairwells."""

    placed: Placed
    row: Row
    stairwells: list[Row] = field(default_factory=list)


@dataclass
class BuiltEstate:
    """An estate with everything that stands in it; the outline in zone metres."""

    declared: Estate
    row: Row
    outline: BaseGeometry
    houses: list[BuiltHouse] = field(default_factory=list)
    zone: Row | None = None

    @property
    def stairwells(self) -> list[Row]:
        """All stairwells, building by building."""
        return [stairwell for house in self.houses for stairwell in house.stairwells]


@dataclass
class BuiltCommunity:
    """A community, its grids by declared number, micro grids, and estates by declared number."""

    declared: Community
    row: Row
    grids: dict[int, Row] = field(default_factory=dict)
    micro_grids: dict[tuple[int, int], Row] = field(default_factory=dict)
    """By declared number of the basic grid and row of its cluster."""
    estates: dict[int, BuiltEstate] = field(default_factory=dict)


@dataclass
class BuiltTown:
    """A town on the ground."""

    declared: Town
    lattice: Lattice
    communities: list[BuiltCommunity] = field(default_factory=list)


def micro_boxes(grid: Grid, cluster: Cluster) -> list[Box]:
    """The rows of a cluster as strips of its grid's box, north to south."""
    (box,) = grid.boxes
    heights = sorted({y for _, _, y in slots(cluster)}, reverse=True)
    cuts = [box.north, *(round((a + b) / 2) for a, b in pairwise(heights)), box.south]
    return [Box(box.west, low, box.east, high) for high, low in pairwise(cuts)]


def grid_clusters(community: Community, grid: Grid) -> list[Cluster]:
    """The clusters that stand in a grid."""
    return [c for estate in community.estates for c in estate.clusters if c.grid == grid.number]


def ground(town: Town) -> Lattice:
    """The town's lattice, with a vertex wherever a border of communities, grids or micro grids turns."""
    boxes = [town.extent]
    for community in town.communities:
        boxes += community.boxes
        for grid in community.former:
            boxes += grid.boxes
        for grid in community.grids:
            boxes += grid.boxes
            boxes += [b for c in grid_clusters(community, grid) if c.micro for b in micro_boxes(grid, c)]
    xs, ys = breaks_of(boxes, [(road.axis, road.at) for road in town.roads])
    return Lattice(town.epsg, town.anchor, town.tilt, town.sway, xs, ys)


def place_row(register: Register, subject: str, scope: Row, geometry: BaseGeometry, epsg: int, **row: Any) -> Row:
    """Adds a place: its scope columns, its pinyin initials and its geometry in zone metres."""
    row = {**scope, **row}
    row["initials"] = initials(row["name"])
    return register.add(subject, metres=geometry, epsg=epsg, **row)


def build_town(register: Register, town: Town, district_id: int) -> BuiltTown:
    """Adds the town's street and all that stands in it, and hands back what was built."""
    lattice = ground(town)
    built = BuiltTown(town, lattice)
    outline = lattice.patch(town.extent)
    register.add(
        "streets",
        id=town.street_id,
        district_id=district_id,
        code=town.code,
        name=town.name,
        metres=outline,
        epsg=town.epsg,
    )
    for community in town.communities:
        built.communities.append(build_community(register, town, lattice, community))
    return built


def build_community(register: Register, town: Town, lattice: Lattice, declared: Community) -> BuiltCommunity:
    """Adds a community with its grids and estates."""
    identity = ident(town.street_id, declared.number, "itself")
    area = lattice.area(declared.boxes)
    row = register.add(
        "communities",
        street_id=town.street_id,
        id=identity,
        code=declared.code,
        name=declared.name,
        aliases=list(declared.aliases),
        initials=initials(declared.name),
        declared_households=declared.declared_households,
        declared_population=declared.declared_population,
        metres=area,
        epsg=town.epsg,
    )
    built = BuiltCommunity(declared, row)
    build_grids(register, town, lattice, built)
    for estate in declared.estates:
        built.estates[estate.number] = build_estate(register, town, lattice, built, estate)
    for built_estate in built.estates.values():
        finish_estate(built_estate, built)
    count_grids(built)
    return built


def build_grids(register: Register, town: Town, lattice: Lattice, built: BuiltCommunity) -> None:
    """Adds basic, dedicated and micro grids, numbered by where they lie."""
    declared = built.declared
    shapes = [lattice.area(grid.boxes) for grid in declared.grids]
    for serial, k in enumerate(reading_order(shapes), start=1):
        grid = declared.grids[k]
        identity = ident(town.street_id, declared.number, "grid", grid.number - 1)
        built.grids[grid.number] = place_row(
            register,
            "grids",
            {"street_id": town.street_id, "community_id": built.row["id"], "grid_id": identity},
            shapes[k],
            town.epsg,
            id=identity,
            code=f"{declared.code}{serial:03d}",
            name=grid.name or f"{declared.name.removesuffix('社区').removesuffix('居委会')}第{serial}网格",
            type=grid.kind,
            serial=serial,
        )
    for grid in declared.grids:
        build_micro_grids(register, town, lattice, built, grid)


def build_micro_grids(register: Register, town: Town, lattice: Lattice, built: BuiltCommunity, grid: Grid) -> None:
    """Adds the strips of a grid whose clusters ask for micro grids; their codes add two digits."""
    parent = built.grids[grid.number]
    for cluster in grid_clusters(built.declared, grid):
        for k, box in enumerate(micro_boxes(grid, cluster) if cluster.micro else (), start=1):
            identity = ident(town.street_id, built.declared.number, "grid", 31 + len(built.micro_grids))
            built.micro_grids[grid.number, k - 1] = place_row(
                register,
                "grids",
                {key: parent[key] for key in ("street_id", "community_id", "grid_id")},
                lattice.patch(box),
                town.epsg,
                id=identity,
                micro_grid_id=identity,
                code=f"{parent['code']}{k:02d}",
                name=f"{parent['name']}·微{k}",
                type="micro",
                serial=k,
            )


def estate_outline(lattice: Lattice, declared: Estate) -> BaseGeometry:
    """The estate's outline in zone metres: bent boxes, or an exact rectangle in the middle of its box."""
    if declared.rectangle is None:
        return lattice.area(declared.boxes)
    width, height, turn = declared.rectangle
    x, y = declared.boxes[0].centre
    (east, north), *_ = lattice.metres([(x, y)])
    frame = put(House("", ("",), 1, 1), 0, (round(east), round(north)), lattice.angle(x, y) + turn)
    return frame.rectangle(-width / 2, -height / 2, width / 2, height / 2)


def build_estate(
    register: Register, town: Town, lattice: Lattice, community: BuiltCommunity, declared: Estate
) -> BuiltEstate:
    """Adds an estate, its houses and stairwells, and its parking zone."""
    identity = ident(town.street_id, declared.number, "itself")
    outline = estate_outline(lattice, declared) if declared.boxes else shapely.MultiPolygon()
    scope = {"street_id": town.street_id, "community_id": community.row["id"], "estate_id": identity}
    number = register.next_number(f"{community.declared.code}X")
    row = place_row(
        register,
        "estates",
        scope,
        outline,
        town.epsg,
        id=identity,
        code=f"{community.declared.code}X{number:02d}",
        name=declared.name,
        aliases=list(declared.aliases),
        parent_id=ident(town.street_id, declared.parent, "itself") if declared.parent else None,
        management=declared.management,
        property=declared.company,
        origin=declared.origin,
        built_year=declared.built,
        site_area_m2=declared.site_area,
        floor_area_m2=declared.floor_area,
        declared_households=declared.declared_households,
        declared_population=declared.declared_population,
        counted_population=declared.population,
        declared_party_members=declared.party_members,
    )
    built = BuiltEstate(declared, row, outline)
    for k, cluster in enumerate(declared.clusters):
        entity = f"{town.key}/{declared.number}/{k}"
        for placed in place_cluster(lattice, cluster, entity):
            build_house(register, town, community, built, cluster, placed)
    if declared.zone is not None:
        build_zone(register, town, lattice, community, built)
    return built


def build_house(
    register: Register, town: Town, community: BuiltCommunity, built: BuiltEstate, cluster: Cluster, placed: Placed
) -> None:
    """Adds a building and its stairwells; villas are one building of numbers without stairwells."""
    index = len(built.houses)
    house = placed.house
    villas = house.shape == "villas"
    grid = community.grids[cluster.grid]
    scope = {key: built.row[key] for key in ("street_id", "community_id", "estate_id")} | {"grid_id": grid["id"]}
    if cluster.micro:
        scope["micro_grid_id"] = community.micro_grids[cluster.grid, placed.row]["id"]
    number = index + 1
    highest = VILLA_FLOORS if villas else max(floors(units) for units in house.sections)
    doors = [str(register.next_number(f"{built.row['code']}/villa")) for _ in house.sections] if villas else []
    row = place_row(
        register,
        "buildings",
        scope,
        placed.outline,
        town.epsg,
        id=ident(town.street_id, built.declared.number, "building", index),
        code=f"{built.row['code']}-{number:02d}",
        name=f"{number}号楼" if not villas else f"别墅{number}排",
        kind=house.kind,
        floors=highest,
        floors_underground=built.declared.underground,
        built_year=built.declared.built + between(built.row["code"], f"year{index // 6}", 0, 1),
        height_m=highest * 3 + 2,
        units=doors,
        declared_stairwells=0 if villas else len(house.sections),
    )
    done = BuiltHouse(placed, row)
    built.houses.append(done)
    for k, units in enumerate(() if villas else house.sections):
        done.stairwells.append(build_stairwell(register, town, built, done, k, units))


def build_stairwell(register: Register, town: Town, built: BuiltEstate, house: BuiltHouse, k: int, units: str) -> Row:
    """Adds one stairwell: its part of the building, and its household numbers written short."""
    parent = house.row
    keys = ("street_id", "community_id", "estate_id", "grid_id", "micro_grid_id")
    first = 4 * (len(built.houses) - 1)
    return place_row(
        register,
        "stairwells",
        {key: parent.get(key) for key in keys},
        house.placed.sections[k],
        town.epsg,
        id=ident(town.street_id, built.declared.number, "stairwell", first + k),
        parent_id=parent["id"],
        code=f"{parent['code']}-{k + 1}",
        name=f"{k + 1}单元",
        floors=floors(units),
        units=units,
        declared_households=count(units),
        counted_households=count(units),
    )


def build_zone(register: Register, town: Town, lattice: Lattice, community: BuiltCommunity, built: BuiltEstate) -> None:
    """Adds the estate's parking zone."""
    zone = built.declared.zone
    if zone is None:
        return
    number = register.next_number(f"{community.declared.code}Z")
    built.zone = place_row(
        register,
        "zones",
        {key: built.row[key] for key in ("street_id", "community_id", "estate_id")},
        lattice.patch(zone.box),
        town.epsg,
        id=ident(town.street_id, built.declared.number, "zone"),
        code=f"{community.declared.code}Z{number:02d}",
        name=f"{built.declared.name}停车区",
        kind="parking",
        capacity=zone.capacity,
    )


def households(house: BuiltHouse) -> int:
    """Households of a building: those of its stairwells, or its villas."""
    if house.stairwells:
        return sum(row["counted_households"] for row in house.stairwells)
    return len(house.row["units"])


def finish_estate(built: BuiltEstate, community: BuiltCommunity) -> None:
    """Writes what was counted into the estate and its buildings; a parent sums its sub-estates up."""
    for house in built.houses:
        total = households(house)
        house.row |= {
            "counted_households": total,
            "declared_households": total,
            "counted_stairwells": len(house.stairwells),
        }
    children = [e for e in community.estates.values() if e.declared.parent == built.declared.number]
    parts = children or [built]
    if children:
        built.outline = shapely.union_all([child.outline for child in children])
        built.row["metres"] = built.outline
    everything = [house for part in parts for house in part.houses]
    built.row |= {
        "counted_buildings": len(everything),
        "counted_stairwells": sum(len(house.stairwells) for house in everything),
        "counted_households": sum(households(house) for house in everything),
    }
    place_zone(built, community)


def place_zone(built: BuiltEstate, community: BuiltCommunity) -> None:
    """A zone belongs to the grid that holds its middle."""
    if built.zone is not None:
        middle = built.zone["metres"].centroid
        built.zone["grid_id"] = next(g["id"] for g in community.grids.values() if g["metres"].contains(middle))


def count_grids(community: BuiltCommunity) -> None:
    """Writes into each grid, micro grids too, what stands in it."""
    totals: dict[int, Counter[str]] = {}
    for estate in community.estates.values():
        for house in estate.houses:
            for key in (house.row["grid_id"], house.row.get("micro_grid_id")):
                if key is not None:
                    counted = {"households": households(house), "buildings": 1, "stairwells": len(house.stairwells)}
                    totals.setdefault(key, Counter()).update(counted)
    for row in [*community.grids.values(), *community.micro_grids.values()]:
        row |= {f"counted_{thing}": total for thing, total in totals.get(row["id"], Counter()).items()}

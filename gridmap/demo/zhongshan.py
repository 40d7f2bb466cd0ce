"""中山: its 23 streets and towns, their communities, and the 1,092 estates of the city."""

import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.demo.build import BuiltTown
from gridmap.demo.cells import bent_ring, cells
from gridmap.demo.choice import between, draw, pick
from gridmap.demo.lattice import Point, transformer
from gridmap.demo.names import COMMUNITY_FIRST
from gridmap.demo.points import add_estate, add_group, is_lively, managed, random_spots
from gridmap.demo.register import Register, Row, ident
from gridmap.pinyin import initials

EPSG = 4547
DISTRICT = 10_001
ESTATES = 1092
WITH_THREE_MEMBERS = 578
WITH_ORGANISATION = 540

STREETS: tuple[tuple[int, str, str, Point, int, int], ...] = (
    # id, code, name, centre, communities, estates
    (10_003, "442000001", "石岐街道", (113.385, 22.535), 8, 95),
    (10_004, "442000003", "中山港街道", (113.468, 22.553), 7, 90),
    (10_005, "442000004", "西区街道", (113.348, 22.552), 6, 60),
    (10_006, "442000005", "南区街道", (113.358, 22.478), 5, 45),
    (10_007, "442000006", "五桂山街道", (113.424, 22.428), 4, 12),
    (10_008, "442000007", "民众街道", (113.486, 22.630), 6, 30),
    (10_009, "442000008", "南朗街道", (113.533, 22.487), 6, 35),
    (10_013, "442000100", "小榄镇", (113.243, 22.668), 8, 95),
    (10_014, "442000101", "黄圃镇", (113.341, 22.716), 6, 40),
    (10_015, "442000103", "东凤镇", (113.262, 22.712), 5, 38),
    (10_016, "442000105", "古镇镇", (113.193, 22.611), 5, 45),
    (10_017, "442000106", "沙溪镇", (113.320, 22.520), 6, 60),
    (10_018, "442000107", "坦洲镇", (113.472, 22.262), 7, 85),
    (10_019, "442000108", "港口镇", (113.383, 22.596), 5, 42),
    (10_022, "442000109", "三角镇", (113.42750, 22.68500), 8, 40),
    (10_023, "442000110", "横栏镇", (113.246, 22.574), 5, 35),
    (10_024, "442000111", "南头镇", (113.297, 22.733), 4, 30),
    (10_025, "442000112", "阜沙镇", (113.352, 22.664), 4, 18),
    (10_026, "442000115", "板芙镇", (113.318, 22.414), 4, 26),
    (10_027, "442000116", "大涌镇", (113.290, 22.468), 4, 24),
    (10_028, "442000117", "神湾镇", (113.366, 22.310), 4, 18),
)
SANJIAO = "442000109"
SANJIAO_BRANCHES = 39
SANJIAO_COMMUNITIES = ("中心社区", "东南社区", "高平社区", "沙栏社区", "蟠龙社区", "光明社区", "结民社区", "三角社区")
OUTLINE: tuple[Point, ...] = (
    (113.150, 22.640),
    (113.170, 22.700),
    (113.240, 22.752),
    (113.320, 22.780),
    (113.400, 22.752),
    (113.470, 22.730),
    (113.520, 22.680),
    (113.550, 22.610),
    (113.585, 22.540),
    (113.600, 22.480),
    (113.570, 22.420),
    (113.520, 22.360),
    (113.530, 22.280),
    (113.500, 22.215),
    (113.430, 22.200),
    (113.380, 22.240),
    (113.335, 22.275),
    (113.310, 22.335),
    (113.280, 22.400),
    (113.245, 22.460),
    (113.235, 22.525),
    (113.185, 22.550),
    (113.148, 22.585),
)


def metres(point: Point) -> Point:
    """Longitude, latitude in whole metres of the zone."""
    east, north = transformer(EPSG).transform(*point, direction="INVERSE")
    return float(round(east)), float(round(north))


def city_outline() -> shapely.Polygon:
    """The city's invented outline in zone metres."""
    return bent_ring([metres(point) for point in OUTLINE], "442000", 500)


def build_zhongshan(register: Register, towns: list[BuiltTown]) -> list[Row]:
    """Adds the streets that are not laid out house by house, their communities and estates; then the city's counts.

    `towns` are the laid-out streets of the city, whose ground is left out. Hands back the rows of the streets.
    """
    laid_out = shapely.union_all([town.lattice.patch(town.declared.extent) for town in towns])
    shapes = cells([metres(street[3]) for street in STREETS], "442000", city_outline(), 500)
    rows = []
    for street, shape in zip(STREETS, shapes, strict=True):
        rows.append(build_street(register, street, shape.difference(laid_out)))
    count_members(register)
    return rows


def build_street(register: Register, street: tuple[int, str, str, Point, int, int], shape: BaseGeometry) -> Row:
    """Adds a street, its communities around spread centres, and its estates as points, denser towards the centre."""
    identity, code, name, centre, communities, estates = street
    row = register.add("streets", id=identity, district_id=DISTRICT, code=code, name=name, metres=shape, epsg=EPSG)
    middle = shapely.Point(metres(centre))
    town = shape.intersection(middle.buffer(2600))
    seeds = random_spots(shape, communities - 2, code, 2200) + random_spots(town, 2, f"{code}/town", 900)
    parts = cells([(seed.x, seed.y) for seed in seeds], code, shape, 300)
    homes = [add_community(register, street, k, part) for k, part in enumerate(parts, start=1)]
    taken: set[str] = set()
    spots = random_spots(town, round(estates * 0.7), f"{code}/near", 130)
    spots += random_spots(shape, estates - len(spots), f"{code}/far", 260)
    placed = dict.fromkeys(range(1, communities + 1), 0)
    for spot in spots:
        number = nearest(homes, spot)
        add_estate(register, homes[number - 1], number, placed[number], spot, EPSG, taken)
        placed[number] += 1
    return row


def nearest(homes: list[Row], spot: shapely.Point) -> int:
    """The number (from 1) of the community that holds the spot."""
    return 1 + min(range(len(homes)), key=lambda k: (homes[k]["metres"].distance(spot), k))


def add_community(
    register: Register, street: tuple[int, str, str, Point, int, int], number: int, shape: BaseGeometry
) -> Row:
    """Adds the number-th community of a street."""
    street_id, code = street[0], street[1]
    first = pick(code, "community", range(len(COMMUNITY_FIRST))) + number * 3
    name = f"{COMMUNITY_FIRST[first % len(COMMUNITY_FIRST)]}社区"
    if code == SANJIAO:
        name = SANJIAO_COMMUNITIES[number - 1]
    return register.add(
        "communities",
        street_id=street_id,
        id=ident(street_id, number, "itself"),
        code=f"{code}{number:03d}",
        name=name,
        initials=initials(name),
        metres=shape,
        epsg=EPSG,
    )


def count_members(register: Register) -> None:
    """Gives 578 estates three or more Party members and 540 of them an organisation of their own.

    The estates that are laid out, and 39 of the 40 in 三角镇, have a branch; the others a group.
    """
    districts = {row["id"]: row["district_id"] for row in register.rows["streets"]}
    estates = [row for row in register.rows["estates"] if districts[row["street_id"]] == DISTRICT]
    branched = {row["place_id"] for row in register.rows["organisation_places"] if row["relation"] == "covers"}
    open_ones = {row["code"]: row for row in estates if row["id"] not in branched}
    sanjiao = [code for code in open_ones if code.startswith(SANJIAO)]
    branches = draw(sanjiao, "branch", SANJIAO_BRANCHES)
    others = [code for code in open_ones if code not in sanjiao]
    have = len(estates) - len(open_ones) + len(branches)
    chosen = draw(others, "members", WITH_THREE_MEMBERS - have)
    groups = draw(sorted(chosen), "group", WITH_ORGANISATION - have)
    for code, row in open_ones.items():
        enough = code in chosen or code in branches
        members = between(code, "members", 3, 38) if enough else between(code, "few", 0, 2) * is_lively(code)
        row["declared_party_members"] = members
        if code in branches:
            add_group(register, row, "party_branch", "党支部", members)
        elif code in groups:
            add_group(register, row, "party_group", "党小组", members)
    managed(register, list(open_ones.values()))

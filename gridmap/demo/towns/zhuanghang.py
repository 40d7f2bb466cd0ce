"""庄行镇 of 奉贤: 沙港湾 with three estates and the park behind the new east gate."""

from gridmap.demo.declare import (
    Blob,
    Cluster,
    Community,
    Course,
    Crew,
    Equipment,
    Estate,
    Grid,
    Patch,
    Road,
    Town,
    alike,
)
from gridmap.demo.lattice import Box, Sway
from gridmap.demo.towns.fringe import ring, surround

EXTENT = Box(-820, -540, 900, 540)
INNER = Box(-345, -120, 345, 120)
PARK = Box(345, -120, 620, 120)


def estate(
    number: int, name: str, west: float, count: int, columns: int, equipment: tuple[Equipment, ...] = ()
) -> Estate:
    """An estate of slabs with eleven floors, one grid."""
    outline = Box(west, INNER.south, west + 230, INNER.north).inset(13, 14, 13, 16)
    slabs = alike(count, "1-11x2", stairwells=2, width=16, depth=13)
    return Estate(
        number,
        name,
        (outline,),
        (Cluster(number - 39, outline, columns, slabs, garden=(0.5, 0.5), margin=14),),
        company="邻里",
        built=2014,
        underground=1,
        crew=Crew(managers="building", butlers=1, branch=True, committee=(5, 3)),
        equipment=equipment,
    )


SHAGANGWAN = Community(
    1,
    "310120104006",
    "沙港湾社区居委会",
    (INNER,),
    aliases=("沙港湾",),
    estates=(
        estate(40, "大至", -345, 9, 3),
        estate(41, "东原", -115, 10, 3, (Equipment("charging_pile", "outline", 6, installed="2025-05-20"),)),
        estate(
            42,
            "佳兆业二期",
            115,
            11,
            3,
            (
                Equipment("gate", "east", 1, installed="2025-10-20", name="东门(通庄行公园)"),
                Equipment("pet_toilet", "garden", 1, installed="2025-03-12"),
                Equipment("pet_station", "garden", 1, installed="2025-04-18", name="宠物驿站"),
                Equipment("service_station", "garden", 1, installed="2024-11-02", name="邻里便民服务点"),
            ),
        ),
    ),
    grids=tuple(Grid(k + 1, (Box(-345 + 230 * k, -120, -115 + 230 * k, 120),)) for k in range(3)),
)
OTHERS = ring(
    EXTENT,
    INNER,
    (
        (2, "310120104001", "庄行居委会"),
        (3, "310120104002", "邬桥居委会"),
        (4, "310120104003", "长浜村委会"),
        (5, "310120104004", "存古村委会"),
        (6, "310120104005", "新叶村委会"),
        (7, "310120104007", "渔沥村委会"),
    ),
)
ROADS = (
    Road("庄行大道", "main", "y", 120, -820, 900),
    Road("沙港路", "secondary", "y", -120, -820, 900),
    Road("南亭公路", "main", "x", -345, -540, 540),
    Road("东原街", "residential", "x", -115, -120, 120),
    Road("佳业街", "residential", "x", 115, -120, 120),
    Road("公园路", "secondary", "x", 345, -540, 540),
)
FRINGE = surround("zhuanghang", EXTENT, INNER, ROADS, keep=(PARK, Box(-820, -420, 900, -250)))

ZHUANGHANG = Town(
    key="zhuanghang",
    street_id=10012,
    code="310120104",
    name="庄行镇",
    district="310120",
    epsg=4549,
    anchor=(121.390, 30.900),
    tilt=-7.0,
    sway=Sway(east=10, north=12, period_x=1300, period_y=1000, phase=3.1),
    extent=EXTENT,
    communities=(SHAGANGWAN, *OTHERS),
    roads=(*ROADS, *FRINGE.roads),
    rivers=(
        Course(
            "沙港",
            "river",
            ((-820, -330), (-560, -318), (-345, -342), (-60, -352), (200, -326), (480, -310), (900, -340)),
            44,
        ),
    ),
    greens=(Patch("庄行公园", "park", PARK.inset(16, 16, 10, 16)), *FRINGE.greens),
    woods=(Blob(None, "wood", (560, 40), (36, 52)), Blob(None, "wood", (700, 420), (110, 70))),
    waters=(Blob("公园湖", "lake", (470, -10), (62, 40)), *FRINGE.waters),
)

"""武汉: 宝丰街道 with 葛洲坝·城市花园, and 沌阳街道 with 金域蓝湾."""

from gridmap.demo.declare import Blob, Cluster, Community, Course, Crew, Equipment, Estate, Grid, Road, Town, alike
from gridmap.demo.lattice import Box, Sway
from gridmap.demo.towns.fringe import ring, surround

# --- 葛洲坝·城市花园: fifteen towers of 24 floors in three grids ---

GZB_EXTENT = Box(-760, -560, 800, 560)
GZB = Box(-201, -130, 201, 130)


def towers(grid: int, west: float, east: float, less: int) -> Cluster:
    """Five towers; `less` stairwells lack one household."""
    five = alike(5, "1-24x2", stairwells=2, width=20, depth=13, shape="tee", kind="high_rise", extra="-2402", more=less)
    return Cluster(grid, Box(west, -115, east, 113), 2, five, garden=(0.5, 0.5), margin=12)


GEZHOUBA = Community(
    1,
    "420104005013",
    "葛洲坝社区居民委员会",
    (GZB,),
    aliases=("葛洲坝社区",),
    estates=(
        Estate(
            40,
            "葛洲坝·城市花园",
            (Box(-186, -115, 186, 113),),
            (towers(1, -186, -67, 0), towers(2, -67, 67, 0), towers(3, 67, 186, 1)),
            company="百合",
            built=2009,
            floor_area=228394.93,
            declared_households=1439,
            population=3890,
            underground=2,
            crew=Crew(managers="building", butlers=3, committee=(7, 5), branch=True, groups=3, on_leave=1),
            equipment=(
                Equipment("charging_shed", "outline", 2, planned=1, installed="2021-03-01"),
                Equipment("waste_house", "outline", 2, installed="2017-04-01"),
                Equipment("bench", "garden", 20, installed="2023-05-01"),
                Equipment("party_service_station", "garden", 1, installed="2018-07-01"),
                Equipment("aed", "garden", 1, installed="2022-01-01"),
            ),
        ),
    ),
    grids=(
        Grid(1, (Box(-201, -130, -67, 130),)),
        Grid(2, (Box(-67, -130, 67, 130),)),
        Grid(3, (Box(67, -130, 201, 130),)),
    ),
    declared_households=1439,
)
GZB_OTHERS = ring(
    GZB_EXTENT,
    GZB,
    (
        (2, "420104005001", "宝丰社区"),
        (3, "420104005002", "航空社区"),
        (4, "420104005003", "双墩社区"),
        (5, "420104005004", "站邻社区"),
        (6, "420104005005", "公安社区"),
        (7, "420104005006", "万人社区"),
    ),
)
GZB_ROADS = (
    Road("宝丰路", "main", "y", 130, -760, 800),
    Road("解放大道", "main", "y", -130, -760, 800),
    Road("古田二路", "secondary", "x", -201, -560, 560),
    Road("城华路", "secondary", "x", 201, -560, 560),
)
GZB_FRINGE = surround("baofeng", GZB_EXTENT, GZB, GZB_ROADS, keep=(Box(420, -560, 800, 560),))

BAOFENG = Town(
    key="baofeng",
    street_id=10020,
    code="420104005",
    name="宝丰街道",
    district="420104",
    epsg=4547,
    anchor=(114.256, 30.585),
    tilt=11.0,
    sway=Sway(east=9, north=9, period_x=1300, period_y=1200, phase=1.2),
    extent=GZB_EXTENT,
    communities=(GEZHOUBA, *GZB_OTHERS),
    roads=(*GZB_ROADS, *GZB_FRINGE.roads),
    courses=(
        Course("轨道交通线", "rail", ((-760, 420), (-420, 380), (-100, 300), (240, 262), (560, 250), (800, 268))),
    ),
    rivers=(
        Course(
            "汉江支流",
            "river",
            ((600, -560), (585, -420), (610, -260), (640, -100), (630, 60), (600, 220), (610, 380), (640, 560)),
            90,
        ),
    ),
    greens=GZB_FRINGE.greens,
    waters=GZB_FRINGE.waters,
)

# --- 金域蓝湾: twenty towers of 20 floors in four grids, delivered in 2012 ---

JY_EXTENT = Box(-760, -560, 760, 560)
JY = Box(-160, -205, 160, 205)
QUARTERS = ((1, -144, 0, 0, 188), (2, 0, 0, 144, 188), (3, -144, -190, 0, 0), (4, 0, -190, 144, 0))

LANWAN = Community(
    1,
    "420114072120",
    "金域蓝湾社区",
    (JY,),
    estates=(
        Estate(
            40,
            "金域蓝湾",
            (Box(-144, -190, 144, 188),),
            tuple(
                Cluster(
                    grid,
                    Box(west, south, east, north),
                    2,
                    alike(5, "1-20x2", stairwells=2, width=18, depth=14, shape="stepped", kind="high_rise"),
                    garden=(0.9 if west < 0 else 0.1, 0.1 if south == 0 else 0.9),
                    margin=14,
                )
                for grid, west, south, east, north in QUARTERS
            ),
            company="恒悦",
            built=2012,
            declared_households=1600,
            population=4480,
            underground=2,
            crew=Crew(managers="building", butlers=4, committee=(10, 7), branch=True),
            equipment=(
                Equipment("activity_centre", "garden", 1, installed="2016-05-01"),
                Equipment("barrier", "outline", 2, installed="2012-09-01"),
                Equipment("camera_outdoor", "corner", 20, installed="2018-03-01"),
            ),
        ),
    ),
    grids=(
        Grid(1, (Box(-160, 0, 0, 205),)),
        Grid(2, (Box(0, 0, 160, 205),)),
        Grid(3, (Box(-160, -205, 0, 0),)),
        Grid(4, (Box(0, -205, 160, 0),)),
    ),
    declared_households=1600,
)
JY_OTHERS = ring(
    JY_EXTENT,
    JY,
    (
        (2, "420114072101", "沌阳社区"),
        (3, "420114072102", "三角湖社区"),
        (4, "420114072103", "后官湖社区"),
        (5, "420114072104", "车城社区"),
        (6, "420114072105", "东风社区"),
        (7, "420114072106", "宁康社区"),
    ),
)
JY_ROADS = (
    Road("东风大道", "main", "x", -160, -560, 560),
    Road("蓝湾路", "secondary", "x", 160, -560, 560),
    Road("车城北路", "main", "y", 205, -760, 760),
    Road("三角湖路", "secondary", "y", -205, -760, 760),
)
JY_FRINGE = surround("dunyang", JY_EXTENT, JY, JY_ROADS, keep=(Box(-760, -560, -330, -120),))

DUNYANG = Town(
    key="dunyang",
    street_id=10021,
    code="420114072",
    name="沌阳街道",
    district="420114",
    epsg=4547,
    anchor=(114.165, 30.495),
    tilt=-9.0,
    sway=Sway(east=8, north=11, period_x=1500, period_y=1300, phase=4.0),
    extent=JY_EXTENT,
    communities=(LANWAN, *JY_OTHERS),
    roads=(*JY_ROADS, *JY_FRINGE.roads),
    greens=JY_FRINGE.greens,
    woods=(Blob(None, "wood", (600, -440), (100, 70)),),
    waters=(Blob("三角湖", "lake", (-560, -350), (150, 130)), *JY_FRINGE.waters),
)

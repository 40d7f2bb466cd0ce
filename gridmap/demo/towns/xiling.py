"""西陵街道 of 宜昌: 嘉明花园 of 1998, and 香山锦苑."""

from gridmap.demo.declare import (
    Blob,
    Cluster,
    Community,
    Course,
    Crew,
    Equipment,
    Estate,
    Grid,
    Road,
    Town,
    alike,
)
from gridmap.demo.lattice import Box, Sway
from gridmap.demo.towns.fringe import ring, surround

EXTENT = Box(-840, -560, 840, 580)
INNER = Box(-220, -78, 220, 78)
OLD = Box(-220, -78, -30, 78)
NEW = Box(-30, -78, 220, 78)
SEVEN, LESS = "1-7x3", "-703"
TEN, ONE_LESS = "1-10x3", "-1003"

JIAMING = Estate(
    40,
    "嘉明花园",
    (OLD.inset(14, 14, 8, 14),),
    (
        Cluster(
            1,
            OLD.inset(14, 14, 8, 14),
            3,
            alike(6, SEVEN, stairwells=2, width=14, depth=12, extra=LESS, more=11)
            + alike(3, SEVEN, stairwells=3, width=14, depth=12),
            margin=12,
        ),
    ),
    management="self",
    origin="集资房、商品房、宿舍、棚户区",
    built=1998,
    declared_households=430,
    declared_population=916,
    population=916,
    crew=Crew(managers="stairwell", vacant=(13,), committee=(7, 6), branch=True, groups=1),
    equipment=(
        Equipment("lift", "stairwell", 6, installed="2020-12-18", details=(("retrofit", True),)),
        Equipment("camera_outdoor", "corner", 12, installed="2020-10-01"),
        Equipment("bench", "garden", 6, installed="2020-10-01"),
    ),
)

XIANGSHAN = Estate(
    41,
    "香山锦苑",
    (NEW.inset(8, 14, 14, 14),),
    tuple(
        Cluster(
            grid,
            Box(west, -64, east, 64),
            2,
            alike(6, TEN, stairwells=2, width=19, depth=13, extra=ONE_LESS, more=10),
            margin=13,
        )
        for grid, west, east in ((1, -22, 95), (2, 95, 206))
    ),
    company="宁安",
    built=2008,
    floor_area=85000,
    declared_households=700,
    declared_population=2000,
    population=1980,
    underground=1,
    crew=Crew(managers="building", butlers=2, committee=(7, 5), branch=True, on_leave=1),
    equipment=(
        Equipment("activity_centre", "garden", 1, installed="2015-09-01", name="党群活动中心"),
        Equipment("waste_point", "outline", 3, installed="2020-12-01"),
        Equipment("water_pump", "outline", 1, installed="2009-01-01"),
    ),
)

SHIBANXI = Community(
    1,
    "420502001003",
    "石板溪社区居民委员会",
    (OLD,),
    aliases=("石板溪社区",),
    estates=(JIAMING,),
    grids=(Grid(1, (OLD,)),),
)
XIANGJIN = Community(
    2,
    "420502001012",
    "香锦社区",
    (NEW,),
    estates=(XIANGSHAN,),
    grids=(Grid(1, (Box(-30, -78, 95, 78),)), Grid(2, (Box(95, -78, 220, 78),))),
)
OTHERS = ring(
    EXTENT,
    INNER,
    (
        (3, "420502001001", "西陵社区"),
        (4, "420502001002", "学院社区"),
        (5, "420502001004", "二马路社区"),
        (6, "420502001005", "滨江社区"),
        (7, "420502001006", "北门社区"),
        (8, "420502001007", "隆康社区"),
    ),
)
ROADS = (
    Road("西陵一路", "main", "y", 78, -840, 840),
    Road("石板溪路", "secondary", "y", -78, -840, 840),
    Road("夷陵大道", "main", "x", -220, -380, 580),
    Road("香山路", "residential", "x", -30, -78, 78),
    Road("锦苑路", "secondary", "x", 220, -380, 580),
)
FRINGE = surround("xiling", EXTENT, INNER, ROADS, keep=(Box(-839, -600, 839, -375),))

XILING = Town(
    key="xiling",
    street_id=10030,
    code="420502001",
    name="西陵街道",
    district="420502",
    epsg=4546,
    anchor=(111.28390, 30.71606),
    tilt=-14.0,
    sway=Sway(east=12, north=13, period_x=1200, period_y=1000, phase=0.3),
    extent=EXTENT,
    communities=(SHIBANXI, XIANGJIN, *OTHERS),
    roads=(*ROADS, *FRINGE.roads),
    rivers=(
        Course(
            "长江",
            "river",
            ((-840, -520), (-560, -500), (-260, -494), (0, -480), (260, -486), (560, -506), (840, -500)),
            190,
        ),
    ),
    greens=FRINGE.greens,
    woods=(Blob("磨基山", "wood", (-640, 440), (140, 90)), Blob(None, "wood", (660, 470), (120, 70))),
    waters=FRINGE.waters,
)

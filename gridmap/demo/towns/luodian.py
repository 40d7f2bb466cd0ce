"""罗店镇 of 宝山: the villages 一, 四 and 八 of 宝欣苑, each a community of its own."""

from gridmap.demo.declare import Cluster, Community, Course, Crew, Equipment, Estate, Grid, Road, Town, alike
from gridmap.demo.lattice import Box, Sway
from gridmap.demo.towns.fringe import ring, surround

EXTENT = Box(-900, -560, 900, 560)
INNER = Box(-432, -135, 432, 135)
COLUMNS = (-432, -144, 144, 432)

LIFTS = (
    Equipment("lift", "stairwell", installed="2018-03-16"),
    Equipment("lift_control", "stairwell", installed="2024-06-01"),
    Equipment("charging_shed", "outline", 2, installed="2023-08-01"),
)
CAMERAS = (
    Equipment("camera_outdoor", "corner", 24, installed="2022-04-01"),
    Equipment("camera_high", "front", 8, installed="2023-11-01"),
    Equipment("camera_garage", "garage", 8, installed="2022-04-01"),
    Equipment("guard_booth", "outline", 1, installed="2024-09-01"),
)
MEETING = (Equipment("activity_centre", "garden", 1, installed="2021-07-01"), Equipment("bench", "garden", 8))


def village(
    number: int, code: str, word: str, units: str, count: int, equipment: tuple[Equipment, ...], crew: Crew
) -> Community:
    """A village: one estate in two grids, west and east."""
    k = number - 1
    west, east = COLUMNS[k], COLUMNS[k + 1]
    middle = (west + east) / 2
    outline = Box(west, INNER.south, east, INNER.north).inset(14, 14, 14, 17)
    towers = alike(count, units, stairwells=2, width=18, depth=15, shape="stepped", kind="high_rise")
    halves = (
        Cluster(1, Box(outline.west, outline.south, middle, outline.north), 2, towers, garden=(1, 0.5), margin=12),
        Cluster(2, Box(middle, outline.south, outline.east, outline.north), 2, towers, garden=(0, 0.5), margin=12),
    )
    estate = Estate(
        39 + number,
        f"宝欣苑{word}村",
        (outline,),
        halves,
        company="信和",
        built=2010,
        underground=1,
        crew=crew,
        equipment=equipment,
    )
    return Community(
        number,
        code,
        f"美罗家园宝欣苑第{word}居委会",
        (Box(west, INNER.south, east, INNER.north),),
        aliases=(f"宝欣苑{word}村",),
        estates=(estate,),
        grids=(
            Grid(1, (Box(west, INNER.south, middle, INNER.north),), name=f"宝欣{word}村西网格"),
            Grid(2, (Box(middle, INNER.south, east, INNER.north),), name=f"宝欣{word}村东网格"),
        ),
    )


VILLAGES = (
    village(1, "310113101025", "一", "1-18x2", 5, LIFTS, Crew(managers="building", butlers=2, branch=True)),
    village(
        2,
        "310113101028",
        "四",
        "1-16x2",
        6,
        CAMERAS,
        Crew(managers="building", butlers=2, branch=True, committee=(5, 2)),
    ),
    village(
        3,
        "310113101033",
        "八",
        "1-15x2",
        6,
        MEETING,
        Crew(managers="building", butlers=2, branch=True, committee=(5, 2)),
    ),
)
OTHERS = ring(
    EXTENT,
    INNER,
    (
        (4, "310113101026", "联杨居委会"),
        (5, "310113101027", "兴农居委会"),
        (6, "310113101029", "罗芬居委会"),
        (7, "310113101030", "长浜居委会"),
        (8, "310113101031", "美文居委会"),
        (9, "310113101032", "美丹居委会"),
    ),
)
ROADS = (
    Road("兴农路", "main", "y", 135, -900, 900),
    Road("美诺路", "secondary", "y", -135, -900, 900),
    Road("联杨路", "main", "x", -432, -560, 560),
    Road("美平路", "residential", "x", -144, -135, 135),
    Road("美文路", "secondary", "x", 144, -560, 560),
    Road("罗太路", "main", "x", 432, -560, 560),
)
FRINGE = surround("luodian", EXTENT, INNER, ROADS, keep=(Box(-900, 300, 900, 420),))

LUODIAN = Town(
    key="luodian",
    street_id=10011,
    code="310113101",
    name="罗店镇",
    district="310113",
    epsg=4549,
    anchor=(121.33444, 31.41556),
    tilt=5.0,
    sway=Sway(east=9, north=10, period_x=1500, period_y=1100, phase=2.0),
    extent=EXTENT,
    communities=(*VILLAGES, *OTHERS),
    roads=(*ROADS, *FRINGE.roads),
    rivers=(
        Course(
            "练祁河",
            "river",
            ((-900, 350), (-650, 372), (-432, 360), (-144, 338), (144, 352), (432, 380), (900, 356)),
            38,
        ),
    ),
    greens=FRINGE.greens,
    waters=FRINGE.waters,
)

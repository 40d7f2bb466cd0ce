"""三乡镇 of 中山: 振华, four estates with 39 Party micro grids of two houses each, and a school as a dedicated grid."""

from gridmap.demo.declare import (
    Blob,
    Cluster,
    Community,
    Course,
    Crew,
    Estate,
    Grid,
    Patch,
    Road,
    Town,
    alike,
)
from gridmap.demo.lattice import Box, Sway
from gridmap.demo.towns.fringe import ring, surround

EXTENT = Box(-960, -600, 1000, 620)
INNER = Box(-390, -165, 560, 165)
SCHOOL = Box(390, -165, 560, 165)
WIDTH = 130
ROWS = {40: (3, 3, 4), 41: (3, 4, 3), 42: (4, 3, 3), 43: (3, 3, 3)}
"""Micro grids in each basic grid of each estate: 10 + 10 + 10 + 9 = 39."""
CORNERS = {40: (-390, 0), 41: (0, 0), 42: (-390, -165), 43: (0, -165)}
NAMES = {40: "振华花园", 41: "华盛苑", 42: "雍景新村", 43: "文昌雅苑"}


def strips(number: int) -> list[tuple[int, Box, int]]:
    """Grid number, box and rows of the three basic grids of an estate."""
    west, south = CORNERS[number]
    return [
        ((number - 40) * 3 + k + 1, Box(west + WIDTH * k, south, west + WIDTH * (k + 1), south + 165), rows)
        for k, rows in enumerate(ROWS[number])
    ]


def estate(number: int, company: str) -> Estate:
    """An estate of slabs with nine floors."""
    west, south = CORNERS[number]
    outline = Box(west, south, west + 390, south + 165).inset(14, 12, 14, 12)
    clusters = tuple(
        Cluster(
            grid,
            Box(max(box.west, outline.west), outline.south, min(box.east, outline.east), outline.north),
            2,
            alike(rows * 2, "1-9x2", stairwells=3, width=14, depth=12),
            micro=True,
            margin=8,
        )
        for grid, box, rows in strips(number)
    )
    return Estate(
        number,
        NAMES[number],
        (outline,),
        clusters,
        company=company,
        built=1999 + number % 4 * 3,
        party_members=50 if number != 43 else 41,
        crew=Crew(butlers=1, branch=True, committee=(5, 2) if number < 42 else None),
    )


ZHENHUA = Community(
    1,
    "442000114005",
    "振华社区",
    (INNER,),
    estates=(estate(40, "中颐"), estate(41, "中颐"), estate(42, "华邻"), estate(43, "华邻")),
    grids=(
        *(Grid(grid, (box,)) for number in ROWS for grid, box, _ in strips(number)),
        Grid(13, (SCHOOL,), kind="dedicated", name="振华学校专属网格"),
    ),
)
OTHERS = ring(
    EXTENT,
    INNER,
    (
        (2, "442000114001", "圩仔社区"),
        (3, "442000114002", "新圩社区"),
        (4, "442000114003", "平东社区"),
        (5, "442000114004", "平南社区"),
        (6, "442000114006", "雍陌社区"),
        (7, "442000114007", "乌石社区"),
    ),
)
ROADS = (
    Road("文昌路", "main", "y", 165, -960, 1000),
    Road("振华路", "main", "y", 0, -960, 560),
    Road("景观大道", "secondary", "y", -165, -960, 1000),
    Road("雅景街", "secondary", "x", -390, -600, 620),
    Road("中心南路", "main", "x", 0, -600, 620),
    Road("学校路", "secondary", "x", 390, -165, 165),
    Road("平南路", "secondary", "x", 560, -600, 620),
)
FRINGE = surround("sanxiang", EXTENT, INNER, ROADS, keep=(Box(-960, 300, 1000, 620),))

SANXIANG = Town(
    key="sanxiang",
    street_id=10002,
    code="442000114",
    name="三乡镇",
    district="442000",
    epsg=4547,
    anchor=(113.42026, 22.35054),
    tilt=-6.0,
    sway=Sway(east=9, north=10, period_x=1600, period_y=1200, phase=2.6),
    extent=EXTENT,
    communities=(ZHENHUA, *OTHERS),
    roads=(*ROADS, *FRINGE.roads),
    courses=(Course("城际公路", "motorway", ((-960, -520), (-500, -470), (0, -440), (480, -480), (1000, -560))),),
    rivers=(
        Course(
            "茅湾涌",
            "river",
            ((-960, 330), (-640, 350), (-390, 338), (-100, 356), (250, 380), (560, 352), (1000, 340)),
            40,
        ),
    ),
    greens=(
        Patch("振华学校运动场", "park", Box(410, -40, 540, 120)),
        Patch(None, "grass", Box(410, -145, 540, -60)),
        *FRINGE.greens,
    ),
    woods=(Blob("罗三妹山", "wood", (-560, 490), (210, 80)), Blob(None, "wood", (420, 510), (260, 60))),
    waters=FRINGE.waters,
    points={
        "442000114001": 9,
        "442000114002": 8,
        "442000114003": 7,
        "442000114004": 8,
        "442000114006": 7,
        "442000114007": 8,
    },
)

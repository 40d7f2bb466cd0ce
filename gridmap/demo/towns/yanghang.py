"""杨行镇 of 宝山: 香逸湾, three sub-estates of high-rises and villa rows."""

from itertools import pairwise

from gridmap.demo.declare import (
    Cluster,
    Community,
    Course,
    Crew,
    Equipment,
    Estate,
    Grid,
    House,
    Road,
    Town,
    Zone,
    alike,
)
from gridmap.demo.lattice import Box, Sway
from gridmap.demo.towns.fringe import ring, surround

EXTENT = Box(-960, -640, 980, 620)
INNER = Box(-490, -126, 512, 126)
STRIPS = {517: (-490, -358, -242, -110), 58: (-110, 60, 230), 128: (230, 371, 512)}
"""Where the grids of each sub-estate begin and end."""
PLOTS = {
    517: Box(-475, -112, -125, 112),
    58: Box(-95, -100, 215, 100),
    128: Box(245, -100, 497, 100),
}
UNITS, ONE_MORE = "1-12x2", "+1301"


def towers(three: int, two: int, more: int, width: int) -> tuple[House, ...]:
    """High-rises with three and with two stairwells of 24 households; the first `more` stairwells have 25."""
    with_three = min(more, three * 3)
    return alike(
        three,
        UNITS,
        stairwells=3,
        width=width,
        depth=15,
        shape="stepped",
        kind="high_rise",
        extra=ONE_MORE,
        more=with_three,
    ) + alike(
        two,
        UNITS,
        stairwells=2,
        width=width,
        depth=15,
        shape="stepped",
        kind="high_rise",
        extra=ONE_MORE,
        more=more - with_three,
    )


def villas(rows: int, width: int) -> tuple[House, ...]:
    """Villa rows of nine numbers."""
    return (House("villas", ("",) * 9, width, 10, "villa_row"),) * rows


def strip(
    lane: int, k: int, grid: int, houses: tuple[House, ...], columns: int, rows_of_villas: int, width: int
) -> tuple[Cluster, ...]:
    """One grid of a sub-estate: villa rows in the south, high-rises north of them."""
    plot, cuts = PLOTS[lane], STRIPS[lane]
    west, east = max(plot.west, cuts[k]), min(plot.east, cuts[k + 1])
    south = plot.south + (27 if rows_of_villas else 4)
    high = Cluster(grid, Box(west, south, east, plot.north), columns, houses, garden=(0.5, 0.4), margin=9)
    if not rows_of_villas:
        return (high,)
    low = Cluster(
        grid, Box(west, plot.south, east, plot.south + 27), rows_of_villas, villas(rows_of_villas, width), margin=7
    )
    return (high, low)


CLUSTERS = {
    517: strip(517, 0, 1, towers(4, 1, 5, 15), 2, 1, 7)
    + strip(517, 1, 2, towers(4, 1, 5, 15), 2, 1, 7)
    + strip(517, 2, 3, towers(4, 1, 4, 15), 2, 1, 7),
    58: strip(58, 0, 4, towers(5, 1, 2, 13), 3, 1, 7) + strip(58, 1, 5, towers(4, 2, 9, 13), 3, 2, 7),
    128: strip(128, 0, 6, towers(4, 1, 9, 15), 2, 0, 6) + strip(128, 1, 7, towers(3, 2, 0, 15), 2, 2, 6),
}


def part(
    number: int,
    lane: int,
    site: float,
    people: int,
    butlers: int,
    gap: int,
    devices: tuple[int, ...],
    down: tuple[int, ...],
) -> Estate:
    """One of the three sub-estates. Devices: outdoor cameras, high-altitude cameras; down: those and door controls."""
    plot = PLOTS[lane]
    services = (
        (
            Equipment("service_station", "garden", 1, installed="2019-05-01", name="便民驿站"),
            Equipment("baby_room", "garden", 1, installed="2020-06-01", name="宝宝室"),
            Equipment("fountain", "garden", 1, installed="2009-10-01", name="喷水池"),
            Equipment("aed", "garden", 1, installed="2022-12-01"),
        )
        if lane == 517
        else ()
    )
    return Estate(
        number,
        f"香逸湾{lane}弄",
        (plot,),
        CLUSTERS[lane],
        parent=40,
        company="康泰",
        built=2007,
        site_area=site,
        population=people,
        rectangle=(plot.east - plot.west, plot.north - plot.south, 0),
        zone=Zone(Box(plot.west + 1, plot.south + 50, plot.west + 6, plot.south + 140), 120 if lane == 517 else 90),
        crew=Crew(leaders=True, butlers=butlers, butlers_at="stairwell", butler_gap=gap),
        equipment=(
            Equipment("access_control", "stairwell", down=down[2], installed="2019-09-01"),
            Equipment("camera_outdoor", "corner", devices[0], down=down[0], installed="2019-09-01"),
            Equipment("camera_high", "front", devices[1], down=down[1], installed="2021-11-01"),
            Equipment("barrier", "outline", 1, installed="2018-04-01"),
            *services,
        ),
        underground=1,
    )


XIANGYIWAN = Community(
    1,
    "310113103031",
    "盛高香逸湾庭院居委会",
    (INNER,),
    aliases=("香逸湾居委会",),
    estates=(
        Estate(
            40,
            "香逸湾",
            (),
            company="康泰",
            built=2007,
            site_area=190800,
            declared_households=2554,
            declared_population=10000,
            population=9800,
            crew=Crew(committee=(9, 4), oversight=9, branch=True),
        ),
        part(41, 517, 78400, 4025, 5, 0, (14, 3), (2, 1, 3)),
        part(42, 58, 62000, 3185, 4, 0, (12, 2), (1, 0, 2)),
        part(43, 128, 50400, 2590, 3, 1, (10, 2), (1, 0, 2)),
    ),
    grids=tuple(
        Grid(number, (Box(west, INNER.south, east, INNER.north),))
        for number, (west, east) in enumerate([pair for cuts in STRIPS.values() for pair in pairwise(cuts)], start=1)
    ),
    declared_households=2554,
    declared_population=10000,
)

OTHERS = ring(
    EXTENT,
    INNER,
    (
        (2, "310113103021", "杨泰居委会"),
        (3, "310113103022", "松兰居委会"),
        (4, "310113103023", "友谊居委会"),
        (5, "310113103024", "湄浦居委会"),
        (6, "310113103025", "天馨居委会"),
        (7, "310113103026", "北宗居委会"),
    ),
)
ROADS = (
    Road("杨泰路", "main", "y", 126, -960, 980),
    Road("湄浦路", "secondary", "y", -126, -960, 980),
    Road("蕰川路", "main", "x", -490, -640, 620),
    Road("松兰路", "secondary", "x", -110, -640, 620),
    Road("盛桥街", "residential", "x", 230, -126, 126),
    Road("友谊西路", "main", "x", 512, -640, 620),
)
FRINGE = surround("yanghang", EXTENT, INNER, ROADS, keep=(Box(-960, -420, 980, -300),))

YANGHANG = Town(
    key="yanghang",
    street_id=10010,
    code="310113103",
    name="杨行镇",
    district="310113",
    epsg=4549,
    anchor=(121.43742, 31.37022),
    tilt=-4.0,
    sway=Sway(east=3, north=4, period_x=1900, period_y=1500, phase=0.8),
    extent=EXTENT,
    communities=(XIANGYIWAN, *OTHERS),
    roads=(*ROADS, *FRINGE.roads),
    courses=(
        Course("北环高速", "motorway", ((-960, 560), (-600, 520), (-200, 545), (250, 590), (620, 560), (980, 500))),
    ),
    rivers=(
        Course(
            "杨盛河",
            "river",
            (
                (-960, -350),
                (-700, -340),
                (-490, -362),
                (-250, -372),
                (-110, -350),
                (200, -336),
                (512, -352),
                (760, -380),
                (980, -372),
            ),
            30,
        ),
    ),
    greens=FRINGE.greens,
    waters=FRINGE.waters,
)

"""东区街道 of 中山: 花苑 with its thirteen small estates, 竹苑 with park and lake, 桥岗 with 朗晴假日.

The core box is one period of the sway: copies of it fit side by side without a seam.
"""

from gridmap.demo.declare import (
    Blob,
    Cluster,
    Community,
    Course,
    Crew,
    Equipment,
    Estate,
    Grid,
    House,
    Patch,
    Road,
    Town,
    Zone,
    alike,
)
from gridmap.demo.lattice import Box, Sway

CORE = Box(0, 0, 1250, 500)

# --- 花苑: old walk-ups of six floors, shops below, one household a floor and stairwell ---

HY_COLUMNS = (0, 112, 225, 338, 450)
HY_ROWS = (0, 122, 250, 374, 500)
WALK_UP = "2-6x1"
GARAGES = {52: 68}
"""Places of zones where cars stand above each other: estates by number."""


def hy_cell(column: int, row: int) -> Box:
    """A cell of 花苑 from street middle to street middle."""
    return Box(HY_COLUMNS[column], HY_ROWS[row], HY_COLUMNS[column + 1], HY_ROWS[row + 1])


def hy_outline(column: int, row: int) -> Box:
    """The cell less half the streets around it: wide ones outside and in the middle, lanes between."""
    half: dict[float, int] = {0: 17, 225: 10, 450: 17, 250: 10, 500: 17}
    cell = hy_cell(column, row)
    sides = (cell.west, cell.south, cell.east, cell.north)
    return cell.inset(*(half.get(side, 7) for side in sides))


def hy_estate(
    number: int, name: str, cell: tuple[int, int], grid: int, houses: tuple[House, ...], people: int, **more: object
) -> Estate:
    """One of the thirteen: two columns of houses, a parking strip along the west side."""
    outline = hy_outline(*cell)
    strip = Box(outline.west + 1, outline.south + 12, outline.west + 5.5, outline.south + 62)
    return Estate(
        number,
        name,
        (outline,),
        (Cluster(grid, outline, 2, houses, garden=(0.9, 0.5) if number % 2 else (0.1, 0.4), margin=8),),
        zone=Zone(strip, GARAGES.get(number, 14 + number % 7)),
        population=people,
        built=1986 + number % 9,
        party_members=8 + number % 11,
        crew=Crew(
            managers="stairwell",
            butlers=1 if "company" in more else 0,
            committee=(5, 2) if "company" in more else None,
            branch=True,
            groups=2 if number in (40, 44, 48) else 1,
            on_leave=1 if number in (42, 45, 48, 50) else 0,
        ),
        **more,  # type: ignore[arg-type]  # a few words of Estate, checked there
    )


def walk_ups(count: int, shape: str = "slab") -> tuple[House, ...]:
    """Walk-ups of three stairwells, five households each."""
    width, depth = (12, 10) if shape == "ell" else (10, 11)
    return alike(count, WALK_UP, stairwells=3, width=width, depth=depth, shape=shape)


FOUR = (House("slab", (WALK_UP,) * 4, 8, 11), *walk_ups(5))

HY_ESTATES = (
    hy_estate(40, "花苑新村", (0, 3), 1, walk_ups(7), 250, management="none", origin="单位宿舍"),
    hy_estate(41, "兰苑", (1, 3), 1, walk_ups(7), 249, company="和顺"),
    hy_estate(42, "梅苑", (0, 2), 1, walk_ups(7), 249, company="和顺"),
    hy_estate(43, "菊苑", (1, 2), 1, walk_ups(7, "stepped"), 249, management="self"),
    hy_estate(44, "桂花苑", (2, 3), 2, walk_ups(7), 249, company="安居"),
    hy_estate(45, "紫荆苑", (3, 3), 2, walk_ups(7), 249, company="安居"),
    hy_estate(46, "木棉苑", (2, 2), 2, walk_ups(6, "ell"), 213, management="none", origin="集资房"),
    hy_estate(47, "茉莉苑", (3, 2), 2, walk_ups(6), 213, company="安居"),
    hy_estate(48, "芙蓉苑", (0, 1), 3, FOUR, 225, management="none", origin="单位宿舍"),
    hy_estate(49, "百合苑", (1, 1), 3, walk_ups(6, "stepped"), 214, company="邻里"),
    hy_estate(50, "海棠苑", (3, 1), 3, walk_ups(6), 213, company="邻里"),
    hy_estate(51, "丁香苑", (0, 0), 3, walk_ups(6), 213, management="self"),
    hy_estate(52, "杜鹃苑", (3, 0), 3, walk_ups(6, "ell"), 214, management="none", origin="商品房"),
)

HUAYUAN = Community(
    1,
    "442000002005",
    "花苑社区",
    (Box(0, 0, 450, 500),),
    aliases=("花园社区", "华苑社区"),
    estates=HY_ESTATES,
    grids=(
        Grid(1, (Box(0, 250, 225, 500),)),
        Grid(2, (Box(225, 250, 450, 500),)),
        Grid(3, (Box(0, 0, 450, 250),)),
    ),
    declared_population=3000,
    duty_group=24,
)

# --- 桥岗: 朗晴假日, 45 slabs of twelve floors in eight grids around a garden ---

LQ_COLUMNS = (800, 950, 1100, 1250)
LQ_ROWS = (0, 152, 304, 500)
LQ_TOP = 456
"""The canal runs north of it."""
TWELVE = "1-12x2"


def lq_cell(column: int, row: int) -> Box:
    """A cell of 朗晴假日 from lane to lane, without the canal."""
    return Box(LQ_COLUMNS[column], LQ_ROWS[row], LQ_COLUMNS[column + 1], min(LQ_ROWS[row + 1], LQ_TOP))


def lq_cluster(grid: int, column: int, row: int, count: int, *, less: int = 0, garden: tuple[float, float]) -> Cluster:
    """Five or six slabs in two columns; `less` stairwells lack one household."""
    cell = lq_cell(column, row)
    box = cell.inset(
        17 if column == 0 else 4,
        17 if row == 0 else 4,
        17 if column == 2 else 4,
        8 if row == 2 else 4,
    )
    slabs = alike(count, TWELVE, stairwells=3, width=17, depth=14, extra="-1202", more=less)
    return Cluster(grid, box, 2, slabs, garden=garden, margin=7)


LQ_CLUSTERS = (
    lq_cluster(1, 0, 2, 5, garden=(1, 0)),
    lq_cluster(2, 1, 2, 6, garden=(0.5, 0)),
    lq_cluster(3, 2, 2, 5, garden=(0, 0)),
    lq_cluster(4, 0, 1, 6, garden=(1, 0.5)),
    lq_cluster(5, 2, 1, 6, garden=(0, 0.5)),
    lq_cluster(6, 0, 0, 6, less=3, garden=(1, 1)),
    lq_cluster(7, 1, 0, 5, garden=(0.5, 1)),
    lq_cluster(8, 2, 0, 6, garden=(0, 1)),
)

QIAOGANG = Community(
    2,
    "442000002016",
    "桥岗社区",
    (Box(800, 0, 1250, 500),),
    aliases=("侨岗社区", "侨港社区"),
    estates=(
        Estate(
            53,
            "朗晴假日",
            (Box(817, 17, 1233, 450),),
            LQ_CLUSTERS,
            company="香晖",
            built=2006,
            declared_households=3237,
            declared_population=10000,
            population=9963,
            party_members=126,
            underground=1,
            aliases=("朗晴度假", "朗清假日", "朗庆假日"),
            crew=Crew(
                managers="building",
                vacant=(52,),
                butlers=5,
                butlers_at="estate",
                committee=(7, 4),
                branch=True,
                on_leave=1,
            ),
            equipment=(
                Equipment("canopy", "building", installed="2021-08-01"),
                Equipment("party_service_station", "garden", 1, installed="2019-07-01", name="朗晴假日党群服务站"),
                Equipment("barrier", "outline", 3, installed="2019-03-01"),
                Equipment("camera_outdoor", "corner", 24, installed="2020-05-01"),
                Equipment("bench", "garden", 12, installed="2018-05-01"),
                Equipment("aed", "garden", 1, installed="2023-10-01"),
                Equipment("fountain", "garden", 1, installed="2007-05-01"),
            ),
        ),
    ),
    grids=(
        Grid(1, (Box(800, 304, 950, 500),)),
        Grid(2, (Box(950, 304, 1100, 500),)),
        Grid(3, (Box(1100, 304, 1250, 500),)),
        Grid(4, (Box(800, 152, 950, 304),)),
        Grid(5, (Box(1100, 152, 1250, 304),)),
        Grid(6, (Box(800, 0, 950, 152),)),
        Grid(7, (Box(950, 0, 1100, 304),)),
        Grid(8, (Box(1100, 0, 1250, 152),)),
    ),
    former=(Grid(4, (Box(800, 108, 950, 304),)), Grid(6, (Box(800, 0, 950, 108),))),
)

OTHERS = (
    Community(3, "442000002004", "竹苑社区", (Box(450, 0, 800, 500),)),
    Community(4, "442000002001", "起湾社区", (Box(-700, 0, 0, 500),)),
    Community(5, "442000002002", "东裕社区", (Box(-700, 500, 0, 1000),)),
    Community(6, "442000002003", "桃苑社区", (Box(0, 500, 625, 1000),)),
    Community(7, "442000002006", "新安社区", (Box(625, 500, 1250, 1000),)),
    Community(8, "442000002007", "夏洋社区", (Box(1250, 500, 1950, 1000),)),
    Community(9, "442000002010", "三溪社区", (Box(1250, 0, 1950, 500),)),
    Community(10, "442000002011", "白沙湾社区", (Box(-700, -500, 625, 0),)),
    Community(11, "442000002012", "齐富湾社区", (Box(625, -500, 1950, 0),)),
)

ROADS = (
    Road("岐关西路", "main", "x", 0, -500, 1000),
    Road("兴文路", "secondary", "x", 225, 0, 500),
    Road("花苑一巷", "residential", "x", 112, 0, 500),
    Road("花苑二巷", "residential", "x", 338, 0, 500),
    Road("花苑横街", "residential", "y", 122, 0, 450),
    Road("紫荆街", "residential", "y", 374, 0, 450),
    Road("花苑路", "secondary", "y", 250, -700, 450),
    Road("竹苑路", "main", "x", 450, 0, 1000),
    Road("湖滨路", "secondary", "x", 800, -500, 1000),
    Road("湖滨南街", "secondary", "y", 236, 450, 800),
    Road(None, "residential", "x", 625, 0, 236),
    Road("博爱五路", "main", "y", 0, -700, 1950),
    Road("长江路", "main", "y", 500, -700, 1950),
    Road("朗晴东路", "main", "x", 1250, -500, 1000),
    Road(None, "residential", "x", 950, 0, 304),
    Road(None, "residential", "x", 1100, 0, 304),
    Road(None, "residential", "x", 950, 304, 452),
    Road(None, "residential", "x", 1100, 304, 452),
    Road(None, "residential", "y", 152, 800, 1250),
    Road(None, "residential", "y", 304, 800, 1250),
    Road("起湾道", "secondary", "x", -350, -500, 1000),
    Road("起湾南街", "residential", "y", 118, -700, 0),
    Road("起湾北街", "residential", "y", 382, -700, 0),
    Road(None, "residential", "x", -520, 0, 500),
    Road(None, "residential", "x", -170, 0, 500),
    Road("东裕路", "secondary", "y", 800, -700, 450),
    Road(None, "residential", "x", -170, 500, 800),
    Road(None, "residential", "x", -520, 500, 1000),
    Road("桃苑路", "secondary", "x", 225, 500, 1000),
    Road("新安路", "secondary", "y", 620, 450, 1950),
    Road(None, "residential", "x", 625, 500, 620),
    Road(None, "residential", "x", 1025, 500, 640),
    Road(None, "residential", "x", 1025, 800, 1000),
    Road("夏洋路", "secondary", "x", 1600, 0, 1000),
    Road(None, "residential", "x", 1430, 500, 620),
    Road(None, "residential", "x", 1780, 0, 500),
    Road(None, "residential", "x", 1430, 0, 500),
    Road("三溪街", "residential", "y", 250, 1250, 1950),
    Road(None, "residential", "y", 380, 1250, 1600),
    Road("白沙湾路", "secondary", "y", -250, -700, 1250),
    Road(None, "residential", "x", -170, -500, 0),
    Road(None, "residential", "x", 225, -250, 0),
    Road("白沙湾横街", "residential", "y", -125, -350, 450),
    Road(None, "residential", "y", -380, -700, 0),
    Road("齐富路", "secondary", "x", 450, -500, 0),
    Road(None, "residential", "x", 1025, -250, 0),
    Road(None, "residential", "x", 625, -250, 0),
    Road(None, "residential", "y", -125, 625, 1250),
)

COURSES = (
    Course(
        "东部快线",
        "motorway",
        ((1840, -500), (1800, -260), (1830, 0), (1880, 260), (1860, 560), (1790, 800), (1770, 1000)),
    ),
    Course("沿江路", "residential", ((-700, 640), (-350, 660), (0, 632), (225, 655), (450, 648))),
    Course("山脚路", "residential", ((1250, -250), (1380, -180), (1480, -60), (1600, 0))),
)

RIVERS = (
    Course(
        "岐江支涌",
        "river",
        (
            (-700, 700),
            (-520, 726),
            (-350, 716),
            (-170, 690),
            (0, 688),
            (225, 716),
            (450, 722),
            (625, 700),
            (800, 708),
            (1025, 742),
            (1250, 728),
            (1430, 690),
            (1600, 684),
            (1780, 712),
            (1950, 736),
        ),
        46,
    ),
    Course("桥岗涌", "river", ((800, 476), (950, 474), (1100, 478), (1250, 476)), 20),
)

GREENS = (
    Patch("花苑公园", "park", Box(119, 17, 331, 112)),
    Patch(None, "grass", Box(235, 132, 331, 240)),
    Patch("竹苑湖公园", "park", Box(468, 250, 782, 482)),
    Patch(None, "grass", Box(805, 456, 1245, 464)),
    Patch(None, "grass", Box(805, 488, 1245, 490)),
    Patch("东裕公园", "park", Box(-160, 520, -18, 622)),
    Patch("起湾公园", "park", Box(-340, 260, -180, 374)),
    Patch("桃苑公园", "park", Box(240, 740, 432, 860)),
    Patch("新安广场", "park", Box(640, 520, 780, 606)),
    Patch("夏洋公园", "park", Box(1620, 520, 1770, 606)),
    Patch("三溪公园", "park", Box(1445, 262, 1588, 370)),
    Patch(None, "grass", Box(-690, 652, -18, 674)),
    Patch(None, "grass", Box(468, 640, 790, 668)),
    Patch("白沙湾公园", "park", Box(18, -115, 212, -20)),
    Patch(None, "grass", Box(-690, -490, -370, -395)),
)

WOODS = (
    Blob("紫马岭", "wood", (1580, -330), (270, 140)),
    Blob(None, "wood", (900, -420), (210, 66)),
    Blob(None, "wood", (1660, 880), (120, 80)),
    Blob(None, "wood", (-560, 900), (90, 70)),
)

WATERS = (
    Blob("竹苑湖", "lake", (622, 372), (108, 66)),
    Blob(None, "pond", (188, 62), (26, 14)),
    Blob("三溪水库", "lake", (1360, -400), (80, 46)),
    Blob(None, "pond", (330, 800), (34, 24)),
    Blob(None, "pond", (1700, 560), (30, 16)),
)

DONGQU = Town(
    key="dongqu",
    street_id=10001,
    code="442000002",
    name="东区街道",
    district="442000",
    epsg=4547,
    anchor=(113.40207, 22.51468),
    tilt=3.0,
    sway=Sway(east=9, north=12, period_x=1250, period_y=500),
    extent=Box(-700, -500, 1950, 1000),
    communities=(HUAYUAN, QIAOGANG, *OTHERS),
    roads=ROADS,
    courses=COURSES,
    rivers=RIVERS,
    greens=GREENS,
    woods=WOODS,
    waters=WATERS,
    core=CORE,
    points={
        "442000002004": 3,
        "442000002001": 9,
        "442000002002": 8,
        "442000002003": 7,
        "442000002006": 7,
        "442000002007": 6,
        "442000002010": 8,
        "442000002011": 10,
        "442000002012": 6,
    },
)

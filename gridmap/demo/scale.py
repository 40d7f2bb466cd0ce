"""A whole city for load tests: copies of the core of 东区街道 side by side, made by set-based SQL.

A copied street holds six copies of the core (three wide, two high), so it has the size of a real one: 774 buildings,
2,328 stairwells, 18 communities. Streets stand in a rectangle near 中山, without a seam, because the core is one period
of the town's sway. Ids keep their serial: `street · 2^32 + copy · 2^20 + serial`.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import shapely

from gridmap.audit import announce
from gridmap.demo.build import ground
from gridmap.demo.copying import COPIED, Connection, bare, copy_rows
from gridmap.demo.lattice import DECIMALS, Lattice, Point, transformer
from gridmap.demo.store import DEMO_CLOCK, LAYERS, SOURCE
from gridmap.demo.towns.dongqu import DONGQU

ACROSS, UP = 3, 2
"""Copies of the core in a street."""
FIRST_STREET = 20_001
CITY = (20_001, "449900", "演示市")
FIRST_DISTRICT = 449_901
ROWS_IN_DISTRICT = 5
SOUTH_WEST = (112.66, 22.31)
"""Where the city begins, longitude and latitude: west of 中山, so that nothing lies on top of each other."""


@dataclass(frozen=True)
class Plan:
    """How many streets stand in how many columns, and the steps from core to core in degrees."""

    streets: int
    columns: int
    east: tuple[float, float]
    north: tuple[float, float]
    origin: tuple[float, float]
    south_edge: list[Point]
    west_edge: list[Point]
    """The core's southern and western edge, longitude and latitude; the others are these, one core further."""


def plan_city(buildings: int, per_copy: int) -> Plan:
    """The smallest rectangle of streets with at least so many buildings, about as wide as high."""
    streets = math.ceil(buildings / (per_copy * ACROSS * UP))
    core = DONGQU.core
    if core is None:
        raise ValueError("the town to copy has no core")
    width, height = (core.east - core.west), (core.north - core.south)
    columns = max(1, round(math.sqrt(streets * (UP * height) / (ACROSS * width))))
    streets = math.ceil(streets / columns) * columns
    lattice = ground(DONGQU)
    south = on_globe([(x, core.south) for x in lattice.along(core.west, core.east, lattice.breaks_x)], lattice)
    west = on_globe([(core.west, y) for y in lattice.along(core.south, core.north, lattice.breaks_y)], lattice)
    (x0, y0), (x1, y1), (x2, y2) = south[0], south[-1], west[-1]
    origin = (SOUTH_WEST[0] - x0, SOUTH_WEST[1] - y0)
    return Plan(streets, columns, (x1 - x0, y1 - y0), (x2 - x0, y2 - y0), origin, south, west)


def on_globe(points: list[Point], lattice: Lattice) -> list[Point]:
    """Lattice points as longitude and latitude."""
    return [transformer(DONGQU.epsg).transform(*point) for point in lattice.metres(points)]


def core_communities() -> list[int]:
    """The ids of the communities that lie in the core."""
    core = DONGQU.core
    return [
        (DONGQU.street_id << 32) + (community.number << 12)
        for community in DONGQU.communities
        if core and all(core.west <= b.west and b.east <= core.east and b.south == core.south for b in community.boxes)
    ]


def clone_city(connection: Connection, buildings: int = 300_000, say: Callable[[str], None] = print) -> dict[str, int]:
    """Copies the core of 东区街道 until there are at least so many buildings more, in one transaction.

    Needs the demo loaded, and the owner of the schema. Says what it does; hands back the rows per table. A city that
    is there already stays as it is. Other sessions wait meanwhile: secondary indexes and foreign keys are dropped and
    made again, which checks every row.
    """
    with connection.transaction():
        if connection.execute("SELECT 1 FROM gridmap.city WHERE id = %s", (CITY[0],)).fetchone():
            say("the city is there already")
            return {}
        set_up(connection)
        plan = plan_city(buildings, count_core(connection))
        say(f"{plan.streets} streets in {plan.columns} columns")
        add_streets(connection, plan)
        counts = {}
        with bare(connection, [copied.table for copied in COPIED], say):
            for copied in COPIED:
                counts[copied.table.name] = copy_rows(connection, copied, DONGQU.street_id, core_communities())
                say(f"{counts[copied.table.name]:>12,} {copied.table.name}")
        announce(connection, 0, LAYERS)
    finish(connection, say)
    return counts


def set_up(connection: Connection) -> None:
    """Memory for sorting, both cores for indexes; a superuser also writes less to the log."""
    connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
    connection.execute("SET LOCAL work_mem = '128MB'")
    connection.execute("SET LOCAL max_parallel_maintenance_workers = 2")
    connection.execute("SET LOCAL jit = off")
    if connection.info.parameter_status("is_superuser") == "on":
        connection.execute("SET LOCAL wal_compression = on")


def count_core(connection: Connection) -> int:
    """Buildings in the core of the loaded demo. Raises LookupError when the demo is not loaded."""
    row = connection.execute(
        "SELECT count(*) FROM gridmap.place WHERE street_id = %s AND kind = 'building' AND community_id = ANY (%s)",
        (DONGQU.street_id, core_communities()),
    ).fetchone()
    if not row or not row[0]:
        raise LookupError("load the demo first: there is no street to copy")
    return int(row[0])


def shifted(plan: Plan, column: float, row: float) -> tuple[float, float]:
    """How far a core `column` and `row` cores from the city's corner lies from the pattern, in degrees."""
    x = plan.origin[0] + column * plan.east[0] + row * plan.north[0]
    y = plan.origin[1] + column * plan.east[1] + row * plan.north[1]
    return round(x, DECIMALS), round(y, DECIMALS)


def outline(plan: Plan, column: int, row: int, across: int, up: int) -> str:
    """The outline of `across` by `up` cores as WKB: their outer edges, each moved like its core."""

    def edge(points: Sequence[Point], at_column: int, at_row: int) -> list[Point]:
        x, y = shifted(plan, at_column, at_row)
        return [(round(px + x, DECIMALS), round(py + y, DECIMALS)) for px, py in points]

    ring: list[Point] = []
    for k in range(across):
        ring += edge(plan.south_edge[:-1], column + k, row)
    for k in range(up):
        ring += edge(plan.west_edge[:-1], column + across, row + k)
    for k in reversed(range(across)):
        ring += edge(plan.south_edge[:0:-1], column + k, row + up)
    for k in reversed(range(up)):
        ring += edge(plan.west_edge[:0:-1], column, row + k)
    return str(shapely.to_wkb(shapely.Polygon(ring), hex=True))


def add_streets(connection: Connection, plan: Plan) -> None:
    """Adds city, districts and streets with their outlines, and the temporary table of copies."""
    connection.execute("INSERT INTO gridmap.city (id, code, name) VALUES (%s, %s, %s)", CITY)
    rows = plan.streets // plan.columns
    districts = -(-rows // ROWS_IN_DISTRICT)
    cursor = connection.cursor()
    for d in range(districts):
        first = d * ROWS_IN_DISTRICT
        high = min(ROWS_IN_DISTRICT, rows - first)
        shape = outline(plan, 0, first * UP, plan.columns * ACROSS, high * UP)
        cursor.execute(
            "INSERT INTO gridmap.district (id, city_id, code, name, geom, source, changed_at)"
            " VALUES (%s, %s, %s, %s, public.st_multi(public.st_setsrid(%s::public.geometry, 4326)), %s, %s)",
            (CITY[0] + d, CITY[0], str(FIRST_DISTRICT + d), f"演示{d + 1}区", shape, SOURCE, DEMO_CLOCK),
        )
    cursor.executemany(
        "INSERT INTO gridmap.street (id, district_id, code, name, geom, is_demo, source, changed_at)"
        " VALUES (%s, %s, %s, %s, public.st_multi(public.st_setsrid(%s::public.geometry, 4326)), true, %s, %s)",
        [(*street, SOURCE, DEMO_CLOCK) for street in streets_of(plan)],
    )
    connection.execute(
        "CREATE TEMPORARY TABLE copy_of (street_id integer, copy integer, base bigint, code text,"
        " dx double precision, dy double precision) ON COMMIT DROP"
    )
    with cursor.copy("COPY copy_of FROM STDIN") as copy_in:
        for one in copies_of(plan):
            copy_in.write_row(one)
    connection.execute("ANALYZE copy_of")


def streets_of(plan: Plan) -> Iterator[tuple[int, int, str, str, str]]:
    """Id, district, code, name and outline of each street, row by row from the south."""
    per_district = ROWS_IN_DISTRICT * plan.columns
    for k in range(plan.streets):
        district, number = divmod(k, per_district)
        code = f"{FIRST_DISTRICT + district}{number + 1:03d}"
        shape = outline(plan, k % plan.columns * ACROSS, k // plan.columns * UP, ACROSS, UP)
        yield FIRST_STREET + k, CITY[0] + district, code, f"演示{k + 1:03d}街道", shape


def copies_of(plan: Plan) -> Iterator[tuple[int, int, int, str, float, float]]:
    """The rows of `copy_of`: six copies of the core for each street."""
    for k, (street, _, code, *_) in enumerate(streets_of(plan)):
        column, row = k % plan.columns, k // plan.columns
        for copy in range(ACROSS * UP):
            shift = shifted(plan, column * ACROSS + copy % ACROSS, row * UP + copy // ACROSS)
            yield street, copy, (street << 32) + (copy << 20), code, *shift


def finish(connection: Connection, say: Callable[[str], None]) -> None:
    """Fresh statistics, so that plans are good from the first query."""
    for copied in COPIED:
        connection.execute(f"ANALYZE gridmap.{copied.table.name}")
    connection.commit()
    say("analysed")

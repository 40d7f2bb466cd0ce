"""How PostgreSQL reads a tile: by its indexes, whoever asks, at every zoom; never a table from end to end.

With `enable_seqscan = off` a plan says "Index Scan" also where it reads a whole index for want of a better way, so each
scan must say what it looks up: the envelope of the tile, or a row that another one has led to.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, product
from typing import Any

import psycopg
import pytest
from psycopg import sql

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.db import Database
from gridmap.db.pools import Connection
from gridmap.db.statements import Statement
from gridmap.demo.accounts import ACCOUNTS, make_accounts
from gridmap.demo.scale import clone_city
from gridmap.layer import Role
from gridmap.layers import LAYERS
from gridmap.read import TILE_ZOOMS, Asked, Tile, layers_for, read_tile
from gridmap.read.select import values_for
from gridmap.read.tiles import EXTENT, MARGIN, tile_statement
from gridmap.scope import Viewer, viewer_of
from tests.conftest import DEMO_CLOCK, DEMO_PASSWORD, Base
from tests.outputs import HALF

LAYER_TABLES = {
    "place", "building", "stairwell", "grid", "estate", "facility", "boundary", "basemap", "assignment", "community",
    "person", "district", "street", "zone", "vehicle_count", "violation", "zone_stay", "hotspot", "hotspot_run",
}  # fmt: skip
KINDS = ("streets", "communities", "grids", "estates", "places")
SHAPES = [("city",), *(some for count in range(6) for some in combinations(KINDS, count))]
FEW_SHAPES = [("city",), (), *((kind,) for kind in KINDS), KINDS]
TOLD, UNTOLD = frozenset({Role.LEADER}), frozenset({Role.PLANNER})
"""Who is told who is responsible, and who is not: the statements differ in nothing else."""
LED = re.compile(r"= [a-z_][a-z_0-9.]*")
"""A condition that compares with a column of another row."""
PLENTY = 200_000
Node = dict[str, Any]


def nodes(plan: Node) -> Iterator[Node]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def faults(plan: Node) -> list[str]:
    """Every scan of a layer table that nothing leads: whole tables, whole indexes, whole streets."""
    found = []
    for node in nodes(plan):
        table = node.get("Relation Name")
        if node["Node Type"] == "Seq Scan" and table in LAYER_TABLES:
            found.append(f"Seq Scan on {table}")
        if "Index Name" in node:
            condition = node.get("Index Cond", "")
            # a bitmap's index does not name its table; cases are no layer's places: they are also read by their days
            is_of_layer = table in LAYER_TABLES if table else not node["Index Name"].startswith("incident_")
            if is_of_layer and "&&" not in condition and not LED.search(condition):
                found.append(f"{node['Node Type']} by {node['Index Name']} on {condition or 'nothing'}")
    return found


def explain(connection: Connection, statement: Statement, values: dict[str, Any] | None = None) -> Node:
    """The plan of the statement as the tiles' pool runs it, prepared; with values it is run as well."""
    connection.execute(b"PREPARE explained AS " + statement.text)
    known = {**statement.constants, **(values or {})}
    given = sql.SQL(", ").join(sql.Literal(known.get(name)) for name in statement.names)
    how = "ANALYZE, BUFFERS, FORMAT JSON" if values else "FORMAT JSON"
    row = connection.execute(sql.SQL("EXPLAIN ({}) EXECUTE explained({})").format(sql.SQL(how), given)).fetchone()
    connection.execute("DEALLOCATE explained")
    assert row is not None
    plan: Node = row["QUERY PLAN"][0]["Plan"]
    return plan


def check_plans(
    database: Database, roles: frozenset[Role], shapes: Iterable[tuple[str, ...]], zooms: Iterable[int]
) -> None:
    bad: dict[str, list[tuple[object, ...]]] = {}
    layers = tuple(layers_for(roles).values())
    with database.transaction({"scope": "some"}, "tiles") as connection:
        for zoom, shape in product(zooms, shapes):
            statement = tile_statement(layers, zoom, shape, roles)
            assert statement is not None
            for fault in faults(explain(connection, statement)):
                bad.setdefault(fault, []).append((zoom, shape))
    assert bad == {}


# At the size of the demo ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def database(demo_base: Base) -> Iterator[Database]:
    made = Database(demo_base.app_url)
    yield made
    made.close()


def telling_zooms() -> list[int]:
    """One zoom of each set of layers and attributes."""
    sets = {zoom: tuple(layer.tile_attributes(zoom) for layer in LAYERS) for zoom in TILE_ZOOMS}
    return [zoom for zoom in TILE_ZOOMS if sets[zoom] != sets.get(zoom - 1)]


def test_every_layer_is_read_by_its_index(database: Database) -> None:
    check_plans(database, TOLD, FEW_SHAPES, telling_zooms())
    check_plans(database, UNTOLD, FEW_SHAPES, [16])


def test_what_is_explained_is_what_is_run(database: Database) -> None:
    """The same text, prepared once and never planned anew."""
    viewer = viewers(database)["worker"]
    layers = tuple(layers_for(viewer.reading_roles).values())
    with database.transaction(viewer.prologue, "tiles") as connection:
        for _ in range(7):
            read_tile(connection, layers, Tile(14, 13353, 7139), viewer, asked())
        rows = connection.execute(
            "SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements"
        ).fetchall()
    statement = tile_statement(layers, 14, viewer.reach.shape, viewer.reading_roles)
    assert statement is not None
    (row,) = [row for row in rows if row["statement"].encode() == statement.text]
    assert (row["generic_plans"] >= 7, row["custom_plans"]) == (True, 0)


@pytest.mark.parametrize(
    ("plan", "is_bad"),
    [
        ({"Node Type": "Seq Scan", "Relation Name": "place"}, True),
        ({"Node Type": "Seq Scan", "Relation Name": "duty_role"}, False),
        ({"Node Type": "Index Scan", "Relation Name": "person", "Index Name": "x"}, True),
        (
            {"Node Type": "Index Scan", "Relation Name": "place", "Index Name": "x", "Index Cond": "(a = ANY ($1))"},
            True,
        ),
        ({"Node Type": "Bitmap Index Scan", "Index Name": "x", "Index Cond": "(street_id = $3)"}, True),
        ({"Node Type": "Bitmap Index Scan", "Index Name": "x", "Index Cond": "(geom_3857 && $1)"}, False),
        (
            {"Node Type": "Index Scan", "Relation Name": "grid", "Index Name": "x", "Index Cond": "(a = place.id)"},
            False,
        ),
        ({"Node Type": "Append", "Plans": [{"Node Type": "Seq Scan", "Relation Name": "grid"}]}, True),
    ],
)
def test_a_bad_plan_is_noticed(plan: Node, is_bad: bool) -> None:
    assert bool(faults(plan)) == is_bad


def asked() -> Asked:
    return Asked(as_of=parse_clock(DEMO_CLOCK).now())


def viewers(database: Database) -> dict[str, Viewer]:
    """The demo's accounts, as they see."""
    now = parse_clock(DEMO_CLOCK).now()
    with database.transaction({"scope": "city", "administers": "on"}) as connection:
        rows = connection.execute("SELECT id, username FROM gridmap.account").fetchall()
    return {row["username"]: viewer_of(database, row["id"], now) for row in rows if row["username"] in ACCOUNTS}


# At the size of a city -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def city(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    """A city of 200,000 buildings, and the demo's accounts with their rights in it."""
    base = copy_database(demo_template)
    with psycopg.connect(base.owner_url) as owner:
        clone_city(owner, PLENTY, say=lambda _: None)
    database = Database(base.app_url)
    make_accounts(database, actor(parse_clock(DEMO_CLOCK)), DEMO_PASSWORD)
    database.close()
    return base


@pytest.fixture(scope="module")
def of_city(city: Base) -> Iterator[Database]:
    made = Database(city.app_url)
    yield made
    made.close()


@pytest.mark.full
@pytest.mark.parametrize("roles", [TOLD, UNTOLD], ids=["told who", "not told"])
def test_no_role_reads_a_table_of_a_city_from_end_to_end(of_city: Database, roles: frozenset[Role]) -> None:
    with of_city.transaction({"scope": "city"}) as connection:
        row = connection.execute("SELECT count(*) AS n FROM gridmap.building").fetchone()
    assert row is not None
    assert row["n"] >= PLENTY
    check_plans(of_city, roles, SHAPES, range(8, 17))


IN_TILE = """
SELECT (SELECT count(*) FROM gridmap.place WHERE geom_3857 && near),
  (SELECT count(*) FROM gridmap.boundary WHERE geom_3857 && near),
  (SELECT count(*) FROM gridmap.community WHERE geom_3857 && near),
  (SELECT count(*) FROM gridmap.assignment a JOIN gridmap.place p ON p.street_id = a.street_id AND p.id = a.place_id
   WHERE p.geom_3857 && near)
FROM ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => %(margin)s) near
"""
READ = ("place", "boundary", "community", "assignment")


def rows_read(plan: Node) -> dict[str, int]:
    """How many rows of each table were looked at, whether they were wanted or not."""
    found: dict[str, int] = {}
    for node in nodes(plan):
        if table := node.get("Relation Name"):
            removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            found[table] = found.get(table, 0) + (node["Actual Rows"] + removed) * node["Actual Loops"]
    return found


def tile_of_first(database: Database, viewer: Viewer, zoom: int) -> Tile:
    """The tile of the first building that the viewer sees."""
    with database.transaction(viewer.prologue) as connection:
        row = connection.execute(
            "SELECT ST_X(label_3857) AS x, ST_Y(label_3857) AS y FROM gridmap.place"
            " WHERE kind = 'building' AND label_3857 IS NOT NULL ORDER BY street_id, id LIMIT 1"
        ).fetchone()
    assert row is not None
    return Tile(zoom, *(int((HALF + value) / (2 * HALF) * 2**zoom) for value in (row["x"], -row["y"])))


@pytest.mark.full
@pytest.mark.parametrize("who", ACCOUNTS)
@pytest.mark.parametrize("zoom", [12, 14, 16])
def test_a_tile_reads_little_more_than_what_lies_in_it(city: Base, of_city: Database, who: str, zoom: int) -> None:
    """Not the whole of what an account sees, and not the whole city for one who sees little of it; layer by layer."""
    viewer = viewers(of_city)[who]
    tile = tile_of_first(of_city, viewer, zoom)
    values = values_for(viewer, asked()) | {"z": tile.z, "x": tile.x, "y": tile.y}
    with psycopg.connect(city.owner_url) as owner:
        row = owner.execute(IN_TILE, {"z": tile.z, "x": tile.x, "y": tile.y, "margin": MARGIN / EXTENT}).fetchone()
    assert row is not None
    for layer in layers_for(viewer.reading_roles).values():
        statement = tile_statement((layer,), zoom, viewer.reach.shape, viewer.reading_roles)
        if statement is None:
            continue
        with of_city.transaction(viewer.prologue, "tiles") as connection:
            read = rows_read(explain(connection, statement, values))
        for table, there in zip(READ, row, strict=True):
            # places: once by the map, once again by what lies in them and by who looks after them
            assert read.get(table, 0) <= 3 * there + 20, (layer.name, table, read, there)

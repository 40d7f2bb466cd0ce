"""How pages, counts, filters and exports of a layer are read: by indexes, and little more than what they give.

They are planned with their values, so that a plan is looked at as it has run: which tables are read from end to end,
and how many of their rows were looked at beside those that leave.
"""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.db import Database
from gridmap.demo.accounts import make_accounts
from gridmap.demo.scale import clone_city
from gridmap.layer import Layer
from gridmap.layers import BY_NAME
from gridmap.read import Filter, parse_filter
from gridmap.read.crs import DEGREES
from gridmap.read.features import ALONE, count_statement, feature_statement, page_statement
from gridmap.read.filter import EVERYTHING
from gridmap.read.select import values_for
from gridmap.read.stream import Format, export_statement
from gridmap.scope import Viewer
from gridmap.tables import SERIAL_BITS
from tests.conftest import DEMO_CLOCK, DEMO_PASSWORD, Base
from tests.test_plans import asked, nodes, rows_read, viewers

BUILDINGS = 12_000
LARGE = {"place", "building", "stairwell", "facility", "assignment", "person"}
PLACES = ("buildings", "stairwells", "facilities")
WHO = ("leader", "community", "worker")
LIMIT = 50
HALF_SIDE = 0.0012
"""Degrees: a box of about 250 m."""
ROOM = 40
"""Rows that may be looked at beside, whatever is asked."""
OF_A_STREET = 6_000
"""Places in a street of the city, and some more."""
FEW = 200
EACH = 8
"""Rows of a table that one place may lead to: the stairwells in a building, who looks after each, and twice over."""


@pytest.fixture(scope="module", params=[BUILDINGS, pytest.param(200_000, marks=pytest.mark.full)])
def city(
    request: pytest.FixtureRequest, demo_template: str, copy_database: Callable[[str], Base]
) -> Iterator[Database]:
    """A city of so many buildings, and the demo's accounts with their rights in it."""
    base = copy_database(demo_template)
    with psycopg.connect(base.owner_url) as owner:
        clone_city(owner, request.param, say=lambda _: None)
    database = Database(base.app_url)
    make_accounts(database, actor(parse_clock(DEMO_CLOCK)), DEMO_PASSWORD)
    yield database
    database.close()


def box(city: Database, viewer: Viewer) -> str:
    """A box around the first building that the viewer sees."""
    with city.transaction(viewer.prologue) as connection:
        row = connection.execute(
            "SELECT ST_X(at) AS x, ST_Y(at) AS y FROM gridmap.place, ST_PointOnSurface(geom) at"
            " WHERE kind = 'building' AND geom IS NOT NULL ORDER BY street_id, id LIMIT 1"
        ).fetchone()
    assert row is not None
    west, south, east, north = (row[axis] + side * HALF_SIDE for side in (-1, 1) for axis in "xy")
    return f"{west},{south},{east},{north}"


def filters(city: Database, viewer: Viewer, layer: Layer) -> dict[str, Filter]:
    """A box; a box with a condition; a shape in CQL2."""
    here = box(city, viewer)
    words = {
        "box": {"bbox": here},
        "box and condition": {"bbox": here, "filter": "id > 0 AND NOT code IS NULL"},
        "shape": {"filter": f"S_INTERSECTS(geometry, BBOX({here}))"},
    }
    return {name: parse_filter(layer, viewer.reading_roles, each) for name, each in words.items()}


def ran(city: Database, viewer: Viewer, text: str, values: dict[str, Any]) -> dict[str, Any]:
    """The plan of a statement as it has run."""
    with city.transaction(viewer.prologue + ALONE) as connection:
        row = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", values, prepare=False).fetchone()
    assert row is not None
    plan: dict[str, Any] = row["QUERY PLAN"][0]["Plan"]
    return plan


def faults(plan: dict[str, Any], most: int) -> list[str]:
    """Large tables that were read from end to end, or of which more rows were looked at than that."""
    found = [
        f"{node['Node Type']} on {node['Relation Name']}"
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE
    ]
    return found + [
        f"{rows:.0f} rows of {table}" for table, rows in rows_read(plan).items() if rows > most and table in LARGE
    ]


def found_in(plan: dict[str, Any]) -> int:
    """How many places have been found."""
    return max(int(node["Actual Rows"]) for node in nodes(plan) if node.get("Relation Name") == "place")


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("name", PLACES)
def test_a_filtered_page_reads_little_more_than_its_box(city: Database, name: str, who: str) -> None:
    viewer, layer = viewers(city)[who], BY_NAME[name]
    bad = {}
    for title, where in filters(city, viewer, layer).items():
        values = values_for(viewer, asked(), layer) | where.values | {"limit": LIMIT, "after": 0}
        text, constants = count_statement(layer, viewer.reach.shape, where.shape)
        counted = ran(city, viewer, text, constants | values)
        there = found_in(counted)
        assert there > 0
        bad[f"count, {title}"] = faults(counted, there * 2 + ROOM)
        text, constants = page_statement(layer, viewer.reach.shape, viewer.reading_roles, where.shape, False)
        bad[f"page, {title}"] = faults(ran(city, viewer, text, constants | values), there * EACH + ROOM)
    assert {title: each for title, each in bad.items() if each} == {}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("name", PLACES)
def test_a_page_further_on_reads_nothing_of_those_before(city: Database, name: str, who: str) -> None:
    viewer, layer = viewers(city)[who], BY_NAME[name]
    with city.transaction(viewer.prologue) as connection:
        row = connection.execute(
            "SELECT id, (SELECT count(*) FROM gridmap.place) AS places FROM gridmap.place"
            " WHERE kind = 'building' AND geom IS NOT NULL ORDER BY street_id DESC, id DESC"
            " OFFSET (SELECT count(*) / 3 FROM gridmap.place WHERE kind = 'building') LIMIT 1"
        ).fetchone()
    assert row is not None
    after = row["id"]
    values = values_for(viewer, asked(), layer) | {"limit": LIMIT, "after": after}
    shape, roles = viewer.reach.shape, viewer.reading_roles
    text, constants = page_statement(layer, shape, roles, EVERYTHING.shape, True)
    plan = ran(city, viewer, text, constants | values)
    # the rest of a street is put in order; where there are few streets, that of them all may cost less than looking up
    assert faults(plan, max(OF_A_STREET, row["places"] // 4)) == []
    text, constants = feature_statement(layer, shape, roles, DEGREES)
    one = ran(city, viewer, text, constants | values | {"id": after, "street": after >> SERIAL_BITS})
    assert faults(one, FEW) == []


@pytest.mark.parametrize("form", [Format.GEOJSON, Format.CSV])
def test_an_export_reads_a_street_once(city: Database, form: Format) -> None:
    viewer, layer = viewers(city)["leader"], BY_NAME["buildings"]
    with city.transaction(viewer.prologue) as connection:
        row = connection.execute(
            "SELECT street_id AS street, count(*) AS places FROM gridmap.place GROUP BY 1 ORDER BY 1 DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    text, constants = export_statement(
        layer, viewer.reach.shape, viewer.reading_roles, EVERYTHING.shape, form, masked=True, is_marked=False
    )
    inner = text.removeprefix("COPY (").rpartition(") TO STDOUT")[0]
    values = constants | {"watermark": ""} | values_for(viewer, asked(), layer) | {"streets": [row["street"]]}
    plan = ran(city, viewer, inner, values)
    assert plan["Actual Rows"] > 100
    assert faults(plan, row["places"]) == []
    assert "assignment" not in rows_read(plan)

"""Each real file by `gridmap load … --commit` and `gridmap undo-load … --commit`: the register is as it was before.

The numbers and seconds of each file are properties of its test: `--junitxml FILE -o junit_family=xunit1` writes them.
"""

import json
import time

import pytest
import shapely
from click.testing import CliRunner

from gridmap.commands import main
from gridmap.coords import Datum
from gridmap.db import Database
from gridmap.load.store import NewStreet
from load.files import REALDATA
from load.test_store import communities, put, rows
from load.test_undo import open_members, register

pytestmark = pytest.mark.skipif(not REALDATA.exists(), reason="the folder of real files is not here")

SHANGHAI, CHENGDU = (120.8, 30.6, 122.3, 31.9), (103.0, 30.0, 105.0, 31.5)
HELSINKI, CHICAGO, CHINA = (24.8, 60.0, 25.1, 60.3), (-88.5, 41.4, -87.2, 42.3), (75.0, 5.0, 134.0, 53.0)
BD09 = ("--datum", "bd09")
GCJ02 = ("--map", "lon=gcj02_lon", "--map", "lat=gcj02_lat", "--datum", "gcj02")
FILES = {
    ("shanghai_osm_tiles_buildings.geojson", "buildings"): (SHANGHAI, (), (1884, 1450, 25, 409, 25)),
    ("shanghai_osm_tiles_roads.geojson", "roads"): (SHANGHAI, (), (1778, 1065, 368, 38, 675)),
    ("shanghai_osm_tiles_pois.geojson", "facilities"): (SHANGHAI, (), (494, 493, 0, 1, 0)),
    ("shanghai_school.csv", "facilities"): (SHANGHAI, (), (6151, 6151, 0, 0, 0)),
    ("shanghai_hospital.csv", "facilities"): (SHANGHAI, (), (7513, 7513, 0, 0, 0)),
    ("beijing_village_unclosed_rings.json", "estates"): (CHINA, BD09, (8470, 8453, None, 17, 0)),
    ("chengdu_points_baidu_coord_column.csv", "facilities"): (CHENGDU, BD09, (238, 238, 0, 0, 0)),
    ("helsinki_centre.osm.pbf", "buildings"): (HELSINKI, (), (500, 446, 30, 54, 0)),
    ("helsinki_centre.osm.pbf", "facilities"): (HELSINKI, (), (1915, 1915, 2, 0, 0)),
    ("helsinki_centre.osm.pbf", "roads"): (HELSINKI, (), (2753, 2671, 0, 82, 0)),
    ("chicago_carjackings_2020.geojson", "facilities"): (CHICAGO, (), (1412, 1412, 0, 0, 0)),
    ("gcj02_reference.csv", "facilities"): (CHINA, GCJ02, (20, 18, 0, 2, 0)),
    ("empty_geometry.gpkg", "estates"): (HELSINKI, (), (1, 0, 0, 1, 0)),
}
COUNTED = ("read", "accepted", "corrected", "rejected", "merged")


@pytest.fixture
def gridmap(command):
    """The command, which must end well; what it printed."""

    def run(*words):
        code, output = command(*words)
        assert code == 0, output
        return output

    return run


@pytest.fixture
def database(empty_base):
    made = Database(empty_base.app_url)
    yield made
    made.close()


def street(database, tmp_path, box):
    """A street of one community over that box."""
    put(database, communities(tmp_path, shapely.box(*box)), new_street=NewStreet("310113103", "街"))
    return ("--street", "310113103")


@pytest.mark.parametrize(("name", "kind"), FILES)
def test_a_real_file_comes_in_and_goes_again(database, gridmap, tmp_path, record_property, name, kind):
    box, said, expected = FILES[name, kind]
    where = street(database, tmp_path, box)
    before, members = register(database), open_members(database)
    begun = time.monotonic()
    told = gridmap("load", kind, REALDATA / name, *where, *said, "--keep-all", "--json", "--commit")
    seconds = time.monotonic() - begun
    counts = json.loads(told.splitlines()[-1])
    record_property("counts", {one: counts[one] for one in (*COUNTED, "new") if one in counts})
    record_property("seconds", round(seconds, 1))
    assert counts["new"] == counts["accepted"]
    assert all(counts[one] == told for one, told in zip(COUNTED, expected, strict=True) if told is not None)
    runs = rows(database, "SELECT id FROM gridmap.import_run WHERE kind = %s ORDER BY id DESC LIMIT 1", kind)
    assert bool(runs) == bool(counts["new"])
    if not runs:
        assert register(database) == before
        return
    assert register(database) != before
    begun = time.monotonic()
    gridmap("undo-load", runs[0]["id"], "--commit")
    record_property("undo_seconds", round(time.monotonic() - begun, 1))
    assert register(database) == before
    assert open_members(database) == members


def test_the_districts_come_in_and_cannot_be_taken_back(database, gridmap, record_property):
    path = REALDATA / "shanghai_districts_gbk" / "区县界_area.shp"
    begun = time.monotonic()
    told = gridmap("load", "districts", path, "--keep-all", "--json", "--commit")
    record_property("seconds", round(time.monotonic() - begun, 1))
    counts = json.loads(told.splitlines()[-1])
    record_property("counts", {one: counts[one] for one in (*COUNTED, "new")})
    assert (counts["read"], counts["new"]) == (17, 17)
    run = rows(database, "SELECT max(id) AS id FROM gridmap.import_run")[0]["id"]
    result = CliRunner().invoke(main, ["undo-load", str(run), "--commit"])
    assert result.exit_code == 1
    assert "districts" in result.output
    assert len(rows(database, "SELECT id FROM gridmap.district")) == 17


def test_the_reference_of_the_datum_comes_to_the_places_that_it_names(database, gridmap, tmp_path):
    path = REALDATA / "gcj02_reference.csv"
    where = street(database, tmp_path, CHINA)
    told = gridmap("load", "facilities", path, *where, *GCJ02, "--keep-all", "--commit")
    assert "0 rejected" not in told
    query = """SELECT max(ST_Distance(geom::geography, ST_SetSRID(ST_MakePoint(
        (extra ->> 'wgs84_lon')::float, (extra ->> 'wgs84_lat')::float), 4326)::geography)) AS metres
        FROM gridmap.place WHERE kind = 'facility'"""
    assert rows(database, query)[0]["metres"] < 0.001
    assert rows(database, "SELECT datum FROM gridmap.import_run ORDER BY id DESC LIMIT 1") == [
        {"datum": Datum.GCJ02.value}
    ]

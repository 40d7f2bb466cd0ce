"""Buildings that come with an address and no outline: they correct the building that has it, or wait to be placed."""

import pandas as pd
import pytest
import shapely

from gridmap.coords import LonLat
from gridmap.db import SYSTEM
from gridmap.load import LoadError
from gridmap.load.known import Known, known_places
from gridmap.load.store import read_known
from gridmap.load.store.placing import place_row
from gridmap.load.store.undo import undo_run
from gridmap.load.store.waiting import PlacingProblem
from load.files import codes, judge, square, write_csv, write_features
from load.test_store import BY, LATER, communities, database, find, one, put, rows

__all__ = ["database"]
LANE = "水产路2449弄"


def known(**columns):
    places = {"kind": ["building"], "code": ["B1"], "name": ["58号楼"], "lon": [121.44], "lat": [31.37], **columns}
    return Known(known_places(pd.DataFrame(places)))


def table(tmp_path, *lines):
    return write_csv(tmp_path / "楼栋.csv", "名称,地址,层数\n" + "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    "places", [{"address": [f"{LANE}58号"]}, {"estate_address": [f"宝山区{LANE}"]}, {"address": [LANE]}]
)
def test_case_18_addresses_of_buildings_are_matched_to_the_known_building(tmp_path, places):
    checked = judge("buildings", table(tmp_path, f"甲楼,上海市宝山区{LANE}５８号,6"), known(**places))
    assert codes(checked.corrected) == ["placed_by_address"]
    assert list(checked.frame["code"]) == ["B1"]
    assert [(shape.x, shape.y) for shape in checked.frame.geometry] == [(121.44, 31.37)]
    assert checked.unplaced == ()


def test_case_18_addresses_of_buildings_that_are_in_doubt_wait_to_be_placed(tmp_path):
    two = known(kind=["building"] * 2, code=["B1", "B2"], name=["58号", "60号"], lon=[121.44] * 2, lat=[31.37] * 2,
                address=[f"{LANE}58号", f"{LANE}60号"])  # fmt: skip
    lines = [f"甲,{LANE}58、60号,6", f"乙,{LANE},6", f"丙,{LANE}62号,6", "丁,,6"]
    checked = judge("buildings", table(tmp_path, *lines), two)
    assert codes(checked.rejected) == ["to_place_by_hand"] * 4
    assert [one.name for one in checked.unplaced] == ["甲", "乙", "丙", "丁"]
    assert checked.unplaced[0].attributes["floors"] == "6"
    double = known(kind=["building"] * 2, code=["B1", "B2"], name=["", ""], lon=[121.44] * 2, lat=[31.37] * 2,
                   address=[f"{LANE}58号"] * 2)  # fmt: skip
    assert len(judge("buildings", table(tmp_path, f"甲,{LANE}58号,6"), double).unplaced) == 1
    estate = known(kind=["estate"], address=[f"{LANE}58号"])
    assert len(judge("buildings", table(tmp_path, f"甲,{LANE}58号,6"), estate).unplaced) == 1
    coded = write_csv(tmp_path / "b.csv", f"楼栋编码,地址\nB9,{LANE}58号\n")
    assert len(judge("buildings", coded, known(address=[f"{LANE}58号"])).unplaced) == 1


def test_case_18_addresses_of_features_without_a_geometry(tmp_path):
    features = [(None, {"name": "甲", "address": f"{LANE}58号"}), (None, {"name": "乙"}), (square(121.4, 31.3), {})]
    checked = judge("buildings", write_features(tmp_path / "a.geojson", features), known(address=[f"{LANE}58号"]))
    assert [(one.code, one.row) for one in checked.rejected] == [("no_geometry", 2)]
    assert set(checked.frame.geom_type) == {"Point", "Polygon"}


def test_case_18_addresses_are_needed_where_there_is_no_position(tmp_path):
    with pytest.raises(LoadError) as refused:
        judge("buildings", write_csv(tmp_path / "a.csv", "名称,层数\n甲,6\n"))
    assert refused.value.code == "no_position_columns"


@pytest.fixture
def street(database, tmp_path):
    """A street with an estate in a lane and two buildings in it."""
    put(database, communities(tmp_path, shapely.box(121.3, 31.2, 121.6, 31.5)))
    where = {"street_id": find(database)}
    estate = [(square(121.4, 31.3, 0.01), {"name": "甲小区", "address": LANE})]
    put(database, judge("estates", write_features(tmp_path / "e.geojson", estate)), **where)
    houses = [(square(121.401 + n / 500, 31.301), {"name": f"{n}号", "层数": 5, "building": "house"}) for n in (1, 2)]
    put(database, judge("buildings", write_features(tmp_path / "h.geojson", houses)), **where)
    return where


def register(database):
    """The buildings with everything that a file says of them, revisions apart."""
    query = """SELECT p.code, p.name, p.address, ST_AsText(p.geom), p.estate_id, b.floors, b.kind, b.height_m
        FROM gridmap.place p JOIN gridmap.building b ON b.place_id = p.id ORDER BY p.id"""
    return [tuple(row.values()) for row in rows(database, query)]


def test_a_list_of_addresses_corrects_buildings_and_its_undo_gives_them_back(database, tmp_path, street):
    before = register(database)
    with database.transaction(SYSTEM) as connection:
        known_there = read_known(connection, street["street_id"])
    checked = judge("buildings", table(tmp_path, f",{LANE}1号,18", f"丙楼,{LANE}9号,6"), known_there)
    stored = put(database, checked, LATER, **street)
    assert (stored.new, stored.changed, stored.queued, stored.refused) == (0, 1, 1, [])
    after = register(database)
    assert after[1] == before[1]
    assert (after[0][2], after[0][5]) == (f"{LANE}1号", 18)
    assert [after[0][at] for at in (0, 1, 3, 4)] == [before[0][at] for at in (0, 1, 3, 4)]  # the outline stays
    # the same list again changes nothing
    with database.transaction(SYSTEM) as connection:
        known_there = read_known(connection, street["street_id"])
    again = put(database, judge("buildings", tmp_path / "楼栋.csv", known_there), LATER, **street)
    assert (again.changed, again.unchanged, again.queued) == (0, 1, 0)
    with database.transaction(SYSTEM) as connection:
        undo_run(connection, LATER, again.runs[0])
        undo_run(connection, LATER, stored.runs[0])
    assert register(database) == before


def test_a_building_that_waits_is_placed_on_the_one_that_stands_there(database, tmp_path, street):
    before = register(database)
    stored = put(database, judge("buildings", table(tmp_path, "丙楼,无名路9号,6")), **street)
    assert (stored.new, stored.changed, stored.queued) == (0, 0, 1)
    waiting = one(database, "SELECT id FROM gridmap.unplaced")
    with database.transaction(SYSTEM) as connection, pytest.raises(PlacingProblem) as refused:
        place_row(connection, BY, waiting, LonLat(121.409, 31.309))
    assert (refused.value.reason, refused.value.finding.code) == ("misplaced", "no_building_there")
    assert register(database) == before
    with database.transaction(SYSTEM) as connection:
        placed = place_row(connection, BY, waiting, LonLat(121.4055, 31.3015))
    assert one(database, "SELECT name FROM gridmap.place WHERE id = %s", placed) == "丙楼"
    after = register(database)
    assert after[1][1:3] == ("丙楼", "无名路9号")
    assert [after[1][at] for at in (0, 3, 5)] == [before[1][0], before[1][3], 6]
    assert after[0] == before[0]
    with database.transaction(SYSTEM) as connection:
        undo_run(connection, LATER, stored.runs[0])
    assert register(database) == before


def test_a_known_building_that_has_gone_meanwhile_is_told(database, tmp_path, street):
    stale = known(code=["B404"], address=[f"{LANE}58号"])
    stored = put(database, judge("buildings", table(tmp_path, f"甲,{LANE}58号,6"), stale), **street)
    assert (codes(stored.refused), stored.new) == (["no_building_there"], 0)

"""The real files, where their folder is at hand; the same faults stand in the other tests as files made there."""

from collections import Counter

import pytest

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.coords import Datum
from gridmap.db import SYSTEM, Database
from gridmap.load import LoadError
from gridmap.load.store import NewStreet, store
from load.files import REALDATA, codes, judge

pytestmark = pytest.mark.skipif(not REALDATA.exists(), reason="the folder of real files is not here")
BY = actor(parse_clock("2026-03-16T09:00+08:00"))


def counts(checked):
    return tuple(checked.summary[name] for name in ("read", "accepted", "corrected", "rejected", "merged"))


def test_the_gbk_districts_keep_their_names():
    checked = judge("districts", REALDATA / "shanghai_districts_gbk" / "区县界_area.shp")
    assert counts(checked) == (17, 17, 0, 0, 0)
    assert {"宝山区", "杨浦区", "崇明县", "浦东新区"} & set(checked.frame["name"]) >= {"宝山区", "杨浦区", "浦东新区"}
    assert checked.frame["code"].str.fullmatch(r"310\d{3}").all()


def test_buildings_cut_from_tiles_are_united_and_labels_refused():
    checked = judge("buildings", REALDATA / "shanghai_osm_tiles_buildings.geojson")
    assert counts(checked) == (1884, 1450, 25, 409, 25)
    assert set(codes(checked.rejected)) == {"label_point"}
    assert checked.frame["source_key"].is_unique


def test_roads_cut_from_tiles_are_united():
    checked = judge("roads", REALDATA / "shanghai_osm_tiles_roads.geojson")
    assert counts(checked) == (1778, 1065, 368, 38, 675)
    assert set(checked.frame["line_class"]) == {"main", "secondary", "residential", "path", "rail"}


def test_an_extract_that_breaks_other_readers():
    buildings = judge("buildings", REALDATA / "helsinki_centre.osm.pbf")
    every = [*buildings.frame["source_id"], *(finding.raw for finding in buildings.rejected)]
    assert Counter(identity.split("/")[0] for identity in every) == {"way": 433, "relation": 67}
    assert counts(buildings)[:2] == (500, 446)
    roads = judge("roads", REALDATA / "helsinki_centre.osm.pbf")
    assert counts(roads)[:2] == (2753, 2671)
    assert set(codes(buildings.rejected) + codes(roads.rejected)) == {"osm_incomplete"}


def test_points_of_interest_of_a_whole_city():
    checked = judge("facilities", REALDATA / "shanghai_school.csv")
    assert counts(checked) == (6151, 6151, 0, 0, 0)
    assert "stacked_points" in codes(checked.warnings)
    assert counts(judge("facilities", REALDATA / "shanghai_hospital.csv"))[:2] == (7513, 7513)


def test_estates_without_a_closed_ring():
    checked = judge("estates", REALDATA / "beijing_village_unclosed_rings.json", datum=Datum.BD09)
    assert counts(checked)[:2] == (8470, 8453)
    assert Counter(codes(checked.rejected)) == {"ring_too_short": 16, "duplicate_row": 1}
    assert checked.frame.geometry.is_valid.all()


def test_baidu_pairs_in_one_cell():
    path = REALDATA / "chengdu_points_baidu_coord_column.csv"
    with pytest.raises(LoadError, match="--datum bd09"):
        judge("facilities", path)
    assert counts(judge("facilities", path, datum=Datum.BD09))[:2] == (238, 238)


def test_repeated_positions_and_an_empty_geometry():
    checked = judge("facilities", REALDATA / "chicago_carjackings_2020.geojson")
    assert counts(checked)[:2] == (1412, 1412)
    assert "stacked_points" in codes(checked.warnings)
    assert codes(judge("estates", REALDATA / "empty_geometry.gpkg").rejected) == ["empty_geometry"]


def test_real_buildings_come_back_from_the_database_as_they_were_read(empty_base):
    database = Database(empty_base.app_url)
    try:
        checked = judge("buildings", REALDATA / "shanghai_osm_tiles_buildings.geojson")
        new = NewStreet("310101002", "外滩街道")
        assert store(database, BY, [checked], new_street=new).new == 1450
        assert store(database, BY, [checked], new_street=new).unchanged == 1450
        with database.transaction(SYSTEM) as connection:
            found = connection.execute(
                "SELECT source_key, name, ST_AsBinary(geom) AS geom FROM gridmap.place"
            ).fetchall()
    finally:
        database.close()
    read = {row["source_key"]: (row["name"] or "", row["@geom"].wkb) for row in checked.frame.to_dict("records")}
    assert {row["source_key"]: (row["name"], bytes(row["geom"])) for row in found} == read

"""What is remembered of a source, and what waits for a position by hand, through the register."""

import dataclasses

import psycopg
import pytest

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.coords import Datum, LonLat
from gridmap.db import SYSTEM, Database
from gridmap.load import Remembered, check, reading_of
from gridmap.load.store import NewStreet, read_known, read_source, store
from load.files import codes, judge, square, write_csv, write_features

BY = actor(parse_clock("2026-03-16T09:00+08:00"))
STREET = NewStreet("310113103", "杨行镇")


@pytest.fixture
def database(empty_base):
    base = Database(empty_base.app_url)
    yield base
    base.close()


def remembered(database, street_id, kind="facilities", source="房管"):
    with database.transaction(SYSTEM) as connection:
        return read_source(connection, street_id, kind, source)


def test_what_was_said_is_remembered_with_the_import_and_only_then(database, tmp_path):
    path = write_csv(tmp_path / "a.csv", "甲列,乙列,丙列,丁列\n灯,121.4,31.3,03/04/2020\n")
    said = {"name": "甲列", "lon": "乙列", "lat": "丙列", "installed_on": "丁列"}
    checked = judge("facilities", path, mapping=said, source="房管", dates="dmy", datum=Datum.WGS84)
    assert checked.frame["installed_on"][0].isoformat() == "2020-04-03"
    broken = dataclasses.replace(checked, frame=checked.frame.assign(source_key="\0"))
    with pytest.raises(psycopg.Error):
        store(database, BY, [broken], new_street=STREET)
    stored = store(database, BY, [checked], new_street=STREET)
    assert remembered(database, stored.street_id) == Remembered(said, Datum.WGS84, "dmy")
    assert remembered(database, stored.street_id, source="别人") == Remembered()
    assert remembered(database, stored.street_id, kind="estates") == Remembered()
    options = remembered(database, stored.street_id).in_options(checked.options)
    again = judge("facilities", path, remembered=options.remembered, dates=options.dates, source="房管")
    assert again.columns == checked.columns
    assert store(database, BY, [again], street_id=stored.street_id).unchanged == 1


@pytest.mark.parametrize("datum", [None, *Datum])
def test_case_02_datum_of_the_source_is_kept_with_the_import(database, tmp_path, datum):
    path = write_csv(tmp_path / "a.csv", "name,lon,lat\n灯,121.4,31.3\n")
    store(database, BY, [judge("facilities", path, datum=datum)], new_street=STREET)
    with database.transaction(SYSTEM) as connection:
        row = connection.execute("SELECT datum FROM gridmap.import_run").fetchone()
    assert row == {"datum": (datum or Datum.WGS84).value}


def test_a_later_word_replaces_the_earlier_one_and_leaves_the_others(database, tmp_path):
    path = write_csv(tmp_path / "a.csv", "甲列,别名列,lon,lat\n灯,电灯,121.4,31.3\n")
    street = store(database, BY, [judge("facilities", path, mapping={"name": "甲列"})], new_street=STREET).street_id
    mapping = {"name": "别名列", "lon": "lon"}
    store(database, BY, [judge("facilities", path, mapping=mapping)], street_id=street)
    assert remembered(database, street, source="file").columns == mapping
    store(database, BY, [judge("facilities", path)], street_id=street)
    assert remembered(database, street, source="file").columns == mapping


def test_rows_placed_by_hand_are_stored_like_the_others(database, tmp_path):
    lines = ["灯1,水产路9999号,,,7,好", "灯2,,87.6,43.8,8,坏", "灯3,,0,0,9,无", "灯4,,121.4,31.3,10,在"]
    path = write_csv(tmp_path / "a.csv", "名称,地址,lon,lat,编号,备注\n" + "\n".join(lines) + "\n")
    checked = judge("facilities", path, within=square(121.3, 31.2, 0.2), source="灯光所", keep=("备注",))
    assert [(one.row, one.code, one.text, one.name, one.source_id) for one in checked.unplaced] == [
        (2, "to_place_by_hand", "水产路9999号", "灯1", "7"),
        (3, "outside", "87.6, 43.8", "灯2", "8"),
        (4, "null_island", "0, 0", "灯3", "9"),
    ]
    assert (checked.unplaced[0].kind, checked.unplaced[0].source) == ("facilities", "灯光所")
    stored = store(database, BY, [checked], new_street=STREET)
    reading, options = reading_of(checked.unplaced[:2], [LonLat(121.401, 31.301), LonLat(121.402, 31.302)])
    with database.transaction(SYSTEM) as connection:
        known = read_known(connection, stored.street_id)
    placed = check(reading, options, known)
    assert codes(placed.rejected) == []
    assert store(database, BY, [placed], street_id=stored.street_id).new == 2
    with database.transaction(SYSTEM) as connection:
        rows = connection.execute("SELECT name, address, source, source_key, extra FROM gridmap.place ORDER BY name")
        found = [tuple(row.values()) for row in rows.fetchall()]
    assert found[:2] == [
        ("灯1", "水产路9999号", "灯光所", "id:7", {"备注": "好"}),
        ("灯2", None, "灯光所", "id:8", {"备注": "坏"}),
    ]
    assert remembered(database, stored.street_id, source="灯光所") == Remembered()
    # the same file again knows the row that was placed by hand by its id, and refuses it still
    assert len(judge("facilities", path, within=square(121.3, 31.2, 0.2), source="灯光所").unplaced) == 3


def test_kinds_that_are_never_points_leave_nothing_to_place_by_hand(tmp_path):
    checked = judge("roads", write_features(tmp_path / "a.geojson", [(None, {"name": "路"})]))
    assert (codes(checked.rejected), checked.unplaced) == (["no_geometry"], ())


def test_known_areas_and_spots_come_from_the_register(database, tmp_path):
    features = [(square(121.4, 31.3), {"code": "310113103031", "name": "东社区"})]
    checked = judge("communities", write_features(tmp_path / "a.geojson", features))
    street = store(database, BY, [checked], new_street=STREET).street_id
    estates = write_features(tmp_path / "b.geojson", [(square(121.4002, 31.3002, 0.0001), {"name": "甲"})])
    store(database, BY, [judge("estates", estates)], street_id=street)
    with database.transaction(SYSTEM) as connection:
        known = read_known(connection, street)
    assert known.names_at(121.4005, 31.3005)[:2] == ("东社区", "杨行镇")
    assert list(known.spots["kind"]) == ["estate"]
    assert known.spots["lon"][0] == pytest.approx(121.40025)

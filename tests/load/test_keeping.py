"""Columns that gridmap has no place for: which are kept, as what, and what is never kept."""

import datetime as dt
import json

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Database
from gridmap.load import LoadError
from gridmap.load.reading import KEPT
from gridmap.load.store import NewStreet, store
from load.files import codes, judge, square, write_csv, write_features, write_sheet

BY = actor(parse_clock("2026-03-16T09:00+08:00"))
NEW = NewStreet("310113103", "杨行镇")


def kept(kind, path, **said):
    """What is kept of each row."""
    return list(judge(kind, path, **said).frame[KEPT])


def test_without_being_asked_nothing_is_kept_and_the_way_is_said(tmp_path):
    path = write_features(tmp_path / "a.geojson", [(square(121.4, 31.3), {"name": "甲", "PYNAME": "j"})])
    checked = judge("estates", path)
    assert KEPT not in checked.frame
    assert checked.kept == ()
    (warning,) = [finding for finding in checked.warnings if finding.code == "columns_unused"]
    assert (
        warning.sentence()
        == "Columns that are not used (1): PYNAME. Keep some with --keep COLUMN, or all with --keep-all."
    )
    assert "--keep" in warning.sentence("zh")


def test_named_columns_are_kept_and_the_others_are_still_told(tmp_path):
    path = write_features(tmp_path / "a.geojson", [(square(121.4, 31.3), {"name": "甲", "a": 1, "b": 2})])
    checked = judge("estates", path, keep=("b", "name"))
    assert list(checked.frame[KEPT]) == [{"b": 2, "name": "甲"}]
    assert checked.kept == ("b", "name")
    assert [finding.params for finding in checked.warnings if finding.code == "columns_unused"] == [
        {"count": "1", "columns": "a"}
    ]
    assert codes(judge("estates", path, keep_all=True).warnings) == []


def test_of_many_columns_that_are_not_used_the_first_are_named_and_the_rest_can_be_unfolded(tmp_path):
    many = {f"列{n}": n for n in range(300)}
    checked = judge("estates", write_features(tmp_path / "a.geojson", [(square(121.4, 31.3), {"name": "甲", **many})]))
    (warning,) = [finding for finding in checked.warnings if finding.code == "columns_unused"]
    assert warning.sentence().startswith("Columns that are not used (300): 列0, 列1, 列2, 列3, 列4, ….")
    assert warning.params["every"] == ", ".join(many)


def test_a_column_that_is_not_there_cannot_be_kept(tmp_path):
    path = write_features(tmp_path / "a.geojson", [(square(121.4, 31.3), {"name": "甲", "a": 1})])
    with pytest.raises(LoadError, match="--keep A: the file has no such column; it has: name, a"):
        judge("estates", path, keep=("A",))


def test_values_of_geojson_stay_what_they_are(tmp_path):
    first = {"name": "甲", "n": 2**60, "x": 1.50, "ok": True, "no": False, "t": " 1２ ", "list": [1, {"a": None}]}
    rest = {"name": "乙", "n": None, "empty": "", "@kept": "x", "@row": 7}
    path = write_features(tmp_path / "a.geojson", [(square(121.4, 31.3), first), (square(121.5, 31.3), rest)])
    one, two = kept("estates", path, keep_all=True)
    assert one == {name: value for name, value in first.items() if name != "name"}
    assert [type(one[name]) for name in ("n", "x", "ok")] == [int, float, bool]
    assert two["@kept"] == "x"
    assert not {"n", "empty"} & two.keys()


def test_values_of_a_geopackage_keep_their_types(tmp_path):
    frame = gpd.GeoDataFrame(
        {
            "name": ["甲", "乙"],
            "whole": pd.array([7, None], dtype="Int64"),
            "part": [0.1, float("nan")],
            "yes": [True, False],
            "day": [dt.date(2020, 1, 2), None],
            "moment": [pd.Timestamp("2020-01-02T03:04:05"), pd.NaT],
            "inf": [float("inf"), 2.0],
        },
        geometry=[square(121.4, 31.3), square(121.5, 31.3)],
        crs=4326,
    )
    pyogrio.write_dataframe(frame, tmp_path / "a.gpkg")
    first = {"whole": 7, "part": 0.1, "yes": True, "day": "2020-01-02", "moment": "2020-01-02T03:04:05"}
    found = kept("estates", tmp_path / "a.gpkg", keep_all=True)
    assert found == [first, {"yes": False, "inf": 2.0}]
    assert type(found[0]["whole"]) is int


def test_values_of_a_sheet_keep_their_types(tmp_path):
    rows = [["名称", "lon", "lat", "日期", "数", "备注"], ["甲", 121.4, 31.3, dt.date(2020, 1, 2), 3, None]]
    found = kept("facilities", write_sheet(tmp_path / "a.xlsx", rows), keep_all=True)
    assert found == [{"日期": "2020-01-02T00:00:00", "数": 3}]
    path = write_csv(tmp_path / "a.csv", "名称,lon,lat,数,空\n甲,121.4,31.3,003,\n")
    assert kept("facilities", path, keep_all=True) == [{"数": "003"}]


def test_tags_of_an_extract_can_be_kept(tmp_path):
    path = tmp_path / "a.osm"
    tags = {"building": "yes", "roof:shape": "flat", "name": "甲"}
    corners = [(31.3, 121.4), (31.3, 121.401), (31.301, 121.401), (31.301, 121.4)]
    path.write_text(
        '<osm version="0.6">'
        + "".join(f'<node id="{n}" lat="{y}" lon="{x}" version="1"/>' for n, (y, x) in enumerate(corners, start=1))
        + '<way id="9" version="1">'
        + "".join(f'<nd ref="{n}"/>' for n in (1, 2, 3, 4, 1))
        + "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        + "</way></osm>",
        "utf-8",
    )
    assert kept("buildings", path, keep_all=True) == [{"roof:shape": "flat"}]
    assert kept("buildings", path, keep=("id", "building")) == [{"id": "way/9", "building": "yes"}]


def test_what_a_database_cannot_hold_is_left_out_of_the_text(tmp_path):
    path = write_features(tmp_path / "a.geojson", [(square(121.4, 31.3), {"name": "甲"})])
    document = json.loads(path.read_text("utf-8"))
    document["features"][0]["properties"] |= {"a\x00b": "c\x00\ud800d", "nan": float("nan"), "deep": ["\x00"]}
    path.write_text(json.dumps(document))
    assert kept("estates", path, keep_all=True) == [{"ab": "cd", "deep": [None]}]


def test_identity_numbers_are_not_kept_either(tmp_path):
    features = [
        (square(121.4, 31.3), {"name": "甲", "户主": "11010519491231002X", "b": 1}),
        (square(121.5, 31.3), {"name": "乙", "户主": "-", "b": 110105194912310021}),
        (square(121.6, 31.3), {"name": "丙", "户主": "-", "b": 3}),
    ]
    checked = judge("estates", write_features(tmp_path / "a.geojson", features), keep_all=True)
    assert list(checked.frame["name"]) == ["乙", "丙"]
    (refused,) = checked.rejected
    assert (refused.code, refused.params["column_name"], refused.row) == ("identity_number", "户主", 1)
    assert refused.raw == "110***********002X"
    assert list(judge("estates", tmp_path / "a.geojson", keep=("b",)).frame["name"]) == ["甲", "乙", "丙"]


def test_pieces_of_one_thing_keep_what_any_of_them_says(tmp_path):
    features = [
        (square(121.4, 31.3), {"id": 1, "a": "first", "n": None}),
        (square(121.401, 31.3), {"id": 1, "a": "second", "b": "second", "n": 2}),
    ]
    path = write_features(tmp_path / "a.geojson", features)
    assert kept("buildings", path, keep_all=True) == [{"a": "first", "b": "second", "n": 2}]


KINDS = [
    ("districts", "district", {"code": "310113", "name": "甲"}),
    ("streets", "street", {"code": "310113103", "name": "甲"}),
    ("communities", "community", {"code": "310113103039", "name": "甲"}),
    ("grids", "place", {"name": "甲", "code": "310113103039001"}),
    ("estates", "place", {"name": "甲"}),
    ("buildings", "place", {"id": 1, "name": "甲"}),
    ("facilities", "place", {"name": "甲"}),
    ("roads", "basemap", {"name": "甲", "highway": "primary"}),
    ("water", "basemap", {"name": "甲", "class": "river"}),
    ("green", "basemap", {"name": "甲", "class": "park"}),
]


@pytest.mark.parametrize(("kind", "table", "facts"), KINDS, ids=[kind for kind, _, _ in KINDS])
def test_every_kind_keeps_changes_and_leaves_what_was_kept(empty_base, tmp_path, kind, table, facts):
    database = Database(empty_base.app_url)

    def load(value, **said):
        shape = shapely.LineString([(121.4, 31.3), (121.41, 31.3)]) if kind == "roads" else square(121.4, 31.3)
        checked = judge(kind, write_features(tmp_path / "a.geojson", [(shape, facts | {"更多": value})]), **said)
        done = store(database, BY, [checked], new_street=NEW if checked.kind.of_street else None)
        assert done.refused == []
        query = f"SELECT extra, revision FROM gridmap.{table} ORDER BY import_run_id DESC NULLS LAST LIMIT 1"
        with database.transaction(SYSTEM) as connection:
            row = connection.execute(query).fetchone()
        return (done.new, done.changed, done.unchanged), row["extra"], row["revision"]

    try:
        if kind == "streets":
            district = write_features(tmp_path / "d.geojson", [(square(121.4, 31.3), KINDS[0][2])])
            store(database, BY, [judge("districts", district)])
        if kind == "grids":
            community = write_features(tmp_path / "c.geojson", [(square(121.4, 31.3), KINDS[2][2])])
            store(database, BY, [judge("communities", community)], new_street=NEW)
        assert load(1)[1] is None
        counts, extra, revision = load(1, keep_all=True)
        assert (counts, extra) == ((0, 1, 0), {"更多": 1})
        assert load(1, keep_all=True) == ((0, 0, 1), {"更多": 1}, revision)
        assert load(2) == ((0, 0, 1), {"更多": 1}, revision)
        assert load(2, keep=("更多",)) == ((0, 1, 0), {"更多": 2}, revision + 1)
    finally:
        database.close()

"""Cases 18 to 20: addresses, duplicates, names and times."""

import datetime as dt
import random

import pandas as pd
import pytest
import shapely

from gridmap.load.checks.addresses import Address, parse_addresses
from gridmap.load.checks.aliases import parse_day, parse_moment, same_name, today_name, without_tail
from gridmap.load.known import Known, known_places
from load.files import codes, judge, square, write_csv, write_features


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("宝山区水产路2449弄58号", [Address("水产路", "2449", "58")]),
        ("上海市宝山区杨行镇水产路2449弄58、60号", [Address("水产路", "2449", "58"), Address("水产路", "2449", "60")]),
        ("延安中路100-104号", [Address("延安中路", "", n) for n in ("100", "102", "104")]),
        ("中山市东区街道花苑路８号；兴文路3号", [Address("花苑路", "", "8"), Address("兴文路", "", "3")]),
        ("花苑", []),
        ("", []),
    ],
)
def test_case_18_addresses_are_split_into_road_lane_and_number(text, found):
    assert parse_addresses(text) == found


def test_case_18_addresses_are_placed_by_known_places_or_queued(tmp_path):
    places = {"kind": ["building"], "name": ["58号"], "address": ["水产路2449弄58号"], "lon": [121.44], "lat": [31.37]}
    path = write_csv(
        tmp_path / "a.csv",
        "名称,地址,经度,纬度\n甲,宝山区水产路2449弄58号,,\n乙,水产路9999号,,\n丙,水产路1号,121.45,31.38\n",
    )
    checked = judge("facilities", path, Known(known_places(pd.DataFrame(places))))
    assert list(checked.frame["name"]) == ["甲", "丙"]
    assert [(point.x, point.y) for point in checked.frame.geometry] == [(121.44, 31.37), (121.45, 31.38)]
    assert [(finding.code, finding.raw) for finding in checked.rejected] == [("to_place_by_hand", "水产路9999号")]
    assert codes(checked.corrected) == ["placed_by_address"]


def test_case_18_addresses_without_any_position_column(tmp_path):
    checked = judge("facilities", write_csv(tmp_path / "a.csv", "名称,地址\n甲,水产路1号\n"))
    assert codes(checked.rejected) == ["to_place_by_hand"]


def test_case_19_duplicates_pieces_with_one_id_are_united(tmp_path):
    features = [
        (square(121.400, 31.3), {"id": 7, "name": ""}),
        (square(121.401, 31.3), {"id": 7, "name": "甲"}),
        (square(121.9, 31.3), {"id": 8, "name": "乙"}),
        (square(121.4, 31.9), {"id": 8, "name": "丙"}),
    ]
    checked = judge("buildings", write_features(tmp_path / "a.geojson", features))
    assert list(checked.frame["name"]) == ["甲", "乙"]
    assert checked.frame.geometry[0].area == pytest.approx(2e-6)
    assert checked.merged == 1
    assert codes(checked.corrected) == ["merged_pieces"]
    assert [(finding.code, finding.row) for finding in checked.rejected] == [("duplicate_id", 4)]


def test_case_19_duplicates_names_rows_and_stacked_points(tmp_path):
    path = write_csv(tmp_path / "a.csv", "名称,lon,lat\n甲 小区,121.4,31.3\n甲小区,121.5,31.3\n乙,121.4,31.3\n")
    checked = judge("estates", path)
    assert list(checked.frame["name"]) == ["甲 小区", "乙"]
    assert codes(checked.rejected) == ["duplicate_name"]
    assert "stacked_points" in codes(checked.warnings)
    assert codes(
        judge("facilities", write_csv(tmp_path / "b.csv", "名称,lon,lat\n甲,121.4,31.3\n甲,121.4,31.3\n")).rejected
    ) == ["duplicate_row"]


def test_case_19_duplicates_a_name_is_one_thing_in_one_file_whatever_its_brackets_say(tmp_path):
    path = write_csv(tmp_path / "a.csv", "编号,名称,lon,lat\n1,甲,121.4,31.3\n2,甲,121.5,31.3\n2,乙,121.6,31.3\n")
    checked = judge("estates", path)
    assert list(checked.frame["source_key"]) == ["id:1", "id:2"]  # two estates may bear one name where each has an id
    assert codes(checked.rejected) == ["duplicate_id"]


def test_case_19_duplicates_keys_survive_reordering_and_another_start_vertex(tmp_path):
    shapes = [square(121.4 + n / 100, 31.3) for n in range(20)]
    turned = [
        shapely.Polygon([*list(shape.exterior.coords)[2:-1], *list(shape.exterior.coords)[:3]]) for shape in shapes
    ]
    random.Random(3).shuffle(turned)
    first = judge("estates", write_features(tmp_path / "a.geojson", [(shape, {}) for shape in shapes]))
    again = judge("estates", write_features(tmp_path / "b.geojson", [(shape, {}) for shape in turned]))
    assert set(first.frame["source_key"]) == set(again.frame["source_key"])
    assert len(set(first.frame["source_key"])) == 20


def test_case_20_aliases_of_places():
    assert today_name("闸北区") == "静安区"
    assert same_name("崇明县", "崇明区")
    assert same_name("人民广场(公交站)", "人民 广场")
    assert not same_name("花苑一期", "花苑二期")
    assert without_tail("(全部)") == "(全部)"


@pytest.mark.parametrize(
    ("name", "on", "today"),
    [
        ("闸北区", dt.date(2015, 10, 12), "静安区"),
        ("闸北区", dt.date(2015, 10, 13), "闸北区"),
        ("闸北区", None, "静安区"),
        ("静安区", dt.date(2010, 1, 1), "静安区"),
        ("崇明县", dt.date(2016, 6, 7), "崇明区"),
        ("崇明县", dt.date(2020, 1, 1), "崇明县"),
        ("南汇区", dt.date(2009, 1, 1), "浦东新区"),
        ("卢湾区", dt.date(2012, 1, 1), "卢湾区"),
    ],
)
def test_case_20_aliases_hold_from_day_to_day(name, on, today):
    assert today_name(name, on) == today
    assert same_name("闸北区", "静安区", on) == (on is None or on < dt.date(2015, 10, 13))


def test_case_20_aliases_of_districts_that_have_ended_are_told(tmp_path):
    names = {"310108": "闸北区", "310106": "静安区", "310230": "崇明县"}
    features = [
        (square(121.4 + n / 10, 31.3), {"代码": code, "区县": name}) for n, (code, name) in enumerate(names.items())
    ]
    checked = judge("districts", write_features(tmp_path / "a.geojson", features))
    assert list(checked.frame["name"]) == list(names.values())
    told = [one for one in checked.warnings if one.code == "former_name"]
    assert [(one.row, one.params["today"], one.params["day"]) for one in told] == [
        (1, "静安区", "2015-10-13"),
        (3, "崇明区", "2016-06-08"),
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2020-03-01", (2020, 3, 1)),
        ("2020年3月1日", (2020, 3, 1)),
        ("20200301", (2020, 3, 1)),
        ("12/31/2020", (2020, 12, 31)),
        ("31/12/2020", (2020, 12, 31)),
        ("2020/3/1 08:30", (2020, 3, 1)),
        ("03/04/2020", None),
        ("2020-13-01", None),
        ("soon", None),
        ("5/5/2020", (2020, 5, 5)),
    ],
)
def test_case_20_aliases_of_days(text, day):
    assert parse_day(text) == (dt.date(*day) if day else None)


@pytest.mark.parametrize(("dates", "day"), [("dmy", (2020, 4, 3)), ("mdy", (2020, 3, 4)), (None, None)])
def test_case_20_aliases_of_days_as_the_source_writes_them(dates, day):
    assert parse_day("03/04/2020", dates) == (dt.date(*day) if day else None)
    assert parse_day("2020-03-04", dates) == dt.date(2020, 3, 4)
    assert parse_day("31/12/2020", "dmy") == dt.date(2020, 12, 31)
    assert parse_day("31/12/2020", "mdy") is None


def test_case_20_aliases_of_moments():
    assert parse_moment("2026-03-16 24:00").isoformat() == "2026-03-17T00:00:00+08:00"
    assert parse_moment("2026/3/16 9:05").isoformat() == "2026-03-16T09:05:00+08:00"
    assert parse_moment("2026-03-16T01:00:00Z").utcoffset() == dt.timedelta(0)
    assert parse_moment("2026-03-16 25:00") is None


def test_case_20_aliases_a_day_that_is_ambiguous_is_left_out_and_listed(tmp_path):
    path = write_csv(tmp_path / "a.csv", "名称,安装日期,lon,lat\n甲,03/04/2020,121.4,31.3\n乙,2020-03-04,121.4,31.4\n")
    checked = judge("facilities", path)
    assert list(checked.frame["installed_on"]) == [None, dt.date(2020, 3, 4)]
    assert [(finding.code, finding.raw) for finding in checked.corrected] == [("value_dropped", "03/04/2020")]

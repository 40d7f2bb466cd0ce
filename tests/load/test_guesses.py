"""What a file is taken for before its rows are judged: encoding, system, datum, columns, layers."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from gridmap.coords import Datum, coords_from_wgs84
from gridmap.load import KINDS, LoadError, Options, Remembered, guess, list_layers
from gridmap.load.known import Known, known_places
from load.files import codes, judge, pack, square, write_csv, write_features, write_shapefile, write_sheet

TOWN = shapely.box(121.3, 31.2, 121.5, 31.5)
KNOWN = Known(known_places(pd.DataFrame()), areas=(("东社区", shapely.box(121.4, 31.2, 121.5, 31.5)), ("杨行镇", TOWN)))


def chosen(choices):
    """The value that is chosen, and why; None where none is."""
    return next(((one.value, one.why) for one in choices if one.chosen), None)


def test_each_guess_shows_three_rows_and_the_place_that_it_would_give(tmp_path):
    lines = [f"小区{n},{121.36 + n / 100},31.3" for n in range(11)]
    path = write_csv(tmp_path / "a.csv", "小区名称,经度,纬度\n" + "\n".join(lines) + "\n", "gb18030")
    guesses = guess(path, KINDS["estates"], Options(), KNOWN)
    assert guesses.problem is None
    assert chosen(guesses.encodings) == ("gb18030", "fits")
    assert [row.text.split(",")[0] for row in guesses.encodings[1].rows] == ["小区名称", "小区0", "小区1"]
    assert {one.value: one.why for one in guesses.encodings}["utf-8"] == "no"
    assert chosen(guesses.systems) == ("EPSG:4326", "assumed")
    assert chosen(guesses.datums) == ("wgs84", "assumed")
    assert [(row.row, row.text, row.areas) for row in guesses.datums[0].rows] == [
        (2, "小区0", ("杨行镇",)),
        (7, "小区5", ("东社区", "杨行镇")),
        (12, "小区10", ("东社区", "杨行镇")),
    ]
    assert guesses.datums[0].rows[0].near == "上海"
    assert guesses.mapping == {"name": "小区名称", "lon": "经度", "lat": "纬度"}
    name = next(one for one in guesses.columns if one.target == "name")
    assert (name.why, name.cells) == ("synonym", ("小区0", "小区1", "小区2"))


def test_an_encoding_that_is_neither_is_asked_with_what_it_would_read(tmp_path):
    text = "名稱,經度,緯度\n國立臺灣大學圖書館,121.5,25.0\n臺北車站,121.5,25.0\n"
    path = write_csv(tmp_path / "a.csv", text, "big5")
    guesses = guess(path, KINDS["facilities"], Options())
    assert guesses.problem.code == "encoding_unknown"
    assert chosen(guesses.encodings) is None
    big5 = next(one for one in guesses.encodings if one.value == "big5")
    assert "國立臺灣大學圖書館" in big5.rows[1].text
    mapping = {"name": "名稱", "lon": "經度", "lat": "緯度"}
    said = guess(path, KINDS["facilities"], Options(encoding="big5", mapping=mapping))
    assert (said.problem, chosen(said.encodings)) == (None, ("big5", "said"))


def test_a_missing_system_is_asked_with_the_place_of_each(tmp_path):
    shape = shapely.box(641000, 3476000, 641100, 3476100)
    path = write_shapefile(tmp_path, [(shape, {"name": "甲"})], crs=None)
    guesses = guess(path, KINDS["estates"], Options(), KNOWN)
    assert guesses.problem.code == "crs_missing"
    assert chosen(guesses.systems) is None
    right = next(one for one in guesses.systems if one.value == "EPSG:4549")
    assert abs(right.rows[0].lon - 121.4835) < 0.002
    assert right.rows[0].areas == ("东社区", "杨行镇")
    said = guess(path, KINDS["estates"], Options(crs="EPSG:4549"), KNOWN)
    assert (said.problem, chosen(said.systems)) == (None, ("EPSG:4549", "said"))


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
def test_a_datum_is_guessed_from_names_sources_and_known_places(tmp_path, datum):
    true = np.random.default_rng(7).uniform((121.40, 31.30), (121.45, 31.35), (12, 2))
    shifted = coords_from_wgs84(true, datum)
    names = [f"小区{number}" for number in range(12)]
    lines = [f"{name},{lon:.7f},{lat:.7f}" for name, (lon, lat) in zip(names, shifted, strict=True)]
    path = write_csv(tmp_path / "a.csv", "name,lon,lat\n" + "\n".join(lines) + "\n")
    known = Known(known_places(pd.DataFrame({"name": names, "lon": true[:, 0], "lat": true[:, 1]})))
    guesses = guess(path, KINDS["facilities"], Options(), known)
    assert chosen(guesses.datums) == (datum.value, "shift")
    assert guesses.shift.metres > 300
    assert abs(guesses.datums[0].rows[0].lon - true[0, 0]) < 1e-5
    word = {Datum.GCJ02: "高德", Datum.BD09: "baidu"}[datum]
    assert chosen(guess(path, KINDS["facilities"], Options(source=word)).datums) == (datum.value, "name")
    again = guess(path, KINDS["facilities"], Options(), None, Remembered(datum=datum))
    assert chosen(again.datums) == (datum.value, "remembered")
    assert chosen(guess(path, KINDS["facilities"], Options(datum=Datum.WGS84), known).datums) == ("wgs84", "said")


def test_what_was_said_of_a_source_before_is_guessed_where_the_file_has_it(tmp_path):
    path = write_csv(tmp_path / "a.csv", "甲列,乙列,丙列\n好小区,121.4,31.3\n")
    before = Remembered({"name": "甲列", "lon": "乙列", "lat": "丙列", "address": "没有了"})
    assert guess(path, KINDS["estates"], Options()).problem.code == "no_position_columns"
    guesses = guess(path, KINDS["estates"], Options(), None, before)
    assert guesses.mapping == {"name": "甲列", "lon": "乙列", "lat": "丙列"}
    assert {one.why for one in guesses.columns if one.column} == {"remembered"}
    options = before.in_options(Options(source="房管"))
    checked = judge("estates", path, remembered=options.remembered, source="房管")
    assert list(checked.frame["name"]) == ["好小区"]
    assert "columns_remembered" in codes(checked.warnings)
    assert guess(path, KINDS["estates"], Options(mapping={"name": "乙列"}), None, before).mapping["name"] == "乙列"


def test_people_are_asked_for_columns_alone(tmp_path):
    path = write_sheet(tmp_path / "a.xlsx", [["姓名", "岗位"], ["甲", "网格员"]])
    guesses = guess(path, KINDS["people"], Options())
    assert (guesses.systems, guesses.datums, guesses.encodings) == ((), (), ())
    assert guesses.mapping == {"name": "姓名", "role": "岗位"}
    missing = guess(write_sheet(tmp_path / "b.xlsx", [["姓名", "别的"], ["甲", "乙"]]), KINDS["people"], Options())
    assert missing.problem.code == "column_missing"
    assert missing.free == ("别的",)
    assert missing.cells["别的"] == ("乙",)


def test_identity_numbers_are_masked_in_samples(tmp_path):
    path = write_csv(tmp_path / "a.csv", "名称,别的,lon,lat\n甲,11010519491231002X,121.4,31.3\n")
    assert "11010519491231002X" not in repr(guess(path, KINDS["facilities"], Options()))


def test_layers_sheets_and_members_are_listed_with_their_rows(tmp_path):
    frame = gpd.GeoDataFrame({"name": ["甲", "乙"]}, geometry=[square(121.4, 31.3)] * 2, crs=4326)
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(frame, path, layer="小区")
    assert list_layers(path) == ()
    pyogrio.write_dataframe(frame.head(1), path, layer="楼栋")
    assert [(one.name, one.rows) for one in list_layers(path)] == [("小区", 2), ("楼栋", 1)]
    book = write_sheet(tmp_path / "a.xlsx", [["名称"], ["甲"]])
    assert list_layers(book) == ()
    one = write_features(tmp_path / "一.geojson", [(square(121.4, 31.3), {})]).read_bytes()
    archive = pack(tmp_path / "a.zip", {"一.geojson": one, "里/二.geojson": one, "__MACOSX/._一.geojson": b""})
    assert [layer.name for layer in list_layers(archive)] == ["一.geojson", "里/二.geojson"]
    (tmp_path / "bad.zip").write_bytes(b"no")
    with pytest.raises(LoadError):
        list_layers(tmp_path / "bad.zip")

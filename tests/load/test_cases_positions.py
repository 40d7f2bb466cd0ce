"""Cases 1 to 5: where text and numbers come from and what they mean."""

import numpy as np
import pandas as pd
import pytest
import shapely

from gridmap.coords import Datum, coords_from_wgs84, coords_to_wgs84, distance_m
from gridmap.load import KINDS, LoadError, Options, guess
from gridmap.load.checks.crs import candidates
from gridmap.load.checks.encoding import choose_encoding, is_garbled
from gridmap.load.identity import hide_identity, holds_mobile
from gridmap.load.known import Known, known_places
from load.files import codes, judge, square, write_csv, write_features, write_shapefile, write_sheet


@pytest.mark.parametrize("wrong_cpg", [None, "UTF-8", "ISO-8859-1"])
def test_case_01_encoding_of_gbk_shapefile_with_no_or_wrong_cpg(tmp_path, wrong_cpg):
    rows = [(square(121.4, 31.3), {"NAME": "宝山区", "ADMINCODE": "310113"}),
            (square(121.6, 31.3), {"NAME": "杨浦区", "ADMINCODE": "310110"})]  # fmt: skip
    path = write_shapefile(tmp_path, rows, encoding="GB18030")
    if wrong_cpg:
        path.with_suffix(".cpg").write_text(wrong_cpg)
    checked = judge("districts", path)
    assert list(checked.frame["name"]) == ["宝山区", "杨浦区"]
    assert checked.reading.encoding == "gb18030"


def test_case_01_encoding_of_gbk_field_names(tmp_path):
    path = write_shapefile(tmp_path, [(square(121.4, 31.3), {"名称": "香逸湾", "户数": "58"})], encoding="GB18030")
    checked = judge("estates", path)
    assert list(checked.frame["name"]) == ["香逸湾"]
    assert list(checked.frame["declared_households"]) == [58]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_case_01_encoding_of_csv(tmp_path, encoding):
    path = write_csv(tmp_path / "a.csv", "名称,经度,纬度\n花苑㙍社区,113.4,22.5\n", encoding)
    assert list(judge("facilities", path).frame["name"]) == ["花苑㙍社区"]


def test_case_01_encoding_that_is_neither_is_asked_with_cells_in_three_readings(tmp_path):
    path = write_csv(tmp_path / "a.csv", "名稱,經度,緯度\n國立臺灣大學圖書館,121.5,25.0\n臺北車站,121.5,25.0\n", "big5")
    with pytest.raises(LoadError) as refused:
        judge("facilities", path)
    assert refused.value.code == "encoding_unknown"
    assert "big5: " in str(refused.value)
    assert "國立臺灣大學圖書館" in str(refused.value)
    checked = judge("facilities", path, encoding="big5", mapping={"name": "名稱", "lon": "經度", "lat": "緯度"})
    assert list(checked.frame["name"])[1] == "臺北車站"


def test_case_01_encoding_said_wrongly_is_refused_not_replaced(tmp_path):
    path = write_csv(tmp_path / "a.csv", "名称,经度,纬度\n花苑,113.4,22.5\n", "gb18030")
    for encoding, code in (("utf-8", "encoding_wrong"), ("martian", "encoding_word")):
        with pytest.raises(LoadError) as refused:
            judge("facilities", path, encoding=encoding)
        assert refused.value.code == code


def test_case_01_encoding_forgives_only_a_name_cut_at_the_full_width():
    whole = "第一社区居民委员".encode("gb18030")
    assert choose_encoding([whole[:-1]], width_of_cut=frozenset({len(whole) - 1})) == "gb18030"
    with pytest.raises(LoadError):
        choose_encoding([whole[:-1]], width_of_cut=frozenset({40}))


def test_case_01_encoding_lost_before_is_refused(tmp_path):
    for name in (
        "宝山\ufffd\ufffd",
        "宝山区杨行镇".encode().decode("latin-1"),
        "宝山区杨行镇".encode("gbk").decode("latin-1"),
    ):
        with pytest.raises(LoadError) as refused:
            judge("facilities", write_csv(tmp_path / "a.csv", f"name,lon,lat\n{name},121.4,31.3\n"))
        assert refused.value.code == "text_garbled"
    for name in ("", "Café Ähtäri", "Mannerheimintie", "Pääkäyttäjä", "宝山区"):
        assert not is_garbled(name)


@pytest.mark.parametrize("kept", ["宝山\ufffd", "宝山区杨行镇".encode().decode("latin-1")])
def test_case_01_encoding_lost_in_a_kept_column_is_refused_too(tmp_path, kept):
    path = write_csv(tmp_path / "a.csv", f"name,lon,lat,备注\n甲,121.4,31.3,{kept}\n")
    assert len(judge("facilities", path).frame) == 1
    for said in ({"keep_all": True}, {"keep": ("备注",)}):
        with pytest.raises(LoadError) as refused:
            judge("facilities", path, **said)
        assert refused.value.code == "text_garbled"


def test_case_01_encoding_is_shown_by_three_names_before_anything_is_written(tmp_path):
    names = ["宝山区", "杨浦区", "虹口区", "静安区"]
    rows = [(square(121.4 + n / 10, 31.3), {"NAME": name, "CODE": f"31011{n}"}) for n, name in enumerate(names)]
    guesses = guess(write_shapefile(tmp_path, rows, encoding="GB18030"), KINDS["districts"], Options())
    assert next(one.cells for one in guesses.columns if one.target == "name") == ("宝山区", "杨浦区", "虹口区")
    readings = {one.value: {row.text for row in one.rows} for one in guesses.encodings}
    assert len(readings["gb18030"]) == len(readings["utf-8"]) == 3
    assert readings["gb18030"] < set(names)


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
def test_case_02_datum_is_converted_as_said(tmp_path, datum):
    true = np.array([[121.43742, 31.37022]])
    lon, lat = coords_from_wgs84(true, datum)[0]
    path = write_csv(tmp_path / "a.csv", f"name,lon,lat\n香逸湾,{lon},{lat}\n")
    point = judge("facilities", path, datum=datum).frame.geometry[0]
    assert distance_m(np.array([[point.x, point.y]]), true)[0] < 1e-3


def test_case_02_datum_that_a_column_gives_away_must_be_said(tmp_path):
    path = write_csv(tmp_path / "a.csv", '名称,百度坐标\n天府广场,"104.073489,30.663309"\n')
    with pytest.raises(LoadError) as refused:
        judge("facilities", path)
    assert refused.value.code == "datum_hinted"
    assert "--datum bd09" in str(refused.value)
    assert "datum_converted" in codes(judge("facilities", path, datum=Datum.BD09).warnings)
    assert judge("facilities", path, datum=Datum.WGS84).frame.geometry[0].x == 104.073489


@pytest.mark.parametrize(
    ("source", "datum"), [("高德", "gcj02"), ("腾讯", "gcj02"), ("AMap", "gcj02"), ("百度", "bd09"), ("房管", "wgs84")]
)
def test_case_02_datum_is_asked_and_the_source_gives_the_first_offer(tmp_path, source, datum):
    path = write_csv(tmp_path / "a.csv", "name,lon,lat\n甲,121.4,31.3\n")
    guesses = guess(path, KINDS["facilities"], Options(source=source))
    assert [one.value for one in guesses.datums if one.chosen] == [datum]
    assert {one.value for one in guesses.datums} == {"wgs84", "gcj02", "bd09"}


@pytest.mark.parametrize("stored", list(Datum))
@pytest.mark.parametrize("said", [None, Datum.GCJ02, Datum.BD09])
def test_case_02_datum_chosen_wrongly_is_detected_by_known_places(tmp_path, stored, said):
    true = np.random.default_rng(7).uniform((121.40, 31.30), (121.45, 31.35), (12, 2))
    names = [f"小区{number}" for number in range(12)]
    shifted = coords_from_wgs84(true, stored)
    lines = [f"{name},{lon:.7f},{lat:.7f}" for name, (lon, lat) in zip(names, shifted, strict=True)]
    path = write_csv(tmp_path / "a.csv", "name,lon,lat\n" + "\n".join(lines) + "\n")
    known = Known(known_places(pd.DataFrame({"name": names, "lon": true[:, 0], "lat": true[:, 1]})))
    warnings = [
        warning for warning in judge("facilities", path, known, datum=said).warnings if warning.code == "datum_shift"
    ]
    if (said or Datum.WGS84) is stored:
        assert not warnings
    else:
        assert f"--datum {stored.value} explains it" in warnings[0].sentence()
        assert float(warnings[0].params["metres"]) == pytest.approx(moved_m(true, stored, said), abs=10)


def moved_m(true, stored, said):
    """How far positions of one datum lie from the truth when they are taken for another."""
    taken = coords_to_wgs84(coords_from_wgs84(true, stored), said or Datum.WGS84)
    return float(np.median(distance_m(taken, true)))


def houses(count=60, seed=3):
    """Houses without a name, all of other sizes, and what the register knows of them."""
    chance = np.random.default_rng(seed)
    at = chance.uniform((121.40, 31.30), (121.43, 31.33), (count, 2))
    wide, deep = chance.uniform(0.0001, 0.0004, (2, count))
    shapes = shapely.box(at[:, 0], at[:, 1], at[:, 0] + wide, at[:, 1] + deep)
    middles = shapely.get_coordinates(shapely.centroid(shapes))
    area = shapely.area(shapes)
    spots = pd.DataFrame({"kind": "building", "lon": middles[:, 0], "lat": middles[:, 1], "area": area})
    return shapes, Known(known_places(pd.DataFrame()), spots=spots)


@pytest.mark.parametrize("stored", list(Datum))
@pytest.mark.parametrize("said", [None, Datum.GCJ02, Datum.BD09])
def test_case_02_datum_chosen_wrongly_is_detected_by_overlap(tmp_path, stored, said):
    shapes, known = houses()
    # every third is new, and nothing has a name
    given = [*shapes[: len(shapes) * 2 // 3], *shapely.transform(shapes[40:], lambda c: np.add(c, (0.01, 0.013)))]
    moved = [shapely.transform(shape, lambda coords: coords_from_wgs84(coords, stored)) for shape in given]
    path = write_features(tmp_path / "a.geojson", [(shape, {}) for shape in moved])
    found = [one for one in judge("buildings", path, known, datum=said).warnings if one.code.startswith("datum_shift")]
    if (said or Datum.WGS84) is stored:
        assert not found
    else:
        assert codes(found) == ["datum_shift_overlap"]
        assert f"--datum {stored.value} explains it" in found[0].sentence()
        assert int(found[0].params["places"]) >= 35


def test_case_02_datum_of_other_houses_and_an_unknown_shift(tmp_path):
    shapes, known = houses()
    others, _ = houses(seed=4)
    path = write_features(tmp_path / "a.geojson", [(shape, {}) for shape in others])
    assert not [one for one in codes(judge("buildings", path, known).warnings) if one.startswith("datum_shift")]
    away = [(shapely.transform(shape, lambda c: np.add(c, (0.004, -0.004))), {}) for shape in shapes]
    warnings = judge("buildings", write_features(tmp_path / "b.geojson", away), known).warnings
    assert codes(warnings) == ["datum_shift_overlap_unknown"]
    assert float(warnings[0].params["metres"]) == pytest.approx(585, abs=15)


def test_case_02_datum_is_not_judged_by_names_that_stand_twice(tmp_path):
    true = np.random.default_rng(7).uniform((121.40, 31.30), (121.45, 31.35), (12, 2))
    names = [f"{number % 3}号楼" for number in range(12)]
    shifted = coords_from_wgs84(true, Datum.GCJ02)
    lines = [f"{name},{lon:.7f},{lat:.7f}" for name, (lon, lat) in zip(names, shifted, strict=True)]
    path = write_csv(tmp_path / "a.csv", "name,lon,lat\n" + "\n".join(lines) + "\n")
    known = Known(known_places(pd.DataFrame({"name": names, "lon": true[:, 0], "lat": true[:, 1]})))
    assert not [one for one in codes(judge("facilities", path, known).warnings) if one.startswith("datum_shift")]


def test_case_02_datum_of_names_with_tails_and_renamed_places(tmp_path):
    true = np.random.default_rng(7).uniform((121.40, 31.30), (121.45, 31.35), (6, 2))
    names = ["人民广场", "闸北区", "花苑", "香逸湾", "甲园", "乙园"]
    written = ["人民广场(公交站)", "静安区", "花 苑", "香逸湾（一期旁）", "甲园", "乙园"]
    shifted = coords_from_wgs84(true, Datum.BD09)
    lines = [f"{name},{lon:.7f},{lat:.7f}" for name, (lon, lat) in zip(written, shifted, strict=True)]
    path = write_csv(tmp_path / "a.csv", "name,lon,lat\n" + "\n".join(lines) + "\n")
    known = Known(known_places(pd.DataFrame({"name": names, "lon": true[:, 0], "lat": true[:, 1]})))
    shift = next(one for one in judge("facilities", path, known).warnings if one.code == "datum_shift")
    assert shift.params["places"] == "6"


def test_case_03_crs_missing_is_refused_with_candidates_and_their_places(tmp_path):
    path = write_shapefile(tmp_path, [(square(121.4, 31.3), {"name": "a"})], crs=None)
    with pytest.raises(LoadError) as refused:
        judge("estates", path)
    assert refused.value.code == "crs_missing"
    assert "EPSG:4326" in str(refused.value)
    assert "上海" in str(refused.value)
    assert len(judge("estates", path, crs="EPSG:4326").frame) == 1


@pytest.mark.parametrize(
    ("x", "y", "epsg", "hint"),
    [
        (41608.0 + 600_000, 3476870.0, 4549, "上海"),
        (40641608.0, 3476870.0, 4528, "上海"),
        (3476870.0, 40641608.0, 4528, "上海"),
    ],
)
def test_case_03_crs_candidates_come_from_the_ranges_of_the_numbers(x, y, epsg, hint):
    found = [candidate for candidate in candidates(x, y) if candidate.epsg == epsg]
    assert found
    assert found[0].near == hint
    assert abs(found[0].at.lon - 121.489) < 0.01


def test_case_03_crs_that_contradicts_the_numbers_is_refused(tmp_path):
    metres = shapely.box(641000, 3476000, 641100, 3476100)
    with pytest.raises(LoadError) as refused:
        judge("estates", write_shapefile(tmp_path, [(metres, {"name": "a"})], crs="EPSG:4326"))
    assert refused.value.code == "crs_contradicts"
    assert "EPSG:4549" in str(refused.value)


def test_case_03_crs_of_a_zone_is_converted_and_swapped_axes_are_found(tmp_path):
    right = shapely.box(641000, 3476000, 641100, 3476100)
    for shape, warns in ((right, False), (shapely.transform(right, lambda c: c[:, ::-1]), True)):
        checked = judge("estates", write_shapefile(tmp_path, [(shape, {"name": "a"})], crs="EPSG:4549"))
        assert abs(checked.frame.geometry[0].centroid.x - 121.4835) < 0.002
        assert checked.frame.crs.to_epsg() == 4326
        assert ("axes_swapped" in codes(checked.warnings)) is warns


@pytest.mark.parametrize("crs", ["EPSG:4214", "EPSG:4610"])
def test_case_03_crs_of_an_old_datum_warns_and_a_wrong_word_is_refused(tmp_path, crs):
    path = write_shapefile(tmp_path, [(square(121.4, 31.3), {"name": "a"})], crs=crs)
    assert "crs_old_datum" in codes(judge("estates", path).warnings)
    with pytest.raises(LoadError) as refused:
        judge("estates", path, crs="EPSG:notone")
    assert refused.value.code == "crs_word"


def test_case_03_crs_of_a_city_without_parameters_is_refused(tmp_path):
    local = 'LOCAL_CS["Shanghai City 2000",UNIT["metre",1],AXIS["East",EAST],AXIS["North",NORTH]]'
    path = write_shapefile(tmp_path, [(shapely.box(1000, 2000, 1100, 2100), {"name": "a"})], crs=None)
    path.with_suffix(".prj").write_text(local)
    with pytest.raises(LoadError) as refused:
        judge("estates", path)
    assert refused.value.code in ("crs_local", "crs_missing")
    assert "control points" in str(refused.value)


def test_case_03_crs_called_as_esri_calls_cgcs2000(tmp_path):
    esri = (
        'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
        'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
    )
    path = write_shapefile(tmp_path, [(square(121.4, 31.3), {"name": "a"})], crs=None)
    path.with_suffix(".prj").write_text(esri)
    checked = judge("estates", path)
    assert abs(checked.frame.geometry[0].centroid.x - 121.4005) < 1e-9
    assert "crs_old_datum" not in codes(checked.warnings)


def test_case_04_swapped_pairs_are_turned_row_by_row_and_marked(tmp_path):
    path = write_csv(tmp_path / "a.csv", "name,lon,lat\na,121.4,31.3\nb,31.3,121.4\n")
    checked = judge("facilities", path)
    assert [(point.x, point.y) for point in checked.frame.geometry] == [(121.4, 31.3)] * 2
    assert [(finding.code, finding.row) for finding in checked.corrected] == [("swapped", 3)]


def test_case_04_swapped_polygons_too_and_other_countries_are_left_alone(tmp_path):
    turned = shapely.transform(square(121.4, 31.3), lambda coords: coords[:, ::-1])
    checked = judge(
        "estates",
        write_features(tmp_path / "a.geojson", [(turned, {"name": "a"}), (square(24.9, 60.1), {"name": "b"})]),
    )
    assert [round(shape.centroid.x) for shape in checked.frame.geometry] == [121, 25]


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        ("0", "0", "null_island"),
        ("", "", "no_position"),
        ("121.4", "", "no_position"),
        ("13912345678", "31.2", "phone_in_coordinate"),
        ("021-62345678", "31.2", "phone_in_coordinate"),
        ("310113198001011234", "31.2", "not_a_coordinate"),
        ("暂无", "31.2", "not_a_coordinate"),
        ("999", "31.2", "not_a_coordinate"),
    ],
)
def test_case_05_no_position_is_listed_and_never_drawn(tmp_path, lon, lat, code):
    path = write_csv(tmp_path / "a.csv", f"name,lon,lat\n好,121.4,31.3\n坏,{lon},{lat}\n")
    checked = judge("facilities", path)
    assert list(checked.frame["name"]) == ["好"]
    assert [(finding.code, finding.row, finding.name) for finding in checked.rejected] == [(code, 3, "坏")]


@pytest.mark.parametrize(
    "shape", [shapely.Point(0, 0), square(0, 0), shapely.Polygon([(0, 0), (121.4, 31.3), (121.401, 31.3)])]
)
def test_case_05_no_position_in_a_file_of_geometries_is_listed_and_never_drawn(tmp_path, shape):
    features = [(shape, {"name": "坏"}), (shapely.set_precision(square(121.5, 31.3), 0), {"name": "好"})]
    kind = "facilities" if shape.geom_type == "Point" else "buildings"
    checked = judge(kind, write_features(tmp_path / "a.geojson", features))
    assert list(checked.frame["name"]) == ["好"]
    assert [(finding.code, finding.row, finding.name) for finding in checked.rejected] == [("null_island", 1, "坏")]


def test_case_05_no_position_in_a_cell_of_wkt_is_never_drawn(tmp_path):
    path = write_csv(tmp_path / "a.csv", "name,geometry\n坏,POINT (0 0)\n好,POINT (121.4 31.3)\n")
    checked = judge("facilities", path)
    assert [codes(checked.rejected), list(checked.frame["name"])] == [["null_island"], ["好"]]


MOBILE = "13912345678"


def test_case_05_no_position_and_mobile_numbers_are_told_and_never_shown_whole(tmp_path):
    rows = [f"好,121.4,31.3,{MOBILE},张 {MOBILE}", f"坏,{MOBILE},31.2,,", "无,121.5,31.3,021-62345678,x"]
    path = write_csv(tmp_path / "a.csv", "name,lon,lat,联系,备注\n" + "\n".join(rows) + "\n")
    kept = judge("facilities", path, keep_all=True)
    told = [(one.params["column"], one.params["rows"]) for one in kept.warnings if one.code == "mobile_numbers"]
    assert told == [("联系", "1"), ("备注", "1")]
    assert [(one.code, one.raw) for one in kept.rejected] == [("phone_in_coordinate", "139****5678, 31.2")]
    assert MOBILE not in repr([kept.rejected, kept.corrected, kept.warnings])
    assert "mobile_numbers" not in codes(judge("facilities", path).warnings)  # what is not kept goes nowhere


def test_case_05_no_position_and_mobile_numbers_in_columns_of_ours(tmp_path):
    cells = [["名称", "地址", "lon", "lat"], [f"甲{MOBILE}", int(MOBILE), 121.4, 31.3]]
    numbers = write_sheet(tmp_path / "a.xlsx", cells)
    warnings = [one for one in judge("facilities", numbers).warnings if one.code == "mobile_numbers"]
    assert [one.params["column"] for one in warnings] == ["名称", "地址"]
    facts = {"name": "way/13912345678", "id": 13912345678, "v": 1.1}
    ids = write_features(tmp_path / "a.geojson", [(shapely.Point(121.4, 31.3), facts)])
    assert "mobile_numbers" not in codes(judge("facilities", ids, keep_all=True).warnings)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"张 {MOBILE}.", "张 139****5678."),
        ("+86 139-1234-5678", "+86 139****5678"),
        ("139 1234 5678；021-62345678", "139****5678；021-62345678"),
        ("way/13912345678", "way/13912345678"),
        ("id:13912345678", "id:13912345678"),
        ("121.13912345678", "121.13912345678"),
        ("13912345678.25", "13912345678.25"),
        ("213912345678", "213912345678"),
    ],
)
def test_case_05_no_position_and_mobile_numbers_are_masked_where_ids_are_not(text, shown):
    assert hide_identity(text) == shown
    assert holds_mobile(text) is (shown != text)

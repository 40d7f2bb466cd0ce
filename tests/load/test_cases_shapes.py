"""Cases 6 to 11: outlines, damage, loose formats, archives."""

import dataclasses
import gzip
import json

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from gridmap.load import LoadError, nothing_known
from load.files import codes, judge, pack, square, write_csv, write_features, write_shapefile


def test_case_06_outside_of_the_outline_by_more_than_two_kilometres_is_refused(tmp_path):
    path = write_csv(
        tmp_path / "a.csv", "name,lon,lat\nin,121.41,31.31\nnear,121.43,31.31\nfar,121.46,31.31\nother,87.6,43.8\n"
    )
    checked = judge("facilities", path, within=shapely.box(121.40, 31.30, 121.42, 31.32))
    assert list(checked.frame["name"]) == ["in", "near"]
    assert [(finding.code, finding.name) for finding in checked.rejected] == [("outside", "far"), ("outside", "other")]
    assert [(one.name, one.code) for one in checked.unplaced] == [("far", "outside"), ("other", "outside")]


def test_case_06_outside_of_the_street_that_is_loaded_into(tmp_path):
    path = write_csv(tmp_path / "a.csv", "name,lon,lat\nin,121.41,31.31\nother,87.6,43.8\n")
    known = dataclasses.replace(nothing_known(), outline=shapely.box(121.40, 31.30, 121.42, 31.32))
    checked = judge("facilities", path, known)
    assert ([*checked.frame["name"]], codes(checked.rejected)) == (["in"], ["outside"])
    assert [one.name for one in checked.unplaced] == ["other"]


OPEN_RING = {"type": "Polygon", "coordinates": [[[121.4, 31.3], [121.401, 31.3], [121.401, 31.301], [121.4, 31.301]]]}


def test_case_07_rings_are_closed_repaired_or_refused(tmp_path):
    bow_tie = shapely.Polygon([(121.4, 31.3), (121.41, 31.31), (121.41, 31.3), (121.4, 31.31)])
    spike = shapely.Polygon([(121.4, 31.3), (121.41, 31.3), (121.41, 31.31), (121.41, 31.3), (121.4, 31.3)])
    short = {"type": "Polygon", "coordinates": [[[121.4, 31.3], [121.5, 31.3], [121.4, 31.3]]]}
    features = [(OPEN_RING, {}), (bow_tie, {}), (spike, {}), (short, {}), (square(121.5, 31.3), {})]
    checked = judge("estates", write_features(tmp_path / "a.geojson", features))
    assert len(checked.frame) == 3
    assert checked.frame.geometry.is_valid.all()
    assert set(checked.frame.geom_type) <= {"Polygon", "MultiPolygon"}
    assert [(finding.code, finding.row) for finding in checked.rejected] == [
        ("ring_without_area", 3),
        ("ring_too_short", 4),
    ]
    assert {(finding.code, finding.row) for finding in checked.corrected} >= {("ring_closed", 1)}
    assert any(finding.code.startswith("ring_repaired") and finding.row == 2 for finding in checked.corrected)


def test_case_07_rings_that_are_no_holes_are_left_out_and_told(tmp_path):
    outer = [[121.4, 31.3], [121.41, 31.3], [121.41, 31.31], [121.4, 31.31], [121.4, 31.3]]
    polygon = {"type": "Polygon", "coordinates": [outer, [[121.401, 31.301], [121.402, 31.301], [121.401, 31.301]]]}
    checked = judge("estates", write_features(tmp_path / "a.geojson", [(polygon, {})]))
    assert codes(checked.corrected) == ["hole_dropped"]
    assert len(checked.frame.geometry[0].interiors) == 0


def test_case_07_rings_whose_area_changes_by_more_than_a_hundredth_are_told(tmp_path):
    loop = [(121.4, 31.3), (121.41, 31.3), (121.41, 31.31), (121.404, 31.31), (121.404, 31.295), (121.4, 31.31)]
    checked = judge("estates", write_features(tmp_path / "a.geojson", [(shapely.Polygon(loop), {})]))
    assert codes(checked.corrected) == ["ring_repaired_area"]
    before, after = (float(checked.corrected[0].params[name]) for name in ("before", "after"))
    assert abs(after - before) > 0.01 * before


KML = (
    '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
    "<Document>{folders}</Document></kml>"
)
FOLDER = (
    '<Folder><name>{name}</name><Placemark id="p7"><name>甲小区</name><description>好</description><ExtendedData>'
    '<Data name="户数"><value>58</value></Data><SchemaData><SimpleData name="物业公司">好物业</SimpleData></SchemaData>'
    "</ExtendedData>{shape}</Placemark></Folder>"
)
AREA = (
    "<Polygon><outerBoundaryIs><LinearRing><coordinates>121.4,31.3,5 121.401,31.3,5 121.401,31.301,5 121.4,31.301,5"
    "</coordinates></LinearRing></outerBoundaryIs></Polygon>"
)


def write_kml(path, *folders):
    path.write_text(KML.format(folders="".join(FOLDER.format(name=n, shape=s) for n, s in folders)), encoding="utf-8")
    return path


def test_kml_keeps_its_own_fields_and_its_folders_are_layers(tmp_path):
    checked = judge("estates", write_kml(tmp_path / "a.kml", ("小区", AREA)), keep=("description",))
    row = checked.frame.iloc[0]
    assert (row["name"], row["declared_households"], row["property"]) == ("甲小区", 58, "好物业")
    assert (row["source_key"], row["@kept"]) == ("id:p7", {"description": "好"})
    assert codes(checked.corrected) == ["ring_closed"]
    path = write_kml(tmp_path / "b.kml", ("小区", AREA), ("点", "<Point><coordinates>121.4,31.3</coordinates></Point>"))
    with pytest.raises(LoadError) as refused:
        judge("estates", path)
    assert "小区 (1), 点 (1)" in str(refused.value)
    assert judge("estates", path, layer="点").frame.geometry[0].geom_type == "Point"


def test_kml_with_a_bad_position_costs_one_row_and_damage_is_a_sentence(tmp_path):
    bad = "<Point><coordinates>hier,dort</coordinates></Point>"
    multi = f"<MultiGeometry>{AREA}{AREA.replace('121.4', '121.6')}</MultiGeometry>"
    one = FOLDER.format(name="a", shape=multi).replace("</Folder>", "")
    other = FOLDER.format(name="", shape=bad).replace("<Folder><name></name>", "")
    path = tmp_path / "a.kml"
    path.write_text(KML.format(folders=one + other), encoding="utf-8")
    checked = judge("estates", path)
    assert [shape.geom_type for shape in checked.frame.geometry] == ["MultiPolygon"]
    assert [(finding.code, finding.raw) for finding in checked.rejected] == [("unreadable_geometry", "hier,dort")]
    path.write_text("<kml><Placemark>")
    with pytest.raises(LoadError) as refused:
        judge("estates", path)
    assert refused.value.code == "unreadable_file"


def test_flatgeobuf_and_a_geopackage_with_several_layers_listed_with_counts(tmp_path):
    frame = gpd.GeoDataFrame({"名称": ["甲", "乙"]}, geometry=[square(121.4, 31.3), square(121.5, 31.3)], crs=4326)
    pyogrio.write_dataframe(frame, tmp_path / "a.fgb")
    assert set(judge("estates", tmp_path / "a.fgb").frame["name"]) == {"甲", "乙"}
    pyogrio.write_dataframe(frame, tmp_path / "a.gpkg", layer="小区")
    pyogrio.write_dataframe(frame.head(1), tmp_path / "a.gpkg", layer="旧小区")
    with pytest.raises(LoadError) as refused:
        judge("estates", tmp_path / "a.gpkg")
    assert refused.value.code == "layer_choice"
    assert "小区 (2), 旧小区 (1)" in str(refused.value)
    assert len(judge("estates", tmp_path / "a.gpkg", layer="旧小区").frame) == 1
    with pytest.raises(LoadError) as refused:
        judge("estates", tmp_path / "a.gpkg", layer="无")
    assert refused.value.code == "layer_unknown"


def test_osm_gz_is_read(tmp_path):
    nodes = "".join(
        f'<node id="{n}" version="1" lon="{lon}" lat="{lat}"/>'
        for n, (lon, lat) in enumerate([(121.4, 31.3), (121.41, 31.3), (121.41, 31.31)], start=1)
    )
    refs = "".join(f'<nd ref="{n}"/>' for n in (1, 2, 3, 1))
    tags = '<tag k="landuse" v="residential"/><tag k="name" v="甲小区"/>'
    text = f'<osm version="0.6">{nodes}<way id="9" version="1">{refs}{tags}</way></osm>'
    path = tmp_path / "a.osm.gz"
    path.write_bytes(gzip.compress(text.encode()))
    checked = judge("estates", path)
    assert list(zip(checked.frame["name"], checked.frame["source_key"], strict=True)) == [("甲小区", "id:way/9")]


@pytest.mark.parametrize("name", ["a.vrt", "a.gml", "a.sqlite", "a", "a.exe"])
def test_a_kind_of_file_that_nobody_knows_is_refused_with_the_way_out(tmp_path, name):
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(LoadError) as refused:
        judge("estates", tmp_path / name)
    assert refused.value.code == "refused_unknown"


@pytest.mark.parametrize("name", ["a.gpkg", "a.fgb", "a.shp"])
def test_a_virtual_layer_under_another_name_is_never_followed(tmp_path, name):
    secret = write_csv(tmp_path / "secret.csv", "name,lon,lat\n秘密,121.4,31.3\n")
    layer = f'<OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>'
    (tmp_path / name).write_text(f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>")
    with pytest.raises(LoadError) as refused:
        judge("estates", tmp_path / name)
    assert refused.value.code == "unreadable_file"


def test_case_08_unreadable_geometry_costs_one_row_not_the_file(tmp_path):
    path = tmp_path / "a.gpkg"
    frame = gpd.GeoDataFrame({"name": ["a", "b", "c"]}, geometry=[square(121.4, 31.3)] * 3, crs=4326)
    pyogrio.write_dataframe(frame, path)
    broken = bytes.fromhex("0103000000010000000200000000000000000000000000000000000000") + bytes(16)
    unclosed = shapely.to_wkb(square(121.4, 31.3))[:-16] + np.array([121.4005, 31.2995]).tobytes()
    import sqlite3

    with sqlite3.connect(path) as base:
        blob = base.execute("SELECT geom FROM a WHERE fid = 1").fetchone()[0]
        head = blob[: blob.find(shapely.to_wkb(square(121.4, 31.3)))]
        for trigger in [row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            base.execute(f'DROP TRIGGER "{trigger}"')
        base.execute("UPDATE a SET geom = ? WHERE fid = 1", (head + unclosed,))
        base.execute("UPDATE a SET geom = ? WHERE fid = 2", (head + broken,))
    checked = judge("estates", path)
    assert list(checked.frame["name"]) == ["a", "c"]
    assert [(finding.code, finding.row) for finding in checked.corrected] == [("ring_closed", 1)]
    assert [finding.row for finding in checked.rejected] == [2]


@pytest.mark.parametrize(
    "text",
    [
        '[{"geometry": %s, "name": "a"}]',
        'var data = [{"geometry": %s, "name": "a"}];',
        'export default {"features": [{"type": "Feature", "geometry": %s, "properties": {"name": "a"}}]};',
        'callback({"type": "Feature", "geometry": %s, "properties": {"name": "a"}});',
        '\ufeff{"type": "Feature", "geometry": %s, "properties": {"name": "a"}}',
        '{"type": "Feature", "geometry": %s, "properties": {"name": "a"}}\n{"geometry": null, "properties": {}}',
    ],
)
def test_case_09_loose_geojson_is_read(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text % json.dumps(OPEN_RING), encoding="utf-8")
    checked = judge("estates", path)
    assert list(checked.frame["name"]) == ["a"]


@pytest.mark.parametrize(
    "cell", ["POINT (121.4 31.3)", "SRID=4326;POINT (121.4 31.3)", '{"type": "Point", "coordinates": [121.4, 31.3]}',
             shapely.to_wkb(shapely.Point(121.4, 31.3), hex=True)],
)  # fmt: skip
def test_case_09_loose_geojson_and_wkt_in_a_cell(tmp_path, cell):
    quoted = cell.replace('"', '""')
    path = write_csv(tmp_path / "a.csv", f'name,geometry\na,"{quoted}"\nb,nonsense\n')
    checked = judge("facilities", path)
    assert [(point.x, point.y) for point in checked.frame.geometry] == [(121.4, 31.3)]
    assert [(finding.code, finding.raw) for finding in checked.rejected] == [("unreadable_geometry", "nonsense")]


@pytest.mark.parametrize("cell", ["121.4,31.3", "121.4，31.3", "(121.4 31.3)", "[121.4, 31.3]", "121.4;31.3"])
def test_case_09_loose_geojson_pair_in_one_cell(tmp_path, cell):
    checked = judge("facilities", write_csv(tmp_path / "a.csv", f'name,坐标\na,"{cell}"\n'))
    assert [(point.x, point.y) for point in checked.frame.geometry] == [(121.4, 31.3)]


def test_case_09_loose_geojson_that_is_none_names_the_byte(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text('{"名称": 1, oops}', encoding="utf-8")
    with pytest.raises(LoadError) as refused:
        judge("estates", path)
    assert refused.value.code == "not_json"
    assert "byte 14" in str(refused.value)
    assert "oops" in str(refused.value)


def test_case_10_shapes_of_a_mixed_file_are_sorted(tmp_path):
    high = shapely.force_3d(square(121.41, 31.3), 12.0)
    features = [
        (square(121.4, 31.3), {"name": "area"}),
        (high, {"name": "high"}),
        (shapely.MultiPolygon([square(121.42, 31.3), square(121.43, 31.3)]), {"name": "multi"}),
        (shapely.Point(121.4, 31.3), {"name": "label"}),
        (shapely.LineString([(121.4, 31.3), (121.5, 31.3)]), {"name": "line"}),
        (shapely.Polygon(), {"name": "empty"}),
        (None, {"name": "none"}),
        (shapely.GeometryCollection([shapely.Point(1, 2), square(121.4, 31.3)]), {"name": "collection"}),
    ]
    checked = judge("buildings", write_features(tmp_path / "a.geojson", features))
    assert list(checked.frame["name"]) == ["area", "high", "multi"]
    assert not checked.frame.geometry.has_z.any()
    assert {finding.name: finding.code for finding in checked.rejected} == {
        "label": "label_point",
        "line": "wrong_shape",
        "empty": "empty_geometry",
        "none": "no_geometry",
        "collection": "mixed_collection",
    }
    assert "POINT (121.4 31.3)" in {finding.raw for finding in checked.rejected}


def test_case_10_shapes_estates_may_be_points_but_not_labels_among_outlines(tmp_path):
    points = [(shapely.Point(121.4 + n / 100, 31.3), {"name": f"点{n}"}) for n in range(3)]
    assert len(judge("estates", write_features(tmp_path / "a.geojson", points)).frame) == 3
    mixed = [*points[:1], (square(121.5, 31.3), {"name": "甲"}), (square(121.6, 31.3), {"name": "乙"})]
    assert codes(judge("estates", write_features(tmp_path / "b.geojson", mixed)).rejected) == ["label_point"]


def shapefile_members(folder, skip=()):
    path = write_shapefile(folder, [(square(121.4, 31.3), {"name": "香逸湾"})], encoding="GB18030")
    return {
        f"小区/{part.name}": part.read_bytes()
        for part in folder.iterdir()
        if part.suffix not in skip and part.stem == path.stem
    }


@pytest.mark.parametrize("windows", [True, False])
def test_case_11_archives_with_gbk_names_folders_and_forks(tmp_path, windows):
    members = shapefile_members(tmp_path) | {"__MACOSX/小区/._层.shp": b"junk", ".DS_Store": b"junk"}
    checked = judge("estates", pack(tmp_path / "a.zip", members, windows=windows))
    assert list(checked.frame["name"]) == ["香逸湾"]


@pytest.mark.parametrize("gone", [".shx", ".dbf"])
def test_case_11_archives_without_a_part_are_restored_or_told(tmp_path, gone):
    checked = judge("estates", pack(tmp_path / "a.zip", shapefile_members(tmp_path, (gone,))))
    assert len(checked.frame) == 1
    assert ("no_dbf" in codes(checked.warnings)) is (gone == ".dbf")


def test_case_11_archives_missing_shx_beside_a_plain_file_writes_nothing_there(tmp_path):
    path = write_shapefile(tmp_path, [(square(121.4, 31.3), {"name": "a"})])
    path.with_suffix(".shx").unlink()
    before = sorted(tmp_path.iterdir())
    assert len(judge("estates", path).frame) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_case_11_archives_with_several_layers_ask(tmp_path):
    one = write_features(tmp_path / "一.geojson", [(square(121.4, 31.3), {"name": "a"})]).read_bytes()
    path = pack(tmp_path / "a.zip", {"一.geojson": one, "二.geojson": one})
    with pytest.raises(LoadError) as refused:
        judge("estates", path)
    assert refused.value.code == "layer_choice"
    assert "一.geojson, 二.geojson" in str(refused.value)
    assert len(judge("estates", path, layer="二").frame) == 1


@pytest.mark.parametrize("name", ["a.rar", "a.7z", "a.tar"])
def test_case_11_archives_of_other_kinds_are_refused_with_the_way_out(tmp_path, name):
    (tmp_path / name).write_bytes(b"Rar!\x1a\x07\x01\x00")
    with pytest.raises(LoadError) as refused:
        judge("estates", tmp_path / name)
    assert refused.value.code == "refused_archive"
    assert "pack it as .zip" in str(refused.value)


def test_case_11_archives_that_are_kmz(tmp_path):
    body = KML.format(folders=FOLDER.format(name="小区", shape=AREA)).encode()
    checked = judge("estates", pack(tmp_path / "a.kmz", {"doc.kml": body, "files/icon.png": b"x"}))
    assert list(checked.frame["name"]) == ["甲小区"]
    with pytest.raises(LoadError) as refused:
        judge("estates", pack(tmp_path / "b.kmz", {"../doc.kml": body}))
    assert refused.value.code == "zip_escape"


@pytest.mark.parametrize(
    "name", ["../a.geojson", "/etc/a.geojson", "x/../../a.geojson", "C:\\a.geojson", "..\\a.geojson"]
)
def test_case_11_archives_that_lead_out_are_refused(tmp_path, name):
    with pytest.raises(LoadError) as refused:
        judge("estates", pack(tmp_path / "a.zip", {name: b"[]"}))
    assert refused.value.code == "zip_escape"


def test_case_11_archives_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("gridmap.load.checks.archives.MOST_BYTES", 1_000_000)
    with pytest.raises(LoadError) as refused:
        judge("estates", pack(tmp_path / "a.zip", {"a.geojson": b" " * 3_000_000}))
    assert refused.value.code == "too_large"
    with pytest.raises(LoadError) as refused:
        judge("estates", pack(tmp_path / "b.zip", {"readme.txt": b"nothing"}))
    assert refused.value.code == "zip_empty"

"""Datums, boxes, zones: against two other implementations, reference vectors and laws that must always hold."""

import contextlib
import csv
from pathlib import Path

import coord_convert.transform as other
import geocoordinates_ffi as exact
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coords import (
    BBox,
    CoordError,
    Datum,
    LonLat,
    area_m2,
    coords_from_wgs84,
    coords_to_wgs84,
    distance_m,
    length_m,
    measuring_epsg,
    parse_bbox,
    parse_datum,
    to_wgs84,
    to_wgs84_point,
    zone_epsg,
)

# computed with two public implementations that agree: WGS 84, GCJ-02, BD-09
VECTORS = (
    ((121.43742, 31.37022), (121.44205055465, 31.368412123725), (121.448468032205, 31.37477720388)),
    ((113.40426, 22.51694), (113.409743033483, 22.514252436268), (113.416170772293, 22.520546701515)),
    ((114.256, 30.585), (114.26141439058, 30.5825347648), (114.267859215223, 30.588679625795)),
    ((111.2839, 30.71606), (111.289556053123, 30.713629386801), (111.296128444447, 30.719342464058)),
    ((116.3912, 39.9073), (116.397441103527, 39.908701219353), (116.403814125711, 39.915044427788)),
    ((75.989, 39.47), (75.99195233918, 39.470224502535), (75.998455729492, 39.476196723271)),
    ((105.0, 35.0), (105.003286241457, 34.999098632235), (105.009666828319, 35.005403668457)),
    ((139.6917, 35.6895), (139.6917, 35.6895), (139.698122526263, 35.695845452841)),
    ((24.94, 60.17), (24.94, 60.17), (24.94641357399, 60.176046647823)),
)
REALDATA = Path(__file__).parents[2] / "shared" / "realdata"
elsewhere = st.tuples(st.one_of(st.floats(-180, 72), st.floats(138, 180)), st.floats(-85, 85))
chinese = st.tuples(st.floats(73.5, 134.5), st.floats(18.0, 53.5))


def rows(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, dtype=float)


@pytest.mark.parametrize(("wgs", "gcj", "bd"), VECTORS)
def test_the_reference_vectors_are_met_both_ways(wgs, gcj, bd):
    assert distance_m(coords_from_wgs84(rows(wgs), Datum.GCJ02), rows(gcj))[0] < 1e-6
    assert distance_m(coords_from_wgs84(rows(wgs), Datum.BD09), rows(bd))[0] < 1e-6
    assert distance_m(coords_to_wgs84(rows(gcj), Datum.GCJ02), rows(wgs))[0] < 1e-4
    assert distance_m(coords_to_wgs84(rows(bd), Datum.BD09), rows(wgs))[0] < 1e-4


@given(chinese)
def test_the_forward_formula_equals_two_other_implementations(point):
    lon, lat = point
    theirs = other.wgs2gcj(lon, lat)
    also = exact.wgs84_to_gcj02(exact.Wgs84(lon=lon, lat=lat))
    ours = coords_from_wgs84(rows(point), Datum.GCJ02)
    assert distance_m(ours, rows(theirs))[0] < 1e-6
    assert distance_m(ours, rows((also.lon, also.lat)))[0] < 1e-6
    baidu = coords_from_wgs84(rows(point), Datum.BD09)
    assert distance_m(baidu, rows(other.wgs2bd(lon, lat)))[0] < 1e-6


@given(chinese)
def test_the_inverse_equals_the_refined_one_of_another_implementation(point):
    lon, lat = point
    theirs = exact.gcj02_to_wgs84_refined(exact.Gcj02(lon=lon, lat=lat))
    assert distance_m(coords_to_wgs84(rows(point), Datum.GCJ02), rows((theirs.lon, theirs.lat)))[0] < 1e-3
    theirs = exact.bd09_to_wgs84_refined(exact.Bd09(lon=lon, lat=lat))
    assert distance_m(coords_to_wgs84(rows(point), Datum.BD09), rows((theirs.lon, theirs.lat)))[0] < 1e-3


@pytest.mark.parametrize("datum", list(Datum))
def test_ten_thousand_random_points_come_back_within_a_millimetre(datum):
    points = np.random.default_rng(20260316).uniform((73.5, 18.0), (134.5, 53.5), (10_000, 2))
    back = coords_to_wgs84(coords_from_wgs84(points, datum), datum)
    assert distance_m(points, back).max() <= 1e-3


@given(chinese)
def test_gcj02_shifts_by_tens_to_hundreds_of_metres(point):
    assert 5 < distance_m(rows(point), coords_from_wgs84(rows(point), Datum.GCJ02))[0] < 800


@pytest.mark.skipif(not REALDATA.exists(), reason="the folder of real files is not here")
def test_the_published_reference_table_is_met():
    with (REALDATA / "gcj02_reference.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            wgs = rows((float(row["wgs84_lon"]), float(row["wgs84_lat"])))
            for datum, word in ((Datum.GCJ02, "gcj02"), (Datum.BD09, "bd09")):
                printed = rows((float(row[f"{word}_lon"]), float(row[f"{word}_lat"])))
                # the table has nine decimals, which is a tenth of a millimetre
                assert distance_m(coords_from_wgs84(wgs, datum), printed)[0] < 1e-4, row["name"]


@pytest.mark.parametrize("datum", list(Datum))
def test_nan_stays_nan_and_its_neighbour_is_untouched(datum):
    mixed = rows((np.nan, np.nan), (121.44, 31.37))
    alone = coords_to_wgs84(mixed[1:], datum)
    result = coords_to_wgs84(mixed, datum)
    assert np.isnan(result[0]).all()
    assert np.array_equal(result[1:], alone)
    assert np.isnan(coords_from_wgs84(mixed, datum)[0]).all()


@given(
    st.one_of(st.tuples(st.floats(-180, 72), st.floats(-85, 85)), st.tuples(st.floats(138, 180), st.floats(-85, 85)))
)
def test_outside_the_rectangle_gcj02_changes_nothing(point):
    assert np.array_equal(coords_to_wgs84(rows(point), Datum.GCJ02), rows(point))
    assert np.array_equal(coords_from_wgs84(rows(point), Datum.GCJ02), rows(point))


def test_the_given_array_is_never_changed():
    given_points = rows((121.44, 31.37))
    kept = given_points.copy()
    for datum in Datum:
        coords_to_wgs84(given_points, datum)
        coords_from_wgs84(given_points, datum)
    assert np.array_equal(given_points, kept)


@given(st.lists(chinese, min_size=3, max_size=30))
@settings(max_examples=50)
def test_polygons_keep_their_vertices_and_none_stays_none(points):
    polygon = shapely.polygons([*points, points[0]])
    for datum in Datum:
        moved = to_wgs84(np.array([polygon, None], dtype=object), datum)
        assert shapely.get_num_coordinates(moved[0]) == len(points) + 1
        assert moved[1] is None


def test_one_geometry_and_one_point_go_through_too():
    wgs, gcj, _ = VECTORS[0]
    moved = to_wgs84(shapely.Point(gcj), Datum.GCJ02)
    assert distance_m(rows((moved.x, moved.y)), rows(wgs))[0] < 1e-4
    point = to_wgs84_point(LonLat(*gcj), Datum.GCJ02)
    assert distance_m(rows((point.lon, point.lat)), rows(wgs))[0] < 1e-4


@pytest.mark.parametrize(
    ("lon", "epsg"),
    [(121.43742, 4549), (113.40426, 4547), (114.256, 4547), (111.2839, 4546), (73.5, 4534), (136.49, 4554)],
)
def test_the_three_degree_zone_of_a_longitude(lon, epsg):
    assert zone_epsg(lon) == epsg


@pytest.mark.parametrize("lon", [73.49, 136.5, -121.0, float("nan")])
def test_a_longitude_without_a_zone_is_refused(lon):
    with pytest.raises(CoordError, match="3-degree zones"):
        zone_epsg(lon)


def test_outside_china_the_utm_zone_measures():
    assert measuring_epsg(LonLat(24.94, 60.17)) == 32635
    assert measuring_epsg(LonLat(-70.0, -33.0)) == 32719
    assert measuring_epsg(LonLat(180.0, 0.0)) == 32660


def test_areas_and_lengths_are_those_of_the_ground_not_of_web_mercator():
    square = shapely.box(121.43742, 31.37022, 121.44742, 31.38022)
    geodesic = 1_054_560.0  # 950.9 m by 1,108.9 m on the ellipsoid
    assert area_m2(square)[0] == pytest.approx(geodesic, rel=2e-3)
    line = shapely.LineString([(121.43742, 31.37022), (121.43742, 31.38022)])
    assert length_m([line])[0] == pytest.approx(1108.8, rel=1e-3)


def test_missing_and_empty_geometries_measure_nan():
    assert np.isnan(area_m2([None, shapely.Polygon()])).all()
    assert len(area_m2([])) == 0


def test_a_box_is_parsed_and_printed():
    box = parse_bbox("121.4,31.3,121.5,31.4")
    assert box == BBox(121.4, 31.3, 121.5, 31.4)
    assert parse_bbox("121.4,31.3,0,121.5,31.4,99") == box
    assert parse_bbox(str(box)) == box
    assert box.contains(LonLat(121.4, 31.35))
    assert not box.contains(LonLat(121.39, 31.35))


def test_a_box_over_the_antimeridian_has_two_parts():
    box = parse_bbox("170,-10,-170,10")
    assert box.crosses_antimeridian
    assert [part.east for part in box.parts()] == [180.0, -170.0]
    assert box.contains(LonLat(-175.0, 0.0))
    assert not box.contains(LonLat(0.0, 0.0))


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,x", "1,2,3,nan", "0,10,1,5", "0,0,181,1", "0,-91,1,1", "1,2,3,4,5", "1,2,inf,4"]
)
def test_a_wrong_box_is_refused_with_a_sentence(text):
    with pytest.raises(CoordError):
        parse_bbox(text)


@given(st.text(max_size=40))
def test_no_text_breaks_the_parsers(text):
    for parse in (parse_bbox, parse_datum):
        with contextlib.suppress(CoordError):
            parse(text)


def test_datum_words():
    assert parse_datum(" GCJ-02 ") is Datum.GCJ02
    assert parse_datum("bd_09") is Datum.BD09
    with pytest.raises(CoordError, match="wgs84, gcj02 or bd09"):
        parse_datum("mars")

"""Any geometry that numbers can make, in any kind: accepted whole and sound, or listed with a sentence."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from gridmap.coords import Datum
from gridmap.load import KINDS, LoadError, Options, check
from gridmap.load.checks.shapes import families
from gridmap.load.kinds import Shape
from gridmap.load.reading import ROW, Reading

PLACED = ("estates", "buildings", "facilities", "roads", "water", "green")
steps = st.integers(-8, 8).map(lambda step: step / 1000)
near = st.tuples(steps, steps).map(lambda step: (121.4 + step[0], 31.3 + step[1]))
anywhere = st.tuples(st.floats(-200, 200), st.floats(-100, 100))
odd = st.sampled_from([(0.0, 0.0), (31.3, 121.4), (180.0, 90.0), (1e300, 5.0), (1e-320, 0.0)])
positions = st.one_of(near, near, near, anywhere, odd)
rings = st.lists(positions, min_size=3, max_size=9).map(lambda ring: [*ring, ring[0]])
points = positions.map(shapely.Point)
lines = st.lists(positions, min_size=2, max_size=8).map(shapely.LineString)
polygons = st.builds(shapely.Polygon, rings, st.lists(rings, max_size=2))
high = polygons.map(lambda shape: shapely.force_3d(shape, 7.0))
simple = st.one_of(polygons, polygons, polygons, points, lines, high)
several = st.one_of(
    st.lists(polygons, max_size=4).map(shapely.MultiPolygon),
    st.lists(points, max_size=3).map(shapely.MultiPoint),
    st.lists(lines, max_size=3).map(shapely.MultiLineString),
    st.lists(simple, max_size=3).map(shapely.GeometryCollection),
)
empty = st.sampled_from([shapely.Polygon(), shapely.Point(), shapely.LineString(), shapely.GeometryCollection(), None])
geometries = st.one_of(simple, simple, several, empty)


def reading(kind: str, shapes: list[shapely.Geometry | None]) -> Reading:
    frame = pd.DataFrame({ROW: np.arange(1, len(shapes) + 1), "name": [f"n{at}" for at in range(len(shapes))]})
    frame["@geom"] = gpd.GeoSeries(np.array([*shapes, None], dtype=object)[:-1])
    table = gpd.GeoDataFrame(frame, geometry="@geom")
    return Reading(KINDS[kind], table, Path("any.gpkg"), crs=CRS.from_epsg(4326))


def look(kind: str, shapes: list[shapely.Geometry | None], datum: Datum) -> None:
    options = Options(datum=datum)
    try:
        checked = check(reading(kind, shapes), options)
    except LoadError as refused:
        # of the file as a whole only its numbers can be wrong
        if refused.code != "crs_contradicts":
            raise
        return
    counts = checked.summary
    assert counts["read"] == len(shapes) == counts["accepted"] + counts["rejected"] + counts["merged"]
    assert all(finding.sentence() and finding.sentence("zh") for finding in checked.rejected)
    found = np.asarray(checked.frame.geometry.array, dtype=object)
    if not len(found):
        return
    assert not shapely.is_missing(found).any()
    assert not shapely.is_empty(found).any()
    assert not shapely.has_z(found).any()
    assert np.isfinite(shapely.get_coordinates(found)).all()
    assert set(families(found)) <= set(KINDS[kind].shapes)
    assert (np.abs(shapely.bounds(found)) <= [180, 90, 180, 90]).all()
    areas = found[families(found) == Shape.POLYGON]
    assert shapely.is_valid(areas).all()
    assert (shapely.area(areas) > 0).all()


CALM = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
given_rows = given(st.sampled_from(PLACED), st.lists(geometries, min_size=1, max_size=4), st.sampled_from(list(Datum)))


FLAT = [(0.0, 0.0), (121.4, 31.3), (121.4, 31.3), (0.0, 0.0)]
THIN = [(121.4, 31.3), (0.0, 0.0), (1e-320, 0.0), (121.4, 31.3)]


@given_rows
@example("estates", [shapely.GeometryCollection([shapely.Polygon(FLAT), shapely.Polygon(FLAT)])], Datum.WGS84)
@example("estates", [shapely.Polygon(THIN)], Datum.WGS84)
@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=CALM)
def test_any_geometry_is_accepted_sound_or_listed(kind, shapes, datum):
    look(kind, shapes, datum)


@pytest.mark.full
@given_rows
@settings(max_examples=10_000, deadline=None, suppress_health_check=CALM)
def test_ten_thousand_geometries(kind, shapes, datum):
    look(kind, shapes, datum)

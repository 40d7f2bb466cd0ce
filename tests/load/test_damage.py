"""Damaged files: bytes cut, flipped and overwritten never bring a traceback, and never half a reading."""

import random

import pyogrio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.load import LoadError
from load.files import judge, pack, square, write_csv, write_features, write_shapefile, write_sheet

CASES = 12


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """One healthy file of each format, as bytes."""
    folder = tmp_path_factory.mktemp("healthy")
    features = [(square(121.4 + n / 100, 31.3), {"id": n, "name": f"小区{n}", "户数": n}) for n in range(5)]
    geojson = write_features(folder / "a.geojson", features)
    shapefile = write_shapefile(folder, [(shape, {"name": row["name"]}) for shape, row in features], encoding="GB18030")
    pyogrio.write_dataframe(pyogrio.read_dataframe(geojson), folder / "a.gpkg")
    pyogrio.write_dataframe(pyogrio.read_dataframe(geojson), folder / "a.fgb")
    write_csv(folder / "a.csv", "名称,lon,lat\n甲,121.4,31.3\n乙,121.5,31.3\n", "gb18030")
    write_sheet(folder / "a.xlsx", [["名称", "lon", "lat"], ["甲", 121.4, 31.3], ["乙", 121.5, 31.3]])
    pack(folder / "a.zip", {part.name: part.read_bytes() for part in folder.glob(f"{shapefile.stem}.*")})
    return {path.suffix: path.read_bytes() for path in folder.glob("a.*")} | {
        ".dbf": shapefile.with_suffix(".dbf").read_bytes(),
        ".shp": shapefile.read_bytes(),
        ".shx": shapefile.with_suffix(".shx").read_bytes(),
    }


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The bytes cut, flipped, or with a run overwritten."""
    body = bytearray(data)
    match chance.randrange(4):
        case 0:
            return bytes(body[: chance.randrange(len(body))])
        case 1:
            for _ in range(chance.randrange(1, 20)):
                body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        case 2:
            start = chance.randrange(len(body))
            body[start : start + 16] = chance.randbytes(16)
        case _:
            at = chance.randrange(min(len(body), 100))
            body[at] = chance.choice((0, 255, 127))
    return bytes(body)


def outcome(path) -> str:
    """`read`, or the code of the refusal; anything else is the fault that this file looks for."""
    try:
        judge("estates", path)
    except LoadError as refused:
        return refused.code
    return "read"


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".fgb", ".csv", ".xlsx", ".zip"])
def test_a_damaged_file_is_read_or_refused_in_one_sentence(healthy, tmp_path, suffix):
    chance = random.Random(suffix)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(healthy[suffix])
    assert outcome(path) == "read"
    for _ in range(CASES):
        path.write_bytes(damaged(healthy[suffix], chance))
        outcome(path)


@pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf"])
def test_a_shapefile_with_one_damaged_part(healthy, tmp_path, suffix):
    chance = random.Random(suffix)
    for _ in range(CASES):
        for part in (".shp", ".shx", ".dbf"):
            data = damaged(healthy[part], chance) if part == suffix else healthy[part]
            (tmp_path / f"a{part}").write_bytes(data)
        outcome(tmp_path / "a.shp")


@given(
    st.binary(max_size=300),
    st.sampled_from([".geojson", ".csv", ".xlsx", ".zip", ".gpkg", ".shp", ".pbf", ".kml", ".osm"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_under_any_name(tmp_path, data, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    outcome(path)


@given(st.text(alphabet='{}[],:"ab1.e- \n\\', max_size=120))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_as_json(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    outcome(path)


numbers = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.none(), st.text(max_size=3), st.integers())
coordinates = st.recursive(st.lists(numbers, max_size=3), lambda inner: st.lists(inner, max_size=4), max_leaves=12)
kinds = st.sampled_from(
    ["Point", "LineString", "Polygon", "MultiPolygon", "MultiPoint", "GeometryCollection", "Curve", None]
)


@given(kinds, coordinates)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_coordinates_under_any_type(tmp_path, kind, given_coordinates):
    given_geometry = {"type": kind, "coordinates": given_coordinates, "geometries": given_coordinates}
    outcome(
        write_features(tmp_path / "a.geojson", [(given_geometry, {"name": "a"}), (square(121.4, 31.3), {"name": "b"})])
    )


def test_a_zip_whose_sizes_lie_is_refused(tmp_path):
    path = pack(tmp_path / "a.zip", {"a.geojson": b"[]" + b" " * 1000})
    path.write_bytes(path.read_bytes().replace((1002).to_bytes(4, "little"), (2).to_bytes(4, "little")))
    assert outcome(path) in ("unreadable_file", "no_rows")

"""Damaged files: bytes cut, flipped and overwritten never bring a traceback, and never half a reading."""

import os
import random
import resource
import signal
import time
from pathlib import Path

import pyogrio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.load import LoadError
from gridmap.load.formats.apart import read_apart
from load.files import judge, pack, square, write_csv, write_features, write_shapefile, write_sheet

CASES = 12
KML = (
    '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>'
    '<name>甲</name><ExtendedData><Data name="户数"><value>5</value></Data></ExtendedData><Point><coordinates>'
    "121.4,31.3</coordinates></Point></Placemark></Document></kml>"
)
OSM = (
    '<osm version="0.6"><node id="1" version="1" lon="121.4" lat="31.3"/><node id="2" version="1" lon="121.41" '
    'lat="31.3"/><node id="3" version="1" lon="121.41" lat="31.31"/><way id="9" version="1"><nd ref="1"/><nd ref="2"/>'
    '<nd ref="3"/><nd ref="1"/><tag k="landuse" v="residential"/></way></osm>'
)


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
    (folder / "a.kml").write_text(KML, encoding="utf-8")
    (folder / "a.osm").write_text(OSM, encoding="utf-8")
    pack(folder / "a.kmz", {"doc.kml": KML.encode()})
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


WHOLE = (".geojson", ".gpkg", ".fgb", ".csv", ".xlsx", ".zip", ".kml", ".kmz", ".osm")


def damage(data: bytes, path: Path, cases: int) -> None:
    """The file whole, and damaged in so many ways: each time read or refused, in bounded time and memory."""
    chance = random.Random(path.suffix)
    path.write_bytes(data)
    assert outcome(path) == "read"
    for _ in range(cases):
        path.write_bytes(damaged(data, chance))
        start = time.monotonic()
        outcome(path)
        assert time.monotonic() - start < 30
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2_000_000


@pytest.mark.parametrize("suffix", WHOLE)
def test_a_damaged_file_is_read_or_refused_in_one_sentence(healthy, tmp_path, suffix):
    damage(healthy[suffix], tmp_path / f"a{suffix}", CASES)


@pytest.mark.full
@pytest.mark.parametrize("suffix", WHOLE)
def test_a_thousand_damaged_files(healthy, tmp_path, suffix):
    damage(healthy[suffix], tmp_path / f"a{suffix}", 1_000)


def test_a_reader_that_breaks_down_takes_nobody_with_it(tmp_path):
    path = tmp_path / "a.gpkg"
    for death in (lambda: os.kill(os.getpid(), signal.SIGSEGV), os.abort, lambda: bytearray(1 << 50), lambda: 1 // 0):
        with pytest.raises(LoadError) as refused:
            read_apart(path, death)
        assert refused.value.code == "unreadable_file"
    assert read_apart(path, lambda: {"a": [1, 2]}) == {"a": [1, 2]}
    with pytest.raises(LoadError) as refused:
        read_apart(path, lambda: outcome_of("no_rows"))
    assert refused.value.code == "no_rows"


def test_a_reader_that_never_ends_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("gridmap.load.formats.apart.MOST_SECONDS", 1)
    with pytest.raises(LoadError) as refused:
        read_apart(tmp_path / "a.gpkg", lambda: time.sleep(60))
    assert refused.value.code == "unreadable_file"


def outcome_of(code: str) -> None:
    raise LoadError(code)


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

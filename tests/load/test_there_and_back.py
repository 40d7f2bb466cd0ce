"""A shapefile goes in at one end and comes out at the other, on the map and as GeoJSON, as it was.

Loaded by the command line, read over HTTP with a token and from `gridmap export`, and compared with what another reader
(GDAL, told the encoding) says of the same file.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from flask import Flask

from gridmap.commands import main
from load.files import REALDATA, square, write_features, write_shapefile
from tests.conftest import DEMO_CLOCK, Base
from tests.mvt import decoded
from tests.outputs import HALF, to_mercator

Row = dict[str, Any]


@dataclass
class Office:
    """An installation without anything in it, and its planner."""

    base: Base
    app: Flask
    folder: Path
    token: str = ""

    def run(self, *words: object) -> str:
        """What a command prints; it must succeed."""
        result = CliRunner().invoke(main, list(map(str, words)), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    def load(self, *words: object) -> Row:
        """The counts of `gridmap load … --json --commit`."""
        counts: Row = json.loads(self.run("load", *words, "--json", "--commit").splitlines()[-1])
        return counts

    def get(self, address: str) -> bytes:
        """The body of an address, asked for with the planner's token."""
        answer = self.app.test_client().get(address, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code in (200, 204), answer.text
        body: bytes = answer.data
        return body

    def items(self, layer: str) -> list[Row]:
        """The features of a collection."""
        page = json.loads(self.get(f"/ogc/collections/{layer}/items?limit=10000"))
        assert page["numberMatched"] == page["numberReturned"] == len(page["features"])
        features: list[Row] = page["features"]
        return features

    def exported(self, layer: str) -> list[Row]:
        """The features of `gridmap export`."""
        path = self.folder / f"{layer}.geojson"
        self.run("export", layer, "-o", path)
        features: list[Row] = json.loads(path.read_text("utf-8"))["features"]
        return features

    def drawn(self, layer: str, zoom: int, shapes: list[shapely.Geometry]) -> dict[int, Row]:
        """id → attributes of everything in the tiles of a zoom in which these shapes lie."""
        spots = [shapely.point_on_surface(shape) for shape in shapes]
        tiles = {tuple(int((HALF + sign * metres) / (2 * HALF) * 2**zoom) for sign, metres in zip(
            (1, -1), to_mercator.transform(spot.x, spot.y), strict=True)) for spot in spots}  # fmt: skip
        found: dict[int, Row] = {}
        for x, y in tiles:
            found |= decoded(self.get(f"/tiles/{zoom}/{x}/{y}.mvt?layers={layer}")).get(layer, {})
        return found


@pytest.fixture
def office(
    empty_base: Base, make_app: Callable[[Base], Flask], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Office:
    monkeypatch.setenv("GRIDMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", empty_base.app_url)
    monkeypatch.setenv("GRIDMAP_CLOCK", DEMO_CLOCK)
    with psycopg.connect(empty_base.owner_url) as owner:
        owner.execute(
            "WITH made AS (INSERT INTO gridmap.account (username, title) VALUES ('planner', 'Planner') RETURNING id)"
            " INSERT INTO gridmap.account_grant (account_id, role, level) SELECT id, 'planner', 'city' FROM made"
        )
    made = Office(empty_base, make_app(empty_base), tmp_path)
    made.token = made.run("token", "planner").splitlines()[-1]
    return made


def plain(shape: shapely.Geometry) -> shapely.Geometry:
    """To 7 decimals, rings from one start in one direction, one part as a part of many."""
    parts = [] if shape is None else shapely.get_parts(shape)
    rounded = shapely.transform(shapely.MultiPolygon(list(parts)), lambda points: np.round(points, 7))
    return shapely.normalize(rounded)


def shape_of(feature: Mapping[str, Any]) -> shapely.Geometry:
    return plain(shapely.from_geojson(json.dumps(feature["geometry"])))


def there(path: Path, encoding: str) -> dict[str, tuple[Row, shapely.Geometry]]:
    """ADMINCODE → attributes and shape of each row, by another reader than ours."""
    frame = pyogrio.read_dataframe(path, encoding=encoding)
    shapes = list(frame.geometry)
    rows = frame.drop(columns="geometry").astype(object).where(frame.drop(columns="geometry").notna(), None)
    return {row["ADMINCODE"]: (row, plain(shape)) for row, shape in zip(rows.to_dict("records"), shapes, strict=True)}


def back(feature: Row, columns: list[str]) -> Row:
    """The attributes under the file's own names: two that gridmap has columns for, the others as they were kept."""
    told = feature["properties"]
    ours = {"NAME": told["name"], "ADMINCODE": told["code"]}
    return dict.fromkeys(columns) | ours | (told["extra"] or {})


def districts_go_there_and_back(office: Office, path: Path, keep: tuple[str, ...]) -> None:
    """Load, look at the map, read back, load again; everything is compared with the file."""
    source = there(path, "GB18030")
    counts = office.load("districts", path, *keep)
    assert [counts[name] for name in ("read", "accepted", "rejected", "new")] == [*[len(source)] * 2, 0, len(source)]
    columns = list(next(iter(source.values()))[0])
    assert counts["kept"] == [name for name in columns if name not in ("NAME", "ADMINCODE")]

    served, exported = office.items("districts"), office.exported("districts")
    ids = {feature["id"]: feature["properties"]["name"] for feature in served}
    assert len(ids) == len(source)
    for features in (served, exported):
        assert {feature["id"]: feature["properties"]["name"] for feature in features} == ids
        assert {one["properties"]["code"]: back(one, columns) for one in features} == {
            code: row for code, (row, _) in source.items()
        }
        for feature in features:
            assert shapely.equals_exact(shape_of(feature), source[feature["properties"]["code"]][1], 1e-10)
    shapes = [shape for _, shape in source.values()]
    for zoom in (8, 11):
        drawn = office.drawn("districts", zoom, shapes)
        assert {identity: row["name"] for identity, row in drawn.items()} == ids
        assert {name for row in drawn.values() for name in row} == {"name"}

    again = office.load("districts", path, *keep)
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, len(source))
    assert office.items("districts") == served


@pytest.mark.skipif(not REALDATA.exists(), reason="the folder of real files is not here")
def test_the_real_districts_of_a_gbk_shapefile(office: Office) -> None:
    path = REALDATA / "shanghai_districts_gbk" / "区县界_area.shp"
    districts_go_there_and_back(office, path, ("--keep", "PYNAME", "--keep", "Shape_Leng", "--keep", "Shape_Area"))
    assert len(office.items("districts")) == 17


@pytest.fixture
def shapefile(tmp_path: Path) -> Path:
    """Districts in GBK without a .cpg: several rings, a hole, a clockwise one, empty cells, 18 decimals."""
    island = shapely.MultiPolygon([square(121.9, 31.1, 0.05), square(121.8, 31.2, 0.03)])
    with_hole = shapely.Polygon(square(121.3, 31.4, 0.1).exterior, [square(121.33, 31.43, 0.02).exterior.coords])
    shapes = [with_hole, island, shapely.box(121.5, 31.2, 121.512345678, 31.212345678, ccw=False)]
    facts: list[Row] = [
        {"NAME": "宝山区", "PYNAME": "bsq", "ADMINCODE": "310113", "Shape_Area": 0.0285960586257, "人口": 2_235_218},
        {"NAME": "浦东新区", "PYNAME": None, "ADMINCODE": "310115", "Shape_Area": 1e-9, "人口": None},
        {"NAME": "靜安區", "PYNAME": "=jaq'\"</script>", "ADMINCODE": "310106", "Shape_Area": None, "人口": 0},
    ]
    return write_shapefile(tmp_path, list(zip(shapes, facts, strict=True)), encoding="GBK")


def test_districts_of_a_gbk_shapefile(office: Office, shapefile: Path) -> None:
    districts_go_there_and_back(office, shapefile, ("--keep-all",))


def test_a_column_is_kept_when_it_is_asked_for_and_stays(office: Office, shapefile: Path) -> None:
    said = office.run("load", "districts", shapefile, "--commit")
    assert "Columns that are not used (3): PYNAME, Shape_Area, 人口. Keep some with --keep COLUMN, or all" in said
    assert {str(feature["properties"]["extra"]) for feature in office.items("districts")} == {"None"}
    assert office.load("districts", shapefile, "--keep", "人口", "--keep", "NAME")["changed"] == 3
    kept = {"宝山区": {"人口": 2_235_218, "NAME": "宝山区"}, "浦东新区": {"NAME": "浦东新区"}}
    kept["靜安區"] = {"人口": 0, "NAME": "靜安區"}
    assert {one["properties"]["name"]: one["properties"]["extra"] for one in office.items("districts")} == kept
    assert office.load("districts", shapefile)["unchanged"] == 3
    assert {one["properties"]["name"]: one["properties"]["extra"] for one in office.items("districts")} == kept
    assert office.load("districts", shapefile, "--keep", "PYNAME")["changed"] == 3
    with psycopg.connect(office.base.owner_url) as owner:
        rows = owner.execute("SELECT extra FROM gridmap.district ORDER BY code").fetchall()
        audit = owner.execute("SELECT after -> 'kept' FROM gridmap.audit ORDER BY id").fetchall()
    assert rows == [({"PYNAME": "=jaq'\"</script>"},), ({"PYNAME": "bsq"},), (None,)]
    assert [one for (one,) in audit if one is not None] == [[], ["人口", "NAME"], [], ["PYNAME"]]


# Buildings -----------------------------------------------------------------------------------------------------------


def pieces(path: Path) -> dict[str, list[shapely.Geometry]]:
    """id → the outlines that the file has for it."""
    found: dict[str, list[shapely.Geometry]] = {}
    for feature in json.loads(path.read_text("utf-8"))["features"]:
        shape = shapely.from_geojson(json.dumps(feature["geometry"]))
        if shapely.get_dimensions(shape) == 2:
            found.setdefault(str(feature["properties"]["id"]), []).append(shape)
    return found


def buildings_go_there_and_back(office: Office, path: Path) -> tuple[Row, int]:
    """The counts of the load, and how many buildings came back exactly as one outline of the file."""
    counts = office.load("buildings", path, "--new-street", "310101002,外滩街道", "--keep", "id", "--keep-all")
    source = pieces(path)
    for features in (office.items("buildings"), office.exported("buildings")):
        assert len(features) == counts["accepted"] == len(source)
        by_key = {str(feature["properties"]["extra"]["id"]): feature for feature in features}
        assert by_key.keys() == source.keys()
        exact = 0
        for key, outlines in source.items():
            shape = shape_of(by_key[key])
            whole = shapely.union_all([shapely.make_valid(outline) for outline in outlines])
            # squares of a ten-thousandth of a metre on each side of every metre of outline
            assert shapely.symmetric_difference(shape, whole).area <= 2e-7 * whole.length
            exact += len(outlines) == 1 and shapely.equals_exact(shape, plain(outlines[0]), 1e-10)
    drawn = office.drawn("buildings", 14, [outlines[0] for outlines in source.values()])
    assert drawn.keys() == {feature["id"] for feature in features}
    return counts, exact


@pytest.mark.skipif(not REALDATA.exists(), reason="the folder of real files is not here")
def test_real_buildings_cut_from_tiles(office: Office) -> None:
    counts, exact = buildings_go_there_and_back(office, REALDATA / "shanghai_osm_tiles_buildings.geojson")
    assert [counts[name] for name in ("read", "accepted", "corrected", "rejected", "merged")] == [
        1884, 1450, 25, 409, 25
    ]  # fmt: skip
    assert exact == 1450 - 25
    with psycopg.connect(office.base.owner_url) as owner:
        mapping = owner.execute("SELECT mapping FROM gridmap.import_run").fetchall()[0][0]
    read = set(mapping.values())
    rows: dict[int, list[Row]] = {}
    for row in json.loads((REALDATA / "shanghai_osm_tiles_buildings.geojson").read_text("utf-8"))["features"]:
        if row["geometry"]["type"] != "Point":
            rows.setdefault(row["properties"]["id"], []).append(row["properties"])
    extras = {
        feature["properties"]["extra"]["id"]: feature["properties"]["extra"] for feature in office.items("buildings")
    }
    assert extras == {
        key: {name: value for one in reversed(some) for name, value in one.items() if name == "id" or name not in read}
        for key, some in rows.items()
    }


def test_buildings_of_a_small_file(office: Office, tmp_path: Path) -> None:
    features: list[tuple[Any, Row]] = [
        (square(121.49, 31.24, 0.0001), {"id": 1, "name": "一号楼", "roof": "flat", "tags": ["a", {"b": 1.5}]}),
        (square(121.491, 31.24, 0.0001), {"id": 2, "big": 2**60, "ok": False, "nothing": None, "empty": " "}),
        (square(121.4911, 31.24, 0.0001), {"id": 2, "big": 7, "roof": "half"}),
        (square(121.492, 31.24, 0.0001), {"id": 3, "name": "three"}),
        (shapely.Point(121.49005, 31.24005), {"id": 4, "name": "a label"}),
    ]
    counts, exact = buildings_go_there_and_back(office, write_features(tmp_path / "a.geojson", features))
    assert [counts[name] for name in ("read", "accepted", "corrected", "rejected", "merged")] == [5, 3, 1, 1, 1]
    assert exact == 2
    assert [feature["properties"]["extra"] for feature in office.items("buildings")] == [
        {"id": 1, "roof": "flat", "tags": ["a", {"b": 1.5}]},
        {"id": 2, "big": 2**60, "ok": False, "roof": "half"},
        {"id": 3},
    ]

"""Every kind of file: names come back byte by byte, shapes in their place, and nobody's data without a reason."""

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import psycopg
import pyogrio
import pytest
import shapely

from gridmap.layer import Role
from gridmap.layers import BY_NAME, LAYERS
from gridmap.read import BadWord, Export, read_page
from gridmap.read.asked_area import parse_area, parse_ids
from gridmap.read.files import KINDS, BadOrder, MayNotUnmask, Order, exports_of, may_unmask, write_file
from gridmap.read.files.shapefile import short_names
from gridmap.read.files.tables import needs_parquet
from gridmap.scope import Viewer
from tests.two_streets import ASKED, Town, identity, open_town

MADE_AT = datetime(2026, 3, 16, 1, 2, 3, tzinfo=UTC)
HOSTILE = (
    "花苑·一期「甲」",
    '香逸湾"517"弄</script><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://x")',
    "𠮷野家龘㐂",
    "a'b;c,d\te",
    "前 后  空格",
)


@pytest.fixture(scope="module")
def town(empty_template: str, copy_database: Callable[[str], Any]) -> Iterator[Town]:
    with open_town(copy_database(empty_template)) as made:
        with psycopg.connect(made.base.owner_url) as owner:
            for one, name in zip(sorted(made.buildings), HOSTILE, strict=False):
                owner.execute("UPDATE gridmap.place SET name = %s WHERE id = %s", (name, one))
        yield made


def ordered(town: Town, viewer: Viewer, *layers: str, kind: str = "gpkg", **more: Any) -> tuple[Export, ...]:
    order = Order(layers=layers, kind=kind, **more)
    return exports_of(town.database, viewer, order, today=date(2026, 3, 16), made_at=MADE_AT)


def made(town: Town, folder: Path, viewer: Viewer, *layers: str, kind: str, **more: Any) -> Path:
    path = folder / f"out.{KINDS[kind].extension}"
    exports = ordered(town, viewer, *layers, kind=kind, **more)
    write_file(town.database, exports, KINDS[kind], path, encoding=more.get("encoding", "UTF-8"))
    return path


def features(town: Town, viewer: Viewer, name: str) -> list[dict[str, Any]]:
    with town.database.transaction(viewer.prologue) as connection:
        page = read_page(connection, BY_NAME[name], viewer, ASKED, limit=10_000)
    found: list[dict[str, Any]] = json.loads(b"[" + page.features + b"]")
    return found


def rows_of(path: Path, kind: str, layer: str) -> dict[int, dict[str, Any]]:
    """id → row, whatever kind of file it is; all tables of the layer together."""
    if kind == "xlsx":
        sheet = openpyxl.load_workbook(path).worksheets[0]
        head, *body = sheet.iter_rows(values_only=True)
        return {int(row[0]): {"name": row[head.index("名称")]} for row in body}
    if kind == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        return {row["id"]: row for row in parquet.read_table(path).to_pylist()}
    source = f"/vsizip/{path}" if kind == "shp" else path
    found = {}
    for name, _shape in pyogrio.list_layers(source):
        if kind in ("gpkg", "shp") and not name.startswith(layer):
            continue
        frame = pyogrio.read_dataframe(source, layer=name, fid_as_index=kind in ("geojson", "geojsons"))
        ids = frame["id"].astype("int64") if "id" in frame else frame.index
        found |= {int(one): dict(row) for one, (_at, row) in zip(ids, frame.iterrows(), strict=True)}
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_chinese_names_come_back_byte_by_byte(town: Town, kind: str, tmp_path: Path) -> None:
    viewer = replace(town.viewer(), locale="zh")
    path = made(town, tmp_path, viewer, "buildings", kind=kind)
    rows = rows_of(path, kind, "buildings")
    expected = {one["id"]: one["properties"]["name"] for one in features(town, viewer, "buildings")}
    guarded = {one: "'" * (kind == "csv" and name.startswith("=")) + name for one, name in expected.items()}
    # an empty text and nothing are the same in a cell of a workbook and of dBASE
    assert {one: row["name"] if isinstance(row["name"], str) else "" for one, row in rows.items()} == guarded
    assert set(HOSTILE) <= set(expected.values())


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_a_geopackage_holds_every_row_of_every_layer(town: Town, layer: Any, tmp_path: Path) -> None:
    viewer = town.viewer()
    path = made(town, tmp_path, viewer, layer.name, kind="gpkg")
    whole = {one["id"]: one for one in features(town, viewer, layer.name)}
    rows = rows_of(path, "gpkg", layer.name)
    assert set(rows) == set(whole)
    for one, row in rows.items():
        geometry = whole[one]["geometry"]
        assert (row["geometry"] is None) == (geometry is None)
        if geometry:
            near = shapely.from_geojson(json.dumps(geometry))
            assert shapely.hausdorff_distance(near, row["geometry"]) < 1e-6


def test_a_geopackage_says_in_chinese_what_it_holds_and_how_it_looks(town: Town, tmp_path: Path) -> None:
    viewer = replace(town.viewer(), locale="zh")
    path = made(
        town, tmp_path, viewer, "estates", "buildings", "facilities", kind="gpkg", words={"bbox": "113,22,114,23"}
    )
    with closing(sqlite3.connect(path)) as book:
        titles = dict(book.execute("SELECT table_name, identifier FROM gpkg_contents"))
        assert titles["buildings"] == "楼栋"
        assert titles["estates"] == "小区"
        columns = dict(
            book.execute("SELECT column_name, title FROM gpkg_data_columns WHERE table_name = 'buildings'").fetchall()
        )
        assert columns["floors"] == "层数 (层)"
        assert columns["height_m"].endswith("(m)")
        codes = book.execute(
            "SELECT description FROM gpkg_data_column_constraints WHERE constraint_name = 'buildings_kind'"
            " AND value = 'high_rise'"
        ).fetchone()
        assert codes == ("高层",)
        styles = dict(book.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault"))
        assert {"estates", "buildings", "facilities"} <= set(styles)
        told = " ".join(row[0] for row in book.execute("SELECT metadata FROM gpkg_metadata"))
        described = book.execute("SELECT description FROM gpkg_contents WHERE table_name = 'buildings'").fetchone()[0]
    for text in styles.values():
        ElementTree.fromstring(text.split("\n", 1)[1])
    document = ElementTree.fromstring(styles["buildings"].split("\n", 1)[1])
    colours = {one.get("value") for one in document.iter("category")}
    assert colours == {*BY_NAME["buildings"].style.classes, ""}
    for words in (told, described):
        assert "2026-03-16" in words
        assert "CGCS2000" in words
        assert "113,22,114,23" in words


def test_shapes_of_two_kinds_lie_in_two_tables(town: Town, tmp_path: Path) -> None:
    path = made(town, tmp_path, town.viewer(), "gaps", "facilities", "assignments", kind="gpkg")
    for name, shape in pyogrio.list_layers(path):
        if shape is not None:
            assert shape in ("Point", "MultiPolygon", "MultiLineString"), name


@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
def test_a_shapefile_comes_with_its_dictionary(town: Town, encoding: str, tmp_path: Path) -> None:
    viewer = replace(town.viewer(), locale="zh")
    path = made(town, tmp_path, viewer, "buildings", "estates", kind="shp", encoding=encoding)
    with zipfile.ZipFile(path) as book:
        names = set(book.namelist())
        assert {"buildings.shp", "buildings.dbf", "buildings.prj", "buildings.cpg", "estates.shp"} <= names
        assert book.read("buildings.cpg").decode().strip() == encoding
        words = book.read("buildings_fields.csv").decode("utf-8-sig")
        about = book.read("buildings_about.txt").decode("utf-8-sig")
        raw = book.read("buildings.dbf")
    assert HOSTILE[0].encode(encoding) in raw
    assert "floors_und,floors_underground" in words
    assert "坐标" in about
    frame = pyogrio.read_dataframe(f"/vsizip/{path}", layer="buildings")
    assert set(HOSTILE) <= set(frame["name"])
    assert all(len(column.encode()) <= 10 for column in frame.columns if column != "geometry")


def test_short_names_are_short_and_differ() -> None:
    found = short_names(
        ["floors", "floors_underground", "floors_under_b", "declared_households", "declared_population"]
    )
    assert len(set(found.values())) == 5
    assert all(len(one.encode()) <= 10 for one in found.values())


def test_a_workbook_has_one_heading_with_units_and_a_note(town: Town, tmp_path: Path) -> None:
    viewer = replace(town.viewer(), locale="zh")
    book = openpyxl.load_workbook(made(town, tmp_path, viewer, "buildings", kind="xlsx"))
    sheet, about = book.worksheets
    head = [cell.value for cell in sheet[1]]
    assert sheet.freeze_panes == "A2"
    assert "高度 (m)" in head
    assert sheet.column_dimensions["A"].width >= 10
    kinds = {sheet.cell(row, head.index("类别") + 1).value for row in range(2, sheet.max_row + 1)}
    assert not kinds & {"slab", "high_rise"}
    assert any("CGCS2000" in str(cell) for row in about.iter_rows(values_only=True) for cell in row)


# ---- who, and with what


@pytest.mark.parametrize("kind", KINDS)
def test_a_narrow_account_takes_only_its_own(town: Town, kind: str, tmp_path: Path) -> None:
    narrow = replace(town.viewer(Role.WORKER, grids=(identity(1, 1000),)), locale="zh")
    expected = {one["id"] for one in features(town, narrow, "buildings")}
    assert 0 < len(expected) < len(town.buildings)
    assert set(rows_of(made(town, tmp_path, narrow, "buildings", kind=kind), kind, "buildings")) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_nobodys_name_leaves_without_a_reason(town: Town, kind: str, tmp_path: Path) -> None:
    viewer = replace(town.viewer(), locale="zh")
    path = made(town, tmp_path, viewer, "stairwells" if kind == "gpkg" else "buildings", kind=kind)
    assert "张师傅".encode() not in plain(path)
    (tmp_path / "clear").mkdir()
    clear = made(town, tmp_path / "clear", viewer, "buildings", kind=kind, reason="移交名册")
    body = plain(clear)
    assert "张师傅".encode() in body
    assert "移交名册".encode() in body


def plain(path: Path) -> bytes:
    """The bytes of a file; of a zip all members, unpacked; of parquet the texts of its cells."""
    if path.suffix == ".parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        return str(parquet.read_table(path).to_pylist()).encode()
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as book:
        return b"".join(book.read(name) for name in book.namelist())


@pytest.mark.parametrize("role", list(Role))
def test_only_who_leads_may_unmask_and_only_with_a_reason(town: Town, role: Role) -> None:
    viewer = town.viewer(role)
    assert may_unmask(viewer) == (role is Role.LEADER)
    if role is not Role.LEADER:
        with pytest.raises(MayNotUnmask):
            ordered(town, viewer, "buildings", reason="because")
    else:
        with pytest.raises(MayNotUnmask):
            ordered(town, viewer, "buildings", reason="   ")
        assert "because" in ordered(town, viewer, "buildings", reason="because")[0].watermark


def test_a_leader_who_also_plans_may_not_unmask(town: Town) -> None:
    assert not may_unmask(replace(town.viewer(), roles=frozenset({Role.LEADER, Role.PLANNER})))


# ---- what it is cut to


def test_an_estate_brings_what_belongs_to_it(town: Town, tmp_path: Path) -> None:
    viewer = town.viewer()
    whole = features(town, viewer, "estates")
    one = next(feature for feature in whole if feature["geometry"])
    path = made(town, tmp_path, viewer, "estates", "buildings", "grids", kind="gpkg", words={"inside": str(one["id"])})
    with psycopg.connect(town.base.owner_url) as owner:
        expected = {
            row[0]
            for row in owner.execute(
                "SELECT id FROM gridmap.place WHERE kind = 'building' AND estate_id = %s", (one["id"],)
            )
        }
    assert set(rows_of(path, "gpkg", "buildings")) == expected
    assert set(rows_of(path, "gpkg", "estates")) == {one["id"]}


def test_a_drawn_area_brings_what_touches_it(town: Town, tmp_path: Path) -> None:
    viewer = town.viewer()
    one = next(feature for feature in features(town, viewer, "buildings") if feature["geometry"])
    shape = shapely.from_geojson(json.dumps(one["geometry"]))
    drawn = shapely.to_geojson(shape.centroid.buffer(1e-6))
    path = made(town, tmp_path, viewer, "buildings", kind="gpkg", words={"area": drawn})
    expected = {
        feature["id"]
        for feature in features(town, viewer, "buildings")
        if feature["geometry"]
        and shapely.intersects(shapely.from_geojson(json.dumps(feature["geometry"])), shapely.from_geojson(drawn))
    }
    assert one["id"] in expected
    assert set(rows_of(path, "gpkg", "buildings")) == expected


@pytest.mark.parametrize(
    "words",
    ["", "nonsense", "{", '{"type":"Point","coordinates":[1,2]}', "POLYGON((0 0,1 1,0 1,1 0,0 0))",
     "POLYGON((0 0,400 0,400 1,0 0))", "POLYGON((0 0,1 0,1 nan,0 0))", '{"type":"Polygon","coordinates":[]}',
     "POLYGON EMPTY", "x" * 200_000],
)  # fmt: skip
def test_what_is_no_area_is_told(words: str) -> None:
    with pytest.raises(BadWord):
        parse_area(words)


@pytest.mark.parametrize("words", ["", "x", "1;2", "-1", "9" * 30, "１"])
def test_what_is_no_id_is_told(words: str) -> None:
    with pytest.raises(BadWord):
        parse_ids(words)


def test_a_place_that_is_not_ones_own_is_an_unknown_place(town: Town) -> None:
    narrow = town.viewer(Role.LEADER, streets=(1,))
    theirs = next(one["id"] for one in features(town, town.viewer(), "estates") if one["id"] >> 32 == 2)
    for unknown in (theirs, 2**40 + 7):
        with pytest.raises(BadWord):
            ordered(town, narrow, "buildings", words={"inside": str(unknown)})


def test_what_makes_no_file_is_told(town: Town, monkeypatch: Any) -> None:
    with pytest.raises(BadOrder):
        ordered(town, town.viewer())
    with pytest.raises(BadOrder):
        ordered(town, town.viewer(), "estates", "buildings", kind="csv")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(BadOrder) as refused:
        needs_parquet()
    assert "parquet" in refused.value.words("zh")


def test_geojson_keeps_its_watermark_at_its_head(town: Town, tmp_path: Path) -> None:
    path = made(town, tmp_path, town.viewer(), "buildings", kind="geojson", reason="audit 7")
    document = json.load(io.BytesIO(path.read_bytes()))
    assert "audit 7" in document["watermark"]
    assert all(one["properties"]["watermark"] == document["watermark"] for one in document["features"])


@pytest.mark.parametrize("kind", ["shp", "fgb", "parquet"])
@pytest.mark.parametrize("layer", [layer.name for layer in LAYERS])
def test_every_layer_leaves_as_every_kind(town: Town, layer: str, kind: str, tmp_path: Path) -> None:
    viewer = town.viewer()
    rows = rows_of(made(town, tmp_path, viewer, layer, kind=kind), kind, layer)
    assert set(rows) == {one["id"] for one in features(town, viewer, layer)}

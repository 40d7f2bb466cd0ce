"""What holds for every layer: its words, its codes, its rights, and that a tile holds what the tables hold."""

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import shapely
from flask import Flask
from psycopg.rows import dict_row
from test_who_sees_what import open_scene

from gridmap.api.tiles import end_of
from gridmap.assets.translations import merged
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.layer import Layer, Role
from gridmap.layers import BY_NAME, LAYERS
from gridmap.read import TILE_ZOOMS, Asked, Tile, UnknownLayer, layers_named, read_page, read_tile
from gridmap.read.select import seen_attributes
from gridmap.scope import Reach, Viewer
from tests.conftest import Base
from tests.mvt import decoded
from tests.oracle import QUERIES, known_to
from tests.outputs import EXTENT, HALF, MARGIN, Scene, box_of

each_layer = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)

ASKED = Asked(as_of=end_of(date(2026, 3, 16)))
COUNTED = {"buildings", "stairwells", "declared_buildings", "bikes", "chargers", "doors"}
"""Numbers of things that the title names: they need no unit."""
YEARS = {"built_year"}
SYMBOLS = {"m", "m²"}
"""Units that are written alike in every language."""


@pytest.fixture(scope="module")
def chinese() -> Mapping[str, str]:
    """English text → Chinese text, of everything in the catalogue."""
    return {str(message.id): str(message.string) for message in merged("zh") if message.id}


# Words ---------------------------------------------------------------------------------------------------------------


def test_a_layer_is_a_file_and_a_line() -> None:
    folder = Path(__file__).parents[1] / "gridmap" / "layers"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {layer.name for layer in LAYERS} == files
    assert len(BY_NAME) == len(LAYERS)
    for layer in LAYERS:
        assert getattr(importlib.import_module(f"gridmap.layers.{layer.name}"), layer.name) is layer


@each_layer
def test_every_text_has_a_translation(layer: Layer, chinese: Mapping[str, str]) -> None:
    texts = [layer.title, layer.about, *(style.title for style in layer.style.classes.values())]
    for attribute in layer.attributes.values():
        texts += [attribute.title, attribute.about, *attribute.codes.values()]
        texts += [] if attribute.unit in SYMBOLS else [attribute.unit]
    assert layer.title
    assert layer.about
    assert all(attribute.title for attribute in layer.attributes.values())
    assert [text for text in texts if text and not chinese.get(text)] == []


@each_layer
def test_every_number_has_a_unit_or_is_a_count(layer: Layer) -> None:
    for name, attribute in layer.attributes.items():
        if attribute.type in ("integer", "number"):
            assert attribute.unit or name in COUNTED | YEARS, name
        else:
            assert not attribute.unit, name


@each_layer
def test_what_a_layer_speaks_of_exists(layer: Layer) -> None:
    columns = set(layer.rows.selected_columns.keys())
    assert {"id", "geom", "geom_3857", *layer.attributes} <= columns
    assert layer.label in (None, *layer.attributes)
    assert layer.time in (None, *columns)
    assert layer.style.by in (None, *layer.attributes)
    assert (layer.style.by is None) == (not layer.style.classes)
    assert list(layer.zoom_attributes) == sorted(layer.zoom_attributes)
    # the first zoom that shows the layer says what it carries
    assert min(layer.zoom_attributes) == layer.min_zoom
    for names in layer.zoom_attributes.values():
        assert set(names) <= set(layer.attributes)
        assert "object" not in {layer.attributes[name].type for name in names}
    if layer.style.by:
        assert all(layer.style.by in names for names in layer.zoom_attributes.values())
    if layer.scoped_by is not None:
        assert {"street_id", "id"} <= columns


@each_layer
def test_codes_cover_what_is_stored(layer: Layer, demo_base: Base) -> None:
    """Every value in the demo has its code, and every class of the style is one that the legend can name."""
    coded = {name: set(attribute.codes) for name, attribute in layer.attributes.items() if attribute.codes}
    if layer.style.by:
        assert coded[layer.style.by] == set(layer.style.classes)
        assert all(one.title and one.colour for one in layer.style.classes.values())
    found: dict[str, set[str]] = {name: set() for name in coded}
    with viewing(demo_base.app_url, frozenset({Role.LEADER})) as (connection, viewer):
        page = read_page(connection, layer, viewer, ASKED, limit=100_000)
    for feature in json_of(page.features):
        for name, values in found.items():
            values.add(feature["properties"][name])
    for name, values in found.items():
        assert values - {None} <= coded[name], name


def json_of(features: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(b"[" + features + b"]")
    return found


# Rights --------------------------------------------------------------------------------------------------------------


def city_viewer(roles: frozenset[Role]) -> Viewer:
    return Viewer(account_id=0, username="", title="", locale="en", roles=roles, reach=Reach(is_city=True))


@contextmanager
def viewing(url: str, roles: frozenset[Role]) -> "Iterator[tuple[Connection, Viewer]]":
    """A transaction of somebody with these roles who sees the whole city."""
    database, viewer = Database(url), city_viewer(roles)
    with database.transaction(viewer.prologue) as connection:
        yield connection, viewer
    database.close()


@each_layer
@pytest.mark.parametrize("role", list(Role))
def test_features_and_tiles_carry_what_the_role_may_see(
    layer: Layer, role: Role, demo_base: Base, seen_tiles: "SeenTiles"
) -> None:
    may = known_to({role}, layer.name)
    with viewing(demo_base.app_url, frozenset({role})) as (connection, viewer):
        assert set(seen_attributes(layer, viewer.reading_roles)) == may
        if not may:
            assert_not_there(connection, layer, viewer)
            return
        features = json_of(read_page(connection, layer, viewer, ASKED, limit=20).features)
        assert features
        assert all(set(feature["properties"]) == may for feature in features)
        zoom = 16
        tile = seen_tiles.any_of(layer.name, zoom)
        found = decoded(read_tile(connection, (layer,), tile, viewer, ASKED))
    is_ground = layer.spread > 0
    carried = {name for row in found[f"{layer.name}_cells" if is_ground else layer.name].values() for name in row}
    expected = {"count", "density"} if is_ground else may & set(layer.tile_attributes(zoom))
    assert carried <= expected
    assert layer.style.by not in expected or layer.style.by in carried


def assert_not_there(connection: Connection, layer: Layer, viewer: Viewer) -> None:
    """A layer that says nothing to the viewer is not there, at no zoom and under no way to read it."""
    with pytest.raises(UnknownLayer):
        layers_named([layer.name], viewer.reading_roles)
    with pytest.raises(UnknownLayer):
        read_page(connection, layer, viewer, ASKED, limit=20)
    for zoom in TILE_ZOOMS:
        with pytest.raises(UnknownLayer):
            read_tile(connection, (layer,), Tile(zoom, 0, 0), viewer, ASKED)


# Tiles ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SeenTiles:
    """Tiles in which a layer of the demo has something."""

    points: Mapping[str, list[tuple[float, float]]]

    def any_of(self, name: str, zoom: int) -> Tile:
        return tile_at(self.points[name][0], zoom)


def tile_at(point: tuple[float, float], zoom: int) -> Tile:
    """The tile of a point in web mercator."""
    x, y = (int((HALF + sign * value) / (2 * HALF) * 2**zoom) for sign, value in zip((1, -1), point, strict=True))
    return Tile(zoom, x, y)


@pytest.fixture(scope="module")
def seen_tiles(demo_base: Base) -> SeenTiles:
    points = {}
    with psycopg.connect(demo_base.owner_url) as owner:
        for name, query in QUERIES.items():
            row = owner.execute(
                "SELECT ST_X(p), ST_Y(p) FROM"
                " (SELECT ST_Transform(ST_PointOnSurface(ST_GeomFromWKB(shape, 4326)), 3857)"
                f" AS p FROM ({query}) r WHERE shape IS NOT NULL ORDER BY id LIMIT 1) s",
                {"day": ASKED.as_of.date(), "at": ASKED.as_of},
            ).fetchone()
            assert row is not None, name
            points[name] = [(row[0], row[1])]
    return SeenTiles(points)


@pytest.fixture(scope="module")
def scene(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Scene:
    """The world of two streets, whose oracle knows every value."""
    return open_scene(copy_database(demo_template), make_app)


@pytest.fixture(scope="module")
def raw(scene: Scene) -> "Iterator[psycopg.Connection[dict[str, Any]]]":
    """The owner's own tables of every layer, `raw_<layer>`, transformed anew."""
    with psycopg.connect(scene.oracle.owner_url, row_factory=dict_row) as owner:
        for name, query in QUERIES.items():
            owner.execute(
                f"CREATE TEMP TABLE raw_{name} AS SELECT id, ST_Transform(ST_GeomFromWKB(shape, 4326), 3857) AS shape,"
                f" ST_PointOnSurface(ST_Transform(ST_GeomFromWKB(shape, 4326), 3857)) AS spot FROM ({query}) r",
                {"day": ASKED.as_of.date(), "at": ASKED.as_of},
            )
        yield owner


IN_TILE = """
SELECT id, ST_AsBinary(shape) AS shape,
  ST_Distance(spot, ST_TileEnvelope(%(z)s, %(x)s, %(y)s)) AS distance
FROM raw_{0}
WHERE ST_Intersects(shape, ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {1}))
  AND ST_AsMVTGeom({2}, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 64, true) IS NOT NULL
"""
LABELS = """
SELECT id FROM raw_{0} WHERE ST_Intersects(spot, ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {1}))
"""
MANY = 3


def some_tiles(raw: "psycopg.Connection[dict[str, Any]]", name: str, zoom: int) -> list[Tile]:
    """The tiles of some things of the layer, and the ones beside them, which they may touch with their margin."""
    rows = raw.execute(
        f"SELECT ST_X(spot) AS x, ST_Y(spot) AS y FROM raw_{name} WHERE spot IS NOT NULL ORDER BY id * 7919 %% 1009, id"
        " LIMIT %s",
        (MANY,),
    ).fetchall()
    near = {tile_at((row["x"], row["y"]), zoom) for row in rows}
    beside = {Tile(zoom, tile.x + dx, tile.y + dy) for tile in list(near)[:1] for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    return sorted(tile for tile in near | beside if tile.exists)


@each_layer
@pytest.mark.parametrize("zoom", TILE_ZOOMS)
def test_a_tile_holds_what_the_tables_hold(
    layer: Layer, zoom: int, scene: Scene, raw: "psycopg.Connection[dict[str, Any]]"
) -> None:
    if zoom < layer.min_zoom:
        tile = some_tiles(raw, layer.name, zoom)[0]
        if layer.gathered_from is None or zoom < layer.gathered_from:
            assert read(scene, layer, tile) == {}
            return
        for tile in some_tiles(raw, layer.name, zoom):
            assert_counted_together(scene, layer, tile, raw)
        return
    known = scene.oracle.sight("city_leader", layer.name).rows
    carried = layer.tile_attributes(zoom)
    for tile in some_tiles(raw, layer.name, zoom):
        found = read(scene, layer, tile)
        place = {"z": tile.z, "x": tile.x, "y": tile.y}
        rows = raw.execute(IN_TILE.format(layer.name, MARGIN / EXTENT, "shape"), place).fetchall()
        ids = {row["id"] for row in rows}
        here = found.get(layer.name, {})
        assert set(here) == ids, tile
        for identity, row in here.items():
            expected = {name: known[identity][name] for name in carried}
            assert row == {name: value for name, value in expected.items() if value is not None}
        assert set(found) <= {layer.name, f"{layer.name}_label"}
        if layer.label in carried and layer.style.shape == "polygon":
            spots = raw.execute(LABELS.format(layer.name, MARGIN / EXTENT), place).fetchall()
            labels = found.get(f"{layer.name}_label", {})
            assert set(labels) == {row["id"] for row in spots}
            assert all(labels[identity] == expected_label(known[identity], carried) for identity in labels)


def assert_counted_together(scene: Scene, layer: Layer, tile: Tile, raw: "psycopg.Connection[dict[str, Any]]") -> None:
    """From afar the numbers of all cells of a tile are its points, and each cell carries the least of its values."""
    found = read(scene, layer, tile)
    assert set(found) <= {f"{layer.name}_cells"}
    cells = found.get(f"{layer.name}_cells", {})
    # what is spread as a ground also comes from as far beyond the tile as it is spread
    row = raw.execute(
        f"SELECT array_agg(id) AS ids FROM raw_{layer.name}"
        " WHERE ST_Within(shape, ST_TileEnvelope(%s, %s, %s, margin => %s))",
        (tile.z, tile.x, tile.y, layer.spread / layer.gathered_in),
    ).fetchone()
    ids = (row or {})["ids"] or []
    assert sum(cell["count"] for cell in cells.values()) == len(ids), tile
    known = scene.oracle.sight("city_leader", layer.name).rows
    assert all((cell.get("density", 0) > 0) == (layer.spread > 0) for cell in cells.values())
    for name in layer.gathered:
        values = [known[identity][name] for identity in ids if known[identity][name] is not None]
        least = [cell[name] for cell in cells.values() if name in cell]
        assert min(least, default=None) == min(values, default=None)


def expected_label(row: Mapping[str, Any], carried: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in carried if row[name] is not None}


def read(scene: Scene, layer: Layer, tile: Tile) -> dict[str, dict[int, dict[str, Any]]]:
    """What the city's leader gets, decoded; an id that comes twice is an error."""
    viewer = city_viewer(frozenset({Role.LEADER}))
    with scene.services.database.transaction(viewer.prologue, "tiles") as connection:
        return decoded(read_tile(connection, (layer,), tile, viewer, ASKED))


@pytest.mark.parametrize("zoom", [14, 15, 16])
def test_what_touches_only_the_margin_is_there(
    zoom: int, scene: Scene, raw: "psycopg.Connection[dict[str, Any]]"
) -> None:
    """Judged by shapely: well inside the margin but outside the tile, a thing is drawn; well outside it is not."""
    checked = 0
    for layer in LAYERS:
        if layer.min_zoom > zoom:
            continue
        shapes = raw.execute(f"SELECT id, ST_AsBinary(shape) AS shape FROM raw_{layer.name}").fetchall()
        things = {row["id"]: shapely.from_wkb(row["shape"]) for row in shapes if row["shape"]}
        for tile in scene.tiles(zoom)[:: 1 if zoom < 16 else 3]:
            here = set(read(scene, layer, tile).get(layer.name, {}))
            itself, inner, outer = box_of(tile), box_of(tile, MARGIN - 2), box_of(tile, MARGIN + 2)
            for box in (itself, inner, outer):
                shapely.prepare(box)
            must = {key for key, thing in things.items() if inner.intersects(thing)}
            may = {key for key, thing in things.items() if outer.intersects(thing)}
            assert must <= here <= may, (layer.name, tile)
            checked += sum(not itself.intersects(things[key]) for key in must)
    assert checked >= 8


@each_layer
def test_one_label_for_each_thing(layer: Layer, scene: Scene, raw: "psycopg.Connection[dict[str, Any]]") -> None:
    """An area is labelled at one spot, in the tile of that spot and those whose margin reaches it, however large."""
    zooms = [zoom for zoom in TILE_ZOOMS if zoom >= layer.min_zoom and layer.label in layer.tile_attributes(zoom)]
    if layer.style.shape != "polygon" or not zooms:
        alone = {layer.name, f"{layer.name}_cells"}
        assert all(set(read(scene, layer, tile)) <= alone for tile in scene.tiles(16)[:4])
        return
    for zoom in (zooms[0], max(zooms[0], 14)):
        spots: list[int] = []
        for tile in scene.tiles(zoom):
            place = {"z": tile.z, "x": tile.x, "y": tile.y}
            inside = {row["id"] for row in raw.execute(LABELS.format(layer.name, 0.0), place).fetchall()}
            spots += inside
            assert inside <= set(read(scene, layer, tile).get(f"{layer.name}_label", {}))
        assert len(spots) == len(set(spots))
    assert spots or layer.name in ("districts", "streets")


def test_layers_come_in_drawing_order_whatever_is_asked(scene: Scene) -> None:
    names = [layer.name for layer in LAYERS]
    viewer = city_viewer(frozenset({Role.LEADER}))
    tile = scene.tiles(14)[0]
    with scene.services.database.transaction(SYSTEM | viewer.settings, "tiles") as connection:
        whole = decoded(read_tile(connection, layers_named(names, viewer.reading_roles), tile, viewer, ASKED))
    order = [name.removesuffix("_cells") for name in whole if not name.endswith("_label")]
    assert order == [name for name in names if name in order]

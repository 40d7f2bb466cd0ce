"""Everything that leaves gridmap with rows in it, compared with the oracle: one checker for tests and for mutations."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property, partial
from typing import Any

import numpy
import psycopg
import pyproj
import shapely
from flask import Flask
from werkzeug.test import TestResponse

from gridmap.api.cache import ByteCache
from gridmap.api.tiles import TileService, end_of
from gridmap.context import Services
from gridmap.layer import Layer
from gridmap.layers import BY_NAME
from gridmap.read import (
    Asked,
    Export,
    Format,
    Stream,
    Tile,
    UnknownLayer,
    count_features,
    read_extent,
    read_feature,
    read_frame,
    read_page,
)
from gridmap.scope import Viewer
from tests.mvt import decoded
from tests.oracle import Leak, Oracle, Row, Sight, compare, primary_key
from tests.world import World

MADE_AT = datetime(2026, 3, 16, tzinfo=UTC)
HALF = 20037508.342789244
EXTENT, MARGIN = 4096, 64
to_mercator = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)


@dataclass(frozen=True)
class Scene:
    """An application on a world, and the oracle of that world."""

    app: Flask
    world: World
    oracle: Oracle

    @property
    def services(self) -> Services:
        """The services of the application."""
        found: Services = self.app.extensions["gridmap"]
        return found

    @property
    def tile_service(self) -> TileService:
        """The tiles of the application."""
        found: TileService = self.app.extensions["gridmap-tiles"]
        return found

    @property
    def everybody(self) -> list[str]:
        """Every account of the world."""
        return sorted(self.world.secrets)

    def viewer(self, who: str) -> Viewer | None:
        """The account as the application knows it."""
        return self.services.sign_ins.viewer("token", self.world.secrets[who])

    def forget(self) -> None:
        """Drop what is kept in memory."""
        self.tile_service.cache = ByteCache(1 << 26)
        self.services.sign_ins.forget()

    @property
    def today(self) -> date:
        """The business day."""
        return self.services.clock.today()

    @cached_property
    def ground(self) -> list[Tile]:
        """The tiles of zoom 14 over both streets."""
        with psycopg.connect(self.oracle.owner_url) as owner:
            row = owner.execute(
                "SELECT min(ST_XMin(geom_3857)), max(ST_YMax(geom_3857)), max(ST_XMax(geom_3857)),"
                " min(ST_YMin(geom_3857)) FROM gridmap.place WHERE street_id IN (77, 10001) AND kind = 'building'"
            ).fetchone()
        assert row is not None
        signed = zip(row, (1, -1, 1, -1), strict=True)
        x0, y0, x1, y1 = (int((HALF + sign * value) / (2 * HALF) * 2**14) for value, sign in signed)
        return [Tile(14, x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)]

    def tiles(self, zoom: int) -> list[Tile]:
        """The tiles of a zoom over both streets."""
        if zoom <= 14:
            return sorted({Tile(zoom, tile.x >> (14 - zoom), tile.y >> (14 - zoom)) for tile in self.ground})
        more = 2 ** (zoom - 14)
        return [
            Tile(zoom, tile.x * more + dx, tile.y * more + dy)
            for tile in self.ground
            for dx in range(more)
            for dy in range(more)
        ]


# Tiles -----------------------------------------------------------------------------------------------------------


def box_of(tile: Tile, margin: float = 0.0) -> shapely.Polygon:
    """The tile in web mercator; `margin` in tile units."""
    side = 2 * HALF / 2**tile.z
    reach = side * margin / EXTENT
    west, north = tile.x * side - HALF, HALF - tile.y * side
    return shapely.box(west - reach, north - side - reach, west + side + reach, north + reach)


@cache
def mercator(shape: bytes) -> shapely.Geometry:
    """A stored geometry in web mercator."""
    return shapely.transform(
        shapely.from_wkb(shape), lambda points: numpy.column_stack(to_mercator.transform(points[:, 0], points[:, 1]))
    )


def in_tiles(sight: Sight, tiles: Iterable[Tile], margin: float) -> set[int]:
    """Which rows touch the tiles with that margin."""
    ids = [identity for identity, shape in sight.shapes.items() if shape is not None]
    area = shapely.union_all([box_of(tile, margin) for tile in tiles])
    shapely.prepare(area)
    return {identity for identity in ids if area.intersects(mercator(sight.shapes[identity] or b""))}


def tile_leaks(scene: Scene, who: str, zoom: int, layers: Iterable[str] | None = None) -> list[Leak]:
    """What is wrong in the tiles of that zoom over both streets."""
    everything = list(layers or BY_NAME)
    names = [name for name in everything if scene.oracle.sight(who, name).is_there]
    hidden = [name for name in everything if name not in names]
    if scene.oracle.rights(who) is None:
        answer = _ask_tile(scene, who, scene.tiles(zoom)[0], names)
        return [] if answer.status_code == 401 else [Leak("row", who, f"tile z{zoom}", "", answer.status_code)]
    found: dict[str, dict[int, dict[str, Any]]] = {}
    counted: dict[str, int] = {}
    for tile in scene.tiles(zoom) if names else ():
        answer = _ask_tile(scene, who, tile, names)
        assert answer.status_code in (200, 204), answer.text
        for layer, rows in decoded(answer.data).items():
            found.setdefault(layer, {}).update(rows)
            counted[layer] = counted.get(layer, 0) + sum(row.get("count", 0) for row in rows.values())
    leaks: list[Leak] = []
    unknown = set(found) - set(names) - {f"{name}_label" for name in names}
    for name in names:
        if (BY_NAME[name].gathered_from or zoom + 1) <= zoom < BY_NAME[name].min_zoom:
            unknown -= {f"{name}_cells"}
            inside = _gathered_in_tiles(scene, who, zoom, BY_NAME[name])
            if counted.get(f"{name}_cells", 0) != inside:
                leaks.append(Leak("value", who, f"tile z{zoom}", name, ("count", inside)))
    leaks += [Leak("row", who, f"tile z{zoom}", layer, "layer") for layer in unknown]
    for name in names:
        leaks += _layer_leaks(scene, who, zoom, name, found)
    return leaks + [leak for name in hidden for leak in _hidden_tile_leaks(scene, who, zoom, name)]


def _gathered_in_tiles(scene: Scene, who: str, zoom: int, layer: Layer) -> int:
    """How many points are counted together in each of the tiles, those included that are spread into it from beside."""
    sight, beyond = scene.oracle.sight(who, layer.name), EXTENT * layer.spread / layer.gathered_in
    return sum(len(in_tiles(sight, [tile], beyond)) for tile in scene.tiles(zoom))


def _ask_tile(scene: Scene, who: str, tile: Tile, names: Iterable[str]) -> TestResponse:
    address = f"/tiles/{tile.z}/{tile.x}/{tile.y}.mvt?layers={','.join(names)}"
    return scene.app.test_client().get(address, headers=scene.world.headers(who))


def _hidden_tile_leaks(scene: Scene, who: str, zoom: int, name: str) -> list[Leak]:
    """A layer that is not there is answered like one that nobody knows, alone and beside others."""
    tile = scene.tiles(zoom)[0]
    answers = [
        [_ask_tile(scene, who, tile, [*others, word]) for word in (name, "nosuchlayer")]
        for others in ((), ("buildings",))
    ]
    is_silent = all(
        asked.status_code == unknown.status_code == 404 and asked.text == unknown.text.replace("nosuchlayer", name)
        for asked, unknown in answers
    )
    return [] if is_silent else [Leak("row", who, f"tile z{zoom}", name, "layer")]


def _layer_leaks(
    scene: Scene, who: str, zoom: int, name: str, found: Mapping[str, Mapping[int, Mapping[str, Any]]]
) -> list[Leak]:
    layer, sight, output = BY_NAME[name], scene.oracle.sight(who, name), f"tile z{zoom}"
    if zoom < layer.min_zoom:
        return [Leak("row", who, output, name, "too early")] if found.get(name) else []
    tiles = scene.tiles(zoom)
    carried = layer.tile_attributes(zoom)
    rows = {identity: _carried(row, carried) for identity, row in sight.rows.items()}
    may, must = in_tiles(sight, tiles, MARGIN + 1), in_tiles(sight, tiles, MARGIN - 1)
    here = found.get(name, {})
    expected = {
        identity: row for identity, row in rows.items() if identity in must or (identity in may and identity in here)
    }
    leaks = compare(who, output, name, expected, here)
    labels = found.get(f"{name}_label", {})
    return leaks + compare(who, output, f"{name}_label", {key: rows[key] for key in rows}, labels, partly=True)


def _carried(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names if name in row}


# Items, exports, frames --------------------------------------------------------------------------------------------


@contextmanager
def looking(scene: Scene, who: str) -> Iterator[tuple[Any, Viewer]]:
    """A transaction of that account."""
    viewer = scene.viewer(who)
    assert viewer is not None
    with scene.services.database.transaction(viewer.prologue) as connection:
        yield connection, viewer


def feature_leaks(scene: Scene, who: str, name: str, day: date | None = None) -> list[Leak]:
    """What is wrong in pages, single features, counts and extents of a layer."""
    layer, sight = BY_NAME[name], scene.oracle.sight(who, name, day)
    asked = Asked(as_of=end_of(day or scene.today))
    if scene.oracle.rights(who) is None:
        return [] if scene.viewer(who) is None else [Leak("row", who, "viewer", name, "exists")]
    with looking(scene, who) as (connection, viewer):
        if not sight.is_there:
            some = scene.oracle.raw(name, scene.today)[0]["id"]
            readers: dict[str, Callable[[], object]] = {
                "items": lambda: read_page(connection, layer, viewer, asked, limit=5),
                "count": lambda: count_features(connection, layer, viewer, asked),
                "item": lambda: read_feature(connection, layer, viewer, asked, some),
                "extent": lambda: read_extent(connection, layer, viewer, asked),
            }
            return _answered(who, name, readers)
        features, after = [], None
        while True:
            page = read_page(connection, layer, viewer, asked, limit=500, after=after)
            features += json.loads(b"[" + page.features + b"]")
            after = page.next_after
            if after is None:
                break
        leaks = compare(who, "items", name, sight.rows, properties(features))
        count = count_features(connection, layer, viewer, asked)
        if count != len(sight.rows):
            leaks.append(Leak("row" if count > len(sight.rows) else "missing", who, "count", name, count))
        rows = scene.oracle.raw(name, day or scene.today)
        for row in rows[:: max(1, len(rows) // 12)]:
            single = read_feature(connection, layer, viewer, asked, row["id"])
            here = {} if single is None else properties([json.loads(single)])
            there = {key: sight.rows[key] for key in sight.rows if key == row["id"]}
            leaks += compare(who, "item", name, there, here)
        leaks += _extent_leaks(who, name, sight, read_extent(connection, layer, viewer, asked))
    return leaks


def _answered(who: str, name: str, readers: Mapping[str, Callable[[], object]]) -> list[Leak]:
    """Every reader that gives an answer for a layer that is not there."""
    leaks = []
    for output, read in readers.items():
        try:
            read()
        except UnknownLayer:
            continue
        leaks.append(Leak("row", who, output, name, "layer"))
    return leaks


def _extent_leaks(who: str, name: str, sight: Sight, found: tuple[float, ...] | None) -> list[Leak]:
    shapes = [shapely.from_wkb(shape) for shape in sight.shapes.values() if shape]
    expected = tuple(shapely.total_bounds(shapes)) if shapes else None
    if expected is None or found is None:
        return [] if expected is found else [Leak("row", who, "extent", name, found)]
    is_equal = all(abs(mine - theirs) < 1e-9 for mine, theirs in zip(expected, found, strict=True))
    return [] if is_equal else [Leak("row", who, "extent", name, found)]


def properties(features: Iterable[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """id → properties of GeoJSON features."""
    return {feature["id"]: feature["properties"] for feature in features}


def export_leaks(scene: Scene, who: str, name: str) -> list[Leak]:
    """What is wrong in the files and frames of a layer."""
    layer, sight, asked = BY_NAME[name], scene.oracle.sight(who, name), Asked(as_of=end_of(scene.today))
    leaks: list[Leak] = []
    viewer = scene.viewer(who)
    assert viewer is not None

    def write(form: Format) -> bytes:
        export = Export(layer=layer, viewer=viewer, asked=asked, made_at=MADE_AT, title="", format=form, masked=False)
        return b"".join(Stream(scene.services.database, export))

    if not sight.is_there:
        with looking(scene, who) as (connection, _):
            files: dict[str, Callable[[], object]] = {form.value: partial(write, form) for form in Format}
            frame_too = {"frame": lambda: read_frame(connection, layer, viewer, asked)}
            return _answered(who, name, files | frame_too)
    for form in Format:
        leaks += compare(who, form.value, name, *_of_file(form, write(form), sight))
    with looking(scene, who) as (connection, _):
        frame = read_frame(connection, layer, viewer, asked)
    hidden = set(frame.columns) - {"id", "geometry"} - scene.oracle.names(_rights(scene, who), name)
    leaks += [Leak("attribute", who, "frame", name, column) for column in hidden]
    ids = [{int(identity): {} for identity in some} for some in (sight.rows, frame["id"])]
    leaks += compare(who, "frame", name, *ids)
    return leaks


def _of_file(
    form: Format, body: bytes, sight: Sight
) -> tuple[Mapping[int, Mapping[str, Any]], dict[int, dict[str, Any]]]:
    if form is Format.CSV:
        import csv
        import io

        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
        head = next(number for number, line in enumerate(lines) if "id" in line)
        names = lines[head]
        shown = [dict(zip(names, line, strict=True)) for line in lines[head + 1 :]]
        # texts only: which columns and rows there are; the values are those of the other formats
        drop = {"id", "longitude", "latitude", "lon", "lat", "geometry", "wkt"}
        found = {int(row["id"]): {name: "" for name in row if name not in drop} for row in shown}
        return {identity: dict.fromkeys(row, "") for identity, row in sight.rows.items()}, found
    if form is Format.GEOJSON_SEQUENCE:
        texts = [json.loads(line.strip("\x1e\n")) for line in body.decode().split("\x1e") if line.strip()]
        return sight.rows, properties(one for one in texts if one.get("type") == "Feature")
    return sight.rows, properties(json.loads(body)["features"])


def _rights(scene: Scene, who: str) -> Any:
    rights = scene.oracle.rights(who)
    assert rights is not None
    return rights


# Tables ------------------------------------------------------------------------------------------------------------


def table_leaks(scene: Scene, who: str, table: str) -> list[Leak]:
    """What the second lock alone lets through of a table, asked for directly as the role of the application."""
    viewer = scene.viewer(who)
    if viewer is None:
        return []
    key = primary_key(scene.oracle.owner_url, table)
    with scene.services.database.transaction(viewer.prologue) as connection:
        rows: list[Row] = connection.execute(f"SELECT {', '.join(key)} FROM gridmap.{table}").fetchall()
    found = {tuple(row[name] for name in key) for row in rows}
    expected = scene.oracle.table(who, table)
    return [Leak("row", who, "table", table, one) for one in found - expected] + [
        Leak("missing", who, "table", table, one) for one in expected - found
    ]

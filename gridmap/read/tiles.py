"""Vector tiles: one statement makes the bytes of all layers of a tile.

Rows first, expensive functions on what is left.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Float,
    Integer,
    LargeBinary,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from gridmap.cuts import OVER
from gridmap.db.pools import Connection
from gridmap.db.statements import Statement, fetch_value, numbered
from gridmap.layer import BEGINS, ENDS, Layer, Role
from gridmap.read.select import Asked, rows_of, seen_attributes, values_for
from gridmap.scope import Reach, Viewer, reach_of_shape
from gridmap.tables.places import PLACE_KINDS

EXTENT = 4096
MARGIN = 64
"""How far a tile reaches over its edge, in tile units: symbols and labels near an edge are whole."""
EXTENT_WORD, MARGIN_WORD = (literal_column(str(number), Integer) for number in (EXTENT, MARGIN))
TILE_ZOOMS = range(17)
EARTH = 6_378_137.0
"""The radius of the sphere that web mercator unrolls, in metres."""
EDGES = ((10, 0.24), (100, 0.29), (1_000, 0.36))
"""Below how many points the sign of a cell keeps how far from its edge, in cells."""
FARTHEST = 0.42
"""That of more."""
STATE_NOW = "state_now"
"""The column of a layer of cases that has the state of today, whatever the map's day."""
SHARPENED = (STATE_NOW, "reported_at")
KIND = "place_kind"
"""The column of a layer that shows several kinds of places: each kind has a spatial index of its own."""


@dataclass(frozen=True, order=True)
class Tile:
    """A tile of the web mercator grid."""

    z: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        """Whether the grid of tiles has it."""
        return self.z in TILE_ZOOMS and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z


def read_tile(connection: Connection, layers: tuple[Layer, ...], tile: Tile, viewer: Viewer, asked: Asked) -> bytes:
    """The MVT of these layers (extent 4096), each polygon layer followed by its label points; empty where nothing is.

    The connection is in the viewer's transaction. Ids are the rows' own; attributes are those of the zoom that the
    viewer may see.
    """
    values = values_for(viewer, asked, *layers) | {"z": tile.z, "x": tile.x, "y": tile.y}
    statement = tile_statement(layers, tile.z, viewer.reach.shape, viewer.reading_roles, asked.sharp)
    if statement is None:
        return b""
    made: bytes | None = fetch_value(connection, statement, values)
    return made or b""


@lru_cache(maxsize=512)
def tile_statement(
    layers: tuple[Layer, ...], zoom: int, shape: tuple[str, ...], roles: frozenset[Role], sharp: tuple[str, ...] = ()
) -> Statement | None:
    """The SQL of a tile, the same for all viewers of one shape and roles; None where no layer shows at this zoom.

    `sharp`: see Asked.sharp.
    """
    reach = reach_of_shape(shape)
    parts: list[ColumnElement[Any]] = []
    for layer in layers:
        if zoom >= layer.min_zoom:
            parts.extend(_layer_parts(layer, zoom, reach, roles, sharp))
        elif layer.gathered_from is not None and zoom >= layer.gathered_from:
            is_ground = layer.spread > 0
            parts.append(_ground_part(layer, reach, sharp) if is_ground else _cells_part(layer, reach, roles, sharp))
    if not parts:
        return None
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.op("||")(part)
    return numbered(select(whole.label("tile")))


def _layer_parts(
    layer: Layer, zoom: int, reach: Reach, roles: frozenset[Role], sharp: tuple[str, ...]
) -> "list[ColumnElement[Any]]":
    names = [name for name in layer.tile_attributes(zoom) if name in seen_attributes(layer, roles)]
    is_labelled = layer.label in names and layer.style.shape == "polygon"
    picked = _picked(layer, names, reach, sharp, is_labelled=is_labelled)
    parts = [_mvt(picked, layer.name, picked.c.geom_3857, names)]
    if is_labelled:
        parts.append(_mvt(picked, f"{layer.name}_label", picked.c.label_3857, names))
    return parts


def _cells_part(layer: Layer, reach: Reach, roles: frozenset[Role], sharp: tuple[str, ...]) -> "ColumnElement[Any]":
    """The points of the layer counted together, as `<layer>_cells`: how many in each cell, and what is least there.

    A sign stands near the middle of its points, but so far from the edge of its cell that it stays inside: nothing is
    cut off where a tile ends, and no two lie on each other.
    """
    names = [name for name in layer.gathered if name in seen_attributes(layer, roles)]
    points = _points_in_cells(layer, names, reach, sharp)
    column, row, count = func.floor(points.c.x), func.floor(points.c.y), func.count()
    edge = case(*((count < most, _share(word)) for most, word in EDGES), else_=_share(FARTHEST))
    cells = (
        select(
            _cell_id(layer, column, row),
            count.label("count"),
            *(func.min(points.c[name]).label(name) for name in names),
            _inside_cell(func.avg(points.c.x), column, edge).label("x"),
            _inside_cell(func.avg(points.c.y), row, edge).label("y"),
        )
        .where(column >= 0, column < layer.gathered_in, row >= 0, row < layer.gathered_in)
        .group_by(column, row)
        .subquery("cells")
    )
    return _drawn_cells(layer, cells, names, [(cells.c.x, cells.c.y)])


def _ground_part(layer: Layer, reach: Reach, sharp: tuple[str, ...]) -> "ColumnElement[Any]":
    """The points of the layer as a soft ground, as `<layer>_cells`: of each cell the box over which it is spread.

    `count` is how many points it has, `density` how many that makes for each hectare, on the ground, in the middle of
    a cone over the box: the sum of the cones at a spot is the density there. Cells beyond the tile whose boxes reach
    into it come along, so that nothing shows where one tile ends. A box is a line between two of its corners.
    """
    points = _points_in_cells(layer, [], reach, sharp)
    column, row, far = func.floor(points.c.x), func.floor(points.c.y), layer.spread
    cells = (
        select(
            _cell_id(layer, column, row),
            func.count().label("count"),
            cast(func.count() / _hectares(layer), Float).label("density"),
            func.avg(points.c.x).label("x"),
            func.avg(points.c.y).label("y"),
        )
        .where(column >= -far, column < layer.gathered_in + far, row >= -far, row < layer.gathered_in + far)
        .group_by(column, row)
        .subquery("cells")
    )
    corners = [(cells.c.x + sign * far, cells.c.y + sign * far) for sign in (-1, 1)]
    return _drawn_cells(layer, cells, ["density"], corners)


def _hectares(layer: Layer) -> "ColumnElement[Any]":
    """What a cell's points are divided by: the volume of a cone of height 1 over the circle in a box."""
    box = _envelope()
    north, south = func.ST_YMax(box, type_=Float), func.ST_YMin(box, type_=Float)
    shrunk = func.cosh((north + south) / literal_column(str(2 * EARTH)), type_=Float)
    radius = (north - south) / shrunk * literal_column(str(layer.spread / layer.gathered_in))
    return func.pi(type_=Float) * radius * radius / literal_column("30000.0::float8")


def _cell_id(layer: Layer, column: "ColumnElement[Any]", row: "ColumnElement[Any]") -> "ColumnElement[int]":
    """A number of its own for each cell of a tile, those beyond its edge too."""
    across = layer.gathered_in + 2 * layer.spread
    return cast((row + layer.spread) * across + column + layer.spread + 1, BigInteger).label("id")


def _drawn_cells(
    layer: Layer,
    cells: Subquery,
    names: list[str],
    spots: "list[tuple[ColumnElement[Any], ColumnElement[Any]]]",
) -> "ColumnElement[Any]":
    """The MVT of the cells, each as a point, or as a line between two spots; those are in cells of the tile."""
    unit = literal_column(str(EXTENT // layer.gathered_in), Integer)
    points = [func.ST_MakePoint(x * unit, y * unit) for x, y in spots]
    shape = (points[0] if len(points) == 1 else func.ST_MakeLine(*points)).label("shape")
    drawn = select(cells.c.id, cells.c.count, *(cells.c[name] for name in names), shape).subquery("drawn")
    mvt = func.ST_AsMVT(
        drawn.table_valued(), literal(f"{layer.name}_cells"), EXTENT_WORD, literal("shape"), literal("id")
    )
    return func.coalesce(select(mvt).scalar_subquery(), literal_column("''::bytea", LargeBinary))


def _points_in_cells(layer: Layer, names: list[str], reach: Reach, sharp: tuple[str, ...]) -> CTE:
    """The points of a tile, and as far beyond it as they are spread, counted in cells from its north-western corner."""
    rows, chosen = rows_of(layer, reach, (*names, "geom_3857", *SHARPENED), is_picked=True)
    box = _envelope()
    west, north = func.ST_XMin(box, type_=Float), func.ST_YMax(box, type_=Float)
    side = (func.ST_XMax(box, type_=Float) - west) / literal_column(str(layer.gathered_in), Integer)
    x = (func.ST_X(rows.c.geom_3857, type_=Float) - west) / side
    y = (north - func.ST_Y(rows.c.geom_3857, type_=Float)) / side
    points = chosen.add_columns(x.label("x"), y.label("y"), *(rows.c[name] for name in names))
    near = rows.c.geom_3857.op("&&")(_envelope(margin=layer.spread / layer.gathered_in))
    return points.where(near, *_sharpened(rows, sharp)).cte(f"{layer.name}_points")


def _share(number: float) -> "ColumnElement[float]":
    """A number that says its type in the text, so that the statement can be prepared without any."""
    return literal_column(f"{number}::float8", Float)


def _inside_cell(
    middle: "ColumnElement[Any]", cell: "ColumnElement[Any]", edge: "ColumnElement[Any]"
) -> "ColumnElement[Any]":
    return cell + func.least(func.greatest(middle - cell, edge), 1 - edge)


def _picked(layer: Layer, names: list[str], reach: Reach, sharp: tuple[str, ...], *, is_labelled: bool) -> CTE:
    shapes = ("geom_3857", "label_3857") if is_labelled else ("geom_3857",)
    rows, chosen = rows_of(layer, reach, (*names, *shapes, KIND, *SHARPENED), is_picked=True)
    columns = [rows.c.id, *(rows.c[name] for name in (*names, *shapes))]
    picked = chosen.add_columns(*columns).where(_is_near(rows), *_sharpened(rows, sharp)).cte(f"{layer.name}_picked")
    return picked.prefix_with("MATERIALIZED", dialect="postgresql")


def _sharpened(rows: Subquery, sharp: tuple[str, ...]) -> "list[ColumnElement[bool]]":
    """What the layer's own conditions say of values that may be null, said once more in words that an index answers."""
    found: list[ColumnElement[bool]] = []
    if "open" in sharp and STATE_NOW in rows.c:
        found.append(rows.c[STATE_NOW].not_in(OVER))
    if "days" in sharp and STATE_NOW in rows.c:
        found += [rows.c.reported_at >= func.gridmap.office_midnight(BEGINS)]
        found += [rows.c.reported_at < func.gridmap.office_midnight(ENDS)]
    return found


def _is_near(rows: Subquery) -> "ColumnElement[bool]":
    """That a row touches the tile or its margin, in words that the spatial indexes answer."""
    near: ColumnElement[bool] = rows.c.geom_3857.op("&&")(_envelope(margin=MARGIN / EXTENT))
    if KIND not in rows.c:
        return near
    return or_(*(and_(rows.c[KIND] == literal_column(f"'{kind}'"), near) for kind in PLACE_KINDS))


def _mvt(picked: CTE, name: str, shape: "ColumnElement[Any]", names: list[str]) -> "ColumnElement[Any]":
    drawn = func.ST_AsMVTGeom(shape, _envelope(), EXTENT_WORD, MARGIN_WORD, true()).label("shape")
    inner = (
        select(picked.c.id, *(picked.c[attribute] for attribute in names), drawn)
        .where(shape.op("&&")(_envelope(margin=MARGIN / EXTENT)))
        .subquery(f"{name}_shapes")
    )
    mvt = func.ST_AsMVT(inner.table_valued(), literal(name), EXTENT_WORD, literal("shape"), literal("id"))
    # a shape that clipping empties is null, and ST_AsMVT leaves null shapes out by itself; asking for IS NOT NULL
    # here would make PostgreSQL clip every shape twice
    return func.coalesce(select(mvt).scalar_subquery(), literal_column("''::bytea", LargeBinary))


def _envelope(margin: float = 0.0) -> "ColumnElement[Any]":
    z, x, y = (bindparam(axis, type_=Integer) for axis in "zxy")
    if not margin:
        return func.ST_TileEnvelope(z, x, y)
    return func.ST_TileEnvelope(z, x, y, literal_column(f"margin => {margin}"))

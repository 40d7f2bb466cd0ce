"""A layer as GeoDataFrames, from batches of WKB; geopandas is imported only when somebody asks for a frame."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, Text, cast, func, select

from gridmap.clock import OFFICE
from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.layer import Layer
from gridmap.read.features import Roles, Statement, features_of
from gridmap.read.filter import EVERYTHING, Filter, FilterShape
from gridmap.read.keyset import order_of
from gridmap.read.kinds import kind_of
from gridmap.read.select import Asked, seen_attributes, values_for
from gridmap.scope import Viewer

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import Series

BATCH = 5_000
DTYPES = {"string": "str", "integer": "Int64", "number": "float64", "boolean": "boolean", "date": "datetime64[s]"}
DTYPES["object"] = "str"
DTYPES |= {"date-time": f"datetime64[us, {OFFICE.key}]"}


def read_frames(
    connection: Connection,
    layer: Layer,
    viewer: Viewer,
    asked: Asked,
    *,
    where: Filter = EVERYTHING,
    masked: bool = False,
    batch: int = BATCH,
) -> "Iterator[GeoDataFrame]":
    """GeoDataFrames (EPSG:4326) of at most `batch` rows each, in id order; one empty frame where nothing is.

    Columns: `id`, the attributes that the viewer may see in declared order (an object as JSON text), `geometry`. The
    connection is in the viewer's transaction, which must outlive the iteration.
    """
    names = seen_attributes(layer, viewer.reading_roles, masked=masked)
    for rows in read_rows(connection, layer, viewer, asked, where=where, masked=masked, batch=batch):
        yield _frame(layer, names, rows)


def read_rows(
    connection: Connection,
    layer: Layer,
    viewer: Viewer,
    asked: Asked,
    *,
    where: Filter = EVERYTHING,
    masked: bool = False,
    batch: int = BATCH,
) -> Iterator[list[Row]]:
    """The same as plain rows: `id`, the attributes, and `geometry` as WKB; one empty list where nothing is."""
    text, constants = frame_statement(layer, viewer.reach.shape, viewer.reading_roles, where.shape, masked=masked)
    values = constants | values_for(viewer, asked, layer) | where.values
    is_first = True
    with connection.cursor("frame") as cursor:
        cursor.execute(text, values, binary=True)
        while (rows := cursor.fetchmany(batch)) or is_first:
            is_first = False
            yield rows


def read_frame(
    connection: Connection,
    layer: Layer,
    viewer: Viewer,
    asked: Asked,
    *,
    where: Filter = EVERYTHING,
    masked: bool = False,
) -> "GeoDataFrame":
    """The whole layer as one GeoDataFrame; see `read_frames` for layers that are large."""
    import pandas

    frames = list(read_frames(connection, layer, viewer, asked, where=where, masked=masked))
    return frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True)


@lru_cache(maxsize=128)
def frame_statement(
    layer: Layer, shape: tuple[str, ...], roles: Roles, where: FilterShape, *, masked: bool = False
) -> Statement:
    """The SQL of the rows with their geometry as WKB, and its constants."""
    rows, chosen = features_of(layer, shape, roles, where, masked=masked)
    found = chosen.order_by(*order_of(layer, rows)).subquery("found")
    columns = [_column(found.c[name], kind_of(layer, name)) for name in seen_attributes(layer, roles, masked=masked)]
    return compiled(select(found.c.id, *columns, func.ST_AsBinary(found.c.geom).label("geometry")))


def _column(column: Any, kind: str) -> Any:
    """Numbers as pandas holds them; an object as JSON text, which every kind of file can hold."""
    if kind == "number":
        return cast(column, Float(53)).label(column.key)
    return cast(column, Text).label(column.key) if kind == "object" else column


def _frame(layer: Layer, names: tuple[str, ...], rows: list[Row]) -> "GeoDataFrame":
    import geopandas
    import pandas
    import shapely

    columns: dict[str, Series[Any]] = {"id": pandas.Series([row["id"] for row in rows], dtype="int64")}
    for name in names:
        kind = kind_of(layer, name)
        columns[name] = pandas.Series([_value(kind, row[name]) for row in rows], dtype=DTYPES[kind])
    shapes = shapely.from_wkb([row["geometry"] for row in rows])
    return geopandas.GeoDataFrame(columns, geometry=geopandas.GeoSeries(shapes, crs=4326))


def _value(kind: str, value: Any) -> Any:
    return value.isoformat() if kind == "date" and isinstance(value, date) else value

"""Features of a layer as GeoJSON text that SQL makes: pages, one by id, how many, and their extent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Subquery,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from gridmap.db import Database, compiled
from gridmap.db.pools import Connection, Row
from gridmap.layer import Layer, Role
from gridmap.read.crs import DEGREES, Crs
from gridmap.read.filter import EVERYTHING, Filter, FilterShape, columns_of, conditions
from gridmap.read.keyset import going_on, is_street_owned, order_of
from gridmap.read.select import Asked, rows_of, seen_attributes, values_for
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS

DECIMALS = DEGREES.decimals
"""Decimals of a degree that leave the server: about a centimetre."""
ALONE = b"; SET LOCAL max_parallel_workers_per_gather = 0"
Statement = tuple[str, dict[str, Any]]
Roles = frozenset[Role]
Extent = tuple[float, float, float, float]
DECIMALS_WORD, NO_OPTIONS = (literal_column(str(number), Integer) for number in (DECIMALS, 0))
NULL, COMMA = literal_column("'null'", Text), literal_column("','", Text)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some features of a layer in id order: the members of a `features` array as UTF-8, without its brackets."""

    features: bytes
    returned: int
    next_after: int | None
    """The id to go on after; None where nothing follows."""


def read_page(
    connection: Connection,
    layer: Layer,
    viewer: Viewer,
    asked: Asked,
    *,
    limit: int,
    after: int | None = None,
    where: Filter = EVERYTHING,
    crs: Crs = DEGREES,
) -> Page:
    """At most `limit` features that the viewer may see, after that id; coordinates in that system, in its order.

    The connection is in the viewer's transaction. Each feature carries the attributes that the viewer may see, in
    declared order; polygons turn counterclockwise.
    """
    statement = page_statement(layer, viewer.reach.shape, viewer.reading_roles, where.shape, after is not None, crs)
    values = values_for(viewer, asked, layer) | where.values | {"limit": limit, "after": after or 0}
    row = _one(connection, statement, values)
    more = row["found"] > limit
    return Page(
        features=bytes(row["features"]),
        returned=min(row["found"], limit),
        next_after=row["last_id"] if more else None,
    )


def count_features(
    connection: Connection, layer: Layer, viewer: Viewer, asked: Asked, where: Filter = EVERYTHING
) -> int:
    """How many features the viewer may see under that filter. The connection is in the viewer's transaction."""
    statement = count_statement(layer, viewer.reach.shape, where.shape)
    found: int = _one(connection, statement, values_for(viewer, asked, layer) | where.values)["found"]
    return found


def read_feature(
    connection: Connection, layer: Layer, viewer: Viewer, asked: Asked, identity: int, crs: Crs = DEGREES
) -> bytes | None:
    """The feature of that id as GeoJSON, None where there is none or the viewer may not see it: nobody can tell."""
    statement = feature_statement(layer, viewer.reach.shape, viewer.reading_roles, crs)
    text, constants = statement
    values = constants | values_for(viewer, asked, layer) | {"id": identity, "street": identity >> SERIAL_BITS}
    row = connection.execute(text, values, prepare=False, binary=True).fetchone()
    return bytes(row["feature"]) if row else None


def read_extent(connection: Connection, layer: Layer, viewer: Viewer, asked: Asked) -> Extent | None:
    """West, south, east, north of what the viewer may see of the layer; None where that is nothing."""
    row = _one(connection, extent_statement(layer, viewer.reach.shape), values_for(viewer, asked, layer))
    return None if row["west"] is None else (row["west"], row["south"], row["east"], row["north"])


@contextmanager
def reading(database: Database, viewer: Viewer) -> Iterator[Connection]:
    """The viewer's transaction for reading features: without parallel workers, whose start costs more than a page."""
    with database.transaction(viewer.prologue + ALONE) as connection:
        yield connection


def _one(connection: Connection, statement: Statement, values: dict[str, Any]) -> Row:
    text, constants = statement
    # planned anew each time: a generic plan does not know how big the box is
    row = connection.execute(text, constants | values, prepare=False, binary=True).fetchone()
    assert row is not None
    return row


@lru_cache(maxsize=512)
def page_statement(
    layer: Layer, shape: tuple[str, ...], roles: Roles, where: FilterShape, is_continued: bool, crs: Crs = DEGREES
) -> Statement:
    """The SQL of a page and its constants, the same for all viewers of one shape and roles."""
    rows, chosen = features_of(going_on(layer) if is_continued else layer, shape, roles, where)
    limit = bindparam("limit", type_=Integer)
    page = chosen.order_by(*order_of(layer, rows)).limit(limit + 1).subquery("page")
    number = func.row_number().over(order_by=page.c.id).label("on_page")
    numbered = select(page, number).subquery("numbered")
    is_shown = numbered.c.on_page <= limit
    feature = feature_text(numbered, seen_attributes(layer, roles), crs=crs)
    joined = func.string_agg(feature, aggregate_order_by(COMMA, numbered.c.on_page)).filter(is_shown)
    return compiled(
        select(
            _utf8(func.coalesce(joined, literal_column("''", Text))).label("features"),
            func.count().label("found"),
            func.max(numbered.c.id).filter(is_shown).label("last_id"),
        ).select_from(numbered)
    )


@lru_cache(maxsize=512)
def count_statement(layer: Layer, shape: tuple[str, ...], where: FilterShape) -> Statement:
    """The SQL that counts the rows of a filter, and its constants."""
    rows, chosen = rows_of(layer, reach_of_shape(shape), columns_of(layer, where))
    counted = chosen.add_columns(func.count().label("found")).select_from(rows)
    return compiled(counted.where(*conditions(layer, rows, where)))


@lru_cache(maxsize=512)
def feature_statement(layer: Layer, shape: tuple[str, ...], roles: Roles, crs: Crs) -> Statement:
    """The SQL of one feature by id, and its constants."""
    rows, chosen = features_of(layer, shape, roles, FilterShape())
    chosen = chosen.where(rows.c.id == bindparam("id", type_=BigInteger))
    if is_street_owned(layer):
        chosen = chosen.where(rows.c.street_id == bindparam("street", type_=BigInteger))
    found = chosen.subquery("found")
    return compiled(select(_utf8(feature_text(found, seen_attributes(layer, roles), crs=crs)).label("feature")))


@lru_cache(maxsize=512)
def extent_statement(layer: Layer, shape: tuple[str, ...]) -> Statement:
    """The SQL of a layer's extent, and its constants."""
    rows, chosen = rows_of(layer, reach_of_shape(shape), ("geom",))
    whole = chosen.add_columns(func.ST_Extent(rows.c.geom).label("box")).subquery("whole")
    sides = {"west": func.ST_XMin, "south": func.ST_YMin, "east": func.ST_XMax, "north": func.ST_YMax}
    return compiled(select(*(side(whole.c.box).label(name) for name, side in sides.items())))


def features_of(
    layer: Layer, shape: tuple[str, ...], roles: Roles, where: FilterShape, *, masked: bool = False
) -> "tuple[Subquery, Select[Any]]":
    """The rows of a layer, and the select of their id, geometry and seen attributes under lock and filter."""
    names = seen_attributes(layer, roles, masked=masked)
    rows, chosen = rows_of(layer, reach_of_shape(shape), (*names, "geom", *columns_of(layer, where)))
    columns = [rows.c.id, rows.c.geom, *(rows.c[name] for name in names)]
    return rows, chosen.add_columns(*columns).where(*conditions(layer, rows, where))


def feature_text(
    rows: FromClause, names: tuple[str, ...], prefix: str = "", crs: Crs = DEGREES
) -> "ColumnElement[str]":
    """One feature as GeoJSON text, joined by `||` because that is what PostgreSQL does fastest."""
    text = _words(f'{prefix}{{"type":"Feature","id":') + cast(rows.c.id, Text)
    text = text + _words(',"geometry":') + func.coalesce(geometry_text(rows.c.geom, crs), NULL)
    text = text + _words(',"properties":{')
    for number, name in enumerate(names):
        text = text + _words(f'{"," if number else ""}"{name}":') + json_text(rows.c[name])
    return text + _words("}}")


def geometry_text(geom: "ColumnElement[Any]", crs: Crs = DEGREES) -> "ColumnElement[str]":
    """The geometry as GeoJSON, exterior rings counterclockwise as RFC 7946 wants them."""
    turned = func.ST_ForcePolygonCCW(geom)
    if not crs.is_degrees:
        turned = func.ST_Transform(turned, literal_column(str(crs.srid), Integer))
    if crs.is_flipped:
        turned = func.ST_FlipCoordinates(turned)
    decimals = literal_column(str(crs.decimals), Integer)
    made: ColumnElement[str] = func.ST_AsGeoJSON(turned, decimals, NO_OPTIONS, type_=Text)
    return made


def json_text(column: "ColumnElement[Any]") -> "ColumnElement[str]":
    """A value as JSON text: dates in ISO, numbers as numbers, `null` for nothing."""
    is_plain = isinstance(column.type, Integer | Boolean)
    value = cast(column, Text) if is_plain else cast(func.to_json(column), Text)
    return func.coalesce(value, NULL)


def _utf8(text: "ColumnElement[str]") -> "ColumnElement[bytes]":
    made: ColumnElement[bytes] = func.convert_to(text, literal_column("'UTF8'", Text))
    return made


def _words(words: str) -> "ColumnElement[str]":
    """A constant of ours in the text of the statement; names of attributes are plain identifiers."""
    assert "'" not in words
    assert "\\" not in words
    return literal_column(f"'{words}'", Text)

"""A whole layer as a file, streamed in constant memory: PostgreSQL makes the bytes, COPY sends them."""

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from psycopg import ClientCursor
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Numeric,
    Subquery,
    Text,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from gridmap.audit import write_audit
from gridmap.clock import OFFICE, instant_text
from gridmap.db import Database, compiled
from gridmap.db.pools import Connection
from gridmap.i18n import _, translate
from gridmap.layer import ON_DUTY, Layer, Role
from gridmap.read.crs import CRS84
from gridmap.read.features import (
    DECIMALS,
    DECIMALS_WORD,
    Roles,
    Statement,
    feature_text,
    features_of,
)
from gridmap.read.filter import EVERYTHING, Filter, FilterShape
from gridmap.read.keyset import is_street_owned, order_of
from gridmap.read.kinds import kind_of
from gridmap.read.select import Asked, seen_attributes, values_for
from gridmap.scope import Viewer

if TYPE_CHECKING:
    from psycopg.abc import Buffer

BLOCK = 128 * 1024
"""Bytes that are gathered before they are handed on."""
DATUM_NOTE = _("WGS 84 longitude and latitude in degrees (CGCS2000, EPSG:4490, has the same numbers)")
BOM = b"\xef\xbb\xbf"
"""Without it a spreadsheet takes UTF-8 for GBK."""
FORMULA = "^[-=+@\t\r]"
"""A text that begins so would be run by a spreadsheet; in CSV it gets an apostrophe before it."""
WATERMARK = _("Personal data. Taken out by {who} on {at}: {reason}")
STREAM_SETTINGS = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET LOCAL max_parallel_workers_per_gather = 0",
    "SET LOCAL work_mem = '32MB'",
)
"""One moment for the whole file; one process for one reader; room to sort some streets."""
MOST_STREETS = 16
"""So many at most are put in order together."""


class Format(StrEnum):
    """A kind of file; the value is its extension."""

    GEOJSON = "geojson"
    GEOJSON_SEQUENCE = "geojsons"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        """Its Content-Type."""
        return {"geojson": "application/geo+json", "geojsons": "application/geo+json-seq", "csv": "text/csv"}[self]


@dataclass(frozen=True, kw_only=True)
class Export:
    """What is exported: a layer, for whom, as of when, which rows, and what the head of the file says."""

    layer: Layer
    viewer: Viewer
    asked: Asked
    made_at: datetime
    title: str
    format: Format = Format.GEOJSON
    where: Filter = EVERYTHING
    guards: bool = True
    """Whether a text that a spreadsheet would run as a formula gets an apostrophe, in CSV."""
    masked: bool = True
    """Without what is about people; `unmasked()` gives one with it."""
    reason: str = ""
    watermark: str = ""
    """Who took personal data out, when and why: a column of every row, so that no part of the file goes without it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that leave, in declared order."""
        return seen_attributes(self.layer, self.viewer.reading_roles, masked=self.masked)


class MayNotUnmask(Exception):
    """Personal data in files is for leaders, and only with a reason."""


def may_unmask(viewer: Viewer) -> bool:
    """Whether the account may take files with personal data: one that leads, and none of whose roles may not know."""
    return Role.LEADER in viewer.reading_roles and viewer.reading_roles <= ON_DUTY


def unmasked(export: Export, reason: str) -> Export:
    """The same export with what is about people, and the watermark that says so. Raises MayNotUnmask."""
    reason = " ".join(reason.split())[:200]
    if not reason or not may_unmask(export.viewer):
        raise MayNotUnmask
    at = export.made_at.astimezone(OFFICE).strftime("%Y-%m-%d %H:%M")
    viewer = export.viewer
    words = translate(viewer.locale, WATERMARK, who=f"{viewer.title} ({viewer.username})", at=at, reason=reason)
    return replace(export, masked=False, reason=reason, watermark=words)


class Stream:
    """An export on its way: iterate it once for its blocks of bytes; `rows` counts the features so far.

    The first block is made with the stream, so that an error of the database is raised here and not in the middle
    of a file. Close it, or exhaust it: its transaction lives as long as it does.
    """

    def __init__(self, database: Database, export: Export) -> None:
        self.rows = 0
        self._blocks = self._read(database, export)
        self._first: bytes | None = next(self._blocks)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, None
        return next(self._blocks) if first is None else first

    def close(self) -> None:
        """Stop: cancel the query, end the transaction, give the connection back."""
        self._blocks.close()

    def _read(self, database: Database, export: Export) -> Generator[bytes, None, None]:
        head, tail = _ends(export)
        gathered = bytearray(head)
        with database.transaction(export.viewer.prologue, "streams") as connection:
            for statement in STREAM_SETTINGS:
                connection.execute(statement)
            for row in _rows(connection, export):
                # every row of GeoJSON begins with its comma, and nothing stands before the first
                gathered += row if self.rows or export.format is not Format.GEOJSON else row[1:]
                self.rows += 1
                if len(gathered) >= BLOCK:
                    yield bytes(gathered)
                    gathered.clear()
        yield bytes(gathered + tail)


def _rows(connection: Connection, export: Export) -> "Iterator[Buffer]":
    """The rows in id order: some streets after the other, since sorting them all would keep the reader waiting."""
    viewer, layer, where = export.viewer, export.layer, export.where
    text, constants = export_statement(
        layer, viewer.reach.shape, viewer.reading_roles, where.shape, export.format,
        masked=export.masked, is_marked=bool(export.watermark), guards=export.guards,
    )  # fmt: skip
    values = constants | {"watermark": export.watermark} | values_for(viewer, export.asked, layer) | where.values
    with connection.cursor() as cursor:
        for streets in _turns(_streets(connection, layer, viewer)):
            with cursor.copy(text, values | {"streets": streets}) as copy:
                yield from copy


def _turns(streets: Sequence[int]) -> Iterator[Sequence[int]]:
    """One street for the first byte, then more and more: each turn is planned anew."""
    begin, size = 0, 1
    while begin < len(streets):
        yield list(streets[begin : begin + size])
        begin, size = begin + size, min(size * 2, MOST_STREETS)


def _streets(connection: Connection, layer: Layer, viewer: Viewer) -> Sequence[int]:
    if not is_street_owned(layer):
        return (0,)
    if layer.scoped_by is None or viewer.reach.is_city:
        return [row["id"] for row in connection.execute("SELECT id FROM gridmap.street ORDER BY id")]
    return viewer.reach.near


def write_stream(database: Database, export: Export, write: Callable[[bytes], object]) -> int:
    """Hand every block of the export to `write`; how many features there were."""
    with closing(Stream(database, export)) as stream:
        for block in stream:
            write(block)
        return stream.rows


@lru_cache(maxsize=512)
def export_statement(
    layer: Layer,
    shape: tuple[str, ...],
    roles: Roles,
    where: FilterShape,
    form: Format,
    *,
    masked: bool,
    is_marked: bool,
    guards: bool = True,
) -> Statement:
    """The COPY of an export and its constants, the same for all viewers of one shape and roles."""
    rows, chosen = features_of(layer, shape, roles, where, masked=masked)
    if is_street_owned(layer):
        chosen = chosen.where(rows.c.street_id == any_(bindparam("streets", type_=ARRAY(BigInteger))))
    found = chosen.order_by(*order_of(layer, rows)).subquery("found")
    names = seen_attributes(layer, roles, masked=masked)
    watermark = bindparam("watermark", type_=Text)
    if form is Format.CSV:
        marks = [watermark] if is_marked else []
        text, constants = compiled(select(*_cells(layer, found, names, guards=guards), *marks))
        return f"COPY ({text}) TO STDOUT WITH (FORMAT csv)", constants
    if is_marked:
        found, names = select(found, watermark.label("watermark")).subquery("marked"), (*names, "watermark")
    feature = feature_text(found, names, "," if form is Format.GEOJSON else "")
    if form is Format.GEOJSON_SEQUENCE:
        feature = literal_column("chr(30)", Text) + feature
    text, constants = compiled(select(feature))
    # JSON text holds no raw control characters, so that with these COPY never quotes or doubles anything
    return f"COPY ({text}) TO STDOUT WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')", constants


def _ends(export: Export) -> tuple[bytes, bytes]:
    """What stands before the rows and after them."""
    if export.format is Format.GEOJSON:
        said = json.dumps(file_facts(export), ensure_ascii=False, separators=(",", ":"))
        return f'{{"type":"FeatureCollection",{said[1:-1]},"features":[\n'.encode(), b"]}\n"
    if export.format is Format.CSV:
        mark = ("watermark",) if export.watermark else ()
        return BOM + ",".join(["id", *export.names, *_place_names(export.layer), *mark]).encode() + b"\n", b""
    return b"", b""


def file_facts(export: Export) -> dict[str, object]:
    """What a file says of itself: layer, times, filter, coordinates; foreign members of the collection."""
    return {
        "name": export.layer.name,
        "title": export.title,
        "timeStamp": export.made_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "asOf": instant_text(export.asked.as_of),
        "filter": export.asked.said | dict(export.where.said),
        "coordRefSys": CRS84,
        "coordinateNote": f"{DATUM_NOTE}, {DECIMALS} decimals",
        **({"watermark": export.watermark} if export.watermark else {}),
    }


def _cells(layer: Layer, found: Subquery, names: tuple[str, ...], *, guards: bool) -> "list[ColumnElement[Any]]":
    cells = [found.c.id, *(_cell(found.c[name], kind_of(layer, name), guards=guards) for name in names)]
    middle = func.ST_PointOnSurface(found.c.geom)
    axes = (func.ST_X(middle), func.ST_Y(middle))
    cells += [func.trim_scale(func.round(cast(axis, Numeric), DECIMALS_WORD)) for axis in axes]
    return [*cells, func.ST_AsText(found.c.geom, DECIMALS_WORD)] if layer.style.shape != "point" else cells


def _place_names(layer: Layer) -> tuple[str, ...]:
    return ("lon", "lat", "wkt") if layer.style.shape != "point" else ("lon", "lat")


def _cell(column: "ColumnElement[Any]", kind: str, *, guards: bool) -> "ColumnElement[Any]":
    if kind == "boolean":
        return cast(column, Text)
    if kind != "string" or not guards:
        return column
    text = cast(column, Text)
    return case((text.regexp_match(FORMULA), literal("'") + text), else_=text)


def note_export(database: Database, export: Export, *, business_at: datetime, target: str, kind: str = "") -> None:
    """Write into the audit log that this export begins: who (0 is the command line), what, which rows, where to."""
    viewer = export.viewer
    with database.transaction(viewer.prologue) as connection:
        write_audit(
            connection,
            action="export",
            subject="layer",
            subject_id=export.layer.name,
            business_at=business_at,
            account_id=viewer.account_id or None,
            why=export.reason or None,
            after={
                "format": kind or export.format.value,
                "asOf": instant_text(export.asked.as_of),
                "filter": export.asked.said | dict(export.where.said),
                "attributes": list(export.names),
                "masked": export.masked,
                "target": target,
            },
        )


def layer_sql(connection: Connection, export: Export) -> str:
    """The export's rows as plain SQL with every value written out: a transaction of the viewer's, for psql."""
    viewer, layer, where = export.viewer, export.layer, export.where
    rows, chosen = features_of(layer, viewer.reach.shape, viewer.reading_roles, where.shape, masked=export.masked)
    names = export.names
    columns = [rows.c.id, *(rows.c[name] for name in names), type_coerce(rows.c.geom, NullType()).label("geom")]
    text, constants = compiled(chosen.with_only_columns(*columns).order_by(*order_of(layer, rows)))
    values = constants | values_for(viewer, export.asked, layer) | where.values
    written = ClientCursor(connection).mogrify(text, values)
    prologue = viewer.prologue.decode().replace("; ", ";\n")
    return f"-- {layer.name}, {instant_text(export.asked.as_of)}\n{prologue};\n{written};\nCOMMIT;"

"""Layers as files of every kind: what is asked for, in words, and the one way to write it."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from gridmap.db import Database
from gridmap.i18n import _
from gridmap.read.features import count_features
from gridmap.read.files.facts import facts_of
from gridmap.read.files.geopackage import add_layers
from gridmap.read.files.kinds import KINDS, Kind, UnknownKind, kind_of_file
from gridmap.read.files.order import BadOrder, Order, exports_of, note_order
from gridmap.read.files.rows import fields_of
from gridmap.read.files.shapefile import TooLarge, write_shapefiles
from gridmap.read.files.tables import needs_parquet, write_flatgeobuf, write_parquet
from gridmap.read.stream import STREAM_SETTINGS, Export, MayNotUnmask, Stream, may_unmask
from gridmap.read.workbook import Workbook

__all__ = [
    "KINDS",
    "BadOrder",
    "Kind",
    "MayNotUnmask",
    "Order",
    "UnknownKind",
    "add_layers",
    "copy_stream",
    "count_order",
    "exports_of",
    "kind_of_file",
    "may_unmask",
    "note_order",
    "opened",
    "write_file",
]
Progress = Callable[[int], None]


def silent(_rows: int) -> None:
    """Nobody waits for news."""


def count_order(database: Database, exports: Sequence[Export]) -> int:
    """How many rows the exports have together."""
    with database.transaction(exports[0].viewer.prologue) as connection:
        return sum(count_features(connection, one.layer, one.viewer, one.asked, one.where) for one in exports)


def opened(database: Database, export: Export, kind: Kind) -> "Stream | Workbook":
    """An export of a streamed kind, to be iterated once and closed; an error of the database is raised here."""
    if kind.word != "xlsx":
        return Stream(database, export)
    with database.transaction(export.viewer.prologue) as connection:
        facts = facts_of(connection, export)
    return Workbook(database, export, fields=fields_of(export), facts=facts)


def write_file(
    database: Database, exports: Sequence[Export], kind: Kind, path: Path, *, encoding: str = "UTF-8",
    progress: Progress = silent,
) -> int:  # fmt: skip
    """Write the exports, all of one viewer, into a file that is not there yet; how many rows. Raises BadOrder."""
    if kind.is_streamed:
        with path.open("xb") as file:
            return copy_stream(opened(database, exports[0], kind), file.write, progress)
    if kind.word == "parquet":
        needs_parquet()
    with database.transaction(exports[0].viewer.prologue, "streams") as connection:
        for statement in STREAM_SETTINGS:
            connection.execute(statement)
        if kind.word == "gpkg":
            return add_layers(connection, exports, path, progress)
        if kind.word == "fgb":
            return write_flatgeobuf(connection, exports[0], path, progress)
        if kind.word == "parquet":
            return write_parquet(connection, exports[0], path, progress)
        try:
            return write_shapefiles(connection, exports, path, encoding, progress)
        except TooLarge:
            raise BadOrder(_("A Shapefile cannot hold these shapes. Take a GeoPackage.")) from None


def copy_stream(stream: "Stream | Workbook", write: Callable[[bytes], object], progress: Progress = silent) -> int:
    """Hand every block to `write` and close the stream; how many rows."""
    told = 0
    with closing(stream):
        for block in stream:
            write(block)
            progress(stream.rows - told)
            told = stream.rows
    return told

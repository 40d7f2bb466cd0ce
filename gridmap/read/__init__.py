"""The only reader of layers: tile, features, stream, frame. Every read takes a Viewer."""

from gridmap.read.features import Page, count_features, read_extent, read_feature, read_page, reading
from gridmap.read.filter import Filter, UnknownWord, parse_filter
from gridmap.read.frame import read_frame, read_frames
from gridmap.read.select import Asked, BadWord, UnknownLayer, asked_as, cuts_of, layers_for, layers_named, rows_of
from gridmap.read.stream import Export, Format, Stream, layer_sql, note_export, write_stream
from gridmap.read.tiles import TILE_ZOOMS, Tile, read_tile

__all__ = [
    "TILE_ZOOMS",
    "Asked",
    "BadWord",
    "Export",
    "Filter",
    "Format",
    "Page",
    "Stream",
    "Tile",
    "UnknownLayer",
    "UnknownWord",
    "asked_as",
    "count_features",
    "cuts_of",
    "layer_sql",
    "layers_for",
    "layers_named",
    "note_export",
    "parse_filter",
    "read_extent",
    "read_feature",
    "read_frame",
    "read_frames",
    "read_page",
    "read_tile",
    "reading",
    "rows_of",
    "write_stream",
]

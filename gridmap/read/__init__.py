"""The only reader of layers: tile, features, stream, frame. Every read takes a Viewer."""

from gridmap.read.select import Asked, UnknownLayer, layers_named, rows_of
from gridmap.read.tiles import TILE_ZOOMS, Tile, read_tile

__all__ = [
    "TILE_ZOOMS",
    "Asked",
    "Tile",
    "UnknownLayer",
    "layers_named",
    "read_tile",
    "rows_of",
]

"""The kinds of files that layers leave as."""

from dataclasses import dataclass
from pathlib import Path

from gridmap.i18n import _
from gridmap.read.workbook import MEDIA_TYPE as WORKBOOK_TYPE


class UnknownKind(Exception):
    """No kind of file is called so, or the name of the file tells none."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of file: its word in addresses, what its name ends with, and what it is good for."""

    word: str
    extension: str
    title: str
    about: str
    media_type: str
    holds_many: bool = False
    """Whether several layers fit into one file."""
    is_streamed: bool = False
    """Whether it is sent while it is made; the others are made first."""


KINDS = {
    kind.word: kind
    for kind in (
        Kind(
            word="gpkg",
            extension="gpkg",
            title="GeoPackage",
            about=_("For QGIS: with their colours and the names of their fields"),
            media_type="application/geopackage+sqlite3",
            holds_many=True,
        ),
        Kind(
            word="xlsx",
            extension="xlsx",
            title="Excel",
            about=_("For reading and reckoning: one heading, units, a note where it is from"),
            media_type=WORKBOOK_TYPE,
            is_streamed=True,
        ),
        Kind(
            word="csv",
            extension="csv",
            title="CSV",
            about=_("A plain table that every program reads"),
            media_type="text/csv",
            is_streamed=True,
        ),
        Kind(
            word="geojson",
            extension="geojson",
            title="GeoJSON",
            about=_("For web maps and programs"),
            media_type="application/geo+json",
            is_streamed=True,
        ),
        Kind(
            word="geojsons",
            extension="geojsons",
            title="GeoJSON Seq",
            about=_("One feature a line, for programs that read on the way"),
            media_type="application/geo+json-seq",
            is_streamed=True,
        ),
        Kind(
            word="shp",
            extension="zip",
            title="Shapefile",
            about=_("For old programs: short field names, explained in a table beside it"),
            media_type="application/zip",
            holds_many=True,
        ),
        Kind(
            word="fgb",
            extension="fgb",
            title="FlatGeobuf",
            about=_("Small and fast, with an index of its own"),
            media_type="application/flatgeobuf",
        ),
        Kind(
            word="parquet",
            extension="parquet",
            title="GeoParquet",
            about=_("For reckoning with large tables"),
            media_type="application/vnd.apache.parquet",
        ),
    )
}


def kind_of_file(name: str, word: str | None = None) -> Kind:
    """The kind of that word, else the one that the file's name tells. Raises UnknownKind."""
    ending = word or Path(name).suffix.removeprefix(".").lower()
    for kind in KINDS.values():
        if ending in (kind.word, kind.extension):
            return kind
    raise UnknownKind(ending)

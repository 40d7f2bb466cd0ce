"""What there is to choose from in a file: layers of a GeoPackage, sheets of a workbook, members of an archive."""

from dataclasses import dataclass
from pathlib import Path

from gridmap.load.checks.archives import ARCHIVES, members
from gridmap.load.checks.workbooks import refuse_format
from gridmap.load.finding import LoadError
from gridmap.load.formats.excel import sheet_titles
from gridmap.load.formats.geojson import ENDINGS as GEOJSON
from gridmap.load.formats.kml import kml_layers
from gridmap.load.formats.table import ENDINGS as TABLES
from gridmap.load.formats.vector import vector_layers


@dataclass(frozen=True)
class Layer:
    """One of several: the word that `Options.layer` takes, and how many rows it holds (None: not counted)."""

    name: str
    rows: int | None = None


def list_layers(path: Path) -> tuple[Layer, ...]:
    """The layers, visible sheets or readable members of the file; none where there is nothing to choose.

    Raises LoadError for a file that cannot be read.
    """
    if not path.is_file():
        raise LoadError("no_such_file", file=path.name)
    refuse_format(path)
    name, ending = path.name.lower(), path.suffix.lower()
    if ending in ARCHIVES:
        found = [Layer(member) for member in members(path)]
    elif ending in (".xlsx", ".xlsm"):
        found = [Layer(title, rows) for title, rows in sheet_titles(path)]
    elif ending in (*GEOJSON, *TABLES, ".pbf", ".osm") or name.endswith(".osm.gz"):
        found = []
    elif ending == ".kml":
        found = [Layer(title, rows) for title, rows in kml_layers(path)]
    else:
        found = [Layer(title, rows) for title, rows in vector_layers(path)]
    return tuple(found) if len(found) > 1 else ()

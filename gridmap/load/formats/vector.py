"""What GDAL reads through pyogrio, in a process of its own: Shapefile, GeoPackage, FlatGeobuf."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyproj import CRS
from pyproj.exceptions import CRSError

from gridmap.load.checks.encoding import choose_encoding, decode_all
from gridmap.load.checks.unreadable import shapes_from_wkb
from gridmap.load.finding import Finding, LoadError, shorten
from gridmap.load.formats.apart import read_apart
from gridmap.load.formats.dbf import NAME_BYTES, TextCells, read_text_cells
from gridmap.load.kinds import Kind
from gridmap.load.reading import ROW, SHAPE_TEXT, Options, Reading

HEADS: Mapping[str, bytes] = {
    ".shp": b"\0\0\x27\x0a",
    ".gpkg": b"SQLite format 3\0",
    ".fgb": b"fgb\x03",
}
"""How each format begins that GDAL reads for us."""
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qpj")


@dataclass(frozen=True)
class _Text:
    """How the text of a layer is to be decoded; None leaves it to GDAL (formats that say their encoding)."""

    encoding: str | None = None
    widths: frozenset[int] = frozenset()

    def names(self, values: list[Any]) -> list[Any]:
        """Field names, of which each may be cut in mid character."""
        return _Text(self.encoding, frozenset({NAME_BYTES})).texts(values)

    def texts(self, values: list[Any]) -> list[Any]:
        """Values read as Latin-1, in their real encoding."""
        if self.encoding is None:
            return values
        cells = ["" if value is None else str(value) for value in values]
        raw = [cell.encode("latin-1", "replace") for cell in cells]
        return decode_all(raw, self.encoding, width_of_cut=self.widths)


@dataclass(frozen=True)
class _Raw:
    """A layer as GDAL gives it: its name, facts, geometries as WKB, columns, and what GDAL had to say."""

    layer: str
    meta: dict[str, Any]
    encoded: Any
    columns: list[Any]
    said: tuple[str, ...]


@contextmanager
def _whole_shapefile(path: Path) -> Iterator[Path]:
    """The shapefile with its index: where the .shx is missing, a copy in which GDAL may make it anew."""
    if path.suffix.lower() != ".shp" or any(path.with_suffix(end).exists() for end in (".shx", ".SHX")):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="gridmap-shp-") as folder:
        for part in path.parent.glob(f"{path.stem}.*"):
            if part.suffix.lower() in SHAPEFILE_PARTS:
                shutil.copyfile(part, Path(folder) / part.name)
        pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": "YES"})
        try:
            yield Path(folder) / path.name
        finally:
            pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": None})


def _text_rule(path: Path, options: Options) -> _Text:
    """How to decode: judged on the .dbf for a shapefile, as GDAL does it for the others."""
    if path.suffix.lower() != ".shp":
        return _Text()
    beside = [found for end in (".dbf", ".DBF") if (found := path.with_suffix(end)).exists()]
    cells = read_text_cells(beside[0]) if beside else TextCells((), frozenset())
    encoding = options.encoding or choose_encoding(cells.cells, width_of_cut=cells.widths, cut=cells.cut_names)
    return _Text(encoding, cells.widths)


def vector_layers(path: Path) -> list[tuple[str, int]]:
    """(name, how many rows) of each layer that holds something; of all where none does. Raises LoadError."""
    _check_head(path)
    counted = read_apart(path, lambda: _counted(path))
    return [layer for layer in counted if layer[1]] or counted


def _counted(path: Path) -> list[tuple[str, int]]:
    with _whole_shapefile(path) as whole:
        return [(str(name), _count(whole, str(name))) for name, _ in pyogrio.list_layers(whole)]


def _count(path: Path, layer: str) -> int:
    return max(0, int(pyogrio.read_info(path, layer=layer, force_feature_count=True)["features"]))


def _layer(path: Path, options: Options) -> str:
    """The layer to take: the named one, or the only one; raises LoadError listing them with their rows."""
    layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    if options.layer is not None:
        if options.layer not in layers:
            raise LoadError("layer_unknown", layer=options.layer, layers=", ".join(layers))
        return options.layer
    if not layers:
        raise LoadError("no_rows")
    filled = [(name, rows) for name in layers if (rows := _count(path, name))] if len(layers) > 1 else []
    if len(filled) > 1:
        raise LoadError("layer_choice", layers=", ".join(f"{name} ({rows})" for name, rows in filled))
    return filled[0][0] if filled else layers[0]


def _check_head(path: Path) -> None:
    """Refuse endings that are not read, and files that are not what their ending says.

    GDAL goes by the content: it would follow a virtual layer under any name to other files and hosts.
    """
    heads = HEADS.get(path.suffix.lower())
    if heads is None:
        raise LoadError("refused_unknown", file=path.name)
    with path.open("rb") as file:
        if not file.read(16).startswith(heads):
            raise LoadError("unreadable_file", file=path.name, why=f"it does not begin as a {path.suffix} does")


def _read_raw(path: Path, options: Options, text: _Text) -> _Raw:
    with warnings.catch_warnings(record=True) as caught, _whole_shapefile(path) as whole:
        warnings.simplefilter("always")
        layer = _layer(whole, options)
        meta, _, encoded, columns = pyogrio.raw.read(
            whole,
            layer=layer,
            encoding="ISO-8859-1" if text.encoding else None,
            force_2d=True,
            datetime_as_string=True,
        )
    return _Raw(layer, meta, encoded, columns, tuple(dict.fromkeys(shorten(str(one.message)) for one in caught)))


def read_vector(path: Path, kind: Kind, options: Options) -> Reading:
    """One layer of the file, geometries in the file's own coordinates. Raises LoadError."""
    _check_head(path)
    text = _text_rule(path, options)
    raw = read_apart(path, lambda: _read_raw(path, options, text))
    layer, meta, encoded, columns = raw.layer, raw.meta, raw.encoded, raw.columns
    if encoded is None:
        encoded = np.full(len(columns[0]) if columns else 0, None, dtype=object)
    if not len(encoded):
        raise LoadError("no_rows")
    shapes, closed, raws = shapes_from_wkb(encoded)
    frame = _frame(meta, columns, text, len(encoded))
    frame[SHAPE_TEXT] = pd.Series(raws, dtype=object)
    frame["@geom"] = gpd.GeoSeries(shapes)
    several = layer != path.stem
    name, label = path.name, layer if several else ""
    notes = [Finding("gdal_says", name, layer=label, params={"said": line}) for line in raw.said]
    if path.suffix.lower() == ".shp" and not columns:
        notes.append(Finding("no_dbf", name))
    return Reading(
        kind,
        gpd.GeoDataFrame(frame, geometry="@geom"),
        path,
        label,
        crs=_crs(meta["crs"]),
        encoding=text.encoding or meta["encoding"],
        has_geometry=bool(meta["geometry_type"]),
        findings=tuple(notes),
        corrected=tuple(Finding("ring_closed", name, int(row) + 1, layer=label) for row in np.flatnonzero(closed)),
    )


def _crs(given: str | None) -> CRS | None:
    """The file's CRS; None where it has none or an unreadable one."""
    try:
        return CRS.from_user_input(given) if given else None
    except CRSError:
        return None


def _frame(meta: dict[str, Any], columns: list[Any], text: _Text, rows: int) -> pd.DataFrame:
    names = text.names(list(meta["fields"]))
    data: dict[str, Any] = {ROW: np.arange(1, rows + 1)}
    for name, values, kind in zip(names, columns, meta["dtypes"], strict=True):
        if values.dtype == object:
            empty = np.array([value is None for value in values], dtype=bool)
            values = np.array(text.texts(list(values)), dtype=object)
            values[empty] = None
        elif values.dtype.kind == "f" and str(kind).startswith(("int", "uint")):
            # an empty cell has made the reader turn whole numbers into fractions
            values = np.array([None if np.isnan(value) else int(value) for value in values], dtype=object)
        # two names that are cut may have come to be one
        data[str(name) if str(name) not in data else f"{name}_{len(data)}"] = values
    return pd.DataFrame(data)

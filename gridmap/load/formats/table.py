"""Tables without a geometry of their own: rows under column names; CSV in any encoding and with any separator."""

import csv
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridmap.load.checks.columns import known_words
from gridmap.load.checks.encoding import decode_text
from gridmap.load.checks.sheets import Row, Sheet, cut_table
from gridmap.load.finding import Finding, LoadError, shorten
from gridmap.load.kinds import Kind
from gridmap.load.reading import ROW, Options, Reading

ENDINGS = (".csv", ".tsv", ".txt")
SEPARATORS = ",\t;|，"
LARGEST_CELL = 2**28


def table_frame(sheet: Sheet) -> gpd.GeoDataFrame:
    """The rows of a table as a GeoDataFrame without positions yet; cells keep their type."""
    columns = {name: [cells[at] for _, cells in sheet.rows] for at, name in enumerate(sheet.columns)}
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
    frame[ROW] = [number for number, _ in sheet.rows]
    frame["@geom"] = gpd.GeoSeries(np.full(len(sheet.rows), None, dtype=object))
    return gpd.GeoDataFrame(frame, geometry="@geom")


def dropped_findings(sheet: Sheet, file: str, unit: str, layer: str = "") -> tuple[Finding, ...]:
    """The rows that were left out, as findings."""
    return tuple(Finding(code, file, number, unit, layer, raw=shorten(text)) for number, code, text in sheet.dropped)


def _separator(text: str) -> str:
    """The separator that the first filled lines use most."""
    head = [line for line in text.splitlines()[:20] if line.strip()]
    counts = {mark: sum(line.count(mark) for line in head) for mark in SEPARATORS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ","


def _csv_rows(text: str, file: str) -> list[Row]:
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=_separator(text))
    try:
        return [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise LoadError("unreadable_file", file=file, why=f"line {reader.line_num}: {error}") from None


def csv_rows(path: Path, encoding: str | None = None) -> tuple[list[Row], str]:
    """(every row of a CSV file as it stands, its encoding), judged where none is said. Raises LoadError."""
    text, found = decode_text(path.read_bytes(), encoding)
    if "\0" in text:
        raise LoadError("unreadable_file", file=path.name, why="it holds binary data")
    return _csv_rows(text, path.name), found


def read_csv(path: Path, kind: Kind, options: Options) -> Reading:
    """A CSV file: its encoding judged, its header found, total rows listed. Raises LoadError."""
    rows, encoding = csv_rows(path, options.encoding)
    sheet = cut_table(rows, words=known_words(kind))
    if not sheet.rows:
        raise LoadError("no_rows")
    return Reading(
        kind,
        table_frame(sheet),
        path,
        unit="line",
        encoding=encoding,
        has_geometry=False,
        rejected=dropped_findings(sheet, path.name, "line"),
    )


def cell_text(value: Any) -> str:
    """A cell as text: whole numbers without a point, nothing for an empty or missing cell."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer() and abs(float(value)) < 1e15:
        return str(int(value))
    return str(value)

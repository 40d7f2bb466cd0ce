"""The rows on their way from reading to writing: checks mend them, reject them and say what they did."""

from collections.abc import Mapping
from typing import Any, SupportsInt

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.load.finding import Finding, shorten
from gridmap.load.identity import hide_identity
from gridmap.load.kinds import Kind
from gridmap.load.known import Known
from gridmap.load.reading import ROW, Options, Reading
from gridmap.load.unplaced import Unplaced, may_wait, unplaced_of

Mask = NDArray[np.bool_]


def _shown(row: "pd.Series[Any]") -> str:
    """What a row held, for the report: its position or geometry as it stood."""
    raw = row.get("@raw")
    if isinstance(raw, str) and raw:
        return raw
    shape = row.get("@geom")
    if shape is None or shape.is_empty:
        return ""
    if shape.geom_type == "Point":
        return str(shape.wkt)
    first = shapely.get_coordinates(shape)[0]
    return f"{shape.geom_type}, {shapely.get_num_coordinates(shape)} vertices, at {first[0]:.7g}, {first[1]:.7g}"


class Draft:
    """Rows under our own column names, with the lists of what was rejected, corrected and warned about.

    `frame` keeps `@row` (the place in the file) and `@raw` (the geometry or position as it stood, for the report).
    """

    def __init__(self, reading: Reading, options: Options, known: Known) -> None:
        self.reading = reading
        self.options = options
        self.known = known
        self.frame: gpd.GeoDataFrame = reading.frame
        self.rejected: list[Finding] = list(reading.rejected)
        self.corrected: list[Finding] = list(reading.corrected)
        self.warnings: list[Finding] = list(reading.findings)
        self.merged = 0
        """How many rows have become a part of another one."""
        self.unplaced: list[Unplaced] = []
        """Those of the rejected rows that a position by hand would mend."""
        self.aside: gpd.GeoDataFrame | None = None
        """Rows that need no position of their own from the file: they were placed by address."""
        self.columns: dict[str, str] = {}
        """Which column of the file fills which of ours."""
        self.kept: tuple[str, ...] = ()
        """Which columns of the file are kept under their own names."""

    @property
    def kind(self) -> Kind:
        """What is being loaded."""
        return self.reading.kind

    def __len__(self) -> int:
        return len(self.frame)

    def has(self, column: str) -> bool:
        """Whether the file fills this column of ours."""
        return column in self.frame.columns

    def texts(self, column: str) -> "pd.Series[Any]":
        """A column as text, empty where there is nothing or no such column."""
        if not self.has(column):
            return pd.Series([""] * len(self.frame), index=self.frame.index, dtype=object)
        # as plain objects: going through them one by one is ten times faster than through a column of strings
        return self.frame[column].fillna("").astype(str).astype(object)

    def shapes(self) -> NDArray[np.object_]:
        """The geometries as an array of shapely objects."""
        shapes: NDArray[np.object_] = np.asarray(self.frame.geometry.array, dtype=object)
        return shapes

    def put_shapes(self, where: Mask, shapes: NDArray[np.object_]) -> None:
        """Put other geometries where `where` is true."""
        every = self.shapes().copy()
        every[where] = shapes
        self.frame = self.frame.set_geometry(gpd.GeoSeries(every, index=self.frame.index, crs=self.frame.crs))

    def _finding(self, position: int, code: str, raw: object, params: Mapping[str, object]) -> Finding:
        row = self.frame.iloc[position]
        name = row.get("name")
        return Finding(
            code,
            self.reading.file.name,
            int(row[ROW]),
            self.reading.unit,
            self.reading.layer,
            shorten(hide_identity(str(_shown(row) if raw is None else raw))),
            shorten(hide_identity(name) if isinstance(name, str) else ""),
            {key: str(value) for key, value in params.items()},
        )

    def _unplaced(self, position: int, found: Finding) -> Unplaced:
        row = self.frame.iloc[position]
        return unplaced_of(row, found.code, found.raw, kind=self.kind.name, file=found.file, source=self.options.source)

    def reject(self, where: Mask, code: str, /, *, raw_from: str | None = None, **params: object) -> None:
        """Take the rows out and list each with the reason, and with the text of column `raw_from` as the raw value."""
        if not where.any():
            return
        raws = self.frame[raw_from] if raw_from else None
        for position in np.flatnonzero(where):
            raw = None if raws is None else raws.iloc[position]
            found = self._finding(int(position), code, raw, params)
            self.rejected.append(found)
            if may_wait(self.kind, code):
                self.unplaced.append(self._unplaced(int(position), found))
        self.frame = self.frame[~where]

    def correct(self, position: SupportsInt, code: str, /, raw: object = None, **params: object) -> None:
        """Note that the row at `position` has been mended."""
        self.corrected.append(self._finding(int(position), code, raw, params))

    def note(self, position: SupportsInt, code: str, /, raw: object = None, **params: object) -> None:
        """Warn about the row at `position`, which stays as it is."""
        self.warnings.append(self._finding(int(position), code, raw, params))

    def warn(self, code: str, /, raw: object = "", **params: object) -> None:
        """Warn about the file as a whole."""
        self.warnings.append(self.reading.finding(code, None, shorten(raw), params))

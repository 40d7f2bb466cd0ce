"""A file as it was read: rows with their place in the file, and the facts about the source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from gridmap.coords import Datum
from gridmap.load.finding import Finding
from gridmap.load.kinds import Kind

ROW = "@row"
"""The column of a frame that holds the number of the feature, line or row, as a person counts."""
SHAPE_CODE = "@shape_code"
"""The column that holds the code of what was wrong with it."""
SHAPE_TEXT = "@shape"
"""The column that holds a geometry which could not be read, as text, for the report."""

INTERNAL = frozenset({ROW, SHAPE_CODE, SHAPE_TEXT})

KEPT = "@kept"
"""The column that holds what is kept of a row beside our own columns: name in the file → value."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how far, and out of how many (0: not known)."""


def silent(_step: str, _done: int, _total: int) -> None:
    """Progress for nobody."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the person said about the file."""

    crs: str | None = None
    datum: Datum | None = None
    encoding: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    """target column → column of the file, stronger than any guess."""
    remembered: Mapping[str, str] = field(default_factory=dict)
    """The same as it was said for this source before: stronger than synonyms, left aside where the file lacks it."""
    dates: str | None = None
    """What stands first in 03/04/2020: `dmy` or `mdy`; None: such days are ambiguous and left out."""
    layer: str | None = None
    """The sheet or layer to take, where a file has several."""
    within: BaseGeometry | None = None
    """Rows further than 2 km outside of this outline (degrees, WGS 84) are refused."""
    private_phones: bool = False
    """Whether mobile numbers may be stored in a list of people."""
    keep: tuple[str, ...] = ()
    """Columns of the file that are kept under their own names, whether or not they fill one of ours."""
    keep_all: bool = False
    """Whether every column is kept that fills none of ours."""
    source: str = "file"
    """Who speaks: ids of one source never meet those of another."""

    @property
    def keeps(self) -> bool:
        """Whether any column is kept under its own name."""
        return self.keep_all or bool(self.keep)


@dataclass(frozen=True)
class Reading:
    """Rows as they stand in one layer of one file, nothing judged yet.

    `frame` has a column `@row`, the file's columns under their own names, and a geometry in the file's own
    coordinates (all None where the file has no geometry of its own).
    """

    kind: Kind
    frame: gpd.GeoDataFrame
    file: Path
    layer: str = ""
    unit: str = "feature"
    crs: CRS | None = None
    encoding: str | None = None
    has_geometry: bool = True
    """False for tables, whose positions stand in columns."""
    findings: tuple[Finding, ...] = ()
    """Warnings about the file as a whole."""
    rejected: tuple[Finding, ...] = ()
    """Rows that could not become rows of the frame, such as total rows."""
    corrected: tuple[Finding, ...] = ()
    """What had to be mended while reading, such as rings that were not closed."""
    rows: tuple[Mapping[str, Any], ...] = ()
    """What the source says of each row of the frame, where something is kept and that is more than cells."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of everything that the source says of its rows."""
        if self.rows:
            return tuple(dict.fromkeys(name for row in self.rows for name in row))
        return self.table_columns

    @property
    def table_columns(self) -> tuple[str, ...]:
        """The names of the columns of the frame that the file has given."""
        internal = INTERNAL | {self.frame.geometry.name}
        return tuple(str(name) for name in self.frame.columns if name not in internal)

    @property
    def read(self) -> int:
        """How many rows the file holds."""
        return len(self.frame) + len(self.rejected)

    def finding(self, code: str, row: int | None, raw: str, params: Mapping[str, object]) -> Finding:
        """A finding about this file, at that row."""
        words = {name: str(value) for name, value in params.items()}
        return Finding(code, self.file.name, row, self.unit, self.layer, raw, "", words)

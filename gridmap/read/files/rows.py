"""Rows of an export as columns for GDAL, batch after batch, apart by the kind of their shapes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from gridmap.db.pools import Connection, Row
from gridmap.i18n import _, translate
from gridmap.read.frame import read_rows
from gridmap.read.kinds import kind_of
from gridmap.read.stream import Export

DTYPES = {"integer": "int64", "number": "float64", "boolean": "bool", "date": "datetime64[D]"}
UTC_ZONE = 100
"""How GDAL counts the zone of a time: quarters of an hour from UTC, which is 100."""
SHAPES = {1: "point", 2: "line", 3: "polygon", 4: "points", 5: "line", 6: "polygon"}
"""By the number that WKB begins with; whatever else is `mixed`."""
GEOMETRY_TYPES = {
    "point": "Point",
    "points": "MultiPoint",
    "line": "MultiLineString",
    "polygon": "MultiPolygon",
    "mixed": "Unknown",
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column of a file: its name, how it is called, and what its values are."""

    name: str
    title: str
    kind: str
    about: str = ""
    unit: str = ""
    codes: Mapping[str, str] | None = None

    @property
    def heading(self) -> str:
        """The title with its unit."""
        return f"{self.title} ({self.unit})" if self.unit and self.unit != self.title else self.title


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows whose shapes are of one kind: geometry as WKB, then a column and a mask of what is missing per field."""

    shape: str
    geometry: Any
    columns: list[Any]
    missing: list[Any]

    def __len__(self) -> int:
        return len(self.geometry)

    def zones(self, names: Sequence[str], fields: "Sequence[Field]") -> dict[str, Any]:
        """The time zone of every time, for GDAL, under the names that the fields have in the file."""
        return {
            name: np.full(len(self), UTC_ZONE, dtype="int32")
            for name, one in zip(names, fields, strict=True)
            if one.kind == "date-time"
        }


def fields_of(export: Export) -> list[Field]:
    """The columns of the export in the viewer's language: the id first, and the watermark last where there is one."""
    locale, layer = export.viewer.locale, export.layer

    def say(text: str) -> str:
        return translate(locale, text)

    fields = [
        Field(name="id", title=say(_("Number in gridmap")), kind="integer", about=say(_("Stays the same for ever")))
    ]
    for name in export.names:
        one = layer.attributes[name]
        codes = {code: say(title) for code, title in one.codes.items()} or None
        fields.append(
            Field(
                name=name,
                title=say(one.title),
                kind=kind_of(layer, name),
                about=say(one.about),
                unit=say(one.unit),
                codes=codes,
            )
        )
    if export.watermark:
        fields.append(Field(name="watermark", title=say(_("Watermark")), kind="string"))
    return fields


def batches_of(connection: Connection, export: Export, fields: list[Field]) -> Iterator[Batch]:
    """The rows of the export; at least one batch, empty where nothing is. In the viewer's transaction."""
    usual = export.layer.style.shape
    is_first = True
    for rows in read_rows(
        connection, export.layer, export.viewer, export.asked, where=export.where, masked=export.masked
    ):
        apart: dict[str, list[Row]] = {usual: []} if is_first else {}
        is_first = False
        for row in rows:
            apart.setdefault(_shape_of(row["geometry"], usual), []).append(row)
        for shape, some in apart.items():
            yield _batch(shape, some, fields, export.watermark)


def _shape_of(wkb: bytes | None, usual: str) -> str:
    if wkb is None:
        return usual
    number = int.from_bytes(wkb[1:5], "little" if wkb[0] else "big")
    return SHAPES.get(number, "mixed")


def _batch(shape: str, rows: list[Row], fields: list[Field], watermark: str) -> Batch:
    geometry = np.empty(len(rows), dtype=object)
    geometry[:] = [None if row["geometry"] is None else bytes(row["geometry"]) for row in rows]
    columns, missing = [], []
    for one in fields:
        values = [watermark if one.name == "watermark" else row[one.name] for row in rows]
        columns.append(_column(one.kind, values))
        missing.append(np.array([value is None for value in values], dtype=bool))
    return Batch(shape=shape, geometry=geometry, columns=columns, missing=missing)


def _column(kind: str, values: list[Any]) -> Any:
    if kind == "date-time":
        return np.array([_instant(value) for value in values], dtype="datetime64[ms]")
    if kind == "date":
        return np.array(values, dtype="datetime64[D]")
    if kind in DTYPES:
        return np.array([0 if value is None else value for value in values], dtype=DTYPES[kind])
    texts = np.empty(len(values), dtype=object)
    texts[:] = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    return texts


def _instant(value: datetime | None) -> Any:
    return np.datetime64("NaT") if value is None else np.datetime64(value.astimezone(UTC).replace(tzinfo=None), "ms")

"""Layers as a zip of Shapefiles: short field names from a dictionary beside them, in UTF-8 or GB18030."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gridmap.db.pools import Connection
from gridmap.i18n import _, translate
from gridmap.read.files.facts import facts_of
from gridmap.read.files.rows import GEOMETRY_TYPES, Batch, Field, batches_of, fields_of
from gridmap.read.stream import BOM, Export

MOST_NAME = 10
"""Bytes that a dBASE file has for the name of a field."""
MOST_TEXT = 254
"""Bytes that it has for a text."""


OFFICE_HOURS = np.timedelta64(8, "h")


class TooLarge(Exception):
    """A Shapefile holds no more than 2 GB; and some shapes not at all."""


def write_shapefiles(
    connection: Connection, exports: Sequence[Export], path: Path, encoding: str, progress: Callable[[int], None]
) -> int:
    """Write the zip; how many rows. What has shapes of two kinds becomes two Shapefiles."""
    total = 0
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".shp-") as folder:
        about: dict[str, str] = {}
        for export in exports:
            fields = fields_of(export)
            short = short_names([one.name for one in fields])
            cut: set[str] = set()
            for batch in batches_of(connection, export, fields):
                name = export.layer.name + ("" if batch.shape == export.layer.style.shape else f"_{batch.shape}")
                cut |= _write(Path(folder) / f"{name}.shp", batch, fields, short, encoding)
                total += len(batch)
                progress(len(batch))
            about[f"{export.layer.name}_fields.csv"] = _dictionary(export, fields, short, cut)
            facts = facts_of(connection, export)
            about[f"{export.layer.name}_about.txt"] = "".join(f"{title}: {words}\n" for title, words in facts.items())
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as book:
            for file in sorted(Path(folder).iterdir()):
                book.write(file, file.name)
            for file_name, words in about.items():
                book.writestr(file_name, BOM + words.encode())
    return total


def short_names(names: Sequence[str]) -> dict[str, str]:
    """A name of at most 10 bytes for each, all different: the beginning, with a number where that is taken."""
    found: dict[str, str] = {}
    for name in names:
        short, number = name[:MOST_NAME], 1
        while short in found.values():
            number += 1
            short = f"{name[: MOST_NAME - len(str(number))]}{number}"
        found[name] = short
    return found


def _write(path: Path, batch: Batch, fields: list[Field], short: dict[str, str], encoding: str) -> set[str]:
    """Write a batch; which fields had texts too long for a Shapefile, cut at a whole character."""
    import pyogrio.raw

    if batch.shape == "mixed":
        raise TooLarge
    cut = {
        one.name for one, column in zip(fields, batch.columns, strict=True)
        if one.kind in ("string", "object") and _shorten(column, encoding)
    }  # fmt: skip
    pyogrio.raw.write(
        path,
        geometry=batch.geometry,
        field_data=[_told(one, column) for one, column in zip(fields, batch.columns, strict=True)],
        field_mask=batch.missing,
        fields=[short[one.name] for one in fields],
        driver="ESRI Shapefile",
        geometry_type=GEOMETRY_TYPES[batch.shape].removeprefix("Multi") if batch.shape != "points" else "MultiPoint",
        crs="EPSG:4326",
        encoding=encoding,
        append=path.exists(),
    )
    return cut


def _shorten(column: Any, encoding: str) -> bool:
    """Cut what is too long; whether anything was."""
    long = [at for at, text in enumerate(column) if text is not None and len(text.encode(encoding)) > MOST_TEXT]
    for at in long:
        column[at] = column[at].encode(encoding)[:MOST_TEXT].decode(encoding, "ignore")
    return bool(long)


def _told(field: Field, column: Any) -> Any:
    """The column as dBASE can hold it: it knows days, but no times, which become text on the office's clock."""
    if field.kind != "date-time":
        return column
    moments = [
        None if np.isnat(each) else (each + OFFICE_HOURS).item().strftime("%Y-%m-%d %H:%M:%S") for each in column
    ]
    texts = np.empty(len(moments), dtype=object)
    texts[:] = moments
    return texts


def _dictionary(export: Export, fields: list[Field], short: dict[str, str], cut: set[str]) -> str:
    locale = export.viewer.locale

    def say(text: str) -> str:
        return translate(locale, text)

    into = io.StringIO()
    table = csv.writer(into)
    table.writerow([say(_("Name in the Shapefile")), say(_("Field")), say(_("Meaning")), say(_("Unit")),
                    say(_("Codes")), say(_("Note"))])  # fmt: skip
    for one in fields:
        codes = "; ".join(f"{code} = {words}" for code, words in (one.codes or {}).items())
        note = say(_("Long texts are cut: a Shapefile holds 254 bytes")) if one.name in cut else ""
        table.writerow([short[one.name], one.name, one.title, one.unit, codes, note])
    return into.getvalue()

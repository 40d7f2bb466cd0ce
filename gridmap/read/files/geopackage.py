"""Layers as one GeoPackage: batches through GDAL, then titles, words for codes and QGIS styles beside them."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridmap.db.pools import Connection
from gridmap.i18n import _, translate
from gridmap.read.files.facts import facts_of
from gridmap.read.files.qgis_style import qml_of
from gridmap.read.files.rows import GEOMETRY_TYPES, Batch, Field, batches_of, fields_of
from gridmap.read.stream import Export

CRS = "EPSG:4326"
VERSION = "1.3"
"""Of GeoPackage: QGIS 3.22 and others of that age warn of newer ones."""
SCHEMA = "http://www.geopackage.org/spec/#extension_schema"
TABLES = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE
  (table_name, name));
CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
CREATE TABLE IF NOT EXISTS layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
  f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT, ui TEXT, update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier, description)
  VALUES ('layer_styles', 'attributes', 'layer_styles', 'QGIS');
INSERT OR IGNORE INTO gpkg_extensions VALUES
  ('gpkg_data_columns', NULL, 'gpkg_schema', '{schema}', 'read-write'),
  ('gpkg_data_column_constraints', NULL, 'gpkg_schema', '{schema}', 'read-write');
"""
SHAPES = {
    "point": _("points"),
    "points": _("points"),
    "line": _("lines"),
    "polygon": _("areas"),
    "mixed": _("mixed shapes"),
}
"""What the table of another shape than its layer's is called by, after the layer's title."""
Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the file: of which export, of which shape, with what columns."""

    name: str
    export: Export
    shape: str
    fields: list[Field]


def add_layers(
    connection: Connection, exports: Sequence[Export], path: Path, progress: Progress, *, suffix: str = ""
) -> int:
    """Write the exports into the GeoPackage, which may hold others already; how many rows. All in one transaction.

    A table for each layer; what has shapes of another kind than its layer has goes into a table beside it, `_point`,
    `_line`, `_polygon`, because QGIS draws one kind with one style. `suffix` names the tables of another day.
    """
    tables: dict[str, Table] = {}
    total = 0
    for export in exports:
        fields, facts = fields_of(export), facts_of(connection, export)
        for batch in batches_of(connection, export, fields):
            usual = batch.shape == export.layer.style.shape
            name = f"{export.layer.name}{suffix}" if usual else f"{export.layer.name}{suffix}_{batch.shape}"
            _write(path, name, batch, fields, facts, is_new=name not in tables)
            tables.setdefault(name, Table(name=name, export=export, shape=batch.shape, fields=fields))
            total += len(batch)
            progress(len(batch))
    _describe(path, tables.values())
    return total


def _write(path: Path, name: str, batch: Batch, fields: list[Field], facts: dict[str, str], *, is_new: bool) -> None:
    import pyogrio.raw

    first: dict[str, Any] = {
        "layer_metadata": facts,
        "layer_options": {"DESCRIPTION": facts_line(facts)},
        "dataset_options": {"VERSION": VERSION},
    }
    pyogrio.raw.write(
        path,
        geometry=batch.geometry,
        field_data=batch.columns,
        field_mask=batch.missing,
        fields=[one.name for one in fields],
        layer=name,
        driver="GPKG",
        geometry_type=GEOMETRY_TYPES[batch.shape],
        promote_to_multi=batch.shape in ("line", "polygon"),
        crs=CRS,
        append=not is_new or path.exists(),
        gdal_tz_offsets=batch.zones([one.name for one in fields], fields),
        **(first if is_new else {}),
    )


def facts_line(facts: dict[str, str]) -> str:
    """The facts as one text."""
    return "; ".join(f"{title}: {words}" for title, words in facts.items() if words)


def _describe(path: Path, tables: "Sequence[Table] | Any") -> None:
    """Titles of layers and fields, words for codes, and a style of QGIS for each table."""
    with closing(sqlite3.connect(path)) as book, book:
        book.executescript(TABLES.format(schema=SCHEMA))
        for table in tables:
            identifier = table.export.title
            if table.shape != table.export.layer.style.shape:
                identifier += f" ({translate(table.export.viewer.locale, SHAPES[table.shape])})"
            book.execute(
                "UPDATE gpkg_contents SET identifier = ? WHERE table_name = ?",
                (f"{identifier} · {table.name}" if _is_taken(book, identifier) else identifier, table.name),
            )
            for one in table.fields:
                codes = f"{table.name}_{one.name}" if one.codes else None
                book.execute(
                    "INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, ?)",
                    (table.name, one.name, f"{one.heading} [{one.name}]", one.heading, one.about or None, codes),
                )
                book.executemany(
                    "INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description)"
                    " VALUES (?, 'enum', ?, ?)",
                    [(codes, code, words) for code, words in (one.codes or {}).items()],
                )
            _style(book, table)


def _is_taken(book: sqlite3.Connection, identifier: str) -> bool:
    return bool(book.execute("SELECT 1 FROM gpkg_contents WHERE identifier = ?", (identifier,)).fetchone())


def _style(book: sqlite3.Connection, table: Table) -> None:
    layer, locale = table.export.layer, table.export.viewer.locale
    titles = {value: translate(locale, one.title) for value, one in layer.style.classes.items()}
    titles[""] = translate(locale, _("Others"))
    column = book.execute(
        "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (table.name,)
    ).fetchone()
    book.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
        " styleQML, styleSLD, useAsDefault, description, owner) VALUES ('', '', ?, ?, ?, ?, '', 1, ?, 'gridmap')",
        (
            table.name,
            column[0] if column else "geom",
            "gridmap",
            qml_of(layer, table.shape, table.fields, titles),
            table.export.title,
        ),
    )

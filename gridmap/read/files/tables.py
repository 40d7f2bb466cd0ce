"""Layers as FlatGeobuf and GeoParquet."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gridmap.db.pools import Connection
from gridmap.i18n import _
from gridmap.read.files.facts import facts_of
from gridmap.read.files.geopackage import facts_line
from gridmap.read.files.order import BadOrder
from gridmap.read.files.rows import GEOMETRY_TYPES, Batch, Field, batches_of, fields_of
from gridmap.read.stream import Export

MOST_ROWS = 500_000
"""FlatGeobuf is sorted by place before it is written: it is the one kind that is held in memory."""
ARROW = {"integer": "int64", "number": "float64", "boolean": "bool_", "date": "date32"}


def write_flatgeobuf(connection: Connection, export: Export, path: Path, progress: Callable[[int], None]) -> int:
    """Write the layer with its index; how many rows. Raises BadOrder where there are too many to sort in memory."""
    import pyogrio.raw

    fields, batches, total = fields_of(export), [], 0
    for batch in batches_of(connection, export, fields):
        batches.append(batch)
        total += len(batch)
        if total > MOST_ROWS:
            raise BadOrder(_("FlatGeobuf takes at most {most} rows here. Take a GeoPackage."), most=f"{MOST_ROWS:,}")
        progress(len(batch))
    whole = _joined(batches, export.layer.style.shape)
    names = [one.name for one in fields]
    # an index takes no row without a shape
    has_index = len(whole) and not any(one is None for one in whole.geometry)
    pyogrio.raw.write(
        path,
        geometry=whole.geometry,
        field_data=whole.columns,
        field_mask=whole.missing,
        fields=names,
        layer=export.layer.name,
        driver="FlatGeobuf",
        geometry_type=GEOMETRY_TYPES[whole.shape],
        promote_to_multi=whole.shape in ("line", "polygon"),
        crs="EPSG:4326",
        gdal_tz_offsets=whole.zones(names, fields),
        layer_options={
            "TITLE": export.title,
            "DESCRIPTION": facts_line(facts_of(connection, export)),
            "SPATIAL_INDEX": "YES" if has_index else "NO",
        },
    )
    return total


def _joined(batches: list[Batch], usual: str) -> Batch:
    shapes = {batch.shape for batch in batches if len(batch)} or {usual}
    width = range(len(batches[0].columns))
    return Batch(
        shape=shapes.pop() if len(shapes) == 1 else "mixed",
        geometry=np.concatenate([one.geometry for one in batches]),
        columns=[np.concatenate([one.columns[at] for one in batches]) for at in width],
        missing=[np.concatenate([one.missing[at] for one in batches]) for at in width],
    )


def needs_parquet() -> None:
    """Raises BadOrder where the library for it is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise BadOrder(_("GeoParquet needs the extra “parquet”: pip install 'gridmap[parquet]'."))


def write_parquet(connection: Connection, export: Export, path: Path, progress: Callable[[int], None]) -> int:
    """Write the layer as GeoParquet 1.1, batch by batch; how many rows. Raises BadOrder without pyarrow."""
    needs_parquet()
    import pyarrow
    import pyarrow.parquet

    fields, total = fields_of(export), 0
    metadata = {"geo": json.dumps(_geo()), **facts_of(connection, export)}
    columns = [pyarrow.field(one.name, _type_of(one), metadata={"title": one.heading}) for one in fields]
    schema = pyarrow.schema([*columns, pyarrow.field("geometry", pyarrow.binary())], metadata=metadata)
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches_of(connection, export, fields):
            writer.write_table(pyarrow.table(_arrays(batch, fields), schema=schema))
            total += len(batch)
            progress(len(batch))
    return total


def _type_of(one: Field) -> Any:
    import pyarrow

    if one.kind == "date-time":
        return pyarrow.timestamp("ms", tz="Asia/Shanghai")
    return getattr(pyarrow, ARROW.get(one.kind, "string"))()


def _arrays(batch: Batch, fields: list[Field]) -> list[Any]:
    import pyarrow

    arrays = []
    for one, column, missing in zip(fields, batch.columns, batch.missing, strict=True):
        arrays.append(pyarrow.array(column, type=_type_of(one), mask=missing))
    return [*arrays, pyarrow.array(batch.geometry, type=pyarrow.binary())]


def _geo() -> dict[str, Any]:
    """What GeoParquet wants to be told; without `crs` it is longitude and latitude in WGS 84."""
    column = {"encoding": "WKB", "geometry_types": []}
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}

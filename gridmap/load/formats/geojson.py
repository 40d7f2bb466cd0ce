"""GeoJSON, however loosely written, as a Reading."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from pyproj.exceptions import CRSError

from gridmap.coords import WGS84
from gridmap.load.checks.encoding import decode_text
from gridmap.load.checks.loose_geojson import features_of, parse_loose_json
from gridmap.load.checks.rings import Build, ShapeError
from gridmap.load.finding import Finding, LoadError, shorten
from gridmap.load.kinds import Kind
from gridmap.load.reading import ROW, SHAPE_CODE, SHAPE_TEXT, Options, Reading

ENDINGS = (".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".js")
LARGEST = 1_500_000_000


def _whole(text: str) -> str:
    """The text without halves of surrogate pairs: JSON can spell them, no table can hold them."""
    return text if text.isascii() else text.encode("utf-8", "ignore").decode("utf-8")


def _cell(value: Any) -> Any:
    """A property as a cell: nested values as JSON text."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return _whole(value) if isinstance(value, str) else value


def _named_crs(document: Any) -> CRS:
    """The old `crs` member where there is one; otherwise degrees, as RFC 7946 says."""
    given = document.get("crs") if isinstance(document, dict) else None
    properties = given.get("properties") if isinstance(given, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    try:
        return CRS.from_user_input(name) if isinstance(name, str) else CRS.from_epsg(WGS84)
    except CRSError:
        raise LoadError("crs_word", crs=name) from None


def read_geojson(path: Path, kind: Kind, options: Options) -> Reading:
    """The features of the file. Raises LoadError for what is no JSON at all, naming the byte."""
    if path.stat().st_size > LARGEST:
        raise LoadError("too_large", file=path.name, megabytes=LARGEST // 1_000_000)
    text, encoding = decode_text(path.read_bytes(), options.encoding)
    document = parse_loose_json(text)
    features = features_of(document)
    is_table = all(feature.get("@table") for feature in features)
    shapes, raws, codes, mended = _shapes(features)
    rows = [{_whole(name): value for name, value in feature["properties"].items()} for feature in features]
    frame = pd.DataFrame([{name: _cell(value) for name, value in row.items()} for row in rows])
    frame = frame.astype(object).where(frame.notna(), None)
    frame[ROW] = np.arange(1, len(features) + 1)
    frame[SHAPE_TEXT] = pd.Series(raws, dtype=object)
    frame[SHAPE_CODE] = pd.Series(codes, dtype=object)
    frame["@geom"] = gpd.GeoSeries(shapes)
    name = path.name
    return Reading(
        kind,
        gpd.GeoDataFrame(frame, geometry="@geom"),
        path,
        crs=None if is_table else _named_crs(document),
        encoding=encoding,
        has_geometry=not is_table,
        rows=tuple(rows) if options.keeps else (),
        corrected=tuple(Finding(code, name, row, raw=raw) for code, row, raw in mended),
    )


def _shapes(
    features: list[dict[str, Any]],
) -> tuple[np.ndarray[Any, Any], list[str | None], list[str | None], list[tuple[str, int, str]]]:
    """(geometries, raw text and code of those that could not be built, (code, row, raw) of those mended)."""
    shapes = np.full(len(features), None, dtype=object)
    raws: list[str | None] = [None] * len(features)
    codes: list[str | None] = [None] * len(features)
    mended: list[tuple[str, int, str]] = []
    for position, feature in enumerate(features):
        given = feature["geometry"]
        if given is None and "@raw" not in feature:
            continue
        build = Build()
        try:
            shapes[position] = build.geometry(given if isinstance(given, dict) else {})
        except ShapeError as error:
            if error.code == "no_geometry" and isinstance(given, dict):
                continue
            codes[position] = error.code
            raws[position] = _whole(shorten(json.dumps(feature.get("@raw", given), ensure_ascii=False, default=str)))
        if raws[position] is None:
            said = (("ring_closed", build.closed), ("hole_dropped", build.dropped))
            mended += [(code, position + 1, shorten(json.dumps(given)[:300])) for code, count in said if count]
    return shapes, raws, codes, mended

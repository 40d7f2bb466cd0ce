"""KML, as map programs on phones and desks write it: placemarks with their own fields, folders as layers.

Read here and not by GDAL, which loses Chinese names of fields and adds a dozen columns of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from gridmap.coords import WGS84
from gridmap.load.checks.rings import Build, ShapeError
from gridmap.load.finding import Finding, LoadError, shorten
from gridmap.load.kinds import Kind
from gridmap.load.reading import ROW, SHAPE_CODE, SHAPE_TEXT, Options, Reading

LARGEST = 500_000_000
SINGLE = {"Point", "LineString", "LinearRing", "Polygon", "MultiGeometry"}


@dataclass
class _Placemarks:
    """What was read: the layer, fields and geometry of each placemark."""

    layers: list[str] = field(default_factory=list)
    fields: list[dict[str, str]] = field(default_factory=list)
    given: list[dict[str, Any] | None] = field(default_factory=list)


def _tag(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _text(element: Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def _child(element: Element, tag: str) -> Element | None:
    return next((child for child in element if _tag(child) == tag), None)


def _numbers(element: Element) -> list[list[Any]]:
    """The positions of `<coordinates>`: longitude, latitude and perhaps height, apart by spaces."""
    text = _text(_child(element, "coordinates"))
    return [[float(part) for part in position.split(",")] for position in text.split()]


def _rings(polygon: Element) -> list[list[list[Any]]]:
    found: list[list[list[Any]]] = []
    for tag in ("outerBoundaryIs", "innerBoundaryIs"):
        for boundary in (child for child in polygon if _tag(child) == tag):
            found += [_numbers(ring) for ring in boundary if _tag(ring) == "LinearRing"]
    return found


def _geometry(element: Element) -> dict[str, Any]:
    """A geometry of KML as GeoJSON has it. Raises ValueError for coordinates that are no numbers."""
    match _tag(element):
        case "Point":
            return {"type": "Point", "coordinates": next(iter(_numbers(element)), [])}
        case "Polygon":
            return {"type": "Polygon", "coordinates": _rings(element)}
        case "MultiGeometry":
            parts = [_geometry(child) for child in element if _tag(child) in SINGLE]
            return {"type": "GeometryCollection", "geometries": parts}
    return {"type": "LineString", "coordinates": _numbers(element)}


def _fields(placemark: Element) -> dict[str, str]:
    """Name, description, address, telephone and everything under `<ExtendedData>`, under its own names."""
    found = {"id": placemark.get("id", "")}
    found |= {tag: _text(_child(placemark, tag)) for tag in ("name", "description", "address", "phoneNumber")}
    extended = _child(placemark, "ExtendedData")
    for element in extended.iter() if extended is not None else ():
        if _tag(element) == "Data":
            found[element.get("name", "")] = _text(_child(element, "value"))
        elif _tag(element) == "SimpleData":
            found[element.get("name", "")] = _text(element)
    return {name: value for name, value in found.items() if name and value}


def _walk(path: Path) -> Iterator[tuple[str, Element]]:
    """(path of its folders, `/` for none, placemark) one after the other; what was read is let go."""
    folders: list[Element] = []
    inside = 0
    for event, element in ElementTree.iterparse(path, events=("start", "end")):  # noqa: S314 - expat bounds entities
        tag = _tag(element)
        inside += (event == "start") - (event == "end") if tag == "Placemark" else 0
        if event == "start" and tag == "Folder":
            folders.append(element)
        elif event == "end" and tag == "Folder" and folders:
            folders.pop()
            element.clear()
        elif event == "end" and tag == "Placemark" and not inside:
            names = [_text(_child(folder, "name")) for folder in folders]
            yield "/".join(name for name in names if name) or "/", element
            element.clear()


def _read(path: Path) -> _Placemarks:
    if path.stat().st_size > LARGEST:
        raise LoadError("too_large", file=path.name, megabytes=LARGEST // 1_000_000)
    found = _Placemarks()
    try:
        for layer, placemark in _walk(path):
            shape = next((child for child in placemark if _tag(child) in SINGLE), None)
            found.layers.append(layer)
            found.fields.append(_fields(placemark))
            try:
                found.given.append(None if shape is None else _geometry(shape))
            except (ValueError, RecursionError):
                found.given.append({"type": None, "text": shorten("".join(shape.itertext()) if shape else "")})
    except (ElementTree.ParseError, ValueError, LookupError, RecursionError) as error:
        raise LoadError("unreadable_file", file=path.name, why=shorten(error)) from None
    if not found.layers:
        raise LoadError("no_rows")
    return found


def kml_layers(path: Path) -> list[tuple[str, int]]:
    """(folder, how many placemarks) in the order of the file. Raises LoadError."""
    layers = _read(path).layers
    return [(layer, layers.count(layer)) for layer in dict.fromkeys(layers)]


def read_kml(path: Path, kind: Kind, options: Options) -> Reading:
    """The placemarks of one folder. Raises LoadError, which lists the folders where there are several."""
    found = _read(path)
    layers = list(dict.fromkeys(found.layers))
    if options.layer is not None and options.layer not in layers:
        raise LoadError("layer_unknown", layer=options.layer, layers=", ".join(layers))
    if options.layer is None and len(layers) > 1:
        counted = ", ".join(f"{layer} ({found.layers.count(layer)})" for layer in layers)
        raise LoadError("layer_choice", layers=counted)
    chosen = [at for at, layer in enumerate(found.layers) if options.layer in (None, layer)]
    frame = pd.DataFrame([found.fields[at] for at in chosen], dtype=object)
    frame = frame.astype(object).where(frame.notna(), None)
    shapes, texts, codes, mended = _shapes([found.given[at] for at in chosen])
    frame[ROW] = np.arange(1, len(chosen) + 1)
    frame[SHAPE_TEXT], frame[SHAPE_CODE] = pd.Series(texts, dtype=object), pd.Series(codes, dtype=object)
    frame["@geom"] = gpd.GeoSeries(shapes)
    label = options.layer or ""
    return Reading(
        kind,
        gpd.GeoDataFrame(frame, geometry="@geom"),
        path,
        label,
        crs=CRS.from_epsg(WGS84),
        encoding="utf-8",
        corrected=tuple(Finding(code, path.name, row, layer=label) for code, row in mended),
    )


def _shapes(
    given: list[dict[str, Any] | None],
) -> tuple[np.ndarray[Any, Any], list[str | None], list[str | None], list[tuple[str, int]]]:
    """(geometries, text and code of those that could not be built, (code, row) of those mended)."""
    shapes = np.full(len(given), None, dtype=object)
    texts: list[str | None] = [None] * len(given)
    codes: list[str | None] = [None] * len(given)
    mended: list[tuple[str, int]] = []
    for at, one in enumerate(given):
        if one is None:
            continue
        build = Build()
        try:
            shapes[at] = build.geometry(one)
        except ShapeError as error:
            codes[at], texts[at] = error.code, str(one.get("text") or shorten(one))
            continue
        said = (("ring_closed", build.closed), ("hole_dropped", build.dropped))
        mended += [(code, at + 1) for code, count in said if count]
    return shapes, texts, codes, mended

"""Case 9: GeoJSON that is not quite GeoJSON: a bare list, an assignment, lines of features, a geometry in a cell."""

import json
import re
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.load.checks.rings import Build, ShapeError
from gridmap.load.finding import LoadError, shorten

_ASSIGNMENT = re.compile(
    r"\A\s*(?:(?:export\s+default|(?:var|let|const)\s+[\w$.]+\s*=|[\w$.]+\s*=|[\w$.]+\s*\()\s*)(?=[\[{])"
)
_TAIL = re.compile(r"[;)\s]+\Z")
_GEOMETRIES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}


def parse_loose_json(text: str) -> Any:
    """What the text holds; assignments and calls around it are stripped, lines of objects become a list.

    Raises LoadError `not_json`, naming the byte and what stands there.
    """
    body = _ASSIGNMENT.sub("", text.lstrip("\ufeff\x1e"), count=1)
    stripped = body if len(body) == len(text) else _TAIL.sub("", body)
    try:
        return json.loads(stripped)
    except RecursionError:
        raise LoadError("not_json", byte=0, found=shorten(text[:20])) from None
    except json.JSONDecodeError as error:
        lines = _lines(stripped)
        if lines is not None:
            return lines
        at = len(text) - len(text.lstrip("\ufeff\x1e")) + (len(text) - len(stripped)) + error.pos
        at = min(at, len(text))
        found = shorten(stripped[error.pos : error.pos + 20]) or "the end"
        raise LoadError("not_json", byte=len(text[:at].encode("utf-8", "replace")), found=found) from None


def _lines(text: str) -> list[Any] | None:
    """A sequence of objects, one a line; None where it is none."""
    lines = [line.strip("\x1e \t\r") for line in text.split("\n")]
    try:
        found = [json.loads(line) for line in lines if line]
    except (json.JSONDecodeError, RecursionError):
        return None
    return found if len(found) > 1 and all(isinstance(item, dict) for item in found) else None


def features_of(document: Any) -> list[dict[str, Any]]:
    """The features of whatever was parsed, with `geometry` and `properties`; raises LoadError `no_features`."""
    if isinstance(document, dict):
        if isinstance(document.get("features"), list):
            document = document["features"]
        elif isinstance(document.get("data"), list):
            document = document["data"]
        else:
            document = [document]
    if not isinstance(document, list):
        raise LoadError("no_features", found=shorten(json.dumps(document, ensure_ascii=False)[:40]))
    features = [_feature(item) for item in document]
    if not features:
        raise LoadError("no_rows")
    return features


def _feature(item: Any) -> dict[str, Any]:
    """One item of a list as a feature; what is no object keeps itself under `@raw`."""
    if not isinstance(item, dict):
        return {"geometry": None, "properties": {}, "@raw": item}
    if item.get("type") in _GEOMETRIES:
        return {"geometry": item, "properties": {}}
    if "geometry" in item:
        properties = item.get("properties")
        if not isinstance(properties, dict):
            properties = {key: value for key, value in item.items() if key not in ("geometry", "type", "properties")}
        if "id" in item and "id" not in properties:
            properties = {**properties, "id": item["id"]}
        return {"geometry": item["geometry"], "properties": properties}
    return {"geometry": None, "properties": item, "@table": True}


def shape_from_cell(text: str) -> BaseGeometry | None:
    """The geometry that a cell holds as WKT, EWKT, hexadecimal WKB or GeoJSON; None for an empty cell.

    Raises ShapeError where there is something else.
    """
    body = text.strip()
    if not body:
        return None
    if body.startswith("{"):
        try:
            given = json.loads(body)
        except (json.JSONDecodeError, RecursionError):
            raise ShapeError("unreadable_geometry") from None
        return Build().geometry(given.get("geometry", given) if isinstance(given, dict) else {})
    body = re.sub(r"\ASRID=\d+;", "", body, flags=re.IGNORECASE)
    try:
        if re.fullmatch(r"[0-9A-Fa-f]{18,}", body):
            return shapely.force_2d(shapely.from_wkb(body))
        return shapely.force_2d(shapely.from_wkt(body, on_invalid="fix") or shapely.from_wkt(body))
    except shapely.errors.GEOSException:
        raise ShapeError("unreadable_geometry") from None

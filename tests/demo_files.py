"""The demo's committed files, read for tests: features by subject, shapes in the metres of their zone."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from gridmap.demo.units import expand

FOLDER = Path(__file__).parent.parent / "data" / "geo"
ZONES = {"31": 4549, "44": 4547, "4201": 4547, "4205": 4546}
Row = dict[str, Any]


@functools.cache
def rows(subject: str) -> list[Row]:
    """The rows of a subject: properties, `id`, and `shape` (longitude, latitude) where there is one."""
    path = FOLDER / f"{subject}.geojson"
    if not path.exists():
        return list(json.loads((FOLDER / f"{subject}.json").read_text(encoding="utf-8")))
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    shapes = shapely.from_geojson([json.dumps(f["geometry"]) for f in features])
    return [
        {**feature["properties"], "id": feature.get("id"), "shape": shape}
        for feature, shape in zip(features, shapes, strict=True)
    ]


def zone_of(code: str) -> int:
    """The 3-degree CGCS2000 zone of a statistical code."""
    return next(epsg for prefix, epsg in ZONES.items() if code.startswith(prefix))


@functools.cache
def projector(epsg: int) -> Transformer:
    return Transformer.from_crs(4326, epsg, always_xy=True)


def in_metres(shape: BaseGeometry, code: str) -> BaseGeometry:
    """The shape in metres of the zone that its code lies in."""
    move = projector(zone_of(code)).transform
    return shapely.transform(shape, lambda c: np.column_stack(move(c[:, 0], c[:, 1])))


@functools.cache
def metres(subject: str) -> dict[int, BaseGeometry]:
    """The shapes of a subject in metres, by id."""
    return {row["id"]: in_metres(row["shape"], row["code"]) for row in rows(subject)}


def of_community(subject: str, code: str) -> list[Row]:
    """The rows of a subject that belong to the community with that code."""
    community = next(row["id"] for row in rows("communities") if row["code"] == code)
    return [row for row in rows(subject) if row.get("community_id") == community]


def of_city(subject: str, prefix: str) -> list[Row]:
    """The rows of a subject whose street's code starts so."""
    streets = {row["id"] for row in rows("streets") if row["code"].startswith(prefix)}
    return [row for row in rows(subject) if row["street_id"] in streets]


def households(stairwells: list[Row], buildings: list[Row]) -> int:
    """Household numbers written in stairwells, and in buildings without stairwells."""
    return sum(len(expand(row["units"])) for row in stairwells) + sum(len(row.get("units", [])) for row in buildings)


def communities_with_grids() -> Iterator[str]:
    """The codes of all communities that have grids."""
    with_grids = {row["community_id"] for row in rows("grids")}
    yield from (row["code"] for row in rows("communities") if row["id"] in with_grids)

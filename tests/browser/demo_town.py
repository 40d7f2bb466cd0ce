"""The committed demo street in the form of `town`: to look at the real thing without a database."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

from shapely import transform
from shapely.geometry import shape

from tests.browser import town as invented

STREET = 10001
GEO = Path(__file__).parents[2] / "data" / "geo"


def _features(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((GEO / f"{name}.geojson").read_text("utf-8"))["features"]
    return [feature for feature in loaded if feature["properties"].get("street_id", STREET) == STREET]


def _to_town(degrees: Any) -> Any:
    metres = degrees.copy()
    metres[:, 0] = [math.radians(lon) * invented.R - invented.X0 for lon in degrees[:, 0]]
    tangents = [math.tan(math.pi / 4 + math.radians(lat) / 2) for lat in degrees[:, 1]]
    metres[:, 1] = [math.log(tangent) * invented.R - invented.Y0 for tangent in tangents]
    return metres


def _size(households: int | None) -> str:
    if not households:
        return "empty"
    return "small" if households < 300 else "fitting" if households <= 500 else "large"


@cache
def demo_town() -> dict[str, list[invented.Thing]]:
    """All layers of the demo street, by name."""
    kinds = json.loads((GEO / "facility_kinds.json").read_text("utf-8"))
    themes = {kind["code"]: kind["theme"] for kind in kinds}
    layers: dict[str, list[invented.Thing]] = {}
    names = ("districts", "streets", "communities", "grids", "estates", "buildings", "stairwells", "facilities")
    number = invented.STREET_ID
    for name in names:
        layers[name] = []
        for feature in _features(name):
            number += 1
            given = dict(feature["properties"])
            given["theme"] = themes.get(given.get("kind", ""), "public")
            given["size"] = _size(given.get("counted_households"))
            given["households"] = given.get("counted_households") or 0
            given["held"] = "open" if number % 17 == 0 else "held"
            kept = {k: v for k, v in given.items() if isinstance(v, str | int | float)}
            layers[name].append(invented.Thing(number, transform(shape(feature["geometry"]), _to_town), kept))
    for feature in _features("basemap"):
        number += 1
        given = {k: v for k, v in feature["properties"].items() if k in ("class", "name") and v}
        layer = {"road": "roads", "water": "water", "green": "green"}[feature["properties"]["kind"]]
        thing = invented.Thing(number, transform(shape(feature["geometry"]), _to_town), given)
        layers.setdefault(layer, []).append(thing)
    return layers

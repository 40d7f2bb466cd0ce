"""OpenStreetMap extracts (.osm.pbf, .osm, .osm.gz) through pyosmium: what each kind is called there.

Ways and relations whose nodes or members lie outside of the extract are listed, not guessed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from gridmap.coords import WGS84
from gridmap.load.finding import Finding, LoadError
from gridmap.load.formats.apart import read_apart
from gridmap.load.kinds import Kind
from gridmap.load.reading import ROW, Options, Reading

UNIT = "object"
ANY = frozenset({"*"})


@dataclass(frozen=True)
class Tags:
    """Which tags make an object one of a kind: key → values (`*`: any but `no`), as areas, lines or points."""

    areas: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lines: Mapping[str, frozenset[str]] = field(default_factory=dict)
    points: Mapping[str, frozenset[str]] = field(default_factory=dict)
    level: str | None = None
    """The admin_level, for boundaries."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BOUNDARY = {"boundary": _words("administrative")}
TAGS: Mapping[str, Tags] = {
    "districts": Tags(areas=_BOUNDARY, level="6"),
    "streets": Tags(areas=_BOUNDARY, level="8"),
    "communities": Tags(areas=_BOUNDARY, level="10"),
    "estates": Tags(areas={"landuse": _words("residential")}),
    "buildings": Tags(areas={"building": ANY}),
    "facilities": Tags(
        points={
            "amenity": ANY,
            "emergency": _words("defibrillator fire_hydrant"),
            "highway": _words("street_lamp"),
            "man_made": _words("manhole surveillance"),
            "barrier": _words("gate lift_gate"),
        }
    ),
    "roads": Tags(
        lines={
            "highway": _words(
                "motorway motorway_link trunk trunk_link primary primary_link secondary secondary_link tertiary "
                "tertiary_link unclassified residential living_street service pedestrian footway path cycleway steps "
                "track"
            ),
            "railway": _words("rail subway light_rail tram monorail"),
        }
    ),
    "water": Tags(
        areas={
            "natural": _words("water bay"),
            "waterway": _words("riverbank dock"),
            "landuse": _words("reservoir basin"),
        },
        lines={"waterway": _words("river stream canal drain ditch")},
    ),
    "green": Tags(
        areas={
            "leisure": _words("park garden nature_reserve playground pitch golf_course"),
            "landuse": _words("grass forest meadow recreation_ground village_green cemetery orchard"),
            "natural": _words("wood scrub grassland heath"),
        }
    ),
}


def _fits(tags: Mapping[str, str], wanted: Mapping[str, frozenset[str]], level: str | None = None) -> bool:
    if level is not None and tags.get("admin_level") != level:
        return False
    return any(tags.get(key, "no") != "no" and (values is ANY or tags[key] in values) for key, values in wanted.items())


@dataclass
class _Found:
    """Objects wanted, by `way/12`: their tags, and the geometries that could be built."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    shapes: dict[str, BaseGeometry] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def want(self, word: str, number: int, tags: dict[str, str]) -> str:
        key = f"{word}/{number}"
        self.tags[key], self.numbers[key] = tags, number
        return key


def _runs(way: Any) -> BaseGeometry | None:
    """The way as a line, in pieces where nodes are missing; None where not two neighbouring nodes are left."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for node in way.nodes:
        if node.location.valid():
            pieces[-1].append((node.location.lon, node.location.lat))
        elif pieces[-1]:
            pieces.append([])
    lines = [shapely.LineString(piece) for piece in pieces if len(piece) > 1]
    return None if not lines else lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)


def _collect(path: Path, wanted: Tags) -> _Found:
    found = _Found()
    factory = osmium.geom.WKBFactory()
    keys = [*wanted.areas, *wanted.lines, *wanted.points]
    item: Any
    for item in osmium.FileProcessor(str(path)).with_areas(osmium.filter.KeyFilter(*keys)):
        tags = {tag.k: tag.v for tag in item.tags}
        if not tags:
            continue
        if item.is_area():
            if _fits(tags, wanted.areas, wanted.level):
                key = found.want("way" if item.from_way() else "relation", item.orig_id(), tags)
                found.shapes[key] = shapely.from_wkb(factory.create_multipolygon(item))
        elif item.is_node():
            if _fits(tags, wanted.points):
                key = found.want("node", item.id, tags)
                found.shapes[key] = shapely.Point(item.location.lon, item.location.lat)
        elif item.is_way():
            _collect_way(item, tags, wanted, found)
        elif _fits(tags, wanted.areas, wanted.level) and tags.get("type") in ("multipolygon", "boundary"):
            found.want("relation", item.id, tags)
    return found


def _collect_way(way: Any, tags: dict[str, str], wanted: Tags, found: _Found) -> None:
    if _fits(tags, wanted.lines):
        key = found.want("way", way.id, tags)
        line = _runs(way)
        if line is not None:
            found.shapes[key] = line
    elif _fits(tags, wanted.areas, wanted.level):
        found.want("way", way.id, tags)


def read_osm(path: Path, kind: Kind, options: Options) -> Reading:
    """The objects of the kind in the extract, degrees of WGS 84. Raises LoadError."""
    wanted = TAGS.get(kind.name)
    if wanted is None:
        raise LoadError("osm_kind", kind=kind.name, kinds=", ".join(TAGS))
    found = read_apart(path, lambda: _collect(path, wanted))
    if not found.tags:
        raise LoadError("no_rows")
    built = [key for key in found.tags if key in found.shapes]
    lost = [key for key in found.tags if key not in found.shapes]
    columns = [name for name in _columns(kind) if any(name in found.tags[key] for key in built)]
    frame = pd.DataFrame({name: [found.tags[key].get(name) for key in built] for name in columns}, dtype=object)
    frame["id"] = built
    frame["class"] = [_class_of(found.tags[key], wanted) for key in built]
    frame[ROW] = [found.numbers[key] for key in built]
    frame["@geom"] = gpd.GeoSeries(np.array([found.shapes[key] for key in built], dtype=object))
    return Reading(
        kind,
        gpd.GeoDataFrame(frame, geometry="@geom"),
        path,
        unit=UNIT,
        crs=CRS.from_epsg(WGS84),
        encoding="utf-8",
        rows=tuple({**found.tags[key], "id": key} for key in built) if options.keeps else (),
        rejected=tuple(
            Finding(
                "osm_incomplete", path.name, found.numbers[key], UNIT, raw=key, name=found.tags[key].get("name", "")
            )
            for key in lost
        ),
    )


def _columns(kind: Kind) -> Iterator[str]:
    """The tags that fill columns of the kind."""
    for target in kind.targets:
        yield from (word for word in target.synonyms if word not in ("id", "class"))


def _class_of(tags: Mapping[str, str], wanted: Tags) -> str:
    """`key=value` of the tag by which the object was chosen."""
    for group in (wanted.areas, wanted.lines, wanted.points):
        for key, values in group.items():
            if _fits(tags, {key: values}):
                return f"{key}={tags[key]}"
    return ""

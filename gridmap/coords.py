"""Where things are: value types, the three datums met in Chinese data, and measuring in the right zone.

Longitude before latitude everywhere, degrees, EPSG:4326; lengths in metres, areas in m². CGCS2000 (EPSG:4490) gives
the same numbers as WGS 84. GCJ-02 and BD-09 have no EPSG code and no PROJ operation, so `to_crs` never helps: they
are converted here, once, at the import edge. The inverse is a fixed point of the forward formula (four steps are
below 1e-5 m; the popular one-step inverse is wrong by up to 4 m).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.enums import TransformDirection

Coords = NDArray[np.float64]

WGS84 = 4326
GCJ_WEST, GCJ_SOUTH, GCJ_EAST, GCJ_NORTH = 72.004, 0.8293, 137.8347, 55.8271
"""The rectangle inside which GCJ-02 shifts; every published implementation tests this and nothing finer."""

_AXIS = 6378245.0
_ECCENTRICITY_SQ = 0.00669342162296594323
_BD_TURN = math.pi * 3000.0 / 180.0
_GCJ_STEPS = 4
_BD_STEPS = 3
_FIRST_ZONE_EPSG, _FIRST_MERIDIAN, _LAST_MERIDIAN = 4534, 75, 135


class CoordError(ValueError):
    """A coordinate, box or zone that cannot be; the message says what was found and what is wanted."""


class Datum(StrEnum):
    """What the degrees of a source mean. A person chooses it; it is never guessed from the place."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


@dataclass(frozen=True)
class LonLat:
    """One position in degrees."""

    lon: float
    lat: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lon) and math.isfinite(self.lat)):
            raise CoordError(f"{self.lon},{self.lat} is not a position: longitude,latitude in degrees is wanted")
        if abs(self.lon) > 180 or abs(self.lat) > 90:
            raise CoordError(f"{self.lon},{self.lat} is outside 180 and 90 degrees; longitude comes first")


@dataclass(frozen=True)
class BBox:
    """A box in degrees; `west > east` means that it crosses the antimeridian, as OGC API has it."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        LonLat(self.west, self.south), LonLat(self.east, self.north)
        if self.south > self.north:
            raise CoordError(f"the box's south {self.south} is above its north {self.north}")

    @property
    def crosses_antimeridian(self) -> bool:
        """True where the box runs eastward over 180 degrees."""
        return self.west > self.east

    def parts(self) -> "tuple[BBox, ...]":
        """The box as one box, or as two that do not cross the antimeridian."""
        if not self.crosses_antimeridian:
            return (self,)
        return BBox(self.west, self.south, 180.0, self.north), BBox(-180.0, self.south, self.east, self.north)

    def contains(self, point: LonLat) -> bool:
        """Whether the point lies in the box, its edge counted."""
        return any(p.west <= point.lon <= p.east and p.south <= point.lat <= p.north for p in self.parts())

    def __str__(self) -> str:
        return f"{self.west:.7g},{self.south:.7g},{self.east:.7g},{self.north:.7g}"


def parse_bbox(text: str) -> BBox:
    """A BBox from `west,south,east,north`, or from six numbers whose heights are left out. Raises CoordError."""
    parts = text.split(",")
    if len(parts) not in (4, 6):
        raise CoordError(f"bbox is {text!r}: write west,south,east,north in degrees")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise CoordError(f"bbox is {text!r}: one of its parts is not a number") from None
    if len(numbers) == 6:
        del numbers[5], numbers[2]
    return BBox(numbers[0], numbers[1], numbers[2], numbers[3])


def parse_datum(text: str) -> Datum:
    """A Datum from its word, in any case, with or without a hyphen (`GCJ-02`). Raises CoordError."""
    try:
        return Datum(text.strip().lower().replace("-", "").replace("_", ""))
    except ValueError:
        raise CoordError(f"datum is {text!r}: choose wgs84, gcj02 or bd09") from None


def _offset(lon: Coords, lat: Coords) -> tuple[Coords, Coords]:
    """The GCJ-02 shift in degrees, by the published formula, whether or not the point lies in the rectangle."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    waves = (20.0 * np.sin(6.0 * math.pi * x) + 20.0 * np.sin(2.0 * math.pi * x)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    north += (20.0 * np.sin(math.pi * y) + 40.0 * np.sin(math.pi / 3.0 * y)) * 2.0 / 3.0
    north += (160.0 * np.sin(math.pi / 12.0 * y) + 320.0 * np.sin(math.pi / 30.0 * y)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    east += (20.0 * np.sin(math.pi * x) + 40.0 * np.sin(math.pi / 3.0 * x)) * 2.0 / 3.0
    east += (150.0 * np.sin(math.pi / 12.0 * x) + 300.0 * np.sin(math.pi / 30.0 * x)) * 2.0 / 3.0
    radians = np.radians(lat)
    magic = 1.0 - _ECCENTRICITY_SQ * np.sin(radians) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY_SQ) / (magic * np.sqrt(magic))
    parallel = _AXIS / np.sqrt(magic) * np.cos(radians)
    return np.degrees(east / parallel), np.degrees(north / meridian)


def is_shifted(coords: Coords) -> "NDArray[np.bool_]":
    """Which rows of `(n, 2)` degrees lie in the rectangle where GCJ-02 shifts; NaN is outside."""
    lon, lat = coords[:, 0], coords[:, 1]
    inside: NDArray[np.bool_] = (lon >= GCJ_WEST) & (lon <= GCJ_EAST) & (lat >= GCJ_SOUTH) & (lat <= GCJ_NORTH)
    return inside


def _wgs84_to_gcj02(coords: Coords) -> Coords:
    result = np.array(coords, dtype=np.float64)
    inside = is_shifted(result)
    east, north = _offset(result[inside, 0], result[inside, 1])
    result[inside, 0] += east
    result[inside, 1] += north
    return result


def _gcj02_to_wgs84(coords: Coords) -> Coords:
    result = np.array(coords, dtype=np.float64)
    inside = is_shifted(result)
    given_lon, given_lat = result[inside, 0], result[inside, 1]
    lon, lat = given_lon.copy(), given_lat.copy()
    for _ in range(_GCJ_STEPS):
        east, north = _offset(lon, lat)
        lon, lat = given_lon - east, given_lat - north
    result[inside, 0], result[inside, 1] = lon, lat
    return result


def _gcj02_to_bd09(coords: Coords) -> Coords:
    lon, lat = coords[:, 0], coords[:, 1]
    reach = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    return np.column_stack((reach * np.cos(angle) + 0.0065, reach * np.sin(angle) + 0.006))


def _bd09_to_gcj02(coords: Coords) -> Coords:
    given = np.asarray(coords, dtype=np.float64)
    result = given - (0.0065, 0.006)
    for _ in range(_BD_STEPS):
        result = result - (_gcj02_to_bd09(result) - given)
    return result


def _unchanged(coords: Coords) -> Coords:
    return np.array(coords, dtype=np.float64)


_INVERSE: dict[Datum, Callable[[Coords], Coords]] = {
    Datum.WGS84: _unchanged,
    Datum.GCJ02: _gcj02_to_wgs84,
    Datum.BD09: lambda coords: _gcj02_to_wgs84(_bd09_to_gcj02(coords)),
}
_FORWARD: dict[Datum, Callable[[Coords], Coords]] = {
    Datum.WGS84: _unchanged,
    Datum.GCJ02: _wgs84_to_gcj02,
    Datum.BD09: lambda coords: _gcj02_to_bd09(_wgs84_to_gcj02(coords)),
}


def coords_to_wgs84(coords: Coords, datum: Datum) -> Coords:
    """`(n, 2)` degrees of `datum` as WGS 84 degrees; NaN stays NaN, outside the rectangle GCJ-02 stays as it is."""
    return _INVERSE[datum](np.asarray(coords, dtype=np.float64).reshape(-1, 2))


def coords_from_wgs84(coords: Coords, datum: Datum) -> Coords:
    """`(n, 2)` WGS 84 degrees as degrees of `datum`: for comparing with foreign maps, never for storing."""
    return _FORWARD[datum](np.asarray(coords, dtype=np.float64).reshape(-1, 2))


def to_wgs84(geometries: Any, datum: Datum) -> Any:
    """One shapely geometry or an array of them, given in `datum`, in WGS 84 degrees.

    Two-dimensional; the number of vertices is kept; None stays None. Convert before repairing and before snapping.
    """
    if datum is Datum.WGS84:
        return geometries
    return shapely.transform(geometries, _INVERSE[datum])


def to_wgs84_point(point: LonLat, datum: Datum) -> LonLat:
    """One position of `datum` in WGS 84."""
    lon, lat = coords_to_wgs84(np.array([[point.lon, point.lat]]), datum)[0]
    return LonLat(float(lon), float(lat))


def zone_meridian(lon: float) -> int:
    """The central meridian of the 3-degree zone that holds `lon`, 75 to 135 degrees east. Raises CoordError."""
    meridian = math.floor((lon + 1.5) / 3.0) * 3 if math.isfinite(lon) else 0
    if not _FIRST_MERIDIAN <= meridian <= _LAST_MERIDIAN:
        raise CoordError(f"longitude {lon} lies in none of the 3-degree zones of CGCS2000 (73.5 to 136.5 E)")
    return meridian


def zone_epsg(lon: float) -> int:
    """The EPSG code of the 3-degree CGCS2000 zone (without zone number in x) that holds `lon`. Raises CoordError."""
    return _FIRST_ZONE_EPSG + (zone_meridian(lon) - _FIRST_MERIDIAN) // 3


def measuring_epsg(at: LonLat) -> int:
    """The projected CRS to measure in near `at`: its CGCS2000 zone in China's longitudes, else the UTM zone."""
    try:
        return zone_epsg(at.lon)
    except CoordError:
        number = min(math.floor((at.lon + 180.0) / 6.0) + 1, 60)
        return (32600 if at.lat >= 0 else 32700) + number


@lru_cache(maxsize=64)
def _projector(epsg: int) -> Transformer:
    return Transformer.from_crs(WGS84, CRS.from_epsg(epsg), always_xy=True)


def project(geometries: Any, epsg: int) -> Any:
    """Geometries in degrees as metres of `epsg`, easting before northing."""
    transformer = _projector(epsg)

    def metres(coords: Coords) -> Coords:
        return np.column_stack(transformer.transform(coords[:, 0], coords[:, 1]))

    return shapely.transform(geometries, metres)


def unproject(geometries: Any, epsg: int) -> Any:
    """The way back: geometries in metres of `epsg` in degrees, longitude before latitude."""
    transformer = _projector(epsg)

    def degrees(coords: Coords) -> Coords:
        return np.column_stack(transformer.transform(coords[:, 0], coords[:, 1], direction=TransformDirection.INVERSE))

    return shapely.transform(geometries, degrees)


def _measured(geometries: Any) -> Any:
    """The geometries in metres, each in the zone of its own middle."""
    array = np.atleast_1d(np.asarray(geometries, dtype=object))
    result = np.full(len(array), None, dtype=object)
    known = ~(shapely.is_missing(array) | shapely.is_empty(array))
    bounds = shapely.bounds(array[known])
    # the centroid of a ring that crosses itself can lie anywhere
    middles = np.clip(shapely.get_coordinates(shapely.centroid(array[known])), bounds[:, :2], bounds[:, 2:])
    zones = np.zeros(len(array), dtype=int)
    zones[known] = [measuring_epsg(LonLat(float(lon), float(lat))) for lon, lat in middles]
    for epsg in np.unique(zones[known]):
        chosen = known & (zones == epsg)
        result[chosen] = project(array[chosen], int(epsg))
    return result


def area_m2(geometries: Any) -> Coords:
    """The areas in m² of geometries in degrees, each in its 3-degree zone; NaN for missing or empty ones.

    Not finite where a geometry reaches farther than its zone can be projected.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        areas: Coords = shapely.area(_measured(geometries))
    return areas


def length_m(geometries: Any) -> Coords:
    """The lengths in metres of geometries in degrees, each in its 3-degree zone; NaN for missing or empty ones."""
    lengths: Coords = shapely.length(_measured(geometries))
    return lengths


_GEOD = Geod(ellps="WGS84")


def distance_m(start: Coords, end: Coords) -> Coords:
    """The geodesic distances in metres between rows of two `(n, 2)` arrays of degrees."""
    start, end = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    _, _, metres = _GEOD.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
    distances: Coords = np.asarray(metres, dtype=np.float64)
    return distances

"""The coordinate systems that are spoken: degrees, web mercator, and the 3-degree zones of CGCS2000."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gridmap.coords import unproject, zone_epsg

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
WEB_MERCATOR = 3857
ZONES = range(4534, 4555)
EDGE_STEPS = 16
"""Into so many pieces each side of a box in metres is cut, because it is no straight line in degrees."""


@dataclass(frozen=True, kw_only=True)
class Crs:
    """A coordinate system by its URI. `is_flipped`: its authority names the northern axis first."""

    uri: str
    srid: int
    is_flipped: bool
    decimals: int
    """How many leave the server: about a centimetre or less."""

    @property
    def is_degrees(self) -> bool:
        """Whether its numbers are those that are stored, but for their order."""
        return self.srid not in ZONES and self.srid != WEB_MERCATOR

    def to_degrees(self, geometry: Any) -> Any:
        """A geometry in this system as longitude and latitude; not finite where the system does not reach."""
        if self.is_flipped:
            geometry = shapely.transform(geometry, lambda coords: coords[:, ::-1])
        return geometry if self.is_degrees else unproject(geometry, self.srid)


def _epsg(code: int) -> Crs:
    flipped = code != WEB_MERCATOR
    decimals = 7 if code in (4326, 4490) else 3
    return Crs(uri=f"{EPSG}{code}", srid=code, is_flipped=flipped, decimals=decimals)


DEGREES = Crs(uri=CRS84, srid=4326, is_flipped=False, decimals=7)
"""As everything is stored: longitude, latitude."""
KNOWN: Mapping[str, Crs] = {
    each.uri: each for each in (DEGREES, *(_epsg(code) for code in (4326, 4490, WEB_MERCATOR, *ZONES)))
}


def fitting(west: float, east: float) -> tuple[Crs, ...]:
    """The systems for what lies between these longitudes: those of the whole world, and the zones that it is in."""
    edges = np.clip([west, east], 73.5, 136.49)
    is_in_a_zone = west <= 136.49 and east >= 73.5
    zones = range(zone_epsg(edges[0]), zone_epsg(edges[1]) + 1) if is_in_a_zone else ()
    return (*(crs for crs in KNOWN.values() if crs.srid not in ZONES), *(KNOWN[f"{EPSG}{code}"] for code in zones))


def box_in_degrees(crs: Crs, sides: "tuple[float, float, float, float]") -> Any:
    """A box in metres of that system, its west, south, east and north, as a polygon in degrees."""
    corners = shapely.box(*sides)
    longest = max(sides[2] - sides[0], sides[3] - sides[1])
    return unproject(shapely.segmentize(corners, longest / EDGE_STEPS) if longest > 0 else corners, crs.srid)

"""What the register knows already, as values, so that checks can compare without a database."""

from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

PLACE_COLUMNS = ("kind", "code", "name", "aliases", "address", "estate_address", "lon", "lat")
"""`estate_address`: that of the estate in which a building stands."""
SPOT_COLUMNS = ("kind", "lon", "lat", "area")


def _no_places() -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype=object) for column in PLACE_COLUMNS})


def _no_spots() -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype=object) for column in SPOT_COLUMNS})


@dataclass(frozen=True)
class Known:
    """Places with a name and a position (degrees), the outline to stay within, and the kinds of facilities."""

    places: pd.DataFrame
    outline: BaseGeometry | None = None
    """The street's or district's outline; rows further than 2 km outside are refused."""
    facility_kinds: tuple[tuple[str, str, str], ...] = ()
    """(code, Chinese title, English title)."""
    roles: tuple[tuple[str, str, str, str], ...] = ()
    """Duty roles as (code, Chinese title, English title, level of place)."""
    areas: tuple[tuple[str, BaseGeometry], ...] = ()
    """(name, outline in degrees), the smallest first: communities, the street, districts; they name a position."""
    spots: pd.DataFrame = field(default_factory=_no_spots)
    """Where things are, named or not: kind, lon, lat of the centroid, area in square degrees (0 for points)."""

    def names_at(self, lon: float, lat: float) -> tuple[str, ...]:
        """The names of the areas that hold a position, the smallest first."""
        point = shapely.Point(lon, lat)
        return tuple(name for name, area in self.areas if area.covers(point))


def nothing_known() -> Known:
    """What is known without a database: nothing."""
    return Known(_no_places())


def known_places(frame: "gpd.GeoDataFrame | pd.DataFrame") -> pd.DataFrame:
    """A frame of known places with every column that the checks read."""
    return frame.reindex(columns=list(PLACE_COLUMNS))

"""Rows that are good but have no place yet: placed by hand on the map, then checked and stored like the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from gridmap.coords import WGS84, LonLat
from gridmap.load.kinds import KINDS, Kind, Shape
from gridmap.load.reading import KEPT, ROW, Options, Reading

PLACELESS = frozenset(
    {
        "to_place_by_hand",
        "outside",
        "no_position",
        "null_island",
        "phone_in_coordinate",
        "not_a_coordinate",
    }
)
"""The reasons for which a row is refused that a position by hand would mend."""


def may_wait(kind: Kind, code: str) -> bool:
    """Whether a row that is refused for this reason waits for a position by hand."""
    return code in PLACELESS if Shape.POINT in kind.shapes else kind.by_point and code == "to_place_by_hand"


@dataclass(frozen=True)
class Unplaced:
    """One row to place by hand: where it stood, what it says of its place, and everything else that it says.

    `attributes` are texts under our column names, as they were before values are read; `code` is why it has no place.
    """

    kind: str
    file: str
    row: int
    code: str
    text: str
    """The address, or what stood in place of a position."""
    name: str
    source: str
    source_id: str
    """The id in the source; empty where the file has none."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)
    """Columns that are kept beside ours."""


def reading_of(rows: Sequence[Unplaced], positions: Sequence[LonLat | BaseGeometry]) -> tuple[Reading, Options]:
    """Rows of one kind, file and source with the places that a person gave them, to be checked and stored.

    >>> reading, options = reading_of([one], [LonLat(121.44, 31.37)])
    >>> store(database, by, [check(reading, options, known)], street_id=street_id)
    """
    first = rows[0]
    kind = KINDS[first.kind]
    columns = list(dict.fromkeys(name for row in rows for name in row.attributes))
    frame = pd.DataFrame({name: [row.attributes.get(name, "") for row in rows] for name in columns}, dtype=object)
    frame[ROW] = [row.row for row in rows]
    shapes = [shapely.Point(at.lon, at.lat) if isinstance(at, LonLat) else at for at in positions]
    frame["@geom"] = gpd.GeoSeries(shapes, index=frame.index, crs=WGS84)
    kept = tuple(dict.fromkeys(name for row in rows for name in row.kept))
    reading = Reading(
        kind,
        gpd.GeoDataFrame(frame, geometry="@geom"),
        Path(first.file),
        unit="row",
        crs=CRS.from_epsg(WGS84),
        rows=tuple({**row.attributes, **row.kept} for row in rows) if kept else (),
    )
    # not as a mapping: that would be kept as what a person said of the source
    return reading, Options(remembered={name: name for name in columns}, source=first.source, keep=kept)


def unplaced_of(row: "pd.Series[Any]", code: str, text: str, *, kind: str, file: str, source: str) -> Unplaced:
    """What is known of a row that is being refused for its position."""
    said = {
        str(name): str(value)
        for name, value in row.items()
        if not str(name).startswith("@") and isinstance(value, str) and value
    }
    kept = row.get(KEPT)
    return Unplaced(
        kind,
        file,
        int(row[ROW]),
        code,
        said.get("address") or text,
        said.get("name", ""),
        source,
        said.get("source_id", ""),
        said,
        kept if isinstance(kept, dict) else {},
    )

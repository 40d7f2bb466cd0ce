"""Contiguous areas of gaps: places with gaps that adjoin, dissolved by distance, the largest first."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, and_, bindparam, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from gridmap.coords import BBox
from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.area import SIDES
from gridmap.read.coverage.cut import Cut
from gridmap.read.coverage.rows import Statement, When, open_with_reason
from gridmap.read.locks import lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import place, street

APART_M = 45.0
"""Places that lie no further apart belong to one area."""
LEAST_PLACES = 3
"""Fewer do not make an area."""
REACH_M, BACK_M = 40.0, 24.0
"""An area is drawn so far around its places and then drawn in again: what lies together stays together."""
MOST = 60
CALM = ("excused", "not_yet")
"""No gaps that anybody has to go to: told only where they are asked for."""


@dataclass(frozen=True, kw_only=True)
class GapArea:
    """One area: how many places and tasks it holds, around which estate, and its shape as GeoJSON in degrees."""

    places: int
    tasks: int
    estate: str
    estate_id: int | None
    bounds: BBox
    shape: dict[str, Any]
    place_ids: tuple[int, ...]


def read_gap_areas(
    connection: Connection, viewer: Viewer, cut: Cut, when: When, *, reason: str | None = None
) -> tuple[GapArea, ...]:
    """The areas of gaps of the cut, of one reason or of all that are real gaps; at most MOST, the largest first."""
    text, constants = gap_areas_statement(viewer.reach.shape, cut.by, reason is not None)
    values = lock_values(viewer) | cut.values | when.values | {"reason": reason}
    return tuple(
        GapArea(
            places=row["places"],
            tasks=row["tasks"],
            estate=row["estate"] or "",
            estate_id=row["estate_id"],
            bounds=BBox(*(row[side] for side in SIDES)),
            shape=json.loads(row["shape"]),
            place_ids=tuple(row["place_ids"]),
        )
        for row in connection.execute(text, constants | values)
    )


@lru_cache(maxsize=256)
def gap_areas_statement(shape: tuple[str, ...], cuts: tuple[str, ...], has_reason: bool) -> Statement:
    """The SQL of the areas: measured in the 3-degree zone of CGCS2000 of each street."""
    reach = reach_of_shape(shape)
    opened = open_with_reason(shape, cuts, "street_id", "place_id")
    calm: list[ColumnElement[str]] = [literal_column(f"'{word}'") for word in CALM]
    is_wanted = opened.c.reason == bindparam("reason", type_=Text) if has_reason else opened.c.reason.not_in(calm)
    open_places = (
        select(opened.c.street_id, opened.c.place_id, func.count().label("tasks"))
        .where(is_wanted)
        .group_by(opened.c.street_id, opened.c.place_id)
        .cte("open_places")
    )
    zone: ColumnElement[int] = cast(4534 + func.round((func.ST_X(func.ST_Centroid(street.c.geom)) - 75) / 3), Integer)
    shaped = (
        select(open_places, place.c.estate_id, func.ST_Transform(place.c.geom, zone).label("metres"))
        .join_from(
            open_places,
            place,
            and_(place.c.street_id == open_places.c.street_id, place.c.id == open_places.c.place_id),
        )
        .join(street, street.c.id == open_places.c.street_id)
        .where(place.c.geom.is_not(None), locked(place, reach))
        .cte("shaped")
    )
    cluster = func.ST_ClusterDBSCAN(shaped.c.metres, APART_M, LEAST_PLACES).over(partition_by=shaped.c.street_id)
    clustered = select(shaped, cluster.label("cluster")).cte("clustered")
    around = func.ST_Union(func.ST_Buffer(clustered.c.metres, REACH_M))
    drawn = func.ST_Simplify(func.ST_Buffer(around, -BACK_M), 1)
    areas = (
        select(
            clustered.c.street_id,
            func.count().label("places"),
            cast(func.sum(clustered.c.tasks), Integer).label("tasks"),
            func.mode().within_group(clustered.c.estate_id).label("estate_id"),
            func.array_agg(aggregate_order_by(clustered.c.place_id, clustered.c.place_id)).label("place_ids"),
            func.ST_Transform(drawn, 4326).label("area"),
        )
        .where(clustered.c.cluster.is_not(None))
        .group_by(clustered.c.street_id, clustered.c.cluster)
        .cte("areas")
    )
    home = place.alias("home")
    its_home = and_(home.c.street_id == areas.c.street_id, home.c.id == areas.c.estate_id, locked(home, reach))
    listed = (
        select(
            areas.c.places,
            areas.c.tasks,
            areas.c.estate_id,
            home.c.name.label("estate"),
            areas.c.place_ids,
            *(side(areas.c.area).label(name) for name, side in SIDES.items()),
            func.ST_AsGeoJSON(areas.c.area, 6).label("shape"),
        )
        .join_from(areas, home, its_home, isouter=True)
        .order_by(areas.c.places.desc(), areas.c.tasks.desc(), areas.c.place_ids)
        .limit(MOST)
    )
    return compiled(listed)

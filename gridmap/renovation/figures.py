"""How estates stand on two days, in numbers: reckoned from the rows that the plan's files hold, nobody's name in it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import shapely

from gridmap.clock import day_bounds
from gridmap.coords import LonLat, area_m2, measuring_epsg, zone_meridian
from gridmap.db import Database
from gridmap.db.pools import Connection, Row
from gridmap.i18n import _
from gridmap.layers import BY_NAME
from gridmap.read.asked_area import Inside, Shaped, read_inside, read_places
from gridmap.read.files.order import BadOrder
from gridmap.read.filter import EVERYTHING
from gridmap.read.frame import read_rows
from gridmap.read.select import Asked, BadWord, layers_for
from gridmap.read.stream import STREAM_SETTINGS
from gridmap.scope import Viewer

MOST_ESTATES = 20
"""So many fit on one page."""
MOST_KM = 40
"""So far apart one map and one plane to measure on still serve all estates of a plan."""
KM_A_DEGREE = 111.2
MOST_ROWS = 60_000
FLOORS = ((1, 3), (4, 6), (7, 9), (10, 18), (19, 200))
LIFT_REACH = 10.0
"""Metres from a stairwell within which a lift is its own."""
NO_LIFT_FROM = 4
"""Storeys from which a stairwell without a lift is worth telling."""
LIFT_KIND = "lift"
GONE = ("removed", "planned")
ENDED = ("closed", "rejected", "duplicate")


@dataclass(frozen=True, kw_only=True)
class Estate:
    """One estate of the plan; areas in m²."""

    id: int
    name: str
    area: float
    declared_area: float | None
    built_year: int | None
    buildings: int
    households: int
    stairwells: int
    without_lift: int
    gaps: int
    incidents: int


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A number on the first day and on the last."""

    before: int
    after: int

    @property
    def change(self) -> int:
        """How much more it has become."""
        return self.after - self.before


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that the page says, and the shapes of its map."""

    before: date
    after: date
    made_at: datetime
    estates: tuple[Estate, ...]
    """Parts of an estate have a line of their own beside it; the totals count everything once."""
    buildings: int
    households: int
    stairwells: int
    without_lift: int
    """Stairwells of four storeys or more that no lift stands at."""
    epsg: int
    meridian: int | None
    area: float
    footprint: float
    by_decade: tuple[tuple[int | None, int], ...]
    by_floors: tuple[tuple[str, int], ...]
    facilities: tuple[tuple[str, int, int], ...]
    """Kind, how many, and how many of them are down."""
    gaps: Compared | None
    incidents: Compared | None
    gap_reasons: tuple[tuple[str, int], ...]
    incident_kinds: tuple[tuple[str, int], ...]
    shapes: Mapping[str, Sequence[tuple[str, shapely.Geometry]]]
    """Layer → class and shape of every feature, in degrees, for the map."""


def read_plan(
    database: Database, viewer: Viewer, ids: Sequence[int], before: date, after: date, *, made_at: datetime
) -> Plan:
    """The plan of these estates with their parts.

    Raises BadWord for an estate that the viewer does not see; BadOrder where they are too far apart.
    """
    with database.transaction(viewer.prologue, "streams") as connection:
        for statement in STREAM_SETTINGS:
            connection.execute(statement)
        return _Reading(connection, viewer, ids, before, after).plan(made_at)


def end_of_day(day: date) -> datetime:
    """The last second of the day."""
    return day_bounds(day)[1] - timedelta(seconds=1)


def check_near(area: shapely.Geometry) -> None:
    """Raises BadOrder where the estates of a plan are too far apart for one map and one plane."""
    west, south, east, north = shapely.bounds(area)
    across = math.hypot((east - west) * math.cos(math.radians((south + north) / 2)), north - south) * KM_A_DEGREE
    if across > MOST_KM:
        raise BadOrder(
            _("These estates are {far} km apart. Choose estates within {most} km: one map shows them all."),
            far=f"{across:,.0f}",
            most=MOST_KM,
        )


class _Reading:
    """Reads the layers of a plan once, in one moment."""

    def __init__(self, connection: Connection, viewer: Viewer, ids: Sequence[int], before: date, after: date) -> None:
        if len(ids) > MOST_ESTATES:
            raise BadWord("estates", str(len(ids)))
        self.connection, self.viewer = connection, viewer
        self.before, self.after = sorted((before, after))
        self.there = layers_for(viewer.reading_roles)
        asked = Asked(as_of=end_of_day(self.after))
        self.places: list[Shaped] = read_places(connection, viewer, asked, ids)
        self.inside: Inside = read_inside(connection, viewer, asked, ids)
        check_near(self.inside.area)

    def rows(self, name: str, day: date) -> list[Row]:
        """The rows of a layer inside the estates, masked; nothing where the layer is not there for the viewer."""
        if name not in self.there:
            return []
        layer, found = BY_NAME[name], []
        where = self.inside.on(layer, EVERYTHING)
        asked = Asked(as_of=end_of_day(day))
        for some in read_rows(self.connection, layer, self.viewer, asked, where=where, masked=True):
            found += some
            if len(found) > MOST_ROWS:
                raise BadWord("estates", str(len(self.places)))
        return found

    def plan(self, made_at: datetime) -> Plan:
        buildings, stairwells = self.rows("buildings", self.after), self.rows("stairwells", self.after)
        facilities = [row for row in self.rows("facilities", self.after) if row["state"] not in GONE]
        gaps = {day: self.rows("gaps", day) for day in {self.before, self.after}}
        incidents = {day: _open(self.rows("incidents", day)) for day in {self.before, self.after}}
        middle = shapely.centroid(self.inside.area)
        epsg = measuring_epsg(LonLat(middle.x, middle.y))
        without = _without_lift(stairwells, facilities, epsg)
        now = {"gaps": gaps[self.after], "incidents": incidents[self.after], "without": without}
        estates = self.estates(buildings, stairwells, now)
        return Plan(
            before=self.before,
            after=self.after,
            made_at=made_at,
            estates=tuple(estates),
            epsg=epsg,
            meridian=zone_meridian(middle.x) if 73.5 <= middle.x < 136.5 else None,
            buildings=len(buildings),
            households=sum(row["households"] or 0 for row in buildings),
            stairwells=len(stairwells),
            without_lift=len(without),
            area=float(area_m2(shapely.union_all([shape for _id, _name, shape in self.places]))[0]),
            footprint=float(np.nansum(area_m2(_shapes(buildings)))) if buildings else 0.0,
            by_decade=_by_decade(buildings),
            by_floors=_by_floors(buildings),
            facilities=_by_kind(facilities),
            gaps=self.compared("gaps", {day: _count(rows) for day, rows in gaps.items()}),
            incidents=self.compared("incidents", {day: len(rows) for day, rows in incidents.items()}),
            gap_reasons=tuple(Counter(row["reason"] for row in gaps[self.after] if row["open"]).most_common()),
            incident_kinds=tuple(Counter(row["name"] for row in incidents[self.after]).most_common(6)),
            shapes={
                "grids": _classed(self.rows("grids", self.after), "size"),
                "roads": _classed(self.rows("roads", self.after), "class"),
                "green": _classed(self.rows("green", self.after), "class"),
                "water": _classed(self.rows("water", self.after), "class"),
                "estates": [("", shape) for _id, _name, shape in self.places],
                "buildings": _classed(buildings, "kind"),
                "facilities": _classed(facilities, "theme"),
                "without": _classed(without, "name"),
                "gaps": _classed([row for row in gaps[self.after] if row["open"]], "reason"),
                "incidents": _classed(incidents[self.after], "phase"),
            },
        )

    def compared(self, name: str, counts: Mapping[date, int]) -> Compared | None:
        """The two counts, None where the layer is not there for the viewer."""
        if name not in self.there:
            return None
        return Compared(before=counts[self.before], after=counts[self.after])

    def estates(self, buildings: list[Row], stairwells: list[Row], now: Mapping[str, list[Row]]) -> list[Estate]:
        """A line for each estate: what stands in its outline."""
        register = {row["id"]: row for row in self.rows("estates", self.after)}
        found = []
        for identity, name, shape in self.places:
            own = {key: _within(rows, shape) for key, rows in now.items()}
            houses, doors = _within(buildings, shape), _within(stairwells, shape)
            row = register.get(identity, {})
            found.append(
                Estate(
                    id=identity,
                    name=name,
                    area=float(np.nan_to_num(area_m2(shape))[0]),
                    declared_area=row.get("site_area_m2"),
                    built_year=row.get("built_year"),
                    buildings=len(houses),
                    households=sum(each["households"] or 0 for each in houses),
                    stairwells=len(doors),
                    without_lift=len(own["without"]),
                    gaps=_count(own["gaps"]),
                    incidents=len(own["incidents"]),
                )
            )
        return found


def _shapes(rows: Sequence[Row]) -> Any:
    return shapely.from_wkb([None if row["geometry"] is None else bytes(row["geometry"]) for row in rows])


def _classed(rows: Sequence[Row], by: str) -> list[tuple[str, shapely.Geometry]]:
    shapes = _shapes(rows) if rows else []
    return [(str(row.get(by) or ""), shape) for row, shape in zip(rows, shapes, strict=True) if shape is not None]


def _within(rows: list[Row], area: shapely.Geometry) -> list[Row]:
    if not rows:
        return []
    shapely.prepare(area)
    inside = shapely.intersects(area, shapely.point_on_surface(_shapes(rows)))
    return [row for row, is_in in zip(rows, inside, strict=True) if is_in]


def _open(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["state"] not in ENDED]


def _count(rows: Sequence[Row]) -> int:
    return sum(row["open"] or 0 for row in rows)


def _without_lift(stairwells: list[Row], facilities: list[Row], epsg: int) -> list[Row]:
    """Stairwells of four storeys or more that no lift stands at."""
    from gridmap.coords import project

    high = [row for row in stairwells if (row["floors"] or 0) >= NO_LIFT_FROM and row["geometry"] is not None]
    lifts = [row for row in facilities if row["kind"] == LIFT_KIND and row["geometry"] is not None]
    if not high or not lifts:
        return high
    tree = shapely.STRtree(project(_shapes(lifts), epsg))
    near = set(tree.query(project(_shapes(high), epsg), predicate="dwithin", distance=LIFT_REACH)[0])
    return [row for number, row in enumerate(high) if number not in near]


def _by_decade(rows: list[Row]) -> tuple[tuple[int | None, int], ...]:
    found = Counter(None if row["built_year"] is None else row["built_year"] // 10 * 10 for row in rows)
    return tuple(sorted(found.items(), key=lambda one: (one[0] is None, one[0] or 0)))


def _by_floors(rows: list[Row]) -> tuple[tuple[str, int], ...]:
    found: Counter[str] = Counter()
    for row in rows:
        floors = row["floors"]
        found[next((f"{low}–{high}" if high < 200 else f"{low}+" for low, high in FLOORS
                    if floors is not None and low <= floors <= high), "")] += 1  # fmt: skip
    order = [f"{low}–{high}" if high < 200 else f"{low}+" for low, high in FLOORS] + [""]
    return tuple((name, found[name]) for name in order if found[name])


def _by_kind(rows: list[Row]) -> tuple[tuple[str, int, int], ...]:
    every = Counter(row["kind_title"] for row in rows)
    down = Counter(row["kind_title"] for row in rows if row["state"] == "down")
    return tuple((kind, count, down[kind]) for kind, count in every.most_common())


__all__ = ["Compared", "Estate", "Plan", "read_plan", "replace"]

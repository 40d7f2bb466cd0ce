"""The rows behind a number of what is due: listed place by place, counted, and told by the reason of their gap."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Select,
    String,
    Text,
    and_,
    bindparam,
    case,
    func,
    select,
)

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.kpi import BY_NAME, Kpi
from gridmap.read.coverage.cut import Cut, conditions, with_duty
from gridmap.read.locks import lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, duty, place, slot, street

Statement = tuple[str, dict[str, Any]]
TODAY = bindparam("today", type_=Date)
MOMENT = bindparam("moment", type_=DateTime(timezone=True))


@dataclass(frozen=True, kw_only=True)
class When:
    """When gaps are judged: the moment for who is responsible and away, the business day for what is over."""

    moment: datetime
    today: date

    @property
    def values(self) -> dict[str, Any]:
        """The values of the bind parameters."""
        return {"moment": self.moment, "today": self.today}


PAGE = 200
"""Of so many rows the reasons are told one by one, of more put together."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Which rows of a number: those that it lacks or those that it counts, of one reason, of one page."""

    kpi: Kpi
    missing: bool = True
    reason: str | None = None
    limit: int = 100
    offset: int = 0

    @property
    def shape(self) -> tuple[str, bool, bool, bool]:
        """What decides the text of the query."""
        return self.kpi.name, self.missing, self.reason is not None, self.limit > PAGE


@dataclass(frozen=True, kw_only=True)
class Due:
    """One slot as people read it; `lon` and `lat` of a point in its place, `role` who should do it."""

    id: int
    kind: str
    title: str
    title_en: str
    role: str
    place_id: int | None
    place: str
    parent_id: int | None
    around: str
    estate_id: int | None
    estate: str
    grid_id: int | None
    unit: str
    starts_on: date
    due_on: date
    state: str
    reason: str | None
    is_late: bool
    findings: int
    street: str
    community: str
    lon: float | None
    lat: float | None


def read_reasons(connection: Connection, viewer: Viewer, cut: Cut, when: When) -> dict[str, int]:
    """How many slots of the cut are not done, by the first reason that holds."""
    text, constants = reasons_statement(viewer.reach.shape, cut.by)
    values = lock_values(viewer) | cut.values | when.values
    return {row["reason"]: row["found"] for row in connection.execute(text, constants | values)}


def read_rows(connection: Connection, viewer: Viewer, cut: Cut, part: Part, when: When) -> tuple[Due, ...]:
    """The rows behind a number, place by place."""
    text, constants = rows_statement(viewer.reach.shape, cut.by, part.shape)
    values = lock_values(viewer) | cut.values | when.values | {"reason": part.reason}
    rows = connection.execute(text, constants | values | {"limit": part.limit, "offset": part.offset})
    return tuple(Due(**row) for row in rows)


def count_rows(connection: Connection, viewer: Viewer, cut: Cut, kpi: Kpi) -> tuple[int, int]:
    """Part and whole of a number, counted in the rows themselves: what the counts must agree with."""
    text, constants = agreement_statement(viewer.reach.shape, cut.by, kpi.name)
    row = connection.execute(text, constants | lock_values(viewer) | cut.values).fetchone() or {}
    return row["part"], row["whole"]


# Statements ---------------------------------------------------------------------------------------------------------


def _rows(shape: tuple[str, ...], cuts: tuple[str, ...], kpi: Kpi) -> "Select[Any]":
    return (
        select()
        .select_from(slot)
        .join(duty, with_duty(slot))
        .where(*conditions(slot, cuts), kpi.duties, kpi.whole_rows, locked(slot, reach_of_shape(shape)))
    )


@lru_cache(maxsize=256)
def agreement_statement(shape: tuple[str, ...], cuts: tuple[str, ...], name: str) -> Statement:
    """The SQL of one number out of the rows."""
    kpi = BY_NAME[name]
    part = func.count().filter(kpi.part_rows).label("part")
    return compiled(_rows(shape, cuts, kpi).add_columns(part, func.count().label("whole")))


def reason_of_slot() -> "ColumnElement[str]":
    """The first reason that holds of a slot that is not done; as it was told when the period closed."""
    live = func.gridmap.gap_reason(slot.table_valued(), MOMENT, TODAY, type_=String)
    return case((slot.c.state == "excused", "excused"), else_=func.coalesce(slot.c.reason, live))


def open_slots(shape: tuple[str, ...], cuts: tuple[str, ...]) -> "Select[Any]":
    """An empty select over the slots of a cut that are not done, the excused among them."""
    return _rows(shape, cuts, BY_NAME["excused"]).where(slot.c.state != "satisfied")


def open_with_reason(shape: tuple[str, ...], cuts: tuple[str, ...], *columns: str) -> CTE:
    """The same with `reason` and these columns: the reasons of all that the period has not told yet put together."""
    kept = [slot.c[name] for name in dict.fromkeys(("id", "state", *columns))]
    opened = open_slots(shape, cuts).add_columns(*kept, slot.c.reason.label("told")).cte("opened")
    opened = opened.prefix_with("MATERIALIZED", dialect="postgresql")
    asked = select(func.array_agg(opened.c.id)).where(opened.c.state != "excused", opened.c.told.is_(None))
    found = func.gridmap.gap_reasons(asked.scalar_subquery(), MOMENT, TODAY).table_valued("slot_id", "reason")
    live = found.alias("live")
    reason = case((opened.c.state == "excused", "excused"), else_=func.coalesce(opened.c.told, live.c.reason))
    shown = [opened.c[name] for name in columns]
    told = select(opened.c.id, *shown, reason.label("reason"))
    told_all = told.join_from(opened, live, live.c.slot_id == opened.c.id, isouter=True).cte("with_reason")
    # put together once: where the planner takes slots for few, it would do so for each of them
    return told_all.prefix_with("MATERIALIZED", dialect="postgresql")


@lru_cache(maxsize=256)
def reasons_statement(shape: tuple[str, ...], cuts: tuple[str, ...]) -> Statement:
    """The SQL of how many slots are not done, by reason."""
    opened = open_with_reason(shape, cuts)
    return compiled(select(opened.c.reason, func.count().label("found")).group_by(opened.c.reason))


@lru_cache(maxsize=256)
def rows_statement(shape: tuple[str, ...], cuts: tuple[str, ...], part: tuple[str, bool, bool, bool]) -> Statement:
    """The SQL of the rows behind a number."""
    name, missing, has_reason, is_long = part
    kpi = BY_NAME[name]
    reach = reach_of_shape(shape)
    around, home = place.alias("around"), place.alias("home")
    reason = reason_of_slot()
    chosen = _rows(shape, cuts, kpi).where(~kpi.part_rows if missing else kpi.part_rows)
    if has_reason or is_long:
        opened = open_with_reason(shape, cuts)
        reason = opened.c.reason
        chosen = chosen.join(opened, opened.c.id == slot.c.id, isouter=True)
    if has_reason:
        chosen = chosen.where(reason == bindparam("reason", type_=Text))

    def one(of: Any, identity: "ColumnElement[Any]") -> "ColumnElement[bool]":
        return and_(of.c.street_id == slot.c.street_id, of.c.id == identity)

    chosen = (
        chosen.join(place, one(place, slot.c.place_id), isouter=True)
        .join(around, and_(one(around, place.c.parent_id), locked(around, reach)), isouter=True)
        .join(home, and_(one(home, slot.c.estate_id), locked(home, reach)), isouter=True)
        .join(street, street.c.id == slot.c.street_id)
        .join(community, one(community, slot.c.community_id), isouter=True)
    )
    kept = ("id", "place_id", "unit", "starts_on", "due_on", "state", "is_late", "findings", "estate_id", "grid_id")
    point = func.ST_PointOnSurface(place.c.geom)
    listed = chosen.add_columns(
        *(slot.c[name] for name in kept),
        *(duty.c[name] for name in ("kind", "title", "title_en", "role")),
        place.c.parent_id,
        func.coalesce(place.c.name, "").label("place"),
        func.coalesce(around.c.name, "").label("around"),
        func.coalesce(home.c.name, "").label("estate"),
        reason.label("reason"),
        street.c.name.label("street"),
        func.coalesce(community.c.name, "").label("community"),
        func.ST_X(point).label("lon"),
        func.ST_Y(point).label("lat"),
    ).order_by(slot.c.street_id, place.c.code, slot.c.unit, duty.c.sort, slot.c.id)
    limit, offset = bindparam("limit", type_=Integer), bindparam("offset", type_=Integer)
    return compiled(listed.limit(limit).offset(offset))

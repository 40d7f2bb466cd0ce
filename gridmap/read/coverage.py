"""How much of what was due is done: counts by area, the trend of a year, and the rows behind every number."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Integer,
    Select,
    String,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.kpi import BY_NAME, Kpi
from gridmap.read.locks import is_near, lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, coverage, duty, estate, place, slot, street

Statement = tuple[str, dict[str, Any]]
COUNTS = ("slots", "satisfied", "excused", "late", "findings")
AREAS = ("street", "community", "grid", "estate")
"""By what numbers are told; the word is also the column, with `_id`."""
TODAY = bindparam("today", type_=Date)
MOMENT = bindparam("moment", type_=DateTime(timezone=True))


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Which numbers: the periods that begin in [start, end), and what they are cut to. None: everything seen."""

    start: date
    end: date
    street: int | None = None
    community: int | None = None
    grid: int | None = None
    estate: int | None = None
    kind: str | None = None
    management: str | None = None

    @property
    def by(self) -> tuple[str, ...]:
        """The cuts that are made."""
        names = ("street", "community", "grid", "estate", "kind", "management")
        return tuple(name for name in names if getattr(self, name) is not None)

    @property
    def values(self) -> dict[str, Any]:
        """The values of the bind parameters."""
        return {f"cut_{name}": getattr(self, name) for name in ("start", "end", *self.by)}


@dataclass(frozen=True)
class Counts:
    """So many slots, and what became of them."""

    slots: int = 0
    satisfied: int = 0
    excused: int = 0
    late: int = 0
    findings: int = 0

    @property
    def due(self) -> int:
        """What counts as due: everything that is not excused."""
        return self.slots - self.excused

    @property
    def open(self) -> int:
        """What is not done in time."""
        return self.due - self.satisfied


@dataclass(frozen=True, kw_only=True)
class AreaCounts:
    """The counts of one street, community, grid or estate. id 0: what belongs to none."""

    id: int
    code: str
    name: str
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Due:
    """One slot as people read it."""

    id: int
    kind: str
    title: str
    title_en: str
    place_id: int | None
    place: str
    around: str
    unit: str
    starts_on: date
    due_on: date
    state: str
    reason: str | None
    is_late: bool
    findings: int
    street: str
    community: str


def read_counts(connection: Connection, viewer: Viewer, cut: Cut) -> Counts:
    """The counts of everything in the cut."""
    text, constants = counts_statement(viewer.reach.shape, cut.by, None)
    row = connection.execute(text, constants | lock_values(viewer) | cut.values).fetchone() or {}
    return Counts(*(row[name] or 0 for name in COUNTS))


def read_areas(connection: Connection, viewer: Viewer, cut: Cut, by: str) -> tuple[AreaCounts, ...]:
    """The counts of each street, community, grid or estate (`by`) of the cut, by code; never of a person."""
    text, constants = counts_statement(viewer.reach.shape, cut.by, by)
    rows = connection.execute(text, constants | lock_values(viewer) | cut.values).fetchall()
    return tuple(
        AreaCounts(
            id=row["area"],
            code=row["code"] or "",
            name=row["name"] or "",
            counts=Counts(*(row[name] or 0 for name in COUNTS)),
        )
        for row in rows
    )


def read_trend(connection: Connection, viewer: Viewer, cut: Cut) -> tuple[tuple[date, Counts], ...]:
    """The counts of each month of the cut in which something was due, in order."""
    text, constants = trend_statement(viewer.reach.shape, cut.by)
    rows = connection.execute(text, constants | lock_values(viewer) | cut.values).fetchall()
    return tuple((row["month"], Counts(*(row[name] or 0 for name in COUNTS))) for row in rows)


def read_reasons(connection: Connection, viewer: Viewer, cut: Cut, *, moment: Any, today: date) -> dict[str, int]:
    """How many slots of the cut are not done, by the first reason that holds."""
    text, constants = reasons_statement(viewer.reach.shape, cut.by)
    values = lock_values(viewer) | cut.values | {"moment": moment, "today": today}
    return {row["reason"]: row["found"] for row in connection.execute(text, constants | values)}


def read_rows(
    connection: Connection,
    viewer: Viewer,
    cut: Cut,
    kpi: Kpi,
    *,
    moment: Any,
    today: date,
    missing: bool = True,
    reason: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> tuple[Due, ...]:
    """The rows behind a number: with `missing` those that it lacks, else those that it counts, place by place."""
    text, constants = rows_statement(viewer.reach.shape, cut.by, kpi.name, missing, reason is not None)
    values = lock_values(viewer) | cut.values | {"moment": moment, "today": today, "reason": reason}
    rows = connection.execute(text, constants | values | {"limit": limit, "offset": offset}).fetchall()
    return tuple(Due(**row) for row in rows)


def read_kinds(connection: Connection, viewer: Viewer, cut: Cut) -> tuple[tuple[str, str, str, Counts], ...]:
    """What was due, kind by kind: the word, its title in Chinese and English, and the counts."""
    text, constants = kinds_statement(viewer.reach.shape, cut.by)
    rows = connection.execute(text, constants | lock_values(viewer) | cut.values).fetchall()
    return tuple(
        (row["kind"], row["title"], row["title_en"], Counts(*(row[name] or 0 for name in COUNTS))) for row in rows
    )


def read_names(connection: Connection, viewer: Viewer, cut: Cut) -> tuple[tuple[str, str], ...]:
    """The areas of the cut by name, as far as the viewer sees them: (word of the area, name), from large to small."""
    text, constants = names_statement(viewer.reach.shape)
    values = {f"cut_{name}": getattr(cut, name) for name in AREAS}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return tuple((row["area"], row["name"]) for row in rows)


def count_rows(connection: Connection, viewer: Viewer, cut: Cut, kpi: Kpi) -> tuple[int, int]:
    """Part and whole of a number, counted in the rows themselves: what the counts must agree with."""
    text, constants = agreement_statement(viewer.reach.shape, cut.by, kpi.name)
    row = connection.execute(text, constants | lock_values(viewer) | cut.values).fetchone() or {}
    return row["part"], row["whole"]


def count_quickly(connection: Connection, viewer: Viewer, cut: Cut, kpi: Kpi) -> tuple[int, int]:
    """Part and whole of a number out of the counts that are kept beside the rows."""
    text, constants = quick_statement(viewer.reach.shape, cut.by, kpi.name)
    row = connection.execute(text, constants | lock_values(viewer) | cut.values).fetchone() or {}
    return row["part"] or 0, row["whole"] or 0


# Statements ---------------------------------------------------------------------------------------------------------


def _conditions(rows: FromClause, by: tuple[str, ...]) -> "list[ColumnElement[bool]]":
    """The cut, on counts or on slots alike."""
    column = {name: rows.c[f"{name}_id"] for name in AREAS}
    start, end = bindparam("cut_start", type_=Date), bindparam("cut_end", type_=Date)
    found: list[ColumnElement[bool]] = [rows.c.starts_on >= start, rows.c.starts_on < end]
    for name in by:
        if name == "kind":
            found.append(duty.c.kind == bindparam("cut_kind", type_=Text))
        elif name == "management":
            managed = select(estate.c.place_id).where(
                estate.c.street_id == rows.c.street_id,
                estate.c.place_id == rows.c.estate_id,
                estate.c.management == bindparam("cut_management", type_=Text),
            )
            found.append(managed.exists())
        else:
            kind = Integer if name == "street" else BigInteger
            found.append(column[name] == bindparam(f"cut_{name}", type_=kind))
    return found


def _with_duty(rows: FromClause) -> "ColumnElement[bool]":
    return and_(duty.c.street_id == rows.c.street_id, duty.c.id == rows.c.duty_id)


def _counted(shape: tuple[str, ...], by: tuple[str, ...]) -> "tuple[Select[Any], FromClause]":
    """An empty select over the counts in the cut; over the slots themselves for those who see single places only."""
    reach = reach_of_shape(shape)
    if "places" not in shape:
        rows: FromClause = coverage
    else:
        rows = _slots_as_counts(shape)
    chosen: Select[Any] = select().select_from(rows).join(duty, _with_duty(rows)).where(*_conditions(rows, by))
    return (chosen.where(locked(coverage, reach)) if rows is coverage else chosen), rows


def _slots_as_counts(shape: tuple[str, ...]) -> FromClause:
    columns = (slot.c.street_id, slot.c.starts_on, slot.c.duty_id)
    areas = tuple(
        func.coalesce(slot.c[f"{name}_id"], 0).label(f"{name}_id") for name in ("community", "grid", "estate")
    )
    one = {
        "slots": func.count(),
        "satisfied": func.count().filter(slot.c.state == "satisfied"),
        "excused": func.count().filter(slot.c.state == "excused"),
        "late": func.count().filter(slot.c.is_late),
        "findings": func.sum(slot.c.findings),
    }
    counts = (made.label(name) for name, made in one.items())
    start, end = bindparam("cut_start", type_=Date), bindparam("cut_end", type_=Date)
    inside = (slot.c.starts_on >= start, slot.c.starts_on < end, locked(slot, reach_of_shape(shape)))
    return select(*columns, *areas, *counts).where(*inside).group_by(*columns, *areas).subquery("counted")


def _sums(rows: FromClause) -> "list[ColumnElement[int]]":
    return [cast(func.sum(rows.c[name]), Integer).label(name) for name in COUNTS]


@lru_cache(maxsize=256)
def counts_statement(shape: tuple[str, ...], cuts: tuple[str, ...], by: str | None) -> Statement:
    """The SQL of the counts of a cut, whole or by area."""
    chosen, rows = _counted(shape, cuts)
    if by is None:
        return compiled(chosen.add_columns(*_sums(rows)))
    area = rows.c[f"{by}_id"].label("area")
    summed = (
        chosen.add_columns(rows.c.street_id, area, *_sums(rows)).group_by(rows.c.street_id, area).subquery("summed")
    )
    named: FromClause = {"street": street, "community": community}.get(by, place)
    key = named.c.id == summed.c.area
    if by != "street":
        key = and_(named.c.street_id == summed.c.street_id, key)
    listed = select(summed, named.c.code, named.c.name).join_from(summed, named, key, isouter=True)
    return compiled(listed.order_by(summed.c.street_id, named.c.code, summed.c.area))


@lru_cache(maxsize=256)
def trend_statement(shape: tuple[str, ...], cuts: tuple[str, ...]) -> Statement:
    """The SQL of the counts by month."""
    chosen, rows = _counted(shape, cuts)
    month = func.date_trunc("month", rows.c.starts_on).cast(Date).label("month")
    return compiled(chosen.add_columns(month, *_sums(rows)).group_by(month).order_by(month))


@lru_cache(maxsize=256)
def kinds_statement(shape: tuple[str, ...], cuts: tuple[str, ...]) -> Statement:
    """The SQL of the counts by kind."""
    chosen, rows = _counted(shape, cuts)
    words = (duty.c.kind, func.min(duty.c.title).label("title"), func.min(duty.c.title_en).label("title_en"))
    summed = chosen.add_columns(*words, *_sums(rows)).group_by(duty.c.kind)
    return compiled(summed.order_by(func.min(duty.c.sort), duty.c.kind))


@lru_cache(maxsize=64)
def names_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the names of the areas of a cut."""
    reach = reach_of_shape(shape)

    def one(area: str, rows: FromClause, number: int, *where: "ColumnElement[bool]") -> "Select[Any]":
        wanted = bindparam(f"cut_{area}", type_=Integer if area == "street" else BigInteger)
        words = (literal(number).label("number"), literal(area).label("area"), rows.c.name)
        return select(*words).where(rows.c.id == wanted, *where)

    parts = union_all(
        one("street", street, 0, is_near(street.c.id, reach)),
        one("community", community, 1, is_near(community.c.street_id, reach)),
        one("grid", place, 2, locked(place, reach)),
        one("estate", place, 3, locked(place, reach)),
    ).subquery("parts")
    return compiled(select(parts.c.area, parts.c.name).order_by(parts.c.number))


@lru_cache(maxsize=256)
def quick_statement(shape: tuple[str, ...], cuts: tuple[str, ...], name: str) -> Statement:
    """The SQL of one number out of the counts; not for those who see single places only."""
    kpi = BY_NAME[name]
    chosen = (
        select(cast(func.sum(kpi.part), Integer).label("part"), cast(func.sum(kpi.whole), Integer).label("whole"))
        .select_from(coverage)
        .join(duty, _with_duty(coverage))
        .where(*_conditions(coverage, cuts), kpi.duties, locked(coverage, reach_of_shape(shape)))
    )
    return compiled(chosen)


def _rows(shape: tuple[str, ...], cuts: tuple[str, ...], kpi: Kpi) -> "Select[Any]":
    return (
        select()
        .select_from(slot)
        .join(duty, _with_duty(slot))
        .where(*_conditions(slot, cuts), kpi.duties, kpi.whole_rows, locked(slot, reach_of_shape(shape)))
    )


@lru_cache(maxsize=256)
def agreement_statement(shape: tuple[str, ...], cuts: tuple[str, ...], name: str) -> Statement:
    """The SQL of one number out of the rows."""
    kpi = BY_NAME[name]
    part = func.count().filter(kpi.part_rows).label("part")
    return compiled(_rows(shape, cuts, kpi).add_columns(part, func.count().label("whole")))


def _reason() -> "ColumnElement[str]":
    live = func.gridmap.gap_reason(slot.table_valued(), MOMENT, TODAY, type_=String)
    return case((slot.c.state == "excused", "excused"), else_=func.coalesce(slot.c.reason, live))


@lru_cache(maxsize=256)
def reasons_statement(shape: tuple[str, ...], cuts: tuple[str, ...]) -> Statement:
    """The SQL of how many slots are not done, by reason."""
    reason = _reason().label("reason")
    chosen = _rows(shape, cuts, BY_NAME["excused"]).where(slot.c.state != "satisfied")
    return compiled(chosen.add_columns(reason, func.count().label("found")).group_by(reason))


@lru_cache(maxsize=256)
def rows_statement(
    shape: tuple[str, ...], cuts: tuple[str, ...], name: str, missing: bool, has_reason: bool
) -> Statement:
    """The SQL of the rows behind a number."""
    kpi = BY_NAME[name]
    around = place.alias("around")
    reason = _reason()
    chosen = _rows(shape, cuts, kpi).where(~kpi.part_rows if missing else kpi.part_rows)
    if has_reason:
        chosen = chosen.where(reason == bindparam("reason", type_=Text))
    chosen = chosen.join(
        place, and_(place.c.street_id == slot.c.street_id, place.c.id == slot.c.place_id), isouter=True
    ).join(
        around,
        and_(
            around.c.street_id == slot.c.street_id, around.c.id == func.coalesce(place.c.parent_id, place.c.estate_id)
        ),
        isouter=True,
    )
    chosen = chosen.join(street, street.c.id == slot.c.street_id).join(
        community,
        and_(community.c.street_id == slot.c.street_id, community.c.id == slot.c.community_id),
        isouter=True,
    )
    columns = [
        slot.c[name] for name in ("id", "place_id", "unit", "starts_on", "due_on", "state", "is_late", "findings")
    ]
    listed = chosen.add_columns(
        *columns,
        duty.c.kind,
        duty.c.title,
        duty.c.title_en,
        func.coalesce(place.c.name, "").label("place"),
        func.coalesce(around.c.name, "").label("around"),
        reason.label("reason"),
        street.c.name.label("street"),
        func.coalesce(community.c.name, "").label("community"),
    ).order_by(slot.c.street_id, place.c.code, slot.c.unit, duty.c.sort, slot.c.id)
    limit, offset = bindparam("limit", type_=Integer), bindparam("offset", type_=Integer)
    return compiled(listed.limit(limit).offset(offset))

"""Numbers of the register: estates with an organisation, findings, balance, freshness; and the rows behind each."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Numeric, Select, and_, bindparam, cast, func, select

from gridmap.clock import OFFICE
from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.kpi import REGISTER_BY_NAME, RegisterKpi
from gridmap.read.coverage.cut import AREAS, Cut, in_area
from gridmap.read.locks import is_near, lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, place, street

Statement = tuple[str, dict[str, Any]]
WIDE = (*AREAS, "management")


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number with what it is made of: part of whole, or (`value`) a figure over the whole; None: nothing to tell."""

    part: int
    whole: int
    value: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Counted:
    """One thing that a number of the register counts."""

    place_id: int | None
    place: str
    code: str
    estate: str
    unit: str
    kind: str
    is_part: bool
    amount: int | None
    own: int | None
    is_held: bool
    street: str
    community: str


def read_measure(connection: Connection, viewer: Viewer, cut: Cut, kpi: RegisterKpi, moment: datetime) -> Measure:
    """The number for what the viewer sees of the cut."""
    text, constants = measure_statement(viewer.reach.shape, register_cuts(cut), kpi.name)
    row = connection.execute(text, constants | _values(viewer, cut, moment)).fetchone() or {}
    return Measure(part=row["part"] or 0, whole=row["whole"] or 0, value=row["value"])


def read_counted(
    connection: Connection,
    viewer: Viewer,
    cut: Cut,
    kpi: RegisterKpi,
    moment: datetime,
    *,
    missing: bool,
    limit: int = 100,
    offset: int = 0,
) -> tuple[Counted, ...]:
    """The rows behind it by code, never by size: with `missing` those that it lacks, else those that it counts.

    A measure that is no share has no missing rows but those that nobody holds.
    """
    text, constants = counted_statement(viewer.reach.shape, register_cuts(cut), kpi.name, missing)
    values = _values(viewer, cut, moment) | {"limit": limit, "offset": offset}
    return tuple(Counted(**row) for row in connection.execute(text, constants | values))


def register_cuts(cut: Cut) -> tuple[str, ...]:
    """The cuts that a number of the register knows: areas and management, no kind of task."""
    return tuple(name for name in cut.by if name in WIDE)


def _values(viewer: Viewer, cut: Cut, moment: datetime) -> dict[str, Any]:
    day: date = moment.astimezone(OFFICE).date()
    return {**lock_values(viewer), **cut.values, "moment": moment, "day": day}


@lru_cache(maxsize=256)
def measure_statement(shape: tuple[str, ...], cuts: tuple[str, ...], name: str) -> Statement:
    """The SQL of a number of the register."""
    kpi = REGISTER_BY_NAME[name]
    rows = _rows(shape, cuts, kpi).cte("counted")
    return compiled({"share": _share, "balance": _balance, "gini": _gini}[kpi.measure](rows))


@lru_cache(maxsize=256)
def counted_statement(shape: tuple[str, ...], cuts: tuple[str, ...], name: str, missing: bool) -> Statement:
    """The SQL of the rows behind a number of the register."""
    kpi = REGISTER_BY_NAME[name]
    reach = reach_of_shape(shape)
    rows = _rows(shape, cuts, kpi).subquery("counted")
    home = place.alias("home")
    is_counted = rows.c.is_part if kpi.measure == "share" else rows.c.holder.is_not(None)

    def one(of: Any, identity: "ColumnElement[Any]") -> "ColumnElement[bool]":
        return and_(of.c.street_id == rows.c.street_id, of.c.id == identity)

    listed = (
        select(
            *(rows.c[name] for name in ("place_id", "unit", "kind", "is_part", "amount", "own")),
            rows.c.holder.is_not(None).label("is_held"),
            func.coalesce(place.c.name, "").label("place"),
            func.coalesce(place.c.code, "").label("code"),
            func.coalesce(home.c.name, "").label("estate"),
            street.c.name.label("street"),
            func.coalesce(community.c.name, "").label("community"),
        )
        .join_from(rows, place, one(place, rows.c.place_id), isouter=True)
        .join(home, and_(one(home, rows.c.estate_id), home.c.id != rows.c.place_id, locked(home, reach)), isouter=True)
        .join(street, street.c.id == rows.c.street_id)
        .join(community, one(community, rows.c.community_id), isouter=True)
        .where(~is_counted if missing else is_counted)
        .order_by(rows.c.street_id, place.c.code, rows.c.unit, rows.c.place_id)
    )
    limit, offset = bindparam("limit", type_=Integer), bindparam("offset", type_=Integer)
    return compiled(listed.limit(limit).offset(offset))


def _rows(shape: tuple[str, ...], cuts: tuple[str, ...], kpi: RegisterKpi) -> "Select[Any]":
    reach = reach_of_shape(shape)
    found = kpi.rows.subquery("found")
    return select(found).where(is_near(found.c.street_id, reach), locked(found, reach), *in_area(found, cuts))


def _share(rows: FromClause) -> "Select[Any]":
    part = func.count().filter(rows.c.is_part).label("part")
    return select(part, func.count().label("whole"), cast(None, Numeric).label("value"))


def _loads(rows: FromClause) -> FromClause:
    """One row for each holder: what lies with them in all."""
    held = select(rows.c.holder, func.max(rows.c.amount).label("amount"))
    return held.where(rows.c.holder.is_not(None)).group_by(rows.c.holder).cte("loads")


def _balance(rows: FromClause) -> "Select[Any]":
    loads = _loads(rows)
    most, mean = func.max(loads.c.amount), func.avg(loads.c.amount)
    value = func.round(most / func.nullif(mean, 0), 2).label("value")
    return select(func.max(loads.c.amount).label("part"), func.count().label("whole"), value)


def _gini(rows: FromClause) -> "Select[Any]":
    """Over loads x in rising order, i = 1 … n: 2·Σ(i·x) ÷ (n·Σx) − (n + 1) ÷ n."""
    loads = _loads(rows)
    number = func.row_number().over(order_by=loads.c.amount).label("number")
    ranked = select(loads.c.amount, number).subquery("ranked")
    count, total = cast(func.count(), Numeric), func.nullif(func.sum(ranked.c.amount), 0)
    value = 2 * func.sum(ranked.c.number * ranked.c.amount) / (count * total) - (count + 1) / func.nullif(count, 0)
    whole = cast(func.count(), Integer).label("whole")
    return select(cast(func.sum(ranked.c.amount), Integer).label("part"), whole, func.round(value, 3).label("value"))

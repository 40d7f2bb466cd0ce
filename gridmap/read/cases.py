"""Cases as the map shows them, row by row; how many there are, and how many were reported week by week."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Select,
    Subquery,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)

from gridmap.cuts import of_kind, real
from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layers.incidents import incidents
from gridmap.read.locks import case_locked, lock_values
from gridmap.read.select import Asked, rows_of, values_for
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import incident, incident_class

Statement = tuple[str, dict[str, Any]]
NAMES = (
    *("number", "name", "kind", "class", "severity", "state", "phase", "level", "source", "address", "lead"),
    *("reported_at", "due_at", "handled_at", "closed_at", "late_from"),
)
MOMENT = bindparam("moment", type_=DateTime(timezone=True))


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """A case as the layer has it; `is_late` at the business moment that was asked for. Longitude, latitude or None."""

    id: int
    place_id: int | None
    is_late: bool
    lon: float | None
    lat: float | None
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class CaseCounts:
    """How many cases fit, and how many of them are late at the business moment."""

    cases: int
    late: int


def read_cases(
    connection: Connection, viewer: Viewer, asked: Asked, moment: datetime, *, limit: int, offset: int = 0
) -> tuple[CaseRow, ...]:
    """The cases that the map of that question shows: what is late or will be first, by when, then the newest.

    The connection is in the viewer's transaction. Raises UnknownLayer where the viewer has no such layer.
    """
    text, constants = page_statement(viewer.reach.shape)
    values = constants | values_for(viewer, asked, incidents) | {"moment": moment, "limit": limit, "offset": offset}
    return tuple(_row(row) for row in connection.execute(text, values))


def read_case(connection: Connection, viewer: Viewer, asked: Asked, moment: datetime, identity: int) -> CaseRow | None:
    """One of them; None where the viewer sees none of that id."""
    text, constants = one_statement(viewer.reach.shape)
    values = constants | values_for(viewer, asked, incidents)
    values |= {"moment": moment, "id": identity, "street": identity >> 32}
    row = connection.execute(text, values).fetchone()
    return _row(row) if row else None


def count_cases(connection: Connection, viewer: Viewer, asked: Asked, moment: datetime) -> CaseCounts:
    """How many there are, and how many of them are late."""
    text, constants = count_statement(viewer.reach.shape)
    values = constants | values_for(viewer, asked, incidents) | {"moment": moment}
    row = connection.execute(text, values).fetchone()
    assert row is not None
    return CaseCounts(cases=row["cases"], late=row["late"])


def read_weeks(
    connection: Connection, viewer: Viewer, kind: str | None, first: datetime, end: datetime
) -> dict[date, int]:
    """How many cases were reported in each week (its Monday) between the two moments, of that kind or class."""
    text, constants = weeks_statement(viewer.reach.shape)
    values = constants | lock_values(viewer) | {"kind": kind, "first": first, "end": end}
    return {row["week"]: row["cases"] for row in connection.execute(text, values)}


def read_classes(connection: Connection) -> tuple[tuple[str, str, str], ...]:
    """Code, title and English title of the classes of cases, in their order."""
    text, constants = compiled(
        select(incident_class.c.code, incident_class.c.title, incident_class.c.title_en).order_by(
            incident_class.c.sort, incident_class.c.code
        )
    )
    return tuple((row["code"], row["title"], row["title_en"]) for row in connection.execute(text, constants))


@lru_cache(maxsize=128)
def page_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of a page of cases."""
    rows, chosen = _rows(shape)
    page = chosen.order_by(rows.c.late_from.asc().nulls_last(), rows.c.reported_at.desc(), rows.c.id.desc())
    return compiled(page.limit(bindparam("limit", type_=Integer)).offset(bindparam("offset", type_=Integer)))


@lru_cache(maxsize=128)
def one_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of one case."""
    rows, chosen = _rows(shape)
    is_it = (rows.c.street_id == bindparam("street", type_=Integer)) & (rows.c.id == bindparam("id", type_=BigInteger))
    return compiled(chosen.where(is_it))


@lru_cache(maxsize=128)
def count_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of how many cases there are."""
    rows, chosen = rows_of(incidents, reach_of_shape(shape), ("late_from",))
    counted = chosen.add_columns(
        func.count().label("cases"), func.count().filter(_is_late(rows)).label("late")
    ).select_from(rows)
    return compiled(counted)


@lru_cache(maxsize=128)
def weeks_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of how many cases were reported week by week."""
    office = incident.c.reported_at.op("AT TIME ZONE")(literal_column("'Asia/Shanghai'", Text))
    week = cast(func.date_trunc("week", office), Date).label("week")
    return compiled(
        select(week, func.count().label("cases"))
        .where(
            case_locked(incident, reach_of_shape(shape)),
            incident.c.reported_at >= bindparam("first", type_=DateTime(timezone=True)),
            incident.c.reported_at < bindparam("end", type_=DateTime(timezone=True)),
            real(incident),
            of_kind(incident),
        )
        .group_by(week)
    )


def _rows(shape: tuple[str, ...]) -> "tuple[Subquery, Select[Any]]":
    rows, chosen = rows_of(incidents, reach_of_shape(shape), (*NAMES, "geom"))
    spot = (func.ST_X(rows.c.geom).label("lon"), func.ST_Y(rows.c.geom).label("lat"))
    columns = [rows.c.id, rows.c.place_id, *(rows.c[name] for name in NAMES)]
    return rows, chosen.add_columns(*columns, *spot, _is_late(rows).label("is_late"))


def _is_late(rows: Subquery) -> "ColumnElement[bool]":
    # from that moment on gridmap.is_late() says yes: the layer has asked it
    found: ColumnElement[bool] = func.coalesce(rows.c.late_from < MOMENT, literal_column("false"))
    return found


def _row(row: Mapping[str, Any]) -> CaseRow:
    return CaseRow(
        id=row["id"],
        place_id=row["place_id"],
        is_late=row["is_late"],
        lon=_degrees(row["lon"]),
        lat=_degrees(row["lat"]),
        values={name: row[name] for name in NAMES},
    )


def _degrees(value: float | None) -> float | None:
    # a tenth of a metre; more decimals say nothing, and read like a telephone number
    return None if value is None else round(value, 6)

"""What the monthly report of an estate says: numbers of the whole estate, no person, no household, no address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Date, Integer, and_, bindparam, func, literal_column, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layer import is_kind
from gridmap.periods import Period
from gridmap.read.coverage.counts import read_counts, read_trend
from gridmap.read.coverage.cut import COUNTS, Counts, Cut, conditions, with_duty
from gridmap.read.coverage.rows import Statement, When, read_reasons
from gridmap.read.locks import lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, coverage, duty, estate, organisation, place, street

FEW = 5
"""Households fewer than these are never told exactly where everybody may read."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What became of one kind of task in the month."""

    kind: str
    title: str
    title_en: str
    counts: Counts
    is_visit: bool

    @property
    def is_veiled(self) -> bool:
        """Whether telling the number would point at a few households."""
        return self.is_visit and (0 < self.counts.open < FEW or 0 < self.counts.due < FEW)


@dataclass(frozen=True, kw_only=True)
class Report:
    """The report of one estate and month."""

    estate_id: int
    estate: str
    community: str
    street: str
    manager: str | None
    households: int | None
    counts: Counts
    tasks: tuple[Task, ...]
    trend: Mapping[date, Counts]
    reasons: Mapping[str, int]

    @property
    def is_veiled(self) -> bool:
        """Whether the sum of all tasks would tell what one of them keeps to itself."""
        return any(task.is_veiled for task in self.tasks)


def read_report(
    connection: Connection, viewer: Viewer, estate_id: int, month: Period, since: date, when: When
) -> Report | None:
    """The report, with the course of the months from `since` on; None where the viewer sees no such estate."""
    text, constants = estate_statement(viewer.reach.shape)
    values = lock_values(viewer) | {"id": estate_id, "day": month.last_day}
    found = connection.execute(text, constants | values).fetchone()
    if found is None:
        return None
    cut = Cut(start=month.start, end=month.end, estate=estate_id)
    year = Cut(start=since, end=month.end, estate=estate_id)
    return Report(
        **found,
        counts=read_counts(connection, viewer, cut),
        tasks=_tasks(connection, viewer, cut),
        trend=read_trend(connection, viewer, year),
        reasons=read_reasons(connection, viewer, cut, when),
    )


def _tasks(connection: Connection, viewer: Viewer, cut: Cut) -> tuple[Task, ...]:
    text, constants = tasks_statement(viewer.reach.shape, cut.by)
    rows = connection.execute(text, constants | lock_values(viewer) | cut.values)
    return tuple(
        Task(
            kind=row["kind"],
            title=row["title"],
            title_en=row["title_en"],
            counts=Counts(*(row[name] for name in COUNTS)),
            is_visit=row["is_visit"],
        )
        for row in rows
    )


@lru_cache(maxsize=64)
def estate_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the estate's own words."""
    wanted = bindparam("id", type_=BigInteger)
    day = bindparam("day", type_=Date)
    return compiled(
        select(
            place.c.id.label("estate_id"),
            place.c.name.label("estate"),
            func.coalesce(community.c.name, "").label("community"),
            street.c.name.label("street"),
            organisation.c.name.label("manager"),
            estate.c.counted_households.label("households"),
        )
        .join_from(place, estate, and_(estate.c.street_id == place.c.street_id, estate.c.place_id == place.c.id))
        .join(street, street.c.id == place.c.street_id)
        .join(
            community,
            and_(community.c.street_id == place.c.street_id, community.c.id == place.c.community_id),
            isouter=True,
        )
        .join(
            organisation,
            and_(organisation.c.id == estate.c.property_id, organisation.c.valid.contains(day)),
            isouter=True,
        )
        .where(
            place.c.street_id == wanted.op(">>")(literal_column("32", Integer)),
            place.c.id == wanted,
            is_kind(place, "estate"),
            locked(place, reach_of_shape(shape)),
        )
    )


@lru_cache(maxsize=64)
def tasks_statement(shape: tuple[str, ...], cuts: tuple[str, ...]) -> Statement:
    """The SQL of what became of each kind of task."""
    sums: list[Any] = [func.sum(coverage.c[name]).label(name) for name in COUNTS]
    words = (
        duty.c.kind,
        func.min(duty.c.title).label("title"),
        func.min(duty.c.title_en).label("title_en"),
        func.bool_or(duty.c.action == "household_visit").label("is_visit"),
    )
    return compiled(
        select(*words, *sums)
        .join_from(coverage, duty, with_duty(coverage))
        .where(*conditions(coverage, cuts), locked(coverage, reach_of_shape(shape)))
        .group_by(duty.c.kind)
        .order_by(func.min(duty.c.sort), duty.c.kind)
    )

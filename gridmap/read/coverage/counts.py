"""How much of what was due is done: counts by area, month and kind, from what is kept beside the slots."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Date, FromClause, Integer, Select, and_, cast, func, literal, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.kpi import BY_NAME, Kpi
from gridmap.read.coverage.cut import COUNTS, Counts, Cut, conditions, in_period, with_duty
from gridmap.read.locks import lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, coverage, duty, place, slot, street

Statement = tuple[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class AreaCounts:
    """The counts of one street, community, grid or estate. id 0: what belongs to none."""

    id: int
    code: str
    name: str
    counts: Counts


def read_counts(connection: Connection, viewer: Viewer, cut: Cut) -> Counts:
    """The counts of everything in the cut."""
    text, constants = counts_statement(viewer.reach.shape, cut.by, None)
    return _counts(connection.execute(text, constants | lock_values(viewer) | cut.values).fetchone() or {})


def read_areas(connection: Connection, viewer: Viewer, cut: Cut, by: str) -> tuple[AreaCounts, ...]:
    """The counts of each street, community, grid or estate (`by`) of the cut, by code; never of a person."""
    text, constants = counts_statement(viewer.reach.shape, cut.by, by)
    rows = connection.execute(text, constants | lock_values(viewer) | cut.values).fetchall()
    return tuple(
        AreaCounts(id=row["area"] or 0, code=row["code"] or "", name=row["name"] or "", counts=_counts(row))
        for row in rows
    )


def read_trend(connection: Connection, viewer: Viewer, cut: Cut) -> Mapping[date, Counts]:
    """The counts of each month of the cut in which something was due, in order."""
    return read_trends(connection, viewer, cut, None).get(0, {})


def read_trends(
    connection: Connection, viewer: Viewer, cut: Cut, by: str | None
) -> Mapping[int, Mapping[date, Counts]]:
    """The same for each area (`by`), by its id; 0: what belongs to none, or the whole."""
    text, constants = trend_statement(viewer.reach.shape, cut.by, by)
    found: dict[int, dict[date, Counts]] = {}
    for row in connection.execute(text, constants | lock_values(viewer) | cut.values):
        found.setdefault(row["area"] or 0, {})[row["month"]] = _counts(row)
    return found


def read_kinds(connection: Connection, viewer: Viewer, cut: Cut) -> tuple[tuple[str, str, str, Counts], ...]:
    """What was due, kind by kind: the word, its title in Chinese and English, and the counts."""
    text, constants = kinds_statement(viewer.reach.shape, cut.by)
    rows = connection.execute(text, constants | lock_values(viewer) | cut.values).fetchall()
    return tuple((row["kind"], row["title"], row["title_en"], _counts(row)) for row in rows)


def count_quickly(connection: Connection, viewer: Viewer, cut: Cut, kpi: Kpi) -> tuple[int, int]:
    """Part and whole of a number out of the counts that are kept beside the rows.

    Those who see single places only have no such counts: theirs are summed up from the slots.
    """
    text, constants = quick_statement(viewer.reach.shape, cut.by, kpi.name)
    row = connection.execute(text, constants | lock_values(viewer) | cut.values).fetchone() or {}
    return row["part"] or 0, row["whole"] or 0


def _counts(row: Mapping[str, Any]) -> Counts:
    return Counts(*(row.get(name) or 0 for name in COUNTS))


# Statements ---------------------------------------------------------------------------------------------------------


def _counted(shape: tuple[str, ...], by: tuple[str, ...], *, by_kind: bool = False) -> "tuple[Select[Any], FromClause]":
    """An empty select over the counts in the cut; over the slots themselves for those who see single places only.

    What is not told by kind does without the duties: joined to them, a city's counts took four times as long.
    """
    reach = reach_of_shape(shape)
    rows: FromClause = coverage if "places" not in shape else _slots_as_counts(shape)
    chosen: Select[Any] = select().select_from(rows)
    if by_kind or "kind" in by:
        chosen = chosen.join(duty, with_duty(rows))
    chosen = chosen.where(*conditions(rows, by))
    return (chosen.where(locked(coverage, reach)) if rows is coverage else chosen), rows


def _slots_as_counts(shape: tuple[str, ...]) -> FromClause:
    columns = (slot.c.street_id, slot.c.starts_on, slot.c.duty_id)
    names = ("community", "grid", "micro_grid", "estate")
    areas = tuple(func.coalesce(slot.c[f"{name}_id"], 0).label(f"{name}_id") for name in names)
    one = {
        "slots": func.count(),
        "satisfied": func.count().filter(slot.c.state == "satisfied"),
        "excused": func.count().filter(slot.c.state == "excused"),
        "late": func.count().filter(slot.c.is_late),
        "findings": func.sum(slot.c.findings),
    }
    counts = (made.label(name) for name, made in one.items())
    inside = (*in_period(slot.c.starts_on), locked(slot, reach_of_shape(shape)))
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
def trend_statement(shape: tuple[str, ...], cuts: tuple[str, ...], by: str | None) -> Statement:
    """The SQL of the counts by month, whole or by area."""
    chosen, rows = _counted(shape, cuts)
    month = func.date_trunc("month", rows.c.starts_on).cast(Date).label("month")
    area = [rows.c[f"{by}_id"].label("area")] if by else [literal(0).label("area")]
    groups = [month, *(area if by else [])]
    return compiled(chosen.add_columns(month, *area, *_sums(rows)).group_by(*groups).order_by(month))


@lru_cache(maxsize=256)
def kinds_statement(shape: tuple[str, ...], cuts: tuple[str, ...]) -> Statement:
    """The SQL of the counts by kind."""
    chosen, rows = _counted(shape, cuts, by_kind=True)
    words = (duty.c.kind, func.min(duty.c.title).label("title"), func.min(duty.c.title_en).label("title_en"))
    summed = chosen.add_columns(*words, *_sums(rows)).group_by(duty.c.kind)
    return compiled(summed.order_by(func.min(duty.c.sort), duty.c.kind))


@lru_cache(maxsize=256)
def quick_statement(shape: tuple[str, ...], cuts: tuple[str, ...], name: str) -> Statement:
    """The SQL of one number out of the counts."""
    kpi = BY_NAME[name]
    chosen, rows = _counted(shape, cuts, by_kind=True)
    weights = {"part": kpi.part, "whole": kpi.whole}
    sums = {
        word: sum((rows.c[name] * factor for name, factor in made.items()), literal(0))
        for word, made in weights.items()
    }
    columns = (cast(func.sum(made), Integer).label(word) for word, made in sums.items())
    return compiled(chosen.add_columns(*columns).where(kpi.duties))

"""Numbers of cases out of the cases themselves: counted in one pass for each basis, and the rows behind each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, DateTime, FromClause, Integer, Label, Select, and_, bindparam, func, or_, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.kpi import BASES, CASE_BY_NAME, CASE_KPIS, CaseKpi
from gridmap.kpi.cases import EXCLUDED
from gridmap.read.incidents.board import Line, with_words
from gridmap.read.incidents.cut import Cut, conditions, midnight
from gridmap.read.locks import case_locked, lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, incident, place, street

Statement = tuple[str, dict[str, Any]]
Numbers = dict[str, tuple[int, int]]
"""Part and whole of each number, by its name."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """Which numbers: of the cases of the cut whose moment lies in [start, end), told at `moment`."""

    cut: Cut
    start: date
    end: date
    moment: datetime

    def values(self, viewer: Viewer) -> dict[str, Any]:
        """The values of the bind parameters."""
        period = {"period_start": self.start, "period_end": self.end, "moment": self.moment}
        return lock_values(viewer) | self.cut.values(viewer) | period


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The numbers, and how many cases left those of time: rejected, duplicates, parked."""

    numbers: Numbers
    excluded: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class AreaCounted:
    """The numbers of one street, community, grid or estate. id 0: of cases that lie in none of that street."""

    street_id: int
    id: int
    code: str
    name: str
    numbers: Numbers


def count_numbers(connection: Connection, viewer: Viewer, told: Told) -> Counted:
    """All numbers of the catalogue."""
    numbers: Numbers = {}
    excluded: dict[str, int] = {}
    for basis in BASES:
        text, constants = counts_statement(viewer.reach.shape, told.cut.by, basis)
        row = connection.execute(text, constants | told.values(viewer)).fetchone() or {}
        numbers |= _numbers(row, _of(basis))
        if basis == "due":
            excluded = {name: row[f"but_{name}"] for name in EXCLUDED}
    return Counted(numbers={kpi.name: numbers[kpi.name] for kpi in CASE_KPIS}, excluded=excluded)


def count_areas(
    connection: Connection, viewer: Viewer, told: Told, by: str, names: Sequence[str]
) -> tuple[AreaCounted, ...]:
    """These numbers of each street, community, grid or estate (`by`, one of AREAS) that has a case of them, by code.

    Never by how good a number is. An area that the viewer may not know of has no name.
    """
    nothing: Numbers = dict.fromkeys(names, (0, 0))
    areas: dict[tuple[int, str, int], tuple[str, Numbers]] = {}
    for basis in sorted({CASE_BY_NAME[name].basis for name in names}):
        kpis = tuple(kpi for kpi in _of(basis) if kpi.name in names)
        text, constants = areas_statement(viewer.reach.shape, told.cut.by, basis, by, tuple(kpi.name for kpi in kpis))
        for row in connection.execute(text, constants | told.values(viewer)):
            key = (row["street_id"], row["code"] or "", row["area"] or 0)
            _name, numbers = areas.setdefault(key, (row["name"] or "", dict(nothing)))
            numbers |= _numbers(row, kpis)
    return tuple(
        AreaCounted(street_id=street_id, id=identity, code=code, name=name, numbers=numbers)
        for (street_id, code, identity), (name, numbers) in sorted(areas.items(), key=lambda one: _order(*one[0]))
    )


def read_number_lines(
    connection: Connection, viewer: Viewer, told: Told, kpi: CaseKpi, *, missing: bool, limit: int, offset: int = 0
) -> tuple[Line, ...]:
    """The cases that a number lacks, or those that it counts; the newest of its basis first."""
    text, constants = rows_statement(viewer.reach.shape, told.cut.by, kpi.name, missing)
    values = told.values(viewer) | {"limit": limit, "offset": offset}
    return tuple(Line(**row) for row in connection.execute(text, constants | values))


def read_excluded(connection: Connection, viewer: Viewer, told: Told, limit: int, offset: int) -> tuple[Line, ...]:
    """The cases that left the numbers of time."""
    text, constants = excluded_statement(viewer.reach.shape, told.cut.by)
    values = told.values(viewer) | {"limit": limit, "offset": offset}
    return tuple(Line(**row) for row in connection.execute(text, constants | values))


def _of(basis: str) -> tuple[CaseKpi, ...]:
    return tuple(kpi for kpi in CASE_KPIS if kpi.basis == basis)


def _order(street_id: int, code: str, identity: int) -> tuple[int, bool, str, int]:
    """By code; what has none stands last in its street."""
    return street_id, not code, code, identity


def _numbers(row: Mapping[str, Any], kpis: Sequence[CaseKpi]) -> Numbers:
    return {kpi.name: (row[f"{kpi.name}_part"], row[f"{kpi.name}_whole"]) for kpi in kpis}


def _in_period(basis: str) -> "ColumnElement[bool]":
    """That the moment lies in the period; a deadline that is still to come is nobody's yet."""
    at = BASES[basis]
    inside = and_(at >= midnight("period_start"), at < midnight("period_end"))
    return and_(inside, at < bindparam("moment", type_=DateTime(timezone=True))) if basis == "due" else inside


def _chosen(shape: tuple[str, ...], by: tuple[str, ...], basis: str) -> "Select[Any]":
    lock = case_locked(incident, reach_of_shape(shape))
    return select().select_from(incident).where(_in_period(basis), lock, *conditions(by))


@lru_cache(maxsize=128)
def counts_statement(shape: tuple[str, ...], by: tuple[str, ...], basis: str) -> Statement:
    """The SQL of the numbers of one basis."""
    columns = _counts(_of(basis))
    if basis == "due":
        columns += [func.count().filter(is_it).label(f"but_{name}") for name, is_it in EXCLUDED.items()]
    return compiled(_chosen(shape, by, basis).add_columns(*columns))


@lru_cache(maxsize=256)
def areas_statement(
    shape: tuple[str, ...], by: tuple[str, ...], basis: str, area: str, names: tuple[str, ...]
) -> Statement:
    """The SQL of some numbers of one basis, area by area."""
    columns = _counts([CASE_BY_NAME[name] for name in names])
    its = incident.c[f"{area}_id"]
    counted = (
        _chosen(shape, by, basis)
        .add_columns(incident.c.street_id, its.label("area"), *columns)
        .group_by(incident.c.street_id, its)
        .subquery("counted")
    )
    named: FromClause = {"street": street, "community": community}.get(area, place)
    is_it = [named.c.id == counted.c.area]
    if area != "street":
        is_it.append(named.c.street_id == counted.c.street_id)
    if named is place:
        is_it.append(locked(place, reach_of_shape(shape)))
    numbers = (counted.c[column.name] for column in columns)
    listed = select(counted.c.street_id, counted.c.area, named.c.code, named.c.name, *numbers)
    return compiled(listed.join_from(counted, named, and_(*is_it), isouter=True))


def _counts(kpis: Sequence[CaseKpi]) -> "list[Label[Any]]":
    """How many cases each number counts, and of how many."""
    columns = []
    for kpi in kpis:
        columns.append(func.count().filter(and_(kpi.whole, kpi.part)).label(f"{kpi.name}_part"))
        columns.append(func.count().filter(kpi.whole).label(f"{kpi.name}_whole"))
    return columns


@lru_cache(maxsize=128)
def number_statement(shape: tuple[str, ...], by: tuple[str, ...], name: str) -> Statement:
    """The SQL of one number, as the page shows it."""
    kpi = CASE_BY_NAME[name]
    part, whole = func.count().filter(and_(kpi.whole, kpi.part)), func.count().filter(kpi.whole)
    return compiled(_chosen(shape, by, kpi.basis).add_columns(part.label("part"), whole.label("whole")))


@lru_cache(maxsize=128)
def rows_statement(shape: tuple[str, ...], by: tuple[str, ...], name: str, missing: bool) -> Statement:
    """The SQL of the rows behind a number."""
    kpi = CASE_BY_NAME[name]
    counted = func.coalesce(kpi.part, False)
    chosen = _chosen(shape, by, kpi.basis).where(kpi.whole, ~counted if missing else counted)
    return _listed(chosen, BASES[kpi.basis])


@lru_cache(maxsize=128)
def excluded_statement(shape: tuple[str, ...], by: tuple[str, ...]) -> Statement:
    """The SQL of what left the numbers of time."""
    some = _chosen(shape, by, "due").where(or_(*EXCLUDED.values()))
    return _listed(some, BASES["due"])


def _listed(chosen: "Select[Any]", at: "ColumnElement[Any]") -> Statement:
    limit, offset = bindparam("limit", type_=Integer), bindparam("offset", type_=Integer)
    return compiled(with_words(chosen).order_by(at.desc(), incident.c.id.desc()).limit(limit).offset(offset))

"""The sheet of a month: doors as rows, checks as columns, each cell one slot with its answer and who should do it."""

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import lock_values, locked, of_kinds, people_locked
from gridmap.read.order import natural_key
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import assignment, duty, inspection, person, place, slot
from gridmap.tables.duties import TRIED_RESULTS

Statement = tuple[str, dict[str, Any]]
MOST_CELLS = 1_500
MOST_COLUMNS = 12
RHYTHMS = ("week", "month", "quarter", "year")
"""What is done every day has no sheet of a month."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One slot on the sheet. `is_own`: this account entered the answer, so it may take it back."""

    slot_id: int
    action: str
    state: str
    inspection_id: int | None
    result: str | None
    done_at: datetime | None
    author: str | None
    via: str | None
    is_own: bool


@dataclass(frozen=True, kw_only=True)
class Column:
    """One check of the month, or one week or turn of it."""

    duty_id: int
    starts_on: date
    turn: int
    times: int
    every: str
    action: str
    title: str
    title_en: str


@dataclass(kw_only=True)
class Line:
    """A door with its cells by column, and who looks after it."""

    place_id: int
    kind: str
    code: str
    name: str
    house: str
    around: str
    community_id: int | None
    holder_id: int | None
    holder: str | None
    cells: dict[Column, Cell] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet: its columns in order, its lines in walking order; `is_cut` where there was more than fits."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    is_cut: bool

    @property
    def authors(self) -> tuple[tuple[int, str], ...]:
        """Everybody who looks after one of its doors, each once."""
        found = {line.holder_id: line.holder for line in self.lines if line.holder_id and line.holder}
        return tuple((one or 0, name or "") for one, name in found.items())


COLUMN = tuple(one.name for one in fields(Column))
LINE = tuple(one.name for one in fields(Line) if one.name != "cells")
CELL = tuple(one.name for one in fields(Cell))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which sheet: of a place and what lies in it, or of what a person looks after; for the month [start, end)."""

    start: date
    end: date
    within: int | None = None
    person_id: int | None = None

    @property
    def street_id(self) -> int:
        """The street of the place or person."""
        return (self.within or self.person_id or 0) >> 32


def read_sheet(connection: Connection, viewer: Viewer, wanted: Wanted, moment: datetime) -> Sheet:
    """The sheet as far as the viewer sees it; who looks after a door is told as of `moment`."""
    text, constants = sheet_statement(viewer.reach.shape, wanted.within is not None)
    values = {"street": wanted.street_id, "start": wanted.start, "end": wanted.end, "moment": moment}
    values |= {"within": wanted.within, "person": wanted.person_id, "account": viewer.account_id}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return _arranged(rows)


def _arranged(rows: list[Row]) -> Sheet:
    lines: dict[int, Line] = {}
    columns: dict[Column, tuple[Any, ...]] = {}
    for row in rows:
        column = Column(**{name: row[name] for name in COLUMN})
        columns.setdefault(column, (row["sort"], row["title"], row["starts_on"], row["turn"]))
        line = lines.setdefault(row["place_id"], Line(**{name: row[name] for name in LINE}))
        if line.holder_id is None and row["holder_id"]:
            line.holder_id, line.holder = row["holder_id"], row["holder"]
        line.cells[column] = Cell(**{name: row[name] for name in CELL})
    order = sorted(columns, key=lambda one: columns[one])
    walk = sorted(lines.values(), key=lambda one: (natural_key(one.around), natural_key(one.house or one.name),
                                                   natural_key(one.name), one.place_id))  # fmt: skip
    is_cut = len(rows) >= MOST_CELLS or len(order) > MOST_COLUMNS
    return Sheet(columns=tuple(order[:MOST_COLUMNS]), lines=tuple(walk), is_cut=is_cut)


@lru_cache(maxsize=64)
def sheet_statement(shape: tuple[str, ...], is_place: bool) -> Statement:
    """The SQL of the cells of a sheet."""
    reach = reach_of_shape(shape)
    house, around = place.alias("house"), place.alias("around")
    said, holder = _said(shape), _holder(shape)
    is_house = and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, house.c.kind == "building")
    is_around = and_(around.c.street_id == place.c.street_id, around.c.id == place.c.estate_id)
    inside = _within() if is_place else _held()
    return compiled(
        select(
            slot.c.id.label("slot_id"),
            *(slot.c[name] for name in ("duty_id", "starts_on", "turn", "state", "place_id", "community_id")),
            *(duty.c[name] for name in ("times", "every", "action", "title", "title_en", "sort")),
            place.c.kind,
            place.c.code,
            place.c.name,
            func.coalesce(house.c.name, "").label("house"),
            case((around.c.id != place.c.id, around.c.name), else_="").label("around"),
            *holder.c,
            *said.c,
        )
        .select_from(slot)
        .join(duty, and_(duty.c.street_id == slot.c.street_id, duty.c.id == slot.c.duty_id))
        .join(place, and_(place.c.street_id == slot.c.street_id, place.c.id == slot.c.place_id))
        .join(house, and_(is_house, locked(house, reach)), isouter=True)
        .join(around, and_(is_around, locked(around, reach)), isouter=True)
        .join(holder, true(), isouter=True)
        .join(said, true(), isouter=True)
        .where(
            slot.c.street_id == bindparam("street", type_=BigInteger),
            slot.c.starts_on >= bindparam("start", type_=Date),
            slot.c.starts_on < bindparam("end", type_=Date),
            slot.c.unit == "",
            of_kinds(duty.c.every, *RHYTHMS),
            slot.c.excuse.is_distinct_from("rule_changed"),
            inside,
            locked(slot, reach),
            locked(place, reach),
        )
        .order_by(place.c.estate_id, place.c.parent_id, place.c.code, duty.c.sort, slot.c.starts_on, slot.c.turn)
        .limit(MOST_CELLS)
    )


def _within() -> "ColumnElement[bool]":
    within = bindparam("within", type_=BigInteger)
    columns = (place.c.id, place.c.parent_id, place.c.estate_id, place.c.grid_id, place.c.micro_grid_id)
    return or_(*(column == within for column in columns))


def _held() -> "ColumnElement[bool]":
    """What a person looks after in the duty's role, itself or around it."""
    held = select(assignment.c.place_id).where(
        assignment.c.street_id == slot.c.street_id,
        assignment.c.person_id == bindparam("person", type_=BigInteger),
        assignment.c.role == duty.c.role,
        assignment.c.valid.contains(bindparam("moment", type_=DateTime(timezone=True))),
        assignment.c.place_id.in_((place.c.id, place.c.parent_id, place.c.estate_id)),
    )
    return held.exists()


def _holder(shape: tuple[str, ...]) -> Any:
    """Who looks after the door in the duty's role: of the door itself before its house, estate and grid."""
    near = (place.c.id, place.c.parent_id, place.c.estate_id, place.c.micro_grid_id, place.c.grid_id)
    rank = case(*((assignment.c.place_id == column, number) for number, column in enumerate(near)))
    return (
        select(person.c.id.label("holder_id"), person.c.display_name.label("holder"))
        .join_from(
            assignment,
            person,
            and_(person.c.street_id == assignment.c.street_id, person.c.id == assignment.c.person_id),
        )
        .where(
            assignment.c.street_id == slot.c.street_id,
            assignment.c.role == duty.c.role,
            assignment.c.valid.contains(bindparam("moment", type_=DateTime(timezone=True))),
            assignment.c.place_id.in_(near),
            people_locked(person, reach_of_shape(shape)),
        )
        .order_by(rank, assignment.c.is_primary.desc(), assignment.c.id)
        .limit(1)
        .lateral("holder")
    )


def _said(shape: tuple[str, ...]) -> Any:
    """The answer that counts, and who gave it where somebody else entered it."""
    author = person.alias("author")
    is_try: ColumnElement[bool] = inspection.c.result == func.any(literal(list(TRIED_RESULTS), ARRAY(Text)))
    is_author = and_(author.c.street_id == inspection.c.street_id, author.c.id == inspection.c.author_id)
    return (
        select(
            inspection.c.id.label("inspection_id"),
            inspection.c.result,
            inspection.c.done_at,
            inspection.c.via,
            author.c.display_name.label("author"),
            func.coalesce(inspection.c.account_id == bindparam("account", type_=BigInteger), False).label("is_own"),
        )
        .join_from(inspection, author, and_(is_author, people_locked(author, reach_of_shape(shape))), isouter=True)
        .where(
            inspection.c.street_id == slot.c.street_id,
            inspection.c.slot_id == slot.c.id,
            inspection.c.superseded_at.is_(None),
        )
        .order_by(is_try, inspection.c.done_at.desc(), inspection.c.id.desc())
        .limit(1)
        .lateral("said")
    )

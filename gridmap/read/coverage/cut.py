"""Which numbers are asked for, and how a question becomes conditions on counts and on slots alike."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    literal_column,
    or_,
    select,
)

from gridmap.tables import duty, estate

COUNTS = ("slots", "satisfied", "excused", "late", "findings")
AREAS = ("street", "community", "grid", "estate")
"""By what numbers are told; the word is also the column, with `_id`."""
CUTS = (*AREAS, "kind", "management")


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
        return tuple(name for name in CUTS if getattr(self, name) is not None)

    @property
    def values(self) -> dict[str, Any]:
        """The values of the bind parameters."""
        return {f"cut_{name}": getattr(self, name) for name in ("start", "end", *self.by)}

    @property
    def within(self) -> int | None:
        """The smallest area smaller than a street that it is cut to."""
        chosen = [getattr(self, name) for name in AREAS[1:] if getattr(self, name) is not None]
        return chosen[-1] if chosen else None


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


def in_period(starts_on: "ColumnElement[Any]") -> "tuple[ColumnElement[bool], ...]":
    """That it begins in the cut's time."""
    return starts_on >= bindparam("cut_start", type_=Date), starts_on < bindparam("cut_end", type_=Date)


def in_area(rows: FromClause, by: tuple[str, ...]) -> "list[ColumnElement[bool]]":
    """That the row lies in the areas of the cut, and in an estate of its management; a micro grid is a grid."""
    found: list[ColumnElement[bool]] = []
    for name in by:
        if name == "management":
            managed = select(estate.c.place_id).where(
                estate.c.street_id == rows.c.street_id,
                estate.c.place_id == rows.c.estate_id,
                estate.c.management == bindparam("cut_management", type_=Text),
            )
            found.append(managed.exists())
        elif name in AREAS:
            value = bindparam(f"cut_{name}", type_=Integer if name == "street" else BigInteger)
            own = rows.c[f"{name}_id"] == value
            found.append(or_(own, rows.c.micro_grid_id == value) if name == "grid" else own)
            if name != "street":
                # ids tell their street, which leads every index
                found.append(rows.c.street_id == value.op(">>")(literal_column("32", Integer)))
    return found


def conditions(rows: FromClause, by: tuple[str, ...]) -> "list[ColumnElement[bool]]":
    """The cut, on counts or on slots alike, joined with their duty."""
    of_kind = [duty.c.kind == bindparam("cut_kind", type_=Text)] if "kind" in by else []
    return [*in_period(rows.c.starts_on), *in_area(rows, by), *of_kind]


def with_duty(rows: FromClause) -> "ColumnElement[bool]":
    """How counts and slots find their duty."""
    return and_(duty.c.street_id == rows.c.street_id, duty.c.id == rows.c.duty_id)

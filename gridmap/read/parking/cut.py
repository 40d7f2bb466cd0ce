"""What the lists of parking are cut to, and the first lock of their rows; a figure and its rows share both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    true,
)
from sqlalchemy.sql import operators

from gridmap.layer import Scoped
from gridmap.read.locks import ids, is_near, lock_values, locked
from gridmap.scope import Reach, Viewer, predicate
from gridmap.tables import SERIAL_BITS

Statement = tuple[str, dict[str, Any]]
AREAS = ("street", "community", "estate")
MOMENT = bindparam("moment", type_=DateTime(timezone=True))
LIMIT, OFFSET = bindparam("limit", type_=Integer), bindparam("offset", type_=Integer)


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Which area; None: all that the viewer sees."""

    street: int | None = None
    community: int | None = None
    estate: int | None = None

    @property
    def by(self) -> tuple[str, ...]:
        """The cuts that are made."""
        return tuple(name for name in AREAS if getattr(self, name) is not None)

    @property
    def values(self) -> dict[str, int]:
        """The values of its bind parameters."""
        return {f"cut_{name}": getattr(self, name) for name in self.by}


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Which rows of a list: so many after so many."""

    limit: int
    offset: int = 0

    @property
    def values(self) -> dict[str, int]:
        """The values of its bind parameters."""
        return {"limit": self.limit, "offset": self.offset}


def conditions(by: tuple[str, ...], rows: FromClause) -> "list[ColumnElement[bool]]":
    """That a row lies in the area; `by` as Cut.by gives it. The street leads every index, and ids tell theirs."""
    found: list[ColumnElement[bool]] = []
    for name in by:
        value = bindparam(f"cut_{name}", type_=Integer if name == "street" else BigInteger)
        if name != "street":
            found.append(rows.c.street_id == value.op(">>")(literal_column(str(SERIAL_BITS))))
        found.append(operators.eq(rows.c[f"{name}_id"], value))
    return found


def cars_locked(rows: FromClause, reach: Reach) -> "ColumnElement[bool]":
    """The first lock for cars and what is seen with them: who looks after a part of their estate sees them, too, and
    who has duty there now; as `gridmap.vehicle_in_scope()` says.
    """
    lock = predicate(Scoped.PLACE, rows, reach)
    if lock is None:
        return true()
    parts = [rows.c.grids.bool_op("&&")(ids("scope_grids"))] if reach.grids else []
    if reach.homes:
        parts.append(operators.eq(rows.c.place_id, func.any(ids("scope_homes"))))
    return and_(is_near(rows.c.street_id, reach), or_(lock, *parts))


def rows_locked(rows: FromClause, reach: Reach) -> "ColumnElement[bool]":
    """The first lock for what belongs to a zone or an estate; the street, which leads every index, is named as well."""
    return and_(is_near(rows.c.street_id, reach), locked(rows, reach))


def state_now(cars: FromClause) -> "ColumnElement[str]":
    """Where a car stands at the moment that is asked for, whenever its row was written."""
    found: ColumnElement[str] = func.gridmap.parking_state(cars.c.state, cars.c.banned_until, cars.c.resets_at, MOMENT)
    return found


def is_open(cars: FromClause) -> "ColumnElement[bool]":
    """That a notice, a proposal or a ban of the car is open at that moment; written as its partial index is."""
    ends = func.least(cars.c.resets_at, cars.c.banned_until)
    return (cars.c.state != literal_column("'free'")) & (ends > MOMENT)


def values_of(viewer: Viewer, cut: Cut, constants: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """All values of a statement of these lists."""
    return {**constants, **lock_values(viewer), **cut.values, **more}

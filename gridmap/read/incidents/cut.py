"""Which cases are asked for, and how a question becomes conditions on them; the same words on every page of cases."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)

from gridmap.read.locks import ids
from gridmap.scope import Viewer
from gridmap.tables import incident

INNER = ("community", "grid", "estate")
AREAS = ("street", *INNER)
"""By what cases are cut; the word is also the column, with `_id`."""
WORDS = ("kind", "state", "source", "level")
NUMBERS = ("severity", "lead")
CUTS = (*AREAS, "class", *WORDS, *NUMBERS, "start", "end", "text", "desk")
QUEUES = ("overdue", "soon", "waiting", "returned", "doing", "verify", "parked", "open")
"""What a leader looks at, in the order of hurry; each is a figure that opens its cases. Open holds all the others."""
DESKS = ("given", "check")
"""Whose list it is: what was given to one's organisations, what one may verify; none: all that is seen."""
MOMENT = bindparam("moment", type_=DateTime(timezone=True))
SOON_MINUTES = 480
"""One working day: what breaks its deadline within it breaks it soon."""
COMMUNITY_LEADS = 0
"""As a lead: no organisation, the community itself."""
NO_AREA = 0
"""As a community, grid or estate: in none."""
NOWHERE = {f"{name} none": name for name in INNER}
MOST_TEXT = 60


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Which cases. None: all of them. `start`, `end`: reported in [start, end), in the days of the office."""

    street: int | None = None
    community: int | None = None
    grid: int | None = None
    estate: int | None = None
    class_: str | None = None
    kind: str | None = None
    state: str | None = None
    source: str | None = None
    level: str | None = None
    severity: int | None = None
    lead: int | None = None
    start: date | None = None
    end: date | None = None
    text: str | None = None
    desk: str | None = None
    own: tuple[int, ...] = ()
    """Organisations that the viewer acts for beside his own; of desk `given`."""

    def of(self, name: str) -> Any:
        """The value of one of CUTS."""
        return getattr(self, "class_" if name == "class" else name)

    @property
    def by(self) -> tuple[str, ...]:
        """The cuts that are made; of desks, and of what there is none of, the word is part of the text of a query."""
        found = [name for name in CUTS if self.of(name) is not None]
        return tuple(_worded(name, self.of(name)) for name in found)

    def values(self, viewer: Viewer) -> dict[str, Any]:
        """The values of the bind parameters."""
        found = {f"cut_{name}": self.of(name) for name in CUTS if name != "desk"}
        pattern = (self.text or "").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        own = {"cut_own": [*viewer.reach.organisations, *self.own], "cut_account": viewer.account_id}
        return {name: value for name, value in found.items() if value is not None} | own | {"cut_text": f"%{pattern}%"}


def _worded(name: str, value: Any) -> str:
    if name == "desk":
        return f"desk {value}"
    is_none = (name == "lead" and value == COMMUNITY_LEADS) or (name in INNER and value == NO_AREA)
    return f"{name} none" if is_none else name


def _is(column: "ColumnElement[Any]", *words: str) -> "ColumnElement[bool]":
    """That the column holds one of these words, which stand in the text: partial indexes are found by them."""
    assert all(word.isidentifier() for word in words)
    return column == func.any(literal_column(f"'{{{','.join(words)}}}'::text[]"))


def is_open(rows: FromClause) -> "ColumnElement[bool]":
    """That somebody still has to do something; written as the index of open cases is."""
    return and_(*(rows.c.state != literal_column(f"'{word}'") for word in ("closed", "rejected", "duplicate")))


def is_running(rows: FromClause) -> "ColumnElement[bool]":
    """That the clock of the case runs."""
    return _is(rows.c.state, "reported", "registered", "dispatched", "handling", "reopened")


def is_late(rows: FromClause) -> "ColumnElement[bool]":
    """The one definition of late, at the moment that is asked for."""
    found: ColumnElement[bool] = func.gridmap.is_late(rows.c.state, rows.c.due_at, rows.c.handled_at, MOMENT)
    return found


def in_queue(rows: FromClause, queue: str) -> "ColumnElement[bool]":
    """That an open case is in that queue."""
    until = select(func.gridmap.working_deadline(MOMENT, literal_column(str(SOON_MINUTES), Integer)))
    soon = and_(is_running(rows), rows.c.due_at >= MOMENT, rows.c.due_at <= until.scalar_subquery())
    queues: dict[str, ColumnElement[bool]] = {
        "overdue": is_late(rows),
        "soon": soon,
        "waiting": _is(rows.c.state, "reported", "registered", "reopened"),
        "returned": and_(_is(rows.c.state, "registered"), rows.c.returns > 0),
        "doing": _is(rows.c.state, "dispatched", "handling"),
        "verify": _is(rows.c.state, "handled", "verifying"),
        "parked": _is(rows.c.state, "parked"),
    }
    return and_(is_open(rows), queues[queue]) if queue != "open" else is_open(rows)


def conditions(by: tuple[str, ...], rows: FromClause = incident) -> "list[ColumnElement[bool]]":
    """That a case lies in the cut; `by` as Cut.by gives it. A micro grid is a grid."""
    return [_condition(name, rows) for name in by]


def _condition(name: str, rows: FromClause) -> "ColumnElement[bool]":
    if name in AREAS:
        value = bindparam(f"cut_{name}", type_=Integer if name == "street" else BigInteger)
        own = rows.c[f"{name}_id"] == value
        inside = or_(own, rows.c.micro_grid_id == value) if name == "grid" else own
        # ids tell their street, which leads every index
        return inside if name == "street" else and_(rows.c.street_id == value.op(">>")(literal_column("32")), inside)
    if name in NOWHERE:
        nowhere: ColumnElement[bool] = rows.c[f"{NOWHERE[name]}_id"].is_(None)
        return nowhere
    if name in WORDS:
        found: ColumnElement[bool] = rows.c[name] == bindparam(f"cut_{name}", type_=Text)
        return found
    more: dict[str, Callable[[], ColumnElement[bool]]] = {
        "class": lambda: func.left(rows.c.kind, 2) == bindparam("cut_class", type_=Text),
        "severity": lambda: rows.c.severity == bindparam("cut_severity", type_=Integer),
        "lead": lambda: rows.c.lead_id == bindparam("cut_lead", type_=BigInteger),
        "lead none": lambda: and_(rows.c.lead_id.is_(None), rows.c.dispatched_at.is_not(None)),
        "start": lambda: rows.c.reported_at >= midnight("cut_start"),
        "end": lambda: rows.c.reported_at < midnight("cut_end"),
        "text": lambda: or_(*(rows.c[one].ilike(bindparam("cut_text", type_=Text)) for one in SEARCHED)),
        "desk given": lambda: rows.c.parties.bool_op("&&")(ids("cut_own")),
        "desk check": lambda: rows.c.handled_by.is_distinct_from(bindparam("cut_account", type_=BigInteger)),
    }
    return more[name]()


SEARCHED = ("number", "address", "text")
"""What is looked through for a text; private words lie elsewhere."""


def midnight(name: str) -> "ColumnElement[datetime]":
    """The first moment of a day of the office that is bound under that name."""
    found: ColumnElement[datetime] = func.gridmap.office_midnight(bindparam(name, type_=Date))
    return found

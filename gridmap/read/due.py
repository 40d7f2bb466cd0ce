"""What is due in one's own places, or in one place: each check with its state, the most urgent building first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Date,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.layer import AS_OF, Role
from gridmap.read.locks import ids, lock_values, locked
from gridmap.read.order import natural_key
from gridmap.read.select import Asked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, assignment, duty, inspection, place, slot
from gridmap.tables.duties import TRIED_RESULTS

Statement = tuple[str, dict[str, Any]]
MOST_SLOTS = 4_000
LONGEST = timedelta(days=366)
"""No period is longer: older slots cannot run today."""
ANY_ROLE = ""
"""A right that was given asks for whatever is due there, whoever's duty it is."""
TODAY = bindparam("today", type_=Date)


@dataclass(frozen=True, kw_only=True)
class Said:
    """The answer that counts for a slot now. `is_own`: this account gave it, so it may take it back."""

    inspection_id: int
    result: str
    severity: int | None
    note: str | None
    is_own: bool


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing to look at, answered by itself. `titles` are Chinese and English; `unit` is a household's number."""

    slot_id: int
    kind: str
    titles: tuple[str, str]
    action: str
    unit: str
    turn: int
    due_on: date
    state: str
    said: Said | None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in ("due", "missed")


@dataclass(frozen=True, kw_only=True)
class Door:
    """A place and what is due in it: a stairwell, or a building, grid, facility itself."""

    id: int
    kind: str
    code: str
    name: str
    checks: tuple[Check, ...]

    @property
    def open(self) -> int:
        """How many of its checks are still to be done."""
        return sum(check.is_open for check in self.checks)


@dataclass(frozen=True, kw_only=True)
class Around:
    """A building with its doors, or another place that stands alone. `around`: the name of its estate."""

    id: int
    kind: str
    code: str
    name: str
    around: str | None
    doors: tuple[Door, ...]

    @property
    def open(self) -> int:
        """How many checks in it are still to be done."""
        return sum(door.open for door in self.doors)

    @property
    def all(self) -> int:
        """How many checks there are in it."""
        return sum(len(door.checks) for door in self.doors)

    @property
    def due_on(self) -> date | None:
        """By when the most urgent of its open checks is due; None where all is done."""
        days = [check.due_on for door in self.doors for check in door.checks if check.is_open]
        return min(days) if days else None


@dataclass(frozen=True, kw_only=True)
class DueWork:
    """Everything that is due, the most urgent first."""

    groups: tuple[Around, ...]

    @property
    def all(self) -> int:
        """How many checks there are."""
        return sum(group.all for group in self.groups)

    @property
    def open(self) -> int:
        """How many are still to be done."""
        return sum(group.open for group in self.groups)

    @property
    def done(self) -> int:
        """How many are done or excused."""
        return self.all - self.open

    @property
    def due_on(self) -> date | None:
        """The nearest day by which something is due."""
        days = [group.due_on for group in self.groups if group.due_on]
        return min(days) if days else None


def read_due(connection: Connection, viewer: Viewer, asked: Asked, today: date) -> DueWork:
    """What is due today in the viewer's own places: held in the duty's role, or given by a right.

    The connection is in the viewer's transaction.
    """
    own = [*_held(connection, viewer, asked), *((place_id, ANY_ROLE) for place_id in _given(viewer))]
    return _read(connection, viewer, own, today)


def read_due_at(connection: Connection, viewer: Viewer, place_id: int, today: date) -> DueWork:
    """What is due today in a place and in what lies in it, as far as the viewer sees it."""
    return _read(connection, viewer, [(place_id, ANY_ROLE)], today)


def read_plate(connection: Connection, viewer: Viewer, code: str) -> Row | None:
    """The place that a plate with this code hangs at (id, kind, code, name); None where the viewer sees none."""
    text, constants = plate_statement(viewer.reach.shape)
    return connection.execute(text, constants | lock_values(viewer) | {"code": code}).fetchone()


def _held(connection: Connection, viewer: Viewer, asked: Asked) -> list[tuple[int, str]]:
    if viewer.person_id is None:
        return []
    text, constants = held_statement(viewer.reach.shape)
    values = {"person": viewer.person_id, "person_street": viewer.person_id >> SERIAL_BITS}
    rows = connection.execute(text, constants | lock_values(viewer) | asked.values | values)
    return [(row["place_id"], row["role"]) for row in rows]


def _given(viewer: Viewer) -> Iterable[int]:
    if Role.WORKER in viewer.roles:
        yield from viewer.reach.grids
    if Role.DUTY_RESIDENT in viewer.roles:
        yield from viewer.reach.estates


def _read(connection: Connection, viewer: Viewer, own: Sequence[tuple[int, str]], today: date) -> DueWork:
    if not own:
        return DueWork(groups=())
    text, constants = due_statement(viewer.reach.shape)
    values = {
        "my_streets": sorted({place_id >> SERIAL_BITS for place_id, _role in own}),
        "own_places": [place_id for place_id, _role in own],
        "own_roles": [role for _place_id, role in own],
        "today": today,
        "since": today - LONGEST,
        "account": viewer.account_id,
    }
    return _grouped(connection.execute(text, constants | lock_values(viewer) | values).fetchall())


def _grouped(rows: Iterable[Row]) -> DueWork:
    outer: dict[int, Row] = {}
    doors: dict[int, dict[int, list[Row]]] = {}
    for row in rows:
        outer.setdefault(row["group_id"], row)
        doors.setdefault(row["group_id"], {}).setdefault(row["place_id"], []).append(row)
    groups = [_around(outer[key], inner.values()) for key, inner in doors.items()]
    last = date.max
    # where the estate is not told, the code keeps its buildings together
    order = sorted(
        groups, key=lambda one: (one.due_on or last, natural_key(one.around or one.code), natural_key(one.name), one.id)
    )
    return DueWork(groups=tuple(order))


def _around(row: Row, doors: Iterable[list[Row]]) -> Around:
    made = [
        Door(
            id=checks[0]["place_id"],
            kind=checks[0]["place_kind"],
            code=checks[0]["place_code"],
            name=checks[0]["place_name"],
            checks=tuple(_check(check) for check in sorted(checks, key=_by_sort)),
        )
        for checks in doors
    ]
    return Around(
        id=row["group_id"],
        kind=row["group_kind"],
        code=row["group_code"],
        name=row["group_name"],
        around=row["around"],
        doors=tuple(sorted(made, key=lambda door: (door.kind == "stairwell", natural_key(door.name), door.id))),
    )


def _by_sort(row: Row) -> tuple[Any, ...]:
    return row["due_on"], row["sort"], row["kind"], natural_key(row["unit"]), row["turn"]


def _check(row: Row) -> Check:
    said = None
    if row["inspection_id"] is not None:
        names = ("inspection_id", "result", "severity", "note", "is_own")
        said = Said(**{name: row[name] for name in names})
    return Check(
        slot_id=row["id"],
        kind=row["kind"],
        titles=(row["title"], row["title_en"]),
        action=row["action"],
        unit=row["unit"],
        turn=row["turn"] if row["times"] > 1 else 0,
        due_on=row["due_on"],
        state=row["state"],
        said=said,
    )


# Statements ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def held_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of what a person holds, and in which role."""
    return compiled(
        select(assignment.c.place_id, assignment.c.role).where(
            assignment.c.street_id == bindparam("person_street", type_=BigInteger),
            assignment.c.person_id == bindparam("person", type_=BigInteger),
            assignment.c.valid.contains(AS_OF),
            locked(assignment, reach_of_shape(shape)),
        )
    )


@lru_cache(maxsize=64)
def plate_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the place behind a plate; the same code may stand for places of several kinds."""
    reach = reach_of_shape(shape)
    rank = case({kind: number for number, kind in enumerate(PLATED)}, value=place.c.kind)
    near = true() if reach.is_city else place.c.street_id == func.any(ids("near"))
    return compiled(
        select(place.c.id, place.c.kind, place.c.code, place.c.name)
        .where(
            near,
            place.c.kind == func.any(literal(list(PLATED), ARRAY(Text))),
            place.c.code == bindparam("code", type_=Text),
            locked(place, reach),
        )
        .order_by(rank, place.c.id)
        .limit(1)
    )


PLATED = ("stairwell", "building", "facility", "zone", "estate", "grid")
"""Kinds of places that a plate can hang at."""


def _mine() -> "CompoundSelect[Any]":
    """The places that are one's own with the role, each found by an index of its own."""
    own = func.unnest(ids("own_places"), bindparam("own_roles", type_=ARRAY(Text))).table_valued("place_id", "role")
    own = own.render_derived("own")
    inside = (place.c.id, place.c.parent_id, place.c.grid_id, place.c.micro_grid_id, place.c.estate_id)
    return union(
        *(
            select(place.c.street_id, place.c.id.label("place_id"), own.c.role)
            .join_from(own, place, column == own.c.place_id)
            .where(place.c.street_id == func.any(ids("my_streets")))
            for column in inside
        )
    )


@lru_cache(maxsize=64)
def due_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the slots that run today in some places, with the answer that counts."""
    reach = reach_of_shape(shape)
    mine = _mine().cte("mine")
    house, around = place.alias("house"), place.alias("around")
    with_duty = and_(duty.c.street_id == slot.c.street_id, duty.c.id == slot.c.duty_id)
    asks = or_(mine.c.role == ANY_ROLE, mine.c.role == duty.c.role)
    chosen = (
        select(slot.c.street_id, slot.c.id)
        .distinct()
        .join_from(mine, slot, and_(slot.c.street_id == mine.c.street_id, slot.c.place_id == mine.c.place_id))
        .join(duty, and_(with_duty, asks))
        .where(
            slot.c.starts_on > bindparam("since", type_=Date),
            slot.c.starts_on <= TODAY,
            slot.c.ends_on > TODAY,
            locked(slot, reach),
        )
        .limit(MOST_SLOTS)
        .cte("chosen")
    )
    said = _said()
    is_house = and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, locked(house, reach))
    is_house = and_(is_house, place.c.kind == "stairwell", house.c.kind == "building")
    is_around = and_(around.c.street_id == place.c.street_id, around.c.id == place.c.estate_id, locked(around, reach))
    names = ("id", "unit", "turn", "due_on", "state")
    return compiled(
        select(
            *(slot.c[name] for name in names),
            *(duty.c[name] for name in ("kind", "title", "title_en", "action", "times", "sort")),
            place.c.id.label("place_id"),
            place.c.kind.label("place_kind"),
            place.c.code.label("place_code"),
            place.c.name.label("place_name"),
            *(func.coalesce(house.c[name], place.c[name]).label(f"group_{name}") for name in GROUPED),
            case((around.c.id != place.c.id, around.c.name)).label("around"),
            *(said.c[name] for name in ("inspection_id", "result", "severity", "note", "is_own")),
        )
        .join_from(chosen, slot, and_(slot.c.street_id == chosen.c.street_id, slot.c.id == chosen.c.id))
        .join(duty, with_duty)
        .join(place, and_(place.c.street_id == slot.c.street_id, place.c.id == slot.c.place_id, locked(place, reach)))
        .join(house, is_house, isouter=True)
        .join(around, is_around, isouter=True)
        .join(said, true(), isouter=True)
    )


GROUPED = ("id", "kind", "code", "name")


def _said() -> Any:
    """The newest answer that counts; good ones before tries."""
    is_try: ColumnElement[bool] = inspection.c.result == func.any(literal(list(TRIED_RESULTS), ARRAY(Text)))
    return (
        select(
            inspection.c.id.label("inspection_id"),
            inspection.c.result,
            inspection.c.severity,
            inspection.c.note,
            func.coalesce(inspection.c.account_id == bindparam("account", type_=BigInteger), False).label("is_own"),
        )
        .where(
            inspection.c.street_id == slot.c.street_id,
            inspection.c.slot_id == slot.c.id,
            inspection.c.superseded_at.is_(None),
        )
        .order_by(is_try, inspection.c.done_at.desc(), inspection.c.id.desc())
        .limit(1)
        .lateral("said")
    )

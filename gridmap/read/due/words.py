"""What is due, in the words of the pages: checks behind doors, doors in buildings, and what is left of past periods."""

from dataclasses import dataclass
from datetime import date, datetime

VISIT = "household_visit"
"""The action whose places are households: shown as a matrix of floors and rooms, not check by check."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """The answer that counts for a slot now. `is_own`: this account gave it, so it may take it back."""

    inspection_id: int
    result: str
    severity: int | None
    note: str | None
    mode: str | None
    done_at: datetime
    has_photo: bool
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
    starts_on: date
    due_on: date
    state: str
    is_late: bool
    is_soon: bool
    """Whether the day has come from which the rule reminds of it."""
    said: Said | None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done; what was done late is done."""
        return self.state in ("due", "missed") and not self.is_late


@dataclass(frozen=True, kw_only=True)
class Door:
    """A place and what is due in it: a stairwell, or a building, grid, community itself; its households apart."""

    id: int
    kind: str
    code: str
    name: str
    checks: tuple[Check, ...]
    visits: tuple[Check, ...] = ()

    @property
    def everything(self) -> tuple[Check, ...]:
        """Its checks and its visits."""
        return self.checks + self.visits

    @property
    def open(self) -> int:
        """How many of its checks and visits are still to be done."""
        return sum(check.is_open for check in self.everything)

    @property
    def visits_done(self) -> int:
        """How many of its households were reached, or are excused."""
        return sum(not visit.is_open for visit in self.visits)


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
    def households_open(self) -> int:
        """How many of them are households still to be visited."""
        return sum(len(door.visits) - door.visits_done for door in self.doors)

    @property
    def all(self) -> int:
        """How many checks there are in it."""
        return sum(len(door.everything) for door in self.doors)

    @property
    def due_on(self) -> date | None:
        """By when the most urgent of its open checks is due; None where all is done."""
        days = [check.due_on for door in self.doors for check in door.everything if check.is_open]
        return min(days) if days else None


@dataclass(frozen=True, kw_only=True)
class DueWork:
    """Everything that is due, the most urgent first; `late` is left of periods that are over, and counts for none."""

    groups: tuple[Around, ...]
    late: tuple[Around, ...] = ()

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
    def checks(self) -> int:
        """How many there are to answer one by one: without the households."""
        return sum(len(door.checks) for group in self.groups for door in group.doors)

    @property
    def left(self) -> int:
        """How many of past periods nobody has done yet."""
        return sum(group.open for group in self.late)

    @property
    def soon(self) -> tuple[Door, ...]:
        """The doors behind which something is open that the rules remind of by now."""
        doors = (door for group in self.groups for door in group.doors)
        return tuple(door for door in doors if any(one.is_open and one.is_soon for one in door.everything))

    @property
    def visits(self) -> tuple[Door, ...]:
        """The doors with households to visit."""
        return tuple(door for group in self.groups for door in group.doors if door.visits)

    @property
    def due_on(self) -> date | None:
        """The nearest day by which something is due."""
        days = [group.due_on for group in self.groups if group.due_on]
        return min(days) if days else None

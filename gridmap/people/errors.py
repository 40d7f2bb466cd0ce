"""Why a command on people cannot be done. Each is an answer for a person, turned into words where it is printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class PeopleProblem(Exception):
    """What was asked cannot be; `reason` is a word that the page knows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PlaceHeld(PeopleProblem):
    """The place has a primary holder in that role at that time already: `holder`, since `since`."""

    def __init__(self, holder: str, since: datetime | None) -> None:
        super().__init__("held")
        self.holder = holder
        self.since = since


class ChangedMeanwhile(PeopleProblem):
    """Somebody else changed the row since it was read: `revision` is today's."""

    def __init__(self, revision: int) -> None:
        super().__init__("changed")
        self.revision = revision


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A place that is not as it was seen. `holder` is whoever has it now (`kind` held), or from `since` on (later).

    `kind` is held, free (nobody has it any more), later, or undone where the change itself was taken back before.
    """

    kind: str
    place_id: int
    place: str
    role: str
    unit: str = ""
    person_id: int | None = None
    holder: str | None = None
    since: datetime | None = None
    seen: int | None = None


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A move that cannot be, whatever others do; `reason` is a word that the page knows."""

    reason: str
    place_id: int | None = None
    role: str = ""
    person_id: int | None = None


class ChangeConflict(PeopleProblem):
    """Somebody was faster: nothing of the change set was written. `conflicts` names the holder of each such place."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        super().__init__("conflict")
        self.conflicts = tuple(conflicts)


class ChangeRefused(PeopleProblem):
    """Some moves of the change set cannot be: nothing of it was written."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(refusals[0].reason)
        self.refusals = tuple(refusals)

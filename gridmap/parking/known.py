"""Cars that an estate knows and leaves alone: those of its residents, and exemptions. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class KnownAs(StrEnum):
    """Why a car is left alone."""

    RESIDENT = "resident"
    """Registered with the estate."""
    VISITOR = "visitor"
    """Until a moment that is always told."""
    AMBULANCE = "ambulance"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True)
class Known:
    """Known as such from a moment to before another; None: no such bound. Raises ValueError for what cannot be."""

    kind: KnownAs
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.kind is KnownAs.VISITOR and self.until is None:
            raise ValueError("a visit has an end")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("it ends before it begins")

    def holds(self, at: datetime) -> bool:
        """Whether it holds at that moment: the first one belongs to it, the last one does not."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


def is_left_alone(known: Iterable[Known], at: datetime) -> bool:
    """Whether a car of which all this is known breaks no rule at that moment, wherever it stands."""
    return any(one.holds(at) for one in known)

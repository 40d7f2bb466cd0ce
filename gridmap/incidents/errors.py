"""Why a command on cases cannot be done; turned into words where it is printed."""

from collections.abc import Mapping
from typing import Any


class IncidentProblem(Exception):
    """What was asked cannot be; `reason` is a word that the page knows.

    `unit` has the case now, `next` is the action that it is expected to take: a refusal names both.
    """

    def __init__(self, reason: str, *, unit: str = "", next: str = "") -> None:  # noqa: A002 - a step, not a builtin
        super().__init__(reason)
        self.reason = reason
        self.unit = unit
        self.next = next


class CaseChanged(Exception):
    """Somebody was faster: `changed` says what the case is now, who changed it and when."""

    def __init__(self, changed: Mapping[str, Any]) -> None:
        super().__init__("changed")
        self.changed = changed

"""Why a command on people cannot be done. Each is an answer for a person, turned into words where it is printed."""

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

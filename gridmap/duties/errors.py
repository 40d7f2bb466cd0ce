"""Why a command on duties cannot be done; turned into words where it is printed."""


class DutyProblem(Exception):
    """What was asked cannot be; `reason` is a word that the page knows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SlotChanged(DutyProblem):
    """Somebody else answered or excused meanwhile: `state` is today's."""

    def __init__(self, state: str) -> None:
        super().__init__("changed")
        self.state = state

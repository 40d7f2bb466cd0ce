"""Why a command on a rota cannot be done; turned into words where it is printed."""

from datetime import date


class RotaProblem(Exception):
    """What was asked cannot be; `reason` is a code of `words.REFUSALS`, with the name and the day it speaks of."""

    def __init__(self, reason: str, *, name: str = "", day: date | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.name = name
        self.day = day


class RotaChanged(RotaProblem):
    """Somebody was faster: what was seen is no longer so."""

    def __init__(self) -> None:
        super().__init__("changed")

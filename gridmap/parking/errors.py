"""Why a command on parking cannot be done; turned into words where it is printed."""


class ParkingProblem(Exception):
    """What was asked cannot be; `reason` is a code of `words.REFUSALS`, `state` tells where the car stands."""

    def __init__(self, reason: str, *, state: str = "free") -> None:
        super().__init__(reason)
        self.reason = reason
        self.state = state

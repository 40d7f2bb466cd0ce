"""How old what a phone tells may be. Pure.

A phone without a network keeps what was counted and seen for a while, and sends it later: that is taken for the moment
at which it was. What is much older says nothing about now any more, and a clock that is wrong by weeks says nothing at
all; both would stand in a count or a notice as if they were true.
"""

from datetime import datetime, timedelta

from gridmap.parking.errors import ParkingProblem

OLDEST_TOLD = timedelta(days=7)
"""So long ago something may have been counted or seen when it is told."""


def told_in_time(at: datetime | None, now: datetime) -> datetime:
    """When it was, as far as it can be: without a time it is now, and no phone has seen what is still to come.

    Raises ParkingProblem("too_old").
    """
    if at is not None and at < now - OLDEST_TOLD:
        raise ParkingProblem("too_old")
    return now if at is None else min(at, now)

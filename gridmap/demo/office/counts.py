"""The demo's survey of e-bikes: what was counted at the stairwells of 花苑, most of them of late, some long ago."""

from collections.abc import Sequence
from datetime import datetime, time

from gridmap.clock import OFFICE
from gridmap.demo.choice import between, chance, fraction, pick
from gridmap.demo.duties import NOW
from gridmap.demo.incidents.ground import HUAYUAN, Ground, Spot
from gridmap.demo.office.said import scope_of
from gridmap.demo.register import Row
from gridmap.periods import DAY, Calendar, HolidayRule

RECENT, OLD = 0.82, 0.1
"""Counted within the last 90 days; only before. The rest was never counted."""
AGAIN = 0.3
"""Of those counted of late so many were counted half a year before, too."""
PER_SOCKET: Sequence[int | None] = (2, 4, 7, 12, None)
"""E-bikes for a socket, estate by estate; None: it has none."""


def wanted_counts(ground: Ground, calendar: Calendar) -> list[Row]:
    """The counts, by stairwell and day."""
    rows = []
    for home in ground.homes:
        if home.code.startswith(HUAYUAN):
            for spot in home.spots.get("stairwell", ()):
                rows += _counts(spot, pick(home.code, "sockets", PER_SOCKET), calendar)
    return rows


def _counts(spot: Spot, per_socket: int | None, calendar: Calendar) -> list[Row]:
    lot = fraction(spot.code, "e-bikes counted")
    if lot < RECENT:
        found = [_count(spot, per_socket, calendar, between(spot.code, "counted ago", 2, 80))]
        if chance(spot.code, "e-bikes again", AGAIN):
            found.append(_count(spot, per_socket, calendar, between(spot.code, "counted before", 190, 240)))
        return found
    if lot < RECENT + OLD:
        return [_count(spot, per_socket, calendar, between(spot.code, "counted before", 100, 300))]
    return []


def _count(spot: Spot, per_socket: int | None, calendar: Calendar, ago: int) -> Row:
    """So many days ago, or on the working day before."""
    day = calendar.moved(NOW.today() - ago * DAY, HolidayRule.PREVIOUS)
    bikes = between(spot.code, f"e-bikes {ago}", 0, 14)
    return scope_of(spot) | {
        "counted_on": day,
        "bikes": bikes,
        "chargers": (bikes + per_socket // 2) // per_socket if per_socket else 0,
        "changed_at": datetime.combine(day, time(16), OFFICE),
    }

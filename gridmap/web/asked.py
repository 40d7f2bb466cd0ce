"""What a page about places asks of its address: the map's day."""

from datetime import date, timedelta

from flask import request

from gridmap import context
from gridmap.clock import day_bounds
from gridmap.read import Asked


def today() -> date:
    """The business day."""
    return context.services().clock.today()


def asked_day() -> date:
    """The day in the address as `as_of`; today where it says none, or one that is unreadable or yet to come."""
    try:
        day = date.fromisoformat(request.args.get("as_of", ""))
    except ValueError:
        return today()
    return min(day, today())


def asked() -> Asked:
    """How things stood when that day ended."""
    return Asked(as_of=day_bounds(asked_day())[1] - timedelta(seconds=1))

"""From a wanted case to one with its whole course: when it was reported, who had it, how it went."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from gridmap.clock import OFFICE
from gridmap.demo.choice import between, chance, fraction, pick
from gridmap.demo.incidents.courses import (
    Walk,
    go,
    limit_of,
    moment,
    refused,
    reopened,
    reported,
    share_used,
    solved_at_once,
)
from gridmap.demo.incidents.ground import Ground, Home
from gridmap.demo.incidents.mix import FIRST_DAY, LAST_DAY, Wanted, goal_of, wanted_cases
from gridmap.incidents.course import Limit
from gridmap.incidents.kinds import URGENT
from gridmap.incidents.machine import Action, State
from gridmap.periods import DAY, HOURS, MINUTE, Calendar, HolidayRule

ON_DUTY = frozenset({"patrol", "diary"})
AT_ONCE = frozenset({"clutter", "fire", "noise", "parking", "property"})
"""Families of which whoever is on patrol settles some on the spot."""
ATTEMPTS = 24
LEADS: Mapping[str, tuple[tuple[str, float], ...]] = {
    "02": (("team", 0.6), ("owner", 0.55)),
    "09": (("enforcement", 1.0),),
    "07": (("owner", 0.8),),
    "03": (("owner", 0.3),),
    "13": (("owner", 0.35),),
    "01": (("owner", 0.35),),
    **dict.fromkeys(("04", "05", "06", "14", "15"), (("owner", 1.0),)),
}
"""By class: who is asked first with which chance; else the community itself."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What every case goes by: the calendar, the limits, the severity of each kind, and the demo's now."""

    calendar: Calendar
    limits: Mapping[tuple[str, int], Limit]
    severities: Mapping[str, int]
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Told:
    """A case with its course, as it is written. `other` had it before it came back or was handed on."""

    wanted: Wanted
    severity: int
    walk: Walk
    lead: int | None
    other: int | None
    same_as: str | None = None


def tell_all(ground: Ground, rules: Rules) -> list[Told]:
    """All cases of the demo, in the order in which they were reported."""
    told: list[Told] = []
    for one in wanted_cases(ground):
        told.append(_same(one, told, rules) if one.outcome == "same" else tell(one, rules))
    return sorted(told, key=lambda one: (one.walk.course.reported_at, one.wanted.entity))


def tell(one: Wanted, rules: Rules) -> Told:
    """One case, so that it is now what it shall be."""
    severity = rules.severities[one.kind]
    limit = limit_of(rules.limits, one.kind, severity, one.source)
    lead, other = leads_of(one)
    if one.outcome == "refused":
        walk = reported(one.entity, rules.calendar, rules.now, _any_day(one, rules, 0), limit)
        refused(walk, Action.REJECT)
    elif one.outcome == "closed":
        walk = _closed(one, rules, limit, severity)
    else:
        walk = _open(one, rules, limit)
    return Told(wanted=one, severity=severity, walk=walk, lead=lead, other=other)


def leads_of(one: Wanted) -> tuple[int | None, int | None]:
    """Who handles the case (None: the community itself), and who would have it by mistake."""
    home = one.home
    for word, share in LEADS.get(one.kind[:2], ()):
        lead: int | None = getattr(home, word)
        if lead is not None and chance(one.entity, f"lead {word}", share):
            return lead, _another(home, lead)
    return None, _another(home, None)


def _another(home: Home, lead: int | None) -> int:
    found = next((one for one in (home.enforcement, home.owner, home.team) if one is not None and one != lead), None)
    assert found is not None, "every street of the demo has its departments"
    return found


def _closed(one: Wanted, rules: Rules, limit: Limit, severity: int) -> Walk:
    """Closed by now: where it would last longer it took less of its time, or began earlier."""
    walk: Walk | None = None
    may_be_at_once = one.source == "patrol" and one.family in AT_ONCE and severity < URGENT
    for attempt in range(ATTEMPTS):
        at = _any_day(one, rules, attempt)
        if may_be_at_once and chance(one.entity, "at once", 0.3):
            return solved_at_once(one.entity, rules.calendar, rules.now, at, limit)
        walk = reported(one.entity, rules.calendar, rules.now, at, limit)
        go(walk, State.CLOSED, share_used(one.entity) * (1 if attempt < 2 else 0.3))
        if walk.course.state is State.CLOSED:
            if chance(one.entity, "reopened", 0.02) and at < rules.now - 60 * DAY:
                reopened(walk, limit)
            return walk
    raise ValueError(f"{one.entity} cannot be closed by now")


def _open(one: Wanted, rules: Rules, limit: Limit) -> Walk:
    """Open by now: in time, overdue or parked."""
    goal, comes_back = goal_of(one)
    used, share = 0.08 + 0.86 * fraction(one.entity, "used"), 0.5
    if one.outcome == "overdue":
        used, share = 1.1 + 0.5 * fraction(one.entity, "used"), 1.03
    share = min(share, used * 0.6) if one.outcome == "open" else share
    if one.outcome == "parked":
        at = _on_duty_day(
            rules, rules.now.astimezone(OFFICE).date() - between(one.entity, "since", 20, 150) * DAY, one, 0
        )
    else:
        at = before(rules.calendar, rules.now, round(used * limit.minutes), limit.clock)
    walk = reported(one.entity, rules.calendar, rules.now, at, limit)
    walk.is_plain = True
    go(walk, goal, share, comes_back=comes_back)
    return walk


def _same(one: Wanted, told: list[Told], rules: Rules) -> Told:
    """A second report of what is reported already, found to be the same."""
    fitting = [other for other in told if other.wanted.outcome == "closed" and other.walk.course.limit_minutes > 900
               and not other.walk.course.is_self_handled]  # fmt: skip
    first = pick(one.entity, "same as", fitting)
    at = first.walk.course.reported_at + between(one.entity, "later", 40, 600) * MINUTE
    wanted = replace(one, kind=first.wanted.kind, family=first.wanted.family, home=first.wanted.home,
                     spot=first.wanted.spot)  # fmt: skip
    limit = limit_of(rules.limits, wanted.kind, first.severity, wanted.source)
    walk = reported(one.entity, rules.calendar, rules.now, at, limit)
    refused(walk, Action.MERGE)
    return Told(wanted=wanted, severity=first.severity, walk=walk, lead=None, other=None, same_as=first.wanted.entity)


def _any_day(one: Wanted, rules: Rules, attempt: int) -> datetime:
    days = (LAST_DAY - FIRST_DAY).days
    day = one.near_day or FIRST_DAY + timedelta(days=between(one.entity, "day", 0, days))
    # what cannot be over by now began some days earlier
    return _on_duty_day(rules, day - timedelta(days=2 * max(attempt - 3, 0)), one, attempt)


def _on_duty_day(rules: Rules, day: date, one: Wanted, attempt: int) -> datetime:
    is_office = one.source in ON_DUTY
    if is_office:
        day = rules.calendar.moved(day, HolidayRule.PREVIOUS)
    return moment(one.entity, day, is_office=is_office, attempt=attempt)


def before(calendar: Calendar, until: datetime, minutes: int, clock: str = "working") -> datetime:
    """The latest moment from which so many minutes of the clock pass until then."""
    if clock == "wall":
        return until - minutes * MINUTE
    left, day = minutes * MINUTE, until.astimezone(OFFICE).date()
    while True:
        for opens, closes in reversed(_shifts(calendar, day)):
            ends = min(closes, until)
            if ends > opens:
                if ends - opens >= left:
                    return ends - left
                left -= ends - opens
        day -= DAY


def _shifts(calendar: Calendar, day: date) -> list[tuple[datetime, datetime]]:
    if not calendar.is_working(day):
        return []
    return [(_at(day, opens), _at(day, closes)) for opens, closes in HOURS]


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, OFFICE)

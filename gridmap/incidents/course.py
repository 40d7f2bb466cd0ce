"""The course of a case: what each action does to its state, its clock and its counts. Pure; the tables follow it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from gridmap.clock import OFFICE
from gridmap.incidents.machine import RUNNING, Action, Level, State, higher, target
from gridmap.periods import MINUTE, Calendar, is_provisional, working_deadline, working_minutes

WARN_SHARE = (4, 5)
"""At 80 % of the time a case goes a level up."""
MANY_RETURNS = 2
"""On the second return, too."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How long a kind of that severity may take; `clock` is working or wall."""

    minutes: int
    clock: str


@dataclass(frozen=True, kw_only=True)
class Course:
    """What changes of a case as it goes on. The clock ran `used_minutes` before `running_since`; None: it stands."""

    state: State
    level: Level
    clock: str
    limit_minutes: int
    due_at: datetime
    warn_at: datetime | None
    used_minutes: int
    running_since: datetime | None
    level_since: datetime
    changed_at: datetime
    reported_at: datetime
    is_due_given: bool = False
    is_provisional: bool = False
    is_self_handled: bool = False
    registered_at: datetime | None = None
    dispatched_at: datetime | None = None
    accepted_at: datetime | None = None
    handled_at: datetime | None = None
    checked_at: datetime | None = None
    closed_at: datetime | None = None
    extended_until: datetime | None = None
    review_on: date | None = None
    parked_from: State | None = None
    extensions: int = 0
    returns: int = 0
    reworks: int = 0
    reopens: int = 0
    escalations: int = 0
    transfers: int = 0
    handled_by: int | None = None
    checked_by: int | None = None

    def used(self, calendar: Calendar, at: datetime) -> int:
        """Minutes of the clock used by then."""
        if self.running_since is None:
            return self.used_minutes
        return self.used_minutes + clock_minutes(self.clock, calendar, self.running_since, at)

    def is_late(self, at: datetime) -> bool:
        """Whether the deadline is broken; what was handled in time stays in time. The same as gridmap.is_late()."""
        if self.state in (State.REJECTED, State.DUPLICATE, State.PARKED):
            return False
        return (self.handled_at or at) > self.due_at


@dataclass(frozen=True, kw_only=True)
class Step:
    """One action on a course: when, by whom, and what it brings."""

    action: Action
    at: datetime
    account_id: int | None = None
    until: datetime | None = None
    review_on: date | None = None
    limit: Limit | None = None


def clock_minutes(clock: str, calendar: Calendar, since: datetime, until: datetime) -> int:
    """Whole minutes from one moment to another on one of the two clocks."""
    if clock == "wall":
        return max(until - since, timedelta()) // MINUTE
    return working_minutes(calendar, since, until)


def clock_deadline(clock: str, calendar: Calendar, since: datetime, minutes: int) -> datetime:
    """The moment after so many minutes on one of the two clocks."""
    if clock == "wall":
        return since + max(minutes, 0) * MINUTE
    return working_deadline(calendar, since, minutes)


def begin(calendar: Calendar, at: datetime, limit: Limit, *, due_at: datetime | None = None) -> Course:
    """The course of a case that is reported now; a deadline that comes with it (`due_at`) is taken over."""
    if due_at is not None:
        limit = Limit(minutes=clock_minutes("working", calendar, at, due_at), clock="working")
    begun = Course(
        state=State.REPORTED,
        level=Level.GRID,
        clock=limit.clock,
        limit_minutes=limit.minutes,
        due_at=due_at or clock_deadline(limit.clock, calendar, at, limit.minutes),
        warn_at=None,
        used_minutes=0,
        running_since=at,
        level_since=at,
        changed_at=at,
        reported_at=at,
        is_due_given=due_at is not None,
    )
    return _warned(begun, calendar, at)


def solved(calendar: Calendar, at: datetime, limit: Limit, account_id: int | None) -> Course:
    """The course of a small matter that was solved on the spot: reported, handled and closed at once."""
    return replace(
        begin(calendar, at, limit),
        state=State.CLOSED,
        running_since=None,
        warn_at=None,
        is_self_handled=True,
        registered_at=at,
        handled_at=at,
        closed_at=at,
        handled_by=account_id,
    )


def hindrance(course: Course, step: Step) -> str | None:
    """Why the step cannot be although the table allows it: `expired`, `until`, `review_on` or `top`."""
    if step.action in (Action.EXTEND, Action.ASK_TIME):
        if step.at > course.due_at:
            return "expired"
        if step.until is None or step.until <= course.due_at:
            return "until"
    if step.action is Action.PARK and (step.review_on is None or step.review_on <= step.at.astimezone(OFFICE).date()):
        return "review_on"
    if step.action is Action.ESCALATE and higher(course.level) is None:
        return "top"
    return None


def advance(course: Course, step: Step, calendar: Calendar) -> Course:
    """The course after the step, which has been found possible before. Clocks only run on, whatever `step.at` says."""
    at = max(step.at, course.changed_at)
    new = target(step.action, course.state, course.parked_from)
    moved = replace(course, changed_at=at, state=new, **_marks(course, step, at))
    if course.running_since is not None and new not in RUNNING:
        moved = replace(moved, used_minutes=course.used(calendar, at), running_since=None, warn_at=None)
    elif course.running_since is None and new in RUNNING:
        moved = _started(moved, step, calendar, at)
    if step.action is Action.CLASSIFY and step.limit is not None:
        moved = _limited(moved, step.limit, calendar, at)
    if step.action is Action.EXTEND:
        assert step.until is not None
        moved = _due(moved, step.until, calendar, at)
    if step.action is Action.ESCALATE:
        moved = _warned(replace(moved, level_since=at), calendar, at)
    return moved


def goes_up(course: Course, action: Action) -> bool:
    """Whether the action that led here sends the case a level up by itself: the second return, and each after it."""
    return action is Action.RETURN and course.returns >= MANY_RETURNS and higher(course.level) is not None


def _marks(course: Course, step: Step, at: datetime) -> dict[str, Any]:
    """What the action alone says: times, counts and who."""
    undone: dict[str, Any] = {"handled_at": None, "checked_at": None}
    marks: dict[Action, dict[str, Any]] = {
        Action.REGISTER: {"registered_at": at},
        Action.DISPATCH: {"dispatched_at": at, "accepted_at": None},
        Action.ACCEPT: {"accepted_at": at},
        Action.RETURN: {"returns": course.returns + 1, "accepted_at": None},
        Action.TRANSFER: {"transfers": course.transfers + 1, "accepted_at": None},
        Action.HANDLE: {"handled_at": at, "handled_by": step.account_id, "checked_by": None},
        Action.CHECK: {"checked_at": at, "checked_by": step.account_id},
        Action.CLOSE: {"closed_at": at, "checked_by": step.account_id},
        Action.REWORK: {"reworks": course.reworks + 1, **undone},
        Action.REOPEN: {"reopens": course.reopens + 1, "closed_at": None, "is_self_handled": False, **undone},
        Action.EXTEND: {"extensions": course.extensions + 1, "extended_until": step.until},
        Action.PARK: {"review_on": step.review_on, "parked_from": course.state},
        Action.RESUME: {"review_on": None, "parked_from": None},
        Action.ESCALATE: {"level": higher(course.level), "escalations": course.escalations + 1},
    }
    return marks.get(step.action, {})


def _started(course: Course, step: Step, calendar: Calendar, at: datetime) -> Course:
    """The clock runs again: what was left is left; a reopened case gets the time of its kind once more."""
    if step.action is Action.REOPEN and step.limit is not None:
        clocked = replace(course, clock=step.limit.clock, is_due_given=False, extended_until=None)
        due = clock_deadline(clocked.clock, calendar, at, step.limit.minutes)
        return _due(replace(clocked, running_since=at, level_since=at), due, calendar, at)
    running = replace(course, running_since=at)
    if course.is_due_given:
        return _due(running, course.due_at, calendar, at)
    left = course.limit_minutes - course.used_minutes
    if left <= 0:
        return running
    due = clock_deadline(course.clock, calendar, at, left)
    return _due(running, due, calendar, at)


def _limited(course: Course, limit: Limit, calendar: Calendar, at: datetime) -> Course:
    """Another kind, so another limit, from the report on; what was used before is not unsaid."""
    if course.is_due_given:
        return course
    used = course.used(calendar, at)
    since = course.reported_at if not course.reopens else course.level_since
    due = clock_deadline(limit.clock, calendar, since, limit.minutes)
    turned = replace(course, clock=limit.clock, used_minutes=used, running_since=at)
    return _due(turned, due, calendar, at)


def _due(course: Course, due_at: datetime, calendar: Calendar, at: datetime) -> Course:
    limit = course.used(calendar, at) + clock_minutes(course.clock, calendar, at, due_at)
    return _warned(replace(course, due_at=due_at, limit_minutes=limit), calendar, at)


def _warned(course: Course, calendar: Calendar, at: datetime) -> Course:
    """When the case goes up, of what is left to this level; and whether all of it is known."""
    left = course.limit_minutes - course.used(calendar, at)
    share = left * WARN_SHARE[0] // WARN_SHARE[1]
    runs_up = course.state in RUNNING and left > 0 and higher(course.level) is not None
    return replace(
        course,
        warn_at=clock_deadline(course.clock, calendar, at, share) if runs_up else None,
        is_provisional=course.clock == "working" and is_provisional(calendar, at, course.due_at),
    )

"""How the demo's cases went: which became what, when, by which steps. Pure; the clock is that of real cases.

Every choice hangs on the number of the case alone, so the same year comes out on every machine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from gridmap.clock import OFFICE
from gridmap.demo.choice import between, chance, fraction, pick
from gridmap.incidents.course import Course, Limit, Step, advance, begin, clock_deadline, solved
from gridmap.incidents.escalating import TIME_USED
from gridmap.incidents.machine import Action, State, higher
from gridmap.periods import Calendar, working_deadline

URGENT = 3
NIGHT = time(1)
"""When the nightly round sends up what has used its share of the time."""
RETURNED = ("不属于我单位职责范围", "现场情况与描述不符，请补充")
EXTENDED = ("等待配件到货", "需业主共同决定", "天气原因无法施工")
PARKED = ("列入下半年改造计划", "维修资金表决中", "等待上级部门批复")
REWORKED = ("现场仍有残留", "居民反映未解决")
REOPENED = ("同一问题再次出现",)
REJECTED = ("不在受理范围", "现场未发现该问题")
RAISED = ("需街道协调多家单位",)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One line of a case's history: the step, and what it brings beside its course."""

    action: str
    from_state: State | None
    course: Course
    """The course after it."""
    reason: str | None = None
    note: str | None = None
    until: datetime | None = None


@dataclass
class Walk:
    """A case on its way: `course` as it is, `turns` so far; nothing happens from `now` on."""

    entity: str
    calendar: Calendar
    now: datetime
    course: Course
    turns: list[Turn] = field(default_factory=list)
    is_plain: bool = False
    """Nothing beside the way happens: no more time, no level up on request."""
    is_over: bool = False
    """A step would have come after `now`: the case stays as it is."""

    def take(self, action: Action, at: datetime, **brings: object) -> None:
        """The step at that moment, or none where that is yet to come; before it what the nights did."""
        for night in self.nights(at):
            self._write(Action.ESCALATE, night, reason=TIME_USED)
        if self.is_over or at >= self.now:
            self.is_over = True
            return
        self._write(action, at, **brings)

    def nights(self, until: datetime) -> Iterator[datetime]:
        """The nights up to that moment in which the case goes a level up, one level each."""
        while self.course.warn_at is not None and higher(self.course.level) is not None:
            night = datetime.combine(self.course.warn_at.astimezone(OFFICE).date(), NIGHT, OFFICE)
            night += timedelta(days=1) if night < self.course.warn_at else timedelta()
            if night >= min(until, self.now):
                return
            yield night

    def _write(self, action: Action, at: datetime, **brings: object) -> None:
        before = self.course
        step = Step(action=action, at=at, until=brings.get("until"), review_on=brings.get("review_on"),  # type: ignore[arg-type]  # by the caller
                    limit=brings.get("limit"))  # type: ignore[arg-type]  # fmt: skip
        self.course = advance(before, step, self.calendar)
        said = {name: brings.get(name) for name in ("reason", "note", "until")}
        review_on = brings.get("review_on")
        if isinstance(review_on, date):
            said["until"] = datetime.combine(review_on, time(), OFFICE)
        self.turns.append(Turn(action=action, from_state=before.state, course=self.course, **said))  # type: ignore[arg-type]  # the same names

    def after(self, field_name: str, low: int, high: int) -> datetime:
        """A moment so many working minutes, by chance between the two, after the last step."""
        minutes = between(self.entity, field_name, low, high)
        return working_deadline(self.calendar, self.course.changed_at, minutes)


def reported(entity: str, calendar: Calendar, now: datetime, at: datetime, limit: Limit) -> Walk:
    """A case that is reported at that moment."""
    course = begin(calendar, at, limit)
    walk = Walk(entity, calendar, now, course)
    walk.turns.append(Turn(action=Action.REPORT, from_state=None, course=course))
    return walk


def solved_at_once(entity: str, calendar: Calendar, now: datetime, at: datetime, limit: Limit) -> Walk:
    """A small matter, solved on the spot."""
    course = solved(calendar, at, limit, None)
    walk = Walk(entity, calendar, now, course)
    walk.turns.append(Turn(action=Action.SELF_HANDLE, from_state=None, course=course))
    return walk


def refused(walk: Walk, action: Action) -> None:
    """A report that became no case: refused, or found to be the same as another."""
    if action is Action.MERGE:
        walk.take(Action.MERGE, walk.after("register", 10, 90))
    else:
        walk.take(Action.REJECT, walk.after("register", 10, 90), reason=pick(walk.entity, "why", REJECTED))


def go(walk: Walk, goal: State, share: float, *, comes_back: bool = False) -> None:
    """Lead the case to that state; handled after that share of its time. It may stay behind where `now` comes first.

    `comes_back`: a registered one that was given to somebody who returned it.
    """
    begun, limit = walk.course.reported_at, walk.course.limit_minutes
    for step in _to_lead(walk, comes_back=comes_back):
        if walk.course.state is goal and not comes_back:
            return
        _lead_step(walk, step)
    if comes_back or walk.course.state is goal:
        return
    if goal is State.PARKED:
        _park(walk)
        return
    _beside(walk)
    handled = clock_deadline(walk.course.clock, walk.calendar, begun, round(share * limit))
    walk.take(Action.HANDLE, max(handled, walk.course.changed_at + timedelta(minutes=5)))
    if goal is not State.HANDLED:
        _check(walk, goal)


def _to_lead(walk: Walk, *, comes_back: bool) -> tuple[str, ...]:
    """The steps until somebody handles the case; now and then it comes back first."""
    if comes_back:
        return ("register", "dispatch", "return")
    is_urgent = walk.course.clock == "wall"
    if not is_urgent and chance(walk.entity, "returned", 0.05):
        return ("register", "dispatch", "return", "dispatch again", "accept")
    if not is_urgent and chance(walk.entity, "transferred", 0.03):
        return ("register", "dispatch", "transfer", "accept")
    return ("register", "dispatch", "accept")


def _lead_step(walk: Walk, step: str) -> None:
    is_urgent = walk.course.clock == "wall"
    if is_urgent:
        at = walk.course.changed_at + timedelta(minutes=between(walk.entity, step, 1, 8))
    else:
        slow = chance(walk.entity, f"{step} slow", 0.06)
        at = walk.after(step, 130, 400) if slow else walk.after(step, 4, 100)
    word = {"dispatch again": "dispatch"}.get(step, step)
    brings: dict[str, object] = {}
    if word == "return":
        brings["reason"] = pick(walk.entity, "why returned", RETURNED)
    if word == "transfer":
        brings["reason"] = pick(walk.entity, "why transferred", RETURNED)
    walk.take(Action(word), at, **brings)


def _beside(walk: Walk) -> None:
    """What happens to some cases while they are handled: more time, a level up on request."""
    course = walk.course
    if walk.is_plain or course.state is not State.HANDLING or course.clock == "wall":
        return
    if chance(walk.entity, "raised", 0.02):
        walk.take(Action.ESCALATE, walk.after("raise", 10, 60), reason=pick(walk.entity, "why raised", RAISED))
    if chance(walk.entity, "extended", 0.04):
        at = walk.after("extend", 10, 90)
        if at < walk.course.due_at:
            until = working_deadline(walk.calendar, walk.course.due_at, 960)
            walk.take(Action.EXTEND, at, until=until, reason=pick(walk.entity, "why extended", EXTENDED))


def _park(walk: Walk) -> None:
    at = walk.after("park", 60, 300)
    days = between(walk.entity, "review", 0, 60)
    walk.take(
        Action.PARK,
        at,
        review_on=walk.now.astimezone(OFFICE).date() + timedelta(days=days),
        reason=pick(walk.entity, "why parked", PARKED),
    )


def _check(walk: Walk, goal: State) -> None:
    walk.take(Action.CHECK, walk.after("check", 15, 420))
    if goal is State.VERIFYING:
        return
    if chance(walk.entity, "rework", 0.05):
        walk.take(Action.REWORK, walk.after("look", 5, 60), reason=pick(walk.entity, "why rework", REWORKED))
        walk.take(Action.HANDLE, walk.after("handle again", 40, 400))
        walk.take(Action.CHECK, walk.after("check again", 15, 300))
    walk.take(Action.CLOSE, walk.after("close", 5, 120))


def reopened(walk: Walk, limit: Limit) -> None:
    """A closed case comes up again and is closed once more."""
    walk.take(Action.REOPEN, walk.after("reopen", 600, 2_400), reason=pick(walk.entity, "why reopened", REOPENED),
              limit=limit)  # fmt: skip
    for step in ("accept", "handle", "check", "close"):
        walk.take(Action(step), walk.after(f"{step} once more", 20, 200))


def share_used(entity: str) -> float:
    """Which share of its time a closed case took: most of them little, a tenth more than all."""
    lot, within = fraction(entity, "pace"), fraction(entity, "pace within")
    if lot < 0.78:
        return 0.12 + 0.65 * within
    if lot < 0.90:
        return 0.80 + 0.18 * within
    return 1.03 + 0.9 * within


def moment(entity: str, day: date, *, is_office: bool, attempt: int = 0) -> datetime:
    """A moment of that day: in the hours of the office, or whenever residents call."""
    start, end = (8 * 60 + 5, 17 * 60 + 50) if is_office else (7 * 60, 22 * 60)
    minute = between(entity, f"minute {attempt}", start, end)
    return datetime.combine(day, time(minute // 60, minute % 60), OFFICE)


def limit_of(limits: Mapping[tuple[str, int], Limit], kind: str, severity: int, source: str) -> Limit:
    """How long the case may take, as gridmap.incidents.kinds.read_limit says."""
    if source == "hotline" and severity < URGENT:
        return Limit(minutes=13 * 480, clock="working")
    return limits[kind, severity]

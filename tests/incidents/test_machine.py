"""The table of a case's states and actions, and its clock, as pure functions: golden ones and random paths."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.clock import OFFICE
from gridmap.incidents.course import Course, Limit, Step, advance, begin, clock_minutes, goes_up, hindrance, solved
from gridmap.incidents.machine import (
    DOER_MAY_NOT,
    FIRST,
    OPEN,
    RULES,
    RUNNING,
    Action,
    Capacity,
    Level,
    State,
    higher,
    possible,
    refusal,
)
from gridmap.periods import Calendar
from gridmap.places.holidays import SHIPPED

CHINA = Calendar(
    off=frozenset(day for day, kind, _ in SHIPPED if kind == "holiday"),
    worked=frozenset(day for day, kind, _ in SHIPPED if kind == "workday"),
    years=frozenset({2025, 2026}),
)
TWO_DAYS, URGENT = Limit(minutes=960, clock="working"), Limit(minutes=120, clock="wall")
MONDAY = datetime(2026, 3, 16, 9, tzinfo=OFFICE)
EVERYTHING = frozenset(
    ("reason", "lead", "until", "review_on", "duplicate_of_id", "kind", "organisation_id", "role", "where", "answer",
     "satisfaction")
)  # fmt: skip


def case(limit: Limit = TWO_DAYS, at: datetime = MONDAY) -> Course:
    return begin(CHINA, at, limit)


def go(course: Course, *actions: Action, at: datetime | None = None, account: int = 1) -> Course:
    """The course after these actions, taken at once by one account, each possible and unhindered."""
    for action in actions:
        moment = at or course.changed_at
        step = Step(
            action=action,
            at=moment,
            account_id=account,
            until=course.due_at + timedelta(days=3),
            review_on=(moment + timedelta(days=9)).date(),
            limit=TWO_DAYS,
        )
        assert refusal(action, course.state, frozenset(Capacity), EVERYTHING) is None, (course.state, action)
        assert hindrance(course, step) is None
        course = advance(course, step, CHINA)
    return course


HANDLED = (Action.REGISTER, Action.DISPATCH, Action.ACCEPT, Action.HANDLE)


# The table --------------------------------------------------------------------------------------------------------

TABLE = """
reported: register->registered reject->rejected merge->duplicate classify dispatch! escalate remind move answer parties
registered: reject->rejected merge->duplicate classify dispatch->dispatched escalate remind move answer parties
dispatched: accept->handling return->registered transfer->dispatched ask_time extend park->parked escalate remind move answer parties
handling: return->registered transfer->dispatched handle->handled ask_time extend park->parked escalate remind move answer parties
handled: check->verifying remind move answer parties
verifying: close->closed rework->handling remind move answer parties
closed: reopen->reopened answer rate
reopened: classify dispatch->dispatched accept->handling escalate remind move answer parties
parked: resume escalate move answer parties
rejected: answer
duplicate: answer
"""  # noqa: E501 - one line for each state


def test_the_table_is_the_one_that_was_agreed() -> None:
    for line in TABLE.strip().splitlines():
        name, words = line.split(": ")
        expected: dict[str, str | None] = {}
        for word in words.split():
            action, _arrow, target = word.partition("->")
            if action == "parties":
                expected |= {"add_party": None, "end_party": None}
            elif action != "dispatch!":
                expected[action] = target or None
        state = State(name)
        found = {
            str(action): rule.target and str(rule.target) for action, rule in RULES.items() if state in rule.sources
        }
        assert found == expected, name


def test_everybody_has_a_part_and_nobody_all() -> None:
    for capacity in Capacity:
        allowed = {action for action, rule in RULES.items() if capacity in rule.who}
        assert 0 < len(allowed) < len(RULES), capacity
    for action in DOER_MAY_NOT:
        assert RULES[action].who == {Capacity.CHECKER}


@pytest.mark.parametrize(
    ("action", "state", "who", "given", "is_doer", "code"),
    [
        (Action.HANDLE, State.REPORTED, {Capacity.LEAD}, (), False, "not_now"),
        (Action.HANDLE, State.HANDLING, {Capacity.DISPATCHER}, (), False, "not_yours"),
        (Action.HANDLE, State.HANDLING, {Capacity.LEAD}, (), False, None),
        (Action.CHECK, State.HANDLED, {Capacity.CHECKER}, (), True, "doer"),
        (Action.CLOSE, State.VERIFYING, {Capacity.CHECKER, Capacity.DISPATCHER}, (), True, "doer"),
        (Action.CLOSE, State.VERIFYING, {Capacity.CHECKER}, (), False, None),
        (Action.RETURN, State.DISPATCHED, {Capacity.LEAD}, (), False, "needs_reason"),
        (Action.DISPATCH, State.REGISTERED, {Capacity.DISPATCHER}, ("reason",), False, "needs_lead"),
        (Action.REOPEN, State.CLOSED, {Capacity.REPORTER}, ("reason",), False, None),
        (Action.REGISTER, State.REPORTED, set(), (), False, "not_yours"),
    ],
)
def test_refusals(
    action: Action, state: State, who: set[Capacity], given: tuple[str, ...], is_doer: bool, code: str | None
) -> None:
    assert refusal(action, state, who, given, is_doer=is_doer) == code


def test_what_is_possible_is_what_is_not_refused() -> None:
    for state in State:
        for capacity in Capacity:
            for doer in (False, True):
                offered = possible(state, {capacity}, is_doer=doer)
                allowed = [one for one in RULES if refusal(one, state, {capacity}, EVERYTHING, is_doer=doer) is None]
                assert list(offered) == allowed


# The clock ---------------------------------------------------------------------------------------------------------


def test_friday_evening_and_two_hours_are_monday_morning() -> None:
    course = case(Limit(minutes=120, clock="working"), datetime(2026, 3, 13, 17, 30, tzinfo=OFFICE))
    assert course.due_at == datetime(2026, 3, 16, 9, 30, tzinfo=OFFICE)
    assert course.warn_at == datetime(2026, 3, 16, 9, 6, tzinfo=OFFICE)
    assert course.used(CHINA, datetime(2026, 3, 16, 8, 15, tzinfo=OFFICE)) == 45


def test_what_is_urgent_runs_by_the_wall() -> None:
    course = case(URGENT, datetime(2026, 3, 13, 23, 30, tzinfo=OFFICE))
    assert course.due_at == datetime(2026, 3, 14, 1, 30, tzinfo=OFFICE)


def test_the_clock_stands_while_somebody_looks_and_runs_on_when_it_comes_back() -> None:
    handled = go(case(), *HANDLED, at=MONDAY + timedelta(hours=2))
    assert (handled.used_minutes, handled.running_since) == (120, None)
    next_week = MONDAY + timedelta(days=7)
    assert not handled.is_late(next_week)
    checked = go(handled, Action.CHECK, account=2)
    again = go(checked, Action.REWORK, at=next_week, account=2)
    assert (again.handled_at, again.reworks, again.used_minutes) == (None, 1, 120)
    # 14 of 16 hours are left, from Monday 9 o'clock on
    assert again.due_at == datetime(2026, 3, 24, 17, tzinfo=OFFICE)


def test_handled_late_stays_late() -> None:
    late = go(case(), *HANDLED, at=MONDAY + timedelta(days=7))
    assert late.is_late(late.changed_at)
    assert late.used_minutes == 5 * 480
    back = go(go(late, Action.CHECK, account=2), Action.REWORK, account=2)
    assert back.due_at == case().due_at
    assert back.is_late(back.changed_at)


def test_parking_stops_the_clock() -> None:
    out = go(case(), Action.REGISTER, Action.DISPATCH)
    parked = go(out, Action.PARK, at=MONDAY + timedelta(hours=1))
    assert (parked.state, parked.parked_from, parked.warn_at) == (State.PARKED, State.DISPATCHED, None)
    assert not parked.is_late(MONDAY + timedelta(days=90))
    back = go(parked, Action.RESUME, at=MONDAY + timedelta(days=30))
    assert (back.state, back.review_on, back.parked_from) == (State.DISPATCHED, None, None)
    assert clock_minutes("working", CHINA, back.changed_at, back.due_at) == 900


def test_an_extension_comes_before_the_deadline_or_not_at_all() -> None:
    out = go(case(), Action.REGISTER, Action.DISPATCH)
    until = out.due_at + timedelta(days=1)
    in_time = Step(action=Action.EXTEND, at=out.due_at, until=until)
    assert hindrance(out, in_time) is None
    assert hindrance(out, replace(in_time, at=out.due_at + timedelta(seconds=1))) == "expired"
    assert hindrance(out, replace(in_time, until=out.due_at)) == "until"
    longer = advance(out, in_time, CHINA)
    assert (longer.due_at, longer.extended_until, longer.extensions, longer.state) == (until, until, 1, out.state)


def test_an_order_brings_its_deadline_and_keeps_it() -> None:
    due = datetime(2026, 3, 20, 18, tzinfo=OFFICE)
    given = begin(CHINA, MONDAY, TWO_DAYS, due_at=due)
    assert (given.due_at, given.is_due_given, given.clock) == (due, True, "working")
    parked = go(given, Action.REGISTER, Action.DISPATCH, Action.PARK)
    assert go(parked, Action.RESUME, at=MONDAY + timedelta(days=2)).due_at == due


def test_reopened_gets_its_time_once_more() -> None:
    closed = go(go(case(), *HANDLED), Action.CHECK, Action.CLOSE, account=2)
    later = MONDAY + timedelta(days=7)
    again = go(closed, Action.REOPEN, at=later)
    assert (again.state, again.closed_at, again.handled_at, again.reopens) == (State.REOPENED, None, None, 1)
    assert again.due_at == case(at=later).due_at
    assert go(again, Action.ACCEPT).state is State.HANDLING
    assert go(again, Action.DISPATCH).state is State.DISPATCHED


def test_levels_and_the_second_return() -> None:
    out = go(case(), Action.REGISTER, Action.DISPATCH, Action.RETURN)
    assert not goes_up(out, Action.RETURN)
    again = go(out, Action.DISPATCH, Action.RETURN)
    assert again.returns == 2
    assert goes_up(again, Action.RETURN)
    assert not goes_up(again, Action.DISPATCH)
    up = go(again, Action.ESCALATE, at=MONDAY + timedelta(hours=1))
    # each level has its own clock: 80 % of what is left to it
    assert (up.level, up.level_since) == (Level.COMMUNITY, MONDAY + timedelta(hours=1))
    assert clock_minutes("working", CHINA, up.level_since, up.warn_at or MONDAY) == 720
    top = go(up, Action.ESCALATE, Action.ESCALATE)
    assert (top.level, top.warn_at, higher(top.level)) == (Level.DEPARTMENT, None, None)
    assert hindrance(top, Step(action=Action.ESCALATE, at=MONDAY)) == "top"


def test_another_kind_has_another_limit_from_the_report_on() -> None:
    later = MONDAY + timedelta(hours=1)
    urgent = advance(case(), Step(action=Action.CLASSIFY, at=later, limit=URGENT), CHINA)
    assert (urgent.due_at, urgent.clock) == (MONDAY + timedelta(hours=2), "wall")
    assert urgent.used(CHINA, later) == 60


def test_solved_on_the_spot() -> None:
    course = solved(CHINA, MONDAY, TWO_DAYS, 7)
    assert (course.state, course.handled_by, course.is_self_handled, course.running_since) == ("closed", 7, True, None)
    assert course.state is FIRST[Action.SELF_HANDLE]


def test_a_year_without_holidays_is_provisional_and_never_refused() -> None:
    course = begin(Calendar(), MONDAY, TWO_DAYS)
    assert course.is_provisional
    assert not case().is_provisional
    assert not begin(Calendar(), MONDAY, URGENT).is_provisional


# Random paths --------------------------------------------------------------------------------------------------------


ONWARD = (
    set(RULES)
    - {Action.REJECT, Action.MERGE, Action.RETURN, Action.TRANSFER, Action.PARK, Action.REWORK}
    - {action for action, rule in RULES.items() if rule.target is None and not rule.goes_back}
)


def path(chance: random.Random, steps: int = 25) -> Iterator[tuple[Course, Step, Course]]:
    """A case that anybody does anything to at any time, as far as it is not refused."""
    course = begin(CHINA, MONDAY, chance.choice((TWO_DAYS, URGENT)))
    now = MONDAY
    for _ in range(steps):
        # now and then a clock has been set back
        now += timedelta(seconds=chance.choice((0, 1, 59, 600, 7_200, 86_400, 500_000, -3_600)))
        # mostly what leads on, or few would come further than a rejection
        likely = [one for one in possible(course.state, set(Capacity)) if one in ONWARD] or list(RULES)
        step = Step(
            action=chance.choice(likely if chance.random() < 0.75 else list(RULES)),
            at=now,
            account_id=chance.randrange(1, 4),
            until=now + timedelta(hours=chance.randrange(-10, 90)),
            review_on=(now + timedelta(days=chance.randrange(-1, 20))).date(),
            limit=chance.choice((TWO_DAYS, URGENT)),
        )
        who = frozenset(chance.sample(list(Capacity), 4))
        doer = step.account_id == course.handled_by
        if refusal(step.action, course.state, who, EVERYTHING, is_doer=doer) or hindrance(course, step):
            continue
        after = advance(course, step, CHINA)
        yield course, step, after
        course = after


def check(course: Course, step: Step, after: Course) -> None:
    """What holds after every action, whatever came before."""
    rule = RULES[step.action]
    assert course.state in rule.sources
    assert after.state is (course.parked_from if rule.goes_back else rule.target or course.state)
    assert (after.running_since is not None) == (after.state in RUNNING)
    assert (after.state is State.PARKED) == (after.parked_from is not None) == (after.review_on is not None)
    assert (after.closed_at is not None) == (after.state is State.CLOSED)
    assert after.changed_at >= course.changed_at
    assert after.used(CHINA, after.changed_at) >= course.used(CHINA, course.changed_at)
    assert after.checked_by is None or after.checked_by != after.handled_by
    for name in ("returns", "reworks", "reopens", "extensions", "escalations", "transfers"):
        assert getattr(after, name) - getattr(course, name) in (0, 1), name
    assert list(Level).index(after.level) - list(Level).index(course.level) in (0, 1)
    assert after.warn_at is None or after.warn_at <= after.due_at
    if after.running_since is not None and after.due_at > after.changed_at:
        left = after.limit_minutes - after.used(CHINA, after.changed_at)
        assert abs(left - clock_minutes(after.clock, CHINA, after.changed_at, after.due_at)) <= 2
    assert course.state in OPEN or after.state in (State.REOPENED, course.state)


def test_ten_thousand_random_paths() -> None:
    seen: set[tuple[Action, State]] = set()
    for number in range(10_000):
        for course, step, after in path(random.Random(number), 16):
            check(course, step, after)
            seen.add((step.action, course.state))
    everything = {(action, state) for action, rule in RULES.items() for state in rule.sources}
    assert seen == everything


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_long_paths(seed: int) -> None:
    for course, step, after in path(random.Random(seed), 60):
        check(course, step, after)

"""Which action leads from which state to which, who may take it, and what it needs: one table, pure, and all of it.

Source of the states: the closed loop of GB/T 30428.8 (立案, 派遣, 处置, 核查, 结案), with returned, extended, parked,
reopened and self-handled beside it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a case is."""

    REPORTED = "reported"
    REGISTERED = "registered"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    HANDLED = "handled"
    VERIFYING = "verifying"
    CLOSED = "closed"
    REOPENED = "reopened"
    PARKED = "parked"


class Action(StrEnum):
    """What somebody does with a case."""

    REPORT = "report"
    SELF_HANDLE = "self_handle"
    REGISTER = "register"
    REJECT = "reject"
    MERGE = "merge"
    CLASSIFY = "classify"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    RETURN = "return"
    TRANSFER = "transfer"
    HANDLE = "handle"
    CHECK = "check"
    CLOSE = "close"
    REWORK = "rework"
    REOPEN = "reopen"
    ASK_TIME = "ask_time"
    EXTEND = "extend"
    PARK = "park"
    RESUME = "resume"
    ESCALATE = "escalate"
    REMIND = "remind"
    ADD_PARTY = "add_party"
    END_PARTY = "end_party"
    MOVE = "move"
    ANSWER = "answer"
    RATE = "rate"


class Capacity(StrEnum):
    """As what somebody acts on a case; one account may have several."""

    DISPATCHER = "dispatcher"
    """Leads the community, or its street."""
    LEAD = "lead"
    """Acts for the organisation that leads; on duty in the community where that leads itself."""
    CHECKER = "checker"
    """On duty where the case lies."""
    REPORTER = "reporter"
    OFFICE = "office"
    """The round of the night and the command line."""


class Level(StrEnum):
    """Who has to solve it by now: small matters stay in the grid."""

    GRID = "grid"
    COMMUNITY = "community"
    STREET = "street"
    DEPARTMENT = "department"


LEVELS = tuple(Level)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One action: from which states, to which (None: it stays), by whom, with what.

    `goes_back`: to where it was parked from.
    """

    sources: frozenset[State]
    target: State | None = None
    who: frozenset[Capacity]
    needs: tuple[str, ...] = ()
    goes_back: bool = False


_S, _C = State, Capacity
OPEN = frozenset(State) - {_S.REJECTED, _S.DUPLICATE, _S.CLOSED}
RUNNING = frozenset({_S.REPORTED, _S.REGISTERED, _S.DISPATCHED, _S.HANDLING, _S.REOPENED})
"""States in which the clock of the case runs: somebody still has to handle it."""
_OUT = frozenset({_S.DISPATCHED, _S.HANDLING})
_NEW = frozenset({_S.REPORTED, _S.REGISTERED})
_DISPATCHER = frozenset({_C.DISPATCHER, _C.OFFICE})
_LEAD = frozenset({_C.LEAD})
_BOTH = _DISPATCHER | _LEAD
_CHECKER = frozenset({_C.CHECKER})

RULES: Mapping[Action, Rule] = {
    Action.REGISTER: Rule(sources=frozenset({_S.REPORTED}), target=_S.REGISTERED, who=_DISPATCHER),
    Action.REJECT: Rule(sources=_NEW, target=_S.REJECTED, who=_DISPATCHER, needs=("reason",)),
    # whoever is about to report what is reported already joins that case himself
    Action.MERGE: Rule(sources=_NEW, target=_S.DUPLICATE, who=_DISPATCHER | {_C.REPORTER}, needs=("duplicate_of_id",)),
    Action.CLASSIFY: Rule(sources=_NEW | {_S.REOPENED}, who=_DISPATCHER, needs=("kind",)),
    # whoever dispatches what is only reported registers it with the same stroke: see acting
    Action.DISPATCH: Rule(
        sources=frozenset({_S.REGISTERED, _S.REOPENED}), target=_S.DISPATCHED, who=_DISPATCHER, needs=("lead",)
    ),
    Action.ACCEPT: Rule(sources=frozenset({_S.DISPATCHED, _S.REOPENED}), target=_S.HANDLING, who=_LEAD),
    Action.RETURN: Rule(sources=_OUT, target=_S.REGISTERED, who=_LEAD, needs=("reason",)),
    Action.TRANSFER: Rule(sources=_OUT, target=_S.DISPATCHED, who=_BOTH, needs=("lead", "reason")),
    Action.HANDLE: Rule(sources=frozenset({_S.HANDLING}), target=_S.HANDLED, who=_LEAD),
    Action.CHECK: Rule(sources=frozenset({_S.HANDLED}), target=_S.VERIFYING, who=_CHECKER),
    Action.CLOSE: Rule(sources=frozenset({_S.VERIFYING}), target=_S.CLOSED, who=_CHECKER),
    Action.REWORK: Rule(sources=frozenset({_S.VERIFYING}), target=_S.HANDLING, who=_CHECKER, needs=("reason",)),
    Action.REOPEN: Rule(
        sources=frozenset({_S.CLOSED}), target=_S.REOPENED, who=_DISPATCHER | {_C.REPORTER}, needs=("reason",)
    ),
    Action.ASK_TIME: Rule(sources=_OUT, who=_LEAD, needs=("until", "reason")),
    Action.EXTEND: Rule(sources=_OUT, who=_DISPATCHER, needs=("until", "reason")),
    Action.PARK: Rule(sources=_OUT, target=_S.PARKED, who=_DISPATCHER, needs=("review_on", "reason")),
    Action.RESUME: Rule(sources=frozenset({_S.PARKED}), who=_DISPATCHER, goes_back=True),
    Action.ESCALATE: Rule(sources=RUNNING | {_S.PARKED}, who=_BOTH, needs=("reason",)),
    Action.REMIND: Rule(sources=RUNNING | {_S.HANDLED, _S.VERIFYING}, who=_DISPATCHER),
    Action.ADD_PARTY: Rule(sources=OPEN, who=_BOTH, needs=("organisation_id", "role")),
    Action.END_PARTY: Rule(sources=OPEN, who=_BOTH, needs=("organisation_id",)),
    Action.MOVE: Rule(sources=OPEN, who=_DISPATCHER | {_C.CHECKER, _C.REPORTER}, needs=("where",)),
    Action.ANSWER: Rule(sources=frozenset(State), who=_BOTH, needs=("answer",)),
    Action.RATE: Rule(
        sources=frozenset({_S.CLOSED}), who=_DISPATCHER | {_C.REPORTER, _C.CHECKER}, needs=("satisfaction",)
    ),
}
FIRST: Mapping[Action, State] = {Action.REPORT: State.REPORTED, Action.SELF_HANDLE: State.CLOSED}
"""How a case begins."""
DOER_MAY_NOT = frozenset({Action.CHECK, Action.CLOSE, Action.REWORK})
"""The checker is never the doer."""


def refusal(
    action: Action, state: State, who: Collection[Capacity], given: Collection[str], *, is_doer: bool = False
) -> str | None:
    """Why the action cannot be taken in that state by somebody in these capacities; None where it can.

    A code: `not_now`, `not_yours`, `doer`, or `needs_` and the first field that is missing of those `given`.
    """
    rule = RULES[action]
    if state not in rule.sources:
        return "not_now"
    if not rule.who & set(who):
        return "not_yours"
    if action in DOER_MAY_NOT and is_doer:
        return "doer"
    return next((f"needs_{field}" for field in rule.needs if field not in given), None)


def target(action: Action, state: State, parked_from: State | None = None) -> State:
    """The state after the action; it has been found possible before."""
    rule = RULES[action]
    if rule.goes_back:
        assert parked_from is not None
        return parked_from
    return rule.target or state


def possible(state: State, who: Collection[Capacity], *, is_doer: bool = False) -> tuple[Action, ...]:
    """The actions that somebody in these capacities may take in that state, in the order of the table."""
    return tuple(
        action
        for action, rule in RULES.items()
        if state in rule.sources and rule.who & set(who) and not (is_doer and action in DOER_MAY_NOT)
    )


def higher(level: Level) -> Level | None:
    """The next level up; None above the highest."""
    above = LEVELS[LEVELS.index(level) + 1 :]
    return above[0] if above else None

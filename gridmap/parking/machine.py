"""Which action leads from which state to which, who may take it, and what it needs: one table, pure, and all of it.

It is about one car from outside in one estate. Source of the states: seen by day is free; each evening with a violation
is a notice; the last of them is the last warning; the next one proposes a ban, which starts when a second person
confirms it and ends by itself; an appeal can revoke it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a car stands with an estate."""

    FREE = "free"
    """Nothing counts against it."""
    NOTICED = "noticed"
    WARNED = "warned"
    """It has had the last warning."""
    PROPOSED = "proposed"
    """A ban waits for a second person."""
    BANNED = "banned"
    APPEALED = "appealed"
    """Banned, and somebody has objected."""


class Action(StrEnum):
    """What happens to it."""

    NOTICE = "notice"
    WARN = "warn"
    PROPOSE = "propose"
    ADD = "add"
    """Another evening, while a ban waits."""
    TRESPASS = "trespass"
    """Seen inside although banned."""
    WITHDRAW = "withdraw"
    """A violation is taken back: a wrong plate, a visitor."""
    CONFIRM = "confirm"
    DECLINE = "decline"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    REVOKE = "revoke"
    EXPIRE = "expire"
    RESET = "reset"
    """Clean for long enough."""


class Capacity(StrEnum):
    """As what somebody acts on it; one account may have several."""

    WATCHER = "watcher"
    """On duty where it was seen."""
    SEER = "seer"
    """Wrote down the very violation."""
    DECIDER = "decider"
    """Leads the community, or its street."""
    OFFICE = "office"
    """The clock: nobody has to do anything."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One action: from which states, to which (None: that follows from what is left to count), by whom, with what."""

    sources: frozenset[State]
    target: State | None = None
    who: frozenset[Capacity]
    needs: tuple[str, ...] = ()


_S, _C = State, Capacity
COUNTING = frozenset({_S.FREE, _S.NOTICED, _S.WARNED})
"""States in which a violation is a notice or proposes a ban; also a warned one may be noticed once more, where the
estate has come to allow more notices since.
"""
BARRED = frozenset({_S.BANNED, _S.APPEALED})
"""States in which it may not enter."""
OPEN = frozenset(State) - {_S.FREE}
"""States in which a notice or a ban is open: only then is the plate kept in clear."""
_BEFORE = frozenset({_S.NOTICED, _S.WARNED, _S.PROPOSED})
_WATCHER, _DECIDER, _OFFICE = frozenset({_C.WATCHER}), frozenset({_C.DECIDER}), frozenset({_C.OFFICE})
_PROPOSED = frozenset({_S.PROPOSED})

RULES: Mapping[Action, Rule] = {
    Action.NOTICE: Rule(sources=COUNTING, target=_S.NOTICED, who=_WATCHER),
    Action.WARN: Rule(sources=COUNTING, target=_S.WARNED, who=_WATCHER),
    Action.PROPOSE: Rule(sources=COUNTING, target=_S.PROPOSED, who=_WATCHER),
    Action.ADD: Rule(sources=_PROPOSED, target=_S.PROPOSED, who=_WATCHER),
    # banned stays banned, appealed stays appealed
    Action.TRESPASS: Rule(sources=BARRED, who=_WATCHER),
    Action.WITHDRAW: Rule(sources=_BEFORE, who=_DECIDER | {_C.SEER}, needs=("evening", "reason")),
    Action.CONFIRM: Rule(sources=_PROPOSED, target=_S.BANNED, who=_DECIDER, needs=("reason",)),
    Action.DECLINE: Rule(sources=_PROPOSED, target=_S.WARNED, who=_DECIDER, needs=("reason",)),
    Action.APPEAL: Rule(sources=frozenset({_S.BANNED}), target=_S.APPEALED, who=_WATCHER | _DECIDER, needs=("reason",)),
    Action.UPHOLD: Rule(sources=frozenset({_S.APPEALED}), target=_S.BANNED, who=_DECIDER, needs=("reason",)),
    Action.REVOKE: Rule(sources=BARRED, target=_S.FREE, who=_DECIDER, needs=("reason",)),
    Action.EXPIRE: Rule(sources=BARRED, target=_S.FREE, who=_OFFICE),
    Action.RESET: Rule(sources=_BEFORE, target=_S.FREE, who=_OFFICE),
}
SIGHTED = frozenset({Action.NOTICE, Action.WARN, Action.PROPOSE, Action.ADD, Action.TRESPASS})
"""What a sighting leads to; which of them, the rules of the estate say."""
BY_ITSELF = frozenset({Action.EXPIRE, Action.RESET})
"""What the clock does."""
SECOND_PERSON = frozenset({Action.CONFIRM})
"""Never by whoever saw it then, or proposed it."""


def refusal(action: Action, state: State, who: Collection[Capacity], given: Collection[str]) -> str | None:
    """Why the action cannot be taken in that state by somebody in these capacities; None where it can.

    A code: `not_now`, `not_yours`, or `needs_` and the first field that is missing of those `given`. Words for it are
    in `gridmap.parking.words`.
    """
    rule = RULES[action]
    if state not in rule.sources:
        return "not_now"
    if not rule.who & set(who):
        return "not_yours"
    return next((f"needs_{field}" for field in rule.needs if field not in given), None)


def possible(state: State, who: Collection[Capacity]) -> tuple[Action, ...]:
    """What somebody in these capacities may decide in that state, in the order of the table; seeing is not deciding."""
    return tuple(
        action
        for action, rule in RULES.items()
        if action not in SIGHTED | BY_ITSELF and state in rule.sources and rule.who & set(who)
    )

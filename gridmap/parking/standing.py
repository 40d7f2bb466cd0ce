"""Where a car from outside stands with an estate, and what each action does to that. Pure; the tables follow it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from gridmap.clock import OFFICE
from gridmap.parking.machine import BY_ITSELF, RULES, SECOND_PERSON, SIGHTED, Action, State
from gridmap.parking.rules import Rules, ban_until, forgotten_at, months_after

MOST_REASON = 500
"""Characters of a reason."""
_RISING = (State.FREE, State.NOTICED, State.WARNED, State.PROPOSED)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A ban that waits: for the violation of which evening, by whom, and whoever has seen it since (accounts)."""

    evening: date
    at: datetime
    proposed_by: int
    saw: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class Ban:
    """A ban that runs from `starts_at` to before `until`."""

    starts_at: datetime
    until: datetime
    reason: str
    proposed_by: int
    saw: frozenset[int]
    confirmed_by: int

    def holds(self, at: datetime) -> bool:
        """Whether the car may not enter at that moment; at the very second of its end it may."""
        return self.starts_at <= at < self.until


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What changes of a car as it is seen and decided on.

    `evenings` are those with a violation that counts, in order; `last_on` the last one with a violation, counted or
    not; what was seen before `counts_since` counts no more; at `resets_at` nothing does.
    """

    state: State = State.FREE
    evenings: tuple[date, ...] = ()
    last_on: date | None = None
    counts_since: datetime | None = None
    resets_at: datetime | None = None
    proposal: Proposal | None = None
    ban: Ban | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One action: when, by which account, and what it brings. `others` are further accounts of the same person."""

    action: Action
    at: datetime
    account_id: int | None = None
    others: frozenset[int] = frozenset()
    evening: date | None = None
    reason: str = ""

    @property
    def accounts(self) -> frozenset[int]:
        """All accounts of whoever acts."""
        return self.others if self.account_id is None else self.others | {self.account_id}


def run_of(evenings: Iterable[date], clean_months: int) -> tuple[date, ...]:
    """The evenings that count together, in order: those since the last time that so many months were clean."""
    run: tuple[date, ...] = ()
    for evening in sorted(set(evenings)):
        is_clean = bool(run) and evening >= months_after(run[-1], clean_months)
        run = (evening,) if is_clean else (*run, evening)
    return run


def overdue(standing: Standing, now: datetime) -> Step | None:
    """What the clock does by itself by `now`, at the moment at which it does: a ban ends, or notices count no more."""
    if standing.ban is not None:
        until = standing.ban.until
        return Step(action=Action.EXPIRE, at=until) if now >= until else None
    if standing.resets_at is not None and now >= standing.resets_at:
        return Step(action=Action.RESET, at=standing.resets_at)
    return None


def settled(standing: Standing, now: datetime, rules: Rules) -> tuple[Standing, tuple[Step, ...]]:
    """Where it stands at `now` once all has happened that happens by itself, and what that was.

    To be asked before anything else is: what is written may be older than the end of a ban.
    """
    now = max(now, standing.changed_at or now)
    steps: list[Step] = []
    while (step := overdue(standing, now)) is not None:
        standing = advance(standing, step, rules)
        steps.append(step)
    return standing, tuple(steps)


def hindrance(standing: Standing, step: Step) -> str | None:
    """Why the step cannot be although the table allows it; None where it can.

    A code: `nobody`, `same_person`, `evening`, `needs_reason`, `reason`, `too_early`, or `changed` where something has
    happened by itself that is not settled.
    """
    due = overdue(standing, max(step.at, standing.changed_at or step.at))
    if step.action in BY_ITSELF:
        return None if due is not None and due.action is step.action else "too_early"
    if due is not None:
        return "changed"
    if step.account_id is None:
        return "nobody"
    if step.action in SECOND_PERSON and _took_part(standing) & step.accounts:
        return "same_person"
    return _lacking(standing, step)


def _took_part(standing: Standing) -> frozenset[int]:
    proposal = standing.proposal
    return frozenset() if proposal is None else proposal.saw | {proposal.proposed_by}


def _lacking(standing: Standing, step: Step) -> str | None:
    """What the step should have brought."""
    if step.action in SIGHTED - {Action.TRESPASS} and step.evening is None:
        return "evening"
    if step.evening is not None and step.evening > step.at.astimezone(OFFICE).date():
        return "evening"
    if step.action is Action.WITHDRAW and step.evening not in standing.evenings:
        return "evening"
    if "reason" in RULES[step.action].needs and not step.reason.strip():
        return "needs_reason"
    return "reason" if len(step.reason) > MOST_REASON else None


def advance(standing: Standing, step: Step, rules: Rules) -> Standing:
    """Where it stands after the step, found possible before. Clocks only run on, whatever `step.at` says."""
    at = max(step.at, standing.changed_at or step.at)
    marks = {
        Action.WITHDRAW: _withdrawn,
        Action.CONFIRM: _confirmed,
        Action.DECLINE: _declined,
        Action.REVOKE: _ended,
        Action.EXPIRE: _ended,
        Action.RESET: _ended,
    }
    if step.action in SIGHTED:
        changes = _sighted(standing, step, at, rules)
    elif step.action in marks:
        changes = marks[step.action](standing, step, at, rules)
    else:
        changes = {}
    state = RULES[step.action].target or changes.get("state", standing.state)
    return replace(standing, **{**changes, "state": state, "changed_at": at})


def _sighted(standing: Standing, step: Step, at: datetime, rules: Rules) -> dict[str, Any]:
    """A violation counts for its evening once; of a banned car it is only written down."""
    evening = step.evening
    last_on = max(evening or date.min, standing.last_on or date.min)
    told: dict[str, Any] = {"last_on": None if last_on == date.min else last_on}
    if step.action is Action.TRESPASS or evening is None:
        return told
    evenings = run_of((*standing.evenings, evening), rules.clean_months)
    told |= {"evenings": evenings, "resets_at": forgotten_at(rules, evenings[-1])}
    if step.action is Action.PROPOSE:
        assert step.account_id is not None
        told["proposal"] = Proposal(evening=evening, at=at, proposed_by=step.account_id, saw=step.accounts)
    elif standing.proposal is not None:
        told["proposal"] = replace(standing.proposal, saw=standing.proposal.saw | step.accounts)
    return told


def _withdrawn(standing: Standing, step: Step, _at: datetime, rules: Rules) -> dict[str, Any]:
    """One evening less; a proposal that rested on it goes as well. No state is higher than it was."""
    kept = (evening for evening in standing.evenings if evening != step.evening)
    left = run_of(kept, rules.clean_months)
    proposal = standing.proposal
    if proposal is not None and (proposal.evening not in left or len(left) < rules.proposes_at):
        proposal = None
    if not left:
        state = State.FREE
    elif proposal is not None:
        state = State.PROPOSED
    else:
        state = State.WARNED if len(left) >= rules.notices else State.NOTICED
    last_on = max(left, default=None) if standing.last_on == step.evening else standing.last_on
    return {
        "state": min(state, standing.state, key=_RISING.index),
        "evenings": left,
        "last_on": last_on,
        "resets_at": forgotten_at(rules, left[-1]) if left else None,
        "proposal": proposal,
    }


def _confirmed(standing: Standing, step: Step, at: datetime, rules: Rules) -> dict[str, Any]:
    """The ban starts, at a whole second: what is printed of it is all of it."""
    proposal = standing.proposal
    assert proposal is not None
    assert step.account_id is not None
    starts_at = at.replace(microsecond=0)
    ban = Ban(
        starts_at=starts_at,
        until=ban_until(starts_at, rules.ban_months),
        reason=step.reason.strip(),
        proposed_by=proposal.proposed_by,
        saw=proposal.saw,
        confirmed_by=step.account_id,
    )
    return {"ban": ban, "proposal": None, "resets_at": None}


def _declined(_standing: Standing, _step: Step, _at: datetime, _rules: Rules) -> dict[str, Any]:
    """The last warning stands: the next violation proposes again."""
    return {"proposal": None}


def _ended(_standing: Standing, step: Step, at: datetime, _rules: Rules) -> dict[str, Any]:
    """A ban that was served or revoked, or clean months: counting begins anew with what is seen from then on."""
    since = step.at if step.action in BY_ITSELF else at
    return {"evenings": (), "counts_since": since, "resets_at": None, "proposal": None, "ban": None}

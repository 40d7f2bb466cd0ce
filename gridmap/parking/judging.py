"""What a sighting of a car from outside means: nothing, or an action of the machine. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gridmap.parking.machine import Action, State
from gridmap.parking.rules import BanOn, Rules, evening_of
from gridmap.parking.standing import Standing, run_of


class Nothing(StrEnum):
    """Why a sighting has no consequence."""

    KNOWN = "known"
    """Registered, or exempt at that moment."""
    DAY = "day"
    """It may stand there then."""
    AGAIN = "again"
    """That evening has been written down."""
    LATE = "late"
    """Told so late that what it would have counted to is over."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What follows from a sighting: an action, or why nothing does.

    `evening` of the violation, new or not; `number` of the notice that is given with it, None where none is.
    """

    action: Action | None = None
    nothing: Nothing | None = None
    evening: date | None = None
    number: int | None = None


def judge(standing: Standing, seen_at: datetime, rules: Rules) -> Verdict:
    """What follows where a car that stands so, all that happens by itself being settled, was seen at that moment.

    Whether it is known, and so left alone, is asked before: see `gridmap.parking.known`.
    """
    evening = evening_of(rules, seen_at)
    if standing.ban is not None and standing.ban.holds(seen_at):
        return Verdict(action=Action.TRESPASS, evening=evening)
    if evening is None:
        return Verdict(nothing=Nothing.DAY)
    if standing.ban is not None or (standing.counts_since is not None and seen_at < standing.counts_since):
        return Verdict(nothing=Nothing.LATE, evening=evening)
    if standing.state is State.PROPOSED:
        return Verdict(action=Action.ADD, evening=evening)
    if evening in standing.evenings or evening == standing.last_on:
        return Verdict(nothing=Nothing.AGAIN, evening=evening)
    return _counted(standing, evening, rules)


def _counted(standing: Standing, evening: date, rules: Rules) -> Verdict:
    """Which notice it is, or whether it proposes a ban; nobody is proposed for one who has had no last warning."""
    evenings = run_of((*standing.evenings, evening), rules.clean_months)
    if evening not in evenings:
        return Verdict(nothing=Nothing.LATE, evening=evening)
    count = len(evenings)
    is_warned = standing.state is State.WARNED or rules.ban_on is BanOn.THIRD_NOTICE
    if count >= rules.proposes_at and is_warned:
        return Verdict(action=Action.PROPOSE, evening=evening, number=count if count <= rules.notices else None)
    action = Action.WARN if count >= rules.notices else Action.NOTICE
    return Verdict(action=action, evening=evening, number=min(count, rules.notices))

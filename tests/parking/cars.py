"""Cars from outside that tests of parking see and decide on, shared by them."""

from datetime import date, datetime

from gridmap.clock import OFFICE
from gridmap.parking.judging import Verdict, judge
from gridmap.parking.machine import BARRED, Action, Capacity, refusal
from gridmap.parking.rules import BanOn, Rules
from gridmap.parking.standing import Standing, Step, advance, hindrance, settled

PLAIN = Rules()
AT_ONCE = Rules(ban_on=BanOn.THIRD_NOTICE)
NEW = Standing()
WATCHER, OTHER, LEADER = 1, 2, 9
EVERYTHING = frozenset(("reason", "evening"))


def at(day: str, hour: str = "19:00") -> datetime:
    """An hour of a day of the office."""
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=OFFICE)


def see(standing: Standing, moment: datetime, rules: Rules = PLAIN, by: int = WATCHER) -> tuple[Standing, Verdict]:
    """Where the car stands after it was seen then, and what that was."""
    standing, _steps = settled(standing, moment, rules)
    verdict = judge(standing, moment, rules)
    if verdict.action is None:
        return standing, verdict
    step = Step(action=verdict.action, at=moment, account_id=by, evening=verdict.evening)
    assert refusal(step.action, standing.state, {Capacity.WATCHER}, ()) is None
    assert hindrance(standing, step) is None
    return advance(standing, step, rules), verdict


def seen(*days: str, rules: Rules = PLAIN, standing: Standing = NEW) -> Standing:
    """Where the car stands after it was seen on these evenings."""
    for day in days:
        standing, _verdict = see(standing, at(day), rules)
    return standing


def decide(
    standing: Standing, action: Action, moment: datetime, by: int = LEADER, evening: date | None = None
) -> Standing:
    """Where it stands after a leader has decided so."""
    step = Step(action=action, at=moment, account_id=by, reason="because", evening=evening)
    assert refusal(action, standing.state, {Capacity.DECIDER}, EVERYTHING) is None
    assert hindrance(standing, step) is None
    return advance(standing, step, PLAIN)


def is_barred(standing: Standing, moment: datetime) -> bool:
    """Whether the car may not enter at that moment, whatever has been written since."""
    return standing.state in BARRED and standing.ban is not None and standing.ban.holds(moment)


FOUR = ("2026-03-02", "2026-03-03", "2026-03-05", "2026-03-09")


def banned(hour: str = "09:30") -> Standing:
    """A ban that was confirmed on 10 March."""
    return decide(seen(*FOUR), Action.CONFIRM, at("2026-03-10", hour))

"""Whatever is done to a car in whatever order: no illegal state, no ban by one alone, no clock that runs backwards."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.parking.judging import judge
from gridmap.parking.machine import BARRED, RULES, SIGHTED, Action, Capacity, State, possible, refusal
from gridmap.parking.rules import BanOn, Rules, ban_until, months_after
from gridmap.parking.standing import Standing, Step, advance, hindrance, overdue, run_of, settled
from tests.parking.cars import AT_ONCE, EVERYTHING, NEW, PLAIN, at, is_barred

BEGINNING = at("2026-01-05")
CHOICES = (
    PLAIN,
    AT_ONCE,
    Rules(notices=1, clean_months=1, ban_months=1),
    Rules(notices=1, clean_months=1, ban_months=1, ban_on=BanOn.THIRD_NOTICE),
    Rules(tolerance_minutes=30, evenings=frozenset(range(5)), notices=2),
)
DECISIONS = tuple(action for action in RULES if action not in SIGHTED)
PAUSES = (0, 59, 3_600, 43_200, 86_400, 86_400, 86_400, 90_000, 200_000, 3_000_000, -7_200)


@dataclass
class Car:
    """A car, all that happened to it, and what the test itself counts beside the machine."""

    standing: Standing = NEW
    now: datetime = BEGINNING
    counted: set[date | None] = field(default_factory=set)
    confirmed: int = 0


@dataclass(frozen=True)
class Passed:
    """One step with what was before and after it."""

    before: Standing
    step: Step
    after: Standing
    rules: Rules


def happens(car: Car, chance: random.Random, rules: Rules) -> Iterator[Passed]:
    """One thing that somebody does, if it is not refused, and before it all that happens by itself."""
    car.now += timedelta(seconds=chance.choice(PAUSES), microseconds=chance.randrange(1_000_000))
    before = car.standing
    _end, steps = settled(before, car.now, rules)
    for step in steps:
        after = advance(before, step, rules)
        yield Passed(before, step, after, rules)
        before = after
    step = wish(before, car.now, chance, rules)
    if step is not None and hindrance(before, step) is None:
        who = frozenset(chance.sample(list(Capacity), 3))
        if refusal(step.action, before.state, who, EVERYTHING) is None:
            after = advance(before, step, rules)
            yield Passed(before, step, after, rules)
            before = after
    car.standing = before


def wish(standing: Standing, now: datetime, chance: random.Random, rules: Rules) -> Step | None:
    """Somebody sees it, now or told late, or decides something, perhaps nothing that can be."""
    account = chance.choice((1, 2, 3, 3, 4, 4, None))
    if chance.random() < 0.7:
        told = now - timedelta(days=chance.choice((0, 0, 0, 0, 1, 3, 40)))
        verdict = judge(standing, told, rules)
        return verdict.action and Step(action=verdict.action, at=now, account_id=account, evening=verdict.evening)
    likely = possible(standing.state, set(Capacity)) or DECISIONS
    action = chance.choice(likely if chance.random() < 0.8 else DECISIONS)
    evening = chance.choice((*standing.evenings, now.date()))
    reason = chance.choice(("because", "because", "because", ""))
    return Step(action=action, at=now, account_id=account, evening=evening, reason=reason)


def check(car: Car, passed: Passed) -> None:
    """What holds after every action, whatever came before."""
    before, step, after, rules = passed.before, passed.step, passed.after, passed.rules
    rule = RULES[step.action]
    assert before.state in rule.sources
    assert rule.target is None or after.state is rule.target
    assert after.changed_at is not None
    assert after.changed_at >= (before.changed_at or step.at)
    assert after.counts_since is None or before.counts_since is None or after.counts_since >= before.counts_since
    # no state that says what is not so
    assert (after.ban is not None) == (after.state in BARRED)
    assert (after.proposal is not None) == (after.state is State.PROPOSED)
    assert (after.state is State.FREE) == (not after.evenings)
    assert (after.resets_at is not None) == (after.state in (State.NOTICED, State.WARNED, State.PROPOSED))
    # an evening counts once, and one at a time
    assert list(after.evenings) == sorted(set(after.evenings))
    assert after.evenings == run_of(after.evenings, rules.clean_months)
    assert len(after.evenings) - len(before.evenings) <= 1
    check_notice(car, step)
    check_ban(car, passed)


def check_notice(car: Car, step: Step) -> None:
    """No evening brings two notices, whatever has ended or been revoked since; but for one that was taken back."""
    if step.action in (Action.NOTICE, Action.WARN, Action.PROPOSE):
        assert step.evening is not None
        assert step.evening not in car.counted
        car.counted.add(step.evening)
    if step.action is Action.WITHDRAW:
        car.counted -= {step.evening}


def check_ban(car: Car, passed: Passed) -> None:
    """No ban without reason, end and a second person; it changes no more and ends at its very second."""
    before, step, after = passed.before, passed.step, passed.after
    if step.action is Action.CONFIRM:
        ban, proposal = after.ban, before.proposal
        assert ban is not None
        assert proposal is not None
        assert ban.reason.strip()
        assert ban.until == ban_until(ban.starts_at, passed.rules.ban_months) > ban.starts_at
        assert ban.confirmed_by not in {ban.proposed_by, *ban.saw, *proposal.saw}
        assert len(before.evenings) >= passed.rules.proposes_at
        car.confirmed += 1
    elif after.ban is not None:
        assert after.ban == before.ban
    if step.action is Action.EXPIRE:
        assert before.ban is not None
        assert step.at == before.ban.until
        moment = timedelta(microseconds=1)
        assert before.ban.holds(step.at - moment)
        assert not before.ban.holds(step.at)
        assert overdue(before, step.at - timedelta(seconds=1)) is None
        assert not is_barred(after, step.at)
    if before.ban is not None and after.ban is None:
        assert step.action in (Action.EXPIRE, Action.REVOKE)


def test_ten_thousand_random_paths() -> None:
    seen_pairs: set[tuple[Action, State]] = set()
    bans = 0
    for number in range(10_000):
        chance, car = random.Random(number), Car()
        rules = chance.choice(CHOICES)
        for _ in range(20):
            for passed in happens(car, chance, rules):
                check(car, passed)
                seen_pairs.add((passed.step.action, passed.before.state))
        bans += car.confirmed
    assert bans > 500
    everything = {(action, state) for action, rule in RULES.items() for state in rule.sources}
    # whoever was warned is noticed or warned again only where the rules have changed in between
    assert everything - seen_pairs == {(Action.NOTICE, State.WARNED), (Action.WARN, State.WARNED)}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_long_paths_under_rules_that_change(seed: int) -> None:
    chance, car = random.Random(seed), Car()
    for _ in range(60):
        rules = chance.choice(CHOICES)
        for passed in happens(car, chance, rules):
            assert passed.before.state in RULES[passed.step.action].sources
            assert (passed.after.ban is not None) == (passed.after.state in BARRED)
            assert (passed.after.proposal is not None) == (passed.after.state is State.PROPOSED)
            check_ban_only(passed)


def check_ban_only(passed: Passed) -> None:
    if passed.step.action is Action.CONFIRM:
        assert passed.after.ban is not None
        assert passed.after.ban.confirmed_by not in passed.after.ban.saw | {passed.after.ban.proposed_by}
        assert passed.after.ban.reason.strip()


@settings(max_examples=200, deadline=None)
@given(
    days=st.lists(st.integers(0, 400), min_size=1, max_size=12),
    months=st.integers(1, 6),
    order=st.randoms(use_true_random=False),
)
def test_an_order_of_telling_makes_no_other_run(days: list[int], months: int, order: random.Random) -> None:
    evenings = [date(2025, 1, 1) + timedelta(days=day) for day in days]
    shuffled = evenings * 2
    order.shuffle(shuffled)
    run = run_of(shuffled, months)
    assert run == run_of(evenings, months)
    assert run[-1] == max(evenings)
    assert all(later < months_after(earlier, months) for earlier, later in pairwise(run))

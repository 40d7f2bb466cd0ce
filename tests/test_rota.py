"""The rota: filled, fair, apart; beside every rota there is on small groups, and a flow of OR-Tools on large ones."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import combinations, pairwise, product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gridmap.analysis.rota import (
    Hindrance,
    Person,
    Plan,
    Reason,
    TooMuch,
    Turn,
    TwiceTheSame,
    credit_for,
    plan_rota,
    turns_within,
)
from gridmap.analysis.rota.board import set_out
from gridmap.analysis.rota.bound import least_close
from gridmap.analysis.rota.fair import Shares, even_out, fill
from gridmap.bench.rotas import GROUPS, measure
from gridmap.clock import OFFICE
from gridmap.periods import Calendar, Period
from tests.rota_groups import CALENDAR, EVENING, QUARTERS, away, evenings, leave_of, random_group

Given = Sequence[tuple[int, ...]]
"""Who has each turn."""
MANY = 1_000
SEEDS = st.integers(0, 2**32 - 1)


def most_that_fit(person: Person, turns: Sequence[Turn], gap: int) -> int:
    found, last = 0, person.last_on
    for turn in turns:
        if person.hindrance(turn) is None and (last is None or (turn.day - last).days >= gap):
            found, last = found + 1, turn.day
    return found


def aims(given_to: Given, turns: Sequence[Turn], people: Sequence[Person], gap: int) -> tuple[int, ...]:
    """What the rota has to make small, the first first."""
    sums = [0] * 5
    for person in people:
        days = [0] * 7
        for turn, on in zip(turns, given_to, strict=True):
            days[turn.day.weekday()] += person.id in on
        total = sum(days)
        sums[0] += max(total - most_that_fit(person, turns, gap), 0)
        sums[1] += (sum(person.had) + total) ** 2
        sums[2] += total**2
        sums[3] += sum((before + now) ** 2 for before, now in zip(person.had, days, strict=True))
        sums[4] += sum(now**2 for now in days)
    return tuple(sums)


def spread_of(given_to: Given, people: Sequence[Person]) -> int:
    totals = [sum(person.had) + sum(person.id in on for on in given_to) for person in people]
    return max(totals) - min(totals)


def close_pairs(given_to: Given, turns: Sequence[Turn], people: Sequence[Person], gap: int) -> int:
    return sum(near > 0 for near in nearness(given_to, turns, people, gap))


def days_too_near(given_to: Given, turns: Sequence[Turn], people: Sequence[Person], gap: int) -> int:
    return sum(nearness(given_to, turns, people, gap))


def nearness(given_to: Given, turns: Sequence[Turn], people: Sequence[Person], gap: int) -> Iterator[int]:
    for person in people:
        days = [turn.day for turn, on in zip(turns, given_to, strict=True) if person.id in on]
        days += [person.last_on] if person.last_on else []
        yield from (max(gap - abs((one - other).days), 0) for one, other in combinations(days, 2))


def given_in(plan: Plan) -> list[tuple[int, ...]]:
    return [manned.people for manned in plan.turns]


def every_rota(turns: Sequence[Turn], people: Sequence[Person]) -> Iterator[Given]:
    """All ways to put as many people on each turn as can come; of too many of them hypothesis is told to try others."""
    choices: list[list[tuple[int, ...]]] = []
    for turn in turns:
        free = [person.id for person in people if person.hindrance(turn) is None]
        choices.append(list(combinations(free, min(turn.needed, len(free)))))
    assume(math.prod(map(len, choices)) <= MANY)
    yield from product(*choices)


def must_hold(plan: Plan, turns: Sequence[Turn], people: Sequence[Person]) -> None:
    known = {person.id: person for person in people}
    assert [manned.turn for manned in plan.turns] == sorted(turns)
    for manned in plan.turns:
        free = [person for person in people if person.hindrance(manned.turn) is None]
        assert len(set(manned.people)) == len(manned.people) == min(manned.turn.needed, len(free))
        assert all(known[one].hindrance(manned.turn) is None for one in manned.people)
        assert (manned.reason is None) == (manned.missing == 0)
        if manned.reason:
            assert sum(manned.hindered.values()) == len(people) - len(manned.people)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, people=st.integers(0, 14), days=st.integers(1, 60), needed=st.integers(1, 4), gap=st.integers(0, 9))
def test_filled_as_can_be_nobody_hindered_nobody_twice(
    seed: int, people: int, days: int, needed: int, gap: int
) -> None:
    rng = random.Random(seed)
    within = Period(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=days))
    turns = list(evenings(within, needed))
    group = random_group(rng, people, within, 0.4)
    plan = plan_rota(turns, group, gap_days=gap)
    must_hold(plan, turns, group)
    assert plan.close == close_pairs(given_in(plan), sorted(turns), group, gap)
    assert plan.close >= plan.close_at_least
    rng.shuffle(turns)
    rng.shuffle(group)
    assert plan_rota(turns, group, gap_days=gap) == plan


@settings(max_examples=80, deadline=None)
@given(seed=SEEDS, people=st.integers(1, 4), days=st.integers(1, 9), needed=st.integers(1, 2), gap=st.integers(1, 5))
def test_no_other_rota_of_a_small_group_is_fairer(seed: int, people: int, days: int, needed: int, gap: int) -> None:
    rng = random.Random(seed)
    within = Period(date(2026, 5, 6), date(2026, 5, 6) + timedelta(days=days))
    turns = evenings(within, needed)
    group = random_group(rng, people, within, 0.3)
    plan = plan_rota(turns, group, gap_days=gap)
    everything = list(every_rota(turns, group))
    best = min(aims(one, turns, group, gap) for one in everything)
    found = aims(given_in(plan), turns, group, gap)
    assert aims(fair_alone(turns, group, gap), turns, group, gap) == best
    # weekdays give way where turns would be too near, and to nothing else
    assert found[:3] == best[:3]
    near = days_too_near(given_in(plan), turns, group, gap)
    assert found == best or near < days_too_near(fair_alone(turns, group, gap), turns, group, gap)
    assert plan.close_at_least <= min(close_pairs(one, turns, group, gap) for one in everything)
    # where all turns lie in one run the bound is exact
    fresh = [replace(person, last_on=None) for person in group]
    assert least_close(set_out(turns, fresh, {}, 30)) == min(close_pairs(one, turns, fresh, 30) for one in everything)
    anyhow = plan_rota(turns, group, gap_days=1)
    assert spread_of(given_in(anyhow), group) == min(spread_of(one, group) for one in everything)


def fair_alone(turns: Sequence[Turn], people: Sequence[Person], gap: int) -> list[tuple[int, ...]]:
    """The rota before turns are moved apart."""
    board = set_out(turns, people, {}, gap)
    shares = Shares(board)
    fill(shares)
    even_out(shares)
    return [tuple(person.id for person, on in zip(people, column, strict=True) if on) for column in board.on.T]


def by_ortools(turns: Sequence[Turn], people: Sequence[Person], gap: int) -> int:
    """The least cost of the same aims as a flow through every day and person, each unit on an arc of its own."""
    from ortools.graph.python import min_cost_flow

    network = min_cost_flow.SimpleMinCostFlow()
    sink = len(turns) + 8 * len(people)
    for column, turn in enumerate(turns):
        free = [row for row, person in enumerate(people) if person.hindrance(turn) is None]
        network.set_node_supply(column, min(turn.needed, len(free)))
        for row in free:
            weekday = len(turns) + 8 * row + turn.day.weekday()
            network.add_arc_with_capacity_and_unit_cost(column, weekday, 1, 0)
    network.set_node_supply(sink, -sum(min(t.needed, sum(p.hindrance(t) is None for p in people)) for t in turns))
    for row, person in enumerate(people):
        total, most = len(turns) + 8 * row + 7, most_that_fit(person, turns, gap)
        for weekday in range(7):
            for unit in range(sum(turn.day.weekday() == weekday for turn in turns)):
                cost = WEIGHTS[3] * (2 * (person.had[weekday] + unit) + 1) + 2 * unit + 1
                network.add_arc_with_capacity_and_unit_cost(len(turns) + 8 * row + weekday, total, 1, cost)
        for unit in range(len(turns)):
            cost = WEIGHTS[1] * (2 * (sum(person.had) + unit) + 1) + WEIGHTS[2] * (2 * unit + 1)
            network.add_arc_with_capacity_and_unit_cost(total, sink, 1, cost + WEIGHTS[0] * (unit >= most))
    assert network.solve() == network.OPTIMAL
    return int(network.optimal_cost())


WEIGHTS = (10**12, 10**9, 10**6, 1_000, 1)
"""Enough for sums below 1000 to differ; larger ones only mix the aims alike on both sides."""


@pytest.mark.parametrize("seed", range(6))
def test_no_other_rota_of_a_large_group_is_fairer(seed: int) -> None:
    rng = random.Random(seed)
    within, gap = QUARTERS[seed % 4], rng.randint(1, 10)
    turns = evenings(within, 1 + seed % 3)
    group = random_group(rng, 24, within, 0.3)
    found = aims(fair_alone(turns, group, gap), turns, group, gap)
    before = (0, sum(sum(p.had) ** 2 for p in group), 0, sum(had**2 for p in group for had in p.had), 0)
    cost = sum(w * (now - was) for w, now, was in zip(WEIGHTS, found, before, strict=True))
    assert cost == by_ortools(turns, group, gap)


def year_of_the_group(share: float, gap: int = 7) -> Iterator[tuple[Plan, list[Person], list[Person]]]:
    """The 24 of the demo over the four quarters of 2026: the plan, the group before it and the group after it."""
    group = [Person(id=number) for number in range(24)]
    for number, within in enumerate(QUARTERS):
        rng = random.Random(number)
        group = [replace(person, leave=leave_of(rng, within, share)) for person in group]
        plan = plan_rota(evenings(within), group, gap_days=gap)
        last = [plan.days_of(person.id)[-1:] or (person.last_on,) for person in group]
        after = [
            replace(person, had=plan.had_after(person), last_on=day) for person, (day,) in zip(group, last, strict=True)
        ]
        yield plan, group, after
        group = after


@pytest.mark.parametrize("share", [0.0, 0.12])
def test_the_demo_group_over_a_year_of_real_working_days(share: float) -> None:
    """The bars: nothing unfilled, totals within 1, weekdays within 2, in each quarter alone and in all so far."""
    evenings_in_all = 0
    for plan, before, after in year_of_the_group(share):
        must_hold(plan, [manned.turn for manned in plan.turns], before)
        assert plan.unfilled == ()
        assert plan.close == 0
        evenings_in_all += len(plan.turns)
        totals = [len(plan.days_of(person.id)) for person in before]
        assert max(totals) - min(totals) <= 1
        so_far = [sum(person.had) for person in after]
        assert sum(so_far) == evenings_in_all
        assert max(so_far) - min(so_far) <= 1
        for of_weekday in zip(*(person.had for person in after), strict=True):
            assert max(of_weekday) - min(of_weekday) <= 2
    # 2026 has 248 working days, make-up days among them
    assert evenings_in_all == sum(CALENDAR.is_working(day) for day in Period(date(2026, 1, 1), date(2027, 1, 1)).days())


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, people=st.integers(2, 12))
def test_who_had_more_before_has_less_until_all_have_had_alike(seed: int, people: int) -> None:
    rng = random.Random(seed)
    group = [Person(id=number, had=tuple(rng.randrange(3) for _ in range(7))) for number in range(people)]
    spreads = [max(map(sum, (p.had for p in group))) - min(map(sum, (p.had for p in group)))]
    for within in QUARTERS:
        plan = plan_rota(evenings(within), group, gap_days=1)
        group = [replace(person, had=plan.had_after(person)) for person in group]
        totals = [sum(person.had) for person in group]
        spreads.append(max(totals) - min(totals))
    assert all(later <= max(earlier, 1) for earlier, later in pairwise(spreads))
    assert spreads[-1] <= 1


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_what_is_promised_stays_and_counts(seed: int) -> None:
    rng = random.Random(seed)
    within = QUARTERS[1]
    turns, group = evenings(within), random_group(rng, 10, within, 0.2)
    first = plan_rota(turns, group)
    today = turns[len(turns) // 2].day
    kept = {manned.turn.day: manned.people for manned in first.turns if manned.turn.day < today}
    ill = replace(group[0], leave=(*group[0].leave, away(today, 60)))
    again = plan_rota(turns, [ill, *group[1:]], kept=kept)
    assert [m.people for m in again.turns if m.turn.day < today] == list(kept.values())
    assert not any(day >= today for day in again.days_of(ill.id))
    # with all of it kept nothing is left to plan; of somebody who has left what is kept stays as well
    whole = {manned.turn.day: manned.people for manned in first.turns}
    assert given_in(plan_rota(turns, group[1:], kept=whole)) == given_in(first)


def test_a_week_between_two_evenings_of_one_person() -> None:
    turns = evenings(QUARTERS[2])
    for people in (8, 12, 24):
        plan = plan_rota(turns, [Person(id=number) for number in range(people)], gap_days=7)
        assert plan.close == 0
    # three people cannot have a week between their evenings: it is told how many pairs must be too near
    few = plan_rota(turns, [Person(id=number) for number in range(3)], gap_days=7)
    assert few.close >= few.close_at_least > 0


def test_nobody_catches_up_in_a_few_days_what_a_long_leave_has_left() -> None:
    """Free for one week only: two evenings at least three days apart, and not five because the others have more."""
    within = QUARTERS[1]
    home_again = Person(id=1, leave=((None, away(date(2026, 6, 22), 1)[0]),), last_on=None)
    others = [replace(home_again, id=number, leave=()) for number in range(2, 8)]
    turns = [turn for turn in evenings(within) if turn.day < date(2026, 6, 27)]
    plan = plan_rota(turns, [home_again, *others], gap_days=3)
    assert len(plan.days_of(1)) == 2
    assert plan.close == 0


def one_turn(needed: int = 1) -> Turn:
    day = date(2026, 3, 16)
    return Turn(datetime.combine(day, time(18), OFFICE), datetime.combine(day, time(20), OFFICE), needed)


@pytest.mark.parametrize(
    ("needed", "people", "reason"),
    [
        (1, [], Reason.TOO_FEW_MEMBERS),
        (3, [Person(id=1), Person(id=2)], Reason.TOO_FEW_MEMBERS),
        (1, [Person(id=1, valid=Period(date(2026, 4, 1), date(2027, 1, 1)))], Reason.TOO_FEW_MEMBERS),
        (1, [Person(id=1, leave=(away(date(2026, 3, 16), 1),))], Reason.ON_LEAVE),
        (1, [Person(id=1, busy=(away(date(2026, 3, 16), 1),))], Reason.ELSEWHERE),
        (1, [Person(id=1, never_on=frozenset({0}))], Reason.NEVER),
        (
            2,
            [Person(id=1, never_on=frozenset({0})), Person(id=2, leave=(away(date(2026, 3, 16), 1),))],
            Reason.SEVERAL,
        ),
    ],
)
def test_an_unfilled_evening_says_why(needed: int, people: list[Person], reason: Reason) -> None:
    (manned,) = plan_rota([one_turn(needed)], people).unfilled
    assert manned.reason is reason


def test_leave_counts_by_the_hour() -> None:
    turn = one_turn()
    starts, ends = turn.starts, turn.ends
    for since, until, hindrance in (
        (starts - timedelta(hours=3), starts, None),
        (starts - timedelta(hours=3), starts + timedelta(minutes=1), Hindrance.ON_LEAVE),
        (ends, None, None),
        (ends - timedelta(minutes=1), None, Hindrance.ON_LEAVE),
        (None, starts, None),
        (None, None, Hindrance.ON_LEAVE),
    ):
        person = Person(id=1, leave=((since, until),))
        assert person.hindrance(turn) is hindrance
        assert bool(set_out([turn], [person], {}, 1).can[0, 0]) is (hindrance is None)


def test_the_days_of_a_rota() -> None:
    within = Period(date(2026, 2, 9), date(2026, 3, 2))
    worked = [turn.day.day for turn in turns_within(within, CALENDAR, EVENING)]
    assert worked == [9, 10, 11, 12, 13, 14, 24, 25, 26, 27, 28]
    weekends = turns_within(within, CALENDAR, (time(22), time(6)), weekdays={5, 6}, needed=2)
    assert [turn.day.day for turn in weekends] == [14, 15, 21, 22, 28, 1]
    assert {turn.ends - turn.starts for turn in weekends} == {timedelta(hours=8)}
    assert turns_within(within, Calendar(), EVENING)[5].day == date(2026, 2, 16)


@given(st.lists(st.tuples(*[st.integers(0, 40)] * 7), max_size=12))
def test_a_newcomer_begins_in_the_middle(had: list[tuple[int, ...]]) -> None:
    credit = credit_for(had)
    assert sum(credit) == (sum(map(sum, had)) // len(had) if had else 0)
    for weekday, of_day in enumerate(zip(*had, strict=True)):
        assert 0 <= credit[weekday] - sum(of_day) // len(had) <= 1


def test_what_is_asked_must_make_sense() -> None:
    turn = one_turn()
    with pytest.raises(TwiceTheSame):
        plan_rota([turn, replace(turn, ends=turn.ends + timedelta(hours=1))], [Person(id=1)])
    with pytest.raises(TwiceTheSame):
        plan_rota([turn], [Person(id=1), Person(id=1)])
    with pytest.raises(TooMuch):
        plan_rota([turn], [Person(id=1), Person(id=2, had=(10**9,) * 7)])
    assert plan_rota([], [Person(id=1)]).turns == ()


def test_the_bench_holds_the_bars() -> None:
    """On the small group; how long it takes is only printed."""
    figures = {figure.what: figure for figure in measure(GROUPS[0], 1)}
    assert [figure.is_met for figure in figures.values() if figure.unit == "" and figure.bar is not None] == [True] * 4
    assert figures["the same: turns of a weekday differ by"].middle > 1

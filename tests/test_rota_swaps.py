"""Swaps of evenings: what may be, what may not and why, and that the offers are all of them, the fairest first."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.analysis.rota import Person, Rota, Swap, Why, offers, plan_rota, refusal, rota_of, swapped
from gridmap.periods import Period
from tests.rota_groups import away, evenings, midnight, random_group

SEEDS = st.integers(0, 2**32 - 1)
GAP = 4
WITHIN = Period(date(2026, 3, 2), date(2026, 4, 11))
NOW = midnight(date(2026, 3, 12))


def some_rota(seed: int, people: int, needed: int) -> Rota:
    rng = random.Random(seed)
    group = random_group(rng, people, WITHIN, 0.3)
    return rota_of(plan_rota(evenings(WITHIN, needed), group, gap_days=GAP).turns, group, GAP)


def some_evening(rota: Rota, seed: int) -> tuple[int, date] | None:
    """Somebody's evening that has not begun."""
    known = [(one, day) for day, manned in rota.turns.items() for one in manned.people if manned.turn.starts > NOW]
    return random.Random(seed).choice(known) if known else None


def squares(rota: Rota) -> tuple[int, int]:
    """Of what everybody will have had: the sum of the squares of the totals, and of each weekday."""
    had = [rota.had(person) for person in rota.people]
    return sum(sum(one) ** 2 for one in had), sum(days**2 for one in had for days in one)


def near(rota: Rota) -> int:
    return sum(rota.nearness(person, None, None) for person in rota.people)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, people=st.integers(1, 9), needed=st.integers(1, 2))
def test_an_offer_breaks_nothing_and_costs_what_it_says(seed: int, people: int, needed: int) -> None:
    rota = some_rota(seed, people, needed)
    asked = some_evening(rota, seed)
    if asked is None:
        return
    found = offers(rota, *asked, NOW)
    assert list(found) == sorted(found, key=lambda o: (o.totals, o.weekdays, o.near, o.days_away))
    assert found == offers(rota_of(list(rota.turns.values()), list(rota.people.values())[::-1], GAP), *asked, NOW)
    before = squares(rota)
    for offer in found:
        after = swapped(rota, offer.swap)
        assert tuple(now - then for now, then in zip(squares(after), before, strict=True)) == (
            offer.totals,
            offer.weekdays,
        )
        assert near(after) - near(rota) == offer.near
        giver, day = asked
        assert giver not in after.turns[day].people
        changed = {day for day in rota.turns if rota.turns[day] != after.turns[day]}
        assert changed == {day, offer.swap.other_day} - {None}
        for one in changed:
            manned = after.turns[one]
            assert manned.turn.starts > NOW
            assert len(manned.people) == len(set(manned.people)) == len(rota.turns[one].people)
            new = set(manned.people) - set(rota.turns[one].people)
            assert all(rota.people[person].hindrance(manned.turn) is None for person in new)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, people=st.integers(1, 6))
def test_the_offers_are_all_that_may_be(seed: int, people: int) -> None:
    rota = some_rota(seed, people, 1)
    asked = some_evening(rota, seed)
    if asked is None:
        return
    giver, day = asked
    thinkable = [
        Swap(giver=giver, day=day, taker=taker, other_day=other)
        for taker in rota.people
        for other in (None, *rota.turns)
    ]
    possible = {swap for swap in thinkable if refusal(rota, swap, NOW) is None}
    assert Counter(offer.swap for offer in offers(rota, giver, day, NOW)) == Counter(possible)
    for swap in possible:
        if swap.other_day:
            # whoever was free before gets it back, unless a leave has come in between
            back = Swap(giver=swap.taker, day=swap.day, taker=giver, other_day=swap.other_day)
            assert swapped(swapped(rota, swap), back).turns == rota.turns


MONDAY, TUESDAY, FRIDAY = date(2026, 3, 16), date(2026, 3, 17), date(2026, 3, 20)


def small_rota() -> Rota:
    """1 has Monday, 2 Tuesday, 3 Friday, all 4 are there."""
    group = [Person(id=number) for number in (1, 2, 3, 4)]
    turns = [turn for turn in evenings(WITHIN) if turn.day in (MONDAY, TUESDAY, FRIDAY)]
    kept = {MONDAY: (1,), TUESDAY: (2,), FRIDAY: (3,)}
    return rota_of(plan_rota(turns, group, kept=kept).turns, group, GAP)


def changed(rota: Rota, person: int, **words: Any) -> Rota:
    return replace(rota, people={**rota.people, person: replace(rota.people[person], **words)})


@pytest.mark.parametrize(
    ("rota", "swap", "why", "person", "day"),
    [
        (small_rota(), Swap(giver=1, day=MONDAY, taker=1), Why.SAME_PERSON, 1, MONDAY),
        (small_rota(), Swap(giver=1, day=date(2026, 3, 18), taker=2), Why.NO_TURN, 2, date(2026, 3, 18)),
        (small_rota(), Swap(giver=1, day=MONDAY, taker=77), Why.NO_TURN, 77, MONDAY),
        (small_rota(), Swap(giver=4, day=MONDAY, taker=2), Why.NOT_ON, 4, MONDAY),
        (small_rota(), Swap(giver=1, day=MONDAY, taker=2, other_day=FRIDAY), Why.NOT_ON, 2, FRIDAY),
        (small_rota(), Swap(giver=1, day=MONDAY, taker=1, other_day=TUESDAY), Why.SAME_PERSON, 1, MONDAY),
        (
            changed(small_rota(), 2, leave=(away(MONDAY, 1),)),
            Swap(giver=1, day=MONDAY, taker=2),
            Why.ON_LEAVE,
            2,
            MONDAY,
        ),
        (
            changed(small_rota(), 1, leave=(away(TUESDAY, 1),)),
            Swap(giver=1, day=MONDAY, taker=2, other_day=TUESDAY),
            Why.ON_LEAVE,
            1,
            TUESDAY,
        ),
        (
            changed(small_rota(), 2, busy=(away(MONDAY, 1),)),
            Swap(giver=1, day=MONDAY, taker=2),
            Why.ELSEWHERE,
            2,
            MONDAY,
        ),
        (changed(small_rota(), 2, never_on=frozenset({0})), Swap(giver=1, day=MONDAY, taker=2), Why.NEVER, 2, MONDAY),
        (
            changed(small_rota(), 2, valid=Period(TUESDAY, FRIDAY)),
            Swap(giver=1, day=MONDAY, taker=2),
            Why.NO_MEMBER,
            2,
            MONDAY,
        ),
    ],
)
def test_why_a_swap_may_not_be(rota: Rota, swap: Swap, why: Why, person: int, day: date) -> None:
    found = refusal(rota, swap, NOW)
    assert found is not None
    assert (found.why, found.person, found.day) == (why, person, day)
    assert all(offer.swap != swap for offer in offers(rota, swap.giver, swap.day, NOW))


def test_nobody_has_an_evening_twice() -> None:
    turns = [replace(turn, needed=2) for turn in evenings(WITHIN) if turn.day in (MONDAY, TUESDAY)]
    group = [Person(id=number) for number in (1, 2, 3)]
    rota = rota_of(plan_rota(turns, group, kept={MONDAY: (1, 2), TUESDAY: (2, 3)}).turns, group, GAP)
    found = refusal(rota, Swap(giver=1, day=MONDAY, taker=2, other_day=TUESDAY), NOW)
    assert found is not None
    assert (found.why, found.person) == (Why.ALREADY_ON, 2)
    found = refusal(rota, Swap(giver=1, day=MONDAY, taker=3, other_day=TUESDAY), NOW)
    assert found is None


def test_what_has_begun_is_no_longer_swapped() -> None:
    rota = small_rota()
    begins = rota.turns[MONDAY].turn.starts
    plain, other = Swap(giver=1, day=MONDAY, taker=4), Swap(giver=2, day=TUESDAY, taker=1, other_day=MONDAY)
    for swap in (plain, other):
        assert refusal(rota, swap, begins - timedelta(minutes=1)) is None
        found = refusal(rota, swap, begins)
        assert found is not None
        assert (found.why, found.day) == (Why.PAST, MONDAY)
    assert offers(rota, 1, MONDAY, begins) == ()


def test_the_fairest_offer_comes_first() -> None:
    """4 has had nothing so far: to take it is as fair as any exchange, and comes nearest."""
    rota = small_rota()
    found = offers(rota, 1, MONDAY, NOW)
    assert found[0].swap == Swap(giver=1, day=MONDAY, taker=4)
    assert found[0].totals == 0
    # 2 and 3 each have one already: against one of theirs totals stay, without one they would have two
    assert [offer.swap.other_day for offer in found[1:3]] == [TUESDAY, FRIDAY]
    assert all(offer.totals > 0 for offer in found[3:])


def test_somebody_who_has_left_can_give_an_evening_away() -> None:
    rota = small_rota()
    without = replace(rota, people={number: one for number, one in rota.people.items() if number != 1})
    assert [offer.swap.other_day for offer in offers(without, 1, MONDAY, NOW)] == [None] * 3

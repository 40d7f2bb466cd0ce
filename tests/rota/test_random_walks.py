"""Whatever is done to a rota in whatever order: nobody twice, filled as far as can be, and what was promised kept."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.analysis.rota import Turn
from gridmap.db import Database
from gridmap.periods import Period
from gridmap.read.rota import State
from gridmap.read.rota.news import AHEAD
from gridmap.rota import RotaProblem, Shape, leave, take_turn
from tests.conftest import Base
from tests.rota_town import BEFORE, GROUP, RotaTown, account_of

FOUR_WEEKS = Period(date(2026, 4, 1), date(2026, 4, 29))
WRONG = """
SELECT t.id FROM gridmap.rota_turn t
LEFT JOIN LATERAL (SELECT count(*) AS many, count(DISTINCT h.person_id) AS people FROM gridmap.rota_holder h
  WHERE h.street_id = t.street_id AND h.turn_id = t.id AND h.ended_at IS NULL) h ON true
WHERE h.many <> h.people OR (t.state = 'set' AND t.missing <> greatest(t.needed - h.many, 0))
  OR (t.state = 'cancelled' AND h.many > 0)
"""
ASTRAY = """
SELECT c.id FROM gridmap.rota r JOIN (
  SELECT rota_id, id, people, place_id FROM gridmap.rota_turn
  UNION ALL SELECT rota_id, id, people, place_id FROM gridmap.rota_member
  UNION ALL SELECT rota_id, id, people, place_id FROM gridmap.rota_swap
  UNION ALL SELECT rota_id, id, people, place_id FROM gridmap.rota_holder
) c ON c.rota_id = r.id WHERE (c.people, c.place_id) IS DISTINCT FROM (r.people, r.place_id)
"""
STALE = """
SELECT s.id FROM gridmap.rota_swap s WHERE s.state = 'asked' AND NOT EXISTS (SELECT FROM gridmap.rota_holder h
  WHERE h.turn_id = s.turn_id AND h.person_id = s.giver_id AND h.ended_at IS NULL)
"""


@pytest.fixture(scope="module")
def walked(rota_template: str, copy_database: Callable[[str], Base]) -> Iterator[RotaTown]:
    """One town for all walks: each has a rota of its own, at a time of its own."""
    base = copy_database(rota_template)
    with closing(RotaTown(Database(base.app_url), base.owner_url, BEFORE)) as made:
        yield made


def some_evening(town: RotaTown, chance: random.Random) -> tuple[date, int] | None:
    found = [(day, person) for day, people in town.state().evenings.items() for person in people.people]
    return chance.choice(found) if found else None


def swap(town: RotaTown, chance: random.Random) -> None:
    """Somebody asks; often the other one agrees."""
    chosen, other = some_evening(town, chance), some_evening(town, chance)
    if chosen is None or other is None:
        return
    (day, giver), (returned, taker) = chosen, other
    asked = town.ask(account_of(giver), day, giver, taker, returned if chance.random() < 0.7 else None)
    if chance.random() < 0.8:
        town.answer(account_of(taker), asked, chance.choice(["agree", "agree", "decline"]))


def go_away(town: RotaTown, chance: random.Random) -> None:
    first = FOUR_WEEKS.start + timedelta(days=chance.randrange(28))
    person = chance.choice(GROUP[:6])
    last = first + timedelta(days=chance.randrange(5))
    clash = "SELECT FROM gridmap.absence WHERE person_id = %s AND valid && tstzrange(%s, %s)"
    if not town.rows(clash, person, first, last + timedelta(days=1)):
        town.away(person, first, last)


def let_go(town: RotaTown, chance: random.Random) -> None:
    rows = town.rows(
        "SELECT id, revision FROM gridmap.rota_member WHERE rota_id = %s AND upper_inf(valid)", town.rota_id
    )
    if len(rows) > 2:
        one = chance.choice(rows)
        day = town.now.date() + timedelta(days=chance.randrange(1, 9))
        town.run("leader", lambda connection, by: leave(connection, by, one["id"], day, revision=one["revision"]))


def come(town: RotaTown, chance: random.Random) -> None:
    town.join((chance.choice(GROUP[:6]),), town.now.date() + timedelta(days=chance.randrange(3)))


def fill(town: RotaTown, chance: random.Random) -> None:
    gaps = [one for one in town.state().evenings.values() if one.missing]
    if gaps:
        turn, person = chance.choice(gaps).id, chance.choice(GROUP[:6])
        town.run(account_of(person), lambda connection, by: take_turn(connection, by, turn, person))


def wait(town: RotaTown, chance: random.Random) -> None:
    town.now += timedelta(hours=chance.choice([1, 5, 24, 60]))


def replan(town: RotaTown, chance: random.Random) -> None:
    """Plan again, and look at what must hold then."""
    before, held = town.state(), town.held()
    town.plan(FOUR_WEEKS)
    after = town.state()
    now_held = town.held()
    for day, people in held.items():
        evening = before.evenings.get(day)
        if evening is None:
            assert now_held[day] == people, "what has begun was changed"
            continue
        for taken in evening.taken:
            is_kept = taken.origin != "planned" or evening.starts_at <= town.now + AHEAD
            if is_kept and can(before, taken.person_id, evening.starts_at, evening.ends_at):
                assert taken.person_id in now_held[day], "what was promised was taken away"
    for evening in after.evenings.values():
        if evening.missing:
            free = [one for one in after.rota.people if one not in evening.people]
            assert not [one for one in free if can(after, one, evening.starts_at, evening.ends_at)], "could be filled"


def can(state: State, person: int, starts: datetime, ends: datetime) -> bool:
    known = state.rota.people.get(person)
    return known is not None and known.hindrance(Turn(starts, ends)) is None


STEPS = (swap, swap, swap, go_away, let_go, come, fill, wait, replan, replan)


def must_hold(town: RotaTown) -> None:
    for statement in (WRONG, ASTRAY, STALE):
        assert town.rows(statement) == [], statement
    for people in town.held().values():
        assert max(Counter(people).values(), default=1) == 1


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), needed=st.integers(1, 2), members=st.integers(2, 6))
def test_any_walk_keeps_what_must_hold(walked: RotaTown, seed: int, needed: int, members: int) -> None:
    town, chance = walked, random.Random(seed)
    town.now = BEFORE
    # the walks before have left their evenings and leave behind: they are of other rotas, and would hinder
    town.owner.execute("UPDATE gridmap.rota_holder SET ended_at = %s WHERE ended_at IS NULL", (BEFORE,))
    town.owner.execute("UPDATE gridmap.rota_turn SET state = 'cancelled', missing = 0, reason = NULL")
    town.owner.execute("UPDATE gridmap.rota_swap SET state = 'lapsed', answered_at = now() WHERE state = 'asked'")
    town.owner.execute("DELETE FROM gridmap.absence WHERE person_id = ANY (%s)", (list(GROUP),))
    town.open(Shape(name="值班", begins=time(18), ends=time(20), needed=needed, gap_days=3, starts=FOUR_WEEKS.start))
    town.join(GROUP[:members], FOUR_WEEKS.start)
    replan(town, chance)
    must_hold(town)
    for _ in range(14):
        # whoever has left no longer sees the rota
        with suppress(RotaProblem, LookupError):
            chance.choice(STEPS)(town, chance)
        must_hold(town)

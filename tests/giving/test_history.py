"""Who was responsible here on a given day: what the map shows for that day is a replay of what was done until then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gridmap.accounts import Actor
from gridmap.clock import OFFICE, real_now
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection, execute
from gridmap.layers.assignments import assignments as layer
from gridmap.people import ChangeConflict, ChangeRefused, Duty, PlaceHeld, assign, end_assignment
from gridmap.people.giving import (
    Move,
    apply_change,
    hand_over,
    read_belongings,
    share_out,
    undo_change,
)
from gridmap.people.giving.moves import seen_of
from tests import duties_town as town
from tests.conftest import Base

START = datetime(2026, 3, 1, 9, tzinfo=OFFICE)
ROLE = "stairwell_leader"
PLACES, PEOPLE = town.STAIRS, town.PEOPLE

steps = st.one_of(
    st.tuples(st.just("assign"), st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.just("end"), st.integers(0, 3)),
    st.tuples(
        st.just("change"),
        st.dictionaries(st.integers(0, 3), st.sampled_from((0, 1, 2, None)), min_size=1, max_size=4),
        st.sampled_from((0, 0, 0, 5)),
    ),
    st.tuples(st.just("undo"), st.integers(0, 5)),
    st.tuples(st.just("hand_over"), st.integers(0, 2), st.sampled_from(((0,), (1,), (2,), (0, 1), (1, 2), (0, 2)))),
)
histories = st.lists(st.tuples(st.sampled_from((0, 0, 1, 3)), steps), min_size=1, max_size=14)
"""Each step comes so many days after the one before; 0: at the same moment."""


@dataclass
class Term:
    """Somebody has a place from `start` until `until`, or for good."""

    person: int
    start: datetime
    until: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Whether that moment lies in it."""
        return self.start <= moment and (self.until is None or moment < self.until)


@dataclass
class Replay:
    """What was done, said again in the plainest way: for every place the terms of those who have it."""

    terms: dict[int, list[Term]] = field(default_factory=lambda: {place: [] for place in PLACES})
    changes: list[tuple[int, datetime, dict[int, Term | None]]] = field(default_factory=list)
    """Each with the moment from which it holds, and who had its places before."""

    def at(self, place: int, moment: datetime) -> Term | None:
        """The term of whoever has it at that moment."""
        return next((term for term in self.terms[place] if term.holds(moment)), None)

    def give(self, place: int, person: int | None, since: datetime, until: datetime | None = None) -> None:
        """From then on this one: whoever has it then has it no longer, nor what was planned of his end."""
        held = self.at(place, since)
        if held is not None and held.start >= since:
            self.terms[place].remove(held)
        elif held is not None:
            held.until = since
        if person is not None:
            self.terms[place].append(Term(person, since, until))

    def give_back(self, place: int, was: Term | None, since: datetime) -> None:
        """As if the term had never been touched, from then on."""
        self.give(place, None, since)
        if was is None or (was.until is not None and was.until <= since):
            return
        cut = next((term for term in self.terms[place] if (term.person, term.until) == (was.person, since)), None)
        if cut is not None:
            cut.until = was.until
        else:
            self.terms[place].append(Term(was.person, since, was.until))


class Play:
    """Does a step for real and in the replay; what is refused for real is left out of both."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.replay = Replay()
        self.now = START

    @property
    def by(self) -> Actor:
        return Actor(account_id=None, business_at=self.now, at=real_now())

    def do(self, step: tuple[Any, ...]) -> None:
        with suppress(ChangeConflict, ChangeRefused, PlaceHeld), self.connection.transaction():
            getattr(self, step[0])(*step[1:])

    def seen(self, place: int, at: datetime) -> int | None:
        row = self.connection.execute(
            "SELECT id, revision FROM gridmap.assignment WHERE place_id = %s AND role = %s AND valid @> %s",
            (place, ROLE, at),
        ).fetchone()
        return seen_of(row["id"], row["revision"]) if row else None

    def assign(self, place: int, person: int) -> None:
        duty = Duty(person_id=PEOPLE[person], place_id=PLACES[place], role=ROLE, start=self.now)
        assign(self.connection, self.by, duty)
        self.replay.give(PLACES[place], PEOPLE[person], self.now)

    def end(self, place: int) -> None:
        row = self.connection.execute(
            "SELECT id, revision, upper(valid) AS until FROM gridmap.assignment"
            " WHERE place_id = %s AND role = %s AND valid @> %s",
            (PLACES[place], ROLE, self.now),
        ).fetchone()
        if row is not None and row["until"] is None:
            end_assignment(self.connection, self.by, row["id"], revision=row["revision"])
            self.replay.give(PLACES[place], None, self.now)

    def change(self, wanted: dict[int, int | None], days: int) -> None:
        at = self.now + timedelta(days=days)
        moves = [
            Move(
                place_id=PLACES[place],
                role=ROLE,
                person_id=None if person is None else PEOPLE[person],
                seen=self.seen(PLACES[place], at),
            )
            for place, person in wanted.items()
        ]
        made = apply_change(self.connection, self.by, moves, why=None, at=at)
        self._gave(made.change_id, at, {move.place_id: move.person_id for move in moves})

    def hand_over(self, giver: int, receivers: tuple[int, ...]) -> None:
        heirs = [PEOPLE[one] for one in receivers if one != giver]
        has = read_belongings(self.connection, PEOPLE[giver], self.now, self.now.date())
        own = [one for one in has.held if one.role == ROLE]
        moves = [move for move in share_out(has, heirs) if move.role == ROLE] if heirs and own else []
        if moves:
            made = hand_over(self.connection, self.by, PEOPLE[giver], moves, notes={}, today=self.now.date())
            self._gave(made.change_id, self.now, {move.place_id: move.person_id for move in moves})

    def _gave(self, change: int, at: datetime, given: dict[int, int | None]) -> None:
        before: dict[int, Term | None] = {}
        for place, person in given.items():
            held = self.replay.at(place, at)
            if (held and held.person) != person:
                before[place] = replace(held) if held else None
                self.replay.give(place, person, at)
        self.replay.changes.append((change, at, before))

    def undo(self, which: int) -> None:
        if not self.replay.changes:
            return
        change, at, before = self.replay.changes[which % len(self.replay.changes)]
        made = undo_change(self.connection, self.by, change)
        moment = max(self.now, at)
        again: dict[int, Term | None] = {}
        for place, was in before.items():
            held = self.replay.at(place, moment)
            again[place] = replace(held) if held else None
            self.replay.give_back(place, was, moment)
        self.replay.changes.append((made.change_id, moment, again))


def shown(connection: Connection, moment: datetime) -> dict[int, set[int]]:
    """Whoever the layer of assignments names for that moment, by place."""
    rows = execute(connection, layer.rows.add_columns(person_column()), as_of=moment).fetchall()
    found: dict[int, set[int]] = {place: set() for place in PLACES}
    for row in rows:
        if row["role"] == ROLE:
            found[row["place_id"]].add(row["held_by"])
    return found


def holders(replay: Replay, place: int, moment: datetime) -> set[int]:
    """The same for one place, as the replay has it."""
    held = replay.at(place, moment)
    return {held.person} if held else set()


def person_column() -> Any:
    from gridmap.tables import assignment

    return assignment.c.person_id.label("held_by")


@pytest.fixture(scope="module")
def database(copy_database: Callable[[str], Base], empty_template: str) -> Iterator[Database]:
    import psycopg

    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        town.build(owner)
        owner.execute(
            "INSERT INTO gridmap.duty_role (code, title, title_en, level) VALUES (%s, '楼组长', 'Leader', 'stairwell')",
            (ROLE,),
        )
    made = Database(base.app_url)
    yield made
    made.close()


def play(database: Database, history: list[tuple[int, tuple[Any, ...]]]) -> None:
    """Play it in a transaction that is thrown away, and compare every half day from before it to after it."""
    with thrown_away(database) as connection:
        played = Play(connection)
        for days, step in history:
            played.now += timedelta(days=days)
            played.do(step)
        end = played.now + timedelta(days=8)
        moment = START - timedelta(days=1)
        while moment < end:
            expected = {place: holders(played.replay, place, moment) for place in PLACES}
            assert shown(connection, moment) == expected, moment
            moment += timedelta(hours=12)


@contextmanager
def thrown_away(database: Database) -> Iterator[Connection]:
    """A transaction of which nothing stays."""
    with database.transaction(SYSTEM) as connection:
        yield connection
        connection.rollback()


QUICK = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)


@QUICK
@given(histories)
def test_the_map_of_any_day_is_a_replay_of_the_history(database: Database, history: Any) -> None:
    play(database, history)


@pytest.mark.full
@settings(QUICK, max_examples=1_000)
@given(histories)
def test_the_same_for_a_thousand_histories(database: Database, history: Any) -> None:
    play(database, history)


def test_the_replay_itself_finds_a_wrong_map(database: Database) -> None:
    """A history with a hole in it: were the map not to end assignments, this would say so."""
    with thrown_away(database) as connection:
        played = Play(connection)
        played.do(("change", {0: 1}, 0))
        played.now += timedelta(days=2)
        played.do(("change", {0: None}, 0))
        assert shown(connection, START + timedelta(days=1))[PLACES[0]] == {PEOPLE[1]}
        assert shown(connection, played.now)[PLACES[0]] == set()
        connection.execute(
            "UPDATE gridmap.assignment SET valid = tstzrange(lower(valid), NULL) WHERE role = %s", (ROLE,)
        )
        assert shown(connection, played.now)[PLACES[0]] != holders(played.replay, PLACES[0], played.now)

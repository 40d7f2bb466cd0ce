"""Whatever happens in whatever order: the counts are those of the slots, and every slot is what its own facts say."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gridmap.accounts import Actor
from gridmap.clock import OFFICE, day_bounds, real_now
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.duties import (
    Answer,
    Correction,
    DutyProblem,
    Excuse,
    Rule,
    add_rule,
    answer_slot,
    change_rule,
    close_slots,
    correct_answer,
    end_rule,
    excuse_slots,
    open_slots,
    take_back_excuses,
)
from gridmap.duties.answers import RESULTS_OF
from gridmap.periods import month_of
from tests import duties_town as town
from tests.conftest import Base

FIRST, LAST = date(2026, 1, 20), date(2026, 5, 20)
KINDS = ("fire", "roof", "visit", "count", "meeting")
GOOD = ("fine", "finding", "done", "reached")
MOVES = ((town.GRID_A, town.ESTATE_A), (town.GRID_B, town.ESTATE_B), (None, town.ESTATE_A), (town.GRID_B, None))
RULES = st.builds(
    lambda kind, every, times, estate, fixed: Rule(
        kind=kind,
        title="查",
        title_en="Check",
        role="building_manager",
        action={"visit": "household_visit", "count": "vehicle_count", "meeting": "meeting"}.get(kind, "inspection"),
        level={"visit": "household", "count": "grid", "meeting": "community"}.get(kind, "stairwell"),
        every=every,
        times=times,
        fixed_day=fixed,
        holiday_rule="next",
        only_for={"estates": [estate]} if estate and kind != "meeting" else {},
    ),
    kind=st.sampled_from(KINDS),
    every=st.sampled_from(["week", "month", "quarter"]),
    times=st.integers(1, 2),
    estate=st.sampled_from([None, town.ESTATE_A, town.ESTATE_B]),
    fixed=st.sampled_from([None, 1, 7]),
)
WRONG = """
SELECT s.id, s.state, s.excuse, s.is_late, s.findings, s.ends_on, s.reason, s.done_at,
  (SELECT min(i.done_at) FROM gridmap.inspection i WHERE i.street_id = s.street_id AND i.slot_id = s.id
    AND i.superseded_at IS NULL AND i.result IN ('fine', 'finding', 'done', 'reached')) AS answered_at,
  (SELECT count(*)::int FROM gridmap.inspection i WHERE i.street_id = s.street_id AND i.slot_id = s.id
    AND i.superseded_at IS NULL AND i.result = 'finding') AS found
FROM gridmap.slot s WHERE s.street_id = %s
"""
DOUBLE = """
SELECT count(*) AS found FROM (
  SELECT FROM gridmap.slot WHERE street_id = %s
  GROUP BY duty_id, starts_on, coalesce(place_id, community_id), unit, turn HAVING count(*) > 1
) twice
"""


@contextmanager
def refused(*reasons: str) -> Iterator[None]:
    """Where these reasons are as good an answer as none."""
    try:
        yield
    except DutyProblem as problem:
        if problem.reason not in reasons:
            raise


class _Undo(Exception):
    """Leaves the transaction without a trace."""


@pytest.fixture(scope="module")
def database(copy_database: Callable[[str], Base], empty_template: str) -> Iterator[Database]:
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        town.build(owner)
    database = Database(base.app_url)
    yield database
    database.close()


class Town(RuleBasedStateMachine):
    """An office, its managers and its register, each doing something in turn."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.connection: Connection = self.stack.enter_context(self._undone())
        self.today = FIRST
        self.places = 0

    def _undone(self) -> Any:
        stack = ExitStack()
        connection = stack.enter_context(self.database.transaction(SYSTEM))

        class Left:
            def __enter__(self) -> Connection:
                return connection

            def __exit__(self, *_: object) -> None:
                try:
                    with stack:
                        raise _Undo
                except _Undo:
                    pass

        return Left()

    def teardown(self) -> None:
        self.stack.close()

    @property
    def by(self) -> Actor:
        return Actor(
            account_id=None, business_at=datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=OFFICE),
            at=real_now(),
        )  # fmt: skip

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        return self.connection.execute(statement, values or None).fetchall()

    def slots(self) -> list[dict[str, Any]]:
        return self.rows(
            "SELECT s.id, s.starts_on, d.action FROM gridmap.slot s JOIN gridmap.duty d ON d.id = s.duty_id"
            " ORDER BY s.starts_on, s.duty_id, s.place_id, s.unit, s.turn, s.id"
        )

    def asking(self) -> list[dict[str, Any]]:
        return self.rows("SELECT id, revision FROM gridmap.duty WHERE upper_inf(valid) ORDER BY id")

    @initialize(rule=RULES)
    def begin(self, rule: Rule) -> None:
        add_rule(self.connection, self.by, town.STREET, rule, town.SINCE)
        self.open(back=0)

    @rule(back=st.integers(0, 1))
    def open(self, back: int) -> None:
        month = month_of(self.today)
        if back:
            month = month_of(month.start - timedelta(days=1))
        open_slots(self.connection, [town.STREET], month, self.today)
        again = open_slots(self.connection, [town.STREET], month, self.today)
        assert (again.total, again.gone, again.back, again.moved) == (0, 0, 0, 0)

    @rule(rule=RULES)
    def ask_more(self, rule: Rule) -> None:
        add_rule(self.connection, self.by, town.STREET, rule, self.today)

    @precondition(lambda self: self.asking())
    @rule(which=st.integers(0, 9), changed=st.none() | RULES)
    def change_or_end(self, which: int, changed: Rule | None) -> None:
        rules = self.asking()
        one = rules[which % len(rules)]
        if changed is None:
            end_rule(self.connection, self.by, one["id"], self.today, revision=one["revision"])
        else:
            change_rule(self.connection, self.by, one["id"], changed, self.today, revision=one["revision"])

    @precondition(lambda self: self.slots())
    @rule(which=st.integers(0, 500), result=st.integers(0, 2), days=st.integers(0, 40), author=st.booleans())
    def answer(self, which: int, result: int, days: int, author: bool) -> None:
        slots = self.slots()
        slot = slots[which % len(slots)]
        results = RESULTS_OF[slot["action"]]
        done_on = max(slot["starts_on"], self.today - timedelta(days=days))
        words: dict[str, Any] = {"via": "paper", "author_id": town.PEOPLE[0], "done_on": done_on} if author else {}
        with refused("early", "day"):
            answer_slot(
                self.connection, self.by, Answer(slot_id=slot["id"], result=results[result % len(results)], **words),
                self.today, is_clock_real=False,
            )  # fmt: skip

    @rule(which=st.integers(0, 99), is_taken_back=st.booleans(), result=st.integers(0, 2))
    def correct(self, which: int, is_taken_back: bool, result: int) -> None:
        given = self.rows(
            "SELECT i.id, i.slot_id, d.action FROM gridmap.inspection i JOIN gridmap.duty d ON d.id = i.duty_id"
            " WHERE i.superseded_at IS NULL ORDER BY i.id"
        )
        if not given:
            return
        one = given[which % len(given)]
        results = RESULTS_OF[one["action"]]
        other = Answer(slot_id=one["slot_id"], result=results[result % len(results)])
        correction = Correction(inspection_id=one["id"], answer=None if is_taken_back else other)
        with refused("early"), self.connection.transaction():
            correct_answer(self.connection, self.by, correction, self.today, is_clock_real=False)

    @precondition(lambda self: self.slots())
    @rule(which=st.lists(st.integers(0, 500), min_size=1, max_size=5), is_back=st.booleans())
    def excuse(self, which: list[int], is_back: bool) -> None:
        slots = self.slots()
        ids = sorted({slots[one % len(slots)]["id"] for one in which})
        if is_back:
            take_back_excuses(self.connection, self.by, ids, self.today)
        else:
            excuse_slots(self.connection, self.by, Excuse(slot_ids=ids, reason="vacant"), self.today)

    @rule(which=st.sampled_from([*town.STAIRS, town.VILLA]), to=st.sampled_from(MOVES))
    def move_place(self, which: int, to: tuple[int | None, int | None]) -> None:
        self.connection.execute("UPDATE gridmap.place SET grid_id = %s, estate_id = %s WHERE id = %s", (*to, which))

    @rule(which=st.sampled_from([*town.STAIRS, town.VILLA]), is_closed=st.booleans())
    def close_place(self, which: int, is_closed: bool) -> None:
        self.connection.execute(
            "UPDATE gridmap.place SET valid = daterange('2020-01-01', %s) WHERE id = %s",
            (self.today if is_closed else None, which),
        )

    @precondition(lambda self: self.places < 4)
    @rule(parent=st.sampled_from([town.HOUSE_A, town.VILLA]))
    def build(self, parent: int) -> None:
        self.places += 1
        self.connection.execute(
            "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, estate_id, parent_id,"
            " valid) VALUES (%s, %s, 'stairwell', %s, 'n', %s, %s, %s, %s, daterange(%s, NULL))",
            (town.STREET, town.BASE + 100 + self.places, f"s{self.places}", town.COMMUNITY, town.GRID_A, town.ESTATE_A,
             parent, self.today),
        )  # fmt: skip

    @rule(days=st.integers(0, 40), is_off=st.booleans())
    def change_calendar(self, days: int, is_off: bool) -> None:
        day = self.today + timedelta(days=days)
        if is_off:
            self.connection.execute(
                "INSERT INTO gridmap.calendar_day (day, kind, name) VALUES (%s, 'holiday', 'x') ON CONFLICT DO NOTHING",
                (day,),
            )
        else:
            self.connection.execute("DELETE FROM gridmap.calendar_day WHERE day = %s", (day,))

    @precondition(lambda self: self.today < LAST)
    @rule(days=st.integers(1, 25))
    def sleep(self, days: int) -> None:
        self.today += timedelta(days=days)
        self.open(back=0)
        close_slots(self.connection, [town.STREET], self.today)
        assert close_slots(self.connection, [town.STREET], self.today) == 0

    @invariant()
    def counts_are_those_of_the_slots(self) -> None:
        assert self.rows("SELECT gridmap.recount_coverage(%s) AS wrong", [town.STREET]) == [{"wrong": 0}]

    @invariant()
    def every_slot_is_what_its_facts_say(self) -> None:
        for slot in self.rows(WRONG, town.STREET):
            end = day_bounds(slot["ends_on"])[0]
            is_in_time = slot["answered_at"] is not None and slot["answered_at"] < end
            assert (slot["state"] == "satisfied") == is_in_time
            assert slot["is_late"] == (slot["answered_at"] is not None and not is_in_time)
            assert slot["done_at"] == slot["answered_at"]
            assert slot["findings"] == slot["found"]
            assert (slot["state"] == "excused") == (slot["excuse"] is not None and not is_in_time)
            assert slot["state"] != "missed" or slot["ends_on"] <= self.today
            assert (slot["reason"] is not None) == (slot["state"] == "missed")

    @invariant()
    def nothing_is_asked_twice(self) -> None:
        assert self.rows(DOUBLE, town.STREET) == [{"found": 0}]


def run(database: Database, examples: int, steps: int) -> None:
    machine = type("TownOfThisDatabase", (Town,), {"database": database})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_whatever_happens_in_whatever_order(database: Database) -> None:
    run(database, 12, 12)


@pytest.mark.full
def test_whatever_happens_in_whatever_order_many_times(database: Database) -> None:
    run(database, 250, 40)

"""What happens in the middle of a period: places move, rules change, the calendar arrives, the office enters paper."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.accounts import Actor
from gridmap.clock import real_now
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.duties import (
    CADENCE,
    MONTHLY_CHECKS,
    Answer,
    DutyProblem,
    Excuse,
    Rule,
    SlotChanged,
    add_defaults,
    add_rule,
    answer_slot,
    change_rule,
    close_slots,
    end_rule,
    excuse_slots,
    open_slots,
    preview_rule,
    read_rule,
    rule_of,
    take_back_excuses,
)
from gridmap.periods import month_of
from tests import duties_town as town
from tests.conftest import Base
from tests.test_duties import BY, MARCH, TODAY, must_be_right, slots

APRIL = month_of(date(2026, 4, 1))


@pytest.fixture(scope="module")
def base(copy_database: Callable[[str], Base], empty_template: str) -> Base:
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        town.build(owner)
    return base


class _Undo(Exception):
    """Leaves the transaction without a trace."""


@pytest.fixture
def connection(base: Base) -> Iterator[Connection]:
    database = Database(base.app_url)
    try:
        with database.transaction(SYSTEM) as connection:
            yield connection
            raise _Undo
    except _Undo:
        database.close()


def rule(kind: str = "fire", **words: Any) -> Rule:
    return Rule(**({"kind": kind, "title": "查", "title_en": "Check", "role": "building_manager"} | words))


def opened(connection: Connection, *, today: date = TODAY, month: Any = MARCH) -> Any:
    return open_slots(connection, [town.STREET], month, today)


def answer(connection: Connection, slot: dict[str, Any], result: str = "fine", **words: Any) -> int:
    return answer_slot(connection, BY, Answer(slot_id=slot["id"], result=result, **words), TODAY, is_clock_real=False)


def at_place(connection: Connection, place: int) -> dict[str, Any]:
    [found] = [slot for slot in slots(connection) if slot["place_id"] == place]
    return found


def counts_of(connection: Connection, grid: int) -> tuple[int, int, int]:
    row = connection.execute(
        "SELECT coalesce(sum(slots), 0)::int AS s, coalesce(sum(satisfied), 0)::int AS d,"
        " coalesce(sum(findings), 0)::int AS f FROM gridmap.coverage WHERE grid_id = %s",
        (grid,),
    ).fetchone()
    assert row is not None
    return row["s"], row["d"], row["f"]


def test_a_place_that_moves_takes_its_running_slots_answers_and_counts_along(connection: Connection) -> None:
    add_rule(connection, BY, town.STREET, rule(), town.SINCE)
    february = month_of(date(2026, 2, 1))
    opened(connection, month=february)
    close_slots(connection, [town.STREET], TODAY)
    opened(connection)
    [march] = [s for s in slots(connection) if s["place_id"] == town.HELD and s["starts_on"] == MARCH.start]
    answer(connection, march, "finding")
    before = counts_of(connection, town.GRID_A), counts_of(connection, town.GRID_B)
    connection.execute(
        "UPDATE gridmap.place SET grid_id = %s, estate_id = %s WHERE id = %s", (town.GRID_B, town.ESTATE_B, town.HELD)
    )
    done = opened(connection)
    assert (done.total, done.gone, done.back, done.moved) == (0, 0, 0, 1)
    after = counts_of(connection, town.GRID_A), counts_of(connection, town.GRID_B)
    assert after == ((before[0][0] - 1, 0, 0), (before[1][0] + 1, 1, 1))
    grids = {s["starts_on"]: s["grid_id"] for s in slots(connection) if s["place_id"] == town.HELD}
    assert grids == {february.start: town.GRID_A, MARCH.start: town.GRID_B}
    rows = connection.execute("SELECT grid_id FROM gridmap.inspection").fetchall()
    assert rows == [{"grid_id": town.GRID_B}]
    must_be_right(connection)


def test_two_places_that_change_their_grids_are_counted_where_they_are(connection: Connection) -> None:
    add_rule(connection, BY, town.STREET, rule(), town.SINCE)
    opened(connection)
    answer(connection, at_place(connection, town.HELD))
    for place, grid, estate in ((town.HELD, town.GRID_B, town.ESTATE_B), (town.HELD_TOO, town.GRID_A, town.ESTATE_A)):
        connection.execute("UPDATE gridmap.place SET grid_id = %s, estate_id = %s WHERE id = %s", (grid, estate, place))
    assert opened(connection).moved == 2
    assert (counts_of(connection, town.GRID_A)[:2], counts_of(connection, town.GRID_B)[:2]) == ((2, 0), (3, 1))
    must_be_right(connection)


def test_another_name_or_reminder_asks_nothing_anew(connection: Connection) -> None:
    duty = add_rule(connection, BY, town.STREET, rule(), town.SINCE)
    opened(connection)
    answer(connection, at_place(connection, town.HELD))
    changed = rule(title="消防", title_en="Fire", remind_day=20, excused_by="street")
    assert change_rule(connection, BY, duty, changed, TODAY, revision=1) == duty
    assert opened(connection).total == 0
    row = read_rule(connection, duty)
    assert row is not None
    assert (rule_of(row), row["revision"], row["since"]) == (changed, 2, town.SINCE)
    with pytest.raises(SlotChanged):
        change_rule(connection, BY, duty, rule(), TODAY, revision=1)


def test_what_was_done_counts_for_the_changed_rule_and_the_rest_is_asked_by_it(connection: Connection) -> None:
    duty = add_rule(connection, BY, town.STREET, rule(), town.SINCE)
    opened(connection)
    answer(connection, at_place(connection, town.HELD))
    changed = change_rule(connection, BY, duty, rule(role="grid_worker"), TODAY, revision=1)
    done = opened(connection)
    assert (done.total, done.gone) == (4, 4)
    by_rule = {one: [s["state"] for s in slots(connection) if s["duty_id"] == one] for one in (duty, changed)}
    assert sorted(by_rule[duty]) == ["excused"] * 4 + ["satisfied"]
    assert by_rule[changed] == ["due"] * 4
    assert {s["excuse"] for s in slots(connection)} == {None, "rule_changed"}
    row = read_rule(connection, changed)
    assert row is not None
    assert row["replaces_id"] == duty
    # the phone of a manager still holds an answer to the slot of the old rule: it counts, and the new one is not asked
    old = next(s for s in slots(connection) if s["duty_id"] == duty and s["place_id"] == town.HELD_TOO)
    answer(connection, old)
    assert opened(connection).gone == 1
    assert {s["state"] for s in slots(connection) if s["place_id"] == town.HELD_TOO} == {"satisfied", "excused"}
    must_be_right(connection)


def test_a_rule_that_begins_later_waits_and_one_that_ends_today_asks_no_more(connection: Connection) -> None:
    add_rule(connection, BY, town.STREET, rule(), TODAY + timedelta(days=4))
    assert opened(connection).total == 0
    assert opened(connection, today=TODAY + timedelta(days=4)).total == 5
    short = add_rule(connection, BY, town.STREET, rule("roof"), TODAY)
    opened(connection)
    end_rule(connection, BY, short, TODAY, revision=1)
    assert opened(connection).gone == 5
    with pytest.raises(DutyProblem, match="ended"):
        end_rule(connection, BY, short, TODAY, revision=2)
    must_be_right(connection)


def test_a_building_that_gets_stairwells_owes_by_them(connection: Connection) -> None:
    add_rule(connection, BY, town.STREET, rule(), town.SINCE)
    opened(connection)
    connection.execute(
        "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, estate_id, parent_id,"
        " valid) VALUES (%s, %s, 'stairwell', 'v1', 'v1', %s, %s, %s, %s, '[2026-03-01,)')",
        (town.STREET, town.BASE + 98, town.COMMUNITY, town.GRID_B, town.ESTATE_B, town.VILLA),
    )
    done = opened(connection)
    assert (done.total, done.gone) == (1, 1)
    assert at_place(connection, town.VILLA)["excuse"] == "rule_changed"
    must_be_right(connection)


def test_a_holiday_that_is_written_down_later_moves_what_is_still_to_come(connection: Connection) -> None:
    count = rule("vehicles", level="grid", action="vehicle_count", every="working_day")
    add_rule(connection, BY, town.STREET, count, town.SINCE)
    reception = rule("reception", level="community", action="meeting", fixed_day=20, holiday_rule="next")
    add_rule(connection, BY, town.STREET, reception, town.SINCE)
    opened(connection)
    holiday = date(2026, 3, 20)
    connection.execute("INSERT INTO gridmap.calendar_day (day, kind, name) VALUES (%s, 'holiday', '假')", (holiday,))
    done = opened(connection)
    assert (done.total, done.gone, done.moved) == (0, 2, 1)
    [meeting] = [s for s in slots(connection) if s["kind"] == "reception"]
    assert meeting["due_on"] == date(2026, 3, 23)
    assert {(s["state"], s["excuse"]) for s in slots(connection) if s["starts_on"] == holiday} == {
        ("excused", "rule_changed")
    }
    connection.execute("DELETE FROM gridmap.calendar_day WHERE day = %s", (holiday,))
    done = opened(connection)
    assert (done.back, done.moved) == (2, 1)
    assert {s["state"] for s in slots(connection) if s["starts_on"] == holiday} == {"due"}
    must_be_right(connection)


def test_what_runs_longer_than_a_month_is_opened_in_its_middle(connection: Connection) -> None:
    add_rule(connection, BY, town.STREET, rule("season", level="estate", action="activity", every="quarter"), TODAY)
    add_rule(connection, BY, town.STREET, rule("year", level="estate", action="activity", every="year"), TODAY)
    assert opened(connection).total == 4
    assert {(s["starts_on"], s["ends_on"]) for s in slots(connection)} == {
        (date(2026, 1, 1), date(2026, 4, 1)), (date(2026, 1, 1), date(2027, 1, 1))
    }  # fmt: skip
    assert opened(connection).total == 0


def test_a_due_day_in_the_next_month_is_waited_for(connection: Connection) -> None:
    """31 January 2026 is a Saturday: with the next working day it is due on 2 February, and missed after that."""
    add_rule(connection, BY, town.STREET, rule(level="estate", fixed_day=31, holiday_rule="next"), town.SINCE)
    opened(connection, month=month_of(date(2026, 1, 1)), today=date(2026, 1, 20))
    assert {(s["due_on"], s["ends_on"]) for s in slots(connection)} == {(date(2026, 2, 2), date(2026, 2, 3))}
    assert close_slots(connection, [town.STREET], date(2026, 2, 2)) == 0
    assert close_slots(connection, [town.STREET], date(2026, 2, 3)) == 2


def test_what_a_community_owes_itself_needs_no_manager_and_no_map(connection: Connection) -> None:
    add_rule(connection, BY, town.STREET, rule(level="community", action="meeting", fixed_day=15), town.SINCE)
    opened(connection)
    [slot] = slots(connection)
    assert slot["gap"] == "not_yet"
    answer(connection, slot, "done", done_on=date(2026, 3, 13), note="12人")
    [slot] = slots(connection)
    assert (slot["state"], slot["done_at"]) == ("satisfied", town.at(2026, 3, 13, 12))


def test_paper_counts_on_its_own_day_under_its_authors_name(connection: Connection) -> None:
    add_rule(connection, BY, town.STREET, rule(), town.SINCE)
    opened(connection)
    close_slots(connection, [town.STREET], APRIL.start)
    slot = at_place(connection, town.HELD)
    by = Actor(account_id=None, business_at=town.at(2026, 4, 2), at=real_now())
    paper = Answer(slot_id=slot["id"], result="fine", via="paper", author_id=town.PEOPLE[0], done_on=date(2026, 3, 28))
    answer_slot(connection, by, paper, date(2026, 4, 2), is_clock_real=True)
    now = at_place(connection, town.HELD)
    assert (now["state"], now["is_late"]) == ("satisfied", False)
    [row] = connection.execute("SELECT via, author_id, doubt, done_at, received_at FROM gridmap.inspection").fetchall()
    assert (row["via"], row["author_id"], row["doubt"]) == ("paper", town.PEOPLE[0], None)
    assert (row["done_at"], row["received_at"]) == (town.at(2026, 3, 28, 12), by.business_at)
    must_be_right(connection)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"via": "paper", "done_on": date(2026, 3, 10)}, "author"),
        ({"via": "paper", "done_on": date(2026, 3, 10), "author_id": town.BASE + 999}, "author"),
        ({"via": "paper", "author_id": town.PEOPLE[0]}, "day"),
        ({"via": "pigeon", "author_id": town.PEOPLE[0], "done_on": date(2026, 3, 10)}, "day"),
        ({"via": "phone", "author_id": town.PEOPLE[0], "done_on": date(2026, 3, 17)}, "day"),
        ({"via": "phone", "author_id": town.PEOPLE[0], "done_on": date(2026, 2, 27)}, "early"),
    ],
)
def test_paper_without_author_or_day_is_refused(connection: Connection, words: dict[str, Any], reason: str) -> None:
    add_rule(connection, BY, town.STREET, rule(), town.SINCE)
    opened(connection)
    with pytest.raises(DutyProblem, match=reason):
        answer(connection, at_place(connection, town.HELD), **words)


def test_who_excused_and_when_is_kept_and_goes_with_the_excuse(connection: Connection) -> None:
    add_rule(connection, BY, town.STREET, rule(), town.SINCE)
    opened(connection)
    slot = at_place(connection, town.HELD)
    excuse_slots(connection, BY, Excuse(slot_ids=[slot["id"]], reason="vacant", note="长期空置"), TODAY)
    now = at_place(connection, town.HELD)
    assert (now["state"], now["excuse_note"], now["excused_at"]) == ("excused", "长期空置", BY.business_at)
    assert opened(connection).back == 0
    take_back_excuses(connection, BY, [slot["id"]], TODAY)
    assert at_place(connection, town.HELD)["excused_at"] is None
    with pytest.raises(DutyProblem, match="excuse"):
        excuse_slots(connection, BY, Excuse(slot_ids=[slot["id"]], reason="rule_changed"), TODAY)


def test_the_calendar_that_comes_with_gridmap_can_be_used_as_it_stands(connection: Connection) -> None:
    assert len({one.kind for one in CADENCE}) == len(CADENCE) >= 20
    assert {one.every for one in CADENCE} == {"day", "working_day", "month", "quarter", "year"}
    assert all(one in CADENCE for one in MONTHLY_CHECKS)
    assert add_defaults(connection, BY, town.STREET, town.SINCE) == 3
    assert add_defaults(connection, BY, town.STREET, town.SINCE) == 0


WORDS = st.fixed_dictionaries(
    {
        "level": st.sampled_from(["stairwell", "building", "estate", "grid", "zone", "facility", "community"]),
        "every": st.sampled_from(["day", "working_day", "week", "month", "quarter", "year"]),
        "times": st.integers(1, 3),
        "holiday_rule": st.sampled_from(["stay", "next", "previous"]),
        "only_for": st.fixed_dictionaries(
            {},
            optional={
                "communities": st.just([town.COMMUNITY]),
                "grids": st.sampled_from([[town.GRID_A], [town.GRID_A, town.GRID_B]]),
                "estates": st.sampled_from([[town.ESTATE_A], [town.ESTATE_B]]),
                "management": st.sampled_from([["none"], ["property", "self"]]),
                "building_kinds": st.sampled_from([["slab"], ["villa_row", "slab"]]),
            },
        ),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS, first=st.sampled_from([date(2026, 4, 1), date(2026, 6, 1), date(2026, 1, 1)]))
def test_what_the_preview_says_is_what_is_opened(connection: Connection, words: dict[str, Any], first: date) -> None:
    with connection.transaction(force_rollback=True):
        asked = rule("previewed", **words)
        seen = preview_rule(connection, town.STREET, asked, first, first)
        add_rule(connection, BY, town.STREET, asked, first)
        before = first - timedelta(days=1)
        made = open_slots(
            connection, [town.STREET], month_of(first), first if asked.every in ("quarter", "year") else before
        )
        assert (made.total, seen.month) == (seen.slots, first)

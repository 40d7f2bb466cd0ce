"""Slots: opened by rules, answered, excused, closed; the counts beside them; gaps with their reason."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from gridmap.accounts import Actor
from gridmap.clock import parse_clock, real_now
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.duties import (
    MONTHLY_CHECKS,
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
from gridmap.periods import Period, month_of
from tests import duties_town as town
from tests.conftest import Base

MARCH = month_of(date(2026, 3, 1))
TODAY = date(2026, 3, 16)
AFTER = date(2026, 4, 2)
BY = Actor(account_id=None, business_at=town.at(2026, 3, 16), at=real_now())


@pytest.fixture
def base(copy_database: Callable[[str], Base], empty_template: str) -> Base:
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        town.build(owner)
    return base


@pytest.fixture
def connection(base: Base) -> Iterator[Connection]:
    database = Database(base.app_url)
    with database.transaction(SYSTEM) as connection:
        yield connection
    database.close()


def slots(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute(
        "SELECT s.*, d.kind, gridmap.gap_reason(s, %s, %s) AS gap FROM gridmap.slot s"
        " JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id"
        " ORDER BY d.sort, s.starts_on, s.place_id, s.unit, s.turn",
        (BY.business_at, TODAY),
    ).fetchall()


def counted(connection: Connection) -> dict[str, int]:
    row = connection.execute(
        "SELECT sum(slots)::int AS slots, sum(satisfied)::int AS satisfied, sum(excused)::int AS excused,"
        " sum(late)::int AS late, sum(findings)::int AS findings FROM gridmap.coverage"
    ).fetchone()
    return dict(row or {})


def must_be_right(connection: Connection) -> None:
    """The counts are those of the slots, and every slot is in a state that its own columns explain."""
    assert connection.execute("SELECT gridmap.recount_coverage(%s) AS wrong", ([town.STREET],)).fetchone() == {
        "wrong": 0
    }
    for slot in slots(connection):
        assert (slot["state"] == "excused") <= (slot["excuse"] is not None)
        assert (slot["reason"] is not None) == (slot["state"] == "missed")
        assert (slot["state"] == "satisfied") <= (slot["done_at"] is not None)


def monthly(connection: Connection) -> list[int]:
    return [add_rule(connection, BY, town.STREET, rule, town.SINCE) for rule in MONTHLY_CHECKS]


def test_each_stairwell_owes_three_checks_and_a_building_without_stairwells_counts_as_one(
    connection: Connection,
) -> None:
    monthly(connection)
    opened = open_slots(connection, [town.STREET], MARCH, TODAY)
    found = slots(connection)
    assert opened.total == len(found) == 3 * (4 + 1)
    assert {slot["place_id"] for slot in found} == {*town.STAIRS, town.VILLA}
    assert {(slot["starts_on"], slot["ends_on"], slot["due_on"]) for slot in found} == {
        (date(2026, 3, 1), date(2026, 4, 1), date(2026, 3, 31))
    }
    assert counted(connection)["slots"] == 15
    must_be_right(connection)


def test_opening_again_adds_nothing_and_a_new_place_in_the_middle_is_added(connection: Connection, base: Base) -> None:
    monthly(connection)
    assert open_slots(connection, [town.STREET], MARCH, TODAY).total == 15
    assert open_slots(connection, [town.STREET], MARCH, TODAY).total == 0
    connection.execute(
        "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, estate_id, parent_id,"
        " valid) VALUES (%s, %s, 'stairwell', 'new', 'new', %s, %s, %s, %s, '[2026-03-10,)')",
        (town.STREET, town.BASE + 99, town.COMMUNITY, town.GRID_A, town.ESTATE_A, town.HOUSE_A),
    )
    assert open_slots(connection, [town.STREET], MARCH, TODAY).total == 3
    must_be_right(connection)


def test_a_place_that_has_gone_leaves_the_numbers_with_history(connection: Connection) -> None:
    monthly(connection)
    open_slots(connection, [town.STREET], MARCH, TODAY)
    connection.execute(
        "UPDATE gridmap.place SET valid = daterange('2020-01-01', '2026-03-12') WHERE id = %s", (town.HELD,)
    )
    assert open_slots(connection, [town.STREET], MARCH, TODAY).gone == 3
    gone = [slot for slot in slots(connection) if slot["place_id"] == town.HELD]
    assert {(slot["state"], slot["excuse"]) for slot in gone} == {("excused", "place_gone")}
    assert counted(connection)["excused"] == 3
    must_be_right(connection)


def test_households_working_days_turns_and_communities(connection: Connection) -> None:
    rules = [
        Rule(kind="visit", title="走访", title_en="Visit", role="grid_worker", action="household_visit",
             level="household", only_for={"estates": [town.ESTATE_B]}),
        Rule(kind="vehicles", title="清点", title_en="Count", role="grid_worker", action="vehicle_count",
             level="grid", every="working_day", times=2),
        Rule(kind="reception", title="接待日", title_en="Reception day", role="grid_worker", action="meeting",
             level="community", fixed_day=15, holiday_rule="next"),
        Rule(kind="roof", title="屋顶", title_en="Roof", role="building_manager", level="building",
             only_for={"management": ["none"], "building_kinds": ["slab"]}),
    ]  # fmt: skip
    for rule in rules:
        add_rule(connection, BY, town.STREET, rule, town.SINCE)
    open_slots(connection, [town.STREET], MARCH, TODAY)
    found = slots(connection)

    def of(kind: str) -> list[dict[str, Any]]:
        return [slot for slot in found if slot["kind"] == kind]

    assert sorted((slot["place_id"], slot["unit"]) for slot in of("visit")) == sorted(
        [(place, unit) for place in town.STAIRS[2:] for unit in ("101", "102", "201")]
        + [(town.VILLA, "1"), (town.VILLA, "2")]
    )
    assert len(of("vehicles")) == 2 * 2 * 22
    assert [(slot["place_id"], slot["community_id"], slot["due_on"]) for slot in of("reception")] == [
        (None, town.COMMUNITY, date(2026, 3, 16))
    ]
    assert [slot["place_id"] for slot in of("roof")] == [town.HOUSE_B]
    must_be_right(connection)


def test_a_rule_changed_in_the_middle_keeps_what_was_done_and_asks_anew(connection: Connection) -> None:
    rule = MONTHLY_CHECKS[0]
    duty = add_rule(connection, BY, town.STREET, rule, town.SINCE)
    open_slots(connection, [town.STREET], MARCH, TODAY)
    first = slots(connection)[0]
    answer_slot(connection, BY, Answer(slot_id=first["id"], result="fine"), TODAY, is_clock_real=False)
    weekly = Rule(kind=rule.kind, title=rule.title, title_en=rule.title_en, role=rule.role, every="week")
    changed = change_rule(connection, BY, duty, weekly, TODAY, revision=1)
    opened = open_slots(connection, [town.STREET], MARCH, TODAY)
    states = [(slot["duty_id"], slot["state"]) for slot in slots(connection)]
    assert states.count((duty, "satisfied")) == 1
    assert states.count((duty, "excused")) == opened.gone == 4
    weeks = {slot["starts_on"] for slot in slots(connection) if slot["duty_id"] == changed}
    assert weeks == {date(2026, 3, 16), date(2026, 3, 23), date(2026, 3, 30)}
    with pytest.raises(DutyProblem):
        end_rule(connection, BY, changed, date(2026, 5, 1), revision=99)
    must_be_right(connection)


@pytest.mark.parametrize("title", ["夜间巡查\u3000周五", "飞线 ⚡\ufe0f", ""])
def test_a_rule_is_named_in_words(title: str) -> None:
    assert Rule(kind="any", title=title, title_en=title or "any", role="grid_worker")


@pytest.mark.parametrize("title", ["\u200b", "a\nb", "a\0", "x" * 61])
def test_a_rule_is_not_named_by_what_nobody_sees(title: str) -> None:
    with pytest.raises(DutyProblem, match="title"):
        Rule(kind="any", title=title, title_en="any", role="grid_worker")
    with pytest.raises(DutyProblem, match="title"):
        Rule(kind="any", title_en=title, role="grid_worker")


def test_an_answer_in_time_satisfies_a_late_one_does_not(connection: Connection) -> None:
    monthly(connection)
    open_slots(connection, [town.STREET], MARCH, TODAY)
    in_time, late, *_ = slots(connection)
    answer_slot(
        connection, BY, Answer(slot_id=in_time["id"], result="finding", severity=2, note="灭火器过期"), TODAY,
        is_clock_real=False,
    )  # fmt: skip
    close_slots(connection, [town.STREET], AFTER)
    by = Actor(account_id=None, business_at=town.at(2026, 4, 2), at=real_now())
    answer_slot(connection, by, Answer(slot_id=late["id"], result="fine"), AFTER, is_clock_real=False)
    found = {slot["id"]: slot for slot in slots(connection)}
    assert (found[in_time["id"]]["state"], found[in_time["id"]]["findings"]) == ("satisfied", 1)
    assert (found[late["id"]]["state"], found[late["id"]]["is_late"]) == ("missed", True)
    assert counted(connection) == {"slots": 15, "satisfied": 1, "excused": 0, "late": 1, "findings": 1}
    must_be_right(connection)


def test_work_done_in_time_and_sent_after_the_period_closed_still_counts(connection: Connection) -> None:
    monthly(connection)
    open_slots(connection, [town.STREET], MARCH, TODAY)
    slot = slots(connection)[0]
    close_slots(connection, [town.STREET], AFTER)
    by = Actor(account_id=None, business_at=town.at(2026, 4, 2), at=real_now())
    answer = Answer(slot_id=slot["id"], result="fine", device_at=town.at(2026, 3, 30))
    answer_slot(connection, by, answer, AFTER, is_clock_real=True)
    [now] = [one for one in slots(connection) if one["id"] == slot["id"]]
    assert (now["state"], now["reason"], now["is_late"]) == ("satisfied", None, False)
    doubts = connection.execute("SELECT doubt FROM gridmap.inspection").fetchall()
    assert doubts == [{"doubt": "clock"}]
    must_be_right(connection)


def test_a_correction_keeps_what_was_said_and_settles_anew(connection: Connection) -> None:
    monthly(connection)
    open_slots(connection, [town.STREET], MARCH, TODAY)
    slot = slots(connection)[0]
    first = answer_slot(connection, BY, Answer(slot_id=slot["id"], result="fine"), TODAY, is_clock_real=False)
    second = correct_answer(
        connection, BY,
        Correction(inspection_id=first, answer=Answer(slot_id=slot["id"], result="no_access"), why="按错"),
        TODAY, is_clock_real=False,
    )  # fmt: skip
    assert slots(connection)[0]["state"] == "due"
    assert slots(connection)[0]["tried_at"] is not None
    with pytest.raises(DutyProblem, match="superseded"):
        correct_answer(connection, BY, Correction(inspection_id=first, answer=None), TODAY, is_clock_real=False)
    assert second is not None
    correct_answer(connection, BY, Correction(inspection_id=second, answer=None), TODAY, is_clock_real=False)
    assert slots(connection)[0]["tried_at"] is None
    rows = connection.execute("SELECT id, corrects_id, superseded_at FROM gridmap.inspection ORDER BY id").fetchall()
    assert [(row["id"], row["corrects_id"], row["superseded_at"] is None) for row in rows] == [
        (first, None, False), (second, first, False)
    ]  # fmt: skip
    must_be_right(connection)


def test_excused_leaves_numerator_and_denominator_until_it_is_taken_back(connection: Connection) -> None:
    monthly(connection)
    open_slots(connection, [town.STREET], MARCH, TODAY)
    ids = [slot["id"] for slot in slots(connection)][:4]
    answer_slot(connection, BY, Answer(slot_id=ids[0], result="fine"), TODAY, is_clock_real=False)
    assert excuse_slots(connection, BY, Excuse(slot_ids=ids, reason="construction"), TODAY) == 3
    assert counted(connection) == {"slots": 15, "satisfied": 1, "excused": 3, "late": 0, "findings": 0}
    answer_slot(connection, BY, Answer(slot_id=ids[1], result="fine"), TODAY, is_clock_real=False)
    assert counted(connection) == {"slots": 15, "satisfied": 2, "excused": 2, "late": 0, "findings": 0}
    take_back_excuses(connection, BY, ids, TODAY)
    assert counted(connection) == {"slots": 15, "satisfied": 2, "excused": 0, "late": 0, "findings": 0}
    with pytest.raises(DutyProblem, match="note"):
        excuse_slots(connection, BY, Excuse(slot_ids=ids, reason="other"), TODAY)
    with pytest.raises(DutyProblem, match="excuse"):
        excuse_slots(connection, BY, Excuse(slot_ids=ids, reason="lazy"), TODAY)
    must_be_right(connection)


def test_every_gap_has_the_first_reason_that_holds(connection: Connection) -> None:
    add_rule(connection, BY, town.STREET, MONTHLY_CHECKS[0], town.SINCE)
    open_slots(connection, [town.STREET], MARCH, TODAY)
    reasons = {slot["place_id"]: slot["gap"] for slot in slots(connection)}
    assert reasons == {
        town.HELD: "not_yet",
        town.ON_LEAVE: "on_leave",
        town.HELD_TOO: "not_yet",
        town.NOBODY: "no_manager",
        town.VILLA: "no_manager",
    }
    by_place = {slot["place_id"]: slot["id"] for slot in slots(connection)}
    tried = Answer(slot_id=by_place[town.HELD], result="no_access")
    answer_slot(connection, BY, tried, TODAY, is_clock_real=False)
    assert {s["place_id"]: s["gap"] for s in slots(connection)}[town.HELD] == "no_access"
    close_slots(connection, [town.STREET], AFTER)
    closed = {slot["place_id"]: slot["reason"] for slot in slots(connection)}
    assert closed == reasons | {town.HELD: "no_access", town.HELD_TOO: "missed"}
    must_be_right(connection)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"result": "reached"}, "result"),
        ({"result": "fine", "severity": 2}, "severity"),
        ({"result": "finding", "severity": 9}, "severity"),
        ({"result": "fine", "note": "x" * 501}, "note"),
        ({"result": "fine", "note": "a\x00b"}, "note"),
        ({"result": "fine", "device_at": town.at(2026, 2, 27)}, "early"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(connection: Connection, answer: dict[str, Any], reason: str) -> None:
    monthly(connection)
    open_slots(connection, [town.STREET], MARCH, TODAY)
    slot = slots(connection)[0]
    with pytest.raises(DutyProblem, match=reason):
        answer_slot(connection, BY, Answer(slot_id=slot["id"], **answer), TODAY, is_clock_real=False)


def test_the_parts_of_a_period_fit_together() -> None:
    assert Period(MARCH.start, MARCH.start + timedelta(days=31)) == MARCH
    assert parse_clock("2026-03-16T09:00+08:00").today() == TODAY


def test_the_year_of_the_demo_is_what_the_sources_say(demo_base: Base) -> None:
    """9,108 checks of 花苑 in 88, 4 and 8 %; 1,300 of 1,439 households a month; 101 of 102 stairwells with a butler."""
    with psycopg.connect(demo_base.superuser_url) as owner:
        rows = owner.execute(
            "SELECT d.kind, s.state, count(*), count(*) FILTER (WHERE s.reason = 'no_manager') FROM gridmap.slot s"
            " JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id"
            " WHERE s.starts_on < '2026-03-01' GROUP BY 1, 2"
        ).fetchall()
        months = owner.execute(
            "SELECT s.starts_on, count(*) FILTER (WHERE d.role = 'building_manager'),"
            " count(*) FILTER (WHERE d.kind = 'household_visit'),"
            " count(*) FILTER (WHERE d.kind = 'household_visit' AND s.state = 'satisfied')"
            " FROM gridmap.slot s JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id"
            " WHERE s.starts_on < '2026-03-01' GROUP BY 1 ORDER BY 1"
        ).fetchall()
    found = {(kind, state): number for kind, state, number, _ in rows}
    checks = {
        state: sum(found[rule.kind, state] for rule in MONTHLY_CHECKS) for state in ("satisfied", "excused", "missed")
    }
    assert checks == {"satisfied": 8_015, "excused": 364, "missed": 729}
    assert [tuple(row[1:]) for row in months] == [(759, 1_439, 1_300)] * 12
    rounds = {state: (number, vacant) for kind, state, number, vacant in rows if kind == "butler_round"}
    assert sum(number for number, _ in rounds.values()) == 102 * 12
    assert rounds["missed"][1] == 12
    assert found["joint_inspection", "satisfied"] == found["reception_day", "satisfied"] == 12

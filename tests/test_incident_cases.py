"""Cases in the database: reports, routing, the whole way to the end, parties, refusals, moves, notices."""

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from gridmap.db import Database
from gridmap.incidents import Action, CaseChanged, Sought, State, find_duplicates, own_incidents, possible_actions
from gridmap.tables import incident
from tests.conftest import Base
from tests.incidents_town import (
    BASE,
    BROKEN_LIGHT,
    CAMERA,
    CAMERA_KIND,
    CLUTTER,
    COMMUNITY,
    COMPANY,
    DEPARTMENT,
    DISPUTE,
    EAST,
    ESTATE_A,
    ESTATE_B,
    GRID_A,
    GRID_B,
    MONDAY,
    OTHER_COMPANY,
    POLICE,
    STAIRS,
    STREET,
    TEAM,
    TRAPPED,
    Town,
    box,
    build,
    refused,
)

COPIED = {"id", "number", "sent_id"}
"""Columns of a case that differ where it is written many times."""


@pytest.fixture(scope="module")
def template(copy_database: Callable[[str], Base], empty_template: str) -> str:
    base = copy_database(empty_template)
    with psycopg.connect(base.owner_url) as owner:
        build(owner)
    return str(psycopg.conninfo.conninfo_to_dict(base.app_url)["dbname"])


@pytest.fixture
def town(copy_database: Callable[[str], Base], template: str) -> Iterator[Town]:
    base = copy_database(template)
    town = Town(Database(base.app_url), base.owner_url)
    yield town
    town.close()


# Reporting and routing ----------------------------------------------------------------------------------------------


def test_a_report_is_a_case_with_its_place_deadline_and_history(town: Town) -> None:
    made = town.report("worker_a", text="三楼平台堆满纸箱", device_at=MONDAY - timedelta(minutes=3))
    row = town.case(made.incident_id)
    assert made.number.startswith("GX-2026-03-")
    assert (row["number"], row["state"], row["level"]) == (made.number, "reported", "grid")
    assert (row["community_id"], row["grid_id"], row["estate_id"]) == (COMMUNITY, GRID_A, ESTATE_A)
    assert row["place_id"] == STAIRS[0]
    assert row["due_at"] == made.due_at == MONDAY + timedelta(days=2)
    assert (row["limit_minutes"], row["clock"], row["is_provisional"]) == (960, "working", False)
    assert row["address"]
    assert row["reporter_account_id"] == town.ids["worker_a"]
    (line,) = town.history(made.incident_id)
    assert (line["turn"], line["action"], line["to_state"], line["used_minutes"]) == (1, "report", "reported", 0)
    (audit,) = town.rows("SELECT * FROM gridmap.audit WHERE subject = 'incident'")
    assert (audit["action"], audit["subject_id"]) == ("report", str(made.incident_id))
    assert "纸箱" not in str(audit)


def test_numbers_grow_and_are_never_cut(town: Town) -> None:
    town.owner.execute("SELECT setval('gridmap.incident_number', 999998)")
    numbers = [town.report("worker_a").number.removeprefix("GX-2026-03-") for _ in range(3)]
    assert numbers == ["999999", "1000000", "1000001"]


def test_components_go_to_their_owner_first_and_events_to_their_territory(town: Town) -> None:
    light = town.report("worker_a", BROKEN_LIGHT)
    assert [(unit.organisation_id, unit.why) for unit in light.units] == [
        (COMPANY, "owner"),
        (DEPARTMENT, "taker"),
        (None, "community"),
    ]
    clutter = town.report("worker_a", CLUTTER)
    assert [(unit.organisation_id, unit.why) for unit in clutter.units] == [
        (None, "community"),
        (COMPANY, "owner"),
        (POLICE, "taker"),
    ]
    # the team looks after clutter where it lives, and so comes before the community
    in_b = town.report("worker_b", CLUTTER, STAIRS[2])
    assert [unit.organisation_id for unit in in_b.units] == [TEAM, None, OTHER_COMPANY, POLICE]
    camera = town.report("worker_a", CAMERA_KIND, CAMERA)
    assert [unit.organisation_id for unit in camera.units] == [DEPARTMENT, COMPANY, None]


def test_what_nothing_matches_falls_to_the_community_of_the_point(town: Town) -> None:
    made = town.report("leader", CLUTTER, None, at=(113.4005, 22.5005))
    row = town.case(made.incident_id)
    assert (row["place_id"], row["community_id"], row["grid_id"], row["estate_id"]) == (None, COMMUNITY, GRID_A, None)
    assert made.units[0].organisation_id is None
    assert made.units[0].community_id == COMMUNITY


def test_on_a_border_the_lowest_code_has_it_and_within_the_error_both_are_offered(town: Town) -> None:
    on_it = town.report("leader", CLUTTER, None, at=(113.42, 22.505))
    assert town.case(on_it.incident_id)["community_id"] == COMMUNITY
    assert [unit.community_id for unit in on_it.units if unit.why == "community"] == [COMMUNITY, EAST]
    # some 20 m west of it, by a phone that is sure to 30 m
    near = town.report("leader", CLUTTER, None, at=(113.4198, 22.505), accuracy_m=30)
    assert [unit.community_id for unit in near.units if unit.why == "community"] == [COMMUNITY, EAST]
    sure = town.report("leader", CLUTTER, None, at=(113.4198, 22.505), accuracy_m=5)
    assert [unit.community_id for unit in sure.units if unit.why == "community"] == [COMMUNITY]
    between_grids = town.report("leader", CLUTTER, None, at=(113.41, 22.505))
    assert town.case(between_grids.incident_id)["grid_id"] == GRID_A


def test_a_place_of_no_community_falls_to_that_of_its_point(town: Town) -> None:
    town.owner.execute("UPDATE gridmap.place SET community_id = NULL WHERE id = %s", (STAIRS[0],))
    made = town.report("leader", CLUTTER)
    assert town.case(made.incident_id)["community_id"] is None
    assert [unit.community_id for unit in made.units if unit.why == "community"] == [COMMUNITY]


def test_reports_that_cannot_be(town: Town) -> None:
    with refused("outside"):
        town.report("leader", CLUTTER, None, at=(120.0, 30.0))
    with refused("where"):
        town.report("leader", CLUTTER, None)
    with refused("kind"):
        town.report("leader", "99999")
    with refused("urgent"):
        town.report("leader", TRAPPED, done=True)
    with refused("text"):
        town.report("leader", text="a\x00b")
    with pytest.raises(LookupError):
        town.report("worker_a", place_id=STAIRS[2])
    assert town.rows("SELECT * FROM gridmap.incident") == []


def test_a_small_matter_is_solved_on_the_spot(town: Town) -> None:
    made = town.report("worker_a", done=True)
    row = town.case(made.incident_id)
    assert (made.state, row["state"], row["is_self_handled"], row["level"]) == (State.CLOSED, "closed", True, "grid")
    assert row["handled_by"] == town.ids["worker_a"]
    assert [line["action"] for line in town.history(made.incident_id)] == ["self_handle"]
    reopened = town.act("leader", made.incident_id, "reopen", reason="又堆上了")
    assert (reopened["state"], reopened["is_self_handled"]) == ("reopened", False)


def test_an_order_keeps_its_deadline_and_a_complaint_has_thirteen_days(town: Town) -> None:
    due = MONDAY + timedelta(days=4, hours=3)
    given = town.report(None, source="hotline", due_at=due)
    assert given.due_at == due
    open_ended = town.report(None, source="hotline")
    assert open_ended.due_at == MONDAY + timedelta(days=17)


def test_the_same_thing_nearby_is_suggested_and_repeats_are_counted(town: Town) -> None:
    first = town.report("worker_a")
    assert (first.near, first.times, first.is_repeat) == ((), 1, False)
    second = town.report("worker_a")
    assert [near["id"] for near in second.near] == [first.incident_id]
    assert second.near[0]["is_same_place"]
    third = town.report("leader", CLUTTER, None, at=(113.40501, 22.505))
    assert {near["id"] for near in third.near} == {first.incident_id, second.incident_id}
    assert 0 < third.near[0]["away_m"] <= 20
    assert town.report("leader", CLUTTER, None, at=(113.406, 22.505)).near == ()
    assert town.report("worker_a", BROKEN_LIGHT).near == ()
    assert town.report("worker_a").is_repeat
    # before filing
    sought = Sought(street_id=STREET, kind=CLUTTER, near_m=20, place_id=STAIRS[0], at=(113.405, 22.505))
    asked = town.run("worker_a", lambda connection, by: find_duplicates(connection, sought, by.business_at))
    assert asked[0]["is_same_place"]
    # what is still open is the same however old it is, but no repeat
    town.now += timedelta(days=60)
    old = town.run("worker_a", lambda connection, by: find_duplicates(connection, sought, by.business_at))
    assert {one["id"] for one in old} == {one["id"] for one in asked}
    assert town.report("worker_a").times == 1
    # who does not see the case is not told of it
    assert town.run("worker_b", lambda connection, by: find_duplicates(connection, sought, by.business_at)) == []


# The whole way ------------------------------------------------------------------------------------------------------


def test_the_whole_way_from_report_to_the_end(town: Town) -> None:
    case = town.dispatched()
    town.now += timedelta(hours=1)
    town.act("company", case, "accept")
    town.now += timedelta(hours=1)
    town.act("company", case, "handle", note="已清理")
    town.now += timedelta(hours=3)
    town.act("worker_a", case, "check")
    closed = town.act("worker_a", case, "close", answer="楼道已清理干净", satisfaction="satisfied")
    assert (closed["state"], closed["answer"], closed["used_minutes"]) == ("closed", "楼道已清理干净", 120)
    assert (closed["handled_by"], closed["checked_by"]) == (town.ids["company"], town.ids["worker_a"])
    lines = town.history(case)
    actions = ["report", "register", "dispatch", "accept", "handle", "check", "close"]
    assert [line["action"] for line in lines] == actions
    assert [line["turn"] for line in lines] == list(range(1, 8))
    assert [line["used_minutes"] for line in lines] == [0, 0, 0, 60, 120, 120, 120]
    assert [line["stage_minutes"] for line in lines] == [0, 0, 0, 60, 60, 60, 0]
    assert [line["organisation_id"] for line in lines[3:5]] == [COMPANY, COMPANY]
    audits = town.rows("SELECT action FROM gridmap.audit WHERE subject = 'incident' ORDER BY id")
    assert [audit["action"] for audit in audits] == actions
    notices = town.rows("SELECT kind, account_id FROM gridmap.notice ORDER BY id")
    # who closed it himself need not be told
    assert [notice["kind"] for notice in notices] == ["registered"]
    town.act("leader", case, "answer", answer="再次感谢")
    assert [row["kind"] for row in town.rows("SELECT kind FROM gridmap.notice ORDER BY id")][-1] == "answered"


def test_the_checker_is_never_the_doer(town: Town) -> None:
    case = town.dispatched(None)
    town.act("worker_a", case, "accept")
    town.act("worker_a", case, "handle")
    with refused("doer"):
        town.act("worker_a", case, "check")
    town.act("leader", case, "check")
    with refused("doer"):
        town.act("worker_a", case, "close")
    # and the table itself refuses it, whoever writes
    with psycopg.connect(town.owner_url) as owner, pytest.raises(psycopg.errors.CheckViolation, match="not_the_doer"):
        owner.execute("UPDATE gridmap.incident SET checked_by = handled_by WHERE id = %s", (case,))
    town.act("leader", case, "close")


def test_who_checks_is_on_duty_where_the_case_lies_and_does_not_only_see_it(town: Town) -> None:
    """Sight of the whole street and a role in a part of it are not the role everywhere."""
    cases = [town.dispatched(None, place_id=STAIRS[0])]
    cases.append(town.report("worker_b", place_id=STAIRS[2]).incident_id)
    town.act("leader", cases[1], "dispatch", to_community=True)
    for who, here, elsewhere in (("planner_worker", cases[1], cases[0]), ("manager", cases[0], cases[1])):
        assert {here, elsewhere} <= town.seen(who)
        with refused("not_yours"):
            town.act(who, elsewhere, "accept")
    with refused("not_yours"):
        # a manager checks, and does not act for the community
        town.act("manager", cases[0], "accept")
    town.act("planner_worker", cases[1], "accept")
    town.act("worker_a", cases[0], "accept")
    for case, doer in ((cases[0], "worker_a"), (cases[1], "planner_worker")):
        town.act(doer, case, "handle")
    with refused("not_yours"):
        town.act("manager", cases[1], "check")
    assert town.act("manager", cases[0], "check")["state"] == "verifying"
    assert town.act("worker_b", cases[1], "check")["state"] == "verifying"


def test_a_handler_of_the_street_acts_for_departments_of_the_street_alone(town: Town) -> None:
    town.owner.execute("UPDATE gridmap.organisation SET street_id = NULL WHERE id = %s", (POLICE,))
    of_street, of_city, of_company = (town.dispatched(lead) for lead in (DEPARTMENT, POLICE, COMPANY))
    assert {of_street, of_city, of_company} <= town.seen("street_handler")
    assert town.act("street_handler", of_street, "accept")["state"] == "handling"
    for case in (of_city, of_company):
        with refused("not_yours"):
            town.act("street_handler", case, "accept")
    # nobody signs in for the city's department, so who dispatches writes down what it did; for the street's one does
    assert town.act("leader", of_city, "accept")["state"] == "handling"
    town.owner.execute("UPDATE gridmap.organisation SET street_id = %s WHERE id = %s", (STREET, POLICE))
    with refused("not_yours"):
        town.act("leader", of_city, "handle")


def test_nobody_acts_as_the_office_by_a_word(town: Town) -> None:
    """What the system writes as a reason is a word like any other where somebody else says it."""
    case = town.report("worker_a").incident_id
    for action in ("register", "reject", "escalate", "dispatch"):
        with refused("not_yours"):
            town.act("worker_a", case, action, reason="second_return", lead_id=COMPANY)
    assert [line["action"] for line in town.history(case)] == ["report"]


def test_a_unit_must_be_there_on_the_day_of_the_act(town: Town) -> None:
    case = town.dispatched()
    town.owner.execute("UPDATE gridmap.organisation SET valid = '(,2026-03-18)' WHERE id = %s", (DEPARTMENT,))
    town.owner.execute("UPDATE gridmap.organisation SET valid = '[2026-03-18,)' WHERE id = %s", (OTHER_COMPANY,))
    with refused("lead"):
        town.act("company", case, "transfer", lead_id=OTHER_COMPANY, reason="x")
    town.now += timedelta(days=2)
    with refused("lead"):
        town.act("company", case, "transfer", lead_id=DEPARTMENT, reason="x")
    assert town.act("company", case, "transfer", lead_id=OTHER_COMPANY, reason="x")["lead_id"] == OTHER_COMPANY


def test_a_refusal_names_the_unit_and_the_next_step(town: Town) -> None:
    case = town.dispatched()
    with refused("not_now") as problem:
        town.act("leader", case, "register")
    assert (problem[0].unit, problem[0].next) == ("甲物业", "accept")
    with refused("not_yours") as problem:
        town.act("worker_a", case, "accept")
    assert problem[0].unit == "甲物业"
    wrong: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("needs_reason", "return", {}),
        ("words", "return", {"reason": "x" * 501}),
        ("lead", "transfer", {"lead_id": 987_654, "reason": "x"}),
        ("same", "transfer", {"lead_id": COMPANY, "reason": "x"}),
        ("until", "ask_time", {"until": MONDAY, "reason": "x"}),
        ("role", "add_party", {"organisation_id": DEPARTMENT, "role": "lead"}),
    )
    for reason, action, more in wrong:
        with refused(reason) as problem:
            town.act("company", case, action, **more)
        assert (problem[0].unit, problem[0].next) == ("甲物业", "accept"), reason
    with pytest.raises(LookupError):
        town.act("worker_b", case, "accept")
    assert [line["action"] for line in town.history(case)] == ["report", "register", "dispatch"]


def test_a_transfer_is_one_action_and_keeps_number_and_clock(town: Town) -> None:
    case = town.dispatched()
    before = town.case(case)
    town.now += timedelta(hours=2)
    after = town.act("company", case, "transfer", lead_id=DEPARTMENT, reason="不属于物业")
    assert (after["number"], after["due_at"]) == (before["number"], before["due_at"])
    assert (after["state"], after["lead_id"], after["transfers"]) == ("dispatched", DEPARTMENT, 1)
    assert town.seen("company") == set()
    assert town.seen("department") == {case}
    parties = town.rows("SELECT organisation_id, role, until FROM gridmap.party ORDER BY since, organisation_id")
    assert [(row["organisation_id"], row["until"] is None) for row in parties] == [(COMPANY, False), (DEPARTMENT, True)]


def test_a_second_return_goes_a_level_up(town: Town) -> None:
    case = town.dispatched()
    back = town.act("company", case, "return", reason="不在我司范围")
    assert (back["state"], back["lead_id"], back["returns"], back["level"]) == ("registered", None, 1, "grid")
    town.act("leader", case, "dispatch", lead_id=DEPARTMENT)
    again = town.act("department", case, "return", reason="无执法权")
    assert (again["returns"], again["level"], again["escalations"]) == (2, "community", 1)
    assert [(line["action"], line["reason"]) for line in town.history(case)][-2:] == [
        ("return", "无执法权"),
        ("escalate", "second_return"),
    ]
    told = town.rows("SELECT kind FROM gridmap.notice WHERE account_id = %s ORDER BY id", town.ids["worker_a"])
    assert [row["kind"] for row in told] == ["registered", "returned", "returned"]


def test_the_same_organisation_may_be_given_a_case_twice_at_one_moment(town: Town) -> None:
    case = town.dispatched()
    town.act("company", case, "return", reason="x")
    town.act("leader", case, "dispatch", lead_id=COMPANY)
    assert town.seen("company") == {case}
    assert town.act("company", case, "accept")["state"] == "handling"


def test_who_has_no_account_is_written_down_by_who_dispatches(town: Town) -> None:
    case = town.dispatched(TEAM)
    town.act("community_leader", case, "accept")
    town.act("community_leader", case, "handle")
    with refused("doer"):
        town.act("community_leader", case, "check")
    with refused("not_yours"):
        town.act("leader", town.dispatched(COMPANY), "accept")


def test_two_people_act_on_one_case_and_the_second_is_told(town: Town) -> None:
    case = town.dispatched()
    revision = town.case(case)["revision"]
    town.act("company", case, "accept", revision=revision)
    with pytest.raises(CaseChanged) as told:
        town.act("leader", case, "transfer", lead_id=DEPARTMENT, reason="x", revision=revision)
    changed = told.value.changed
    assert (changed["state"], changed["action"], changed["account_id"]) == ("handling", "accept", town.ids["company"])
    assert changed["revision"] == revision + 1
    assert town.case(case)["lead_id"] == COMPANY


def test_what_is_the_same_is_merged_and_both_who_reported_hear_of_it(town: Town) -> None:
    main = town.dispatched()
    other = town.report("leader").incident_id
    merged = town.act("community_leader", other, "merge", duplicate_of_id=main)
    assert (merged["state"], merged["duplicate_of_id"]) == ("duplicate", main)
    with refused("duplicate_of_id"):
        third = town.report("leader").incident_id
        town.act("leader", third, "merge", duplicate_of_id=other)
    town.act("company", main, "accept")
    town.act("company", main, "handle")
    town.act("community_leader", main, "check")
    town.act("community_leader", main, "close", answer="好了")
    told = {(row["account_id"], row["kind"]) for row in town.rows("SELECT account_id, kind FROM gridmap.notice")}
    assert (town.ids["leader"], "duplicate") in told
    assert {(town.ids["leader"], "closed"), (town.ids["worker_a"], "closed")} <= told
    mine = town.run("leader", lambda c, _: c.execute("SELECT account_id FROM gridmap.notice").fetchall())
    assert {row["account_id"] for row in mine} == {town.ids["leader"]}
    # over is over: what comes later is a case of its own, or that one is reopened
    with refused("duplicate_of_id"):
        town.act("leader", town.report("leader").incident_id, "merge", duplicate_of_id=main)


def test_who_joined_a_case_out_of_sight_hears_of_it_at_the_own_report_with_the_answer(town: Town) -> None:
    main = town.dispatched()
    first = town.report("worker_b", CLUTTER, None, at=(113.4005, 22.5005)).incident_id
    second = town.report("leader").incident_id
    # one after the other: whoever joined what is joined later still hears of it
    town.act("leader", first, "merge", duplicate_of_id=second)
    town.act("community_leader", second, "merge", duplicate_of_id=main)
    assert town.seen("worker_b") == {first}
    town.act("company", main, "accept")
    town.act("company", main, "handle")
    town.act("leader", main, "check")
    town.act("leader", main, "close", answer="已清理")
    said = "SELECT incident_id, kind FROM gridmap.notice ORDER BY id"
    told = town.run("worker_b", lambda c, _: c.execute(said).fetchall())
    assert [(row["incident_id"], row["kind"]) for row in told] == [
        (first, "duplicate"), (first, "duplicate"), (first, "closed"),
    ]  # fmt: skip
    read = town.run("worker_b", lambda c, _: c.execute("SELECT answer FROM gridmap.incident").fetchall())
    assert [row["answer"] for row in read] == ["已清理"]
    # who closed it needs no notice of that
    assert "closed" not in {row["kind"] for row in town.run("leader", lambda c, _: c.execute(said).fetchall())}


def test_nobody_writes_notices_but_by_what_becomes_of_a_case_that_he_sees(town: Town) -> None:
    case = town.report("worker_a").incident_id
    tell = "SELECT gridmap.tell_reporters(%s, %s, 'closed', %s) AS told"
    for who, told in (("worker_b", 0), ("company", 0), ("leader", 1)):
        found = town.run(who, lambda c, _: c.execute(tell, (STREET, case, MONDAY)).fetchone())
        assert found == {"told": told}, who
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        town.run("leader", lambda c, _: c.execute(
            "INSERT INTO gridmap.notice (street_id, id, account_id, incident_id, kind, at) VALUES (%s, %s, 1, %s,"
            " 'closed', %s)", (STREET, BASE + 99, case, MONDAY)))  # fmt: skip


def test_parking_extending_and_asking_for_time(town: Town) -> None:
    case = town.dispatched()
    until = town.case(case)["due_at"] + timedelta(days=1)
    assert town.act("company", case, "ask_time", until=until, reason="等配件")["due_at"] != until
    with refused("not_yours"):
        town.act("company", case, "extend", until=until, reason="等配件")
    assert town.act("leader", case, "extend", until=until, reason="等配件")["due_at"] == until
    parked = town.act("leader", case, "park", review_on=date(2026, 4, 1), reason="等维修资金")
    assert (parked["state"], parked["review_on"], parked["running_since"]) == ("parked", date(2026, 4, 1), None)
    town.now += timedelta(days=16)
    assert town.act("leader", case, "resume")["state"] == "dispatched"
    town.now += timedelta(days=9)
    with refused("expired"):
        town.act("leader", case, "extend", until=town.now + timedelta(days=5), reason="x")


# Parties and scope -------------------------------------------------------------------------------------------------


def test_an_organisation_sees_the_cases_that_it_was_given_and_not_those_of_its_estates(town: Town) -> None:
    given, kept = town.dispatched(), town.report("worker_a").incident_id
    elsewhere = town.dispatched(COMPANY, CLUTTER, STAIRS[0])
    for table in ("incident", "transition"):
        assert town.seen("company", table) == {given, elsewhere}
        assert town.seen("other_company", table) == set()
        assert town.seen("worker_a", table) == town.seen("leader", table) == {given, kept, elsewhere}
        assert town.seen("worker_b", table) == set()
        assert town.seen("east_leader", table) == set()
    town.act("leader", given, "add_party", organisation_id=DEPARTMENT, role="support")
    assert town.seen("department") == {given}
    with refused("not_yours"):
        town.act("department", given, "accept")
    town.act("company", given, "end_party", organisation_id=DEPARTMENT)
    assert town.seen("department") == set()


def test_who_reported_sees_the_own_report_wherever_it_lies(town: Town) -> None:
    made = town.report("worker_b", CLUTTER, None, at=(113.4005, 22.5005))
    assert town.case(made.incident_id)["grid_id"] == GRID_A
    assert town.seen("worker_b") == {made.incident_id}
    assert town.seen("worker_a") == {made.incident_id}


def test_private_words_and_contacts_leave_only_with_a_reason(town: Town) -> None:
    made = town.report("worker_a", DISPUTE, text="楼上漏水吵架", contact_name="王小明", contact_phone="13912345678")
    assert town.case(made.incident_id)["text"] is None

    def read(connection: Any, _: Any) -> list[dict[str, Any]]:
        return connection.execute(
            "SELECT name_masked, phone_masked, has_words FROM gridmap.incident_contact"
        ).fetchall()  # type: ignore[no-any-return]

    assert town.run("worker_a", read) == [{"name_masked": "王**", "phone_masked": "139****5678", "has_words": True}]
    assert town.run("company", read) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        town.run("leader", lambda c, _: c.execute("SELECT words FROM gridmap.incident_contact").fetchall())
    unmask = "SELECT * FROM gridmap.unmask_incident(%s, %s, %s, %s)"
    values = (STREET, made.incident_id, "回访", town.now)
    clear = town.run("leader", lambda c, _: c.execute(unmask, values).fetchall())
    assert clear == [{"name": "王小明", "phone": "13912345678", "words": "楼上漏水吵架"}]
    assert town.run("company", lambda c, _: c.execute(unmask, values).fetchall()) == []
    logged = town.rows("SELECT why FROM gridmap.audit WHERE action = 'unmask'")
    assert [row["why"] for row in logged] == ["回访"]
    with refused("private"):
        town.act("leader", made.incident_id, "classify", kind=CLUTTER)


# Moving -------------------------------------------------------------------------------------------------------------


def test_a_moved_pin_owns_the_case_anew_with_history(town: Town) -> None:
    case = town.report("worker_a").incident_id
    before = town.case(case)
    moved = town.act("leader", case, "move", place_id=STAIRS[2])
    row = town.case(case)
    assert moved["grid_id"] == row["grid_id"] == GRID_B
    assert (row["place_id"], row["estate_id"]) == (STAIRS[2], ESTATE_B)
    assert (row["number"], row["due_at"]) == (before["number"], before["due_at"])
    assert [line["action"] for line in town.history(case)] == ["report", "move", "own"]
    (audit,) = town.rows("SELECT before, after FROM gridmap.audit WHERE action = 'own'")
    assert (audit["before"]["grid_id"], audit["after"]["grid_id"]) == (GRID_A, GRID_B)
    assert case in town.seen("worker_b")
    # whoever moved it may go on with what he was told
    assert moved["revision"] == row["revision"]
    town.act("leader", case, "register", revision=moved["revision"])
    # whoever reported moves it out of what he sees, and still sees his own report
    town.act("worker_a", case, "move", at=(113.4195, 22.505))
    assert town.case(case)["place_id"] is None
    assert town.seen("worker_a") == {case}
    with refused("outside"):
        town.act("leader", case, "move", at=(120.0, 30.0))


def test_a_moved_boundary_owns_open_cases_anew_and_leaves_closed_ones(town: Town) -> None:
    by_place = town.report("worker_a").incident_id
    by_point = town.report("leader", CLUTTER, None, at=(113.4095, 22.505)).incident_id
    closed = town.report("leader", CLUTTER, None, at=(113.4095, 22.505), done=True).incident_id
    with psycopg.connect(town.owner_url, row_factory=psycopg.rows.dict_row) as owner:
        owner.execute("UPDATE gridmap.place SET geom = %s WHERE id = %s", (box(113.40, 113.409), GRID_A))
        owner.execute("UPDATE gridmap.place SET geom = %s WHERE id = %s", (box(113.409, 113.42), GRID_B))
        owner.execute("UPDATE gridmap.place SET grid_id = %s WHERE id = %s", (GRID_B, STAIRS[0]))
        assert own_incidents(owner, [STREET], town.now) == 2
        assert own_incidents(owner, [STREET], town.now) == 0
    assert {town.case(one)["grid_id"] for one in (by_place, by_point)} == {GRID_B}
    assert town.case(closed)["grid_id"] == GRID_A
    assert [line["action"] for line in town.history(by_place)] == ["report", "own"]
    assert by_place in town.seen("worker_b", "transition")


@pytest.mark.full
def test_ten_thousand_cases_are_owned_anew_within_five_seconds(town: Town) -> None:
    one = town.report("leader", CLUTTER, None, at=(113.4095, 22.505)).incident_id
    names = ", ".join(f'"{column.name}"' for column in incident.c if not (column.computed or column.name in COPIED))
    town.owner.execute(
        f"INSERT INTO gridmap.incident (id, number, {names})"
        f" SELECT id + n, 'N' || n, {names} FROM gridmap.incident, generate_series(1, 9999) n WHERE id = %s",
        (one,),
    )
    town.owner.execute(
        "INSERT INTO gridmap.transition (street_id, id, incident_id, turn, action, to_state, at, used_minutes,"
        " stage_minutes, level) SELECT street_id, street_id * 4294967296 + nextval('gridmap.serial'), id, 1, 'report',"
        " state, reported_at, 0, 0, level FROM gridmap.incident WHERE id > %s",
        (one,),
    )
    with psycopg.connect(town.owner_url, row_factory=psycopg.rows.dict_row) as owner:
        owner.execute("UPDATE gridmap.place SET geom = %s WHERE id = %s", (box(113.40, 113.409), GRID_A))
        owner.execute("UPDATE gridmap.place SET geom = %s WHERE id = %s", (box(113.409, 113.42), GRID_B))
        began = time.monotonic()
        assert own_incidents(owner, [STREET], town.now) == 10_000
        took = time.monotonic() - began
    assert took <= 5
    (found,) = town.rows(
        "SELECT count(*) FILTER (WHERE grid_id = %s) AS cases,"
        " (SELECT count(*) FROM gridmap.transition WHERE action = 'own') AS lines,"
        " (SELECT count(*) FROM gridmap.audit WHERE action = 'own') AS audits FROM gridmap.incident",
        GRID_B,
    )
    assert found == {"cases": 10_000, "lines": 10_000, "audits": 10_000}


def test_what_may_be_done_is_what_is_offered(town: Town) -> None:
    case = town.dispatched()
    offered = {
        who: town.run(who, lambda connection, by: possible_actions(connection, by, case))
        for who in ("leader", "company", "worker_a", "planner")
    }
    assert Action.ACCEPT in offered["company"]
    assert Action.ACCEPT not in offered["leader"]
    assert Action.EXTEND in offered["leader"]
    assert set(offered["worker_a"]) == {Action.MOVE}
    assert offered["planner"] == ()
    assert BASE + 1 == COMMUNITY

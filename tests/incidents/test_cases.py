"""Cases in the database: reports, routing, the whole way to the end, refusals, duplicates."""

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from gridmap.incidents import CaseChanged, Sought, State, find_duplicates
from tests.incidents_town import (
    BROKEN_LIGHT,
    CAMERA,
    CAMERA_KIND,
    CLUTTER,
    COMMUNITY,
    COMPANY,
    DEPARTMENT,
    EAST,
    ESTATE_A,
    GRID_A,
    MONDAY,
    OTHER_COMPANY,
    POLICE,
    STAIRS,
    STREET,
    TEAM,
    TRAPPED,
    Town,
    refused,
)

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

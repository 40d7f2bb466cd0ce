"""Who may act on a case and as what, who sees it and hears of it, and how it follows its pin and its boundaries."""

import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from gridmap.incidents import Action, own_incidents, possible_actions
from gridmap.tables import incident
from tests.incidents_town import (
    BASE,
    CLUTTER,
    COMMUNITY,
    COMPANY,
    DEPARTMENT,
    DISPUTE,
    ESTATE_B,
    GRID_A,
    GRID_B,
    MONDAY,
    OTHER_COMPANY,
    POLICE,
    STAIRS,
    STREET,
    TEAM,
    Town,
    box,
    refused,
)

COPIED = {"id", "number", "sent_id"}
"""Columns of a case that differ where it is written many times."""


# Who may act ---------------------------------------------------------------------------------------------------------


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


def test_a_resident_who_stands_in_for_somebody_checks_there_as_long_as_that_lasts_and_no_more(town: Town) -> None:
    town.owner.execute("UPDATE gridmap.account_grant SET role = 'duty_resident' WHERE role = 'manager'")
    cases = [town.dispatched(None, place_id=STAIRS[1]) for _ in range(2)]
    for case in cases:
        town.act("worker_a", case, "accept")
        town.act("worker_a", case, "handle")
        with refused("not_yours"):
            town.act("manager", case, "check")
    town.owner.execute(
        "UPDATE gridmap.absence SET substitute_id = (SELECT person_id FROM gridmap.account WHERE username = 'manager')"
    )
    assert town.act("manager", cases[0], "check")["state"] == "verifying"
    with refused("not_yours"):
        # it is not the role of whoever is away: nothing else is done there in that person's name
        town.act("manager", town.dispatched(None, place_id=STAIRS[1]), "accept")
    (away,) = town.rows("SELECT upper(valid) AS until FROM gridmap.absence")
    town.now = away["until"]
    with refused("not_yours"):
        town.act("manager", cases[1], "check")


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


def test_who_has_no_account_is_written_down_by_who_dispatches(town: Town) -> None:
    case = town.dispatched(TEAM)
    town.act("community_leader", case, "accept")
    town.act("community_leader", case, "handle")
    with refused("doer"):
        town.act("community_leader", case, "check")
    with refused("not_yours"):
        town.act("leader", town.dispatched(COMPANY), "accept")


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


# Who sees it ---------------------------------------------------------------------------------------------------------


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


# Moving --------------------------------------------------------------------------------------------------------------


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


def test_an_organisation_keeps_a_case_that_moves_out_of_what_it_manages_until_it_is_handed_on(town: Town) -> None:
    case = town.dispatched(COMPANY)
    town.act("company", case, "accept")
    before = town.case(case)
    town.act("leader", case, "move", place_id=STAIRS[2])
    row = town.case(case)
    assert (row["estate_id"], row["grid_id"]) == (ESTATE_B, GRID_B)
    for kept in ("lead_id", "state", "number", "due_at"):
        assert row[kept] == before[kept], kept
    assert (town.history(case)[-1]["action"], town.history(case)[-1]["lead_id"]) == ("own", COMPANY)
    assert case in town.seen("company")
    assert case not in town.seen("other_company")
    town.act("leader", case, "transfer", lead_id=OTHER_COMPANY, reason="x")
    assert case not in town.seen("company")
    assert case in town.seen("other_company")
    assert (town.case(case)["number"], town.case(case)["due_at"]) == (before["number"], before["due_at"])


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

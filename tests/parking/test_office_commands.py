"""What the office adds to the machine: notices handed over, plates looked up, a revision that was seen, stays kept."""

from datetime import date, timedelta

import pytest

from gridmap.parking.deciding import Decision, decide
from gridmap.parking.looking_up import find_cars, show_plate
from gridmap.parking.machine import Action
from gridmap.parking.noticing import Given, give_notice
from gridmap.parking.plates import UnreadablePlate
from gridmap.parking.staying import Part, Round
from gridmap.parking.street_stays import stays_of_street
from tests.duties_town import ESTATE_A, ESTATE_B, STREET
from tests.parking_town import (
    ELSEWHERE,
    KERB,
    KEY,
    NORTH,
    PLATE,
    SOUTH,
    ParkingTown,
    at,
    banned,
    proposed,
    refused,
)


def audited(town: ParkingTown, action: str) -> list[tuple[str | None, str | None]]:
    rows = town.rows("SELECT subject_id, why FROM gridmap.audit WHERE action = %s ORDER BY id", action)
    return [(row["subject_id"], row["why"]) for row in rows]


def first_notice(town: ParkingTown) -> int:
    return int(town.rows("SELECT id FROM gridmap.parking_notice ORDER BY number LIMIT 1")[0]["id"])


def give(town: ParkingTown, who: str | None, notice_id: int, how: str | None) -> None:
    one = Given(notice_id=notice_id, how=how)
    town.run(who, lambda connection, by: give_notice(connection, by, one))


# Notices -------------------------------------------------------------------------------------------------------------


def test_a_notice_is_given_once_and_can_be_taken_back(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    town.see("worker_a")
    notice = first_notice(town)
    for _twice in range(2):
        give(town, "worker_a", notice, "slip")
    [row] = town.rows("SELECT given_how, given_at FROM gridmap.parking_notice")
    assert (row["given_how"], row["given_at"]) == ("slip", town.now)
    assert len(audited(town, "give_notice")) == 1
    give(town, "leader", notice, None)
    [row] = town.rows("SELECT given_how, given_at FROM gridmap.parking_notice")
    assert (row["given_how"], row["given_at"]) == (None, None)


def test_a_notice_is_given_by_who_is_on_duty_there(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    town.see("worker_a")
    notice = first_notice(town)
    for who in ("planner", "company"):
        with refused("not_yours"):
            give(town, who, notice, "call")
    with refused("nobody"):
        give(town, None, notice, "call")
    for who in ("worker_b", "east_leader"):
        with pytest.raises(LookupError):
            give(town, who, notice, "call")
    with refused("way"):
        give(town, "worker_a", notice, "pigeon")


def test_a_notice_whose_violation_was_taken_back_is_not_given(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    vehicle = town.see("worker_a").vehicle_id
    notice = first_notice(town)
    town.decide("leader", vehicle, "withdraw", evening=date(2026, 3, 16))
    with refused("changed"):
        give(town, "worker_a", notice, "slip")


# Plates --------------------------------------------------------------------------------------------------------------


def show(town: ParkingTown, who: str | None, vehicle_id: int, reason: str = "to ask") -> str | None:
    return town.run(who, lambda connection, by: show_plate(connection, by, vehicle_id, reason))


def test_a_plate_is_shown_for_a_reason_to_who_is_on_duty_there(town: ParkingTown) -> None:
    vehicle = proposed(town)
    assert show(town, "worker_a", vehicle, "  to ask ") == PLATE
    assert show(town, "worker_b", vehicle) == PLATE
    assert audited(town, "unmask_plate") == [(str(vehicle), "to ask")] * 2
    with refused("needs_reason"):
        show(town, "leader", vehicle, "  ")
    with refused("reason"):
        show(town, "leader", vehicle, "r" * 501)
    for who in ("planner", "company"):
        with refused("not_yours"):
            show(town, who, vehicle)
    for who in ("east_leader", "other_company"):
        with pytest.raises(LookupError):
            show(town, who, vehicle)
    assert len(audited(town, "unmask_plate")) == 2


def test_no_plate_is_shown_once_nothing_is_open(town: ParkingTown) -> None:
    vehicle = banned(town)
    assert show(town, "leader", vehicle) == PLATE
    town.decide("leader", vehicle, "revoke")
    assert show(town, "leader", vehicle) is None


def find(town: ParkingTown, who: str, plate: str = PLATE, reason: str = "a call") -> tuple[int, ...]:
    return town.run(who, lambda connection, by: find_cars(connection, by, KEY, [STREET], plate, reason))


def test_a_typed_plate_finds_its_car_where_one_is_on_duty(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    here = town.see("worker_a").vehicle_id
    there = town.see("worker_b", zone_id=ELSEWHERE).vehicle_id
    kerb = town.see("worker_a", zone_id=KERB).vehicle_id
    # worker_b looks after a part of estate A, and so its cars; the kerb lies in the other grid
    assert set(find(town, "worker_b", "沪a·123 88")) == {here, there}
    assert set(find(town, "leader")) == {here, there, kerb}
    assert find(town, "planner") == ()
    # whoever plans the whole street finds what the grid is on duty for
    assert set(find(town, "planner_worker")) == {here, there}
    assert find(town, "leader", "沪A99999") == ()
    rows = town.rows("SELECT subject_id, why, after FROM gridmap.audit WHERE action = 'look_up_plate'")
    assert {row["why"] for row in rows} == {"a call"}
    assert all(PLATE not in str(row) for row in rows)
    assert [row["subject_id"] for row in rows].count(None) == 2
    with refused("needs_reason"):
        find(town, "leader", reason="")
    with pytest.raises(UnreadablePlate):
        find(town, "leader", "沪")


def test_who_looked_is_told_by_role_and_never_by_name(town: ParkingTown) -> None:
    vehicle = proposed(town)
    show(town, "worker_a", vehicle, "first")
    find(town, "leader", reason="second")
    read = "SELECT roles, why FROM gridmap.vehicle_looks(%s, %s, 10)"
    told = town.run("leader", lambda connection, _: connection.execute(read, (STREET, vehicle)).fetchall())
    assert [(row["roles"], row["why"]) for row in told] == [(["leader"], "second"), (["worker"], "first")]
    assert town.run("east_leader", lambda connection, _: connection.execute(read, (STREET, vehicle)).fetchall()) == []


# Deciding on what was seen -------------------------------------------------------------------------------------------


def test_who_decides_on_what_has_changed_is_told_so(town: ParkingTown) -> None:
    vehicle = proposed(town)
    seen = town.vehicle(vehicle)["revision"]
    town.now = at("2026-03-20", "09:30")

    def confirm(who: str, revision: int) -> None:
        one = Decision(vehicle_id=vehicle, action=Action.CONFIRM, reason="r", revision=revision)
        town.run(who, lambda connection, by: decide(connection, by, one))

    town.now = at("2026-03-20")
    town.see("worker_a")
    with refused("changed"):
        confirm("leader", seen)
    confirm("leader", town.vehicle(vehicle)["revision"])
    with refused("changed"):
        confirm("community_leader", seen)
    assert town.vehicle(vehicle)["state"] == "banned"


# Long stays ----------------------------------------------------------------------------------------------------------


def stay(town: ParkingTown, zone_id: int, plate: str, days: int = 2, who: str = "worker_a") -> None:
    """Counted with its plate in the zone, evening and morning, from 16 March on."""
    for number in range(days):
        day = date(2026, 3, 16) + timedelta(days=number)
        for part, hour in ((Part.MORNING, "07:30"), (Part.EVENING, "19:30")):
            town.now = at(day.isoformat(), hour)
            town.count(who, zone_id, 20, 1, part=part)
            town.see(who, plate, zone_id, counted_on=day, part=part)


def test_stays_of_a_street_are_those_of_its_estates(town: ParkingTown) -> None:
    stay(town, NORTH, "沪A10001")
    stay(town, SOUTH, "沪A10002", who="worker_b")
    stay(town, ELSEWHERE, "沪A10003", who="worker_b")
    stay(town, KERB, "沪A10004")
    town.rows(
        "INSERT INTO gridmap.parking_rule (street_id, place_id, stay_counts, changed_at) VALUES (%s, %s, 9, now())"
        " RETURNING place_id", STREET, ESTATE_B)  # fmt: skip
    now = Round.of(date(2026, 3, 17), Part.EVENING)
    expected = {
        "leader": {ESTATE_A: [NORTH, SOUTH], KERB: [KERB]},
        "worker_a": {ESTATE_A: [NORTH], KERB: [KERB]},
        "worker_b": {ESTATE_A: [SOUTH]},
        "company": {ESTATE_A: [NORTH, SOUTH]},
        "east_leader": {},
    }
    for who, zones in expected.items():
        found = town.run(who, lambda connection, _: stays_of_street(connection, STREET, now))
        assert {home: sorted(one.zone_id for one in stays) for home, stays in found.items()} == zones, who
        assert all(one.seen == 4 for stays in found.values() for one in stays)

"""Counting, seeing and deciding: what is written, and who may."""

import uuid
from datetime import date, timedelta

import pytest

from gridmap.parking.counting import Counted
from gridmap.parking.deciding import Decision
from gridmap.parking.judging import Nothing
from gridmap.parking.machine import Action
from gridmap.parking.plates import UnreadablePlate, hash_plate, read_plate
from gridmap.parking.sending import Desk, send_count, send_decision, send_sighting
from gridmap.parking.staying import Part, Round
from gridmap.parking.street_stays import stays_of_street
from gridmap.parking.watching import Seen
from gridmap.submissions import SentDifferently
from tests.duties_town import BASE, COMMUNITY, ESTATE_A, GRID_A, GRID_B, STREET
from tests.incidents_town import EAST
from tests.parking_town import (
    ELSEWHERE,
    EVENINGS,
    KERB,
    KEY,
    MASKED,
    NORTH,
    PLATE,
    SOUTH,
    ParkingTown,
    at,
    banned,
    proposed,
    refused,
)

# Seeing ------------------------------------------------------------------------------------------------------


def test_four_evenings_in_two_grids_are_one_car_of_the_estate(town: ParkingTown) -> None:
    found = []
    for number, day in enumerate(EVENINGS):
        town.now = at(day)
        written = town.see("worker_b" if number % 2 else "worker_a", zone_id=SOUTH if number % 2 else NORTH)
        found.append((written.standing.state, written.verdict.number, written.masked))
    assert found == [
        ("noticed", 1, MASKED), ("noticed", 2, MASKED), ("warned", 3, MASKED), ("proposed", None, MASKED),
    ]  # fmt: skip
    [row] = town.rows("SELECT * FROM gridmap.vehicle")
    assert (row["place_id"], row["grids"], row["plate"]) == (ESTATE_A, [GRID_A, GRID_B], PLATE)
    assert [one.isoformat() for one in row["evenings"]] == list(EVENINGS)
    assert bytes(row["plate_hash"]) == hash_plate(KEY, STREET, read_plate(PLATE))
    notices = town.rows("SELECT number, is_last FROM gridmap.parking_notice ORDER BY number")
    assert [(one["number"], one["is_last"]) for one in notices] == [(1, False), (2, False), (3, True)]
    assert [turn["action"] for turn in town.turns(row["id"])] == ["notice", "notice", "warn", "propose"]
    assert len(town.rows("SELECT FROM gridmap.violation")) == 4


def test_by_day_and_again_nothing_follows(town: ParkingTown) -> None:
    town.now = at("2026-03-16", "12:00")
    by_day = town.see("worker_a")
    assert by_day.verdict.nothing is Nothing.DAY
    assert town.vehicle(by_day.vehicle_id)["plate"] is None
    town.now = at("2026-03-16", "18:30")
    assert town.see("worker_a").verdict.number == 1
    assert town.see("worker_b", "沪a·123 88", SOUTH).verdict.nothing is Nothing.AGAIN
    # the clock of a phone that runs ahead sees nothing that is still to come
    assert town.see("worker_a", seen_at=at("2026-03-17")).verdict.nothing is Nothing.AGAIN
    assert len(town.rows("SELECT FROM gridmap.sighting")) == 4


def test_each_estate_counts_for_itself_and_a_kerb_too(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    homes = {town.see(who, zone_id=zone).vehicle_id for who, zone in (
        ("worker_a", NORTH), ("worker_b", ELSEWHERE), ("worker_a", KERB))}  # fmt: skip
    assert len(homes) == 3
    assert {row["state"] for row in town.rows("SELECT state FROM gridmap.vehicle")} == {"noticed"}


def test_what_the_estate_has_decided_holds(town: ParkingTown) -> None:
    town.rows(
        "INSERT INTO gridmap.parking_rule (street_id, place_id, tolerance_minutes, notices, ban_on, changed_at)"
        " VALUES (%s, %s, 30, 1, 'third_notice', now()) RETURNING place_id", STREET, ESTATE_A)  # fmt: skip
    town.rows(
        "INSERT INTO gridmap.parking_rule (street_id, place_id, leave_by, changed_at)"
        " VALUES (%s, %s, '20:00', now()) RETURNING place_id", STREET, SOUTH)  # fmt: skip
    town.now = at("2026-03-16", "18:30")
    assert town.see("worker_a").verdict.nothing is Nothing.DAY
    town.now = at("2026-03-16", "19:30")
    assert town.see("worker_b", zone_id=SOUTH).verdict.nothing is Nothing.DAY
    assert town.see("worker_a").standing.state == "proposed"


def test_a_known_car_leaves_no_trace(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    hashed = hash_plate(KEY, STREET, read_plate(PLATE))
    town.rows(
        "INSERT INTO gridmap.known_vehicle (street_id, id, place_id, kind, plate_hash, plate_masked, valid,"
        " community_id, estate_id, grids, changed_at)"
        " VALUES (%s, %s, %s, 'visitor', %s, %s, '[,2026-03-16 22:00+08)', %s, %s, %s, now()) RETURNING id",
        STREET, BASE + 900, ESTATE_A, hashed, MASKED, COMMUNITY, ESTATE_A, [GRID_A, GRID_B])  # fmt: skip
    assert town.see("worker_a").verdict.nothing is Nothing.KNOWN
    assert town.rows("SELECT FROM gridmap.vehicle") == []
    town.now = at("2026-03-16", "22:00")
    assert town.see("worker_b", zone_id=SOUTH).verdict.number == 1


def test_only_who_is_on_duty_there_writes_down(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    with refused("not_yours"):
        town.see("planner")
    with refused("not_yours"):
        town.see("company")
    with pytest.raises(LookupError):
        town.see("worker_b", zone_id=NORTH)
    with pytest.raises(UnreadablePlate):
        town.see("worker_a", "no plate")
    assert town.rows("SELECT FROM gridmap.sighting") == []


# Deciding ----------------------------------------------------------------------------------------------------


def test_a_second_person_confirms_and_nobody_else(town: ParkingTown) -> None:
    vehicle_id = proposed(town)
    with refused("not_yours"):
        town.decide("worker_a", vehicle_id, "confirm")
    with refused("not_yours"):
        town.decide(None, vehicle_id, "confirm")
    with refused("needs_reason"):
        town.decide("leader", vehicle_id, "confirm", reason=" ")
    town.now = at("2026-03-20", "09:30:15")
    standing = town.decide("leader", vehicle_id, "confirm", reason="four evenings")
    assert standing.ban is not None
    [ban] = town.rows("SELECT * FROM gridmap.ban")
    assert (ban["starts_at"], ban["until"]) == (town.now, at("2026-06-20", "09:30:15"))
    assert (ban["reason"], ban["confirmed_by"], ban["proposed_by"]) == (
        "four evenings", town.ids["leader"], town.ids["worker_b"],
    )  # fmt: skip
    row = town.vehicle(vehicle_id)
    assert (row["state"], row["banned_until"], row["plate"]) == ("banned", ban["until"], PLATE)


def test_a_second_account_is_no_second_person(town: ParkingTown) -> None:
    for day in EVENINGS:
        town.now = at(day)
        vehicle_id = town.see("leader_out").vehicle_id
    with refused("same_person"):
        town.decide("community_leader", vehicle_id, "confirm")
    # whoever has seen it since is none either
    town.see("leader", zone_id=SOUTH)
    with refused("same_person"):
        town.decide("leader", vehicle_id, "confirm")
    assert town.rows("SELECT FROM gridmap.ban") == []


def test_an_appeal_is_decided_and_its_history_stays(town: ParkingTown) -> None:
    vehicle_id = banned(town)
    town.now += timedelta(hours=1)
    town.decide("worker_b", vehicle_id, "appeal", reason="a nurse on night duty")
    town.decide("leader", vehicle_id, "revoke", reason="that is so")
    [ban] = town.rows("SELECT * FROM gridmap.ban")
    assert (ban["revoked_at"], ban["revoked_by"], ban["revoked_why"]) == (town.now, town.ids["leader"], "that is so")
    assert ban["valid"].upper == town.now
    assert town.vehicle(vehicle_id)["plate"] is None
    turns = town.turns(vehicle_id)[-3:]
    assert [(turn["action"], turn["reason"], turn["ban_id"]) for turn in turns] == [
        ("confirm", "four evenings", ban["id"]),
        ("appeal", "a nurse on night duty", ban["id"]),
        ("revoke", "that is so", ban["id"]),
    ]
    town.now = at("2026-03-20")
    assert town.see("worker_a").verdict.number == 1


def test_a_ban_ends_by_itself_to_the_second(town: ParkingTown) -> None:
    vehicle_id = banned(town)
    town.now = at("2026-06-20", "09:29:59")
    assert town.see("worker_a").verdict.action == "trespass"
    state = "SELECT gridmap.parking_state(state, banned_until, resets_at, %s) AS state FROM gridmap.vehicle"
    assert town.rows(state, town.now) == [{"state": "banned"}]
    assert town.rows(state, at("2026-06-20", "09:30")) == [{"state": "free"}]
    town.now = at("2026-06-20", "20:00")
    assert town.see("worker_a").verdict.number == 1
    expired = [turn for turn in town.turns(vehicle_id) if turn["action"] == "expire"]
    assert [(turn["at"], turn["account_id"]) for turn in expired] == [(at("2026-06-20", "09:30"), None)]


def test_a_wrong_plate_is_taken_back_by_whoever_typed_it(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    vehicle_id = town.see("worker_a").vehicle_id
    evening = date(2026, 3, 16)
    with refused("not_yours"):
        town.decide("worker_b", vehicle_id, "withdraw", evening=evening)
    standing = town.decide("worker_a", vehicle_id, "withdraw", evening=evening, reason="typed wrong")
    assert (standing.state, town.vehicle(vehicle_id)["plate"]) == ("free", None)
    [row] = town.rows("SELECT withdrawn_why, withdrawn_by FROM gridmap.violation")
    assert row == {"withdrawn_why": "typed wrong", "withdrawn_by": town.ids["worker_a"]}
    assert town.see("worker_b", zone_id=SOUTH).verdict.number == 1


def test_a_violation_in_a_zone_that_one_does_not_see_is_not_ones_own_to_take_back(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    vehicle_id = town.see("worker_b", zone_id=SOUTH).vehicle_id
    town.owner.execute("UPDATE gridmap.violation SET community_id = %s, grid_id = NULL, estate_id = NULL", (EAST,))
    with refused("not_yours"):
        town.decide("community_leader", vehicle_id, "withdraw", evening=date(2026, 3, 16))
    assert town.vehicle(vehicle_id)["state"] == "noticed"
    assert town.decide("leader", vehicle_id, "withdraw", evening=date(2026, 3, 16)).state == "free"
    assert [row["withdrawn_by"] for row in town.rows("SELECT * FROM gridmap.violation")] == [town.ids["leader"]]


# Counting ----------------------------------------------------------------------------------------------------


def test_a_count_is_written_once_for_its_round_and_the_last_one_stands(town: ParkingTown) -> None:
    town.now = at("2026-03-16", "19:30")
    assert town.count("worker_a", NORTH, 38, 5).part is Part.EVENING
    town.count("worker_a", NORTH, 39, 6)
    town.now = at("2026-03-17", "01:00")
    assert town.count("worker_b", SOUTH, 10, 0).day == date(2026, 3, 16)
    town.now = at("2026-03-17", "07:00")
    assert town.count("worker_a", NORTH, 30, 6).part is Part.MORNING
    rows = town.rows("SELECT place_id, counted_on, part, total, outside FROM gridmap.vehicle_count ORDER BY 1, 2, 3")
    assert [tuple(row.values()) for row in rows] == [
        (NORTH, date(2026, 3, 16), "evening", 39, 6),
        (NORTH, date(2026, 3, 17), "morning", 30, 6),
        (SOUTH, date(2026, 3, 16), "evening", 10, 0),
    ]


def test_counts_that_do_not_fit_and_counters_who_are_not_on_duty(town: ParkingTown) -> None:
    for total, outside in ((-1, 0), (3, 4), (20_001, 0)):
        with refused("count"):
            town.count("worker_a", NORTH, total, outside)
    with refused("not_yours"):
        town.count("company", NORTH, 3, 1)
    with pytest.raises(LookupError):
        town.count("worker_b", NORTH, 3, 1)


def test_a_count_answers_the_duty_that_waits_for_it(town: ParkingTown) -> None:
    town.owner.execute(
        "INSERT INTO gridmap.duty (street_id, id, kind, title, title_en, action, level, every, times, role, valid)"
        " VALUES (%s, %s, 'vehicle_count', 't', 't', 'vehicle_count', 'zone', 'day', 2, 'grid_worker',"
        " '[2026-01-01,)')", (STREET, BASE + 970))  # fmt: skip
    for turn in (1, 2):
        town.owner.execute(
            "INSERT INTO gridmap.slot (street_id, id, duty_id, place_id, turn, starts_on, ends_on, due_on,"
            " community_id, grid_id, estate_id)"
            " VALUES (%s, %s, %s, %s, %s, '2026-03-16', '2026-03-17', '2026-03-16', %s, %s, %s)",
            (STREET, BASE + 970 + turn, BASE + 970, NORTH, turn, COMMUNITY, GRID_A, ESTATE_A))  # fmt: skip
    town.now = at("2026-03-16", "19:30")
    town.count("worker_a", NORTH, 38, 5)
    town.count("worker_a", NORTH, 38, 5)
    rows = town.rows("SELECT turn, state FROM gridmap.slot ORDER BY turn")
    assert [tuple(row.values()) for row in rows] == [(1, "due"), (2, "satisfied")]
    assert len(town.rows("SELECT FROM gridmap.inspection")) == 1


def test_a_car_in_three_counts_is_staying(town: ParkingTown) -> None:
    rounds = (("2026-03-16", "17:30"), ("2026-03-17", "07:00"), ("2026-03-17", "17:30"))
    for day, hour in rounds:
        town.now = at(day, hour)
        made = town.count("worker_a", NORTH, 30, 1)
        town.see("worker_a", counted_on=made.day, part=made.part)

    def staying(day: str, part: Part) -> list[int]:
        now = Round.of(date.fromisoformat(day), part)
        found = town.run("leader", lambda connection, _: stays_of_street(connection, STREET, now))
        return [one.seen for one in found.get(ESTATE_A, ())]

    assert staying("2026-03-17", Part.EVENING) == [3]
    assert staying("2026-03-17", Part.MORNING) == []
    town.now = at("2026-03-18", "07:00")
    town.count("worker_a", NORTH, 30, 0)
    assert staying("2026-03-18", Part.MORNING) == []


# Sending twice is sending once ----------------------------------------------------------------------------------


def test_what_is_sent_twice_is_written_once(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    desk = Desk(
        database=town.database,
        viewer=town.viewer("worker_a").settings,
        by=town.by("worker_a"),
        plate_key=KEY,
        is_clock_real=False,
    )
    sent_id, content = uuid.uuid4(), {"zone_id": NORTH, "plate": PLATE}
    first = send_sighting(desk, sent_id, Seen(zone_id=NORTH, plate=PLATE), content)
    # typed otherwise, it is the same plate
    again = send_sighting(desk, sent_id, Seen(zone_id=NORTH, plate="沪a 12388"), {**content, "plate": "沪a 12388"})
    assert again == first
    assert (first["number"], first["state"], first["masked"]) == (1, "noticed", MASKED)
    with pytest.raises(SentDifferently):
        send_sighting(desk, sent_id, Seen(zone_id=NORTH, plate="沪A12389"), content)
    assert len(town.rows("SELECT FROM gridmap.sighting")) == 1
    assert PLATE not in str(town.rows("SELECT * FROM gridmap.submission")) + repr(desk)
    counted = Counted(zone_id=NORTH, total=9, outside=1)
    told = [send_count(desk, sent, counted, {"total": 9}) for sent in (uuid.uuid4(),) * 2]
    stands = {"total": 9, "outside": 1}
    assert told == [{"zone_id": NORTH, "day": "2026-03-16", "part": "evening", **stands}] * 2
    back = Decision(vehicle_id=first["vehicle_id"], action=Action.WITHDRAW, reason="typo", evening=date(2026, 3, 16))
    assert [send_decision(desk, sent, back, {})["state"] for sent in (uuid.uuid4(),) * 2] == ["free", "free"]

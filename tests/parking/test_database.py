"""What the database refuses by itself, who reads a plate in clear, what is forgotten, and what follows its estate."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from gridmap.clock import Clock
from gridmap.db.pools import Connection
from gridmap.nightly import run_nightly
from gridmap.parking.keeping import FORGETTING
from gridmap.parking.rows import Vehicle, read_vehicle
from gridmap.parking.watching import Seen, note_sighting
from tests.duties_town import BASE, ESTATE_A, GRID_B, STREET
from tests.parking_town import KEY, NORTH, PLATE, ParkingTown, at, banned

# What the database refuses by itself -------------------------------------------------------------------------

PUT_BAN = """
INSERT INTO gridmap.ban (street_id, id, vehicle_id, place_id, reason, starts_at, until, proposed_by, saw, confirmed_by,
  confirmed_at, revoked_at, revoked_by, revoked_why, changed_at)
SELECT street_id, %(id)s, id, place_id, %(reason)s, %(starts_at)s, %(until)s, %(proposed_by)s, %(saw)s,
  %(confirmed_by)s, now(), %(revoked_at)s, %(revoked_by)s, %(revoked_why)s, now() FROM gridmap.vehicle
"""
GOOD: dict[str, Any] = {
    "id": BASE + 950, "reason": "r", "starts_at": at("2026-03-20"), "until": at("2026-06-20"), "proposed_by": 1,
    "saw": [1, 3], "confirmed_by": 2, "revoked_at": None, "revoked_by": None, "revoked_why": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": None}, {"reason": "  "}, {"until": None}, {"starts_at": None}, {"until": at("2026-03-20")},
        {"confirmed_by": None}, {"confirmed_by": 1}, {"confirmed_by": 3}, {"proposed_by": None}, {"saw": None},
        {"proposed_by": 2}, {"saw": [1, None]},
        {"revoked_at": at("2026-03-21")}, {"revoked_at": at("2026-03-21"), "revoked_by": 5, "revoked_why": " "},
        {"revoked_at": at("2026-06-20"), "revoked_by": 5, "revoked_why": "w"},
    ],
)  # fmt: skip
def test_no_ban_without_reason_end_and_a_second_person(town: ParkingTown, wrong: dict[str, Any]) -> None:
    town.now = at("2026-03-16")
    town.see("worker_a")
    with pytest.raises(psycopg.errors.IntegrityError):
        town.owner.execute(PUT_BAN, GOOD | wrong)
    town.owner.execute(PUT_BAN, GOOD)


def test_one_ban_at_a_time_and_the_next_after_its_end(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    town.see("worker_a")
    town.owner.execute(PUT_BAN, GOOD)
    more = GOOD | {"id": BASE + 951, "starts_at": at("2026-06-19"), "until": at("2026-09-19")}
    with pytest.raises(psycopg.errors.ExclusionViolation):
        town.owner.execute(PUT_BAN, more)
    town.owner.execute(PUT_BAN, more | {"starts_at": at("2026-06-20")})


@pytest.mark.parametrize(
    "change",
    [
        "plate = 'x', state = 'free', evenings = '{}', resets_at = NULL",
        "state = 'banned'",
        "state = 'proposed'",
        "resets_at = NULL",
        "evenings = '{}'",
        "plate_masked = 'A12388'",
        "proposed_on = '2026-03-16', proposed_at = now(), proposed_by = 1, saw = '{2}', state = 'proposed'",
    ],
)
def test_no_car_stands_nowhere(town: ParkingTown, change: str) -> None:
    town.now = at("2026-03-16")
    town.see("worker_a")
    with pytest.raises(psycopg.errors.CheckViolation):
        town.owner.execute(f"UPDATE gridmap.vehicle SET {change}")


def test_one_violation_for_each_car_and_evening(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    town.see("worker_a")
    copy = (
        "INSERT INTO gridmap.violation (street_id, id, vehicle_id, place_id, evening, at, account_id)"
        " SELECT street_id, id + 1, vehicle_id, place_id, evening, at, account_id FROM gridmap.violation"
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        town.owner.execute(copy)
    town.owner.execute("UPDATE gridmap.violation SET withdrawn_at = now(), withdrawn_by = 1, withdrawn_why = 'w'")
    town.owner.execute(copy)


# Plates ------------------------------------------------------------------------------------------------------


def test_a_plate_in_clear_is_looked_up_with_a_reason_and_logged(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    vehicle_id = town.see("worker_a").vehicle_id

    def look(who: str, reason: str = "call the driver", when: datetime | None = None) -> list[Any]:
        ask = "SELECT plate FROM gridmap.unmask_vehicles(%s, %s, %s, %s)"
        values = (STREET, [vehicle_id], reason, when or town.now)

        def asked(connection: Connection, _by: object) -> list[Any]:
            return [row["plate"] for row in connection.execute(ask, values).fetchall()]

        return town.run(who, asked)

    assert look("worker_b") == [PLATE]
    logged = town.rows("SELECT account_id, subject_id, why FROM gridmap.audit WHERE action = 'unmask_plate'")
    assert logged == [
        {"account_id": town.ids["worker_b"], "subject_id": str(vehicle_id), "why": "call the driver"}
    ]  # fmt: skip
    assert look("east_leader") == []
    with pytest.raises(psycopg.errors.CheckViolation):
        look("worker_b", " ")
    assert look("worker_a", when=at("2026-06-16", "06:00")) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        town.run("worker_a", lambda connection, _: connection.execute("SELECT plate FROM gridmap.vehicle"))
    assert PLATE not in str(town.rows("SELECT * FROM gridmap.audit"))
    assert PLATE not in str(town.rows("SELECT * FROM gridmap.sighting"))


def night(town: ParkingTown, moment: datetime, *, dry_run: bool = False) -> dict[str, int]:
    found = run_nightly(town.database, moment, Clock(fixed=moment), dry_run=dry_run)
    return {title: found[title] for title in FORGETTING}


def test_what_is_closed_is_forgotten(town: ParkingTown) -> None:
    vehicle_id = banned(town)
    end = at("2026-06-20", "09:30")
    assert set(night(town, end - timedelta(seconds=1)).values()) == {0}
    once = {"photos of cars forgotten": 0, "plates forgotten": 1, "sightings of cars forgotten": 0, "cars forgotten": 0,
            "ended exemptions of cars forgotten": 0}  # fmt: skip
    assert night(town, end, dry_run=True) == once
    assert night(town, end) == once
    assert set(night(town, end).values()) == {0}
    assert town.vehicle(vehicle_id)["plate"] is None
    month = end + timedelta(days=30)
    assert night(town, month - timedelta(seconds=1))["sightings of cars forgotten"] == 0
    assert night(town, month)["sightings of cars forgotten"] == 4
    # violations stay, with the evening alone, and so does the ban
    assert (len(town.rows("SELECT FROM gridmap.violation")), len(town.rows("SELECT FROM gridmap.ban"))) == (4, 1)
    assert night(town, month)["cars forgotten"] == 0


def test_a_car_that_was_only_seen_by_day_is_forgotten_whole(town: ParkingTown) -> None:
    town.now = at("2026-03-16", "12:00")
    town.see("worker_a")
    found = night(town, town.now + timedelta(days=30))
    assert (found["sightings of cars forgotten"], found["cars forgotten"]) == (1, 1)
    assert town.rows("SELECT FROM gridmap.vehicle") == []


def test_the_night_forgets_no_car_that_is_just_being_seen(town: ParkingTown) -> None:
    town.now = at("2026-03-16", "12:00")
    town.see("worker_a")
    town.owner.execute("DELETE FROM gridmap.sighting")
    town.now = at("2026-05-01", "12:00")
    with town.database.transaction(town.viewer("worker_a").settings) as connection:
        # in the day there is nothing to write of the car itself
        note_sighting(connection, town.by("worker_a"), KEY, Seen(zone_id=NORTH, plate=PLATE))
        assert night(town, town.now)["cars forgotten"] == 0
    assert len(town.rows("SELECT FROM gridmap.sighting")) == 1


def test_a_car_that_the_night_has_just_forgotten_is_made_anew(
    town: ParkingTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.now = at("2026-03-16", "12:00")
    first = town.see("worker_a").vehicle_id
    town.owner.execute("DELETE FROM gridmap.sighting")

    def forgotten(connection: Connection, vehicle_id: int) -> Vehicle:
        town.owner.execute("DELETE FROM gridmap.vehicle WHERE id = %s", (first,))
        return read_vehicle(connection, vehicle_id)

    monkeypatch.setattr("gridmap.parking.watching.read_vehicle", forgotten)
    town.now = at("2026-03-16", "19:00")
    again = town.see("worker_a")
    assert (again.verdict.number, again.vehicle_id != first) == (1, True)


# Where -------------------------------------------------------------------------------------------------------


def test_cars_follow_their_estate(town: ParkingTown) -> None:
    vehicle_id = banned(town)
    town.owner.execute("UPDATE gridmap.place SET grid_id = %s WHERE estate_id = %s AND id <> %s",
                       (GRID_B, ESTATE_A, ESTATE_A))  # fmt: skip
    moved = town.rows("SELECT gridmap.own_said(%s, NULL) AS moved", [STREET])[0]["moved"]
    assert moved > 0
    assert town.vehicle(vehicle_id)["grids"] == [GRID_B]
    assert {row["grid_id"] for row in town.rows("SELECT grid_id FROM gridmap.sighting")} == {GRID_B}
    assert town.rows("SELECT gridmap.own_said(%s, NULL) AS moved", [STREET])[0]["moved"] == 0

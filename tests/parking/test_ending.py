"""A zone or a gate that ends: what goes, what stays, who may, and what is refused."""

from datetime import date, timedelta
from typing import Any

import pytest

from gridmap.db import SYSTEM
from gridmap.duties import open_slots
from gridmap.periods import month_of
from gridmap.places.ending import end_drawn
from gridmap.places.shapes import ShapeProblem
from gridmap.places.zones import DrawnGate
from tests.duties_town import STREET
from tests.parking.test_zones import IN_A, correct, draw, history, not_drawn, row_of, zone
from tests.parking_town import NORTH, PLATE, SOUTH, ParkingTown, at, refused

WEEK = timedelta(days=7)
ADD_DUTY = """
INSERT INTO gridmap.duty (street_id, id, kind, title, title_en, role, action, level, every, times, valid)
VALUES (%s, %s, 'vehicle_count', '清点', 'Count', 'grid_worker', 'vehicle_count', 'zone', 'day', 2, '[2026-03-01,)')
"""


def end(town: ParkingTown, who: str | None, place_id: int, why: str = "已改建为绿地", revision: int = 1) -> None:
    town.run(who, lambda connection, by: end_drawn(connection, by, place_id, why, revision=revision))


def day_of(town: ParkingTown) -> date:
    return town.now.date()


def test_what_was_stays_and_what_is_to_come_goes(town: ParkingTown) -> None:
    town.now = at("2026-03-16")
    town.count("worker_a", NORTH, 20, 4)
    vehicle = town.see("worker_a", PLATE).vehicle_id
    town.now = at("2026-03-17", "10:00")
    end(town, "community_leader", NORTH)
    row = row_of(town, NORTH)
    assert (row["valid"].upper, row["revision"], row["changed_by"]) == (
        date(2026, 3, 17),
        2,
        town.ids["community_leader"],
    )
    assert {until for _since, until, _estate in history(town, "boundary", NORTH)} == {date(2026, 3, 17)}
    assert {until for _since, until, _estate in history(town, "membership", NORTH)} <= {date(2026, 3, 17)}
    [kept] = town.rows("SELECT total FROM gridmap.vehicle_count WHERE place_id = %s", NORTH)
    assert kept["total"] == 20
    assert town.vehicle(vehicle)["state"] == "noticed"
    assert len(town.rows("SELECT FROM gridmap.violation WHERE place_id = %s", NORTH)) == 1
    [logged] = town.rows("SELECT * FROM gridmap.audit WHERE action = 'end_place'")
    assert (logged["subject_id"], logged["after"]) == (str(NORTH), {"end": "2026-03-17", "why": "已改建为绿地"})
    assert {"parking", "places"} <= {one["layer"] for one in town.rows("SELECT layer FROM gridmap.change")}


def test_what_is_told_late_of_before_counts_and_what_comes_after_does_not(town: ParkingTown) -> None:
    town.now = at("2026-03-17", "10:00")
    end(town, "leader", NORTH)
    yesterday = at("2026-03-16")
    town.count("worker_a", NORTH, 20, 4, device_at=yesterday)
    assert town.see("worker_a", PLATE, seen_at=yesterday).verdict.number == 1
    town.now = at("2026-03-17")
    with refused("zone_ended"):
        town.count("worker_a", NORTH, 20, 4)
    with refused("zone_ended"):
        town.see("worker_a", PLATE)
    town.count("worker_b", SOUTH, 20, 4)


def slots(town: ParkingTown) -> list[dict[str, Any]]:
    return town.rows("SELECT starts_on, turn, state, excuse FROM gridmap.slot WHERE place_id = %s ORDER BY 1, 2", NORTH)


def test_duties_of_the_past_stay_and_those_to_come_fall_away(town: ParkingTown) -> None:
    def opened() -> None:
        with town.database.transaction(SYSTEM) as connection:
            open_slots(connection, [STREET], month_of(day_of(town)), day_of(town))

    town.owner.execute(ADD_DUTY, (STREET, (STREET << 32) + 990))
    town.now = at("2026-03-17", "10:00")
    opened()
    before = slots(town)
    assert {row["state"] for row in before if row["starts_on"] == day_of(town)} == {"due"}
    end(town, "leader", NORTH)
    opened()
    after = slots(town)
    assert {(row["state"], row["excuse"]) for row in after if row["starts_on"] >= day_of(town)} == {
        ("excused", "place_gone")
    }
    past = [row for row in before if row["starts_on"] < day_of(town)]
    assert [row for row in after if row["starts_on"] < day_of(town)] == past


def test_what_was_drawn_today_by_mistake_was_there_on_no_day(town: ParkingTown) -> None:
    place_id = draw(town, "leader", zone())
    end(town, "leader", place_id)
    assert row_of(town, place_id)["valid"].isempty
    assert history(town, "membership", place_id) == history(town, "boundary", place_id) == []
    # there is room for another one
    assert draw(town, "leader", zone(IN_A)) != place_id
    with refused("zone_ended"):
        town.count("worker_a", place_id, 1, 0)


def test_a_gate_ends_as_well(town: ParkingTown) -> None:
    town.owner.execute("INSERT INTO gridmap.facility_kind (code, title, title_en, theme)"
                       " VALUES ('gate', '口', 'g', 't') ON CONFLICT DO NOTHING")  # fmt: skip
    gate = draw(town, "leader", DrawnGate(name="北门", shape=IN_A.centroid))
    town.now += WEEK
    end(town, "leader", gate)
    assert row_of(town, gate)["valid"].upper == day_of(town)
    assert "facilities" in {one["layer"] for one in town.rows("SELECT layer FROM gridmap.change")}


def test_whoever_had_it_in_hand_has_it_no_more(town: ParkingTown) -> None:
    [person] = town.rows("SELECT id FROM gridmap.person WHERE street_id = %s ORDER BY id LIMIT 1", STREET)
    town.owner.execute(
        "INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, valid)"
        " VALUES (%s, %s, %s, %s, 'grid_worker', '[2026-01-01,)')",
        (STREET, (STREET << 32) + 991, person["id"], NORTH),
    )
    end(town, "leader", NORTH)
    [row] = town.rows("SELECT valid FROM gridmap.assignment WHERE place_id = %s", NORTH)
    assert row["valid"].upper == town.now


@pytest.mark.parametrize("who", ["worker_a", "planner", "company", "east_leader", "manager"])
def test_only_who_leads_there_ends_it(town: ParkingTown, who: str) -> None:
    with pytest.raises((LookupError, ShapeProblem)) as problem:
        end(town, who, NORTH)
    assert getattr(problem.value, "reason", "not_yours") == "not_yours"
    assert row_of(town, NORTH)["valid"].upper is None


def test_what_cannot_be_ended_is_refused(town: ParkingTown) -> None:
    for why in ("", "  ", "x" * 201, "a\nb"):
        with not_drawn("why"):
            end(town, "leader", NORTH, why)
    with not_drawn("changed"):
        end(town, "leader", NORTH, revision=7)
    with pytest.raises(LookupError):
        end(town, "leader", NORTH + 10**6)
    end(town, "leader", NORTH)
    with not_drawn("ended"):
        end(town, "leader", NORTH, revision=2)
    with not_drawn("ended"):
        correct(town, "leader", NORTH, zone(), revision=2)

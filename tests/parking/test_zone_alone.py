"""Whoever looks after a zone alone, and so sees nothing else of its estate, notes the cars that stand there."""

import pytest

from gridmap.parking.looking_up import show_plate
from tests.duties_town import BASE, PEOPLE, STREET
from tests.parking_town import KERB, NORTH, PLATE, SOUTH, ParkingTown, at


@pytest.fixture
def holder(town: ParkingTown) -> str:
    """The account of somebody who holds NORTH and nothing else."""
    town.owner.execute(
        "INSERT INTO gridmap.duty_role (code, title, title_en, level) VALUES ('duty_resident', 'r', 'r', 'zone')"
        " ON CONFLICT DO NOTHING"
    )
    town.owner.execute(
        "INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, valid)"
        " VALUES (%s, %s, %s, %s, 'duty_resident', '[2026-01-01,)')",
        (STREET, BASE + 991, PEOPLE[0], NORTH),
    )
    town.owner.execute(
        "DELETE FROM gridmap.account_grant WHERE role = 'planner' AND account_id = %s", (town.ids["manager"],)
    )
    town.now = at("2026-03-16")
    return "manager"


def test_a_car_is_noted_in_the_zone_that_one_holds(town: ParkingTown, holder: str) -> None:
    written = town.see(holder)
    assert written.verdict.number == 1
    assert town.see("worker_b", zone_id=SOUTH).vehicle_id == written.vehicle_id
    for zone in (SOUTH, KERB):
        with pytest.raises(LookupError):
            town.see(holder, zone_id=zone)
    shown = town.run(holder, lambda connection, by: show_plate(connection, by, written.vehicle_id or 0, "to ask"))
    assert shown == PLATE

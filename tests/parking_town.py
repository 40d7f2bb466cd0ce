"""The little town of the cases with zones to park in: two in estate A, one in estate B, one at a street."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
import pytest

from gridmap.accounts import Actor
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.parking.counting import Counted, count_vehicles
from gridmap.parking.deciding import Decision, decide
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.machine import Action
from gridmap.parking.standing import Standing
from gridmap.parking.staying import Round
from gridmap.parking.watching import Seen, Written, note_sighting
from tests import incidents_town
from tests.duties_town import BASE, COMMUNITY, ESTATE_A, ESTATE_B, GRID_A, GRID_B, STREET
from tests.incidents_town import Town

NORTH, SOUTH, ELSEWHERE, KERB = (BASE + number for number in (61, 62, 63, 64))
"""Two zones of estate A, the second of them in the other grid; one of estate B; one of no estate."""
ZONES = (
    (NORTH, GRID_A, ESTATE_A, 113.404),
    (SOUTH, GRID_B, ESTATE_A, 113.411),
    (ELSEWHERE, GRID_B, ESTATE_B, 113.415),
    (KERB, GRID_A, None, 113.4005),
)
KEY = b"the key of the plates of a test!"
PLATE, MASKED = "沪A12388", "沪A***88"


def build(owner: "psycopg.Connection[Any]") -> None:
    """Write the town with its zones as the owner of the tables, and commit."""
    incidents_town.build(owner)
    for zone, grid, estate, lon in ZONES:
        owner.execute(
            "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, estate_id, geom)"
            " VALUES (%s, %s, 'zone', %s, %s, %s, %s, %s, %s)",
            (STREET, zone, f"z{zone}", f"z{zone}", COMMUNITY, grid, estate, f"SRID=4326;POINT({lon} 22.505)"),
        )
        owner.execute("INSERT INTO gridmap.zone (street_id, place_id, capacity) VALUES (%s, %s, 40)", (STREET, zone))
    # a leader who also goes out on duty has a second account for that
    for username, role, level, target in (("leader_out", "worker", "grid", GRID_A),):
        owner.execute("INSERT INTO gridmap.account (username, title) VALUES (%s, %s)", (username, username))
        owner.execute(
            "INSERT INTO gridmap.account_grant (account_id, role, level, street_id, target_id, valid)"
            " SELECT id, %s, %s, %s, %s, '[2020-01-01,)' FROM gridmap.account WHERE username = %s",
            (role, level, STREET, target, username),
        )
    owner.execute(
        "UPDATE gridmap.account SET person_id = %s WHERE username IN ('community_leader', 'leader_out')", (BASE + 31,)
    )
    owner.commit()


class ParkingTown(Town):
    """The town as those see it who watch its cars."""

    def see(self, who: str, plate: str = PLATE, zone_id: int = NORTH, **more: Any) -> Written:
        """See a car in a zone, and write it down."""
        seen = Seen(zone_id=zone_id, plate=plate, **more)
        return self.run(who, lambda connection, by: note_sighting(connection, by, KEY, seen))

    def decide(self, who: str | None, vehicle_id: int | None, action: Action | str, **more: Any) -> Standing:
        """Decide on a car, with a reason."""
        decision = Decision(vehicle_id=vehicle_id or 0, action=Action(action), **{"reason": "because", **more})
        return self.run(who, lambda connection, by: decide(connection, by, decision))

    def count(self, who: str, zone_id: int, total: int, outside: int, **more: Any) -> Round:
        """Count the cars of a zone."""
        counted = Counted(zone_id=zone_id, total=total, outside=outside, **more)

        def command(connection: Connection, by: Actor) -> Round:
            return count_vehicles(connection, by, counted, is_clock_real=False)

        return self.run(who, command)

    def vehicle(self, vehicle_id: int | None) -> dict[str, Any]:
        """The row of a car."""
        return self.rows("SELECT * FROM gridmap.vehicle WHERE id = %s", vehicle_id)[0]

    def turns(self, vehicle_id: int | None) -> list[dict[str, Any]]:
        """What happened to a car, in order."""
        return self.rows("SELECT * FROM gridmap.parking_turn WHERE vehicle_id = %s ORDER BY at, id", vehicle_id)


EVENINGS = ("2026-03-16", "2026-03-17", "2026-03-18", "2026-03-19")


def at(day: str, hour: str = "19:00") -> datetime:
    """An hour of a day of the office."""
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=OFFICE)


@contextmanager
def refused(reason: str) -> Iterator[None]:
    """That the command is refused for this reason."""
    with pytest.raises(ParkingProblem) as problem:
        yield
    assert problem.value.reason == reason


def proposed(town: ParkingTown) -> int:
    """A car that two workers have seen on four evenings in the two zones of the estate."""
    vehicle_id = 0
    for number, day in enumerate(EVENINGS):
        town.now = at(day)
        who, zone = ("worker_b", SOUTH) if number % 2 else ("worker_a", NORTH)
        vehicle_id = town.see(who, zone_id=zone).vehicle_id or 0
    return vehicle_id


def banned(town: ParkingTown) -> int:
    """The same, banned on the morning after."""
    vehicle_id = proposed(town)
    town.now = at("2026-03-20", "09:30")
    town.decide("leader", vehicle_id, "confirm", reason="four evenings")
    return vehicle_id

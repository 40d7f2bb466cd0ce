"""What residents on duty do with cars: print the slip, take back their own typing, until the end of their evening."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from gridmap.db import Database
from gridmap.parking.looking_up import show_plate
from tests.conftest import Base
from tests.parking_office import Office, open_office
from tests.parking_town import ELSEWHERE, NORTH, PLATE, SOUTH, at, refused
from tests.rota_town import BEFORE, RotaTown, account_of


@pytest.fixture
def office(
    rota_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]
) -> Iterator[Office]:
    """The town with its group and a planned quarter, served as pages."""
    base = copy_database(rota_template)
    town = RotaTown(Database(base.app_url), base.owner_url, BEFORE)
    town.open()
    town.join()
    town.plan()
    town.close()
    with open_office(base, make_app, RotaTown) as made:
        yield made


def evening_of(town: RotaTown, number: int = 3) -> tuple[str, str]:
    """The account that has an evening, and its day; it is half past six."""
    rows = town.rows(
        "SELECT day::text, person_id FROM gridmap.rota_holder WHERE ended_at IS NULL ORDER BY day OFFSET %s", number
    )
    town.now = at(rows[0]["day"], "18:30")
    return account_of(rows[0]["person_id"]), rows[0]["day"]


def plate(town: RotaTown, who: str, vehicle_id: int | None) -> str | None:
    return town.run(who, lambda connection, by: show_plate(connection, by, vehicle_id or 0, "the slip"))


def test_a_plate_is_theirs_to_look_up_for_the_evening_in_their_estate(planned: RotaTown) -> None:
    who, day = evening_of(planned)
    seen, beyond = planned.see(who), planned.see("worker_b", zone_id=ELSEWHERE)
    assert plate(planned, who, seen.vehicle_id) == PLATE
    with pytest.raises(LookupError):
        plate(planned, who, beyond.vehicle_id)
    planned.now = at(day, "20:00")
    with pytest.raises(LookupError):
        plate(planned, who, seen.vehicle_id)


def test_the_slip_of_the_evening_is_printed_by_who_is_on_duty(office: Office) -> None:
    assert isinstance(office.town, RotaTown)
    who, day = evening_of(office.town)
    office.at(office.town.now)
    page = office.get(who, "/parking/evening").text
    assert "18:00–20:00" in page
    assert "您" in page.split('class="zone-name">')[1][:20]
    car = office.town.see(who).vehicle_id
    [slip] = re.findall(r'href="(/parking/notices/\d+/print)"', office.get(who, "/parking/evening").text)
    assert PLATE not in office.get(who, slip).text
    assert PLATE in office.post(who, slip, reason="to put it on the car").text
    # a wrong plate is taken back by whoever typed it, and that alone
    assert f'href="/parking/vehicles/{car}"' in office.get(who, "/parking/vehicles").text
    page = office.get(who, f"/parking/vehicles/{car}").text
    assert 'value="withdraw"' in page
    assert 'value="confirm"' not in page
    revision = office.town.vehicle(car)["revision"]
    form = {"action": "withdraw", "evening": day, "reason": "typed wrong", "revision": revision}
    assert office.post(who, f"/parking/vehicles/{car}/act", **form).status_code == 303
    assert office.town.vehicle(car)["state"] == "free"
    office.at(at(day, "20:00"))
    for path in ("/parking/vehicles", "/parking/bans", "/parking/notices", f"/parking/vehicles/{car}", slip):
        answer = office.get(who, path)
        assert answer.status_code == 404 or f"/vehicles/{car}" not in answer.text, path


def test_what_another_has_typed_is_not_theirs_to_take_back(planned: RotaTown) -> None:
    who, day = evening_of(planned)
    car = planned.see("worker_b", zone_id=SOUTH).vehicle_id
    with refused("not_yours"):
        planned.decide(who, car, "withdraw", evening=at(day).date(), reason="a guest of mine")
    assert planned.see(who, zone_id=NORTH).verdict.nothing == "again"


def test_who_takes_part_reads_by_name_who_has_an_evening_and_nobody_else_of_the_group_does(office: Office) -> None:
    assert isinstance(office.town, RotaTown)
    who, day = evening_of(office.town)
    office.at(office.town.now)
    other = next(f"r{number}" for number in range(24) if f"r{number}" != who)
    holder = f"居民{who[1:]}"
    for one in (other, "leader"):
        page = office.get(one, "/parking/evening").text
        assert f'class="zone-name">{holder}<' in page, one
    for one in ("stranger", "worker_b"):
        assert "18:00–20:00" not in office.get(one, "/parking/evening").text, one
    # the page of the office tells the same
    assert holder in office.get("leader", "/parking").text
    assert holder not in office.get("company", "/parking").text
    assert day in office.town.now.isoformat()

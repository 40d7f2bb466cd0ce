"""What an estate decides: its rules, the hours and the price of its zones; who may, and what is written of it."""

from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

import pytest

from gridmap.parking.rows import read_rules
from gridmap.parking.rules import BanOn, Rules
from gridmap.parking.ruling import drop_rules, read_ruling, set_rules
from gridmap.parking.tariff import DayKind, Tariff
from gridmap.parking.tariffs import set_tariff, tariff_of
from tests.duties_town import ESTATE_A, ESTATE_B, HOUSE_A
from tests.parking_town import ELSEWHERE, KERB, NORTH, SOUTH, ParkingTown, at, refused

OWN = Rules(
    leave_by=time(19), tolerance_minutes=15, free_from=time(7), evenings=frozenset(range(5)), notices=2,
    ban_on=BanOn.THIRD_NOTICE, ban_months=6, clean_months=1, stay_counts=4,
)  # fmt: skip


def decide(town: ParkingTown, who: str | None, rules: Rules = OWN, place: int = ESTATE_A, revision: int = 0) -> None:
    town.run(who, lambda connection, by: set_rules(connection, by, place, rules, revision=revision))


def holds(town: ParkingTown, zone: int = NORTH, home: int = ESTATE_A) -> Rules:
    return town.run(None, lambda connection, _by: read_rules(connection, home, zone))


def price(town: ParkingTown, who: str, tariff: Tariff | None, place: int = NORTH, revision: int = 1) -> None:
    town.run(who, lambda connection, by: set_tariff(connection, by, place, tariff, revision=revision))


def audited(town: ParkingTown, action: str) -> list[dict[str, Any]]:
    return town.rows("SELECT account_id, subject_id, before, after FROM gridmap.audit WHERE action = %s ORDER BY id",
                     action)  # fmt: skip


def test_an_estate_decides_and_it_holds_at_once(town: ParkingTown) -> None:
    assert holds(town) == Rules()
    decide(town, "community_leader")
    assert holds(town) == OWN
    # who stands there at 19:10 is not late any more
    town.now = at("2026-03-16", "19:10")
    assert town.see("worker_a").verdict.action is None
    [row] = audited(town, "set_parking_rules")
    assert row["account_id"] == town.ids["community_leader"]
    assert row["before"] == {}
    assert (row["after"]["leave_by"], row["after"]["evenings"]) == ("19:00", ["0", "1", "2", "3", "4"])
    changed = town.rows("SELECT count(*) AS n FROM gridmap.change WHERE layer = 'parking'")
    assert changed[0]["n"] == 1


def test_the_same_again_writes_nothing(town: ParkingTown) -> None:
    decide(town, "leader")
    decide(town, "leader", revision=1)
    assert len(audited(town, "set_parking_rules")) == 1
    assert town.rows("SELECT revision FROM gridmap.parking_rule") == [{"revision": 1}]


def test_who_saw_something_older_is_told_so(town: ParkingTown) -> None:
    decide(town, "leader")
    with refused("changed"):
        decide(town, "community_leader", replace(OWN, notices=5))
    decide(town, "community_leader", replace(OWN, notices=5), revision=1)
    with refused("changed"):
        town.run("leader", lambda connection, by: drop_rules(connection, by, ESTATE_A, revision=1))
    assert holds(town).notices == 5
    before, after = (audited(town, "set_parking_rules")[-1][name]["notices"] for name in ("before", "after"))
    assert (before, after) == ("2", "5")


def test_as_everywhere_again(town: ParkingTown) -> None:
    decide(town, "leader")
    town.run("leader", lambda connection, by: drop_rules(connection, by, ESTATE_A, revision=1))
    town.run("leader", lambda connection, by: drop_rules(connection, by, ESTATE_A, revision=0))
    assert holds(town) == Rules()
    assert town.run(None, lambda connection, _by: read_ruling(connection, ESTATE_A)).rules is None
    assert [row["after"] for row in audited(town, "set_parking_rules")][-1] == {}


@pytest.mark.parametrize("who", ["worker_a", "planner", "planner_worker", "manager", "company", "department"])
def test_only_who_leads_decides(town: ParkingTown, who: str) -> None:
    for place in (ESTATE_A, NORTH, ESTATE_B, SOUTH):
        with pytest.raises((LookupError, Exception)) as problem:
            decide(town, who, place=place)
        assert getattr(problem.value, "reason", "unseen") in {"not_yours", "unseen"}
    assert town.rows("SELECT FROM gridmap.parking_rule") == []


def test_nobody_decides_for_the_community_next_door(town: ParkingTown) -> None:
    with pytest.raises(LookupError):
        decide(town, "east_leader")
    with pytest.raises(LookupError):
        decide(town, "leader", place=HOUSE_A)


def test_a_zone_of_an_estate_has_hours_of_its_own_and_nothing_else(town: ParkingTown) -> None:
    decide(town, "leader", replace(OWN, leave_by=time(20), notices=9), place=NORTH)
    found = holds(town)
    assert (found.leave_by, found.tolerance_minutes, found.notices) == (time(20), 15, 3)
    assert holds(town, SOUTH) == Rules()
    # in no estate: the zone itself decides everything
    decide(town, "leader", OWN, place=KERB)
    assert holds(town, KERB, KERB) == OWN


def test_the_price_of_a_zone(town: ParkingTown) -> None:
    tariff = Tariff(hourly=Decimal(5), daily_cap=Decimal("40.50"), day=DayKind.CALENDAR)
    price(town, "community_leader", tariff)
    [row] = town.rows("SELECT * FROM gridmap.zone WHERE place_id = %s", NORTH)
    assert tariff_of(row) == tariff
    with refused("changed"):
        price(town, "leader", None)
    price(town, "leader", None, revision=2)
    [row] = town.rows("SELECT * FROM gridmap.zone WHERE place_id = %s", NORTH)
    assert tariff_of(row) is None
    assert [one["after"] for one in audited(town, "set_tariff")] == [
        {"hourly": "5", "daily_cap": "40.50", "day": "calendar"}, {},
    ]  # fmt: skip
    with refused("not_a_zone"):
        price(town, "leader", tariff, place=ESTATE_A)
    for who in ("worker_a", "planner", "company"):
        with refused("not_yours"):
            price(town, who, tariff)
    with pytest.raises(LookupError):
        price(town, "east_leader", tariff, place=ELSEWHERE)

"""The tables of a rota: who sees and writes what, what the constraints refuse, and what follows by itself."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from gridmap.analysis.rota import office_day
from gridmap.db import Database
from gridmap.tables import rota, rota_holder, rota_member, rota_swap, rota_turn
from tests.conftest import Base
from tests.rota_groups import midnight

STREET = 1
TABLES = tuple(table.name for table in (rota, rota_member, rota_turn, rota_swap, rota_holder))
MONDAY = date(2026, 3, 16)
AT = datetime(2026, 3, 10, tzinfo=UTC)
HERE, FAR = (STREET << 32) + 1, (STREET << 32) + 2
"""Two communities; the rota is in the first."""
ESTATE, FAR_ESTATE = (STREET << 32) + 11, (STREET << 32) + 12
ROTA, OTHER_ROTA = (STREET << 32) + 21, (STREET << 32) + 22
ANNA, BO, CHEN, STRANGER = ((STREET << 32) + 30 + number for number in range(4))
"""Who takes part in the rota; the stranger takes part in the other one only, as Bo does too."""
LEADER = {"scope": "some", "communities": f",{HERE},", "near": "{[1,2)}", "account": "1"}
FAR_LEADER = LEADER | {"communities": f",{FAR},"}


def oneself(person: int) -> Mapping[str, str]:
    """Somebody without any place: on duty in rotas alone."""
    return {"scope": "some", "self": f",{person},", "near": "{[1,2)}", "account": str(person & 1023)}


def evening(day: date) -> tuple[datetime, datetime]:
    return midnight(day) + timedelta(hours=18), midnight(day) + timedelta(hours=20)


class Town:
    """Writes rows as the owner, who stands above all locks."""

    def __init__(self, owner: psycopg.Connection[Any]) -> None:
        self.owner = owner
        self.serial = 1000

    def add(self, table: str, **values: Any) -> int:
        self.serial += 1
        row = {"street_id": STREET, "id": (STREET << 32) + self.serial, **values}
        names = ", ".join(row)
        marks = ", ".join(f"%({name})s" for name in row)
        self.owner.execute(f"INSERT INTO gridmap.{table} ({names}) VALUES ({marks})", row)
        return int(row["id"])

    def add_rota(self, rota_id: int, people: list[int], place: int, community: int) -> dict[str, Any]:
        reach = {"people": people, "place_id": place, "community_id": community, "estate_id": place}
        of_rota = {"rota_id": rota_id, **reach}
        self.add(
            "rota", id=rota_id, kind="parking", name="停车值班", begins="18:00", ends="20:00", valid="[2026-01-01,)",
            changed_at=AT, **reach,
        )  # fmt: skip
        for person in people:
            self.add("rota_member", person_id=person, valid="[2026-01-01,)", changed_at=AT, **of_rota)
        return of_rota

    def add_turn(self, of_rota: Mapping[str, Any], day: date) -> int:
        starts, ends = evening(day)
        return self.add(
            "rota_turn", day=day, starts_at=starts, ends_at=ends, needed=1, missing=0, changed_at=AT, **of_rota
        )

    def give(self, of_rota: Mapping[str, Any], turn: int, day: date, person: int) -> int:
        return self.add("rota_holder", **holder(of_rota, turn, day, person))


def holder(of_rota: Mapping[str, Any], turn: int, day: date, person: int) -> dict[str, Any]:
    starts, ends = evening(day)
    during = f"[{starts.isoformat()},{ends.isoformat()})"
    given = {"turn_id": turn, "person_id": person, "day": day, "during": during, "origin": "planned", "given_at": AT}
    return given | dict(of_rota)


@pytest.fixture
def town(empty_base: Base) -> Iterator[Town]:
    with psycopg.connect(empty_base.owner_url, autocommit=True, row_factory=dict_row) as owner:
        owner.execute("INSERT INTO gridmap.city (code, name) VALUES ('4420', '城')")
        owner.execute("INSERT INTO gridmap.district (city_id, code, name) VALUES (1, '442000', '区')")
        owner.execute("INSERT INTO gridmap.street (district_id, code, name) VALUES (1, '442000001', '街道')")
        town = Town(owner)
        for number, community in enumerate((HERE, FAR)):
            town.add("community", id=community, code=f"44200000100{number}", name="社区")
        for place, community in ((ESTATE, HERE), (FAR_ESTATE, FAR)):
            town.add(
                "place", id=place, kind="estate", code=str(place), name="花苑", community_id=community, estate_id=place
            )
        for person in (ANNA, BO, CHEN, STRANGER):
            town.add("person", id=person, name="甲乙", display_name=f"n{person}")
        yield town


@pytest.fixture
def of_rota(town: Town) -> dict[str, Any]:
    """Anna has Monday, Bo has Tuesday and is asked to take Monday too; Bo and the stranger share another rota."""
    found = town.add_rota(ROTA, [ANNA, BO, CHEN], ESTATE, HERE)
    for day, person in ((MONDAY, ANNA), (MONDAY + timedelta(days=1), BO)):
        turn = town.add_turn(found, day)
        town.give(found, turn, day, person)
        if person == ANNA:
            town.add("rota_swap", turn_id=turn, giver_id=ANNA, taker_id=BO, asked_at=AT, changed_at=AT, **found)
    other = town.add_rota(OTHER_ROTA, [BO, STRANGER], FAR_ESTATE, FAR)
    day = MONDAY + timedelta(days=3)
    town.give(other, town.add_turn(other, day), day, BO)
    return found


@contextmanager
def as_app(base: Base, viewer: Mapping[str, str]) -> Iterator[Any]:
    """One transaction of the application's role for that viewer."""
    database = Database(base.app_url)
    try:
        with database.transaction(viewer) as connection:
            yield connection
    finally:
        database.close()


def seen(base: Base, viewer: Mapping[str, str], rota_id: int) -> dict[str, int]:
    with as_app(base, viewer) as connection:
        return {
            table: connection.execute(
                f"SELECT count(*) AS many FROM gridmap.{table} WHERE {'id' if table == 'rota' else 'rota_id'} = %s",
                (rota_id,),
            ).fetchone()["many"]
            for table in TABLES
        }


WHOLE = {"rota": 1, "rota_member": 3, "rota_turn": 2, "rota_swap": 1, "rota_holder": 2}
NOTHING = dict.fromkeys(WHOLE, 0)


@pytest.mark.usefixtures("of_rota")
def test_a_rota_is_seen_by_who_takes_part_and_who_leads_there(empty_base: Base) -> None:
    for viewer in (LEADER, oneself(ANNA), oneself(BO), {"scope": "city"}):
        assert seen(empty_base, viewer, ROTA) == WHOLE
    nobody: list[Mapping[str, str]] = [FAR_LEADER, oneself(STRANGER), {}, {"self": f",{ANNA},"}, {"scope": "some"}]
    for viewer in nobody:
        assert seen(empty_base, viewer, ROTA) == NOTHING
    assert seen(empty_base, oneself(STRANGER), OTHER_ROTA)["rota_holder"] == 1


def insert(base: Base, viewer: Mapping[str, str], table: str, row: Mapping[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    with as_app(base, viewer) as connection:
        connection.execute(f"INSERT INTO gridmap.{table} ({names}) VALUES ({marks})", dict(row))


def test_who_takes_part_swaps_and_changes_nothing_else(empty_base: Base, town: Town, of_rota: dict[str, Any]) -> None:
    day = MONDAY + timedelta(days=7)
    turn = town.add_turn(of_rota, day)
    key = {"street_id": STREET, "id": (STREET << 32) + 5000}
    given = key | holder(of_rota, turn, day, CHEN)
    asked = {"turn_id": turn, "giver_id": CHEN, "taker_id": ANNA, "asked_at": AT, "changed_at": AT}
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        insert(empty_base, oneself(STRANGER), "rota_holder", given)
    insert(empty_base, oneself(ANNA), "rota_holder", given)
    insert(empty_base, oneself(ANNA), "rota_swap", key | asked | of_rota)
    member = key | {"person_id": STRANGER, "valid": "[2026-01-01,)", "changed_at": AT} | of_rota
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        insert(empty_base, oneself(ANNA), "rota_member", member)
    insert(empty_base, LEADER, "rota_member", member)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        change(empty_base, oneself(ANNA), "UPDATE gridmap.rota SET gap_days = 3")
    assert change(empty_base, oneself(ANNA), "UPDATE gridmap.rota_holder SET ended_at = given_at") == 3
    assert change(empty_base, LEADER, "UPDATE gridmap.rota SET gap_days = 3") == 1


def change(base: Base, viewer: Mapping[str, str], statement: str) -> int:
    with as_app(base, viewer) as connection:
        return connection.execute(statement).rowcount


@pytest.mark.usefixtures("of_rota")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE gridmap.rota SET people = '{}'",
        "UPDATE gridmap.rota SET place_id = place_id",
        "UPDATE gridmap.rota_holder SET person_id = person_id",
        "UPDATE gridmap.rota_holder SET people = '{}'",
        "UPDATE gridmap.rota_swap SET taker_id = giver_id",
        "UPDATE gridmap.rota_turn SET day = day",
        *(f"DELETE FROM gridmap.{table}" for table in TABLES),
    ],
)
def test_what_was_stays_even_for_the_office(empty_base: Base, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        change(empty_base, {"scope": "city", "administers": "on"}, statement)


def test_nobody_has_two_evenings_at_once(town: Town, of_rota: dict[str, Any]) -> None:
    turn = town.owner.execute("SELECT id FROM gridmap.rota_turn WHERE day = %s", (MONDAY,)).fetchone()["id"]
    with pytest.raises((psycopg.errors.UniqueViolation, psycopg.errors.ExclusionViolation)):
        town.give(of_rota, turn, MONDAY, ANNA)
    third = town.add_rota((STREET << 32) + 23, [ANNA], FAR_ESTATE, FAR)
    again = town.add_turn(third, MONDAY)
    with pytest.raises(psycopg.errors.ExclusionViolation, match="one_at_a_time"):
        town.give(third, again, MONDAY, ANNA)
    # once it has gone to somebody else both are free
    town.owner.execute("UPDATE gridmap.rota_holder SET ended_at = %s WHERE person_id = %s", (AT, ANNA))
    town.give(third, again, MONDAY, ANNA)


@pytest.mark.usefixtures("of_rota")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE gridmap.rota SET weekdays = '{7}'",
        "UPDATE gridmap.rota SET weekdays = '{}'",
        "UPDATE gridmap.rota SET ends = begins",
        "UPDATE gridmap.rota_member SET credit = '{1,2}'",
        "UPDATE gridmap.rota_member SET credit = '{1,1,1,1,1,1,-1}'",
        "UPDATE gridmap.rota_turn SET missing = 1",
        "UPDATE gridmap.rota_turn SET missing = 2, reason = 'on_leave'",
        "UPDATE gridmap.rota_turn SET ends_at = starts_at",
        "UPDATE gridmap.rota_swap SET state = 'agreed'",
        "UPDATE gridmap.rota_swap SET taker_id = giver_id",
        "UPDATE gridmap.rota_swap SET other_turn_id = turn_id",
        "UPDATE gridmap.rota_holder SET origin = 'swapped'",
    ],
)
def test_what_makes_no_sense_is_refused(town: Town, statement: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        town.owner.execute(statement)


@pytest.mark.usefixtures("of_rota")
def test_who_takes_part_is_told_when_others_are_away_and_never_why(empty_base: Base, town: Town) -> None:
    for first, last in ((20, 22), (25, 27)):
        leave = f"[2026-03-{first} 00:00+08,2026-03-{last} 00:00+08)"
        town.add("absence", person_id=BO, valid=leave, kind="other", community_id=FAR)
    asked = "SELECT * FROM gridmap.rota_people(%s, %s, '2026-03-01 00:00+08', '2026-04-01 00:00+08')"

    def people(viewer: Mapping[str, str]) -> list[dict[str, Any]]:
        with as_app(empty_base, viewer) as connection:
            return connection.execute(asked, (STREET, ROTA)).fetchall()

    found = people(oneself(ANNA))
    assert [one["person_id"] for one in found] == [ANNA, BO, CHEN]
    assert people(LEADER) == found
    assert [one["display_name"] for one in found] == [f"n{ANNA}", f"n{BO}", f"n{CHEN}"]
    assert [len(one["away"] or ()) for one in found] == [0, 2, 0]
    days = [[office_day(duty.lower) for duty in one["busy"] or ()] for one in found]
    assert days == [[], [MONDAY + timedelta(days=3)], []]
    assert "kind" not in found[0]
    assert people(oneself(STRANGER)) == people(FAR_LEADER) == people({}) == []


@pytest.mark.usefixtures("of_rota")
def test_who_leaves_and_where_it_lies_is_followed(empty_base: Base, town: Town) -> None:
    def own(today: date) -> int:
        with as_app(empty_base, LEADER) as connection:
            row = connection.execute("SELECT gridmap.own_rotas(%s, %s, %s) AS moved", ([STREET], today, [ROTA]))
            return int(row.fetchone()["moved"])

    assert own(MONDAY) == 0
    town.owner.execute("UPDATE gridmap.rota_member SET valid = '[2026-01-01,2026-03-16)' WHERE person_id = %s", (BO,))
    assert own(MONDAY - timedelta(days=1)) == 0
    assert own(MONDAY) == sum(WHOLE.values())
    assert own(MONDAY) == 0
    assert seen(empty_base, oneself(BO), ROTA) == NOTHING
    assert seen(empty_base, oneself(ANNA), ROTA) == WHOLE
    # Bo still sees the other rota
    assert seen(empty_base, oneself(BO), OTHER_ROTA)["rota"] == 1
    town.owner.execute("UPDATE gridmap.place SET community_id = %s WHERE id = %s", (FAR, ESTATE))
    assert own(MONDAY) == sum(WHOLE.values())
    assert seen(empty_base, LEADER, ROTA) == NOTHING
    assert seen(empty_base, FAR_LEADER, ROTA) == WHOLE

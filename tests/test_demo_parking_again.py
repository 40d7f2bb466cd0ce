"""The demo's cars, written down and decided on once more by the commands: the same rows come out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from gridmap.accounts import Actor, Grant, create_account, give_grant
from gridmap.clock import OFFICE, real_now
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.demo.parking.cars import Car
from gridmap.demo.parking.ground import read_zones
from gridmap.demo.parking.plates import DEMO_KEY, hashed, plate_of
from gridmap.demo.parking.seeing import told_cars
from gridmap.demo.parking.stories import COMMUNITY, DUTY_A, DUTY_B, DUTY_C, OFFICE_LEADER, STORIES, WORKER, Story
from gridmap.parking.deciding import Decision, decide
from gridmap.parking.staying import Part
from gridmap.parking.watching import Seen, note_sighting
from tests.conftest import Base

WHO = (WORKER, DUTY_A, DUTY_B, DUTY_C, COMMUNITY, OFFICE_LEADER)
OTHER_PLATES = 3_000
LONG_AGO = datetime(2024, 1, 1, tzinfo=OFFICE)
NIGHT = datetime(2026, 3, 16, 1, tzinfo=OFFICE)
MONTH = timedelta(days=30)
OF_CAR = (
    *("place_id", "has_plate", "state", "evenings", "last_on", "counts_since", "resets_at", "proposed_on"),
    *("proposed_at", "proposed_by", "saw", "banned_from", "banned_until", "community_id", "grid_id", "micro_grid_id"),
    *("estate_id", "grids", "revision", "changed_at", "changed_by"),
)
SCOPE = ("place_id", "community_id", "grid_id", "micro_grid_id", "estate_id")
OF_ROWS: Mapping[str, tuple[str, ...]] = {
    "violation": (*SCOPE, "evening", "at", "is_counted", "account_id", "withdrawn_at", "withdrawn_by", "withdrawn_why"),
    "parking_notice": (*SCOPE, "number", "is_last", "at", "account_id"),
    "ban": (
        *(*SCOPE, "grids", "reason", "starts_at", "until", "proposed_by", "saw", "confirmed_by", "confirmed_at"),
        *("appealed_at", "revoked_at", "revoked_by", "revoked_why", "revision", "changed_at", "changed_by"),
    ),
    "parking_turn": (*SCOPE, "grids", "action", "from_state", "to_state", "at", "account_id", "evening", "reason"),
    "sighting": (*SCOPE, "at", "received_at", "counted_on", "part", "found", "account_id"),
}
ORDER = {"ban": "starts_at"}
ACCOUNTS = {"account_id", "proposed_by", "confirmed_by", "revoked_by", "changed_by", "withdrawn_by"}


def test_noting_and_deciding_make_the_same_rows(own_demo_base: Base) -> None:
    database = Database(own_demo_base.app_url)
    try:
        accounts = make_accounts(database)
        with psycopg.connect(own_demo_base.owner_url, row_factory=dict_row) as owner:
            zones = read_zones(owner)
            cars = told_cars(zones)
            for car, story in zip(cars, STORIES, strict=True):
                with database.transaction(SYSTEM) as connection:
                    again(connection, accounts, car, story)
            owner.commit()
            back = {account: who for who, account in accounts.items()}
            for car, story in zip(cars, STORIES, strict=True):
                assert_same(owner, back, car, story)
    finally:
        database.close()


def make_accounts(database: Database) -> dict[int, int]:
    """An account for each of those who act in the stories, all of whom may do everything."""
    found = {}
    by = Actor(account_id=None, business_at=LONG_AGO, at=real_now())
    for who in WHO:
        with database.transaction(SYSTEM) as connection:
            found[who] = create_account(
                connection, by, username=f"again{-who}", title="again", password="again-again-1"
            )
            give_grant(connection, by, found[who], Grant(role="leader", level="city"))
    return found


def again(connection: Connection, accounts: Mapping[int, int], car: Car, story: Story) -> None:
    """The same sightings and decisions, of a car with another plate."""

    def by(who: int, at: datetime) -> Actor:
        return Actor(account_id=accounts[who], business_at=at, at=real_now())

    moments = [(row["at"], row) for row in car.sightings] + [(one.at, None) for one in story.decided]
    decided = {one.at: one for one in story.decided}
    plate = plate_of(car.zone, story.number + OTHER_PLATES)
    vehicle_id = 0
    for at, row in sorted(moments, key=lambda moment: moment[0]):
        if row is None:
            one = decided[at]
            decision = Decision(vehicle_id=vehicle_id, action=one.action, reason=one.reason, evening=one.evening)
            decide(connection, by(one.by, at), decision)
            continue
        seen = Seen(
            zone_id=car.zone.id,
            plate=plate.clear,
            seen_at=at,
            counted_on=row["counted_on"],
            part=Part(row["part"]) if row["part"] else None,
        )
        vehicle_id = note_sighting(connection, by(row["account_id"], at), DEMO_KEY, seen).vehicle_id or 0


def assert_same(owner: "psycopg.Connection[dict[str, Any]]", back: Mapping[int, int], car: Car, story: Story) -> None:
    """That the demo's car and the one made by the commands stand alike, with all that was written of them."""
    told = read(owner, car, story.number, {})
    made = read(owner, car, story.number + OTHER_PLATES, back)
    assert told == made, story


def read(
    owner: "psycopg.Connection[dict[str, Any]]", car: Car, number: int, back: Mapping[int, int]
) -> dict[str, list[dict[str, Any]]]:
    """All rows about the car of that plate, without ids; accounts as those of the stories."""
    key = hashed(DEMO_KEY, car.zone, plate_of(car.zone, number))
    (vehicle,) = owner.execute("SELECT * FROM gridmap.vehicle WHERE plate_hash = %s", (key,)).fetchall()
    found = {"vehicle": [plain({name: vehicle[name] for name in OF_CAR}, back)]}
    for table, names in OF_ROWS.items():
        rows = owner.execute(
            f"SELECT * FROM gridmap.{table} WHERE vehicle_id = %s ORDER BY {ORDER.get(table, 'at')}, id",
            (vehicle["id"],),
        ).fetchall()
        if table == "sighting":
            # the commands forget nothing by themselves
            ends = (vehicle["banned_until"] or vehicle["resets_at"], vehicle["counts_since"])
            rows = [row for row in rows if max([row["at"], *(end for end in ends if end)]) + MONTH > NIGHT]
        found[table] = [plain({name: row[name] for name in names}, back) for row in rows]
    return found


def plain(row: dict[str, Any], back: Mapping[int, int]) -> dict[str, Any]:
    """The row with those who acted by their numbers in the stories."""
    accounts = {name: back.get(row[name], row[name]) for name in row if name in ACCOUNTS}
    saw = {"saw": sorted(back.get(one, one) for one in row["saw"])} if "saw" in row else {}
    return row | accounts | saw

"""A year of parking: counts of sixteen zones, cars from outside with notices and bans, those that never leave.

Made by the rules and the machine that also judge what people write down, so nothing stands here that they would have
refused. Every choice hangs on names and days alone; only the hashes of plates hang on the key of the installation.
What would have been forgotten by the last night is not there. Nobody has one of these plates.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import psycopg

from gridmap.demo.duties import rows_as_dicts
from gridmap.demo.incidents.writing import copy_in
from gridmap.demo.parking.answers import answer_counts
from gridmap.demo.parking.cars import Car, numbered
from gridmap.demo.parking.counts import early_zones, rounds, wanted_counts
from gridmap.demo.parking.ground import read_zones
from gridmap.demo.parking.plates import DEMO_KEY, hashed
from gridmap.demo.parking.seeing import (
    LAST_NIGHT,
    noted_in,
    recent_rounds,
    staying_cars,
    told_cars,
    visiting_cars,
    watcher_of,
)
from gridmap.demo.parking.settings import gate_rows, known_rows, rule_rows, set_tariffs
from gridmap.demo.parking.stayers import present, stayers_of, staying_by_evening
from gridmap.demo.register import Row
from gridmap.parking.rules import Rules

FIRST, ROOM = 8 << 20, 1 << 16
"""Serials of their own: above those of the demo's diary, below those of live rows; so many for each table."""
TABLES = ("known_vehicle", "vehicle", "violation", "parking_notice", "ban", "parking_turn", "sighting")
KNOWN = """
SELECT EXISTS (
  SELECT FROM gridmap.street s JOIN gridmap.vehicle v ON v.street_id = s.id
  WHERE s.is_demo AND v.id & 4294967295 BETWEEN %s AND %s
) AS found
"""


def add_parking(connection: "psycopg.Connection[Any]", key: bytes = DEMO_KEY) -> int:
    """All of it, as the owner, in the caller's transaction; how many rows were new.

    `key` hashes the plates. Needs the demo's duties. Nothing happens where it is already.
    """
    with rows_as_dicts(connection):
        known = connection.execute(KNOWN, (FIRST, FIRST + len(TABLES) * ROOM - 1)).fetchone()
        zones = read_zones(connection)
        if not zones or (known and known["found"]):
            return 0
        stayers, early = stayers_of(zones), early_zones(zones)
        there = present(stayers, rounds())
        told = [*told_cars(zones), *visiting_cars(zones, early)]
        counts = wanted_counts(zones, noted_in(told, there))
        set_tariffs(connection, zones)
        rows: dict[str, Sequence[Row]] = {
            "parking_rule": list(rule_rows(zones)),
            "gate": list(gate_rows(connection)),
            "vehicle_count": [count.row(watcher_of(count.zone, count.round.day)) for count in counts],
            "zone_stay": list(staying_by_evening(counts, there, Rules().stay_counts)),
            "known_vehicle": numbered(list(known_rows(zones, key)), first_of("known_vehicle")),
            **rows_of_cars([*told, *staying_cars(stayers, early, recent_rounds())], key),
        }
        for table, of_table in rows.items():
            copy_in(connection, table, iter(of_table))
        answer_counts(connection)
        return sum(map(len, rows.values()))


def first_of(table: str) -> int:
    """The first serial of the demo's rows in that table."""
    return FIRST + TABLES.index(table) * ROOM


def rows_of_cars(cars: Iterable[Car], key: bytes, night: datetime = LAST_NIGHT) -> dict[str, list[Row]]:
    """Cars that are still known after that night, and all rows about them, with ids; in the order of loading."""
    kept = [(car, car.kept(night)) for car in cars]
    kept = [(car, sightings) for car, sightings in kept if sightings or car.turns]
    hashes = [{"plate_hash": hashed(key, car.zone, car.plate)} for car, _sightings in kept]
    vehicles = numbered(
        [car.row(night) | more for (car, _sightings), more in zip(kept, hashes, strict=True)], first_of("vehicle")
    )
    found: dict[str, list[Row]] = {"vehicle": vehicles, **{table: [] for table in TABLES[2:]}}
    for (car, sightings), row in zip(kept, vehicles, strict=True):
        of_car = {"vehicle_id": row["id"]}
        violations = _add(found, "violation", [one | of_car for one in car.violations])
        bans = _add(found, "ban", [one | of_car for one in car.bans])
        notices = [_joined(one, "violation", violations) | of_car for one in car.notices]
        _add(found, "parking_notice", notices)
        _add(found, "parking_turn", [_joined(one, "ban", bans) | of_car for one in car.turns])
        _add(found, "sighting", [one | of_car for one in sightings])
    return found


def _add(found: dict[str, list[Row]], table: str, rows: Sequence[Row]) -> list[int]:
    """Number the rows behind those of the table so far, and give their ids."""
    made = numbered(rows, first_of(table) + len(found[table]))
    found[table] += made
    return [row["id"] for row in made]


def _joined(row: Row, what: str, ids: Sequence[int]) -> Row:
    """The row with the id of what it names by its place."""
    place = row[what]
    others = {name: value for name, value in row.items() if name != what}
    return others | {f"{what}_id": None if place is None else ids[place]}

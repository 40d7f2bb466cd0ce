"""A little town for the tests of duties: two estates in two grids, managers, one on leave, one missing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from gridmap.clock import OFFICE

STREET = 7
BASE = STREET << 32
COMMUNITY, GRID_A, GRID_B, ESTATE_A, ESTATE_B = (BASE + n for n in (1, 2, 3, 4, 5))
HOUSE_A, HOUSE_B, VILLA, GARAGE = (BASE + n for n in (10, 11, 12, 13))
STAIRS = tuple(BASE + n for n in (20, 21, 22, 23))
"""Two stairwells in house A, two in house B; the last one has no geometry."""
HELD, ON_LEAVE, HELD_TOO, NOBODY = STAIRS[0], STAIRS[1], STAIRS[2], STAIRS[3]
PEOPLE = tuple(BASE + n for n in (30, 31, 32))
SQUARE = "SRID=4326;POLYGON((113.4 22.5,113.41 22.5,113.41 22.51,113.4 22.51,113.4 22.5))"
POINT = "SRID=4326;POINT(113.405 22.505)"
SINCE = date(2024, 1, 1)


def at(year: int, month: int, day: int, hour: int = 9) -> datetime:
    """A moment of the office."""
    return datetime(year, month, day, hour, tzinfo=OFFICE)


@dataclass(frozen=True)
class Place:
    """A row of place."""

    id: int
    kind: str
    grid: int | None = None
    estate: int | None = None
    parent: int | None = None
    geom: str | None = POINT


PLACES = (
    Place(GRID_A, "grid", GRID_A, geom=SQUARE),
    Place(GRID_B, "grid", GRID_B, geom=SQUARE),
    Place(ESTATE_A, "estate", None, ESTATE_A, geom=SQUARE),
    Place(ESTATE_B, "estate", None, ESTATE_B, geom=SQUARE),
    Place(HOUSE_A, "building", GRID_A, ESTATE_A),
    Place(HOUSE_B, "building", GRID_B, ESTATE_B),
    Place(VILLA, "building", GRID_B, ESTATE_B),
    Place(GARAGE, "building", GRID_B, ESTATE_B),
    Place(STAIRS[0], "stairwell", GRID_A, ESTATE_A, HOUSE_A),
    Place(STAIRS[1], "stairwell", GRID_A, ESTATE_A, HOUSE_A),
    Place(STAIRS[2], "stairwell", GRID_B, ESTATE_B, HOUSE_B),
    Place(STAIRS[3], "stairwell", GRID_B, ESTATE_B, HOUSE_B, None),
)


def build(owner: "psycopg.Connection[Any]") -> None:
    """Write the town as the owner of the tables, and commit."""
    owner.execute("INSERT INTO gridmap.city (id, code, name) OVERRIDING SYSTEM VALUE VALUES (1, '442000', '城')")
    owner.execute(
        "INSERT INTO gridmap.district (id, city_id, code, name) OVERRIDING SYSTEM VALUE VALUES (1, 1, '442000', '区')"
    )
    owner.execute(
        "INSERT INTO gridmap.street (id, district_id, code, name) OVERRIDING SYSTEM VALUE"
        " VALUES (%s, 1, '442000002', '街')",
        (STREET,),
    )
    owner.execute(
        "INSERT INTO gridmap.community (street_id, id, code, name) VALUES (%s, %s, '442000002005', '社区')",
        (STREET, COMMUNITY),
    )
    for place in PLACES:
        owner.execute(
            "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, estate_id, parent_id,"
            " geom, valid) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '[2020-01-01,)')",
            (STREET, place.id, place.kind, f"c{place.id - BASE}", f"n{place.id - BASE}", COMMUNITY, place.grid,
             place.estate, place.parent, place.geom),
        )  # fmt: skip
    for grid in (GRID_A, GRID_B):
        owner.execute("INSERT INTO gridmap.grid (street_id, place_id, type) VALUES (%s, %s, 'basic')", (STREET, grid))
    for estate, management in ((ESTATE_A, "property"), (ESTATE_B, "none")):
        owner.execute("INSERT INTO gridmap.estate (street_id, place_id, management) VALUES (%s, %s, %s)",
                      (STREET, estate, management))  # fmt: skip
    for house, kind, units in (
        (HOUSE_A, "slab", []), (HOUSE_B, "slab", []), (VILLA, "villa_row", ["1", "2"]), (GARAGE, "garage", [])
    ):  # fmt: skip
        owner.execute("INSERT INTO gridmap.building (street_id, place_id, kind, units) VALUES (%s, %s, %s, %s)",
                      (STREET, house, kind, units))  # fmt: skip
    for stairs in STAIRS:
        owner.execute("INSERT INTO gridmap.stairwell (street_id, place_id, units) VALUES (%s, %s, %s)",
                      (STREET, stairs, ["101", "102", "201"]))  # fmt: skip
    owner.execute(
        "INSERT INTO gridmap.duty_role (code, title, title_en, level)"
        " VALUES ('building_manager', '党员楼管员', 'Building manager', 'stairwell'),"
        " ('grid_worker', '网格员', 'Grid worker', 'grid')"
    )
    for person in PEOPLE:
        owner.execute("INSERT INTO gridmap.person (street_id, id, name, display_name, community_id)"
                      " VALUES (%s, %s, '某', '某', %s)", (STREET, person, COMMUNITY))  # fmt: skip
    for number, (stairs, person) in enumerate(zip(STAIRS[:3], PEOPLE, strict=True)):
        owner.execute("INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, valid, community_id)"
                      " VALUES (%s, %s, %s, %s, 'building_manager', '[2024-01-01,)', %s)",
                      (STREET, BASE + 40 + number, person, stairs, COMMUNITY))  # fmt: skip
    owner.execute("INSERT INTO gridmap.absence (street_id, id, person_id, valid, community_id)"
                  " VALUES (%s, %s, %s, '[2026-03-01 00:00+08,2026-04-10 00:00+08)', %s)",
                  (STREET, BASE + 50, PEOPLE[1], COMMUNITY))  # fmt: skip
    owner.commit()

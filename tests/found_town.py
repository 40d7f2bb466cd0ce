"""A town to search for hotspots: estates on a lattice, with buildings of many sizes and zones for few or many cars."""

from typing import Any

import numpy as np
import psycopg

STREET = 9
BASE = STREET << 32
COMMUNITY, WEST, EAST = BASE + 1, BASE + 2, BASE + 3
SIDE = 10
LON, LAT = 113.4, 22.5
METRE_EAST, METRE_NORTH = 1 / 102_900, 1 / 110_750
HOT = frozenset({44, 45, 46, 54, 55, 56, 64, 65, 66})
"""The estates in the middle of the town, where four times as much happens as elsewhere."""
CROWDED = 3
"""An estate whose zones are very large, and busy for that alone."""
DAY = "2026-03-16"


def build(owner: "psycopg.Connection[Any]", *, capacities: bool = True) -> None:
    """Write the town as the owner of the tables, and commit. `capacities`: whether anybody knows the zones' places."""
    owner.execute("INSERT INTO gridmap.city (id, code, name) OVERRIDING SYSTEM VALUE VALUES (1, '442000', 'c')")
    owner.execute(
        "INSERT INTO gridmap.district (id, city_id, code, name) OVERRIDING SYSTEM VALUE VALUES (1, 1, '442000', 'd')"
    )
    owner.execute(
        "INSERT INTO gridmap.street (id, district_id, code, name) OVERRIDING SYSTEM VALUE"
        " VALUES (%s, 1, '442000009', 's')",
        (STREET,),
    )
    owner.execute(
        "INSERT INTO gridmap.community (street_id, id, code, name) VALUES (%s, %s, '442000009001', 'community')",
        (STREET, COMMUNITY),
    )
    for grid in (WEST, EAST):
        _place(owner, grid, "grid", f"g{grid - BASE}", (0, 0), grid, None)
        owner.execute("INSERT INTO gridmap.grid (street_id, place_id, type) VALUES (%s, %s, 'basic')", (STREET, grid))
    rng = np.random.default_rng(5)
    for number in range(SIDE * SIDE):
        _estate(owner, number, rng, capacities)
    owner.commit()


def estate_id(number: int) -> int:
    """The id of an estate by its number on the lattice."""
    return BASE + 100 + number


def zones_of(number: int) -> list[int]:
    """The ids of its zones."""
    return [BASE + 10_000 + number * 10 + turn for turn in range(3)]


def houses_of(number: int) -> list[int]:
    """The ids of its buildings."""
    return [BASE + 20_000 + number * 10 + turn for turn in range(6)]


def capacity_of(zone: int) -> int:
    """How many places a zone has."""
    number = (zone - BASE - 10_000) // 10
    return 400 if number == CROWDED else 20 + (zone * 7) % 41


def add_violations(owner: "psycopg.Connection[Any]", per_place: float, *, times: float = 4.0, seed: int = 2) -> None:
    """Violations in the 90 days before the day, by the places of the zones, so many times more in the hot estates."""
    rng = np.random.default_rng(seed)
    for number in range(SIDE * SIDE):
        for zone in zones_of(number):
            rate = per_place * capacity_of(zone) * (times if number in HOT else 1.0)
            _violations(owner, zone, int(rng.poisson(rate)), rng)
    owner.commit()


def add_incidents(owner: "psycopg.Connection[Any]", per_house: float, *, times: float = 4.0, seed: int = 3) -> None:
    """Incidents of 03001 in the same days, by households; half of them are told of the building, half beside it."""
    rng = np.random.default_rng(seed)
    rows = owner.execute(
        "SELECT p.id, b.counted_households, ST_X(p.geom), ST_Y(p.geom) FROM gridmap.place p"
        " JOIN gridmap.building b ON b.street_id = p.street_id AND b.place_id = p.id ORDER BY p.id"
    ).fetchall()
    serial = BASE + 1_000_000
    for house, households, lon, lat in (tuple(row) for row in rows):
        number = (house - BASE - 20_000) // 10
        for turn in range(int(rng.poisson(per_house * households * (times if number in HOT else 1.0)))):
            serial += 1
            at = f"2026-0{1 + int(rng.integers(0, 2))}-{1 + int(rng.integers(0, 28)):02} 10:00+08"
            owner.execute(
                "INSERT INTO gridmap.incident (street_id, id, number, kind, severity, source, place_id, geom,"
                " reported_at, received_at, level_since, changed_at, limit_minutes, clock, due_at, community_id)"
                " VALUES (%s, %s, %s, '03001', 2, 'patrol', %s, %s, %s, %s, %s, %s, 960, 'working', %s, %s)",
                (STREET, serial, f"N{serial}", house if turn % 2 else None,
                 f"SRID=4326;POINT({lon + 8 * METRE_EAST} {lat})", at, at, at, at, at, COMMUNITY),
            )  # fmt: skip
    owner.commit()


def _estate(owner: "psycopg.Connection[Any]", number: int, rng: np.random.Generator, capacities: bool) -> None:
    row, column = divmod(number, SIDE)
    corner = column * 180.0, row * 180.0
    grid = WEST if column < SIDE // 2 else EAST
    _place(owner, estate_id(number), "estate", f"estate{number}", corner, None, estate_id(number))
    owner.execute("INSERT INTO gridmap.estate (street_id, place_id) VALUES (%s, %s)", (STREET, estate_id(number)))
    for turn, zone in enumerate(zones_of(number)):
        at = corner[0] + 30 + turn * 40, corner[1] + 20
        _place(owner, zone, "zone", f"z{zone - BASE}", at, grid, estate_id(number))
        owner.execute(
            "INSERT INTO gridmap.zone (street_id, place_id, capacity) VALUES (%s, %s, %s)",
            (STREET, zone, capacity_of(zone) if capacities else None),
        )
    for turn, house in enumerate(houses_of(number)):
        at = corner[0] + 30 + turn % 3 * 45, corner[1] + 70 + turn // 3 * 45
        _place(owner, house, "building", f"h{house - BASE}", at, grid, estate_id(number))
        owner.execute(
            "INSERT INTO gridmap.building (street_id, place_id, counted_households) VALUES (%s, %s, %s)",
            (STREET, house, int(rng.integers(10, 160))),
        )


def _place(
    owner: "psycopg.Connection[Any]",
    identity: int,
    kind: str,
    name: str,
    at: tuple[float, float],
    grid: int | None,
    estate: int | None,
) -> None:
    point = f"SRID=4326;POINT({LON + at[0] * METRE_EAST} {LAT + at[1] * METRE_NORTH})"
    owner.execute(
        "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, estate_id, geom)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (STREET, identity, kind, f"{kind}{identity - BASE}", name, COMMUNITY, grid, estate, point),
    )


def _violations(owner: "psycopg.Connection[Any]", zone: int, many: int, rng: np.random.Generator) -> None:
    """Each by a car of its own: one car is one violation an evening."""
    for turn in range(many):
        car = BASE + 2_000_000 + (zone - BASE - 10_000) * 1_000 + turn
        evening = f"2026-0{1 + int(rng.integers(0, 2))}-{1 + int(rng.integers(0, 28)):02}"
        owner.execute(
            "INSERT INTO gridmap.vehicle (street_id, id, place_id, plate_hash, plate_masked, changed_at)"
            " SELECT %s, %s, estate_id, sha256(%s::text::bytea), 'A***88', now() FROM gridmap.place WHERE id = %s",
            (STREET, car, car, zone),
        )
        owner.execute(
            "INSERT INTO gridmap.violation (street_id, id, vehicle_id, place_id, evening, at, account_id, community_id,"
            " grid_id, estate_id) SELECT %s, %s, %s, id, %s, %s, 1, community_id, grid_id, estate_id"
            " FROM gridmap.place WHERE id = %s",
            (STREET, car, car, evening, f"{evening} 19:00+08", zone),
        )

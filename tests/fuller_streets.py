"""What the two small streets lack: places of every kind in every corner of a scope, and people to hold them."""

from collections.abc import Mapping
from typing import Any

import psycopg

from tests.two_streets import STREETS, identity, square

Ids = Mapping[str, tuple[int, ...]]
PLACE = """
INSERT INTO gridmap.place (street_id, id, kind, code, name, parent_id, community_id, grid_id, micro_grid_id, estate_id,
  geom)
SELECT %(street)s, %(id)s, %(kind)s, %(kind)s || %(serial)s, %(kind)s || %(serial)s, %(parent)s, %(community)s,
  %(grid)s, %(micro)s, %(estate)s, ST_GeomFromText(%(shape)s, 4326)
"""
OF_KIND = {
    "grid": "INSERT INTO gridmap.grid (street_id, place_id, type) VALUES (%(street)s, %(id)s, %(type)s)",
    "estate": "INSERT INTO gridmap.estate (street_id, place_id) VALUES (%(street)s, %(id)s)",
    "stairwell": "INSERT INTO gridmap.stairwell (street_id, place_id, units) VALUES (%(street)s, %(id)s, '{101,102}')",
    "facility": "INSERT INTO gridmap.facility (street_id, place_id, kind) VALUES (%(street)s, %(id)s, 'hydrant')",
    "zone": "INSERT INTO gridmap.zone (street_id, place_id) VALUES (%(street)s, %(id)s)",
}
NOWHERE = {"parent": None, "community": None, "grid": None, "micro": None, "estate": None, "type": "basic"}
COMPANIES = (1, 2, 3, 4)
"""Two of the whole city, one of each street."""


def fill_up(owner: "psycopg.Connection[Any]") -> Ids:
    """Add to the two streets: other grids, micro grids, sub-estates, stairwells, zones, places without a grid, without
    a community or without a geometry, people of every corner, companies; water and green. Gives the ids of all."""
    owner.execute(
        "INSERT INTO gridmap.duty_role (code, title, title_en, level) VALUES"
        " ('property_head', '物业负责人', 'Property head', 'estate'),"
        " ('stairwell_leader', '楼道长', 'Stairwell leader', 'stairwell') ON CONFLICT DO NOTHING"
    )
    for company in COMPANIES:
        owner.execute(
            "INSERT INTO gridmap.organisation (id, kind, name, street_id) VALUES (%s, 'property_company', %s, %s)",
            (company, f"company {company}", company - 2 if company > 2 else None),
        )
    for street in STREETS:
        west = 113.3 + street * 0.1
        _add(owner, street, 8000, "facility", shape=f"POINT({west + 0.03} 22.504)")
        for number in (1, 2):
            _fill_community(owner, street, number, west + number * 0.01)
        _add_ground(owner, street, west)
    owner.execute(
        "UPDATE gridmap.assignment a SET (community_id, grid_id, micro_grid_id, estate_id) ="
        " (p.community_id, p.grid_id, p.micro_grid_id, p.estate_id)"
        " FROM gridmap.place p WHERE p.street_id = a.street_id AND p.id = a.place_id"
    )
    return all_ids(owner)


def _add(owner: "psycopg.Connection[Any]", street: int, serial: int, kind: str, **more: Any) -> int:
    made = identity(street, serial)
    values = {**NOWHERE, "street": street, "serial": serial, "id": made, "kind": kind, "shape": None, **more}
    owner.execute(PLACE, values)
    owner.execute(OF_KIND[kind], values)
    return made


def _fill_community(owner: "psycopg.Connection[Any]", street: int, number: int, west: float) -> None:
    base, community = number * 1000, identity(street, number)
    grid, estate = identity(street, base), identity(street, base + 1)
    within = {"community": community, "grid": grid, "estate": estate}
    outlines = {
        2: f"POLYGON{square(west, 22.5, 0.004)}",
        3: f"POLYGON{square(west + 0.004, 22.5, 0.003)}",
        4: f"POLYGON{square(west, 22.501, 0.002)}",
    }
    other = identity(street, base + 2)
    _add(owner, street, base + 2, "grid", community=community, grid=other, type="dedicated", shape=outlines[2])
    micro = identity(street, base + 3)
    _add(owner, street, base + 3, "grid", community=community, grid=grid, micro=micro, type="micro", shape=outlines[3])
    for one in (2, 3):
        owner.execute(
            "INSERT INTO gridmap.boundary (street_id, place_id, valid, geom)"
            " VALUES (%s, %s, '[2020-01-01,)', ST_GeomFromText(%s, 4326))",
            (street, identity(street, base + one), outlines[one]),
        )
    sub = identity(street, base + 4)
    _add(owner, street, base + 4, "estate", **(within | {"estate": sub}), parent=estate, shape=outlines[4])
    for serial, column, value in (
        (105, "micro_grid_id", micro),
        (106, "estate_id", sub),
        (107, "grid_id", None),
        (108, "grid_id", other),
        (108, "estate_id", None),
    ):
        owner.execute(
            f"UPDATE gridmap.place SET {column} = %s WHERE street_id = %s AND id = %s",
            (value, street, identity(street, base + serial)),
        )
    for serial, building, more_of in ((200, 100, {}), (201, 100, {}), (202, 105, {"micro": micro})):
        spot = f"POINT({west + (serial - 200) * 0.0003} 22.5023)"
        _add(owner, street, base + serial, "stairwell", **within, **more_of, parent=identity(street, base + building),
             shape=spot)  # fmt: skip
    _add(owner, street, base + 400, "zone", **(within | {"estate": None}), shape=f"POINT({west} 22.503)")
    _add(owner, street, base + 301, "facility", **within, parent=identity(street, base + 105))
    _add_people(owner, street, base, {501: (community, grid, None), 502: (community, grid, micro),
                                      503: (None, None, None), 504: (community, None, None)})  # fmt: skip
    company = 1 if number == 1 else street + 2
    owner.execute("UPDATE gridmap.estate SET property_id = %s WHERE place_id = %s", (company, estate))


def _add_people(
    owner: "psycopg.Connection[Any]", street: int, base: int, people: Mapping[int, tuple[int | None, ...]]
) -> None:
    for serial, (community, grid, micro) in people.items():
        owner.execute(
            "INSERT INTO gridmap.person (street_id, id, name, display_name, community_id, grid_id, micro_grid_id)"
            " VALUES (%s, %s, 'x', %s, %s, %s, %s)",
            (street, identity(street, base + serial), f"person {base + serial}", community, grid, micro),
        )


def _add_ground(owner: "psycopg.Connection[Any]", street: int, west: float) -> None:
    shapes = {
        9001: ("water", "lake", square(west + 0.012, 22.507, 0.0021)),
        9002: ("green", "park", square(west + 0.016, 22.503, 0.0013)),
        9003: ("green", "grass", square(west + 0.0181, 22.503, 0.0002)),
    }
    for serial, (kind, sort, shape) in shapes.items():
        owner.execute(
            "INSERT INTO gridmap.basemap (street_id, id, kind, class, name, geom)"
            " VALUES (%s, %s, %s, %s, %s, ST_GeomFromText(%s, 4326))",
            (street, identity(street, serial), kind, sort, f"{sort} {street}", f"POLYGON{shape}"),
        )


def all_ids(owner: "psycopg.Connection[Any]") -> Ids:
    """The ids of each kind of thing, in order."""
    queries = {
        "streets": "SELECT id FROM gridmap.street",
        "communities": "SELECT id FROM gridmap.community",
        "people": "SELECT id FROM gridmap.person",
        "organisations": "SELECT id FROM gridmap.organisation",
        **{
            f"{kind}s": f"SELECT id FROM gridmap.place WHERE kind = '{kind}'"
            for kind in ("grid", "estate", "building", "stairwell", "zone")
        },
        "facilities": "SELECT id FROM gridmap.place WHERE kind = 'facility'",
        "places": "SELECT id FROM gridmap.place",
    }
    return {name: tuple(row[0] for row in owner.execute(f"{query} ORDER BY id")) for name, query in queries.items()}

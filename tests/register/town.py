"""The town of the cases, with houses apart, proper codes of its two grids, and a worker for each."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from shapely.geometry import LineString

from tests import incidents_town
from tests.duties_town import (
    BASE,
    COMMUNITY,
    ESTATE_A,
    ESTATE_B,
    GARAGE,
    GRID_A,
    GRID_B,
    HOUSE_A,
    HOUSE_B,
    PEOPLE,
    STAIRS,
    STREET,
    VILLA,
)
from tests.incidents_town import Town

CODE = "442000002005"
HOUSES = {HOUSE_A: 113.403, VILLA: 113.407, HOUSE_B: 113.413, GARAGE: 113.417}
MIDDLE = LineString([(113.405, 22.4999), (113.405, 22.5101)])
"""Cuts grid A in two: house A and its stairwells west of it, the villa row east."""


def build(owner: "psycopg.Connection[Any]") -> None:
    """Write the town as the owner of the tables, and commit."""
    incidents_town.build(owner)
    owner.row_factory = tuple_row  # type: ignore[assignment]  # the town before leaves another one
    for house, lon in HOUSES.items():
        grid = GRID_A if lon < 113.41 else GRID_B
        owner.execute(
            "UPDATE gridmap.place SET geom = ST_Expand(ST_SetSRID(ST_MakePoint(%s, 22.505), 4326), 0.0003),"
            " grid_id = %s, estate_id = %s WHERE id = %s",
            (lon, grid, ESTATE_A if grid == GRID_A else ESTATE_B, house),
        )
        owner.execute("UPDATE gridmap.building SET counted_households = %s WHERE place_id = %s", (house - BASE, house))
    for grid, number, person in ((GRID_A, 1, PEOPLE[0]), (GRID_B, 2, PEOPLE[1])):
        owner.execute("UPDATE gridmap.place SET code = %s, name = %s WHERE id = %s",
                      (f"{CODE}{number:03d}", f"第{number}网格", grid))  # fmt: skip
        owner.execute("UPDATE gridmap.grid SET serial = %s WHERE place_id = %s", (number, grid))
        owner.execute(
            "INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, valid, community_id, grid_id)"
            " VALUES (%s, %s, %s, %s, 'grid_worker', '[2024-01-01,)', %s, %s)",
            (STREET, BASE + 90 + number, person, grid, COMMUNITY, grid),
        )
        owner.execute(
            "UPDATE gridmap.grid SET counted_buildings = 2, counted_households = %s WHERE place_id = %s",
            (22 if grid == GRID_A else 24, grid),
        )
    owner.execute("UPDATE gridmap.place SET geom = NULL WHERE id = ANY (%s)", (list(STAIRS),))
    owner.execute("UPDATE gridmap.place SET grid_id = %s WHERE id = %s", (GRID_A, ESTATE_A))
    owner.execute("UPDATE gridmap.place SET grid_id = %s WHERE id = %s", (GRID_B, ESTATE_B))
    owner.execute(
        "UPDATE gridmap.assignment a SET grid_id = p.grid_id, estate_id = p.estate_id FROM gridmap.place p"
        " WHERE p.id = a.place_id"
    )
    owner.commit()


def state(town: Town) -> Mapping[str, Any]:
    """Everything of the register that an edition may touch and an undo must bring back, without revisions."""
    tables = {
        "place": "SELECT id, kind, code, name, parent_id, community_id, grid_id, micro_grid_id, estate_id,"
        " st_astext(geom) AS geom, valid::text FROM gridmap.place WHERE NOT isempty(valid) ORDER BY id",
        "boundary": "SELECT place_id, valid::text, st_astext(geom) AS geom FROM gridmap.boundary"
        " WHERE upper_inf(valid) ORDER BY 1",
        "membership": "SELECT place_id, grid_id, estate_id FROM gridmap.membership WHERE upper_inf(valid) ORDER BY 1",
        "grid": "SELECT g.* FROM gridmap.grid g JOIN gridmap.place p ON p.id = g.place_id WHERE NOT isempty(p.valid)"
        " ORDER BY place_id",
        "assignment": "SELECT person_id, place_id, role, is_primary, grid_id FROM gridmap.assignment"
        " WHERE upper_inf(valid) ORDER BY 2, 1",
    }
    return {name: town.rows(statement) for name, statement in tables.items()}

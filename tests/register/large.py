"""A large community beside the little town: 60 grids, thousands of buildings with stairwells, cases and slots."""

from typing import Any

import psycopg

from tests.duties_town import BASE, PEOPLE, STREET

LARGE = BASE + 1_000_000
CODE = "442000002009"
COLUMNS, ROWS = 10, 6
WEST, SOUTH, SIDE = 114.0, 22.6, 0.004
"""Each grid is a square of 0.004 degrees, about 400 m."""
FIRST_GRID, FIRST_HOUSE, FIRST_STAIRS = LARGE + 1, LARGE + 1_000, LARGE + 100_000
GRIDS = f"""
INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, geom, valid)
SELECT {STREET}, {FIRST_GRID} + n, 'grid', '{CODE}' || lpad((n + 1)::text, 3, '0'), '大' || (n + 1) || '网格', {LARGE},
  {FIRST_GRID} + n, ST_MakeEnvelope({WEST} + n %% {COLUMNS} * {SIDE}, {SOUTH} + n / {COLUMNS} * {SIDE},
    {WEST} + (n %% {COLUMNS} + 1) * {SIDE}, {SOUTH} + (n / {COLUMNS} + 1) * {SIDE}, 4326), '[2020-01-01,)'
FROM generate_series(0, {COLUMNS * ROWS - 1}) n
"""
HOUSES = f"""
WITH spread AS (
  SELECT n, n %% {COLUMNS * ROWS} AS grid, n / {COLUMNS * ROWS} AS turn,
    ceil(sqrt(%(houses)s / {COLUMNS * ROWS} + 1)) AS across
  FROM generate_series(0, %(houses)s - 1) n
)
INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, geom, valid)
SELECT {STREET}, {FIRST_HOUSE} + n, 'building', 'H' || n, turn || '号楼', {LARGE}, {FIRST_GRID} + grid,
  ST_Expand(ST_SetSRID(ST_MakePoint(
    {WEST} + (grid %% {COLUMNS} + (turn %% across::int + 0.5) / across) * {SIDE},
    {SOUTH} + (grid / {COLUMNS} + (turn / across::int + 0.5) / across) * {SIDE}), 4326), 0.00005), '[2020-01-01,)'
FROM spread
"""
REST = f"""
INSERT INTO gridmap.grid (street_id, place_id, type, serial)
SELECT street_id, id, 'basic', right(code, 3)::smallint FROM gridmap.place
WHERE kind = 'grid' AND community_id = {LARGE};
INSERT INTO gridmap.building (street_id, place_id, kind, counted_households)
SELECT street_id, id, 'slab', 24 FROM gridmap.place WHERE kind = 'building' AND community_id = {LARGE};
INSERT INTO gridmap.place (street_id, id, kind, code, name, parent_id, community_id, grid_id, valid)
SELECT street_id, {FIRST_STAIRS} + 2 * (id - {FIRST_HOUSE}) + k, 'stairwell', code || '-' || k, k || '单元', id,
  community_id, grid_id, valid
FROM gridmap.place, generate_series(0, 1) k WHERE kind = 'building' AND community_id = {LARGE};
INSERT INTO gridmap.stairwell (street_id, place_id)
SELECT street_id, id FROM gridmap.place WHERE kind = 'stairwell' AND community_id = {LARGE};
INSERT INTO gridmap.membership (street_id, place_id, valid, community_id, grid_id)
SELECT street_id, id, valid, community_id, grid_id FROM gridmap.place WHERE community_id = {LARGE} AND kind <> 'grid';
INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, valid, community_id, grid_id)
SELECT street_id, {LARGE} + 500000 + id - {LARGE}, CASE kind WHEN 'grid' THEN {PEOPLE[0]} ELSE {PEOPLE[1]} END, id,
  CASE kind WHEN 'grid' THEN 'grid_worker' ELSE 'building_manager' END, '[2024-01-01,)', community_id, grid_id
FROM gridmap.place WHERE kind IN ('grid', 'stairwell') AND community_id = {LARGE};
"""


def build_large(owner: "psycopg.Connection[Any]", houses: int) -> None:
    """Add the large community to the town with so many buildings, and let the planner know how much it is."""
    owner.execute(
        "INSERT INTO gridmap.community (street_id, id, code, name, geom) VALUES (%s, %s, %s, '大社区',"
        " ST_Multi(ST_MakeEnvelope(%s, %s, %s, %s, 4326)))",
        (STREET, LARGE, CODE, WEST, SOUTH, WEST + COLUMNS * SIDE, SOUTH + ROWS * SIDE),
    )
    owner.execute(GRIDS.encode(), {})
    owner.execute(HOUSES.encode(), {"houses": houses})
    owner.execute(REST.encode())
    owner.execute("ANALYZE")

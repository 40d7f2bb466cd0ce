"""A new estate of two hundred houses that nobody looks after yet, and a leader whose presses are counted."""

from dataclasses import dataclass, field

import psycopg
from playwright.sync_api import Locator, Page

from tests.conftest import Base

COLUMNS, ROWS = 20, 10
WEST, SOUTH = 113.4200, 22.4900
STEP_EAST, STEP_NORTH = 0.00030, 0.00034
"""About 31 by 38 metres from house to house."""
NEW_ESTATE = "新城里"

ADD_ESTATE = """
WITH at AS (SELECT street_id, id AS community_id FROM gridmap.community WHERE code = '442000002005'),
made AS (
  INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, estate_id, geom)
  SELECT street_id, made.id, 'estate', '442000002005X90', %(name)s, community_id, made.id,
    ST_MakeEnvelope(%(west)s - 0.0003, %(south)s - 0.0003, %(east)s, %(north)s, 4326)
  FROM at, LATERAL (SELECT at.street_id::bigint * 4294967296 + nextval('gridmap.serial') AS id) made
  RETURNING street_id, id, community_id
)
INSERT INTO gridmap.estate (street_id, place_id, management) SELECT street_id, id, 'property' FROM made
RETURNING place_id
"""
ADD_HOUSES = """
WITH made AS (
  INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, estate_id, geom)
  SELECT e.street_id, e.street_id::bigint * 4294967296 + nextval('gridmap.serial'), 'building',
    '442000002005X90-' || lpad(n::text, 3, '0'), n || '号楼', e.community_id, e.id,
    ST_MakeEnvelope(x, y, x + 0.00018, y + 0.00012, 4326)
  FROM gridmap.place e, generate_series(1, %(count)s) n,
    LATERAL (SELECT %(west)s + (n - 1) %% %(columns)s * %(step_east)s AS x,
                    %(south)s + (n - 1) / %(columns)s * %(step_north)s AS y) spot
  WHERE e.id = %(estate)s
  RETURNING street_id, id
)
INSERT INTO gridmap.building (street_id, place_id, kind, floors, units, counted_households, counted_stairwells)
SELECT street_id, id, 'villa_row', 3, '{101,201,301}', 3, 0 FROM made
"""
HOLDERS = """
SELECT a.person_id, count(*) FROM gridmap.assignment a
JOIN gridmap.place p ON p.street_id = a.street_id AND p.id = a.place_id
WHERE p.estate_id = %s AND p.kind = 'building' AND upper_inf(a.valid) GROUP BY 1 ORDER BY 1
"""


def add_estate(base: Base) -> int:
    """Build the estate and give its id."""
    values = {
        "name": NEW_ESTATE,
        "west": WEST,
        "south": SOUTH,
        "east": WEST + COLUMNS * STEP_EAST,
        "north": SOUTH + ROWS * STEP_NORTH,
        "columns": COLUMNS,
        "step_east": STEP_EAST,
        "step_north": STEP_NORTH,
        "count": COLUMNS * ROWS,
    }
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute(ADD_ESTATE, values).fetchone()
        assert row
        owner.execute(ADD_HOUSES, {**values, "estate": row[0]})
    return int(row[0])


def holders(base: Base, estate: int) -> dict[int, int]:
    """How many houses of the estate each person has now."""
    with psycopg.connect(base.owner_url) as owner:
        return dict(owner.execute(HOLDERS, (estate,)).fetchall())


@dataclass
class Hand:
    """A hand on a mouse: every press counts, a drag as one."""

    page: Page
    presses: int = field(default=0)

    def press(self, what: Locator) -> None:
        """Press a thing."""
        what.click()
        self.presses += 1

    def drag(self, west: float, south: float, east: float, north: float) -> None:
        """Drag from the north-west to the south-east of a box of the map."""
        corner = "([lat, lon]) => { const at = gridmap.map.latLngToContainerPoint([lat, lon]); const frame ="
        corner += " gridmap.map.getContainer().getBoundingClientRect(); return [at.x + frame.left, at.y + frame.top]; }"
        start = self.page.evaluate(corner, [north, west])
        end = self.page.evaluate(corner, [south, east])
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.page.mouse.move(*end)
        self.page.mouse.up()
        self.presses += 1

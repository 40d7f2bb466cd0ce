"""A preview in a community of 60 grids: it reads what it has to, however much else the street holds."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from shapely.geometry import LineString

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.places import editions
from gridmap.places.carrying import MOVING, write_places
from gridmap.places.drafts import GROUND, KINDS, read_draft
from gridmap.places.drawing import Merge, Split, Step, draw_step
from tests.duties_town import STREET
from tests.incidents_town import Town
from tests.register.large import COLUMNS, FIRST_GRID, LARGE, ROWS, SIDE, SOUTH, WEST, build_large
from tests.register.ways import look

HOUSES = 1200
CUT = WEST + 2.6 * SIDE
STEPS: tuple[Step, ...] = (
    Split(place_id=FIRST_GRID + 22, line=LineString([(CUT, SOUTH), (CUT, SOUTH + 1)])),
    Merge(place_ids=(FIRST_GRID + 5, FIRST_GRID + 6)),
)
OTHERS = """
INSERT INTO gridmap.place (street_id, id, kind, code, name, geom, valid)
SELECT street_id, id + 5000000, kind, 'O' || id, name, ST_Translate(geom, 1, 1), valid FROM gridmap.place
WHERE community_id = %s AND kind = 'building'
"""
"""As many houses of the street elsewhere: no preview has anything to do with them."""


@pytest.fixture
def large(town: Town) -> Town:
    build_large(town.owner, HOUSES)
    town.owner.execute(OTHERS, (LARGE,))
    town.owner.execute("ANALYZE")
    return town


def drawn(town: Town, step: Step) -> int:
    """A draft of that step alone."""
    town.owner.execute("UPDATE gridmap.edition SET state = 'dropped' WHERE state = 'draft'")
    return town.run("leader", lambda connection, by: draw_step(connection, by, LARGE, step, revision=0))


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def rows_of(plan: Mapping[str, Any]) -> int:
    """The rows of places that were read, with those that a filter threw away."""
    return sum(
        int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes(plan)
        if node.get("Relation Name") == "place"
    )


def explained(connection: Connection, statement: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    row = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}".encode(), values).fetchone()
    assert row
    plan: Mapping[str, Any] = row["QUERY PLAN"][0]["Plan"]
    return plan


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_a_preview_reads_each_place_of_the_community_a_few_times_at_most(large: Town, step: Step) -> None:
    draft_id = drawn(large, step)

    def read(connection: Connection, by: Actor) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        draft = read_draft(connection, LARGE, draft_id)
        values = editions._values(by, draft, by.business_at.date())
        ground = explained(connection, GROUND, values | {"kinds": list(KINDS)})
        write_places(connection, values)
        moving = explained(connection, MOVING.partition(" AS\n")[2], values)
        connection.rollback()
        return ground, moving

    ground, moving = large.run("leader", read)
    [places] = large.rows("SELECT count(*)::int AS n FROM gridmap.place WHERE community_id = %s", LARGE)
    for plan in (ground, moving):
        assert not [
            node for node in nodes(plan) if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "place"
        ]
    assert rows_of(ground) <= places["n"] + 10
    # all of them once, and those that lie under what was drawn with their stairwells a few times
    assert rows_of(moving) <= 3 * places["n"]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_what_a_preview_tells_of_a_large_community_is_right(large: Town, step: Step) -> None:
    seen = look(large, drawn(large, step))
    per_grid = HOUSES // (COLUMNS * ROWS)
    grids = len(step.place_ids) if isinstance(step, Merge) else 1
    assert (seen.numbers["buildings"], seen.numbers["stairwells"]) == (grids * per_grid, 2 * grids * per_grid)
    certificate = seen.certificate
    assert (certificate.holds, certificate.buildings, certificate.cut) == (True, HOUSES, ())
    assert certificate.area == pytest.approx(certificate.area_before, abs=0.5)
    rows = large.rows(
        "SELECT count(*)::int AS n FROM gridmap.place WHERE street_id = %s AND NOT upper_inf(valid)", STREET
    )
    assert rows[0]["n"] == 0

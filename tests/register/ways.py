"""How a test draws, looks, publishes and takes back in the little town."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from gridmap.accounts import Actor
from gridmap.places.drawing import Merge, Split, Step, draw_step
from gridmap.places.editions import Outcome, preview, publish, undo_edition
from gridmap.places.shapes import ShapeProblem
from tests.duties_town import COMMUNITY, GRID_A, GRID_B
from tests.incidents_town import Town
from tests.register.town import MIDDLE

SPLIT = Split(place_id=GRID_A, line=MIDDLE)
MERGE = Merge(place_ids=(GRID_A, GRID_B), name="合并网格")


def edition(town: Town, edition_id: int) -> dict[str, Any]:
    """The row of an edition."""
    return town.rows("SELECT * FROM gridmap.edition WHERE id = %s", edition_id)[0]


def draw(town: Town, step: Step, who: str = "leader") -> int:
    """Take a step in the draft."""
    found = town.rows("SELECT revision FROM gridmap.edition WHERE state = 'draft'")
    revision = found[0]["revision"] if found else 0
    return town.run(who, lambda connection, by: draw_step(connection, by, COMMUNITY, step, revision=revision))


def look(town: Town, edition_id: int, who: str = "leader") -> Outcome:
    """What publishing it would do."""
    return town.run(who, lambda connection, by: preview(connection, by, edition_id))


def hold(town: Town, edition_id: int, who: str = "leader", days: int = 0) -> Outcome | None:
    """Publish it, today or in some days."""
    revision = edition(town, edition_id)["revision"]

    def command(connection: Any, by: Actor) -> Outcome | None:
        starts_on = by.business_at.date() + timedelta(days=days)
        return publish(connection, by, edition_id, "第1网格太大", starts_on, revision=revision)

    return town.run(who, command)


def undo(town: Town, edition_id: int, who: str = "leader") -> int:
    """Undo it; gives the edition that does."""
    revision = edition(town, edition_id)["revision"]
    return town.run(who, lambda connection, by: undo_edition(connection, by, edition_id, "画错了", revision=revision))


def place(town: Town, place_id: int) -> dict[str, Any]:
    """The row of a place."""
    return town.rows("SELECT *, upper_inf(valid) AS stands FROM gridmap.place WHERE id = %s", place_id)[0]


def grids(town: Town) -> list[dict[str, Any]]:
    """The grids that stand, by code."""
    return town.rows(
        "SELECT p.*, public.st_astext(p.geom) AS text FROM gridmap.place p"
        " WHERE kind = 'grid' AND upper_inf(valid) ORDER BY code"
    )


@contextmanager
def refused(reason: str) -> Iterator[list[ShapeProblem]]:
    """That it is refused for this reason; the problem itself is in the list afterwards."""
    found: list[ShapeProblem] = []
    with pytest.raises(ShapeProblem) as problem:
        yield found
    found.append(problem.value)
    assert problem.value.reason == reason

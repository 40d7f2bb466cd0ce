"""Grids split, merged, corrected, ended and undone: what moves, who follows, what is kept."""

from typing import Any

from gridmap.places.drawing import Split, Step, draw_step
from gridmap.places.editions import Outcome, preview, publish, undo_edition
from tests.duties_town import COMMUNITY, GRID_A, HOUSE_A, VILLA
from tests.incidents_town import Town
from tests.register.town import CODE, MIDDLE, state


def edition(town: Town, edition_id: int) -> dict[str, Any]:
    return town.rows("SELECT * FROM gridmap.edition WHERE id = %s", edition_id)[0]


def draw(town: Town, step: Step, who: str = "leader") -> int:
    found = town.rows("SELECT revision FROM gridmap.edition WHERE state = 'draft'")
    revision = found[0]["revision"] if found else 0
    return town.run(who, lambda connection, by: draw_step(connection, by, COMMUNITY, step, revision=revision))


def hold(town: Town, edition_id: int, who: str = "leader", days: int = 0) -> Outcome | None:
    from datetime import timedelta

    revision = edition(town, edition_id)["revision"]
    return town.run(
        who,
        lambda connection, by: publish(
            connection, by, edition_id, "第1网格太大", by.business_at.date() + timedelta(days=days), revision=revision
        ),
    )


def undo(town: Town, edition_id: int, who: str = "leader") -> int:
    revision = edition(town, edition_id)["revision"]
    return town.run(who, lambda connection, by: undo_edition(connection, by, edition_id, "画错了", revision=revision))


def place(town: Town, place_id: int) -> dict[str, Any]:
    return town.rows("SELECT *, upper_inf(valid) AS stands FROM gridmap.place WHERE id = %s", place_id)[0]


def test_a_grid_is_split_and_what_lies_in_it_follows(town: Town) -> None:
    draft = draw(town, Split(place_id=GRID_A, line=MIDDLE), "planner")
    before = state(town)
    seen = town.run("planner", lambda connection, by: preview(connection, by, draft))
    assert state(town) == before
    assert seen.certificate.holds and seen.certificate.grids == 3
    assert seen.numbers["buildings"] == 2 and seen.numbers["stairwells"] == 2
    done = hold(town, draft)
    assert done and done.numbers == seen.numbers
    first, second = (one["id"] for one in town.rows(
        "SELECT id FROM gridmap.place WHERE kind = 'grid' AND code > %s ORDER BY code", f"{CODE}002"))  # fmt: skip
    assert (place(town, HOUSE_A)["grid_id"], place(town, VILLA)["grid_id"]) == (first, second)
    assert not place(town, GRID_A)["stands"] and place(town, GRID_A)["geom"] is None
    assert [row["later_id"] for row in town.rows("SELECT * FROM gridmap.lineage ORDER BY 3")] == [first, second]


def test_the_undo_of_a_split_brings_back_everything(town: Town) -> None:
    before = state(town)
    draft = draw(town, Split(place_id=GRID_A, line=MIDDLE))
    hold(town, draft)
    undo(town, draft)
    after = state(town)
    assert {name: after[name] for name in ("place", "grid", "assignment")} == {
        name: before[name] for name in ("place", "grid", "assignment")
    }

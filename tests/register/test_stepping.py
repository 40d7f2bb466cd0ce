"""Steps of a draft taken back and taken again, and an undone edition drawn anew."""

from collections.abc import Callable
from typing import Any

import pytest
import shapely
from shapely.geometry import LineString

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.places.drafts import Draft, read_draft
from gridmap.places.drawing import Correct, Draw, End, Merge, Rename, Renumber, Split, Step
from gridmap.places.editions import check_now
from gridmap.places.stepping import draw_again, take_again, take_back
from tests.duties_town import COMMUNITY, GRID_A, GRID_B, HOUSE_A, VILLA
from tests.incidents_town import Town
from tests.register.town import state
from tests.register.ways import MERGE, SPLIT, draw, edition, grids, hold, look, place, refused, undo

Turn = Callable[..., None]
STEPS: tuple[Step, ...] = (
    SPLIT,
    Correct(place_id=GRID_B, shape=shapely.box(113.409, 22.5, 113.42, 22.51)),
    Draw(kind="grid", name="校园", shape=shapely.box(113.416, 22.5, 113.42, 22.51), details={"type": "dedicated"}),
    Rename(place_id=HOUSE_A, name="改名楼"),
    End(place_id=VILLA),
    Renumber(),
)


def drafted(town: Town) -> Draft:
    return town.run("leader", lambda connection, _by: read_draft(connection, COMMUNITY))


def drawn(town: Town) -> list[dict[str, Any]]:
    """The draft's rows, exactly."""
    return town.rows(
        "SELECT e.*, geom::text AS geom, was_geom::text AS was_geom FROM gridmap.edition_place e"
        " JOIN gridmap.edition n ON n.id = e.edition_id AND n.state = 'draft' ORDER BY place_id"
    )


def turn(town: Town, command: Turn, who: str = "leader") -> None:
    revision = drafted(town).revision
    town.run(who, lambda connection, by: command(connection, by, COMMUNITY, revision=revision))


def test_every_step_is_taken_back_and_again_exactly(town: Town) -> None:
    before, seen = state(town), [[]]
    for step in STEPS:
        draw(town, step, "planner")
        seen.append(drawn(town))
    for rows in reversed(seen[:-1]):
        turn(town, take_back)
        assert drawn(town) == rows
    assert (drafted(town).done, len(drafted(town).undone)) == ([], len(STEPS))
    with refused("no_step"):
        turn(town, take_back)
    for rows in seen[1:]:
        turn(town, take_again, "planner")
        assert drawn(town) == rows
    with refused("no_step"):
        turn(town, take_again)
    assert state(town) == before
    assert look(town, drafted(town).id).certificate.holds
    assert [step["what"] for step in drafted(town).done] == ["split", "correct", "draw", "rename", "end", "renumber"]
    told = [row["action"] for row in town.rows("SELECT action FROM gridmap.audit ORDER BY id")][-12:]
    assert told == ["draft_back"] * 6 + ["draft_forth"] * 6


def test_what_was_taken_back_is_not_published_and_another_step_forgets_it(town: Town) -> None:
    draft = draw(town, SPLIT)
    draw(town, Rename(place_id=GRID_B, name="桥岗东"))
    turn(town, take_back)
    assert [one.name for one in drafted(town).places.values() if one.id == GRID_B] == ["第2网格"]
    draw(town, Rename(place_id=GRID_B, name="桥岗西"))
    assert drafted(town).undone == []
    turn(town, take_back)
    hold(town, draft)
    assert place(town, GRID_B)["name"] == "第2网格"
    assert len(grids(town)) == 3
    [step] = edition(town, draft)["steps"]
    assert sorted(step) == ["into", "of", "what"]


def test_with_every_step_taken_back_there_is_nothing_to_publish(town: Town) -> None:
    draft = draw(town, MERGE)
    turn(town, take_back)
    with refused("empty"):
        hold(town, draft)


def test_one_that_was_called_back_can_still_be_taken_back_step_by_step(town: Town) -> None:
    draft = draw(town, SPLIT)
    draw(town, Rename(place_id=GRID_B, name="桥岗东"))
    hold(town, draft, days=5)
    undo(town, draft)
    turn(town, take_back)
    turn(town, take_back)
    assert drawn(town) == []
    assert [step["what"] for step in drafted(town).done] == ["recalled"]


@pytest.mark.parametrize("who", ["worker_a", "east_leader", "company"])
def test_only_who_draws_there_takes_back(town: Town, who: str) -> None:
    draw(town, SPLIT)

    def command(connection: Connection, by: Actor) -> None:
        take_back(connection, by, COMMUNITY, revision=2)

    with pytest.raises(Exception, match=r"not_yours|\d+"):
        town.run(who, command)
    assert len(drafted(town).done) == 1


def test_who_was_slower_takes_nothing_back(town: Town) -> None:
    draw(town, SPLIT)
    with refused("changed"):
        town.run("leader", lambda connection, by: take_back(connection, by, COMMUNITY, revision=1))


def again(town: Town, edition_id: int, who: str = "leader") -> int:
    return town.run(who, lambda connection, by: draw_again(connection, by, edition_id))


@pytest.mark.parametrize("days", [0, 3])
def test_an_undone_edition_is_drawn_and_published_again(town: Town, days: int) -> None:
    first = draw(town, SPLIT)
    draw(town, Draw(kind="building", name="新楼", shape=shapely.box(113.401, 22.502, 113.402, 22.503)))
    new = next(one.id for one in drafted(town).places.values() if one.action == "add" and one.kind == "building")
    draw(town, Draw(kind="stairwell", name="1单元", shape=shapely.Point(113.4015, 22.5025), details={"parent_id": new}))
    hold(town, first)
    published = state(town)
    town.now = town.now.replace(day=town.now.day + days)
    undo(town, first)
    second = again(town, first, "planner")
    seen = look(town, second)
    assert seen.certificate.holds
    hold(town, second)
    names = [(row["kind"], row["name"], row["geom"]) for row in published["place"] if row["valid"].endswith(",)")]
    standing = [row for row in state(town)["place"] if row["valid"].endswith(",)")]
    assert sorted(names, key=str) == sorted(((row["kind"], row["name"], row["geom"]) for row in standing), key=str)
    house = next(row for row in standing if row["name"] == "新楼")
    assert next(row for row in standing if row["parent_id"] == house["id"])["name"] == "1单元"
    turned = town.rows("SELECT state FROM gridmap.edition ORDER BY id")
    assert [row["state"] for row in turned] == ["undone", "published", "published"]
    undo(town, second)
    assert {one["id"] for one in grids(town)} == {GRID_A, GRID_B}


def test_drawing_it_again_is_one_step_that_can_be_taken_back(town: Town) -> None:
    first = draw(town, MERGE)
    hold(town, first)
    undo(town, first)
    again(town, first)
    turn(town, take_back)
    assert drawn(town) == []


def test_it_is_not_drawn_again_over_another_draft_or_what_has_changed(town: Town) -> None:
    first = draw(town, Split(place_id=GRID_A, line=LineString([(113.402, 22.49), (113.402, 22.52)])))
    with pytest.raises(LookupError):
        again(town, first)
    hold(town, first)
    undo(town, first)
    other = draw(town, Rename(place_id=GRID_A, name="别名"))
    with refused("has_draft"):
        again(town, first)
    hold(town, other)
    with refused("changed") as problems:
        again(town, first)
    assert problems[0].values["names"] == ["第1网格"]
    with pytest.raises(LookupError):
        again(town, first, "worker_a")


def test_the_check_of_today_knows_what_another_edition_changed_under_a_draft(town: Town) -> None:
    first = draw(town, End(place_id=GRID_A, into=GRID_B))
    hold(town, first)
    draw(town, Split(place_id=GRID_B, line=LineString([(113.40, 22.507), (113.43, 22.507)])))
    undo(town, first)
    assert check_now(drafted(town)).faults == ()


def test_an_undo_leaves_the_people_alone_whom_another_edition_of_the_same_moment_brought(town: Town) -> None:
    hold(town, draw(town, End(place_id=GRID_A, into=GRID_B)))
    held = "SELECT person_id FROM gridmap.assignment WHERE place_id = %s AND upper_inf(valid) ORDER BY 1"
    before = town.rows(held, GRID_B)
    other = draw(town, Draw(kind="grid", name="新", shape=shapely.box(113.416, 22.5, 113.42, 22.51),
                            details={"type": "basic"}))  # fmt: skip
    hold(town, other)
    undo(town, other)
    assert town.rows(held, GRID_B) == before
    assert len(before) == 2


def test_a_merge_drawn_again_gives_the_same_people_the_same_ground(town: Town) -> None:
    first = draw(town, Merge(place_ids=(GRID_A, GRID_B), name="合并网格"))
    hold(town, first)
    held = "SELECT person_id, is_primary FROM gridmap.assignment WHERE role = 'grid_worker' AND upper_inf(valid)"
    before = town.rows(f"{held} ORDER BY 1")
    undo(town, first)
    hold(town, again(town, first))
    assert town.rows(f"{held} ORDER BY 1") == before

"""Micro grids: where there are some they part their grid among them, and they follow it when it changes."""

import pytest
import shapely
from shapely.geometry import LineString

from gridmap.places.drawing import Correct, Draw, End, Merge, Split
from gridmap.places.editions import check_now
from gridmap.places.fitting import follow_area, measured
from gridmap.places.shapes import ShapeProblem
from gridmap.places.stepping import take_back
from tests.duties_town import GRID_A, GRID_B, HOUSE_A, STAIRS, VILLA
from tests.incidents_town import Town
from tests.register.test_stepping import drafted, turn
from tests.register.ways import SPLIT, draw, hold, look, place, refused, undo

A, B = shapely.box(113.40, 22.5, 113.41, 22.51), shapely.box(113.41, 22.5, 113.42, 22.51)


def micro(name: str, shape: shapely.Polygon) -> Draw:
    return Draw(kind="grid", name=name, shape=shape, details={"type": "micro"})


def micro_ids(town: Town) -> dict[str, int]:
    """The micro grids of the draft, by name."""
    return {one.name: one.id for one in drafted(town).standing("grid").values() if not one.is_tile}


@pytest.fixture
def parted(town: Town) -> Town:
    """Grid A has a northern and a southern micro grid, published."""
    draft = draw(town, micro("微", shapely.box(113.39, 22.49, 113.41, 22.52)))
    [whole] = micro_ids(town).values()
    draw(town, Split(place_id=whole, line=LineString([(113.39, 22.505), (113.43, 22.505)])))
    hold(town, draft)
    return town


def faults(town: Town, draft: int) -> list[str]:
    return sorted({one.what for one in look(town, draft).certificate.new_faults})


def test_micro_grids_are_drawn_and_published_and_own_what_lies_in_them(parted: Town) -> None:
    north, south = micro_ids(parted)["微-1"], micro_ids(parted)["微-2"]
    shapes = {key: drafted(parted).places[key].shape for key in (north, south)}
    assert sum(map(measured, shapes.values())) == pytest.approx(measured(A), abs=0.5)
    assert {place(parted, one)["micro_grid_id"] for one in (HOUSE_A, VILLA, STAIRS[0])} <= {north, south}
    assert {place(parted, one)["grid_id"] for one in (north, south, HOUSE_A)} == {GRID_A}
    assert place(parted, STAIRS[0])["micro_grid_id"] == place(parted, HOUSE_A)["micro_grid_id"]
    now = check_now(drafted(parted))
    assert (now.holds, now.faults, now.micro, now.grids) == (True, (), 2, 2)


def test_a_grid_that_is_not_wholly_parted_is_not_published(town: Town) -> None:
    draft = draw(town, micro("北", shapely.box(113.40, 22.505, 113.41, 22.51)))
    [fault] = look(town, draft).certificate.new_faults
    assert (fault.what, fault.names) == ("inner_gap", ("第1网格",))
    assert fault.area == pytest.approx(measured(A) / 2, rel=0.01)
    with refused("faulty"):
        hold(town, draft)
    with refused("swallowed"):
        draw(town, micro("南", A))
    draw(town, micro("南", shapely.box(113.40, 22.5, 113.41, 22.505)))
    assert faults(town, draft) == []


def test_a_micro_grid_is_drawn_in_the_grid_under_most_of_it_and_no_further(town: Town) -> None:
    draw(town, micro("全", shapely.box(113.399, 22.499, 113.413, 22.511)))
    shape = drafted(town).places[micro_ids(town)["全"]].shape
    assert shape is not None
    assert shape.equals(A)
    with refused("outside"):
        draw(town, micro("外", shapely.box(113.5, 22.5, 113.6, 22.51)))


def test_neighbours_follow_a_corrected_micro_grid_and_another_takes_the_ground_of_one_that_ends(parted: Town) -> None:
    north, south = micro_ids(parted)["微-1"], micro_ids(parted)["微-2"]
    draft = draw(parted, Correct(place_id=north, shape=shapely.box(113.40, 22.503, 113.41, 22.51)))
    assert faults(parted, draft) == []
    assert drafted(parted).places[south].shape.bounds[3] == pytest.approx(22.503)  # type: ignore[union-attr]
    with refused("heir"):
        draw(parted, End(place_id=north))
    with refused("heir"):
        draw(parted, End(place_id=north, into=GRID_B))
    draw(parted, End(place_id=north, into=south))
    assert faults(parted, draft) == []
    draw(parted, End(place_id=south))
    assert faults(parted, draft) == []
    left = {row["id"]: (row["old_micro"], row["new_micro"]) for row in look(parted, draft).moved}
    assert left[HOUSE_A] == (place(parted, HOUSE_A)["micro_grid_id"], None)
    hold(parted, draft)
    assert place(parted, HOUSE_A)["micro_grid_id"] is None
    undo(parted, draft)
    assert place(parted, HOUSE_A)["micro_grid_id"] in (north, south)


def test_micro_grids_are_split_with_their_grid_and_follow_its_border(parted: Town) -> None:
    draft = draw(parted, SPLIT)
    assert len(micro_ids(parted)) == 4
    assert faults(parted, draft) == []
    turn(parted, take_back)
    assert len(micro_ids(parted)) == 2
    draw(parted, Correct(place_id=GRID_A, shape=shapely.box(113.40, 22.5, 113.414, 22.51)))
    assert faults(parted, draft) == []
    turn(parted, take_back)
    draw(parted, Correct(place_id=GRID_B, shape=shapely.box(113.408, 22.5, 113.42, 22.51)))
    assert faults(parted, draft) == []
    draw(parted, End(place_id=GRID_B, into=GRID_A))
    assert faults(parted, draft) == []
    hold(parted, draft)
    assert check_now(drafted(parted)).faults == ()


def test_a_grid_without_micro_grids_that_is_merged_in_has_to_be_parted_first(parted: Town) -> None:
    draft = draw(parted, Merge(place_ids=(GRID_A, GRID_B)))
    assert faults(parted, draft) == ["inner_gap"]
    draw(parted, micro("东", B))
    assert faults(parted, draft) == []


def test_a_border_that_leaves_nothing_of_a_micro_grid_is_refused_with_its_name(parted: Town) -> None:
    with refused("swallowed") as problems:
        draw(parted, Correct(place_id=GRID_A, shape=shapely.box(113.40, 22.5, 113.41, 22.504)))
    assert problems[0].values["name"] == "微-1"


def test_micro_grids_that_do_not_fit_by_another_way_into_the_register_are_told(parted: Town) -> None:
    north = micro_ids(parted)["微-1"]
    parted.rows(
        "UPDATE gridmap.place SET geom = ST_GeomFromText(%s, 4326) WHERE id = %s RETURNING id",
        shapely.box(113.40, 22.504, 113.412, 22.51).wkt, north,
    )  # fmt: skip
    found = check_now(drafted(parted))
    assert sorted((one.what, one.is_old) for one in found.faults) == [("inner_overlap", True), ("stray", True)]
    assert found.holds


def test_what_an_area_gains_goes_along_the_longest_border() -> None:
    west, east = shapely.box(113.40, 22.5, 113.409, 22.51), shapely.box(113.409, 22.5, 113.41, 22.51)
    followed = follow_area(A, shapely.box(113.40, 22.5, 113.411, 22.51), {1: west, 2: east})
    assert {key: shape.bounds for key, shape in followed.items()} == {2: (113.409, 22.5, 113.411, 22.51)}
    assert follow_area(A, shapely.box(113.40, 22.5, 113.4095, 22.51), {1: west}) == {}
    with pytest.raises(ShapeProblem):
        follow_area(A, shapely.box(113.40, 22.5, 113.405, 22.51), {1: west, 2: east})

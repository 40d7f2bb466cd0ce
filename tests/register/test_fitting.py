"""Random plans, split, merged, corrected and moved at random: the ground stays what it was, each house in one grid."""

import math
from collections.abc import Callable
from typing import TypeVar

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon

from gridmap.places.certificate import MOST_M2, House, Plan, certify
from gridmap.places.fitting import Area, cell_of, fit_area, measured, merge_areas, polygons, split_area
from gridmap.places.numbering import reading_order
from gridmap.places.shapes import ShapeProblem

WEST, SOUTH, WIDE, HIGH = 113.40, 22.50, 0.02, 0.01
GROUND = shapely.box(WEST, SOUTH, WEST + WIDE, SOUTH + HIGH)
shares = st.floats(0.02, 0.98)
spots = st.tuples(shares, shares).map(lambda at: Point(WEST + at[0] * WIDE, SOUTH + at[1] * HIGH))
Answer = TypeVar("Answer")
EXAMPLES = settings(max_examples=150, deadline=None)


@st.composite
def plans(draw: st.DrawFn) -> tuple[dict[int, Area], list[House]]:
    """A community cut into grids, with houses in it."""
    points = draw(st.lists(spots, min_size=2, max_size=7, unique_by=lambda at: (round(at.x, 4), round(at.y, 4))))
    cells = shapely.get_parts([shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=GROUND)])
    grids = {turn: polygons(cell.intersection(GROUND))[0] for turn, cell in enumerate(cells, start=1)}
    houses = [House(name=str(turn), at=at) for turn, at in enumerate(draw(st.lists(spots, max_size=12)))]
    return grids, houses


def asked(command: Callable[[], Answer], reasons: set[str]) -> Answer | None:
    """What the command gives; None where it is refused for one of these reasons."""
    try:
        return command()
    except ShapeProblem as problem:
        if problem.reason in reasons:
            return None
        raise


def holds(before: dict[int, Area], after: dict[int, Area], houses: list[House]) -> bool:
    names = {key: str(key) for key in {*before, *after}}
    plan, old = Plan(names=names, shapes=after), Plan(names=names, shapes=before)
    certificate = certify(old, plan, GROUND, houses)
    assert abs(certificate.area - certificate.area_before) <= MOST_M2
    assert math.isclose(sum(map(measured, after.values())), measured(GROUND), abs_tol=MOST_M2)
    return certificate.holds


@EXAMPLES
@given(plans(), st.data())
def test_a_split_conserves_the_ground_and_every_house(
    plan: tuple[dict[int, Area], list[House]], data: st.DataObject
) -> None:
    grids, houses = plan
    key = data.draw(st.sampled_from(sorted(grids)))
    inside = grids[key].representative_point()
    turn, reach = data.draw(st.floats(0, math.pi)), 0.1
    east, north = math.cos(turn) * reach, math.sin(turn) * reach
    line = LineString([(inside.x - east, inside.y - north), (inside.x + east, inside.y + north)])
    pieces = asked(lambda: split_area(grids[key], line), {"sliver"})
    if pieces is None:
        return
    assert len(pieces) == 2
    rest = {one: shape for one, shape in grids.items() if one != key}
    assert holds(grids, {**rest, **{100 + at: piece for at, piece in enumerate(pieces)}}, houses)
    assert measured(merge_areas(pieces)) == pytest.approx(measured(grids[key]), abs=MOST_M2)


@EXAMPLES
@given(plans(), st.data())
def test_a_merge_conserves_the_ground_and_every_house(
    plan: tuple[dict[int, Area], list[House]], data: st.DataObject
) -> None:
    grids, houses = plan
    one, other = data.draw(st.lists(st.sampled_from(sorted(grids)), min_size=2, max_size=2, unique=True))
    merged = asked(lambda: merge_areas([grids[one], grids[other]]), {"not_beside"})
    if merged is None:
        assert shapely.intersection(grids[one], grids[other]).length == pytest.approx(0, abs=1e-9)
        return
    rest = {key: shape for key, shape in grids.items() if key not in (one, other)}
    assert holds(grids, {**rest, 100: merged}, houses)


@EXAMPLES
@given(plans(), spots, st.floats(0.0002, 0.004), st.floats(0.0002, 0.004), st.booleans(), st.data())
def test_neighbours_follow_whatever_is_drawn(
    plan: tuple[dict[int, Area], list[House]], at: Point, wide: float, high: float, is_new: bool, data: st.DataObject
) -> None:
    """Drawn among others, or one of them corrected to something else: no gap, no overlap, or a refusal in words."""
    grids, houses = plan
    drawn: Area = shapely.box(at.x - wide, at.y - high, at.x + wide, at.y + high)
    key = None if is_new else data.draw(st.sampled_from(sorted(grids)))
    if key is not None:
        [drawn, *more] = (
            polygons(grids[key].union(drawn))
            if data.draw(st.booleans())
            else polygons(grids[key].difference(drawn)) or [drawn]
        )
        if more or not isinstance(drawn, Polygon):
            return
    others = {one: shape for one, shape in grids.items() if one != key}
    own = grids[key] if key else None
    fitted = asked(lambda: fit_area(drawn, own, others, GROUND), {"swallowed", "in_pieces", "nobody_takes", "outside"})
    if fitted is None:
        return
    shape, changed = fitted
    assert holds(grids, {**others, **changed, key or 100: shape}, houses)


@EXAMPLES
@given(st.lists(spots, min_size=1, max_size=9, unique_by=lambda at: (round(at.x, 4), round(at.y, 4))))
def test_the_ground_around_a_house_holds_it_and_no_other(houses: list[Point]) -> None:
    cells = [cell_of(at, [one for one in houses if one is not at], None, GROUND) for at in houses]
    assert all(cell.covers(at) for cell, at in zip(cells, houses, strict=True))
    assert not any(
        shapely.contains(cell, one) for cell, at in zip(cells, houses, strict=True) for one in houses if one is not at
    )
    assert sum(map(measured, cells)) == pytest.approx(measured(GROUND), abs=MOST_M2)


def test_grids_are_numbered_in_rows_from_the_north_west() -> None:
    boxes = [shapely.box(x, y, x + 1, y + 1) for y in (0, 1, 2) for x in (2, 0, 1)]
    assert [boxes[at].bounds[:2] for at in reading_order(boxes)] == [(x, y) for y in (2, 1, 0) for x in (0, 1, 2)]


def test_beside_a_tall_grid_those_that_lie_over_each_other_are_numbered_downwards() -> None:
    """Domain 2.1: west to east, north to south. The lower ones lie a little farther west each."""
    tall = shapely.box(0, 0, 1, 3)
    top, middle, bottom = shapely.box(1.2, 2, 2.2, 3), shapely.box(1.1, 1, 2.1, 2), shapely.box(1, 0, 2, 1)
    shapes = [bottom, middle, tall, top]
    assert [shapes[at] for at in reading_order(shapes)] == [top, tall, middle, bottom]


@EXAMPLES
@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_rows_that_are_a_little_uneven_are_still_rows(columns: int, rows: int, data: st.DataObject) -> None:
    wobble = st.floats(-0.2, 0.2)
    cells = [(x, y) for y in reversed(range(rows)) for x in range(columns)]
    boxes = [shapely.box(x, y + (down := data.draw(wobble)), x + 1, y + 1 + down) for x, y in cells]
    mixed = data.draw(st.permutations(range(len(boxes))))
    assert [mixed[at] for at in reading_order([boxes[at] for at in mixed])] == list(range(len(boxes)))


@EXAMPLES
@given(plans())
def test_whatever_the_grids_each_has_one_turn_and_none_comes_before_the_one_north_of_it(
    plan: tuple[dict[int, Area], list[House]],
) -> None:
    shapes = list(plan[0].values())
    order = reading_order(shapes)
    assert sorted(order) == list(range(len(shapes)))
    turns = {at: turn for turn, at in enumerate(order)}
    for upper, above in enumerate(shapes):
        for lower, below in enumerate(shapes):
            middle = below.centroid
            if upper != lower and above.bounds[1] >= middle.y and above.bounds[0] <= middle.x <= above.bounds[2]:
                assert turns[upper] < turns[lower]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LineString([(113.39, 22.505), (113.405, 22.505)]), "not_across"),
        (LineString([(113.39, 22.6), (113.43, 22.6)]), "not_across"),
        (LineString([(113.39, 22.500000001), (113.43, 22.500000001)]), "sliver"),
    ],
)
def test_a_line_that_cuts_nothing_off_is_refused(line: LineString, reason: str) -> None:
    with pytest.raises(ShapeProblem) as problem:
        split_area(GROUND, line)
    assert problem.value.reason == reason


def test_a_line_that_ends_on_the_border_cuts_through() -> None:
    assert len(split_area(GROUND, LineString([(113.41, 22.50), (113.41, 22.51)]))) == 2


def test_what_was_wrong_before_is_told_and_hinders_nobody() -> None:
    west, east = shapely.box(113.40, 22.50, 113.409, 22.51), shapely.box(113.41, 22.50, 113.42, 22.51)
    before = Plan(names={1: "a", 2: "b"}, shapes={1: west, 2: east})
    house = House(name="5号楼", at=Point(113.4095, 22.505))
    same = certify(before, before, GROUND, [house])
    assert [(one.what, one.is_old) for one in same.faults] == [("gap", True), ("homeless", True)]
    assert same.holds
    worse = Plan(names=before.names, shapes={1: west, 2: shapely.box(113.408, 22.50, 113.415, 22.51)})
    found = certify(before, worse, GROUND, [house])
    assert {one.what for one in found.new_faults} == {"gap", "overlap"}
    assert not found.holds

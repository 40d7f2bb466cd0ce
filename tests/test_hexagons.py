"""Hexagons over metres: every point in the nearest, nothing lost, neighbours that share a side, a net without gaps."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.analysis.hexagons import (
    AROUND,
    NONE,
    bin_points,
    hexagons_at,
    joined,
    neighbours,
    outline,
    polygons,
)

coordinate = st.floats(-5e6, 5e6, allow_nan=False)
edges = st.floats(5, 2_000)
clouds = st.lists(st.tuples(coordinate, coordinate), max_size=60).map(lambda rows: np.array(rows).reshape(-1, 2))
few = st.sets(st.tuples(st.integers(-6, 6), st.integers(-6, 6)), max_size=40).map(
    lambda pairs: np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
)


def disc(radius: int) -> np.ndarray:
    """All hexagons at most so many steps from the one in the middle, sorted."""
    steps = range(-radius, radius + 1)
    return np.array([(q, r) for q in steps for r in steps if abs(q + r) <= radius], dtype=np.int64)


def centres(hexagons: np.ndarray, edge: float) -> np.ndarray:
    """The middle of each hexagon in metres: q widths to the east, and for each r half a width and three half sides."""
    q, r = hexagons[:, 0].astype(np.float64), hexagons[:, 1].astype(np.float64)
    return np.column_stack([(q + r / 2) * np.sqrt(3) * edge, r * 1.5 * edge])


@settings(max_examples=200, deadline=None)
@given(clouds, edges)
def test_every_point_is_in_the_hexagon_whose_centre_is_nearest(points: np.ndarray, edge: float) -> None:
    own = hexagons_at(points, edge)
    near = own[:, None, :] + np.vstack([np.zeros((1, 2), dtype=np.int64), disc(2)])[None, :, :]
    middles = centres(near.reshape(-1, 2), edge).reshape(*near.shape)
    apart = np.hypot(*(points[:, None, :] - middles).transpose(2, 0, 1))
    assert (apart[:, 0] <= apart.min(axis=1) + 1e-6).all()
    # and inside of it: never farther from the middle than a corner
    assert (apart[:, 0] <= edge + 1e-6).all()


@settings(max_examples=200, deadline=None)
@given(clouds, edges)
def test_binning_loses_and_doubles_nothing(points: np.ndarray, edge: float) -> None:
    bins = bin_points(points, edge)
    assert np.bincount(bins.of_point, minlength=len(bins.hexagons)).sum() == len(points)
    assert (bins.hexagons[bins.of_point] == hexagons_at(points, edge)).all()
    pairs = [tuple(pair) for pair in bins.hexagons.tolist()]
    assert pairs == sorted(set(pairs))
    values = np.arange(len(points), dtype=np.float64)
    assert bins.sums(values).sum() == values.sum()


@settings(max_examples=100, deadline=None)
@given(clouds, edges, st.randoms(use_true_random=False))
def test_binning_does_not_know_the_order_of_the_points(points: np.ndarray, edge: float, random) -> None:
    order = list(range(len(points)))
    random.shuffle(order)
    one, other = bin_points(points, edge), bin_points(points[order], edge)
    assert (one.hexagons == other.hexagons).all()
    assert (one.of_point[order] == other.of_point).all()


@given(few)
def test_neighbours_are_mutual_and_a_step_away(hexagons: np.ndarray) -> None:
    around = neighbours(hexagons)
    known = {tuple(pair): index for index, pair in enumerate(hexagons.tolist())}
    for index, pair in enumerate(hexagons.tolist()):
        for side, step in enumerate(AROUND.tolist()):
            there = known.get((pair[0] + step[0], pair[1] + step[1]), NONE)
            assert around[index, side] == there
            # the way back is the opposite side
            assert there == NONE or around[there, (side + 3) % 6] == index


def test_a_centre_lies_in_its_own_hexagon_and_its_neighbours_are_one_width_off() -> None:
    hexagons = disc(4)
    middles = centres(hexagons, 120.0)
    assert (hexagons_at(middles, 120.0) == hexagons).all()
    around = neighbours(hexagons)
    for index, near in enumerate(around):
        apart = np.hypot(*(middles[near[near != NONE]] - middles[index]).T)
        assert apart == pytest.approx(np.sqrt(3) * 120)


def test_polygons_hold_their_points_and_leave_no_gap() -> None:
    rng = np.random.default_rng(4)
    points = rng.random((2_000, 2)) * 3_000 + [400_000, 2_500_000]
    bins = bin_points(points, 90.0)
    shapes = polygons(bins.hexagons, 90.0)
    assert shapely.distance(shapes[bins.of_point], shapely.points(points)).max() < 1e-6
    assert shapely.area(shapes) == pytest.approx(1.5 * np.sqrt(3) * 90**2)


def test_an_outline_is_one_piece_where_hexagons_hang_together() -> None:
    whole = outline(disc(2), 100.0)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert whole.area == pytest.approx(19 * 1.5 * np.sqrt(3) * 100**2)
    ring = disc(2)[(disc(2) != 0).any(axis=1)]
    assert len(outline(ring, 100.0).interiors) == 1
    assert outline(np.array([[0, 0], [5, 0]]), 100.0).geom_type == "MultiPolygon"


def test_marked_hexagons_are_joined_where_they_touch() -> None:
    hexagons = np.array([[0, 0], [0, 1], [2, 0], [2, 1], [3, 0], [9, 9]])
    around = neighbours(hexagons)
    marked = np.array([True, True, True, False, True, True])
    assert joined(around, marked).tolist() == [0, 0, 1, NONE, 1, 2]
    assert joined(around, np.zeros(6, dtype=bool)).tolist() == [NONE] * 6


@pytest.mark.parametrize("edge", [0.0, -1.0, float("nan")])
def test_a_side_must_be_longer_than_nothing(edge: float) -> None:
    with pytest.raises(ValueError, match="side"):
        hexagons_at(np.zeros((1, 2)), edge)


@pytest.mark.parametrize("x", [float("nan"), float("inf"), 1e15])
def test_points_must_be_finite_and_in_reach(x: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        hexagons_at(np.array([[x, 0.0]]), 1.0)


def test_no_points_are_no_hexagons() -> None:
    bins = bin_points(np.empty((0, 2)), 100.0)
    assert bins.hexagons.shape == (0, 2)
    assert neighbours(bins.hexagons).shape == (0, 6)
    assert joined(neighbours(bins.hexagons), np.zeros(0, dtype=bool)).shape == (0,)

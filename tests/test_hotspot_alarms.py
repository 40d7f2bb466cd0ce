"""How often a hotspot is called where there is none, and the benchmark that tells it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from gridmap.analysis.hexagons import bin_points, neighbours
from gridmap.analysis.hotspots import find
from gridmap.bench.hotspots import Town, alarms_of_gi_star, make_cases, make_town, measure, plant
from gridmap.commands.bench import bench
from tests.hotspot_town import EDGE, cases_of, circle_of, small_town, units_of


def false_alarms(shape: float | None, maps: int, crowd: float = 1.0) -> int:
    """On how many of so many maps without a hotspot one is called; `crowd` times the households live in one place."""
    town = small_town(3)
    town = Town(points=town.points, households=town.households * np.where(circle_of(town, 120), crowd, 1.0))
    rate = 1_200 * town.households / town.households.sum()
    called = 0
    for one in range(maps):
        rng = np.random.default_rng([one, 7])
        own = 1.0 if shape is None else rng.gamma(shape, 1 / shape, len(rate))
        called += bool(find(units_of(town, rng.poisson(rate * own)), edge=EDGE, seed=one).areas)
    return called


@pytest.mark.parametrize("shape", [None, 0.5])
def test_maps_without_a_hotspot_have_none_called(shape: float | None) -> None:
    """Nominal 5 %: of 60 maps, 9 or more would come by accident once in 500 such runs."""
    assert false_alarms(shape, 60) <= 8


@pytest.mark.parametrize("shape", [None, 0.5])
def test_nor_is_one_crowded_place_called_again_and_again(shape: float | None) -> None:
    """Its buildings are the largest of all, with none like them elsewhere: what strays there strays by their size."""
    assert false_alarms(shape, 60, crowd=8.0) <= 8


def test_every_area_is_one_that_chance_seldom_makes() -> None:
    """Several weak places: the false share alone would let in areas that come by accident on many a map."""
    town = small_town(3, side=20)
    chances, weak = [], 0
    for seed in range(25):
        spots = town.points[np.random.default_rng(seed).integers(0, len(town.points), 4)]
        inside = (np.hypot(*(town.points[None] - spots[:, None]).transpose(2, 0, 1)) < 200).any(axis=0)
        found = find(units_of(town, cases_of(town, seed, many=2_000, times=np.where(inside, 2.0, 1.0))), edge=EDGE)
        chances += [area.chance for area in found.areas]
        assert all(area.observed > area.expected for area in found.areas)
        weak += int(((found.false_share <= 0.05) & (found.chance > 0.05)).any())
    assert weak
    assert len(chances) > 10
    assert max(chances) <= 0.05


def test_the_chance_of_the_highest_place_is_spread_evenly_where_nothing_is() -> None:
    """An exact test: where nothing is, its chances are as often below a half as above, and a tenth below a tenth."""
    town = small_town(3)
    town = Town(points=town.points, households=np.full(len(town.points), 40.0))
    lowest = np.array(
        [
            find(units_of(town, cases_of(town, seed, many=900)), edge=EDGE, permutations=99, seed=seed).chance.min()
            for seed in range(120)
        ]
    )
    # four standard deviations of a binomial share of 120 either way
    assert 0.32 < (lowest <= 0.5).mean() < 0.68
    assert 0.0 < (lowest <= 0.1).mean() < 0.21


# -- the benchmark


def test_the_made_up_town_is_the_same_each_time() -> None:
    one, other = make_town(), make_town()
    assert np.array_equal(one.points, other.points)
    assert len(one.points) >= 10_000
    assert make_cases(one, np.random.default_rng(1), 0.5).sum() == pytest.approx(3_000, rel=0.1)
    circles = plant(one, np.random.default_rng(2))
    assert set(circles.tolist()) == {-1, 0, 1, 2}
    assert 0.5 < np.ptp(one.points[circles == 1], axis=0).max() / 500 <= 1


def test_gi_star_by_hand() -> None:
    """Hexagons of one count each are never hot; one heap among them is, with its six neighbours."""
    points = np.array([(column * np.sqrt(3) * 100 + row % 2 * np.sqrt(3) * 50, row * 150.0) for column in range(20)
                       for row in range(20)])  # fmt: skip
    bins = bin_points(points, 100.0)
    around = neighbours(bins.hexagons)
    assert len(bins.hexagons) == 400
    heap = np.ones(400, dtype=np.int64)
    heap[210] = 50
    assert alarms_of_gi_star(bins, around, heap) == 7
    assert alarms_of_gi_star(bins, around, np.random.default_rng(1).poisson(5, 400)) == 0


def test_the_benchmark_says_what_it_measured() -> None:
    """Two maps of each kind: every bar is there, and whether it is met follows from what is told beside it."""
    done = CliRunner().invoke(bench, ["hotspots", "--maps", "2", "--runs", "1", "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.output)
    assert [one["bar"] for one in figures].count(10) == 4
    assert [one["least"] for one in figures].count(90) == 4
    assert [one["least"] for one in figures].count(80) == 1
    assert {one["bar"] for one in figures if one["unit"] == "ms"} == {1_000, 3_000}
    for one in figures:
        met = None
        if one["bar"] is not None:
            met = one["median"] <= one["bar"]
        if one["least"] is not None:
            met = one["median"] >= one["least"]
        assert one["met"] == met
        assert one["unit"] == "ms" or 0 <= one["median"] <= 100


@pytest.mark.full
def test_the_bars_hold_at_their_size() -> None:
    """40 maps of each kind: false alarms, Gi* beside them, recall. Times are measured, never asserted."""
    figures = [one for one in measure(maps=40, runs=1) if one.unit != "ms"]
    assert [one for one in figures if one.is_met is False] == []
    assert sum(one.is_met is True for one in figures) == 9


@pytest.mark.full
@pytest.mark.parametrize("shape", [None, 2.0, 0.5, 0.1])
def test_false_alarms_over_many_maps(shape: float | None) -> None:
    """Nominal 5 %: of 400 maps, more than 36 would come by accident once in 2,000 such runs."""
    assert false_alarms(shape, 400) <= 36

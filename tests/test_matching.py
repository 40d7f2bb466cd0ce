"""Matching places and people: the optimum, and the proof that comes with it."""

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from gridmap.analysis.matching import NEVER, NOBODY, match
from gridmap.bench.assigning import compare, make_town
from gridmap.commands import main

Costs = NDArray[np.int64]


def by_scipy(costs: Costs, capacity: NDArray[np.int64], nobody: int) -> int:
    """The same optimum by scipy: each person as many columns as places they take, each place a nobody of its own."""
    places = len(costs)
    slots = np.repeat(np.arange(len(capacity)), capacity)
    dear = int(nobody) * (places + 1) + 1
    whole = np.where(costs[:, slots] >= NEVER, dear, costs[:, slots])
    square = np.hstack([whole, np.where(np.eye(places, dtype=bool), nobody, dear)])
    rows, columns = linear_sum_assignment(square)
    return int(square[rows, columns].sum())


def must_prove(costs: Costs, capacity: NDArray[np.int64], nobody: int, found) -> None:
    """The prices prove it for every pair there is: whoever doubts the solver can check this alone."""
    people, prices = len(capacity), found.prices
    owner = np.where(found.people == NOBODY, people, found.people)
    load = np.bincount(owner, minlength=people + 1)[:people]
    assert (load <= capacity).all()
    whole = np.hstack([costs, np.full((len(costs), 1), nobody)])
    paid = whole[np.arange(len(costs)), owner]
    assert (paid < NEVER).all()
    assert paid.sum() == found.cost
    assert (whole - paid[:, None] + prices[owner][:, None] - prices[None, :] >= 0).all()
    assert (prices[:-1][load < capacity] >= prices[-1]).all()
    assert (prices[:-1][load > 0] <= prices[-1]).all()


towns = st.integers(0, 40).flatmap(
    lambda places: st.integers(0, 12).flatmap(
        lambda people: st.tuples(
            st.just(places), st.just(people), st.integers(0, 2**32 - 1), st.integers(1, 8), st.floats(0, 0.6)
        )
    )
)


@settings(max_examples=150, deadline=None)
@given(towns)
def test_the_optimum_is_that_of_scipy_and_proves_itself(town: tuple[int, int, int, int, float]) -> None:
    places, people, seed, most, gaps = town
    rng = np.random.default_rng(seed)
    costs = rng.integers(-200, 3_000, (places, people)).astype(np.int64)
    costs[rng.random((places, people)) < gaps] = NEVER
    capacity = rng.integers(0, most, people).astype(np.int64)
    nobody = 1 + 2 * 3_000 * max(places, 1)
    found = match(costs, capacity, nobody)
    must_prove(costs, capacity, nobody, found)
    assert found.cost == by_scipy(costs, capacity, nobody)


def test_nobody_is_cheaper_than_too_dear() -> None:
    costs = np.array([[5], [50]], dtype=np.int64)
    found = match(costs, np.array([2]), 20)
    assert found.people.tolist() == [0, NOBODY]


def test_a_first_network_that_is_too_small_grows_until_it_is_proved() -> None:
    """Everybody's nearest people are the same eight with one place each, so that most must go further."""
    rng = np.random.default_rng(5)
    costs = rng.integers(1_000, 9_000, (120, 60)).astype(np.int64)
    costs[:, :8] = rng.integers(0, 10, (120, 8))
    capacity = np.ones(60, dtype=np.int64)
    capacity[8:] = 2
    found = match(costs, capacity, 10_000_000)
    assert found.rounds > 1
    must_prove(costs, capacity, 10_000_000, found)
    assert found.cost == by_scipy(costs, capacity, 10_000_000)


def test_without_the_solver_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from gridmap.analysis import matching

    monkeypatch.setattr(matching, "find_spec", lambda name: None)
    with pytest.raises(matching.SolverMissing):
        match(np.zeros((1, 1), dtype=np.int64), np.array([1]), 5)


def test_a_made_up_town_beside_scipy() -> None:
    """What `gridmap bench assign` compares: one network, one optimum, and a proof that no other pair would help."""
    found = compare(600, 70, 1)
    assert found.cost == found.scipy_cost
    town = make_town(600, 70)
    must_prove(town.costs, town.capacity, town.nobody, match(town.costs, town.capacity, town.nobody))


@pytest.mark.full
def test_ten_thousand_buildings_and_a_thousand_managers() -> None:
    """The optimum equals scipy's, is proved over all ten million pairs, and is found at least as fast."""
    town = make_town(10_000, 1_000)
    must_prove(town.costs, town.capacity, town.nobody, match(town.costs, town.capacity, town.nobody))
    found = compare(10_000, 1_000, 3)
    assert found.cost == found.scipy_cost
    assert found.ratio >= 1.0


def test_the_bench_prints_both() -> None:
    asked = ["bench", "assign", "--places", "200", "--people", "20", "--runs", "1"]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output
    assert "| 200 × 20 |" in done.output
    assert "| yes |" in done.output

"""Hotspots: what is called one, what is not, and what must not matter for that."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.analysis.hexagons import bin_points, hexagons_at, neighbours
from gridmap.analysis.hotspots import Found, Units, find
from gridmap.analysis.hotspots.expecting import LEAST_ALIKE, REPEAT_LEAST, STRATA, expect, strata_of
from gridmap.bench.hotspots import Town, alarms_of_gi_star
from tests.hotspot_town import EDGE, cases_of, circle_of, small_town, units_of


def same(one: Found, other: Found) -> bool:
    """Whether both say the same of the same hexagons and units."""
    told = [
        ([sorted(area.units.tolist()), area.observed, area.expected, area.chance] for area in found.areas)
        for found in (one, other)
    ]
    return (
        list(told[0]) == list(told[1])
        and np.array_equal(one.hexagons, other.hexagons)
        and np.array_equal(one.z, other.z)
        and one.repeats == other.repeats
    )


# -- the planted circle, the crowded place, the one address


def test_a_planted_circle_is_found_where_it_is() -> None:
    town = small_town()
    inside = circle_of(town)
    units = units_of(town, cases_of(town, 2, times=np.where(inside, 3.0, 1.0)))
    found = find(units, edge=EDGE)
    assert found.is_tested
    (area,) = found.areas
    members = np.isin(units.ids, area.units)
    assert town.households[members & inside].sum() > 0.7 * town.households[inside].sum()
    assert area.ratio > 1.5
    assert area.chance == pytest.approx(1 / 300)
    assert not found.repeats
    # its ground is that of its hexagons, and hangs together
    own = {tuple(pair) for pair in hexagons_at(town.points[members], EDGE).tolist()}
    assert own <= {tuple(pair) for pair in area.hexagons.tolist()}


@pytest.mark.parametrize("seed", range(6))
def test_a_crowded_place_whose_exposure_fits_is_none(seed: int) -> None:
    """Six times as many cases, because six times as many live there: Gi* on counts calls it, gridmap does not."""
    plain = small_town(seed)
    inside = circle_of(plain)
    town = Town(points=plain.points, households=plain.households * np.where(inside, 6.0, 1.0))
    units = units_of(town, cases_of(town, seed, many=3_000))
    bins = bin_points(town.points, EDGE)
    assert alarms_of_gi_star(bins, neighbours(bins.hexagons), units.counts) > 0
    assert find(units, edge=EDGE).areas == ()


def test_the_same_crowd_without_its_exposure_would_be_one() -> None:
    """The counter-check of the test above: it is the exposure that explains the crowd, not a deaf test."""
    plain = small_town(0)
    town = Town(points=plain.points, households=plain.households * np.where(circle_of(plain), 6.0, 1.0))
    counts = cases_of(town, 0, many=3_000)
    assert find(units_of(Town(points=plain.points, households=plain.households), counts), edge=EDGE).areas


@pytest.mark.parametrize("many", [12, 40, 600])
def test_one_address_with_very_many_is_listed_apart_and_is_no_area(many: int) -> None:
    town = small_town()
    counts = cases_of(town, 4)
    one = int(np.flatnonzero(circle_of(town) & (town.households < 60))[0])
    counts[one] = many
    found = find(units_of(town, counts), edge=EDGE)
    assert found.areas == ()
    if many > 12:
        (repeat,) = found.repeats
        assert (repeat.unit, repeat.observed) == (one * 7 + 3, many)
        assert repeat.expected < 5


@pytest.mark.parametrize("many", [200, 400])
def test_one_address_with_a_little_company_carries_no_area(many: int) -> None:
    """Few enough to count in full; with a case or two next door the place stands out, but by that one address."""
    town = small_town(side=16)
    town = Town(points=town.points, households=np.full(len(town.points), 40.0))
    counts = cases_of(town, 11, many=many)
    one = int(np.flatnonzero(circle_of(town))[5])
    next_door = np.argsort(np.hypot(*(town.points - town.points[one]).T))[1:5]
    counts[one], counts[next_door] = 10, 2
    found = find(units_of(town, counts), edge=60.0)
    assert found.areas == ()
    assert [repeat.unit for repeat in found.repeats] == [one * 7 + 3]
    assert found.repeats[0].observed == 10
    # the same cases spread evenly over the five are an area
    counts[one], counts[next_door] = 4, [4, 4, 3, 3]
    assert find(units_of(town, counts), edge=60.0).areas


def test_one_address_hides_no_area_and_swells_none() -> None:
    """A real area around an address with hundreds: found, told without it, the address named apart."""
    town = small_town()
    inside = circle_of(town)
    counts = cases_of(town, 2, times=np.where(inside, 3.0, 1.0))
    before = find(units_of(town, counts), edge=EDGE).areas[0]
    one = int(np.flatnonzero(inside)[0])
    counts[one] = 900
    found = find(units_of(town, counts), edge=EDGE)
    (area,) = found.areas
    assert [repeat.unit for repeat in found.repeats] == [one * 7 + 3]
    assert area.apart.tolist() == [one * 7 + 3]
    assert one * 7 + 3 not in area.units
    # its ground may differ a little; with the nine hundred it would be five times as high
    assert area.ratio == pytest.approx(before.ratio, rel=0.35)
    assert area.observed < before.observed * 1.2


@pytest.mark.parametrize("seed", [622, 819, 3_265, 7_567, 8_442, 10_876])
def test_a_lone_unit_is_no_area_where_two_share_what_makes_them_stand_out(seed: int) -> None:
    """Far-apart quarters of a few units: two places stand out by the ground between them, and are one area."""
    rng = np.random.default_rng(seed)
    many, side = int(rng.integers(60, 300)), rng.uniform(2_000, 6_000)
    quarters = rng.random((int(rng.integers(10, 40)), 2)) * side
    points = quarters[rng.integers(0, len(quarters), many)] + rng.normal(0, 60, (many, 2))
    exposure, is_hot = np.exp(rng.normal(2, 1.2, many)), rng.random(len(quarters)) < 0.2
    near = np.hypot(*(points[:, None] - quarters[None]).transpose(2, 0, 1)).argmin(axis=1)
    counts = rng.poisson(exposure * 0.3 * np.where(is_hot[near], rng.uniform(3, 10), 1))
    units = Units(ids=np.arange(many), points=points, counts=counts, exposure=exposure)
    areas = [*(found := find(units, permutations=99, seed=seed)).areas, *found.further]
    assert areas
    assert min(len(area.units) for area in areas) > 1
    assert min(area.ratio for area in areas) > 1
    ground = [tuple(one) for area in areas for one in area.hexagons.tolist()]
    assert len(ground) == len(set(ground))


def test_a_few_neighbouring_addresses_with_very_many_are_an_area() -> None:
    """What several neighbours share is about the place: past what counts for each, still no repeat of one."""
    town = small_town()
    counts = cases_of(town, 4)
    near = np.argsort(np.hypot(*(town.points - np.median(town.points, axis=0)).T))[:6]
    counts[near] = 40 + 10 * counts[near]
    found = find(units_of(town, counts), edge=EDGE)
    (area,) = found.areas
    assert set((near * 7 + 3).tolist()) <= set(area.units.tolist())
    assert found.repeats == ()


# -- what must not matter


@pytest.fixture(scope="module")
def planted() -> Units:
    town = small_town()
    counts = cases_of(town, 2, times=np.where(circle_of(town), 3.0, 1.0))
    counts[5] = 70
    return units_of(town, counts)


def test_the_order_of_the_rows_does_not_matter(planted: Units) -> None:
    order = np.random.default_rng(8).permutation(len(planted.ids))
    shuffled = Units(
        ids=planted.ids[order],
        points=planted.points[order],
        counts=planted.counts[order],
        exposure=planted.exposure[order],
    )
    assert same(find(planted, edge=EDGE), find(shuffled, edge=EDGE))


def test_the_same_seed_says_the_same_and_another_says_almost_the_same(planted: Units) -> None:
    one, again, other = (find(planted, edge=EDGE, seed=seed) for seed in (5, 5, 6))
    assert same(one, again)
    assert not np.array_equal(one.z, other.z)
    assert one.z == pytest.approx(other.z, abs=0.7)


def test_where_the_town_lies_does_not_matter(planted: Units) -> None:
    """Moved by whole hexagons: the same areas, each moved as far."""
    step = np.array([4, -9])
    offset = np.array([(step[0] + step[1] / 2) * np.sqrt(3), step[1] * 1.5]) * EDGE
    moved = Units(ids=planted.ids, points=planted.points + offset, counts=planted.counts, exposure=planted.exposure)
    one, other = find(planted, edge=EDGE), find(moved, edge=EDGE)
    assert np.array_equal(one.hexagons + step, other.hexagons)
    assert other.z == pytest.approx(one.z)
    assert [area.units.tolist() for area in one.areas] == [area.units.tolist() for area in other.areas]


def test_the_unit_of_exposure_does_not_matter(planted: Units) -> None:
    """Metres or kilometres of kerb: only how they compare counts."""
    other = Units(ids=planted.ids, points=planted.points, counts=planted.counts, exposure=planted.exposure / 1024)
    assert same(find(planted, edge=EDGE), find(other, edge=EDGE))


# -- the edges


def test_without_exposure_there_are_only_the_busiest() -> None:
    town = small_town()
    units = units_of(town, cases_of(town, 2, times=np.where(circle_of(town), 3.0, 1.0)), exposure=False)
    found = find(units, edge=EDGE)
    assert not found.is_tested
    assert found.areas == found.further == found.repeats == ()
    assert np.isnan(found.chance).all()
    held = Counter(map(tuple, hexagons_at(np.repeat(units.points, units.counts, axis=0), EDGE).tolist()))
    assert [busy.observed for busy in found.busiest] == sorted(held.values(), reverse=True)[:10]
    assert all(held[busy.hexagon] == busy.observed for busy in found.busiest)


def test_cases_where_there_is_no_exposure_are_told_apart() -> None:
    town = small_town()
    counts = cases_of(town, 2)
    bare = Town(points=town.points, households=np.where(np.arange(len(counts)) % 5 == 0, 0.0, town.households))
    found = find(units_of(bare, counts), edge=EDGE)
    assert found.unexposed == counts[::5].sum()
    assert found.cases + found.unexposed == counts.sum()


@pytest.mark.parametrize("many", [0, 1, 5])
def test_few_units_or_no_cases_are_no_error_and_no_area(many: int) -> None:
    units = Units(
        ids=np.arange(many),
        points=np.zeros((many, 2)) + np.arange(many)[:, None] * 50.0,
        counts=np.zeros(many, dtype=np.int64),
        exposure=np.ones(many),
    )
    found = find(units, edge=EDGE)
    assert found.areas == found.repeats == ()
    assert found.cases == 0


def test_more_than_ten_areas_are_told_but_only_ten_are_named() -> None:
    """A town of far-apart quarters, of which a dozen are worse than the many others."""
    rng = np.random.default_rng(2)
    quarters = np.array([(column * 1_500.0, row * 1_500.0) for column in range(12) for row in range(10)])
    points = np.repeat(quarters, 30, axis=0) + rng.random((3_600, 2)) * 150
    worse = np.repeat(np.arange(120) % 10 == 0, 30)
    counts = rng.poisson(np.where(worse, 4.0, 1.0))
    found = find(Units(ids=np.arange(3_600), points=points, counts=counts, exposure=np.ones(3_600)), edge=EDGE)
    assert len(found.areas) == 10
    assert len(found.areas) + len(found.further) == 12
    chances = [area.chance for area in (*found.areas, *found.further)]
    assert chances == sorted(chances)


def units_with(**changed: object) -> Units:
    plain = {"ids": np.arange(3), "points": np.zeros((3, 2)), "counts": np.ones(3, dtype=int), "exposure": np.ones(3)}
    return Units(**(plain | changed))  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ids": np.array([1, 1, 2])}, "twice"),
        ({"points": np.zeros((2, 2))}, "one point"),
        ({"points": np.full((3, 2), np.nan)}, "finite"),
        ({"counts": np.array([1, -1, 0])}, "below zero"),
        ({"exposure": np.ones(2)}, "one exposure"),
        ({"exposure": np.array([1.0, -1.0, 1.0])}, "below zero"),
        ({"exposure": np.array([1.0, np.inf, 1.0])}, "finite"),
    ],
)
def test_units_that_cannot_be_are_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        units_with(**changed)


def test_too_few_permutations_are_refused() -> None:
    with pytest.raises(ValueError, match="permutations"):
        find(units_with(), permutations=18)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.floats(0.01, 1e6), max_size=200))
def test_classes_of_exposure_keep_order_and_equals_together(values: list[float]) -> None:
    exposure = np.array(values)
    strata = strata_of(exposure)
    order = np.argsort(exposure)
    assert (np.diff(strata[order]) >= 0).all()
    assert set(strata.tolist()) == set(range(len(set(strata.tolist()))))
    for value in set(values):
        assert len(set(strata[exposure == value].tolist())) == 1
    if len(values) >= LEAST_ALIKE:
        assert np.bincount(strata).min() >= LEAST_ALIKE
    assert len(set(strata.tolist())) <= STRATA


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5_000), st.floats(0.1, 1e4)), min_size=1, max_size=80))
def test_what_is_expected_adds_up_to_what_counts(pairs: list[tuple[int, float]]) -> None:
    counts, exposure = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    found = expect(counts, exposure)
    assert found.expected.sum() == pytest.approx(found.counted.sum(), rel=1e-6)
    assert (found.counted <= counts).all()
    assert (found.counted == counts)[counts <= REPEAT_LEAST].all()

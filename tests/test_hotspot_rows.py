"""Whether the numbers told of hotspots are those of the rows, reckoned again by themselves; months and their trend."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, norm

from gridmap.analysis.hexagons import hexagons_at
from gridmap.analysis.hotspots import Units, by_month, find, trend
from tests.hotspot_town import EDGE, cases_of, circle_of, small_town, units_of
from tests.plain_hotspots import Plain, expect_plainly, heights_plainly


def plain_of(units: Units) -> Plain:
    assert units.exposure is not None
    ids = units.ids.tolist()
    exposure, counts = (dict(zip(ids, column.tolist(), strict=True)) for column in (units.exposure, units.counts))
    return expect_plainly(exposure, counts)


@pytest.mark.parametrize("giant", [0, 500])
def test_observed_and_expected_are_those_of_the_rows(giant: int) -> None:
    town = small_town()
    inside = circle_of(town)
    counts = cases_of(town, 2, times=np.where(inside, 3.0, 1.0))
    counts[np.flatnonzero(inside)[3]] += giant
    units = units_of(town, counts)
    found = find(units, edge=EDGE)
    rows = np.repeat(units.ids, units.counts)
    expected = plain_of(units).expected
    assert found.areas
    for area in found.areas:
        ground = {tuple(pair) for pair in area.hexagons.tolist()}
        where = hexagons_at(units.points, EDGE).tolist()
        there = {one for one, pair in zip(units.ids.tolist(), where, strict=True) if tuple(pair) in ground}
        assert there == set(area.units.tolist()) | set(area.apart.tolist())
        told = there - {repeat.unit for repeat in found.repeats}
        assert area.observed == sum(one in told for one in rows.tolist())
        assert area.expected == pytest.approx(float(sum(expected[one] for one in told)), rel=1e-6)
        assert area.ratio == area.observed / area.expected
    by_hexagon = Counter(map(tuple, hexagons_at(np.repeat(units.points, units.counts, axis=0), EDGE).tolist()))
    assert (
        dict(zip(map(tuple, found.hexagons.tolist()), found.observed.tolist(), strict=True)) | by_hexagon == by_hexagon
    )
    assert found.observed.sum() == found.cases == len(rows)


@pytest.mark.parametrize(("times", "seed", "is_called"), [(1.0, 1, False), (1.6, 5, False), (3.0, 2, True)])
def test_heights_chances_and_false_shares_are_those_of_plain_shuffling(
    times: float, seed: int, is_called: bool
) -> None:
    """Buildings of every size, one address towering: a plain loop must come to the same by itself."""
    town = small_town()
    counts = cases_of(town, seed, times=np.where(circle_of(town), times, 1.0))
    counts[3] = 200
    units = units_of(town, counts)
    found = find(units, edge=EDGE, permutations=999)
    where = dict(zip(units.ids.tolist(), map(tuple, hexagons_at(units.points, EDGE).tolist()), strict=True))
    plain = plain_of(units)
    # what towers is read as expected, though it takes part in the shuffling
    assert [repeat.unit for repeat in found.repeats] == [int(units.ids[3])]
    told = heights_plainly(plain, where, 400, seed=99, apart={int(units.ids[3])})
    heights = [told[q, r] for q, r in found.hexagons.tolist()]
    # each by itself only as near as 400 and 999 shufflings tell; all together nearer, so that neither leans to a side
    for ours, theirs, one_by_one, together in (
        (found.z, [one.z for one in heights], 0.4, 0.06),
        (found.chance, [one.chance for one in heights], 0.3, 0.01),
        (found.false_share, [one.false_share for one in heights], 0.2, 0.01),
    ):
        assert ours == pytest.approx(theirs, abs=one_by_one, rel=0.08)
        assert ours.mean() == pytest.approx(np.mean(theirs), abs=together)
    assert bool(found.areas) == is_called == any(one.chance <= 0.05 and one.false_share <= 0.05 for one in heights)
    for area in found.areas:
        inside = [told[q, r] for q, r in area.hexagons.tolist()]
        assert area.chance == pytest.approx(min(one.chance for one in inside), abs=0.02)


# -- months


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=36))
def test_a_trend_is_kendalls(values: list[int]) -> None:
    found = trend(np.array(values))
    pairs = [(b > a) - (b < a) for i, a in enumerate(values) for b in values[i + 1 :]]
    assert found.score == sum(pairs)
    if len(set(values)) == 1:
        assert (found.tau, found.chance, found.direction) == (0.0, 1.0, 0)
        return
    if len(values) == 2:
        # for which scipy divides by zero
        assert (abs(found.tau), found.chance) == (1.0, 1.0)
        return
    known = kendalltau(range(len(values)), values, method="asymptotic")
    assert found.tau == pytest.approx(known.statistic)
    if found.score:
        # the same variance; scipy does without the correction for continuity
        ours, theirs = norm.isf(found.chance / 2), norm.isf(known.pvalue / 2)
        assert ours * abs(found.score) == pytest.approx(theirs * (abs(found.score) - 1), abs=1e-6)
    back = trend(np.array(values[::-1]))
    assert (back.score, back.chance) == (-found.score, found.chance)


def test_a_trend_by_hand() -> None:
    """Gilbert 1987: ten rising values, S = 45, variance 125."""
    found = trend(np.arange(10))
    assert (found.score, found.tau, found.direction) == (45, 1.0, 1)
    # z = 44 / sqrt(125) = 3.935
    assert found.chance == pytest.approx(8.3e-5, rel=0.01)
    assert trend(np.arange(3)).direction == 0
    assert trend(np.array([4, 4, 4])).direction == 0
    assert trend(np.arange(12)[::-1]).direction == -1


def test_months_of_an_area_are_its_rows() -> None:
    town = small_town()
    inside = circle_of(town)
    units = units_of(town, cases_of(town, 2, times=np.where(inside, 3.0, 1.0)))
    found = find(units, edge=EDGE)
    (area,) = found.areas
    rows = np.repeat(units.ids, units.counts)
    months = np.random.default_rng(3).integers(0, 12, len(rows))
    (series,) = by_month(found.areas, rows, months, 12)
    assert series.observed.sum() == area.observed
    assert series.expected.sum() == pytest.approx(area.expected)
    for month in range(12):
        assert series.observed[month] == np.isin(rows[months == month], area.units).sum()
    with pytest.raises(ValueError, match="11"):
        by_month(found.areas, rows, months + 1, 12)


def test_an_area_rises_by_itself_or_with_everything() -> None:
    town = small_town()
    inside = circle_of(town)
    units = units_of(town, cases_of(town, 2, times=np.where(inside, 3.0, 1.0)))
    found = find(units, edge=EDGE)
    member, other = int(found.areas[0].units[0]), int(units.ids[~np.isin(units.ids, found.areas[0].units)][0])
    rising = np.repeat(np.arange(12), np.arange(1, 13) * 5)
    same_all = np.repeat(np.arange(12), np.arange(1, 13) * 50)
    rows, months = np.repeat([member, other], [len(rising), len(same_all)]), np.concatenate([rising, same_all])
    (with_all,) = by_month(found.areas, rows, months, 12)
    assert (with_all.trend.direction, with_all.beside.direction) == (1, 0)
    flat = np.repeat(np.arange(12), 300)
    rows, months = np.repeat([member, other], [len(rising), len(flat)]), np.concatenate([rising, flat])
    (alone,) = by_month(found.areas, rows, months, 12)
    assert (alone.trend.direction, alone.beside.direction) == (1, 1)

"""Areas where more happens than exposure and chance explain; single places with very many apart; the rest unnamed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.analysis.hexagons import NONE, Bins, Hexagons, bin_points, joined, neighbours
from gridmap.analysis.hotspots.expecting import Expected, expect
from gridmap.analysis.hotspots.shuffling import Shuffled, shuffle, with_neighbours
from gridmap.analysis.hotspots.units import Units

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]
EDGE = 120.0
"""Metres of a hexagon's side: with its neighbours about 600 m across."""
PERMUTATIONS, SEED = 299, 20_260_301
CERTAIN = 0.05
"""An area is one where a place this high would be anywhere on the map by accident in at most so many of such maps."""
MOST_AREAS = 10
ALONE = 0.5
"""One unit that holds more than so much of what is too many is listed apart."""


@dataclass(frozen=True, kw_only=True)
class Area:
    """Hexagons that hang together and stand out together.

    `observed` are the cases of `units`, `expected` what their exposure would bring; neither counts the places `apart`
    (ids), single units in these hexagons that hold more than half of what is too many. `chance`: how probable a place
    as high as its highest one is anywhere on the map by accident. `share` is that of all cases which the units expect.
    """

    hexagons: Hexagons
    units: Indexes
    apart: Indexes
    observed: int
    expected: float
    chance: float
    share: float

    @property
    def ratio(self) -> float:
        """How many times as many as expected."""
        return self.observed / self.expected


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """One unit with very many cases: nothing about the places around it."""

    unit: int
    observed: int
    expected: float


@dataclass(frozen=True, kw_only=True)
class Busy:
    """A hexagon `(q, r)` with many cases, which says nothing about why."""

    hexagon: tuple[int, int]
    observed: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """What can be said of a map. `areas` are the surest first, at most ten; `further` those after them.

    Hexagons: `(q, r)` sorted, of those that hold a unit with exposure, with their `observed` and `expected` cases,
    their `z` with their neighbours, and `chance` and `false_share` of such a height; those in no area are not
    distinguishable from chance. `repeats` come with the most cases above expected first. `unexposed` cases happened
    where there is no exposure, and are in nothing else. Without exposure there is only `busiest`, and nothing expected.
    """

    edge: float
    permutations: int
    seed: int
    is_tested: bool
    cases: int
    unexposed: int
    hexagons: Hexagons
    observed: Indexes
    expected: Floats
    z: Floats
    chance: Floats
    false_share: Floats
    areas: tuple[Area, ...] = ()
    further: tuple[Area, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    busiest: tuple[Busy, ...] = ()


def find(units: Units, *, edge: float = EDGE, permutations: int = PERMUTATIONS, seed: int = SEED) -> Found:
    """Look for areas among the units with hexagons of `edge` metres; the same for the same units in whatever order.

    Raises ValueError for an edge that is not above zero or fewer permutations than could ever show anything (19).
    """
    if permutations < 1 / CERTAIN - 1:
        raise ValueError(f"{permutations} permutations cannot show a chance of {CERTAIN}")
    ordered = units.in_order()
    if ordered.exposure is None:
        return _only_busy(ordered, edge, permutations, seed)
    tested = ordered.exposed()
    assert tested.exposure is not None
    return _Search(tested, expect(tested.counts, tested.exposure), edge, permutations, seed).found(
        unexposed=int(ordered.counts.sum() - tested.counts.sum())
    )


def _only_busy(units: Units, edge: float, permutations: int, seed: int) -> Found:
    bins = bin_points(units.points, edge)
    observed = np.rint(bins.sums(units.counts.astype(np.float64))).astype(np.int64)
    order = np.argsort(-observed, kind="stable")[:MOST_AREAS]
    unknown = np.full(len(observed), np.nan)
    return Found(
        edge=edge,
        permutations=permutations,
        seed=seed,
        is_tested=False,
        cases=int(observed.sum()),
        unexposed=0,
        hexagons=bins.hexagons,
        observed=observed,
        expected=unknown,
        z=unknown,
        chance=unknown,
        false_share=unknown,
        busiest=tuple(
            Busy(hexagon=(int(bins.hexagons[one, 0]), int(bins.hexagons[one, 1])), observed=int(observed[one]))
            for one in order
            if observed[one]
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One entry for each hexagon: height, its chance and false share, the group of those called together, or `NONE`.

    `sure`: the groups that hold a place which chance seldom makes.
    """

    z: Floats
    chance: Floats
    false_share: Floats
    groups: Indexes
    sure: list[int]


class _Search:
    """One map under test: the arrangements are shuffled once, then the real one is read against them."""

    def __init__(self, units: Units, expected: Expected, edge: float, permutations: int, seed: int) -> None:
        self.units, self.expected = units, expected
        self.edge, self.permutations, self.seed = edge, permutations, seed
        self.bins: Bins = bin_points(units.points, edge)
        self.around = neighbours(self.bins.hexagons)
        self.shuffled: Shuffled = shuffle(expected, self.bins, self.around, permutations, seed)
        self.excess = units.counts - expected.expected

    def found(self, unexposed: int) -> Found:
        """Read the map; while one unit carries half of an area, read it again with that unit as expected.

        The arrangements stay those of all units. Taking cases away can only lower the real one, so the chances told
        are never too small.
        """
        is_apart = self._towering()
        read = self._read(is_apart)
        while carriers := self._carriers(read, is_apart):
            is_apart[carriers] = True
            read = self._read(is_apart)
        areas = sorted((self._area(one, is_apart, read.chance) for one in self._extents(read, is_apart)), key=_surest)
        return Found(
            edge=self.edge,
            permutations=self.permutations,
            seed=self.seed,
            is_tested=True,
            cases=int(self.units.counts.sum()),
            unexposed=unexposed,
            hexagons=self.bins.hexagons,
            observed=np.rint(self.bins.sums(self.units.counts.astype(np.float64))).astype(np.int64),
            expected=self.bins.sums(self.expected.expected),
            z=read.z,
            chance=read.chance,
            false_share=read.false_share,
            areas=tuple(areas[:MOST_AREAS]),
            further=tuple(areas[MOST_AREAS:]),
            repeats=self._repeats(is_apart),
        )

    def _read(self, is_apart: NDArray[np.bool_]) -> _Reading:
        """The heights of the real map with these units as expected, and what of it is sure."""
        counted = np.where(is_apart, self.expected.expected, self.expected.counted)
        z = self.shuffled.z(with_neighbours(self.bins.sums(counted), self.around))
        chance, false_share = self.shuffled.chance(z), self.shuffled.false_share(z)
        groups = joined(self.around, (false_share <= CERTAIN) & (z > 0))
        sure = [one for one in range(groups.max(initial=NONE) + 1) if chance[groups == one].min() <= CERTAIN]
        return _Reading(z=z, chance=chance, false_share=false_share, groups=groups, sure=sure)

    def _carriers(self, read: _Reading, is_apart: NDArray[np.bool_]) -> list[int]:
        """The units each of which carries an area by itself."""
        return [unit for one in read.sure for unit in self._heaviest(self._window(read.groups == one), is_apart)]

    def _towering(self) -> NDArray[np.bool_]:
        """Units past what counts that hold more than half of what is too many around them."""
        around = with_neighbours(self.bins.sums(self.excess), self.around)[self.bins.of_point]
        is_apart: NDArray[np.bool_] = (self.units.counts > self.expected.most) & (self.excess > ALONE * around)
        return is_apart

    def _window(self, is_in: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """These hexagons and all around them: what the test of these looked at."""
        near = self.around[is_in]
        window = is_in.copy()
        window[near[near != NONE]] = True
        return window

    def _extents(self, read: _Reading, is_apart: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
        """The ground of each area: its hexagons where they hold more than half of what is too many in their window.

        Otherwise it is the hexagons around them that make the place stand out: then these belong to it. Areas that the
        same ground makes stand out are one: whichever were left without it might be a lone unit.
        """
        excess = self.bins.sums(np.where(is_apart, 0.0, self.excess))
        found: list[NDArray[np.bool_]] = []
        for one in read.sure:
            is_in = read.groups == one
            window = self._window(is_in)
            if excess[is_in].sum() <= ALONE * excess[window].sum():
                is_in = window
            shared = [area for area in found if (area & is_in).any()]
            found = [area for area in found if not (area & is_in).any()]
            found.append(np.logical_or.reduce([is_in, *shared]))
        return found

    def _heaviest(self, is_in: NDArray[np.bool_], is_apart: NDArray[np.bool_]) -> list[int]:
        """The unit that holds more than half of what is too many in this window, if one does."""
        members = np.flatnonzero(is_in[self.bins.of_point] & ~is_apart)
        excess = self.excess[members]
        if not len(members) or excess.max() <= ALONE * max(float(excess.sum()), 0.0):
            return []
        return [int(members[excess.argmax()])]

    def _area(self, is_in: NDArray[np.bool_], is_apart: NDArray[np.bool_], chance: Floats) -> Area:
        inside = is_in[self.bins.of_point]
        members = inside & ~is_apart
        expected = float(self.expected.expected[members].sum())
        return Area(
            hexagons=self.bins.hexagons[is_in],
            units=self.units.ids[members],
            apart=self.units.ids[inside & is_apart],
            observed=int(self.units.counts[members].sum()),
            expected=expected,
            chance=float(chance[is_in].min()),
            share=expected / float(self.expected.expected.sum()),
        )

    def _repeats(self, is_apart: NDArray[np.bool_]) -> tuple[Repeat, ...]:
        order = np.flatnonzero(is_apart)
        order = order[np.argsort(-self.excess[order], kind="stable")]
        return tuple(
            Repeat(
                unit=int(self.units.ids[one]),
                observed=int(self.units.counts[one]),
                expected=float(self.expected.expected[one]),
            )
            for one in order
        )


def _surest(area: Area) -> tuple[float, float, tuple[int, ...]]:
    return (area.chance, area.expected - area.observed, tuple(area.hexagons[0].tolist()))

"""What a search says of its rows, reckoned again from the definition in plain Python, sharing nothing with the product.

Only which hexagon a point lies in is taken as told: that has tests of its own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import sqrt
from random import Random
from statistics import fmean, pstdev

Hexagon = tuple[int, int]


@dataclass(frozen=True)
class Plain:
    """By id: what is expected and what counts; and the ids class by class."""

    expected: dict[int, Fraction]
    counted: dict[int, Fraction]
    classes: list[list[int]]


@dataclass(frozen=True)
class Height:
    """Of a hexagon with its neighbours: standard deviations above its mean, chance of such a height anywhere, and the
    share of accidents among all that are at least this high.
    """

    z: float
    chance: float
    false_share: float


def expect_plainly(exposure: Mapping[int, float], counts: Mapping[int, int]) -> Plain:
    """Twelve classes by rank, equals together, none under 20; past ten that are also ten times expected none counts."""
    ranked = sorted(exposure.values())
    borders = {ranked[number * len(ranked) // 12] for number in range(1, 12)}
    in_class = sorted((sum(border <= exposure[one] for border in borders), one) for one in exposure)
    classes: list[list[int]] = []
    for _number, alike in groupby(in_class, key=lambda pair: pair[0]):
        if classes and len(classes[-1]) < 20:
            classes[-1] += [one for _class, one in alike]
        else:
            classes.append([one for _class, one in alike])
    if len(classes) > 1 and len(classes[-1]) < 20:
        small = classes.pop()
        classes[-1] += small
    found = Plain({}, {}, classes)
    for members in classes:
        counted = {one: Fraction(counts[one]) for one in members}
        whole = sum((Fraction(exposure[one]) for one in members), Fraction(0))
        for _turn in range(60):
            rate, before = sum(counted.values(), Fraction(0)) / whole, counted
            most = {one: max(Fraction(10), 10 * rate * Fraction(exposure[one])) for one in members}
            counted = {one: min(Fraction(counts[one]), most[one]) for one in members}
            if counted == before:
                break
        found.counted.update(counted)
        found.expected.update(
            {one: sum(counted.values(), Fraction(0)) / whole * Fraction(exposure[one]) for one in members}
        )
    return found


def heights_plainly(
    plain: Plain, where: Mapping[int, Hexagon], turns: int, seed: int, apart: Collection[int] = ()
) -> dict[Hexagon, Height]:
    """Shuffle what each has more or fewer than it expects within its class, so many times, and compare.

    Those `apart` take part in the shuffling, but are read as if they had what they expect.
    """
    random, hexagons = Random(seed), sorted(set(where.values()))
    expected = {one: float(value) for one, value in plain.expected.items()}
    strays = {one: float(plain.counted[one]) - expected[one] for one in expected}
    maps = [_roots(expected, strays, where, hexagons)]
    read = {one: 0.0 if one in apart else stray for one, stray in strays.items()}
    for _turn in range(turns):
        moved: dict[int, float] = {}
        for members in plain.classes:
            values = [strays[one] for one in members]
            random.shuffle(values)
            moved |= dict(zip(members, values, strict=True))
        maps.append(_roots(expected, moved, where, hexagons))
    columns = list(zip(*maps, strict=True))
    means, deviations = [fmean(column) for column in columns], [pstdev(column) for column in columns]
    heights = [
        [(root - mean) / deviation for root, mean, deviation in zip(one, means, deviations, strict=True)]
        for one in (_roots(expected, read, where, hexagons), *maps[1:])
    ]
    return dict(zip(hexagons, _told(heights[0], heights[1:]), strict=True))


def _roots(
    expected: Mapping[int, float],
    strays: Mapping[int, float],
    where: Mapping[int, Hexagon],
    hexagons: Sequence[Hexagon],
) -> list[float]:
    held: dict[Hexagon, float] = {}
    for one, hexagon in where.items():
        held[hexagon] = held.get(hexagon, 0.0) + expected[one] + strays[one]
    steps = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1))
    sums = (sum(held.get((q + east, r + north), 0.0) for east, north in steps) for q, r in hexagons)
    return [sqrt(max(0.0, one)) for one in sums]


def _told(real: Sequence[float], shuffled: Sequence[Sequence[float]]) -> list[Height]:
    """The real map among the shuffled ones, itself counted; Benjamini and Hochberg over all shuffled heights."""
    highest, pool = [max(one) for one in shuffled], [height for one in shuffled for height in one]
    single = {z: (1 + sum(height >= z - 1e-9 for height in pool)) / (1 + len(pool)) for z in real}
    ranked = sorted(real, reverse=True)
    # the smallest share at which one so high would be named: over all cuts at or below it
    shares = {
        z: min(min(single[cut] * len(real) / rank for rank, cut in enumerate(ranked, 1) if cut <= z), 1.0) for z in real
    }
    return [Height(z, (1 + sum(one >= z - 1e-9 for one in highest)) / (1 + len(highest)), shares[z]) for z in real]

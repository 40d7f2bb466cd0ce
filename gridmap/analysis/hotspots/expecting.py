"""What each unit expects if only exposure matters, measured by the units of like exposure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]
STRATA = 12
"""Into so many classes of like exposure the units are put at most."""
LEAST_ALIKE = 20
"""A class of fewer units goes together with the one below it: shuffling so few among themselves would say nothing."""
REPEAT_LEAST, REPEAT_TIMES = 10, 10
"""Past so many cases that are also so many times what is expected, more of them at one unit count no further."""
ROUNDS = 50


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One entry for each unit.

    `strata` numbers its class from 0, sorted by exposure; `expected` is its exposure times the cases for each piece
    of exposure in its class; `most` is where its own cases stop counting, `counted` are those that count.
    """

    strata: Indexes
    expected: Floats
    most: Floats
    counted: Floats


def strata_of(exposure: Floats) -> Indexes:
    """The class of each unit by exposure: about equally many in each, equals always together, none too small."""
    if not len(exposure):
        return np.zeros(0, dtype=np.int64)
    ranked = np.sort(exposure)
    # the borders are exposures that occur, taken by rank: no interpolation, so equals cannot be torn apart
    borders = ranked[(np.arange(1, STRATA) * len(ranked)) // STRATA]
    raw = np.searchsorted(np.unique(borders), exposure, side="right")
    sizes = np.bincount(raw)
    merged, number, held = np.zeros(len(sizes), dtype=np.int64), 0, 0
    for one, size in enumerate(sizes):
        if held >= LEAST_ALIKE:
            number, held = number + 1, 0
        merged[one], held = number, held + int(size)
    if number and held < LEAST_ALIKE:
        merged[merged == number] = number - 1
    return merged[raw]


def expect(counts: Indexes, exposure: Floats) -> Expected:
    """What each unit expects among those of like exposure; `exposure` is above zero everywhere.

    One unit with very many cases must not raise what its whole class expects: cases past `most` do not count, found by
    turns, because `most` itself depends on what is expected. Each turn lowers both, so they come to rest.
    """
    strata = strata_of(exposure)
    held = np.bincount(strata, weights=exposure).astype(np.float64)
    counted = counts.astype(np.float64)
    for _round in range(ROUNDS):
        most = np.maximum(REPEAT_LEAST, REPEAT_TIMES * _rates(counted, strata, held) * exposure)
        before, counted = counted, np.minimum(counts, most)
        if np.allclose(counted, before, rtol=1e-9, atol=0.0):
            break
    expected = _rates(counted, strata, held) * exposure
    return Expected(strata=strata, expected=expected, most=most, counted=counted)


def _rates(counted: Floats, strata: Indexes, held: Floats) -> Floats:
    """For each unit the cases for each piece of exposure in its class."""
    rates: Floats = (np.bincount(strata, weights=counted, minlength=len(held)) / held)[strata]
    return rates

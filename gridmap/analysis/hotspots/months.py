"""An area month by month: its cases, what its exposure would bring, and whether they go up or down."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.analysis.hotspots.finding import Area
from gridmap.analysis.hotspots.trend import Trend, trend

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Months:
    """One entry for each month: the cases of the area's units, and its share of all of that month's cases by exposure.

    `trend` is that of the cases, `beside` that of cases beside expected: an area may rise only because everything does.
    """

    observed: Indexes
    expected: Floats
    trend: Trend
    beside: Trend


def by_month(areas: Sequence[Area], units: Indexes, months: Indexes, many: int) -> tuple[Months, ...]:
    """The series of each area from the cases, of which each has a unit's id and a month from 0 to `many` - 1.

    Cases at places that are listed apart are left out as in the area itself. Raises ValueError for another month.
    """
    if len(months) and (months.min() < 0 or months.max() >= many):
        raise ValueError(f"months go from 0 to {many - 1}")
    whole = np.bincount(months, minlength=many).astype(np.float64)
    found = []
    for area in areas:
        observed = np.bincount(months[np.isin(units, area.units)], minlength=many)
        expected = whole * area.share
        known = expected > 0
        beside = observed[known] / expected[known]
        found.append(Months(observed=observed, expected=expected, trend=trend(observed), beside=trend(beside)))
    return tuple(found)

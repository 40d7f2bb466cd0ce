"""Whether the months of an area go up or down: Mann and Kendall's test."""

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64] | NDArray[np.float64]
CERTAIN = 0.05


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Pairs of months that go up less those that go down, its share of what it could be, and its chance by accident.

    `tau` is Kendall's tau-b, from -1 to 1; 0 where nothing changes.
    """

    score: int
    tau: float
    chance: float

    @property
    def direction(self) -> int:
        """1 for rising, -1 for falling, 0 for neither: a trend that is not certain is none."""
        return 0 if self.chance > CERTAIN else int(np.sign(self.score))


def trend(values: Numbers) -> Trend:
    """Mann-Kendall over values in order of time: two-sided, corrected for ties and by one for continuity.

    The normal approximation (Kendall 1975): below four months it never calls anything certain.
    """
    many = len(values)
    later, sooner = np.tril_indices(many, -1)
    numbers = np.asarray(values, dtype=np.float64)
    score = int(np.sign(numbers[later] - numbers[sooner]).sum())
    ties = np.unique(numbers, return_counts=True)[1]
    pairs = many * (many - 1) // 2
    apart = pairs - int((ties * (ties - 1) // 2).sum())
    variance = (many * (many - 1) * (2 * many + 5) - int((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    tau = score / sqrt(apart * pairs) if apart else 0.0
    z = (abs(score) - 1) / sqrt(variance) if score else 0.0
    return Trend(score=score, tau=tau, chance=min(1.0, erfc(z / sqrt(2))))

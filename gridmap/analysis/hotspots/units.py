"""What a hotspot is looked for in: units (buildings, kerb segments, zones), where they are, what happened at each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Units:
    """One entry for each unit, all of one length: its id, its point in projected metres `(n, 2)`, its cases.

    `exposure` says how much could have happened there: households, parking places, kerb metres, patrol passes; one
    kind for all, nowhere below zero. None where nobody knows one that fits.
    """

    ids: Indexes
    points: Floats
    counts: Indexes
    exposure: Floats | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for lengths that differ, an id told twice, and numbers below zero or not finite."""
        if self.points.shape != (len(self.ids), 2) or self.counts.shape != self.ids.shape:
            raise ValueError("units need one id, one point and one count each")
        if len(np.unique(self.ids)) != len(self.ids):
            raise ValueError("the same unit is there twice")
        if not np.isfinite(self.points).all() or (self.counts < 0).any():
            raise ValueError("points must be finite, and counts not below zero")
        if self.exposure is None:
            return
        if self.exposure.shape != self.ids.shape:
            raise ValueError("units need one exposure each, or none at all")
        if not np.isfinite(self.exposure).all() or (self.exposure < 0).any():
            raise ValueError("exposure must be finite and not below zero")

    def in_order(self) -> "Units":
        """The same by id, so that nothing that follows knows in which order they were read."""
        return self._picked(np.argsort(self.ids))

    def exposed(self) -> "Units":
        """Those at which something could happen at all."""
        assert self.exposure is not None
        return self._picked(np.flatnonzero(self.exposure > 0))

    def _picked(self, order: NDArray[np.intp]) -> "Units":
        exposure = None if self.exposure is None else self.exposure[order]
        return Units(ids=self.ids[order], points=self.points[order], counts=self.counts[order], exposure=exposure)

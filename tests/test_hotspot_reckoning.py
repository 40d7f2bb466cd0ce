"""From the ground of a search to rows: whom a row may speak of."""

from datetime import date, timedelta

import numpy as np
import pytest

from gridmap.complaints import FEW
from gridmap.hotspots.ground import Case, Ground, Unit
from gridmap.hotspots.reckoning import reckon
from gridmap.hotspots.subjects import Spell

SPELL = Spell.before(date(2026, 3, 16))


def ground_of(kind: str, alone: float, cases: int) -> Ground:
    """A lattice of 100 units of 40, one of which has so much exposure and so many cases."""
    rows, columns = np.indices((10, 10)).reshape(2, -1) * 100.0
    units = tuple(
        Unit(id=one, name=f"u{one}", estate=None, where=(1, None, None, None), lon=113.4, lat=22.5,
             exposures={kind: alone if one == 55 else 40.0})
        for one in range(100)
    )  # fmt: skip
    day = SPELL.ends - timedelta(days=3)
    told = tuple(
        Case(unit=one, day=day, times=1, id=one * 1_000 + turn)
        for one in range(100)
        for turn in range(cases if one == 55 else 2)
    )
    points = np.column_stack([columns, rows]) + np.array([500_000.0, 2_500_000.0])
    return Ground(units=units, cases=told, epsg=4547, points=points)


@pytest.mark.parametrize(
    ("kind", "exposure", "is_told"),
    [("households", 1, False), ("households", FEW - 1, False), ("households", FEW, True), ("places", 1, True)],
)
def test_no_address_of_a_few_families_is_told_alone(kind: str, exposure: float, is_told: bool) -> None:
    """Places of a zone are nobody's home; of a house of one family the address would be the family."""
    made = reckon(ground_of(kind, exposure, 60), SPELL, seed=7)
    assert [repeat.unit for repeat in made.found.repeats] == [55]
    assert [one.members[0].unit.id for one in made.findings if one.status == "repeat"] == [55] * is_told
    # all that happened there stays in the ground that is grey
    assert sum(one.observed for one in made.findings if one.status == "chance") == 99 * 2 + 60
    assert not [one for one in made.findings if one.status in ("area", "further")]

"""Case 2: GCJ-02 or BD-09 stored as if it were WGS 84.

The person chooses the datum; column names that give another away are an error, and a constant shift against places
that are known by name, or that the rows would lie over, is reported with its size and the datum that explains it.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import shapely

from gridmap.coords import Coords, Datum, coords_from_wgs84, coords_to_wgs84, distance_m, to_wgs84
from gridmap.load.checks.aliases import name_key
from gridmap.load.checks.columns import LAT, LON, PAIR
from gridmap.load.checks.crs import reject_beyond
from gridmap.load.checks.overlap import overlapping_pairs
from gridmap.load.draft import Draft
from gridmap.load.finding import LoadError
from gridmap.load.kinds import POSITION_WORDS


@dataclass(frozen=True)
class Shift:
    """A constant shift: its size in metres, the datum that explains it (the one that was said: none does), out of how
    many places, and whether they were found by name or by lying over known ones."""

    metres: float
    datum: Datum
    places: int
    by_name: bool


_SAID = {
    (True, True): "datum_shift",
    (True, False): "datum_shift_unknown",
    (False, True): "datum_shift_overlap",
    (False, False): "datum_shift_overlap_unknown",
}
"""(by name, explained by a datum) → what is said."""
SHIFT_M = 100.0
STEADY_M = 60.0
ENOUGH = 4


def hinted_datum(names: list[str]) -> Datum | None:
    """The datum that column names such as 百度坐标 or gcj_lon give away."""
    for words, datum in ((POSITION_WORDS.bd09, Datum.BD09), (POSITION_WORDS.gcj02, Datum.GCJ02)):
        if any(word in name.lower() for name in names for word in words):
            return datum
    return None


def settle_datum(draft: Draft) -> None:
    """Convert to WGS 84 from what was said; raises LoadError where a column hints at a datum and none was said."""
    names = [draft.columns[name] for name in (LON, LAT, PAIR) if name in draft.columns]
    hint = hinted_datum(names)
    said = draft.options.datum
    if hint and said is None:
        raise LoadError("datum_hinted", column=", ".join(names), datum=hint.value)
    if said is None and not draft.reading.has_geometry and len(draft):
        draft.warn("datum_assumed")
    if said not in (None, Datum.WGS84) and len(draft):
        draft.put_shapes(np.ones(len(draft), dtype=bool), to_wgs84(draft.shapes(), said))
        draft.warn("datum_converted", datum=said.value)
        reject_beyond(draft, said.value)
    _warn_of_shift(draft, said or Datum.WGS84)


def find_shift(ours: Coords, theirs: Coords, said: Datum) -> tuple[float, Datum] | None:
    """(metres, the datum that explains it) of a constant shift between positions of the same places.

    `ours`: as converted from `said`; `theirs`: as known, both WGS 84 degrees. None where there is no steady shift.
    """
    if len(ours) < ENOUGH:
        return None
    size = float(np.median(distance_m(ours, theirs)))
    middle = np.median(ours - theirs, axis=0)
    steady = float(np.median(distance_m(ours, theirs + middle)))
    if size < SHIFT_M or steady > STEADY_M:
        return None
    raw = coords_from_wgs84(ours, said)
    left = {datum: float(np.median(distance_m(coords_to_wgs84(raw, datum), theirs))) for datum in Datum}
    best = min(left, key=lambda datum: left[datum])
    return (size, best) if best is not said and left[best] < STEADY_M + steady else (size, said)


def _warn_of_shift(draft: Draft, said: Datum) -> None:
    found = detect_shift(draft, said)
    if found is not None:
        draft.warn(
            _SAID[found.by_name, found.datum is not said],
            metres=f"{found.metres:.0f}",
            places=found.places,
            datum=found.datum.value,
        )


def detect_shift(draft: Draft, said: Datum) -> Shift | None:
    """The constant shift of the rows (WGS 84 degrees, as converted from `said`) against what the register knows.

    Places known by name decide where there are enough of them, else what lies over the known things of this kind when
    moved. None where there is no shift, or nothing to compare with.
    """
    if not len(draft):
        return None
    pairs = _named_pairs(draft)
    by_name = len(pairs[0]) >= ENOUGH
    ours, theirs = pairs if by_name else overlapping_pairs(draft)
    found = find_shift(ours, theirs, said)
    return Shift(*found, len(ours), by_name) if found else None


def _named_pairs(draft: Draft) -> tuple[Coords, Coords]:
    """(positions of rows, positions of known places) with one name, of names that stand only once on either side."""
    places = draft.known.places
    nobody = np.empty((0, 2))
    if places.empty or not draft.has("name"):
        return nobody, nobody
    known = _once([name_key(str(name)) for name in places["name"].fillna("")])
    placed = ~shapely.is_empty(draft.shapes())
    rows = _once([name_key(name) if here else "" for name, here in zip(draft.texts("name"), placed, strict=True)])
    common = [name for name in rows if name in known]
    shapes = draft.shapes()[[rows[name] for name in common]]
    theirs = places.iloc[[known[name] for name in common]][["lon", "lat"]].to_numpy(dtype=float)
    points = shapely.get_coordinates(shapely.point_on_surface(shapes)) if common else nobody
    return points, theirs if common else nobody


def _once(names: list[str]) -> dict[str, int]:
    """Name → position, of the names that stand once: there is a 3号楼 in every estate."""
    counts = Counter(names)
    return {name: at for at, name in enumerate(names) if name and counts[name] == 1}

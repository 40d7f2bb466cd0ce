"""Case 2: GCJ-02 or BD-09 stored as if it were WGS 84.

The person chooses the datum; column names that give another away are an error, and a constant shift against places
that are known by name is reported with its size and the datum that explains it.
"""

import numpy as np
import shapely

from gridmap.coords import Coords, Datum, coords_from_wgs84, coords_to_wgs84, distance_m, to_wgs84
from gridmap.load.checks.columns import LAT, LON, PAIR
from gridmap.load.checks.texts import matched
from gridmap.load.draft import Draft
from gridmap.load.finding import LoadError
from gridmap.load.kinds import POSITION_WORDS

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
    places = draft.known.places
    if places.empty or not draft.has("name") or not len(draft):
        return
    known = {matched(str(name)): at for at, name in enumerate(places["name"]) if str(name).strip()}
    named = [(row, known.get(matched(name))) for row, name in enumerate(draft.texts("name")) if name]
    pairs = [(row, at) for row, at in named if at is not None]
    if not pairs:
        return
    points = shapely.get_coordinates(shapely.point_on_surface(draft.shapes()[[row for row, _ in pairs]]))
    theirs = places.iloc[[at for _, at in pairs]][["lon", "lat"]].to_numpy(dtype=float)
    found = find_shift(points, theirs, said)
    if found is not None:
        metres, datum = found
        code = "datum_shift" if datum is not said else "datum_shift_unknown"
        draft.warn(code, metres=f"{metres:.0f}", places=len(pairs), datum=datum.value)

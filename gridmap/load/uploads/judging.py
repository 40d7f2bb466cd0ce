"""What a person sees of a judged file: counts, reasons, rows with what is said of them, and spots for the map."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import shapely

from gridmap.coords import BBox
from gridmap.load.check import Checked
from gridmap.load.finding import Finding
from gridmap.load.identity import hide_identity
from gridmap.load.reading import ROW
from gridmap.load.report import reasons
from gridmap.load.store import Stored
from gridmap.load.uploads.outlines import outlines_of

ROWS_SHOWN = 300
SPOTS_SHOWN = 3_000
MENDED_SHOWN = 1_000
METRE = 6
"""Decimals of a degree that tell less than a metre apart."""
NAME_LENGTH = 60
NOWHERE = 0.01
"""So near to 0, 0 nothing is drawn."""
ACCEPTED, CORRECTED, REJECTED = "accepted", "corrected", "rejected"
_PAIR = re.compile(r"(-?\d{1,3}\.\d+)[^\d.-]+(-?\d{1,3}\.\d+)")


def judged_of(checked: Checked, stored: Stored | None = None) -> dict[str, Any]:
    """All of it as JSON; after the write with what the register has refused."""
    refused = stored.refused if stored else []
    spots = list(_spots(checked))
    return {
        "counts": {**checked.summary, "unplaced": len(checked.unplaced)},
        "stored": _counts(stored),
        "reasons": [
            {"outcome": outcome, "count": count, **_said(first)} for outcome, count, first in reasons([checked], stored)
        ],
        "rows": [
            {"outcome": outcome, **_said(one)}
            for outcome, findings in ((REJECTED, [*checked.rejected, *refused]), (CORRECTED, checked.corrected))
            for one in findings[:ROWS_SHOWN]
        ],
        "warnings": [_said(one) for one in (*checked.warnings, *(stored.warnings if stored else ()))],
        "spots": spots,
        "outlines": outlines_of(checked),
        "bounds": _bounds(checked),
        "columns": {target: column for target, column in checked.columns.items() if not target.startswith("@")},
        "kept": list(checked.kept),
    }


def _counts(stored: Stored | None) -> dict[str, int] | None:
    if stored is None:
        return None
    counts = {"new": stored.new, "changed": stored.changed, "unchanged": stored.unchanged, "queued": stored.queued}
    return counts | {"refused": len(stored.refused)}


def _said(finding: Finding) -> dict[str, Any]:
    return {name: value for name, value in asdict(finding).items() if name != "file"}


def _spots(checked: Checked) -> Iterator[list[Any]]:
    """[lon, lat, outcome, row, name] of rows to draw: what is refused and mended first, of the rest evenly."""
    for finding in checked.rejected[:MENDED_SHOWN]:
        at = _position(finding.raw)
        if at is not None:
            yield [*at, REJECTED, finding.row, finding.name[:NAME_LENGTH]]
    mended = {finding.row for finding in checked.corrected}
    frame = checked.frame
    if not len(frame):
        return
    is_mended = frame[ROW].astype(int).isin(mended).to_numpy()
    yield from _drawn(checked, np.flatnonzero(is_mended)[:MENDED_SHOWN], CORRECTED)
    plain = np.flatnonzero(~is_mended)
    yield from _drawn(checked, plain[:: max(1, -(-len(plain) // SPOTS_SHOWN))], ACCEPTED)


def _drawn(
    checked: Checked, positions: "np.ndarray[tuple[int], np.dtype[np.intp]]", outcome: str
) -> Iterator[list[Any]]:
    some = checked.frame.iloc[positions]
    points = shapely.get_coordinates(shapely.point_on_surface(np.asarray(some.geometry.array)))
    names: Sequence[Any] = some["name"].tolist() if "name" in some.columns else [""] * len(some)
    for (lon, lat), row, name in zip(points, some[ROW].astype(int).tolist(), names, strict=True):
        title = hide_identity(name)[:NAME_LENGTH] if isinstance(name, str) else ""
        yield [round(float(lon), METRE), round(float(lat), METRE), outcome, row, title]


def _position(raw: str) -> tuple[float, float] | None:
    """The position that a refused row had, where it says one in degrees; longitude first."""
    found = _PAIR.search(raw)
    if found is None:
        return None
    lon, lat = float(found[1]), float(found[2])
    if abs(lon) <= 90 < abs(lat) <= 180:
        lon, lat = lat, lon
    is_somewhere = abs(lon) <= 180 and abs(lat) <= 90 and (abs(lon) > NOWHERE or abs(lat) > NOWHERE)
    return (round(lon, METRE), round(lat, METRE)) if is_somewhere else None


def _bounds(checked: Checked) -> list[float] | None:
    """West, south, east, north of what is accepted."""
    if not len(checked.frame):
        return None
    box = BBox(*(float(one) for one in checked.frame.total_bounds))
    return [box.west, box.south, box.east, box.north]

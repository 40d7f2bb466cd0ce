"""Case 5: 0,0, nothing, telephone numbers and ids in a column of coordinates: no position, listed, never drawn."""

import re
from typing import Any

import numpy as np
import shapely

from gridmap.load.checks.angles import parse_angle
from gridmap.load.checks.columns import LAT, LON, PAIR
from gridmap.load.draft import Draft

NULL_ISLAND = 1e-6
_PHONE = re.compile(r"(?:\+?86[- ]?)?(?:1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8})")
_PAIR = re.compile(r"[\[(]?\s*([^,，;；]+?)\s*(?:[,，;；]|\s)\s*([^,，;；]+?)\s*[\])]?")


def position_problem(lon_text: str, lat_text: str) -> str | None:
    """The code of what is wrong with a pair of texts; None where they are two numbers that may be a position."""
    if not lon_text or not lat_text:
        return "no_position"
    if any(_PHONE.fullmatch(text) for text in (lon_text, lat_text)):
        return "phone_in_coordinate"
    lon, lat = parse_angle(lon_text), parse_angle(lat_text)
    if lon is None or lat is None:
        return "not_a_coordinate"
    if abs(lon) < NULL_ISLAND and abs(lat) < NULL_ISLAND:
        return "null_island"
    if max(abs(lon), abs(lat)) > 180 and not _may_be_metres(lon, lat):
        return "not_a_coordinate"
    return None


def _may_be_metres(x: float, y: float) -> bool:
    """Whether two numbers could be projected metres: anything between 10 km and 50,000 km on both."""
    return all(10_000 <= abs(value) <= 50_000_000 for value in (x, y))


def split_pair(text: str) -> tuple[str, str]:
    """The two texts of a `lng,lat` cell; both empty where it holds no pair."""
    found = _PAIR.fullmatch(text.strip())
    return (found[1], found[2]) if found else ("", "")


def reject_null_island(draft: Draft) -> None:
    """Take out geometries with a corner at 0, 0, whatever file they come from: nobody lives there."""
    coords, rows = shapely.get_coordinates(draft.shapes(), return_index=True)
    lost = np.zeros(len(draft), dtype=bool)
    lost[rows[(np.abs(coords) < NULL_ISLAND).all(axis=1)]] = True
    draft.reject(lost, "null_island")


def reject_no_position(draft: Draft) -> None:
    """Take out rows whose coordinate cells hold no position; one reason for each."""
    frame = draft.frame.copy()
    if PAIR in frame.columns and not {LON, LAT} <= set(frame.columns):
        pairs = [split_pair(str(text)) for text in frame[PAIR]]
        frame[LON], frame[LAT] = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        frame["@raw"] = frame[PAIR]
    if LON not in frame.columns or LAT not in frame.columns:
        return
    if "@raw" not in frame.columns:
        frame["@raw"] = [f"{lon}, {lat}".strip(", ") for lon, lat in zip(frame[LON], frame[LAT], strict=True)]
    draft.frame = frame
    problems: Any = np.array(
        [position_problem(lon, lat) or "" for lon, lat in zip(frame[LON], frame[LAT], strict=True)], dtype=object
    )
    for code in sorted(set(problems) - {""}):
        draft.reject(problems == code, code)
        problems = problems[problems != code]

"""Case 18: an address and no coordinates, or several addresses in one cell.

No geocoder is asked: road + 弄 + 号 are compared with places that the register knows; the rest waits to be placed by
hand.
"""

import re
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.coords import WGS84
from gridmap.load.checks.columns import CELL_SHAPE, LAT, LON, PAIR
from gridmap.load.checks.texts import normal
from gridmap.load.draft import Draft
from gridmap.load.finding import LoadError
from gridmap.load.kinds import Shape
from gridmap.load.reading import ROW
from gridmap.load.synonyms import ADDRESS_BREAK, HOUSE_PATTERN, LANE_PATTERN, OFFICE_PATTERN, ROAD_PATTERN

_OFFICE = re.compile(OFFICE_PATTERN)
_ROAD = re.compile(ROAD_PATTERN)
_LANE = re.compile(LANE_PATTERN)
_NUMBER = re.compile(HOUSE_PATTERN)
MOST_IN_RANGE = 50


@dataclass(frozen=True)
class Address:
    """One address in parts; lane and number are empty where it has none."""

    road: str
    lane: str = ""
    number: str = ""


def _numbers(text: str) -> list[str]:
    """The house numbers of `58、60号` or `1-5号`; a range runs on one side of the street, by twos where both agree."""
    found: list[str] = []
    for match in _NUMBER.finditer(text):
        first, last = int(match[1]), int(match[2] or match[1])
        step = 2 if (last - first) % 2 == 0 and last - first > 2 else 1
        found += [str(number) for number in range(first, min(last, first + MOST_IN_RANGE) + 1, step)]
    return found


def parse_addresses(text: str) -> list[Address]:
    """Every address that a cell names; empty for a text that is none."""
    found: list[Address] = []
    road = lane = ""
    for part in re.split(ADDRESS_BREAK, normal(text)):
        rest = _OFFICE.sub("", part.strip())
        named = _ROAD.search(rest)
        if named:
            road, lane, rest = named["road"], "", named["rest"]
        in_lane = _LANE.match(rest)
        if in_lane:
            lane, rest = in_lane[1], rest[in_lane.end() :]
        if not road:
            continue
        numbers = _numbers(rest)
        if numbers:
            found += [Address(road, lane, number) for number in numbers]
        elif named or in_lane:
            found.append(Address(road, lane))
    return found


def _known_addresses(draft: Draft) -> dict[Address, tuple[float, float]]:
    places = draft.known.places
    book: dict[Address, tuple[float, float]] = {}
    for column in ("address", "name"):
        for text, lon, lat in zip(places[column], places["lon"], places["lat"], strict=True):
            for address in parse_addresses(str(text)) if isinstance(text, str) else ():
                book.setdefault(address, (float(lon), float(lat)))
    return book


def _find(text: str, book: dict[Address, tuple[float, float]]) -> tuple[float, float] | None:
    """The position of the first address in the book; a lane stands in for a number within it."""
    for address in parse_addresses(text):
        for tried in (address, Address(address.road, address.lane)):
            if (tried.lane or tried.number) and tried in book:
                return book[tried]
    return None


def need_positions(draft: Draft) -> None:
    """Raise LoadError where a table says nothing of where its rows are, neither by numbers nor by address."""
    positions = {LON, LAT} <= set(draft.frame.columns) or draft.has(PAIR) or draft.has(CELL_SHAPE)
    if not (draft.reading.has_geometry or positions or _may_be_placed(draft)):
        raise LoadError("no_position_columns", kind=draft.kind.name)


def _may_be_placed(draft: Draft) -> bool:
    return draft.has("address") and Shape.POINT in draft.kind.shapes


def place_by_address(draft: Draft) -> None:
    """Give rows without a position that of a known place with the same address; list the others."""
    need_positions(draft)
    if draft.reading.has_geometry or not _may_be_placed(draft):
        return
    empty = _without_cells(draft)
    book = _known_addresses(draft) if empty.any() else {}
    texts = draft.texts("address")
    places = [_find(str(text), book) if lost else None for text, lost in zip(texts, empty, strict=True)]
    found = np.array([place is not None for place in places], dtype=bool)
    for row in np.flatnonzero(found):
        draft.correct(row, "placed_by_address", raw=texts.iloc[row])
    aside = draft.frame[found]
    points = shapely.points([place for place in places if place is not None]) if found.any() else []
    draft.aside = aside.set_geometry(gpd.GeoSeries(points, index=aside.index, crs=WGS84))
    draft.frame = draft.frame[~found]
    draft.reject(empty[~found], "to_place_by_hand", raw_from="address")


def _without_cells(draft: Draft) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Rows whose coordinate cells are empty."""
    cells = [name for name in (LON, LAT, PAIR, CELL_SHAPE) if name in draft.frame.columns]
    empty = np.ones(len(draft), dtype=bool)
    for name in cells:
        empty &= (draft.texts(name).str.strip() == "").to_numpy()
    return empty


def put_placed(draft: Draft) -> None:
    """After the datum is settled: the rows that were placed by address (WGS 84 already) come back in their order."""
    if draft.aside is None or not len(draft.aside):
        return
    frame = pd.concat([draft.frame, draft.aside]) if len(draft.frame) else draft.aside
    draft.frame = frame.sort_values(ROW)
    draft.aside = None

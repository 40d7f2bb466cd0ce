"""Case 18: an address and no coordinates, or several addresses in one cell.

No geocoder is asked: road + 弄 + 号 are compared with places that the register knows; the rest waits to be placed by
hand. A building is its outline: with an address alone it corrects the known building that has it.
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
from gridmap.load.draft import Draft, Mask
from gridmap.load.finding import LoadError
from gridmap.load.kinds import Shape
from gridmap.load.reading import ROW, SHAPE_TEXT
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


@dataclass(frozen=True)
class Spot:
    """Where a known place is, in degrees, and its code."""

    lon: float
    lat: float
    code: str


Book = dict[Address, Spot]


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


def _addresses_of(kind: str, name: str, address: str, estate_address: str) -> list[Address]:
    """What a known place is called by. Of a building the number alone may stand in its name, the lane at its estate."""
    named = [*parse_addresses(address), *parse_addresses(name)]
    if kind != "building":
        return named
    lanes = [one for one in named or parse_addresses(estate_address) if not one.number]
    numbers = _numbers(normal(name))
    numbered = [Address(one.road, one.lane, number) for one in lanes for number in numbers]
    return [one for one in (*named, *numbered) if one.number]


def _known_addresses(draft: Draft) -> Book:
    """Address → the known place that has it; a kind whose rows only correct looks at its own places, and only where one
    alone has the address."""
    places = draft.known.places.drop_duplicates(["kind", "code"]) if draft.kind.by_point else draft.known.places
    book: Book = {}
    double: set[Address] = set()
    columns = [places[name].tolist() for name in ("kind", "name", "address", "estate_address", "code", "lon", "lat")]
    for kind, *texts, code, lon, lat in zip(*columns, strict=True):
        if draft.kind.by_point and kind != "building":
            continue
        for address in dict.fromkeys(_addresses_of(kind, *(text if isinstance(text, str) else "" for text in texts))):
            double |= {address} & book.keys()
            book.setdefault(address, Spot(float(lon), float(lat), str(code)))
    return {address: spot for address, spot in book.items() if not draft.kind.by_point or address not in double}


def _find(text: str, book: Book) -> Spot | None:
    """The place of the first address in the book; a lane stands in for a number within it."""
    for address in parse_addresses(text):
        for tried in (address, Address(address.road, address.lane)):
            if (tried.lane or tried.number) and tried in book:
                return book[tried]
    return None


def _find_one(text: str, code: str, book: Book) -> Spot | None:
    """The one place that all addresses of the text lead to, unless the row says another code."""
    found = {book[address] for address in parse_addresses(text) if address in book}
    return next(iter(found)) if len(found) == 1 and code in ("", next(iter(found)).code) else None


def need_positions(draft: Draft) -> None:
    """Raise LoadError where a table says nothing of where its rows are, neither by numbers nor by address."""
    positions = {LON, LAT} <= set(draft.frame.columns) or draft.has(PAIR) or draft.has(CELL_SHAPE)
    if not (draft.reading.has_geometry or positions or _may_be_placed(draft)):
        raise LoadError("no_position_columns", kind=draft.kind.name)


def _may_be_placed(draft: Draft) -> bool:
    return draft.has("address") and (Shape.POINT in draft.kind.shapes or draft.kind.by_point)


def place_by_address(draft: Draft) -> None:
    """Give rows without a position that of a known place with the same address; list the others."""
    need_positions(draft)
    if not _may_be_placed(draft):
        return
    empty = _without_geometry(draft) if draft.reading.has_geometry else _without_cells(draft)
    if not empty.any():
        return
    book = _known_addresses(draft)
    texts, codes = draft.texts("address"), draft.texts("code")
    if draft.kind.by_point:
        rows = zip(texts, codes, empty, strict=True)
        spots = [_find_one(str(text), str(code), book) if lost else None for text, code, lost in rows]
    else:
        spots = [_find(str(text), book) if lost else None for text, lost in zip(texts, empty, strict=True)]
    found = np.array([spot is not None for spot in spots], dtype=bool)
    for row in np.flatnonzero(found):
        draft.correct(row, "placed_by_address", raw=texts.iloc[row])
    _put_aside(draft, found, [spot for spot in spots if spot is not None])
    draft.reject(empty[~found], "to_place_by_hand", raw_from="address")


def _put_aside(draft: Draft, found: Mask, spots: list[Spot]) -> None:
    """Take out the rows that were placed by address; those that correct a known place bear its code."""
    aside = draft.frame[found]
    points = shapely.points([(spot.lon, spot.lat) for spot in spots]) if spots else []
    if draft.kind.by_point:
        aside = aside.assign(code=pd.Series([spot.code for spot in spots], index=aside.index, dtype=object))
    draft.aside = aside.set_geometry(gpd.GeoSeries(points, index=aside.index, crs=WGS84))
    draft.frame = draft.frame[~found]


def _without_geometry(draft: Draft) -> Mask:
    """Rows of a file of geometries that have an address and no geometry, not even one that cannot be read."""
    empty: Mask = shapely.is_missing(draft.shapes()) & (draft.texts("address") != "").to_numpy()
    return empty & draft.frame[SHAPE_TEXT].isna().to_numpy() if draft.has(SHAPE_TEXT) else empty


def _without_cells(draft: Draft) -> Mask:
    """Rows whose coordinate cells are empty."""
    cells = [name for name in (LON, LAT, PAIR, CELL_SHAPE) if name in draft.frame.columns]
    empty = np.ones(len(draft), dtype=bool)
    for name in cells:
        empty &= (draft.texts(name).str.strip() == "").to_numpy()
    return empty


def put_placed(draft: Draft) -> None:
    """After shapes are judged: the rows that were placed by address (WGS 84 already) come back in their order."""
    if draft.aside is None or not len(draft.aside):
        return
    frame = pd.concat([draft.frame, draft.aside]) if len(draft.frame) else draft.aside
    draft.frame = frame.sort_values(ROW)
    draft.aside = None

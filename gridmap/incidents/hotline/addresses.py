"""Which place of the register an address means, by its own words: never by asking anybody outside.

An address is road + lane (弄) + number (号), or an estate by its name, then building (栋 幢 座 号楼), stairwell (单元
门 梯) and household (室 户). All of it is brought to one form first: full-width digits, Chinese numerals, spaces.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gridmap.incidents.hotline import words

_COUNTED, _NOISE, _DASHED = (re.compile(pattern) for pattern in (words.COUNTED, words.NOISE, words.DASHED))
_OFFICE, _ROAD, _PARTS = (re.compile(pattern) for pattern in (words.OFFICE, words.ROAD, words.PARTS))
_BUILDING, _ROW, _NUMBER = (re.compile(pattern) for pattern in (words.BUILDING, words.ROW, words.NUMBER))
_STAIRS, _UNIT, _TAIL = (re.compile(pattern) for pattern in (words.STAIRS, words.UNIT, words.TAIL))
_LONGER, _LETTER = re.compile(words.LONGER), re.compile(words.LETTER)
MOST_NEAR = 6


@dataclass(frozen=True)
class Address:
    """An address in parts, in one form; empty where it has none."""

    plain: str
    road: str = ""
    lane: str = ""
    number: str = ""
    building: str = ""
    stairs: str = ""
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """The place that an address means; None with the reason, and places that it may mean.

    Reasons: `no_address`, `unknown` (nothing of it is known), `no_building` (the estate is known, its building not),
    `several` (more than one place fits).
    """

    place_id: int | None = None
    problem: str | None = None
    near: tuple[int, ...] = ()


def numeral(text: str) -> str:
    """A Chinese numeral up to 999 in digits: 十二 → 12, 二〇三 → 203; what is none stays."""
    if not set(text) & {words.TEN, words.HUNDRED}:
        return "".join(str(words.DIGITS[sign]) for sign in text)
    total, last = 0, 0
    for sign in text:
        if sign == words.HUNDRED:
            total, last = total + (last or 1) * 100, 0
        elif sign == words.TEN:
            total, last = total + (last or 1) * 10, 0
        else:
            last = words.DIGITS[sign]
    return str(total + last)


def plain_address(text: str) -> str:
    """One form of an address: NFKC, lower case, digits for numerals, no spaces, marks or leading zeros."""
    flat = _NOISE.sub("", unicodedata.normalize("NFKC", text)).lower()
    flat = _DASHED.sub("-", flat)
    flat = _COUNTED.sub(lambda match: numeral(match[1]), flat)
    return re.sub(r"(?<!\d)0+(?=\d)", "", flat)


def parse_address(text: str) -> Address:
    """The parts of an address. A tail such as 3-2-601 reads as building, stairwell, household."""
    plain = plain_address(text)
    searched = _OFFICE.sub("", plain)
    road = _ROAD.search(searched)
    rest = searched[road.end() :] if road else searched
    tail, stairs, unit = _TAIL.search(rest), _STAIRS.search(rest), _UNIT.search(rest)
    row, house = _ROW.search(rest), _BUILDING.search(rest) or _NUMBER.search(rest)
    building = row[0] if row else house[1] if house else ""
    door = stairs[1] if stairs else ""
    if tail and not building:
        building = tail[1]
        # 3-601 is a household of the building, 3-2 its stairwell
        door = door or (tail[2] if tail[3] or len(tail[2]) < 3 else "")
    return Address(
        plain=plain,
        road=road["road"] if road else "",
        lane=(road["lane"] or "") if road else "",
        number=(road["number"] or "") if road else "",
        building=building,
        stairs=door,
        unit=unit[1] if unit else "",
    )


def number_of(name: str) -> str:
    """The number by which a building or stairwell is called: 3号楼 → 3, A座 → a, 别墅2排 → 2排; else the whole name."""
    plain = plain_address(name)
    row = _ROW.search(plain)
    found = re.search(r"\d+", plain) or _LETTER.search(plain)
    return row[0] if row else found[0] if found else plain


@dataclass
class Book:
    """The places of a street under the words that addresses use; see `open_book`."""

    names: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Plain names and aliases of estates, facilities and grids' gates → their ids."""
    doors: dict[tuple[str, str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    """(road, lane, number) → places with that address."""
    houses: dict[tuple[int, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    """(estate, number of the building) → buildings."""
    stairs: dict[tuple[int, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    """(building, number of the stairwell) → stairwells."""
    kinds: dict[int, str] = field(default_factory=dict)
    around: dict[int, frozenset[int]] = field(default_factory=dict)
    """Of each place the building and the estate that it lies in."""

    def find(self, text: str) -> Found:
        """The place that the address means; of several addresses in one text, the only one that is known."""
        whole = self._find(text)
        parts = [part for part in _PARTS.split(text) if part.strip()]
        if len(parts) < 2:
            return whole
        named = {one.place_id for one in map(self._find, parts) if one.place_id is not None}
        # an estate and a building in it are one address said twice
        found = {one for one in named if not any(one in self.around[other] for other in named)}
        if len(found) > 1:
            return Found(problem="several", near=tuple(sorted(found)[:MOST_NEAR]))
        return whole if whole.place_id is not None or not found else Found(place_id=next(iter(found)))

    def _find(self, text: str) -> Found:
        address = parse_address(text)
        if not address.plain:
            return Found(problem="no_address")
        around, is_lane = self._at_door(address)
        unsure: set[int] = set()
        if not around:
            around, unsure = self._named(address)
        if len(around) > 1:
            return Found(problem="several", near=tuple(sorted(around)[:MOST_NEAR]))
        if not around:
            return Found(problem="unknown", near=tuple(sorted(unsure)[:MOST_NEAR]))
        [place] = around
        building = address.building or (address.number if is_lane else "")
        if not building or self.kinds[place] != "estate":
            return self._at_stairs(place, address)
        houses = self.houses.get((place, building), set())
        if len(houses) == 1:
            return self._at_stairs(next(iter(houses)), address)
        near = tuple(sorted(houses)) or (place,)
        return Found(problem="several" if houses else "no_building", near=near[:MOST_NEAR])

    def _at_stairs(self, place: int, address: Address) -> Found:
        """The stairwell where it is known; the building stands in for one that is not."""
        found = self.stairs.get((place, address.stairs), set()) if address.stairs else set()
        return Found(place_id=next(iter(found)) if len(found) == 1 else place)

    def _at_door(self, address: Address) -> tuple[set[int], bool]:
        """The places with that very number on the road; else those of the lane, and whether it is only the lane."""
        if not address.road:
            return set(), False
        if address.number and (found := self.doors.get((address.road, address.lane, address.number))):
            return found, False
        found = self.doors.get((address.road, address.lane, "")) if address.lane else None
        return found or set(), bool(found)

    def _named(self, address: Address) -> tuple[set[int], set[int]]:
        """The estates whose name stands in the address, the longest name of each spot; and those that are not sure."""
        inside = [name for name in self.names if name in address.plain]
        longest = [name for name in inside if not any(name != other and name in other for other in inside)]
        sure = {name for name in longest if _stands_alone(name, address.plain)}
        found = {one for name in sure for one in self.names[name]}
        unsure = {one for name in longest for one in self.names[name]} - found
        return self._narrowed(found, address) if len(sure) == 1 else found, unsure

    def _narrowed(self, found: set[int], address: Address) -> set[int]:
        """Of several of one name, those that have the building that the address says."""
        if len(found) < 2 or not address.building:
            return found
        having = {one for one in found if (one, address.building) in self.houses}
        return having or found


def _stands_alone(name: str, plain: str) -> bool:
    """Whether the name stands in the address as a name of its own, not as a piece of a longer one."""
    at = plain.index(name)
    before, after = plain[:at], plain[at + len(name) :]
    return (not before or before[-1] in words.BEFORE or before[-1].isdigit()) and not _LONGER.match(after)


def open_book(rows: Iterable[Mapping[str, Any]]) -> Book:
    """The book of a street. `rows`: id, kind, name, aliases, address, parent_id, estate_id of its places."""
    book = Book()
    for row in rows:
        book.kinds[row["id"]] = row["kind"]
        book.around[row["id"]] = frozenset({row["parent_id"], row["estate_id"]} - {row["id"], None})
        if row["kind"] == "building" and row["estate_id"] is not None:
            book.houses[row["estate_id"], number_of(row["name"])].add(row["id"])
        elif row["kind"] == "stairwell" and row["parent_id"] is not None:
            book.stairs[row["parent_id"], number_of(row["name"])].add(row["id"])
        elif row["kind"] == "estate":
            for name in (row["name"], *row["aliases"]):
                if len(plain_address(name)) > 1:
                    book.names[plain_address(name)].add(row["id"])
        for written in (row["address"] or "", row["name"] if row["kind"] in ("estate", "building") else ""):
            parts = parse_address(written) if written else Address("")
            if parts.road and (parts.lane or parts.number):
                book.doors[parts.road, parts.lane, parts.number].add(row["id"])
    return book

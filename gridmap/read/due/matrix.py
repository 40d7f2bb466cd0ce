"""The households of a stairwell as floors and rooms: where the number says so, else in a row of their own."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gridmap.db.pools import Connection
from gridmap.read.due.words import Check
from gridmap.read.order import natural_key
from gridmap.tables import SERIAL_BITS

NUMBER = re.compile(r"0?([1-9][0-9]?)([0-9]{2})")
"""301 is door 01 on floor 3, 1204 door 04 on floor 12; 12, B1, 3-301 say nothing of a floor."""
MOST_IN_LINE = 6
"""Up to so many rooms of a floor stand below each other in columns; of more they follow one another."""


@dataclass(frozen=True, kw_only=True)
class Household:
    """One number with the visit that is asked for now. `tier` is empty where it is as all others, or not to be told."""

    unit: str
    visit: Check
    tier: str = ""


@dataclass(frozen=True, kw_only=True)
class Floor:
    """A floor; `number` is None for those whose number tells none. A room that the floor lacks is None."""

    number: int | None
    rooms: tuple[Household | None, ...]


def floors_of_visits(visits: Iterable[Check], tiers: Mapping[str, str]) -> tuple[Floor, ...]:
    """The floors, the top one first, rooms below each other as far as there are few; odd numbers last."""
    households = [_household(list(some), tiers) for some in _by_unit(visits).values()]
    floors: dict[int, dict[str, Household]] = {}
    odd: list[Household] = []
    for one in households:
        found = NUMBER.fullmatch(one.unit)
        if found and found[2] not in (rooms := floors.setdefault(int(found[1]), {})):
            rooms[found[2]] = one
        else:
            odd.append(one)
    columns = sorted({room for rooms in floors.values() for room in rooms})
    in_line = len(columns) <= MOST_IN_LINE
    made = [
        Floor(number=number, rooms=tuple(rooms.get(room) for room in (columns if in_line else sorted(rooms))))
        for number, rooms in sorted(floors.items(), reverse=True)
    ]
    odd.sort(key=lambda one: natural_key(one.unit))
    return (*made, Floor(number=None, rooms=tuple(odd))) if odd else tuple(made)


def read_tiers(connection: Connection, place_id: int) -> Mapping[str, str]:
    """The tiers of the households of a place by their number, as far as the transaction's viewer sees the place.

    Whether the viewer's roles may know them is the caller's to ask.
    """
    rows = connection.execute(
        "SELECT unit, tier FROM gridmap.tiers_at(%s, %s)", (place_id >> SERIAL_BITS, [place_id])
    ).fetchall()
    return {row["unit"]: row["tier"] for row in rows}


def _by_unit(visits: Iterable[Check]) -> Mapping[str, Sequence[Check]]:
    found: dict[str, list[Check]] = {}
    for visit in visits:
        found.setdefault(visit.unit, []).append(visit)
    return found


def _household(visits: list[Check], tiers: Mapping[str, str]) -> Household:
    # of several visits in a period the first that is open is asked for
    visit = next((one for one in visits if one.is_open), visits[-1])
    return Household(unit=visit.unit, visit=visit, tier=tiers.get(visit.unit, ""))

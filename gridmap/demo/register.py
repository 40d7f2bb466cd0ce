"""The rows of the demo while they are made, and their ids.

An id is `street_id · 2^32 + serial`; the serial is `block · 4096 + offset`. Block 0 is the street's own (basemap,
departments), 1–39 are its communities, 40–199 its estates, 200 and up estates that are only points: each number is
declared once and never reused, so nothing moves when something is added. All serials of a town stay below 2^20, far
below those of living rows, which start at 2^24.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

BLOCK = 4096
"""Serials in a block."""
RANGES = {
    "itself": (0, 1),
    "building": (1, 128),
    "zone": (128, 144),
    "grid": (144, 256),
    "stairwell": (256, 768),
    "facility": (768, 1280),
    "person": (1280, 2048),
    "assignment": (2048, 3968),
    "absence": (3968, 4096),
    "basemap": (0, 4096),
    "point": (0, 4096),
}
MOST_SERIALS = 2**20

SUBJECTS = (
    "cities",
    "districts",
    "streets",
    "communities",
    "estates",
    "grids",
    "buildings",
    "stairwells",
    "facilities",
    "zones",
    "basemap",
    "former_boundaries",
    "former_memberships",
    "organisations",
    "organisation_places",
    "people",
    "assignments",
    "absences",
    "facility_kinds",
    "duty_roles",
)
"""One file each in data/geo, in the order in which they can be loaded."""


CITY_OWN = 10_000
"""Stands for a street in the ids of what belongs to no street."""


def ident(street_id: int, block: int, kind: str, offset: int = 0) -> int:
    """The id of the `offset`-th thing of a kind in a block. Raises ValueError when its range is full."""
    first, end = RANGES[kind]
    serial = block * BLOCK + first + offset
    if first + offset >= end or serial >= MOST_SERIALS:
        raise ValueError(f"no serial left for {kind} {offset} in block {block} of street {street_id}")
    return (street_id << 32) + serial


def organisation_id(street_id: int, serial: int, kind: int) -> int:
    """The id of an organisation of the thing with that serial; `kind` (0–7) tells its organisations apart."""
    return (street_id << 27) + (serial << 3) + kind


def serial_of(identity: int) -> int:
    """The serial in an id."""
    return identity & 0xFFFFFFFF


@dataclass
class Register:
    """All rows, by subject, and how many serials each block has given out."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {subject: [] for subject in SUBJECTS})
    given: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    numbered: Counter[str] = field(default_factory=Counter)

    def add(self, subject: str, **row: Any) -> Row:
        """Adds the row and hands it back."""
        self.rows[subject].append(row)
        return row

    def next_id(self, street_id: int, block: int, kind: str) -> int:
        """The next id of a kind in a block, in the order of the declarations."""
        key = (street_id, block, kind)
        self.given[key] += 1
        return ident(street_id, block, kind, self.given[key] - 1)

    def next_number(self, counter: str) -> int:
        """1, 2, 3 … of a named counter, for codes that people read."""
        self.numbered[counter] += 1
        return self.numbered[counter]

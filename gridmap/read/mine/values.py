"""What is one's own, as pages show it."""

from dataclasses import dataclass
from datetime import datetime

from gridmap.coords import LonLat


@dataclass(frozen=True, kw_only=True)
class Held:
    """A place that is one's own: by an assignment, then with its role, or by a right that was given."""

    id: int
    kind: str
    name: str
    around: str | None
    roles: tuple[tuple[str, str], ...]
    """Titles in Chinese and in English."""
    households: int | None
    point: LonLat | None
    links: tuple[int, ...]
    """Ids of what it lies in."""


@dataclass(frozen=True, kw_only=True)
class StoodInFor:
    """Somebody who is away, whose places are one's own until then; None where nobody knows until when."""

    name: str
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class MyStairwell:
    """A stairwell to go to. `holders` are names where people may be seen; `is_vacant` that nobody manages it."""

    id: int
    name: str
    households: int
    floors: int | None
    holders: str | None
    is_vacant: bool
    point: LonLat | None
    units: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MyBuilding:
    """A building to go to, and its stairwells as far as they are one's own."""

    id: int
    code: str
    name: str
    estate_id: int | None
    estate: str | None
    """None where the viewer may not see the estate itself."""
    point: LonLat | None
    kind: str
    floors: int | None
    households: int
    stairwells: tuple[MyStairwell, ...]


@dataclass(frozen=True, kw_only=True)
class Mine:
    """All of it. `more_buildings` are those that did not fit."""

    held: tuple[Held, ...]
    buildings: tuple[MyBuilding, ...]
    more_buildings: int

    @property
    def households(self) -> int:
        """How many households live in the buildings listed."""
        return sum(one.households for one in self.buildings)

    @property
    def vacant(self) -> int:
        """How many of the stairwells nobody manages."""
        return sum(door.is_vacant for one in self.buildings for door in one.stairwells)

    @property
    def stairwells(self) -> int:
        """How many stairwells are listed."""
        return sum(len(one.stairwells) for one in self.buildings)

    @property
    def around(self) -> tuple[int, ...]:
        """Ids of one's own places and of what they lie in, for whom to turn to."""
        outer = [link for one in self.held for link in one.links]
        estates = [one.estate_id for one in self.buildings if one.estate_id]
        return tuple(dict.fromkeys((*(one.id for one in self.held), *outer, *estates)))

    @property
    def place_ids(self) -> tuple[int, ...]:
        """What a map of one's own shows."""
        inner = [stairwell.id for one in self.buildings for stairwell in one.stairwells]
        return tuple(dict.fromkeys((*(one.id for one in self.held), *(one.id for one in self.buildings), *inner)))

"""The subtrees that somebody may see, as plain ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUBTREES = ("streets", "communities", "grids", "estates", "places")
BESIDE = ("organisations", "homes")
"""What reaches rows of its own beside the places: cases, and cars."""
RANGED = ("streets", "near")
"""What holds ids of streets, hundreds of them perhaps: told in ranges as well, since neighbours make one."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The subtrees that a viewer may see; ids sorted. `is_city` stands for everything.

    `people` are the viewer and, for roles on duty, those who hold or held something in it, but for those who belong to
    a whole street or community in it anyway; `near` are the streets in which something is seen. Of the estates, those
    that are `managed` are seen through one of the viewer's `organisations` alone: their places, but of their cases only
    those that the organisation was given. `homes` are estates of which nothing is seen but their cars: by whoever has
    duty in a zone of them now.
    """

    is_city: bool = False
    streets: tuple[int, ...] = ()
    communities: tuple[int, ...] = ()
    grids: tuple[int, ...] = ()
    estates: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    organisations: tuple[int, ...] = ()
    managed: tuple[int, ...] = ()
    homes: tuple[int, ...] = ()
    people: tuple[int, ...] = ()
    near: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True where nothing may be seen."""
        return not self.is_city and not any(getattr(self, name) for name in (*SUBTREES, "organisations"))

    @property
    def shape(self) -> tuple[str, ...]:
        """Which kinds of ids are there: queries of one shape share their text."""
        if self.is_city:
            return ("city",)
        return tuple(name for name in (*SUBTREES, *BESIDE) if getattr(self, name))

    @property
    def own_estates(self) -> tuple[int, ...]:
        """The estates whose cases are seen as well."""
        managed = frozenset(self.managed)
        return tuple(identity for identity in self.estates if identity not in managed)

    def covers(self, row: Mapping[str, Any]) -> bool:
        """Whether a row with scope columns lies in one of the subtrees: what `predicate()` says of a row in SQL."""
        return (
            self.is_city
            or row["street_id"] in self.streets
            or row["community_id"] in self.communities
            or row["grid_id"] in self.grids
            or row["micro_grid_id"] in self.grids
            or row["estate_id"] in self.estates
            or row["place_id"] in self.places
        )


def reach_of_shape(shape: tuple[str, ...]) -> Reach:
    """A reach of that shape without ids, for composing the text of a query that all such viewers share."""
    is_city = shape == ("city",)
    some = {name: (0,) if name in shape else () for name in (*SUBTREES, *BESIDE)}
    return Reach(is_city=is_city, near=(0,), **some)

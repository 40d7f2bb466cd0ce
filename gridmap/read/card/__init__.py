"""The card of a place or a community: what it is, who looks after it, what it lies in and what lies in it."""

from dataclasses import dataclass
from typing import Any

from gridmap.db.pools import Connection
from gridmap.layer import Layer
from gridmap.layers import BY_NAME
from gridmap.read.area import WIDE
from gridmap.read.card.children import Child, read_children
from gridmap.read.card.facts import Fact, read_counts, read_values
from gridmap.read.card.lines import Line, read_lines
from gridmap.read.card.party import Chain, read_chain
from gridmap.read.card.people import (
    Holder,
    Organisation,
    holders_of,
    organisations_of,
    read_holders,
    read_organisations,
)
from gridmap.read.card.place import Place, Step, read_community, read_place
from gridmap.read.locks import sees_people
from gridmap.read.select import Asked
from gridmap.scope import Viewer

__all__ = [
    "LAYER_OF",
    "Card",
    "Chain",
    "Child",
    "Fact",
    "Holder",
    "Line",
    "Organisation",
    "Place",
    "Step",
    "holders_of",
    "organisations_of",
    "read_card",
]

LAYER_OF = {
    "community": "communities",
    "grid": "grids",
    "estate": "estates",
    "building": "buildings",
    "stairwell": "stairwells",
    "facility": "facilities",
}
"""The layer whose attributes a kind of place has; zones have none yet."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """Everything that a card shows of one place, as far as the viewer sees it."""

    place: Place
    layer: Layer | None
    values: dict[str, Any]
    """The seen attributes of the layer that are not shown otherwise, by name."""
    counts: tuple[Fact, ...]
    units: tuple[str, ...]
    """The numbers of the households."""
    holders: tuple[Holder, ...]
    """Who looks after the place itself; empty for viewers who may not see people."""
    around: tuple[Holder, ...]
    """Who looks after what the place lies in, the nearest first."""
    lines: tuple[Line, ...]
    """The five lines of a stairwell; empty for other places and for viewers who may not see people."""
    party: Chain | None
    """The Party's chain down to the building managers; None for viewers who may not see people."""
    organisations: tuple[Organisation, ...]
    children: tuple[Child, ...]
    more_children: int
    sees_people: bool

    @property
    def lacks(self) -> str | None:
        """The role without which the place counts as looked after by nobody, where it is vacant and may be seen."""
        role = {"grid": "grid_worker", "stairwell": "building_manager"}.get(self.place.kind)
        if role is None or not self.sees_people or any(holder.role == role for holder in self.holders):
            return None
        return role


def read_card(connection: Connection, viewer: Viewer, asked: Asked, identity: int) -> Card | None:
    """The card of the place or community with that id; None where there is none that the viewer may see.

    The connection is in the viewer's transaction. People, grid boundaries and organisations are those of
    `asked.as_of`; names, counts and the viewer's rights are today's.
    """
    place = read_place(connection, viewer, identity) or read_community(connection, viewer, asked, identity)
    if place is None:
        return None
    layer = BY_NAME[LAYER_OF[place.kind]] if place.kind in LAYER_OF else None
    counts, units = read_counts(connection, place, whole=any(level in WIDE for level in viewer.reach.shape))
    sees = sees_people(viewer)
    people = read_holders(connection, viewer, asked, place) if sees else ()
    own = tuple(one for one in people if one.place_id == place.id)
    children, more = read_children(connection, viewer, asked, place)
    return Card(
        place=place,
        layer=layer,
        values=read_values(connection, viewer, asked, layer, place) if layer else {},
        counts=counts,
        units=units,
        holders=own,
        around=tuple(one for one in people if one.place_id != place.id),
        lines=read_lines(connection, viewer, asked, place, people) if sees else (),
        party=read_chain(connection, viewer, asked, place, own) if sees else None,
        organisations=read_organisations(connection, viewer, asked, place),
        children=children,
        more_children=more,
        sees_people=sees,
    )

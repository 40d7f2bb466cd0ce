"""How many places of each kind a viewer sees, street by street, from memory where nothing has changed."""

from dataclasses import dataclass
from typing import Any

from gridmap import context
from gridmap.i18n import _
from gridmap.read.area import Area, Counts, read_counts, read_vacant
from gridmap.read.locks import sees_people
from gridmap.read.narrow import within
from gridmap.scope import Viewer
from gridmap.web.asked import asked, today
from gridmap.web.blueprint import say
from gridmap.web.remembered import known, remembered, version_of

COUNTED = ("communities", "grids", "estates", "buildings", "stairwells", "facilities")
AT_ONCE = 3
"""So many streets are counted while a page waits; of more the numbers follow when the page stands."""
NUMBERS = (
    ("community", "communities", _("Communities")),
    ("grid", "grids", _("Grids")),
    ("estate", "estates", _("Estates")),
    ("building", "buildings", _("Buildings")),
    ("stairwell", "stairwells", _("Stairwells")),
    ("facility", "facilities", _("Facilities")),
)
"""Kind, layer and title of what is counted, from large to small."""
HOUSEHOLDS = _("Households")
VACANT = _("Stairwells without a building manager")


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The numbers of a street, or of several together; `vacant` is None for who may not see people."""

    counts: Counts
    vacant: int | None

    def __add__(self, other: "Counted") -> "Counted":
        """Both together."""
        vacant = None if self.vacant is None or other.vacant is None else self.vacant + other.vacant
        return Counted(counts=self.counts + other.counts, vacant=vacant)

    def of(self, kind: str) -> int:
        """How many of a kind."""
        return self.counts.communities if kind == "community" else self.counts.places[kind]


def is_ready(viewer: Viewer, areas: tuple[Area, ...]) -> bool:
    """Whether the numbers of these streets are there without much waiting."""
    return len(areas) <= AT_ONCE or all(known(_key(viewer, area)) is not None for area in areas)


def counted_of(viewer: Viewer, area: Area) -> Counted:
    """The numbers of one street."""
    return remembered(_key(viewer, area), lambda: _count(viewer, area.street_id))


def facts_of(viewer: Viewer, areas: tuple[Area, ...]) -> list[dict[str, Any]]:
    """The numbers of these streets together, each opening its rows: those of the street, or the list of streets."""
    if not areas:
        return []
    whole = counted_of(viewer, areas[0])
    for area in areas[1:]:
        whole = whole + counted_of(viewer, area)
    one = areas[0].street_id if len(areas) == 1 else None
    sees_all = viewer.reach.is_city or bool(viewer.reach.streets)
    facts: list[dict[str, Any]] = [
        {"title": say(title), "value": f"{whole.of(kind):,}", "href": address(one, layer)}
        for kind, layer, title in NUMBERS
        if kind != "community" or sees_all
    ]
    facts.append({"title": say(HOUSEHOLDS), "value": f"{whole.counts.households:,}"})
    if whole.vacant is not None:
        gap = {"title": say(VACANT), "value": f"{whole.vacant:,}", "kind": "danger" if whole.vacant else ""}
        facts.append(gap | {"href": address(one, "stairwells", vacant=True)})
    return facts


def address(street: int | None, layer: str, *, vacant: bool = False) -> str:
    """Where the rows behind a number stand."""
    return "/list" if street is None else f"/list?street={street}&layer={layer}{'&vacant=1' if vacant else ''}"


def _key(viewer: Viewer, area: Area) -> tuple[Any, ...]:
    # those who see a whole street see the same numbers
    is_whole = viewer.reach.is_city or area.street_id in viewer.reach.streets
    people = sees_people(viewer)
    layers = (*COUNTED, "assignments") if people else COUNTED
    who = None if is_whole else viewer.key
    return ("counted", area.street_id, who, people, today(), version_of(layers, [area.street_id]))


def _count(viewer: Viewer, street_id: int) -> Counted:
    here = within(viewer, street_id)
    with context.services().database.transaction(here.prologue) as connection:
        counts = read_counts(connection, here, asked(), street_id)
        vacant = read_vacant(connection, here, asked(), street_id) if sees_people(viewer) else None
        return Counted(counts=counts, vacant=vacant)

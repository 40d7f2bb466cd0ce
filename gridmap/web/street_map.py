"""`/map`: the street map, with what it counts beside it."""

from typing import Any

from flask import render_template

from gridmap import context
from gridmap.i18n import _
from gridmap.layers import LAYERS
from gridmap.maps import View, compose, lon_lat_bounds
from gridmap.read.area import Area, Counts, read_counts, read_vacant
from gridmap.read.locks import sees_people
from gridmap.read.select import seen_attributes
from gridmap.scope import Viewer
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import asked, today
from gridmap.web.blueprint import pages, say
from gridmap.web.remembered import known, remembered, version_of

COUNTED = ("communities", "grids", "estates", "buildings", "stairwells", "facilities")
AT_ONCE = 3
"""So many streets are counted while the page waits; of more the numbers follow when the map stands."""
FACTS = (
    ("grid", "grids", _("Grids")),
    ("estate", "estates", _("Estates")),
    ("building", "buildings", _("Buildings")),
    ("stairwell", "stairwells", _("Stairwells")),
    ("facility", "facilities", _("Facilities")),
)


@pages.get("/map")
def street_map() -> str:
    """The map of everything that the viewer sees, opened on the street of which that is most."""
    viewer = context.viewer()
    areas = areas_of(viewer)
    bounds = next((area.bounds for area in areas if area.bounds), WHOLE_COUNTRY)
    layers = [layer for layer in LAYERS if seen_attributes(layer, viewer.reading_roles)]
    view = View(locale=context.locale(), bounds=bounds, today=today(), roles=viewer.reading_roles)
    is_ready = len(areas) <= AT_ONCE or all(known(key) for key in _keys(viewer, areas))
    return render_template(
        "street_map.html",
        map=compose(layers, view),
        area=areas[0].name if len(areas) == 1 else None,
        areas=[{"title": area.name, "bounds": lon_lat_bounds(area.bounds)} for area in areas if area.bounds],
        facts=facts_of(viewer, areas) if is_ready else None,
        list_url="/list",
        today=today().isoformat(),
        can_look_back=True,
    )


@pages.get("/map/facts")
def map_facts() -> str:
    """The numbers beside the map, as a fragment: for those who see many streets, after the map."""
    viewer = context.viewer()
    return render_template("street_facts.html", facts=facts_of(viewer, areas_of(viewer)))


def facts_of(viewer: Viewer, areas: tuple[Area, ...]) -> list[dict[str, Any]]:
    """The numbers of these streets together, each opening its rows."""
    counted = [
        remembered(key, lambda street=area.street_id: _count(viewer, street))  # type: ignore[misc]  # bound at once
        for key, area in zip(_keys(viewer, areas), areas, strict=True)
    ]
    if not counted:
        return []
    whole = counted[0][0]
    for one, _vacant in counted[1:]:
        whole = whole + one
    street = f"&street={areas[0].street_id}" if len(areas) == 1 else ""
    facts: list[dict[str, Any]] = []
    if viewer.reach.is_city or viewer.reach.streets:
        href = f"/list?layer=communities{street}"
        facts.append({"title": say(_("Communities")), "value": f"{whole.communities:,}", "href": href})
    for kind, layer, title in FACTS:
        href = f"/list?layer={layer}{street}"
        facts.append({"title": say(title), "value": f"{whole.places[kind]:,}", "href": href})
    facts.append({"title": say(_("Households")), "value": f"{whole.households:,}", "unit": say(_("households"))})
    vacant = sum(number or 0 for _counts, number in counted)
    if sees_people(viewer):
        gap = {"title": say(_("Stairwells without a building manager")), "value": f"{vacant:,}"}
        facts.append(gap | {"href": f"/list?layer=stairwells&vacant=1{street}", "kind": "danger" if vacant else ""})
    return facts


def _keys(viewer: Viewer, areas: tuple[Area, ...]) -> list[tuple[Any, ...]]:
    # those who see a whole street see the same numbers
    reach, people = viewer.reach, sees_people(viewer)
    keys = []
    for area in areas:
        is_whole = reach.is_city or area.street_id in reach.streets
        layers = (*COUNTED, "assignments") if people else COUNTED
        version = version_of(layers, [area.street_id])
        keys.append(("counts", area.street_id, None if is_whole else viewer.key, people, today(), version))
    return keys


def _count(viewer: Viewer, street_id: int) -> tuple[Counts, int | None]:
    with context.services().database.transaction(viewer.prologue) as connection:
        counts = read_counts(connection, viewer, asked(), street_id)
        vacant = read_vacant(connection, viewer, asked(), street_id) if sees_people(viewer) else None
        return counts, vacant

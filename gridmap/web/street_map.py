"""`/map`: the street map, with what it counts beside it."""

from flask import abort, render_template, request

from gridmap import context
from gridmap.maps import WORK, Addresses, View, compose, lon_lat_bounds
from gridmap.read import layers_for
from gridmap.read.area import Area
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import number, pages
from gridmap.web.counting import facts_of, is_ready

METRE = 5
"""Decimals of a degree that tell metres apart."""
MOST_JUMPS = 80
"""Of more streets than this the list of streets and the search lead on."""


@pages.get("/map")
def street_map() -> str:
    """The map of everything that the viewer sees, opened on the street asked for, else on that of which it is most."""
    viewer = context.viewer()
    areas = areas_of(viewer)
    first = _asked_street(areas) if "street" in request.args else areas
    bounds = next((area.bounds for area in first if area.bounds), WHOLE_COUNTRY)
    layers = [layer for name, layer in layers_for(viewer.reading_roles).items() if name not in WORK]
    view = View(locale=context.locale(), bounds=bounds, today=today(), roles=viewer.reading_roles)
    return render_template(
        "street_map.html",
        map=compose(layers, view, Addresses(tianditu_key=context.services().settings.tianditu_key)),
        area=areas[0].name if len(areas) == 1 else None,
        jumps=[_jump(area) for area in areas if area.bounds] if len(areas) <= MOST_JUMPS else [],
        streets=len(areas),
        facts=facts_of(viewer, areas) if is_ready(viewer, areas) else None,
        list_url="/list",
        today=today().isoformat(),
        can_look_back=True,
        map_file="/map/file?map=street",
    )


def _asked_street(areas: tuple[Area, ...]) -> tuple[Area, ...]:
    asked = number(request.args, "street")
    found = tuple(area for area in areas if area.street_id == asked)
    if not found:
        abort(404)
    return found


def _jump(area: Area) -> dict[str, object]:
    sides = lon_lat_bounds(area.bounds) if area.bounds else []
    return {"title": area.name, "bounds": [round(side, METRE) for side in sides]}


@pages.get("/map/facts")
def map_facts() -> str:
    """The numbers beside the map, as a fragment: for those who see many streets, after the map."""
    viewer = context.viewer()
    return render_template("street_facts.html", facts=facts_of(viewer, areas_of(viewer)))

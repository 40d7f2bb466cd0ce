"""`/map`: the street map, with what it counts beside it."""

from flask import render_template

from gridmap import context
from gridmap.layers import LAYERS
from gridmap.maps import View, compose, lon_lat_bounds
from gridmap.read.select import seen_attributes
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import pages
from gridmap.web.counting import facts_of, is_ready


@pages.get("/map")
def street_map() -> str:
    """The map of everything that the viewer sees, opened on the street of which that is most."""
    viewer = context.viewer()
    areas = areas_of(viewer)
    bounds = next((area.bounds for area in areas if area.bounds), WHOLE_COUNTRY)
    layers = [layer for layer in LAYERS if seen_attributes(layer, viewer.reading_roles)]
    view = View(locale=context.locale(), bounds=bounds, today=today(), roles=viewer.reading_roles)
    return render_template(
        "street_map.html",
        map=compose(layers, view),
        area=areas[0].name if len(areas) == 1 else None,
        jumps=[{"title": area.name, "bounds": lon_lat_bounds(area.bounds)} for area in areas if area.bounds],
        facts=facts_of(viewer, areas) if is_ready(viewer, areas) else None,
        list_url="/list",
        today=today().isoformat(),
        can_look_back=True,
    )


@pages.get("/map/facts")
def map_facts() -> str:
    """The numbers beside the map, as a fragment: for those who see many streets, after the map."""
    viewer = context.viewer()
    return render_template("street_facts.html", facts=facts_of(viewer, areas_of(viewer)))

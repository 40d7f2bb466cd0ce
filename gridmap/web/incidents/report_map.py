"""`/report/map`: a tap says where a problem is: at a house, a door, a facility, or at any point."""

from flask import abort, render_template

from gridmap import context
from gridmap.incidents.sending import ACTING
from gridmap.maps import WORK, Addresses, View, compose
from gridmap.read import layers_for
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import pages, typed
from gridmap.web.map_page import alone


@pages.get("/report/map")
def report_map() -> str:
    """The street map, on which a tap leads on to what is wrong there; `done`: it is solved already."""
    viewer = context.viewer()
    if not viewer.roles & ACTING:
        abort(403)
    bounds = next((area.bounds for area in areas_of(viewer) if area.bounds), WHOLE_COUNTRY)
    layers = [layer for name, layer in layers_for(viewer.reading_roles).items() if name not in WORK]
    view = View(locale=context.locale(), bounds=bounds, today=today(), roles=viewer.reading_roles)
    return render_template(
        "incidents/report_map.html",
        **alone(compose(layers, view, Addresses(tianditu_key=context.services().settings.tianditu_key))),
        done="1" if typed("done", 1) == "1" else "",
    )

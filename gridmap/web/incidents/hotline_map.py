"""`/hotline/ID/map`: an order that no address led to a place is placed by a tap on the map."""

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.coords import BBox
from gridmap.maps import USUALLY_OFF, WORK, Addresses, View, compose
from gridmap.read import layers_for
from gridmap.read.incidents.choosing import read_window
from gridmap.read.incidents.hotline import read_near
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import pages
from gridmap.web.incidents.desk import for_leaders, kind_groups, place_title
from gridmap.web.incidents.diary_words import ORDER_PROBLEMS
from gridmap.web.incidents.hotline import may_place, seen_order
from gridmap.web.map_page import alone


@pages.get("/hotline/<int:order_id>/map")
@for_leaders
def hotline_order_map(order_id: int) -> str | Response:
    """The map around what the order may mean; one that waits for no place any more leads to its page."""
    row = seen_order(order_id)
    if row["state"] != "queued" or not may_place(row):
        return redirect(url_for("pages.hotline_order", order_id=order_id), 303)
    viewer = context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        near = read_near(connection, row["street_id"], row["near"])
        window = read_window(connection, row["street_id"], row["near"])
        kinds = kind_groups(connection)
    layers = {name: layer for name, layer in layers_for(viewer.reading_roles).items() if name not in WORK}
    view = View(
        locale=context.locale(),
        bounds=window or _street_bounds(row["street_id"]),
        today=today(),
        roles=viewer.reading_roles,
        on=frozenset(layers) - USUALLY_OFF,
    )
    key = context.services().settings.tianditu_key
    return render_template(
        "hotline/map.html",
        **alone(compose(list(layers.values()), view, Addresses(search=None, tianditu_key=key))),
        one=row,
        near=near,
        kinds=kinds,
        problems=ORDER_PROBLEMS,
        place_title=place_title,
    )


def _street_bounds(street_id: int) -> BBox:
    areas = areas_of(context.viewer())
    return next((area.bounds for area in areas if area.street_id == street_id and area.bounds), WHOLE_COUNTRY)

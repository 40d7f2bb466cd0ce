"""`/hotspots/map`: areas of one subject on the map, over the density of incidents or the zones; the rest grey."""

from urllib.parse import urlencode

from flask import render_template

from gridmap import context
from gridmap.hotspots import Subject
from gridmap.maps import Addresses, View, compose
from gridmap.read import layers_for
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import pages
from gridmap.web.hotspots.listing import asked_question, choices_in_words, cuts, read
from gridmap.web.hotspots.words import for_seeing, shared
from gridmap.web.map_page import alone

GROUND = ("green", "water", "districts", "streets", "communities")
OVER = ("estates", "hotspots", "roads", "buildings")
OF_INCIDENTS, OF_PARKING = ("incident_density",), ("parking_pressure", "evening_violations", "long_stays")
CARDS = {"hotspots": "/hotspots/{id}/card"} | dict.fromkeys(OF_PARKING, "/parking/map/{id}/card")


@pages.get("/hotspots/map")
@for_seeing
def hotspot_map() -> str:
    """The map of a subject, the areas beside it."""
    viewer, question = context.viewer(), asked_question()
    found = read(viewer, question)
    on_map = layers_for(viewer.reading_roles)
    beside = OF_PARKING if Subject(found["subject"]).is_of_parking else OF_INCIDENTS
    names = [name for name in on_map if name in (*GROUND, *OVER, *beside)]
    view = View(
        locale=context.locale(),
        bounds=next((area.bounds for area in areas_of(viewer) if area.bounds), WHOLE_COUNTRY),
        today=today(),
        roles=viewer.reading_roles,
        on=frozenset(names) - {"estates", *OF_PARKING},
    )
    key = context.services().settings.tianditu_key
    addresses = Addresses(search=None, words=cuts(found), cards=CARDS, tianditu_key=key)
    chosen = {name: found[name] for name in ("subject", "street")} | {"ends": question.ends}
    return render_template(
        "hotspots/map.html",
        **alone(compose([on_map[name] for name in names], view, addresses)),
        **found,
        **choices_in_words(found),
        **shared(),
        list_address="/hotspots?" + urlencode({name: value for name, value in chosen.items() if value}),
    )

"""`/map/file`: the view of a map as one HTML file, masked, to put into a report or hand on."""

import math
from dataclasses import replace
from datetime import date, timedelta

from flask import Response, make_response, render_template, request

from gridmap import context
from gridmap.clock import day_bounds, real_now
from gridmap.coords import BBox
from gridmap.i18n import _
from gridmap.map_file import Request, TooMuch, map_file
from gridmap.maps import USUALLY_OFF, WORK
from gridmap.read import BadWord, asked_as, layers_for
from gridmap.read.select import CUTS
from gridmap.read.stream import note_export
from gridmap.scope import Viewer
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import pages, say, typed
from gridmap.web.coverage.board import ON_THE_MAP as OF_COVERAGE
from gridmap.web.incident_map import OFF
from gridmap.web.incident_map import ON_THE_MAP as OF_CASES

MAPS = {"street": _("Street map"), "incidents": _("Incidents"), "coverage": _("Coverage")}
TILE = 256
MOST_PIXELS = 4_000


@pages.get("/map/file")
def map_as_file() -> Response:
    """The file; a page with one sentence where the view holds too much or the address cannot be understood."""
    viewer, services = replace(context.viewer(), locale=context.locale()), context.services()
    try:
        wanted = _wanted(viewer)
        body = map_file(services.database, wanted)
    except TooMuch as much:
        return _refused(say(_("This view holds {found} things; a file holds {most}. Zoom in, or switch layers off."),
                            found=f"{much.found:,}", most=f"{much.most:,}"))  # fmt: skip
    except (BadWord, ValueError):
        return _refused(say(_("This address is no view of a map.")))
    for export in wanted.exports():
        note_export(services.database, export, business_at=services.clock.now(), target="/map/file", kind="html")
    response = Response(body, mimetype="text/html")
    response.headers["Content-Disposition"] = f'attachment; filename="map_{today().isoformat()}.html"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _wanted(viewer: Viewer) -> Request:
    name = typed("map") or "street"
    if name not in MAPS:
        raise BadWord("map", name)
    there = layers_for(viewer.reading_roles)
    usual = {"incidents": OF_CASES, "coverage": OF_COVERAGE}.get(name, tuple(one for one in there if one not in WORK))
    off = (
        set(typed("off", 2_000).split(",")) if "off" in request.args else (OFF if name == "incidents" else USUALLY_OFF)
    )
    day = min(date.fromisoformat(typed("as_of")), today()) if typed("as_of") else today()
    words = {word: typed(word) for word in CUTS if typed(word)}
    return Request(
        layers=[there[one] for one in usual if one in there and one not in off],
        viewer=viewer,
        asked=asked_as(day_bounds(day)[1] - timedelta(seconds=1), words),
        bounds=_window(viewer),
        made_at=real_now(),
        title=say(MAPS[name]),
    )


def _window(viewer: Viewer) -> BBox:
    """What the browser's window shows: web mercator around a point, as Leaflet draws it."""
    if "at" not in request.args:
        return next((area.bounds for area in areas_of(viewer) if area.bounds), WHOLE_COUNTRY)
    zoom, lat, lon = (float(word) for word in typed("at").split(","))
    wide, high = (min(float(word), MOST_PIXELS) for word in typed("size").split(","))
    if not all(map(math.isfinite, (zoom, lat, lon, wide, high))) or not 3 <= zoom <= 22 or abs(lat) > 85:
        raise ValueError(request.query_string)
    degrees = 360 / (TILE * 2**zoom)
    narrower = math.cos(math.radians(lat))
    return BBox(
        max(lon - wide / 2 * degrees, -180.0),
        max(lat - high / 2 * degrees * narrower, -85.0),
        min(lon + wide / 2 * degrees, 180.0),
        min(lat + high / 2 * degrees * narrower, 85.0),
    )


def _refused(sentence: str) -> Response:
    return make_response(render_template("files/refused.html", sentence=sentence), 400)

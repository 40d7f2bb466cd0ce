"""`/import/ID/map`: the rows of a file where they would lie, in three colours and shapes, with the same as a list."""

from flask import Response, abort, jsonify, render_template

from gridmap import context
from gridmap.coords import BBox
from gridmap.maps import USUALLY_OFF, WORK, Addresses, MapPage, View, compose
from gridmap.read import layers_for
from gridmap.web.areas import WHOLE_COUNTRY, areas_of
from gridmap.web.asked import today
from gridmap.web.blueprint import pages
from gridmap.web.imports.guard import for_importers, seen_upload
from gridmap.web.imports.words import KINDS, OUTCOMES
from gridmap.web.map_page import alone

LISTED = 200


@pages.get("/import/<int:upload_id>/map")
@for_importers
def import_map(upload_id: int) -> str:
    """The map of what was judged, with rows beside it; 404 before that."""
    with context.services().database.transaction(context.viewer().prologue) as connection:
        row = seen_upload(connection, upload_id)
    judged = row["judged"]
    if judged is None:
        abort(404)
    spots = judged["spots"]
    counts = {outcome: sum(spot[2] == outcome for spot in spots) for outcome in OUTCOMES}
    box = BBox(*judged["bounds"]) if judged["bounds"] else street_bounds(row["street_id"])
    return render_template(
        "imports/map.html",
        **alone(street_map(box), None),
        one=row,
        counts=counts,
        total=judged["counts"],
        spots=sorted(spots, key=lambda spot: (list(OUTCOMES).index(spot[2]) * -1, spot[3]))[:LISTED],
        outcomes=OUTCOMES,
        kinds=KINDS,
    )


@pages.get("/import/<int:upload_id>/spots")
@for_importers
def import_spots(upload_id: int) -> Response:
    """What the map draws: spots as [longitude, latitude, outcome, row, name], outlines as outlines_of gives them."""
    with context.services().database.transaction(context.viewer().prologue) as connection:
        row = seen_upload(connection, upload_id)
    judged = row["judged"] or {}
    answer = jsonify({name: judged.get(name, []) for name in ("spots", "outlines")})
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def street_map(box: BBox) -> MapPage:
    """The street map of the places alone, with this window first."""
    viewer = context.viewer()
    layers = {name: layer for name, layer in layers_for(viewer.reading_roles).items() if name not in WORK}
    view = View(
        locale=context.locale(),
        bounds=box,
        today=today(),
        roles=viewer.reading_roles,
        on=frozenset(layers) - USUALLY_OFF,
    )
    key = context.services().settings.tianditu_key
    return compose(list(layers.values()), view, Addresses(search=None, tianditu_key=key))


def street_bounds(street_id: int) -> BBox:
    """The window of a street."""
    areas = areas_of(context.viewer())
    return next((area.bounds for area in areas if area.street_id == street_id and area.bounds), WHOLE_COUNTRY)

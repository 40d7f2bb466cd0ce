"""`/register/ID/map`: the register of a community drawn on the map: split, merge, correct, draw, end; with snapping."""

from dataclasses import replace

import shapely
from flask import Response as JsonResponse
from flask import jsonify, render_template, request

from gridmap import context
from gridmap.coords import BBox
from gridmap.layers.buildings import KINDS as BUILDING_KINDS
from gridmap.maps import Addresses, View, compose
from gridmap.places.drafts import Draft
from gridmap.places.shapes import MOST_TEXT
from gridmap.read import layers_for
from gridmap.web.areas import WHOLE_COUNTRY
from gridmap.web.asked import today
from gridmap.web.blueprint import pages, say, titled
from gridmap.web.map_page import alone
from gridmap.web.register import words
from gridmap.web.register.guard import for_keepers, seen_draft

GROUND = ("green", "water", "districts", "streets", "communities", "roads")
"""Layers below; the editor draws the places itself, as the draft has them."""
SCRIPTS = {"vendor/leaflet/leaflet.js": "vendor/leaflet/leaflet-whole.js"}
GEOMAN = "vendor/leaflet-geoman/leaflet-geoman.js"
AROUND = 0.0005
GIVEN = ("what", "place", "shape", "kind", "name", "into")
"""What a refused step keeps of its form."""


@pages.get("/register/<int:community_id>/map")
@for_keepers
def register_map(community_id: int) -> str:
    """The editor."""
    return editor_page(community_id)


@pages.get("/register/<int:community_id>/shapes")
@for_keepers
def register_shapes(community_id: int) -> JsonResponse:
    """Everything of the community as the draft has it, and the community's outline, to be drawn and snapped to."""
    with context.services().database.transaction(context.viewer().prologue) as connection:
        draft = seen_draft(connection, community_id)
    features = [
        {
            "type": "Feature",
            "id": one.id,
            "geometry": shapely.geometry.mapping(one.shape),
            "properties": {
                "kind": one.kind, "name": one.name, "code": one.code, "action": one.action, "tile": one.is_tile,
            },
        }
        for one in draft.standing().values()
        if one.shape is not None
    ]  # fmt: skip
    outline = draft.community.shape
    answer = jsonify(
        {
            "type": "FeatureCollection",
            "features": features,
            "outline": None if outline is None else shapely.geometry.mapping(outline),
        }
    )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def editor_page(community_id: int, problem: str = "") -> str:
    """The page of the editor; `problem`: why what was drawn could not be taken."""
    viewer = context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        draft = seen_draft(connection, community_id)
        kinds = connection.execute("SELECT code, title, title_en FROM gridmap.facility_kind ORDER BY code").fetchall()
    layers = {name: layer for name, layer in layers_for(viewer.reading_roles).items() if name in GROUND}
    view = View(
        locale=context.locale(),
        bounds=_bounds(draft),
        today=today(),
        roles=viewer.reading_roles,
        on=frozenset(layers),
    )
    key = context.services().settings.tianditu_key
    made = compose(list(layers.values()), view, Addresses(search=None, tianditu_key=key))
    scripts = (*(SCRIPTS.get(name, name) for name in made.scripts), GEOMAN)
    column = "title" if context.locale().startswith("zh") else "title_en"
    return render_template(
        "register/editor.html",
        **alone(replace(made, scripts=scripts), f"/register/{community_id}"),
        draft=draft,
        community=draft.community,
        steps=[words.step_words(step) for step in draft.done],
        undone=[words.step_words(step) for step in draft.undone],
        places=[one for one in draft.standing().values() if one.kind in ("grid", "estate")],
        problem=problem,
        given={name: request.form.get(name, "").replace("\0", "")[:MOST_TEXT] for name in GIVEN} if problem else {},
        kinds=titled(words.KINDS),
        types=dict(titled(words.TYPES)),
        details={
            "grid": titled(words.TYPES),
            "building": [(code, say(style.title)) for code, style in BUILDING_KINDS.items()],
            "facility": [(row["code"], row[column]) for row in kinds],
        },
    )


def _bounds(draft: Draft) -> BBox:
    shapes = [one.shape for one in draft.standing("grid").values() if one.shape is not None]
    if draft.community.shape is not None:
        shapes.append(draft.community.shape)
    if not shapes:
        return WHOLE_COUNTRY
    west, south, east, north = shapely.total_bounds(shapes)
    return BBox(west - AROUND, south - AROUND, east + AROUND, north + AROUND)

"""`/data`: the layers for whoever works with the rows: how many, how new, where from, and how to get at them."""

from functools import partial
from typing import Any

from flask import abort, render_template, request

from gridmap import context
from gridmap.i18n import _
from gridmap.layer import EVERYONE, ON_DUTY, Attribute, Layer, Role
from gridmap.read import layers_for
from gridmap.read.kinds import kind_of
from gridmap.read.narrow import within
from gridmap.read.provenance import State, is_by_street, read_state
from gridmap.scope import Viewer
from gridmap.web.areas import areas_of
from gridmap.web.asked import asked, today
from gridmap.web.blueprint import pages, say
from gridmap.web.remembered import known, remembered, version_of
from gridmap.web.sheets import keeps_a_street
from gridmap.web.words import ROLES

PLANNERS = frozenset({Role.PLANNER, Role.LEADER})
"""Who plans renovations."""
AT_ONCE = 3
"""So many streets are counted while the page waits; of more the numbers follow layer by layer."""
DOWNLOADS = (("geojson", "GeoJSON"), ("csv", "CSV"), ("geojsons", "GeoJSON Seq"))
TYPES = {
    "string": _("text"),
    "integer": _("whole number"),
    "number": _("number"),
    "boolean": _("yes or no"),
    "object": _("object (JSON)"),
    "date": _("day"),
    "date-time": _("moment"),
}
CLASSES = {
    "public": _("public"),
    "internal": _("internal"),
    "personal": _("personal"),
    "sensitive": _("sensitive"),
}


@pages.get("/data")
def data() -> str:
    """Every layer that the viewer sees something of, with the address for QGIS."""
    viewer = context.viewer()
    layers = list(layers_for(viewer.reading_roles).values())
    return render_template(
        "data.html",
        groups=_groups(layers),
        states={layer.name: _state_if_ready(viewer, layer) for layer in layers},
        address=address(),
        downloads=DOWNLOADS,
        day=today(),
        has_area=bool(areas_of(viewer)),
        keeps=keeps_a_street(),
        may_plan=bool(viewer.roles & PLANNERS),
    )


@pages.get("/data/<name>")
def data_layer(name: str) -> str:
    """One layer: its fields, who sees them, its files and its addresses."""
    viewer, layer = context.viewer(), _layer(name)
    return render_template(
        "data_layer.html",
        layer=layer,
        state=_state_if_ready(viewer, layer),
        fields=[_field(viewer, layer, name, one) for name, one in layer.attributes.items()],
        address=address(),
        downloads=DOWNLOADS,
        day=today(),
    )


@pages.get("/data/<name>/state")
def data_state(name: str) -> str:
    """The numbers of a layer as a fragment: for those who see many streets, after the page."""
    viewer = context.viewer()
    return render_template("data_state.html", state=state_of(viewer, _layer(name)))


def address() -> str:
    """What is pasted into QGIS: the landing page of the live connection."""
    base = context.services().settings.base_url or request.host_url
    return f"{base.rstrip('/')}/ogc"


def state_of(viewer: Viewer, layer: Layer) -> State:
    """How many rows the viewer sees, when they changed, and where they are from; street by street from memory."""
    found = State(sources=(), changed_at=None)
    for key, street in _keys(viewer, layer):
        found = found + remembered(key, partial(_read, viewer, layer, street))
    return found


def _read(viewer: Viewer, layer: Layer, street: int | None) -> State:
    here = viewer if street is None else within(viewer, street)
    with context.services().database.transaction(here.prologue) as connection:
        return read_state(connection, layer, here, asked(), street)


def _state_if_ready(viewer: Viewer, layer: Layer) -> State | None:
    keys = _keys(viewer, layer)
    is_ready = len(keys) <= AT_ONCE or all(known(key) is not None for key, _street in keys)
    return state_of(viewer, layer) if is_ready else None


def _keys(viewer: Viewer, layer: Layer) -> list[tuple[tuple[Any, ...], int | None]]:
    if not is_by_street(layer):
        return [(("state", layer.name, None, None, today(), version_of([layer.name], None)), None)]
    reach = viewer.reach
    keys: list[tuple[tuple[Any, ...], int | None]] = []
    for area in areas_of(viewer):
        street = area.street_id
        # those who see a whole street see the same rows
        who = None if reach.is_city or street in reach.streets else viewer.key
        version = version_of([layer.name], [street])
        keys.append((("state", layer.name, street, who, today(), version), street))
    return keys


def _layer(name: str) -> Layer:
    layer = layers_for(context.viewer().reading_roles).get(name)
    if layer is None:
        abort(404)
    return layer


def _groups(layers: list[Layer]) -> list[tuple[str, list[Layer]]]:
    """What the office looks after, the territory, and the background map, each from large to small."""
    places = [layer for layer in layers if not layer.is_basemap and layer.scoped_by and layer.name != "communities"]
    territory = [layer for layer in layers if not layer.is_basemap and layer not in places]
    background = [layer for layer in layers if layer.is_basemap]
    groups = ((_("Places and people"), places), (_("Territory"), territory), (_("Background map"), background))
    return [(say(title), some) for title, some in groups if some]


def _field(viewer: Viewer, layer: Layer, name: str, one: Attribute) -> dict[str, Any]:
    return {
        "name": name,
        "title": say(one.title),
        "about": say(one.about),
        "unit": say(one.unit),
        "type": say(TYPES[kind_of(layer, name)]),
        "class": say(CLASSES[one.data_class]),
        "is_personal": one.data_class not in ("public", "internal"),
        "codes": [(code, say(title)) for code, title in one.codes.items()],
        "seen": viewer.may_see(layer, name),
        "seen_by": seen_by(one),
    }


def seen_by(one: Attribute) -> str:
    """Who sees the attribute, in words."""
    if one.seen_by == EVERYONE:
        return say(_("everybody with the area"))
    if one.seen_by == ON_DUTY:
        return say(_("workers, managers and leaders"))
    return say(_(", ")).join(say(ROLES[role]) for role in Role if role in one.seen_by)

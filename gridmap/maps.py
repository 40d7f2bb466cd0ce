"""Map pages: Folium composes the map, the layers decide what it shows, the browser draws tiles.

Data never sits in the page and no text of the database goes through Folium: its Popup, Tooltip, DivIcon and layer
names would execute it. What the page needs to know travels as one JSON block.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

import folium
from branca.element import CssLink, Figure, JavascriptLink
from folium.template import Template
from markupsafe import Markup

from gridmap.coords import BBox, LonLat
from gridmap.i18n import _, translate
from gridmap.layer import Layer, Role
from gridmap.read.select import seen_attributes

MAX_ZOOM = 19
SOURCE_ZOOM = 16
"""Deepest tile that the server makes; 512 px tiles are one zoom behind the map's, the rest is drawn larger."""

CONFIG_ID = "map-config"
# Folium's name of a library → our file, or None for one that our pages do without
ASSETS: Mapping[str, str | None] = {
    "leaflet": "vendor/leaflet/leaflet.js",
    "leaflet_css": "vendor/leaflet/leaflet.css",
    "protomaps_leaflet": "vendor/protomaps-leaflet/protomaps-leaflet.js",
    "jquery": None,
    "bootstrap": None,
    "bootstrap_css": None,
    "awesome_markers": None,
    "awesome_markers_css": None,
    "awesome_markers_font_css": None,
    "awesome_rotate_css": None,
    "glyphicons_css": None,
}

TEXTS = (
    _("Background map"),
    _("{count} found"),
    _("{count} households"),
    _("{count} per 100 households"),
    _("Late, whatever its stage"),
    _("No connection. What is already loaded stays visible."),
    _("Nothing found for “{words}”"),
    _("Responsible people and boundaries of {day}; names and counts are today’s."),
    _("Sign in"),
    _("The card could not be opened"),
    _("The outside map does not answer; this is our own."),
    _("The server could not answer. Please try again."),
    _("This is not for your account."),
    _("This place does not exist, or is not for your account."),
    _("Try again"),
    _("Your session has ended. Please sign in again."),
    _("Zoom in to see it"),
)
"""What the scripts of the map say; a test compares this with the scripts."""

USUALLY_OFF = frozenset({"assignments", "five_lines", "ebikes"})
OUTLINED = frozenset({"districts", "streets", "communities"})
"""Areas that are drawn as boundaries only."""
BY_CASES = ("incident_density", "complaints_grids", "in_grid_resolution", "complaints_estates")
"""Ground and areas coloured by what was reported there: one at a time, and not at first."""
CASES = frozenset({"incidents", "repeat_places", *BY_CASES})
"""Layers of cases: they have a map of their own."""
BY_ZONES = ("parking_pressure", "evening_violations", "long_stays")
"""Zones coloured by what was counted or seen there: one at a time."""
FOUND = frozenset({"hotspots", *BY_ZONES})
"""Layers of parking and hotspots, which have maps of their own."""
FIRST = frozenset({"incidents", "repeat_places"}) | FOUND
"""Layers that the legend begins with, where they are there: the map is about them."""
WORK = frozenset({"coverage_grids", "coverage_buildings", "gaps"}) | CASES | FOUND
"""These, and the layers of what is due, which have one, too."""
OPENABLE = frozenset({"grids", "estates", "ebikes", "buildings", "stairwells", "five_lines", "facilities", *WORK}) - {
    "incident_density"
}
"""Layers whose features have a card: places, and cases, of which the card stands elsewhere; density is a ground."""


TIANDITU_HOSTS = tuple(f"https://t{number}.tianditu.gov.cn" for number in range(8))
"""The only hosts outside that a page may ever ask for pictures, and only where the office has set a key."""
TIANDITU_ZOOM = 18
"""Its deepest tile in the web mercator set `w`; CGCS2000, so it lies under our data without a shift."""


class UnknownAsset(Exception):
    """Folium links a library that is not in our table: a page would ask another host for it."""


@dataclass(frozen=True, kw_only=True)
class View:
    """Who looks at what."""

    locale: str
    bounds: BBox
    """The first window, where the address says no other."""
    today: date
    """The business day; an earlier one is chosen in the page."""
    roles: frozenset[Role]
    """Decides which classes of a layer the viewer can tell apart."""
    day: date | None = None
    """The day that the map shows at first; None: today."""
    now: datetime | None = None
    """The business moment, for what is late; None where nothing of that is shown."""
    runs: bool = True
    """Whether the business clock goes on, or stands at that moment."""
    on: Collection[str] | None = None
    """Names of the layers that are on at first; None: all but those that are usually off."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where the page asks; `{id}` and `{z}/{x}/{y}` are filled in the browser."""

    tiles: str = "/tiles/{z}/{x}/{y}.mvt"
    card: str = "/places/{id}/card"
    search: str | None = "/search"
    """None: a page without a search box."""
    sign_in: str = "/login"
    words: str = ""
    """Further words of the tiles' addresses, joined as in an address: what due work is cut to."""
    cards: Mapping[str, str] = field(default_factory=dict)
    """Where the cards of layers are that are no places, by name."""
    overlay: str | None = None
    """Where GeoJSON comes from that is drawn over the tiles: a few shapes, each with a `name` and `places`."""
    tianditu_key: str | None = None
    """None: no page asks another host. With a key the map offers 天地图 as a background, its own staying the first."""


@dataclass(frozen=True, kw_only=True)
class MapPage:
    """What `templates/map.html` puts into the shell. Paths are below `static/`."""

    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    html: Markup
    script: Markup
    config: Mapping[str, Any]
    config_id: str = CONFIG_ID


class VectorTiles(folium.map.Layer):
    """Our tiles as a layer of Folium's map; what they show stands in the page's JSON block."""

    _template = Template(
        "{% macro script(this, kwargs) %}var {{ this.get_name() }} = streetMap('{{ this.config_id }}');{% endmacro %}"
    )

    def __init__(self, config_id: str) -> None:
        super().__init__(name="tiles", overlay=True, control=False)
        self._name, self._id, self.config_id = "VectorTiles", "street", config_id

    def render(self, **kwargs: Any) -> str:
        """Link the drawing library, as every Folium plugin does, then render."""
        figure = self.get_root()
        assert isinstance(figure, Figure)
        figure.header.add_child(JavascriptLink("protomaps-leaflet.js"), name="protomaps_leaflet")
        super().render(**kwargs)  # type: ignore[no-untyped-call]  # folium's, which gives nothing back
        return ""


def compose(layers: Sequence[Layer], view: View, addresses: Addresses = Addresses()) -> MapPage:
    """The street map of these layers, in drawing order. Raises UnknownAsset where Folium links what we do not ship."""
    scripts, styles, html, script = pieces(_folium_map(view.bounds))
    return MapPage(
        scripts=scripts,
        styles=styles,
        html=html,
        script=script,
        config=configuration(layers, view, addresses),
    )


def pieces(composed: folium.Map) -> tuple[tuple[str, ...], tuple[str, ...], Markup, Markup]:
    """Scripts, styles, HTML and script text of a Folium map, every link replaced by our own file.

    Folium's inline styles and switches are left out: our own style sheets say the same. Raises UnknownAsset.
    """
    figure = composed.get_root()
    assert isinstance(figure, Figure)
    figure.render()  # once: a second rendering would bring the foreign links back
    scripts: list[str] = []
    styles: list[str] = []
    for name, child in figure.header._children.items():  # noqa: SLF001 - branca has no public way to them
        if not isinstance(child, JavascriptLink | CssLink):
            continue
        if name not in ASSETS:
            raise UnknownAsset(f"{name} ({child.url})")
        local = ASSETS[name]
        if local:
            (scripts if isinstance(child, JavascriptLink) else styles).append(local)
    html, script = figure.html.render(), figure.script.render()
    if "://" in html or "://" in script:
        raise UnknownAsset("the composed page names another host")
    return tuple(scripts), tuple(styles), Markup(html), Markup(script)  # noqa: S704 - no word of the database in it


def configuration(layers: Sequence[Layer], view: View, addresses: Addresses) -> dict[str, Any]:
    """The JSON block of the page: layers with legend, sources, addresses and texts in the reader's language."""
    drawn = [_layer(layer, view) for layer in layers]
    return {
        "locale": view.locale,
        "today": view.today.isoformat(),
        "day": view.day.isoformat() if view.day and view.day < view.today else None,
        "view": {"bounds": lon_lat_bounds(view.bounds), "maxZoom": MAX_ZOOM},
        "sources": _sources(drawn, addresses),
        "layers": drawn,
        "backgrounds": _backgrounds(view.locale, addresses.tianditu_key) if addresses.tianditu_key else [],
        "card": addresses.card,
        "cards": dict(addresses.cards),
        "clock": {"now": view.now.timestamp(), "runs": view.runs} if view.now else None,
        "search": addresses.search,
        "overlay": addresses.overlay,
        "signIn": addresses.sign_in,
        "texts": {text: translate(view.locale, text) for text in TEXTS},
    }


def leaflet_point(point: LonLat) -> list[float]:
    """Latitude before longitude, as Leaflet and Folium want it: the only place where the order changes."""
    return [point.lat, point.lon]


def lon_lat_bounds(box: BBox) -> list[float]:
    """West, south, east, north in degrees; the browser's `asLeaflet` swaps them."""
    return [box.west, box.south, box.east, box.north]


def _folium_map(bounds: BBox) -> folium.Map:
    middle = LonLat((bounds.west + bounds.east) / 2, (bounds.south + bounds.north) / 2)
    composed = folium.Map(
        location=leaflet_point(middle),
        tiles=None,
        zoom_start=15,
        max_zoom=MAX_ZOOM,
        zoom_control=False,
        attribution_control=False,
        world_copy_jump=False,
        fade_animation=False,
    )
    composed._id = "street"  # noqa: SLF001 - a fixed id, so that equal pages are equal bytes
    VectorTiles(CONFIG_ID).add_to(composed)
    return composed


def _backgrounds(locale: str, key: str) -> list[dict[str, Any]]:
    """Our own ground, and 天地图: its vector map and the names that lie on it, as WMTS."""
    words = {"SERVICE": "WMTS", "REQUEST": "GetTile", "VERSION": "1.0.0", "STYLE": "default", "TILEMATRIXSET": "w"}
    tail = "&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=" + quote(key, safe="")
    host = TIANDITU_HOSTS[0].replace("t0.", "t{s}.")
    tiles = [f"{host}/{name}_w/wmts?{urlencode(words | {'LAYER': name})}{tail}" for name in ("vec", "cva")]
    return [
        {"name": "own", "title": translate(locale, _("Own map"))},
        {
            "name": "tianditu",
            "title": translate(locale, _("Tianditu")),
            "tiles": tiles,
            "hosts": "".join(str(number) for number in range(len(TIANDITU_HOSTS))),
            "maxZoom": TIANDITU_ZOOM,
            "attribution": translate(locale, _("© Tianditu")),
        },
    ]


def _sources(drawn: Sequence[Mapping[str, Any]], addresses: Addresses) -> list[dict[str, Any]]:
    """One tile for all layers that are on at first; those that are off have their own, asked for when switched on."""
    names: dict[str, list[str]] = {}
    for layer in drawn:
        names.setdefault(layer["source"], []).append(layer["name"])
    return [
        {
            "name": source,
            "url": f"{addresses.tiles}?layers={','.join(layers)}{'&' if addresses.words else ''}{addresses.words}",
            "layers": layers,
            "maxZoom": SOURCE_ZOOM,
        }
        for source, layers in names.items()
    ]


def _layer(layer: Layer, view: View) -> dict[str, Any]:
    is_on = layer.name not in USUALLY_OFF if view.on is None else layer.name in view.on
    is_on = is_on or not _is_switchable(layer)
    return {
        "name": layer.name,
        "title": translate(view.locale, layer.title),
        "source": "main" if is_on else layer.name,
        "on": is_on,
        "switchable": _is_switchable(layer),
        "ground": layer.is_basemap,
        "isFirst": layer.name in FIRST,
        "pickable": layer.name in OPENABLE,
        "minZoom": layer.min_zoom + 1 if layer.min_zoom else 0,
        "cellsFrom": None if layer.gathered_from is None else layer.gathered_from + 1,
        "label": layer.label,
        "style": _style(layer, view),
    }


def _is_switchable(layer: Layer) -> bool:
    return layer.scoped_by is not None and not layer.is_basemap


def _style(layer: Layer, view: View) -> dict[str, Any]:
    style = layer.style
    is_told_apart = style.by is not None and style.by in seen_attributes(layer, view.roles)
    classes = style.classes.items() if is_told_apart else ()
    return {
        "shape": "outline" if layer.name in OUTLINED else style.shape,
        "by": style.by if is_told_apart else None,
        "colour": style.colour,
        "classes": [
            {"value": value, "colour": one.colour, "title": translate(view.locale, one.title)} for value, one in classes
        ],
    }

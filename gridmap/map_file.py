"""A view of the map as one HTML file: Folium composes it, Leaflet and the data lie in it, and it asks nobody.

Everything that comes from the database lies in one block of JSON and is shown as text; nothing else of it is in the
page. The page's own policy lets through only the scripts that are in it, by their digests.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

import folium
from folium.template import Template
from markupsafe import escape

from gridmap.clock import OFFICE
from gridmap.coords import BBox, LonLat
from gridmap.db import Database
from gridmap.i18n import _, translate
from gridmap.layer import Layer
from gridmap.maps import MAX_ZOOM, OUTLINED, leaflet_point, lon_lat_bounds, pieces
from gridmap.read.features import count_features
from gridmap.read.files.rows import fields_of
from gridmap.read.filter import Box, Filter
from gridmap.read.select import Asked, seen_attributes
from gridmap.read.stream import Export, Stream
from gridmap.scope import Viewer

MOST_FEATURES = 6_000
MOST_BYTES = 8_000_000
"""What a mail takes, and a plain browser draws without waiting."""
TEXTS = (_("Layers and legend"), _("Nobody's name is in this file."), _("Close"))
FOREIGN = re.compile(r"url\([^)]*\)")


class TooMuch(Exception):
    """The view holds more than a file may: how many things there are, and how many may be."""

    def __init__(self, found: int, most: int) -> None:
        super().__init__(found, most)
        self.found, self.most = found, most


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the file shows: layers in drawing order, the window, the day and the cuts, and its title."""

    layers: Sequence[Layer]
    viewer: Viewer
    asked: Asked
    bounds: BBox
    made_at: datetime
    title: str

    def exports(self) -> list[Export]:
        """A masked export of each layer, cut to the window."""
        box = Box(west=self.bounds.west, south=self.bounds.south, east=self.bounds.east, north=self.bounds.north)
        said = (("bbox", ",".join(f"{side:.5f}" for side in lon_lat_bounds(self.bounds))),)
        return [
            Export(
                layer=layer,
                viewer=self.viewer,
                asked=self.asked,
                made_at=self.made_at,
                title=translate(self.viewer.locale, layer.title),
                where=Filter(box=box, said=said),
            )
            for layer in self.layers
        ]


class _Shapes(folium.map.Layer):
    """The data as a layer of Folium's map; what is drawn stands in the page's JSON block."""

    _template = Template(
        "{% macro script(this, kwargs) %}var {{ this.get_name() }} = { addTo: oneFile };{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__(name="shapes", overlay=True, control=False)
        self._name, self._id = "Shapes", "street"


def map_file(database: Database, request: Request) -> bytes:
    """The whole file. Raises TooMuch where the window holds too many things, or too long ones."""
    exports = request.exports()
    with database.transaction(request.viewer.prologue) as connection:
        found = sum(count_features(connection, one.layer, one.viewer, one.asked, one.where) for one in exports)
    if found > MOST_FEATURES:
        raise TooMuch(found, MOST_FEATURES)
    layers, size = [], 0
    for export in exports:
        with closing(Stream(database, export)) as stream:
            body = b"".join(stream)
        size += len(body)
        if size > MOST_BYTES:
            raise TooMuch(found, found * MOST_BYTES // size)
        layers.append(_layer(export) | {"features": json.loads(body)["features"]})
    return _page(request, layers)


def _layer(export: Export) -> dict[str, Any]:
    layer, locale = export.layer, export.viewer.locale
    style = layer.style
    is_told_apart = style.by is not None and style.by in seen_attributes(
        layer, export.viewer.reading_roles, masked=True
    )
    fields = [
        {"name": one.name, "title": one.title, "unit": one.unit, "codes": dict(one.codes or {})}
        for one in fields_of(export)
        if one.kind != "object" and one.name != "id"
    ]
    classes = style.classes.items() if is_told_apart else ()
    return {
        "name": layer.name,
        "title": export.title,
        "label": layer.label,
        "by": style.by if is_told_apart else None,
        "colour": style.colour,
        "outlined": layer.name in OUTLINED,
        "ground": layer.is_basemap,
        "classes": [
            {"value": value, "colour": one.colour, "title": translate(locale, one.title)} for value, one in classes
        ],
        "fields": fields,
    }


def _page(request: Request, layers: list[dict[str, Any]]) -> bytes:
    locale = request.viewer.locale
    static = files("gridmap") / "static"
    scripts, styles, html, script = pieces(_folium_map(request.bounds))
    own = (static / "js" / "one_file.js").read_text("utf-8")
    texts = [(static / name).read_text("utf-8") for name in scripts] + [own, str(script)]
    styles = (*styles, "css/tokens.css", "css/one_file.css")
    css = [FOREIGN.sub("none", (static / name).read_text("utf-8")) for name in styles]
    day = request.asked.as_of.astimezone(OFFICE).strftime("%Y-%m-%d")
    made = request.made_at.astimezone(OFFICE).strftime("%Y-%m-%d %H:%M")
    config = {
        "bounds": lon_lat_bounds(request.bounds),
        "title": request.title,
        "about": translate(locale, _("As of {day}. Made on {made}."), day=day, made=made),
        "texts": {text: translate(locale, text) for text in TEXTS},
        "layers": layers,
    }
    digests = " ".join(f"'sha256-{_digest(text)}'" for text in texts)
    csp = f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
    page = (
        f'<!doctype html>\n<html lang="{"zh-CN" if locale == "zh" else locale}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{csp}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(request.title)}</title><style>{chr(10).join(css)}</style></head><body>"
        f'{html}<script type="application/json" id="one-file">{_inert(config)}</script>'
        + "".join(f"<script>{text}</script>" for text in texts)
        + "</body></html>\n"
    )
    return page.encode()


def _inert(config: Mapping[str, Any]) -> str:
    """The JSON with nothing in it that could end its block or begin another."""
    text = json.dumps(config, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _folium_map(bounds: BBox) -> folium.Map:
    middle = LonLat((bounds.west + bounds.east) / 2, (bounds.south + bounds.north) / 2)
    composed = folium.Map(
        location=leaflet_point(middle),
        tiles=None,
        zoom_start=15,
        max_zoom=MAX_ZOOM,
        attribution_control=False,
        prefer_canvas=True,
    )
    composed._id = "street"  # noqa: SLF001 - a fixed id, so that equal views are equal bytes
    _Shapes().add_to(composed)
    return composed

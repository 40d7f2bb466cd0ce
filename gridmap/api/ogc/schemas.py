"""JSON schemas of the layers' features: names, types, titles, units and codes of what a viewer may see."""

from typing import Any

from gridmap.i18n import translate
from gridmap.layer import Layer
from gridmap.read.kinds import kind_of
from gridmap.read.select import seen_attributes
from gridmap.scope import Viewer


def attribute_schema(layer: Layer, name: str, locale: str) -> dict[str, Any]:
    """The schema of one attribute's values, where there is one: a feature carries null where nothing is known."""
    attribute, kind = layer.attributes[name], kind_of(layer, name)
    found: dict[str, Any] = {"title": translate(locale, attribute.title)}
    if kind in ("date", "date-time"):
        found |= {"type": "string", "format": kind}
    else:
        found["type"] = kind
    if attribute.about:
        found["description"] = translate(locale, attribute.about)
    if attribute.unit:
        found["x-ogc-unit"] = translate(locale, attribute.unit)
    if attribute.codes:
        found["oneOf"] = [{"const": code, "title": translate(locale, title)} for code, title in attribute.codes.items()]
    return found


def feature_schema(layer: Layer, viewer: Viewer, locale: str) -> dict[str, Any]:
    """The JSON schema (2020-12) of a GeoJSON feature of the layer."""
    names = seen_attributes(layer, viewer.reading_roles)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": translate(locale, layer.title),
        "description": translate(locale, layer.about),
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "integer", "minimum": 1},
            "geometry": {"$ref": "#/$defs/geometry"},
            "properties": {
                "type": "object",
                "properties": {name: attribute_schema(layer, name, locale) for name in names},
            },
        },
        "$defs": {"geometry": {"type": ["object", "null"], "title": "A GeoJSON geometry, WGS 84"}},
    }

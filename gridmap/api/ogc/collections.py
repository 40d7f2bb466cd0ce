"""The collections: one for each layer, with what the viewer may know of it."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from flask import Response

from gridmap import context
from gridmap.api.ogc.answers import (
    GEOJSON,
    HTML,
    JSON,
    JSON_SCHEMA,
    answer,
    asked_layer,
    asked_moment,
    asked_words,
    link,
    memory,
    ogc,
    own_links,
    root,
    versions,
)
from gridmap.api.ogc.schemas import feature_schema, queryables_of, returnables_of
from gridmap.i18n import _, translate
from gridmap.layer import Layer
from gridmap.read import Asked, Format, layers_for, read_extent, reading
from gridmap.read.crs import CRS84, Crs, fitting
from gridmap.read.features import DECIMALS, Extent

RELATIONS = "http://www.opengis.net/def/rel/ogc/1.0/"
SCHEMA, QUERYABLES, TILESETS = (f"{RELATIONS}{word}" for word in ("schema", "queryables", "tilesets-vector"))
NOWHERE = (0.0, 0.0, 0.0, 0.0)


@ogc.get("/collections")
def collections() -> Response:
    """All collections that say something to the viewer, in drawing order."""
    asked = asked_moment(asked_words("as_of"))
    layers = layers_for(context.viewer().reading_roles).values()
    return answer(
        lambda: {"links": own_links(JSON), "collections": [_collection(layer, asked) for layer in layers]},
        "collections",
        layers=layers,
        asked=asked,
    )


@ogc.get("/collections/<name>")
def collection(name: str) -> Response:
    """One collection; 404 for a name that is none."""
    layer = asked_layer(name)
    asked = asked_moment(asked_words("as_of"))

    def make() -> dict[str, Any]:
        made = _collection(layer, asked)
        made["links"] = [*own_links(JSON), *(each for each in made["links"] if each["rel"] != "self")]
        return made

    return answer(make, "collection", layers=(layer,), asked=asked)


@ogc.get("/collections/<name>/schema")
def schema(name: str) -> Response:
    """The schema of what features carry, with titles, units and roles of what the viewer may see."""
    layer = asked_layer(name)
    return _schema(layer, "schema", lambda: returnables_of(layer, context.viewer(), context.locale()))


@ogc.get("/collections/<name>/feature-schema")
def geojson_schema(name: str) -> Response:
    """The JSON schema that a feature fits as GeoJSON; GDAL learns the types of its fields from it."""
    layer = asked_layer(name)
    return _schema(layer, "feature-schema", lambda: feature_schema(layer, context.viewer(), context.locale()))


@ogc.get("/collections/<name>/queryables")
def queryables(name: str) -> Response:
    """The schema of what can be named in a filter."""
    layer = asked_layer(name)
    return _schema(layer, "queryables", lambda: queryables_of(layer, context.viewer(), context.locale()))


def _schema(layer: Layer, word: str, make: Callable[[], dict[str, Any]]) -> Response:
    asked_words()
    address = f"{root()}/collections/{layer.name}/{word}"
    return answer(lambda: {**make(), "$id": address}, "schema", JSON_SCHEMA)


def _collection(layer: Layer, asked: Asked) -> dict[str, Any]:
    locale, path = context.locale(), f"/collections/{layer.name}"
    title = translate(locale, layer.title)
    found: dict[str, Any] = {
        "id": layer.name,
        "title": title,
        "description": translate(locale, layer.about),
        "itemType": "feature",
        "crs": [each.uri for each in systems_of(layer, asked)],
        "storageCrs": CRS84,
        "links": [
            link("self", path, JSON, title),
            # GDAL adds the id of a feature to this address, which must therefore carry no query
            link("items", f"{path}/items", GEOJSON, title),
            link("items", f"{path}/items", HTML, title, f="html"),
            # so written because GDAL looks for exactly this
            link("describedBy", f"{path}/feature-schema", JSON_SCHEMA, _("The schema of a feature")),
            link(SCHEMA, f"{path}/schema", JSON_SCHEMA, _("What a feature carries")),
            link(QUERYABLES, f"{path}/queryables", JSON_SCHEMA, _("What can be asked for")),
            link(TILESETS, f"{path}/tiles", JSON, _("Vector tiles")),
            *(
                link("enclosure", f"{path}/items.{form.value}", form.media_type, f"{title} ({form.value})")
                for form in Format
            ),
        ],
    }
    extent = extent_of(layer, asked)
    if extent:
        found["extent"] = {"spatial": {"bbox": [list(extent)], "crs": CRS84}}
    return found


def systems_of(layer: Layer, asked: Asked) -> tuple[Crs, ...]:
    """The coordinate systems that the layer can be had in: those of the whole world, and the zones that it lies in."""
    west, _south, east, _north = extent_of(layer, asked) or NOWHERE
    return fitting(west, east)


def extent_of(layer: Layer, asked: Asked) -> Extent | None:
    """The extent of what the viewer may see, kept until something changes: it costs a look at every row."""
    viewer = context.viewer()
    key = ("extent", layer.name, versions((layer,)), viewer.key, asked)
    known: tuple[Extent | None] | None = memory().get(key)
    if known is None:
        with reading(context.services().database, viewer) as connection:
            found = read_extent(connection, layer, viewer, asked)
        known = (_outward(found) if found else None,)
        memory().put(key, known)
    return known[0]


def _outward(extent: Extent) -> Extent:
    """The extent with seven decimals, none of what lies in it cut off."""
    unit = Decimal(1).scaleb(-DECIMALS)
    low, high = (
        [float(Decimal(side).quantize(unit, rounding)) for side in sides]
        for sides, rounding in ((extent[:2], ROUND_FLOOR), (extent[2:], ROUND_CEILING))
    )
    return low[0], low[1], high[0], high[1]

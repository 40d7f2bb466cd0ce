"""The collections: one for each layer, with what the viewer may know of it."""

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
from gridmap.api.ogc.schemas import feature_schema
from gridmap.i18n import _, translate
from gridmap.layer import Layer
from gridmap.read import Asked, Format, layers_for, read_extent, reading
from gridmap.read.crs import CRS84
from gridmap.read.features import Extent


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
    """The JSON schema of the collection's features, with titles and units of what the viewer may see."""
    layer = asked_layer(name)
    asked_words()
    address = f"{root()}/collections/{layer.name}/schema"
    return answer(
        lambda: {"$id": address, **feature_schema(layer, context.viewer(), context.locale())},
        "schema",
        JSON_SCHEMA,
    )


def _collection(layer: Layer, asked: Asked) -> dict[str, Any]:
    locale, path = context.locale(), f"/collections/{layer.name}"
    title = translate(locale, layer.title)
    found: dict[str, Any] = {
        "id": layer.name,
        "title": title,
        "description": translate(locale, layer.about),
        "itemType": "feature",
        "crs": [CRS84],
        "links": [
            link("self", path, JSON, title),
            # GDAL adds the id of a feature to this address, which must therefore carry no query
            link("items", f"{path}/items", GEOJSON, title),
            link("items", f"{path}/items", HTML, title, f="html"),
            # so written because GDAL looks for exactly this
            link("describedBy", f"{path}/schema", JSON_SCHEMA, _("The schema of a feature")),
            *(
                link("enclosure", f"{path}/items.{form.value}", form.media_type, f"{title} ({form.value})")
                for form in Format
            ),
        ],
    }
    extent = _extent(layer, asked)
    if extent:
        found["extent"] = {"spatial": {"bbox": [[round(side, 7) for side in extent]], "crs": CRS84}}
    return found


def _extent(layer: Layer, asked: Asked) -> Extent | None:
    """The extent of what the viewer may see, kept until something changes: it costs a look at every row."""
    viewer = context.viewer()
    key = ("extent", layer.name, versions((layer,)), viewer.key, asked)
    known: tuple[Extent | None] | None = memory().get(key)
    if known is None:
        with reading(context.services().database, viewer) as connection:
            known = (read_extent(connection, layer, viewer, asked),)
        memory().put(key, known)
    return known[0]

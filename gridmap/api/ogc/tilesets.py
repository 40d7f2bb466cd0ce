"""OGC API - Tiles: which tiles a collection has, in which grid of tiles, and the tiles themselves."""

from typing import Any

from flask import Response, current_app, request

from gridmap import context
from gridmap.api.errors import NotThere
from gridmap.api.ogc.answers import (
    JSON,
    JSON_SCHEMA,
    Link,
    answer,
    asked_layer,
    asked_moment,
    asked_words,
    link,
    ogc,
    own_links,
)
from gridmap.api.ogc.collections import RELATIONS, extent_of
from gridmap.api.ogc.schemas import attribute_schema
from gridmap.api.tiles import MEDIA_TYPE, RequestHeaders, TileService
from gridmap.i18n import _, translate
from gridmap.layer import Layer
from gridmap.read import TILE_ZOOMS, Asked, Tile, cuts_of
from gridmap.read.crs import CRS84, EPSG
from gridmap.read.select import seen_attributes

QUAD = "WebMercatorQuad"
QUAD_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{QUAD}"
SCHEME = f"{RELATIONS}tiling-scheme"
SCHEMES = f"{RELATIONS}tiling-schemes"
MERCATOR = f"{EPSG}3857"
EDGE, CELL, SCALE = 20_037_508.342789244, 156_543.03392804097, 559_082_264.0287178
"""Of the whole world as one tile: half its side and one of its 256 cells in metres, and the scale's denominator."""
DIMENSIONS = {"point": 0, "line": 1, "polygon": 2}


@ogc.get("/tileMatrixSets")
def tile_matrix_sets() -> Response:
    """The grids of tiles: one."""
    asked_words()
    return answer(lambda: {"links": own_links(JSON), "tileMatrixSets": [_scheme_named()]}, "document")


@ogc.get(f"/tileMatrixSets/{QUAD}")
def tile_matrix_set() -> Response:
    """The grid of tiles that web maps share, level by level."""
    asked_words()
    return answer(lambda: {**_scheme(), "links": own_links(JSON)}, "document")


@ogc.get("/collections/<name>/tiles")
def tilesets(name: str) -> Response:
    """The sets of tiles of a collection: one."""
    layer = asked_layer(name)
    asked_words()
    made = [link("self", f"/collections/{name}/tiles/{QUAD}", JSON, layer.title), _scheme_link()]
    return answer(lambda: {"links": own_links(JSON), "tilesets": [{**_facts(layer), "links": made}]}, "document")


@ogc.get(f"/collections/<name>/tiles/{QUAD}")
def tileset(name: str) -> Response:
    """What the tiles of a collection carry, and where they are."""
    layer = asked_layer(name)
    asked = asked_moment(asked_words("as_of"))
    return answer(lambda: _tileset(layer, asked), "document", layers=(layer,), asked=asked)


@ogc.get(f"/collections/<name>/tiles/{QUAD}/<int:matrix>/<int:row>/<int:column>")
def tile(name: str, matrix: int, row: int, column: int) -> Response:
    """One tile, the same as on the map; 204 where nothing is, 404 outside the grid of tiles."""
    layer = asked_layer(name)
    words = asked_words("as_of", "seen", *cuts_of(layer))
    if matrix not in TILE_ZOOMS:
        raise NotThere("tile")
    headers = RequestHeaders(request.headers.get("Accept-Encoding", ""), request.headers.get("If-None-Match", ""))
    service: TileService = current_app.extensions["gridmap-tiles"]
    found = service.answer(context.viewer(), Tile(matrix, column, row), {**words, "layers": layer.name}, headers)
    response = Response(found.body, found.status, list(found.headers))
    if found.status != 200:
        del response.headers["Content-Type"]
    return response


def _facts(layer: Layer) -> dict[str, Any]:
    title = translate(context.locale(), layer.title)
    return {"title": title, "dataType": "vector", "crs": MERCATOR, "tileMatrixSetURI": QUAD_URI}


def _tileset(layer: Layer, asked: Asked) -> dict[str, Any]:
    locale, path = context.locale(), f"/collections/{layer.name}"
    tile = {**link("item", f"{path}/tiles/{QUAD}", MEDIA_TYPE, layer.title), "templated": True}
    tile["href"] = f"{tile['href']}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
    carried = {name for names in layer.zoom_attributes.values() for name in names}
    seen = [name for name in seen_attributes(layer, context.viewer().reading_roles) if name in carried]
    found = {
        **_facts(layer),
        "layers": [
            {
                "id": layer.name,
                "title": translate(locale, layer.title),
                "description": translate(locale, layer.about),
                "dataType": "vector",
                "geometryDimension": DIMENSIONS[layer.style.shape],
                "minTileMatrix": str(layer.min_zoom),
                "maxTileMatrix": str(TILE_ZOOMS[-1]),
                "propertiesSchema": {
                    "type": "object",
                    "properties": {name: attribute_schema(layer, name, locale) for name in seen},
                },
            }
        ],
        "links": [
            *own_links(JSON),
            tile,
            _scheme_link(),
            link("geodata", path, JSON, layer.title),
            link("describedby", f"{path}/schema", JSON_SCHEMA, _("The schema of a feature")),
        ],
    }
    extent = extent_of(layer, asked)
    if extent:
        found["boundingBox"] = {"lowerLeft": extent[:2], "upperRight": extent[2:], "crs": CRS84}
    return found


def _scheme_link() -> Link:
    return link(SCHEME, f"/tileMatrixSets/{QUAD}", JSON, QUAD)


def _scheme_named() -> dict[str, Any]:
    to_itself = link("self", f"/tileMatrixSets/{QUAD}", JSON, QUAD)
    return {"id": QUAD, "title": QUAD, "uri": QUAD_URI, "crs": MERCATOR, "links": [to_itself]}


def _scheme() -> dict[str, Any]:
    levels = [
        {
            "id": str(zoom),
            "scaleDenominator": SCALE / 2**zoom,
            "cellSize": CELL / 2**zoom,
            "cornerOfOrigin": "topLeft",
            "pointOfOrigin": [-EDGE, EDGE],
            "tileWidth": 256,
            "tileHeight": 256,
            "matrixWidth": 2**zoom,
            "matrixHeight": 2**zoom,
        }
        for zoom in TILE_ZOOMS
    ]
    return {
        "id": QUAD,
        "title": QUAD,
        "uri": QUAD_URI,
        "crs": MERCATOR,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": levels,
    }

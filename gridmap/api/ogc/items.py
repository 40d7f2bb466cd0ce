"""Features: pages of a collection, and one by its id."""

from collections.abc import Mapping

from flask import Response, request

from gridmap import context
from gridmap.api.errors import BadRequest, NotThere
from gridmap.api.ogc.answers import (
    GEOJSON,
    HTML,
    JSON,
    Link,
    answer,
    asked_layer,
    asked_moment,
    asked_words,
    link,
    memory,
    ogc,
    own_links,
    time_stamp,
    to_json,
    versions,
)
from gridmap.api.ogc.collections import systems_of
from gridmap.clock import instant_text
from gridmap.i18n import _
from gridmap.layer import Layer
from gridmap.read import (
    Asked,
    BadWord,
    Filter,
    Page,
    UnknownWord,
    count_features,
    cuts_of,
    parse_filter,
    read_feature,
    read_page,
    reading,
)
from gridmap.read.crs import Crs
from gridmap.read.filter import GREATEST_ID, PLACED, parse_crs

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000
PAGING = ("limit", "after", "as_of", "seen", "crs")
"""Words of a page that are not filters."""
FILTERS = ("datetime", *PLACED)
"""Words of a filter beside attributes and cuts."""
SYSTEMS = ("crs", "bbox-crs", "filter-crs")
"""Words that name a coordinate system."""


@ogc.get("/collections/<name>/items")
def items(name: str) -> Response:
    """A page of features in id order, of what `bbox`, `datetime`, `filter` and exact values of attributes leave."""
    layer = asked_layer(name)
    words = asked_words(*PAGING, *FILTERS, *cuts_of(layer), others=layer.attributes)
    where, asked = asked_filter(layer, words), asked_moment(words, layer)
    crs = asked_crs(layer, words, asked)
    limit = min(_number(words, "limit", DEFAULT_LIMIT, least=1), MAX_LIMIT)
    after = _number(words, "after", 0) if "after" in words else None
    return answer(
        lambda: _page(layer, asked, where, limit, after, crs),
        "items",
        GEOJSON,
        layers=(layer,),
        asked=asked,
        layer=layer,
        headers=_in(crs),
    )


@ogc.get("/collections/<name>/items/<identity>")
def item(name: str, identity: str) -> Response:
    """One feature; 404 with the same words whether it does not exist or is not for this viewer."""
    layer = asked_layer(name)
    words = asked_words("as_of", "seen", "crs")
    asked = asked_moment(words)
    crs = asked_crs(layer, words, asked)
    return answer(
        lambda: _feature(layer, asked, identity, crs),
        "item",
        GEOJSON,
        layers=(layer,),
        asked=asked,
        layer=layer,
        headers=_in(crs),
    )


def asked_crs(layer: Layer, words: Mapping[str, str], asked: Asked) -> Crs:
    """The coordinate system of the answer. Raises BadRequest naming the word whose system is none of the layer's."""
    for name in SYSTEMS:
        if name in words and words[name] not in (each.uri for each in systems_of(layer, asked)):
            raise BadRequest(name, words[name])
    return parse_crs("crs", words)


def _in(crs: Crs) -> Mapping[str, str]:
    return {"Content-Crs": f"<{crs.uri}>"}


def asked_filter(layer: Layer, words: Mapping[str, str]) -> Filter:
    """The filter in these words. Raises BadRequest naming what is wrong; a hidden attribute is an unknown word."""
    filters = {name: value for name, value in words.items() if name not in (*PAGING, *cuts_of(layer))}
    try:
        return parse_filter(layer, context.viewer().reading_roles, filters)
    except UnknownWord as error:
        raise BadRequest("parameter", error.word) from None
    except BadWord as error:
        raise BadRequest(error.word, error.value) from None


def _number(words: Mapping[str, str], name: str, default: int, *, least: int = 0) -> int:
    word = words.get(name)
    if word is None:
        return default
    if not (word.isascii() and word.isdigit() and len(word) < 20 and least <= int(word) <= GREATEST_ID):
        raise BadRequest(name, word)
    return int(word)


def _page(layer: Layer, asked: Asked, where: Filter, limit: int, after: int | None, crs: Crs) -> bytes:
    viewer = context.viewer()
    with reading(context.services().database, viewer) as connection:
        page = read_page(connection, layer, viewer, asked, limit=limit, after=after, where=where, crs=crs)
        key = ("count", layer.name, versions((layer,)), viewer.key, asked, where)
        # who pages on has just counted: the same answer, unless something has changed since
        matched = memory().get(key) if after is not None else None
        if matched is None:
            matched = count_features(connection, layer, viewer, asked, where)
            memory().put(key, matched)
    head = {
        "type": "FeatureCollection",
        "name": layer.name,
        "timeStamp": time_stamp(),
        "asOf": instant_text(asked.as_of),
        "numberMatched": matched,
        "numberReturned": page.returned,
        "links": _links(layer, page),
    }
    return to_json(head)[:-1] + b',"features":[' + page.features + b"]}"


def _links(layer: Layer, page: Page) -> list[Link]:
    path = f"/collections/{layer.name}"
    links = [*own_links(GEOJSON), link("collection", path, JSON, layer.title)]
    if page.next_after is not None:
        onward = request.args.to_dict() | {"after": str(page.next_after)}
        media_type = HTML if onward.get("f") == "html" else GEOJSON
        links.append(link("next", f"{path}/items", media_type, _("The next page"), **onward))
    return links


def _feature(layer: Layer, asked: Asked, identity: str, crs: Crs) -> bytes:
    is_number = identity.isascii() and identity.isdigit() and len(identity) < 20 and int(identity) <= GREATEST_ID
    viewer = context.viewer()
    body = None
    if is_number:
        with reading(context.services().database, viewer) as connection:
            body = read_feature(connection, layer, viewer, asked, int(identity), crs)
    if body is None:
        raise NotThere("feature", identity)
    links = [*own_links(GEOJSON), link("collection", f"/collections/{layer.name}", JSON, layer.title)]
    return body[:-1] + b',"links":' + to_json({"": links})[4:-1] + b"}"

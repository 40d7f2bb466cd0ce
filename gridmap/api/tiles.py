"""Vector tiles by URL: `/tiles/{z}/{x}/{y}.mvt?layers=a,b`, and TileJSON.

A tile that is in memory is answered before Flask is entered (`TilesFirst`): that is where the speed of a map lies.
"""

import gzip
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import brotli
import psycopg
from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.http import parse_accept_header
from werkzeug.sansio.http import parse_cookie

from gridmap import context
from gridmap.api.cache import ByteCache
from gridmap.api.errors import BadRequest, NotThere
from gridmap.api.feeds import catch_up, feeds_of, versions
from gridmap.clock import OFFICE
from gridmap.context import Services
from gridmap.i18n import translate
from gridmap.layer import Layer
from gridmap.read import Asked, BadWord, Tile, UnknownLayer, asked_as, layers_for, layers_named, read_tile
from gridmap.read.select import seen_attributes
from gridmap.scope import Viewer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = re.compile(r"/tiles/([0-9]{1,2})/([0-9]{1,6})/([0-9]{1,6})\.mvt")
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
CACHE_BYTES = 96 * 1024 * 1024
BUILD = "1"
"""Part of every ETag: raised when the bytes of a tile change without a change of data."""

tiles = Blueprint("tiles", __name__)


@dataclass(frozen=True)
class TileAnswer:
    """Status, body and headers of one tile."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


class TileService:
    """The tiles of one process: versions, cache, compression."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.cache = ByteCache(CACHE_BYTES)

    def answer(self, viewer: Viewer, tile: Tile, query: dict[str, str], headers: "RequestHeaders") -> TileAnswer:
        """The tile as this viewer may see it. Raises NotThere outside the grid of tiles, BadRequest on bad words."""
        if not tile.exists:
            raise NotThere("tile")
        layers = asked_layers(query.get("layers", ""), viewer)
        asked = asked_of(query, self.services.clock.today())
        catch_up(self.services.changes, query.get("seen", ""))
        encoding = headers.encoding
        etag = self._etag(viewer, layers, tile.z, asked, encoding)
        sent = (
            ("ETag", etag),
            ("Cache-Control", "private, no-cache"),
            ("Vary", "Accept-Encoding, Cookie, Authorization"),
        )
        if etag in headers.if_none_match:
            return TileAnswer(304, b"", sent)
        key = (etag, tile)
        body = self.cache.get(key)
        if body is None:
            body = self.cache.get_or_make(key, lambda: self._make(viewer, layers, tile, asked, encoding))
        if not body:
            return TileAnswer(204, b"", sent)
        coded = (("Content-Encoding", encoding),) if encoding else ()
        return TileAnswer(200, body, (*sent, ("Content-Type", MEDIA_TYPE), *coded))

    def _make(self, viewer: Viewer, layers: tuple[Layer, ...], tile: Tile, asked: Asked, encoding: str) -> bytes:
        with self.services.database.transaction(viewer.prologue, "tiles") as connection:
            body = read_tile(connection, layers, tile, viewer, asked)
        return compress(body, encoding)

    def _etag(self, viewer: Viewer, layers: tuple[Layer, ...], zoom: int, asked: Asked, encoding: str) -> str:
        known = versions(self.services.changes, viewer, feeds_of(layers, zoom))
        words = repr((BUILD, [layer.name for layer in layers], known, viewer.key, asked, encoding))
        return '"' + hashlib.blake2b(words.encode(), digest_size=12).hexdigest() + '"'


@dataclass(frozen=True)
class RequestHeaders:
    """What of a request's headers matters to a tile."""

    accept_encoding: str
    if_none_match: str

    @property
    def encoding(self) -> str:
        """br, gzip or nothing, as the client takes it."""
        return encoding_for(self.accept_encoding)


@lru_cache(maxsize=256)
def encoding_for(accepted: str) -> str:
    """The best encoding that an Accept-Encoding header takes: br, gzip or nothing."""
    qualities = parse_accept_header(accepted)
    return next((word for word in ("br", "gzip") if qualities[word] > 0), "")


def compress(body: bytes, encoding: str) -> bytes:
    """The body as sent: an empty one stays empty. Brotli 3 and gzip 3 cost a few percent of the SQL."""
    if not body or not encoding:
        return body
    return brotli.compress(body, quality=3) if encoding == "br" else gzip.compress(body, 3, mtime=0)


def asked_layers(words: str, viewer: Viewer) -> tuple[Layer, ...]:
    """The layers in drawing order, whatever the order asked, so that one map has one cache entry.

    Raises NotThere with the same words for a layer that does not exist and for one that says nothing to the viewer.
    """
    if not words:
        raise BadRequest("layers", words)
    try:
        asked = layers_named(words.split(","), viewer.reading_roles)
    except UnknownLayer as error:
        raise NotThere("layer", str(error)) from None
    return tuple(layer for layer in layers_for(viewer.reading_roles).values() if layer in asked)


def asked_day(word: str | None, today: date) -> date:
    """The map's date: today unless said. Raises BadRequest on what is not a date."""
    if not word:
        return today
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise BadRequest("as_of", word) from None


def asked_of(query: Mapping[str, str], today: date) -> Asked:
    """The map's date, and what due work is cut to. Raises BadRequest naming the word that cannot be meant."""
    day = asked_day(query.get("as_of"), today)
    try:
        return replace(asked_as(end_of(day), query), is_now=day == today)
    except BadWord as error:
        raise BadRequest(error.word, error.value) from None


def end_of(day: date) -> datetime:
    """The instant that a day's map shows: how things stood when the day ended."""
    return datetime.combine(day, time(23, 59, 59), OFFICE)


class TilesFirst:
    """WSGI: a good tile request of somebody signed in is answered here, everything else by `app`."""

    def __init__(self, app: "WSGIApplication", service: TileService, cookie: str) -> None:
        self.app, self.service, self.cookie = app, service, cookie
        self.always = context.headers_of_every_answer(service.services.settings)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer the tile, or pass the request on."""
        found = PATH.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "GET" else None
        answer = self._answer(Tile(*map(int, found.groups())), environ) if found else None
        if answer is None:
            return self.app(environ, start_response)
        status = {200: "200 OK", 204: "204 No Content", 304: "304 Not Modified"}[answer.status]
        length = [("Content-Length", str(len(answer.body)))] if answer.status == 200 else []
        start_response(status, [*answer.headers, *length, *self.always])
        return (answer.body,)

    def _answer(self, tile: Tile, environ: "WSGIEnvironment") -> TileAnswer | None:
        """The tile; None where anything is amiss: the application says what, in its own words."""
        query: dict[str, str] = {}
        for name, value in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True):
            query.setdefault(name, value)
        headers = RequestHeaders(environ.get("HTTP_ACCEPT_ENCODING", ""), environ.get("HTTP_IF_NONE_MATCH", ""))
        try:
            viewer = self._viewer(environ)
            return self.service.answer(viewer, tile, query, headers) if viewer else None
        except (BadRequest, NotThere, psycopg.Error):
            return None

    def _viewer(self, environ: "WSGIEnvironment") -> Viewer | None:
        sent = environ.get("HTTP_COOKIE", "")
        secret = parse_cookie(sent).get(self.cookie) if self.cookie in sent else None
        return self.service.services.sign_ins.viewer("session", secret) if secret else None


@tiles.get("/tiles/<int:z>/<int:x>/<int:y>.mvt")
def tile(z: int, x: int, y: int) -> Response:
    """One tile; 204 where nothing is, 404 outside the grid of tiles or for an unknown layer."""
    headers = RequestHeaders(request.headers.get("Accept-Encoding", ""), request.headers.get("If-None-Match", ""))
    service: TileService = current_app.extensions["gridmap-tiles"]
    answer = service.answer(context.viewer(), Tile(z, x, y), request.args.to_dict(), headers)
    response = Response(answer.body, answer.status, list(answer.headers))
    if answer.status != 200:
        del response.headers["Content-Type"]  # Flask gives every answer one, also those without a body
    return response


@tiles.get("/tiles/tiles.json")
def tilejson() -> Response:
    """TileJSON 3.0 of the layers asked for: the fields of each with their types, by what the viewer may see."""
    viewer = context.viewer()
    layers = asked_layers(request.args.get("layers", ",".join(layers_for(viewer.reading_roles))), viewer)
    names = ",".join(layer.name for layer in layers)
    return jsonify(
        tilejson="3.0.0",
        tiles=[f"{request.host_url}tiles/{{z}}/{{x}}/{{y}}.mvt?layers={names}"],
        minzoom=0,
        maxzoom=16,
        scheme="xyz",
        vector_layers=[_vector_layer(layer, viewer) for layer in layers],
    )


def _vector_layer(layer: Layer, viewer: Viewer) -> dict[str, Any]:
    seen = set(seen_attributes(layer, viewer.reading_roles))
    kinds = {"string": "String", "integer": "Number", "number": "Number", "boolean": "Boolean"}
    carried = {name for names in layer.zoom_attributes.values() for name in names}
    return {
        "id": layer.name,
        "description": translate(context.locale(), layer.about),
        "minzoom": layer.min_zoom,
        "maxzoom": 16,
        "fields": {name: kinds[layer.attributes[name].type] for name in layer.attributes if name in seen & carried},
    }

"""What every answer under `/ogc` shares: its words, its two forms, its links, its ETag."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from datetime import UTC
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, render_template, request

from gridmap import context
from gridmap.api import feeds
from gridmap.api.errors import BadRequest, NotThere
from gridmap.api.tiles import RequestHeaders, asked_of, compress
from gridmap.clock import real_now
from gridmap.i18n import LOCALES, _, translate
from gridmap.layer import Layer
from gridmap.read import Asked, UnknownLayer, cuts_of, layers_named

ogc = Blueprint("ogc", __name__, url_prefix="/ogc")

JSON = "application/json"
GEOJSON = "application/geo+json"
HTML = "text/html"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
JSON_SCHEMA = "application/schema+json"
FORMS = {"json": JSON, "html": HTML}
BUILD = "1"
"""Part of every ETag: raised when an answer changes without a change of data."""
EVERYWHERE = frozenset({"f", "lang"})
"""Words that every address understands."""
REMEMBERED = 2_000
Link = dict[str, str]


class Memory:
    """The newest answers of this process to questions that cost a whole scan: counts and extents."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """What is kept under the key, None where nothing is."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: Hashable, value: Any) -> None:
        """Keep it, and forget the oldest."""
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)


def memory() -> Memory:
    """The memory of this process."""
    return cast("Memory", current_app.extensions.setdefault("gridmap-ogc", Memory()))


def asked_words(*known: str, others: Collection[str] = ()) -> dict[str, str]:
    """The query's words but `f` and `lang`, each once. Raises BadRequest naming the first that is not known here."""
    words = {}
    for name, values in request.args.lists():
        if name not in EVERYWHERE and name not in known and name not in others:
            raise BadRequest("parameter", name)
        if len(values) > 1:
            raise BadRequest(name, ",".join(values))
        if name == "lang" and values[0] not in LOCALES:
            raise BadRequest("lang", values[0])
        if name == "seen" and not (values[0].isascii() and values[0].isdigit()):
            raise BadRequest("seen", values[0])
        if name not in EVERYWHERE:
            words[name] = values[0]
    wants_html()
    return words


def wants_html() -> bool:
    """Whether the answer is a page: `f` decides, else what the client accepts. Raises BadRequest on another `f`."""
    form = request.args.get("f")
    if form is None:
        best = request.accept_mimetypes.best_match([GEOJSON, JSON, OPENAPI.split(";")[0], JSON_SCHEMA, HTML])
        return best == HTML
    if form not in FORMS:
        raise BadRequest("f", form)
    return form == "html"


def asked_layer(name: str) -> Layer:
    """The layer of that collection. Raises NotThere, also for one that says nothing to the viewer."""
    try:
        (layer,) = layers_named([name], context.viewer().reading_roles)
    except UnknownLayer:
        raise NotThere("collection", name) from None
    return layer


def asked_moment(words: Mapping[str, str], layer: Layer | None = None) -> Asked:
    """The end of the day that `as_of` says, or of today, and what the layer is cut to. Raises BadRequest."""
    if words.get("as_of") == "":
        raise BadRequest("as_of", "")
    known = ("as_of", *(cuts_of(layer) if layer else ()))
    return asked_of({name: words[name] for name in known if name in words}, context.services().clock.today())


def root() -> str:
    """The address of the landing page, as the client reaches it."""
    base = context.services().settings.base_url or request.url_root
    return base.rstrip("/") + "/ogc"


def link(rel: str, path: str, media_type: str, title: str, **query: str) -> Link:
    """A link to an address under the landing page, its title in the reader's language."""
    href = root() + path + ("?" + urlencode(query) if query else "")
    return {"rel": rel, "type": media_type, "title": translate(context.locale(), title), "href": href}


def own_links(media_type: str, **changes: str | None) -> list[Link]:
    """`self` and `alternate` of this very address; `changes` replace or (None) remove words of its query."""
    path = request.path.removeprefix(f"{request.root_path}/ogc").rstrip("/")
    query = {**request.args.to_dict(), **changes}
    said = {name: value for name, value in query.items() if value is not None and name != "f"}
    asked = {"f": request.args["f"]} if "f" in request.args else {}
    ours, other = (HTML, media_type) if wants_html() else (media_type, HTML)
    return [
        link("self", path, ours, _("This document"), **said, **asked),
        link("alternate", path, other, _("This document in another form"), **said, f=_form_of(other)),
    ]


def _form_of(media_type: str) -> str:
    return "html" if media_type == HTML else "json"


def versions(layers: Iterable[Layer]) -> tuple[int, ...]:
    """How many changes of these layers, in what the viewer may see, this process knows of."""
    changes = context.services().changes
    feeds.catch_up(changes, request.args.get("seen", ""))
    return feeds.versions(changes, context.viewer(), feeds.feeds_of(tuple(layers)))


def answer(
    make: Callable[[], Mapping[str, Any] | bytes],
    template: str,
    media_type: str = JSON,
    *,
    layers: Iterable[Layer] = (),
    asked: Asked | None = None,
    layer: Layer | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The document that `make` gives, as JSON with an ETag, or as a page made from the same JSON.

    A 304 costs no SQL. Pages carry a nonce of their own, and are therefore never answered by 304.
    """
    if wants_html():
        made = make()
        document = json.loads(made) if isinstance(made, bytes) else made
        page = render_template(f"ogc/{template}.html", document=document, root=root(), layer=layer)
        return Response(page, mimetype=HTML, headers=headers)
    encoding = RequestHeaders(request.headers.get("Accept-Encoding", ""), "").encoding
    tag = _tag(versions(layers), asked, encoding)
    response = Response(content_type=media_type, headers=headers)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept, Accept-Encoding, Accept-Language, Cookie, Authorization"
    response.set_etag(tag, weak=True)
    if request.if_none_match.contains_weak(tag):
        response.status_code = 304
        return response
    made = make()
    response.set_data(compress(made if isinstance(made, bytes) else to_json(made), encoding))
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response


def _tag(known: tuple[int, ...], asked: Asked | None, encoding: str) -> str:
    query = sorted(request.args.items(multi=True))
    who = (context.viewer().key, context.locale())
    words = repr((BUILD, root(), request.path, query, known, who, asked, encoding))
    return hashlib.blake2b(words.encode(), digest_size=12).hexdigest()


def to_json(document: Mapping[str, Any]) -> bytes:
    """The document as compact UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def time_stamp() -> str:
    """The real time, as the standard writes it."""
    return f"{real_now().astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"

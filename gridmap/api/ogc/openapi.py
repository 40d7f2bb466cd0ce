"""The OpenAPI 3.0 document: complete in itself, with the attributes that its reader may ask for."""

from collections.abc import Mapping
from typing import Any

from gridmap.api.ogc.answers import GEOJSON, HTML, JSON, JSON_SCHEMA, OPENAPI
from gridmap.api.ogc.items import DEFAULT_LIMIT, FILTERS, MAX_LIMIT
from gridmap.api.ogc.schemas import attribute_schema
from gridmap.api.ogc.tilesets import QUAD
from gridmap.api.tiles import MEDIA_TYPE
from gridmap.i18n import LOCALES, _, translate
from gridmap.layer import Layer
from gridmap.read import Format, cuts_of, layers_for
from gridmap.read.cql2.parse import LANGUAGES, LONGEST
from gridmap.read.crs import KNOWN
from gridmap.read.kinds import kind_of
from gridmap.read.select import seen_attributes
from gridmap.scope import Viewer

Part = dict[str, Any]
COMMON = ("f", "lang")


def describe(viewer: Viewer, locale: str, root: str, version: str) -> Part:
    """The document for this viewer, in this language; `root` is the address of the landing page."""
    paths = {
        "/": _get(locale, _("The landing page"), "landing", JSON, "Document"),
        "/conformance": _get(locale, _("Conformance classes"), "conformance", JSON, "Document"),
        "/api": _get(locale, _("This document"), "api", OPENAPI, "Document"),
        "/collections": _get(locale, _("The collections"), "collections", JSON, "Document", "as_of"),
        "/tileMatrixSets": _get(locale, _("Grids of tiles"), "tileMatrixSets", JSON, "Document"),
        f"/tileMatrixSets/{QUAD}": _get(locale, _("Grids of tiles"), "tileMatrixSet", JSON, "Document"),
    }
    layers = layers_for(viewer.reading_roles).values()
    for layer in layers:
        paths |= _layer_paths(layer, viewer, locale)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": translate(locale, _("gridmap: layers of the neighbourhood")),
            "version": version,
            "description": translate(
                locale,
                _("Send a token as Bearer, or as the password of Basic with any user name. You see what it may see."),
            ),
        },
        "servers": [{"url": root}],
        "security": [{"bearer": []}, {"basic": []}, {"session": []}],
        "tags": [{"name": layer.name, "description": translate(locale, layer.about)} for layer in layers],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
                "session": {"type": "apiKey", "in": "cookie", "name": "gridmap"},
            },
            "parameters": _parameters(locale),
            "schemas": SCHEMAS,
            "responses": _errors(locale),
        },
    }


def _layer_paths(layer: Layer, viewer: Viewer, locale: str) -> dict[str, Part]:
    path, name, title = f"/collections/{layer.name}", layer.name, layer.title
    names = [name for name in seen_attributes(layer, viewer.reading_roles) if kind_of(layer, name) != "object"]
    filters = [_attribute(layer, each, locale) for each in names]
    filters += [_cut(each, locale) for each in cuts_of(layer) if each not in names]
    found = {
        path: _get(locale, title, f"{name}.collection", JSON, "Document", "as_of", tag=name, missing=True),
        **{
            f"{path}/{word}": _get(locale, title, f"{name}.{word}", JSON_SCHEMA, "Document", tag=name, missing=True)
            for word in ("schema", "feature-schema", "queryables")
        },
        f"{path}/tiles": _get(locale, title, f"{name}.tilesets", JSON, "Document", tag=name, missing=True),
        f"{path}/tiles/{QUAD}": _get(
            locale, title, f"{name}.tileset", JSON, "Document", "as_of", tag=name, missing=True
        ),
        f"{path}/tiles/{QUAD}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _tile(layer, locale),
        f"{path}/items": _get(
            locale,
            title,
            f"{name}.items",
            GEOJSON,
            "FeatureCollection",
            *("limit", *FILTERS, "as_of", "after", "seen", "crs"),
            tag=name,
            missing=True,
            more=filters,
        ),
        f"{path}/items/{{featureId}}": _get(
            locale,
            title,
            f"{name}.item",
            GEOJSON,
            "Feature",
            *("featureId", "as_of", "seen", "crs"),
            tag=name,
            missing=True,
        ),
    }
    for form in Format:
        found[f"{path}/items.{form.value}"] = _file(layer, locale, form, filters)
    return found


def _get(
    locale: str,
    summary: str,
    operation: str,
    media_type: str,
    schema: str,
    *parameters: str,
    tag: str = "",
    missing: bool = False,
    more: list[Part] | None = None,
) -> dict[str, Part]:
    content = {media_type: {"schema": _ref("schemas", schema)}, HTML: {"schema": {"type": "string"}}}
    return {
        "get": {
            "summary": translate(locale, summary),
            "operationId": operation,
            **({"tags": [tag]} if tag else {}),
            "parameters": [*(_ref("parameters", name) for name in (*parameters, *COMMON)), *(more or [])],
            "responses": {
                "200": {"description": translate(locale, summary), "content": content},
                "304": {"description": translate(locale, _("What you have is still right."))},
                **_refused(missing=missing),
            },
        }
    }


def _file(layer: Layer, locale: str, form: Format, filters: list[Part]) -> dict[str, Part]:
    summary = f"{translate(locale, layer.title)} ({form.value})"
    is_json = form is Format.GEOJSON
    schema = _ref("schemas", "FeatureCollection") if is_json else {"type": "string", "format": "binary"}
    content = {form.media_type: {"schema": schema}}
    return {
        "get": {
            "summary": summary,
            "operationId": f"{layer.name}.{form.value}",
            "tags": [layer.name],
            "parameters": [*(_ref("parameters", name) for name in (*FILTERS, "as_of", *COMMON)), *filters],
            "responses": {
                "200": {"description": summary, "content": content},
                **_refused(missing=True),
                "429": _ref("responses", "TooMany"),
            },
        }
    }


def _tile(layer: Layer, locale: str) -> dict[str, Part]:
    summary = translate(locale, layer.title)
    names = ("tileMatrix", "tileRow", "tileCol", "as_of", "seen", *COMMON)
    content = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    return {
        "get": {
            "summary": f"{summary} ({translate(locale, _('Vector tiles'))})",
            "operationId": f"{layer.name}.tile",
            "tags": [layer.name],
            "parameters": [
                *(_ref("parameters", name) for name in names),
                *(_cut(each, locale) for each in cuts_of(layer)),
            ],
            "responses": {
                "200": {"description": summary, "content": content},
                "204": {"description": translate(locale, _("Nothing lies in this tile."))},
                "304": {"description": translate(locale, _("What you have is still right."))},
                **_refused(missing=True),
            },
        }
    }


def _refused(*, missing: bool) -> Part:
    found = {"400": _ref("responses", "BadRequest"), "401": _ref("responses", "SignInNeeded")}
    found |= {"404": _ref("responses", "NotThere")} if missing else {}
    return found | {"414": _ref("responses", "TooLong")}


def _ref(kind: str, name: str) -> Part:
    return {"$ref": f"#/components/{kind}/{name}"}


def _attribute(layer: Layer, name: str, locale: str) -> Part:
    schema = attribute_schema(layer, name, locale)
    kept = {word: schema[word] for word in ("type", "format") if word in schema}
    # codes are told, not enforced: a value that no row has finds nothing
    codes = "".join(f" {each['const']}: {each['title']}." for each in schema.get("oneOf", ()))
    about = f"{schema['title']}. {schema.get('description', '')}{codes}".strip()
    return {"name": name, "in": "query", "required": False, "description": about, "schema": kept}


CUT_WORDS: Mapping[str, tuple[str, str]] = {
    "kind": ("string", _("Only tasks of this kind, in the word of their rule.")),
    "reason": ("string", _("Only what is not done for this reason.")),
    "management": ("string", _("Only in estates that are managed so.")),
    "within": ("integer", _("Only in the community, grid or estate of this id.")),
    "state": ("string", _("Only cases in this state; open: all that are not over.")),
    "from": ("string", _("Only cases reported on this day or later.")),
    "to": ("string", _("Only cases reported before this day.")),
}


def _cut(name: str, locale: str) -> Part:
    kind, about = CUT_WORDS[name]
    schema: Part = {"type": "string", "minLength": 1} if kind == "string" else {"type": "integer", "minimum": 0}
    return {"name": name, "in": "query", "required": False, "description": translate(locale, about), "schema": schema}


def _parameters(locale: str) -> Mapping[str, Part]:
    def query(name: str, about: str, schema: Part, **more: Any) -> Part:
        told = translate(locale, about)
        return {"name": name, "in": "query", "required": False, "description": told, "schema": schema, **more}

    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    count = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    day: Part = {"type": "string", "format": "date"}
    system: Part = {"type": "string", "format": "uri", "enum": list(KNOWN)}
    return {
        "limit": query("limit", _("Features in one page."), count, style="form", explode=False),
        "bbox": query("bbox", _("West, south, east, north in degrees."), numbers, style="form", explode=False),
        "datetime": query(
            "datetime",
            _("An instant, a day, or an interval with / between; .. is open."),
            {"type": "string", "minLength": 1},
            style="form",
            explode=False,
        ),
        "crs": query("crs", _("The coordinate system of the answer, its axes in the order of its authority."), system),
        "bbox-crs": query("bbox-crs", _("The coordinate system of the box."), system),
        "filter": query(
            "filter",
            _("A condition in CQL2 with attributes of the queryables, id and geometry."),
            {"type": "string", "minLength": 1, "maxLength": LONGEST},
        ),
        "filter-lang": query(
            "filter-lang",
            _("The form of the condition."),
            {"type": "string", "enum": list(LANGUAGES), "default": LANGUAGES[0]},
        ),
        "filter-crs": query("filter-crs", _("The coordinate system of geometries in the condition."), system),
        "as_of": query("as_of", _("How things stood at the end of that day; today unless said."), day),
        "after": query("after", _("Go on after the feature of this id."), {"type": "integer", "minimum": 0}),
        "seen": query("seen", _("The newest change that the client knows of."), {"type": "integer", "minimum": 0}),
        "f": query("f", _("The form of the answer."), {"type": "string", "enum": ["json", "html"]}),
        "lang": query("lang", _("The language of titles."), {"type": "string", "enum": list(LOCALES)}),
        "featureId": _in_path(locale, "featureId", _("The id of a feature."), 1),
        "tileMatrix": _in_path(locale, "tileMatrix", _("The level: its number of the grid of tiles."), 0),
        "tileRow": _in_path(locale, "tileRow", _("The row, from the north."), 0),
        "tileCol": _in_path(locale, "tileCol", _("The column, from the west."), 0),
    }


def _in_path(locale: str, name: str, about: str, least: int) -> Part:
    schema = {"type": "integer", "minimum": least}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": translate(locale, about),
        "schema": schema,
    }


def _errors(locale: str) -> Mapping[str, Part]:
    texts = {
        "BadRequest": _("A parameter is unknown here or has a value that cannot be understood; the answer names it."),
        "SignInNeeded": _("Sign in, or send a token."),
        "NotThere": _("It does not exist, or is not for your account."),
        "TooMany": _("Too many exports at once; try again in a moment."),
    }
    content = {JSON: {"schema": _ref("schemas", "Error")}}
    told = {name: {"description": translate(locale, text), "content": content} for name, text in texts.items()}
    # the web server says so itself, before the application is asked
    return told | {"TooLong": {"description": translate(locale, _("The address is longer than the server reads."))}}


FEATURE: Part = {
    "type": "object",
    "required": ["type", "id", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"type": "integer", "format": "int64"},
        "geometry": {"type": "object", "nullable": True},
        "properties": {"type": "object", "nullable": True},
        "links": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}},
    },
}
SCHEMAS: Mapping[str, Part] = {
    "Document": {
        "type": "object",
        "properties": {"links": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}}},
    },
    "Link": {
        "type": "object",
        "required": ["href", "rel"],
        "properties": {
            "href": {"type": "string"},
            "rel": {"type": "string"},
            "type": {"type": "string"},
            "title": {"type": "string"},
        },
    },
    "Feature": FEATURE,
    "FeatureCollection": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"$ref": "#/components/schemas/Feature"}},
            "links": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}},
            "timeStamp": {"type": "string", "format": "date-time"},
            "asOf": {"type": "string", "format": "date-time"},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
        },
    },
    "Error": {
        "type": "object",
        "required": ["code"],
        "properties": {"code": {"type": "string"}, "description": {"type": "string"}},
    },
}

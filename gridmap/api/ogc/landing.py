"""The landing page, what it conforms to, and the description of the interface."""

from importlib.metadata import version
from typing import Any

from flask import Response

from gridmap import context
from gridmap.api.ogc.answers import HTML, JSON, OPENAPI, answer, asked_words, link, ogc, own_links, root
from gridmap.api.ogc.openapi import describe
from gridmap.api.ogc.tilesets import SCHEMES
from gridmap.i18n import _, translate

CLASSES = {
    "ogcapi-common-1/1.0": ("core",),
    "ogcapi-common-2/1.0": ("collections",),
    "ogcapi-features-1/1.0": ("core", "oas30", "html", "geojson"),
    "ogcapi-features-2/1.0": ("crs",),
    "ogcapi-features-3/1.0": ("queryables", "queryables-query-parameters", "filter", "features-filter"),
    "ogcapi-features-5/1.0": ("schemas", "core-roles-features", "returnables-and-receivables", "queryables"),
    "cql2/1.0": (
        *("cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison"),
        *("basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions", "temporal-functions"),
        "property-property",
    ),
    "ogcapi-tiles-1/1.0": ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "oas30"),
    "tms/2.0": ("tilematrixset", "json-tilematrixset"),
}
CONFORMS_TO = tuple(
    f"http://www.opengis.net/spec/{standard}/conf/{name}" for standard, names in CLASSES.items() for name in names
)


@ogc.get("", strict_slashes=False)
def landing() -> Response:
    """Where everything else is."""
    asked_words()
    return answer(_landing, "landing")


def _landing() -> dict[str, Any]:
    locale = context.locale()
    return {
        "title": translate(locale, _("gridmap: layers of the neighbourhood")),
        "description": translate(
            locale, _("Grids, estates, buildings, stairwells and facilities, as your account may see them.")
        ),
        "links": [
            *own_links(JSON),
            link("service-desc", "/api", OPENAPI, _("The interface, as OpenAPI 3.0")),
            link("service-doc", "/api", HTML, _("The interface, as a page"), f="html"),
            link("conformance", "/conformance", JSON, _("Conformance classes")),
            link("data", "/collections", JSON, _("The collections")),
            link(SCHEMES, "/tileMatrixSets", JSON, _("Grids of tiles")),
        ],
    }


@ogc.get("/conformance")
def conformance() -> Response:
    """The conformance classes that hold."""
    asked_words()
    return answer(lambda: {"conformsTo": list(CONFORMS_TO), "links": own_links(JSON)}, "conformance")


@ogc.get("/api")
def api() -> Response:
    """The OpenAPI 3.0 document, complete in itself: what this viewer may ask."""
    asked_words()
    return answer(lambda: describe(context.viewer(), context.locale(), root(), version("gridmap")), "api", OPENAPI)

"""The landing page, what it conforms to, and the description of the interface."""

from importlib.metadata import version
from typing import Any

from flask import Response

from gridmap import context
from gridmap.api.ogc.answers import HTML, JSON, OPENAPI, answer, asked_words, link, ogc, own_links, root
from gridmap.api.ogc.openapi import describe
from gridmap.i18n import _, translate

CONFORMS_TO = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "oas30", "html", "geojson")
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

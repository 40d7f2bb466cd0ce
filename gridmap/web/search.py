"""`/search?q=`: finds as JSON for the search box, and as a page for everybody else."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, render_template, request

from gridmap import context
from gridmap.read.search import MOST, Found, find, parse_words
from gridmap.web.areas import areas_of
from gridmap.web.asked import asked
from gridmap.web.blueprint import pages, wants_page
from gridmap.web.place_words import ICONS, in_language, kind_title

QUICK_STREETS = 3
"""Up to so many streets even a search that finds nothing by its beginning is answered while somebody types."""


@pages.get("/search")
def search() -> Response | str:
    """At most 20 finds for `q`, the best first; no words, no finds."""
    viewer, words = context.viewer(), parse_words(request.args.get("q", ""))
    is_page = wants_page()
    is_small = not viewer.reach.is_city and len(viewer.reach.near) <= QUICK_STREETS
    with context.services().database.transaction(viewer.prologue) as connection:
        found = find(connection, viewer, words, asked(), patient=is_page or is_small)
    areas = areas_of(viewer)
    # places of one name are in many streets: who sees several is told which
    streets = {area.street_id: area.name for area in areas} if len(areas) > 1 else {}
    shown = [found_words(one, streets) for one in found]
    if is_page:
        return render_template("search.html", words=request.args.get("q", "")[:60].strip(), found=shown, most=MOST)
    response = jsonify(shown)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def found_words(one: Found, streets: Mapping[int, str]) -> dict[str, Any]:
    """A find as the search box wants it, in the street that `streets` names; `bbox` is west, south, east, north."""
    where = [name for name in (streets.get(one.id >> 32), *one.around) if name]
    words: dict[str, Any] = {
        "id": one.id,
        "title": one.name,
        "kind": one.kind,
        "kind_title": in_language(one.role) if one.kind == "person" else kind_title(one.kind),
        "subtitle": " · ".join(where if one.around else [*where, one.code]),
        "code": one.code,
        "icon": ICONS[one.kind],
    }
    if one.bounds:
        box = one.bounds
        words["bbox"] = [box.west, box.south, box.east, box.north]
    return words

"""Place cards: a fragment for the map's panel, and a page of its own for everybody who goes without the map."""

from flask import Response, abort, make_response, render_template

from gridmap import context
from gridmap.incidents.sending import ACTING
from gridmap.read.card import Card, read_card
from gridmap.web.asked import asked, asked_day, today
from gridmap.web.blueprint import pages
from gridmap.web.place_words import ICONS, ORGANISATIONS, VACANT, floors_of, in_language, kind_title, value_pairs

ZOOMS = {"community": 15, "grid": 16, "estate": 17}
"""How near the map shows a kind of place."""


@pages.get("/places/<int:identity>/card")
def place_card(identity: int) -> Response:
    """The card as a fragment of HTML; 404 where there is no such place for this viewer."""
    response = make_response(render_template("card.html", **_given(_card(identity))))
    response.headers["Cache-Control"] = "private, no-store"
    return response


@pages.get("/places/<int:identity>")
def place_page(identity: int) -> str:
    """The same as a page, with everything that lies in the place."""
    card = _card(identity)
    return render_template("place.html", **_given(card), floors=floors_of(card.units), map_url=map_url(card))


def map_url(card: Card) -> str:
    """The address of the map that shows the place with its card open."""
    box = card.place.bounds
    if box is None:
        return "/map"
    lat, lon = (box.south + box.north) / 2, (box.west + box.east) / 2
    day = f"&day={asked_day().isoformat()}" if asked_day() != today() else ""
    return f"/map#{ZOOMS.get(card.place.kind, 18)}/{lat:.5f}/{lon:.5f}{day}&place={card.place.id}"


def _card(identity: int) -> Card:
    viewer = context.viewer()
    if identity >= 1 << 53:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        card = read_card(connection, viewer, asked(), identity)
    if card is None:
        abort(404)
    return card


def _given(card: Card) -> dict[str, object]:
    return {
        "card": card,
        "place": card.place,
        "pairs": value_pairs(card),
        "day": asked_day(),
        "is_past": asked_day() != today(),
        "kind_title": kind_title,
        "icons": ICONS,
        "organisation_kinds": ORGANISATIONS,
        "vacant_roles": VACANT,
        "in_language": in_language,
        "may_report": bool(context.viewer().roles & ACTING),
    }

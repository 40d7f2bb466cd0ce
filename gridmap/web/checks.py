"""What is due, check by check: in one's own places, and in the place whose plate was scanned."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response, abort, make_response, render_template

from gridmap import context
from gridmap.clock import real_now
from gridmap.duties.answers import RESULTS_OF
from gridmap.duties.sending import ANSWERING
from gridmap.i18n import _
from gridmap.read.due import DueWork, read_due, read_due_at, read_plate
from gridmap.web.asked import asked, today
from gridmap.web.blueprint import pages, say
from gridmap.web.findings import cases_found, kind_of_case
from gridmap.web.parking_card import read_parking_card
from gridmap.web.place_words import ICONS, in_language, kind_title

MOST_ON_MY_PAGE = 45
"""Up to so many checks stand on the page of one's places itself; of more, each building leads to its own."""
MOST_URGENT = 6
"""So many buildings are named there then."""
MOST_KEPT = 40
"""So many pages of households a phone keeps for the time without a network."""
MOST_CODE = 60
RESULTS = {
    "fine": _("Fine"),
    "finding": _("Finding"),
    "no_access": _("No access"),
    "reached": _("Reached"),
    "nobody": _("Nobody in"),
    "refused": _("Refused"),
    "done": _("Done"),
}
SEVERITIES = {1: _("Worth a note"), 2: _("To be mended"), 3: _("Urgent")}
TROUBLES = (_("Gone"), _("Broken"), _("Blocked"), _("Out of date"), _("Dirty"), _("Something else"))
"""What is wrong, in one tap instead of typing."""
NO_CASES: Mapping[int, str] = {}
STATES = {
    "waiting": _("kept here, waits for the network"),
    "sending": _("is being sent"),
    "accepted": _("has arrived"),
    "beside": _("has arrived; somebody else answered too, both are kept"),
    "conflict": _("was not taken: something else came under the same number"),
    "refused": _("was not taken"),
    "undoing": _("is being taken back"),
}


@pages.get("/my/due")
def my_due() -> Response:
    """Everything that is due in the viewer's own places, building by building."""
    viewer = context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        due = read_due(connection, viewer, asked(), today())
        cases = cases_found(connection, due)
        parking = read_parking_card(connection)
    return kept_page(render_template("due.html", place=None, parking=parking, **due_given(due, cases)))


@pages.get("/p/<code>")
def plate(code: str) -> Response:
    """What is due at the place whose plate was scanned; 404 where the viewer sees no place of that code."""
    viewer = context.viewer()
    if len(code) > MOST_CODE or not code.isprintable():
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        place = read_plate(connection, viewer, code)
        if place is None:
            abort(404)
        due = read_due_at(connection, viewer, place["id"], today())
        cases = cases_found(connection, due)
    return kept_page(render_template("due.html", place=place, **due_given(due, cases)))


def kept_page(page: str) -> Response:
    """A page that the phone may keep for the account that it was made for, to open without the network."""
    response = make_response(page)
    response.headers["X-Gridmap-Account"] = str(context.viewer().account_id)
    return response


def check_words() -> dict[str, Any]:
    """The texts that the scripts of checks write into the page."""
    return {
        "results": {word: say(title) for word, title in RESULTS.items()},
        "severities": {str(number): say(title) for number, title in SEVERITIES.items()},
        "states": {word: say(title) for word, title in STATES.items()},
        "undo": say(_("Undo")),
        "dismiss": say(_("Put away")),
        "photo": say(_("Photo")),
        "unreadable": say(_("This picture cannot be used. The finding can be saved without it.")),
        "case": {
            "offer": say(_("Shall somebody deal with it?")),
            "report": say(_("Report it as a case")),
            "waiting": say(_("Reported as a case: kept here, waits for the network")),
            "sending": say(_("Reported as a case: is being sent")),
            "accepted": say(_("Reported as a case: {number}")),
        },
    }


def due_given(due: DueWork, cases: Mapping[int, str] = NO_CASES) -> Mapping[str, Any]:
    """What the templates of checks need beside their place; `cases`: what findings have become, by the answer."""
    return {
        "due": due,
        "cases": cases,
        "kind_of_case": kind_of_case,
        "may_answer": bool(context.viewer().roles & ANSWERING),
        "results_of": RESULTS_OF,
        "results": RESULTS,
        "severities": SEVERITIES,
        "troubles": TROUBLES,
        "check_words": check_words(),
        "page_id": uuid.uuid4(),
        "page_at": int(real_now().timestamp() * 1000),
        "shows_checks": due.checks <= MOST_ON_MY_PAGE,
        "most_urgent": MOST_URGENT,
        "most_kept": MOST_KEPT,
        "day": today(),
        "icons": ICONS,
        "kind_title": kind_title,
        "in_language": in_language,
    }

"""`/report`: place, kind, send; and `/my/incidents`: what one has reported and what became of it."""

import json
import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from flask import Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.clock import real_now
from gridmap.db.pools import Connection
from gridmap.i18n import _
from gridmap.incidents import IncidentProblem, Report
from gridmap.incidents.reporting import MOST_NAME, MOST_PHONE
from gridmap.incidents.sending import ACTING, Desk, send_report
from gridmap.read.incidents.kinds import Kind, read_kinds, read_usual
from gridmap.read.incidents.mine import MOST_REPORTS, Spot, read_own_reports, read_spot
from gridmap.read.mine import read_mine
from gridmap.submissions import SentDifferently
from gridmap.web.asked import asked, today
from gridmap.web.blueprint import actor, page_number, pages, say, typed
from gridmap.web.checks import STATES, kept_page
from gridmap.web.incidents.telling import badge, sentence, stands
from gridmap.web.my_places import by_estate
from gridmap.web.place_words import ICONS, in_language, kind_title

MANY_PLACES = 12
"""From so many places on a box narrows the list."""
MOST_WORDS = 1_000
MOST_PHOTOS = 6
TYPED = (
    *("kind", "place_id", "at", "accuracy_m", "text", "severity", "done", "source"),
    *("contact_name", "contact_phone"),
)
"""What a form says of a report."""
SENDING = {
    **STATES,
    "accepted": _("has arrived"),
    "number": _("has arrived under {number}"),
    "joined": _("has been joined with the earlier report"),
    "held": _("goes out in a moment"),
    "gone": _("Taken back. Nothing was sent."),
}


@pages.get("/report")
def report() -> Response:
    """Where, what, send: one page for all three, so that one copy on the phone serves without a network."""
    return kept_page(_page())


@pages.post("/report")
def report_by_form() -> AnyResponse:
    """One report from a page without scripts, or that can keep nothing, under an id that the page was made with."""
    try:
        page = UUID(request.form.get("page", ""))
    except ValueError:
        abort(400)
    sent = _typed_report()
    content = {name: getattr(sent, name) for name in TYPED}
    sent_id = uuid5(page, json.dumps(content))
    try:
        send_report(_desk(), sent_id, sent, content)
    except LookupError:
        abort(404)
    except (IncidentProblem, SentDifferently):
        return make_response(_page(say(_("This could not be taken as it is. Please choose again."))), 422)
    return redirect("/my/incidents?done=reported", 303)


@pages.get("/my/incidents")
def my_incidents() -> Response:
    """What the viewer has reported, the newest first, each with where it is and what to tell the resident."""
    viewer, page = context.viewer(), page_number()
    with context.services().database.transaction(viewer.prologue) as connection:
        reports, has_more = read_own_reports(connection, viewer, after=(page - 1) * MOST_REPORTS)
    now = context.services().clock.now()
    told = [(one, badge(one), stands(one), sentence(one, now)) for one in reports]
    return kept_page(
        render_template(
            "incidents/my_incidents.html",
            told=told,
            page=page,
            has_more=has_more,
            may_report=bool(viewer.roles & ACTING),
            in_language=in_language,
            report_words=report_words(),
            page_at=int(real_now().timestamp() * 1000),
        )
    )


def report_words() -> dict[str, Any]:
    """The texts that the scripts of reports write into the page."""
    return {
        "states": {word: say(title) for word, title in SENDING.items()},
        "photo": say(_("Photo")),
        "dismiss": say(_("Put away")),
        "unreadable": say(_("This picture cannot be used. The report can be sent without it.")),
        "enough": say(_("Six photos are enough.")),
        "without": say(_("Take this photo out")),
        "nowhere": say(_("The phone does not say where it is. Choose from the list, or on the map.")),
        "here": say(_("Where I stand, within {metres} m")),
        "urgent": say(_("Urgent matters are looked at by somebody else, too: please send it as a report.")),
        "same": say(_("It is the same one")),
        "near": say(_("{metres} m away")),
        "same_place": say(_("at this place")),
        "chosen": say(_("This place")),
        "point": say(_("A point on the map")),
        "minutes": say(_("{count} minutes ago")),
        "hours": say(_("{count} hours ago")),
        "days": say(_("{count} days ago")),
    }


def _page(problem: str = "") -> str:
    viewer, moment = context.viewer(), context.services().clock.now()
    if not viewer.roles & ACTING:
        abort(403)
    with context.services().database.transaction(viewer.prologue) as connection:
        mine = read_mine(connection, viewer, asked())
        kinds = read_kinds(connection, today())
        usual = read_usual(connection, viewer, kinds, moment)
        spot = _asked_spot(connection)
    if request.args.get("place") and spot is None:
        abort(404)
    chosen = next((kind for kind in kinds if kind.code == request.args.get("kind")), None)
    return render_template(
        "incidents/report.html",
        problem=problem,
        mine=mine,
        held=[one for one in mine.held if one.kind not in ("building", "stairwell")],
        estates=by_estate(mine),
        has_many=mine.stairwells + len(mine.buildings) > MANY_PLACES,
        spot=spot,
        kind=chosen,
        done="1" if request.args.get("done") == "1" else "",
        step="where" if spot is None else "what" if chosen is None else "send",
        usual=usual,
        groups=_groups(kinds),
        most_photos=MOST_PHOTOS,
        most_words=MOST_WORDS,
        most_contact=MOST_NAME,
        source=_source(),
        icons=ICONS,
        kind_title=kind_title,
        in_language=in_language,
        page_id=uuid.uuid4(),
        business_at=int(moment.timestamp() * 1000),
        report_words=report_words(),
    )


def _typed_report() -> Report:
    """What the form says; 400 for what no page of ours sends."""
    kind, place, accuracy = (request.form.get(name, "") for name in ("kind", "place", "accuracy"))
    if not all(text.isascii() and text.isdigit() and len(text) < 17 for text in (kind, place or "0", accuracy or "0")):
        abort(400)
    return Report(
        kind=kind,
        place_id=int(place) if place else None,
        at=None if place else _typed_point(),
        accuracy_m=int(accuracy) if accuracy and not place else None,
        text=typed("text", MOST_WORDS),
        severity=3 if request.form.get("urgent") else None,
        done=bool(request.form.get("done")),
        source=_source(),
        contact_name=typed("contact_name", MOST_NAME),
        contact_phone=typed("contact_phone", MOST_PHONE),
    )


def _typed_point() -> tuple[float, float]:
    """Longitude and latitude."""
    try:
        lon, lat = (float(part) for part in request.form.get("at", "").split(","))
    except ValueError:
        abort(400)
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        abort(400)
    return lon, lat


def _asked_spot(connection: Connection) -> Spot | None:
    text = request.args.get("place", "")
    if not (text.isascii() and text.isdigit() and len(text) < 17) or int(text) >= 1 << 53:
        return None
    return read_spot(connection, context.viewer(), int(text))


def _groups(kinds: Sequence[Kind]) -> list[tuple[Kind, list[Kind]]]:
    """The kinds class by class, each class with its first kind."""
    grouped = (list(inner) for _code, inner in groupby(kinds, key=lambda kind: kind.group))
    return [(inner[0], inner) for inner in grouped]


def _source() -> str:
    """Whoever is on duty reports from a round; a resident on duty as an owner."""
    return "owner" if {role.value for role in context.viewer().roles} == {"duty_resident"} else "patrol"


def _desk() -> Desk:
    viewer, services = context.viewer(), context.services()
    if not viewer.roles & ACTING:
        abort(403)
    return Desk(database=services.database, viewer=viewer.prologue, by=actor())

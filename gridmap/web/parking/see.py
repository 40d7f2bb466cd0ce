"""`/parking/see`: a car from outside by its plate; and its photo, for whoever says why they look."""

import uuid
from dataclasses import replace
from datetime import datetime, time, timedelta
from uuid import UUID, uuid5

from flask import Response, abort, make_response, render_template, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.clock import OFFICE
from gridmap.files import path_of
from gridmap.i18n import _
from gridmap.parking.counting import round_at
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.looking_up import show_photo
from gridmap.parking.plates import UnreadablePlate, hash_plate, pad_rules, read_plate
from gridmap.parking.sending import send_sighting
from gridmap.parking.telling import found_words
from gridmap.parking.watching import Seen
from gridmap.parking.words import PLATES, refusal_words
from gridmap.people.once import Told
from gridmap.submissions import SentDifferently
from gridmap.web.blueprint import actor, number, pages, say, typed
from gridmap.web.checks import kept_page
from gridmap.web.parking.own import clocks, desk, own_zones, round_words, zones_told
from gridmap.web.parking.question import for_watching

MINUTES_AGO = (0, 15, 30, 60)
"""What stands beside the time of now: longer ago is typed."""
MOST_REASON = 200
LOOKING = (_("To tell the plate from another one"), _("Somebody has objected"), _("To find whoever drives it"))
"""Why somebody looks at a photo, in one tap."""


@pages.get("/parking/see")
@for_watching
def see_vehicle() -> Response:
    """The zone, the plate by an own keypad, when, a photo if one likes: one page, so that one copy serves all zones."""
    return kept_page(_page())


@pages.post("/parking/see")
@for_watching
def see_by_form() -> AnyResponse:
    """One car from a page without scripts, or that can keep nothing, under an id that the page was made with."""
    try:
        page = UUID(request.form.get("page", ""))
    except ValueError:
        abort(400)
    zone_id, plate = number(request.form, "zone"), request.form.get("plate", "")
    if zone_id is None or not 0 < zone_id < 1 << 53:
        abort(400)
    at_desk = desk()
    seen = Seen(zone_id=zone_id, plate=plate, seen_at=_typed_moment(at_desk.by.business_at))
    content: dict[str, object] = {"zone_id": zone_id, "in_count": bool(request.form.get("in_count"))}
    # as it was said: by the clock a second press would be another moment
    content |= {name: typed(name, 5) for name in ("ago", "clock")}
    if content["in_count"]:
        made = round_at(seen.seen_at or at_desk.by.business_at)
        seen = replace(seen, counted_on=made.day, part=made.part)
    try:
        # the id must not tell the plate either
        sent_id = uuid5(page, hash_plate(at_desk.plate_key, zone_id >> 32, read_plate(plate)).hex() + f"{content}")
        told = send_sighting(at_desk, sent_id, seen, content)
    except LookupError:
        abort(404)
    except UnreadablePlate as problem:
        return make_response(_page(say(PLATES[problem.problem])), 422)
    except (ParkingProblem, SentDifferently) as problem:
        reason = problem.reason if isinstance(problem, ParkingProblem) else "changed"
        return make_response(_page(refusal_words(context.locale(), reason)), 422)
    return make_response(_page(told=told))


@pages.post("/parking/sightings/<int:sighting_id>/photo")
@for_watching
def sighting_photo(sighting_id: int) -> Response:
    """The photo as a JPEG, for one stated reason that is written down; 404 where there is none for this viewer."""
    reason, services = typed("reason", MOST_REASON), context.services()
    if sighting_id >= 1 << 53:
        abort(404)
    if not reason:
        abort(400)
    try:
        with services.database.transaction(context.viewer().prologue) as connection:
            sha256 = show_photo(connection, actor(), sighting_id, reason)
    except (LookupError, ParkingProblem):
        abort(404)
    path = path_of(services.settings.home, sha256) if sha256 else None
    if path is None or not path.is_file():
        abort(404)
    response = make_response(send_file(path, mimetype="image/jpeg", max_age=0))
    response.headers["Cache-Control"] = "no-store"
    return response


def see_words() -> dict[str, object]:
    """The texts that the scripts of sightings write into the page."""
    return round_words() | {
        "title": say(_("Car from outside")),
        "offline": say(_("There is no network: it is kept here, sent by itself, and what follows is told then.")),
        "sending": say(_("It is being sent …")),
        "zone": say(_("Choose the zone.")),
        "plate": say(_("The plate is not whole yet.")),
        "unreadable": say(_("This picture cannot be used. The car can be written down without it.")),
        "without": say(_("Take this photo out")),
        "enough": say(_("One photo is enough.")),
        "delete": say(_("Delete the last sign")),
        "clear": say(_("Clear")),
        "plateTitle": say(_("Number plate")),
        "kinds": {
            "ordinary": say(_("Blue plate")),
            "energy": say(_("Green plate, new energy")),
            "ended": say(_("Plate with a sign at its end")),
            "embassy": say(_("Embassy")),
            "": "",
        },
    }


def _typed_moment(now: datetime) -> datetime | None:
    """The moment that the form says: so many minutes ago, or the last time that a clock showed that hour."""
    clock, ago = typed("clock", 5), request.form.get("ago", "0")
    try:
        hour = time.fromisoformat(clock) if clock else None
    except ValueError:
        abort(400)
    if hour is not None:
        today = datetime.combine(now.astimezone(OFFICE).date(), hour, OFFICE)
        return today if today <= now else today - timedelta(days=1)
    if ago not in {str(minutes) for minutes in MINUTES_AGO}:
        abort(400)
    return now - timedelta(minutes=int(ago)) if ago != "0" else None


def _page(problem: str = "", told: Told | None = None) -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        zones = own_zones(connection, also=number(request.args, "zone") or 0)
    asked = request.values.get("zone", "")
    return render_template(
        "parking/see.html",
        tab="see",
        step="told" if told else "ask",
        zones=zones,
        chosen=next((zone for zone in zones if str(zone["id"]) == asked), None),
        is_counting=request.values.get("count") == "1" or bool(request.form.get("in_count")),
        told=told,
        found=found_words(told, context.locale()) if told else None,
        problem=problem,
        typed=request.form,
        minutes_ago=MINUTES_AGO,
        page_id=uuid.uuid4(),
        **clocks(),
        told_zones=zones_told(zones),
        rules=pad_rules(),
        words=see_words(),
    )

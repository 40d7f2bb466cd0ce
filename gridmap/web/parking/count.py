"""`/parking/count`: the zones of the round with what was counted last, and one zone on one screen for two thumbs."""

import uuid
from uuid import UUID, uuid5

from flask import Response, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.i18n import _
from gridmap.parking.counting import MOST, Counted
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.sending import send_count
from gridmap.parking.words import refusal_words
from gridmap.read.parking.counting import MOST_ZONES
from gridmap.submissions import SentDifferently
from gridmap.web.blueprint import pages, say
from gridmap.web.checks import kept_page
from gridmap.web.parking.own import (
    PART_WORDS,
    clocks,
    count_of,
    desk,
    last_count,
    next_zone,
    own_zones,
    round_now,
    round_words,
    when_words,
    zones_told,
)
from gridmap.web.parking.question import for_watching


@pages.get("/parking/count")
@for_watching
def count_zones() -> Response:
    """The zones to be counted now, which are done, and what was counted last."""
    return kept_page(_page(0))


@pages.get("/parking/count/<int:zone_id>")
@for_watching
def count_zone(zone_id: int) -> Response:
    """Two numbers for one zone; 404 where the viewer is not on duty in such a zone."""
    return kept_page(_page(zone_id))


@pages.post("/parking/count/<int:zone_id>")
@for_watching
def count_by_form(zone_id: int) -> AnyResponse:
    """One count from a page without scripts, or that can keep nothing, under an id that the page was made with."""
    try:
        page = UUID(request.form.get("page", ""))
    except ValueError:
        abort(400)
    total, outside = _typed("total"), _typed("outside")
    content = {"zone_id": zone_id, "total": total, "outside": outside}
    try:
        counted = Counted(zone_id=zone_id, total=total, outside=outside)
        send_count(desk(), uuid5(page, f"{content}"), counted, content)
    except LookupError:
        abort(404)
    except (ParkingProblem, SentDifferently) as problem:
        reason = problem.reason if isinstance(problem, ParkingProblem) else "changed"
        return make_response(_page(zone_id, refusal_words(context.locale(), reason)), 422)
    with context.services().database.transaction(context.viewer().prologue) as connection:
        following = next_zone(own_zones(connection, also=zone_id), round_now(), zone_id)
    if following is None:
        return redirect(url_for("pages.count_zones", done="counted_all"), 303)
    return redirect(url_for("pages.count_zone", zone_id=following["id"], done="counted"), 303)


def count_words() -> dict[str, object]:
    """The texts that the scripts of counting write into the page."""
    return round_words() | {
        "title": say(_("Cars counted")),
        "never": say(_("Not counted yet")),
        "done": say(_("counted")),
        "again": say(_("Counted already; save again to mend it.")),
        "save": say(_("Save")),
        "saveNext": say(_("Save, then {name}")),
        "all": say(_("All zones are counted.")),
        "progress": say(_("{done} of {all} zones counted")),
        "noted": say(_("{name}: {total} / {outside}")),
        "nowhere": say(_("The phone does not say where it is.")),
    }


def _page(zone_id: int, problem: str = "") -> str:
    if zone_id >= 1 << 53:
        abort(404)
    with context.services().database.transaction(context.viewer().prologue) as connection:
        zones = own_zones(connection, also=zone_id)
    chosen = next((zone for zone in zones if zone["id"] == zone_id), None)
    if zone_id and chosen is None:
        abort(404)
    made = round_now()
    return render_template(
        "parking/count.html",
        tab="count",
        step="zone" if chosen else "zones",
        zones=zones,
        zone=chosen,
        made=made,
        part_title=PART_WORDS[made.part],
        counted=sum(count_of(zone, made) is not None for zone in zones),
        count_of=count_of,
        last_count=last_count,
        when_words=when_words,
        following=next_zone(zones, made, zone_id),
        typed=request.form,
        problem=problem,
        most=MOST,
        most_zones=MOST_ZONES,
        page_id=uuid.uuid4(),
        **clocks(),
        told=zones_told(zones),
        words=count_words(),
    )


def _typed(name: str) -> int:
    """A number of the form; what is none fits no count, and is told so."""
    text = request.form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1

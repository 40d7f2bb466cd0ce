"""`/parking/zones/ID/end`: ending a zone or a gate, with a reason, after a look at what stays and what goes."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db import SYSTEM
from gridmap.duties import open_slots
from gridmap.parking import setting_words
from gridmap.people.attempt import attempt
from gridmap.periods import month_of
from gridmap.places.ending import MOST_WHY, end_drawn
from gridmap.places.shapes import ShapeProblem
from gridmap.read.parking.shapes import read_kept
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, number, pages, say, typed
from gridmap.web.parking.deciding import for_readers, must_lead
from gridmap.web.parking.zones import PROBLEMS, seen_drawn
from gridmap.web.running import run

REFUSALS = {**PROBLEMS, **setting_words.REFUSALS}
STATUSES = {"changed": 409, "ended": 409, "not_yours": 403}


@pages.route("/parking/zones/<int:place_id>/end", methods=["GET", "POST"])
@for_readers
def end_zone(place_id: int) -> str | Response | tuple[str, int]:
    """The form, which says what ends and what is kept; who leads there ends it, with a reason and a tick."""
    row = seen_drawn(place_id)
    must_lead(row)
    if request.method == "GET":
        return _page(row)
    revision = number(request.form, "revision") or 0
    try:
        if request.form.get("sure") != "yes":
            raise ShapeProblem("unsure")
        why = typed("why", MOST_WHY + 1)
        run(lambda connection: end_drawn(connection, actor(), place_id, why, revision=revision))
    except ShapeProblem as problem:
        told = say(REFUSALS[problem.reason], **problem.values)
        return _page(seen_drawn(place_id), told), STATUSES.get(problem.reason, 422)
    _follow(row["street_id"])
    return redirect(url_for("pages.parking_zones", done="place_ended"), 303)


def _follow(street_id: int) -> None:
    """What is due there goes at once; the night would do it else."""
    day = today()
    attempt(
        context.services().database,
        SYSTEM,
        lambda connection: open_slots(connection, [street_id], month_of(day), day),
    )


def _page(row: Mapping[str, Any], problem: str = "") -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        kept = read_kept(connection, row["id"])
    return render_template(
        "parking/zone_end.html",
        row=row,
        is_gate=row["kind"] != "zone",
        kept=kept,
        why=typed("why", MOST_WHY),
        most=MOST_WHY,
        problem=problem,
    )

"""`/parking/evening`: what is one's own tonight: zones to count, cars that should have gone, notices to hand out."""

from datetime import timedelta
from uuid import UUID, uuid4, uuid5

from flask import Response, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.i18n import _
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.noticing import Given
from gridmap.parking.sending import send_given
from gridmap.parking.staying import Part
from gridmap.parking.words import GIVEN, STATES, refusal_words
from gridmap.read.parking.cut import Cut
from gridmap.read.parking.duty import read_duty
from gridmap.read.parking.evening import read_seen, read_to_give
from gridmap.submissions import SentDifferently
from gridmap.web.blueprint import number, pages, say, titled
from gridmap.web.checks import kept_page
from gridmap.web.parking.own import (
    PART_WORDS,
    clocks,
    count_of,
    desk,
    last_count,
    own_zones,
    round_now,
    round_words,
    when_words,
)
from gridmap.web.parking.question import for_watching
from gridmap.web.parking.see import LOOKING

PRINTED = "/parking/notices/{notice}/print"
"""Where the slip of a notice is printed."""


@pages.get("/parking/evening")
@for_watching
def parking_evening() -> Response:
    """What is the viewer's on this evening; in the morning what came of the last one."""
    return kept_page(_page())


@pages.post("/parking/evening")
@for_watching
def give_by_form() -> AnyResponse:
    """One notice given, from a page without scripts, or that can keep nothing."""
    try:
        page = UUID(request.form.get("page", ""))
    except ValueError:
        abort(400)
    notice_id, how = number(request.form, "notice"), request.form.get("how", "")[:10]
    if notice_id is None or not 0 < notice_id < 1 << 53:
        abort(400)
    content = {"notice_id": notice_id, "how": how}
    try:
        send_given(desk(), uuid5(page, f"{content}"), Given(notice_id=notice_id, how=how), content)
    except LookupError:
        abort(404)
    except (ParkingProblem, SentDifferently) as problem:
        reason = problem.reason if isinstance(problem, ParkingProblem) else "changed"
        return make_response(_page(refusal_words(context.locale(), reason)), 422)
    return redirect(url_for("pages.parking_evening", done="notice_given"), 303)


def evening_words() -> dict[str, object]:
    """The texts that the scripts of this page write into it."""
    return round_words() | {
        "given": {word: say(title) for word, title in GIVEN.items()},
        "title": say(_("Notice handed over")),
    }


def _page(problem: str = "") -> str:
    viewer, now, made = context.viewer(), context.services().clock.now(), round_now()
    # by daylight the evening that is over is what can still be worked on
    evening = made.day if made.part is Part.EVENING else made.day - timedelta(days=1)
    with context.services().database.transaction(viewer.prologue) as connection:
        zones = own_zones(connection)
        ids = [zone["id"] for zone in zones]
        seen = read_seen(connection, ids, evening, now) if ids else []
        to_give = read_to_give(connection, ids, now) if ids else []
        turns = read_duty(connection, viewer, Cut(), made.day, made.day + timedelta(days=1))
    return render_template(
        "parking/evening.html",
        tab="evening",
        zones=zones,
        made=made,
        part_title=PART_WORDS[made.part],
        evening=evening,
        is_running=made.part is Part.EVENING,
        counted=sum(count_of(zone, made) is not None for zone in zones),
        count_of=count_of,
        last_count=last_count,
        when_words=when_words,
        seen=seen,
        states=STATES,
        to_give=to_give,
        ways=titled(GIVEN),
        turns=turns,
        own_person=viewer.person_id,
        printed=PRINTED,
        looking=LOOKING,
        problem=problem,
        page_id=uuid4(),
        **clocks(),
        words=evening_words(),
    )

"""`/parking/notices`: notices to give and given; each is printed, copied as a text, and marked as given."""

from datetime import timedelta
from typing import Any

from flask import Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.looking_up import show_plate
from gridmap.parking.noticing import Given as Told
from gridmap.parking.noticing import give_notice
from gridmap.parking.rows import read_rules
from gridmap.parking.rules import Rules
from gridmap.parking.words import GIVEN, refusal_words
from gridmap.people.attempt import attempt
from gridmap.read.parking.notices import SHOWS, Given, count_notices, read_notices
from gridmap.read.parking.slip import Slip, read_slip
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, actor, own_address, pages, say, typed
from gridmap.web.parking import words
from gridmap.web.parking.question import asked_days, asked_question, choices, for_reading, for_watching, now
from gridmap.web.parking.slip_words import about, day_words, sentences, text_of

LATELY = timedelta(days=30)


@pages.get("/parking/notices")
@for_reading
def parking_notices() -> str:
    """The notices of a list; of those given, of the last thirty days unless the address says otherwise."""
    viewer, moment, day = context.viewer(), now(), today()
    start, end = asked_days(day - LATELY, day)
    more = {} if "from" not in request.args else {"from": start.isoformat(), "to": (end - timedelta(1)).isoformat()}
    question = asked_question("/parking/notices", SHOWS, "to_give", **more)
    shown = Given(show=question.show, start=start, end=end)
    with context.services().database.transaction(viewer.prologue) as connection:
        figures = {
            show: count_notices(connection, viewer, question.cut, moment, Given(show=show, start=start, end=end))
            for show in SHOWS
        }
        rows = read_notices(connection, viewer, question.cut, moment, shown, question.some)
    return render_template(
        "parking/notices.html",
        question=question,
        figures=figures,
        titles=words.NOTICE_SHOWS,
        rows=rows[:PAGE_SIZE],
        found=figures[question.show],
        last_page=max(1, -(-figures[question.show] // PAGE_SIZE)),
        days=(start, end - timedelta(days=1)),
        **choices(question),
        **words.given(),
    )


@pages.get("/parking/notices/<int:notice_id>/print")
@for_watching
def parking_slip(notice_id: int) -> str:
    """The slip with a masked plate: the plate in clear takes a reason."""
    return _slip_page(notice_id)


@pages.post("/parking/notices/<int:notice_id>/print")
@for_watching
def parking_slip_with_plate(notice_id: int) -> Response | tuple[str, int]:
    """The slip with the plate in clear, which is written down; the page is kept nowhere."""
    reason = typed("reason", 600)
    slip, _rules = _slip(notice_id)
    try:
        plate = attempt(
            context.services().database,
            context.viewer().prologue,
            lambda connection: show_plate(connection, actor(), slip.vehicle_id, reason),
        )
    except LookupError:
        abort(404)
    except ParkingProblem as problem:
        return _slip_page(notice_id, problem=refusal_words(context.locale(), problem.reason)), 422
    if plate is None:
        return _slip_page(notice_id, problem=say(words.PROBLEMS["no_plate"])), 422
    answer = Response(_slip_page(notice_id, plate=plate, reason=reason))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.post("/parking/notices/<int:notice_id>/given")
@for_watching
def give_parking_notice(notice_id: int) -> AnyResponse | tuple[str, int]:
    """Mark the notice as given, or (without a word how) as not given after all."""
    how, back = typed("how", 10) or None, own_address(request.form.get("back"))
    if notice_id >= 1 << 53:
        abort(404)
    if how is not None and how not in GIVEN:
        abort(400)
    try:
        attempt(
            context.services().database,
            context.viewer().prologue,
            lambda connection: give_notice(connection, actor(), Told(notice_id=notice_id, how=how)),
        )
    except LookupError:
        abort(404)
    except ParkingProblem as problem:
        text = words.PROBLEMS["withdrawn"] if problem.reason == "changed" else None
        return _slip_page(
            notice_id, problem=say(text) if text else refusal_words(context.locale(), problem.reason)
        ), 422
    back = back if back.startswith("/parking/") else "/parking/notices"
    done = "notice_given" if how else "notice_open"
    return redirect(f"{back}{'&' if '?' in back else '?'}done={done}", 303)


def _slip(notice_id: int) -> tuple[Slip, Rules]:
    """The notice and the rules that hold where its car stood; 404 where the viewer sees none."""
    viewer = context.viewer()
    if notice_id >= 1 << 53:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        slip = read_slip(connection, viewer, notice_id, now())
        if slip is None:
            abort(404)
        return slip, read_rules(connection, slip.home_id, slip.zone_id)


def _slip_page(notice_id: int, *, plate: str = "", reason: str = "", problem: str = "") -> str:
    slip, rules = _slip(notice_id)
    shown = plate or slip.masked
    given: dict[str, Any] = words.given()
    return render_template(
        "parking/slip.html",
        slip=slip,
        plate=shown,
        is_clear=bool(plate),
        reason=reason,
        problem=problem,
        rules=rules,
        about=about(slip, rules),
        sentences=sentences(slip, rules),
        text=text_of(slip, rules, shown),
        made_words=day_words(today()),
        **given,
    )

"""`/reception`: the reception day of the 15th: who comes, what was promised, minutes, and the sheet for the wall."""

from datetime import date, timedelta
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.incidents import CaseChanged, IncidentProblem
from gridmap.incidents.diary import ANSWER_DAYS, write_entry
from gridmap.incidents.reception import change_reception, open_reception
from gridmap.places.calendar import read_calendar
from gridmap.read.incidents.diary import Asked, read_entries
from gridmap.read.incidents.fifteenth import day_of_month
from gridmap.read.incidents.reception import read_communities, read_reception, read_receptions
from gridmap.web.asked import today
from gridmap.web.blueprint import PAGE_SIZE, actor, number, page_number, pages, typed
from gridmap.web.incidents.desk import (
    SeveralPlaces,
    chosen_place,
    for_leaders,
    kind_groups,
    known_place,
    run_once,
    words_of,
)
from gridmap.web.incidents.diary import content_of, read_form, words
from gridmap.web.incidents.diary_words import RECEPTION_BADGES, RECEPTION_STATES
from gridmap.web.running import run

MOST_VISITORS = 500
FARTHEST = timedelta(days=366)
"""A reception day is written down at most so long before or after it."""


@pages.route("/reception", methods=["GET", "POST"])
@for_leaders
def receptions() -> str | Response:
    """The reception days, and the next one of each community that the viewer leads."""
    viewer, page = context.viewer(), page_number()
    if request.method == "POST":
        community_id, day = number(request.form, "community") or 0, _typed_day()
        reception_id = run(lambda connection: open_reception(connection, actor(), community_id, day))
        return redirect(url_for("pages.reception", reception_id=reception_id), 303)
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_receptions(connection, viewer, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE)
        communities = read_communities(connection, viewer)
        nexts = _next_days(connection, communities)
    known = {(row["community_id"], row["held_on"]) for row in rows}
    return render_template(
        "diary/receptions.html",
        rows=rows[:PAGE_SIZE],
        has_more=len(rows) > PAGE_SIZE,
        page=page,
        communities=[one for one in communities if (one["id"], nexts[one["street_id"]]) not in known],
        nexts=nexts,
        states=RECEPTION_STATES,
        badges=RECEPTION_BADGES,
        day=today(),
    )


@pages.route("/reception/<int:reception_id>", methods=["GET", "POST"])
@for_leaders
def reception(reception_id: int) -> str | Response | tuple[str, int]:
    """One reception day: the queue, the next visitor, the minutes."""
    row = _row(reception_id)
    if request.method == "GET":
        return _page(row)
    try:
        if typed("what", 10) == "minutes":
            _write_minutes(row)
            return redirect(url_for("pages.reception", reception_id=reception_id, done="saved") + "#minutes", 303)
        turn = _take_visitor(row)
    except SeveralPlaces as several:
        return _page(row, *words_of(several)[:1], choices=several.found), 422
    except (IncidentProblem, CaseChanged) as problem:
        sentence, status = words_of(problem)
        return _page(_row(reception_id), sentence), status
    return redirect(url_for("pages.reception", reception_id=reception_id, turn=turn) + "#queue", 303)


@pages.get("/reception/<int:reception_id>/sheet")
@for_leaders
def reception_sheet(reception_id: int) -> str:
    """What happened to each issue, to hang out or to hand over: turns and matters, never a name."""
    row, viewer = _row(reception_id), context.viewer()
    turn = number(request.args, "turn")
    with context.services().database.transaction(viewer.prologue) as connection:
        entries = _visitors(connection, reception_id)
    shown = [one for one in entries if turn in (None, one["turn"])]
    return render_template(
        "diary/sheet.html", row=row, entries=shown, turn=turn, day=today(), office=_office(row), **words()
    )


def _office(row: dict[str, Any]) -> dict[str, str]:
    settings = row["settings"]
    return {"name": settings.get("office_name") or row["street"], "phone": settings.get("office_phone") or ""}


def _next_days(connection: Connection, communities: list[dict[str, Any]]) -> dict[int, date]:
    """For each street the next reception day, the one of today included."""
    calendar, day = read_calendar(connection), today()
    nexts: dict[int, date] = {}
    for street_id in {one["street_id"] for one in communities}:
        this = day_of_month(connection, street_id, day, calendar)
        nexts[street_id] = this if this >= day else day_of_month(connection, street_id, _month_after(day), calendar)
    return nexts


def _month_after(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _typed_day() -> date:
    try:
        day = date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        abort(400)
    if abs(day - today()) > FARTHEST:
        abort(400)
    return day


def _write_minutes(row: dict[str, Any]) -> None:
    minutes = request.form.get("minutes", "").replace("\0", "").replace("\r\n", "\n").strip()
    state, revision = typed("state", 10), number(request.form, "revision") or 0
    run(
        lambda connection: change_reception(
            connection, actor(), row["id"], state=state, minutes=minutes, revision=revision
        )
    )


def _take_visitor(row: dict[str, Any]) -> int:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        no_place = not (typed("where") or number(request.form, "place") or number(request.form, "community"))
        place_id, community_id = (None, row["community_id"]) if no_place else chosen_place(connection)
    if (place_id or community_id or 0) >> 32 != row["street_id"]:
        raise IncidentProblem("street")
    entry = read_form(place_id, community_id, channel="reception", reception_id=row["id"])

    def write(connection: Connection) -> dict[str, Any]:
        written = write_entry(connection, actor(), entry)
        return {"turn": written.turn}

    return int(run_once(row["street_id"], content_of(entry), write)["turn"])


def _visitors(connection: Connection, reception_id: int) -> list[dict[str, Any]]:
    now = context.services().clock.now()
    return read_entries(connection, context.viewer(), Asked(reception=reception_id), now, limit=MOST_VISITORS)


def _row(reception_id: int) -> dict[str, Any]:
    viewer, row = context.viewer(), None
    if reception_id < 1 << 53:
        with context.services().database.transaction(viewer.prologue) as connection:
            row = read_reception(connection, viewer, reception_id)
    if row is None:
        abort(404)
    return row


def _page(row: dict[str, Any], problem: str = "", choices: Any = ()) -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        visitors = _visitors(connection, row["id"])
        kinds = kind_groups(connection)
        place = known_place(connection, number(request.values, "place")) if problem else None
    return render_template(
        "diary/reception.html",
        row=row,
        visitors=visitors,
        kinds=kinds,
        place=place,
        choices=choices,
        states=RECEPTION_STATES,
        badges=RECEPTION_BADGES,
        typed=request.form if problem else {},
        day=today(),
        promise=today() + ANSWER_DAYS,
        problem=problem,
        **words(),
    )

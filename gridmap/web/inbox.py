"""`/my/inbox`: what an account should hear of, and questions about its own entries. Nothing pushed, nothing counted."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.duties import DutyProblem, explain_doubts
from gridmap.duties.doubts import MOST_AT_ONCE
from gridmap.duties.sending import ANSWERING
from gridmap.i18n import WEEKDAYS, _
from gridmap.incidents.capacities import read_standing
from gridmap.layer import Role
from gridmap.people.attempt import attempt
from gridmap.people.giving import received
from gridmap.read.due import DueWork, read_due
from gridmap.read.inbox import Doubt, Entry, Turnover, read_corrected, read_doubts, read_turnover
from gridmap.read.incidents.news import News, read_news
from gridmap.read.mine import StoodInFor, read_stood_in_for
from gridmap.read.parking.news import CarNews, read_car_news
from gridmap.read.rota import RotaNews
from gridmap.read.rota import read_news as read_rota_news
from gridmap.rota.words import LACKS
from gridmap.scope import Viewer
from gridmap.web.asked import asked, today
from gridmap.web.blueprint import actor, pages, say, typed, wants_page
from gridmap.web.checks import RESULTS, due_given, kept_page
from gridmap.web.incidents.board import together
from gridmap.web.place_words import in_language

HANDED_OVER_SHOWN = timedelta(days=45)
CAR_NEWS = {
    "waits": _("{plate}, {home}: a proposed ban waits for you since {time}."),
    "appealed": _("{plate}, {home}: an appeal against a ban that runs until {time} waits to be decided."),
    "ends": _("{plate}, {home}: the ban ends by itself at {time}."),
}
EXPLAINED = {
    "right": _("It is right as it stands"),
    "entered_later": _("I was there earlier and entered it afterwards"),
    "clock_wrong": _("The clock of the phone was wrong"),
    "other": _("Something else"),
}
NEWS = {
    "rejected": _("was not taken up"),
    "duplicate": _("had been reported already, and is dealt with together"),
    "returned": _("was given back; another unit is being found"),
    "reopened": _("is being done once more"),
    "closed": _("is settled"),
    "answered": _("has been answered"),
}
PROBLEMS = {
    "explanation": _("Choose what happened."),
    "note": _("Say in a few words what happened."),
    "street": _("These entries cannot be explained together."),
}


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """Everything in it. What is `due` soon comes from the list of due work itself."""

    due: DueWork
    doubts: tuple[Doubt, ...]
    away: tuple[StoodInFor, ...]
    turnover: tuple[Turnover, ...]
    corrected: tuple[Entry, ...]
    reported: tuple[News, ...]
    rota: RotaNews
    handed_over: tuple[dict[str, Any], ...]
    """Hand-overs to the viewer of the last weeks: giver, note, names of the places, what was open."""
    cars: tuple[CarNews, ...] = ()
    """Of cars from outside, to those who lead: bans that wait, and bans that end today or tomorrow."""

    @property
    def count(self) -> int:
        """How many messages there are."""
        reminders = bool(self.due.soon) + bool(self.due.left)
        told = len(self.turnover) + len(self.corrected) + len(self.handed_over) + len(self.reported) + len(self.cars)
        return reminders + len(self.doubts) + len(self.away) + self.rota.count + told


def read_inbox(connection: Connection, viewer: Viewer, due: DueWork) -> Inbox:
    """The inbox of the viewer beside the work that is due; the connection is in the viewer's transaction."""
    now = context.services().clock.now()
    return Inbox(
        due=due,
        doubts=read_doubts(connection, viewer, now),
        away=read_stood_in_for(connection, viewer, now),
        turnover=read_turnover(connection, viewer, now),
        corrected=read_corrected(connection, viewer, now),
        reported=read_news(connection, viewer, now),
        rota=read_rota_news(connection, viewer, now),
        handed_over=_handed_over(connection, viewer, now),
        cars=_cars(connection, viewer, now),
    )


def _cars(connection: Connection, viewer: Viewer, now: datetime) -> tuple[CarNews, ...]:
    """Of the area that the account leads alone: elsewhere it would be refused."""
    led = read_standing(connection, actor()).areas.get("leader") if Role.LEADER in viewer.roles else None
    if led is None:
        return ()
    return read_car_news(connection, replace(viewer, reach=together([led])), viewer.account_id, today(), now)


def _handed_over(connection: Connection, viewer: Viewer, now: datetime) -> tuple[dict[str, Any], ...]:
    if viewer.person_id is None:
        return ()
    found = received(connection, viewer.person_id)
    return tuple(one for one in found if one["undone_at"] is None and now - one["starts_at"] < HANDED_OVER_SHOWN)


@pages.get("/my/inbox")
def inbox() -> Response:
    """The inbox as a page, which the phone keeps."""
    return kept_page(_page(None))


@pages.post("/my/inbox/explain")
def explain() -> AnyResponse:
    """Keep what the author says of doubtful entries: a form, or `ids`, `said` and `note` to programs."""
    if not context.viewer().roles & ANSWERING:
        abort(403)
    ids, said, note = _ids(), typed("said", 20), typed("note", 400)
    try:
        explained = attempt(
            context.services().database,
            context.viewer().prologue,
            lambda connection: explain_doubts(connection, actor(), ids, said, note),
        )
    except DutyProblem as problem:
        return _refused(problem.reason)
    if wants_page():
        return redirect("/my/inbox?done=explained", 303)
    return jsonify(explained=explained)


def _ids() -> list[int]:
    texts = request.form.get("ids", "").split(",")[: MOST_AT_ONCE + 1]
    if not all(text.isascii() and text.isdigit() and len(text) < 17 for text in texts):
        abort(400)
    return [int(text) for text in texts]


def _refused(reason: str) -> AnyResponse:
    sentence = PROBLEMS[reason]
    if wants_page():
        return Response(_page(say(sentence)), 422)
    answer = jsonify(code=reason, description=say(sentence))
    answer.status_code = 422
    return answer


def _page(problem: str | None) -> str:
    viewer = context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        found = read_inbox(connection, viewer, read_due(connection, viewer, asked(), today()))
    given: dict[str, Any] = {**due_given(found.due), "inbox": found, "problem": problem}
    return render_template(
        "inbox.html",
        **given,
        explained=EXPLAINED,
        result_words=RESULTS,
        news_words=NEWS,
        car_words=CAR_NEWS,
        lacks=LACKS,
        weekday_words=WEEKDAYS,
        month=_month(today()),
        language=in_language,
    )


def _month(day: date) -> str:
    return f"{day:%Y-%m}"

"""`/diary`: one line for whatever somebody said, with what became of it; estate by estate."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.incidents import CaseChanged, IncidentProblem
from gridmap.incidents.diary import Entry, answer_entry, make_case, note_entry, write_entry
from gridmap.layer import Role
from gridmap.layers.incidents import STATES
from gridmap.read.incidents.diary import Asked, read_areas, read_entries, read_entry
from gridmap.read.incidents.reception import read_communities
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, number, pages, titled, typed
from gridmap.web.incidents.desk import (
    SeveralPlaces,
    chosen_place,
    for_duty,
    houses_title,
    kind_groups,
    known_place,
    place_title,
    run_once,
    shown_estate,
    shown_place,
    words_of,
)
from gridmap.web.incidents.diary_words import ALL_CHANNELS, CHANNEL_ICONS, CHANNELS, OUTCOMES
from gridmap.web.place_words import in_language
from gridmap.web.running import run

PAGE = 30
REASON_LENGTH = 200
SHOWS = ("all", "open", "waiting")


@pages.route("/diary", methods=["GET", "POST"])
@for_duty
def diary() -> str | Response | tuple[str, int]:
    """The entries that the viewer sees, the newest first, under the line in which a new one is written."""
    if request.method == "GET":
        return _page()
    try:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            place_id, community_id = chosen_place(connection)
        entry = read_form(place_id, community_id)
        street_id = (place_id or community_id or 0) >> 32
        answer = run_once(street_id, content_of(entry), lambda connection: _written(connection, entry))
    except SeveralPlaces as several:
        return _page(*words_of(several)[:1], choices=several.found), 422
    except (IncidentProblem, CaseChanged) as problem:
        sentence, status = words_of(problem)
        return _page(sentence), status
    done = "diary_case" if answer["case"] else "diary_written"
    return redirect(url_for("pages.diary", done=done, estate=number(request.form, "estate")) + f"#e{answer['id']}", 303)


@pages.route("/diary/<int:diary_id>", methods=["GET", "POST"])
@for_duty
def diary_entry(diary_id: int) -> str | Response | tuple[str, int]:
    """One entry: answered, noted, made a case of; with a reason the name, telephone and private words in clear."""
    row = _row(diary_id)
    if request.method == "GET":
        return _entry_page(row)
    revision, what = number(request.form, "revision") or 0, typed("what", 10)
    try:
        if what == "unmask":
            return _entry_page(row, clear=_clear(diary_id))
        run(lambda connection: _settle(connection, diary_id, what, revision))
    except (IncidentProblem, CaseChanged) as problem:
        sentence, status = words_of(problem)
        return _entry_page(_row(diary_id), problem=sentence), status
    back = row["reception_id"]
    if back:
        return redirect(url_for("pages.reception", reception_id=back, done="saved") + f"#e{diary_id}", 303)
    return redirect(url_for("pages.diary_entry", diary_id=diary_id, done="saved"), 303)


@pages.get("/diary/estates")
@for_duty
def diary_estates() -> str:
    """The estates that the diary speaks of, those where somebody waits first."""
    viewer = context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        areas = read_areas(connection, viewer, context.services().clock.now())
    return render_template("diary/estates.html", areas=areas, houses_title=houses_title)


def read_form(place_id: int | None, community_id: int | None, **more: Any) -> Entry:
    """The entry of a form. Raises IncidentProblem."""
    becomes = typed("becomes", 10)
    return Entry(
        text=" ".join(typed("text", 400).split()),
        channel=more.pop("channel", None) or typed("channel", 12) or "visit",
        place_id=place_id,
        community_id=community_id,
        contact_name=typed("name", 60),
        contact_phone=typed("phone", 60),
        is_private=bool(request.form.get("private")),
        is_done=becomes == "noted",
        kind=(typed("kind", 8) or "-") if becomes == "case" else None,
        promised_on=typed_promise() if becomes != "case" else None,
        **more,
    )


def typed_promise() -> date | None:
    """The day of the answer, if one is said. Raises IncidentProblem("promised")."""
    said = request.form.get("promised", "").strip()
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise IncidentProblem("promised") from None


def content_of(entry: Entry) -> dict[str, Any]:
    """What a form says, to know it again when it is sent once more."""
    return {"diary": [str(value) for value in vars(entry).values()]}


def _written(connection: Connection, entry: Entry) -> dict[str, Any]:
    written = write_entry(connection, actor(), entry)
    return {"id": written.diary_id, "turn": written.turn, "case": written.case.number if written.case else None}


def _settle(connection: Connection, diary_id: int, what: str, revision: int) -> None:
    if what == "answer":
        answer_entry(connection, actor(), diary_id, " ".join(typed("answer", 600).split()), revision=revision)
    elif what == "noted":
        note_entry(connection, actor(), diary_id, revision=revision)
    elif what == "case":
        make_case(connection, actor(), diary_id, typed("kind", 8), revision=revision, reason="taken into the case")
    else:
        abort(400)


def _clear(diary_id: int) -> dict[str, Any]:
    reason = typed("reason", REASON_LENGTH + 1)
    if not reason or len(reason) > REASON_LENGTH:
        raise IncidentProblem("reason")
    moment = actor().business_at
    found = run(
        lambda connection: connection.execute(
            "SELECT * FROM gridmap.unmask_diary(%s, %s, %s, %s)", (diary_id >> 32, diary_id, reason, moment)
        ).fetchone()
    )
    return found or {}


def _row(diary_id: int) -> dict[str, Any]:
    viewer = context.viewer()
    row = None
    if diary_id < 1 << 53:
        with context.services().database.transaction(viewer.prologue) as connection:
            row = read_entry(connection, viewer, diary_id, context.services().clock.now())
    if row is None:
        abort(404)
    return row


def _before() -> tuple[datetime, int] | None:
    """The cursor of the address: the moment and id of the last entry of the page before."""
    at, _, identity = request.args.get("before", "").partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, int(identity)) if moment.tzinfo and 0 < int(identity) < 1 << 53 else None
    except ValueError:
        return None


def asked_entries() -> Asked:
    """Which entries the address asks for."""
    show = request.args.get("show", "all")
    channel = request.args.get("channel", "")
    return Asked(
        estate=number(request.args, "estate"),
        channel=channel if channel in ALL_CHANNELS else None,
        waiting=show == "waiting",
        open=show == "open",
        before=_before(),
    )


def words() -> dict[str, Any]:
    """The words that templates of the diary share."""
    return {
        "channels": ALL_CHANNELS,
        "channel_icons": CHANNEL_ICONS,
        "outcomes": OUTCOMES,
        "case_states": STATES,
        "place_title": place_title,
        "in_language": in_language,
    }


def _page(problem: str = "", choices: Any = ()) -> str:
    viewer, asked, now = context.viewer(), asked_entries(), context.services().clock.now()
    with context.services().database.transaction(viewer.prologue) as connection:
        rows = read_entries(connection, viewer, asked, now, limit=PAGE + 1)
        waiting = len(read_entries(connection, viewer, Asked(waiting=True, estate=asked.estate), now, limit=100))
        wanted = number(request.values, "place")
        place = known_place(connection, wanted) if problem else shown_place(connection, wanted)
        estate = shown_estate(connection, asked.estate)
        leads = Role.LEADER in viewer.roles
        communities = read_communities(connection, viewer) if leads else []
        kinds = kind_groups(connection)
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return render_template(
        "diary/diary.html",
        rows=rows[:PAGE],
        cursor=f"{last['at'].isoformat()}~{last['id']}" if last else None,
        waiting=waiting,
        asked=asked,
        show=request.args.get("show", "all"),
        place=place or (estate if estate and estate["kind"] and not choices else None),
        estate=estate,
        choices=choices,
        communities=communities,
        kinds=kinds,
        channel_choices=titled(CHANNELS),
        typed=request.form,
        day=today(),
        promise=today() + timedelta(days=7),
        problem=problem,
        **words(),
    )


def _entry_page(row: dict[str, Any], problem: str = "", clear: dict[str, Any] | None = None) -> str:
    with context.services().database.transaction(context.viewer().prologue) as connection:
        kinds = kind_groups(connection) if row["outcome"] is None else []
    return render_template(
        "diary/entry.html", one=row, kinds=kinds, clear=clear, problem=problem, day=today(), **words()
    )

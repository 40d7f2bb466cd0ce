"""`/register/editions/ID`: who and what moves, the certificate; publishing from a date, and the undo of it."""

from datetime import date
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db import SYSTEM
from gridmap.db.pools import Connection
from gridmap.duties import open_slots
from gridmap.layer import ON_DUTY
from gridmap.people.attempt import attempt
from gridmap.periods import month_of
from gridmap.places.editions import MOST_WHY, Outcome, preview, publish, undo_edition
from gridmap.places.shapes import ShapeProblem
from gridmap.places.stepping import draw_again
from gridmap.read.register import names_of, read_editions
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, number, pages, typed
from gridmap.web.register import words
from gridmap.web.register.guard import MOST_ID, for_keepers, publishes, seen_draft
from gridmap.web.running import run

AROUND = ("grid", "micro", "estate")
"""What moves from one to another."""


@pages.get("/register/editions/<int:edition_id>")
@for_keepers
def register_edition(edition_id: int) -> str:
    """A draft: what publishing it today would do. Any other: what it did."""
    return _page(edition_id)


@pages.post("/register/editions/<int:edition_id>/publish")
@for_keepers
def publish_edition(edition_id: int) -> Response | tuple[str, int]:
    """Let it hold, with a reason, from a day."""
    revision, why = number(request.form, "revision") or 0, typed("why", MOST_WHY + 1)
    row = _row(edition_id)
    try:
        starts_on = _day()
        done = run(lambda connection: publish(connection, actor(), edition_id, why, starts_on, revision=revision))
    except ShapeProblem as problem:
        told, status = words.problem_words(problem)
        return _page(edition_id, told), status
    _follow(row["street_id"])
    word = "edition_published" if done is not None else "edition_waits"
    return redirect(url_for("pages.register_community", community_id=row["community_id"], done=word), 303)


@pages.post("/register/editions/<int:edition_id>/undo")
@for_keepers
def undo_register_edition(edition_id: int) -> Response | tuple[str, int]:
    """Undo it from today, with a reason."""
    revision, why = number(request.form, "revision") or 0, typed("why", MOST_WHY + 1)
    row = _row(edition_id)
    try:
        run(lambda connection: undo_edition(connection, actor(), edition_id, why, revision=revision))
    except ShapeProblem as problem:
        told, status = words.problem_words(problem)
        return _page(edition_id, told), status
    _follow(row["street_id"])
    return redirect(url_for("pages.register_community", community_id=row["community_id"], done="edition_undone"), 303)


@pages.post("/register/editions/<int:edition_id>/again")
@for_keepers
def draw_edition_again(edition_id: int) -> Response | tuple[str, int]:
    """Begin a draft with what an undone edition had made."""
    try:
        draft = run(lambda connection: draw_again(connection, actor(), edition_id))
    except ShapeProblem as problem:
        told, status = words.problem_words(problem)
        return _page(edition_id, told), status
    return redirect(url_for("pages.register_edition", edition_id=draft, done="stepped"), 303)


def _follow(street_id: int) -> None:
    """What the grids themselves owe begins and goes at once; the night would do it else."""
    day = today()
    attempt(
        context.services().database,
        SYSTEM,
        lambda connection: open_slots(connection, [street_id], month_of(day), day),
    )


def _day() -> date:
    try:
        return date.fromisoformat(typed("starts_on", 10))
    except ValueError:
        raise ShapeProblem("date") from None


def _row(edition_id: int) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    if edition_id < MOST_ID:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            rows = read_editions(connection, context.viewer(), edition_id=edition_id)
    if not rows:
        abort(404)
    return rows[0]


def _page(edition_id: int, problem: str = "") -> str:
    row = _row(edition_id)
    with context.services().database.transaction(context.viewer().prologue) as connection:
        draft = seen_draft(connection, row["community_id"], edition_id)
        may_publish = publishes(connection, draft)
        outcome, wrong = None, ""
        if row["state"] in ("draft", "waiting"):
            try:
                outcome = preview(connection, actor(), edition_id)
            except ShapeProblem as refused:
                wrong = words.problem_words(refused)[0]
        names = _names(connection, row["street_id"], outcome) if outcome else {}
    names |= {one.id: one.name for one in draft.places.values()}
    return render_template(
        "register/edition.html",
        row=row,
        draft=draft,
        outcome=outcome,
        certificate=outcome.certificate.as_json() if outcome else row["certificate"],
        numbers=dict(outcome.numbers) if outcome else row["moved"] or {},
        names=names,
        changed=[one for one in draft.places.values() if one.action != "none"],
        steps=[words.step_words(step) for step in draft.done],
        may_publish=may_publish,
        sees_people=context.viewer().reading_roles <= ON_DUTY,
        problem=problem or wrong,
        why=typed("why", MOST_WHY),
        starts_on=typed("starts_on", 10),
        most=MOST_WHY,
        today=today().isoformat(),
        states=words.STATES,
        faults=words.FAULTS,
        kinds=words.KINDS,
        number_words=words.NUMBERS,
    )


def _names(connection: Connection, street_id: int, outcome: Outcome) -> dict[int, str]:
    places = {row[f"{when}_{what}"] for row in outcome.moved for when in ("old", "new") for what in AROUND}
    people = {row["person_id"] for row in outcome.carried}
    return names_of(connection, street_id, places - {None}, people)

"""`/incidents/answers`: templates of answers of a street, that fill an answer with one tap."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.incidents import IncidentProblem
from gridmap.incidents.catalogue import delete_template, save_template
from gridmap.layer import Role
from gridmap.people.attempt import attempt
from gridmap.read.incidents.choices import read_kinds, read_streets, read_templates
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, number, pages, say, typed
from gridmap.web.duties.guard import lead
from gridmap.web.incidents import words
from gridmap.web.incidents.board import given as shared
from gridmap.web.incidents.question import for_working


@pages.get("/incidents/answers")
@for_working
def answer_templates() -> str:
    """The templates of a street; who leads something in it edits them."""
    return _page({}, "")


@pages.post("/incidents/answers")
@for_working
def save_answer_template() -> Response | tuple[str, int]:
    """Add a template or change one."""
    street = _led_street()
    identity, kind = number(request.form, "template"), typed("kind", 5) or None
    try:
        _attempt(
            lambda connection: save_template(
                connection,
                actor(),
                street,
                title=typed("title", 41),
                body=typed("body", 501),
                kind=_known(connection, kind),
                template_id=identity,
                revision=number(request.form, "revision") or 0,
            )
        )
    except IncidentProblem as problem:
        text = say(words.PROBLEMS.get(problem.reason) or words.REFUSALS[problem.reason])
        return _page(request.form, text), 409 if problem.reason == "changed" else 422
    return redirect(f"/incidents/answers?street={street}&done=template_saved", 303)


@pages.post("/incidents/answers/<int:template_id>/delete")
@for_working
def delete_answer_template(template_id: int) -> Response:
    """Take a template away."""
    street = _led_street()
    _attempt(lambda connection: delete_template(connection, actor(), street, template_id))
    return redirect(f"/incidents/answers?street={street}&done=template_gone", 303)


def _led_street() -> int:
    street = number(request.form, "street") or 0
    if Role.LEADER not in context.viewer().roles or not (lead().is_city or street in lead().near):
        abort(403)
    return street


def _known(connection: Connection, kind: str | None) -> str | None:
    if kind is not None and not any(row["code"] == kind for row in read_kinds(connection)):
        raise IncidentProblem("kind")
    return kind


def _attempt(command: Callable[[Connection], Any]) -> None:
    try:
        attempt(context.services().database, context.viewer().prologue, command)
    except LookupError:
        abort(404)


def _page(given: Mapping[str, Any], problem: str) -> str:
    viewer = context.viewer()
    near = None if viewer.reach.is_city else viewer.reach.near
    asked = number(request.values, "street")
    with context.services().database.transaction(viewer.prologue) as connection:
        streets = read_streets(connection, near)
        street = next((one for one in streets if asked in (None, one["id"])), None)
        if street is None and asked is not None:
            abort(404)
        templates = read_templates(connection, street["id"]) if street else []
        kinds = [row for row in read_kinds(connection) if today() in row["valid"]]
    return render_template(
        "incidents/answers.html",
        streets=streets,
        street=street,
        templates=templates,
        kinds=kinds,
        given=given,
        problem=problem,
        may_edit=street is not None and Role.LEADER in viewer.roles and (lead().is_city or street["id"] in lead().near),
        **shared(),
    )

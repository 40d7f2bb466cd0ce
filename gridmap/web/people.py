"""A person's clear name and phone, for one stated reason: what a place card asks before it calls."""

from flask import Response, abort, jsonify, render_template

from gridmap import context
from gridmap.i18n import _
from gridmap.layer import ON_DUTY
from gridmap.people import PeopleProblem, unmask
from gridmap.web.blueprint import actor, pages, say, typed, wants_page

NO_REASON = _("Say in a few words why you need the number. It is written down.")


@pages.post("/people/<int:person_id>/phone")
def phone(person_id: int) -> Response:
    """Clear name and phone as JSON (`name`, `phone`), or as a page to a form; the reason is written down.

    Only for roles on duty, and only for people in their scope: to anybody else the person does not exist.
    """
    viewer = context.viewer()
    if not viewer.reading_roles <= ON_DUTY:
        abort(403)
    try:
        with context.services().database.transaction(viewer.settings) as connection:
            clear = unmask(connection, actor(), person_id, typed("reason", 200))
    except LookupError:
        abort(404)
    except PeopleProblem:
        answer = jsonify(code="reason_needed", description=say(NO_REASON))
        answer.status_code = 422
        return answer
    if wants_page():
        answer = Response(render_template("phone.html", clear=clear))
    else:
        answer = jsonify(name=clear.name, phone=clear.phone)
    answer.headers["Cache-Control"] = "no-store"
    return answer

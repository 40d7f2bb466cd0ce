"""Sharing a report and taking a link back: for those who lead where the estate lies."""

from flask import abort, redirect, request
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.accounts.links import LIFETIMES, TooManyLinks, revoke_link, share_report
from gridmap.layer import Role
from gridmap.web.blueprint import actor, number, pages
from gridmap.web.coverage.question import asked_question

ESTATE = """
SELECT id, street_id, community_id, grid_id, micro_grid_id, estate_id FROM gridmap.place
WHERE street_id = %s AND id = %s AND kind = 'estate'
"""


@pages.post("/coverage/report/links")
def make_link() -> Response:
    """A new link to the report that the form names, good for the days it says."""
    viewer, question = context.viewer(), asked_question()
    _for_leaders()
    estate_id, days = number(request.form, "estate"), number(request.form, "days")
    if estate_id is None or days not in LIFETIMES:
        abort(400)
    with context.services().database.transaction(viewer.prologue) as connection:
        place = connection.execute(ESTATE, (estate_id >> 32, estate_id)).fetchone()
        if place is None:
            abort(404)
        try:
            share_report(connection, actor(), place, question.month, days)
        except TooManyLinks:
            abort(409)
    return redirect(f"/coverage/report?estate={estate_id}&month={question.month:%Y-%m}&done=report_shared#links")


@pages.post("/coverage/report/links/<int:identity>/revoke")
def end_link(identity: int) -> Response:
    """End a link: it opens nothing from now on."""
    viewer, question = context.viewer(), asked_question()
    _for_leaders()
    estate_id = number(request.form, "estate")
    if identity >= 1 << 53:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        try:
            revoke_link(connection, actor(), identity)
        except LookupError:
            abort(404)
    return redirect(f"/coverage/report?estate={estate_id}&month={question.month:%Y-%m}&done=link_revoked#links")


def _for_leaders() -> None:
    if Role.LEADER not in context.viewer().roles:
        abort(403)

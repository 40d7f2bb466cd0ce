"""`/incidents/agenda`: the agenda of the 15th, one printable page out of what was sent up and what is not solved."""

from dataclasses import replace

from flask import abort, render_template, request

from gridmap import context
from gridmap.i18n import _
from gridmap.layer import Role
from gridmap.places.calendar import read_calendar
from gridmap.read.incidents import Cut
from gridmap.read.incidents.agenda import read_agenda
from gridmap.read.incidents.choices import read_communities, read_name
from gridmap.read.incidents.fifteenth import FIFTEENTH, MEETING, day_of_month
from gridmap.web.asked import today
from gridmap.web.blueprint import number, pages, typed
from gridmap.web.duties.guard import asked_month, asked_street, lead, months_around
from gridmap.web.incidents.board import given as shared
from gridmap.web.incidents.board import left_of
from gridmap.web.incidents.question import now

MOST, MOST_OF_PART = 4, 500
"""So many cases of a part fit on the page; the rest is counted, and the count opens the part alone with all of them."""
REASONS = {
    "escalated": _("Sent up, or returned more than once"),
    "overdue": _("Overdue"),
    "parked": _("Parked, to be looked at again by then"),
    "repeated": _("Comes back again and again: three times in 30 days or more"),
}


@pages.get("/incidents/agenda")
def incident_agenda() -> str:
    """The agenda of the month's meeting, for a street or one of its communities; or one part with all its cases."""
    viewer, moment, month = context.viewer(), now(), asked_month()
    if Role.LEADER not in viewer.roles:
        abort(403)
    street, streets = asked_street()
    community = number(request.args, "community")
    if community is not None and community >> 32 != street.id:
        abort(404)
    part = typed("part", 20)
    if part and part not in REASONS:
        abort(400)
    with context.services().database.transaction(viewer.prologue) as connection:
        only = None if lead().leads_street(street.id) else sorted(lead().communities)
        communities = read_communities(connection, street.id, only)
        name = read_name(connection, "community", community) if community else None
        meeting = day_of_month(connection, street.id, month.start, read_calendar(connection), MEETING)
        cut = replace(Cut(street=street.id), community=community)
        points = read_agenda(connection, viewer, cut, moment, meeting, MOST_OF_PART if part else MOST)
    before, after = months_around(month)
    return render_template(
        "incidents/agenda.html",
        street=street,
        streets=streets,
        community=community,
        communities=communities,
        where=name or street.name,
        month=month,
        before=before,
        after=after,
        meeting=meeting,
        is_moved=meeting.day != FIFTEENTH,
        points=[one for one in points if part in ("", one.reason)],
        part=part,
        reasons=REASONS,
        left_of=left_of,
        moment=moment,
        day=today(),
        **shared(),
    )

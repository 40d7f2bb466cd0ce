"""`/my/rota`: one's own evenings in big type, what one was asked, the calendar; this evening's zones while on duty."""

from flask import Response, render_template

from gridmap import context
from gridmap.accounts.calendar_links import live_calendar
from gridmap.i18n import WEEKDAYS
from gridmap.read.rota import read_asks, read_open, read_own
from gridmap.rota.words import KINDS, LACKS
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, pages
from gridmap.web.checks import kept_page
from gridmap.web.rota.calendars import address_of
from gridmap.web.rota.guard import for_group
from gridmap.web.rota.listing import AHEAD

MOST = 40


@pages.get("/my/rota")
@for_group
def my_rota() -> Response:
    """One's own evenings; the phone keeps the page."""
    viewer, now = context.viewer(), context.services().clock.now()
    person = viewer.person_id
    link = None
    with context.services().database.transaction(viewer.prologue) as connection:
        own = [one for one in read_own(connection, person, now) if not one.is_gone] if person else []
        asks = read_asks(connection, person, now) if person else []
        gaps = read_open(connection, viewer, now, now + AHEAD) if person else ()
        has = {one.turn_id for one in own}
        if person:
            link = live_calendar(connection, actor(), person)
    page = render_template(
        "rota/my_rota.html",
        own=own[:MOST],
        more=max(len(own) - MOST, 0),
        seen=frozenset(viewer.reach.places),
        sees_all=viewer.reach.is_city,
        asks=asks,
        gaps=[one for one in gaps if one.takes_part and one.id not in has],
        own_person=person,
        link=address_of(link) if link else None,
        now=now,
        day=today(),
        kinds=KINDS,
        lacks=LACKS,
        weekday_words=WEEKDAYS,
        takes_turns=viewer.takes_turns,
    )
    return kept_page(page)

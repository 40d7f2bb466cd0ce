"""Calendar files: of the group, of oneself, and of oneself through a link that needs no sign-in."""

from collections.abc import Iterable
from datetime import timedelta

from flask import Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.accounts.calendar_links import calendar_token, close_calendar, open_calendar, person_of_calendar
from gridmap.accounts.links import signing_key
from gridmap.clock import real_now
from gridmap.cluster.layout import real_home
from gridmap.i18n import _
from gridmap.ics import MEDIA_TYPE, Event, calendar_text, uid_of
from gridmap.periods import Period
from gridmap.read.rota import OwnEvening, read_evenings, read_members, read_own
from gridmap.read.rota.own import read_places
from gridmap.rota.words import KINDS
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, pages, say, typed
from gridmap.web.rota.guard import for_group, shown_rota

BACK, AHEAD = timedelta(days=31), timedelta(days=400)
MOST_ZONES = 12


@pages.get("/rota/<int:rota_id>.ics")
@for_group
def rota_file(rota_id: int) -> Response:
    """The evenings of the whole group with display names, from a month ago on."""
    row, viewer = shown_rota(rota_id), context.viewer()
    within = Period(today() - BACK, today() + AHEAD)
    with context.services().database.transaction(viewer.prologue) as connection:
        evenings = read_evenings(connection, row, within)
        names = {one.person_id: one.name for one in read_members(connection, row, *within.instants)}
        places = read_places(connection, rota_id)
    itself = [one["name"] for one in places if one["id"] == row["place_id"]]
    events = [
        Event(
            uid=uid_of("turn", one.id),
            starts=one.starts_at,
            ends=one.ends_at,
            title=f"{row['name']} {say(_(', ')).join(names.get(person, '?') for person in one.people)}".strip(),
            text=say(_("{count} missing"), count=one.missing) if one.missing else "",
            where=" ".join(itself),
            revision=one.revision,
            is_cancelled=not one.is_set,
        )
        for one in evenings
    ]
    return _file(row["name"], events, f"rota-{rota_id}.ics")


@pages.get("/my/rota.ics")
@for_group
def my_rota_file() -> Response:
    """One's own evenings as a file."""
    viewer = context.viewer()
    if viewer.person_id is None:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        own = read_own(connection, viewer.person_id, context.services().clock.now() - BACK)
    return _file(say(_("My evenings")), events_of(own), "my-rota.ics")


@pages.get("/rota/calendar/<token>.ics")
def rota_calendar(token: str) -> Response:
    """The same for whoever has the link, without anybody's name; 404 where it is unknown, ended or revoked."""
    services = context.services()
    person = person_of_calendar(services.database, link_key(), token, real_now())
    if person is None:
        abort(404)
    # as the owner of the link sees them without any area: only rotas in which they take part
    with services.database.transaction({"scope": "some", "self": f",{person},"}) as connection:
        own = read_own(connection, person, services.clock.now() - BACK)
    answer = _file(say(_("My evenings")), events_of(own), "my-rota.ics")
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@pages.post("/my/rota/link")
@for_group
def my_rota_link() -> AnyResponse:
    """Make the link to one's own calendar, or end it (`what=end`)."""
    viewer = context.viewer()
    person = viewer.person_id
    if person is None:
        abort(404)
    is_end = typed("what", 10) == "end"
    with context.services().database.transaction(viewer.prologue) as connection:
        if is_end:
            close_calendar(connection, actor(), person)
        else:
            open_calendar(connection, actor(), person)
    return redirect(url_for("pages.my_rota", done="link_revoked" if is_end else "calendar_shared") + "#calendar", 303)


def events_of(own: Iterable[OwnEvening]) -> list[Event]:
    """One's own evenings as events: day, hours, zones, and nobody's name. What went to others is called off."""
    return [
        Event(
            uid=uid_of("evening", one.turn_id),
            starts=one.starts_at,
            ends=one.ends_at,
            title=f"{say(KINDS[one.kind])} · {one.rota}",
            where=say(_(", ")).join(one.places[:MOST_ZONES]),
            revision=one.revision,
            is_cancelled=one.is_gone,
        )
        for one in own
    ]


def address_of(identity: int) -> str:
    """The whole address of a link to a calendar."""
    base = context.services().settings.base_url or request.host_url
    path = url_for("pages.rota_calendar", token=calendar_token(link_key(), identity))
    return base.rstrip("/") + path


def link_key() -> bytes:
    """The key that signs links."""
    return signing_key(real_home(context.services().settings.home))


def _file(name: str, events: list[Event], file_name: str) -> Response:
    answer = Response(calendar_text(name, events, real_now()), content_type=MEDIA_TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer

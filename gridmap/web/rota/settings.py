"""`/rota/new` and `/rota/<id>/settings`: what a rota is like, and who takes part."""

from datetime import date, time
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.db.pools import Connection, Row
from gridmap.i18n import WEEKDAYS
from gridmap.periods import DAY
from gridmap.places.calendar import read_calendar
from gridmap.read.office.joint import read_bodies
from gridmap.read.rota import read_group_people, read_members
from gridmap.rota import RotaProblem, Shape, change_rota, open_rota
from gridmap.rota.words import KINDS
from gridmap.web.admin.choosing import Choice, places_named
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, number, pages, titled, typed
from gridmap.web.duties.guard import asked_street, for_office
from gridmap.web.place_words import KINDS as PLACE_KINDS
from gridmap.web.rota.guard import led_rota, run, words_of

LEVELS = ("estate", "grid", "building", "zone", "facility")
"""Kinds of places that a rota can be for."""


@pages.route("/rota/new", methods=["GET", "POST"])
@for_office
def new_rota() -> str | Response | tuple[str, int]:
    """Make a rota; the place is found by its name."""
    if request.method == "GET":
        return _new_page()
    found: list[Choice] = []
    try:
        shape = typed_shape()
        with context.services().database.transaction(context.viewer().prologue) as connection:
            found = _fitting(connection)
        if len(found) != 1:
            raise RotaProblem("place")
        kind, place_id = typed("kind", 20), found[0].id
        rota_id = run(lambda connection: open_rota(connection, actor(), kind, place_id, shape))
    except RotaProblem as problem:
        sentence, status = words_of(problem)
        return _new_page(sentence if len(found) < 2 else "", found), status
    return redirect(url_for("pages.rota_settings", rota_id=rota_id, done="rota_made") + "#members", 303)


@pages.route("/rota/<int:rota_id>/settings", methods=["GET", "POST"])
@for_office
def rota_settings(rota_id: int) -> str | Response | tuple[str, int]:
    """Change what it is like; below, who takes part."""
    row = led_rota(rota_id)
    if request.method == "GET":
        return settings_page(row)
    revision = number(request.form, "revision") or 0
    try:
        shape = typed_shape()
        run(lambda connection: change_rota(connection, actor(), rota_id, shape, revision=revision))
    except RotaProblem as problem:
        sentence, status = words_of(problem)
        return settings_page(row, sentence), status
    return redirect(url_for("pages.rota_settings", rota_id=rota_id, done="rota_changed"), 303)


def settings_page(row: Row, problem: str = "", choices: Any = None) -> str:
    """The page of settings and members; `choices`: people whom the words of a form could mean."""
    viewer, now = context.viewer(), context.services().clock.now()
    with context.services().database.transaction(viewer.prologue) as connection:
        members = read_members(connection, row, now, now + DAY)
        people = read_group_people(connection, row)
        groups = _groups(connection, row["street_id"])
    return render_template(
        "rota/settings.html",
        row=row,
        members=[one for one in members if one.during.end > today()],
        now=now,
        people=people,
        groups=groups,
        choices=choices,
        typed=request.form if problem else {},
        problem=problem,
        day=today(),
        tomorrow=today() + DAY,
        weekday_words=WEEKDAYS,
        kinds=KINDS,
    )


def typed_shape() -> Shape:
    """What the form says a rota is like. Raises RotaProblem for what cannot be read."""
    weekdays = None if typed("days", 10) == "working" else tuple(sorted(_ticked("weekdays")))
    return Shape(
        name=typed("name", 200),
        begins=_typed_time("begins"),
        ends=_typed_time("ends"),
        weekdays=weekdays,
        needed=number(request.form, "needed") or 0,
        gap_days=number(request.form, "gap_days") or 0,
        organisation_id=number(request.form, "organisation"),
        starts=typed_day("starts"),
        ends_on=typed_day("last_day") + DAY if typed("last_day") else None,
    )


def typed_day(name: str) -> date:
    """A day of the form. Raises RotaProblem("day")."""
    try:
        return date.fromisoformat(typed(name, 10))
    except ValueError:
        raise RotaProblem("day") from None


def _typed_time(name: str) -> time:
    try:
        return time.fromisoformat(typed(name, 8)).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise RotaProblem("hours") from None


def _ticked(name: str) -> set[int]:
    return {int(one) for one in request.form.getlist(name) if one in "0123456" and len(one) == 1}


def _fitting(connection: Connection) -> list[Choice]:
    level, text, chosen = typed("level", 10), typed("where"), number(request.form, "where_id")
    if level not in LEVELS or not (text or chosen):
        raise RotaProblem("place")
    found = places_named(connection, level, text)
    return [one for one in found if one.id == chosen] if chosen else found


def _groups(connection: Connection, street_id: int) -> list[tuple[int, str]]:
    return [(one["id"], one["name"]) for one in read_bodies(connection, street_id)]


def _new_page(problem: str = "", found: list[Choice] | None = None) -> str:
    street, _streets = asked_street()
    with context.services().database.transaction(context.viewer().prologue) as connection:
        groups = _groups(connection, street.id)
        is_known = today().year in read_calendar(connection).years
    return render_template(
        "rota/new.html",
        problem=problem,
        found=found or [],
        groups=groups,
        typed=request.form,
        kinds_here=titled(KINDS),
        levels_here=titled({level: PLACE_KINDS[level] for level in LEVELS}),
        day=today(),
        weekday_words=WEEKDAYS,
        is_known=is_known,
    )

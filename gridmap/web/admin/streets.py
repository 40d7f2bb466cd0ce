"""Street settings, and the office's calendar."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.i18n import _
from gridmap.places import TerritoryProblem, change_street, drop_day, know_year, set_day
from gridmap.web.admin.dates import parse_day
from gridmap.web.admin.guard import for_administrators
from gridmap.web.blueprint import actor, number, pages, say, titled, typed
from gridmap.web.words import DAY_KINDS, HOLIDAY_RULES, NOTICE_NAMES, NOTICE_PHONES


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting of a street: its key in `street.settings`, and how the form asks for it."""

    key: str
    title: str
    help: str
    max_length: int = 100
    choices: Mapping[str, str] = field(default_factory=dict)
    """Where only a few words are possible: each with its title; the first one holds where nothing was chosen."""


SETTINGS = (
    Setting(key="office_name", title=_("Name of the office"), help=_("Printed on slips and on maps.")),
    Setting(
        key="office_phone",
        title=_("Telephone of the office"),
        help=_("Whom to call who cannot sign in. Printed on slips; an office line, never a private number."),
        max_length=30,
    ),
    Setting(
        key="notice_names",
        title=_("Names on notice boards"),
        help=_("How the responsibility charts name people."),
        choices=NOTICE_NAMES,
    ),
    Setting(
        key="notice_phones",
        title=_("Telephone numbers on notice boards"),
        help=_("Only with the consent of those on duty. Each printing is written down."),
        choices=NOTICE_PHONES,
    ),
    Setting(
        key="reception_holiday_rule",
        title=_("Where the reception day goes"),
        help=_("When the 15th is no working day, and no duty of the street says it."),
        choices=HOLIDAY_RULES,
    ),
    Setting(
        key="diary_days",
        title=_("Days after which an entry of the diary waits too long"),
        help=_("A whole number; 7 where nothing is said."),
        max_length=3,
    ),
)
PROBLEMS = {
    "changed": _("Somebody else has changed this meanwhile. Your entries stand below; look at them once more."),
    "name": _("A name is needed, of at most 100 characters."),
    "day": _("A day is written like 2026-03-16."),
    "kind": _("Choose what kind of day it is."),
    "code": _("The code is not right."),
}
FIRST_YEAR, LAST_YEAR = 2000, 2100


@pages.get("/admin/streets")
@for_administrators
def streets() -> str:
    """The streets of this installation."""
    with context.services().database.transaction(context.viewer().settings) as connection:
        rows = connection.execute(
            "SELECT s.id, s.code, s.name, s.is_demo, d.name AS district FROM gridmap.street s"
            " JOIN gridmap.district d ON d.id = s.district_id ORDER BY s.code"
        ).fetchall()
    return render_template("admin/streets.html", rows=rows)


@pages.route("/admin/streets/<int:street_id>", methods=["GET", "POST"])
@for_administrators
def street_settings(street_id: int) -> str | Response | tuple[str, int]:
    """One street's name and settings."""
    if request.method == "GET":
        return _street_page(street_id)
    values = {setting.key: _said(setting) for setting in SETTINGS}
    try:
        with context.services().database.transaction(context.viewer().settings) as connection:
            change_street(
                connection,
                actor(),
                street_id,
                name=typed("name", 1000),
                settings=values,
                revision=number(request.form, "revision") or 0,
            )
    except LookupError:
        abort(404)
    except TerritoryProblem as problem:
        status = 409 if problem.reason == "changed" else 422
        return _street_page(street_id, say(PROBLEMS[problem.reason])), status
    return redirect(url_for("pages.street_settings", street_id=street_id, done="saved"), 303)


def _said(setting: Setting) -> str:
    said = typed(setting.key, setting.max_length)
    if setting.choices and said not in setting.choices:
        return next(iter(setting.choices))
    return said


@pages.get("/admin/calendar")
@for_administrators
def calendar() -> str:
    """Days off and make-up working days of a year."""
    return _calendar_page()


@pages.post("/admin/calendar/day")
@for_administrators
def set_calendar_day() -> Response | tuple[str, int]:
    """Write one day down, or let it be like its week again."""
    try:
        day = parse_day(request.form.get("day", ""))
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        return _calendar_page(say(PROBLEMS["day"])), 422
    try:
        with context.services().database.transaction(context.viewer().settings) as connection:
            if request.form.get("drop"):
                drop_day(connection, actor(), day)
            else:
                set_day(connection, actor(), day, typed("kind"), typed("name", 1000))
    except LookupError:
        abort(404)
    except TerritoryProblem as problem:
        return _calendar_page(say(PROBLEMS[problem.reason])), 422
    return redirect(url_for("pages.calendar", year=day.year, done="saved"), 303)


@pages.post("/admin/calendar/year")
@for_administrators
def finish_calendar_year() -> Response | tuple[str, int]:
    """Say that the year is complete, and from which notice."""
    year = number(request.form, "year") or 0
    if not FIRST_YEAR <= year <= LAST_YEAR:
        abort(400)
    try:
        with context.services().database.transaction(context.viewer().settings) as connection:
            know_year(connection, actor(), year, typed("source", 1000))
    except TerritoryProblem as problem:
        return _calendar_page(say(PROBLEMS[problem.reason])), 422
    return redirect(url_for("pages.calendar", year=year, done="saved"), 303)


def _street_page(street_id: int, problem: str = "") -> str:
    with context.services().database.transaction(context.viewer().settings) as connection:
        row = connection.execute(
            "SELECT id, code, name, settings, revision, is_demo FROM gridmap.street WHERE id = %s", (street_id,)
        ).fetchone()
    if row is None:
        abort(404)
    shown = request.form if problem else {"name": row["name"], **row["settings"]}
    return render_template(
        "admin/street.html",
        street=row,
        fields=SETTINGS,
        typed=shown,
        revision=row["revision"],
        problem=problem,
        translated=titled,
    )


def _calendar_page(problem: str = "") -> str:
    asked = request.values.get("year", "")
    this_year = context.services().clock.today().year
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else this_year
    year = min(max(year, FIRST_YEAR), LAST_YEAR)
    with context.services().database.transaction(context.viewer().settings) as connection:
        days = connection.execute(
            "SELECT day, kind, name FROM gridmap.calendar_day WHERE day >= make_date(%s, 1, 1)"
            " AND day < make_date(%s + 1, 1, 1) ORDER BY day",
            (year, year),
        ).fetchall()
        known = connection.execute("SELECT source FROM gridmap.calendar_year WHERE year = %s", (year,)).fetchone()
    return render_template(
        "admin/calendar.html",
        year=year,
        days=days,
        known=known,
        kinds=DAY_KINDS,
        kind_choices=titled(DAY_KINDS),
        problem=problem,
        typed=request.form,
    )

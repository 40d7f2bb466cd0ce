"""Who is away, and who stands in. Leaders write it for the people of their scope."""

from datetime import timedelta

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.clock import day_bounds
from gridmap.db.pools import Connection
from gridmap.i18n import _
from gridmap.people import ChangedMeanwhile, PeopleProblem, absences, attempt, end_absence, set_absence
from gridmap.web.admin.choosing import Choice, people_named
from gridmap.web.admin.dates import parse_day
from gridmap.web.admin.guard import for_leaders
from gridmap.web.blueprint import PAGE_SIZE, actor, number, page_number, pages, say, titled, typed
from gridmap.web.words import ABSENCE_KINDS

PROBLEMS = {
    "person": _("Nobody of that name was found. Try another part of the name, or its pinyin initials."),
    "valid": _("The last day lies before the first."),
    "day": _("A day is written like 2026-03-16."),
    "kind": _("Choose why the person is away."),
    "substitute": _("The substitute must be another person of the same street."),
    "away": _("The substitute is away themselves in that time."),
    "overlap": _("The person is already written down as away in that time."),
    "ended": _("This absence has ended already."),
    "changed": _("Somebody else has changed this meanwhile."),
}


@pages.get("/admin/absences")
@for_leaders
def absence_list() -> str:
    """Who is or will be away; with `past`, who was."""
    return _list_page()


@pages.route("/admin/absences/new", methods=["GET", "POST"])
@for_leaders
def new_absence() -> str | Response | tuple[str, int]:
    """Write an absence down; person and substitute are found by name."""
    if request.method == "GET":
        return _page({})
    with context.services().database.transaction(context.viewer().settings) as connection:
        found = {name: _choices(connection, name) for name in ("person", "substitute")}
    if len(found["person"]) != 1 or len(found["substitute"]) > 1 or _is_unknown(found):
        return _form(found)
    try:
        _write(found["person"][0].id, found["substitute"][0].id if found["substitute"] else None)
    except PeopleProblem as problem:
        return _form(found, problem.reason)
    except LookupError:
        return _form(found, "person")
    return redirect(url_for("pages.absence_list", done="absence_set"), 303)


@pages.post("/admin/absences/<int:absence_id>/end")
@for_leaders
def end_absence_now(absence_id: int) -> Response | tuple[str, int]:
    """The person is back."""
    revision, by = number(request.form, "revision") or 0, actor()
    try:
        attempt(
            context.services().database,
            context.viewer().settings,
            lambda connection: end_absence(connection, by, absence_id, revision=revision),
        )
    except LookupError:
        abort(404)
    except ChangedMeanwhile:
        return _list_page(say(PROBLEMS["changed"])), 409
    except PeopleProblem as problem:
        return _list_page(say(PROBLEMS[problem.reason])), 422
    return redirect(url_for("pages.absence_list", done="absence_ended"), 303)


def _list_page(problem: str = "") -> str:
    page, past = page_number(), request.args.get("past") == "1"
    with context.services().database.transaction(context.viewer().settings) as connection:
        rows = absences(connection, actor().business_at, past=past, limit=PAGE_SIZE + 1, offset=(page - 1) * PAGE_SIZE)
    return render_template(
        "admin/absences.html",
        rows=rows[:PAGE_SIZE],
        page=page,
        page_count=page + (len(rows) > PAGE_SIZE),
        past=past,
        problem=problem,
        kinds=ABSENCE_KINDS,
    )


def _choices(connection: Connection, name: str) -> list[Choice]:
    chosen, text = number(request.form, f"{name}_id"), typed(name)
    if chosen is not None:
        return [Choice(id=chosen, name=text, note="")]
    return people_named(connection, text) if text else []


def _is_unknown(found: dict[str, list[Choice]]) -> bool:
    return bool(typed("substitute")) and not found["substitute"]


def _write(person_id: int, substitute_id: int | None) -> None:
    try:
        first, last = (parse_day(request.form.get(name, "")) for name in ("first", "last"))
    except ValueError:
        raise PeopleProblem("day") from None
    if first is None:
        raise PeopleProblem("day")
    by, end = actor(), day_bounds(last + timedelta(days=1))[0] if last else None
    attempt(
        context.services().database,
        context.viewer().settings,
        lambda connection: set_absence(
            connection,
            by,
            person_id,
            start=day_bounds(first)[0],
            end=end,
            kind=request.form.get("kind", ""),
            substitute_id=substitute_id,
        ),
    )


def _form(found: dict[str, list[Choice]], reason: str = "") -> tuple[str, int]:
    if not reason and (not found["person"] or _is_unknown(found)):
        reason = "person"
    problem = say(PROBLEMS[reason]) if reason else ""
    return _page(found, problem), 422


def _page(found: dict[str, list[Choice]], problem: str = "") -> str:
    kinds = titled(ABSENCE_KINDS)
    return render_template(
        "admin/absence_new.html", kind_choices=kinds, problem=problem, typed=request.form, found=found
    )

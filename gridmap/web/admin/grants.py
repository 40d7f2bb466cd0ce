"""Rights of an account: given and ended, with validity."""

from datetime import datetime, timedelta

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.accounts import LEVELS_OF, Grant, GrantProblem, account_row, end_grant, give_grant
from gridmap.clock import day_bounds
from gridmap.i18n import _
from gridmap.web.admin.choosing import TARGETS, Choice, targets_named
from gridmap.web.admin.dates import parse_day
from gridmap.web.admin.guard import for_administrators, settings
from gridmap.web.blueprint import actor, number, pages, say, typed
from gridmap.web.words import LEVELS, ROLES

PROBLEMS = {
    "level": _("This role cannot reach that far. Choose another place."),
    "target": _("Nothing of that name or code was found. Look it up on the map or in the data."),
    "person": _("“The places held” needs an account that belongs to a person on duty."),
    "organisation": _("There is no such organisation."),
    "valid": _("The last day lies before the first."),
    "day": _("A day is written like 2026-03-16."),
    "last": _("This is the last administrator. Make another one first."),
}
KINDS = tuple((role, level) for role, levels in LEVELS_OF.items() for level in levels)
"""Every right that can be given: a role, and how far it reaches."""


@pages.route("/admin/accounts/<int:account_id>/grants", methods=["GET", "POST"])
@for_administrators
def new_grant(account_id: int) -> str | Response | tuple[str, int]:
    """Give the account a right; where it reaches is found by name or code."""
    if request.method == "GET":
        return _form(account_id)
    role, _dot, level = request.form.get("kind", "").partition(".")
    if (role, level) not in KINDS:
        abort(400)
    try:
        start, end = _days()
        target = number(request.form, "target_id")
        if target is None and level in TARGETS:
            with context.services().database.transaction(settings()) as connection:
                choices = targets_named(connection, level, typed("target"))
            if len(choices) != 1:
                return _form(account_id, choices=choices), 422
            target = choices[0].id
        grant = Grant(
            role=role,
            level=level,
            street_id=target if level == "street" else None,
            target_id=target if level in ("community", "grid", "estate") else None,
            organisation_id=target if level == "organisation" else None,
            start=start,
            end=end,
        )
        with context.services().database.transaction(settings()) as connection:
            _must_exist(account_id)
            give_grant(connection, actor(), account_id, grant)
    except GrantProblem as problem:
        return _form(account_id, say(PROBLEMS[problem.reason])), 422
    context.services().sign_ins.forget()
    return redirect(url_for("pages.account_of", account_id=account_id, done="right_given"), 303)


@pages.post("/admin/accounts/<int:account_id>/grants/<int:grant_id>/end")
@for_administrators
def end_right(account_id: int, grant_id: int) -> Response | tuple[str, int]:
    """End a right of the account now."""
    try:
        with context.services().database.transaction(settings()) as connection:
            end_grant(connection, actor(), account_id, grant_id)
    except GrantProblem as problem:
        return _form(account_id, say(PROBLEMS[problem.reason])), 422
    context.services().sign_ins.forget()
    return redirect(url_for("pages.account_of", account_id=account_id, done="right_ended"), 303)


def _days() -> tuple[datetime | None, datetime | None]:
    """From the start of the first day to the end of the last, on the office's calendar."""
    try:
        first, last = (parse_day(request.form.get(name, "")) for name in ("first", "last"))
    except ValueError:
        raise GrantProblem("day") from None
    start = day_bounds(first)[0] if first else None
    end = day_bounds(last + timedelta(days=1))[0] if last else None
    return start, end


def _form(account_id: int, problem: str = "", choices: list[Choice] | None = None) -> str:
    account = _must_exist(account_id)
    kinds = [(f"{role}.{level}", f"{say(ROLES[role])} · {say(LEVELS[level])}") for role, level in KINDS]
    return render_template(
        "admin/grant_new.html",
        account=account,
        kinds=kinds,
        choices=choices,
        problem=problem or (say(PROBLEMS["target"]) if choices == [] else ""),
        typed=request.form.to_dict(),
    )


def _must_exist(account_id: int) -> dict[str, object]:
    with context.services().database.transaction(settings()) as connection:
        try:
            return account_row(connection, account_id)
        except LookupError:
            abort(404)

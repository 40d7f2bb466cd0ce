"""`/account`: one's own password, devices, tokens and language."""

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.accounts import (
    SignInRefused,
    WeakPassword,
    account_row,
    change_account,
    close_session,
    close_sessions,
    create_token,
    devices,
    grants_of,
    revoke_token,
    tokens,
)
from gridmap.clock import OFFICE
from gridmap.i18n import LOCALES, _
from gridmap.web.blueprint import actor, number, pages, say, typed
from gridmap.web.sign_in import REFUSALS, remember_language, weakness_sentence
from gridmap.web.words import LEVELS, ROLES

TOKEN_DAYS = (30, 90, 365)
DAYS = _("{days} days")
WRONG_CURRENT = _("The current password is wrong.")


@pages.get("/account")
def account() -> str:
    """My account: who I am to gridmap, where I am signed in, and what programs may read as me."""
    return _account_page()


@pages.post("/account/language")
def set_language() -> Response:
    """Keep the language for the account and on this device."""
    locale, viewer = request.form.get("locale", ""), context.viewer()
    if locale not in LOCALES:
        abort(400)
    with context.services().database.transaction(viewer.settings) as connection:
        row = account_row(connection, viewer.account_id)
        change_account(connection, actor(), viewer.account_id, title=row["title"], locale=locale)
    context.services().sign_ins.forget()
    response = redirect(url_for("pages.account", done="saved"), 303)
    remember_language(response, locale)
    return response


@pages.route("/account/password", methods=["GET", "POST"])
def password() -> Response | str | tuple[str, int]:
    """Choose a new password; the current one is asked again."""
    if request.method == "GET":
        return render_template("account/password.html", forced=context.viewer().must_change_password, problem="")
    new = request.form.get("password", "")
    if new != request.form.get("again", ""):
        return _password_problem(weakness_sentence("unequal"))
    try:
        context.services().sign_ins.change_password(
            context.viewer().username,
            request.form.get("current", ""),
            new,
            address=request.remote_addr or "",
            secret=request.cookies.get(context.cookie_name(), ""),
        )
    except WeakPassword as weak:
        return _password_problem(weakness_sentence(weak.weakness))
    except SignInRefused as refused:
        return _password_problem(_refusal(refused))
    forced = context.viewer().must_change_password
    return redirect(url_for("pages.start") if forced else url_for("pages.account", done="password"), 303)


@pages.post("/account/devices/<int:session_id>/close")
def close_device(session_id: int) -> Response:
    """Sign one of my devices out."""
    viewer = context.viewer()
    with context.services().database.transaction(viewer.settings) as connection:
        close_session(connection, actor(), viewer.account_id, session_id)
    context.services().sign_ins.forget()
    return redirect(url_for("pages.account", done="signed_out"), 303)


@pages.post("/account/devices/close")
def close_other_devices() -> Response:
    """The lost phone: sign every device of mine out but this one."""
    viewer, here = context.viewer(), _here()
    with context.services().database.transaction(viewer.settings) as connection:
        close_sessions(connection, actor(), viewer.account_id, keep=[here] if here else [])
    context.services().sign_ins.forget()
    return redirect(url_for("pages.account", done="signed_out_all"), 303)


@pages.post("/account/tokens")
def make_token() -> str:
    """Make a token for a program of mine, and show it this once."""
    viewer, days = context.viewer(), number(request.form, "days")
    if days not in TOKEN_DAYS:
        abort(400)
    with context.services().database.transaction(viewer.settings) as connection:
        secret = create_token(connection, actor(), viewer.account_id, name=typed("name"), days=days)
    return _account_page(secret)


@pages.post("/account/tokens/<int:token_id>/revoke")
def end_token(token_id: int) -> Response:
    """End one of my tokens."""
    viewer = context.viewer()
    with context.services().database.transaction(viewer.settings) as connection:
        revoke_token(connection, actor(), viewer.account_id, token_id)
    context.services().sign_ins.forget()
    return redirect(url_for("pages.account", done="token_ended"), 303)


def _account_page(new_token: str = "") -> str:
    viewer, by = context.viewer(), actor()
    with context.services().database.transaction(viewer.settings) as connection:
        shown = {
            "account": account_row(connection, viewer.account_id),
            "grants": [row for row in grants_of(connection, viewer.account_id, by.business_at) if row["is_valid"]],
            "devices": devices(connection, viewer.account_id, by.at),
            "tokens": tokens(connection, viewer.account_id, by.at),
        }
    return render_template(
        "account/account.html",
        **shown,
        here=_here(),
        new_token=new_token,
        day_choices=[(days, say(DAYS, days=days)) for days in TOKEN_DAYS],
        roles=ROLES,
        levels=LEVELS,
    )


def _here() -> int | None:
    secret = request.cookies.get(context.cookie_name())
    return context.services().sign_ins.session_id(secret) if secret else None


def _password_problem(problem: str) -> tuple[str, int]:
    forced = context.viewer().must_change_password
    return render_template("account/password.html", forced=forced, problem=problem), 422


def _refusal(refused: SignInRefused) -> str:
    if refused.reason == "wrong":
        return say(WRONG_CURRENT)
    until = refused.until.astimezone(OFFICE).strftime("%H:%M") if refused.until else ""
    return say(REFUSALS[refused.reason], time=until)

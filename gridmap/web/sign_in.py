"""Signing in and out: the password page, the printed slip, and the visitor's cookie that guards both forms."""

import secrets
from datetime import timedelta
from typing import Literal

from flask import Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gridmap import context
from gridmap.accounts import MIN_LENGTH, SignInRefused, WeakPassword, account_of_slip, account_row
from gridmap.clock import OFFICE
from gridmap.db import SYSTEM
from gridmap.i18n import LOCALES, _
from gridmap.web.blueprint import own_address, pages, say, typed, wants_page

VISITOR = "gridmap_visitor"
REMEMBERED = timedelta(days=90)
REFUSALS = {
    "wrong": _("The user name or the password is wrong."),
    "locked": _("Too many wrong passwords from here. Please try again at {time}, or ask for a new slip."),
    "disabled": _("This account has been closed. Please ask your administrator."),
    "no_grant": _("This account has no rights at the moment. Please ask your administrator."),
}
WEAKNESSES = {
    "short": _("The password needs at least {length} characters."),
    "long": _("The password is too long."),
    "username": _("The password must not be the user name."),
    "repeated": _("The password must not be one character repeated."),
    "unequal": _("The two passwords differ."),
}
DEVICES = (
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("Edg", "Edge"),
    ("QQBrowser", "QQ Browser"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@pages.route("/login", methods=["GET", "POST"])
def login() -> AnyResponse:
    """The sign-in page; by POST, signs in and goes where the person was headed."""
    target = own_address(request.values.get("next"))
    if request.method == "GET":
        return redirect(target) if g.viewer is not None else _login_page(target)
    try:
        secret = context.services().sign_ins.sign_in(
            typed("username", 200),
            request.form.get("password", ""),
            address=request.remote_addr or "",
            device=device_words(),
            remember=bool(request.form.get("remember")),
        )
    except SignInRefused as refused:
        return _login_page(target, refused)
    _close_earlier()
    return _signed_in(secret, target, remember=bool(request.form.get("remember")))


@pages.post("/logout")
def logout() -> AnyResponse:
    """Close this device's session."""
    _close_earlier()
    response = redirect(url_for("pages.login"))
    response.delete_cookie(context.cookie_name(), path="/", secure=context.services().settings.is_secure, httponly=True)
    # a shared computer keeps nothing of the last person, not even the pages that the browser has seen
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@pages.route("/enter/<secret>", methods=["GET", "POST"])
def enter(secret: str) -> AnyResponse:
    """What a printed slip opens: choose a password, once. Looking at the page uses nothing up."""
    sign_ins = context.services().sign_ins
    with context.services().database.transaction(SYSTEM) as connection:
        account_id = account_of_slip(connection, secret, sign_ins.actor(None).at)
        account = account_row(connection, account_id) if account_id else None
    if account is None:
        return _with_visitor(render_template("enter.html", account=None, problem=""), 404)
    if request.method == "GET":
        return _enter_page(account)
    password, remember = request.form.get("password", ""), bool(request.form.get("remember"))
    if password != request.form.get("again", ""):
        return _enter_page(account, "unequal")
    try:
        session = sign_ins.enter(secret, password, device=device_words(), remember=remember)
    except WeakPassword as weak:
        return _enter_page(account, weak.weakness)
    if session is None:
        return _with_visitor(render_template("enter.html", account=None, problem=""), 404)
    _close_earlier()
    return _signed_in(session, "/", remember=remember)


@pages.before_app_request
def ask_for_own_password() -> AnyResponse | None:
    """Whoever signed in with a password that somebody else knows chooses an own one first."""
    allowed = {"static", "pages.password", "pages.logout", "pages.login", "pages.enter", "api.healthz"}
    if not g.by_cookie or request.endpoint in allowed or not context.viewer().must_change_password:
        return None
    if request.method == "GET" and wants_page():
        return redirect(url_for("pages.password"))
    return Response('{"code":"own_password_needed"}\n', 403, mimetype="application/json")


def device_words() -> str:
    """The browser and its system in two words, for the list of one's devices; never the whole header."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for mark, name in DEVICES if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return " · ".join(word for word in (system, browser) if word) or "?"


def weakness_sentence(weakness: str) -> str:
    """Why a password cannot be taken, in the reader's language."""
    return say(WEAKNESSES[weakness], length=MIN_LENGTH)


def _login_page(target: str, refused: SignInRefused | None = None) -> AnyResponse:
    problem = ""
    if refused is not None:
        until = refused.until.astimezone(OFFICE).strftime("%H:%M") if refused.until else ""
        problem = say(REFUSALS[refused.reason], time=until)
    page = render_template("login.html", next=target, problem=problem, username=typed("username", 200))
    status: Literal[200, 401, 429] = 200 if refused is None else 429 if refused.reason == "locked" else 401
    return _with_visitor(page, status)


def _enter_page(account: dict[str, object], weakness: str = "") -> AnyResponse:
    problem = weakness_sentence(weakness) if weakness else ""
    return _with_visitor(render_template("enter.html", account=account, problem=problem), 422 if weakness else 200)


def _with_visitor(page: str, status: int) -> AnyResponse:
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    if getattr(g, "visitor", ""):
        response.set_cookie(
            VISITOR, g.visitor, path="/", httponly=True, samesite="Lax", secure=context.services().settings.is_secure
        )
    return response


@pages.before_app_request
def know_visitor() -> None:
    """Give somebody who is not signed in a random cookie, so that the sign-in forms are guarded too."""
    if request.endpoint in ("pages.login", "pages.enter") and not request.cookies.get(VISITOR):
        g.visitor = secrets.token_urlsafe(16)


@pages.after_app_request
def keep_language(response: Response) -> Response:
    """A language chosen by a link stays chosen on this device."""
    asked = request.args.get("lang")
    if asked in LOCALES and response.mimetype == "text/html":
        remember_language(response, asked)
    return response


def remember_language(response: AnyResponse, locale: str) -> None:
    """Keep the language on this device for a year."""
    response.set_cookie(
        "gridmap_lang",
        locale,
        max_age=timedelta(days=365),
        path="/",
        samesite="Lax",
        httponly=True,
        secure=context.services().settings.is_secure,
    )


def _close_earlier() -> None:
    earlier = request.cookies.get(context.cookie_name())
    if earlier:
        context.services().sign_ins.sign_out(earlier)


def _signed_in(secret: str, target: str, *, remember: bool) -> AnyResponse:
    response = redirect(target, 303)
    response.set_cookie(
        context.cookie_name(),
        secret,
        max_age=REMEMBERED if remember else None,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=context.services().settings.is_secure,
    )
    return response

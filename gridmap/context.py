"""What a request stands in: the services of this process, the viewer, the nonce, the proof against forged forms."""

import hmac
import secrets
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote

from flask import Flask, Response, abort, current_app, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from gridmap.accounts import SignIns
from gridmap.clock import Clock
from gridmap.db import Changes, Database
from gridmap.i18n import DEFAULT_LOCALE, LOCALES
from gridmap.maps import TIANDITU_HOSTS
from gridmap.scope import Viewer
from gridmap.settings import Settings

PUBLIC = frozenset(
    {
        "static",
        "pages.login",
        "pages.enter",
        "pages.service_worker",
        "pages.icon",
        "pages.shared_report",
        "pages.rota_calendar",
        "api.healthz",
    }
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSP = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:{images}; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'; object-src 'none'"
)
TIANDITU = "".join(f" {host}" for host in TIANDITU_HOSTS)


@dataclass(frozen=True, kw_only=True)
class Services:
    """What one process holds open."""

    settings: Settings
    clock: Clock
    database: Database
    changes: Changes
    sign_ins: SignIns


def services() -> Services:
    """The services of this process."""
    return cast("Services", current_app.extensions["gridmap"])


def viewer() -> Viewer:
    """Who is signed in. Only in requests that are not public."""
    return cast("Viewer", g.viewer)


def cookie_name() -> str:
    """`__Host-` where the connection is secure, so that no other host can set it."""
    return "__Host-gridmap" if services().settings.is_secure else "gridmap"


def locale() -> str:
    """The language of the page: asked for, else the account's, else Chinese, whatever the browser prefers."""
    asked = request.args.get("lang") or request.cookies.get("gridmap_lang")
    if asked in LOCALES:
        return str(asked)
    if getattr(g, "viewer", None) is not None:
        return viewer().locale
    return DEFAULT_LOCALE


def csrf_token() -> str:
    """What a form must send back: derived from the session's own secret, or from the visitor's before sign-in.

    Each answer writes it in other digits, so that the length of a compressed page says nothing about it.
    """
    proof = _form_proof()
    if not proof:
        return ""
    if "csrf_mask" not in g:
        g.csrf_mask = secrets.token_bytes(len(proof))
    mask = cast("bytes", g.csrf_mask)
    return (mask + _mixed(proof, mask)).hex()


def _form_proof() -> bytes:
    secret = (
        request.cookies.get(cookie_name()) or getattr(g, "visitor", "") or request.cookies.get("gridmap_visitor", "")
    )
    return hmac.digest(secret.encode(), b"gridmap-csrf", "sha256") if secret else b""


def _proof_sent() -> bytes:
    """The proof that a form carries, read back from its digits; empty where it is none."""
    try:
        sent = bytes.fromhex(request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", ""))
    except ValueError:
        return b""
    middle = len(sent) // 2
    return _mixed(sent[:middle], sent[middle:])


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def nonce() -> str:
    """The nonce of this response's own scripts and styles."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return cast("str", g.nonce)


def install(app: Flask) -> None:
    """Sign-in for everything but the public pages, the CSRF check, and the headers of every response."""
    app.before_request(_recognise)
    app.before_request(_check_form)
    app.after_request(_add_headers)
    app.jinja_env.globals.update(csrf_token=csrf_token, csp_nonce=nonce, locale=locale)


def _recognise() -> AnyResponse | None:
    g.viewer, g.by_cookie = None, False
    if request.endpoint == "static":
        return None
    secret = request.cookies.get(cookie_name())
    if secret:
        g.viewer = services().sign_ins.viewer("session", secret)
        g.by_cookie = g.viewer is not None
    else:
        token = _token_sent()
        g.viewer = services().sign_ins.viewer("token", token) if token else None
    if g.viewer is not None or request.endpoint in PUBLIC:
        return None
    return _ask_to_sign_in()


def _token_sent() -> str | None:
    """The token of a program: as Bearer, or as the Basic password (QGIS and Excel send only that)."""
    given = request.authorization
    if given is None:
        return None
    return given.token if given.type == "bearer" else given.password if given.type == "basic" else None


def _ask_to_sign_in() -> AnyResponse:
    wants_page = request.accept_mimetypes.best_match(
        ["application/json", "text/html"]
    ) == "text/html" and not request.path.startswith(("/tiles", "/ogc"))
    if wants_page:
        target = request.full_path.rstrip("?") if request.method == "GET" else "/"
        return redirect("/login" if target == "/" else f"/login?next={quote(target, safe='')}")
    # our own scripts show the way to the sign-in page; with a challenge the browser would ask for a password on top
    challenge = {"WWW-Authenticate": 'Basic realm="gridmap: token as password", charset="UTF-8"'}
    return Response(
        '{"code":"sign_in_needed","description":"Sign in, or send a token."}\n',
        401,
        {} if request.headers.get("X-Requested-With") == "fetch" else challenge,
        mimetype="application/json",
    )


def _check_form() -> None:
    if request.method in SAFE_METHODS or (g.viewer is not None and not g.by_cookie):
        return
    expected = _form_proof()
    if not expected or not hmac.compare_digest(_proof_sent(), expected):
        abort(400, "csrf")


def headers_of_every_answer(settings: Settings) -> tuple[tuple[str, str], ...]:
    """What every answer carries, whatever it is."""
    headers = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"))
    return (*headers, ("Strict-Transport-Security", "max-age=31536000")) if settings.is_secure else headers


def _add_headers(response: Response) -> Response:
    images = TIANDITU if services().settings.tianditu_key else ""
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", CSP.format(nonce=nonce(), images=images))
        response.headers.setdefault("Cache-Control", "private, no-store")
    for name, value in headers_of_every_answer(services().settings):
        response.headers.setdefault(name, value)
    return response

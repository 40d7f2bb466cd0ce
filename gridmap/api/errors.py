"""One shape for every error of the API: a code, a sentence in the reader's language, and what it is about.

GridmapError
├── BadRequest    400  a word that cannot be understood
├── NotThere      404  nothing of that name, or nothing that the viewer may see
├── Forbidden     403  not for this kind of account
├── Conflict      409  somebody else was first; says who or what
└── Refused       422  understood, and cannot be; the sentence says why
"""

import logging
from typing import Any

import psycopg
from flask import Flask, Response, g, jsonify, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from gridmap import context
from gridmap.i18n import _, translate

log = logging.getLogger(__name__)

SENTENCES = {
    "bad_request": _("“{value}” is not something that “{word}” can be."),
    "not_there": _("There is no such {word}: “{value}”."),
    "conflict": _("Somebody else has changed this meanwhile."),
    "sign_in_needed": _("Please sign in."),
    "csrf": _("This form has grown old. Please open the page again and repeat it."),
    "forbidden": _("Your account may not do this."),
    "page_missing": _("This page does not exist, or is not for your account."),
    "method": _("This address does not take that kind of request."),
    "too_large": _("That is larger than this server takes."),
    "too_many": _("Too many tries. Please wait a little."),
    "database": _("The database does not answer just now. Nothing is lost; please try again in a minute."),
    "server": _("Something went wrong on our side. It has been written down; please try again."),
}
BY_STATUS = {400: "bad_request", 401: "sign_in_needed", 403: "forbidden", 404: "page_missing", 405: "method"}
BY_STATUS |= {409: "conflict", 413: "too_large", 429: "too_many"}


class GridmapError(Exception):
    """An error that is told to whoever asked."""

    status, code = 500, "server"
    sentence = ""

    def __init__(self, word: str = "", value: str = "", **details: Any) -> None:
        super().__init__(word, value)
        self.word, self.value, self.details = word, value, details


class BadRequest(GridmapError):
    """A parameter has a value that cannot be understood."""

    status, code = 400, "bad_request"


class NotThere(GridmapError):
    """Nothing of that name, or nothing that the viewer may see: the answer is the same."""

    status, code = 404, "not_there"


class Conflict(GridmapError):
    """Somebody else was first."""

    status, code = 409, "conflict"


class Forbidden(GridmapError):
    """The account may see it, and may not do this."""

    status, code = 403, "forbidden"


class Refused(GridmapError):
    """What was asked is understood and cannot be: `code` says why to programs, `sentence` to people."""

    status = 422

    def __init__(self, code: str, sentence: str, **details: Any) -> None:
        super().__init__(**details)
        self.code, self.sentence = code, sentence


def install(app: Flask) -> None:
    """Answer every error in one shape: a page to people, JSON to programs."""
    app.register_error_handler(GridmapError, _own_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(psycopg.OperationalError, _database_error)


def _own_error(error: Exception) -> Response:
    assert isinstance(error, GridmapError)
    said = error.sentence or SENTENCES[error.code]
    sentence = translate(context.locale(), said, word=error.word, value=error.value)
    return _answer(error.status, error.code, sentence, error.details)


def _database_error(error: Exception) -> Response:
    log.warning("the database does not answer: %s", type(error).__name__)
    g.database_is_down = True
    answer = _answer(503, "database", translate(context.locale(), SENTENCES["database"]), {})
    answer.headers["Retry-After"] = "10"
    return answer


def _http_error(error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.response is not None:
        return Response(error.get_response().get_data(), error.code or 500)
    status = error.code or 500
    code = "csrf" if error.description == "csrf" else BY_STATUS.get(status, "server")
    answer = _answer(status, code, translate(context.locale(), SENTENCES[code], word="", value=""), {})
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _answer(status: int, code: str, sentence: str, details: dict[str, Any]) -> Response:
    if wants_page():
        return Response(render_template("error.html", status=status, code=code, sentence=sentence), status)
    answer = jsonify(code=code, description=sentence, **details)
    answer.status_code = status
    return answer


def wants_page() -> bool:
    """Whether a person's browser asks, who should get a page."""
    if request.path.startswith(("/tiles", "/ogc", "/static")):
        return False
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"

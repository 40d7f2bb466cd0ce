"""The blueprint that every page hangs on, and what the pages share."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Blueprint, abort, request, url_for
from werkzeug.datastructures import MultiDict

from gridmap import context
from gridmap.accounts import Actor
from gridmap.i18n import translate

pages = Blueprint("pages", __name__)

PAGE_SIZE = 50
MAX_PAGE = 10_000


def actor() -> Actor:
    """The signed-in account, acting now."""
    return context.services().sign_ins.actor(context.viewer().account_id)


def say(text: str, **values: object) -> str:
    """The text in the reader's language."""
    return translate(context.locale(), text, **values)


def page_number() -> int:
    """Which page of a list is asked for, from 1; anything unreadable is the first."""
    asked = request.args.get("page", "1")
    return min(max(int(asked), 1), MAX_PAGE) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1


def same_page(**changes: str | int) -> str:
    """The address of this page with some of its parameters changed."""
    kept = {name: value for name, value in request.args.items() if name not in ("done", "lang")}
    return url_for(request.endpoint or "pages.start", **{**(request.view_args or {}), **kept, **changes})


def typed(name: str, limit: int = 100) -> str:
    """The text of a form or an address: trimmed, bounded, without the character that PostgreSQL cannot keep."""
    return request.values.get(name, "").replace("\0", "").strip()[:limit]


def titled(words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Words and their titles in the reader's language, for a choice."""
    return [(word, say(title)) for word, title in words.items()]


def own_address(target: str | None) -> str:
    """The target if it is a page of ours, else the start: nobody is sent to another host."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc else target


def wants_page() -> bool:
    """Whether a person's browser asks, who should get a page and not JSON."""
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def number(fields: "Mapping[str, str] | MultiDict[str, str]", name: str) -> int | None:
    """A whole number of a form, None where it is empty; anything else is a 400."""
    text = (fields.get(name) or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 17):
        abort(400)
    return int(text)

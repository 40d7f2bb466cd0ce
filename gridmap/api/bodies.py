"""What comes in a body or an address, each field as its own kind; anything else is a 400."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import request

from gridmap.api.errors import BadRequest

MOST_BYTES = 64 * 1024
OLDEST, NEWEST = 1970, 2200


def json_body() -> Mapping[str, Any]:
    """The JSON object of the request, at most 64 kB."""
    request.max_content_length = MOST_BYTES
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise BadRequest("body", request.get_data(as_text=True)[:40])
    return body


def sent_id_of(body: Mapping[str, Any]) -> UUID:
    """The id that the phone made."""
    try:
        return UUID(text_of(body, "sent_id", 36))
    except ValueError:
        raise BadRequest("sent_id", str(body.get("sent_id"))[:40]) from None


def id_of(body: Mapping[str, Any], name: str) -> int:
    """An id of a row."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 53:
        raise BadRequest(name, str(value)[:40])
    return value


def number_of(name: str, text: str) -> int:
    """A whole number of an address."""
    if not (text.isascii() and text.isdigit() and len(text) < 17):
        raise BadRequest(name, text[:40])
    return int(text)


def text_of(body: Mapping[str, Any], name: str, limit: int) -> str:
    """A text of at most so many characters."""
    value = body.get(name)
    # half of a pair is no character: it can be neither hashed nor kept
    if not isinstance(value, str) or len(value) > limit or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise BadRequest(name, str(value)[:40].encode(errors="replace").decode())
    return value


def moment_of(text: object) -> datetime | None:
    """A moment with its time zone; None for anything else: a phone's clock is never a reason to refuse."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if found is None or found.tzinfo is None or not OLDEST <= found.year < NEWEST:
        return None
    return found

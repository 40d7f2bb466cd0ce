"""What is asked: who may, and every field of an address or a body as its own kind, or a 400."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from flask import Blueprint, request

from gridmap import context
from gridmap.accounts import Actor
from gridmap.api.errors import BadRequest, Forbidden, NotThere
from gridmap.db.pools import Connection
from gridmap.layer import ON_DUTY, Role
from gridmap.people.giving import Move, RoleFacts, role_facts

assigning = Blueprint("assigning", __name__)

MOST_BYTES = 4 * 1024 * 1024
OLDEST, NEWEST = 1970, 2200
P = ParamSpec("P")
R = TypeVar("R")


def for_leaders(view: Callable[P, R]) -> Callable[P, R]:
    """For accounts that lead an area and may read who is responsible in it; a 403 to everybody else."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        viewer = context.viewer()
        if Role.LEADER not in viewer.roles or not viewer.reading_roles <= ON_DUTY:
            raise Forbidden
        return view(*args, **kwargs)

    return guarded


def actor() -> Actor:
    """The signed-in account, acting now."""
    return context.services().sign_ins.actor(context.viewer().account_id)


def number_asked(name: str) -> int | None:
    """A number of the address, None where it is not there."""
    text = request.args.get(name, "")
    return whole(name, text) if text else None


def numbers_asked(name: str) -> tuple[int, ...]:
    """Numbers of the address with commas between; empty where there are none."""
    text = request.args.get(name, "")
    words = text.split(",") if text else []
    if len(words) > 5_000:
        raise BadRequest(name, text[:40])
    return tuple(whole(name, word) for word in words)


def needed(name: str) -> int:
    """A number of the address that must be there."""
    found = number_asked(name)
    if found is None:
        raise BadRequest(name, "")
    return found


def whole(name: str, text: str) -> int:
    """The text as an id."""
    if not (text.isascii() and text.isdigit() and len(text) < 17 and 0 < int(text) < 1 << 53):
        raise BadRequest(name, text[:40])
    return int(text)


def street_asked(value: int) -> int:
    """The number as that of a street."""
    if value >= 1 << 20:
        raise BadRequest("street", str(value))
    return value


def words_asked(name: str, limit: int = 60) -> str:
    """A short text of the address, without what PostgreSQL cannot keep."""
    return request.args.get(name, "").replace("\0", "").strip()[:limit]


def role_asked(connection: Connection, code: object) -> RoleFacts:
    """The role of that code. Raises NotThere."""
    found = role_facts(connection).get(code) if isinstance(code, str) else None
    if found is None:
        raise NotThere("role", str(code)[:40])
    return found


def body() -> Mapping[str, Any]:
    """What was sent, as an object."""
    request.max_content_length = MOST_BYTES
    found = request.get_json(force=True, silent=True)
    if not isinstance(found, dict):
        raise BadRequest("body", request.get_data(as_text=True)[:40])
    return found


def identity(given: Mapping[str, Any], name: str) -> int:
    """An id out of what was sent."""
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 53:
        raise BadRequest(name, str(value)[:40])
    return value


def identities(given: Mapping[str, Any], name: str, most: int = 5_000) -> tuple[int, ...]:
    """A list of ids out of what was sent; empty where it is not there."""
    values = given.get(name)
    if values is None:
        return ()
    if not isinstance(values, list) or len(values) > most:
        raise BadRequest(name, str(values)[:40])
    return tuple(dict.fromkeys(identity({name: value}, name) for value in values))


def text(given: Mapping[str, Any], name: str, limit: int) -> str:
    """A text out of what was sent; empty where it is not there."""
    value = given.get(name)
    if value is None:
        return ""
    # half of a pair is no character: it can be neither hashed nor kept
    if not isinstance(value, str) or len(value) > limit or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise BadRequest(name, str(value)[:40].encode(errors="replace").decode())
    if "\0" in value:
        raise BadRequest(name, value[:40].replace("\0", "?"))
    return value


def moment(given: Mapping[str, Any], name: str) -> datetime | None:
    """A moment with its zone out of what was sent; None where it is not there."""
    value = given.get(name)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not OLDEST <= found.year < NEWEST:
        raise BadRequest(name, str(value)[:40])
    return found


def sent_id(given: Mapping[str, Any]) -> UUID | None:
    """The id that the page made for what it sends; None where it made none."""
    if given.get("sent_id") is None:
        return None
    try:
        return UUID(text(given, "sent_id", 36))
    except ValueError:
        raise BadRequest("sent_id", str(given["sent_id"])[:40]) from None


def moves(given: Mapping[str, Any]) -> Sequence[Move]:
    """The moves out of what was sent."""
    found = given.get("moves")
    if not isinstance(found, list):
        raise BadRequest("moves", str(found)[:40])
    return [_move(one) for one in found]


def _move(one: object) -> Move:
    if not isinstance(one, dict):
        raise BadRequest("moves", str(one)[:40])
    flags = {name: one.get(name, False) for name in ("deputy", "end")}
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise BadRequest(name, str(value)[:40])
    return Move(
        place_id=identity(one, "place"),
        role=text(one, "role", 60),
        person_id=None if one.get("person") is None else identity(one, "person"),
        seen=None if one.get("revision") is None else identity(one, "revision"),
        unit=text(one, "unit", 40),
        is_primary=not flags["deputy"],
        is_end=flags["end"],
    )

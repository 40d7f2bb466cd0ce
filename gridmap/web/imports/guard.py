"""Who may bring files in, and of which street and upload a page speaks."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import abort, g, request

from gridmap import context
from gridmap.accounts.importing import Importing, read_importing, streets_for
from gridmap.db.pools import Connection
from gridmap.layer import Role
from gridmap.load.problems import PROBLEMS as SENTENCES
from gridmap.load.uploads.states import read_upload
from gridmap.web.blueprint import number, pages, say
from gridmap.web.imports.words import PROBLEMS

P = ParamSpec("P")
R = TypeVar("R")
MAY = frozenset({Role.PLANNER, Role.ADMINISTRATOR})
MAX_ID = 1 << 53


def for_importers(view: Callable[P, R]) -> Callable[P, R]:
    """A page for planners and administrators of whole streets; a 403 to everybody else."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not may_import():
            abort(403)
        return view(*args, **kwargs)

    return guarded


@pages.app_template_global("may_import")
def may_import() -> bool:
    """Whether the viewer may bring files into some street."""
    viewer = context.viewer()
    return bool(viewer.roles & MAY) and importing().anywhere


def importing() -> Importing:
    """The streets of the viewer's rights, as far as the viewer sees them; read once in a request."""
    if "importing" not in g:
        viewer = context.viewer()
        with context.services().database.transaction(viewer.prologue) as connection:
            found = read_importing(connection, viewer.account_id, context.services().clock.now())
        if not viewer.reach.is_city:
            seen = frozenset(viewer.reach.streets)
            found = Importing(streets=seen if found.is_city else found.streets & seen)
        g.importing = found
    allowed: Importing = g.importing
    return allowed


def streets(connection: Connection) -> list[Mapping[str, Any]]:
    """The streets to choose from."""
    return streets_for(connection, importing())


def asked_street(options: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The street that the address says; None where it says none. 404 for one that is not the viewer's."""
    wanted = number(request.values, "street")
    if wanted is None:
        return None
    return next((one for one in options if one["id"] == wanted), None) or abort(404)


def seen_upload(connection: Connection, upload_id: int) -> dict[str, Any]:
    """The upload; 404 for one that is none, or of a street that is not the viewer's."""
    row = read_upload(connection, upload_id) if upload_id < MAX_ID else None
    if row is None or not importing().may(row["street_id"]):
        abort(404)
    return row


def sentence(code: str, params: Mapping[str, Any] | None = None) -> str:
    """What is wrong, as this page says it, in the reader's language."""
    return say(PROBLEMS.get(code) or SENTENCES[code], **(params or {}))

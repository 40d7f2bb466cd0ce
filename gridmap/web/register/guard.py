"""Who may open the pages of the register, and how its commands run.

Planners draw and look: a draft moves nobody. Publishing moves people, duties and open cases, so it belongs to who leads
there. Administrators keep accounts and see no places, so they have no part in it.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.layer import Role
from gridmap.places.drafts import Draft, may_publish, must_draw, read_draft
from gridmap.places.shapes import ShapeProblem
from gridmap.web.blueprint import actor

P = ParamSpec("P")
R = TypeVar("R")
READERS = frozenset({Role.LEADER, Role.PLANNER})
MOST_ID = 1 << 53


def for_keepers(view: Callable[P, R]) -> Callable[P, R]:
    """A page for leaders and planners; a 403 to everybody else."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not context.viewer().roles & READERS:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def seen_draft(connection: Connection, community_id: int, edition_id: int = 0) -> Draft:
    """The draft of a community that the viewer may draw in; 404 for any other."""
    try:
        draft = read_draft(connection, community_id, edition_id)
        must_draw(connection, actor(), draft.community)
    except (LookupError, ShapeProblem):
        abort(404)
    return draft


def publishes(connection: Connection, draft: Draft) -> bool:
    """Whether the viewer may publish there."""
    return may_publish(connection, actor(), draft.community)

"""Running a command from a page."""

from collections.abc import Callable
from typing import TypeVar

from flask import abort

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.people.attempt import attempt

R = TypeVar("R")


def run(command: Callable[[Connection], R]) -> R:
    """Run a command in the viewer's scope: 404 for what is not seen; what the command refuses goes on."""
    try:
        return attempt(context.services().database, context.viewer().prologue, command)
    except LookupError:
        abort(404)

"""`/`: each role's own start."""

from flask import redirect
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.layer import Role
from gridmap.web.blueprint import pages

STARTS = (
    (Role.LEADER, "/map"),
    (Role.WORKER, "/my"),
    (Role.MANAGER, "/my"),
    (Role.DUTY_RESIDENT, "/my"),
    (Role.HANDLER, "/map"),
    (Role.PLANNER, "/data"),
    (Role.ADMINISTRATOR, "/admin"),
)
"""The first role that the account has decides."""


@pages.get("/")
def start() -> Response:
    """Where this account begins its day."""
    roles = context.viewer().roles
    if context.viewer().takes_turns and roles == {Role.DUTY_RESIDENT}:
        return redirect("/my/rota")
    return redirect(next(address for role, address in STARTS if role in roles))

"""Who may open which page of administration."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort

from gridmap import context
from gridmap.accounts import helper_settings, may_help
from gridmap.layer import Role
from gridmap.web.blueprint import actor

P = ParamSpec("P")
R = TypeVar("R")


def for_administrators(view: Callable[P, R]) -> Callable[P, R]:
    """A page for administrators alone; a 403 to everybody else."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not context.viewer().administers:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def for_leaders(view: Callable[P, R]) -> Callable[P, R]:
    """A page for administrators, and for leaders as far as their scope goes; a 403 to everybody else."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not context.viewer().roles & {Role.ADMINISTRATOR, Role.LEADER}:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def settings() -> Mapping[str, str]:
    """What row security reads on these pages: a leader also reaches accounts, and checks `must_help` before."""
    return helper_settings(context.viewer())


def must_help(account_id: int) -> None:
    """A 404 unless the viewer may look after this account: whether others exist is nobody's business."""
    if not may_help(context.services().database, context.viewer(), account_id, actor().business_at):
        abort(404)

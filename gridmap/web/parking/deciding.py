"""What pages of an estate's decisions share: who may read them, one command, its refusal in words."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import abort

from gridmap import context
from gridmap.i18n import _
from gridmap.layer import ON_DUTY, Role
from gridmap.parking import setting_words
from gridmap.parking.errors import ParkingProblem
from gridmap.read.parking.homes import read_parking_place
from gridmap.web.blueprint import say
from gridmap.web.duties.guard import lead

P = ParamSpec("P")
R = TypeVar("R")
READERS = ON_DUTY | {Role.HANDLER, Role.DUTY_RESIDENT}
"""Who is told what an estate has decided: those who look after it, the company that runs it, its evening duty."""
MOST_ID = 1 << 53
REFUSALS: Mapping[str, str] = {
    **setting_words.REFUSALS,
    "until": _("Say until when: a moment that is still to come. A visit always ends."),
    "visit": _("A visit lasts three months at most. For longer the car is registered as a resident's."),
    "note": _("The note has at most 60 characters, on one line."),
    "known": _("This car is known there as the same already."),
    "ended": _("This has ended already."),
    "barrier": _("Choose one of the barriers."),
    "width": _("The width is in metres, like 4.5, and below 100."),
    "columns": _("A list has at most 12 columns, each with something to stand under it."),
    "heading": _("A heading has at most 30 characters and does not begin with =, +, - or @."),
    "heading_twice": _("Each column needs a heading of its own."),
    "needs_reason": _("Say why the number plates are taken out. It is written down beside each of them."),
    "reason": _("The reason is too long: at most 500 characters."),
    "encoding": _("Choose how the file is written."),
}
"""Why something cannot be kept."""


def for_readers(view: Callable[P, R]) -> Callable[P, R]:
    """A page for those who are told what an estate has decided; a 403 to everybody else."""
    return _for(READERS, view)


def for_watchers(view: Callable[P, R]) -> Callable[P, R]:
    """A page for workers, managers and leaders; a 403 to everybody else."""
    return _for(ON_DUTY, view)


def leads_here(place: Mapping[str, Any]) -> bool:
    """Whether the viewer leads the community of the place, or its street."""
    if Role.LEADER not in context.viewer().roles:
        return False
    return lead().leads(place["street_id"], place["community_id"])


def must_lead(place: Mapping[str, Any]) -> None:
    """A 403 for those who do not lead where the place lies."""
    if not leads_here(place):
        abort(403)


def seen_place(place_id: int) -> dict[str, Any]:
    """The estate or zone of the address; 404 where the viewer sees none."""
    row = None
    if place_id < MOST_ID:
        with context.services().database.transaction(context.viewer().prologue) as connection:
            row = read_parking_place(connection, place_id)
    if row is None:
        abort(404)
    return row


def words_of(problem: ParkingProblem) -> tuple[str, int]:
    """The sentence of a refusal, and its status."""
    if problem.reason == "not_yours":
        return say(REFUSALS["not_yours"]), 403
    return say(REFUSALS[problem.reason]), 409 if problem.reason == "changed" else 422


def _for(roles: frozenset[Role], view: Callable[P, R]) -> Callable[P, R]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not context.viewer().roles & roles:
            abort(403)
        return view(*args, **kwargs)

    return guarded

"""What the addresses of parking ask for: area, list, days, page; and who may open these pages."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlencode

from flask import abort, request

from gridmap import context
from gridmap.layer import Role
from gridmap.parking.sending import WATCHING
from gridmap.read.incidents.choices import read_communities, read_estates, read_name, read_streets
from gridmap.read.parking.cut import AREAS, Cut, Slice
from gridmap.web.blueprint import PAGE_SIZE, number, page_number, typed

P = ParamSpec("P")
R = TypeVar("R")
READING = WATCHING | {Role.HANDLER}
"""A company that manages an estate keeps its gate: it reads masked plates and bans, and does nothing."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the address asks for: the area, one of the page's lists, a page of it; `more`: further words of it."""

    path: str
    cut: Cut
    show: str = ""
    first: str = ""
    page: int = 1
    more: Mapping[str, str] = field(default_factory=dict)

    def address(self, path: str | None = None, **changes: Any) -> str:
        """An address for the same area; on the same page also with the same list and days. None leaves a word out."""
        words: dict[str, Any] = {name: getattr(self.cut, name) for name in AREAS}
        if path is None:
            words |= dict(self.more) | {"show": self.show if self.show != self.first else None}
        kept = {name: value for name, value in (words | changes).items() if value is not None}
        return f"{path or self.path}?{urlencode(kept)}" if kept else path or self.path

    def page_address(self, page: int) -> str:
        """The address of a page of the same list."""
        return self.address(page=page)

    @property
    def some(self) -> Slice:
        """The rows of the page, and one more that tells whether there is another page."""
        return Slice(limit=PAGE_SIZE + 1, offset=(self.page - 1) * PAGE_SIZE)


def for_reading(view: Callable[P, R]) -> Callable[P, R]:
    """A page for those who see cars somewhere; a 403 to everybody else."""
    return _guarded(view, READING)


def for_watching(view: Callable[P, R]) -> Callable[P, R]:
    """A page for those who are on duty somewhere; a 403 to everybody else."""
    return _guarded(view, WATCHING)


def _guarded(view: Callable[P, R], roles: Collection[Role]) -> Callable[P, R]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if context.viewer().roles.isdisjoint(roles):
            abort(403)
        return view(*args, **kwargs)

    return guarded


def asked_question(path: str, shows: Collection[str] = (), first: str = "", **more: str) -> Question:
    """What the address asks for; 400 for words that are none of ours."""
    cut = Cut(**{name: number(request.args, name) for name in AREAS})
    if any(getattr(cut, name) >= 1 << 53 for name in cut.by):
        abort(400)
    show = typed("show", 20) or first
    if show != first and show not in shows:
        abort(400)
    return Question(path=path, cut=cut, show=show, first=first, page=page_number(), more=more)


def now() -> datetime:
    """The business moment to the second."""
    return context.services().clock.now().replace(microsecond=0)


def asked_day(name: str, otherwise: date) -> date:
    """A day of the address; 400 for what is none."""
    text = typed(name, 10)
    try:
        day = date.fromisoformat(text) if text else otherwise
    except ValueError:
        abort(400)
    if not 2000 <= day.year < 2100:
        abort(400)
    return day


def asked_days(first: date, last: date) -> tuple[date, date]:
    """The days of the address from `from` to `to`, as [start, end); at most a year of them."""
    start, end = asked_day("from", first), asked_day("to", last) + timedelta(days=1)
    if not timedelta() < end - start <= timedelta(days=367):
        abort(400)
    return start, end


def choices(question: Question) -> dict[str, Any]:
    """What there is to choose in the filters."""
    viewer, cut = context.viewer(), question.cut
    near = None if viewer.reach.is_city else viewer.reach.near
    with context.services().database.transaction(viewer.prologue) as connection:
        streets = read_streets(connection, near)
        inner = cut.estate or cut.community
        street = cut.street or (inner >> 32 if inner else None) or (streets[0]["id"] if len(streets) == 1 else None)
        names = {"community": cut.community, "place": cut.estate}
        return {
            "streets": streets,
            "communities": read_communities(connection, street, None) if street else [],
            "estates": read_estates(connection, viewer, street, cut.community) if street else [],
            "chosen": [name for table, one in names.items() if one and (name := read_name(connection, table, one))],
        }

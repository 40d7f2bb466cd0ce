"""What the addresses of cases ask for: queue, filters, page; the same words on the board, in lists and numbers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlencode

from flask import abort, request

from gridmap import context
from gridmap.layer import Role
from gridmap.read.incidents.cut import MOST_TEXT, QUEUES, Cut
from gridmap.scope import Viewer
from gridmap.web.blueprint import number, page_number, typed
from gridmap.web.incidents import words
from gridmap.web.remembered import version_of

P = ParamSpec("P")
R = TypeVar("R")
WORKING = frozenset({Role.LEADER, Role.WORKER, Role.MANAGER, Role.HANDLER, Role.DUTY_RESIDENT})
"""Who works on cases; planners and administrators read numbers, which name nothing."""
HERE = WORKING - {Role.HANDLER}
"""Who looks after places, and so sees all cases in them."""
FOLLOWS = ("incidents",)
ALL = "all"
"""As a queue: every case, the closed ones too."""
IDS = ("street", "community", "grid", "estate", "lead")


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the address asks for. `queue` is one of QUEUES or `all`; `path` is the page that it is asked on."""

    cut: Cut
    queue: str
    page: int = 1
    path: str = "/incidents"

    @property
    def words(self) -> dict[str, Any]:
        """The words of its address; None where one is not said."""
        cut = self.cut
        found: dict[str, Any] = {name: getattr(cut, name) for name in (*IDS, "kind", "state", "source", "level")}
        found |= {"severity": cut.severity, "class": cut.class_, "q": cut.text}
        found["from"] = cut.start.isoformat() if cut.start else None
        found["to"] = (cut.end - timedelta(days=1)).isoformat() if cut.end else None
        return found | {"queue": self.queue if self.queue != "open" else None}

    def address(self, **changes: Any) -> str:
        """The address with some of its words changed; None leaves a word out. Another question begins on page 1."""
        kept = {name: value for name, value in (self.words | changes).items() if value is not None}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def page_address(self, page: int) -> str:
        """The address of a page of the same."""
        return self.address(page=page)

    @property
    def is_cut(self) -> bool:
        """Whether anything but the queue is chosen."""
        return bool(replace(self.cut, desk=None).by)

    @property
    def sql_queue(self) -> str | None:
        """The queue as reading knows it."""
        return None if self.queue == ALL else self.queue


def for_working(view: Callable[P, R]) -> Callable[P, R]:
    """A page for those who work on cases; a 403 to everybody else."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not context.viewer().roles & WORKING:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def asked_question(path: str, *, desk: str | None = None, first: str = "open") -> Question:
    """What the address asks for; 400 for words that are none of ours."""
    chosen: dict[str, Any] = {name: number(request.args, name) for name in (*IDS, "severity")}
    if any(one is not None and one >= 1 << 53 for one in chosen.values()):
        abort(400)
    known = {"state": words.STATES, "source": words.SOURCES, "level": words.LEVELS}
    said: dict[str, Any] = {name: typed(name, 20) or None for name in ("kind", *known)}
    if any(said[name] is not None and said[name] not in titles for name, titles in known.items()):
        abort(400)
    queue = typed("queue", 20) or (ALL if said["state"] in ("closed", "rejected", "duplicate") else first)
    if queue not in (*QUEUES, ALL):
        abort(400)
    cut = Cut(
        **chosen,
        **said,
        class_=typed("class", 2) or None,
        start=_day("from"),
        end=_after(_day("to")),
        text=typed("q", MOST_TEXT) or None,
        desk=desk,
    )
    return Question(cut=cut, queue=queue, page=page_number(), path=path)


def now() -> datetime:
    """The business moment to the second: what the map compares a deadline with, so both turn red at once."""
    return context.services().clock.now().replace(microsecond=0)


def minute() -> datetime:
    """The same to the minute, for what is kept or sent again only when the clock has gone on."""
    return now().replace(second=0)


def version(viewer: Viewer) -> tuple[int, ...]:
    """What changes whenever a case that the viewer may see does."""
    return version_of(FOLLOWS, None if viewer.reach.is_city else viewer.reach.near)


def _day(name: str) -> date | None:
    text = typed(name, 10)
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        abort(400)
    if day is not None and not 2000 <= day.year < 2100:
        abort(400)
    return day


def _after(day: date | None) -> date | None:
    return day + timedelta(days=1) if day else None

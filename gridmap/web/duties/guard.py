"""Who may open the pages of the office, and of which street they speak."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

from flask import abort, g, request

from gridmap import context
from gridmap.accounts.leading import Lead, read_lead
from gridmap.clock import real_now
from gridmap.layer import Role
from gridmap.periods import Period, month_of
from gridmap.read.office.rules import Choices
from gridmap.web.asked import today
from gridmap.web.blueprint import number, pages, typed
from gridmap.web.place_words import in_language
from gridmap.web.shell import office_day

P = ParamSpec("P")
R = TypeVar("R")
MONTHS_ASKED = (2000, 2100)


@dataclass(frozen=True, kw_only=True)
class Street:
    """A street in which the viewer leads something."""

    id: int
    code: str
    name: str


def for_office(view: Callable[P, R]) -> Callable[P, R]:
    """A page for those who lead a street or a community; a 403 to everybody else."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if Role.LEADER not in context.viewer().roles:
            abort(403)
        return view(*args, **kwargs)

    return guarded


def lead() -> Lead:
    """What the viewer leads; read once in a request."""
    if "lead" not in g:
        viewer, clock = context.viewer(), context.services().clock
        with context.services().database.transaction(viewer.prologue) as connection:
            g.lead = read_lead(connection, viewer.account_id, clock.now())
    found: Lead = g.lead
    return found


def streets() -> tuple[Street, ...]:
    """The streets in which the viewer leads something, those with the most rules first."""
    with context.services().database.transaction(context.viewer().prologue) as connection:
        rows = connection.execute(
            "SELECT s.id, s.code, s.name FROM gridmap.street s"
            " LEFT JOIN (SELECT street_id, count(*) AS rules FROM gridmap.duty GROUP BY 1) d ON d.street_id = s.id"
            " WHERE %s OR s.id = ANY (%s) ORDER BY coalesce(d.rules, 0) DESC, s.code",
            (lead().is_city, sorted(lead().near)),
        ).fetchall()
    return tuple(Street(**row) for row in rows)


def asked_street() -> tuple[Street, tuple[Street, ...]]:
    """The street that the address says, else the first; and all that could be said. 404 for one that is not led."""
    all_streets, wanted = streets(), number(request.values, "street")
    if not all_streets:
        abort(403)
    fitting = [one for one in all_streets if wanted in (None, one.id)]
    if not fitting:
        abort(404)
    return fitting[0], all_streets


def must_lead_street(street_id: int) -> None:
    """A 403 for those who do not lead the whole street."""
    if not lead().leads_street(street_id):
        abort(403)


def asked_month() -> Period:
    """The month of the address as 2026-03; the running one where it says none. 400 for anything else."""
    text = typed("month", 7)
    try:
        day = date.fromisoformat(f"{text}-01") if text else today()
    except ValueError:
        abort(400)
    if not MONTHS_ASKED[0] <= day.year < MONTHS_ASKED[1]:
        abort(400)
    return month_of(day)


def months_around(month: Period) -> tuple[date, date]:
    """The first days of the month before and of the one after."""
    return month_of(date.fromordinal(month.start.toordinal() - 1)).start, month.end


@pages.app_template_global("leads")
def leads() -> bool:
    """Whether the viewer leads a street or a community, and so has the office's pages."""
    return Role.LEADER in context.viewer().roles


@pages.app_template_filter("merged")
def merged(attributes: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Both together."""
    return attributes | more


@pages.app_template_filter("options")
def options(rows: Sequence[Any]) -> list[tuple[Any, str, str]]:
    """Rows of a register, or words with titles, as (value, title, note) to tick."""
    return [
        (*row, "")
        if isinstance(row, tuple)
        else (row.get("id") or row["code"], _title(row), row.get("community") or "")
        for row in rows
    ]


@pages.app_template_global("roles")
def roles(choices: Choices) -> list[tuple[str, str]]:
    """The roles of people on duty, for a choice."""
    return [(row["code"], in_language((row["title"], row["title_en"]))) for row in choices.roles]


@pages.app_template_filter("last_day_of")
def last_day_of(end: date) -> str:
    """The last day of a range of days that ends, exclusively, on that one."""
    return office_day(end - timedelta(days=1))


def _title(row: dict[str, Any]) -> str:
    return row["name"] if "name" in row else in_language((row["title"], row["title_en"]))


@pages.app_template_global("page_uuid")
def page_uuid() -> str:
    """An id for a form of this page, under which it counts once."""
    return str(uuid4())


@pages.app_template_filter("to_choose")
def to_choose(streets_led: Sequence[Street]) -> list[tuple[int, str]]:
    """Streets, for a choice."""
    return [(one.id, one.name) for one in streets_led]


@pages.app_template_global("page_time")
def page_time() -> int:
    """When the page was made, in milliseconds, as scripts count."""
    return int(real_now().timestamp() * 1000)

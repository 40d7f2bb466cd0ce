"""What pages of rotas share: who may, one command, the rota of the address, refusals in words."""

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, request

from gridmap import context
from gridmap.analysis.rota import office_day
from gridmap.db.pools import Connection, Row
from gridmap.layer import Role
from gridmap.periods import Every, Period, period_of
from gridmap.read.locks import sees_people
from gridmap.read.rota import read_rota
from gridmap.rota import RotaChanged, RotaProblem
from gridmap.rota.words import refusal_words
from gridmap.web import running
from gridmap.web.asked import today
from gridmap.web.blueprint import pages
from gridmap.web.duties.guard import lead

P = ParamSpec("P")
R = TypeVar("R")
YEARS = (2000, 2100)
LARGEST = 1 << 53


def for_group(view: Callable[P, R]) -> Callable[P, R]:
    """A page for whoever can take part in a rota, or is told who is responsible; a 403 to everybody else."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        viewer = context.viewer()
        if viewer.person_id is None and not sees_people(viewer):
            abort(403)
        return view(*args, **kwargs)

    return guarded


def run(command: Callable[[Connection], R]) -> R:
    """Run a command in the viewer's scope: 404 for what is not seen; RotaProblem goes on."""
    answer = running.run(command)
    # who has an evening now sees its zones at once
    context.services().sign_ins.forget()
    return answer


def shown_rota(rota_id: int) -> Row:
    """The rota of the address; 404 where the viewer sees none."""
    viewer, row = context.viewer(), None
    if rota_id < LARGEST:
        with context.services().database.transaction(viewer.prologue) as connection:
            row = read_rota(connection, viewer, today(), rota_id)
    if row is None:
        abort(404)
    return row


def leads_rota(row: Row) -> bool:
    """Whether the viewer leads where the rota lies."""
    return Role.LEADER in context.viewer().roles and lead().leads(row["street_id"], row["community_id"])


def led_rota(rota_id: int) -> Row:
    """The same for those who lead it: 404 where it is not seen, 403 for everybody else who sees it."""
    row = shown_rota(rota_id)
    if not leads_rota(row):
        abort(403)
    return row


def asked_quarter() -> Period:
    """The quarter of the address (`quarter=2026-04`, any month of it); the running one where it says none."""
    text = request.values.get("quarter", "")
    try:
        day = date.fromisoformat(f"{text}-01") if text else today()
    except ValueError:
        abort(400)
    if not YEARS[0] <= day.year < YEARS[1]:
        abort(400)
    return period_of(Every.QUARTER, day)


def words_of(problem: RotaProblem) -> tuple[str, int]:
    """The sentence of a refusal, and its status."""
    sentence = refusal_words(context.locale(), problem.reason, problem.name, problem.day)
    return sentence, 409 if isinstance(problem, RotaChanged) else 403 if problem.reason == "not_yours" else 422


@pages.app_template_filter("quarter_word")
def quarter_word(period: Period) -> str:
    """The quarter as addresses say it: 2026-04."""
    return f"{period.start:%Y-%m}"


@pages.app_template_filter("office_date")
def office_date(at: datetime) -> date:
    """The office's calendar day of the moment, as a day."""
    return office_day(at)

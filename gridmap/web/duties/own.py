"""`/duties`: what the office itself owes this month; meetings held, things made public, activities."""

from itertools import groupby

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.duties import Answer, DutyProblem
from gridmap.duties.answers import MOST_NOTE, RESULTS_OF
from gridmap.i18n import _
from gridmap.read.office.own import OwnSlot, read_own
from gridmap.web.asked import today
from gridmap.web.blueprint import number, pages, say, typed
from gridmap.web.checks import RESULTS
from gridmap.web.duties import words
from gridmap.web.duties.forms import enter, take_back, typed_day
from gridmap.web.duties.guard import asked_month, asked_street, for_office, lead, months_around
from gridmap.web.place_words import in_language


@pages.get("/duties")
@for_office
def own_slots() -> str:
    """The office's own slots of a month, by community."""
    return _page()


@pages.post("/duties")
@for_office
def answer_own_slot() -> Response | tuple[str, int]:
    """One of them is done, on that day; or that is taken back."""
    street, _all = asked_street()
    undo, slot_id = number(request.form, "undo"), number(request.form, "slot") or 0
    result, note = typed("result", 20) or "done", typed("note", MOST_NOTE + 1)
    try:
        if undo:
            take_back(undo)
        else:
            enter(Answer(slot_id=slot_id, result=result, note=note, done_on=typed_day("done_on")))
    except DutyProblem as problem:
        return _page(say(words.PROBLEMS[problem.reason])), 422
    month = f"{asked_month().start:%Y-%m}"
    there = url_for("pages.own_slots", street=street.id, month=month, done="own_undone" if undo else "own_done")
    return redirect(f"{there}#s{slot_id}", 303)


def _page(problem: str = "") -> str:
    street, streets = asked_street()
    month, viewer = asked_month(), context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        slots = read_own(connection, viewer, street.id, month.start, month.end)
    before, after = months_around(month)
    return render_template(
        "duties/own.html",
        street=street,
        streets=streets,
        month=month,
        before=before,
        after=after,
        groups=[(name, list(some)) for name, some in groupby(slots, key=lambda one: one.community)],
        open=sum(one.state in ("due", "missed") for one in slots),
        all=len(slots),
        leads_one=lambda one: lead().leads(street.id, one.community_id),
        results=RESULTS,
        results_of=RESULTS_OF,
        state_words=_state_words,
        account=viewer.account_id,
        problem=problem,
        day=today(),
        in_language=in_language,
    )


def _state_words(one: OwnSlot) -> str:
    if one.state == "satisfied":
        return say(_("Done in time"))
    if one.done_at is not None:
        return say(_("Done late"))
    if one.state == "excused":
        return say(_("Excused"))
    return say(_("overdue")) if one.due_on < today() else say(_("Due {day}"), day=one.due_on.isoformat())

"""The forms of a case: one action on one case, or on several; a refusal says who has the case and what is next."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from gridmap import context
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents import Act, Action, CaseChanged, IncidentProblem, act
from gridmap.incidents.words import REFUSALS, refusal_words
from gridmap.layer import Role
from gridmap.people.attempt import attempt
from gridmap.read.incidents import read_case
from gridmap.web.blueprint import actor, own_address, pages, say, typed
from gridmap.web.incidents import words
from gridmap.web.incidents.board import given as shared
from gridmap.web.incidents.card import Tried, card_page, offered
from gridmap.web.incidents.question import for_working, now

MOST_AT_ONCE = 200
TYPED = (
    *("reason", "other_reason", "note", "unit", "unit_other", "until", "review_on", "duplicate", "duplicate_number"),
    *("kind", "severity", "organisation", "role", "party", "place", "answer", "satisfaction"),
)
"""The fields of the forms; what was typed comes back where an action could not be."""


@pages.post("/incidents/<int:incident_id>/act")
@for_working
def act_on_incident(incident_id: int) -> Response | tuple[str, int]:
    """Take one action; 409 with what changed where somebody was faster, 422 with the reason where it cannot be."""
    if incident_id >= 1 << 53 or typed("action", 20) not in set(Action):
        abort(404)
    action = Action(typed("action", 20))
    try:
        attempt(
            context.services().database,
            context.viewer().prologue,
            lambda connection: act(connection, actor(), _typed_act(connection, incident_id, action)),
        )
    except LookupError:
        abort(404)
    except CaseChanged as changed:
        tried = Tried(action=action, problem=say(words.PROBLEMS["changed"]), typed=_kept(), changed=changed.changed)
        return card_page(incident_id, tried), 409
    except IncidentProblem as problem:
        return card_page(
            incident_id, Tried(action=action, problem=refusal_words(context.locale(), problem), typed=_kept())
        ), 422
    # whoever gave the case away may not see it any more
    viewer = context.viewer()
    with context.services().database.transaction(viewer.prologue) as connection:
        is_seen = read_case(connection, viewer, incident_id, now()) is not None
    return redirect(f"/incidents/{incident_id}?done=case_done" if is_seen else "/incidents?done=case_gone", 303)


@pages.post("/incidents/dispatch")
@for_working
def dispatch_incidents() -> Response | tuple[str, int]:
    """Dispatch several cases, each in a transaction of its own; those that could not be are named with the reason."""
    if Role.LEADER not in context.viewer().roles:
        abort(403)
    back, chosen = own_address(request.form.get("back")), _chosen()
    lead = request.form.get("lead", "")
    problem = _bulk_problem(chosen, lead)
    if problem:
        page = render_template("incidents/dispatched.html", back=back, done=[], failed=[], problem=problem, **shared())
        return page, 422
    done, failed = [], []
    for identity, revision in chosen:
        one, text = _dispatch(identity, revision, lead)
        if text:
            failed.append((identity, one, text))
        else:
            done.append((identity, one))
    if not failed:
        return redirect(f"{back}{'&' if '?' in back else '?'}done=cases_dispatched", 303)
    page = render_template("incidents/dispatched.html", back=back, done=done, failed=failed, problem="", **shared())
    return page, 200 if done else 422


def _dispatch(identity: int, revision: int, lead: str) -> tuple[str, str]:
    """One of several: its number, and why it could not be; an empty text where it could."""
    viewer = context.viewer()
    number = ""

    def command(connection: Connection) -> None:
        nonlocal number
        case = read_case(connection, viewer, identity, now())
        if case is None:
            raise LookupError(identity)
        number = case.line.number
        unit = offered(connection, case)[0].organisation_id if lead == "rule" else int(lead) if _is_id(lead) else None
        one = Act(
            incident_id=identity,
            action=Action.DISPATCH,
            revision=revision,
            lead_id=unit,
            to_community=unit is None,
        )
        act(connection, actor(), one)

    try:
        attempt(context.services().database, viewer.prologue, command)
    except LookupError:
        return number, say(REFUSALS["unknown"])
    except CaseChanged:
        return number, say(words.PROBLEMS["changed"])
    except IncidentProblem as problem:
        return number, refusal_words(context.locale(), problem)
    return number, ""


def _bulk_problem(chosen: list[tuple[int, int]], lead: str) -> str:
    if not chosen:
        return say(words.PROBLEMS["nothing"])
    if len(chosen) > MOST_AT_ONCE:
        return say(words.PROBLEMS["many"])
    return "" if lead in ("rule", "community") or _is_id(lead) else say(REFUSALS["needs_lead"])


def _chosen() -> list[tuple[int, int]]:
    """The cases that are ticked with the revisions that were seen; 400 for anything else."""
    found = []
    for text in request.form.getlist("case")[: MOST_AT_ONCE + 1]:
        identity, _dot, revision = text.partition(".")
        if not (_is_id(identity) and _is_id(revision)):
            abort(400)
        found.append((int(identity), int(revision)))
    return sorted(set(found))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 17


def _kept() -> dict[str, str]:
    return {name: request.form.get(name, "")[:1000] for name in TYPED if request.form.get(name)}


def _typed_act(connection: Connection, incident_id: int, action: Action) -> Act:
    """The action as the form says it. Raises IncidentProblem for what cannot be read."""
    form = request.form
    revision = form.get("revision", "")
    lead = form.get("unit_other") or form.get("unit") or ""
    reason = form.get("other_reason", "").strip() or form.get("reason", "")
    return Act(
        incident_id=incident_id,
        action=action,
        revision=int(revision) if _is_id(revision) else None,
        reason=_plain(reason),
        note=_plain(form.get("note", "")),
        lead_id=int(lead) if _is_id(lead) else None,
        to_community=lead == "community",
        until=_moment(form, "until"),
        review_on=_date(form, "review_on"),
        duplicate_of_id=_duplicate(connection, incident_id, form) if action is Action.MERGE else None,
        kind=form.get("kind") or None,
        severity=int(form["severity"]) if form.get("severity") in ("1", "2", "3") else None,
        organisation_id=_organisation(form),
        role=form.get("role") or None,
        place_id=_place(connection, incident_id, form) if action is Action.MOVE else None,
        answer=_plain(form.get("answer", "")),
        satisfaction=form.get("satisfaction") or None,
    )


def _plain(text: str) -> str:
    return text.replace("\0", "").replace("\r\n", "\n").strip()[:1000]


def _organisation(form: Mapping[str, str]) -> int | None:
    text = form.get("organisation") or form.get("party") or ""
    return int(text) if _is_id(text) else None


def _moment(form: Mapping[str, str], name: str) -> datetime | None:
    """A local moment of the office. Raises IncidentProblem for one that cannot be read."""
    text = form.get(name, "").strip()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=OFFICE) if text else None
    except ValueError:
        raise IncidentProblem(f"needs_{name}") from None


def _date(form: Mapping[str, str], name: str) -> date | None:
    text = form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise IncidentProblem(f"needs_{name}") from None


def _duplicate(connection: Connection, incident_id: int, form: Mapping[str, str]) -> int | None:
    """The other case: chosen, or by its number."""
    number = form.get("duplicate_number", "").strip()
    if not number:
        return int(form["duplicate"]) if _is_id(form.get("duplicate", "")) else None
    row = connection.execute(
        "SELECT id FROM gridmap.incident WHERE street_id = %s AND number = %s", (incident_id >> 32, number)
    ).fetchone()
    if row is None:
        raise IncidentProblem("duplicate_of_id")
    found: int = row["id"]
    return found


def _place(connection: Connection, incident_id: int, form: Mapping[str, Any]) -> int | None:
    """The place of that code in the street of the case."""
    code = str(form.get("place", "")).replace("\0", "").strip()
    if not code:
        return None
    row = connection.execute(
        "SELECT id FROM gridmap.place WHERE street_id = %s AND code = %s ORDER BY id LIMIT 1",
        (incident_id >> 32, code),
    ).fetchone()
    if row is None:
        raise IncidentProblem("where")
    found: int = row["id"]
    return found

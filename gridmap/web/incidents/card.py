"""`/incidents/<id>`: one case, what happened to it, and what its viewer may do with it now; its photos and contact."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Response, abort, make_response, render_template, send_file

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.files import path_of
from gridmap.incidents import (
    OPEN,
    Action,
    Sought,
    Spot,
    State,
    Unit,
    find_duplicates,
    offer_units,
    possible_actions,
    times_before,
)
from gridmap.incidents.capacities import NEXT
from gridmap.read.incidents import Case, read_case, read_photo, roles_of
from gridmap.read.incidents.choices import read_kinds, read_templates, read_units
from gridmap.tables.incidents import PHOTO_STAGES
from gridmap.web.asked import today
from gridmap.web.blueprint import actor, pages, say, typed
from gridmap.web.incidents import words
from gridmap.web.incidents.board import given as shared
from gridmap.web.incidents.board import left_of
from gridmap.web.incidents.question import WORKING, for_working, now
from gridmap.web.words import ROLES

FIELDS: Mapping[Action, tuple[str, ...]] = {
    Action.REGISTER: ("note",),
    Action.REJECT: ("reason", "answer"),
    Action.MERGE: ("duplicate", "note"),
    Action.CLASSIFY: ("kind", "severity"),
    Action.DISPATCH: ("unit", "note"),
    Action.ACCEPT: (),
    Action.RETURN: ("reason", "note"),
    Action.TRANSFER: ("unit", "reason"),
    Action.HANDLE: ("answer", "photos"),
    Action.CHECK: (),
    Action.CLOSE: ("answer", "satisfaction", "photos"),
    Action.REWORK: ("reason",),
    Action.REOPEN: ("reason",),
    Action.ASK_TIME: ("until", "reason"),
    Action.EXTEND: ("until", "reason"),
    Action.PARK: ("review_on", "reason"),
    Action.RESUME: ("note",),
    Action.ESCALATE: ("reason",),
    Action.REMIND: ("note",),
    Action.ADD_PARTY: ("organisation", "role"),
    Action.END_PARTY: ("party",),
    Action.MOVE: ("place",),
    Action.ANSWER: ("answer",),
    Action.RATE: ("satisfaction",),
}
"""What the form of each action asks for."""
RARE = (Action.CLASSIFY, Action.MOVE, Action.ADD_PARTY, Action.END_PARTY, Action.ANSWER, Action.REMIND, Action.RATE)
"""What stands behind one more press."""
BACK = frozenset({"return", "rework", "reject", "reopen", "transfer"})
"""Turns after which somebody has to begin again."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """An action that could not be: what was typed is kept. `changed`: what somebody else did in the meantime."""

    action: str = ""
    problem: str = ""
    typed: Mapping[str, Any] = field(default_factory=dict)
    changed: Mapping[str, Any] | None = None


@pages.get("/incidents/<int:incident_id>")
@for_working
def incident_card(incident_id: int) -> str:
    """The case; 404 where there is none for this viewer."""
    return card_page(incident_id, Tried())


def card_page(incident_id: int, tried: Tried) -> str:
    """The page of the case as it is now, with what was tried."""
    viewer, moment = context.viewer(), now()
    if incident_id >= 1 << 53:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        case = read_case(connection, viewer, incident_id, moment)
        if case is None:
            abort(404)
        actions = _ordered(possible_actions(connection, actor(), incident_id))
        choices = _choices(connection, case, actions)
    case, expected = replace(case, roles=_roles(case)), _expected(case, actions)
    return render_template(
        "incidents/card.html",
        case=case,
        one=case.line,
        time=left_of(case.line),
        moment=moment,
        actions=sorted((one for one in actions if one not in RARE), key=lambda one: one != expected),
        rare=[one for one in actions if one in RARE],
        expected=expected,
        fields=FIELDS,
        tried=tried,
        meanwhile=_meanwhile(tried.changed) if tried.changed else None,
        back=BACK,
        who=lambda turn: _who(case, turn.organisation, turn.account_id),
        share=_share(case),
        may_unmask=bool(case.contact) and viewer.reading_roles <= WORKING,
        day=today(),
        **choices,
        **shared(),
    )


@pages.get("/incidents/<int:incident_id>/photos/<stage>/<int:number>")
@for_working
def incident_photo(incident_id: int, stage: str, number: int) -> Response:
    """A picture of the case as a JPEG; 404 where there is none, or none that the viewer may see."""
    viewer = context.viewer()
    if incident_id >= 1 << 53 or number > 99 or stage not in PHOTO_STAGES:
        abort(404)
    with context.services().database.transaction(viewer.prologue) as connection:
        sha256 = read_photo(connection, viewer, incident_id, stage, number)
    path = path_of(context.services().settings.home, sha256) if sha256 else None
    if sha256 is None or path is None or not path.is_file():
        abort(404)
    response = make_response(send_file(path, mimetype="image/jpeg", max_age=0, etag=sha256.hex()))
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@pages.post("/incidents/<int:incident_id>/contact")
@for_working
def incident_contact(incident_id: int) -> Response | tuple[str, int]:
    """Clear name, telephone and private words, for one stated reason that is written down."""
    viewer, reason = context.viewer(), typed("reason", 200) or typed("other", 200)
    if incident_id >= 1 << 53 or not viewer.reading_roles <= WORKING:
        abort(404)
    if not reason:
        return card_page(incident_id, Tried(action="contact", problem=say(words.REFUSALS["needs_reason"]))), 422
    with context.services().database.transaction(viewer.prologue) as connection:
        case = read_case(connection, viewer, incident_id, now())
        clear = connection.execute(
            "SELECT name, phone, words FROM gridmap.unmask_incident(%s, %s, %s, %s)",
            (incident_id >> 32, incident_id, reason, context.services().clock.now()),
        ).fetchone()
    if case is None or clear is None:
        abort(404)
    page = render_template("incidents/contact.html", case=case, one=case.line, clear=clear, reason=reason, **shared())
    answer = Response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _ordered(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """What may be done; a case that is only reported may be dispatched by the same stroke that registers it."""
    if Action.REGISTER in actions:
        return (Action.DISPATCH, *actions)
    return actions


def _expected(case: Case, actions: tuple[Action, ...]) -> Action | None:
    """The step that the case waits for, where it is the viewer's to take."""
    if Action.DISPATCH in actions:
        return Action.DISPATCH
    found = NEXT.get(State(case.line.state))
    return found if found in actions and found is not Action.REOPEN else None


def _choices(connection: Connection, case: Case, actions: tuple[Action, ...]) -> dict[str, Any]:
    """What there is to choose in the forms that are there."""
    one = case.line
    wants_units = {Action.DISPATCH, Action.TRANSFER, Action.ADD_PARTY} & set(actions)
    moment = context.services().clock.now()
    return {
        "units": offered(connection, case) if wants_units else (),
        "all_units": read_units(connection, [one.street_id], today()) if wants_units else [],
        "kinds": read_kinds(connection) if Action.CLASSIFY in actions else [],
        "duplicates": _duplicates(connection, case) if Action.MERGE in actions else [],
        "templates": read_templates(connection, one.street_id, one.kind) if actions else [],
        "repeats": times_before(connection, one.street_id, one.kind, one.place_id, moment),
        "is_open": one.state in OPEN,
    }


def offered(connection: Connection, case: Case) -> tuple[Unit, ...]:
    """The units that the rule offers for the case, its own first."""
    one, more = case.line, case.more
    spot = Spot(
        street_id=one.street_id,
        place_id=one.place_id,
        community_id=one.community_id,
        grid_id=more["grid_id"],
        micro_grid_id=more["micro_grid_id"],
        estate_id=more["estate_id"],
        at=case.point,
    )
    return offer_units(connection, {"code": one.kind, "nature": case.nature}, spot, today())


def _duplicates(connection: Connection, case: Case) -> list[dict[str, Any]]:
    one = case.line
    sought = Sought(
        street_id=one.street_id,
        kind=one.kind,
        near_m=case.near_m,
        place_id=one.place_id,
        at=case.point,
        but_id=one.id,
    )
    return find_duplicates(connection, sought, context.services().clock.now())


def _roles(case: Case) -> dict[int, tuple[str, ...]]:
    accounts = sorted({turn.account_id for turn in case.turns if turn.account_id is not None})
    return roles_of(context.services().database, accounts) if accounts else {}


def _who(case: Case, organisation: str | None, account_id: int | None) -> str:
    """Who took a turn: the organisation, or as what the account acts; never a person's name."""
    if organisation:
        return organisation
    if account_id is None:
        return say(words.OFFICE)
    if account_id == context.viewer().account_id:
        return say(words.YOU)
    roles = [say(ROLES[role]) for role in ROLES if role in case.roles.get(account_id, ())]
    return " · ".join(roles) or say(words.SOMEBODY)


def _meanwhile(changed: Mapping[str, Any]) -> dict[str, Any]:
    account = changed["account_id"]
    roles = roles_of(context.services().database, [account]).get(account, ()) if account else ()
    who = " · ".join(say(ROLES[role]) for role in roles if role in ROLES) or say(words.SOMEBODY)
    return {**changed, "who": who}


def _share(case: Case) -> float:
    """How much of the time is used, 0 to 100."""
    return round(min(100.0, 100.0 * case.used_minutes / max(case.line.limit_minutes, 1)), 1)

"""Acting on a case: every action of the table, each in one transaction with its history, audit, parties and notices."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from gridmap.accounts import Actor
from gridmap.audit import announce
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents.capacities import capacities, next_step, read_standing, unit_now
from gridmap.incidents.course import Course, Step, advance, goes_up, hindrance
from gridmap.incidents.errors import CaseChanged, IncidentProblem
from gridmap.incidents.kinds import SEVERITIES, read_kind, read_limit
from gridmap.incidents.machine import OPEN, RULES, Action, Capacity, State, possible, refusal
from gridmap.incidents.moving import move, spot_after
from gridmap.incidents.writing import (
    LAYERS,
    add_transition,
    course_of,
    follow,
    give_to,
    read_case,
    record,
    take_from,
    tell,
    write_case,
)
from gridmap.periods import Calendar
from gridmap.places.calendar import read_calendar
from gridmap.tables.incidents import PARTY_ROLES, SATISFACTIONS

MOST_REASON = 500
SECOND_RETURN = "second_return"
"""The reason of a case that went up by itself because it was returned again. Said by anybody else it is a word."""
GIVES = frozenset(
    {
        Action.DISPATCH,
        Action.TRANSFER,
        Action.RETURN,
        Action.REJECT,
        Action.MERGE,
        Action.ADD_PARTY,
        Action.END_PARTY,
    }
)
"""Actions after which others are given the case."""
NOTICES: Mapping[Action, str] = {
    Action.REGISTER: "registered",
    Action.REJECT: "rejected",
    Action.MERGE: "duplicate",
    Action.RETURN: "returned",
    Action.CLOSE: "closed",
    Action.REOPEN: "reopened",
    Action.ANSWER: "answered",
}
"""What whoever reported hears of."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """One action on a case. `revision`: the one that the actor saw; None where it does not matter.

    `lead_id` or `to_community` say who leads (dispatch, transfer); `place_id` or `at` (longitude, latitude) where the
    case lies (move); `answer` goes to whoever reported, with close or alone.
    """

    incident_id: int
    action: Action
    revision: int | None = None
    reason: str = ""
    note: str = ""
    lead_id: int | None = None
    to_community: bool = False
    until: datetime | None = None
    review_on: date | None = None
    duplicate_of_id: int | None = None
    kind: str | None = None
    severity: int | None = None
    organisation_id: int | None = None
    role: str | None = None
    place_id: int | None = None
    at: tuple[float, float] | None = None
    answer: str = ""
    satisfaction: str | None = None

    @property
    def given(self) -> frozenset[str]:
        """The fields that the table may need and that are there."""
        names = ("until", "review_on", "duplicate_of_id", "kind", "organisation_id", "role", "satisfaction")
        found = {name for name in names if getattr(self, name) is not None}
        found |= {name for name in ("reason", "answer") if getattr(self, name).strip()}
        if self.lead_id is not None or self.to_community:
            found.add("lead")
        if _has_where(self):
            found.add("where")
        return frozenset(found)


def act(connection: Connection, by: Actor, one: Act) -> dict[str, Any]:
    """Do it, and give the case as it is then, in the caller's transaction.

    A case that is only reported may be dispatched at once: it is registered by the same stroke. Raises LookupError
    where the viewer sees no such case, CaseChanged where somebody was faster, IncidentProblem (see `refusal`,
    `hindrance`; else `words`, `lead`, `kind`, `severity`, `duplicate_of_id`, `role`, `where`).
    """
    if one.duplicate_of_id is not None:
        _lock_both(connection, one.incident_id, one.duplicate_of_id)
    case = read_case(connection, one.incident_id, by.business_at, lock=True)
    if one.revision is not None and one.revision != case["revision"]:
        raise CaseChanged(changed(connection, case))
    who = capacities(read_standing(connection, by), case, by.account_id)
    try:
        after = _act(connection, by, one, case, who)
    except IncidentProblem as problem:
        # whatever is refused, and why: who has the case now, and what is expected of them
        problem.unit, problem.next = problem.unit or unit_now(case), problem.next or next_step(case)
        raise
    announce(connection, after["street_id"], LAYERS)
    return after


def possible_actions(connection: Connection, by: Actor, incident_id: int) -> tuple[Action, ...]:
    """What the actor may do with the case now, in the order of the table. Raises LookupError."""
    case = read_case(connection, incident_id, by.business_at)
    who = capacities(read_standing(connection, by), case, by.account_id)
    return possible(State(case["state"]), who, is_doer=_is_doer(by, case))


def _act(connection: Connection, by: Actor, one: Act, case: dict[str, Any], who: frozenset[Capacity]) -> dict[str, Any]:
    """The action with what goes before it and what follows from it by itself."""
    if max(len(one.reason), len(one.note), len(one.answer)) > MOST_REASON:
        raise IncidentProblem("words")
    calendar = read_calendar(connection)
    if one.action is Action.DISPATCH and case["state"] == State.REPORTED:
        case = _take(connection, by, replace(one, action=Action.REGISTER), case, who, calendar)
    spot = spot_after(connection, one.place_id, one.at, case) if one.action is Action.MOVE and _has_where(one) else None
    case = _take(connection, by, one, case, who, calendar)
    if goes_up(course_of(case), one.action):
        # whoever returns a case for the second time sends it up by that, whatever else he may do
        up = Act(incident_id=one.incident_id, action=Action.ESCALATE, reason=SECOND_RETURN)
        case = _take(connection, by, up, case, who | {Capacity.OFFICE}, calendar)
    if spot is not None:
        revision = move(connection, case, spot, by.business_at)
        return case | spot.columns | {"address": spot.address, "revision": revision}
    if one.action in GIVES:
        follow(connection, case)
    return case


def changed(connection: Connection, case: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody who was slower is told: what the case is now, what was done last, by whom and when."""
    last = connection.execute(
        "SELECT action, at, account_id FROM gridmap.transition WHERE street_id = %s AND incident_id = %s"
        " ORDER BY turn DESC LIMIT 1",
        (case["street_id"], case["id"]),
    ).fetchone()
    return {
        "revision": case["revision"],
        "state": case["state"],
        "level": case["level"],
        "unit": unit_now(case),
        "action": last["action"] if last else None,
        "at": last["at"] if last else case["changed_at"],
        "account_id": last["account_id"] if last else case["changed_by"],
    }


def _take(
    connection: Connection,
    by: Actor,
    one: Act,
    case: dict[str, Any],
    who: frozenset[Capacity],
    calendar: Calendar,
) -> dict[str, Any]:
    """One action of the table: checked, done, written. Gives the case as it is then."""
    state, course = State(case["state"]), course_of(case)
    step = Step(
        action=one.action,
        at=by.business_at,
        account_id=by.account_id,
        until=one.until,
        review_on=one.review_on,
        limit=_limit_after(connection, one, case, by),
    )
    code = refusal(one.action, state, who, one.given, is_doer=_is_doer(by, case)) or hindrance(course, step)
    if code:
        raise IncidentProblem(code)
    more = _columns_after(connection, one, case, step.at.astimezone(OFFICE).date())
    moved = advance(course, step, calendar)
    write_case(connection, by, case, moved, **more)
    _follow_parties(connection, one, case, step.at.astimezone(OFFICE).date(), moved.changed_at)
    after = read_case(connection, case["id"], by.business_at)
    add_transition(
        connection,
        by,
        after,
        moved,
        calendar,
        action=one.action,
        from_state=state,
        organisation_id=_in_the_name_of(case, who),
        reason=one.reason.strip() or None,
        note=one.note.strip() or None,
        until=one.until or _midnight(one.review_on),
    )
    _write_beside(connection, by, one, case, after, moved)
    return after


def _write_beside(
    connection: Connection, by: Actor, one: Act, case: Mapping[str, Any], after: Mapping[str, Any], moved: Course
) -> None:
    """The audit row, and notices to whoever reported the case, or one that was found to be the same."""
    names = ("state", "level", "lead_id", "kind", "severity", "due_at", "place_id", "duplicate_of_id", "satisfaction")
    differing = [name for name in names if case[name] != after[name]]
    record(
        connection,
        by,
        case,
        one.action,
        before={name: _plain(case[name]) for name in differing},
        after={name: _plain(after[name]) for name in differing},
        why=one.reason.strip() or None,
    )
    kind = NOTICES.get(one.action)
    if kind is not None:
        tell(connection, case, kind, moved.changed_at)


def _has_where(one: Act) -> bool:
    return one.place_id is not None or one.at is not None


def _is_doer(by: Actor, case: Mapping[str, Any]) -> bool:
    return by.account_id is not None and case["handled_by"] == by.account_id


def _in_the_name_of(case: Mapping[str, Any], who: frozenset[Capacity]) -> int | None:
    return case["lead_id"] if Capacity.LEAD in who and Capacity.DISPATCHER not in who else None


def _limit_after(connection: Connection, one: Act, case: Mapping[str, Any], by: Actor) -> Any:
    """The limit of another kind, or of the same one where the case begins anew."""
    if one.action is Action.REOPEN:
        return read_limit(connection, case["kind"], case["severity"], case["source"])
    if one.action is Action.CLASSIFY and one.kind is not None:
        kind = read_kind(connection, one.kind, by.business_at.astimezone(OFFICE).date())
        if kind["is_private"] != case["is_private"]:
            # the words of the one kind lie where those of the other must not
            raise IncidentProblem("private")
        return read_limit(connection, one.kind, _severity(one, case), case["source"])
    return None


def _severity(one: Act, case: Mapping[str, Any]) -> int:
    severity: int = one.severity if one.severity is not None else case["severity"]
    if severity not in SEVERITIES:
        raise IncidentProblem("severity")
    return severity


def _columns_after(connection: Connection, one: Act, case: Mapping[str, Any], today: date) -> dict[str, Any]:
    """What the action changes of the case beside its course."""
    if one.action in (Action.DISPATCH, Action.TRANSFER):
        return {"lead_id": _lead_after(connection, one, case, today)}
    if one.action is Action.RETURN:
        return {"lead_id": None}
    if one.action is Action.MERGE:
        return {"duplicate_of_id": _other(connection, one, case)}
    if one.action is Action.CLASSIFY:
        return {"kind": one.kind, "severity": _severity(one, case)}
    found: dict[str, Any] = {}
    if one.answer.strip() and one.action in (Action.HANDLE, Action.CLOSE, Action.ANSWER, Action.REJECT):
        found["answer"] = one.answer.strip()
    if one.satisfaction is not None and one.action in (Action.CLOSE, Action.RATE):
        if one.satisfaction not in SATISFACTIONS:
            raise IncidentProblem("satisfaction")
        found["satisfaction"] = one.satisfaction
    if one.action is Action.REOPEN:
        found["satisfaction"] = None
    return found


def _lead_after(connection: Connection, one: Act, case: Mapping[str, Any], today: date) -> int | None:
    lead = None if one.to_community else one.lead_id
    if one.action is Action.TRANSFER and case["lead_id"] == lead:
        raise IncidentProblem("same")
    if lead is not None:
        _known(connection, lead, case, today)
    return lead


def _known(connection: Connection, organisation_id: int, case: Mapping[str, Any], today: date) -> None:
    """The organisation must be of the street, or of the city, and valid today. Raises IncidentProblem("lead")."""
    found = connection.execute(
        "SELECT FROM gridmap.organisation WHERE id = %s AND (street_id IS NULL OR street_id = %s)"
        " AND valid @> %s::date",
        (organisation_id, case["street_id"], today),
    ).fetchone()
    if found is None:
        raise IncidentProblem("lead")


def _other(connection: Connection, one: Act, case: Mapping[str, Any]) -> int:
    """The case that this one is the same as: another one that is seen, of the same street, and still open."""
    row = connection.execute(
        "SELECT id, state FROM gridmap.incident WHERE street_id = %s AND id = %s",
        (case["street_id"], one.duplicate_of_id),
    ).fetchone()
    if row is None or row["id"] == case["id"] or row["state"] not in OPEN:
        raise IncidentProblem("duplicate_of_id")
    found: int = row["id"]
    return found


def _follow_parties(connection: Connection, one: Act, case: Mapping[str, Any], today: date, at: datetime) -> None:
    """Who is given the case, and who no longer is."""
    if one.action in (Action.DISPATCH, Action.TRANSFER, Action.RETURN):
        take_from(connection, case, at, role="lead")
        if one.lead_id is not None and one.action is not Action.RETURN and not one.to_community:
            give_to(connection, case, one.lead_id, "lead", at)
    elif one.action in (Action.REJECT, Action.MERGE):
        take_from(connection, case, at)
    elif one.action is Action.ADD_PARTY:
        if one.role not in PARTY_ROLES or one.role == "lead" or one.organisation_id == case["lead_id"]:
            raise IncidentProblem("role")
        assert one.organisation_id is not None
        _known(connection, one.organisation_id, case, today)
        give_to(connection, case, one.organisation_id, one.role, at)
    elif one.action is Action.END_PARTY:
        if one.organisation_id == case["lead_id"]:
            raise IncidentProblem("role")
        take_from(connection, case, at, organisation_id=one.organisation_id)


def _lock_both(connection: Connection, first: int, second: int) -> None:
    """Two cases are locked in the order of their ids, so that nobody waits for the other in a ring."""
    for identity in sorted({first, second}):
        connection.execute(
            "SELECT FROM gridmap.incident WHERE street_id = %s AND id = %s FOR NO KEY UPDATE",
            (identity >> 32, identity),
        )


def _midnight(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=OFFICE) if day else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, datetime)) else value


assert set(Action) - set(RULES) == {Action.REPORT, Action.SELF_HANDLE}

"""Reports, actions and photos as phones and pages send them: under an id that they made, so that twice is once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from gridmap.accounts import Actor
from gridmap.db import Database
from gridmap.db.pools import Connection
from gridmap.files import Hint, Kept
from gridmap.incidents.acting import Act, act
from gridmap.incidents.errors import CaseChanged, IncidentProblem
from gridmap.incidents.machine import Action, State
from gridmap.incidents.photos import add_photo
from gridmap.incidents.reporting import Report, Reported, find_spot, report_incident
from gridmap.incidents.routing import Unit
from gridmap.incidents.writing import LAYERS
from gridmap.layer import Role
from gridmap.people.attempt import attempt
from gridmap.people.once import Told, send_once
from gridmap.submissions import Sent

ACTING = frozenset({Role.WORKER, Role.MANAGER, Role.DUTY_RESIDENT, Role.LEADER, Role.HANDLER})
"""Who reports, and acts on cases. Planners draw them, administrators keep accounts."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where cases are worked on: the database as the viewer sees it, and who acts."""

    database: Database
    viewer: Mapping[str, str] | bytes
    by: Actor


def send_report(desk: Desk, sent_id: UUID, report: Report, content: Mapping[str, Any]) -> Told:
    """Take a report once, however often it is sent, and tell what became of it. Raises what `report_incident` does,
    SentDifferently."""

    def command(connection: Connection) -> Told:
        made = report_incident(connection, desk.by, replace(report, sent_id=sent_id))
        if report.same_as_id is not None and not report.done:
            made = _joined(connection, desk.by, made, report.same_as_id)
        return told_report(made) | {"seen": _seen(connection, made.incident_id >> 32)}

    street_id = report.place_id >> 32 if report.place_id is not None else _street_of(desk, report)
    return _once(desk, street_id, sent_id, content, command)


def _joined(connection: Connection, by: Actor, made: Reported, same_as_id: int) -> Reported:
    """The report merged with the case that its reporter says it is; on its own where that is not there to join."""
    try:
        with connection.transaction():
            merge = Act(incident_id=made.incident_id, action=Action.MERGE, duplicate_of_id=same_as_id)
            case = act(connection, by, merge)
    except (LookupError, IncidentProblem):
        return made
    return replace(made, state=State(case["state"]))


def send_act(desk: Desk, one: Act, sent_id: UUID | None = None, content: Mapping[str, Any] | None = None) -> Told:
    """Do one action, once where it has an id, and tell the case as it is then. Raises what `act` does."""

    def command(connection: Connection) -> Told:
        case = act(connection, desk.by, one)
        return told_case(case) | {"seen": _seen(connection, case["street_id"])}

    if sent_id is None:
        return attempt(desk.database, desk.viewer, command)
    return _once(desk, one.incident_id >> 32, sent_id, content or {}, command)


def send_many(desk: Desk, acts: Sequence[Act]) -> list[Told]:
    """Do each of them in a transaction of its own, and tell of each what became of it.

    A case that somebody else was faster with, or that is refused, keeps no other one back.
    """
    found: list[Told] = []
    for one in acts:
        try:
            found.append(send_act(desk, one))
        except LookupError:
            found.append({"incident_id": one.incident_id, "refused": "unknown"})
        except IncidentProblem as problem:
            said = {"refused": problem.reason, "unit": problem.unit, "next": problem.next}
            found.append({"incident_id": one.incident_id, **said})
        except CaseChanged as problem:
            found.append({"incident_id": one.incident_id, "changed": plain(problem.changed)})
    return found


def send_photo(
    desk: Desk, sent_id: UUID, incident_id: int, stage: str, kept: Kept, hint: Hint, content: Mapping[str, Any]
) -> Told:
    """Put a picture that is already kept to a case, once. Raises what `add_photo` does, SentDifferently."""

    def command(connection: Connection) -> Told:
        number = add_photo(connection, desk.by, incident_id, stage, kept, hint)
        return {"incident_id": incident_id, "stage": stage, "number": number}

    return _once(desk, incident_id >> 32, sent_id, content, command)


def told_report(made: Reported) -> dict[str, Any]:
    """What a report became, as JSON."""
    names = ("id", "number", "state", "address", "reported_at", "away_m", "is_same_place")
    return {
        "incident_id": made.incident_id,
        "number": made.number,
        "state": str(made.state),
        "due_at": made.due_at.isoformat(),
        "is_provisional": made.is_provisional,
        "units": [told_unit(unit) for unit in made.units],
        "near": [plain({name: row[name] for name in names}) for row in made.near],
        "times": made.times,
        "is_repeat": made.is_repeat,
    }


def told_unit(unit: Unit) -> dict[str, Any]:
    """A unit that may lead a case, as JSON."""
    return dict(vars(unit))


CASE = (
    "number", "kind", "severity", "state", "level", "source", "address", "place_id", "community_id", "grid_id",
    "estate_id", "lead_id", "lead_name", "community_name", "reported_at", "due_at", "warn_at", "limit_minutes",
    "used_minutes", "is_provisional", "is_self_handled", "extended_until", "review_on", "extensions", "returns",
    "reworks", "reopens", "escalations", "transfers", "answer", "satisfaction", "duplicate_of_id", "registered_at",
    "dispatched_at", "accepted_at", "handled_at", "checked_at", "closed_at", "revision",
)  # fmt: skip


def told_case(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case as it is, as JSON; its words are read where it is shown."""
    return {"incident_id": case["id"], **plain({name: case[name] for name in CASE})}


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same with times and days as ISO text."""
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


def _street_of(desk: Desk, report: Report) -> int:
    return attempt(desk.database, desk.viewer, partial(find_spot, report=report)).street_id


def _seen(connection: Connection, street_id: int) -> int | None:
    """The number of the change, for a page that asks for what is at least as new."""
    row = connection.execute(
        "SELECT id FROM gridmap.change WHERE street_id = %s AND layer = %s ORDER BY id DESC LIMIT 1",
        (street_id, LAYERS[0]),
    ).fetchone()
    return row["id"] if row else None


def _once(desk: Desk, street_id: int, sent_id: UUID, content: Mapping[str, Any], command: Any) -> Told:
    assert desk.by.account_id is not None
    sent = Sent(street_id=street_id, sent_id=sent_id, account_id=desk.by.account_id, content=content)
    return send_once(desk.database, desk.viewer, sent, command)

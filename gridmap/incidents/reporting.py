"""Reports: something is wrong somewhere, and a case begins; or a small matter was solved on the spot."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gridmap.accounts import Actor
from gridmap.audit import announce
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents.course import Course, begin, solved
from gridmap.incidents.duplicates import REPEATS, Sought, find_duplicates, times_before
from gridmap.incidents.errors import IncidentProblem
from gridmap.incidents.kinds import SEVERITIES, URGENT, read_kind, read_limit
from gridmap.incidents.machine import FIRST, Action, State
from gridmap.incidents.routing import MOST_ACCURACY_M, Spot, Unit, offer_units, spot_at, spot_of_place
from gridmap.incidents.writing import COURSE, LAYERS, add_transition, record
from gridmap.places.calendar import read_calendar
from gridmap.plain import is_plain, without_marks
from gridmap.tables.incidents import SOURCES

MOST_TEXT = 1_000
MOST_NAME, MOST_PHONE = 40, 40


@dataclass(frozen=True, kw_only=True)
class Report:
    """What somebody reports: a kind, and a place or a point (longitude, latitude; EPSG:4326).

    `done`: solved on the spot, nothing left to do. `due_at`: a deadline that comes with an order. `number`: an order's
    own number is kept beside ours by whoever imports it. `community_id`: of communities on both sides of a border the
    one that the reporter says. `same_as_id`: an open case that the reporter says it is the same as.
    """

    kind: str
    place_id: int | None = None
    at: tuple[float, float] | None = None
    accuracy_m: int | None = None
    severity: int | None = None
    text: str = ""
    address: str = ""
    source: str = "patrol"
    done: bool = False
    community_id: int | None = None
    same_as_id: int | None = None
    inspection_id: int | None = None
    contact_name: str = ""
    contact_phone: str = ""
    device_at: datetime | None = None
    due_at: datetime | None = None
    sent_id: UUID | None = None
    import_run_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reported:
    """The case that a report became, the units that it may go to, and open cases that may be the same."""

    incident_id: int
    number: str
    state: State
    due_at: datetime
    is_provisional: bool
    units: tuple[Unit, ...]
    near: tuple[dict[str, Any], ...]
    times: int
    """How often the kind came up at the place within 30 days, this one included."""

    @property
    def is_repeat(self) -> bool:
        """Whether the same thing keeps coming back."""
        return self.times >= REPEATS


ADD = """
INSERT INTO gridmap.incident (street_id, id, number, kind, severity, source, text, address, geom, accuracy_m,
  reported_at, device_at, received_at, limit_minutes, clock, due_at, warn_at, is_due_given, is_provisional, state,
  level, is_self_handled, used_minutes, running_since, level_since, registered_at, handled_at, closed_at, handled_by,
  reporter_account_id, reporter_id, inspection_id, sent_id, import_run_id, place_id, community_id, grid_id,
  micro_grid_id, estate_id, changed_at, changed_by)
VALUES (%(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'),
  'GX-' || to_char(%(reported_at)s::timestamptz AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-')
    || (SELECT lpad(n, greatest(6, length(n)), '0') FROM (SELECT nextval('gridmap.incident_number')::text AS n) drawn),
  %(kind)s, %(severity)s, %(source)s, %(text)s, %(address)s,
  public.st_setsrid(public.st_makepoint(%(lon)s, %(lat)s), 4326), %(accuracy_m)s,
  %(reported_at)s, %(device_at)s, %(changed_at)s, %(limit_minutes)s, %(clock)s, %(due_at)s, %(warn_at)s,
  %(is_due_given)s, %(is_provisional)s, %(state)s, %(level)s, %(is_self_handled)s, %(used_minutes)s, %(running_since)s,
  %(level_since)s, %(registered_at)s, %(handled_at)s, %(closed_at)s, %(handled_by)s, %(account)s,
  (SELECT p.id FROM gridmap.account a JOIN gridmap.person p ON p.id = a.person_id AND p.street_id = %(street_id)s
   WHERE a.id = %(account)s::bigint), %(inspection_id)s, %(sent_id)s, %(import_run_id)s, %(place_id)s, %(community_id)s,
  %(grid_id)s, %(micro_grid_id)s, %(estate_id)s, %(changed_at)s, %(account)s)
RETURNING id, number
"""
ADD_CONTACT = """
INSERT INTO gridmap.incident_contact (street_id, incident_id, name, phone, words, account_id, place_id, community_id,
  grid_id, micro_grid_id, estate_id)
VALUES (%(street_id)s, %(id)s, %(name)s, %(phone)s, %(words)s, %(account)s, %(place_id)s, %(community_id)s, %(grid_id)s,
  %(micro_grid_id)s, %(estate_id)s)
"""


def report_incident(connection: Connection, by: Actor, report: Report) -> Reported:
    """Write a report down as a case: routed, with its deadline, history and audit, in the caller's transaction.

    Whoever sees the place, or something of the street around the point, may report. Raises LookupError where the viewer
    sees no such place, IncidentProblem("kind" | "severity" | "source" | "text" | "contact" | "where" | "outside" |
    "finding" | "urgent").
    """
    day = by.business_at.astimezone(OFFICE).date()
    kind = read_kind(connection, report.kind, day)
    severity = report.severity or kind["severity"]
    _check(report, severity)
    spot = find_spot(connection, report)
    _check_finding(connection, report, spot.street_id)
    calendar = read_calendar(connection)
    limit = read_limit(connection, report.kind, severity, report.source)
    if report.done:
        course = solved(calendar, by.business_at, limit, by.account_id)
    else:
        course = begin(calendar, by.business_at, limit, due_at=report.due_at)
    case = _add(connection, by, report, kind, severity, spot, course)
    _add_contact(connection, by, report, kind, case)
    action = Action.SELF_HANDLE if report.done else Action.REPORT
    assert course.state is FIRST[action]
    add_transition(connection, by, case, course, calendar, action=action, from_state=None)
    after = {"kind": report.kind, "severity": severity, "state": course.state, "source": report.source}
    record(connection, by, case, action, after=after | {"place": spot.place_id})
    announce(connection, spot.street_id, LAYERS, aloud=False)
    sought = Sought(
        street_id=spot.street_id,
        kind=report.kind,
        near_m=kind["near_m"],
        place_id=spot.place_id,
        at=spot.at,
        but_id=case["id"],
    )
    return Reported(
        incident_id=case["id"],
        number=case["number"],
        state=course.state,
        due_at=course.due_at,
        is_provisional=course.is_provisional,
        units=offer_units(connection, kind, spot, day),
        near=tuple(find_duplicates(connection, sought, by.business_at)) if not report.done else (),
        times=times_before(connection, spot.street_id, report.kind, spot.place_id, by.business_at),
    )


def find_spot(connection: Connection, report: Report) -> Spot:
    """Where the report lies. Raises LookupError for a place that is not seen, IncidentProblem("where" | "outside")."""
    if report.place_id is not None:
        return spot_of_place(connection, report.place_id)
    if report.at is None or not (-180 <= report.at[0] <= 180 and -90 <= report.at[1] <= 90):
        raise IncidentProblem("where")
    try:
        return spot_at(connection, report.at, report.accuracy_m, report.community_id)
    except LookupError:
        raise IncidentProblem("outside") from None


def _check(report: Report, severity: int) -> None:
    if severity not in SEVERITIES:
        raise IncidentProblem("severity")
    if report.source not in SOURCES:
        raise IncidentProblem("source")
    if len(report.text) > MOST_TEXT or not is_plain(report.text, lines=True):
        raise IncidentProblem("text")
    if len(report.contact_name) > MOST_NAME or len(report.contact_phone) > MOST_PHONE:
        raise IncidentProblem("contact")
    if not is_plain(report.contact_name + report.contact_phone):
        raise IncidentProblem("contact")
    if report.done and severity >= URGENT:
        # what is urgent is looked at by somebody else, however quickly it was dealt with
        raise IncidentProblem("urgent")


def _check_finding(connection: Connection, report: Report, street_id: int) -> None:
    """The answer on a check that it comes from must be one that the viewer sees."""
    if report.inspection_id is None:
        return
    found = connection.execute(
        "SELECT FROM gridmap.inspection WHERE street_id = %s AND id = %s", (street_id, report.inspection_id)
    ).fetchone()
    if found is None:
        raise IncidentProblem("finding")


def _add(
    connection: Connection,
    by: Actor,
    report: Report,
    kind: dict[str, Any],
    severity: int,
    spot: Spot,
    course: Course,
) -> dict[str, Any]:
    lon, lat = spot.at or (None, None)
    accuracy = report.accuracy_m if report.accuracy_m is None else min(report.accuracy_m, 100 * MOST_ACCURACY_M)
    values: dict[str, Any] = {name: getattr(course, name) for name in (*COURSE, "changed_at", "reported_at")}
    values |= spot.columns | {
        "street_id": spot.street_id,
        "kind": report.kind,
        "severity": severity,
        "source": report.source,
        "text": None if kind["is_private"] else report.text.strip() or None,
        "address": report.address.strip() or spot.address,
        "lon": lon,
        "lat": lat,
        "accuracy_m": accuracy if report.place_id is None else None,
        "device_at": report.device_at,
        "account": by.account_id,
        "inspection_id": report.inspection_id,
        "sent_id": report.sent_id,
        "import_run_id": report.import_run_id,
    }
    row = connection.execute(ADD, values).fetchone()
    assert row is not None
    return {**row, "street_id": spot.street_id, "parties": [], "lead_id": None, **spot.columns}


def _add_contact(connection: Connection, by: Actor, report: Report, kind: dict[str, Any], case: dict[str, Any]) -> None:
    values = {
        "name": report.contact_name.strip() or None,
        "phone": without_marks(report.contact_phone) or None,
        "words": report.text.strip() or None if kind["is_private"] else None,
    }
    if any(values.values()):
        connection.execute(ADD_CONTACT, case | values | {"account": by.account_id})

"""What an account has reported and what became of it; where a report goes; cases that came from findings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, case, func, or_, select

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import case_locked, ids, is_near, lock_values, locked, of_kinds
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import (
    SERIAL_BITS,
    community,
    incident,
    incident_kind,
    incident_photo,
    notice,
    organisation,
    place,
    transition,
)

Statement = tuple[str, dict[str, Any]]
MOST_REPORTS = 30
"""So many stand on one page."""
LED = frozenset({"dispatched", "handling", "handled", "verifying", "parked", "closed"})
"""States in which somebody leads the case: without an organisation it is the community itself."""
NAMED = LED | {"rejected"}
"""Whoever does not take a report up is named as well."""
ACCOUNT = bindparam("account", type_=BigInteger)
COPIED = (
    "id",
    "number",
    "state",
    "severity",
    "address",
    "reported_at",
    "due_at",
    "closed_at",
    "review_on",
    "returns",
    "is_self_handled",
    "answer",
)


@dataclass(frozen=True, kw_only=True)
class OwnReport:
    """One of the viewer's own reports as it stands now. It names places and units, never a person.

    `unit`: who leads it now, None while nobody does. `reason`: what was said with the last step. `same_as`: number of
    the case that it was merged with, where that may be known; the answer of that one is then its own.
    """

    id: int
    number: str
    kind: tuple[str, str]
    state: str
    severity: int
    address: str
    reported_at: datetime
    due_at: datetime
    closed_at: datetime | None
    review_on: date | None
    returns: int
    is_self_handled: bool
    answer: str | None
    unit: str | None
    reason: str | None
    same_as: str | None
    photos: int
    settled_at: datetime | None = None
    """Of one that another was found to be the same as: when that one was closed."""
    given_back_by: str | None = None
    """The organisation that returned it last, where that may be known."""


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place to report at, with the building and the estate around it as far as they may be known."""

    id: int
    kind: str
    code: str
    name: str
    house: str
    around: str

    @property
    def title(self) -> str:
        """What the place is called by somebody who stands before it; with its code where its estate is not told."""
        code = f"({self.code})" if self.kind in ("building", "stairwell") and not self.around else ""
        return " ".join(dict.fromkeys(part for part in (self.around, self.house, self.name, code) if part))


def read_own_reports(connection: Connection, viewer: Viewer, *, after: int = 0) -> tuple[tuple[OwnReport, ...], bool]:
    """The viewer's own reports, the newest first, `after` so many; and whether there are more."""
    text, constants = own_reports_statement(viewer.reach.shape)
    values = {"account": viewer.account_id, "offset": after}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return tuple(_report(row) for row in rows[:MOST_REPORTS]), len(rows) > MOST_REPORTS


def read_spot(connection: Connection, viewer: Viewer, place_id: int) -> Spot | None:
    """The place with that id; None where the viewer sees none."""
    text, constants = spot_statement(viewer.reach.shape)
    values = {"place": place_id, "street": place_id >> SERIAL_BITS}
    row = connection.execute(text, constants | lock_values(viewer) | values).fetchone()
    return Spot(**row) if row else None


def read_cases_found(connection: Connection, viewer: Viewer, inspections: Iterable[int]) -> Mapping[int, str]:
    """Of these answers on checks those that became a case: its number by the answer."""
    found = list(inspections)
    if not found:
        return {}
    text, constants = found_statement(viewer.reach.shape)
    values = {"inspections": found, "account": viewer.account_id}
    rows = connection.execute(text, constants | lock_values(viewer) | values)
    return {row["inspection_id"]: row["number"] for row in rows}


def _report(row: Row) -> OwnReport:
    return OwnReport(
        **{name: row[name] for name in COPIED},
        kind=(row["title"], row["title_en"]),
        unit=row["lead"] or (row["community"] if row["state"] in NAMED else None),
        given_back_by=row["given_back_by"],
        reason=row["reason"],
        same_as=row["same_as"],
        settled_at=row["settled_at"],
        photos=row["photos"],
    )


@lru_cache(maxsize=64)
def own_reports_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of one page of own reports."""
    reach = reach_of_shape(shape)
    whole, lead = incident.alias("whole"), organisation.alias("lead")
    is_whole = and_(whole.c.street_id == incident.c.street_id, whole.c.id == incident.c.duplicate_of_id)
    is_community = and_(community.c.street_id == incident.c.street_id, community.c.id == incident.c.community_id)
    return compiled(
        select(
            *(incident.c[name] for name in COPIED if name != "answer"),
            func.coalesce(incident.c.answer, whole.c.answer).label("answer"),
            incident_kind.c.title,
            incident_kind.c.title_en,
            lead.c.name.label("lead"),
            community.c.name.label("community"),
            _reason(shape).label("reason"),
            whole.c.number.label("same_as"),
            _settled(whole).label("settled_at"),
            _giver_back(shape).label("given_back_by"),
            _photos(shape).label("photos"),
        )
        .join_from(incident, incident_kind, incident_kind.c.code == incident.c.kind)
        .join(lead, lead.c.id == incident.c.lead_id, isouter=True)
        .join(community, is_community, isouter=True)
        .join(whole, and_(is_whole, or_(case_locked(whole, reach), _is_own(whole))), isouter=True)
        .where(is_near(incident.c.street_id, reach), _is_own(incident))
        .order_by(incident.c.reported_at.desc(), incident.c.id.desc())
        .limit(MOST_REPORTS + 1)
        .offset(bindparam("offset", type_=BigInteger))
    )


def _is_own(rows: Any) -> "ColumnElement[bool]":
    own: ColumnElement[bool] = rows.c.reporter_account_id == ACCOUNT
    return own


def _reason(shape: tuple[str, ...]) -> Any:
    """What was said with the step that brought the case where it is."""
    return (
        select(transition.c.reason)
        .where(
            transition.c.street_id == incident.c.street_id,
            transition.c.incident_id == incident.c.id,
            transition.c.to_state == incident.c.state,
            transition.c.from_state != transition.c.to_state,
            or_(case_locked(transition, reach_of_shape(shape)), transition.c.account_id == ACCOUNT),
        )
        .order_by(transition.c.turn.desc())
        .limit(1)
        .scalar_subquery()
    )


def _giver_back(shape: tuple[str, ...]) -> Any:
    return (
        select(organisation.c.name)
        .join_from(transition, organisation, organisation.c.id == transition.c.organisation_id)
        .where(
            transition.c.street_id == incident.c.street_id,
            transition.c.incident_id == incident.c.id,
            transition.c.action == "return",
            case_locked(transition, reach_of_shape(shape)),
        )
        .order_by(transition.c.turn.desc())
        .limit(1)
        .scalar_subquery()
    )


def _settled(whole: Any) -> Any:
    """When the case was closed that this one was merged with: as it is, or as its reporter was told of a hidden one."""
    told = (
        select(case((notice.c.kind == "closed", notice.c.at)))
        .where(
            notice.c.street_id == incident.c.street_id,
            notice.c.account_id == ACCOUNT,
            notice.c.incident_id == incident.c.id,
            incident.c.state == "duplicate",
            of_kinds(notice.c.kind, "closed", "reopened"),
        )
        .order_by(notice.c.at.desc(), notice.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return case((whole.c.id.is_(None), told), (whole.c.state == "closed", whole.c.closed_at))


def _photos(shape: tuple[str, ...]) -> Any:
    return (
        select(func.count())
        .where(
            incident_photo.c.street_id == incident.c.street_id,
            incident_photo.c.incident_id == incident.c.id,
            incident_photo.c.stage == "reported",
            or_(case_locked(incident_photo, reach_of_shape(shape)), incident_photo.c.account_id == ACCOUNT),
        )
        .scalar_subquery()
    )


@lru_cache(maxsize=64)
def spot_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of one place and what is around it."""
    reach = reach_of_shape(shape)
    house, around = place.alias("house"), place.alias("around")
    is_house = and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, locked(house, reach))
    is_around = and_(around.c.street_id == place.c.street_id, around.c.id == place.c.estate_id, locked(around, reach))
    return compiled(
        select(
            place.c.id,
            place.c.kind,
            place.c.code,
            place.c.name,
            func.coalesce(house.c.name, "").label("house"),
            func.coalesce(around.c.name, "").label("around"),
        )
        .select_from(place)
        .join(house, and_(is_house, place.c.kind == "stairwell"), isouter=True)
        .join(around, is_around, isouter=True)
        .where(
            place.c.street_id == bindparam("street", type_=BigInteger),
            place.c.id == bindparam("place", type_=BigInteger),
            locked(place, reach),
        )
    )


@lru_cache(maxsize=64)
def found_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the cases that came from some answers on checks."""
    reach = reach_of_shape(shape)
    return compiled(
        select(incident.c.inspection_id, incident.c.number)
        .where(
            is_near(incident.c.street_id, reach),
            incident.c.inspection_id == func.any(ids("inspections")),
            or_(case_locked(incident, reach), _is_own(incident)),
        )
        .order_by(incident.c.id)
    )

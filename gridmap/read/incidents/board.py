"""The leader's board: how many cases are in each queue, and the cases of one, by the time that is left."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, func, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.incidents.cut import MOMENT, QUEUES, Cut, conditions, in_queue, is_late, is_open
from gridmap.read.locks import case_locked, lock_values
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, incident, incident_kind, organisation

Statement = tuple[str, dict[str, Any]]
LINES = (
    *("id", "street_id", "number", "kind", "severity", "state", "level", "source", "text", "address", "place_id"),
    *("reported_at", "due_at", "handled_at", "closed_at", "clock", "limit_minutes", "is_provisional", "review_on"),
    *("returns", "reworks", "reopens", "extensions", "escalations", "revision", "lead_id", "community_id"),
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One case in a list. `left_minutes` on its own clock, below 0 where the deadline is broken."""

    id: int
    street_id: int
    number: str
    kind: str
    severity: int
    state: str
    level: str
    source: str
    text: str | None
    address: str
    place_id: int | None
    reported_at: datetime
    due_at: datetime
    handled_at: datetime | None
    closed_at: datetime | None
    clock: str
    limit_minutes: int
    is_provisional: bool
    review_on: date | None
    returns: int
    reworks: int
    reopens: int
    extensions: int
    escalations: int
    revision: int
    lead_id: int | None
    community_id: int | None
    title: str
    title_en: str
    lead: str | None
    community: str
    is_late: bool
    left_minutes: int


def count_queues(connection: Connection, viewer: Viewer, cut: Cut, moment: datetime) -> dict[str, int]:
    """How many open cases of the cut are in each queue."""
    text, constants = queues_statement(viewer.reach.shape, cut.by)
    values = constants | lock_values(viewer) | cut.values(viewer) | {"moment": moment}
    return dict(connection.execute(text, values).fetchone() or {})


def read_lines(
    connection: Connection,
    viewer: Viewer,
    cut: Cut,
    moment: datetime,
    *,
    queue: str | None,
    limit: int,
    offset: int = 0,
) -> tuple[Line, ...]:
    """The cases of a queue, whatever breaks first at the top; without a queue all cases, the newest at the top."""
    text, constants = lines_statement(viewer.reach.shape, cut.by, queue)
    values = lock_values(viewer) | cut.values(viewer) | {"moment": moment, "limit": limit, "offset": offset}
    return tuple(Line(**row) for row in connection.execute(text, constants | values))


def count_lines(connection: Connection, viewer: Viewer, cut: Cut, moment: datetime, queue: str | None) -> int:
    """How many they are."""
    text, constants = total_statement(viewer.reach.shape, cut.by, queue)
    values = constants | lock_values(viewer) | cut.values(viewer) | {"moment": moment}
    return int((connection.execute(text, values).fetchone() or {"found": 0})["found"])


@lru_cache(maxsize=256)
def queues_statement(shape: tuple[str, ...], by: tuple[str, ...]) -> Statement:
    """The SQL of the figures."""
    figures = [func.count().filter(in_queue(incident, queue)).label(queue) for queue in QUEUES]
    chosen = select(*figures).where(is_open(incident), case_locked(incident, reach_of_shape(shape)), *conditions(by))
    return compiled(chosen)


def _chosen(shape: tuple[str, ...], by: tuple[str, ...], queue: str | None) -> "Select[Any]":
    wanted = [in_queue(incident, queue)] if queue else []
    return select().select_from(incident).where(*wanted, case_locked(incident, reach_of_shape(shape)), *conditions(by))


@lru_cache(maxsize=256)
def total_statement(shape: tuple[str, ...], by: tuple[str, ...], queue: str | None) -> Statement:
    """The SQL of how many cases a queue holds."""
    return compiled(_chosen(shape, by, queue).add_columns(func.count().label("found")))


@lru_cache(maxsize=256)
def lines_statement(shape: tuple[str, ...], by: tuple[str, ...], queue: str | None) -> Statement:
    """The SQL of the cases of a queue."""
    listed = with_words(_chosen(shape, by, queue)).order_by(*_order(queue))
    return compiled(listed.limit(bindparam("limit", type_=Integer)).offset(bindparam("offset", type_=Integer)))


def with_words(chosen: "Select[Any]") -> "Select[Any]":
    """A select over incident with the columns of a Line."""
    return (
        chosen.join(incident_kind, incident_kind.c.code == incident.c.kind)
        .join(organisation, organisation.c.id == incident.c.lead_id, isouter=True)
        .join(
            community,
            and_(community.c.street_id == incident.c.street_id, community.c.id == incident.c.community_id),
            isouter=True,
        )
        .add_columns(
            *(incident.c[name] for name in LINES),
            incident_kind.c.title,
            incident_kind.c.title_en,
            organisation.c.name.label("lead"),
            func.coalesce(community.c.name, "").label("community"),
            is_late(incident).label("is_late"),
            func.gridmap.left_minutes(incident.table_valued(), MOMENT).label("left_minutes"),
        )
    )


def _order(queue: str | None) -> "list[ColumnElement[Any]]":
    if queue is None:
        return [incident.c.reported_at.desc(), incident.c.id.desc()]
    if queue == "parked":
        return [incident.c.review_on, incident.c.id]
    # what waits for somebody to look at it, or is parked, breaks nothing while it waits
    stands = case((incident.c.state == "parked", 2), (incident.c.handled_at.is_not(None), 1), else_=0)
    return [stands, incident.c.due_at, incident.c.id]

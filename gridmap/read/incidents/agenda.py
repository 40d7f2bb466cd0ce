"""The agenda of the 15th: what a meeting has to speak of, out of the open cases themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, and_, bindparam, case, func, literal_column, or_, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.incidents.board import Line, with_words
from gridmap.read.incidents.cut import MOMENT, Cut, conditions, is_late, is_open
from gridmap.read.locks import case_locked, lock_values
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import incident

Statement = tuple[str, dict[str, Any]]
DAY = bindparam("meeting_day", type_=Date)
REPEATED = literal_column("3", Integer)
"""So many of a kind at a place within 30 days come back again and again."""


def _reasons() -> "Mapping[str, ColumnElement[bool]]":
    """Why a case is on the agenda; the first that holds names its part. Each case stands once."""
    same = incident.alias("same")
    times = (
        select(func.count())
        .where(
            same.c.street_id == incident.c.street_id,
            same.c.place_id == incident.c.place_id,
            same.c.kind == incident.c.kind,
            same.c.reported_at > MOMENT - literal_column("interval '30 days'"),
            same.c.reported_at <= MOMENT,
            same.c.state != literal_column("'rejected'"),
            same.c.state != literal_column("'duplicate'"),
        )
        .correlate(incident)
        .scalar_subquery()
    )
    return {
        "escalated": or_(
            incident.c.level == func.any(literal_column("'{street,department}'::text[]")),
            incident.c.returns >= literal_column("2", Integer),
        ),
        "overdue": is_late(incident),
        "parked": and_(incident.c.state == literal_column("'parked'"), incident.c.review_on <= DAY),
        "repeated": and_(incident.c.place_id.is_not(None), times >= REPEATED),
    }


REASONS = ("escalated", "overdue", "parked", "repeated")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the agenda: why, how many there are, and the first of them."""

    reason: str
    found: int
    lines: tuple[Line, ...]


def read_agenda(
    connection: Connection, viewer: Viewer, cut: Cut, moment: datetime, day: date, most: int
) -> tuple[Part, ...]:
    """The parts in their order, each with at most `most` cases: what was sent up highest and waits longest first."""
    text, constants = agenda_statement(viewer.reach.shape, cut.by)
    values = constants | lock_values(viewer) | cut.values(viewer)
    found = connection.execute(text, values | {"moment": moment, "meeting_day": day, "most": most}).fetchall()
    parts: dict[str, list[dict[str, Any]]] = {reason: [] for reason in REASONS}
    for row in found:
        parts[row["reason"]].append(row)
    return tuple(
        Part(
            reason=reason,
            found=rows[0]["found"],
            lines=tuple(Line(**{name: row[name] for name in Line.__dataclass_fields__}) for row in rows),
        )
        for reason, rows in parts.items()
        if rows
    )


@lru_cache(maxsize=64)
def agenda_statement(shape: tuple[str, ...], by: tuple[str, ...]) -> Statement:
    """The SQL of the agenda."""
    reasons = _reasons()
    reason = case(*((is_it, word) for word, is_it in reasons.items()), else_=None)
    first = (
        select(incident.c.street_id, incident.c.id, reason.label("reason"), incident.c.level, incident.c.due_at)
        .where(is_open(incident), case_locked(incident, reach_of_shape(shape)), *conditions(by))
        .cte("first")
    )
    height = func.array_position(literal_column("'{department,street,community,grid}'::text[]"), first.c.level)
    order = [height, first.c.due_at, first.c.id]
    ranked = (
        select(
            first,
            func.count().over(partition_by=first.c.reason).label("found"),
            func.row_number().over(partition_by=first.c.reason, order_by=order).label("turn"),
        )
        .where(first.c.reason.is_not(None))
        .cte("ranked")
    )
    chosen = select(ranked.c.reason, ranked.c.found).join_from(
        ranked, incident, and_(incident.c.street_id == ranked.c.street_id, incident.c.id == ranked.c.id)
    )
    listed = with_words(chosen).where(ranked.c.turn <= bindparam("most", type_=Integer))
    return compiled(listed.order_by(ranked.c.reason, ranked.c.turn))

"""What the office owes itself in a month: meetings, what is published, activities, and whatever a community owes."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Date, and_, bindparam, func, or_, select, true

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import lock_values, locked, of_kinds
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, duty, inspection, place, slot

Statement = tuple[str, dict[str, Any]]
OWN_ACTIONS = ("meeting", "disclosure", "activity")
"""What the office does, wherever it is due; everything else is its own where the community itself owes it."""
MOST = 500


@dataclass(frozen=True, kw_only=True)
class OwnSlot:
    """One slot that the office answers itself, with the answer that counts."""

    id: int
    action: str
    title: str
    title_en: str
    place_id: int | None
    place: str
    community_id: int | None
    community: str
    turn: int
    times: int
    starts_on: date
    due_on: date
    state: str
    inspection_id: int | None
    result: str | None
    note: str | None
    done_at: datetime | None
    account_id: int | None


def read_own(connection: Connection, viewer: Viewer, street_id: int, start: date, end: date) -> tuple[OwnSlot, ...]:
    """The office's own slots of the periods that begin in [start, end), or run then, by community and due day."""
    text, constants = own_statement(viewer.reach.shape)
    values = {"street": street_id, "start": start, "end": end}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return tuple(OwnSlot(**row) for row in rows)


@lru_cache(maxsize=64)
def own_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the office's own slots."""
    reach = reach_of_shape(shape)
    start, end = bindparam("start", type_=Date), bindparam("end", type_=Date)
    said = (
        select(
            inspection.c.id.label("inspection_id"),
            inspection.c.result,
            inspection.c.note,
            inspection.c.done_at,
            inspection.c.account_id,
        )
        .where(
            inspection.c.street_id == slot.c.street_id,
            inspection.c.slot_id == slot.c.id,
            inspection.c.superseded_at.is_(None),
        )
        .order_by(inspection.c.done_at.desc(), inspection.c.id.desc())
        .limit(1)
        .lateral("said")
    )
    return compiled(
        select(
            *(slot.c[name] for name in ("id", "place_id", "community_id", "turn", "starts_on", "due_on", "state")),
            *(duty.c[name] for name in ("action", "title", "title_en", "times")),
            func.coalesce(place.c.name, "").label("place"),
            func.coalesce(community.c.name, "").label("community"),
            *said.c,
        )
        .select_from(slot)
        .join(duty, and_(duty.c.street_id == slot.c.street_id, duty.c.id == slot.c.duty_id))
        .join(place, and_(place.c.street_id == slot.c.street_id, place.c.id == slot.c.place_id), isouter=True)
        .join(
            community,
            and_(community.c.street_id == slot.c.street_id, community.c.id == slot.c.community_id),
            isouter=True,
        )
        .join(said, true(), isouter=True)
        .where(
            slot.c.street_id == bindparam("street", type_=BigInteger),
            slot.c.starts_on < end,
            or_(slot.c.starts_on >= start, slot.c.ends_on > start),
            or_(slot.c.place_id.is_(None), of_kinds(duty.c.action, *OWN_ACTIONS)),
            locked(slot, reach),
        )
        .order_by(community.c.code, slot.c.due_on, duty.c.sort, place.c.code, slot.c.turn, slot.c.id)
        .limit(MOST)
    )

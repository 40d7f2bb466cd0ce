"""Slots of a month that are not done and may be excused, and those that are, with who did it and when."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Integer,
    String,
    Text,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)

from gridmap.db import SYSTEM, Database, compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import lock_values, locked, of_kinds
from gridmap.read.order import natural
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, duty, place, slot

Statement = tuple[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Which slots of a street: those of periods that begin in [start, end)."""

    street_id: int
    start: date
    end: date
    kind: str | None = None
    reason: str | None = None
    text: str = ""

    @property
    def by(self) -> tuple[str, ...]:
        """The cuts that are made beside street and time."""
        return tuple(name for name in ("kind", "reason", "text") if getattr(self, name))


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One slot as the office reads it. `asked_of`: who may excuse it, the community or the street."""

    id: int
    place_id: int | None
    community_id: int | None
    place: str
    house: str
    around: str
    community: str
    unit: str
    title: str
    title_en: str
    due_on: date
    state: str
    reason: str | None
    asked_of: str
    excuse: str | None
    excuse_note: str | None
    excused_by: int | None
    excused_at: datetime | None


def read_open(
    connection: Connection, viewer: Viewer, cut: Cut, *, moment: datetime, today: date, limit: int, offset: int
) -> tuple[Slot, ...]:
    """What is not done and not excused, place by place, with the first reason of its gap."""
    return _read(connection, viewer, cut, is_excused=False, moment=moment, today=today, limit=limit, offset=offset)


def read_excused(
    connection: Connection, viewer: Viewer, cut: Cut, *, moment: datetime, today: date, limit: int, offset: int
) -> tuple[Slot, ...]:
    """What is excused, the newest first; `reason` of the cut is then the reason of the excuse."""
    return _read(connection, viewer, cut, is_excused=True, moment=moment, today=today, limit=limit, offset=offset)


def titles_of(database: Database, accounts: set[int]) -> dict[int, str]:
    """How those who excused are called: an office's account, never a person's rating."""
    with database.transaction(SYSTEM) as connection:
        rows = connection.execute(
            "SELECT id, title FROM gridmap.account WHERE id = ANY (%s)", (sorted(accounts),)
        ).fetchall()
    return {row["id"]: row["title"] for row in rows}


def _read(connection: Connection, viewer: Viewer, cut: Cut, *, is_excused: bool, **values: Any) -> tuple[Slot, ...]:
    text, constants = slots_statement(viewer.reach.shape, cut.by, is_excused)
    chosen = {f"cut_{name}": getattr(cut, name) for name in ("start", "end", *cut.by)} | {"street": cut.street_id}
    if cut.text:
        escaped = cut.text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        chosen["cut_text"] = f"%{escaped}%"
    rows = connection.execute(text, constants | lock_values(viewer) | chosen | values).fetchall()
    return tuple(Slot(**row) for row in rows)


@lru_cache(maxsize=128)
def slots_statement(shape: tuple[str, ...], cuts: tuple[str, ...], is_excused: bool) -> Statement:
    """The SQL of the slots of a month that are open, or excused."""
    reach = reach_of_shape(shape)
    house, around = place.alias("house"), place.alias("around")
    today, moment = bindparam("today", type_=Date), bindparam("moment", type_=DateTime(timezone=True))
    live = func.gridmap.gap_reason(slot.table_valued(), moment, today, type_=String)
    reason = slot.c.excuse if is_excused else func.coalesce(slot.c.reason, live)
    wanted = [
        slot.c.street_id == bindparam("street", type_=BigInteger),
        slot.c.starts_on >= bindparam("cut_start", type_=Date),
        slot.c.starts_on < bindparam("cut_end", type_=Date),
        slot.c.starts_on <= today,
        of_kinds(slot.c.state, *(("excused",) if is_excused else ("due", "missed"))),
        locked(slot, reach),
    ]
    if "kind" in cuts:
        wanted.append(duty.c.kind == bindparam("cut_kind", type_=Text))
    if "reason" in cuts:
        wanted.append(reason == bindparam("cut_reason", type_=Text))
    if "text" in cuts:
        text = bindparam("cut_text", type_=Text)
        wanted.append(or_(place.c.search.like(text), house.c.search.like(text), around.c.search.like(text)))
    is_house = and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, house.c.kind == "building")
    is_around = and_(around.c.street_id == place.c.street_id, around.c.id == place.c.estate_id)
    names = ("place_id", "community_id", "unit", "due_on", "state", "excuse", "excuse_note", "excused_at")
    order: list[Any] = [community.c.code, natural(func.coalesce(around.c.name, ""))]
    order += [natural(func.coalesce(house.c.name, place.c.name, "")), natural(func.coalesce(place.c.name, ""))]
    order += [slot.c.unit, duty.c.sort, slot.c.starts_on, slot.c.id]
    if is_excused:
        order = [slot.c.excused_at.desc().nulls_last(), *order]
    return compiled(
        select(
            slot.c.id,
            *(slot.c[name] for name in names),
            slot.c.excused_by,
            func.coalesce(place.c.name, "").label("place"),
            func.coalesce(house.c.name, "").label("house"),
            case((around.c.id != place.c.id, around.c.name), else_="").label("around"),
            func.coalesce(community.c.name, "").label("community"),
            duty.c.title,
            duty.c.title_en,
            duty.c.excused_by.label("asked_of"),
            reason.label("reason"),
        )
        .select_from(slot)
        .join(duty, and_(duty.c.street_id == slot.c.street_id, duty.c.id == slot.c.duty_id))
        .join(place, and_(place.c.street_id == slot.c.street_id, place.c.id == slot.c.place_id), isouter=True)
        .join(house, and_(is_house, locked(house, reach)), isouter=True)
        .join(around, and_(is_around, locked(around, reach)), isouter=True)
        .join(
            community,
            and_(community.c.street_id == slot.c.street_id, community.c.id == slot.c.community_id),
            isouter=True,
        )
        .where(*wanted)
        .order_by(*order)
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
    )

"""Places and people whose month can be entered, by a piece of their name, code or pinyin initials."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, Text, and_, bindparam, func, or_, select

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import lock_values, locked, of_kinds, people_locked
from gridmap.read.order import natural
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import assignment, community, duty, person, place

Statement = tuple[str, dict[str, Any]]
MOST = 20


def read_doors(connection: Connection, viewer: Viewer, street_id: int, text: str) -> list[Row]:
    """Estates and buildings whose name, code or initials hold the text, estates first; without a text, estates."""
    statement, constants = doors_statement(viewer.reach.shape, bool(text))
    values = {"street": street_id, "text": _like(text), "limit": MOST}
    return connection.execute(statement, constants | lock_values(viewer) | values).fetchall()


def read_people(connection: Connection, viewer: Viewer, street_id: int, text: str, *, now: datetime) -> list[Row]:
    """People who look after something in a role that a rule asks, by name or initials, with how many places."""
    statement, constants = people_statement(viewer.reach.shape)
    values = {"street": street_id, "text": _like(text), "now": now, "limit": MOST}
    return connection.execute(statement, constants | lock_values(viewer) | values).fetchall()


def _like(text: str) -> str:
    plain = text.strip().lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"


@lru_cache(maxsize=64)
def doors_statement(shape: tuple[str, ...], has_text: bool) -> Statement:
    """The SQL of estates and buildings by name."""
    reach, around = reach_of_shape(shape), place.alias("around")
    is_around = and_(around.c.street_id == place.c.street_id, around.c.id == place.c.estate_id)
    kinds = ("estate", "building", "grid") if has_text else ("estate",)
    return compiled(
        select(
            place.c.id,
            place.c.kind,
            place.c.name,
            place.c.code,
            around.c.name.label("around"),
            community.c.name.label("community"),
        )
        .select_from(place)
        .join(around, and_(is_around, around.c.id != place.c.id, locked(around, reach)), isouter=True)
        .join(
            community,
            and_(community.c.street_id == place.c.street_id, community.c.id == place.c.community_id),
            isouter=True,
        )
        .where(
            place.c.street_id == bindparam("street", type_=BigInteger),
            of_kinds(place.c.kind, *kinds),
            func.upper_inf(place.c.valid),
            place.c.search.like(bindparam("text", type_=Text)),
            locked(place, reach),
        )
        .order_by(
            place.c.kind != "estate",
            community.c.code,
            natural(func.coalesce(around.c.name, "")),
            natural(place.c.name),
            place.c.id,
        )
        .limit(bindparam("limit", type_=Integer))
    )


@lru_cache(maxsize=64)
def people_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of people on duty by name, never their clear name or telephone."""
    reach = reach_of_shape(shape)
    text, now = bindparam("text", type_=Text), bindparam("now", type_=DateTime(timezone=True))
    asked = select(duty.c.role).where(duty.c.street_id == bindparam("street", type_=BigInteger))
    return compiled(
        select(person.c.id, person.c.display_name.label("name"), func.count().label("places"))
        .join_from(
            person,
            assignment,
            and_(assignment.c.street_id == person.c.street_id, assignment.c.person_id == person.c.id),
        )
        .where(
            person.c.street_id == bindparam("street", type_=BigInteger),
            or_(func.lower(person.c.display_name).like(text), person.c.initials.like(text)),
            assignment.c.valid.contains(now),
            assignment.c.role.in_(asked),
            people_locked(person, reach),
        )
        .group_by(person.c.id, person.c.display_name)
        .order_by(person.c.display_name, person.c.id)
        .limit(bindparam("limit", type_=Integer))
    )

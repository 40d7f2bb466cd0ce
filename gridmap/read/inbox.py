"""What an account should hear of: doubts about its own entries, places given or taken, entries that others corrected.

Nothing of it is stored: each message is what the tables say today, and it goes when the matter is settled or old.
Nobody can read here who has looked, and when.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, and_, bindparam, case, func, literal_column, or_, select

from gridmap.clock import OFFICE
from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import ids, lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, assignment, duty, duty_role, inspection, place

Statement = tuple[str, dict[str, Any]]
ASKED_FOR = timedelta(days=60)
"""So long a doubt waits for an answer."""
NEWS_FOR = timedelta(days=14)
"""So long news stands in the inbox."""
MOST = 200
OFFICE_ZONE: ColumnElement[str] = literal_column("'Asia/Shanghai'")
ACCOUNT = bindparam("account", type_=BigInteger)
SINCE = bindparam("since", type_=DateTime(timezone=True))
NOW = bindparam("now", type_=DateTime(timezone=True))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One of the viewer's own entries. `place` is None where the place is no longer seen; `titles` as the rule says."""

    inspection_id: int
    place: str | None
    unit: str
    titles: tuple[str, str]
    result: str
    device_at: datetime | None
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Entries that are asked about together: `rush`, many places in a minute, or `clock`, a time that cannot be."""

    kind: str
    entries: tuple[Entry, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """Of the entries."""
        return tuple(entry.inspection_id for entry in self.entries)


@dataclass(frozen=True, kw_only=True)
class Turnover:
    """A place that was given to the viewer, or is no longer theirs since then; its name where it may be known."""

    place_id: int
    place: str | None
    role: tuple[str, str]
    at: datetime
    is_given: bool


def read_doubts(connection: Connection, viewer: Viewer, now: datetime) -> tuple[Doubt, ...]:
    """Own entries that are doubted and not yet explained, those of one day and kind together, the newest first."""
    rows = _own_rows(connection, viewer, doubts_statement(viewer.reach.shape), now - ASKED_FOR)
    groups = groupby(
        rows, key=lambda row: (row["doubt"], row["received_at"].astimezone(OFFICE).date(), row["id"] >> 32)
    )
    return tuple(Doubt(kind=kind, entries=_entries(inner)) for (kind, _day, _street), inner in groups)


def _together(row: Row) -> tuple[str, date, int]:
    return row["doubt"], row["received_at"].astimezone(OFFICE).date(), row["id"] >> SERIAL_BITS


def read_corrected(connection: Connection, viewer: Viewer, now: datetime) -> tuple[Entry, ...]:
    """Own entries of the last days that somebody else has corrected."""
    return _entries(_own_rows(connection, viewer, corrected_statement(viewer.reach.shape), now - NEWS_FOR))


def read_turnover(connection: Connection, viewer: Viewer, now: datetime) -> tuple[Turnover, ...]:
    """Places that were given to the viewer or taken in the last days, the newest first."""
    if viewer.person_id is None:
        return ()
    text, constants = turnover_statement(viewer.reach.shape)
    values = {"person": viewer.person_id, "person_street": viewer.person_id >> SERIAL_BITS}
    rows = connection.execute(text, constants | lock_values(viewer) | values | {"now": now, "since": now - NEWS_FOR})
    return tuple(
        Turnover(
            place_id=row["place_id"],
            place=row["place"],
            role=(row["title"], row["title_en"]),
            at=row["at"],
            is_given=row["is_given"],
        )
        for row in rows
    )


def _own_rows(connection: Connection, viewer: Viewer, statement: Statement, since: datetime) -> list[Row]:
    text, constants = statement
    values = {"account": viewer.account_id, "since": since}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchall()


def _entries(rows: Iterable[Row]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            inspection_id=row["id"],
            place=f"{row['house']} {row['place']}" if row["house"] else row["place"],
            unit=row["unit"],
            titles=(row["title"], row["title_en"]),
            result=row["result"],
            device_at=row["device_at"],
            received_at=row["received_at"],
        )
        for row in rows
    )


@lru_cache(maxsize=64)
def doubts_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of own entries that are doubted and not explained."""
    is_open = and_(
        inspection.c.superseded_at.is_(None),
        inspection.c.received_at > SINCE,
        inspection.c.doubt.is_not(None),
        inspection.c.doubt_answer.is_(None),
    )
    day = func.date_trunc("day", inspection.c.received_at, OFFICE_ZONE)
    order = (day.desc(), inspection.c.street_id, inspection.c.doubt, inspection.c.id)
    return compiled(_own(shape).where(is_open).order_by(*order).limit(MOST))


@lru_cache(maxsize=64)
def corrected_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of own entries in whose place another account has put another one."""
    newer = inspection.alias("newer")
    is_newer = and_(
        newer.c.street_id == inspection.c.street_id,
        newer.c.slot_id == inspection.c.slot_id,
        newer.c.corrects_id == inspection.c.id,
        newer.c.account_id != ACCOUNT,
    )
    chosen = _own(shape).join(newer, is_newer)
    # an answer is corrected within the time that it may be doubted in; older ones need not be looked through
    lately = and_(inspection.c.superseded_at > SINCE, inspection.c.received_at > SINCE - ASKED_FOR)
    return compiled(chosen.where(lately).order_by(inspection.c.superseded_at.desc(), inspection.c.id).limit(MOST))


def _own(shape: tuple[str, ...]) -> Any:
    reach = reach_of_shape(shape)
    house = place.alias("house")
    is_place = and_(place.c.street_id == inspection.c.street_id, place.c.id == inspection.c.place_id)
    is_house = and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, locked(house, reach))
    is_duty = and_(duty.c.street_id == inspection.c.street_id, duty.c.id == inspection.c.duty_id)
    names = ("id", "unit", "result", "doubt", "device_at", "received_at")
    streets = () if reach.is_city else (inspection.c.street_id == func.any(ids("near")),)
    return (
        select(
            *(inspection.c[name] for name in names),
            place.c.name.label("place"),
            house.c.name.label("house"),
            duty.c.title,
            duty.c.title_en,
        )
        .join_from(inspection, duty, is_duty)
        .join(place, and_(is_place, locked(place, reach)), isouter=True)
        .join(house, and_(is_house, place.c.kind == "stairwell"), isouter=True)
        .where(*streets, inspection.c.account_id == ACCOUNT)
    )


@lru_cache(maxsize=64)
def turnover_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of what began or ended for one person between two moments."""
    begins, ends = (edge(assignment.c.valid, type_=DateTime(timezone=True)) for edge in (func.lower, func.upper))
    has_begun = and_(begins > SINCE, begins <= NOW, or_(ends.is_(None), ends > NOW))
    has_ended = and_(ends > SINCE, ends <= NOW)
    is_place = and_(place.c.street_id == assignment.c.street_id, place.c.id == assignment.c.place_id)
    at = case((has_ended, ends), else_=begins).label("at")
    return compiled(
        select(
            assignment.c.place_id,
            place.c.name.label("place"),
            duty_role.c.title,
            duty_role.c.title_en,
            at,
            has_begun.label("is_given"),
        )
        .join_from(assignment, duty_role, duty_role.c.code == assignment.c.role)
        .join(place, and_(is_place, locked(place, reach_of_shape(shape))), isouter=True)
        .where(
            assignment.c.street_id == bindparam("person_street", type_=BigInteger),
            assignment.c.person_id == bindparam("person", type_=BigInteger),
            or_(has_begun, has_ended),
        )
        .order_by(at.desc(), assignment.c.id)
        .limit(MOST)
    )

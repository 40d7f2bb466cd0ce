"""The diary as it is read: entries with the answer that they got, and the estates that they are about."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
)

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.around import is_around, is_house, is_place_of
from gridmap.read.locks import case_locked, is_near, lock_values, locked
from gridmap.scope import Reach, Viewer, reach_of_shape
from gridmap.tables import community, diary, diary_contact, incident, incident_kind, organisation, place, street

Statement = tuple[str, dict[str, Any]]
WAITING_DAYS = 7
"""After so many days an entry that nobody has seen to is shown, unless the street says another number."""
DAYS = "diary_days"
"""Key in the settings of a street: after how many days."""
NOW = bindparam("now", type_=DateTime(timezone=True))
FILTERS = ("estate", "community", "place", "channel", "waiting", "open", "reception", "one", "since", "until")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which entries: of an estate, a community, a place, a channel; open ones, those that wait too long; of some time
    (from `since` to before `until`); before a cursor."""

    estate: int | None = None
    community: int | None = None
    place: int | None = None
    channel: str | None = None
    waiting: bool = False
    open: bool = False
    reception: int | None = None
    one: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, int] | None = None

    @property
    def filters(self) -> tuple[str, ...]:
        """Which of the filters are set: statements of one set share their text."""
        named = tuple(name for name in FILTERS if getattr(self, name))
        return (*named, "before") if self.before else named

    @property
    def values(self) -> dict[str, Any]:
        """The values of these filters."""
        return {name: getattr(self, name) for name in FILTERS if name not in ("waiting", "open")}


def own_locked(rows: Any, reach: Reach) -> "ColumnElement[bool]":
    """The first lock of rows without parties: what lies in the viewer's own territory, and what is the viewer's own."""
    lock = case_locked(rows, replace(reach, organisations=()))
    return or_(lock, rows.c.account_id == bindparam("account", type_=BigInteger))


def read_entries(connection: Connection, viewer: Viewer, asked: Asked, now: datetime, *, limit: int) -> list[Row]:
    """The entries, the newest first (of a reception day by turn), each with its place, contact and answer."""
    text, constants = entries_statement(viewer.reach.shape, asked.filters)
    at, before_id = asked.before or (now, 0)
    more = {"now": now, "limit": limit, "before_at": at, "before_id": before_id, "account": viewer.account_id}
    return connection.execute(text, constants | lock_values(viewer) | asked.values | more).fetchall()


def read_entry(connection: Connection, viewer: Viewer, diary_id: int, now: datetime) -> Row | None:
    """One entry; None where the viewer sees none of that id."""
    rows = read_entries(connection, viewer, Asked(one=diary_id), now, limit=1)
    return rows[0] if rows else None


def read_areas(connection: Connection, viewer: Viewer, now: datetime) -> list[Row]:
    """The estates that entries of the last year are about: how many, how many open and how many waiting.

    Whoever sees only houses of an estate has no `name` of it, but the `code` of one of them.
    """
    text, constants = areas_statement(viewer.reach.shape)
    values = {"now": now, "since": now - timedelta(days=366), "account": viewer.account_id}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchall()


def is_waiting() -> "ColumnElement[bool]":
    """Open for longer than the street allows; what was promised for a day waits from that day on."""
    said = street.c.settings.op("->>")(DAYS)
    days = case((said.op("~")("^[0-9]{1,3}$"), cast(said, Integer)), else_=WAITING_DAYS)
    late = diary.c.at < NOW - func.make_interval(0, 0, 0, days)
    today = func.date(func.timezone("Asia/Shanghai", NOW))
    return and_(
        diary.c.outcome.is_(None), case((diary.c.promised_on.is_(None), late), else_=diary.c.promised_on < today)
    )


def condition(name: str) -> "ColumnElement[bool]":
    """The condition of one filter of `Asked`."""
    if name == "estate":
        return diary.c.estate_id == bindparam("estate", type_=BigInteger)
    if name == "community":
        return diary.c.community_id == bindparam("community", type_=BigInteger)
    if name == "channel":
        return diary.c.channel == bindparam("channel", type_=Text)
    if name == "reception":
        return diary.c.reception_id == bindparam("reception", type_=BigInteger)
    if name == "place":
        return diary.c.place_id == bindparam("place", type_=BigInteger)
    if name == "since":
        return diary.c.at >= bindparam("since", type_=DateTime(timezone=True))
    if name == "until":
        return diary.c.at < bindparam("until", type_=DateTime(timezone=True))
    if name == "one":
        return diary.c.id == bindparam("one", type_=BigInteger)
    if name == "waiting":
        return is_waiting()
    if name == "open":
        return diary.c.outcome.is_(None)
    at, identity = bindparam("before_at", type_=DateTime(timezone=True)), bindparam("before_id", type_=BigInteger)
    return or_(diary.c.at < at, and_(diary.c.at == at, diary.c.id < identity))


@lru_cache(maxsize=256)
def entries_statement(shape: tuple[str, ...], filters: tuple[str, ...]) -> Statement:
    """The SQL of entries."""
    reach = reach_of_shape(shape)
    rows = _with_cases(_with_contacts(_with_places(select(*diary.c), reach)))
    rows = rows.add_columns(is_waiting().label("is_waiting"))
    rows = rows.where(is_near(diary.c.street_id, reach), own_locked(diary, reach), *map(condition, filters))
    order = (diary.c.turn,) if "reception" in filters else (diary.c.at.desc(), diary.c.id.desc())
    return compiled(rows.order_by(*order).limit(bindparam("limit", type_=Integer)))


def _with_places(rows: "Select[Any]", reach: Reach) -> "Select[Any]":
    """Entries with the names of what they are about; of places, those that the viewer sees."""
    house, around = place.alias("house"), place.alias("around")
    is_other = and_(is_around(around, diary), around.c.id != func.coalesce(place.c.id, 0))
    is_community = and_(community.c.street_id == diary.c.street_id, community.c.id == diary.c.community_id)
    return (
        rows.add_columns(
            place.c.name.label("place"),
            place.c.kind.label("place_kind"),
            house.c.name.label("house"),
            around.c.name.label("estate"),
            community.c.name.label("community"),
            street.c.name.label("street"),
        )
        .join_from(diary, street, street.c.id == diary.c.street_id)
        .join(place, and_(is_place_of(diary), locked(place, reach)), isouter=True)
        .join(house, and_(is_house(house), locked(house, reach)), isouter=True)
        .join(around, and_(is_other, locked(around, reach)), isouter=True)
        .join(community, is_community, isouter=True)
    )


def _with_contacts(rows: "Select[Any]") -> "Select[Any]":
    """Entries with what may be shown of who said it."""
    contact = diary_contact
    is_contact = and_(contact.c.street_id == diary.c.street_id, contact.c.diary_id == diary.c.id)
    columns = (contact.c.name_masked, contact.c.phone_masked, contact.c.has_words)
    return rows.add_columns(*columns).join(contact, is_contact, isouter=True)


def _with_cases(rows: "Select[Any]") -> "Select[Any]":
    """Entries with the cases that were made of them, and who has these now."""
    original, lead = incident.alias("original"), organisation.alias("lead")
    is_case = and_(incident.c.street_id == diary.c.street_id, incident.c.id == diary.c.incident_id)
    is_original = and_(original.c.street_id == incident.c.street_id, original.c.id == incident.c.duplicate_of_id)
    is_late = func.gridmap.is_late(incident.c.state, incident.c.due_at, incident.c.handled_at, NOW)
    return (
        rows.add_columns(
            incident.c.number.label("case_number"),
            incident.c.state.label("case_state"),
            incident.c.due_at.label("case_due_at"),
            incident.c.closed_at.label("case_closed_at"),
            # of a case that is the same as another, the answer of that
            func.coalesce(incident.c.answer, original.c.answer).label("case_answer"),
            is_late.label("case_is_late"),
            incident_kind.c.title.label("kind_title"),
            incident_kind.c.title_en.label("kind_title_en"),
            lead.c.name.label("lead"),
        )
        .join(incident, is_case, isouter=True)
        .join(original, is_original, isouter=True)
        .join(incident_kind, incident_kind.c.code == incident.c.kind, isouter=True)
        .join(lead, lead.c.id == incident.c.lead_id, isouter=True)
    )


@lru_cache(maxsize=64)
def areas_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the estates that entries are about."""
    reach = reach_of_shape(shape)
    waiting, around = func.count().filter(is_waiting()), place.alias("around")
    return compiled(
        select(
            diary.c.estate_id.label("id"),
            around.c.name,
            func.min(place.c.code).label("code"),
            street.c.name.label("street"),
            func.count().label("entries"),
            func.count().filter(diary.c.outcome.is_(None)).label("open"),
            waiting.label("waiting"),
            func.max(diary.c.at).label("last_at"),
        )
        .select_from(diary)
        .join(street, street.c.id == diary.c.street_id)
        .join(place, is_place_of(diary))
        .join(around, is_around(around, diary), isouter=True)
        .where(
            is_near(diary.c.street_id, reach),
            diary.c.estate_id.is_not(None),
            diary.c.at >= bindparam("since", type_=DateTime(timezone=True)),
            own_locked(diary, reach),
        )
        .group_by(diary.c.estate_id, around.c.name, street.c.name)
        .order_by(waiting.desc(), func.count().desc(), diary.c.estate_id)
        .limit(200)
    )

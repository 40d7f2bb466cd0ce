"""One case as its viewer may see it: where it is, what happened, who has it, what was answered. Contacts are masked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Integer, and_, bindparam, false, func, or_, select

from gridmap.db import SYSTEM, Database, compiled
from gridmap.db.pools import Connection
from gridmap.read.incidents.board import LINES, Line, with_words
from gridmap.read.incidents.cut import MOMENT
from gridmap.read.locks import case_locked, lock_values
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import (
    incident,
    incident_contact,
    incident_kind,
    incident_photo,
    organisation,
    party,
    transition,
)

Statement = tuple[str, dict[str, Any]]
STREET = bindparam("street", type_=Integer)
CASE = bindparam("case", type_=BigInteger)
ACCOUNT = bindparam("account", type_=BigInteger)
MORE = (
    *("answer", "satisfaction", "is_self_handled", "is_due_given", "extended_until", "transfers", "duplicate_of_id"),
    *("reporter_account_id", "accuracy_m", "registered_at", "dispatched_at", "level_since", "handled_by"),
    *("grid_id", "micro_grid_id", "estate_id"),
)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One line of the history. `used_minutes` of the case's clock by then, `stage_minutes` worked since the one before.

    `organisation`: in whose name; `roles`: what the account that acted is, where it acted in nobody's name.
    """

    turn: int
    action: str
    from_state: str | None
    to_state: str
    at: datetime
    account_id: int | None
    organisation: str | None
    lead: str | None
    used_minutes: int
    stage_minutes: int
    level: str
    reason: str | None
    note: str | None
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Party:
    """Who has been given the case, as what; `until` is None while it lasts."""

    organisation_id: int
    name: str
    kind: str
    role: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A picture of the case at a stage: reported, handled or checked."""

    stage: str
    number: int
    at: datetime
    off_m: int | None


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Who reported, masked. `has_words`: what was reported is private and lies with the contact."""

    name_masked: str | None
    phone_masked: str | None
    has_words: bool


@dataclass(frozen=True, kw_only=True)
class Case:
    """A case with everything around it. `point`: (longitude, latitude), EPSG:4326; `is_seen`: not only as one's own."""

    line: Line
    more: Mapping[str, Any]
    is_seen: bool
    used_minutes: int
    point: tuple[float, float] | None
    is_private: bool
    nature: str
    near_m: int
    files_when: str
    closes_when: str
    same_as: str | None
    turns: tuple[Turn, ...] = ()
    parties: tuple[Party, ...] = ()
    photos: tuple[Photo, ...] = ()
    contact: Contact | None = None
    roles: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def read_case(connection: Connection, viewer: Viewer, incident_id: int, moment: datetime) -> Case | None:
    """The case; None where there is none for this viewer. One's own report is seen wherever it went."""
    text, constants = case_statement(viewer.reach.shape)
    key = {"street": incident_id >> 32, "case": incident_id, "account": viewer.account_id}
    values = lock_values(viewer) | key | {"moment": moment}
    row = connection.execute(text, constants | values).fetchone()
    if row is None:
        return None
    shape = viewer.reach.shape
    contact = connection.execute(*_with(contact_statement(shape), values)).fetchone()
    lon, lat = row["lon"], row["lat"]
    plain = ("is_seen", "used_minutes", "is_private", "nature", "near_m", "files_when", "closes_when", "same_as")
    return Case(
        line=Line(**{name: row[name] for name in Line.__dataclass_fields__}),
        more={name: row[name] for name in MORE},
        point=(lon, lat) if lon is not None else None,
        turns=tuple(Turn(**one) for one in connection.execute(*_with(turns_statement(shape), values))),
        parties=tuple(Party(**one) for one in connection.execute(*_with(parties_statement(shape), values))),
        photos=tuple(Photo(**one) for one in connection.execute(*_with(photos_statement(shape), values))),
        contact=Contact(**contact) if contact else None,
        **{name: row[name] for name in plain},
    )


def read_photo(connection: Connection, viewer: Viewer, incident_id: int, stage: str, number: int) -> bytes | None:
    """The SHA-256 of a picture; None where there is none for this viewer."""
    text, constants = photo_statement(viewer.reach.shape)
    key = {"street": incident_id >> 32, "case": incident_id, "account": viewer.account_id}
    values = constants | lock_values(viewer) | key | {"stage": stage, "number": number}
    row = connection.execute(text, values).fetchone()
    return bytes(row["sha256"]) if row else None


def roles_of(database: Database, account_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """As what these accounts act or acted: the words of their roles and nothing else, which nobody reads of others."""
    with database.transaction(SYSTEM) as connection:
        rows = connection.execute(
            "SELECT g.account_id, array_agg(DISTINCT g.role ORDER BY g.role) AS roles FROM gridmap.account_grant g"
            " WHERE g.account_id = ANY (%s) GROUP BY 1",
            (list(account_ids),),
        ).fetchall()
    return {row["account_id"]: tuple(row["roles"]) for row in rows}


def _with(statement: Statement, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    text, constants = statement
    return text, {**constants, **values}


# Statements ---------------------------------------------------------------------------------------------------------


def _this(rows: FromClause) -> "ColumnElement[bool]":
    identity = rows.c.id if rows is incident else rows.c.incident_id
    return and_(rows.c.street_id == STREET, identity == CASE)


def _beside(rows: FromClause, shape: tuple[str, ...]) -> "ColumnElement[bool]":
    """A row beside the case: of the case, and seen as it is, or one's own."""
    return and_(_this(rows), or_(case_locked(rows, reach_of_shape(shape)), rows.c.account_id == ACCOUNT))


@lru_cache(maxsize=64)
def case_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the case itself."""
    lock = case_locked(incident, reach_of_shape(shape))
    same = incident.alias("same")
    chosen = (
        with_words(select().select_from(incident))
        .join(
            same,
            and_(same.c.street_id == incident.c.street_id, same.c.id == incident.c.duplicate_of_id),
            isouter=True,
        )
        .add_columns(
            *(incident.c[name] for name in MORE if name not in LINES),
            func.coalesce(lock, false()).label("is_seen"),
            func.gridmap.used_minutes(incident.table_valued(), MOMENT).label("used_minutes"),
            func.ST_X(incident.c.geom).label("lon"),
            func.ST_Y(incident.c.geom).label("lat"),
            *(incident_kind.c[name] for name in ("is_private", "nature", "near_m", "files_when", "closes_when")),
            same.c.number.label("same_as"),
        )
        .where(_this(incident), or_(lock, incident.c.reporter_account_id == ACCOUNT))
    )
    return compiled(chosen)


@lru_cache(maxsize=64)
def turns_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the history."""
    led = organisation.alias("led")
    names = (
        *("turn", "action", "from_state", "to_state", "at", "account_id", "used_minutes", "stage_minutes", "level"),
        *("reason", "note", "until"),
    )
    chosen = (
        select(
            *(transition.c[name] for name in names), organisation.c.name.label("organisation"), led.c.name.label("lead")
        )
        .join_from(transition, organisation, organisation.c.id == transition.c.organisation_id, isouter=True)
        .join(led, led.c.id == transition.c.lead_id, isouter=True)
        .where(_beside(transition, shape))
    )
    return compiled(chosen.order_by(transition.c.turn))


@lru_cache(maxsize=64)
def parties_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of who has been given the case."""
    names = ("organisation_id", "role", "since", "until")
    chosen = (
        select(*(party.c[name] for name in names), organisation.c.name, organisation.c.kind)
        .join_from(party, organisation, organisation.c.id == party.c.organisation_id)
        .where(_this(party), case_locked(party, reach_of_shape(shape)))
    )
    return compiled(chosen.order_by(party.c.until.is_not(None), party.c.since, organisation.c.name))


@lru_cache(maxsize=64)
def photos_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the pictures, without their bytes."""
    names = ("stage", "number", "at", "off_m")
    chosen = select(*(incident_photo.c[name] for name in names)).where(_beside(incident_photo, shape))
    return compiled(chosen.order_by(incident_photo.c.at, incident_photo.c.number))


@lru_cache(maxsize=64)
def photo_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of one picture."""
    one = (incident_photo.c.stage == bindparam("stage"), incident_photo.c.number == bindparam("number", type_=Integer))
    return compiled(select(incident_photo.c.sha256).where(_beside(incident_photo, shape), *one))


@lru_cache(maxsize=64)
def contact_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of who reported, masked."""
    names = ("name_masked", "phone_masked", "has_words")
    return compiled(select(*(incident_contact.c[name] for name in names)).where(_beside(incident_contact, shape)))

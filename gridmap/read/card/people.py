"""Who looks after a place and what it lies in, at the map's date; and the organisations that cover it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, and_, cast, func, literal_column, or_, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layer import AS_OF
from gridmap.read.card.place import Place
from gridmap.read.locks import ids, is_near, lock_values, locked, people_locked
from gridmap.read.select import Asked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import (
    SERIAL_BITS,
    absence,
    assignment,
    duty_role,
    estate,
    organisation,
    organisation_place,
    person,
    place,
)

Statement = tuple[str, dict[str, Any]]
NEAREST = ("grid_worker", "building_manager")
"""Roles that residents and colleagues turn to first; the others follow in the order of the table of roles."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Somebody who looks after a place in a role; phones are masked."""

    person_id: int
    name: str
    masked: str
    role: str
    title: str
    title_en: str
    line: int | None
    """Which of the five lines of a stairwell the role fills."""
    is_primary: bool
    since: datetime | None
    phone: str | None
    place_id: int
    place_name: str | None
    away_kind: str | None
    away_until: datetime | None
    substitute_id: int | None
    substitute: str | None
    substitute_phone: str | None


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """An organisation that covers or manages a place; `phone` is the office's own line."""

    id: int
    kind: str
    name: str
    phone: str | None
    members: int | None
    party_members: int | None


def read_holders(connection: Connection, viewer: Viewer, asked: Asked, of: Place) -> tuple[Holder, ...]:
    """Those who hold the place, then those who hold what it lies in, from the nearest on.

    Only for viewers all of whose roles may see people.
    """
    return holders_of(connection, viewer, asked, (of.id, *of.links))


def holders_of(connection: Connection, viewer: Viewer, asked: Asked, places: Sequence[int]) -> tuple[Holder, ...]:
    """Those who hold these places, place by place in the order given, whoever one turns to first before the rest.

    Only for viewers all of whose roles may see people.
    """
    text, constants = holders_statement(viewer.reach.shape)
    values = lock_values(viewer) | asked.values | _places(places)
    rows = connection.execute(text, constants | values).fetchall()
    # whoever looks after single households of a place is named once
    rows = list({(row["place_id"], row["role"], row["person_id"], row["is_primary"]): row for row in rows}.values())
    rows.sort(key=lambda row: (places.index(row["place_id"]), row["role"] not in NEAREST, row["sort"]))
    return tuple(Holder(**{name: row[name] for name in Holder.__dataclass_fields__}) for row in rows)


def read_organisations(connection: Connection, viewer: Viewer, asked: Asked, of: Place) -> tuple[Organisation, ...]:
    """The organisations that cover or manage the place or what it lies in, by kind and name."""
    return organisations_of(connection, viewer, asked, (of.id, *of.links))


def organisations_of(
    connection: Connection, viewer: Viewer, asked: Asked, places: Sequence[int]
) -> tuple[Organisation, ...]:
    """The organisations that cover or manage any of these places, by kind and name."""
    text, constants = organisations_statement(viewer.reach.shape)
    values = lock_values(viewer) | asked.values | _places(places)
    return tuple(Organisation(**row) for row in connection.execute(text, constants | values))


def _places(places: Sequence[int]) -> dict[str, list[int]]:
    return {"places": list(places), "streets": sorted({identity >> SERIAL_BITS for identity in places})}


@lru_cache(maxsize=64)
def holders_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of who looks after some places of a street, with absences and substitutes."""
    reach = reach_of_shape(shape)
    substitute = person.alias("substitute")
    is_away = and_(
        absence.c.street_id == assignment.c.street_id,
        absence.c.person_id == assignment.c.person_id,
        absence.c.valid.contains(AS_OF),
    )
    return compiled(
        select(
            assignment.c.person_id,
            person.c.display_name.label("name"),
            person.c.name_masked.label("masked"),
            assignment.c.role,
            duty_role.c.title,
            duty_role.c.title_en,
            duty_role.c.line,
            duty_role.c.sort,
            assignment.c.is_primary,
            func.lower(assignment.c.valid).label("since"),
            person.c.phone_masked.label("phone"),
            assignment.c.place_id,
            place.c.name.label("place_name"),
            absence.c.kind.label("away_kind"),
            func.upper(absence.c.valid).label("away_until"),
            substitute.c.id.label("substitute_id"),
            substitute.c.display_name.label("substitute"),
            substitute.c.phone_masked.label("substitute_phone"),
        )
        .join_from(
            assignment,
            person,
            and_(person.c.street_id == assignment.c.street_id, person.c.id == assignment.c.person_id),
        )
        .join(duty_role, duty_role.c.code == assignment.c.role)
        .join(place, and_(place.c.street_id == assignment.c.street_id, place.c.id == assignment.c.place_id))
        .join(absence, is_away, isouter=True)
        .join(
            substitute,
            and_(
                substitute.c.street_id == absence.c.street_id,
                substitute.c.id == absence.c.substitute_id,
                people_locked(substitute, reach),
            ),
            isouter=True,
        )
        .where(
            assignment.c.street_id == func.any(ids("streets")),
            assignment.c.place_id == func.any(ids("places")),
            assignment.c.valid.contains(AS_OF),
            locked(assignment, reach),
            people_locked(person, reach),
        )
        .order_by(assignment.c.id)
    )


@lru_cache(maxsize=64)
def organisations_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the organisations of some places of a street."""
    reach = reach_of_shape(shape)
    day = cast(AS_OF, Date)
    covers = (
        select(organisation_place.c.organisation_id)
        .where(
            organisation_place.c.street_id == func.any(ids("streets")),
            organisation_place.c.place_id == func.any(ids("places")),
            organisation_place.c.valid.contains(day),
            is_near(organisation_place.c.street_id, reach),
        )
        .union(
            select(estate.c.property_id).where(
                estate.c.street_id == func.any(ids("streets")),
                estate.c.place_id == func.any(ids("places")),
                is_near(estate.c.street_id, reach),
            )
        )
    )
    names = ("id", "kind", "name", "phone", "members", "party_members")
    seen = or_(organisation.c.street_id.is_(None), is_near(organisation.c.street_id, reach))
    return compiled(
        select(*(organisation.c[name] for name in names))
        .where(organisation.c.id.in_(covers), organisation.c.valid.contains(day), seen)
        .order_by(organisation.c.kind, organisation.c.name, literal_column("1"))
    )

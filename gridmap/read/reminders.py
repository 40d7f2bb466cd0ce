"""Which places of an area are still to be looked at: what a chat group is reminded of. No row of a person is read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, and_, bindparam, func, select

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.due.statements import LONGEST
from gridmap.read.locks import is_near, lock_values, locked
from gridmap.read.order import natural_key
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, community, duty, place, slot

Statement = tuple[str, dict[str, Any]]
MOST_PLACES = 3_000
MOST_COMMUNITIES = 200
TODAY, SINCE = bindparam("today", type_=Date), bindparam("since", type_=Date)


@dataclass(frozen=True, kw_only=True)
class OpenDoor:
    """A stairwell, or a building without any, with how much is open there; `house` is None where it is the building."""

    name: str
    house: str | None
    checks: int
    households: int


@dataclass(frozen=True, kw_only=True)
class Group:
    """The open places of one estate: whoever lives there shares a chat group. `name` is None outside of estates."""

    name: str | None
    due_on: date
    doors: tuple[OpenDoor, ...]

    @property
    def checks(self) -> int:
        """Checks still open."""
        return sum(door.checks for door in self.doors)

    @property
    def households(self) -> int:
        """Households still to be visited."""
        return sum(door.households for door in self.doors)


@dataclass(frozen=True, kw_only=True)
class OpenCommunity:
    """A community with how many places are still open in it."""

    id: int
    name: str
    places: int


def read_open_communities(connection: Connection, viewer: Viewer, today: date) -> tuple[OpenCommunity, ...]:
    """The communities in which something is still open, by name."""
    text, constants = communities_statement(viewer.reach.shape)
    values = {"today": today, "since": today - LONGEST}
    rows = connection.execute(text, constants | lock_values(viewer) | values)
    found = (OpenCommunity(id=row["id"], name=row["name"], places=row["places"]) for row in rows)
    return tuple(sorted(found, key=lambda one: (natural_key(one.name), one.id)))


def read_open_places(connection: Connection, viewer: Viewer, community_id: int, today: date) -> tuple[Group, ...]:
    """The places of a community that are still open, estate by estate, in walking order, as far as they are seen."""
    text, constants = places_statement(viewer.reach.shape)
    values = {"street": community_id >> SERIAL_BITS, "community": community_id}
    moments = {"today": today, "since": today - LONGEST}
    rows = connection.execute(text, constants | lock_values(viewer) | values | moments).fetchall()
    rows.sort(key=lambda row: (row["estate_id"] is None, natural_key(row["estate"] or ""), row["estate_id"] or 0))
    return tuple(_group(list(inner)) for _key, inner in groupby(rows, key=lambda row: row["estate_id"]))


def _group(rows: list[Row]) -> Group:
    rows.sort(key=lambda row: (natural_key(row["house"] or row["name"]), natural_key(row["name"]), row["id"]))
    return Group(name=rows[0]["estate"], due_on=min(row["due_on"] for row in rows), doors=tuple(_doors(rows)))


def _doors(rows: Iterable[Row]) -> Iterable[OpenDoor]:
    for row in rows:
        yield OpenDoor(name=row["name"], house=row["house"], checks=row["checks"], households=row["households"])


def _is_open() -> "ColumnElement[bool]":
    # what is due again each day is reminded of where it is done: in a text of the month it would hide the month's end
    is_of_days = slot.c.due_on > slot.c.starts_on
    return and_(
        slot.c.state == "due", slot.c.starts_on > SINCE, slot.c.starts_on <= TODAY, slot.c.ends_on > TODAY, is_of_days
    )


@lru_cache(maxsize=64)
def communities_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the communities with open places."""
    reach = reach_of_shape(shape)
    is_community = and_(community.c.street_id == slot.c.street_id, community.c.id == slot.c.community_id)
    return compiled(
        select(community.c.id, community.c.name, func.count(slot.c.place_id.distinct()).label("places"))
        .join_from(slot, community, is_community)
        .where(is_near(slot.c.street_id, reach), slot.c.place_id.is_not(None), _is_open(), locked(slot, reach))
        .group_by(community.c.id, community.c.name)
        .order_by(community.c.name, community.c.id)
        .limit(MOST_COMMUNITIES)
    )


@lru_cache(maxsize=64)
def places_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the open places of one community with their building and estate."""
    reach = reach_of_shape(shape)
    house, around = place.alias("house"), place.alias("around")
    is_duty = and_(duty.c.street_id == slot.c.street_id, duty.c.id == slot.c.duty_id)
    is_place = and_(place.c.street_id == slot.c.street_id, place.c.id == slot.c.place_id, locked(place, reach))
    is_house = and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, locked(house, reach))
    is_house = and_(is_house, place.c.kind == "stairwell")
    is_around = and_(around.c.street_id == place.c.street_id, around.c.id == place.c.estate_id, locked(around, reach))
    is_visit = duty.c.action == "household_visit"
    return compiled(
        select(
            place.c.id,
            place.c.name,
            house.c.name.label("house"),
            around.c.id.label("estate_id"),
            around.c.name.label("estate"),
            func.min(slot.c.due_on).label("due_on"),
            func.count().filter(~is_visit).label("checks"),
            func.count().filter(is_visit).label("households"),
        )
        .join_from(slot, duty, is_duty)
        .join(place, is_place)
        .join(house, is_house, isouter=True)
        .join(around, is_around, isouter=True)
        .where(
            slot.c.street_id == bindparam("street", type_=BigInteger),
            slot.c.community_id == bindparam("community", type_=BigInteger),
            _is_open(),
            locked(slot, reach),
        )
        .group_by(place.c.id, place.c.name, house.c.name, around.c.id, around.c.name)
        .limit(MOST_PLACES)
    )

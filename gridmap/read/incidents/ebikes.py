"""The survey of e-bikes as it is read: how far it is in each estate, and the last count of each stairwell."""

from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Date, Integer, and_, bindparam, func, or_, select, true

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import is_near, lock_values, locked, of_kinds
from gridmap.read.order import natural
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import ebike_count, place, street

Statement = tuple[str, dict[str, Any]]
MOST_DOORS = 1_000
OPEN_FINDINGS = """
SELECT i.place_id, array_agg(DISTINCT i.kind) AS kinds FROM gridmap.incident i
WHERE i.street_id = %(street)s AND i.place_id = ANY (%(places)s) AND i.kind = ANY (%(kinds)s)
  AND i.state NOT IN ('closed', 'rejected', 'duplicate')
GROUP BY i.place_id
"""


def read_survey(connection: Connection, viewer: Viewer, since: Any, *, limit: int, offset: int) -> list[Row]:
    """The estates of the viewer: stairwells, how many were counted since that day, e-bikes and charging sockets.

    Whoever sees only houses of an estate has no `name` of it, but the `code` of one of them.
    """
    text, constants = survey_statement(viewer.reach.shape)
    values = {"since": since, "limit": limit, "offset": offset}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchall()


def read_doors(connection: Connection, viewer: Viewer, estate_id: int) -> list[Row]:
    """The stairwells of an estate, and its buildings that have none, in walking order, each with its last count."""
    text, constants = doors_statement(viewer.reach.shape, False)
    values = {"street": estate_id >> 32, "within": estate_id, "limit": MOST_DOORS}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchall()


def read_door(connection: Connection, viewer: Viewer, place_id: int) -> Row | None:
    """One of them; None where the viewer sees no such stairwell or building."""
    text, constants = doors_statement(viewer.reach.shape, True)
    values = {"street": place_id >> 32, "within": place_id, "limit": 1}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchone()


def read_open_findings(
    connection: Connection, street_id: int, places: list[int], kinds: tuple[str, ...]
) -> dict[int, list[str]]:
    """For each place the kinds of which a case is open there."""
    values = {"street": street_id, "places": places, "kinds": list(kinds)}
    return {row["place_id"]: row["kinds"] for row in connection.execute(OPEN_FINDINGS, values).fetchall()}


def _last() -> Any:
    """The last count of the place."""
    return (
        select(ebike_count.c.counted_on, ebike_count.c.bikes, ebike_count.c.chargers)
        .where(ebike_count.c.street_id == place.c.street_id, ebike_count.c.place_id == place.c.id)
        .order_by(ebike_count.c.counted_on.desc())
        .limit(1)
        .lateral("last")
    )


def _is_door() -> Any:
    """A stairwell, or a building that has none."""
    door = place.alias("door")
    doors = select(door.c.id).where(
        door.c.street_id == place.c.street_id, door.c.parent_id == place.c.id, door.c.kind == "stairwell"
    )
    return and_(
        of_kinds(place.c.kind, "stairwell", "building"),
        or_(place.c.kind == "stairwell", ~doors.exists()),
        func.upper_inf(place.c.valid),
    )


@lru_cache(maxsize=64)
def survey_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the survey by estate."""
    reach, estate, last = reach_of_shape(shape), place.alias("around"), _last()
    counted = func.count().filter(last.c.counted_on >= bindparam("since", type_=Date))
    limit, offset = bindparam("limit", type_=Integer), bindparam("offset", type_=Integer)
    return compiled(
        select(
            place.c.estate_id.label("id"),
            estate.c.name,
            func.min(place.c.code).label("code"),
            street.c.name.label("street"),
            func.count().label("doors"),
            counted.label("counted"),
            func.coalesce(func.sum(last.c.bikes), 0).label("bikes"),
            func.coalesce(func.sum(last.c.chargers), 0).label("chargers"),
        )
        .select_from(place)
        .join(estate, and_(estate.c.street_id == place.c.street_id, estate.c.id == place.c.estate_id), isouter=True)
        .join(street, street.c.id == place.c.street_id)
        .join(last, true(), isouter=True)
        .where(is_near(place.c.street_id, reach), place.c.estate_id.is_not(None), _is_door(), locked(place, reach))
        .group_by(place.c.estate_id, estate.c.name, street.c.name)
        .order_by(counted.desc(), func.min(place.c.code), place.c.estate_id)
        .limit(limit)
        .offset(offset)
    )


@lru_cache(maxsize=64)
def doors_statement(shape: tuple[str, ...], is_one: bool) -> Statement:
    """The SQL of stairwells with their last count."""
    reach, last = reach_of_shape(shape), _last()
    house, estate = place.alias("house"), place.alias("around")
    within = bindparam("within", type_=BigInteger)
    where = place.c.id == within if is_one else place.c.estate_id == within
    name = func.coalesce(house.c.name, place.c.name)
    return compiled(
        select(
            place.c.id,
            place.c.kind,
            place.c.name,
            place.c.code,
            place.c.estate_id,
            house.c.name.label("house"),
            estate.c.name.label("estate"),
            last.c.counted_on,
            last.c.bikes,
            last.c.chargers,
        )
        .select_from(place)
        .join(
            house,
            and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, house.c.kind == "building"),
            isouter=True,
        )
        .join(estate, and_(estate.c.street_id == place.c.street_id, estate.c.id == place.c.estate_id), isouter=True)
        .join(last, true(), isouter=True)
        .where(place.c.street_id == bindparam("street", type_=Integer), where, _is_door(), locked(place, reach))
        .order_by(natural(name), natural(place.c.name), place.c.id)
        .limit(bindparam("limit", type_=Integer))
    )

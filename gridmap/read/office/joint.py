"""Joint inspections: which there are, what was found on one, and what a form about one offers."""

from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, and_, bindparam, case, func, or_, select, true

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import lock_values, locked, of_kinds
from gridmap.read.order import natural
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, inspection, joint_inspection, place, street

Statement = tuple[str, dict[str, Any]]
MOST_PLACES = 600
BODIES = """
SELECT o.id, o.name, o.kind FROM gridmap.organisation o
WHERE (o.street_id IS NULL OR o.street_id = %s) AND upper_inf(o.valid)
  AND o.kind IN ('property_company', 'owners_committee', 'oversight_committee', 'department', 'party_branch',
    'party_committee', 'residents_group')
ORDER BY array_position(ARRAY['property_company', 'owners_committee', 'oversight_committee', 'department',
  'party_committee', 'party_branch', 'residents_group'], o.kind), o.street_id NULLS LAST, o.name LIMIT 120
"""


def read_joints(connection: Connection, viewer: Viewer, *, limit: int, offset: int) -> list[Row]:
    """The joint inspections that the viewer sees, the newest day first, with how much was found on each."""
    text, constants = joints_statement(viewer.reach.shape, False)
    values = {"limit": limit, "offset": offset}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchall()


def read_joint(connection: Connection, viewer: Viewer, joint_id: int) -> Row | None:
    """One joint inspection; None where the viewer sees none of that id."""
    text, constants = joints_statement(viewer.reach.shape, True)
    values = {"limit": 1, "offset": 0, "joint": joint_id, "street": joint_id >> 32}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchone()


def read_founds(connection: Connection, viewer: Viewer, joint_id: int) -> list[Row]:
    """What was found, place by place."""
    text, constants = founds_statement(viewer.reach.shape)
    values = {"joint": joint_id, "street": joint_id >> 32}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchall()


def read_places(connection: Connection, viewer: Viewer, joint: Row) -> list[Row]:
    """The places at which something can be found: what is walked itself, its buildings, facilities and zones."""
    text, constants = places_statement(viewer.reach.shape, joint["place_id"] is not None)
    values = {"street": joint["street_id"], "around": joint["place_id"], "community": joint["community_id"]}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchall()


def read_bodies(connection: Connection, street_id: int) -> list[Row]:
    """The organisations that can take part: those of the street, and those of the whole city."""
    return connection.execute(BODIES, (street_id,)).fetchall()


@lru_cache(maxsize=64)
def joints_statement(shape: tuple[str, ...], is_one: bool) -> Statement:
    """The SQL of joint inspections."""
    reach, joint = reach_of_shape(shape), joint_inspection
    found = (
        select(
            func.count().label("places"),
            func.count().filter(inspection.c.result == "finding").label("findings"),
        )
        .where(
            inspection.c.street_id == joint.c.street_id,
            inspection.c.joint_id == joint.c.id,
            inspection.c.slot_id.is_(None),
            inspection.c.superseded_at.is_(None),
            locked(inspection, reach),
        )
        .lateral("found")
    )
    chosen = (
        select(
            *joint.c,
            place.c.name.label("place"),
            community.c.name.label("community"),
            street.c.name.label("street"),
            *found.c,
        )
        .select_from(joint)
        .join(street, street.c.id == joint.c.street_id)
        .join(place, and_(place.c.street_id == joint.c.street_id, place.c.id == joint.c.place_id), isouter=True)
        .join(
            community,
            and_(community.c.street_id == joint.c.street_id, community.c.id == joint.c.community_id),
            isouter=True,
        )
        .join(found, true())
        .where(locked(joint, reach))
    )
    if is_one:
        street_id, joint_id = bindparam("street", type_=BigInteger), bindparam("joint", type_=BigInteger)
        chosen = chosen.where(joint.c.street_id == street_id, joint.c.id == joint_id)
    limit, offset = bindparam("limit", type_=Integer), bindparam("offset", type_=Integer)
    return compiled(chosen.order_by(joint.c.planned_on.desc(), joint.c.id.desc()).limit(limit).offset(offset))


@lru_cache(maxsize=64)
def founds_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of what was found on a joint inspection."""
    reach, house = reach_of_shape(shape), place.alias("house")
    is_house = and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, house.c.kind == "building")
    return compiled(
        select(
            *(inspection.c[name] for name in ("id", "place_id", "result", "severity", "note")),
            place.c.name.label("place"),
            place.c.code,
            house.c.name.label("house"),
        )
        .select_from(inspection)
        .join(place, and_(place.c.street_id == inspection.c.street_id, place.c.id == inspection.c.place_id))
        .join(house, and_(is_house, locked(house, reach)), isouter=True)
        .where(
            inspection.c.street_id == bindparam("street", type_=BigInteger),
            inspection.c.joint_id == bindparam("joint", type_=BigInteger),
            inspection.c.slot_id.is_(None),
            inspection.c.superseded_at.is_(None),
            locked(inspection, reach),
        )
        .order_by(case((inspection.c.result == "finding", 0), else_=1), natural(place.c.name), inspection.c.id)
    )


@lru_cache(maxsize=64)
def places_statement(shape: tuple[str, ...], is_place: bool) -> Statement:
    """The SQL of the places that a joint inspection walks through."""
    around = bindparam("around", type_=BigInteger)
    columns = (place.c.id, place.c.estate_id, place.c.grid_id, place.c.micro_grid_id)
    inside = or_(*(column == around for column in columns))
    if not is_place:
        inside = place.c.community_id == bindparam("community", type_=BigInteger)
    rank = case({"estate": 0, "grid": 0, "building": 1, "facility": 2, "zone": 3}, value=place.c.kind)
    return compiled(
        select(place.c.id, place.c.kind, place.c.name)
        .where(
            place.c.street_id == bindparam("street", type_=BigInteger),
            of_kinds(place.c.kind, "estate", "grid", "building", "facility", "zone"),
            func.upper_inf(place.c.valid),
            inside,
            locked(place, reach_of_shape(shape)),
        )
        .order_by(rank, natural(place.c.name), place.c.id)
        .limit(MOST_PLACES)
    )

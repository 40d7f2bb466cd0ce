"""The chain 社区党委 — 网格党支部 — 党员楼管员 above a place: who leads it, and where the chain has a gap."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Integer, and_, bindparam, cast, func, or_, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layer import AS_OF, holder_of, is_kind
from gridmap.read.card.people import Holder, Organisation
from gridmap.read.card.place import Place
from gridmap.read.locks import ids, is_near, lock_values, locked
from gridmap.read.select import Asked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, organisation, organisation_place, place

Statement = tuple[str, dict[str, Any]]
MANAGER = "building_manager"
HOLDS_STAIRWELLS = ("community", "grid", "estate", "building")


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The three links above a place at the map's date; None and empty where there is a gap."""

    committee: Organisation | None
    branch: Organisation | None
    managers: tuple[Holder, ...] = ()
    """Of a stairwell: its building managers."""
    stairwells: int = 0
    """Stairwells inside, of those that the viewer sees; 0 for the stairwell itself."""
    held: int = 0
    """How many of them have a building manager."""


def read_chain(
    connection: Connection, viewer: Viewer, asked: Asked, of: Place, people: tuple[Holder, ...]
) -> Chain | None:
    """The chain above a stairwell, a building, an estate, a grid or a community; None for any other place.

    `people` hold the place itself. Only for viewers all of whose roles may see people.
    """
    if of.kind not in ("stairwell", *HOLDS_STAIRWELLS):
        return None
    community = of.id if of.kind == "community" else next((s.id for s in of.chain if s.kind == "community"), None)
    # a community has one branch for each grid
    above = read_party(connection, viewer, asked, community, () if of.kind == "community" else (of.id, *of.links))
    row = {"stairwells": 0, "held": 0}
    if of.kind in HOLDS_STAIRWELLS:
        text, constants = held_statement(viewer.reach.shape, of.kind)
        values = lock_values(viewer) | asked.values | {"id": of.id, "street": of.street_id}
        row = connection.execute(text, constants | values).fetchone() or row
    managers = tuple(one for one in people if one.role == MANAGER)
    return replace(above, managers=managers, stairwells=row["stairwells"], held=row["held"])


def read_party(
    connection: Connection, viewer: Viewer, asked: Asked, community: int | None, places: Sequence[int]
) -> Chain:
    """The Party committee of a community, and the branch that covers the first of these places that has one."""
    text, constants = party_statement(viewer.reach.shape)
    streets = {identity >> SERIAL_BITS for identity in (community, *places) if identity}
    values = {"places": list(places), "community": community, "street": next(iter(streets), None)}
    found: dict[str, Organisation] = {}
    for row in connection.execute(text, constants | lock_values(viewer) | asked.values | values):
        found.setdefault(row["kind"], Organisation(**row))
    return Chain(committee=found.get("party_committee"), branch=found.get("party_branch"))


@lru_cache(maxsize=64)
def party_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the community's Party committee and the branch nearest to a place."""
    near = func.array_position(ids("places"), organisation_place.c.place_id, type_=Integer)
    covers = and_(
        organisation_place.c.organisation_id == organisation.c.id,
        organisation_place.c.street_id == organisation.c.street_id,
        organisation_place.c.place_id == func.any(ids("places")),
        organisation_place.c.valid.contains(cast(AS_OF, Date)),
    )
    names = ("id", "kind", "name", "phone", "members", "party_members")
    is_committee = and_(
        organisation.c.kind == "party_committee",
        organisation.c.community_id == bindparam("community", type_=BigInteger),
    )
    is_branch = and_(organisation.c.kind == "party_branch", organisation_place.c.place_id.is_not(None))
    return compiled(
        select(*(organisation.c[name] for name in names))
        .join_from(organisation, organisation_place, covers, isouter=True)
        .where(
            organisation.c.street_id == bindparam("street", type_=Integer),
            is_near(organisation.c.street_id, reach_of_shape(shape)),
            organisation.c.valid.contains(cast(AS_OF, Date)),
            or_(is_committee, is_branch),
        )
        .order_by(near, organisation.c.id)
    )


@lru_cache(maxsize=64)
def held_statement(shape: tuple[str, ...], kind: str) -> Statement:
    """The SQL of how many stairwells lie in a place of that kind, and how many of them have a building manager."""
    held = func.count().filter(holder_of(place, MANAGER).is_not(None))
    return compiled(
        select(func.count().label("stairwells"), held.label("held"))
        .select_from(place)
        .where(
            place.c.street_id == bindparam("street", type_=Integer),
            is_kind(place, "stairwell"),
            _inside(kind),
            locked(place, reach_of_shape(shape)),
        )
    )


def _inside(kind: str) -> "ColumnElement[bool]":
    one = bindparam("id", type_=BigInteger)
    if kind == "community":
        return place.c.community_id == one
    if kind == "grid":
        return or_(place.c.grid_id == one, place.c.micro_grid_id == one)
    if kind == "building":
        return place.c.parent_id == one
    part = place.alias("part")
    parts = select(part.c.id).where(part.c.street_id == bindparam("street", type_=Integer), part.c.parent_id == one)
    return or_(place.c.estate_id == one, place.c.estate_id.in_(parts))

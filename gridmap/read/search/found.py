"""What a search finds: hits in order, and what a person needs to tell them apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, func, literal_column, select

from gridmap.coords import BBox
from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layer import AS_OF
from gridmap.read.locks import ids, lock_values, locked
from gridmap.read.order import natural_key
from gridmap.read.select import Asked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, place

MOST = 20
"""How many finds an answer holds."""
KINDS = ("community", "grid", "estate", "person", "building", "stairwell", "facility", "zone")
"""What can be found; of equally good finds the earlier kind comes first."""
SIDES = {"west": func.ST_XMin, "south": func.ST_YMin, "east": func.ST_XMax, "north": func.ST_YMax}


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something that fits; rank 0 fits best. A person's `place_id` is what he looks after, as `role`."""

    kind: str
    id: int
    name: str
    rank: int
    place_id: int | None = None
    role: tuple[str, str] = ("", "")
    """Title of the role in Chinese and in English."""

    @cached_property
    def order(self) -> tuple[Any, ...]:
        """How good it is, then how large, then by name."""
        return self.rank, KINDS.index(self.kind), natural_key(self.name), self.id


@dataclass(frozen=True, kw_only=True)
class Found:
    """One find: a place or a community (`id` has a card), or a person, whose `id` is then that of the place."""

    kind: str
    id: int
    name: str
    code: str
    place_kind: str
    around: tuple[str, ...]
    """Names of what it lies in, from the community down; for a person, of the place and what that lies in."""
    role: tuple[str, str]
    bounds: BBox | None


def described(connection: Connection, viewer: Viewer, hits: Sequence[Hit], asked: Asked) -> tuple[Found, ...]:
    """The finds of these hits, in their order; a hit whose place the viewer does not see is left out."""
    wanted = [hit.place_id or hit.id for hit in hits]
    if not wanted:
        return ()
    text, constants = places_statement(viewer.reach.shape)
    values = {"streets": sorted({identity >> 32 for identity in wanted}), "ids": wanted}
    rows = connection.execute(text, constants | lock_values(viewer) | asked.values | values).fetchall()
    by_id = {row["id"]: row for row in rows}
    return tuple(_found(hit, by_id[hit.place_id or hit.id]) for hit in hits if (hit.place_id or hit.id) in by_id)


def _found(hit: Hit, row: dict[str, Any]) -> Found:
    inner = (row["name"],) if hit.kind == "person" else ()
    names = (row["community"], row["estate"], row["parent"], *inner)
    return Found(
        kind=hit.kind,
        id=row["id"],
        name=hit.name,
        code=row["code"],
        place_kind=row["kind"],
        around=tuple(dict.fromkeys(name for name in names if name)),
        role=hit.role,
        bounds=None if row["west"] is None else BBox(*(row[side] for side in SIDES)),
    )


@lru_cache(maxsize=64)
def places_statement(shape: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    """The SQL of places and communities by id, with the names of what they lie in as far as the viewer sees them."""
    here, estate, parent = place.alias("here"), place.alias("estate"), place.alias("parent")
    is_asked = (here.c.street_id == func.any(ids("streets"))) & (here.c.id == func.any(ids("ids")))
    of_place = (
        select(
            here.c.id,
            here.c.kind,
            here.c.code,
            here.c.name,
            community.c.name.label("community"),
            estate.c.name.label("estate"),
            parent.c.name.label("parent"),
            *_sides(here.c.geom),
        )
        .join_from(
            here,
            community,
            (community.c.street_id == here.c.street_id) & (community.c.id == here.c.community_id),
            isouter=True,
        )
        .join(
            estate,
            (estate.c.street_id == here.c.street_id) & (estate.c.id == here.c.estate_id) & (estate.c.id != here.c.id),
            isouter=True,
        )
        .join(parent, (parent.c.street_id == here.c.street_id) & (parent.c.id == here.c.parent_id), isouter=True)
        .where(is_asked, locked(here, reach_of_shape(shape)))
    )
    of_community = select(
        community.c.id,
        literal_column("'community'"),
        community.c.code,
        community.c.name,
        *(literal_column("NULL::text") for _ in range(3)),
        *_sides(community.c.geom),
    ).where(
        community.c.street_id == func.any(ids("streets")),
        community.c.id == func.any(ids("ids")),
        community.c.valid.contains(cast(AS_OF, Date)),
    )
    return compiled(of_place.union_all(of_community))


def _sides(geom: "ColumnElement[Any]") -> "list[ColumnElement[float]]":
    return [side(geom).label(name) for name, side in SIDES.items()]

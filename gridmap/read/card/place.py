"""The place itself: names, where it lies, where the row came from."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Float,
    FromClause,
    Table,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
)

from gridmap.coords import BBox
from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.layer import AS_OF
from gridmap.read.area import SIDES
from gridmap.read.locks import is_near, lock_values, locked
from gridmap.read.select import Asked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, community, facility, facility_kind, import_run, place, street, zone

Statement = tuple[str, dict[str, Any]]
OUTER = ("grid", "micro_grid", "estate", "parent")
ONE = {"id": bindparam("id", type_=BigInteger), "street": bindparam("street", type_=BigInteger)}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing on the way from the street to the place; without an id the viewer may not open it."""

    kind: str
    id: int | None
    name: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place or a community, what it lies in, and its provenance. Areas in m² on the ellipsoid."""

    kind: str
    id: int
    street_id: int
    code: str
    name: str
    aliases: tuple[str, ...]
    address: str | None
    chain: tuple[Step, ...]
    """From the street down to what holds the place; the place itself is not in it."""
    bounds: BBox | None
    area_m2: float | None
    source: str | None
    source_key: str | None
    file_name: str | None
    imported_at: datetime | None
    changed_at: datetime
    revision: int
    kind_names: tuple[str, str] | None = None
    """What kind of facility it is, in Chinese and in English."""
    zone_kind: str | None = None
    capacity: int | None = None
    links: tuple[int, ...] = ()
    """Ids of the places that it lies in, the nearest first, seen or not."""


def read_place(connection: Connection, viewer: Viewer, identity: int) -> Place | None:
    """The place of that id; None where there is none or the viewer may not see it."""
    text, constants = place_statement(viewer.reach.shape)
    values = lock_values(viewer) | {"id": identity, "street": identity >> SERIAL_BITS}
    row = connection.execute(text, constants | values).fetchone()
    if row is None:
        return None
    own = row["id"]
    links = (row["parent_id"], row["micro_grid_id"], row["grid_id"], row["estate_id"])
    return Place(
        **_common(row, row["kind"], _chain(row)),
        address=row["address"],
        kind_names=(row["kind_title"], row["kind_title_en"]) if row["kind_title"] else None,
        zone_kind=row["zone_kind"],
        capacity=row["capacity"],
        links=tuple(dict.fromkeys(link for link in links if link and link != own)),
    )


def read_community(connection: Connection, viewer: Viewer, asked: Asked, identity: int) -> Place | None:
    """The community of that id at the map's date, as a place without a grid."""
    text, constants = community_statement(viewer.reach.shape)
    values = lock_values(viewer) | asked.values | {"id": identity, "street": identity >> SERIAL_BITS}
    row = connection.execute(text, constants | values).fetchone()
    if row is None:
        return None
    chain = (Step(kind="street", id=None, name=row["street_name"]),)
    return Place(**_common(row, "community", chain), address=None)


def _common(row: Row, kind: str, chain: tuple[Step, ...]) -> dict[str, Any]:
    names = ("id", "street_id", "code", "name", "source", "source_key", "file_name", "imported_at", "changed_at")
    return {name: row[name] for name in (*names, "revision", "area_m2")} | {
        "kind": kind,
        "chain": chain,
        "aliases": tuple(row["aliases"]),
        "bounds": None if row["west"] is None else BBox(*(row[side] for side in SIDES)),
    }


def _chain(row: Row) -> tuple[Step, ...]:
    steps = [
        Step(kind="street", id=None, name=row["street_name"]),
        *([Step(kind="community", id=row["community_id"], name=row["community"])] if row["community"] else []),
    ]
    for name in OUTER:
        link = row[f"{name}_id"]
        if link and link != row["id"] and link not in {step.id for step in steps}:
            kind = row[f"{name}_kind"]
            if kind:
                steps.append(Step(kind=kind, id=link, name=row[f"{name}_name"]))
    return tuple(steps)


@lru_cache(maxsize=64)
def place_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of one place with what it lies in, each under its own lock."""
    reach = reach_of_shape(shape)
    outer = {name: place.alias(f"outer_{name}") for name in OUTER}
    found = select(
        *_own(place),
        place.c.kind,
        place.c.address,
        place.c.community_id,
        *(place.c[f"{name}_id"] for name in OUTER),
        street.c.name.label("street_name"),
        community.c.name.label("community"),
        facility_kind.c.title.label("kind_title"),
        facility_kind.c.title_en.label("kind_title_en"),
        zone.c.kind.label("zone_kind"),
        zone.c.capacity,
        *(of.c[word].label(f"{name}_{word}") for name, of in outer.items() for word in ("kind", "name")),
    )
    joined = (
        found.join_from(place, street, street.c.id == place.c.street_id)
        .join(
            community,
            and_(community.c.street_id == place.c.street_id, community.c.id == place.c.community_id),
            isouter=True,
        )
        .join(zone, and_(zone.c.street_id == place.c.street_id, zone.c.place_id == place.c.id), isouter=True)
        .join(
            facility, and_(facility.c.street_id == place.c.street_id, facility.c.place_id == place.c.id), isouter=True
        )
        .join(facility_kind, facility_kind.c.code == facility.c.kind, isouter=True)
        .join(import_run, import_run.c.id == place.c.import_run_id, isouter=True)
    )
    for name, of in outer.items():
        is_it = and_(of.c.street_id == place.c.street_id, of.c.id == place.c[f"{name}_id"], locked(of, reach))
        joined = joined.join(of, is_it, isouter=True)
    return compiled(joined.where(place.c.street_id == ONE["street"], place.c.id == ONE["id"], locked(place, reach)))


@lru_cache(maxsize=64)
def community_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of one community."""
    return compiled(
        select(*_own(community), street.c.name.label("street_name"))
        .join_from(community, street, street.c.id == community.c.street_id)
        .join(import_run, import_run.c.id == community.c.import_run_id, isouter=True)
        .where(
            community.c.street_id == ONE["street"],
            community.c.id == ONE["id"],
            is_near(community.c.street_id, reach_of_shape(shape)),
            community.c.valid.contains(cast(AS_OF, Date)),
        )
    )


def _is_of(table: Table) -> "ColumnElement[bool]":
    return and_(table.c.street_id == place.c.street_id, table.c.place_id == place.c.id)


def _own(rows: FromClause) -> "list[ColumnElement[Any]]":
    names = ("id", "street_id", "code", "name", "aliases", "source", "source_key", "changed_at", "revision")
    area = case((func.ST_Dimension(rows.c.geom) == 2, func.ST_Area(func.geography(rows.c.geom), type_=Float)))
    return [
        *(rows.c[name] for name in names),
        import_run.c.file_name,
        import_run.c.imported_at,
        area.label("area_m2"),
        *(side(rows.c.geom).label(name) for name, side in SIDES.items()),
    ]

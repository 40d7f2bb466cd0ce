"""The words of a question: the names of the areas that it is cut to, and what there is to choose."""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.layer import is_kind
from gridmap.read.coverage.cut import AREAS, Cut, in_area
from gridmap.read.locks import is_near, lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import community, duty, estate, place, street

Statement = tuple[str, dict[str, Any]]


def read_names(connection: Connection, viewer: Viewer, cut: Cut) -> tuple[tuple[str, str], ...]:
    """The areas of the cut by name, as far as the viewer sees them: (word of the area, name), from large to small."""
    text, constants = names_statement(viewer.reach.shape)
    values = {f"cut_{name}": getattr(cut, name) for name in AREAS}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return tuple((row["area"], row["name"]) for row in rows)


def read_estates(connection: Connection, viewer: Viewer, cut: Cut) -> tuple[tuple[int, str], ...]:
    """The estates in the street, community or grid of the cut: id and name, by code."""
    wider = tuple(name for name in ("street", "community") if getattr(cut, name) is not None)
    text, constants = estates_statement(viewer.reach.shape, wider)
    values = {f"cut_{name}": getattr(cut, name) for name in wider}
    rows = connection.execute(text, constants | lock_values(viewer) | values).fetchall()
    return tuple((row["id"], row["name"]) for row in rows)


def read_all_kinds(connection: Connection, viewer: Viewer) -> tuple[tuple[str, str, str], ...]:
    """Every kind of duty in the viewer's streets: the word, its title in Chinese and English."""
    text, constants = all_kinds_statement(viewer.reach.shape)
    rows = connection.execute(text, constants | lock_values(viewer)).fetchall()
    return tuple((row["kind"], row["title"], row["title_en"]) for row in rows)


@lru_cache(maxsize=64)
def names_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the names of the areas of a cut."""
    reach = reach_of_shape(shape)

    def one(area: str, rows: FromClause, number: int, *where: "ColumnElement[bool]") -> "Select[Any]":
        wanted = bindparam(f"cut_{area}", type_=Integer if area == "street" else BigInteger)
        words = (literal(number).label("number"), literal(area).label("area"), rows.c.name)
        return select(*words).where(rows.c.id == wanted, *where)

    parts = union_all(
        one("street", street, 0, is_near(street.c.id, reach)),
        one("community", community, 1, is_near(community.c.street_id, reach)),
        one("grid", place, 2, locked(place, reach)),
        one("estate", place, 3, locked(place, reach)),
    ).subquery("parts")
    return compiled(select(parts.c.area, parts.c.name).order_by(parts.c.number))


@lru_cache(maxsize=64)
def estates_statement(shape: tuple[str, ...], wider: tuple[str, ...]) -> Statement:
    """The SQL of the estates that can be chosen."""
    reach = reach_of_shape(shape)
    here = (is_near(place.c.street_id, reach), is_kind(place, "estate"), locked(place, reach))
    chosen = (
        select(place.c.id, place.c.name)
        .join_from(place, estate, (estate.c.street_id == place.c.street_id) & (estate.c.place_id == place.c.id))
        .where(*here, *in_area(place, wider))
    )
    return compiled(chosen.order_by(place.c.street_id, place.c.code))


@lru_cache(maxsize=64)
def all_kinds_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the kinds of duties."""
    words = (duty.c.kind, func.min(duty.c.title).label("title"), func.min(duty.c.title_en).label("title_en"))
    chosen = select(*words).where(is_near(duty.c.street_id, reach_of_shape(shape))).group_by(duty.c.kind)
    return compiled(chosen.order_by(func.min(duty.c.sort), duty.c.kind))

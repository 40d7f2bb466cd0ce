"""Orders of the hotline as they are read: the queue, those that became cases, and the answers that go back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, Integer, Select, Text, and_, bindparam, case, func, select

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import case_locked, lock_values
from gridmap.scope import Reach, Viewer, reach_of_shape
from gridmap.tables import hotline_order, incident, incident_kind, organisation, place

Statement = tuple[str, dict[str, Any]]
MOST_ANSWERS = 20_000
HIDDEN = ("raw", "caller", "phone")
"""Columns of an order that nobody reads without a reason."""
NEAR = """
SELECT p.id, p.kind, p.name, h.name AS house, e.name AS estate
FROM gridmap.place p
LEFT JOIN gridmap.place h ON h.street_id = p.street_id AND h.id = p.parent_id AND h.kind = 'building'
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id AND e.id <> p.id
WHERE p.street_id = %s AND p.id = ANY (%s) ORDER BY p.id
"""


def order_locked(reach: Reach) -> "ColumnElement[bool]":
    """The first lock of orders: what lies in the viewer's own territory; what has no place yet is the street's."""
    return case_locked(hotline_order, replace(reach, organisations=()))


def count_orders(connection: Connection, viewer: Viewer, street_id: int) -> dict[str, int]:
    """How many orders of the street are queued, placed and dropped, as far as the viewer sees them."""
    text, constants = counts_statement(viewer.reach.shape)
    rows = connection.execute(text, constants | lock_values(viewer) | {"street": street_id}).fetchall()
    return {"queued": 0, "placed": 0, "dropped": 0} | {row["state"]: row["orders"] for row in rows}


def read_orders_of(
    connection: Connection, viewer: Viewer, street_id: int, state: str, now: datetime, *, limit: int, offset: int
) -> list[Row]:
    """The orders of a street in that state, those with the nearest deadline first."""
    text, constants = orders_statement(viewer.reach.shape, "state")
    values = {"street": street_id, "state": state, "now": now, "limit": limit, "offset": offset}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchall()


def read_order(connection: Connection, viewer: Viewer, order_id: int, now: datetime) -> Row | None:
    """One order; None where the viewer sees none of that id."""
    text, constants = orders_statement(viewer.reach.shape, "one")
    values = {"street": order_id >> 32, "order": order_id, "now": now, "limit": 1, "offset": 0}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchone()


def read_answers(
    connection: Connection, viewer: Viewer, street_id: int, mapping_id: int | None, now: datetime
) -> list[Row]:
    """The last orders that came by that mapping, with what became of each, in the order in which they came."""
    text, constants = orders_statement(viewer.reach.shape, "mapping")
    values = {"street": street_id, "mapping": mapping_id, "now": now, "limit": MOST_ANSWERS, "offset": 0}
    return connection.execute(text, constants | lock_values(viewer) | values).fetchall()[::-1]


def read_given(connection: Connection, street_id: int, mapping_id: int, now: datetime) -> list[Row]:
    """The same for the command line, which is the office itself and sees everything."""
    text, constants = orders_statement(Reach(is_city=True).shape, "mapping")
    values = {"street": street_id, "mapping": mapping_id, "now": now, "limit": MOST_ANSWERS, "offset": 0}
    return connection.execute(text, constants | values).fetchall()[::-1]


def read_near(connection: Connection, street_id: int, places: Sequence[int]) -> list[Row]:
    """The places that an address may mean, with the building and estate around each."""
    return connection.execute(NEAR, (street_id, list(places))).fetchall()


@lru_cache(maxsize=64)
def counts_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of how many orders are in which state."""
    return compiled(
        select(hotline_order.c.state, func.count().label("orders"))
        .where(hotline_order.c.street_id == bindparam("street", type_=Integer), order_locked(reach_of_shape(shape)))
        .group_by(hotline_order.c.state)
    )


@lru_cache(maxsize=64)
def orders_statement(shape: tuple[str, ...], which: str) -> Statement:
    """The SQL of orders: of one state, of one mapping, or one alone."""
    order = hotline_order
    conditions = {
        "state": order.c.state == bindparam("state", type_=Text),
        "mapping": order.c.mapping_id == bindparam("mapping", type_=BigInteger),
        "one": order.c.id == bindparam("order", type_=BigInteger),
    }
    is_seen = (conditions[which], order_locked(reach_of_shape(shape)))
    rows = _with_cases(_with_places(select(*(column for column in order.c if column.name not in HIDDEN))))
    last_first = (order.c.received_at.desc().nulls_last(), order.c.id.desc())
    due = func.coalesce(incident.c.due_at, order.c.due_at)
    by = last_first if which == "mapping" else (due.nulls_last(), order.c.id)
    limit, offset = bindparam("limit", type_=Integer), bindparam("offset", type_=Integer)
    rows = rows.where(order.c.street_id == bindparam("street", type_=Integer), *is_seen)
    return compiled(rows.order_by(*by).limit(limit).offset(offset))


def _with_places(rows: "Select[Any]") -> "Select[Any]":
    """Orders with the names of where they lie; one that was placed at a point has only what lies around it."""
    order, house, around = hotline_order, place.alias("house"), place.alias("around")
    is_place = and_(place.c.street_id == order.c.street_id, place.c.id == order.c.place_id)
    is_house = and_(house.c.street_id == place.c.street_id, house.c.id == place.c.parent_id, house.c.kind == "building")
    is_around = and_(around.c.street_id == order.c.street_id, around.c.id == order.c.estate_id)
    return (
        rows.add_columns(place.c.name.label("place"), house.c.name.label("house"), around.c.name.label("estate"))
        .join_from(order, place, is_place, isouter=True)
        .join(house, is_house, isouter=True)
        .join(around, and_(is_around, around.c.id != func.coalesce(place.c.id, 0)), isouter=True)
    )


def _with_cases(rows: "Select[Any]") -> "Select[Any]":
    """Orders with their kinds and what became of them; of a case that is the same as another, what became of that."""
    order, original = hotline_order, incident.alias("original")

    def end_of(name: str) -> "ColumnElement[Any]":
        return case((incident.c.state == "duplicate", original.c[name]), else_=incident.c[name])

    is_case = and_(incident.c.street_id == order.c.street_id, incident.c.id == order.c.incident_id)
    is_original = and_(original.c.street_id == incident.c.street_id, original.c.id == incident.c.duplicate_of_id)
    now = bindparam("now", type_=DateTime(timezone=True))
    late = func.gridmap.is_late(incident.c.state, incident.c.due_at, incident.c.handled_at, now)
    return (
        rows.add_columns(
            incident_kind.c.title.label("kind_title"),
            incident_kind.c.title_en.label("kind_title_en"),
            incident.c.number.label("case_number"),
            incident.c.address.label("case_address"),
            incident.c.state.label("case_state"),
            incident.c.due_at.label("case_due_at"),
            func.coalesce(incident.c.answer, original.c.answer).label("answer"),
            *(end_of(name).label(name) for name in ("closed_at", "handled_at", "satisfaction")),
            organisation.c.name.label("unit"),
            func.coalesce(late, order.c.due_at < now).label("is_late"),
        )
        .join(incident_kind, incident_kind.c.code == order.c.kind)
        .join(incident, is_case, isouter=True)
        .join(original, is_original, isouter=True)
        .join(organisation, organisation.c.id == end_of("lead_id"), isouter=True)
    )

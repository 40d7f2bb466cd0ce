"""Which rotas there are: for whoever takes part, and for those told who is responsible where they lie."""

from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, FromClause, and_, bindparam, cast, func, or_, select, true

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import ids, lock_values, locked, sees_people
from gridmap.scope import Reach, Viewer, reach_of_shape
from gridmap.tables import organisation, place, rota, rota_turn, street

Statement = tuple[str, dict[str, Any]]
GROUP = """
SELECT p.id, p.display_name AS name FROM gridmap.person p
WHERE p.street_id = %(street)s AND p.organisation_id = %(organisation)s AND p.id <> ALL (%(people)s)
ORDER BY p.display_name, p.id LIMIT 200
"""


def rota_locked(rows: FromClause, reach: Reach, *, is_told: bool) -> "ColumnElement[bool]":
    """The first lock for rows of rotas: those the viewer takes part in, and where `is_told` those in the own area."""
    takes_part: ColumnElement[bool] = rows.c.people.op("&&", is_comparison=True)(ids("scope_self"))
    return or_(takes_part, locked(rows, reach)) if is_told else takes_part


def rota_values(viewer: Viewer) -> dict[str, Any]:
    """The values of the bind parameters of that lock."""
    return lock_values(viewer) | {"scope_self": [viewer.person_id] if viewer.person_id else []}


def read_rotas(connection: Connection, viewer: Viewer, today: date, *, limit: int, offset: int) -> list[Row]:
    """The rotas that the viewer sees, those that go on first; with `place` and `group` where these are seen.

    `planned_until`: the last evening that is planned; `ends`: the first day on which there is none any more.
    """
    text, constants = rotas_statement(viewer.reach.shape, sees_people(viewer), False)
    values = {"today": today, "limit": limit, "offset": offset}
    return connection.execute(text, constants | rota_values(viewer) | values).fetchall()


def read_rota(connection: Connection, viewer: Viewer, today: date, rota_id: int) -> Row | None:
    """One rota; None where the viewer sees none of that id."""
    text, constants = rotas_statement(viewer.reach.shape, sees_people(viewer), True)
    values = {"today": today, "limit": 1, "offset": 0, "street": rota_id >> 32, "rota": rota_id}
    return connection.execute(text, constants | rota_values(viewer) | values).fetchone()


def read_group_people(connection: Connection, row: Row) -> list[Row]:
    """People of the rota's group who do not take part yet, as far as the viewer knows them."""
    if row["organisation_id"] is None:
        return []
    values = {"street": row["street_id"], "organisation": row["organisation_id"], "people": row["people"]}
    return connection.execute(GROUP, values).fetchall()


@lru_cache(maxsize=128)
def rotas_statement(shape: tuple[str, ...], is_told: bool, is_one: bool) -> Statement:
    """The SQL of rotas."""
    reach = reach_of_shape(shape)
    planned = (
        select(func.max(rota_turn.c.day).label("planned_until"))
        .where(rota_turn.c.street_id == rota.c.street_id, rota_turn.c.rota_id == rota.c.id, rota_turn.c.state == "set")
        .lateral("planned")
    )
    ends = func.upper(rota.c.valid, type_=Date)
    is_place = and_(place.c.street_id == rota.c.street_id, place.c.id == rota.c.place_id, locked(place, reach))
    chosen = (
        select(
            *(column for column in rota.c if column.name != "valid"),
            func.lower(rota.c.valid, type_=Date).label("starts"),
            ends.label("ends_on"),
            place.c.name.label("place"),
            organisation.c.name.label("group"),
            street.c.name.label("street"),
            planned.c.planned_until,
        )
        .select_from(rota)
        .join(street, street.c.id == rota.c.street_id)
        .join(place, is_place, isouter=True)
        .join(organisation, organisation.c.id == rota.c.organisation_id, isouter=True)
        .join(planned, true())
        .where(rota_locked(rota, reach, is_told=is_told))
    )
    if is_one:
        chosen = chosen.where(
            rota.c.street_id == bindparam("street", type_=BigInteger), rota.c.id == bindparam("rota", type_=BigInteger)
        )
    is_over = func.coalesce(ends <= cast(bindparam("today"), Date), False)
    order = (is_over, street.c.code, rota.c.name, rota.c.id)
    return compiled(chosen.order_by(*order).limit(bindparam("limit")).offset(bindparam("offset")))

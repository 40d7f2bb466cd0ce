"""What stands behind an area: its units, and what happened at them; each only as far as the viewer sees it."""

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Date, FromClause, Integer, and_, bindparam, func, select

from gridmap.cuts import NOBODY
from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.hotspots.runs import ENDS, ID, STREET, Run
from gridmap.read.hotspots.spots import SCOPE, Spot
from gridmap.read.locks import case_locked, lock_values, locked
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, hotspot_unit, incident, incident_kind, place, violation, zone_stay

Statement = tuple[str, dict[str, Any]]
MOST = 500
LIMIT, BEGINS = bindparam("limit", type_=Integer), bindparam("begins", type_=Date)
OF_UNIT = ("street_id", "hotspot_id", "place_id", "observed", "exposure", "expected", "is_apart")


def read_units(connection: Connection, viewer: Viewer, spot: Spot) -> list[Row]:
    """Its zones or buildings, those with the most first: `id`, name, estate, observed, exposure, expected, is_apart."""
    text, constants = units_statement(viewer.reach.shape)
    return connection.execute(text, constants | _values(viewer, spot)).fetchall()


def read_evenings(connection: Connection, viewer: Viewer, spot: Spot, run: Run) -> list[Row]:
    """How many cars (`times`) on which `day` in which zone (`place_id`, `place`), the newest first; never which."""
    text, constants = evenings_statement(viewer.reach.shape, run.subject)
    return connection.execute(text, constants | _values(viewer, spot) | _spell(run)).fetchall()


def read_incidents(connection: Connection, viewer: Viewer, spot: Spot) -> list[Row]:
    """Its incidents, the newest first: `id`, number, title, title_en, `at`, address."""
    text, constants = incidents_statement(viewer.reach.shape)
    return connection.execute(text, constants | _values(viewer, spot)).fetchall()


@lru_cache(maxsize=128)
def units_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the units of what was found."""
    rows = select(*(hotspot_unit.c[name] for name in (*OF_UNIT, *SCOPE)), NOBODY.label("parties")).subquery("rows")
    estate = place.alias("estate")
    said = ("observed", "exposure", "expected", "is_apart")
    return compiled(
        select(place.c.id, place.c.name, estate.c.name.label("estate"), *(rows.c[name] for name in said))
        .join_from(rows, place, _is_at(place, rows))
        .join(estate, and_(estate.c.street_id == place.c.street_id, estate.c.id == place.c.estate_id), isouter=True)
        .where(rows.c.street_id == STREET, rows.c.hotspot_id == ID, case_locked(rows, reach_of_shape(shape)))
        .order_by(rows.c.observed.desc(), rows.c.expected.desc(), place.c.id)
        .limit(LIMIT)
    )


@lru_cache(maxsize=128)
def evenings_statement(shape: tuple[str, ...], subject: str) -> Statement:
    """The SQL of evenings in the zones of what was found: violations, or cars that stay since then."""
    rows: FromClause = violation if subject == "parking_violation" else zone_stay
    day = rows.c.evening if rows is violation else rows.c.day
    times = func.count() if rows is violation else func.sum(rows.c.begun)
    is_one = rows.c.withdrawn_at.is_(None) if rows is violation else rows.c.begun > 0
    return compiled(
        select(day.label("day"), place.c.id.label("place_id"), place.c.name.label("place"), times.label("times"))
        .select_from(hotspot_unit)
        .join(rows, _is_at(rows, hotspot_unit, "place_id"))
        .join(place, _is_at(place, rows))
        .where(_of_spot(), is_one, day >= BEGINS, day < ENDS, locked(rows, reach_of_shape(shape)))
        .group_by(day, place.c.id, place.c.name)
        .order_by(day.desc(), place.c.id)
        .limit(LIMIT)
    )


@lru_cache(maxsize=128)
def incidents_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the incidents of what was found."""
    is_one = and_(incident.c.street_id == hotspot_unit.c.street_id, incident.c.id == func.any(hotspot_unit.c.cases))
    said = (incident.c.id, incident.c.number, incident.c.reported_at.label("at"), incident.c.address)
    return compiled(
        select(*said, incident_kind.c.title, incident_kind.c.title_en)
        .select_from(hotspot_unit)
        .join(incident, is_one)
        .join(incident_kind, incident_kind.c.code == incident.c.kind)
        .where(_of_spot(), case_locked(incident, reach_of_shape(shape)))
        .order_by(incident.c.reported_at.desc(), incident.c.id.desc())
        .limit(LIMIT)
    )


def _of_spot() -> "ColumnElement[bool]":
    return and_(hotspot_unit.c.street_id == STREET, hotspot_unit.c.hotspot_id == ID)


def _is_at(there: FromClause, rows: FromClause, name: str = "id") -> "ColumnElement[bool]":
    return and_(there.c.street_id == rows.c.street_id, there.c[name] == rows.c.place_id)


def _values(viewer: Viewer, spot: Spot) -> dict[str, Any]:
    return lock_values(viewer) | {"id": spot.id, "street": spot.id >> SERIAL_BITS, "limit": MOST}


def _spell(run: Run) -> dict[str, Any]:
    return {"begins": run.begins, "ends": run.ends}

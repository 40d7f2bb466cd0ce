"""One car from outside with all that the viewer may read of it: history, sightings, violations, notices, bans."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, FromClause, Integer, and_, bindparam, select

from gridmap.db import compiled
from gridmap.db.pools import Connection, Row
from gridmap.read.locks import locked
from gridmap.read.parking.cut import Cut, Statement, cars_locked, values_of
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import (
    SERIAL_BITS,
    ban,
    community,
    parking_notice,
    parking_turn,
    place,
    sighting,
    vehicle,
    violation,
)

STREET, CAR = bindparam("street", type_=Integer), bindparam("car", type_=BigInteger)
COLUMNS = (
    *("street_id", "id", "place_id", "plate_masked", "has_plate", "state", "evenings", "last_on", "counts_since"),
    *("resets_at", "proposed_on", "proposed_at", "proposed_by", "saw", "banned_from", "banned_until", "community_id"),
    *("grid_id", "micro_grid_id", "estate_id", "grids", "revision", "changed_at"),
)
MOST_TURNS, MOST_SEEN, MOST_LOOKS = 200, 60, 100
LOOKS = "SELECT at, roles, why FROM gridmap.vehicle_looks(%s, %s, %s)"


@dataclass(frozen=True, kw_only=True)
class CarRows:
    """The rows of a car; lists with the latest first. `row` also tells `home` and `community`, None where unseen."""

    row: Row
    turns: tuple[Row, ...]
    sightings: tuple[Row, ...]
    violations: tuple[Row, ...]
    notices: tuple[Row, ...]
    bans: tuple[Row, ...]


def read_car_rows(connection: Connection, viewer: Viewer, vehicle_id: int) -> CarRows | None:
    """The car as it was written last; None where the viewer sees none."""
    shape = viewer.reach.shape

    def some(statement: Statement) -> tuple[Row, ...]:
        text, constants = statement
        values = values_of(viewer, Cut(), constants, street=vehicle_id >> SERIAL_BITS, car=vehicle_id)
        return tuple(connection.execute(text, values).fetchall())

    rows = some(car_statement(shape))
    if not rows:
        return None
    return CarRows(
        row=rows[0],
        turns=some(turns_statement(shape)),
        sightings=some(sightings_statement(shape)),
        violations=some(violations_statement(shape)),
        notices=some(notices_statement(shape)),
        bans=some(bans_statement(shape)),
    )


def read_looks(connection: Connection, vehicle_id: int) -> list[Row]:
    """Who has looked at the plate: when, in which roles, and why; never who. The latest first."""
    return connection.execute(LOOKS, (vehicle_id >> SERIAL_BITS, vehicle_id, MOST_LOOKS)).fetchall()


# Statements -----------------------------------------------------------------------------------------------------------


def _of_car(rows: FromClause) -> Any:
    return and_(rows.c.street_id == STREET, rows.c.vehicle_id == CAR)


@lru_cache(maxsize=64)
def car_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of the car itself."""
    reach = reach_of_shape(shape)
    is_home = and_(place.c.street_id == vehicle.c.street_id, place.c.id == vehicle.c.place_id, locked(place, reach))
    is_around = and_(community.c.street_id == vehicle.c.street_id, community.c.id == vehicle.c.community_id)
    return compiled(
        select(*(vehicle.c[name] for name in COLUMNS), place.c.name.label("home"), community.c.name.label("community"))
        .select_from(vehicle)
        .join(place, is_home, isouter=True)
        .join(community, is_around, isouter=True)
        .where(vehicle.c.street_id == STREET, vehicle.c.id == CAR, cars_locked(vehicle, reach))
    )


@lru_cache(maxsize=64)
def turns_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of its history."""
    names = ("action", "from_state", "to_state", "at", "account_id", "evening", "reason")
    seen = cars_locked(parking_turn, reach_of_shape(shape))
    order = (parking_turn.c.at.desc(), parking_turn.c.id.desc())
    chosen = select(*(parking_turn.c[name] for name in names)).where(_of_car(parking_turn), seen)
    return compiled(chosen.order_by(*order).limit(MOST_TURNS))


@lru_cache(maxsize=64)
def bans_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of its bans."""
    names = ("id", "reason", "starts_at", "until", "confirmed_by", "appealed_at", "revoked_at", "revoked_why")
    chosen = select(*(ban.c[name] for name in names)).where(_of_car(ban), cars_locked(ban, reach_of_shape(shape)))
    return compiled(chosen.order_by(ban.c.starts_at.desc(), ban.c.id.desc()))


def _with_zone(shape: tuple[str, ...], rows: FromClause, *names: str) -> Any:
    """Rows that belong to a zone, with its name where that is seen."""
    reach = reach_of_shape(shape)
    is_zone = and_(place.c.street_id == rows.c.street_id, place.c.id == rows.c.place_id, locked(place, reach))
    chosen = select(*(rows.c[name] for name in names), place.c.name.label("zone")).select_from(rows)
    return chosen.join(place, is_zone, isouter=True).where(_of_car(rows), locked(rows, reach))


@lru_cache(maxsize=64)
def sightings_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of when and where it was seen."""
    chosen = _with_zone(shape, sighting, "id", "at", "found", "counted_on", "part")
    listed = chosen.add_columns(sighting.c.photo.is_not(None).label("has_photo"))
    return compiled(listed.order_by(sighting.c.at.desc(), sighting.c.id.desc()).limit(MOST_SEEN))


@lru_cache(maxsize=64)
def violations_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of its violations, those that were taken back among them."""
    chosen = _with_zone(shape, violation, "id", "evening", "at", "is_counted", "withdrawn_at", "withdrawn_why")
    return compiled(chosen.order_by(violation.c.evening.desc(), violation.c.id.desc()).limit(MOST_SEEN))


@lru_cache(maxsize=64)
def notices_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of its notices."""
    chosen = _with_zone(shape, parking_notice, "id", "number", "is_last", "at", "given_how", "given_at")
    return compiled(chosen.order_by(parking_notice.c.at.desc(), parking_notice.c.id.desc()).limit(MOST_SEEN))

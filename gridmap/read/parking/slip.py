"""What the slip of a notice says: whose it is not; the car, the zone, the evening, the price, and whom to ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, select

from gridmap.db import compiled
from gridmap.db.pools import Connection
from gridmap.read.locks import locked
from gridmap.read.parking.cut import Cut, Statement, cars_locked, state_now, values_of
from gridmap.scope import Viewer, reach_of_shape
from gridmap.tables import SERIAL_BITS, community, parking_notice, place, street, vehicle, violation, zone

NOTICE, STREET = bindparam("notice", type_=BigInteger), bindparam("of_street", type_=BigInteger)


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A notice for paper. Prices in yuan, None where the zone has no tariff; `home_id`: whose rules hold."""

    id: int
    vehicle_id: int
    masked: str
    number: int
    is_last: bool
    at: datetime
    given_how: str | None
    given_at: datetime | None
    evening: date
    seen_at: datetime
    withdrawn_at: datetime | None
    state: str
    counts_since: datetime | None
    zone: str | None
    estate: str | None
    community: str | None
    street: str
    hourly_yuan: Decimal | None
    daily_cap_yuan: Decimal | None
    settings: Mapping[str, Any]
    zone_id: int
    home_id: int

    @property
    def is_moot(self) -> bool:
        """Whether it counts no more: its violation was taken back, nothing is open, or all has begun anew since."""
        is_past = self.counts_since is not None and self.at < self.counts_since
        return self.withdrawn_at is not None or self.state == "free" or is_past


def read_slip(connection: Connection, viewer: Viewer, notice_id: int, moment: datetime) -> Slip | None:
    """The notice; None where the viewer sees none."""
    text, constants = slip_statement(viewer.reach.shape)
    values = {"notice": notice_id, "of_street": notice_id >> SERIAL_BITS, "moment": moment}
    row = connection.execute(text, values_of(viewer, Cut(), constants, **values)).fetchone()
    return Slip(**row) if row else None


@lru_cache(maxsize=64)
def slip_statement(shape: tuple[str, ...]) -> Statement:
    """The SQL of one notice with all that stands on its slip."""
    reach, of = reach_of_shape(shape), parking_notice.c
    around = place.alias("around")
    is_car = and_(vehicle.c.street_id == of.street_id, vehicle.c.id == of.vehicle_id, cars_locked(vehicle, reach))
    is_violation = and_(violation.c.street_id == of.street_id, violation.c.id == of.violation_id)
    is_place = and_(place.c.street_id == of.street_id, place.c.id == of.place_id, locked(place, reach))
    is_around = and_(around.c.street_id == of.street_id, around.c.id == of.estate_id, locked(around, reach))
    return compiled(
        select(
            *(of[name] for name in ("id", "vehicle_id", "number", "is_last", "at", "given_how", "given_at")),
            of.place_id.label("zone_id"),
            vehicle.c.place_id.label("home_id"),
            vehicle.c.plate_masked.label("masked"),
            state_now(vehicle).label("state"),
            vehicle.c.counts_since,
            violation.c.evening,
            violation.c.at.label("seen_at"),
            violation.c.withdrawn_at,
            place.c.name.label("zone"),
            around.c.name.label("estate"),
            community.c.name.label("community"),
            street.c.name.label("street"),
            street.c.settings,
            zone.c.hourly_yuan,
            zone.c.daily_cap_yuan,
        )
        .select_from(parking_notice)
        .join(vehicle, is_car)
        .join(violation, is_violation)
        .join(street, street.c.id == of.street_id)
        .join(place, is_place, isouter=True)
        .join(around, is_around, isouter=True)
        .join(zone, and_(zone.c.street_id == of.street_id, zone.c.place_id == of.place_id), isouter=True)
        .join(community, and_(community.c.street_id == of.street_id, community.c.id == of.community_id), isouter=True)
        .where(of.street_id == STREET, of.id == NOTICE, locked(parking_notice, reach))
    )

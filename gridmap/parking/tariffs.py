"""Deciding what a zone costs, and three stays that show what that means."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.ruling import leads
from gridmap.parking.tariff import DayKind, Tariff, fee
from gridmap.parking.writing import LAYERS

STAYS = (timedelta(minutes=6), timedelta(hours=8), timedelta(hours=23))
"""What the rule of the estates is told by: less than an hour, the whole day, and nearly 24 hours."""
ENTRY = time(8)
ZONE = """
SELECT p.street_id, p.id, p.kind, p.community_id, p.revision, z.hourly_yuan, z.daily_cap_yuan, z.tariff_day
FROM gridmap.place p LEFT JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
WHERE p.street_id = %s AND p.id = %s FOR NO KEY UPDATE OF p
"""
CHANGE = """
UPDATE gridmap.zone SET hourly_yuan = %(hourly)s, daily_cap_yuan = %(cap)s, tariff_day = %(day)s
WHERE street_id = %(street_id)s AND place_id = %(id)s
"""
MARK = """
UPDATE gridmap.place SET revision = revision + 1, changed_at = %(now)s, changed_by = %(account)s
WHERE street_id = %(street_id)s AND id = %(id)s
"""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A stay and what it costs, in yuan."""

    entered: datetime
    left: datetime
    fee: Decimal


def examples(tariff: Tariff, day: date) -> tuple[Example, ...]:
    """What six minutes, 8 and 23 hours cost whoever comes in at 8 on that day."""
    entered = datetime.combine(day, ENTRY, OFFICE)
    return tuple(
        Example(entered=entered, left=entered + stayed, fee=fee(tariff, entered, entered + stayed)) for stayed in STAYS
    )


def tariff_of(row: Mapping[str, Any]) -> Tariff | None:
    """The price out of a row of a zone; None where it has none."""
    if row["hourly_yuan"] is None:
        return None
    return Tariff(hourly=row["hourly_yuan"], daily_cap=row["daily_cap_yuan"], day=DayKind(row["tariff_day"]))


def set_tariff(connection: Connection, by: Actor, zone_id: int, tariff: Tariff | None, *, revision: int) -> None:
    """Decide what a zone costs; None: nothing. `revision`: of the zone as a place.

    Raises LookupError where the viewer sees no such place, ParkingProblem("not_a_zone" | "not_yours" | "changed").
    """
    zone = connection.execute(ZONE, (zone_id >> 32, zone_id)).fetchone()
    if zone is None:
        raise LookupError(zone_id)
    if zone["kind"] != "zone":
        raise ParkingProblem("not_a_zone")
    if not leads(connection, by, zone):
        raise ParkingProblem("not_yours")
    if zone["revision"] != revision:
        raise ParkingProblem("changed")
    before = tariff_of(zone)
    if before == tariff:
        return
    values = {
        "street_id": zone["street_id"],
        "id": zone["id"],
        "hourly": tariff and tariff.hourly,
        "cap": tariff and tariff.daily_cap,
        "day": tariff and str(tariff.day),
        "now": by.business_at,
        "account": by.account_id,
    }
    connection.execute(CHANGE, values)
    connection.execute(MARK, values)
    write_audit(
        connection,
        action="set_tariff",
        subject="place",
        subject_id=zone["id"],
        street_id=zone["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        before=tariff_words(before),
        after=tariff_words(tariff),
    )
    announce(connection, zone["street_id"], LAYERS)


def tariff_words(tariff: Tariff | None) -> dict[str, str]:
    """A price as a form shows it and the audit keeps it; empty where there is none."""
    if tariff is None:
        return {}
    return {"hourly": f"{tariff.hourly:f}", "daily_cap": f"{tariff.daily_cap:f}", "day": str(tariff.day)}

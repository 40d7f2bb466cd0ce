"""As what somebody acts on a car, from the grants of the account."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.incidents.capacities import ON_DUTY, Standing, read_standing
from gridmap.parking.machine import Capacity

SAW = """
SELECT FROM gridmap.violation
WHERE street_id = %s AND vehicle_id = %s AND evening = %s AND account_id = %s AND withdrawn_at IS NULL
"""


def may_watch(holds: Standing, place: Mapping[str, Any]) -> bool:
    """Whether the account is on duty there, or in a part of it.

    `place`: a zone, or what belongs to an estate as a whole (a car, a known one), with the `grids` of its parts.
    """
    parts = place.get("grids")
    if holds.is_on_duty(ON_DUTY, place):
        return True
    return parts is not None and any(
        not set(area.grids).isdisjoint(parts) or place["place_id"] in area.homes
        for role, area in holds.areas.items()
        if role in ON_DUTY
    )


def capacities(
    connection: Connection, by: Actor, row: Mapping[str, Any], evening: date | None = None
) -> frozenset[Capacity]:
    """As what the account acts on the car; `evening`: of the violation that is meant, which it may have seen itself."""
    holds = read_standing(connection, by)
    if holds.is_office:
        return frozenset({Capacity.OFFICE})
    found = set()
    if may_watch(holds, row):
        found.add(Capacity.WATCHER)
    if holds.has_over("leader", row):
        found.add(Capacity.DECIDER)
    if (
        evening is not None
        and connection.execute(SAW, (row["street_id"], row["id"], evening, by.account_id)).fetchone() is not None
    ):
        found.add(Capacity.SEER)
    return frozenset(found)

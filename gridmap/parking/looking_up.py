"""Plates in clear, photos that show one, cars by a typed plate: for those on duty there, with a reason that is kept."""

from collections.abc import Collection

from gridmap.accounts import Actor
from gridmap.audit import write_audit
from gridmap.db.pools import Connection
from gridmap.incidents.capacities import read_standing
from gridmap.parking.capacities import may_watch
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.plates import hash_plate, read_plate
from gridmap.parking.standing import MOST_REASON

CAR = """
SELECT v.street_id, v.id, v.place_id, v.community_id, v.grid_id, v.micro_grid_id, v.estate_id, v.grids
FROM gridmap.vehicle v WHERE v.street_id = %s AND v.id = %s
"""
UNMASK = "SELECT plate FROM gridmap.unmask_vehicles(%s, %s, %s, %s)"
PHOTO = """
SELECT vehicle_id, photo, street_id, place_id, community_id, grid_id, micro_grid_id, estate_id FROM gridmap.sighting
WHERE street_id = %s AND id = %s AND photo IS NOT NULL
"""
FOUND = """
SELECT v.street_id, v.id, v.place_id, v.community_id, v.grid_id, v.micro_grid_id, v.estate_id, v.grids
FROM unnest(%s::int[], %s::bytea[]) AS sought (street_id, plate_hash)
JOIN gridmap.vehicle v ON v.street_id = sought.street_id AND v.plate_hash = sought.plate_hash
ORDER BY v.street_id, v.id
"""


def show_plate(connection: Connection, by: Actor, vehicle_id: int, reason: str) -> str | None:
    """The plate of a car in clear; None where none is kept, because nothing is open.

    The look is written down with its reason. Raises LookupError where the viewer sees no such car,
    ParkingProblem("nobody" | "not_yours" | "needs_reason" | "reason").
    """
    reason = checked_reason(by, reason)
    row = connection.execute(CAR, (vehicle_id >> 32, vehicle_id)).fetchone()
    if row is None:
        raise LookupError(vehicle_id)
    if not may_watch(read_standing(connection, by), row):
        raise ParkingProblem("not_yours")
    shown = connection.execute(UNMASK, (row["street_id"], [vehicle_id], reason, by.business_at)).fetchone()
    return None if shown is None else str(shown["plate"])


def show_photo(connection: Connection, by: Actor, sighting_id: int, reason: str) -> bytes | None:
    """The SHA-256 of the photo of a sighting; None where nothing is open of its car any more.

    A photo shows the plate: looking at it is looking the plate up, and is written down so. Raises LookupError where the
    viewer sees no such photo, ParkingProblem("nobody" | "not_yours" | "needs_reason" | "reason").
    """
    reason = checked_reason(by, reason)
    row = connection.execute(PHOTO, (sighting_id >> 32, sighting_id)).fetchone()
    if row is None:
        raise LookupError(sighting_id)
    if not may_watch(read_standing(connection, by), row):
        raise ParkingProblem("not_yours")
    values = (row["street_id"], [row["vehicle_id"]], reason, by.business_at)
    return bytes(row["photo"]) if connection.execute(UNMASK, values).fetchone() else None


def find_cars(
    connection: Connection, by: Actor, key: bytes, streets: Collection[int], typed: str, reason: str
) -> tuple[int, ...]:
    """The cars with the plate that was typed, in the estates that the account is on duty in; also those long done with.

    The look is written down with its reason, never the plate. Raises UnreadablePlate, ParkingProblem as above.
    """
    reason = checked_reason(by, reason)
    plate = read_plate(typed)
    asked = sorted(streets)
    hashes = [hash_plate(key, street, plate) for street in asked]
    rows = connection.execute(FOUND, (asked, hashes)).fetchall()
    holds = read_standing(connection, by)
    found = tuple(row["id"] for row in rows if may_watch(holds, row))
    for vehicle_id in found or (None,):
        write_audit(
            connection,
            action="look_up_plate",
            subject="vehicle",
            subject_id=vehicle_id,
            street_id=0 if vehicle_id is None else vehicle_id >> 32,
            business_at=by.business_at,
            account_id=by.account_id,
            after={"masked": plate.masked},
            why=reason,
        )
    return found


def checked_reason(by: Actor, reason: str) -> str:
    """The reason, trimmed. Raises ParkingProblem where there is none, or nobody who gives it."""
    if by.account_id is None:
        raise ParkingProblem("nobody")
    plain = reason.strip()
    if not plain:
        raise ParkingProblem("needs_reason")
    if len(plain) > MOST_REASON:
        raise ParkingProblem("reason")
    return plain

"""The photo of a sighting. It shows the plate, so it is kept as the plate is: only while a notice or a ban is open.

It follows the sighting by the id under which that was sent, and is put to it by whoever sent it; of a car that is left
alone nothing is kept, and a photo least of all. Looking at one asks for a reason, as the plate does.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from gridmap.accounts import Actor
from gridmap.audit import write_audit
from gridmap.db.pools import Connection
from gridmap.files import Kept, add_file
from gridmap.parking.errors import ParkingProblem

SENT = "SELECT answer FROM gridmap.submission WHERE street_id = %s AND sent_id = %s"
SIGHTING = """
SELECT s.street_id, s.id, s.vehicle_id, s.photo, s.community_id, s.grid_id, s.micro_grid_id, s.estate_id,
  gridmap.parking_state(v.state, v.banned_until, v.resets_at, %(now)s) <> 'free' AS is_open
FROM gridmap.sighting s JOIN gridmap.vehicle v ON v.street_id = s.street_id AND v.id = s.vehicle_id
WHERE s.street_id = %(street)s AND s.id = %(sighting)s AND s.account_id = %(account)s
FOR NO KEY UPDATE OF s
"""
PUT = "UPDATE gridmap.sighting SET photo = %s WHERE street_id = %s AND id = %s"


def wants_photo(connection: Connection, by: Actor, street_id: int, sent_id: UUID) -> bool:
    """Whether a photo of what was sent under that id would be kept. Raises LookupError where none was sent so."""
    return _sighting(connection, by, street_id, sent_id) is not None


def add_photo(connection: Connection, by: Actor, street_id: int, sent_id: UUID, kept: Kept) -> bool:
    """Put a kept picture to the own sighting that was sent under that id; False where none is kept of the car.

    The same picture is taken once. Raises LookupError, ParkingProblem("photo") where there is another one.
    """
    row = _sighting(connection, by, street_id, sent_id)
    if row is None:
        return False
    if row["photo"] is not None:
        if bytes(row["photo"]) != kept.sha256:
            raise ParkingProblem("photo")
        return True
    add_file(connection, street_id, kept, by.account_id, row)
    connection.execute(PUT, (kept.sha256, street_id, row["id"]))
    write_audit(
        connection,
        action="photograph_vehicle",
        subject="vehicle",
        subject_id=row["vehicle_id"],
        street_id=street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        after={"sighting": row["id"]},
    )
    return True


def _sighting(connection: Connection, by: Actor, street_id: int, sent_id: UUID) -> Mapping[str, Any] | None:
    """The row of the own sighting, locked; None where nothing may be kept of its car."""
    sent = connection.execute(SENT, (street_id, sent_id)).fetchone()
    if sent is None or "sighting_id" not in (sent["answer"] or {}):
        raise LookupError(sent_id)
    if sent["answer"]["sighting_id"] is None:
        return None
    values = {
        "street": street_id,
        "sighting": sent["answer"]["sighting_id"],
        "account": by.account_id,
        "now": by.business_at,
    }
    row = connection.execute(SIGHTING, values).fetchone()
    if row is None:
        raise LookupError(sent_id)
    return row if row["is_open"] else None

"""What is kept of cars from outside, and until when: the rule, pure, and the steps of the nightly round that follow it.

Sightings go 30 days after the last thing that was open has ended, plates in clear with it at once; what is left is a
violation with its evening and a hash that only the key of the installation makes. A dry run of the round only counts.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from gridmap.clock import Clock
from gridmap.db.pools import Connection
from gridmap.parking.standing import Standing

SIGHTINGS_KEPT = timedelta(days=30)
KNOWN_KEPT = timedelta(days=30)
"""So long after its end an exemption is still listed."""
PHOTOS = """
WITH ended AS (
  SELECT s.street_id, s.id, s.photo
  FROM gridmap.sighting s JOIN gridmap.vehicle v ON v.street_id = s.street_id AND v.id = s.vehicle_id
  WHERE s.photo IS NOT NULL AND gridmap.parking_state(v.state, v.banned_until, v.resets_at, %(now)s) = 'free'
), bare AS (
  UPDATE gridmap.sighting s SET photo = NULL FROM ended e
  WHERE s.street_id = e.street_id AND s.id = e.id RETURNING s.id
), gone AS (
  -- the same picture may belong to something else as well
  DELETE FROM gridmap.file f USING (SELECT DISTINCT street_id, photo FROM ended) e
  WHERE f.street_id = e.street_id AND f.sha256 = e.photo
    AND NOT EXISTS (SELECT FROM gridmap.inspection i WHERE i.street_id = f.street_id AND i.photo = f.sha256)
    AND NOT EXISTS (SELECT FROM gridmap.incident_photo p WHERE p.street_id = f.street_id AND p.sha256 = f.sha256)
    AND NOT EXISTS (
      SELECT FROM gridmap.sighting k
      WHERE k.street_id = f.street_id AND k.photo = f.sha256
        AND NOT EXISTS (SELECT FROM ended o WHERE o.street_id = k.street_id AND o.id = k.id))
)
SELECT count(*)::integer AS found FROM bare
"""
BARE_CARS = """
SELECT v.street_id, v.id FROM gridmap.vehicle v
WHERE gridmap.parking_state(v.state, v.banned_until, v.resets_at, %(now)s) = 'free' AND v.changed_at <= %(old)s
  AND NOT EXISTS (SELECT FROM gridmap.sighting s WHERE s.street_id = v.street_id AND s.vehicle_id = v.id)
  AND NOT EXISTS (SELECT FROM gridmap.violation o WHERE o.street_id = v.street_id AND o.vehicle_id = v.id)
  AND NOT EXISTS (SELECT FROM gridmap.parking_turn t WHERE t.street_id = v.street_id AND t.vehicle_id = v.id)
"""


def open_until(standing: Standing) -> datetime | None:
    """When the notice, proposal or ban that is open ends by itself; None where nothing is open."""
    return standing.resets_at if standing.ban is None else standing.ban.until


def keeps_plate(standing: Standing, now: datetime) -> bool:
    """Whether the plate is kept in clear: only while something is open, to the second."""
    until = open_until(standing)
    return until is not None and now < until


def sighting_goes_at(standing: Standing, seen_at: datetime) -> datetime:
    """From when a sighting is forgotten: 30 days after it, and after the last notice or ban of its car has ended."""
    ends = (seen_at, open_until(standing), standing.counts_since)
    return max(end for end in ends if end is not None) + SIGHTINGS_KEPT


def forget_photos(connection: Connection, clock: Clock) -> int:
    """Photos of cars that have nothing open any more: they show the plate. Their files go with the night's sweep."""
    row = connection.execute(PHOTOS, {"now": clock.now()}).fetchone()
    return int((row or {"found": 0})["found"])


def forget_plates(connection: Connection, clock: Clock) -> int:
    """Plates in clear of cars that have nothing open any more; the hash finds them again."""
    return connection.execute(
        "UPDATE gridmap.vehicle SET plate = NULL"
        " WHERE has_plate AND state <> 'free' AND gridmap.parking_state(state, banned_until, resets_at, %s) = 'free'",
        (clock.now(),),
    ).rowcount


def forget_sightings(connection: Connection, clock: Clock) -> int:
    """Sightings 30 days after the last thing that was open; violations stay, with their evening alone."""
    return connection.execute(
        "DELETE FROM gridmap.sighting s USING gridmap.vehicle v"
        " WHERE v.street_id = s.street_id AND v.id = s.vehicle_id"
        " AND greatest(s.at, coalesce(v.banned_until, v.resets_at), v.counts_since) <= %s",
        (clock.now() - SIGHTINGS_KEPT,),
    ).rowcount


def forget_vehicles(connection: Connection, clock: Clock) -> int:
    """Cars of which nothing is left but their hash."""
    values: dict[str, Any] = {"now": clock.now(), "old": clock.now() - SIGHTINGS_KEPT}
    # whoever is just being seen is left for another night; what was seen until the lock is looked at after it
    rows = connection.execute(BARE_CARS + " FOR UPDATE SKIP LOCKED", values).fetchall()
    values["ids"] = [row["id"] for row in rows]
    found = f"DELETE FROM gridmap.vehicle WHERE id = ANY (%(ids)s) AND (street_id, id) IN ({BARE_CARS})"  # noqa: S608 - constant
    return connection.execute(found, values).rowcount


def forget_known(connection: Connection, clock: Clock) -> int:
    """Visits and other exemptions that ended 30 days ago, and cars whose registration did."""
    return connection.execute(
        "DELETE FROM gridmap.known_vehicle WHERE upper(valid) <= %s", (clock.now() - KNOWN_KEPT,)
    ).rowcount


FORGETTING: Mapping[str, Callable[[Connection, Clock], int]] = {
    "photos of cars forgotten": forget_photos,
    "plates forgotten": forget_plates,
    "sightings of cars forgotten": forget_sightings,
    "cars forgotten": forget_vehicles,
    "ended exemptions of cars forgotten": forget_known,
}
"""Steps of the nightly round, in their order; each tells how many rows it did, or would do in a dry run."""

"""What is to be done in one's zones on an evening: cars that should have gone, notices to hand out.

Masks only; zones are the caller's to choose, and row security keeps to what the viewer sees.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from gridmap.db.pools import Connection, Row

NOTICES_BACK = timedelta(days=30)
"""A notice that nobody handed out for so long is no reminder of an evening any more."""
MOST_ROWS = 200
SEEN = """
SELECT o.id, o.vehicle_id, o.place_id, p.name AS zone, o.at, o.is_counted, v.plate_masked AS masked,
  gridmap.parking_state(v.state, v.banned_until, v.resets_at, %(now)s) AS state, cardinality(v.evenings) AS evenings,
  f.id AS photo_id
FROM gridmap.violation o
JOIN gridmap.place p ON p.street_id = o.street_id AND p.id = o.place_id
JOIN gridmap.vehicle v ON v.street_id = o.street_id AND v.id = o.vehicle_id
LEFT JOIN LATERAL (
  SELECT s.id FROM gridmap.sighting s
  WHERE s.street_id = o.street_id AND s.vehicle_id = o.vehicle_id AND s.place_id = o.place_id AND s.photo IS NOT NULL
    AND s.at >= o.at
  ORDER BY s.at LIMIT 1
) f ON true
WHERE o.street_id = ANY (%(streets)s) AND o.place_id = ANY (%(zones)s) AND o.evening = %(evening)s
  AND o.withdrawn_at IS NULL
ORDER BY p.name, o.at DESC, o.id DESC LIMIT %(limit)s
"""
TO_GIVE = """
SELECT n.id, n.vehicle_id, n.place_id, p.name AS zone, n.number, n.is_last, n.at, v.plate_masked AS masked
FROM gridmap.parking_notice n
JOIN gridmap.violation o ON o.street_id = n.street_id AND o.id = n.violation_id AND o.withdrawn_at IS NULL
JOIN gridmap.place p ON p.street_id = n.street_id AND p.id = n.place_id
JOIN gridmap.vehicle v ON v.street_id = n.street_id AND v.id = n.vehicle_id
WHERE n.street_id = ANY (%(streets)s) AND n.place_id = ANY (%(zones)s) AND n.given_how IS NULL AND n.at > %(since)s
  AND gridmap.parking_state(v.state, v.banned_until, v.resets_at, %(now)s) <> 'free'
  AND (v.counts_since IS NULL OR n.at >= v.counts_since)
ORDER BY n.at DESC, n.id DESC LIMIT %(limit)s
"""


def read_seen(connection: Connection, zones: Sequence[int], evening: date, now: datetime) -> list[Row]:
    """The violations of an evening in these zones: the car masked, its state now, the sighting that has a photo."""
    return connection.execute(SEEN, _values(zones) | {"evening": evening, "now": now}).fetchall()


def read_to_give(connection: Connection, zones: Sequence[int], now: datetime) -> list[Row]:
    """The notices of cars seen in these zones that nobody has handed out yet, the newest first."""
    return connection.execute(TO_GIVE, _values(zones) | {"since": now - NOTICES_BACK, "now": now}).fetchall()


def _values(zones: Sequence[int]) -> dict[str, Any]:
    return {"zones": list(zones), "streets": sorted({zone >> 32 for zone in zones}), "limit": MOST_ROWS}

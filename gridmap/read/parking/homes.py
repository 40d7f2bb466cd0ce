"""Estates (and zones that lie in none) with what was decided there, their zones and gates: as far as one sees them."""

from typing import Any

from gridmap.db.pools import Connection
from gridmap.scope import Viewer
from gridmap.tables.parking import GATE_KINDS

SEEN = "(%(city)s OR p.street_id = ANY (%(near)s::integer[])) AND upper_inf(p.valid)"
HOMES = f"""
WITH zones AS (
  SELECT p.street_id, coalesce(p.estate_id, p.id) AS id, min(p.community_id) AS community_id, min(p.code) AS code,
    count(*) AS zones, sum(z.capacity) AS capacity, array_agg(p.name ORDER BY p.name, p.id) AS names
  FROM gridmap.place p JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
  WHERE p.kind = 'zone' AND {SEEN} GROUP BY 1, 2
), estates AS (
  SELECT p.street_id, p.id, p.community_id, p.code, p.name FROM gridmap.place p WHERE p.kind = 'estate' AND {SEEN}
)
SELECT h.*, s.name AS street, c.name AS community, r.place_id IS NOT NULL AS is_decided, r.leave_by,
  r.tolerance_minutes, r.free_from, r.evenings, r.notices, r.ban_on, r.ban_months, r.clean_months, r.stay_counts,
  k.known
FROM (
  SELECT street_id, id, coalesce(e.name, CASE WHEN cardinality(z.names) = 1 THEN z.names[1] END) AS name, z.names,
    coalesce(e.code, z.code) AS code, coalesce(e.community_id, z.community_id) AS community_id,
    coalesce(z.zones, 0) AS zones, z.capacity
  FROM estates e FULL JOIN zones z USING (street_id, id)
) h
JOIN gridmap.street s ON s.id = h.street_id
LEFT JOIN gridmap.community c ON c.street_id = h.street_id AND c.id = h.community_id
LEFT JOIN gridmap.parking_rule r ON r.street_id = h.street_id AND r.place_id = h.id
LEFT JOIN LATERAL (
  SELECT count(*) AS known FROM gridmap.known_vehicle v
  WHERE %(counts)s AND v.street_id = h.street_id AND v.place_id = h.id AND v.valid @> %(now)s::timestamptz
) k ON true
WHERE %(text)s = ''
  OR strpos(lower(concat_ws(' ', h.name, h.code, array_to_string(h.names, ' '), c.name)), %(text)s) > 0
ORDER BY (h.zones = 0 AND r.place_id IS NULL AND k.known = 0), s.code, c.code, h.name, h.id
LIMIT %(limit)s OFFSET %(offset)s
"""  # noqa: S608 - our own words
PLACE = """
SELECT p.street_id, p.id, p.kind, p.name, p.code, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id, p.revision,
  e.name AS estate, s.name AS street, c.name AS community, z.capacity, z.hourly_yuan, z.daily_cap_yuan, z.tariff_day
FROM gridmap.place p
JOIN gridmap.street s ON s.id = p.street_id
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id AND e.id <> p.id
LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
LEFT JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
WHERE p.street_id = %s AND p.id = %s AND p.kind IN ('estate', 'zone')
"""
ZONES = f"""
SELECT p.id, p.street_id, p.community_id, p.name, p.code, p.estate_id, e.name AS estate, c.name AS community,
  s.name AS street, z.capacity,
  coalesce(z.details ->> 'site', 'ground') AS site, z.hourly_yuan, z.daily_cap_yuan, z.tariff_day, p.geom IS NOT NULL
  AND public.st_dimension(p.geom) = 2 AS is_drawn, n.counted_at, r.leave_by, r.tolerance_minutes, r.free_from,
  r.evenings, r.notices, r.ban_on, r.ban_months, r.clean_months, r.stay_counts, r.place_id IS NOT NULL AS is_decided
FROM gridmap.place p
JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
JOIN gridmap.street s ON s.id = p.street_id
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id
LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
LEFT JOIN gridmap.parking_rule r ON r.street_id = p.street_id AND r.place_id = p.id
LEFT JOIN LATERAL (
  SELECT v.counted_at FROM gridmap.vehicle_count v
  WHERE v.street_id = p.street_id AND v.place_id = p.id ORDER BY v.counted_on DESC, v.counted_at DESC LIMIT 1
) n ON true
WHERE p.kind = 'zone' AND {SEEN} AND (%(home)s::bigint IS NULL OR p.estate_id = %(home)s)
ORDER BY s.code, e.name NULLS LAST, p.name, p.id LIMIT %(limit)s OFFSET %(offset)s
"""  # noqa: S608 - our own words
GATES = f"""
SELECT p.id, p.name, e.name AS estate, s.name AS street, g.width_m, coalesce(g.barrier, 'none') AS barrier
FROM gridmap.place p
JOIN gridmap.facility f ON f.street_id = p.street_id AND f.place_id = p.id AND f.kind = ANY (%(kinds)s)
JOIN gridmap.street s ON s.id = p.street_id
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id
LEFT JOIN gridmap.gate g ON g.street_id = p.street_id AND g.place_id = p.id
WHERE p.kind = 'facility' AND {SEEN} AND (%(home)s::bigint IS NULL OR p.estate_id = %(home)s)
ORDER BY s.code, e.name NULLS LAST, p.name, p.id LIMIT %(limit)s OFFSET %(offset)s
"""  # noqa: S608 - our own words


def read_homes(
    connection: Connection, viewer: Viewer, now: Any, *, text: str, counts: bool, limit: int, offset: int
) -> list[dict[str, Any]]:
    """Estates in the viewer's reach, those where cars are parked first; with what was decided, if anything was.

    An estate of which the viewer sees only zones is called by these: `name` is null where there are several. `counts`:
    with how many cars are known there now.
    """
    values = {**_seen(viewer), "now": now, "text": text.lower(), "counts": counts, "limit": limit, "offset": offset}
    return connection.execute(HOMES, values).fetchall()


def read_parking_place(connection: Connection, place_id: int) -> dict[str, Any] | None:
    """An estate or a zone with its price; None where the viewer sees none."""
    return connection.execute(PLACE, (place_id >> 32, place_id)).fetchone()


def read_zones(
    connection: Connection, viewer: Viewer, *, home: int | None = None, limit: int = 500, offset: int = 0
) -> list[dict[str, Any]]:
    """Zones in the viewer's reach, or those of an estate: places, price, when they were counted last, own hours."""
    values = {**_seen(viewer), "home": home, "limit": limit, "offset": offset}
    return connection.execute(ZONES, values).fetchall()


def read_gates(
    connection: Connection, viewer: Viewer, *, home: int | None = None, limit: int = 500, offset: int = 0
) -> list[dict[str, Any]]:
    """Gates in the viewer's reach, or those of an estate: how wide, and with which barrier."""
    values = {**_seen(viewer), "home": home, "kinds": list(GATE_KINDS), "limit": limit, "offset": offset}
    return connection.execute(GATES, values).fetchall()


def _seen(viewer: Viewer) -> dict[str, Any]:
    """The streets in which something is seen lead every index; row security says what of them."""
    return {"city": viewer.reach.is_city, "near": list(viewer.reach.near)}

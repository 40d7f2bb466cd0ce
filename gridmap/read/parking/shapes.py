"""The shapes of zones, gates and estates for the page that draws them: GeoJSON of what the viewer sees."""

from typing import Any

from gridmap.coords import BBox
from gridmap.db.pools import Connection
from gridmap.scope import Viewer
from gridmap.tables.parking import GATE_KINDS

MOST_SHAPES = 400
SHAPES = """
SELECT p.id, p.kind, p.name, public.st_asgeojson(p.geom, 7)::json AS geometry
FROM gridmap.place p
LEFT JOIN gridmap.facility f ON f.street_id = p.street_id AND f.place_id = p.id
WHERE (%(city)s OR p.street_id = ANY (%(near)s::integer[])) AND (p.kind = 'zone' OR f.kind = ANY (%(kinds)s))
  AND upper_inf(p.valid)
  AND p.geom && public.st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
ORDER BY p.kind DESC, p.id LIMIT %(limit)s
"""
ONE = """
SELECT p.id, p.street_id, p.kind, p.name, p.code, p.revision, p.changed_at, z.capacity,
  coalesce(z.details ->> 'site', 'ground') AS site, f.kind AS facility_kind, e.name AS estate, c.name AS community,
  p.community_id, p.estate_id, NOT upper_inf(p.valid) AS is_ended, upper(p.valid) AS ended_on,
  z.hourly_yuan, z.daily_cap_yuan, z.tariff_day,
  public.st_asgeojson(p.geom, 7) AS geometry, public.st_dimension(p.geom) = 2 AS is_drawn,
  public.st_xmin(p.geom) AS west, public.st_ymin(p.geom) AS south, public.st_xmax(p.geom) AS east,
  public.st_ymax(p.geom) AS north
FROM gridmap.place p
LEFT JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
LEFT JOIN gridmap.facility f ON f.street_id = p.street_id AND f.place_id = p.id
LEFT JOIN gridmap.place e ON e.street_id = p.street_id AND e.id = p.estate_id
LEFT JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id
WHERE p.street_id = %s AND p.id = %s AND (p.kind = 'zone' OR f.kind = ANY (%s))
"""


KEPT = """
SELECT (SELECT count(*) FROM gridmap.vehicle_count WHERE street_id = %(street)s AND place_id = %(place)s) AS counts,
  (SELECT count(*) FROM gridmap.violation WHERE street_id = %(street)s AND place_id = %(place)s) AS violations,
  (SELECT count(*) FROM gridmap.slot WHERE street_id = %(street)s AND place_id = %(place)s AND state = 'due') AS due
"""


def read_shapes(connection: Connection, viewer: Viewer, within: BBox) -> list[dict[str, Any]]:
    """Zones and gates within a window, as GeoJSON features with `kind` and `name`; degrees, EPSG:4326."""
    sides = {"west": within.west, "south": within.south, "east": within.east, "north": within.north}
    seen = {"city": viewer.reach.is_city, "near": list(viewer.reach.near)}
    values = {**sides, **seen, "kinds": list(GATE_KINDS), "limit": MOST_SHAPES}
    return [
        {
            "type": "Feature",
            "id": row["id"],
            "geometry": row["geometry"],
            "properties": {"kind": row["kind"], "name": row["name"]},
        }
        for row in connection.execute(SHAPES, values).fetchall()
    ]


def read_drawn(connection: Connection, place_id: int) -> dict[str, Any] | None:
    """A zone or a gate with its shape as GeoJSON text and its window; None where the viewer sees no such one."""
    return connection.execute(ONE, (place_id >> 32, place_id, list(GATE_KINDS))).fetchone()


def read_kept(connection: Connection, place_id: int) -> dict[str, int]:
    """What hangs on a zone or a gate: its `counts` and `violations`, which stay, and checks that are `due` there."""
    return dict(connection.execute(KEPT, {"street": place_id >> 32, "place": place_id}).fetchone() or {})

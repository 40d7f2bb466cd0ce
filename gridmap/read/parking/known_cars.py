"""Cars that an estate knows: masked, as what, until when, and why; and how many of each."""

from datetime import datetime
from typing import Any

from gridmap.db.pools import Connection

SHOWS = ("now", "ended", "all")
ROWS = """
SELECT k.id, k.kind, k.plate_masked, lower(k.valid) AS since, upper(k.valid) AS until, k.note, k.revision,
  k.valid @> %(now)s::timestamptz AS holds
FROM gridmap.known_vehicle k
WHERE k.street_id = %(street)s AND k.place_id = %(home)s AND (%(kind)s = '' OR k.kind = %(kind)s)
  AND CASE %(show)s WHEN 'now' THEN NOT upper(k.valid) <= %(now)s OR upper_inf(k.valid)
    WHEN 'ended' THEN upper(k.valid) <= %(now)s ELSE true END
  AND (%(mask)s = '' OR strpos(k.plate_masked, %(mask)s) > 0)
ORDER BY k.kind <> 'visitor', upper(k.valid) NULLS LAST, k.plate_masked, k.id
LIMIT %(limit)s OFFSET %(offset)s
"""
COUNTS = """
SELECT kind, count(*) AS cars FROM gridmap.known_vehicle
WHERE street_id = %s AND place_id = %s AND valid @> %s::timestamptz GROUP BY kind
"""


def read_known_cars(
    connection: Connection,
    home_id: int,
    now: datetime,
    *,
    show: str = "now",
    kind: str = "",
    mask: str = "",
    limit: int,
    offset: int,
) -> list[dict[str, Any]]:
    """The cars that the estate knows, those that hold now, that have ended, or all; visitors first, by their end.

    `mask`: a piece of the masked plate, as it can be read off a car.
    """
    values = {"street": home_id >> 32, "home": home_id, "now": now, "show": show, "kind": kind, "mask": mask}
    return connection.execute(ROWS, values | {"limit": limit, "offset": offset}).fetchall()


def count_known_cars(connection: Connection, home_id: int, now: datetime) -> dict[str, int]:
    """How many cars are known now, by kind."""
    rows = connection.execute(COUNTS, (home_id >> 32, home_id, now)).fetchall()
    return {row["kind"]: row["cars"] for row in rows}

"""Which tiles are asked for: tiles that hold buildings, each sample of them once."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from gridmap.api.tiles import end_of
from gridmap.db.pools import Connection
from gridmap.layer import Layer
from gridmap.read import Asked, Tile

DAYS = 3_000
"""So many days ahead make other cache entries of the same tile; what is on it is the same."""

# the hash spreads the tiles over the whole of what is seen, the same ones in each run
WITH_BUILDINGS = """
WITH at AS (
  SELECT floor((ST_X(label_3857) + 20037508.342789244) / 40075016.685578488 * 2 ^ %(z)s)::int AS x,
         floor((20037508.342789244 - ST_Y(label_3857)) / 40075016.685578488 * 2 ^ %(z)s)::int AS y
  FROM gridmap.place WHERE kind = 'building' AND label_3857 IS NOT NULL
)
SELECT x, y FROM at GROUP BY x, y HAVING count(*) >= %(least)s
ORDER BY hashint8(x * 65536::bigint + y), x, y LIMIT %(limit)s
"""
LEAST = 5


@dataclass(frozen=True)
class Sample:
    """A tile on a day."""

    tile: Tile
    day: date

    @property
    def asked(self) -> Asked:
        """What the reader is asked."""
        return Asked(as_of=end_of(self.day))

    def path(self, layers: Sequence[Layer]) -> str:
        """The address."""
        names = ",".join(layer.name for layer in layers)
        tile = self.tile
        return f"/tiles/{tile.z}/{tile.x}/{tile.y}.mvt?layers={names}&as_of={self.day.isoformat()}"


def tiles_with_buildings(connection: Connection, zoom: int, most: int, least: int = LEAST) -> list[Tile]:
    """At most so many tiles of a zoom in which the viewer of the transaction sees at least so many buildings."""
    rows = connection.execute(WITH_BUILDINGS, {"z": zoom, "least": least, "limit": most}).fetchall()
    return [Tile(zoom, row["x"], row["y"]) for row in rows]


def fresh(tiles: Sequence[Tile], today: date) -> Iterator[Sample]:
    """Samples without end: all tiles of today, then all of tomorrow, and so on; none twice in eight years."""
    for back in itertools.count():
        for tile in tiles:
            yield Sample(tile, today + timedelta(days=back % DAYS))

"""The demo's parking zones with where they belong, and the gates that lead to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

import psycopg

from gridmap.demo.duties import NOW
from gridmap.demo.register import Row
from gridmap.parking.rules import BanOn, Rules
from gridmap.periods import DAY

TODAY: date = NOW.today()
LAST_DAY, FIRST_DAY = TODAY - DAY, TODAY - 365 * DAY
"""Of the year that is counted, morning and evening; of today some zones have their morning."""
ZONES_OF = ("442000002005", "310113103031")
"""花苑 with thirteen zones, 香逸湾 with three."""
SCOPE = ("community_id", "grid_id", "micro_grid_id", "estate_id")
ZONES = """
SELECT p.street_id, p.id, p.code, z.capacity, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id,
  h.id AS home_id, h.community_id AS home_community_id, h.grid_id AS home_grid_id,
  h.micro_grid_id AS home_micro_grid_id, h.estate_id AS home_estate_id, gridmap.grids_of(h.street_id, h.id) AS grids
FROM gridmap.place p
JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
JOIN gridmap.place h ON h.street_id = p.street_id AND h.id = coalesce(p.estate_id, p.id)
JOIN gridmap.street s ON s.id = p.street_id AND s.is_demo
WHERE p.kind = 'zone' AND p.source = 'demo' AND p.street_id < 20000 AND left(p.code, 12) = ANY (%s)
ORDER BY p.code
"""


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A zone: its row's scope, and the estate (or the zone itself) that its cars belong to."""

    street_id: int
    id: int
    code: str
    capacity: int
    scope: Mapping[str, int | None]
    home: Mapping[str, Any]
    """street_id, place_id, scope and grids of the estate."""

    @property
    def where(self) -> Row:
        """The columns that say where a row about this zone belongs."""
        return {"street_id": self.street_id, "place_id": self.id, **self.scope}

    @property
    def is_of_huayuan(self) -> bool:
        """Where cars from outside have to leave in the evening; in 香逸湾 they pay instead."""
        return self.code.startswith(ZONES_OF[0])


RULES_OF: Mapping[str, Rules] = {
    # looked after by its residents themselves, who are stricter
    "442000002005Z12": Rules(
        leave_by=time(19),
        tolerance_minutes=15,
        evenings=frozenset(range(5)),
        notices=2,
        ban_on=BanOn.THIRD_NOTICE,
        ban_months=1,
    ),
    **{f"310113103031Z{number:02d}": Rules(evenings=frozenset()) for number in (1, 2, 3)},
}
"""Zones whose estate has decided something else than what holds everywhere: in 香逸湾 cars from outside may stay over
night, and pay.
"""


def rules_of(zone: Zone) -> Rules:
    """What holds for cars from outside in the zone's estate."""
    return RULES_OF.get(zone.code, Rules())


def read_zones(connection: "psycopg.Connection[Any]") -> tuple[Zone, ...]:
    """The sixteen zones by code; rows come as dicts."""
    return tuple(_zone(row) for row in connection.execute(ZONES, (list(ZONES_OF),)).fetchall())


def _zone(row: Row) -> Zone:
    home = {"street_id": row["street_id"], "place_id": row["home_id"], "grids": row["grids"]}
    return Zone(
        street_id=row["street_id"],
        id=row["id"],
        code=row["code"],
        capacity=row["capacity"],
        scope={name: row[name] for name in SCOPE},
        home=home | {name: row[f"home_{name}"] for name in SCOPE},
    )

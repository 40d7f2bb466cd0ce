"""The cars that are staying, as a page lists them: the rule of stays over what the viewer sees, named and masked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gridmap.db.pools import Connection
from gridmap.parking.staying import Round, Stay
from gridmap.parking.street_stays import stays_of_street
from gridmap.read.parking.cut import Cut
from gridmap.read.parking.long_stays import read_masked, read_zone_names
from gridmap.scope import Viewer


@dataclass(frozen=True, kw_only=True)
class StayLine:
    """A car that is staying: since when, in how many counts, where it stood last. Names are None where unseen."""

    stay: Stay
    masked: str
    state: str
    home: str | None
    zone: str | None


def read_stays(
    connection: Connection, viewer: Viewer, cut: Cut, streets: Sequence[int], now: Round, moment: datetime
) -> tuple[StayLine, ...]:
    """The cars of the cut that are staying in that round, the longest first; `streets`: those of the viewer."""
    inner = cut.estate or cut.community
    wanted = inner >> 32 if inner else cut.street
    found: dict[int, Stay] = {}
    for street in streets if wanted is None else (wanted,):
        for stays in stays_of_street(connection, street, now).values():
            found |= {stay.vehicle_id: stay for stay in stays}
    if not found:
        return ()
    cars = read_masked(connection, viewer, cut, sorted(found), moment)
    zones = read_zone_names(connection, viewer, sorted({found[car].zone_id for car in cars}))
    lines = (
        StayLine(
            stay=found[car],
            masked=row["masked"],
            state=row["state"],
            home=row["home"],
            zone=zones.get(found[car].zone_id),
        )
        for car, row in cars.items()
    )
    return tuple(sorted(lines, key=lambda one: (one.stay.first, -one.stay.seen, one.stay.vehicle_id)))

"""The cars that are staying in all estates of a street at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gridmap.db.pools import Connection
from gridmap.parking.keeping import SIGHTINGS_KEPT
from gridmap.parking.rules import Rules
from gridmap.parking.staying import Noted, Part, Round, Stay, ZoneCount, find_stays

BACK = SIGHTINGS_KEPT
"""Sightings of cars that nothing is open of are kept no longer: what began before has begun then."""
COUNTS = """
SELECT coalesce(estate_id, place_id) AS home, place_id, counted_on, part, outside FROM gridmap.vehicle_count
WHERE street_id = %(street)s AND counted_on > %(since)s AND counted_on <= %(day)s
"""
NOTED = """
SELECT DISTINCT ON (s.vehicle_id, s.counted_on, s.part) v.place_id AS home, s.vehicle_id, s.place_id, s.counted_on,
  s.part
FROM gridmap.sighting s JOIN gridmap.vehicle v ON v.street_id = s.street_id AND v.id = s.vehicle_id
WHERE s.street_id = %(street)s AND s.counted_on > %(since)s AND s.counted_on <= %(day)s
ORDER BY s.vehicle_id, s.counted_on, s.part, s.at DESC, s.id DESC
"""
LEAST = "SELECT place_id, stay_counts FROM gridmap.parking_rule WHERE street_id = %s"


@dataclass(kw_only=True)
class Home:
    """What was counted and noted in one estate, or in a zone of none; in how many counts in a row a car is staying."""

    least: int
    counts: list[ZoneCount] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)


def stays_of_street(connection: Connection, street_id: int, now: Round) -> dict[int, tuple[Stay, ...]]:
    """The cars that are staying in that round, by estate (or zone of none); those of none are left out.

    As far as the viewer sees its zones: who looks after a part of an estate follows a car only there.
    """
    homes = read_homes(connection, street_id, now.day)
    found = {home_id: find_stays(home.counts, home.noted, least=home.least, now=now) for home_id, home in homes.items()}
    return {home_id: stays for home_id, stays in found.items() if stays}


def read_homes(connection: Connection, street_id: int, day: date) -> dict[int, Home]:
    """The counts of a month up to that day and the plates noted in them, by estate in the order of ids."""
    values = {"street": street_id, "since": day - BACK, "day": day}
    counts = connection.execute(COUNTS, values).fetchall()
    noted = connection.execute(NOTED, values).fetchall()
    rows = connection.execute(LEAST, (street_id,)).fetchall()
    least = {row["place_id"]: row["stay_counts"] for row in rows}
    plain = Rules().stay_counts
    homes = {
        home_id: Home(least=least.get(home_id, plain)) for home_id in sorted({row["home"] for row in (*counts, *noted)})
    }
    for row in counts:
        homes[row["home"]].counts.append(ZoneCount(zone_id=row["place_id"], at=_round(row), outside=row["outside"]))
    for row in noted:
        homes[row["home"]].noted.append(Noted(vehicle_id=row["vehicle_id"], zone_id=row["place_id"], at=_round(row)))
    return homes


def _round(row: Mapping[str, Any]) -> Round:
    return Round.of(row["counted_on"], Part(row["part"]))

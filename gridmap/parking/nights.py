"""How many cars were staying in which zone after an evening's count: numbers alone, which outlast the sightings.

The rule is that of the cars themselves (`gridmap.parking.staying`), seen for the whole estate: a zone's number does not
depend on who asks. A zone that was not counted for three days has none.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from gridmap.audit import announce
from gridmap.clock import Clock
from gridmap.db.pools import Connection
from gridmap.parking.lateness import OLDEST_TOLD
from gridmap.parking.staying import MOST_BLANK, PARTS, Noted, Part, Round, Stay, ZoneCount, stays_at
from gridmap.parking.street_stays import BACK, Home, read_homes

LAYERS = ("long_stays",)
NIGHTS = OLDEST_TOLD.days
"""So many are counted anew each night: phones that were without a network tell as late as that."""
HEARD = timedelta(days=MOST_BLANK // len(PARTS))
DAY = timedelta(days=1)
FORGET = "DELETE FROM gridmap.zone_stay WHERE street_id = %s AND day = %s"
COUNTED = """
SELECT s.id FROM gridmap.street s
WHERE EXISTS (SELECT FROM gridmap.vehicle_count c WHERE c.street_id = s.id AND c.counted_on >= %s) ORDER BY s.id
"""
PUT = """
INSERT INTO gridmap.zone_stay (street_id, place_id, day, cars, begun, longest_days, community_id, grid_id,
  micro_grid_id, estate_id)
SELECT p.street_id, p.id, %(day)s, %(cars)s, %(begun)s, %(longest_days)s, p.community_id, p.grid_id, p.micro_grid_id,
  p.estate_id
FROM gridmap.place p WHERE p.street_id = %(street)s AND p.id = %(zone)s
"""


def note_night(connection: Connection, street_id: int, day: date) -> int:
    """Count the stays of that evening in all zones of the street anew, and give how many zones have a number.

    The connection sees the whole street.
    """
    nights = [
        {"street": street_id, "zone": zone_id, **numbers}
        for home in read_homes(connection, street_id, day).values()
        for zone_id, numbers in nights_of(home, day).items()
    ]
    connection.execute(FORGET, (street_id, day))
    with connection.cursor() as cursor:
        cursor.executemany(PUT, nights)
    announce(connection, street_id, LAYERS)
    return len(nights)


def nights_of(home: Home, day: date) -> dict[int, dict[str, Any]]:
    """The numbers of the zones of one estate that were heard of in the three days up to that evening, by id. Pure."""
    rounds = [Round.of(one, Part.EVENING) for one in (day - DAY, day)]
    before, now = stays_at(home.counts, home.noted, rounds, least=home.least)
    heard: list[ZoneCount | Noted] = [*home.counts, *home.noted]
    told = {one.zone_id for one in heard if day - HEARD < one.at.day <= day}
    return {
        zone_id: numbers_of(day, [stay for stay in now if stay.zone_id == zone_id], before)
        for zone_id in sorted(told | {stay.zone_id for stay in now})
    }


def numbers_of(day: date, stays: Sequence[Stay], before: Iterable[Stay]) -> dict[str, Any]:
    """What is kept of a zone: cars that stay after that evening, of these those that had not stayed the evening before
    (anywhere in the estate), and the days of the longest stay: 30 at most, for older sightings are forgotten.
    """
    known = {stay.vehicle_id for stay in before}
    return {
        "day": day,
        "cars": len(stays),
        "begun": sum(stay.vehicle_id not in known for stay in stays),
        "longest_days": min(max(((day - stay.first.day).days + 1 for stay in stays), default=0), BACK.days),
    }


def note_nights(connection: Connection, streets: Iterable[int], day: date, nights: int = NIGHTS) -> int:
    """The last evenings before that day in these streets; how many numbers that makes."""
    days = [day - turn * DAY for turn in range(nights, 0, -1)]
    return sum(note_night(connection, street_id, one) for street_id in streets for one in days)


def note_last_nights(connection: Connection, clock: Clock) -> int:
    """The step of the nightly round: the streets in which anything was counted of late."""
    rows = connection.execute(COUNTED, (clock.today() - BACK,)).fetchall()
    return note_nights(connection, [row["id"] for row in rows], clock.today())

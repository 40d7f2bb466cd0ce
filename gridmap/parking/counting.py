"""Counting the cars of a zone, morning and evening; the count answers the duty that asks for it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.duties.answers import Answer, answer_slot
from gridmap.incidents.capacities import read_standing
from gridmap.parking.capacities import may_watch
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.lateness import told_in_time
from gridmap.parking.rows import WHERE, must_stand, read_zone
from gridmap.parking.staying import PARTS, Part, Round
from gridmap.parking.writing import LAYERS

MOST = 20_000
NIGHT_ENDS, NOON = time(5), time(12)
DUTY = "vehicle_count"
"""Kind of the duty that a count answers: the first turn of a day by the morning's, the second by the evening's; what is
asked once a day by either."""
PUT = """
INSERT INTO gridmap.vehicle_count AS c (street_id, place_id, counted_on, part, total, outside, counted_at, account_id,
  sent_id, community_id, grid_id, micro_grid_id, estate_id, changed_at, changed_by)
VALUES (%(street_id)s, %(place_id)s, %(day)s, %(part)s, %(total)s, %(outside)s, %(at)s, %(account)s, %(sent_id)s,
  %(community_id)s, %(grid_id)s, %(micro_grid_id)s, %(estate_id)s, %(now)s, %(account)s)
ON CONFLICT (street_id, place_id, counted_on, part) DO UPDATE
SET total = excluded.total, outside = excluded.outside, counted_at = excluded.counted_at,
  account_id = excluded.account_id, sent_id = excluded.sent_id, revision = c.revision + 1,
  changed_at = excluded.changed_at, changed_by = excluded.changed_by
-- of two phones the one that counted last is right, whichever of them had a network first
WHERE excluded.counted_at >= c.counted_at
"""
STANDS = """
SELECT total, outside FROM gridmap.vehicle_count
WHERE street_id = %s AND place_id = %s AND counted_on = %s AND part = %s
"""
BEFORE = """
SELECT total, outside FROM gridmap.vehicle_count
WHERE street_id = %s AND place_id = %s AND counted_on = %s AND part = %s FOR UPDATE
"""
SLOT = """
SELECT s.id FROM gridmap.slot s JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id
WHERE s.street_id = %s AND s.place_id = %s AND d.kind = %s AND s.starts_on = %s AND s.turn = least(%s, d.times)
  AND s.done_at IS NULL
"""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """So many cars in a zone, so many of them from outside; when the phone says so. Without `part`: by the hour."""

    zone_id: int
    total: int
    outside: int
    part: Part | None = None
    device_at: datetime | None = None
    sent_id: UUID | None = None

    def __post_init__(self) -> None:
        """Raises ParkingProblem for what cannot be."""
        if not 0 <= self.outside <= self.total <= MOST:
            raise ParkingProblem("count")


def round_at(at: datetime, part: Part | None = None) -> Round:
    """The count that is made at that moment: in the morning before noon, else in the evening; `part`: as it was said.

    What is counted by night belongs to the evening before, unless somebody says that it is morning.
    """
    here = at.astimezone(OFFICE)
    is_night = here.time() < NIGHT_ENDS
    if part is None:
        part = Part.MORNING if NIGHT_ENDS <= here.time() < NOON else Part.EVENING
    return Round.of(here.date() - timedelta(days=is_night and part is Part.EVENING), part)


def count_vehicles(connection: Connection, by: Actor, counted: Counted, *, is_clock_real: bool) -> Round:
    """Write the count down, answer the duty that waits for it, and give the round that it stands under.

    Counting again replaces what was counted before, never what was counted since. Raises LookupError where the viewer
    sees no such zone, ParkingProblem("not_yours" | "too_old" | "zone_ended").
    """
    zone = read_zone(connection, counted.zone_id)
    if not may_watch(read_standing(connection, by, counted.device_at), zone):
        raise ParkingProblem("not_yours")
    at = told_in_time(counted.device_at, by.business_at)
    made = round_at(at, counted.part)
    day, part = made.day, made.part
    must_stand(zone, day)
    key = (zone["street_id"], zone["id"], day, str(part))
    before = connection.execute(BEFORE, key).fetchone()
    values: dict[str, Any] = {name: zone[name] for name in ("street_id", "place_id", *WHERE)} | {
        "day": day,
        "part": str(part),
        "total": counted.total,
        "outside": counted.outside,
        "at": at,
        "account": by.account_id,
        "sent_id": counted.sent_id,
        "now": by.business_at,
    }
    stands = connection.execute(PUT, values).rowcount == 1
    _answer(connection, by, counted, made, at, is_clock_real=is_clock_real)
    write_audit(
        connection,
        action="count_vehicles",
        subject="place",
        subject_id=zone["id"],
        street_id=zone["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        before=before,
        after={
            "day": str(day),
            "part": str(part),
            "total": counted.total,
            "outside": counted.outside,
            "stands": stands,
        },
    )
    announce(connection, zone["street_id"], LAYERS)
    return made


def count_that_stands(connection: Connection, zone_id: int, made: Round) -> dict[str, int]:
    """The numbers that stand for that round: another phone may have counted since. Empty where there are none."""
    return connection.execute(STANDS, (zone_id >> 32, zone_id, made.day, str(made.part))).fetchone() or {}


def _answer(
    connection: Connection, by: Actor, counted: Counted, made: Round, at: datetime, *, is_clock_real: bool
) -> None:
    """The slot of the day that asks for it, where there is one that nobody has answered."""
    zone_id, turn = counted.zone_id, PARTS.index(made.part) + 1
    row = connection.execute(SLOT, (zone_id >> 32, zone_id, DUTY, made.day, turn)).fetchone()
    if row is None:
        return
    # an evening that is counted after midnight is that evening's all the same, and in time for it
    is_by_night = at.astimezone(OFFICE).date() > made.day
    answer = Answer(
        slot_id=row["id"],
        result="done",
        device_at=counted.device_at,
        done_on=made.day if is_by_night else None,
        sent_id=counted.sent_id,
    )
    today = by.business_at.astimezone(OFFICE).date()
    answer_slot(connection, by, answer, today, is_clock_real=is_clock_real)

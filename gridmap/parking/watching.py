"""Writing down a car from outside that was seen in a zone, and what follows from it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from gridmap.accounts import Actor
from gridmap.audit import write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents.capacities import read_standing
from gridmap.parking.capacities import may_watch
from gridmap.parking.deciding import other_accounts
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.judging import Nothing, Verdict, judge
from gridmap.parking.known import is_left_alone
from gridmap.parking.lateness import told_in_time
from gridmap.parking.machine import Action
from gridmap.parking.plates import Plate, hash_plate, read_plate
from gridmap.parking.rows import WHERE, Vehicle, must_stand, read_known, read_rules, read_vehicle, read_zone
from gridmap.parking.rules import Rules
from gridmap.parking.standing import Standing, Step, hindrance
from gridmap.parking.staying import Part
from gridmap.parking.writing import settle, write_step

TRIES = 3
PUT_VEHICLE = """
INSERT INTO gridmap.vehicle (street_id, id, place_id, plate_hash, plate_masked, community_id, grid_id, micro_grid_id,
  estate_id, grids, changed_at, changed_by)
SELECT h.street_id, h.street_id::bigint * 4294967296 + nextval('gridmap.serial'), h.id, %(hash)s, %(masked)s,
  h.community_id, h.grid_id, h.micro_grid_id, h.estate_id, h.grids, %(now)s, %(account)s
FROM gridmap.home_of(%(street_id)s, %(zone_id)s) h
ON CONFLICT (street_id, place_id, plate_hash) DO NOTHING
"""
FIND_VEHICLE = "SELECT id FROM gridmap.vehicle WHERE street_id = %s AND place_id = %s AND plate_hash = %s"
KEEP_PLATE = "UPDATE gridmap.vehicle SET plate = %s WHERE street_id = %s AND id = %s AND state <> 'free'"
ADD_SIGHTING = """
INSERT INTO gridmap.sighting (street_id, id, vehicle_id, place_id, at, received_at, counted_on, part, found, photo,
  account_id, sent_id, community_id, grid_id, micro_grid_id, estate_id)
VALUES (%(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(vehicle_id)s, %(place_id)s,
  %(at)s, %(now)s, %(counted_on)s, %(part)s, %(found)s, %(photo)s, %(account)s, %(sent_id)s, %(community_id)s,
  %(grid_id)s, %(micro_grid_id)s, %(estate_id)s)
RETURNING id
"""
ADD_VIOLATION = """
INSERT INTO gridmap.violation (street_id, id, vehicle_id, place_id, evening, at, is_counted, account_id, community_id,
  grid_id, micro_grid_id, estate_id)
VALUES (%(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(vehicle_id)s, %(place_id)s,
  %(evening)s, %(at)s, %(is_counted)s, %(account)s, %(community_id)s, %(grid_id)s, %(micro_grid_id)s, %(estate_id)s)
ON CONFLICT (street_id, vehicle_id, evening) WHERE withdrawn_at IS NULL DO NOTHING
RETURNING id
"""
ADD_NOTICE = """
INSERT INTO gridmap.parking_notice (street_id, id, vehicle_id, place_id, violation_id, number, is_last, at, account_id,
  community_id, grid_id, micro_grid_id, estate_id)
VALUES (%(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(vehicle_id)s, %(place_id)s,
  %(violation_id)s, %(number)s, %(is_last)s, %(now)s, %(account)s, %(community_id)s, %(grid_id)s, %(micro_grid_id)s,
  %(estate_id)s)
RETURNING id
"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A plate as it was typed, in which zone, and when the phone says that was; in a count, of which day and part."""

    zone_id: int
    plate: str
    seen_at: datetime | None = None
    counted_on: date | None = None
    part: Part | None = None
    photo: bytes | None = None
    sent_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of it; nothing at all is kept of a car that is left alone, so it has no ids."""

    masked: str
    verdict: Verdict
    standing: Standing
    vehicle_id: int | None = None
    sighting_id: int | None = None
    notice_id: int | None = None


def note_sighting(connection: Connection, by: Actor, key: bytes, seen: Seen) -> Written:
    """Write down a car that was seen, judge it by the rules of the estate, and give what followed.

    `key`: of the plates (`secret.plate_key`). Raises LookupError where the viewer sees no such zone, UnreadablePlate,
    ParkingProblem("not_yours" | "nobody" | "too_old" | "zone_ended").
    """
    zone = read_zone(connection, seen.zone_id)
    if by.account_id is None:
        raise ParkingProblem("nobody")
    if not may_watch(read_standing(connection, by, seen.seen_at), zone):
        raise ParkingProblem("not_yours")
    plate = read_plate(seen.plate)
    hashed = hash_plate(key, zone["street_id"], plate)
    at = told_in_time(seen.seen_at, by.business_at)
    must_stand(zone, at.astimezone(OFFICE).date())
    if is_left_alone(read_known(connection, zone["home_id"], hashed), at):
        return Written(masked=plate.masked, verdict=Verdict(nothing=Nothing.KNOWN), standing=Standing())
    vehicle = _vehicle(connection, by, zone, plate, hashed)
    rules = read_rules(connection, zone["home_id"], zone["id"])
    vehicle = settle(connection, by, vehicle, rules)
    verdict = judge(vehicle.standing, at, rules)
    values = _values(by, zone, vehicle, seen) | {"at": at, "found": str(verdict.action or verdict.nothing)}
    sighting = connection.execute(ADD_SIGHTING, values).fetchone()
    standing, notice = vehicle.standing, None
    if verdict.action is None:
        _record(connection, by, vehicle, str(verdict.nothing))
    else:
        notice = _add_violation(connection, verdict, values)
        standing = _follow(connection, by, vehicle, verdict, rules)
        connection.execute(KEEP_PLATE, (plate.clear, zone["street_id"], vehicle.row["id"]))
    return Written(
        masked=plate.masked,
        verdict=verdict,
        standing=standing,
        vehicle_id=vehicle.row["id"],
        sighting_id=int((sighting or {})["id"]),
        notice_id=notice,
    )


def _follow(connection: Connection, by: Actor, vehicle: Vehicle, verdict: Verdict, rules: Rules) -> Standing:
    """Take the step that the verdict asks for."""
    assert verdict.action is not None
    step = Step(
        action=verdict.action,
        at=by.business_at,
        account_id=by.account_id,
        others=other_accounts(connection, by),
        evening=verdict.evening,
    )
    problem = hindrance(vehicle.standing, step)
    if problem is not None:
        raise ParkingProblem(problem, state=str(vehicle.standing.state))
    return write_step(connection, by, vehicle, step, rules)


def _vehicle(connection: Connection, by: Actor, zone: Mapping[str, Any], plate: Plate, hashed: bytes) -> Vehicle:
    """The car in its estate, made when it is seen for the first time; locked.

    One that was never noticed may be forgotten by the night in this very moment: then it is made anew.
    """
    values = {
        "street_id": zone["street_id"],
        "zone_id": zone["id"],
        "hash": hashed,
        "masked": plate.masked,
        "now": by.business_at,
        "account": by.account_id,
    }
    for _turn in range(TRIES):
        connection.execute(PUT_VEHICLE, values)
        row = connection.execute(FIND_VEHICLE, (zone["street_id"], zone["home_id"], hashed)).fetchone()
        if row is not None:
            with suppress(LookupError):
                return read_vehicle(connection, row["id"])
    raise LookupError(zone["id"])


def _values(by: Actor, zone: Mapping[str, Any], vehicle: Vehicle, seen: Seen) -> dict[str, Any]:
    """What rows about this sighting share: they belong to the zone."""
    return {name: zone[name] for name in ("street_id", "place_id", *WHERE)} | {
        "vehicle_id": vehicle.row["id"],
        "now": by.business_at,
        "counted_on": seen.counted_on,
        "part": None if seen.part is None else str(seen.part),
        "photo": seen.photo,
        "account": by.account_id,
        "sent_id": seen.sent_id,
    }


def _add_violation(connection: Connection, verdict: Verdict, values: Mapping[str, Any]) -> int | None:
    """The violation of the evening, if it is new, and the notice that it brings; gives the notice's id."""
    if verdict.evening is None:
        return None
    told = {"evening": verdict.evening, "is_counted": verdict.action is not Action.TRESPASS}
    row = connection.execute(ADD_VIOLATION, {**values, **told}).fetchone()
    if row is None or verdict.number is None:
        return None
    more = {"violation_id": row["id"], "number": verdict.number, "is_last": verdict.action is not Action.NOTICE}
    notice = connection.execute(ADD_NOTICE, {**values, **more}).fetchone()
    return int((notice or {})["id"])


def _record(connection: Connection, by: Actor, vehicle: Vehicle, found: str) -> None:
    write_audit(
        connection,
        action="note_sighting",
        subject="vehicle",
        subject_id=vehicle.row["id"],
        street_id=vehicle.row["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        after={"found": found},
    )

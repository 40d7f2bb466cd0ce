"""What phones send of cars: counts, sightings, notices, decisions; under an id of their own, so that twice is once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from gridmap.accounts import Actor
from gridmap.db import Database
from gridmap.db.pools import Connection
from gridmap.files import Kept
from gridmap.layer import Role
from gridmap.parking.counting import Counted, count_that_stands, count_vehicles
from gridmap.parking.deciding import Decision, decide
from gridmap.parking.machine import State
from gridmap.parking.noticing import Given, give_notice
from gridmap.parking.photos import add_photo, wants_photo
from gridmap.parking.plates import hash_plate, read_plate
from gridmap.parking.standing import Standing
from gridmap.parking.watching import Seen, Written, note_sighting
from gridmap.people.attempt import attempt
from gridmap.people.once import Told, send_once
from gridmap.submissions import Sent

WATCHING = frozenset({Role.WORKER, Role.MANAGER, Role.LEADER, Role.DUTY_RESIDENT})
"""Who counts cars and writes them down, where they are on duty."""
TOLD_LATE = ("zone_id", "keeps_photo", "masked")
"""What somebody is told of a sighting that came after their turn: where the car stands is no longer theirs to know."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where cars are written down: the database as the viewer sees it, who acts, and the key of the plates.

    `is_late`: the turn in which it was seen is over, so that nothing is told but what was sent.
    """

    database: Database
    viewer: Mapping[str, str] | bytes
    by: Actor
    plate_key: bytes = field(repr=False)
    is_clock_real: bool
    is_late: bool = False


def send_count(desk: Desk, sent_id: UUID, counted: Counted, content: Mapping[str, Any]) -> Told:
    """Take a count once, however often it is sent, and tell the round that it stands under, and what stands there.

    Raises what `count_vehicles` does, SentDifferently.
    """

    def command(connection: Connection) -> Told:
        whole = replace(counted, sent_id=sent_id)
        made = count_vehicles(connection, desk.by, whole, is_clock_real=desk.is_clock_real)
        told = {"zone_id": counted.zone_id, "day": made.day.isoformat(), "part": str(made.part)}
        return told | count_that_stands(connection, counted.zone_id, made)

    told = _once(desk, counted.zone_id >> 32, sent_id, content, command)
    # what another phone has counted since is no longer theirs to know
    return {**told, "total": counted.total, "outside": counted.outside} if desk.is_late else told


def send_sighting(desk: Desk, sent_id: UUID, seen: Seen, content: Mapping[str, Any]) -> Told:
    """Take a sighting once, however often it is sent, and tell what followed; never the plate in clear.

    `keeps_photo`: whether a photo of it would be kept. After the turn only TOLD_LATE is told.

    Raises what `note_sighting` does, SentDifferently.
    """

    def command(connection: Connection) -> Told:
        written = note_sighting(connection, desk.by, desk.plate_key, replace(seen, sent_id=sent_id))
        keeps_photo = written.sighting_id is not None and written.standing.state is not State.FREE
        return {"zone_id": seen.zone_id, "keeps_photo": keeps_photo, **told_sighting(written)}

    street_id = seen.zone_id >> 32
    # what is kept of the content is its digest, and a plate could be guessed from one that is made without a key
    hashed = hash_plate(desk.plate_key, street_id, read_plate(seen.plate)).hex()
    told = _once(desk, street_id, sent_id, {**content, "plate": hashed}, command)
    return {name: told[name] for name in TOLD_LATE} if desk.is_late else told


def photo_is_kept(desk: Desk, street_id: int, sighting: UUID) -> bool:
    """Whether a photo of the own sighting that was sent under that id would be kept. Raises LookupError."""
    return attempt(desk.database, desk.viewer, lambda connection: wants_photo(connection, desk.by, street_id, sighting))


def send_photo(desk: Desk, sent_id: UUID, zone_id: int, sighting: UUID, kept: Kept, content: Mapping[str, Any]) -> Told:
    """Put a picture that is already kept to the own sighting that was sent under that id, once.

    Raises what `add_photo` does, SentDifferently.
    """

    def command(connection: Connection) -> Told:
        return {"zone_id": zone_id, "kept": add_photo(connection, desk.by, zone_id >> 32, sighting, kept)}

    return _once(desk, zone_id >> 32, sent_id, content, command)


def send_given(desk: Desk, sent_id: UUID, given: Given, content: Mapping[str, Any]) -> Told:
    """Take once that a notice was given, and tell how and when it was.

    Raises what `give_notice` does, SentDifferently.
    """

    def command(connection: Connection) -> Told:
        told = give_notice(connection, desk.by, given)
        given_at = None if told.given_at is None else told.given_at.isoformat()
        return {"notice_id": given.notice_id, "how": told.how, "given_at": given_at}

    return _once(desk, given.notice_id >> 32, sent_id, content, command)


def send_decision(desk: Desk, sent_id: UUID, decision: Decision, content: Mapping[str, Any]) -> Told:
    """Take a decision once, however often it is sent, and tell where the car stands then.

    Raises what `decide` does, SentDifferently.
    """

    def command(connection: Connection) -> Told:
        return {"vehicle_id": decision.vehicle_id, **told_standing(decide(connection, desk.by, decision))}

    return _once(desk, decision.vehicle_id >> 32, sent_id, content, command)


def told_sighting(written: Written) -> dict[str, Any]:
    """What followed from a sighting, as JSON."""
    verdict = written.verdict
    return {
        "masked": written.masked,
        "vehicle_id": written.vehicle_id,
        "sighting_id": written.sighting_id,
        "notice_id": written.notice_id,
        "action": None if verdict.action is None else str(verdict.action),
        "nothing": None if verdict.nothing is None else str(verdict.nothing),
        "evening": None if verdict.evening is None else verdict.evening.isoformat(),
        "number": verdict.number,
        **told_standing(written.standing),
    }


def told_standing(standing: Standing) -> dict[str, Any]:
    """Where a car stands, as JSON."""
    return {
        "state": str(standing.state),
        "evenings": [evening.isoformat() for evening in standing.evenings],
        "resets_at": None if standing.resets_at is None else standing.resets_at.isoformat(),
        "banned_until": None if standing.ban is None else standing.ban.until.isoformat(),
    }


def _once(desk: Desk, street_id: int, sent_id: UUID, content: Mapping[str, Any], command: Any) -> Told:
    assert desk.by.account_id is not None
    sent = Sent(street_id=street_id, sent_id=sent_id, account_id=desk.by.account_id, content=content)
    return send_once(desk.database, desk.viewer, sent, command)

"""Between rows and values: rules of an estate, what is known of a car, and where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from gridmap.db.pools import Connection
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.known import Known, KnownAs
from gridmap.parking.machine import BARRED, State
from gridmap.parking.rules import BanOn, Rules
from gridmap.parking.standing import Ban, Proposal, Standing

WHERE = ("community_id", "grid_id", "micro_grid_id", "estate_id")
ZONE = """
SELECT p.street_id, p.id, p.id AS place_id, p.name, p.community_id, p.grid_id, p.micro_grid_id, p.estate_id,
  coalesce(p.estate_id, p.id) AS home_id, NOT upper_inf(p.valid) AS is_ended, upper(p.valid) AS ended_on
FROM gridmap.place p JOIN gridmap.zone z ON z.street_id = p.street_id AND z.place_id = p.id
WHERE p.street_id = %s AND p.id = %s
"""
RULES = "SELECT * FROM gridmap.parking_rule WHERE street_id = %s AND place_id = ANY (%s)"
KNOWN = """
SELECT kind, lower(valid) AS since, upper(valid) AS until FROM gridmap.known_vehicle
WHERE street_id = %s AND place_id = %s AND plate_hash = %s
"""
COLUMNS = (
    "street_id, id, place_id, plate_masked, has_plate, state, evenings, last_on, counts_since, resets_at, proposed_on,"
    " proposed_at, proposed_by, saw, banned_from, banned_until, community_id, grid_id, micro_grid_id, estate_id, grids,"
    " revision, changed_at"
)
LOCK = "SELECT id FROM gridmap.vehicle WHERE street_id = %s AND id = %s FOR NO KEY UPDATE"
VEHICLE = f"SELECT {COLUMNS} FROM gridmap.vehicle WHERE street_id = %s AND id = %s"  # noqa: S608 - our own columns
BAN = """
SELECT id, reason, confirmed_by FROM gridmap.ban
WHERE street_id = %s AND vehicle_id = %s AND starts_at = %s AND revoked_at IS NULL
"""


@dataclass(frozen=True, kw_only=True)
class Vehicle:
    """A car of an estate: its row, where it stands as written, and the id of its ban where the viewer sees that."""

    row: Mapping[str, Any]
    standing: Standing
    ban_id: int | None = None


def read_zone(connection: Connection, zone_id: int) -> dict[str, Any]:
    """A zone with where it belongs; `home_id`: its estate, or itself. Raises LookupError where none is seen."""
    row = connection.execute(ZONE, (zone_id >> 32, zone_id)).fetchone()
    if row is None:
        raise LookupError(zone_id)
    return row


def must_stand(zone: Mapping[str, Any], day: date) -> None:
    """Raises ParkingProblem("zone_ended") for a day on which the zone was there no more."""
    if zone["is_ended"] and (zone["ended_on"] is None or day >= zone["ended_on"]):
        raise ParkingProblem("zone_ended")


def read_rules(connection: Connection, home_id: int, zone_id: int | None = None) -> Rules:
    """What the estate has decided, or what holds everywhere; with the hours of the zone where that differs."""
    rows = connection.execute(RULES, (home_id >> 32, [home_id, zone_id or home_id])).fetchall()
    found = {row["place_id"]: rules_of(row) for row in rows}
    rules = found.get(home_id, Rules())
    return rules.with_hours_of(found[zone_id]) if zone_id in found else rules


def rules_of(row: Mapping[str, Any]) -> Rules:
    """The rules out of a row of parking_rule."""
    values = {field.name: row[field.name] for field in fields(Rules)}
    return Rules(**{**values, "evenings": frozenset(row["evenings"]), "ban_on": BanOn(row["ban_on"])})


def read_known(connection: Connection, home_id: int, plate_hash: bytes) -> tuple[Known, ...]:
    """All that is known of a car in the estate, also of other times."""
    rows = connection.execute(KNOWN, (home_id >> 32, home_id, plate_hash)).fetchall()
    return tuple(Known(kind=KnownAs(row["kind"]), since=row["since"], until=row["until"]) for row in rows)


def read_vehicle(connection: Connection, vehicle_id: int) -> Vehicle:
    """A car, locked for acting. Raises LookupError where the viewer sees none."""
    key = (vehicle_id >> 32, vehicle_id)
    # a statement of its own: what is read below is then as new as the lock
    connection.execute(LOCK, key)
    row = connection.execute(VEHICLE, key).fetchone()
    if row is None:
        raise LookupError(vehicle_id)
    ban = connection.execute(BAN, (*key, row["banned_from"])).fetchone() if row["state"] in BARRED else None
    return Vehicle(row=row, standing=standing_of(row, ban or {}), ban_id=ban["id"] if ban else None)


def standing_of(row: Mapping[str, Any], ban: Mapping[str, Any]) -> Standing:
    """Where a car stands by its row; of a ban that the viewer does not see, reason and who confirmed it stay empty."""
    state = State(row["state"])
    proposal = None
    if state is State.PROPOSED:
        proposal = Proposal(
            evening=row["proposed_on"],
            at=row["proposed_at"],
            proposed_by=row["proposed_by"],
            saw=frozenset(row["saw"]),
        )
    return Standing(
        state=state,
        evenings=tuple(row["evenings"]),
        last_on=row["last_on"],
        counts_since=row["counts_since"],
        resets_at=row["resets_at"],
        proposal=proposal,
        ban=_ban_of(row, ban) if state in BARRED else None,
        changed_at=row["changed_at"],
    )


def _ban_of(row: Mapping[str, Any], ban: Mapping[str, Any]) -> Ban:
    return Ban(
        starts_at=row["banned_from"],
        until=row["banned_until"],
        reason=ban.get("reason", ""),
        proposed_by=row["proposed_by"],
        saw=frozenset(row["saw"]),
        confirmed_by=ban.get("confirmed_by", 0),
    )


def columns_of(standing: Standing, before: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What is written of a car for where it stands; who proposed its ban and saw it stays beside the ban that runs."""
    proposal, ban = standing.proposal, standing.ban
    told: dict[str, Any] = {
        "state": str(standing.state),
        "evenings": list(standing.evenings),
        "last_on": standing.last_on,
        "counts_since": standing.counts_since,
        "resets_at": standing.resets_at,
        "proposed_on": None,
        "proposed_at": None,
        "proposed_by": None,
        "saw": [],
        "banned_from": ban.starts_at if ban else None,
        "banned_until": ban.until if ban else None,
        "changed_at": standing.changed_at or now,
    }
    if proposal is not None:
        told |= {"proposed_on": proposal.evening, "proposed_at": proposal.at, "proposed_by": proposal.proposed_by}
        told["saw"] = sorted(proposal.saw)
    elif ban is not None:
        told |= {name: before[name] for name in ("proposed_on", "proposed_at", "proposed_by", "saw")}
    return told

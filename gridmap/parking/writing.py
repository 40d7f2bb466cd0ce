"""What every step on a car writes: its row, the history, violations, notices and bans, the audit, the announcement."""

from collections.abc import Mapping
from typing import Any

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.machine import Action, State
from gridmap.parking.rows import Vehicle, columns_of
from gridmap.parking.rules import Rules
from gridmap.parking.standing import Standing, Step, advance, settled

LAYERS = ("parking",)
WRITE = """
UPDATE gridmap.vehicle SET state = %(state)s, evenings = %(evenings)s, last_on = %(last_on)s,
  counts_since = %(counts_since)s, resets_at = %(resets_at)s, proposed_on = %(proposed_on)s,
  proposed_at = %(proposed_at)s, proposed_by = %(proposed_by)s, saw = %(saw)s, banned_from = %(banned_from)s,
  banned_until = %(banned_until)s, revision = revision + 1, changed_at = %(changed_at)s, changed_by = %(account)s
WHERE street_id = %(street_id)s AND id = %(id)s
"""
CLEAR_PLATE = "UPDATE gridmap.vehicle SET plate = NULL WHERE street_id = %s AND id = %s AND has_plate"
ADD_TURN = """
INSERT INTO gridmap.parking_turn (street_id, id, vehicle_id, place_id, action, from_state, to_state, at, account_id,
  evening, ban_id, reason, community_id, grid_id, micro_grid_id, estate_id, grids)
VALUES (%(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(id)s, %(place_id)s, %(action)s,
  %(from)s, %(to)s, %(at)s, %(account)s, %(evening)s, %(ban)s, %(reason)s, %(community_id)s, %(grid_id)s,
  %(micro_grid_id)s, %(estate_id)s, %(grids)s)
"""
ADD_BAN = """
INSERT INTO gridmap.ban (street_id, id, vehicle_id, place_id, reason, starts_at, until, proposed_by, saw, confirmed_by,
  confirmed_at, community_id, grid_id, micro_grid_id, estate_id, grids, changed_at, changed_by)
VALUES (%(street_id)s, %(street_id)s::bigint * 4294967296 + nextval('gridmap.serial'), %(id)s, %(place_id)s, %(reason)s,
  %(starts_at)s, %(until)s, %(proposed_by)s, %(saw)s, %(confirmed_by)s, %(at)s, %(community_id)s, %(grid_id)s,
  %(micro_grid_id)s, %(estate_id)s, %(grids)s, %(at)s, %(confirmed_by)s)
RETURNING id
"""
CHANGE_BAN = """
UPDATE gridmap.ban SET appealed_at = %(appealed_at)s, revoked_at = %(revoked_at)s, revoked_by = %(revoked_by)s,
  revoked_why = %(revoked_why)s, revision = revision + 1, changed_at = %(at)s, changed_by = %(account)s
WHERE street_id = %(street_id)s AND id = %(ban)s
"""
WITHDRAW = """
UPDATE gridmap.violation SET withdrawn_at = %(at)s, withdrawn_by = %(account)s, withdrawn_why = %(reason)s
WHERE street_id = %(street_id)s AND vehicle_id = %(id)s AND evening = %(evening)s AND withdrawn_at IS NULL
"""


def settle(connection: Connection, by: Actor, vehicle: Vehicle, rules: Rules) -> Vehicle:
    """Write what has happened to the car by itself until now, each at its own moment, and give where it stands then."""
    standing, steps = settled(vehicle.standing, by.business_at, rules)
    if not steps:
        return vehicle
    before = vehicle.standing
    for step in steps:
        after = advance(before, step, rules)
        _add_turn(connection, vehicle, step, before, after, vehicle.ban_id)
        before = after
    _write(connection, vehicle.row, standing, by, None)
    return Vehicle(row=vehicle.row, standing=standing)


def write_step(connection: Connection, by: Actor, vehicle: Vehicle, step: Step, rules: Rules) -> Standing:
    """Take the step, which has been found possible, and write all that it brings; gives where the car stands then.

    What a sighting brings beside it, its violation and notice, is written by `gridmap.parking.watching`. Raises
    ParkingProblem("not_yours") for a violation in a zone that the viewer does not see.
    """
    after = advance(vehicle.standing, step, rules)
    ban_id = _change_ban(connection, vehicle, step, after)
    if step.action is Action.WITHDRAW:
        _withdraw(connection, vehicle, step, after)
    _add_turn(connection, vehicle, step, vehicle.standing, after, ban_id)
    _write(connection, vehicle.row, after, by, step.account_id)
    write_audit(
        connection,
        action=f"parking_{step.action}",
        subject="vehicle",
        subject_id=vehicle.row["id"],
        street_id=vehicle.row["street_id"],
        business_at=by.business_at,
        account_id=step.account_id,
        before={"state": str(vehicle.standing.state)},
        after={"state": str(after.state), "evenings": [str(evening) for evening in after.evenings]},
        why=step.reason or None,
    )
    announce(connection, vehicle.row["street_id"], LAYERS)
    return after


def _withdraw(connection: Connection, vehicle: Vehicle, step: Step, after: Standing) -> None:
    """Take the violation back; whoever leads the car's community may not see the zone where it stood."""
    if connection.execute(WITHDRAW, _of(vehicle.row) | _said(step, after)).rowcount == 0:
        raise ParkingProblem("not_yours", state=str(vehicle.standing.state))


def _of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The car, and where it belongs."""
    names = ("street_id", "id", "place_id", "community_id", "grid_id", "micro_grid_id", "estate_id", "grids")
    return {name: row[name] for name in names}


def _said(step: Step, after: Standing) -> dict[str, Any]:
    return {
        "at": after.changed_at,
        "account": step.account_id,
        "evening": step.evening,
        "reason": step.reason.strip() or None,
    }


def _write(
    connection: Connection, row: Mapping[str, Any], standing: Standing, by: Actor, account_id: int | None
) -> None:
    """The row of the car; its plate goes first, for nothing may be in clear of a car that nothing is open of."""
    if standing.state is State.FREE:
        connection.execute(CLEAR_PLATE, (row["street_id"], row["id"]))
    values = columns_of(standing, row, by.business_at)
    connection.execute(WRITE, _of(row) | values | {"account": account_id})


def _add_turn(
    connection: Connection, vehicle: Vehicle, step: Step, before: Standing, after: Standing, ban_id: int | None
) -> None:
    by_itself = step.account_id is None
    values = _of(vehicle.row) | _said(step, after) | {"action": str(step.action), "ban": ban_id}
    values |= {"from": str(before.state), "to": str(after.state)}
    # what happened by itself happened at its moment, whenever that was noticed
    connection.execute(ADD_TURN, values | ({"at": step.at} if by_itself else {}))


def _change_ban(connection: Connection, vehicle: Vehicle, step: Step, after: Standing) -> int | None:
    """Write the ban that begins, or what is said of the one that runs; gives its id."""
    said = _of(vehicle.row) | _said(step, after)
    if step.action is Action.CONFIRM:
        ban = after.ban
        assert ban is not None
        values = {"starts_at": ban.starts_at, "until": ban.until, "proposed_by": ban.proposed_by}
        values |= {"saw": sorted(ban.saw), "confirmed_by": ban.confirmed_by, "reason": ban.reason}
        row = connection.execute(ADD_BAN, said | values).fetchone()
        return int((row or {})["id"])
    if vehicle.ban_id is None or step.action not in (Action.APPEAL, Action.UPHOLD, Action.REVOKE):
        return vehicle.ban_id
    is_revoked = step.action is Action.REVOKE
    told = {
        "ban": vehicle.ban_id,
        "appealed_at": said["at"] if step.action is Action.APPEAL else None,
        "revoked_at": said["at"] if is_revoked else None,
        "revoked_by": step.account_id if is_revoked else None,
        "revoked_why": said["reason"] if is_revoked else None,
    }
    connection.execute(CHANGE_BAN, said | told)
    return vehicle.ban_id

"""Deciding on a car: confirm, decline, appeal, uphold, revoke, withdraw."""

from dataclasses import dataclass
from datetime import date

from gridmap.accounts import Actor
from gridmap.db.pools import Connection
from gridmap.parking.capacities import capacities
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.machine import BY_ITSELF, SIGHTED, Action, refusal
from gridmap.parking.rows import read_rules, read_vehicle
from gridmap.parking.standing import Standing, Step, hindrance
from gridmap.parking.writing import settle, write_step

OTHERS = "SELECT gridmap.accounts_beside(%s) AS accounts"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What somebody decides on a car, and why; `evening`: of the violation that is taken back.

    `revision`: that of the car as whoever decides saw it; None: whatever it is.
    """

    vehicle_id: int
    action: Action
    reason: str = ""
    evening: date | None = None
    revision: int | None = None


def decide(connection: Connection, by: Actor, decision: Decision) -> Standing:
    """Decide on a car, and give where it stands then.

    Raises LookupError where the viewer sees no such car, ParkingProblem with a code of `words.REFUSALS` where it cannot
    be: what the clock did before is written then only if the caller keeps the transaction.
    """
    if decision.action in SIGHTED | BY_ITSELF:
        raise ParkingProblem("not_now")
    vehicle = read_vehicle(connection, decision.vehicle_id)
    if decision.revision not in (None, vehicle.row["revision"]):
        raise ParkingProblem("changed", state=str(vehicle.standing.state))
    rules = read_rules(connection, vehicle.row["place_id"])
    vehicle = settle(connection, by, vehicle, rules)
    who = capacities(connection, by, vehicle.row, decision.evening)
    given = [name for name in ("evening", "reason") if getattr(decision, name)]
    step = Step(
        action=decision.action,
        at=by.business_at,
        account_id=by.account_id,
        others=other_accounts(connection, by),
        evening=decision.evening,
        reason=decision.reason,
    )
    problem = refusal(decision.action, vehicle.standing.state, who, given) or hindrance(vehicle.standing, step)
    if problem is not None:
        raise ParkingProblem(problem, state=str(vehicle.standing.state))
    return write_step(connection, by, vehicle, step, rules)


def other_accounts(connection: Connection, by: Actor) -> frozenset[int]:
    """Further accounts of the person who acts: a second account is no second person."""
    row = connection.execute(OTHERS, (by.account_id,)).fetchone()
    return frozenset((row or {"accounts": ()})["accounts"])

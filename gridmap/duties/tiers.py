"""Tiers of households: which to visit first, by their number alone. No name and no reason is kept."""

from collections.abc import Sequence

from gridmap.accounts import Actor
from gridmap.audit import write_audit
from gridmap.db.pools import Connection
from gridmap.duties.errors import DutyProblem
from gridmap.tables.duties import HOUSEHOLD_TIERS

ORDINARY = "ordinary"
TIERS = (*HOUSEHOLD_TIERS, ORDINARY)
MOST_UNITS = 500


def set_tiers(connection: Connection, by: Actor, place_id: int, units: Sequence[str], tier: str) -> int:
    """Put these households of a stairwell or building in a tier, and say how many changed.

    Who may do so is the caller's to check; numbers that the place does not have change nothing. The audit tells the
    place and how many, not which: the numbers are personal. Raises DutyProblem("tier").
    """
    if tier not in TIERS or len(units) > MOST_UNITS:
        raise DutyProblem("tier")
    street_id = place_id >> 32
    wanted = None if tier == ORDINARY else tier
    row = connection.execute(
        "SELECT gridmap.set_tiers(%s, %s, %s, %s, %s) AS changed",
        (street_id, place_id, list(units), wanted, by.business_at),
    ).fetchone()
    changed: int = (row or {})["changed"]
    if changed:
        write_audit(
            connection,
            action="set_tier",
            subject="place",
            subject_id=place_id,
            street_id=street_id,
            business_at=by.business_at,
            account_id=by.account_id,
            after={"households": changed},
        )
    return changed

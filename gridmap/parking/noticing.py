"""Giving a notice: that it has reached whoever drives the car, how and when; and taking that back."""

from dataclasses import dataclass
from datetime import datetime

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.db.pools import Connection
from gridmap.incidents.capacities import read_standing
from gridmap.parking.capacities import may_watch
from gridmap.parking.errors import ParkingProblem
from gridmap.parking.lateness import told_in_time
from gridmap.parking.words import GIVEN
from gridmap.parking.writing import LAYERS

NOTICE = """
SELECT n.street_id, n.id, n.vehicle_id, n.place_id, n.at, n.given_how, n.given_at, n.community_id, n.grid_id,
  n.micro_grid_id, n.estate_id, vi.withdrawn_at
FROM gridmap.parking_notice n
JOIN gridmap.violation vi ON vi.street_id = n.street_id AND vi.id = n.violation_id
WHERE n.street_id = %s AND n.id = %s FOR NO KEY UPDATE OF n
"""
WRITE = "UPDATE gridmap.parking_notice SET given_how = %s, given_at = %s WHERE street_id = %s AND id = %s"


@dataclass(frozen=True, kw_only=True)
class Given:
    """A notice was given so (a word of `GIVEN`; None: not after all); `device_at`: when, by the phone of who did it.

    Raises ParkingProblem("way").
    """

    notice_id: int
    how: str | None
    device_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.how is not None and self.how not in GIVEN:
            raise ParkingProblem("way")


@dataclass(frozen=True, kw_only=True)
class Stands:
    """How and when a notice was given, as it is written now; None: it is still to give."""

    how: str | None
    given_at: datetime | None


def give_notice(connection: Connection, by: Actor, given: Given) -> Stands:
    """Write down how a notice was given, or that it was not, and tell what stands: of several the first is right.

    Raises LookupError where the viewer sees no such notice, ParkingProblem("nobody" | "not_yours" | "too_old"), and
    "changed" where it was given after its violation had been taken back.
    """
    if by.account_id is None:
        raise ParkingProblem("nobody")
    key = (given.notice_id >> 32, given.notice_id)
    row = connection.execute(NOTICE, key).fetchone()
    if row is None:
        raise LookupError(given.notice_id)
    if not may_watch(read_standing(connection, by), row):
        raise ParkingProblem("not_yours")
    # of several who say how, the first is right: what a phone tells late changes nothing
    if (row["given_how"] is None) == (given.how is None):
        return Stands(how=row["given_how"], given_at=row["given_at"])
    at = None
    if given.how is not None:
        # a clock that runs behind gave nothing before there was anything to give
        at = max(told_in_time(given.device_at, by.business_at), row["at"])
        if row["withdrawn_at"] is not None and row["withdrawn_at"] <= at:
            raise ParkingProblem("changed")
    connection.execute(WRITE, (given.how, at, *key))
    write_audit(
        connection,
        action="give_notice",
        subject="vehicle",
        subject_id=row["vehicle_id"],
        street_id=row["street_id"],
        business_at=by.business_at,
        account_id=by.account_id,
        before={"notice": given.notice_id, "how": row["given_how"]},
        after={"notice": given.notice_id, "how": given.how},
    )
    announce(connection, row["street_id"], LAYERS)
    return Stands(how=given.how, given_at=at)

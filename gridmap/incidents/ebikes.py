"""The survey of e-bikes: how many stand at a stairwell, where they charge, and what is wrong there."""

from dataclasses import dataclass
from typing import Any

from gridmap.accounts import Actor
from gridmap.audit import announce, write_audit
from gridmap.clock import OFFICE
from gridmap.db.pools import Connection
from gridmap.incidents.errors import IncidentProblem
from gridmap.incidents.reporting import Report, Reported, report_incident
from gridmap.incidents.routing import spot_of_place

HANGING_WIRE, INDOORS, IN_THE_WAY = "13001", "13002", "13003"
FINDINGS = (HANGING_WIRE, INDOORS, IN_THE_WAY)
"""飞线充电, 上楼充电, 乱停: kinds of cases."""
MOST = 2_000
LAYERS = ("ebikes",)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What was counted at a stairwell, or a building that has none; `findings` are kinds of cases."""

    place_id: int
    bikes: int
    chargers: int = 0
    findings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises IncidentProblem for what cannot be."""
        if not (0 <= self.bikes <= MOST and 0 <= self.chargers <= MOST):
            raise IncidentProblem("count")
        if not set(self.findings) <= set(FINDINGS):
            raise IncidentProblem("kind")


PUT = """
INSERT INTO gridmap.ebike_count AS c (street_id, place_id, counted_on, bikes, chargers, account_id, community_id,
  grid_id, micro_grid_id, estate_id, changed_at)
VALUES (%(street_id)s, %(place_id)s, %(day)s, %(bikes)s, %(chargers)s, %(account)s, %(community_id)s, %(grid_id)s,
  %(micro_grid_id)s, %(estate_id)s, %(now)s)
ON CONFLICT (street_id, place_id, counted_on) DO UPDATE
SET bikes = excluded.bikes, chargers = excluded.chargers, account_id = excluded.account_id,
  changed_at = excluded.changed_at
"""
OPEN = """
SELECT DISTINCT kind FROM gridmap.incident
WHERE street_id = %s AND place_id = %s AND kind = ANY (%s) AND state NOT IN ('closed', 'rejected', 'duplicate')
"""


def count_ebikes(connection: Connection, by: Actor, counted: Counted) -> tuple[Reported, ...]:
    """Write the count of the day (again on the same day replaces it), and a case for each finding that has none open.

    Raises LookupError where the viewer sees no such place, IncidentProblem("place").
    """
    spot = spot_of_place(connection, counted.place_id)
    kind = connection.execute(
        "SELECT kind FROM gridmap.place WHERE street_id = %s AND id = %s", (spot.street_id, counted.place_id)
    ).fetchone()
    if kind is None or kind["kind"] not in ("stairwell", "building"):
        raise IncidentProblem("place")
    day = by.business_at.astimezone(OFFICE).date()
    values: dict[str, Any] = spot.columns | {
        "street_id": spot.street_id,
        "day": day,
        "bikes": counted.bikes,
        "chargers": counted.chargers,
        "account": by.account_id,
        "now": by.business_at,
    }
    connection.execute(PUT, values)
    rows = connection.execute(OPEN, (spot.street_id, counted.place_id, list(FINDINGS))).fetchall()
    known = {row["kind"] for row in rows}
    made = tuple(
        report_incident(connection, by, Report(kind=one, place_id=counted.place_id, source="patrol"))
        for one in FINDINGS
        if one in counted.findings and one not in known
    )
    write_audit(
        connection,
        action="count_ebikes",
        subject="place",
        subject_id=counted.place_id,
        street_id=spot.street_id,
        business_at=by.business_at,
        account_id=by.account_id,
        after={"bikes": counted.bikes, "chargers": counted.chargers, "cases": [one.incident_id for one in made]},
    )
    announce(connection, spot.street_id, LAYERS)
    return made

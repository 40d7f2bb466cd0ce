"""A finding of a check becomes a case in one tap: of which kind, and which findings have become one already."""

from collections.abc import Mapping

from gridmap import context
from gridmap.db.pools import Connection
from gridmap.read.due import Check, DueWork
from gridmap.read.incidents.mine import read_cases_found

KIND_OF = {
    "fire_equipment": "01002",
    "corridor_clutter": "03001",
    "roof_safety": "04001",
    "lift_safety": "05002",
    "greening": "07003",
    "parking": "02001",
    "e_bike": "13003",
}
"""Kind of the case by kind of the check that found it; the office classifies it anew where it is another one."""
OTHER = "17001"


def kind_of_case(check: Check) -> str:
    """The kind of case that a finding of this check becomes."""
    return KIND_OF.get(check.kind, OTHER)


def cases_found(connection: Connection, due: DueWork) -> Mapping[int, str]:
    """Numbers of the cases that findings among these checks have become, by the answer that found it."""
    doors = (door for part in (due.groups, due.late) for group in part for door in group.doors)
    checks = (check for door in doors for check in door.checks)
    found = [check.said.inspection_id for check in checks if check.said and check.said.result == "finding"]
    return read_cases_found(connection, context.viewer(), found)

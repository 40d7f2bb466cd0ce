"""What tests of the pages of cases share: a new case, the company that takes it, and the figures of the board."""

import re
from typing import Any

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.db import SYSTEM, Database
from gridmap.incidents import Report, report_incident
from tests.conftest import DEMO_CLOCK, Base
from tests.rows import rows


def report(base: Base, kind: str = "03001", **more: Any) -> int:
    """A new case in the grid of the worker, as somebody in the office would write it down."""
    place = rows(
        base,
        "SELECT p.id FROM gridmap.place p JOIN gridmap.account_grant g ON g.target_id = p.grid_id"
        " JOIN gridmap.account a ON a.id = g.account_id AND a.username = 'worker'"
        " WHERE g.level = 'grid' AND p.kind = 'stairwell' ORDER BY p.id LIMIT 1",
    )[0]["id"]
    database = Database(base.app_url)
    try:
        with database.transaction(SYSTEM) as connection:
            one = Report(kind=kind, place_id=place, text="楼道堆放纸箱", **more)
            return report_incident(connection, actor(parse_clock(DEMO_CLOCK)), one).incident_id
    finally:
        database.close()


def company_id(base: Base) -> int:
    """The organisation for which the demo's account of a company acts."""
    found = rows(
        base,
        "SELECT g.organisation_id AS id FROM gridmap.account_grant g JOIN gridmap.account a ON a.id = g.account_id"
        " WHERE a.username = 'property'",
    )
    return int(found[0]["id"])


def figures(page: str) -> list[int]:
    """The figures of the board, from left to right."""
    return [int(one.replace(",", "")) for one in re.findall(r'queue-value">([\d,]+)<', page)]

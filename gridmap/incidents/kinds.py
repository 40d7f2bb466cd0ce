"""Kinds of cases and how long each may take: data that the office edits."""

from datetime import date
from typing import Any

from gridmap.db.pools import Connection
from gridmap.incidents.course import Limit
from gridmap.incidents.errors import IncidentProblem

URGENT = 3
SEVERITIES = (1, 2, 3)
HOTLINE_DAYS = 13
"""Working days that a complaint by 12345 has unless its order says otherwise."""
DAY_MINUTES = 480
FALLBACK = Limit(minutes=5 * DAY_MINUTES, clock="working")
"""For a kind whose limit the office has taken away: a report is never refused for it."""
KIND = """
SELECT k.*, c.title AS class_title, c.title_en AS class_title_en
FROM gridmap.incident_kind k JOIN gridmap.incident_class c ON c.code = k.class WHERE k.code = %s
"""


def read_kind(connection: Connection, code: str, day: date) -> dict[str, Any]:
    """The kind of that code, which must be in use on the business day. Raises IncidentProblem("kind")."""
    row = connection.execute(KIND, (code,)).fetchone()
    if row is None or day not in row["valid"]:
        raise IncidentProblem("kind")
    return row


def read_limit(connection: Connection, code: str, severity: int, source: str = "") -> Limit:
    """How long a case of that kind and severity may take; what comes by hotline and is not urgent has 13 days."""
    if source == "hotline" and severity < URGENT:
        return Limit(minutes=HOTLINE_DAYS * DAY_MINUTES, clock="working")
    row = connection.execute(
        "SELECT minutes, clock FROM gridmap.incident_limit WHERE kind = %s AND severity = %s", (code, severity)
    ).fetchone()
    return Limit(minutes=row["minutes"], clock=row["clock"]) if row else FALLBACK

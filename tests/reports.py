"""What tests of reports share: the cases that phones have sent, and a place to send them from."""

from typing import Any

import psycopg

from tests.checks import STAIRWELL
from tests.conftest import Base


def reports(base: Base) -> list[dict[str, Any]]:
    """The cases that came from phones, in order, each with how many photos it has and which place it names."""
    with psycopg.connect(base.owner_url, row_factory=psycopg.rows.dict_row) as owner:
        return owner.execute(
            "SELECT i.*, p.code, (SELECT count(*) FROM gridmap.incident_photo f WHERE f.street_id = i.street_id"
            " AND f.incident_id = i.id AND f.stage = 'reported') AS photos FROM gridmap.incident i"
            " LEFT JOIN gridmap.place p ON p.street_id = i.street_id AND p.id = i.place_id"
            " WHERE i.sent_id IS NOT NULL ORDER BY i.id"
        ).fetchall()


def forget(base: Base) -> None:
    """No case is there, neither of the demo nor from a phone."""
    with psycopg.connect(base.owner_url) as owner:
        owner.execute("TRUNCATE gridmap.incident CASCADE")


def stairwell(base: Base, code: str = STAIRWELL) -> int:
    """The id of a stairwell by its code."""
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute("SELECT id FROM gridmap.place WHERE code = %s AND kind = 'stairwell'", (code,)).fetchone()
    assert row
    found: int = row[0]
    return found

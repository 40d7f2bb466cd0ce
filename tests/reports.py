"""What tests of reports share: the cases that phones have sent, and a place to send them from."""

from contextlib import closing
from typing import Any

import psycopg

from gridmap.accounts import actor
from gridmap.clock import parse_clock
from gridmap.db import Database
from gridmap.incidents import Act, Action, act
from gridmap.scope import viewer_of
from tests.checks import STAIRWELL
from tests.conftest import DEMO_CLOCK, Base


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


def act_as(base: Base, username: str, incident_id: int, action: str, **more: Any) -> None:
    """Let an account of the demo do something with a case, in its own scope."""
    clock = parse_clock(DEMO_CLOCK)
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute("SELECT id FROM gridmap.account WHERE username = %s", (username,)).fetchone()
    assert row
    with closing(Database(base.app_url)) as database:
        viewer = viewer_of(database, row[0], clock.now())
        with database.transaction(viewer.settings) as connection:
            act(connection, actor(clock, row[0]), Act(incident_id=incident_id, action=Action(action), **more))

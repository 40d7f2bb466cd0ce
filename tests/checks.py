"""What tests of checks share: the open checks of the demo's building manager, and what the database holds of them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from flask import Flask

from gridmap.accounts import actor, create_token
from gridmap.db import SYSTEM
from tests.conftest import Base

STAIRWELL = "442000002005X01-01-1"
"""The stairwell of the demo's building manager."""
MONTH, TODAY = date(2026, 3, 1), date(2026, 3, 16)


@dataclass(frozen=True)
class Slots:
    """The slots of one stairwell in the running month, as the owner of the tables sees them."""

    base: Base
    code: str = STAIRWELL

    def ids(self) -> list[int]:
        """Their ids, in the order of the checks."""
        return [row[0] for row in self._rows("SELECT s.id")]

    def reopen(self) -> list[int]:
        """Supersede every answer to them, and give their ids."""
        found = self.ids()
        with psycopg.connect(self.base.owner_url) as owner:
            owner.execute(
                "UPDATE gridmap.inspection SET superseded_at = now() WHERE slot_id = ANY (%s)"
                " AND superseded_at IS NULL",
                (found,),
            )
            owner.execute("SELECT gridmap.settle_slots(%s, %s, %s)", (found[0] >> 32, found, TODAY))
        return found

    def states(self) -> list[str]:
        """Their states."""
        return [row[0] for row in self._rows("SELECT s.state")]

    def _rows(self, what: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.base.owner_url) as owner:
            return owner.execute(
                f"{what} FROM gridmap.slot s JOIN gridmap.place p ON p.street_id = s.street_id AND p.id = s.place_id"
                " JOIN gridmap.duty d ON d.street_id = s.street_id AND d.id = s.duty_id"
                " WHERE p.code = %s AND s.starts_on = %s ORDER BY d.sort",
                (self.code, MONTH),
            ).fetchall()


def answers_to(base: Base, slots: list[int]) -> list[dict[str, Any]]:
    """The answers to these slots that stand, and were sent by a phone."""
    with psycopg.connect(base.owner_url, row_factory=psycopg.rows.dict_row) as owner:
        return owner.execute(
            "SELECT * FROM gridmap.inspection WHERE slot_id = ANY (%s) AND superseded_at IS NULL"
            " AND sent_id IS NOT NULL ORDER BY id",
            (slots,),
        ).fetchall()


def households(base: Base) -> tuple[int, list[int]]:
    """A stairwell with households to visit this month, none of them visited; its slots from 101 on."""
    with psycopg.connect(base.owner_url) as owner:
        rows = owner.execute(
            "SELECT s.place_id, s.id FROM gridmap.slot s JOIN gridmap.duty d ON d.id = s.duty_id"
            " WHERE d.action = 'household_visit' AND s.starts_on = %s AND s.place_id = (SELECT min(p.id)"
            " FROM gridmap.place p JOIN gridmap.slot v ON v.place_id = p.id JOIN gridmap.duty o ON o.id = v.duty_id"
            " WHERE o.action = 'household_visit') ORDER BY length(s.unit), s.unit",
            (MONTH,),
        ).fetchall()
        found = [slot for _place, slot in rows]
        owner.execute("UPDATE gridmap.inspection SET superseded_at = now() WHERE slot_id = ANY (%s)", (found,))
        owner.execute("SELECT gridmap.settle_slots(%s, %s, %s)", (found[0] >> 32, found, TODAY))
    return rows[0][0], found


def tokens_of(app: Flask) -> dict[str, dict[str, str]]:
    """The headers of a program signed in as each account of the application."""
    services = app.extensions["gridmap"]
    found = {}
    with services.database.transaction(SYSTEM) as connection:
        for row in connection.execute("SELECT id, username FROM gridmap.account").fetchall():
            secret = create_token(connection, actor(services.clock), row["id"], name="test", days=1)
            found[row["username"]] = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
    return found

"""A demo of one's own to give places in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from gridmap.accounts import Actor
from gridmap.clock import parse_clock, real_now
from gridmap.db import SYSTEM, Database
from gridmap.people import NewPerson, add_person, attempt
from gridmap.people.giving import Move
from gridmap.people.giving.moves import seen_of
from tests.conftest import DEMO_CLOCK, Base

NOW = parse_clock(DEMO_CLOCK).now()
HERE = "442000002005"
ROLE = "stairwell_leader"


@dataclass
class Office:
    """A street office at its desk: commands as the system, a clock that it turns itself."""

    database: Database
    street: int
    community: int
    doors: list[int]
    """Stairwells of 花苑 without a stairwell leader."""
    now: datetime = NOW

    @property
    def by(self) -> Actor:
        return Actor(account_id=None, business_at=self.now, at=real_now())

    def run(self, command: Callable[..., Any], *values: Any, **fields: Any) -> Any:
        return attempt(self.database, SYSTEM, lambda connection: command(connection, self.by, *values, **fields))

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with self.database.transaction(SYSTEM) as connection:
            return connection.execute(statement, values).fetchall()

    def person(self, name: str) -> int:
        new = NewPerson(street_id=self.street, name=name, display_name=name, community_id=self.community)
        return int(self.run(add_person, new))

    def holder(self, place: int, role: str = ROLE, at: datetime | None = None) -> str | None:
        found = self.rows(
            "SELECT n.display_name FROM gridmap.assignment a JOIN gridmap.person n ON n.street_id = a.street_id"
            " AND n.id = a.person_id WHERE a.place_id = %s AND a.role = %s AND a.is_primary AND a.valid @> %s",
            place, role, at or self.now,
        )  # fmt: skip
        assert len(found) < 2
        return found[0]["display_name"] if found else None

    def seen(self, place: int, role: str = ROLE) -> int | None:
        found = self.rows(
            "SELECT id, revision FROM gridmap.assignment WHERE place_id = %s AND role = %s AND is_primary"
            " AND valid @> %s",
            place, role, self.now,
        )  # fmt: skip
        return seen_of(found[0]["id"], found[0]["revision"]) if found else None

    def move(self, place: int, person: int | None, **fields: Any) -> Move:
        return Move(**{"place_id": place, "role": ROLE, "person_id": person, "seen": self.seen(place), **fields})


DOORS = """
SELECT p.street_id, p.id, p.community_id FROM gridmap.place p
JOIN gridmap.community c ON c.street_id = p.street_id AND c.id = p.community_id AND c.code = %s
WHERE p.kind = 'stairwell' AND NOT EXISTS (SELECT FROM gridmap.assignment a
  WHERE a.street_id = p.street_id AND a.place_id = p.id AND a.role = 'stairwell_leader')
ORDER BY p.id
"""


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def database(base: Base) -> Iterator[Database]:
    made = Database(base.app_url)
    yield made
    made.close()


@pytest.fixture
def office(database: Database) -> Office:
    with database.transaction(SYSTEM) as connection:
        rows = connection.execute(DOORS, (HERE,)).fetchall()
    return Office(database, rows[0]["street_id"], rows[0]["community_id"], [row["id"] for row in rows])

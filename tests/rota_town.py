"""The little town with a group of 24 who share the evenings at the zones of estate A; each signs in as a resident."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import psycopg
import pytest

from gridmap.clock import OFFICE
from gridmap.periods import Period
from gridmap.read.rota import State, read_state
from gridmap.rota import Proposal, RotaProblem, Shape, Wish, answer_swap, ask_swap, join, open_rota, plan_period
from gridmap.rota.rows import read_row
from gridmap.scope import Viewer, viewer_of
from tests import parking_town
from tests.duties_town import BASE, COMMUNITY, ESTATE_A, STREET
from tests.parking_town import ParkingTown, at

GROUP = tuple(BASE + 200 + number for number in range(24))
"""The people of the group; `r0` … `r23` are their accounts."""
STRANGER = BASE + 240
"""Somebody of the community who takes no part; the account `stranger` has the same right."""
QUARTER = Period(date(2026, 4, 1), date(2026, 7, 1))
TWO_WEEKS = Period(date(2026, 4, 1), date(2026, 4, 15))
BEFORE = at("2026-03-20", "10:00")
EVENING = Shape(name="花苑停车值班", begins=time(18), ends=time(20), starts=date(2026, 3, 1))


def name_of(person: int) -> str:
    """How somebody of the group is shown."""
    return f"居民{person - BASE - 200}"


def build(owner: "psycopg.Connection[Any]") -> None:
    """Write the town with its group as the owner of the tables, and commit."""
    parking_town.build(owner)
    owner.execute(
        "INSERT INTO gridmap.organisation (id, kind, name, street_id) OVERRIDING SYSTEM VALUE"
        " VALUES (600, 'residents_group', '自治小组', %s)",
        (STREET,),
    )
    for number, person in enumerate((*GROUP, STRANGER)):
        username = "stranger" if person == STRANGER else f"r{number}"
        group = None if person == STRANGER else 600
        owner.execute(
            "INSERT INTO gridmap.person (street_id, id, name, display_name, community_id, organisation_id)"
            " VALUES (%s, %s, '某某', %s, %s, %s)",
            (STREET, person, name_of(person), COMMUNITY, group),
        )
        owner.execute(
            "INSERT INTO gridmap.account (username, title, person_id) VALUES (%s, %s, %s)", (username, username, person)
        )
        owner.execute(
            "INSERT INTO gridmap.account_grant (account_id, role, level, valid)"
            " SELECT id, 'duty_resident', 'rota', '[2020-01-01,)' FROM gridmap.account WHERE username = %s",
            (username,),
        )
    owner.commit()


@dataclass
class RotaTown(ParkingTown):
    """The town as those see it who share evenings."""

    rota_id: int = 0

    def viewer(self, who: str) -> Viewer:
        """The account as the reading side knows it at this moment: what it sees follows its turns."""
        return viewer_of(self.database, self.ids[who], self.now)

    def open(self, shape: Shape = EVENING, kind: str = "parking", place: int = ESTATE_A, who: str = "leader") -> int:
        """Make a rota; it is the one that the other calls speak of."""
        self.rota_id = self.run(who, lambda connection, by: open_rota(connection, by, kind, place, shape))
        return self.rota_id

    def join(self, people: Any = GROUP, start: date = EVENING.starts, who: str = "leader") -> int:
        """Let people take part."""
        return self.run(who, lambda connection, by: join(connection, by, self.rota_id, people, start))

    def plan(self, within: Period = QUARTER, who: str = "leader", seen: str | None = None) -> Proposal:
        """Share the evenings out."""
        return self.run(who, lambda connection, by: plan_period(connection, by, self.rota_id, within, seen=seen))

    def ask(self, who: str, day: date, giver: int, taker: int, other: date | None = None) -> int:
        """Ask for a swap."""
        wish = Wish(
            turn_id=self.turn(day)["id"],
            giver_id=giver,
            taker_id=taker,
            other_turn_id=self.turn(other)["id"] if other else None,
        )
        return self.run(who, lambda connection, by: ask_swap(connection, by, wish))

    def answer(self, who: str, swap_id: int, answer: str = "agree") -> None:
        """Answer what was asked."""
        self.run(who, lambda connection, by: answer_swap(connection, by, swap_id, answer))

    def away(self, person: int, first: date, last: date) -> None:
        """Put somebody on leave, the last day included."""
        self.owner.execute(
            "INSERT INTO gridmap.absence (street_id, id, person_id, valid, community_id)"
            " SELECT %s, %s + nextval('gridmap.serial'), %s, tstzrange(%s, %s), %s",
            (STREET, BASE, person, midnight(first), midnight(last + timedelta(days=1)), COMMUNITY),
        )

    def turn(self, day: date) -> dict[str, Any]:
        """The row of an evening."""
        return self.rows("SELECT * FROM gridmap.rota_turn WHERE rota_id = %s AND day = %s", self.rota_id, day)[0]

    def held(self) -> dict[date, tuple[int, ...]]:
        """Who has which evening, by day; called off ones left out."""
        rows = self.rows(
            "SELECT t.day, array_agg(h.person_id ORDER BY h.person_id) FILTER (WHERE h.id IS NOT NULL) AS people"
            " FROM gridmap.rota_turn t LEFT JOIN gridmap.rota_holder h ON h.street_id = t.street_id"
            " AND h.turn_id = t.id AND h.ended_at IS NULL"
            " WHERE t.rota_id = %s AND t.state = 'set' GROUP BY 1 ORDER BY 1",
            self.rota_id,
        )
        return {row["day"]: tuple(row["people"] or ()) for row in rows}

    def days_of(self, person: int) -> list[date]:
        """The evenings of somebody."""
        return [day for day, people in self.held().items() if person in people]

    def state(self) -> State:
        """The rota as its leader reads it."""
        return self.run(
            "leader", lambda connection, by: read_state(connection, read_row(connection, self.rota_id), by.business_at)
        )


def midnight(day: date) -> datetime:
    """The beginning of a day of the office."""
    return datetime.combine(day, time(), OFFICE)


def account_of(person: int) -> str:
    """The account of somebody of the group."""
    return f"r{GROUP.index(person)}"


@contextmanager
def refused(reason: str) -> Iterator[None]:
    """That the command is refused for this reason."""
    with pytest.raises(RotaProblem) as problem:
        yield
    assert problem.value.reason == reason

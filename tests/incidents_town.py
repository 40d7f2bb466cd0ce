"""The little town of the duties, with real shapes, organisations and accounts: for the tests of cases."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import psycopg
import pytest
from psycopg.rows import dict_row

from gridmap.accounts import Actor
from gridmap.clock import OFFICE, real_now
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.incidents import Act, Action, IncidentProblem, Report, Reported, act, report_incident
from gridmap.places.calendar import fill_calendar
from gridmap.scope import Viewer, viewer_of
from tests import duties_town as base_town
from tests.duties_town import BASE, COMMUNITY, ESTATE_A, ESTATE_B, GRID_A, GRID_B, PEOPLE, STAIRS, STREET

EAST = BASE + 6
"""The community next door, east of 113.42."""
CAMERA = BASE + 40
"""A camera in estate A that the department itself manages."""
COMPANY, OTHER_COMPANY, DEPARTMENT, TEAM, POLICE = 501, 502, 503, 504, 505
MONDAY = datetime(2026, 3, 16, 9, tzinfo=OFFICE)
CLUTTER, BROKEN_LIGHT, CAMERA_KIND, DISPUTE, TRAPPED = "03001", "03002", "15001", "10001", "05001"
Answer = TypeVar("Answer")


def box(west: float, east: float, south: float = 22.5, north: float = 22.51) -> str:
    """A rectangle of degrees."""
    ring = ", ".join(f"{x} {y}" for x, y in ((west, south), (east, south), (east, north), (west, north), (west, south)))
    return f"SRID=4326;POLYGON(({ring}))"


def multi(shape: str) -> str:
    """The same as a multipolygon."""
    return shape.replace("POLYGON((", "MULTIPOLYGON(((") + ")"


SHAPES = {GRID_A: box(113.40, 113.41), GRID_B: box(113.41, 113.42), ESTATE_A: box(113.401, 113.409),
          ESTATE_B: box(113.411, 113.419)}  # fmt: skip
GRANTS: dict[str, tuple[tuple[str, str, int], ...]] = {
    "leader": (("leader", "street", STREET),),
    "community_leader": (("leader", "community", COMMUNITY),),
    "east_leader": (("leader", "community", EAST),),
    "worker_a": (("worker", "grid", GRID_A),),
    "worker_b": (("worker", "grid", GRID_B),),
    "company": (("handler", "organisation", COMPANY),),
    "company_clerk": (("handler", "organisation", COMPANY),),
    "other_company": (("handler", "organisation", OTHER_COMPANY),),
    "department": (("handler", "organisation", DEPARTMENT),),
    "planner": (("planner", "street", STREET),),
    # they see the whole street, and are on duty in a part of it
    "planner_worker": (("planner", "street", STREET), ("worker", "grid", GRID_B)),
    "manager": (("manager", "held", STREET), ("planner", "street", STREET)),
    "street_handler": (("handler", "street", STREET),),
}


def build(owner: "psycopg.Connection[Any]") -> None:
    """Write the town as the owner of the tables, and commit."""
    base_town.build(owner)
    for place, shape in SHAPES.items():
        owner.execute("UPDATE gridmap.place SET geom = %s WHERE id = %s", (shape, place))
    owner.execute("UPDATE gridmap.community SET geom = %s", (multi(box(113.40, 113.42)),))
    owner.execute(
        "INSERT INTO gridmap.community (street_id, id, code, name, geom) VALUES (%s, %s, '442000002006', '东社区', %s)",
        (STREET, EAST, multi(box(113.42, 113.43))),
    )
    for number, stairs in enumerate(STAIRS):
        point = f"SRID=4326;POINT({113.405 if number < 2 else 113.415} {22.505 + number / 1000})"
        owner.execute("UPDATE gridmap.place SET geom = %s WHERE id = %s", (point, stairs))
    owner.execute(
        "INSERT INTO gridmap.facility_kind (code, title, title_en, theme) VALUES ('camera_outdoor', '头', 'c', 's')"
        " ON CONFLICT DO NOTHING"
    )
    owner.execute(
        "INSERT INTO gridmap.place (street_id, id, kind, code, name, community_id, grid_id, estate_id, geom)"
        " VALUES (%s, %s, 'facility', 'cam', '头', %s, %s, %s, 'SRID=4326;POINT(113.406 22.505)')",
        (STREET, CAMERA, COMMUNITY, GRID_A, ESTATE_A),
    )
    _add_organisations(owner)
    _add_accounts(owner)
    owner.commit()
    owner.row_factory = dict_row
    fill_calendar(owner)
    owner.commit()


def _add_organisations(owner: "psycopg.Connection[Any]") -> None:
    for identity, kind, name, street in (
        (COMPANY, "property_company", "甲物业", None),
        (OTHER_COMPANY, "property_company", "乙物业", None),
        (DEPARTMENT, "department", "城管", STREET),
        (TEAM, "residents_group", "守护队", STREET),
        (POLICE, "department", "派出所", STREET),
    ):
        owner.execute(
            "INSERT INTO gridmap.organisation (id, kind, name, street_id) OVERRIDING SYSTEM VALUE"
            " VALUES (%s, %s, %s, %s)",
            (identity, kind, name, street),
        )
    for estate, company in ((ESTATE_A, COMPANY), (ESTATE_B, OTHER_COMPANY)):
        owner.execute("UPDATE gridmap.estate SET property_id = %s WHERE place_id = %s", (company, estate))
    for organisation, place, relation in ((DEPARTMENT, CAMERA, "manages"), (TEAM, GRID_B, "covers")):
        owner.execute(
            "INSERT INTO gridmap.organisation_place (street_id, organisation_id, place_id, relation)"
            " VALUES (%s, %s, %s, %s)",
            (STREET, organisation, place, relation),
        )
    for kind, organisation in ((CLUTTER, TEAM), (CLUTTER, POLICE), (BROKEN_LIGHT, DEPARTMENT)):
        owner.execute(
            "INSERT INTO gridmap.incident_taker (street_id, kind, organisation_id) VALUES (%s, %s, %s)",
            (STREET, kind, organisation),
        )


def _add_accounts(owner: "psycopg.Connection[Any]") -> None:
    for username, grants in GRANTS.items():
        row = owner.execute(
            "INSERT INTO gridmap.account (username, title) VALUES (%s, %s) RETURNING id", (username, username)
        ).fetchone()
        assert row
        for role, level, target in grants:
            owner.execute(
                "INSERT INTO gridmap.account_grant (account_id, role, level, street_id, target_id, organisation_id,"
                " valid) VALUES (%s, %s, %s, %s, %s, %s, '[2020-01-01,)')",
                (
                    row[0],
                    role,
                    level,
                    STREET if level != "organisation" else None,
                    target if level in ("community", "grid") else None,
                    target if level == "organisation" else None,
                ),
            )
    owner.execute("UPDATE gridmap.account SET person_id = %s WHERE username = 'manager'", (PEOPLE[0],))


@dataclass
class Town:
    """The town as its accounts see it: each call is a transaction of one of them, at a business time."""

    database: Database
    owner_url: str
    now: datetime = MONDAY
    ids: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.owner = psycopg.connect(self.owner_url, row_factory=dict_row, autocommit=True)
        self._viewers: dict[str, Viewer] = {}
        self.ids = {row["username"]: row["id"] for row in self.rows("SELECT username, id FROM gridmap.account")}

    def close(self) -> None:
        """Leave the database alone, so that it can be forgotten."""
        self.owner.close()
        self.database.close()

    def viewer(self, who: str) -> Viewer:
        """The account as the reading side knows it; what it was granted does not change."""
        if who not in self._viewers:
            self._viewers[who] = viewer_of(self.database, self.ids[who], self.now)
        return self._viewers[who]

    def by(self, who: str | None) -> Actor:
        """The account as it acts now; None: the office itself."""
        return Actor(account_id=self.ids[who] if who else None, business_at=self.now, at=real_now())

    def run(self, who: str | None, command: Callable[[Connection, Actor], Answer]) -> Answer:
        """Run a command as that account, in its own scope."""
        settings = self.viewer(who).settings if who else SYSTEM
        with self.database.transaction(settings) as connection:
            return command(connection, self.by(who))

    def report(self, who: str | None, kind: str = CLUTTER, place_id: int | None = STAIRS[0], **more: Any) -> Reported:
        """Report something."""
        return self.run(
            who, lambda connection, by: report_incident(connection, by, Report(kind=kind, place_id=place_id, **more))
        )

    def act(self, who: str | None, incident_id: int, action: Action | str, **more: Any) -> dict[str, Any]:
        """Do something with a case, and give it."""
        one = Act(incident_id=incident_id, action=Action(action), **more)
        return self.run(who, lambda connection, by: act(connection, by, one))

    def dispatched(self, lead_id: int | None = COMPANY, kind: str = CLUTTER, place_id: int | None = STAIRS[0]) -> int:
        """A case that worker_a reported and the leader gave to an organisation, or None: to the community."""
        made = self.report("worker_a", kind, place_id)
        self.act("leader", made.incident_id, "dispatch", lead_id=lead_id, to_community=lead_id is None)
        return made.incident_id

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """What the owner of the tables sees."""
        return self.owner.execute(statement, values).fetchall()

    def case(self, incident_id: int) -> dict[str, Any]:
        """The row of a case."""
        return self.rows("SELECT * FROM gridmap.incident WHERE id = %s", incident_id)[0]

    def history(self, incident_id: int) -> list[dict[str, Any]]:
        """What happened to a case, in order."""
        return self.rows("SELECT * FROM gridmap.transition WHERE incident_id = %s ORDER BY turn", incident_id)

    def seen(self, who: str, table: str = "incident") -> set[int]:
        """The cases of which the account sees a row in that table."""
        column = "id" if table == "incident" else "incident_id"
        statement = f"SELECT {column} AS id FROM gridmap.{table}"
        return self.run(who, lambda connection, _: {row["id"] for row in connection.execute(statement).fetchall()})


@contextmanager
def refused(reason: str) -> Iterator[list[IncidentProblem]]:
    """That the command is refused for this reason; the problem itself is in the list afterwards."""
    found: list[IncidentProblem] = []
    with pytest.raises(IncidentProblem) as problem:
        yield found
    assert problem.value.reason == reason
    found.append(problem.value)

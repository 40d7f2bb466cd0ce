"""The demo's year of cases: exact shares, real courses, and the same rows that reporting and acting would have made."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row

from gridmap.accounts import Actor, Grant, create_account, create_token, give_grant
from gridmap.clock import OFFICE, real_now
from gridmap.db import SYSTEM, Database
from gridmap.db.pools import Connection
from gridmap.demo.incidents import add_incidents, read_rules
from gridmap.demo.incidents.crediting import credit_cases
from gridmap.demo.incidents.ground import read_ground
from gridmap.demo.incidents.mix import CASES, MIX, OUTCOMES, REFUSED, SAME, SOURCES
from gridmap.demo.incidents.telling import tell_all
from gridmap.demo.store import load_demo
from gridmap.incidents import REPEATS, Act, Action, Report, act, report_incident
from gridmap.incidents.routing import spot_at
from gridmap.incidents.writing import COURSE
from tests.conftest import Base

NOW = datetime(2026, 3, 16, 9, tzinfo=OFFICE)
FAMILIES = {kind: family for family, (_count, kinds) in MIX.items() for kind, _weight in kinds}
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def owner(demo_base: Base) -> "Iterator[psycopg.Connection[dict[str, Any]]]":
    with psycopg.connect(demo_base.owner_url, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture(scope="module")
def cases(owner: "psycopg.Connection[dict[str, Any]]") -> Rows:
    return owner.execute(
        "SELECT i.*, gridmap.is_late(state, due_at, handled_at, %s) AS is_late FROM gridmap.incident i", (NOW,)
    ).fetchall()


def test_the_shares_are_exact(cases: Rows) -> None:
    assert len(cases) == CASES + REFUSED + SAME
    true_ones = [one for one in cases if one["state"] not in ("rejected", "duplicate")]
    assert Counter(FAMILIES[one["kind"]] for one in true_ones) == {name: count for name, (count, _) in MIX.items()}
    assert Counter(one["source"] for one in true_ones) == SOURCES
    assert Counter(outcome(one) for one in true_ones) == OUTCOMES
    assert [round(100 * count / CASES) for count in OUTCOMES.values()] == [88, 7, 3, 2]


def outcome(one: dict[str, Any]) -> str:
    if one["state"] in ("closed", "parked"):
        return str(one["state"])
    return "overdue" if one["is_late"] else "open"


def test_the_year_is_whole_and_nothing_lies_ahead(cases: Rows, owner: "psycopg.Connection[dict[str, Any]]") -> None:
    days = Counter(one["reported_at"].astimezone(OFFICE).strftime("%Y-%m") for one in cases)
    assert min(days) == "2025-03"
    assert len(days) == 13
    row = owner.execute("SELECT max(at) AS last FROM gridmap.transition").fetchone()
    assert row is not None
    assert row["last"] < NOW


def test_every_deadline_is_the_working_clocks(cases: Rows, owner: "psycopg.Connection[dict[str, Any]]") -> None:
    """What ran without a break since its report is due when the database's own clock says so."""
    plain = owner.execute(
        "SELECT id, due_at, gridmap.clock_deadline(clock, reported_at, limit_minutes) AS told, reported_at"
        " FROM gridmap.incident WHERE extensions + reopens + reworks = 0 AND state <> 'parked'"
    ).fetchall()
    assert len(plain) > 2_000
    assert [one["id"] for one in plain if one["due_at"] != one["told"]] == []
    festival = [
        one for one in plain if one["reported_at"] < datetime(2026, 2, 14, tzinfo=OFFICE)
        and one["due_at"] > datetime(2026, 2, 24, tzinfo=OFFICE)
    ]  # fmt: skip
    assert len(festival) >= 10
    made_up = {one["due_at"].astimezone(OFFICE).date() for one in plain}
    assert made_up & {date(2026, 2, 14), date(2026, 2, 28)}


def test_things_come_back_and_nobody_is_named(owner: "psycopg.Connection[dict[str, Any]]") -> None:
    row = owner.execute(
        "SELECT count(*) AS found FROM (SELECT FROM gridmap.incident WHERE place_id IS NOT NULL"
        " AND reported_at > %s AND state NOT IN ('rejected', 'duplicate') GROUP BY place_id, kind"
        " HAVING count(*) >= %s) r",
        (NOW - timedelta(days=30), REPEATS),
    ).fetchone()
    assert row is not None
    assert row["found"] >= 8
    contact = owner.execute("SELECT count(*) AS found FROM gridmap.incident_contact").fetchone()
    assert contact == {"found": 0}
    names = {one["display_name"] for one in owner.execute("SELECT display_name FROM gridmap.person").fetchall()}
    words = owner.execute("SELECT concat_ws(' ', text, answer, address) AS said FROM gridmap.incident").fetchall()
    assert [one["said"] for one in words if any(name in one["said"] for name in names)] == []


def test_loading_again_adds_nothing(own_demo_base: Base) -> None:
    with psycopg.connect(own_demo_base.owner_url) as owner:
        assert load_demo(owner)["incidents"] == 0
        assert add_incidents(owner) == 0


def test_telling_again_tells_the_same(owner: "psycopg.Connection[dict[str, Any]]") -> None:
    ground, rules = read_ground(owner, NOW.date()), read_rules(owner)
    assert [one.walk.turns for one in tell_all(ground, rules)] == [one.walk.turns for one in tell_all(ground, rules)]


LEAST = (
    ("worker", "/my/incidents", 5),
    ("worker", "/incidents/to-verify", 2),
    ("manager", "/my/incidents", 3),
    ("manager", "/incidents/to-verify", 2),
    ("property", "/incidents/given", 5),
    ("community", "/incidents/to-verify", 5),
)


def test_every_account_of_the_demo_finds_its_own_cases(own_demo_base: Base, make_app: Callable[[Base], Flask]) -> None:
    """Where `gridmap demo` has written its accounts into the cases, which the other tests do without."""
    with psycopg.connect(own_demo_base.owner_url) as owner:
        credit_cases(owner)
    app, found = make_app(own_demo_base), {}
    for who, path, _least in LEAST:
        page = app.test_client().get(path, headers=signed_in(app, who) | {"Accept": "text/html"})
        assert page.status_code == 200, (who, path)
        found[who, path] = len(set(re.findall(r"GX-\d{4}-\d{2}-\d{6}", page.text)))
    assert [(who, path, found[who, path]) for who, path, least in LEAST if found[who, path] < least] == []


def signed_in(app: Flask, username: str) -> dict[str, str]:
    """The headers of a program of that account."""
    database: Database = app.extensions["gridmap"].database
    with database.transaction(SYSTEM) as connection:
        row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (username,)).fetchone()
        assert row is not None
        by = Actor(account_id=None, business_at=NOW, at=real_now())
        return {"Authorization": f"Bearer {create_token(connection, by, row['id'], name='test', days=1)}"}


def test_who_did_what_is_written_once(own_demo_base: Base) -> None:
    """Crediting again changes nothing."""
    said = "SELECT reporter_account_id, handled_by, checked_by FROM gridmap.incident ORDER BY street_id, id"
    with psycopg.connect(own_demo_base.owner_url) as owner:
        credit_cases(owner)
        before = owner.execute(said).fetchall()
        credit_cases(owner)
        assert owner.execute(said).fetchall() == before
    assert sum(handled is not None and checked is not None for _reporter, handled, checked in before) > 50
    assert [row for row in before if row[1] is not None and row[1] == row[2]] == []


# The same by the commands -------------------------------------------------------------------------------------------

SAMPLE = """
SELECT i.*, ST_X(i.geom) AS lon, ST_Y(i.geom) AS lat FROM gridmap.incident i
WHERE i.state NOT IN ('duplicate') AND NOT gridmap.has_handlers(i.lead_id, %(now)s)
  AND NOT EXISTS (SELECT FROM gridmap.transition t WHERE t.street_id = i.street_id AND t.incident_id = i.id
                  AND gridmap.has_handlers(t.lead_id, %(now)s))
ORDER BY (i.returns + i.transfers + i.reworks + i.reopens + i.extensions + i.escalations > 0) DESC,
  md5(i.number) LIMIT %(most)s
"""
SAME_CASE = (
    *(name for name in COURSE if name not in ("handled_by", "checked_by")),
    *("kind", "severity", "source", "text", "address", "place_id", "community_id", "grid_id", "micro_grid_id"),
    *("estate_id", "reported_at", "lead_id", "parties", "revision", "changed_at", "geom"),
)
SAME_LINE = (
    *("turn", "action", "from_state", "to_state", "at", "used_minutes", "stage_minutes", "level", "lead_id"),
    *("reason", "until", "parties", "place_id", "community_id", "grid_id", "estate_id"),
)
DOER = frozenset({"handle", "accept", "return"})


class Replay:
    """The demo's cases made anew, by reporting and acting at the same moments."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.accounts = {}
        for name in ("doer", "checker"):
            with database.transaction(SYSTEM) as connection:
                by = Actor(account_id=None, business_at=NOW - timedelta(days=800), at=real_now())
                self.accounts[name] = create_account(connection, by, username=f"replay-{name}", title=name,
                                                     password="replay-replay-1")  # fmt: skip
                give_grant(connection, by, self.accounts[name], Grant(role="leader", level="city"))

    def by(self, name: str, at: datetime) -> Actor:
        return Actor(account_id=self.accounts[name], business_at=at, at=real_now())

    def again(self, connection: Connection, one: dict[str, Any], lines: Rows) -> int:
        """The id of the same case, made by the commands."""
        made = report_incident(
            connection,
            self.by("doer", one["reported_at"]),
            Report(
                kind=one["kind"],
                severity=one["severity"],
                place_id=one["place_id"],
                at=None if one["place_id"] else (one["lon"], one["lat"]),
                text=one["text"],
                source=one["source"],
                done=one["is_self_handled"],
            ),
        )
        for line in lines[1:]:
            who = "doer" if line["action"] in DOER else "checker"
            act(connection, self.by(who, line["at"]), self.act_of(made.incident_id, line))
        return made.incident_id

    @staticmethod
    def act_of(identity: int, line: dict[str, Any]) -> Act:
        gives = line["action"] in ("dispatch", "transfer")
        parks = line["action"] == "park"
        return Act(
            incident_id=identity,
            action=Action(line["action"]),
            reason=line["reason"] or "",
            lead_id=line["lead_id"] if gives else None,
            to_community=gives and line["lead_id"] is None,
            until=None if parks else line["until"],
            review_on=line["until"].astimezone(OFFICE).date() if parks else None,
        )


def test_what_lies_in_an_estate_within_an_estate_lies_in_the_inner_one(demo_base: Base) -> None:
    database = Database(demo_base.app_url)
    try:
        with database.transaction(SYSTEM) as connection:
            inner = connection.execute(
                "SELECT p.id, public.st_x(s) AS lon, public.st_y(s) AS lat FROM gridmap.place p"
                " JOIN gridmap.place o ON o.street_id = p.street_id AND o.id = p.parent_id AND o.kind = 'estate'"
                " CROSS JOIN LATERAL public.st_pointonsurface(p.geom) AS s"
                " WHERE p.kind = 'estate' AND public.st_covers(o.geom, s)"
            ).fetchall()
            found = [spot_at(connection, (row["lon"], row["lat"])).estate_id for row in inner]
    finally:
        database.close()
    assert len(inner) >= 3
    assert found == [row["id"] for row in inner]


@pytest.mark.parametrize("most", [30, pytest.param(400, marks=pytest.mark.full)])
def test_reporting_and_acting_make_the_same_rows(own_demo_base: Base, most: int) -> None:
    database = Database(own_demo_base.app_url)
    try:
        replay = Replay(database)
        with psycopg.connect(own_demo_base.owner_url, row_factory=dict_row) as owner:
            sample = owner.execute(SAMPLE, {"now": NOW, "most": most}).fetchall()
            assert sum(one["returns"] + one["transfers"] > 0 for one in sample) >= 3
            pairs = []
            for one in sample:
                with database.transaction(SYSTEM) as connection:
                    pairs.append((one["id"], replay.again(connection, one, history(owner, one["id"]))))
        with psycopg.connect(own_demo_base.owner_url, row_factory=dict_row) as owner:
            for told, made in pairs:
                assert_same(owner, told, made)
    finally:
        database.close()


def history(owner: "psycopg.Connection[dict[str, Any]]", identity: int) -> Rows:
    return owner.execute(
        "SELECT * FROM gridmap.transition WHERE street_id = %s AND incident_id = %s ORDER BY turn",
        (identity >> 32, identity),
    ).fetchall()


def assert_same(owner: "psycopg.Connection[dict[str, Any]]", told: int, made: int) -> None:
    rows = [
        owner.execute("SELECT * FROM gridmap.incident WHERE id = %s", (identity,)).fetchone()
        for identity in (told, made)
    ]
    first, second = ({name: (row or {})[name] for name in SAME_CASE} for row in rows)
    assert first == second, first["kind"]
    lines = [[{name: line[name] for name in SAME_LINE} for line in history(owner, one)] for one in (told, made)]
    assert lines[0] == lines[1]
    leads = [
        owner.execute(
            "SELECT organisation_id, role, since, until, parties FROM gridmap.party WHERE incident_id = %s"
            " ORDER BY since, organisation_id",
            (identity,),
        ).fetchall()
        for identity in (told, made)
    ]
    assert leads[0] == leads[1]

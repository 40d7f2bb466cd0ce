"""The catalogue of numbers: golden figures, edges, and two ways to count that must agree for every filter."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from gridmap.clock import parse_clock
from gridmap.db import Database
from gridmap.db.pools import Connection
from gridmap.kpi import BY_NAME, KPIS
from gridmap.read.coverage import (
    AREAS,
    Counts,
    Cut,
    count_quickly,
    count_rows,
    read_areas,
    read_counts,
    read_reasons,
    read_rows,
    read_trend,
)
from gridmap.scope import Viewer, viewer_of
from gridmap.shares import share, share_words
from tests.conftest import DEMO_CLOCK, Base

YEAR = {"start": date(2025, 3, 1), "end": date(2026, 3, 1)}
FEBRUARY = {"start": date(2026, 2, 1), "end": date(2026, 3, 1)}
CLOCK = parse_clock(DEMO_CLOCK)
NOW: dict[str, Any] = {"moment": CLOCK.now(), "today": CLOCK.today()}


@pytest.fixture(scope="module")
def database(demo_base: Base) -> Iterator[Database]:
    database = Database(demo_base.app_url)
    yield database
    database.close()


@pytest.fixture(scope="module")
def codes(demo_base: Base) -> dict[str, int]:
    with psycopg.connect(demo_base.superuser_url, row_factory=dict_row) as owner:
        rows = owner.execute(
            "SELECT code, id FROM gridmap.place WHERE kind IN ('estate', 'grid')"
            " UNION ALL SELECT code, id FROM gridmap.community"
        ).fetchall()
    return {row["code"]: row["id"] for row in rows}


def viewer(database: Database, username: str) -> Viewer:
    with database.transaction({"scope": "city", "administers": "on"}) as connection:
        row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (username,)).fetchone()
    assert row is not None
    return viewer_of(database, row["id"], CLOCK.now())


@pytest.fixture(scope="module")
def leader(database: Database) -> Viewer:
    return viewer(database, "leader")


@pytest.fixture
def connection(database: Database, leader: Viewer) -> Iterator[Connection]:
    with database.transaction(leader.prologue) as connection:
        yield connection


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (1_300, 1_439, "90.3 %"),
        (540, 578, "93.4 %"),
        (4, 10, "40.0 %"),
        (6, 7, "85.7 %"),
        (0, 0, "—"),
        (0, 5, "0.0 %"),
        (5, 5, "100.0 %"),
        (99_999, 100_000, "99.9 %"),
        (1, 100_000, "0.1 %"),
    ],
)
def test_golden_shares(part: int, whole: int, words: str) -> None:
    assert share_words(part, whole) == words


@given(part=st.integers(0, 10**6), rest=st.integers(0, 10**6))
def test_only_all_is_a_hundred_and_only_nothing_is_zero(part: int, rest: int) -> None:
    found = share(part, part + rest)
    if part + rest == 0:
        assert found is None
        return
    assert found is not None
    assert 0 <= found <= 100
    assert (found == 100) == (rest == 0)
    assert (found == 0) == (part == 0)


def test_thirteen_hundred_of_the_households_are_reached_and_the_139_are_listed(
    connection: Connection, leader: Viewer, codes: dict[str, int]
) -> None:
    cut = Cut(**FEBRUARY, estate=codes["420104005013X01"], kind="household_visit")
    visits = BY_NAME["visits"]
    assert share_words(*count_quickly(connection, leader, cut, visits)) == "90.3 %"
    missing = read_rows(connection, leader, cut, visits, limit=500, **NOW)
    assert len(missing) == 139
    assert len({(row.place_id, row.unit) for row in missing}) == 139
    assert len({row.place_id for row in missing}) == 3
    assert read_reasons(connection, leader, cut, **NOW).keys() <= {"missed", "no_access", "on_leave", "no_manager"}


def test_the_checks_of_a_community(connection: Connection, leader: Viewer, codes: dict[str, int]) -> None:
    huayuan = codes["442000002005"]
    month = Cut(**FEBRUARY, community=huayuan)
    by_estate = read_areas(connection, leader, month, "estate")
    checks = [area for area in by_estate if area.id]
    assert len(checks) == 13
    assert sum(area.counts.slots for area in checks) == 759
    year = [
        read_counts(connection, leader, Cut(**YEAR, community=huayuan, kind=kind))
        for kind in ("fire_equipment", "roof_safety", "corridor_clutter")
    ]
    assert sum(counts.slots for counts in year) == 9_108
    assert [sum(getattr(counts, name) for counts in year) for name in ("satisfied", "excused", "open")] == [
        8_015,
        364,
        729,
    ]
    trend = read_trend(connection, leader, Cut(**YEAR, community=huayuan))
    assert [month for month, _ in trend] == [
        date(2025, 3 + n, 1) if n < 10 else date(2026, n - 9, 1) for n in range(12)
    ]
    worst = min(checks, key=lambda area: area.counts.satisfied / area.counts.due)
    assert worst.name == "芙蓉苑"


CUTS = st.fixed_dictionaries(
    {
        "start": st.sampled_from([date(2025, 3, 1), date(2025, 7, 1), date(2026, 2, 1), date(2026, 3, 1)]),
        "end": st.sampled_from([date(2025, 6, 1), date(2026, 1, 1), date(2026, 3, 1), date(2026, 4, 1)]),
        "kind": st.sampled_from([None, "household_visit", "roof_safety", "joint_inspection", "nothing"]),
        "management": st.sampled_from([None, "none", "property"]),
        "where": st.sampled_from(
            [None, ("community", "442000002005"), ("estate", "442000002005X09"), ("estate", "420104005013X01"),
             ("grid", "420104005013001"), ("grid", "442000002005002")]
        ),
        "kpi": st.sampled_from(sorted(BY_NAME)),
        "who": st.sampled_from(["leader", "community", "planner", "worker", "property"]),
        "by": st.sampled_from(AREAS),
    }
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=CUTS)
def test_counts_and_rows_agree_for_every_filter(
    database: Database, codes: dict[str, int], words: dict[str, Any]
) -> None:
    agree(database, codes, words)


@pytest.mark.full
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=CUTS)
def test_counts_and_rows_agree_for_ten_thousand(
    database: Database, codes: dict[str, int], words: dict[str, Any]
) -> None:
    agree(database, codes, words)


_viewers: dict[str, Viewer] = {}


def agree(database: Database, codes: dict[str, int], words: dict[str, Any]) -> None:
    who = _viewers.setdefault(words["who"], viewer(database, words["who"]))
    where = {words["where"][0]: codes[words["where"][1]]} if words["where"] else {}
    cut = Cut(start=words["start"], end=words["end"], kind=words["kind"], management=words["management"], **where)
    kpi = BY_NAME[words["kpi"]]
    with database.transaction(who.prologue) as connection:
        rows = count_rows(connection, who, cut, kpi)
        assert count_quickly(connection, who, cut, kpi) == rows
        listed = read_rows(connection, who, cut, kpi, limit=100_000, **NOW)
        assert len(listed) == rows[1] - rows[0]
        whole = read_counts(connection, who, cut)
        areas = [area.counts for area in read_areas(connection, who, cut, words["by"])]
        assert Counts(*(sum(getattr(one, name) for one in areas) for name in vars(whole))) == whole
        months = [counts for _, counts in read_trend(connection, who, cut)]
        assert Counts(*(sum(getattr(one, name) for one in months) for name in vars(whole))) == whole


def test_who_holds_single_places_counts_their_slots(database: Database) -> None:
    manager = viewer(database, "manager")
    with database.transaction(manager.prologue) as connection:
        cut = Cut(**FEBRUARY)
        assert read_counts(connection, manager, cut).slots == 3
        assert count_rows(connection, manager, cut, KPIS[0])[1] <= 3

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
from gridmap.kpi import BY_NAME, KPIS, REGISTER_BY_NAME, REGISTERS
from gridmap.read.coverage import (
    AREAS,
    Counts,
    Cut,
    Part,
    When,
    count_quickly,
    count_rows,
    read_areas,
    read_counted,
    read_counts,
    read_measure,
    read_reasons,
    read_rows,
    read_trend,
    read_trends,
)
from gridmap.scope import Viewer, viewer_of
from gridmap.shares import share, share_words
from tests.conftest import DEMO_CLOCK, Base

YEAR = {"start": date(2025, 3, 1), "end": date(2026, 3, 1)}
FEBRUARY = {"start": date(2026, 2, 1), "end": date(2026, 3, 1)}
CLOCK = parse_clock(DEMO_CLOCK)
WHEN = When(moment=CLOCK.now(), today=CLOCK.today())


@pytest.fixture(scope="module")
def database(demo_base: Base) -> Iterator[Database]:
    database = Database(demo_base.app_url)
    yield database
    database.close()


@pytest.fixture(scope="module")
def codes(demo_base: Base) -> dict[str, int]:
    with psycopg.connect(demo_base.superuser_url, row_factory=dict_row) as owner:
        rows = owner.execute(
            "SELECT code, id FROM gridmap.place WHERE kind IN ('estate', 'grid') AND code = ANY (%(codes)s)"
            " UNION ALL SELECT code, id FROM gridmap.community WHERE code = ANY (%(codes)s)",
            {"codes": [code for _word, code in WHERE]},
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
    missing = read_rows(connection, leader, cut, Part(kpi=visits, limit=500), WHEN)
    assert len(missing) == 139
    assert len({(row.place_id, row.unit) for row in missing}) == 139
    assert len({row.place_id for row in missing}) == 3
    assert {row.estate for row in missing} == {"葛洲坝·城市花园"}
    assert read_reasons(connection, leader, cut, WHEN).keys() <= {"missed", "no_access", "on_leave", "no_manager"}


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
    assert list(trend) == [date(2025, 3 + n, 1) if n < 10 else date(2026, n - 9, 1) for n in range(12)]
    worst = min(checks, key=lambda area: area.counts.satisfied / area.counts.due)
    assert worst.name == "芙蓉苑"


MANY = 1_000
WHERE = (
    ("community", "442000002005"),
    ("estate", "442000002005X09"),
    ("estate", "420104005013X01"),
    ("grid", "420104005013001"),
    ("grid", "442000002005002"),
)
CUTS = st.fixed_dictionaries(
    {
        "period": st.sampled_from(
            [(date(2025, 3, 1), date(2025, 4, 1)), (date(2026, 2, 1), date(2026, 3, 1)),
             (date(2026, 2, 1), date(2026, 4, 1)), (date(2026, 3, 1), date(2026, 4, 1)),
             (date(2026, 3, 1), date(2025, 6, 1)), (date(2025, 11, 20), date(2026, 1, 1))]
        ),
        "kind": st.sampled_from([None, "household_visit", "roof_safety", "joint_inspection", "nothing"]),
        "management": st.sampled_from([None, "none", "property"]),
        "where": st.sampled_from([None, *WHERE]),
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
    start, end = words["period"]
    cut = Cut(start=start, end=end, kind=words["kind"], management=words["management"], **where)
    kpi = BY_NAME[words["kpi"]]
    with database.transaction(who.prologue) as connection:
        rows = count_rows(connection, who, cut, kpi)
        assert count_quickly(connection, who, cut, kpi) == rows
        listed = read_rows(connection, who, cut, Part(kpi=kpi, limit=MANY), WHEN)
        assert len(listed) == min(rows[1] - rows[0], MANY)
        whole = read_counts(connection, who, cut)
        areas = [area.counts for area in read_areas(connection, who, cut, words["by"])]
        assert Counts(*(sum(getattr(one, name) for one in areas) for name in vars(whole))) == whole
        months = list(read_trend(connection, who, cut).values())
        assert Counts(*(sum(getattr(one, name) for one in months) for name in vars(whole))) == whole


def test_the_trend_of_areas_adds_up_to_the_trend_of_the_whole(connection: Connection, leader: Viewer) -> None:
    year = Cut(**YEAR)
    whole = read_trend(connection, leader, year)
    for by in AREAS:
        trends = read_trends(connection, leader, year, by).values()
        for month, counts in whole.items():
            found = [trend[month] for trend in trends if month in trend]
            assert Counts(*(sum(getattr(one, name) for one in found) for name in vars(counts))) == counts


# Numbers of the register ---------------------------------------------------------------------------------------------


def test_540_of_578_estates_have_an_organisation_and_the_38_are_listed(
    connection: Connection, leader: Viewer, zhongshan: list[int]
) -> None:
    kpi = REGISTER_BY_NAME["organisations"]
    part = whole = 0
    missing: list[str] = []
    for street in zhongshan:
        cut = Cut(**FEBRUARY, street=street)
        measure = read_measure(connection, leader, cut, kpi, CLOCK.now())
        part, whole = part + measure.part, whole + measure.whole
        rows = read_counted(connection, leader, cut, kpi, CLOCK.now(), missing=True, limit=1_000)
        assert len(rows) == measure.whole - measure.part
        missing += [row.code for row in rows]
    assert (part, whole) == (540, 578)
    assert share_words(part, whole) == "93.4 %"
    assert len(set(missing)) == 38


@pytest.fixture(scope="module")
def zhongshan(demo_base: Base) -> list[int]:
    with psycopg.connect(demo_base.superuser_url) as owner:
        rows = owner.execute("SELECT id FROM gridmap.street WHERE code LIKE '442000%' ORDER BY id").fetchall()
    assert len(rows) == 23
    return [row[0] for row in rows]


def test_numbers_of_the_register_agree_with_their_rows(
    connection: Connection, leader: Viewer, codes: dict[str, int]
) -> None:
    for kpi in REGISTERS:
        cut = Cut(**FEBRUARY, community=codes["442000002005"])
        measure = read_measure(connection, leader, cut, kpi, CLOCK.now())
        counted, missing = (
            read_counted(connection, leader, cut, kpi, CLOCK.now(), missing=lacks, limit=100_000)
            for lacks in (False, True)
        )
        if kpi.measure == "share":
            assert (len(counted), len(counted) + len(missing)) == (measure.part, measure.whole), kpi.name
            continue
        loads = sorted(row.amount for row in counted if row.amount is not None)
        assert len(loads) == measure.whole == 3
        mean = sum(loads) / len(loads)
        gini = sum(abs(a - b) for a in loads for b in loads) / (2 * len(loads) ** 2 * mean)
        expected = {"balance": max(loads) / mean, "gini": gini}[kpi.measure]
        assert measure.value is not None
        assert abs(float(measure.value) - expected) < 0.006, kpi.name


def test_a_number_of_the_register_over_nothing_is_no_number(connection: Connection, leader: Viewer) -> None:
    for kpi in REGISTERS:
        measure = read_measure(connection, leader, Cut(**FEBRUARY, estate=10_001 << 32 | 4_000_000), kpi, CLOCK.now())
        assert (measure.whole, measure.value) == (0, None)
        assert share_words(measure.part, measure.whole) == "—"


def test_who_holds_single_places_counts_their_slots(database: Database) -> None:
    manager = viewer(database, "manager")
    with database.transaction(manager.prologue) as connection:
        cut = Cut(**FEBRUARY)
        assert read_counts(connection, manager, cut).slots == 3
        assert count_rows(connection, manager, cut, KPIS[0])[1] <= 3

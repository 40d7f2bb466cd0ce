"""Numbers of cases: golden figures and edges, and every number counted a second time from the bare rows in Python."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from gridmap.clock import OFFICE, parse_clock
from gridmap.db import Database
from gridmap.i18n import translate
from gridmap.kpi import BASES, CASE_BY_NAME, CASE_KPIS
from gridmap.read.incidents import Cut
from gridmap.read.incidents.cut import AREAS
from gridmap.read.incidents.numbers import (
    Told,
    count_areas,
    count_numbers,
    counts_statement,
    read_excluded,
    read_number_lines,
)
from gridmap.scope import Viewer, viewer_of
from gridmap.shares import share_words
from tests.conftest import DEMO_CLOCK, Base

NOW = parse_clock(DEMO_CLOCK).now()
CANCELLED = ("rejected", "duplicate")
Row = dict[str, Any]


@pytest.fixture(scope="module")
def database(demo_base: Base) -> Iterator[Database]:
    database = Database(demo_base.app_url)
    yield database
    database.close()


@pytest.fixture(scope="module")
def cases(demo_base: Base) -> list[Row]:
    """Every case of the demo, with what the stages of the office took by its calendar."""
    with psycopg.connect(demo_base.superuser_url, row_factory=dict_row) as owner:
        return owner.execute(
            "SELECT i.*, d.told_at,"
            " gridmap.working_minutes(i.reported_at, coalesce(i.registered_at, %(now)s)) AS to_file,"
            " gridmap.working_minutes(i.reported_at, coalesce(i.registered_at, d.ended_at, %(now)s)) AS to_look,"
            " gridmap.working_minutes(i.registered_at, coalesce(d.sent_at, %(now)s)) AS to_send,"
            " gridmap.working_minutes(i.handled_at, coalesce(i.closed_at, %(now)s)) AS to_check"
            " FROM gridmap.incident i LEFT JOIN LATERAL (SELECT"
            " min(t.at) FILTER (WHERE t.action = 'dispatch') AS sent_at,"
            " min(t.at) FILTER (WHERE t.action IN ('reject', 'merge')) AS ended_at,"
            " min(t.at) FILTER (WHERE t.action IN ('handle', 'close', 'answer')) AS told_at"
            " FROM gridmap.transition t WHERE t.street_id = i.street_id AND t.incident_id = i.id) d ON true",
            {"now": NOW},
        ).fetchall()


@pytest.fixture(scope="module")
def stages(demo_base: Base) -> dict[str, int]:
    with psycopg.connect(demo_base.superuser_url) as owner:
        return dict(owner.execute("SELECT code, minutes FROM gridmap.incident_stage").fetchall())


def viewer(database: Database, username: str) -> Viewer:
    with database.transaction({"scope": "city", "administers": "on"}) as connection:
        row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (username,)).fetchone()
    assert row is not None
    return viewer_of(database, row["id"], NOW)


@pytest.fixture(scope="module")
def leader(database: Database) -> Viewer:
    return viewer(database, "leader")


@pytest.fixture(scope="module")
def worker(database: Database) -> Viewer:
    return viewer(database, "worker")


def late(row: Row) -> bool:
    return bool((row["handled_at"] or NOW) > row["due_at"])


def oracle(stages: dict[str, int]) -> dict[str, tuple[str, Callable[[Row], bool], Callable[[Row], bool]]]:
    """By number: its basis, what belongs to the whole, what of that to the part. Written from the formulas in words."""

    def due(row: Row) -> bool:
        return row["state"] not in (*CANCELLED, "parked")

    def counts(row: Row) -> bool:
        return row["state"] not in CANCELLED

    def closed(row: Row) -> bool:
        return bool(row["state"] == "closed")

    def out(row: Row) -> bool:
        return counts(row) and row["registered_at"] is not None and not row["is_self_handled"]

    def sent(row: Row) -> bool:
        return row["dispatched_at"] is not None

    def to_be_sent(row: Row) -> bool:
        return out(row) and (sent(row) or row["to_send"] > stages["dispatch"])

    def ordered(row: Row) -> bool:
        return due(row) and row["source"] == "hotline"

    return {
        "reports_valid": ("reported", lambda row: True, lambda row: row["registered_at"] is not None and counts(row)),
        "looked_into_in_time": (
            "reported",
            lambda row: (
                row["source"] in ("diary", "hotline", "owner")
                and (row["state"] != "reported" or row["to_file"] > stages["register"])
            ),
            lambda row: row["state"] != "reported" and row["to_look"] <= stages["register"],
        ),
        "filed_in_time": (
            "reported",
            lambda row: (
                row["registered_at"] is not None or (row["state"] == "reported" and row["to_file"] > stages["register"])
            ),
            lambda row: row["registered_at"] is not None and row["to_file"] <= stages["register"],
        ),
        "filed_right": ("registered", lambda row: True, counts),
        "dispatched_in_time": (
            "registered",
            to_be_sent,
            lambda row: sent(row) and row["to_send"] <= stages["dispatch"],
        ),
        "dispatched_right": (
            "registered",
            to_be_sent,
            lambda row: sent(row) and row["returns"] == row["transfers"] == 0,
        ),
        "handled": ("due", due, lambda row: row["handled_at"] is not None),
        "handled_in_time": ("due", due, lambda row: row["handled_at"] is not None and not late(row)),
        "waiting_late": ("due", due, lambda row: row["handled_at"] is None and late(row)),
        "extended": ("due", due, lambda row: row["extensions"] > 0),
        "checked_in_time": (
            "handled",
            lambda row: (
                counts(row)
                and not row["is_self_handled"]
                and (closed(row) or (row["state"] in ("handled", "verifying") and row["to_check"] > stages["check"]))
            ),
            lambda row: closed(row) and row["to_check"] <= stages["check"],
        ),
        "closed": ("due", due, closed),
        "closed_in_time": ("due", due, lambda row: closed(row) and not late(row)),
        "closed_in_time_of_closed": ("due", closed, lambda row: not late(row)),
        "closed_late": ("due", due, lambda row: closed(row) and late(row)),
        "not_closed": ("reported", counts, lambda row: not closed(row)),
        "rework": ("due", due, lambda row: row["reworks"] > 0),
        "in_grid": ("closed", closed, lambda row: row["level"] == "grid" and row["escalations"] == 0),
        "found_first": ("reported", counts, lambda row: row["source"] in ("patrol", "visit", "inspection")),
        "content": (
            "closed",
            lambda row: closed(row) and row["satisfaction"] is not None,
            lambda row: row["satisfaction"] == "satisfied",
        ),
        "hotline_answered": (
            "due",
            ordered,
            lambda row: row["answer"] is not None and row["told_at"] is not None and row["told_at"] <= row["due_at"],
        ),
        "hotline_solved": ("due", ordered, closed),
        "hotline_content": (
            "closed",
            lambda row: row["source"] == "hotline" and closed(row) and row["satisfaction"] is not None,
            lambda row: row["satisfaction"] == "satisfied",
        ),
    }


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=OFFICE)


def falls(row: Row, basis: str, start: date, end: date) -> bool:
    at = row[f"{basis}_at"]
    return at is not None and midnight(start) <= at < midnight(end) and not (basis == "due" and at >= NOW)


def test_every_number_has_a_formula_and_an_oracle(stages: dict[str, int]) -> None:
    assert set(oracle(stages)) == set(CASE_BY_NAME)
    assert all("÷" in kpi.formula for kpi in CASE_KPIS)


PERIODS = st.tuples(st.dates(date(2025, 2, 1), date(2026, 3, 31)), st.integers(1, 120))
CUTS = st.fixed_dictionaries(
    {},
    optional={
        "source": st.sampled_from(["hotline", "patrol", "diary", "owner"]),
        "class_": st.sampled_from(["02", "03", "05", "09"]),
        "severity": st.sampled_from([1, 2, 3]),
        "level": st.sampled_from(["grid", "community", "street"]),
    },
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(period=PERIODS, cut=CUTS)
def test_the_numbers_and_the_bare_rows_agree_for_every_period_and_cut(
    database: Database,
    leader: Viewer,
    cases: list[Row],
    stages: dict[str, int],
    period: tuple[date, int],
    cut: dict[str, Any],
) -> None:
    start, end = period[0], period[0] + timedelta(days=period[1])
    told = Told(cut=Cut(**cut), start=start, end=end, moment=NOW)
    chosen = [
        row
        for row in cases
        if all((row["kind"][:2] if name == "class_" else row[name]) == value for name, value in cut.items())
    ]
    with database.transaction(leader.prologue) as connection:
        counted = count_numbers(connection, leader, told)
    for name, (basis, whole, part) in oracle(stages).items():
        inside = [row for row in chosen if falls(row, basis, start, end) and whole(row)]
        assert counted.numbers[name] == (sum(map(part, inside)), len(inside)), name
        assert counted.numbers[name][0] <= counted.numbers[name][1]


@pytest.mark.parametrize("name", sorted(CASE_BY_NAME))
def test_a_number_opens_as_many_cases_as_it_says(database: Database, leader: Viewer, name: str) -> None:
    told = Told(cut=Cut(), start=date(2026, 2, 1), end=date(2026, 3, 1), moment=NOW)
    with database.transaction(leader.prologue) as connection:
        part, whole = count_numbers(connection, leader, told).numbers[name]
        for missing, expected in ((False, part), (True, whole - part)):
            rows = read_number_lines(connection, leader, told, CASE_BY_NAME[name], missing=missing, limit=10_000)
            assert len(rows) == len({row.id for row in rows}) == expected


@pytest.mark.parametrize("by", AREAS)
def test_the_numbers_of_areas_add_up_and_each_is_that_of_its_cut(database: Database, leader: Viewer, by: str) -> None:
    told = Told(cut=Cut(), start=date(2026, 2, 1), end=date(2026, 3, 1), moment=NOW)
    names = tuple(CASE_BY_NAME)
    with database.transaction(leader.prologue) as connection:
        whole = count_numbers(connection, leader, told).numbers
        areas = count_areas(connection, leader, told, by, names)
        assert len({(one.street_id, one.id) for one in areas}) == len(areas) > 3
        for name in names:
            assert tuple(sum(one.numbers[name][side] for one in areas) for side in (0, 1)) == whole[name], name
        in_none = [one for one in areas if not one.id]
        for one in (*areas[::9], *in_none[:2]):
            cut = Cut(**{by: one.id}) if one.id else Cut(street=one.street_id, **{by: 0})
            inside = count_numbers(connection, leader, replace(told, cut=cut)).numbers
            assert one.numbers == {name: inside[name] for name in names}, one.name
    order = [(one.street_id, not one.code, one.code) for one in areas]
    assert order == sorted(order)
    assert all(one.name for one in areas if one.id)


def test_an_area_that_is_not_ones_own_has_no_numbers(database: Database, leader: Viewer, worker: Viewer) -> None:
    told = Told(cut=Cut(), start=date(2026, 1, 1), end=date(2026, 3, 1), moment=NOW)
    with database.transaction(worker.prologue) as connection:
        own = count_areas(connection, worker, told, "grid", ("handled",))
    with database.transaction(leader.prologue) as connection:
        every = {one.id: one.numbers for one in count_areas(connection, leader, told, "grid", ("handled",))}
    assert len(own) == 1
    assert own[0].numbers == every[own[0].id]


def test_the_share_of_answers_says_that_orders_without_a_place_are_not_in_it() -> None:
    assert "队列中已过期限的工单同样属于未答复" in translate("zh", CASE_BY_NAME["hotline_answered"].about)


def test_still_open_cases_count_as_due_and_hiding_them_raises_nothing(
    database: Database, leader: Viewer, cases: list[Row]
) -> None:
    told = Told(cut=Cut(), start=date(2026, 3, 1), end=date(2026, 4, 1), moment=NOW)
    with database.transaction(leader.prologue) as connection:
        found = count_numbers(connection, leader, told)
        excluded = read_excluded(connection, leader, told, 10_000, 0)
    due = [row for row in cases if falls(row, "due", told.start, told.end)]
    still_open = [row for row in due if row["state"] not in ("closed", *CANCELLED, "parked")]
    assert still_open
    part, whole = found.numbers["closed"]
    assert whole - part == len(still_open)
    assert found.excluded == {
        word: sum(row["state"] == word for row in due) for word in ("rejected", "duplicate", "parked")
    }
    assert len(excluded) == sum(found.excluded.values())


def test_nothing_in_the_denominator_is_a_dash(database: Database, leader: Viewer) -> None:
    told = Told(cut=Cut(), start=date(2015, 1, 1), end=date(2015, 2, 1), moment=NOW)
    with database.transaction(leader.prologue) as connection:
        found = count_numbers(connection, leader, told)
    assert {share_words(*one) for one in found.numbers.values()} == {"—"}


@pytest.mark.parametrize("basis", sorted(BASES))
@pytest.mark.parametrize("shape", [("city",), ("streets",), ("communities",)])
def test_a_month_is_found_by_its_index_whoever_asks(
    database: Database, leader: Viewer, cases: list[Row], basis: str, shape: tuple[str, ...]
) -> None:
    communities = sorted({row["community_id"] for row in cases if row["community_id"]})
    told = Told(cut=Cut(), start=date(2026, 2, 1), end=date(2026, 3, 1), moment=NOW)
    text, constants = counts_statement(shape, (), basis)
    some = {"scope_streets": list(leader.reach.streets), "scope_communities": communities}
    values = constants | told.values(leader) | some
    with database.transaction(leader.prologue) as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        row = connection.execute(f"EXPLAIN (FORMAT JSON) {text}", values).fetchone()
    assert row is not None
    assert re.search(rf'"Index Cond": "[^"]*{basis}_at', json.dumps(row["QUERY PLAN"]))

"""The map of cases: its page, its list, its files and its card say the same, and late is late in the same second."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row
from werkzeug.test import TestResponse

from gridmap.clock import OFFICE, day_bounds
from gridmap.db import Database
from gridmap.layer import Role
from gridmap.read import Asked
from gridmap.read.cases import count_cases, read_cases
from gridmap.scope import Reach, Viewer
from tests.conftest import Base

NOW = datetime(2026, 3, 16, 9, tzinfo=OFFICE)
OPEN = Asked(as_of=day_bounds(NOW.date())[1] - timedelta(seconds=1), state="open")
LEADER = Viewer(account_id=0, username="", title="", locale="en", roles=frozenset({Role.LEADER}),
                reach=Reach(is_city=True))  # fmt: skip
Get = Callable[..., TestResponse]


@pytest.fixture
def get(demo_app: Flask, token_of: Callable[[str], dict[str, str]]) -> Get:
    def ask(path: str, who: str = "leader") -> TestResponse:
        return demo_app.test_client().get(path, headers=token_of(who) | {"Accept": "text/html"})

    return ask


@pytest.fixture
def owner(demo_base: Base) -> "Iterator[psycopg.Connection[dict[str, Any]]]":
    with psycopg.connect(demo_base.owner_url, row_factory=dict_row) as connection:
        yield connection


def test_a_case_is_late_from_the_second_on_in_which_the_one_function_says_so(
    demo_base: Base, owner: "psycopg.Connection[dict[str, Any]]"
) -> None:
    due = owner.execute(
        "SELECT due_at FROM gridmap.incident WHERE state = 'handling' AND due_at > %s ORDER BY due_at LIMIT 3", (NOW,)
    ).fetchall()
    database = Database(demo_base.app_url)
    try:
        for moment in [NOW, *(row["due_at"] + timedelta(seconds=step) for row in due for step in (-1, 0, 1))]:
            told = owner.execute(
                "SELECT count(*) AS found FROM gridmap.incident WHERE state NOT IN ('closed', 'rejected', 'duplicate')"
                " AND gridmap.is_late(state, due_at, handled_at, %s)",
                (moment,),
            ).fetchone()
            with database.transaction(LEADER.prologue) as connection:
                counts = count_cases(connection, LEADER, OPEN, moment)
                rows = read_cases(connection, LEADER, OPEN, moment, limit=1_000)
            assert told == {"found": counts.late}
            assert sum(row.is_late for row in rows) == counts.late
            assert len(rows) == counts.cases
    finally:
        database.close()


def test_the_page_the_list_and_the_files_hold_the_same_cases(
    get: Get, owner: "psycopg.Connection[dict[str, Any]]"
) -> None:
    for words in ("", "?week=2026-03-02", "?state=all&kind=03"):
        assert get(f"/incidents/map{words}").status_code == 200
        assert get(f"/incidents/map/rows{words}").status_code == 200
        table = list(csv.reader(io.StringIO(get(f"/incidents/map/rows.csv{words}").data.decode("utf-8-sig"))))
        sheet = openpyxl.load_workbook(io.BytesIO(get(f"/incidents/map/rows.xlsx{words}").data)).active
        shapes = json.loads(get(f"/incidents/map/rows.geojson{words}").data)["features"]
        ids = [int(line[0]) for line in table[1:]]
        assert ids
        assert [int(str(line[0].value)) for line in list(sheet.rows)[1:]] == ids
        assert [shape["id"] for shape in shapes] == ids
    words = owner.execute("SELECT text FROM gridmap.incident WHERE text IS NOT NULL LIMIT 50").fetchall()
    body = get("/incidents/map/rows.csv?state=all").data.decode()
    assert [row["text"] for row in words if row["text"] in body] == []


def test_a_week_holds_what_was_reported_in_it(get: Get, owner: "psycopg.Connection[dict[str, Any]]") -> None:
    told = owner.execute(
        "SELECT count(*) AS found FROM gridmap.incident WHERE reported_at >= '2026-03-02 00:00+08'"
        " AND reported_at < '2026-03-09 00:00+08'"
    ).fetchone()
    shapes = json.loads(get("/incidents/map/rows.geojson?week=2026-03-04").data)["features"]
    assert told == {"found": len(shapes)}


def test_a_card_opens_for_who_sees_the_case(get: Get, owner: "psycopg.Connection[dict[str, Any]]") -> None:
    far = owner.execute(
        "SELECT i.id FROM gridmap.incident i JOIN gridmap.community c ON c.id = i.community_id"
        " WHERE c.code = '442000114005' ORDER BY i.id LIMIT 1"
    ).fetchone()
    assert far is not None
    assert get(f"/incidents/map/{far['id']}/card").status_code == 200
    assert get(f"/incidents/map/{far['id']}/card", "worker").status_code == 404
    assert get("/incidents/map/9007199254740993/card").status_code == 404


def test_who_only_plans_gets_no_links_that_are_not_for_him(get: Get) -> None:
    for path in ("/incidents/map", "/incidents/map/rows"):
        assert re.search(r'href="/incidents/\d+"', get(path).text)
        assert not re.search(r'href="/incidents(/\d+)?"', get(path, "planner").text)
        assert re.search(r"GX-|data-case", get(path, "planner").text)


@pytest.mark.parametrize("words", ["week=yesterday", "week=2027-01-01", "state=nosuch", "kind=x"])
def test_words_that_are_none_of_ours_are_refused(get: Get, words: str) -> None:
    assert get(f"/incidents/map?{words}").status_code == 400

"""The coverage pages: numbers that open their rows, as a page, as CSV and as a workbook, all the same."""

import csv
from io import BytesIO, StringIO

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook

from tests.conftest import Base

Headers = dict[str, str]
HTML = {"Accept": "text/html"}


@pytest.fixture
def client(demo_app: Flask) -> FlaskClient:
    return demo_app.test_client()


@pytest.fixture
def leader(token_of) -> Headers:
    return dict(token_of("leader")) | HTML


@pytest.fixture(scope="module")
def estate(demo_base: Base) -> int:
    with psycopg.connect(demo_base.superuser_url) as owner:
        row = owner.execute("SELECT id FROM gridmap.place WHERE code = '420104005013X01'").fetchone()
    assert row is not None
    return int(row[0])


def test_1300_of_1439_households_prints_903_and_opens_the_139(
    client: FlaskClient, leader: Headers, estate: int
) -> None:
    question = f"month=2026-02&estate={estate}&kind=household_visit"
    page = client.get(f"/coverage?{question}", headers=leader)
    assert page.status_code == 200
    assert "90.3 %" in page.text
    assert "1,300" in page.text
    first = client.get(f"/coverage/rows?{question}", headers=leader).text
    assert "1,300 / 1,439" in first
    units = client.get(f"/coverage/rows.csv?{question}", headers=leader)
    assert len(list(csv.reader(StringIO(units.text.lstrip("\ufeff"))))) == 1 + 139


def test_page_csv_and_workbook_hold_the_same_rows(client: FlaskClient, leader: Headers, estate: int) -> None:
    question = f"month=2026-02&estate={estate}"
    lines = list(
        csv.reader(StringIO(client.get(f"/coverage/rows.csv?{question}", headers=leader).text.lstrip("\ufeff")))
    )
    book = load_workbook(BytesIO(client.get(f"/coverage/rows.xlsx?{question}", headers=leader).data))
    sheet = book.active
    assert sheet is not None
    assert sheet.freeze_panes == "A2"
    rows = [
        [str(cell.date()) if hasattr(cell, "date") else "" if cell is None else str(cell) for cell in row]
        for row in sheet.iter_rows(values_only=True)
    ]
    assert rows == lines
    page = client.get(f"/coverage/rows?{question}", headers=leader).text
    assert page.count('<th scope="row">') == min(50, len(lines) - 1)


def test_a_month_without_due_work_says_so_and_never_nought_or_a_hundred(client: FlaskClient, leader: Headers) -> None:
    page = client.get("/coverage?month=2024-01", headers=leader)
    assert page.status_code == 200
    assert "—" in page.text
    assert "100.0 %" not in page.text


@pytest.mark.parametrize("words", ["month=2026-13", "month=x", "reason=lazy", "kpi=best", "estate=a", "management=odd"])
def test_words_that_are_none_of_ours_are_refused(client: FlaskClient, leader: Headers, words: str) -> None:
    assert client.get(f"/coverage?{words}", headers=leader).status_code == 400


def test_no_page_of_coverage_names_a_person(client: FlaskClient, token_of, demo_base: Base) -> None:
    """Numbers are told by place, never by worker."""
    with psycopg.connect(demo_base.superuser_url) as owner:
        names = {row[0] for row in owner.execute("SELECT DISTINCT display_name FROM gridmap.person").fetchall()}
    headers = dict(token_of("planner")) | HTML
    for address in ("/coverage?month=2026-02", "/coverage/rows?month=2026-02", "/coverage/rows.csv?month=2026-02"):
        text = client.get(address, headers=headers).text
        assert not {name for name in names if len(name) > 2 and name in text}, address

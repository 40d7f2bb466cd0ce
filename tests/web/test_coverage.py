"""The coverage pages: numbers that open their rows, the same as page, file, list and map; reports and their links."""

import csv
import json
import re
from collections.abc import Callable
from io import BytesIO, StringIO

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook

from tests.conftest import Base

Headers = dict[str, str]
HTML = {"Accept": "text/html"}
FURONG, GEZHOUBA, HUAYUAN = "442000002005X09", "420104005013X01", "442000002005"


@pytest.fixture
def client(demo_app: Flask) -> FlaskClient:
    return demo_app.test_client()


@pytest.fixture
def leader(token_of: Callable[[str], Headers]) -> Headers:
    return dict(token_of("leader")) | HTML


@pytest.fixture(scope="module")
def ids(demo_base: Base) -> dict[str, int]:
    with psycopg.connect(demo_base.superuser_url) as owner:
        rows = owner.execute(
            "SELECT code, id FROM gridmap.place WHERE kind IN ('estate', 'grid')"
            " UNION ALL SELECT code, id FROM gridmap.community"
        ).fetchall()
    return {row[0]: int(row[1]) for row in rows}


@pytest.fixture(scope="module")
def estate(ids: dict[str, int]) -> int:
    return ids[GEZHOUBA]


def lines_of(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text.lstrip("\ufeff"))))


# From the number to the rows -----------------------------------------------------------------------------------------


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
    lines = lines_of(client.get(f"/coverage/rows.csv?{question}", headers=leader).text)
    assert len(lines) == 1 + 139
    unit = lines[0].index("户号")
    assert all(line[unit] for line in lines[1:])


def test_the_map_shows_the_stairwells_that_hold_the_139(
    client: FlaskClient, leader: Headers, estate: int, token_of: Callable[[str], Headers]
) -> None:
    words = f"as_of=2026-02-28&within={estate}&kind=household_visit&limit=1000"
    found = client.get(
        f"/ogc/collections/gaps/items?{words}", headers=dict(token_of("leader")) | {"Accept": "application/json"}
    ).get_json(force=True)
    places = [feature["properties"] for feature in found["features"]]
    assert len(places) == 3
    assert sum(place["open"] for place in places) == 139
    assert {place["place_kind"] for place in places} == {"stairwell"}
    assert {place["estate"] for place in places} == {"葛洲坝·城市花园"}
    assert {place["tasks"] for place in places} == {"household_visit"}


def test_page_csv_workbook_and_geojson_hold_the_same_rows(client: FlaskClient, leader: Headers, estate: int) -> None:
    question = f"month=2026-02&estate={estate}"
    lines = lines_of(client.get(f"/coverage/rows.csv?{question}", headers=leader).text)
    book = load_workbook(BytesIO(client.get(f"/coverage/rows.xlsx?{question}", headers=leader).data))
    sheet = book.active
    assert sheet is not None
    assert sheet.freeze_panes == "A2"
    rows = [
        [str(cell.date()) if hasattr(cell, "date") else "" if cell is None else str(cell) for cell in row]
        for row in sheet.iter_rows(values_only=True)
    ]
    assert rows == lines
    features = json.loads(client.get(f"/coverage/rows.geojson?{question}", headers=leader).data)["features"]
    names = ("street", "community", "estate", "around", "place", "unit", "task", "due_on", "reason")
    assert [[feature["properties"][name] for name in names] for feature in features] == lines[1:]
    assert all(feature["geometry"]["type"] == "Point" for feature in features)
    page = client.get(f"/coverage/rows?{question}", headers=leader).text
    assert page.count('<th scope="row">') == min(50, len(lines) - 1)


def test_a_month_without_due_work_says_so_and_never_nought_or_a_hundred(client: FlaskClient, leader: Headers) -> None:
    page = client.get("/coverage?month=2024-01", headers=leader)
    assert page.status_code == 200
    assert "—" in page.text
    assert "100.0 %" not in page.text


def test_a_month_that_has_not_ended_says_so(client: FlaskClient, leader: Headers, estate: int) -> None:
    for address in ("/coverage?month=2026-03", "/coverage/rows?month=2026-03", f"/coverage/report?estate={estate}"):
        assert "进行中" in (text := client.get(address, headers=leader).text) or "尚未结束" in text, address
    assert "尚未结束" not in client.get("/coverage/rows?month=2026-02", headers=leader).text


@pytest.mark.parametrize(
    "words",
    [
        *("month=2026-13", "month=x", "month=0001-01", "month=9999-12", "reason=lazy", "kpi=best", "estate=a"),
        *("management=odd", "estate=99999999999999999", "by=worker"),
    ],
)
def test_words_that_are_none_of_ours_are_refused(client: FlaskClient, leader: Headers, words: str) -> None:
    for path in (
        ("/coverage/trend",) if words.startswith("by") else ("/coverage", "/coverage/rows", "/coverage/numbers")
    ):
        assert client.get(f"{path}?{words}", headers=leader).status_code == 400, path


# People --------------------------------------------------------------------------------------------------------------


PAGES = (
    *("/coverage?month=2026-02", "/coverage/rows?month=2026-02", "/coverage/rows.csv?month=2026-02"),
    *("/coverage/rows.geojson?month=2026-02", "/coverage/trend?by=grid", "/coverage/areas?month=2026-02"),
    *("/coverage/numbers?month=2026-02", "/coverage/numbers/freshness", "/coverage/numbers/organisations"),
)


def test_no_page_of_coverage_names_a_person_to_a_planner(
    client: FlaskClient, token_of: Callable[[str], Headers], demo_base: Base
) -> None:
    headers = dict(token_of("planner")) | HTML
    for address in PAGES:
        answer = client.get(address, headers=headers)
        assert answer.status_code == 200, address
        assert not {name for name in names_of(demo_base) if name in answer.text}, address
    assert client.get("/coverage/numbers/balance", headers=headers).status_code == 404


def test_a_leader_reads_who_can_help_beside_a_gap_and_nowhere_a_list_of_people(
    client: FlaskClient, leader: Headers, demo_base: Base
) -> None:
    rows = client.get("/coverage/rows?month=2026-02", headers=leader).text
    assert "谁能帮忙" in rows
    assert {name for name in names_of(demo_base) if name in rows}
    for address in PAGES:
        if not address.startswith("/coverage/rows?"):
            text = client.get(address, headers=leader).text
            assert not {name for name in names_of(demo_base) if name in text}, address


def names_of(base: Base) -> set[str]:
    with psycopg.connect(base.superuser_url) as owner:
        rows = owner.execute("SELECT DISTINCT display_name FROM gridmap.person").fetchall()
    return {row[0] for row in rows if len(row[0]) > 2}


# Numbers and areas ---------------------------------------------------------------------------------------------------


def test_every_number_of_the_catalogue_opens_its_formula_and_its_rows(client: FlaskClient, leader: Headers) -> None:
    page = client.get("/coverage/numbers?month=2026-02&street=10001", headers=leader).text
    addresses = re.findall(r'class="big-number" href="([^"]+)"', page)
    assert len(addresses) == 10
    for address in addresses:
        opened = client.get(address.replace("&amp;", "&"), headers=leader)
        assert opened.status_code == 200, address
        assert "÷" in opened.text or "基尼" in opened.text, address
    assert page.count("SELECT") >= 10


def test_gaps_that_lie_together_are_named_by_size(client: FlaskClient, leader: Headers, ids: dict[str, int]) -> None:
    question = f"month=2026-02&community={ids[HUAYUAN]}"
    shapes = json.loads(client.get(f"/coverage/areas.geojson?{question}", headers=leader).data)["features"]
    sizes = [feature["properties"]["places"] for feature in shapes]
    assert sizes == sorted(sizes, reverse=True)
    assert shapes[0]["properties"]["estate"] == "芙蓉苑"
    fragment = client.get(f"/coverage/areas?{question}", headers=leader).text
    assert f"芙蓉苑一带 {sizes[0]} 处" in fragment
    assert all(feature["geometry"]["type"] in ("Polygon", "MultiPolygon") for feature in shapes)

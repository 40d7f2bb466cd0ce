"""`/sheets`: out, in, the difference, and what was seen is what is written."""

import io
import re
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from gridmap.context import Services
from gridmap.db import SYSTEM
from gridmap.read.sheets.fields import SHEETS
from tests.sheets.conftest import STREET, Book
from tests.web.visitor import Person, csrf_of, person


@pytest.fixture(scope="module")
def planner(app: Flask) -> Person:
    return person(app, "planner")


def take(who: Person, kind: str = "buildings", street: int = STREET) -> Book:
    answer = who.get(f"/sheets/{kind}.xlsx?street={street}")
    assert answer.status_code == 200, answer.text
    return Book(answer.data, SHEETS[kind])


def bring(who: Person, content: bytes, street: int = STREET, *, part: bool = False, **form: str) -> TestResponse:
    page = who.get(f"/sheets?street={street}").text
    data = {"csrf_token": csrf_of(page), "street": str(street), "file": (io.BytesIO(content), "台账.xlsx"), **form}
    headers = {"Accept": "text/html"} | ({"HX-Request": "true"} if part else {})
    return who.client.post("/sheets", data=data, headers=headers)


def hidden(text: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]+)"', text)
    return found[1] if found else ""


def floors(services: Services, place: int) -> Any:
    with services.database.transaction(SYSTEM) as connection:
        row = connection.execute("SELECT floors FROM gridmap.building WHERE place_id = %s", (place,)).fetchone()
    return row and row["floors"]


def agreed(text: str) -> dict[str, str]:
    return {"do": "take", "seen": hidden(text, "seen"), "sent_id": hidden(text, "sent_id")}


def test_the_page_is_for_those_who_keep_a_street(app: Flask, leader: Person, worker: Person, planner: Person) -> None:
    assert worker.get("/sheets").status_code == 403
    assert person(app, "community").get("/sheets").status_code == 403
    for who, has_people in ((leader, True), (planner, False), (person(app, "admin"), False)):
        page = who.get(f"/sheets?street={STREET}")
        assert page.status_code == 200
        assert ("/sheets/people.xlsx" in page.text) == has_people
    assert planner.get(f"/sheets/people.xlsx?street={STREET}").status_code == 403
    assert leader.get("/sheets/cats.xlsx").status_code == leader.get("/sheets?street=4").status_code == 404
    assert 'href="/sheets"' in planner.get("/data").text
    assert 'href="/sheets"' in person(app, "admin").get("/admin").text
    assert 'href="/sheets"' not in worker.get("/data").text


def test_what_was_seen_is_written_once(planner: Person, services: Services) -> None:
    book = take(planner)
    place = book.id(2)
    book.write(2, floors=61)
    content = book.content
    looked = bring(planner, content, do="look")
    assert looked.status_code == 200
    assert "61" in looked.text
    assert floors(services, place) != 61
    form = agreed(looked.text)
    answers = [bring(planner, content, **form) for _turn in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert floors(services, place) == 61
    assert "1 行" in planner.get(answers[0].headers["Location"]).text
    book.write(3, floors=62)
    assert bring(planner, book.content, **form).status_code == 409
    assert hidden(bring(planner, take(planner).content, do="look").text, "seen") == ""


def test_a_change_in_between_is_answered_with_what_it_would_be_now(planner: Person, services: Services) -> None:
    mine, theirs = take(planner), take(planner)
    place = mine.id(5)
    mine.write(5, floors=71)
    theirs.write(5, floors=72)
    seen = bring(planner, mine.content, do="look")
    bring(planner, theirs.content, **agreed(bring(planner, theirs.content, do="look").text))
    late = bring(planner, mine.content, **agreed(seen.text))
    assert late.status_code == 409
    assert "规划" in late.text
    assert floors(services, place) == 72
    # a script gets the same into its part of the page
    part = bring(planner, mine.content, part=True, **agreed(seen.text))
    assert part.status_code == 200
    assert "<html" not in part.text
    assert floors(services, place) == 72


def test_what_cannot_be_read_is_said_in_one_sentence(leader: Person) -> None:
    assert bring(leader, b"no workbook", do="look").status_code == 422
    assert "不是" in bring(leader, b"no workbook", do="look", part=True).text
    other = take(leader, street=STREET)
    assert bring(leader, other.content, street=10_010, do="look").status_code == 422
    assert bring(leader, other.content, do="take", sent_id="x").status_code == 400
    empty = {"csrf_token": csrf_of(leader.get("/sheets").text), "street": str(STREET), "do": "look"}
    assert leader.post("/sheets", empty).status_code == 422


def test_a_bad_cell_is_shown_with_its_address_and_escaped(leader: Person) -> None:
    book = take(leader)
    book.write(7, floors="<b>很多</b>")
    answer = bring(leader, book.content, do="look")
    assert book.cell(7, "floors").coordinate in answer.text
    assert "&lt;b&gt;很多" in answer.text
    assert "<b>很多" not in answer.text


def test_people_leave_in_clear_only_with_a_reason(leader: Person, planner: Person, services: Services) -> None:
    page = leader.get(f"/sheets?street={STREET}").text
    form = {"csrf_token": csrf_of(page), "street": str(STREET)}
    assert leader.post("/sheets/people.xlsx", {**form, "reason": " "}).status_code == 422
    assert leader.post("/sheets/buildings.xlsx", {**form, "reason": "x"}).status_code == 405
    answer = leader.post("/sheets/people.xlsx", {**form, "reason": "年度核对"})
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    book = Book(answer.data, SHEETS["people"])
    assert "*" not in book.cell(2, "name").value
    with services.database.transaction(SYSTEM) as connection:
        rows = connection.execute(
            "SELECT action, count(*) AS n FROM gridmap.audit WHERE why = '年度核对' GROUP BY action ORDER BY action"
        ).fetchall()
    assert rows == [{"action": "export", "n": 1}, {"action": "unmask", "n": book.sheet.max_row - 1}]
    assert bring(planner, book.content, do="look").status_code == 403


def test_a_form_without_its_proof_is_refused(leader: Person) -> None:
    data = {"street": str(STREET), "file": (io.BytesIO(take(leader).content), "a.xlsx"), "sent_id": str(uuid4())}
    assert leader.client.post("/sheets", data=data).status_code == 400


def test_every_workbook_taken_out_is_written_down(leader: Person, services: Services) -> None:
    take(leader, "estates")
    with services.database.transaction(SYSTEM) as connection:
        row = connection.execute(
            "SELECT street_id, after FROM gridmap.audit WHERE action = 'export' AND subject = 'estates'"
            " ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    assert (row["street_id"], row["after"]["format"], row["after"]["is_clear"]) == (STREET, "xlsx", False)

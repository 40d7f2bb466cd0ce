"""Answers over HTTP: once however often sent, refused in a sentence, and nothing for who does not see the place."""

import json
import random
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from gridmap.db import SYSTEM
from tests.checks import STAIRWELL, Slots, answers_to, tokens_of
from tests.conftest import DEMO_PASSWORD, Base
from tests.web.visitor import Person, csrf_of


@pytest.fixture(scope="module")
def base(demo_template: str, copy_database: Callable[[str], Base]) -> Base:
    return copy_database(demo_template)


@pytest.fixture(scope="module")
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    return make_app(base)


@pytest.fixture(scope="module")
def tokens(app: Flask) -> dict[str, dict[str, str]]:
    return tokens_of(app)


Send = Callable[..., TestResponse]


@pytest.fixture(scope="module")
def send(app: Flask, tokens: dict[str, dict[str, str]]) -> Send:
    def post(who: str, path: str = "/api/answers", **body: Any) -> TestResponse:
        return app.test_client().post(path, data=json.dumps(body), headers=tokens[who])

    return post


@pytest.fixture
def slots(base: Base) -> list[int]:
    return Slots(base).reopen()


def new() -> str:
    return str(uuid.uuid4())


def submissions(base: Base) -> int:
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute("SELECT count(*) FROM gridmap.submission").fetchone()
    return int(row[0]) if row else 0


def test_an_answer_is_taken_and_tells_what_became_of_it(send: Send, slots: list[int], base: Base) -> None:
    told = send("manager", sent_id=new(), slot_id=slots[0], result="fine", device_at="2026-03-16T08:59:00+08:00")
    assert told.status_code == 200, told.text
    body = told.get_json()
    assert body["state"] == "satisfied"
    assert body["beside"] is False
    assert body["seen"] > 0
    [row] = answers_to(base, slots)
    assert (row["id"], row["result"]) == (body["inspection_id"], "fine")


def test_a_finding_carries_how_bad_and_a_word(send: Send, slots: list[int], base: Base) -> None:
    told = send("manager", sent_id=new(), slot_id=slots[1], result="finding", severity=2, note="灭火器过期")
    assert told.status_code == 200
    [row] = answers_to(base, slots)
    assert (row["severity"], row["note"]) == (2, "灭火器过期")


def test_sending_twice_is_sending_once_and_another_body_is_a_conflict(send: Send, slots: list[int], base: Base) -> None:
    sent_id = new()
    body = {"sent_id": sent_id, "slot_id": slots[0], "result": "fine"}
    first, again = send("manager", **body), send("manager", **body)
    assert first.get_json() == again.get_json()
    assert len(answers_to(base, slots)) == 1
    other = send("manager", **body | {"result": "no_access"})
    assert (other.status_code, other.get_json()["code"]) == (409, "conflict")
    stranger = send("worker", **body)
    assert stranger.status_code == 409
    assert len(answers_to(base, slots)) == 1


def test_two_people_at_one_check_are_both_kept_and_told(send: Send, slots: list[int], base: Base) -> None:
    send("manager", sent_id=new(), slot_id=slots[0], result="fine")
    second = send("worker", sent_id=new(), slot_id=slots[0], result="fine")
    assert second.get_json()["beside"] is True
    assert len(answers_to(base, slots)) == 2


def test_one_takes_back_ones_own_answer_once_and_nobody_elses(send: Send, slots: list[int], base: Base) -> None:
    made = send("manager", sent_id=new(), slot_id=slots[0], result="fine").get_json()["inspection_id"]
    foreign = send("worker", "/api/answers/undo", sent_id=new(), inspection_id=made)
    assert (foreign.status_code, foreign.get_json()["code"]) == (422, "not_yours")
    undo = {"sent_id": new(), "inspection_id": made}
    first, again = (send("manager", "/api/answers/undo", **undo) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.get_json() == again.get_json()
    assert first.get_json()["state"] == "due"
    once_more = send("manager", "/api/answers/undo", sent_id=new(), inspection_id=made)
    assert (once_more.status_code, once_more.get_json()["code"]) == (422, "superseded")
    assert answers_to(base, slots) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"result": "reached"}, 422, "result"),
        ({"result": "fine", "severity": 1}, 422, "severity"),
        ({"result": "finding", "severity": 9}, 422, "severity"),
        ({"result": "finding", "note": "x" * 501}, 422, "note"),
        ({"result": "finding", "note": "a\0b"}, 422, "note"),
        ({"result": None}, 400, "bad_request"),
        ({"result": "finding", "note": "\ud800"}, 400, "bad_request"),
        ({"result": "fine", "sent_id": "no"}, 400, "bad_request"),
        ({"result": "fine", "slot_id": "1"}, 400, "bad_request"),
        ({"result": "fine", "slot_id": True}, 400, "bad_request"),
        ({"result": "fine", "slot_id": 2**60}, 400, "bad_request"),
        ({"result": "fine", "mode": "paper"}, 400, "bad_request"),
        ({"result": "fine", "slot_id": 3}, 404, "not_there"),
        ({"result": "fine", "slot_id": 900_000 << 32}, 404, "not_there"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_writes_nothing(
    send: Send, slots: list[int], base: Base, body: dict[str, Any], status: int, code: str
) -> None:
    before = submissions(base)
    told = send("manager", **{"sent_id": new(), "slot_id": slots[0], **body})
    assert (told.status_code, told.get_json()["code"]) == (status, code)
    assert told.get_json()["description"].endswith(("。", "。”"))
    assert submissions(base) == before
    assert answers_to(base, slots) == []


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"null"])
def test_bad_json_is_a_400(app: Flask, tokens: dict[str, dict[str, str]], data: bytes) -> None:
    told = app.test_client().post("/api/answers", data=data, headers=tokens["manager"])
    assert told.status_code == 400


@pytest.mark.parametrize(
    "device_at", ["1970-01-02T00:00:00Z", "2099-01-01T00:00:00+08:00", "yesterday", 5, "0001-01-01"]
)
def test_a_wrong_clock_is_never_a_reason_to_refuse(send: Send, slots: list[int], device_at: object) -> None:
    told = send("manager", sent_id=new(), slot_id=slots[0], result="fine", device_at=device_at)
    assert told.status_code == 200


@pytest.mark.parametrize(("who", "status"), [("property", 200), ("planner", 403), ("admin", 403), ("leader", 200)])
def test_roles_that_do_not_look_at_places_may_not_answer(send: Send, slots: list[int], who: str, status: int) -> None:
    told = send(who, sent_id=new(), slot_id=slots[0], result="fine")
    assert told.status_code in ({200, 404} if who == "property" else {status})


def test_who_does_not_see_the_place_writes_nothing(send: Send, base: Base) -> None:
    with psycopg.connect(base.owner_url) as owner:
        rows = owner.execute(
            "SELECT s.id FROM gridmap.slot s JOIN gridmap.place p ON p.street_id = s.street_id AND p.id = s.place_id"
            " WHERE p.code <> %s AND s.state = 'due' ORDER BY md5(s.id::text) LIMIT 20",
            (STAIRWELL,),
        ).fetchall()
        given = owner.execute(
            "SELECT id FROM gridmap.inspection WHERE slot_id IS NOT NULL ORDER BY md5(id::text) LIMIT 5"
        ).fetchall()
    before = submissions(base)
    for (slot,) in rows:
        assert send("manager", sent_id=new(), slot_id=slot, result="fine").status_code == 404
    for (inspection,) in given:
        told = send("manager", "/api/answers/undo", sent_id=new(), inspection_id=inspection)
        assert told.status_code in (404, 422)
    assert submissions(base) == before
    assert answers_to(base, [row[0] for row in rows]) == []


def test_the_session_needs_a_proof_and_can_fetch_one(app: Flask, slots: list[int], base: Base) -> None:
    person = Person(app)
    person.sign_in("manager", DEMO_PASSWORD)
    body = {"sent_id": new(), "slot_id": slots[0], "result": "fine"}
    headers = {"Accept": "application/json", "X-Requested-With": "fetch"}
    refused = person.client.post("/api/answers", json=body, headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (400, "csrf")
    proof = person.client.get("/api/proof", headers=headers).get_json()
    told = person.client.post("/api/answers", json=body, headers=headers | {"X-CSRF-Token": proof["csrf_token"]})
    assert told.status_code == 200
    assert proof["account"] == answers_to(base, slots)[0]["account_id"]
    stranger = app.test_client().get("/api/proof", headers=headers)
    assert (stranger.status_code, stranger.get_json()["code"]) == (401, "sign_in_needed")


def test_the_page_works_by_plain_forms(app: Flask, slots: list[int], base: Base) -> None:
    person = Person(app)
    person.sign_in("manager", DEMO_PASSWORD)
    page = person.get("/my").text
    form = {"csrf_token": csrf_of(page), "page": new(), "back": "/my", "answer": f"{slots[2]}:fine"}
    for _ in range(2):  # the button pressed twice
        told = person.post("/my/answer", form)
        assert (told.status_code, told.headers["Location"]) == (303, f"/my#c{slots[2]}")
    [row] = answers_to(base, slots)
    person.post("/my/answer", form | {"answer": "", "undo": str(row["id"]), "back": "//evil"})
    assert answers_to(base, slots) == []


def test_a_plate_opens_the_checks_of_its_place_for_who_sees_it(app: Flask, slots: list[int]) -> None:
    person = Person(app)
    person.sign_in("manager", DEMO_PASSWORD)
    page = person.get(f"/p/{STAIRWELL}")
    assert page.status_code == 200
    assert all(f'data-check="{slot}"' in page.text for slot in slots)
    assert person.get("/p/442000002005X01-02-1").status_code == 404
    assert person.get("/p/no-such").status_code == 404
    assert person.get("/plates?within=1").status_code == 403
    leader = Person(app)
    leader.sign_in("leader", DEMO_PASSWORD)
    sheet = leader.get(f"/plates?within={_place(app, STAIRWELL)}").text
    assert sheet.count('<li class="plate">') == 1
    assert leader.get("/plates?within=1").text.count("plate-code") == 0


def _place(app: Flask, code: str) -> int:
    with app.extensions["gridmap"].database.transaction(SYSTEM) as connection:
        row = connection.execute("SELECT id FROM gridmap.place WHERE code = %s", (code,)).fetchone()
    return int((row or {})["id"])


# However often, in whatever order ----------------------------------------------------------------------------------

CLIENTS = 6
RESULTS = ("fine", "finding", "no_access")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_however_often_and_together_one_id_is_one_answer(send: Send, base: Base, data: st.DataObject) -> None:
    slots = Slots(base).reopen()
    bodies = [
        {"sent_id": new(), "slot_id": data.draw(st.sampled_from(slots)), "result": data.draw(st.sampled_from(RESULTS))}
        for _ in range(data.draw(st.integers(1, 4)))
    ]
    forged = [body | {"result": RESULTS[(RESULTS.index(body["result"]) + 1) % 3]} for body in bodies[:1]]
    posts = data.draw(st.permutations([("manager", body) for body in bodies * 3]))
    with ThreadPoolExecutor(CLIENTS) as pool:
        told = list(pool.map(lambda post: send(post[0], **post[1]), posts))
    assert {answer.status_code for answer in told} == {200}
    for body in bodies:
        same = {answer.text for (_, sent), answer in zip(posts, told, strict=True) if sent is body}
        assert len(same) == 1
    assert [send("manager", **body).status_code for body in forged] == [409] * len(forged)
    assert [send("worker", **body).status_code for body in bodies] == [409] * len(bodies)
    found = answers_to(base, slots)
    assert sorted(str(row["sent_id"]) for row in found) == sorted(body["sent_id"] for body in bodies)


@pytest.mark.parametrize("sends", [400, pytest.param(10_000, marks=pytest.mark.full)])
def test_duplicated_reordered_and_lost_sends_lose_and_double_nothing(send: Send, base: Base, sends: int) -> None:
    """Every id is sent one to four times, in any order, by several at once; some answers never reach the phone."""
    chance = random.Random(20260316)
    slots = Slots(base).reopen()
    bodies = [
        {"sent_id": new(), "slot_id": chance.choice(slots), "result": chance.choice(RESULTS)} for _ in range(sends // 2)
    ]
    posts = [body for body in bodies for _ in range(chance.randint(1, 3))]
    chance.shuffle(posts)
    with ThreadPoolExecutor(CLIENTS) as pool:
        told = [json.loads(answer.text) for answer in pool.map(lambda body: send("manager", **body), posts)]
    assert len(posts) >= sends * 0.9
    ids = {body["sent_id"]: answer["inspection_id"] for body, answer in zip(posts, told, strict=True)}
    found = answers_to(base, slots)
    assert {str(row["sent_id"]): row["id"] for row in found} == ids
    assert len(found) == len(bodies)

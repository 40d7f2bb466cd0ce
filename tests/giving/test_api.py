"""Giving as JSON: who may, what is answered, what is refused, and that sending twice is sending once."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from gridmap.accounts import actor, create_token
from gridmap.db import SYSTEM
from tests.conftest import Base
from tests.giving.conftest import ROLE, Office

ASKED = (
    ("GET", "/api/assignments/roles"),
    ("GET", "/api/assignments/people?street=10001&role=grid_worker"),
    ("GET", "/api/assignments/places?role=grid_worker&place=1"),
    ("GET", "/api/assignments/changes?street=10001"),
    ("GET", "/api/assignments/changes/42953967927297"),
    ("POST", "/api/assignments/preview"),
    ("POST", "/api/assignments"),
    ("POST", "/api/assignments/undo"),
    ("POST", "/api/assignments/hand-over"),
)


class Desk:
    """An account at its desk."""

    def __init__(self, app: Flask, username: str) -> None:
        services = app.extensions["gridmap"]
        with services.database.transaction(SYSTEM) as connection:
            row = connection.execute("SELECT id FROM gridmap.account WHERE username = %s", (username,)).fetchone()
            secret = create_token(connection, actor(services.clock), row["id"], name="test", days=1)
        self.client: FlaskClient = app.test_client()
        self.headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}

    def get(self, address: str, status: int = 200) -> Any:
        answer = self.client.get(address, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json

    def post(self, address: str, status: int = 200, **body: Any) -> Any:
        text = json.dumps(body)  # half of a pair stays an escape
        answer = self.client.post(address, data=text, headers=self.headers, content_type="application/json")
        assert answer.status_code == status, answer.text
        return answer.json


@pytest.fixture(scope="module")
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    return make_app(base)


@pytest.fixture(scope="module")
def desk(app: Flask) -> Callable[[str], Desk]:
    return lambda username: Desk(app, username)


@pytest.mark.parametrize("who", ["admin", "planner", "worker", "manager", "property"])
def test_only_leaders_give(desk: Callable[[str], Desk], who: str) -> None:
    one = desk(who)
    for method, address in ASKED:
        answer = one.client.open(address, method=method, json={} if method == "POST" else None, headers=one.headers)
        assert answer.status_code == 403, (address, answer.text)
        assert answer.json["code"] == "forbidden"
    assert one.get("/api/assignments/received") == {"received": []}


def test_a_page_needs_its_proof(app: Flask) -> None:
    client = app.test_client()
    for method, address in ASKED:
        if method == "POST":
            assert client.post(address, json={}, headers={"Accept": "application/json"}).status_code == 401


@pytest.mark.parametrize("who", ["leader", "community"])
def test_a_leader_chooses_previews_applies_and_takes_back(
    desk: Callable[[str], Desk], office: Office, who: str
) -> None:
    one = desk(who)
    assert {"code", "title", "title_en", "level", "capacity"} == set(one.get("/api/assignments/roles")["roles"][0])
    people = one.get(f"/api/assignments/people?street={office.street}&role=building_manager")["people"]
    assert len(people) > 20
    assert {row["why_not"]["code"] for row in people if not row["eligible"]} <= {"left", "away"}
    assert all(row["load"]["places"] <= row["holds"] for row in people)
    assert any(row["load"]["households"] for row in people)
    somebody = office.person(f"接手{who}")
    found = one.get(f"/api/assignments/people?street={office.street}&role={ROLE}&q=接手{who}")["people"]
    assert [(row["id"], row["eligible"], row["holds"]) for row in found] == [(somebody, True, 0)]
    start = 100 if who == "leader" else 110
    doors = ",".join(str(door) for door in office.doors[start : start + 4])
    places = one.get(f"/api/assignments/places?role={ROLE}&place={doors}")["places"]
    assert [row["holder"] for row in places] == [None] * 4
    assert all(row["households"] and row["point"] for row in places)
    moves = [{"place": row["id"], "role": ROLE, "person": somebody, "revision": None} for row in places]
    told = one.post("/api/assignments/preview", moves=moves)
    assert told["counts"] == {"given": 4, "moved": 0, "ended": 0, "same": 0}
    assert told["people"][0]["after"]["households"] == sum(row["households"] for row in places)
    made = one.post("/api/assignments", moves=moves, why="试点")
    assert made["counts"]["given"] == 4
    assert len({row["revision"] for row in made["places"]}) == 4
    held = one.get(f"/api/assignments/places?role={ROLE}&place={doors}")["places"]
    assert {row["holder"]["name"] for row in held} == {f"接手{who}"}
    again = one.post("/api/assignments", 409, moves=moves, why="试点")
    assert again["code"] == "conflict"
    assert f"接手{who}" in again["description"]
    assert {row["holder"] for row in again["conflicts"]} == {f"接手{who}"}
    (change,) = one.get(f"/api/assignments/changes?street={office.street}")["changes"][:1]
    assert (change["id"], change["why"], change["may_undo"]) == (made["change"], "试点", True)
    whole = one.get(f"/api/assignments/changes/{made['change']}")
    assert {row["after"]["name"] for row in whole["moves"]} == {f"接手{who}"}
    one.post("/api/assignments/undo", change=made["change"])
    assert one.post("/api/assignments/undo", 409, change=made["change"])["conflicts"][0]["kind"] == "undone"
    assert [office.holder(row["id"]) for row in places] == [None] * 4


def test_who_sends_twice_is_answered_once(desk: Callable[[str], Desk], office: Office) -> None:
    one, somebody = desk("community"), office.person("重发")
    body = {"moves": [{"place": office.doors[120], "role": ROLE, "person": somebody}], "sent_id": str(uuid.uuid4())}
    first = one.post("/api/assignments", why="一次", **body)
    assert one.post("/api/assignments", why="一次", **body) == first
    assert one.post("/api/assignments", 409, why="两次", **body)["code"] == "conflict"


def test_what_is_out_of_sight_is_not_there(desk: Callable[[str], Desk], office: Office, base: Base) -> None:
    with psycopg.connect(base.owner_url) as owner:
        row = owner.execute(
            "SELECT p.id FROM gridmap.place p WHERE p.kind = 'stairwell' AND p.street_id = %s AND p.community_id <> %s",
            (office.street, office.community),
        ).fetchone()
        person = owner.execute(
            "SELECT p.id FROM gridmap.person p WHERE p.street_id = %s AND p.community_id <> %s"
            " AND NOT EXISTS (SELECT FROM gridmap.assignment a WHERE a.person_id = p.id AND a.community_id = %s)",
            (office.street, office.community, office.community),
        ).fetchone()
    one = desk("community")
    assert person
    hidden_place = row[0] if row else (office.street << 32) + 9
    assert one.get(f"/api/assignments/places?role={ROLE}&place={hidden_place}")["places"] == []
    for move, code in (
        ({"place": hidden_place, "role": ROLE, "person": office.person("某")}, "place"),
        ({"place": office.doors[121], "role": ROLE, "person": person[0]}, "person"),
    ):
        assert one.post("/api/assignments", 422, moves=[move])["refused"][0]["code"] == code
    assert one.post("/api/assignments/hand-over", 404, **{"from": person[0], "to": [office.person("某")]})
    assert one.post("/api/assignments/undo", 404, change=(office.street << 32) + 17)
    assert one.get("/api/assignments/changes/17", 404)


def test_a_change_that_reaches_further_than_one_sees_is_not_taken_back(
    desk: Callable[[str], Desk], office: Office
) -> None:
    (far,) = office.rows(
        "SELECT p.id FROM gridmap.place p WHERE p.kind = 'grid' AND p.street_id = %s AND p.community_id <> %s"
        " ORDER BY p.id LIMIT 1",
        office.street, office.community,
    )  # fmt: skip
    (near,) = office.rows(
        "SELECT p.id FROM gridmap.place p WHERE p.kind = 'grid' AND p.street_id = %s AND p.community_id = %s"
        " AND p.id = p.grid_id ORDER BY p.id LIMIT 1",
        office.street, office.community,
    )  # fmt: skip
    role = "peace_volunteer"
    moves = [{"place": one["id"], "role": role, "person": office.person("平安")} for one in (near, far)]
    made = desk("leader").post("/api/assignments", moves=moves)
    # the change belongs to the street, so it is not there for the community
    assert desk("community").post("/api/assignments/undo", 404, change=made["change"])
    assert desk("leader").post("/api/assignments/undo", change=made["change"])["counts"]["ended"] == 2


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/api/assignments", {}),
        ("/api/assignments", {"moves": "all"}),
        ("/api/assignments", {"moves": [7]}),
        ("/api/assignments", {"moves": [{"place": True, "role": ROLE}]}),
        ("/api/assignments", {"moves": [{"place": 1, "role": 5}]}),
        ("/api/assignments", {"moves": [{"place": 1, "role": ROLE, "person": -1}]}),
        ("/api/assignments", {"moves": [{"place": 1, "role": ROLE, "revision": "1"}]}),
        ("/api/assignments", {"moves": [{"place": 1, "role": ROLE, "unit": "\ud800"}]}),
        ("/api/assignments", {"moves": [{"place": 1, "role": "\0"}]}),
        ("/api/assignments", {"moves": [], "at": "tomorrow"}),
        ("/api/assignments", {"moves": [], "at": "2026-03-20T00:00:00"}),
        ("/api/assignments", {"moves": [], "kind": "undo"}),
        ("/api/assignments", {"moves": [], "sent_id": "1"}),
        ("/api/assignments/preview", {"moves": {}}),
        ("/api/assignments/undo", {"change": "1"}),
        ("/api/assignments/hand-over", {"from": 1, "to": 2}),
    ],
)
def test_what_cannot_be_understood(desk: Callable[[str], Desk], address: str, body: dict[str, Any]) -> None:
    assert desk("community").post(address, 400, **body)["code"] == "bad_request"


@pytest.mark.parametrize(
    "address",
    [
        "/api/assignments/people?role=grid_worker",
        "/api/assignments/people?street=x&role=grid_worker",
        "/api/assignments/people?street=99999999&role=grid_worker",
        "/api/assignments/places?role=grid_worker",
        "/api/assignments/places?role=grid_worker&street=10001",
        "/api/assignments/places?role=grid_worker&bbox=1,2,3",
        "/api/assignments/places?role=grid_worker&place=1,,2",
        "/api/assignments/changes",
    ],
)
def test_addresses_that_cannot_be_understood(desk: Callable[[str], Desk], address: str) -> None:
    assert desk("community").get(address, 400)["code"] == "bad_request"


def test_unknown_roles_and_streets(desk: Callable[[str], Desk]) -> None:
    one = desk("community")
    one.get("/api/assignments/people?street=10001&role=nothing", 404)
    assert one.get("/api/assignments/people?street=77&role=grid_worker")["people"] == []
    assert one.get("/api/assignments/changes?street=77")["changes"] == []


def test_everything_is_handed_over_and_the_receiver_is_told(
    app: Flask, desk: Callable[[str], Desk], office: Office
) -> None:
    (manager,) = office.rows(
        "SELECT a.id, a.person_id, a.place_id FROM gridmap.account a0"
        " JOIN gridmap.assignment a ON a.person_id = a0.person_id AND a.valid @> %s"
        " WHERE a0.username = 'manager' LIMIT 1",
        office.now,
    )
    giver = office.person("移交人")
    one, told_to = desk("community"), desk("manager")
    moves = [{"place": door, "role": ROLE, "person": giver} for door in office.doors[130:133]]
    one.post("/api/assignments", moves=moves)
    asked = {"from": giver, "to": [manager["person_id"]], "note": "请留意三号门"}
    looked = one.post("/api/assignments/hand-over", **asked)
    assert len(looked["holds"]) == len(looked["moves"]) == 3
    assert looked["counts"]["moved"] == 3
    assert looked["from"] == {"person": giver, "name": "移交人"}
    assert told_to.get("/api/assignments/received") == {"received": []}
    made = one.post("/api/assignments/hand-over", **asked, why="调岗", apply=True)
    app.extensions["gridmap"].changes.catch_up(made["seen"])
    (told,) = told_to.get("/api/assignments/received")["received"]
    assert (told["note"], told["places"], len(told["names"]), told["undone_at"]) == ("请留意三号门", 3, 3, None)
    assert one.post("/api/assignments/hand-over", 422, **{"from": giver, "to": [giver]})["code"] == "receiver"
    assert one.post("/api/assignments/hand-over", **asked)["holds"] == []


def test_the_worst_text_comes_back_as_it_is(desk: Callable[[str], Desk], office: Office) -> None:
    name, one = "{0}{word}%s<script>", desk("community")
    somebody, other = office.person(name), office.person("另一位")
    door = office.doors[140]
    one.post("/api/assignments", moves=[{"place": door, "role": ROLE, "person": somebody}], why="{x} %(y)s ' \\")
    told = one.post("/api/assignments", 409, moves=[{"place": door, "role": ROLE, "person": other}])
    assert name in told["description"]
    assert name in told["conflicts"][0]["sentence"]

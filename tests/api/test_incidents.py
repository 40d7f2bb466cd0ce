"""Cases over HTTP: once however often sent, refused in a sentence that names unit and step, and hidden is unknown."""

import io
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from psycopg.rows import dict_row
from werkzeug.test import TestResponse

from gridmap.accounts import actor, create_token
from gridmap.clock import OFFICE
from gridmap.db import SYSTEM
from tests.conftest import Base
from tests.incidents_town import BROKEN_LIGHT, CLUTTER, COMMUNITY, COMPANY, DEPARTMENT, STAIRS, build


@pytest.fixture(scope="module")
def base(copy_database: Callable[[str], Base], empty_template: str) -> Base:
    made = copy_database(empty_template)
    with psycopg.connect(made.owner_url) as owner:
        build(owner)
    return made


@pytest.fixture(scope="module")
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    return make_app(base)


@pytest.fixture(scope="module")
def tokens(app: Flask) -> dict[str, dict[str, str]]:
    services, found = app.extensions["gridmap"], {}
    with services.database.transaction(SYSTEM) as connection:
        connection.execute("UPDATE gridmap.account SET locale = 'zh'")
        for row in connection.execute("SELECT id, username FROM gridmap.account").fetchall():
            secret = create_token(connection, actor(services.clock), row["id"], name="test", days=1)
            found[row["username"]] = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
    return found


class Desk:
    """Somebody's program: posts and asks with a token."""

    def __init__(self, app: Flask, tokens: dict[str, dict[str, str]], base: Base) -> None:
        self.app, self.tokens, self.base = app, tokens, base

    def post(self, who: str, path: str = "/api/incidents", **body: Any) -> TestResponse:
        return self.app.test_client().post(path, data=json.dumps(body), headers=self.tokens[who])

    def get(self, who: str, path: str) -> TestResponse:
        return self.app.test_client().get(path, headers=self.tokens[who])

    def report(self, who: str = "worker_a", **body: Any) -> dict[str, Any]:
        """A case, as it was told."""
        whole = {"sent_id": str(uuid.uuid4()), "kind": CLUTTER, "place_id": STAIRS[0]} | body
        answer = self.post(who, **whole)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def act(self, who: str, case: int, action: str, **body: Any) -> TestResponse:
        return self.post(who, f"/api/incidents/{case}/act", action=action, **body)

    def count(self, table: str = "incident") -> int:
        with psycopg.connect(self.base.owner_url, row_factory=dict_row) as owner:
            row = owner.execute(f"SELECT count(*) AS found FROM gridmap.{table}").fetchone()
        assert row
        return int(row["found"])


@pytest.fixture(scope="module")
def desk(app: Flask, tokens: dict[str, dict[str, str]], base: Base) -> Desk:
    return Desk(app, tokens, base)


def test_a_report_is_told_its_number_units_and_what_is_near(desk: Desk) -> None:
    first = desk.report(kind=BROKEN_LIGHT)
    again = desk.report(kind=BROKEN_LIGHT, device_at="2026-03-16T08:59:00+08:00", contact={"name": "王", "phone": "1"})
    assert (first["state"], first["due_at"]) == ("reported", "2026-03-19T09:00:00+08:00")
    assert again["number"] != first["number"]
    assert [unit["organisation_id"] for unit in again["units"]] == [COMPANY, DEPARTMENT, None]
    assert again["near"][0]["id"] == first["incident_id"]
    assert desk.report(done=True)["state"] == "closed"


def test_sending_twice_at_once_is_one_case_and_one_answer(desk: Desk) -> None:
    before, body = desk.count(), {"sent_id": str(uuid.uuid4()), "kind": CLUTTER, "place_id": STAIRS[1], "text": "x"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: desk.post("worker_a", **body), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert desk.count() == before + 1
    assert desk.post("worker_a", **body | {"text": "y"}).status_code == 409
    assert desk.post("leader", **body).status_code == 409


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "99999"}, 422, "kind"),
        ({"severity": 9}, 422, "severity"),
        ({"source": "rumour"}, 422, "source"),
        ({"text": "a\u0000b"}, 422, "text"),
        ({"place_id": None}, 422, "where"),
        ({"place_id": None, "at": [120.0, 30.0]}, 422, "outside"),
        ({"place_id": STAIRS[2]}, 404, "not_there"),
        ({"place_id": 5}, 404, "not_there"),
        ({"place_id": (1 << 52) + 1}, 404, "not_there"),
        ({"place_id": "x"}, 400, "bad_request"),
        ({"at": [200, 0]}, 400, "bad_request"),
        ({"at": ["1", 2]}, 400, "bad_request"),
        ({"contact": "x"}, 400, "bad_request"),
        ({"kind": 7}, 400, "bad_request"),
        ({"sent_id": "x"}, 400, "bad_request"),
        ({"inspection_id": 7}, 422, "finding"),
        ({"done": True, "severity": 3}, 422, "urgent"),
    ],
)
def test_reports_that_cannot_be(desk: Desk, body: dict[str, Any], status: int, code: str) -> None:
    before = desk.count(), desk.count("submission")
    whole = {"sent_id": str(uuid.uuid4()), "kind": CLUTTER, "place_id": STAIRS[0]} | body
    answer = desk.post("worker_a", **{name: value for name, value in whole.items() if value is not None})
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.get_json()["description"]
    assert (desk.count(), desk.count("submission")) == before


def test_a_reporter_joins_an_open_case_and_a_join_that_cannot_be_loses_no_report(desk: Desk) -> None:
    first = desk.report("leader", place_id=STAIRS[1])
    joined = desk.report(place_id=STAIRS[1], same_as=first["incident_id"])
    assert joined["state"] == "duplicate"
    for nothing in (joined["incident_id"], (1 << 40) + 1, desk.report()["incident_id"] + 7):
        assert desk.report(place_id=STAIRS[1], same_as=nothing)["state"] == "reported"
    with psycopg.connect(desk.base.owner_url) as owner:
        row = owner.execute(
            "SELECT duplicate_of_id FROM gridmap.incident WHERE id = %s", (joined["incident_id"],)
        ).fetchone()
    assert row == (first["incident_id"],)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from([CLUTTER, STAIRS[0]]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = """
sent_id kind place_id at accuracy severity text source done inspection_id contact device_at address action revision
reason lead_id until review_on incidents
"""
FIELDS = st.dictionaries(st.sampled_from(NAMES.split()), JSON, max_size=9)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=FIELDS, path=st.sampled_from(["/api/incidents", "/api/incidents/act", f"/api/incidents/{7 << 32}/act"]))
def test_nothing_that_is_sent_breaks_it(desk: Desk, body: dict[str, Any], path: str) -> None:
    assert desk.post("worker_a", path, **body).status_code in (200, 400, 404, 422)


def test_the_second_of_two_hears_what_changed(desk: Desk) -> None:
    case = desk.report()["incident_id"]
    sent = desk.act("leader", case, "dispatch", lead_id=COMPANY).get_json()
    assert (sent["state"], sent["lead_name"]) == ("dispatched", "甲物业")
    accepted = desk.act("company", case, "accept", revision=sent["revision"])
    assert accepted.get_json()["state"] == "handling"
    late = desk.act("leader", case, "transfer", revision=sent["revision"], lead_id=DEPARTMENT, reason="x")
    assert late.status_code == 409
    changed = late.get_json()["changed"]
    assert (changed["state"], changed["action"], changed["unit"]) == ("handling", "accept", "甲物业")
    assert changed["at"] == "2026-03-16T09:00:00+08:00"


def test_a_refusal_is_a_sentence_that_names_unit_and_step(desk: Desk) -> None:
    case = desk.report()["incident_id"]
    desk.act("leader", case, "dispatch", lead_id=COMPANY)
    answer = desk.act("leader", case, "close")
    assert answer.status_code == 422
    said = answer.get_json()
    assert (said["code"], said["unit"], said["next"]) == ("not_now", "甲物业", "accept")
    assert said["description"] == "现在不能这样办理。案件在：甲物业。下一步：接单。"
    with psycopg.connect(desk.base.owner_url) as owner:
        owner.execute("UPDATE gridmap.organisation SET name = '甲{x}物业' WHERE id = %s", (COMPANY,))
    assert "甲{x}物业" in desk.act("leader", case, "close").get_json()["description"]
    with psycopg.connect(desk.base.owner_url) as owner:
        owner.execute("UPDATE gridmap.organisation SET name = '甲物业' WHERE id = %s", (COMPANY,))


def test_hidden_is_unknown(desk: Desk) -> None:
    case = desk.report()["incident_id"]
    for who, expected in (("worker_b", 404), ("company", 404), ("planner", 403), ("worker_a", 200)):
        assert desk.get(who, f"/api/incidents/{case}").status_code == expected, who
        assert desk.act(who, case, "answer", answer="x").status_code == {200: 422}.get(expected, expected), who
    hidden, unknown = (desk.get("company", f"/api/incidents/{one}") for one in (case, (7 << 32) + 99))
    assert hidden.text.replace(str(case), "") == unknown.text.replace(str((7 << 32) + 99), "")
    assert (
        desk.app.test_client().get(f"/api/incidents/{case}", headers={"Accept": "application/json"}).status_code == 401
    )
    offered = {who: desk.get(who, f"/api/incidents/{case}").get_json()["possible"] for who in ("leader", "worker_a")}
    assert ("dispatch" in offered["leader"], "dispatch" in offered["worker_a"]) == (True, False)
    desk.act("leader", case, "dispatch", lead_id=COMPANY)
    found = desk.get("company", f"/api/incidents/{case}").get_json()
    assert found["possible"] == [
        "accept",
        "return",
        "transfer",
        "ask_time",
        "escalate",
        "add_party",
        "end_party",
        "answer",
    ]


def test_many_at_once(desk: Desk) -> None:
    cases = [desk.report()["incident_id"] for _ in range(3)]
    desk.act("leader", cases[2], "reject", reason="x")
    listed = [cases[0], [cases[1], 77], cases[2], (7 << 32) + 99]
    answer = desk.post("leader", "/api/incidents/act", action="dispatch", incidents=listed, lead_id=COMPANY)
    told = answer.get_json()["incidents"]
    assert told[0]["state"] == "dispatched"
    assert told[1]["changed"]["revision"] == 1
    assert (told[2]["refused"], told[2]["description"][:6]) == ("not_now", "现在不能这样")
    assert told[3]["refused"] == "unknown"
    assert desk.post("leader", "/api/incidents/act", action="dispatch", incidents=[]).status_code == 400
    assert desk.post("leader", "/api/incidents/act", action="dispatch", incidents=[[1, 2, 3]]).status_code == 400


def test_before_a_report_one_may_ask_what_is_near_and_who_it_is_for(desk: Desk) -> None:
    case = desk.report(place_id=None, at=[113.4012, 22.5012])["incident_id"]
    near = desk.get("worker_a", f"/api/incidents/near?kind={CLUTTER}&at=113.40121,22.5012").get_json()["near"]
    assert case in {one["id"] for one in near}
    units = desk.get("leader", f"/api/incidents/units?kind={CLUTTER}&at=113.4199,22.505&accuracy=40").get_json()
    assert [one["community_id"] for one in units["units"] if one["why"] == "community"] == [COMMUNITY, COMMUNITY + 5]
    for query in ("kind=1&at=113.4,22.5", "kind=03001", "kind=03001&at=x", "kind=03001&at=120,30", "kind=&place=1"):
        for word in ("near", "units"):
            assert desk.get("leader", f"/api/incidents/{word}?{query}").status_code in (400, 404, 422), query


def picture(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), colour).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("hint", "hour", "off"),
    [
        ("taken=2026-03-16T08:00%2B08:00&off=37", 8, 37),
        ("taken=2026-03-16T08:58:59%2B08:00", 8, None),
        ("taken=2026-03-16T08:00", None, None),
        ("taken=0001-01-01T00:00%2B08:00&off=-1", None, None),
        ("taken=%00&off=1000001", None, None),
        ("taken=2026-03-16T99:00%2B08:00&off=%D9%A3", None, None),
    ],
)
def test_the_hour_and_the_distance_of_a_camera_are_hints_and_never_a_reason_to_refuse(
    desk: Desk, hint: str, hour: int | None, off: int | None
) -> None:
    case = desk.report()["incident_id"]
    path = f"/api/incidents/photo?sent_id={uuid.uuid4()}&incident_id={case}&stage=reported&{hint}"
    assert desk.app.test_client().post(path, data=picture("red"), headers=desk.tokens["worker_a"]).status_code == 200
    with psycopg.connect(desk.base.owner_url) as owner:
        kept = owner.execute("SELECT taken_at, off_m FROM gridmap.incident_photo WHERE incident_id = %s", (case,))
        assert kept.fetchall() == [(hour and datetime(2026, 3, 16, hour, tzinfo=OFFICE), off)]


def test_photos(desk: Desk) -> None:
    case = desk.report()["incident_id"]

    def send(who: str, raw: bytes, sent: uuid.UUID, stage: str = "reported") -> TestResponse:
        path = f"/api/incidents/photo?sent_id={sent}&incident_id={case}&stage={stage}"
        return desk.app.test_client().post(path, data=raw, headers=desk.tokens[who])

    sent = uuid.uuid4()
    for _ in range(2):
        assert send("worker_a", picture("red"), sent).get_json() == {
            "incident_id": case, "stage": "reported", "number": 1,
        }  # fmt: skip
    assert send("worker_a", picture("blue"), sent).status_code == 409
    assert send("worker_a", picture("blue"), uuid.uuid4()).get_json()["number"] == 2
    assert send("worker_b", picture("blue"), uuid.uuid4()).status_code == 404
    assert send("worker_a", picture("blue"), uuid.uuid4(), "handled").status_code == 422
    unreadable = send("worker_a", b"no picture", uuid.uuid4())
    assert (unreadable.status_code, unreadable.get_json()["code"]) == (422, "picture")

"""Cars over HTTP: once however often sent, told in a sentence with the next step, and never a plate in any answer."""

import io
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from psycopg.rows import dict_row
from werkzeug.test import TestResponse

from tests.checks import tokens_of
from tests.conftest import Base
from tests.parking_town import ELSEWHERE, KERB, MASKED, NORTH, PLATE, SOUTH, build

LAST_EVENING = "2026-03-15T19:00:00+08:00"
"""The clock of these tests stands at nine on the morning after."""
COUNTS, SIGHTINGS = "/api/parking/counts", "/api/parking/sightings"


@pytest.fixture(scope="module")
def base(copy_database: Callable[[str], Base], empty_template: str) -> Base:
    made = copy_database(empty_template)
    with psycopg.connect(made.owner_url) as owner:
        build(owner)
        owner.execute("UPDATE gridmap.account SET locale = 'zh'")
    return made


@pytest.fixture(scope="module")
def app(base: Base, make_app: Callable[[Base], Flask]) -> Flask:
    return make_app(base)


class Desk:
    """Somebody's phone: posts with a token."""

    def __init__(self, app: Flask, base: Base) -> None:
        self.app, self.base, self.tokens = app, base, tokens_of(app)

    def post(self, who: str, path: str, **body: Any) -> TestResponse:
        whole = {"sent_id": str(uuid.uuid4())} | body
        return self.app.test_client().post(path, data=json.dumps(whole), headers=self.tokens[who])

    def count(self, who: str = "worker_a", zone_id: int = NORTH, **body: Any) -> TestResponse:
        return self.post(who, COUNTS, **{"zone_id": zone_id, "total": 43, "outside": 12} | body)

    def see(self, who: str = "worker_a", plate: str = PLATE, zone_id: int = NORTH, **body: Any) -> TestResponse:
        return self.post(who, SIGHTINGS, **{"zone_id": zone_id, "plate": plate, "seen_at": LAST_EVENING} | body)

    def photograph(self, who: str, sighting: str, raw: bytes, zone_id: int = NORTH, sent_id: str = "") -> TestResponse:
        address = f"{SIGHTINGS}/{sighting}/photo?sent_id={sent_id or uuid.uuid4()}&zone_id={zone_id}"
        return self.app.test_client().post(address, data=raw, headers=self.tokens[who])

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        with psycopg.connect(self.base.owner_url, row_factory=dict_row) as owner:
            return owner.execute(statement, values).fetchall()

    def forget(self) -> None:
        """No car has been seen, nothing counted."""
        with psycopg.connect(self.base.owner_url) as owner:
            owner.execute("TRUNCATE gridmap.vehicle, gridmap.vehicle_count, gridmap.known_vehicle CASCADE")

    def files(self) -> list[Path]:
        home = self.app.extensions["gridmap"].settings.home
        return [path for path in (home / "files").rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def served(app: Flask, base: Base) -> Desk:
    return Desk(app, base)


@pytest.fixture
def desk(served: Desk) -> Desk:
    served.forget()
    return served


def told(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


# Counts --------------------------------------------------------------------------------------------------------------


def test_a_count_is_told_the_round_that_it_stands_under_and_what_stands_there(desk: Desk) -> None:
    first = told(desk.count(device_at="2026-03-15T20:00:00+08:00"))
    assert first == {"zone_id": NORTH, "day": "2026-03-15", "part": "evening", "total": 43, "outside": 12}
    # another phone counted an hour before, and has a network only now
    late = told(desk.count("leader", total=9, outside=0, device_at="2026-03-15T19:00:00+08:00"))
    assert (late["total"], late["outside"]) == (43, 12)
    assert told(desk.count(part="evening", total=1, outside=1))["day"] == "2026-03-16"
    assert told(desk.count())["part"] == "morning"


def test_sending_twice_at_once_is_one_count_and_one_answer(desk: Desk) -> None:
    sent_id = str(uuid.uuid4())
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: desk.count(sent_id=sent_id), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(desk.rows("SELECT FROM gridmap.vehicle_count")) == 1
    assert len(desk.rows("SELECT FROM gridmap.audit WHERE action = 'count_vehicles' AND subject_id = %s AND at >"
                         " now() - interval '1 minute' AND after ->> 'total' = '43'", str(NORTH))) >= 1  # fmt: skip
    assert desk.count(sent_id=sent_id, total=44).status_code == 409
    assert desk.count("leader", sent_id=sent_id).status_code == 409


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"outside": 44}, 422, "count"),
        ({"total": -1, "outside": -1}, 422, "count"),
        ({"total": 20_001}, 422, "count"),
        ({"device_at": "2026-03-01T19:00:00+08:00"}, 422, "too_old"),
        ({"zone_id": SOUTH}, 404, "not_there"),
        ({"zone_id": 5}, 404, "not_there"),
        ({"zone_id": (1 << 52) + 1}, 404, "not_there"),
        ({"zone_id": 1 << 60}, 400, "bad_request"),
        ({"zone_id": "x"}, 400, "bad_request"),
        ({"total": "43"}, 400, "bad_request"),
        ({"total": 4.5}, 400, "bad_request"),
        ({"total": True}, 400, "bad_request"),
        ({"outside": None}, 400, "bad_request"),
        ({"part": "noon"}, 400, "bad_request"),
        ({"part": []}, 400, "bad_request"),
        ({"sent_id": "x"}, 400, "bad_request"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(desk: Desk, body: dict[str, Any], status: int, code: str) -> None:
    answer = desk.count(**body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert len(answer.get_json()["description"]) > 5
    assert desk.rows("SELECT FROM gridmap.vehicle_count") == []


RIGHTS = {
    "worker_a": {NORTH: 200, SOUTH: 404, ELSEWHERE: 404, KERB: 200},
    "worker_b": {NORTH: 404, SOUTH: 200, ELSEWHERE: 200, KERB: 404},
    "leader": dict.fromkeys((NORTH, SOUTH, ELSEWHERE, KERB), 200),
    "community_leader": dict.fromkeys((NORTH, SOUTH, ELSEWHERE, KERB), 200),
    "east_leader": dict.fromkeys((NORTH, SOUTH, ELSEWHERE, KERB), 404),
    # sees the whole street, and is on duty in a part of it
    "planner_worker": {NORTH: 422, SOUTH: 200, ELSEWHERE: 200, KERB: 422},
    "manager": dict.fromkeys((NORTH, SOUTH, ELSEWHERE, KERB), 422),
    "company": dict.fromkeys((NORTH, SOUTH, ELSEWHERE, KERB), 403),
    "street_handler": dict.fromkeys((NORTH, SOUTH, ELSEWHERE, KERB), 403),
    "planner": dict.fromkeys((NORTH, SOUTH, ELSEWHERE, KERB), 403),
}


@pytest.mark.parametrize("who", RIGHTS)
def test_who_counts_and_sees_where(desk: Desk, who: str) -> None:
    for zone, status in RIGHTS[who].items():
        for send in (desk.count, desk.see):
            answer = send(who, zone_id=zone)
            assert answer.status_code == status, (zone, answer.text)
            if status == 422:
                assert answer.get_json()["code"] == "not_yours"
    allowed = {zone for zone, status in RIGHTS[who].items() if status == 200}
    assert {row["place_id"] for row in desk.rows("SELECT place_id FROM gridmap.vehicle_count")} == allowed
    assert {row["place_id"] for row in desk.rows("SELECT place_id FROM gridmap.sighting")} == allowed


# Sightings -----------------------------------------------------------------------------------------------------------


def test_what_follows_is_told_in_a_sentence_with_the_next_step(desk: Desk) -> None:
    evenings = [f"2026-03-{day}T19:00:00+08:00" for day in (10, 11, 12, 13)]
    found = [told(desk.see(seen_at=at)) for at in evenings]
    assert [(one["state"], one["number"], one["tone"]) for one in found] == [
        ("noticed", 1, "notice"), ("noticed", 2, "notice"), ("warned", 3, "warn"), ("proposed", None, "ban"),
    ]  # fmt: skip
    assert [one["sentence"][:7] for one in found] == [
        "第1次提醒，今",
        "第2次提醒，今",
        "最后警告（第3",
        "已提出列入黑名",
    ]
    assert all("提醒单" in one["next"] for one in found)
    assert {one["masked"] for one in found} == {MASKED}
    assert [one["keeps_photo"] for one in found] == [True] * 4
    english = desk.app.test_client().post(
        f"{SIGHTINGS}?lang=en",
        data=json.dumps({"sent_id": str(uuid.uuid4()), "zone_id": NORTH, "plate": PLATE, "seen_at": evenings[3]}),
        headers=desk.tokens["leader"],
    )
    assert told(english)["sentence"] == "A ban is proposed already. This evening stands with it."


def test_the_same_evening_is_told_as_noted_already_whoever_sees_it_again(desk: Desk) -> None:
    assert told(desk.see())["action"] == "notice"
    for who, zone in (("worker_a", NORTH), ("worker_b", SOUTH), ("leader", KERB)):
        again = told(desk.see(who, zone_id=zone))
        # a kerb belongs to no estate: another car there
        assert (again["nothing"], again["tone"]) == ((None, "notice") if zone == KERB else ("again", "again"))
        assert zone == KERB or "今晚" in again["sentence"]


def test_a_registered_car_is_left_alone_and_nothing_is_written_of_it(desk: Desk) -> None:
    first = told(desk.see())
    with psycopg.connect(desk.base.owner_url) as owner:
        owner.execute(
            "INSERT INTO gridmap.known_vehicle (street_id, id, place_id, kind, plate_hash, plate_masked, community_id,"
            " estate_id, grids, changed_at) SELECT street_id, id, place_id, 'resident', plate_hash, plate_masked,"
            " community_id, estate_id, grids, now() FROM gridmap.vehicle WHERE id = %s",
            (first["vehicle_id"],),
        )
        owner.execute("TRUNCATE gridmap.vehicle CASCADE")
    sent_id = str(uuid.uuid4())
    left = told(desk.see(sent_id=sent_id))
    assert (left["nothing"], left["tone"], left["sighting_id"], left["keeps_photo"]) == ("known", "fine", None, False)
    before = desk.files()
    assert told(desk.photograph("worker_a", sent_id, picture())) == {"zone_id": NORTH, "kept": False}
    assert desk.files() == before
    assert desk.rows("SELECT FROM gridmap.sighting") == desk.rows("SELECT FROM gridmap.vehicle") == []


@pytest.mark.parametrize(
    ("plate", "problem"),
    [
        ("", "empty"),
        ("A12345", "province"),
        ("沪I12345", "office"),
        ("沪AO2345", "letters"),
        ("沪A1234", "length"),
        ("沪A1234567", "length"),
        ("沪A1234EF", "energy"),
        ("沪A1234港", "ending"),
        ("沪A12345" * 9, "length"),
    ],
)
def test_a_plate_that_is_none_is_refused_with_what_is_wrong_and_without_itself(
    desk: Desk, plate: str, problem: str
) -> None:
    answer = desk.see(plate=plate)
    said = answer.get_json()
    assert (answer.status_code, said["code"], said["problem"]) == (422, "plate", problem)
    assert len(said["description"]) > 4
    assert not plate or plate not in answer.text
    assert desk.rows("SELECT FROM gridmap.vehicle") == []


@pytest.mark.parametrize("plate", [None, 5, ["沪A12388"], {"a": "沪A12388"}])
def test_what_is_no_text_is_refused_without_being_told_again(desk: Desk, plate: object) -> None:
    answer = desk.post("worker_a", SIGHTINGS, zone_id=NORTH, plate=plate)
    assert answer.status_code == 400
    assert "12388" not in answer.text


def test_no_answer_and_no_row_but_one_holds_the_plate(desk: Desk) -> None:
    answers = [desk.see(), desk.see("worker_b", zone_id=SOUTH), desk.see(sent_id="x"), desk.see(zone_id=SOUTH)]
    assert [answer.status_code for answer in answers] == [200, 200, 400, 404]
    assert all(PLATE not in answer.text and PLATE[2:] not in answer.text for answer in answers)
    tables = desk.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'gridmap'"
                       " AND table_type = 'BASE TABLE'")  # fmt: skip
    holding = [
        one["table_name"]
        for one in tables
        if desk.rows(f"SELECT FROM gridmap.{one['table_name']} t WHERE strpos(t::text, %s) > 0", PLATE)
    ]
    assert holding == ["vehicle"]


def test_a_sighting_may_be_noted_in_the_count_of_its_moment(desk: Desk) -> None:
    told(desk.see(in_count=True))
    told(desk.see(plate="沪B12377", seen_at="2026-03-16T07:00:00+08:00", in_count=True))
    told(desk.see(plate="沪C12366"))
    rows = desk.rows("SELECT counted_on::text AS day, part FROM gridmap.sighting ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [("2026-03-15", "evening"), ("2026-03-16", "morning"), (None, None)]


def test_sending_a_sighting_twice_at_once_is_one_sighting_and_one_answer(desk: Desk) -> None:
    sent_id = str(uuid.uuid4())
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: desk.see(sent_id=sent_id), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(desk.rows("SELECT FROM gridmap.sighting")) == 1
    assert desk.see(sent_id=sent_id, plate="沪A·12388").status_code == 200
    assert desk.see(sent_id=sent_id, plate="沪A12387").status_code == 409


def test_of_many_phones_that_see_the_same_car_at_once_one_brings_the_notice(desk: Desk) -> None:
    phones = [("worker_a", NORTH), ("worker_b", SOUTH), ("leader", NORTH), ("community_leader", SOUTH)] * 2
    with ThreadPoolExecutor(8) as pool:
        answers = [told(one) for one in pool.map(lambda phone: desk.see(phone[0], zone_id=phone[1]), phones)]
    assert sorted(one["action"] or one["nothing"] for one in answers) == ["again"] * 7 + ["notice"]
    assert [one["number"] for one in answers if one["notice_id"]] == [1]
    assert len(desk.rows("SELECT FROM gridmap.violation")) == len(desk.rows("SELECT FROM gridmap.parking_notice")) == 1
    assert len(desk.rows("SELECT FROM gridmap.sighting")) == 8


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.dictionaries(
        st.sampled_from(["zone_id", "plate", "seen_at", "in_count", "part", "total", "outside", "device_at", "how"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=50)
        | st.lists(st.integers(), max_size=2),
    ),
    path=st.sampled_from([COUNTS, SIGHTINGS, "/api/parking/notices/7/given"]),
)
def test_whatever_is_sent_nothing_breaks(desk: Desk, body: dict[str, Any], path: str) -> None:
    for who in ("worker_a", "planner"):
        answer = desk.post(who, path, **body)
        assert answer.status_code in (400, 403, 404, 422), answer.text
        assert answer.get_json()["code"]


# Photos --------------------------------------------------------------------------------------------------------------


SECRET = b"SECRET-CAMERA"


def picture(colour: str = "#335577", size: tuple[int, int] = (2400, 1200)) -> bytes:
    """A picture with what a camera writes into it."""
    exif, written = Image.Exif(), io.BytesIO()
    exif[0x010F] = SECRET.decode()
    Image.new("RGB", size, colour).save(written, "JPEG", exif=exif)
    return written.getvalue()


def test_a_photo_follows_its_sighting_small_and_without_what_the_camera_wrote(desk: Desk) -> None:
    sent_id, own = str(uuid.uuid4()), str(uuid.uuid4())
    told(desk.see(sent_id=sent_id))
    raw = picture()
    assert SECRET in raw
    for _ in range(2):
        assert told(desk.photograph("worker_a", sent_id, raw, sent_id=own)) == {"zone_id": NORTH, "kept": True}
    assert told(desk.photograph("worker_a", sent_id, raw))["kept"] is True
    assert desk.photograph("worker_a", sent_id, picture("#ff0000"), sent_id=own).status_code == 409
    other = desk.photograph("worker_a", sent_id, picture("#ff0000"))
    assert (other.status_code, other.get_json()["code"]) == (422, "photo")
    [row] = desk.rows("SELECT photo FROM gridmap.sighting")
    [path] = [path for path in desk.files() if path.name == bytes(row["photo"]).hex()]
    assert SECRET not in path.read_bytes()
    with Image.open(path) as kept:
        assert (max(kept.size), dict(kept.getexif())) == (1600, {})


def test_a_photo_goes_to_the_own_sighting_alone(desk: Desk) -> None:
    sent_id = str(uuid.uuid4())
    told(desk.see(sent_id=sent_id))
    assert desk.photograph("leader", sent_id, picture()).status_code == 404
    assert desk.photograph("worker_a", str(uuid.uuid4()), picture()).status_code == 404
    assert desk.photograph("worker_a", sent_id, picture(), zone_id=5).status_code == 404
    assert desk.photograph("planner", sent_id, picture()).status_code == 403
    assert desk.photograph("worker_a", "no-id", picture()).status_code == 404
    unreadable = desk.photograph("worker_a", sent_id, b"no picture")
    assert (unreadable.status_code, unreadable.get_json()["code"]) == (422, "picture")
    [row] = desk.rows("SELECT photo FROM gridmap.sighting")
    assert row["photo"] is None


def look(desk: Desk, who: str, sighting: int, **form: str) -> TestResponse:
    return desk.app.test_client().post(
        f"/parking/sightings/{sighting}/photo", data=form, headers=desk.tokens[who] | {"Accept": "text/html"}
    )


def test_a_photo_is_looked_at_with_a_reason_by_who_sees_the_zone_and_that_is_written_down(desk: Desk) -> None:
    sent_id = str(uuid.uuid4())
    seen = told(desk.see(sent_id=sent_id))
    told(desk.photograph("worker_a", sent_id, picture()))
    sighting, reason = seen["sighting_id"], "somebody objected"
    assert look(desk, "worker_a", sighting).status_code == 400
    status = {}
    for who in RIGHTS:
        shown = look(desk, who, sighting, reason=reason)
        status[who] = shown.status_code
        shown.close()
    assert status == {
        "worker_a": 200, "leader": 200, "community_leader": 200, "worker_b": 404, "east_leader": 404,
        "planner_worker": 404, "manager": 404, "company": 403, "street_handler": 403, "planner": 403,
    }  # fmt: skip
    shown = look(desk, "worker_a", sighting, reason=reason)
    assert (shown.mimetype, shown.headers["Cache-Control"]) == ("image/jpeg", "no-store")
    shown.close()
    logged = desk.rows("SELECT why FROM gridmap.audit WHERE action = 'unmask_plate' AND subject_id = %s",
                       str(seen["vehicle_id"]))  # fmt: skip
    assert [row["why"] for row in logged] == [reason] * 4
    # nothing is open any more: neither the plate nor its picture is shown, before the night has forgotten them
    with psycopg.connect(desk.base.owner_url) as owner:
        owner.execute("UPDATE gridmap.vehicle SET resets_at = '2026-03-16T08:59+08:00'")
    assert look(desk, "worker_a", sighting, reason=reason).status_code == 404


# Notices -------------------------------------------------------------------------------------------------------------


def test_a_notice_is_marked_as_given_and_told_who_was_first(desk: Desk) -> None:
    notice = told(desk.see())["notice_id"]
    address = f"/api/parking/notices/{notice}/given"
    assert desk.post("worker_a", address, how="pigeon").get_json()["code"] == "way"
    assert desk.post("worker_a", address).status_code == 400
    assert desk.post("worker_b", address, how="slip").status_code == 404
    assert desk.post("company", address, how="slip").status_code == 403
    sent_id = str(uuid.uuid4())
    first = told(desk.post("worker_a", address, how="slip", sent_id=sent_id))
    assert first == {"notice_id": notice, "how": "slip", "given_at": "2026-03-16T09:00:00+08:00"}
    assert told(desk.post("worker_a", address, how="slip", sent_id=sent_id)) == first
    assert told(desk.post("leader", address, how="call"))["how"] == "slip"
    assert desk.post("worker_a", address, how="call", sent_id=sent_id).status_code == 409
    assert desk.post("worker_a", f"/api/parking/notices/{1 << 60}/given", how="slip").status_code == 404

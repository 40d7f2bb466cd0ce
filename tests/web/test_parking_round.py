"""The pages of the round without a browser: zones in order, a form each, results in words, no plate on any of them."""

import re
import uuid
from collections.abc import Callable
from html import unescape
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row
from werkzeug.test import TestResponse

from tests.checks import tokens_of
from tests.conftest import Base
from tests.duties_town import PEOPLE, STREET
from tests.parking_town import ELSEWHERE, KERB, MASKED, NORTH, PLATE, SOUTH, build

ON_DUTY = ("worker_a", "worker_b", "leader", "planner_worker", "manager")


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


class Visitor:
    """Somebody's pages, opened with a token."""

    def __init__(self, app: Flask, base: Base) -> None:
        self.app, self.base, self.tokens = app, base, tokens_of(app)

    def get(self, who: str, path: str) -> TestResponse:
        return self.app.test_client().get(path, headers=self._headers(who))

    def post(self, who: str, path: str, **form: Any) -> TestResponse:
        whole = {"page": str(uuid.uuid4())} | form
        return self.app.test_client().post(path, data=whole, headers=self._headers(who))

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        with psycopg.connect(self.base.owner_url, row_factory=dict_row) as owner:
            return owner.execute(statement, values).fetchall()

    def _headers(self, who: str) -> dict[str, str]:
        return self.tokens[who] | {"Accept": "text/html"}


@pytest.fixture(scope="module")
def served(app: Flask, base: Base) -> Visitor:
    return Visitor(app, base)


@pytest.fixture
def visitor(served: Visitor) -> Visitor:
    with psycopg.connect(served.base.owner_url) as owner:
        owner.execute("TRUNCATE gridmap.vehicle, gridmap.vehicle_count, gridmap.known_vehicle, gridmap.rota CASCADE")
    return served


def zones(page: TestResponse) -> list[int]:
    return [int(one) for one in re.findall(r'data-zone="([0-9]+)"', page.text)]


def test_each_sees_the_zones_where_they_are_on_duty(visitor: Visitor) -> None:
    found = {who: set(zones(visitor.get(who, "/parking/count"))) for who in ON_DUTY}
    assert found == {
        "worker_a": {NORTH, KERB},
        "worker_b": {SOUTH, ELSEWHERE},
        "leader": {NORTH, SOUTH, ELSEWHERE, KERB},
        "planner_worker": {SOUTH, ELSEWHERE},
        "manager": set(),
    }
    assert "没有需要清点的区域" in visitor.get("manager", "/parking/count").text
    for path in ("/parking/count", "/parking/see", "/parking/evening", f"/parking/count/{NORTH}"):
        assert [visitor.get(who, path).status_code for who in ("company", "planner")] == [403, 403]
    for who, zone in (("worker_b", NORTH), ("manager", NORTH), ("planner_worker", NORTH), ("leader", 5)):
        assert visitor.get(who, f"/parking/count/{zone}").status_code == 404
    assert visitor.get("leader", f"/parking/count/{1 << 60}").status_code == 404


def test_what_one_only_sees_takes_no_place_from_ones_own(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridmap.web.parking.own.MOST_ZONES", 2)
    assert set(zones(visitor.get("planner_worker", "/parking/count"))) == {SOUTH, ELSEWHERE}
    assert len(zones(visitor.get("leader", "/parking/count"))) == 2
    for zone in (NORTH, SOUTH, ELSEWHERE, KERB):
        assert zone in zones(visitor.get("leader", f"/parking/count/{zone}"))


def test_a_zone_is_ones_own_by_holding_it(visitor: Visitor) -> None:
    with psycopg.connect(visitor.base.owner_url) as owner:
        owner.execute("INSERT INTO gridmap.duty_role (code, title, title_en, level) VALUES ('duty_resident', 'r', 'r',"
                      " 'zone') ON CONFLICT DO NOTHING")  # fmt: skip
        owner.execute("INSERT INTO gridmap.assignment (street_id, id, person_id, place_id, role, valid)"
                      " VALUES (%s, %s, %s, %s, 'duty_resident', '[2026-01-01,)')",
                      (STREET, (STREET << 32) + 991, PEOPLE[0], KERB))  # fmt: skip
    visitor.app.extensions["gridmap"].sign_ins.forget()
    found = visitor.get("manager", f"/parking/count/{KERB}")
    with psycopg.connect(visitor.base.owner_url) as owner:
        owner.execute("DELETE FROM gridmap.assignment WHERE id = %s", ((STREET << 32) + 991,))
    visitor.app.extensions["gridmap"].sign_ins.forget()
    assert found.status_code == 200
    assert zones(found) == [KERB]


def test_counting_by_form_leads_from_zone_to_zone_and_remembers_the_last_count(visitor: Visitor) -> None:
    path = f"/parking/count/{KERB}"
    first, second = zones(visitor.get("worker_a", "/parking/count"))
    saved = visitor.post("worker_a", f"/parking/count/{first}", total="43", outside="12")
    assert (saved.status_code, saved.headers["Location"]) == (303, f"/parking/count/{second}?done=counted")
    last = visitor.post("worker_a", f"/parking/count/{second}", total="5", outside="0")
    assert last.headers["Location"] == "/parking/count?done=counted_all"
    page = visitor.get("worker_a", "/parking/count").text
    assert "已清点 2/2 处" in page
    assert page.count("data-done") == 2
    with psycopg.connect(visitor.base.owner_url) as owner:
        owner.execute("UPDATE gridmap.vehicle_count SET counted_on = '2026-03-15', part = 'evening'")
    shown = unescape(visitor.get("worker_a", path).text)
    assert re.search(r"昨晚: <strong>[0-9]+</strong> / <strong>[0-9]+</strong>", shown)
    assert re.search(r'id="total"[^>]*value="(43|5)"', shown)


@pytest.mark.parametrize("numbers", [("3", "4"), ("", ""), ("x", "1"), ("-1", "-1"), ("99999", "0")])
def test_numbers_that_do_not_fit_are_told_and_kept_on_the_page(visitor: Visitor, numbers: tuple[str, str]) -> None:
    answer = visitor.post("worker_a", f"/parking/count/{NORTH}", total=numbers[0], outside=numbers[1])
    assert answer.status_code == 422
    assert "外来车辆" in answer.text
    assert visitor.rows("SELECT FROM gridmap.vehicle_count") == []


def test_the_same_form_twice_is_one_count(visitor: Visitor) -> None:
    form = {"page": str(uuid.uuid4()), "total": "9", "outside": "1"}
    answers = [visitor.post("worker_a", f"/parking/count/{NORTH}", **form) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {303}
    counted = visitor.rows("SELECT revision FROM gridmap.vehicle_count")
    assert counted == [{"revision": 1}]
    assert visitor.post("worker_a", f"/parking/count/{NORTH}", **form | {"page": "x"}).status_code == 400
    assert visitor.post("worker_a", f"/parking/count/{SOUTH}", **form).status_code == 404


def test_a_car_is_noted_by_form_and_the_page_tells_what_follows(visitor: Visitor) -> None:
    # at nine in the morning fifteen hours ago was the evening before
    told = visitor.post("worker_a", "/parking/see", zone=NORTH, plate="沪a 12388", clock="18:30", in_count="1")
    assert told.status_code == 200
    assert "第1次提醒" in told.text
    assert MASKED in unescape(told.text)
    assert PLATE not in told.text
    [row] = visitor.rows("SELECT counted_on::text AS day, part, found FROM gridmap.sighting")
    assert row == {"day": "2026-03-15", "part": "evening", "found": "notice"}
    [notice] = visitor.rows("SELECT id FROM gridmap.parking_notice")
    assert f"/parking/notices/{notice['id']}/print" in told.text
    by_day = visitor.post("worker_a", "/parking/see", zone=NORTH, plate=PLATE, ago="15")
    assert by_day.status_code == 200
    assert [row["found"] for row in visitor.rows("SELECT found FROM gridmap.sighting ORDER BY id")] == ["notice", "day"]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"plate": "沪A1"}, 422),
        ({"plate": ""}, 422),
        ({"zone": SOUTH}, 404),
        ({"zone": "x"}, 400),
        ({"zone": ""}, 400),
        ({"page": "x"}, 400),
        ({"clock": "25:00"}, 400),
        ({"ago": "1"}, 400),
        ({"ago": "-15"}, 400),
    ],
)
def test_a_form_that_no_page_of_ours_sends_writes_nothing(visitor: Visitor, form: dict[str, Any], status: int) -> None:
    answer = visitor.post("worker_a", "/parking/see", **{"zone": NORTH, "plate": PLATE} | form)
    assert answer.status_code == status
    assert visitor.rows("SELECT FROM gridmap.sighting") == []


def test_the_evening_shows_what_is_mine_masked_and_takes_what_was_handed_over(visitor: Visitor) -> None:
    visitor.post("worker_a", "/parking/see", zone=NORTH, plate=PLATE, clock="19:00")
    visitor.post("worker_b", "/parking/see", zone=SOUTH, plate="沪B12377", clock="19:00")
    page = unescape(visitor.get("worker_a", "/parking/evening").text)
    assert MASKED in page
    assert "沪B***77" not in page
    assert PLATE not in page
    assert "待清点" in page
    [notice] = visitor.rows("SELECT id FROM gridmap.parking_notice WHERE place_id = %s", NORTH)
    assert f'id="n{notice["id"]}"' in page
    both = unescape(visitor.get("leader", "/parking/evening").text)
    assert both.count('class="give"') == both.count('class="seen"') == 2
    assert visitor.post("worker_b", "/parking/evening", notice=notice["id"], how="slip").status_code == 404
    assert visitor.post("worker_a", "/parking/evening", notice=notice["id"], how="pigeon").status_code == 422
    given = visitor.post("worker_a", "/parking/evening", notice=notice["id"], how="owner")
    assert (given.status_code, given.headers["Location"]) == (303, "/parking/evening?done=notice_given")
    assert "提醒单均已送达" in visitor.get("worker_a", "/parking/evening").text


def test_what_was_taken_back_or_is_over_is_no_reminder(visitor: Visitor) -> None:
    visitor.post("worker_a", "/parking/see", zone=NORTH, plate=PLATE, clock="19:00")
    with psycopg.connect(visitor.base.owner_url) as owner:
        owner.execute("UPDATE gridmap.violation SET withdrawn_at = now(), withdrawn_by = 1, withdrawn_why = 'w'")
    page = visitor.get("worker_a", "/parking/evening").text
    assert 'class="give"' not in page
    assert 'class="seen"' not in page


def test_who_has_duty_tonight_stands_on_the_evening_where_the_rota_may_be_seen(visitor: Visitor) -> None:
    base = STREET << 32
    rota, turn, member, person, estate = base + 801, base + 802, base + 803, PEOPLE[1], base + 4
    common = "street_id, rota_id, place_id, people, community_id, estate_id"
    values = (STREET, rota, estate, [person], base + 1, estate)
    with psycopg.connect(visitor.base.owner_url) as owner:
        owner.execute(
            "INSERT INTO gridmap.rota (street_id, id, kind, name, begins, ends, valid, place_id, people, community_id,"
            " estate_id, changed_at) VALUES (%s, %s, 'parking', 'evening-rota', '18:00', '21:00', '[2026-01-01,)', %s,"
            " %s, %s, %s, now())", (STREET, rota, estate, [person], base + 1, estate))  # fmt: skip
        owner.execute(
            f"INSERT INTO gridmap.rota_member ({common}, id, person_id, valid, changed_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '[2026-01-01,)', now())", (*values, member, person))  # fmt: skip
        owner.execute(
            f"INSERT INTO gridmap.rota_turn ({common}, id, day, starts_at, ends_at, needed, missing, reason,"
            " changed_at) VALUES (%s, %s, %s, %s, %s, %s, %s, '2026-03-16', '2026-03-16 18:00+08',"
            " '2026-03-16 21:00+08', 2, 1, 'too_few_members', now())", (*values, turn))  # fmt: skip
        owner.execute(
            f"INSERT INTO gridmap.rota_holder ({common}, id, turn_id, person_id, day, during, origin, given_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '2026-03-16', '[2026-03-16 18:00+08,2026-03-16 21:00+08)',"
            " 'planned', now())", (*values, base + 804, turn, person))  # fmt: skip
    page = visitor.get("leader", "/parking/evening").text
    assert "18:00–21:00" in page
    assert "evening-rota" in page
    assert "缺1人" in page
    assert "evening-rota" not in visitor.get("worker_b", "/parking/evening").text


def test_ones_own_places_lead_to_the_round_where_there_is_a_zone_to_count(visitor: Visitor) -> None:
    page = visitor.get("worker_a", "/my").text
    assert 'href="/parking/evening"' in page
    assert "已清点 0/2 处" in page
    visitor.post("worker_a", f"/parking/count/{NORTH}", total="4", outside="1")
    assert "已清点 1/2 处" in visitor.get("worker_a", "/my").text
    assert 'href="/parking/evening"' not in visitor.get("manager", "/my").text


@pytest.mark.parametrize("who", ON_DUTY)
@pytest.mark.parametrize("path", ["/parking/count", "/parking/see", "/parking/see?zone=7&count=1", "/parking/evening"])
def test_pages_of_the_round_may_be_kept_for_their_account_alone(visitor: Visitor, who: str, path: str) -> None:
    page = visitor.get(who, path)
    assert page.status_code == 200
    [account] = visitor.rows("SELECT id FROM gridmap.account WHERE username = %s", who)
    assert page.headers["X-Gridmap-Account"] == str(account["id"])

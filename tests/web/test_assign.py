"""The pages of giving: who may open them, what they begin with, and what a hand-over tells whoever takes over."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from gridmap import assets
from gridmap.context import Services
from gridmap.db import SYSTEM
from gridmap.i18n import translate
from gridmap.web.assign import TEXTS
from tests.conftest import DEMO_PASSWORD
from tests.web.visitor import Person

PAGES = ("/assign", "/assign/hand-over", "/assign/excel", "/assign/changes")

VACANT = """
SELECT e.id, e.street_id, count(*) AS places, count(*) FILTER (WHERE NOT EXISTS (
  SELECT FROM gridmap.assignment a WHERE a.street_id = p.street_id AND a.place_id = p.id
    AND a.role = 'stairwell_leader' AND a.is_primary AND a.valid @> %(now)s::timestamptz)) AS vacant
FROM gridmap.place e JOIN gridmap.place p ON p.estate_id = e.id AND p.kind = 'stairwell'
WHERE e.code = %(code)s GROUP BY 1, 2
"""


@pytest.fixture
def leader(visit: Callable[..., Person]) -> Person:
    person = visit()
    person.sign_in("leader", DEMO_PASSWORD)
    return person


def one(services: Services, statement: str, **values: Any) -> dict[str, Any]:
    with services.database.transaction(SYSTEM) as connection:
        row = connection.execute(statement, {"now": services.clock.now(), **values}).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("page", PAGES)
def test_pages_open_for_those_who_lead(visit: Callable[..., Person], leader: Person, page: str) -> None:
    for language in ("zh", "en"):
        assert leader.get(f"{page}?lang={language}").status_code == 200
    for account in ("planner", "worker", "manager", "property", "admin"):
        person = visit()
        person.sign_in(account, DEMO_PASSWORD)
        assert person.get(page).status_code == 403


def test_the_start_says_where_places_have_nobody(leader: Person, services: Services) -> None:
    found = one(services, VACANT, code="442000002005X01")
    assert found["vacant"] > 0
    page = leader.get(f"/assign?lang=zh&role=stairwell_leader&street={found['street_id']}").text
    row = re.search(rf'<a class="give-area[^>]*estate={found["id"]}">.*?</a>', page, re.DOTALL)
    assert row
    assert f"{found['vacant']} 处没人" in row[0]
    assert f"{found['places']} 处中 {found['places'] - found['vacant']} 处有人" in row[0]


@pytest.mark.parametrize("words", ["estate=1", "community=1", "role=nobody", "street=99", "street=10001&estate=5"])
def test_what_is_not_there_is_not_there(leader: Person, words: str) -> None:
    assert leader.get(f"/assign?{words}").status_code == 404


def test_who_takes_over_finds_the_note_in_the_inbox(
    leader: Person, visit: Callable[..., Person], services: Services
) -> None:
    taker = one(services, "SELECT person_id FROM gridmap.account WHERE username = 'manager'")["person_id"]
    giver = one(
        services,
        "SELECT a.person_id, n.display_name FROM gridmap.assignment a JOIN gridmap.person n ON n.id = a.person_id"
        " WHERE a.street_id = %(street)s AND a.role = 'building_manager' AND a.person_id <> %(taker)s AND a.is_primary"
        " AND a.valid @> %(now)s::timestamptz AND a.community_id = (SELECT community_id FROM gridmap.person"
        " WHERE id = %(taker)s) ORDER BY a.id DESC LIMIT 1",
        street=taker >> 32,
        taker=taker,
    )
    proof = leader.get("/api/proof").get_json()["csrf_token"]
    answer = leader.client.post(
        "/api/assignments/hand-over",
        json={"from": giver["person_id"], "to": [taker], "note": "钥匙在物业<b>", "why": "换岗", "apply": True},
        headers={"X-CSRF-Token": proof},
    )
    assert answer.status_code == 200, answer.text
    manager = visit()
    manager.sign_in("manager", DEMO_PASSWORD)
    page = manager.get("/my/inbox?lang=zh").text
    assert f"{giver['display_name']}移交给您" in page
    assert "钥匙在物业&lt;b&gt;" in page
    undone = leader.client.post(
        "/api/assignments/undo", json={"change": answer.get_json()["change"]}, headers={"X-CSRF-Token": proof}
    )
    assert undone.status_code == 200
    assert "移交给您" not in manager.get("/my/inbox?lang=zh").text


def test_every_text_of_the_scripts_is_known_and_translated() -> None:
    found = set()
    for script in (assets.STATIC / "js" / "assign").glob("*.js"):
        found |= set(re.findall(r"""\bt\(\s*"((?:[^"\\]|\\.)*)\"""", script.read_text("utf-8")))
    assert found == set(TEXTS)
    assert [text for text in TEXTS if translate("zh", text) == text] == []

"""Checks and answers: a place opens, and takes an answer, for those who see it and for nobody else."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row
from test_who_sees_what import SHUT_OUT, SIGNED_IN, open_scene

from gridmap.files import path_of
from tests.conftest import Base
from tests.outputs import Scene

SMALLEST_PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000"
    "040001f61738550000000049454e44ae426082"
)
ANSWERING = {"worker", "manager", "leader", "handler", "duty_resident"}


@pytest.fixture(scope="module")
def scene(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Scene:
    return open_scene(copy_database(demo_template), make_app)


def slots(scene: Scene) -> list[tuple[int, int, str]]:
    """Some slots with their place: (slot, place, code), of every kind and corner."""
    with psycopg.connect(scene.oracle.owner_url) as owner:
        return owner.execute(
            "SELECT DISTINCT ON (s.place_id) s.id, s.place_id, p.code FROM gridmap.slot s"
            " JOIN gridmap.place p ON p.street_id = s.street_id AND p.id = s.place_id"
            " WHERE s.starts_on = '2026-03-01' AND s.place_id IS NOT NULL"
            " ORDER BY s.place_id, s.id"
        ).fetchall()[::9]


def places_of_slots(scene: Scene) -> dict[int, int]:
    with psycopg.connect(scene.oracle.owner_url) as owner:
        return dict(owner.execute("SELECT id, place_id FROM gridmap.slot WHERE place_id IS NOT NULL").fetchall())


def written(scene: Scene) -> tuple[int, int]:
    with psycopg.connect(scene.oracle.owner_url) as owner:
        row = owner.execute(
            "SELECT (SELECT count(*) FROM gridmap.inspection), (SELECT count(*) FROM gridmap.submission)"
        ).fetchone()
    assert row
    return row[0], row[1]


def sees(scene: Scene, who: str, place_id: int) -> bool:
    rights = scene.oracle.rights(who)
    return rights is not None and rights.covers(scene.oracle.places[place_id])


def answers(scene: Scene, who: str) -> Iterator[tuple[int, int, int]]:
    """Slot, place and the status of an answer that no check takes: 422 where it is seen, before anything is written."""
    client = scene.app.test_client()
    for slot, place, _code in slots(scene):
        body = {"sent_id": str(uuid.uuid4()), "slot_id": slot, "result": "nonsense"}
        headers = scene.world.headers(who) | {"Accept": "application/json"}
        yield slot, place, client.post("/api/answers", json=body, headers=headers).status_code


@pytest.mark.parametrize("who", SIGNED_IN)
def test_an_answer_is_taken_where_the_place_is_seen(scene: Scene, who: str) -> None:
    before = written(scene)
    rights = scene.oracle.rights(who)
    assert rights is not None
    may = bool(rights.roles & ANSWERING)
    for slot, place, status in answers(scene, who):
        assert status == (403 if not may else 422 if sees(scene, who, place) else 404), (slot, place)
    assert written(scene) == before


@pytest.mark.parametrize("who", SHUT_OUT)
def test_who_is_shut_out_answers_nothing(scene: Scene, who: str) -> None:
    assert {status for _slot, _place, status in answers(scene, who)} == {401}


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_plate_opens_for_who_sees_the_place_and_names_no_other(scene: Scene, who: str) -> None:
    client, place_of = scene.app.test_client(), places_of_slots(scene)
    headers = scene.world.headers(who) | {"Accept": "text/html"}
    # the other street has places of the same code
    seen = {row["code"] for row in scene.oracle.places.values() if sees(scene, who, row["id"])}
    for _slot, place, code in slots(scene)[::4]:
        page = client.get(f"/p/{code}", headers=headers)
        assert page.status_code == (200 if code in seen else 404), place
        for slot in re.findall(r'data-check="([0-9]+)"', page.text):
            assert sees(scene, who, place_of[int(slot)])


@pytest.mark.parametrize("who", SIGNED_IN)
def test_the_list_of_what_is_due_holds_only_places_that_are_seen(scene: Scene, who: str) -> None:
    page = scene.app.test_client().get("/my/due", headers=scene.world.headers(who) | {"Accept": "text/html"})
    assert page.status_code == 200
    for slot in re.findall(r'data-check="([0-9]+)"', page.text):
        assert sees_slot(scene, who, int(slot))


def sees_slot(scene: Scene, who: str, slot: int) -> bool:
    """A slot without a place is the community's own: it is seen by who sees the community whole."""
    rights, place = scene.oracle.rights(who), places_of_slots(scene).get(slot)
    row = next(one for one in scene.oracle.slots if one["id"] == slot)
    return sees(scene, who, place) if place else rights is not None and rights.covers(row)


def visited(scene: Scene) -> list[tuple[int, int]]:
    """Some stairwells in which households are to be visited, with one of the slots."""
    with psycopg.connect(scene.oracle.owner_url) as owner:
        return owner.execute(
            "SELECT DISTINCT ON (s.place_id) s.place_id, s.id FROM gridmap.slot s JOIN gridmap.duty d"
            " ON d.street_id = s.street_id AND d.id = s.duty_id WHERE d.action = 'household_visit'"
            " AND s.starts_on = '2026-03-01' ORDER BY s.place_id, s.id"
        ).fetchall()[::3]


def cases(scene: Scene) -> list[dict[str, Any]]:
    """Some cases of every kind and corner: given to somebody or not, at places and at bare points."""
    with psycopg.connect(scene.oracle.owner_url, row_factory=dict_row) as owner:
        return owner.execute(
            "SELECT id, street_id, community_id, grid_id, micro_grid_id, estate_id, place_id, parties,"
            " reporter_account_id, state FROM gridmap.incident WHERE number LIKE 'N%' OR id % 41 = 0 ORDER BY id"
        ).fetchall()[::5]


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_case_opens_and_is_acted_on_by_who_sees_it_and_by_nobody_else(scene: Scene, who: str) -> None:
    rights, client = scene.oracle.rights(who), scene.app.test_client()
    assert rights is not None
    headers = scene.world.headers(who) | {"Accept": "application/json"}
    may = bool(rights.roles & ANSWERING)
    found = cases(scene)
    assert len(found) > 20
    for case in found:
        is_seen = rights.covers_case(case) or case["reporter_account_id"] == rights.account_id
        expected = 403 if not may else 200 if is_seen else 404
        assert client.get(f"/api/incidents/{case['id']}", headers=headers).status_code == expected, case
        body = {"action": "resume"}
        acted = client.post(f"/api/incidents/{case['id']}/act", json=body, headers=headers)
        assert acted.status_code == (422 if expected == 200 else expected), case
        photo = f"/api/incidents/photo?sent_id={uuid.uuid4()}&incident_id={case['id']}&stage=handled"
        sent = client.post(photo, data=SMALLEST_PICTURE, headers=headers)
        assert sent.status_code in ((200, 422) if expected == 200 else (expected,)), case


@pytest.mark.parametrize("who", SIGNED_IN)
def test_something_is_reported_where_the_place_is_seen(scene: Scene, who: str) -> None:
    rights, client = scene.oracle.rights(who), scene.app.test_client()
    assert rights is not None
    headers = scene.world.headers(who) | {"Accept": "application/json"}
    may, places = bool(rights.roles & ANSWERING), list(scene.oracle.places.values())
    for place in [one for one in places if one["kind"] == "stairwell"][::40]:
        # what no report can be, told before anything is written
        body = {"sent_id": str(uuid.uuid4()), "kind": "03001", "place_id": place["id"], "inspection_id": 7}
        answer = client.post("/api/incidents", json=body, headers=headers)
        assert answer.status_code == (403 if not may else 422 if rights.covers(place) else 404), place["id"]


TOLD_TIERS = {"worker", "manager", "leader"}


@pytest.mark.parametrize("who", SIGNED_IN)
def test_households_open_for_who_sees_the_stairwell_and_tiers_are_told_to_who_looks_after_it(
    scene: Scene, who: str
) -> None:
    rights, client = scene.oracle.rights(who), scene.app.test_client()
    assert rights is not None
    headers = scene.world.headers(who) | {"Accept": "text/html"}
    with psycopg.connect(scene.oracle.owner_url) as owner:
        tiers = dict(owner.execute("SELECT place_id, count(*) FROM gridmap.household_tier GROUP BY 1").fetchall())
    assert sum(tiers.values()) > 20
    for place, _slot in visited(scene):
        page = client.get(f"/visits/{place}", headers=headers)
        assert page.status_code == (200 if sees(scene, who, place) else 404), place
        if page.status_code == 200:
            told = page.text.split('<details class="fold visit-tiers">')[0].count('class="visit-tier ')
            assert told == (tiers.get(place, 0) if rights.roles <= TOLD_TIERS else 0), (who, place)
        may = bool(rights.roles & {"worker", "leader"}) and rights.roles <= TOLD_TIERS
        put = client.post(f"/visits/{place}/tiers", data={"tier": "no such tier"}, headers=headers)
        assert put.status_code == (403 if not may else 400 if sees(scene, who, place) else 404), (who, place)


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_photo_is_shown_to_who_looks_after_the_place_and_to_nobody_else(scene: Scene, who: str) -> None:
    """Each answer of some places is given a picture; who sees the place and looks at places sees it."""
    home = scene.app.extensions["gridmap"].settings.home
    sha256 = bytes(range(32))
    path = path_of(home, sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\xff\xd8\xff\xd9")
    with psycopg.connect(scene.oracle.owner_url) as owner:
        rows = owner.execute(
            "SELECT DISTINCT ON (place_id) id, place_id FROM gridmap.inspection WHERE superseded_at IS NULL"
            " AND place_id IS NOT NULL AND slot_id IS NOT NULL ORDER BY place_id, id"
        ).fetchall()[::6]
        owner.execute(
            "UPDATE gridmap.inspection SET photo = %s WHERE id = ANY (%s)", (sha256, [row[0] for row in rows])
        )
    rights = scene.oracle.rights(who)
    assert rights is not None
    assert len(rows) > 40
    may = bool(rights.roles & ANSWERING)
    for inspection, place in rows:
        shown = scene.app.test_client().get(f"/photos/{inspection}", headers=scene.world.headers(who))
        assert shown.status_code == (200 if may and sees(scene, who, place) else 404), (who, place)
        shown.close()


@pytest.mark.parametrize("who", SIGNED_IN)
def test_entries_are_asked_about_and_explained_by_their_author_alone(scene: Scene, who: str) -> None:
    rights = scene.oracle.rights(who)
    assert rights is not None
    with psycopg.connect(scene.oracle.owner_url) as owner:
        rows = owner.execute(
            "UPDATE gridmap.inspection SET doubt = 'rush', doubt_answer = NULL, account_id = %s WHERE id IN (SELECT id"
            " FROM gridmap.inspection WHERE superseded_at IS NULL AND slot_id IS NOT NULL"
            " AND received_at > '2026-03-01' ORDER BY id LIMIT 3) RETURNING id",
            (scene.oracle.accounts["city_leader"]["id"],),
        ).fetchall()
    ids = ",".join(str(one) for one in sorted(row[0] for row in rows))
    client = scene.app.test_client()
    page = client.get("/my/inbox", headers=scene.world.headers(who) | {"Accept": "text/html"}).text
    assert (f'value="{ids}"' in page) == (who == "city_leader")
    headers = scene.world.headers(who) | {"Accept": "application/json"}
    told = client.post("/my/inbox/explain", data={"ids": ids, "said": "right"}, headers=headers)
    if rights.roles & ANSWERING:
        assert told.get_json() == {"explained": 3 if who == "city_leader" else 0}
    else:
        assert told.status_code == 403


DECIDERS = {"worker", "manager", "leader", "handler", "duty_resident"}
LED = """
SELECT EXISTS (
  SELECT FROM gridmap.account_grant g WHERE g.account_id = %(account)s AND g.role = 'leader'
    AND g.valid @> %(now)s::timestamptz AND (g.level = 'city' OR (g.level = 'street' AND g.street_id = %(street)s)
      OR (g.level = 'community' AND g.target_id = %(community)s)))
"""


def leads(scene: Scene, who: str, place: dict[str, Any]) -> bool:
    """Whether the account leads the community of the place, or its street, by the raw grants."""
    rights = scene.oracle.rights(who)
    assert rights is not None
    values = {"account": rights.account_id, "now": scene.oracle.now, "street": place["street_id"],
              "community": place["community_id"]}  # fmt: skip
    with psycopg.connect(scene.oracle.owner_url) as owner:
        row = owner.execute(LED, values).fetchone()
    return bool(row and row[0])


@pytest.mark.parametrize("who", SIGNED_IN)
def test_an_estate_s_parking_is_decided_by_who_leads_there_and_by_nobody_else(scene: Scene, who: str) -> None:
    """Nothing that is sent could be kept: whoever may is told what is wrong with it."""
    rights, client = scene.oracle.rights(who), scene.app.test_client()
    assert rights is not None
    headers = scene.world.headers(who) | {"Accept": "text/html"}
    is_reader, is_on_duty = bool(rights.roles & DECIDERS), bool(rights.roles & {"worker", "manager", "leader"})
    ids, places = scene.world.ids, scene.oracle.places
    estates = [one["id"] for one in places.values() if one["kind"] == "estate"][::7]

    def expected(place_id: int, *, may_ask: bool) -> int:
        if not may_ask:
            return 403
        if not rights.covers(places[place_id]):
            return 404
        return 422 if leads(scene, who, places[place_id]) else 403

    for place_id in (ids["estate"], ids["zone"], *estates):
        sent = client.post(f"/parking/settings/{place_id}", data={"leave_by": "never"}, headers=headers)
        assert sent.status_code == expected(place_id, may_ask=is_reader), place_id
    for place_id in (ids["estate"], *estates):
        form = {"estate": place_id, "plate": "沪A12388", "kind": "resident", "note": "x" * 99}
        sent = client.post("/parking/known", data=form, headers=headers)
        assert sent.status_code == expected(place_id, may_ask=is_on_duty), place_id
        sent = client.post(f"/parking/known/import?estate={place_id}", data={}, headers=headers)
        assert sent.status_code == expected(place_id, may_ask=is_on_duty), place_id
    for path in (f"/parking/gates/{ids['gate']}", f"/parking/gates/{ids['gate']}/list.csv"):
        sent = client.post(path, data={"barrier": "magic", "reason": ""}, headers=headers)
        assert sent.status_code == expected(ids["gate"], may_ask=is_reader), path
    for place_id in (ids["gate"], ids["zone"]):
        for path, form in ((f"{place_id}", {"shape": "{"}), (f"{place_id}/end", {"why": "x"})):
            sent = client.post(f"/parking/zones/{path}", data=form, headers=headers)
            assert sent.status_code == expected(place_id, may_ask=is_reader), path
    sent = client.post("/parking/zones/new", data={"shape": "{"}, headers=headers)
    assert sent.status_code == (422 if "leader" in rights.roles else 403)


ON_DUTY = {"worker", "manager", "leader", "duty_resident"}


def is_on_duty(scene: Scene, who: str, place: dict[str, Any]) -> bool:
    """Whether the account has a role there that is on duty: a role elsewhere and sight of the place are not it."""
    grants = scene.oracle.grants
    scene.oracle.grants = [grant for grant in grants if grant["role"] in ON_DUTY]
    try:
        rights = scene.oracle.rights(who)
    finally:
        scene.oracle.grants = grants
    return rights is not None and rights.covers(place)


def round_statuses(scene: Scene, who: str, zone: int) -> set[int]:
    """The statuses of a count and of a sighting there."""
    client, headers = scene.app.test_client(), scene.world.headers(who) | {"Accept": "application/json"}
    bodies = {"counts": {"total": 3, "outside": 1}, "sightings": {"plate": "\u6caaA12388"}}
    return {
        client.post(
            f"/api/parking/{word}", json={"sent_id": str(uuid.uuid4()), "zone_id": zone} | body, headers=headers
        ).status_code
        for word, body in bodies.items()
    }


@pytest.mark.parametrize("who", SIGNED_IN)
def test_cars_are_counted_and_noted_by_who_is_on_duty_in_the_zone_and_by_nobody_else(scene: Scene, who: str) -> None:
    rights = scene.oracle.rights(who)
    assert rights is not None
    zones = [place for place in scene.oracle.places.values() if place["kind"] == "zone"]
    assert len(zones) > 10
    may = bool(rights.roles & ON_DUTY)
    for zone in zones[::2]:
        is_own = is_on_duty(scene, who, zone)
        expected = 403 if not may else 404 if not rights.covers(zone) else 200 if is_own else 422
        assert round_statuses(scene, who, zone["id"]) == {expected}, zone["id"]
        page = scene.app.test_client().get(f"/parking/count/{zone['id']}", headers=scene.world.headers(who))
        assert page.status_code == (403 if not may else 200 if is_own else 404), zone["id"]


@pytest.mark.parametrize("who", SHUT_OUT)
def test_who_is_shut_out_counts_nothing(scene: Scene, who: str) -> None:
    zone = next(place["id"] for place in scene.oracle.places.values() if place["kind"] == "zone")
    assert round_statuses(scene, who, zone) == {401}


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_notice_is_handed_over_and_a_photo_looked_at_where_the_zone_is_ones_own(scene: Scene, who: str) -> None:
    rights, client = scene.oracle.rights(who), scene.app.test_client()
    assert rights is not None
    may, headers = bool(rights.roles & ON_DUTY), scene.world.headers(who)
    with psycopg.connect(scene.oracle.owner_url) as owner:
        found = owner.execute(
            "SELECT n.id, n.place_id FROM gridmap.parking_notice n WHERE n.number = 3 ORDER BY n.id"
        ).fetchall()[::7]
    assert len(found) > 5
    for notice, place_id in found:
        place = scene.oracle.places[place_id]
        is_own = is_on_duty(scene, who, place)
        expected = 403 if not may else 404 if not rights.covers(place) else 200 if is_own else 422
        body = {"sent_id": str(uuid.uuid4()), "how": "slip"}
        answer = client.post(f"/api/parking/notices/{notice}/given", json=body, headers=headers)
        assert answer.status_code == expected, (notice, answer.text)
        # rows of sightings have the ids of their cars here, and no photo: nothing is shown, whoever asks
        shown = client.post(f"/parking/sightings/{notice}/photo", data={"reason": "r"}, headers=headers)
        assert shown.status_code == (403 if not may else 404)

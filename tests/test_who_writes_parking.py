"""Forms and commands of parking and rotas: each writes for those who may, and for nobody else."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row
from test_who_answers_what import ON_DUTY, is_on_duty, leads
from test_who_sees_what import SHUT_OUT, SIGNED_IN, open_scene

from tests.conftest import Base
from tests.oracle import TOLD_WHO, Rights
from tests.outputs import Scene

ELSEWHERE = {
    "pages.parking_setting", "pages.register_car", "pages.import_known_cars", "pages.parking_gate",
    "pages.parking_gate_list", "pages.draw_zone", "pages.new_zone", "pages.end_zone",
    "parking.count", "parking.sighting", "parking.given", "pages.sighting_photo",
    "pages.act_on_vehicle", "pages.show_vehicle_plate",
}  # fmt: skip
"""Compared with the oracle in test_who_answers_what.py and test_who_sees_parking.py."""
HERE = {
    "pages.rota_settings": "/rota/{rota}/settings",
    "pages.rota_members": "/rota/{rota}/members",
    "pages.plan_rota": "/rota/{rota}/plan",
    "pages.rota_slips": "/rota/{rota}/slips",
    "pages.rota_swap": "/rota/{rota}/swap",
    "pages.new_rota": "/rota/new",
    "pages.my_rota_link": "/my/rota/link",
    "pages.count_by_form": "/parking/count/{zone}",
    "pages.see_by_form": "/parking/see",
    "pages.give_by_form": "/parking/evening",
    "pages.give_parking_notice": "/parking/notices/{notice}/given",
    "pages.parking_slip_with_plate": "/parking/notices/{notice}/print",
    "pages.find_vehicles": "/parking/vehicles/find",
    "pages.end_known_car": "/parking/known/{known}/end",
    "parking.photo": "/api/parking/sightings/{sighting}/photo?sent_id={sent}&zone_id={zone}",
}
"""Where each writes; compared with the oracle here."""
CLEAR = re.compile(r"(?<![0-9a-z])c[0-9]{6,}x")
LINKS = "SELECT person_id, account_id FROM gridmap.rota_link WHERE revoked_at IS NULL"


@pytest.fixture(scope="module")
def scene(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Scene:
    return open_scene(copy_database(demo_template), make_app)


def rows(scene: Scene, statement: str) -> list[dict[str, Any]]:
    with psycopg.connect(scene.oracle.owner_url, row_factory=dict_row) as owner:
        return owner.execute(statement).fetchall()


def rights_of(scene: Scene, who: str) -> Rights:
    rights = scene.oracle.rights(who)
    assert rights is not None
    return rights


def send(scene: Scene, who: str, address: str, form: dict[str, Any]) -> Any:
    headers = scene.world.headers(who) | {"Accept": "text/html"}
    return scene.app.test_client().post(address, data=form, headers=headers)


def writing(scene: Scene) -> Iterator[str]:
    """Every endpoint of parking, rotas and hotspots that writes."""
    for rule in scene.app.url_map.iter_rules():
        if re.search("/(parking|rota|hotspots)", rule.rule) and not {"POST", "PUT", "PATCH", "DELETE"}.isdisjoint(
            rule.methods or ()
        ):
            yield rule.endpoint


def test_every_address_that_writes_is_listed(scene: Scene) -> None:
    """A new form says here whose it is, before anybody can forget to check it."""
    assert set(writing(scene)) == ELSEWHERE | HERE.keys()
    assert ELSEWHERE.isdisjoint(HERE)


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_rota_is_looked_after_by_who_leads_there(scene: Scene, who: str) -> None:
    """Nothing that is sent could be kept: whoever may is told what is wrong with it."""
    rights = rights_of(scene, who)
    told = {row["id"] for row in scene.oracle.told_rotas(rights)}
    in_group = rights.person_id is not None or rights.roles <= TOLD_WHO
    forms: dict[str, dict[str, Any]] = {
        "rota_settings": {"revision": 9},
        "rota_members": {"what": "x"},
        "plan_rota": {"seen": "x"},
        "rota_slips": {"person": "1"},
    }
    for rota in scene.oracle.rotas.values():
        for name, form in forms.items():
            answer = send(scene, who, HERE[f"pages.{name}"].format(rota=rota["id"]), form)
            allowed = in_group if name == "plan_rota" else "leader" in rights.roles
            expected = 403 if not allowed else 404 if rota["id"] not in told else 403
            if expected == 403 and allowed and leads(scene, who, rota):
                assert answer.status_code in (400, 409, 422), (name, rota["id"])
            else:
                assert answer.status_code == expected, (name, rota["id"])
        swap = send(scene, who, HERE["pages.rota_swap"].format(rota=rota["id"]), {"what": "x"})
        assert swap.status_code == (403 if not in_group else 400 if rota["id"] in told else 404), rota["id"]
    new = send(scene, who, HERE["pages.new_rota"], {"name": ""})
    assert new.status_code == (422 if "leader" in rights.roles else 403)


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_link_to_a_calendar_is_made_and_ended_by_its_account_alone(scene: Scene, who: str) -> None:
    rights = rights_of(scene, who)
    expected = 303 if rights.person_id is not None else 404 if rights.roles <= TOLD_WHO else 403

    def links() -> set[tuple[int, int]]:
        return {(row["person_id"], row["account_id"]) for row in rows(scene, LINKS)}

    before, own = links(), {(rights.person_id, rights.account_id)}
    assert send(scene, who, HERE["pages.my_rota_link"], {}).status_code == expected
    assert links() == (before | own if expected == 303 else before)
    assert send(scene, who, HERE["pages.my_rota_link"], {"what": "end"}).status_code == expected
    assert links() == before


@pytest.mark.parametrize("who", SIGNED_IN)
def test_the_forms_of_the_round_write_where_one_is_on_duty(scene: Scene, who: str) -> None:
    rights = rights_of(scene, who)
    may = bool(rights.roles & ON_DUTY)
    zones = [place for place in scene.oracle.places.values() if place["kind"] == "zone"]
    for zone in zones[::3]:
        is_own = is_on_duty(scene, who, zone)
        page = {"page": str(uuid.uuid4())}
        counted = send(
            scene, who, HERE["pages.count_by_form"].format(zone=zone["id"]), page | {"total": 3, "outside": 1}
        )
        assert counted.status_code == (403 if not may else 303 if is_own else 404), zone["id"]
        form = page | {"zone": zone["id"], "plate": "沪A12388"}
        seen = send(scene, who, HERE["pages.see_by_form"], form)
        assert (seen.status_code in (200, 303)) == (may and is_own), (zone["id"], seen.status_code)
        address = HERE["parking.photo"].format(sighting=uuid.uuid4(), sent=uuid.uuid4(), zone=zone["id"])
        photo = scene.app.test_client().post(address, data=b"x", headers=scene.world.headers(who))
        # nobody has sent such a sighting
        assert photo.status_code in ((403,) if not may else (404, 422)), zone["id"]


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_notice_is_given_and_its_plate_shown_where_the_zone_is_ones_own(scene: Scene, who: str) -> None:
    rights = rights_of(scene, who)
    may = bool(rights.roles & ON_DUTY)
    notices = rows(scene, "SELECT id, place_id FROM gridmap.parking_notice WHERE number = 3 ORDER BY id")[3::7]
    assert len(notices) > 5
    for notice in notices:
        place = scene.oracle.places[notice["place_id"]]
        is_own, is_seen = is_on_duty(scene, who, place), rights.covers(place)
        refused = 403 if not may else 404 if not is_seen else 422
        form = {"page": str(uuid.uuid4()), "notice": notice["id"], "how": "slip"}
        for address in (HERE["pages.give_by_form"], HERE["pages.give_parking_notice"].format(notice=notice["id"])):
            given = send(scene, who, address, form)
            assert given.status_code == (303 if may and is_own else refused), (address, notice["id"])
        slip = send(
            scene, who, HERE["pages.parking_slip_with_plate"].format(notice=notice["id"]), {"reason": "to give"}
        )
        assert slip.status_code == (200 if may and is_own else refused), notice["id"]
        assert bool(CLEAR.search(slip.text)) == (may and is_own), notice["id"]


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_car_that_is_left_alone_is_looked_after_by_who_leads_there(scene: Scene, who: str) -> None:
    """With a revision that nobody has seen: whoever may is told that it has changed."""
    rights = rights_of(scene, who)
    known = rows(scene, "SELECT * FROM gridmap.known_vehicle WHERE kind = 'resident' ORDER BY id")
    estates = [row for row in known if scene.oracle.places[row["place_id"]]["kind"] == "estate"][::9]
    assert len(estates) > 5
    for row in estates:
        place = scene.oracle.places[row["place_id"]]
        answer = send(
            scene, who, HERE["pages.end_known_car"].format(known=row["id"]), {"estate": place["id"], "revision": 99}
        )
        if not rights.roles & {"worker", "manager", "leader"}:
            expected = 403
        elif not rights.covers(place):
            expected = 404
        else:
            expected = 409 if leads(scene, who, place) else 403
        assert answer.status_code == expected, row["id"]


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_typed_plate_is_for_those_on_duty(scene: Scene, who: str) -> None:
    form = {"plate": "沪A00000", "reason": "to ask"}
    answer = send(scene, who, HERE["pages.find_vehicles"], form)
    assert answer.status_code == (200 if rights_of(scene, who).roles & ON_DUTY else 403)
    assert not CLEAR.search(answer.text)
    assert not re.search(r'href="/parking/vehicles/\d+"', answer.text)


@pytest.mark.parametrize("who", SHUT_OUT)
def test_who_is_shut_out_writes_nothing(scene: Scene, who: str) -> None:
    ids = dict.fromkeys(("zone", "notice", "known"), scene.world.ids["zone"])
    ids |= {"rota": scene.world.ids["rota"]}
    for address in HERE.values():
        answer = send(scene, who, address.format(sighting=uuid.uuid4(), sent=uuid.uuid4(), **ids), {"reason": "r"})
        is_asked = answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login")
        assert is_asked, (address, answer.status_code)

"""Pages of parking: each account finds in lists, on cards and slips just the cars that it may see, always masked."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row
from test_who_sees_what import SHUT_OUT, SIGNED_IN, open_scene

from tests.conftest import Base
from tests.oracle import Rights
from tests.outputs import Scene

WATCHING = {"worker", "manager", "leader", "duty_resident"}
READING = WATCHING | {"handler"}
CLEAR = re.compile(r"(?<![0-9a-z])c[0-9]{6,}x")


@pytest.fixture(scope="module")
def scene(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Scene:
    return open_scene(copy_database(demo_template), make_app)


@pytest.fixture(scope="module")
def cars(scene: Scene) -> list[dict[str, Any]]:
    with psycopg.connect(scene.oracle.owner_url, row_factory=dict_row) as owner:
        return owner.execute("SELECT * FROM gridmap.vehicle ORDER BY id").fetchall()


def rights_of(scene: Scene, who: str) -> Rights:
    rights = scene.oracle.rights(who)
    assert rights is not None
    return rights


def sees(rights: Rights, car: dict[str, Any]) -> bool:
    is_part = not rights.ids["grids"].isdisjoint(car["grids"]) or car["place_id"] in rights.homes
    return rights.covers(car) or is_part


def headers(scene: Scene, who: str) -> dict[str, str]:
    return scene.world.headers(who) | {"Accept": "text/html, */*;q=0.5"}


def listed(scene: Scene, who: str, path: str) -> set[int]:
    """The cars that are linked to on all pages of a list; none of them in clear."""
    found: set[int] = set()
    for number in range(1, 60):
        answer = scene.app.test_client().get(f"{path}&page={number}", headers=headers(scene, who))
        assert answer.status_code == 200
        assert not CLEAR.search(answer.text)
        new = {int(one) for one in re.findall(r'href="/parking/vehicles/(\d+)"', answer.text)} - found
        if not new:
            break
        found |= new
    return found


@pytest.mark.parametrize("who", SIGNED_IN)
def test_lists_hold_the_cars_that_are_ones_own(scene: Scene, cars: list[dict[str, Any]], who: str) -> None:
    rights = rights_of(scene, who)
    lists = ("vehicles?show=banned", "bans?show=running", "notices?show=to_give",
             "violations?from=2026-03-09&to=2026-03-09", "long-stays?x=1", "counts?day=2026-03-10")  # fmt: skip
    if not rights.roles & READING:
        for path in (*lists, "vehicles/1", "long-stays/now", ""):
            answer = scene.app.test_client().get(f"/parking/{path}".rstrip("/"), headers=headers(scene, who))
            assert answer.status_code == 403, path
        return
    seen = {car["id"] for car in cars if sees(rights, car)}
    own = {car["id"] for car in cars if rights.covers(car)}
    assert listed(scene, who, "/parking/vehicles?show=banned") == seen
    assert listed(scene, who, "/parking/bans?show=running") == seen
    # what was seen belongs to its place
    assert listed(scene, who, "/parking/notices?show=to_give") == own
    assert listed(scene, who, "/parking/violations?from=2026-03-09&to=2026-03-09") == own


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_car_opens_and_is_acted_on_by_who_sees_it(scene: Scene, cars: list[dict[str, Any]], who: str) -> None:
    rights, client = rights_of(scene, who), scene.app.test_client()
    some = cars[::9]
    assert len(some) > 15
    for car in some:
        page = client.get(f"/parking/vehicles/{car['id']}", headers=headers(scene, who))
        expected = 403 if not rights.roles & READING else 200 if sees(rights, car) else 404
        assert page.status_code == expected, car["id"]
        assert not CLEAR.search(page.text)
        acting = 403 if not rights.roles & WATCHING else 422 if sees(rights, car) else 404
        # without a reason nothing can be decided, nor looked at
        for path, form in (("act", {"action": "revoke"}), ("plate", {"reason": " "})):
            answer = client.post(f"/parking/vehicles/{car['id']}/{path}", data=form, headers=headers(scene, who))
            assert answer.status_code == acting, (path, car["id"])
        slip = client.get(f"/parking/notices/{car['id']}/print", headers=headers(scene, who))
        paper = 403 if not rights.roles & WATCHING else 200 if rights.covers(car) else 404
        assert slip.status_code == paper, car["id"]
        assert not CLEAR.search(slip.text)


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_plate_is_shown_to_who_is_on_duty_there_alone(scene: Scene, cars: list[dict[str, Any]], who: str) -> None:
    rights, client = rights_of(scene, who), scene.app.test_client()
    for car in cars[3::11]:
        form = {"reason": "to ask"}
        answer = client.post(f"/parking/vehicles/{car['id']}/plate", data=form, headers=headers(scene, who))
        shown = {int(one[1:-1]) for one in CLEAR.findall(answer.text)}
        assert shown <= ({car["place_id"]} if sees(rights, car) else set()), (who, car["id"])
        if rights.roles <= WATCHING:
            assert bool(shown) == sees(rights, car), (who, car["id"])
        if not rights.roles & WATCHING:
            assert answer.status_code == 403


@pytest.mark.parametrize("who", SHUT_OUT)
def test_who_is_shut_out_opens_nothing(scene: Scene, cars: list[dict[str, Any]], who: str) -> None:
    for path in ("/parking", "/parking/vehicles", f"/parking/vehicles/{cars[0]['id']}", "/parking/bans"):
        answer = scene.app.test_client().get(path, headers=headers(scene, who))
        assert answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login"), path

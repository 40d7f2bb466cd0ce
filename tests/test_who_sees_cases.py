"""Pages of cases: each account finds in lists, on cards, in figures and photos just the cases that it may see."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row
from test_who_sees_what import SHUT_OUT, SIGNED_IN, open_scene

from gridmap.files import path_of
from tests.conftest import Base
from tests.outputs import Scene

WORKING = {"worker", "manager", "leader", "handler", "duty_resident"}
OVER = ("closed", "rejected", "duplicate")


@pytest.fixture(scope="module")
def scene(demo_template: str, copy_database: Callable[[str], Base], make_app: Callable[[Base], Flask]) -> Scene:
    return open_scene(copy_database(demo_template), make_app)


@pytest.fixture(scope="module")
def cases(scene: Scene) -> list[dict[str, Any]]:
    with psycopg.connect(scene.oracle.owner_url, row_factory=dict_row) as owner:
        return owner.execute("SELECT * FROM gridmap.incident ORDER BY id").fetchall()


def read(scene: Scene, who: str, path: str) -> Any:
    headers = scene.world.headers(who) | {"Accept": "text/html, */*;q=0.5"}
    return scene.app.test_client().get(path, headers=headers)


def listed(page: str) -> set[int]:
    return {int(one) for one in re.findall(r'href="/incidents/(\d+)"', page)}


@pytest.mark.parametrize("who", SIGNED_IN)
def test_lists_and_figures_hold_the_cases_that_are_ones_own(
    scene: Scene, cases: list[dict[str, Any]], who: str
) -> None:
    rights = scene.oracle.rights(who)
    assert rights is not None
    seen = {one["id"] for one in cases if rights.covers_case(one)}
    is_open = {one["id"] for one in cases if one["state"] not in OVER}
    page = read(scene, who, "/incidents/board")
    if not rights.roles & WORKING:
        assert page.status_code == 403
        return
    figures = [int(one.replace(",", "")) for one in re.findall(r'queue-value">([\d,]+)<', page.text)]
    assert figures[-1] == len(seen & is_open)
    for path in ("/incidents/board?queue=all", "/incidents/board", "/incidents/board?desk=given&queue=all"):
        answer = read(scene, who, path)
        assert answer.status_code == 200, path
        assert listed(answer.text) <= seen, path
    if len(seen & is_open) <= 50:
        assert listed(page.text) == seen & is_open


@pytest.mark.parametrize("who", SIGNED_IN)
def test_a_card_its_photo_and_its_contact_open_for_who_sees_the_case(
    scene: Scene, cases: list[dict[str, Any]], who: str
) -> None:
    rights = scene.oracle.rights(who)
    assert rights is not None
    home = scene.app.extensions["gridmap"].settings.home
    with psycopg.connect(scene.oracle.owner_url) as owner:
        photos = dict(
            owner.execute("SELECT incident_id, sha256 FROM gridmap.incident_photo WHERE number = 1").fetchall()
        )
    may = bool(rights.roles & WORKING)
    some = [one for one in cases if one["number"].startswith("N")][::7] + cases[::211]
    assert len(some) > 20
    for case in some:
        seen = rights.covers_case(case)
        mine = case["reporter_account_id"] == rights.account_id
        page = read(scene, who, f"/incidents/{case['id']}")
        assert page.status_code == (403 if not may else 200 if seen or mine else 404), (who, case["id"])
        assert "13912345678" not in page.text
        if case["id"] in photos:
            path = path_of(home, bytes(photos[case["id"]]))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\xff\xd8\xff\xd9")
            picture = read(scene, who, f"/incidents/{case['id']}/photos/reported/1")
            status = picture.status_code
            picture.close()
            assert status == (403 if not may else 200 if seen or mine else 404), (who, case["id"])


@pytest.mark.parametrize("who", SIGNED_IN)
def test_the_cases_behind_a_number_are_ones_own(scene: Scene, cases: list[dict[str, Any]], who: str) -> None:
    rights = scene.oracle.rights(who)
    assert rights is not None
    seen = {one["id"] for one in cases if rights.covers_case(one)}
    for path in ("found_first?month=2026-03&missing=0", "not_closed?month=2026-03&missing=0", "excluded?month=2026-02"):
        page = read(scene, who, f"/incidents/numbers/{path}")
        assert page.status_code == (200 if rights.roles & WORKING else 403)
        assert listed(page.text) <= seen
    agenda = read(scene, who, "/incidents/agenda?month=2026-03")
    assert agenda.status_code in ((200, 404) if "leader" in rights.roles else (403,))
    assert listed(agenda.text) <= seen


@pytest.mark.parametrize("who", SHUT_OUT)
def test_who_is_shut_out_opens_no_case(scene: Scene, cases: list[dict[str, Any]], who: str) -> None:
    for path in ("/incidents", "/incidents/board", f"/incidents/{cases[0]['id']}", "/incidents/numbers"):
        answer = read(scene, who, path)
        assert answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login"), path
